"""A throw-away bare git directory that borrows a repository's objects and nothing else.

No configuration, attributes, hooks or refs of the repository apply there, nothing is written back, and a promised
object that a partial clone has not fetched is simply missing. Only what changes the meaning of history comes along
on purpose: the shallow file and the replace refs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import weakref
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from kvmpatch.sources.repo.plumbing import Plumbing

# Variables that would reach past the quarantine's own directory or change what git prints. Each is taken from git(1).
HARMLESS = frozenset({"GIT_EXEC_PATH", "GIT_NO_REPLACE_OBJECTS", "GIT_PYTHON_REFRESH", "GIT_PYTHON_GIT_EXECUTABLE"})
FIXED: Mapping[str, str] = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "0",
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_DIFF_OPTS": "",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
}
# A built-in driver of git for hunk headings, the one that the kernel's own attributes ask for. It runs no program.
ATTRIBUTES = "*.c diff=cpp\n*.h diff=cpp\n"


class Quarantine:
    """The directory, made on the spot by hand (an `init` would cost a process), and gone with `close`."""

    def __init__(
        self,
        object_directories: Sequence[bytes],
        object_format: str,
        shallow: Iterable[str],
        replaced: Iterable[tuple[str, str]],
    ) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="kvmpatch-"))
        self._hash = object_format
        self._gone = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        for folder in ("objects/info", "objects/pack", "refs", "info"):
            (self.path / folder).mkdir(parents=True)
        (self.path / "HEAD").write_text("ref: refs/heads/none\n")
        (self.path / "config").write_text(_config(object_format))
        (self.path / "info" / "attributes").write_text(ATTRIBUTES)
        (self.path / "objects/info/alternates").write_bytes(b"".join(_quoted(path) for path in object_directories))
        if boundary := sorted(shallow):
            (self.path / "shallow").write_text("".join(f"{commit}\n" for commit in boundary))
        if pairs := sorted(replaced):
            header = "# pack-refs with: peeled fully-peeled sorted \n"
            (self.path / "packed-refs").write_text(header + "".join(f"{by} {ref}\n" for ref, by in pairs))

    def plumbing(self) -> Plumbing:
        """git, started inside."""
        env = {**FIXED, "GIT_DIR": str(self.path)}
        stray = [name for name in os.environ if name.startswith("GIT_") and name not in env and name not in HARMLESS]
        return Plumbing(("--no-pager",), env, stray)

    def store(self, kind: str, data: bytes) -> str:
        """Write an object into the quarantine, loose and by hand, since each process costs more than a pick's merge."""
        whole = f"{kind} {len(data)}\0".encode() + data
        name = hashlib.new(self._hash, whole, usedforsecurity=False).hexdigest()
        path = self.path / "objects" / name[:2] / name[2:]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(zlib.compress(whole, 1))
        return name

    def close(self) -> None:
        """Remove the directory."""
        self._gone()


def _config(object_format: str) -> str:
    version = 0 if object_format == "sha1" else 1
    lines = ["[core]", f"repositoryformatversion = {version}", "bare = true"]
    lines += [f"attributesFile = {os.devnull}", f"hooksPath = {os.devnull}", "fsmonitor = false"]
    lines += ["[protocol]", "allow = never", "[gc]", "auto = 0", "[maintenance]", "auto = false"]
    if object_format != "sha1":
        lines += ["[extensions]", f"objectFormat = {object_format}"]
    return "\n".join(lines) + "\n"


def _quoted(path: bytes) -> bytes:
    """One line of `alternates`, quoted as C does, since a path may start with `#` or hold a line feed."""
    escaped = path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"\n'
