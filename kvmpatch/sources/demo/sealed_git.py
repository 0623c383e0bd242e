"""Git, sealed: it sees none of the caller's configuration, and takes commits as they come."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kvmpatch.errors import Unreadable
from kvmpatch.words import Text

if TYPE_CHECKING:
    from collections.abc import Mapping


def run_git(directory: Path, *arguments: str) -> None:
    """Run one command.

    Raises:
        Unreadable: git is missing or failed.
    """
    command = next(word for word in arguments if not word.startswith("-") and "=" not in word)
    try:
        done = subprocess.run(["git", *arguments], cwd=directory, env=_environment(), capture_output=True, check=False)
    except FileNotFoundError as error:
        raise Unreadable(Text("找不到 git", "git was not found")) from error
    if done.returncode:
        raise _failed(command, done.stderr.decode("utf-8", "replace").strip() or str(done.returncode))


class FastImport:
    """One run of ``git fast-import``, asked for the id of each commit as soon as it is made."""

    def __init__(self, directory: Path) -> None:
        self._git = subprocess.Popen(
            ["git", "fast-import", "--quiet", "--done"],
            cwd=directory,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if self._git.stdin is None or self._git.stdout is None:  # pragma: no cover
            raise AssertionError("pipes were asked for")
        self._to: IO[bytes] = self._git.stdin
        self._from: IO[bytes] = self._git.stdout
        self._marks: dict[str, int] = {}  # by commit id: fast-import finds its own new objects by mark only

    def commit(self, headers: bytes, parents: list[str], changes: Mapping[str, bytes | None]) -> str:
        """Write a commit (headers from ``commit`` to the message) and give its id."""
        mark = len(self._marks) + 1
        parts = [headers.replace(b"\n", b"\nmark :%d\n" % mark, 1), b"\n"]
        for word, parent in zip((b"from", b"merge"), parents, strict=False):
            parts.append(b"%s :%d\n" % (word, self._marks[parent]))
        for path, content in sorted(changes.items()):
            if content is None:
                parts.append(b"D %s\n" % path.encode())
            else:
                parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
        parts.append(b"\nget-mark :%d\n" % mark)
        try:
            self._to.write(b"".join(parts))
            self._to.flush()
        except BrokenPipeError:
            pass  # The answer is missing then, too.
        answer = self._from.readline().decode("ascii").strip()
        if not answer:
            raise self._ended(b"")
        self._marks[answer] = mark
        return answer

    def finish(self, refs: list[tuple[str, str]]) -> None:
        """Point refs at commits and wait until git has written everything."""
        lines = "".join(f"reset {name}\nfrom :{self._marks[commit]}\n\n" for name, commit in refs)
        failure = self._ended(lines.encode() + b"done\n")
        if self._git.returncode:
            raise failure

    def _ended(self, last: bytes) -> Unreadable:
        _, said = self._git.communicate(last)
        return _failed("fast-import", said.decode("utf-8", "replace").strip())

    def stop(self) -> None:
        """End the process if it still runs."""
        if self._git.poll() is None:
            self._git.kill()
            self._git.communicate()


def _environment() -> dict[str, str]:
    """The caller's environment without anything that would change what git writes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def _failed(command: str, why: str) -> Unreadable:
    return Unreadable(Text(f"git {command} 失败：{why}", f"git {command} failed: {why}"))
