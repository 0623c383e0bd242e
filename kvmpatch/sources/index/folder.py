"""Where an index lies, who is writing it, and whether it is still what was written.

Each repository has a folder of its own in the user's cache, named for the directory that its worktrees share:

`index.db`  the database; with `-wal` and `-shm` beside it while it is open;
`lock`      locked by the one process that writes; the system lets go of it however that process ends;
`writing`   there while a process writes: found without a living writer, it tells of one that was killed;
`seal`      size, time and checksum of the database as it was last closed. A file that does not fit it is not believed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

_PIECE = 4 << 20
_THREADS = 2


def cache_directory() -> Path:
    """`$XDG_CACHE_HOME/kvmpatch`, or `~/.cache/kvmpatch`. A relative XDG_CACHE_HOME is not valid and not heeded."""
    configured = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(configured) if configured.startswith("/") else Path.home() / ".cache"
    return base / "kvmpatch"


def common_directory(git_dir: Path) -> Path:
    """The git directory that all worktrees of a repository share."""
    with contextlib.suppress(OSError):
        return (git_dir / (git_dir / "commondir").read_text("utf-8").rstrip("\n")).resolve()
    return git_dir.resolve()


def view_of(git_dir: Path, shallow: Iterable[str]) -> str:
    """What decides, besides the objects, which parents commits have: the shallow boundary and the replace refs.

    Two lines; the second is about replaced objects and empty where there are none.
    """
    common = common_directory(git_dir)
    replaced = []
    folder = common / "refs" / "replace"
    if folder.is_dir():
        replaced += [f"{path.name} {path.read_text('ascii').strip()}" for path in folder.iterdir()]
    packed = common / "packed-refs"
    if packed.is_file() and " refs/replace/" in (text := packed.read_text("utf-8", "replace")):
        replaced += [line for line in text.splitlines() if " refs/replace/" in line]
    if replaced and "GIT_NO_REPLACE_OBJECTS" in os.environ:
        replaced = []
    return f"{' '.join(sorted(shallow))}\n{','.join(sorted(replaced))}"


class Folder(msgspec.Struct, frozen=True):
    """The folder of one repository's index."""

    path: Path

    @classmethod
    def of(cls, git_dir: Path, object_format: str, cache: Path | None = None) -> Folder:
        """The folder for a repository, which need not exist yet."""
        common = common_directory(git_dir)
        key = hashlib.sha256(os.fsencode(common) + b"\0" + object_format.encode()).hexdigest()[:16]
        name = common.parent.name if common.name == ".git" else common.name
        plain = re.sub(r"[^A-Za-z0-9._+-]+", "-", name).strip("-.")[:40] or "repository"
        return cls((cache or cache_directory()) / "index" / f"{plain}-{key}")

    @property
    def database(self) -> Path:
        """The database file."""
        return self.path / "index.db"

    @property
    def writing(self) -> Path:
        """The mark of a writer at work."""
        return self.path / "writing"

    @property
    def bytes(self) -> int:
        """What the database takes on disk."""
        return sum(path.stat().st_size for path in self.path.glob("index.db*"))

    def drop_database(self) -> None:
        """Remove the database and everything that was said about it."""
        for name in ("seal", "index.db-wal", "index.db-shm", "index.db-journal", "index.db", "writing"):
            path = self.path / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    # ---- the seal ------------------------------------------------------------------------------------------------

    def seal(self) -> None:
        """Note what the database is now. It must be closed, with nothing left beside it."""
        stat = self.database.stat()
        noted = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "crc": _checksum(self.database)}
        fresh = self.path / "seal.new"
        fresh.write_text(json.dumps(noted), "ascii")
        fresh.replace(self.path / "seal")

    def sealed(self) -> bool:
        """Whether the database is what the seal says; its content is read again only if its time is another."""
        try:
            noted = json.loads((self.path / "seal").read_text("ascii"))
            stat = self.database.stat()
            if stat.st_size != noted["size"]:
                return False
            return bool(stat.st_mtime_ns == noted["mtime_ns"] or _checksum(self.database) == noted["crc"])
        except (OSError, ValueError, KeyError, TypeError):
            return False

    # ---- the lock ------------------------------------------------------------------------------------------------

    def lock(self, *, wait: bool) -> Lock | None:
        """Become the one writer; None if there is one already and we do not wait.

        Raises:
            OSError: the folder cannot be written.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (self.path / "lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        except BaseException:
            file.close()
            raise
        return Lock(file)

    def written_now(self) -> bool:
        """Whether a living process writes it."""
        try:
            with (self.path / "lock").open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


class Lock:
    """Held while a process writes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def release(self) -> None:
        """Let the next one write."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def _checksum(path: Path) -> str:
    """The checksums of all pieces in one; two threads read, each without holding the other up."""
    from concurrent.futures import ThreadPoolExecutor

    handle = os.open(path, os.O_RDONLY)
    try:
        with ThreadPoolExecutor(_THREADS) as threads:
            starts = range(0, os.fstat(handle).st_size, _PIECE)
            crcs = threads.map(lambda at: zlib.crc32(os.pread(handle, _PIECE, at)), starts)
            return hashlib.sha256(b"".join(crc.to_bytes(4) for crc in crcs)).hexdigest()
    finally:
        os.close(handle)
