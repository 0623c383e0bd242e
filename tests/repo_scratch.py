"""Small real repositories, made with real git in a temporary folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


class Scratch:
    """A repository to make history in."""

    def __init__(self, path: Path, *init: str, make: bool = True) -> None:
        self.path = path
        self._clock = 1_700_000_000
        if make:
            path.mkdir(parents=True, exist_ok=True)
            self.git("init", "-q", "-b", "main", *init)

    def git(self, *args: str | bytes, data: bytes = b"", env: Mapping[str, str] | None = None, ok: bool = True) -> str:
        """Run git, and give its output without the last line feed."""
        return self.raw(*args, data=data, env=env, ok=ok).decode("utf-8", "surrogateescape").rstrip("\n")

    def raw(
        self, *args: str | bytes, data: bytes = b"", env: Mapping[str, str] | None = None, ok: bool = True
    ) -> bytes:
        done = subprocess.run(
            ["git", *args],
            cwd=self.path,
            input=data,
            capture_output=True,
            check=False,
            env={**os.environ, **(env or {})},
        )
        assert done.returncode == 0 or not ok, done.stderr.decode("utf-8", "replace")
        return done.stdout

    def write(self, files: Mapping[str | bytes, str | bytes | None]) -> None:
        """Write files into the work tree; None removes one."""
        for name, content in files.items():
            path = Path(os.fsdecode(self.path / os.fsdecode(name)))
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(
        self,
        message: str | bytes,
        files: Mapping[str | bytes, str | bytes | None] | None = None,
        *args: str,
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Commit everything, a minute after the commit before, and give the id."""
        self.write(files or {})
        self.git("add", "-A")
        text = message.encode() if isinstance(message, str) else message
        self.git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-", *args, data=text, env=self.when(env))
        return self.git("rev-parse", "HEAD")

    def when(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """The time of the next commit."""
        self._clock += 60
        date = f"{self._clock} +0000"
        return {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, **(env or {})}

    def store(self, kind: str, data: bytes) -> str:
        """Write an object as it is."""
        return self.git("hash-object", "-t", kind, "-w", "--stdin", "--literally", data=data)

    def loose(self, object_id: str) -> Path:
        """The file of a loose object."""
        return (
            Path(self.git("rev-parse", "--path-format=absolute", "--git-path", "objects"))
            / object_id[:2]
            / object_id[2:]
        )

    def forget(self, object_id: str) -> None:
        """Delete a loose object."""
        self.loose(object_id).unlink()


def contents_of(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Every file below a folder with mode, size and the time it was written, folders too."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        stat = path.lstat()
        found[str(path.relative_to(folder))] = (stat.st_mode, stat.st_size, stat.st_mtime_ns)
    return found


class Unhurried(Scratch):
    """Hours lie between commits: what is made within seconds counts as one series."""

    def when(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """The dates of the next commit."""
        self._clock += 7200
        return super().when(env)
