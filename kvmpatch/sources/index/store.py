"""Opening the database: what is damaged, foreign or older is never believed, and removed where we may write."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from kvmpatch.errors import Unreadable
from kvmpatch.sources.index.folder import Folder, Lock
from kvmpatch.sources.index.schema import create, is_ours
from kvmpatch.words import Text

Progress = Callable[[Text], None]

_CACHE_KIB = 48_000
_CHECKPOINT_PAGES = 4000
_BUSY_SECONDS = 30.0
_FULL = (errno.ENOSPC, errno.EDQUOT)


def readable(folder: Folder) -> sqlite3.Connection | None:
    """The database for reading, or None where there is none that can be believed.

    A database that a living process is writing can be read: what is not finished is told by its numbers. One that a
    killed process left is read if it is sound in itself; the next writer seals it again.
    """
    if not folder.written_now() and not believed(folder, "mode=ro"):
        return None
    try:
        connection = _connect(folder.database, "mode=ro")
    except sqlite3.Error:
        return None
    try:
        if is_ours(connection):
            return connection
    except sqlite3.Error:
        pass
    connection.close()
    return None


def _connect(path: Path, how: str) -> sqlite3.Connection:
    if not os.access(path.parent, os.W_OK) and not (path.parent / "index.db-wal").exists():
        how += "&immutable=1"  # SQLite could not keep its own books there
    uri = f"{path.absolute().as_uri()}?{how}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_SECONDS, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    except BaseException:
        connection.close()
        raise
    return connection


class WriterSession:
    """The database in the hands of the one process that writes it. Close it, and it is sealed.

    What is committed survives a kill at any moment: write-ahead logging with `synchronous=NORMAL` syncs before it moves
    the log into the database, and a cut-off end of the log is ignored. `OFF` was measured no faster here, and a power
    cut would leave a database that only a full check tells from a good one.
    """

    def __init__(self, folder: Folder, lock: Lock, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.connection = connection
        self._lock = lock

    @classmethod
    def begin(cls, folder: Folder, *, wait: bool, progress: Progress | None = None) -> WriterSession | None:
        """Become the writer; None if another process is and we do not wait.

        Raises:
            Unreadable: the folder cannot be written.
        """
        with failures(folder):
            lock = folder.lock(wait=False)
            if lock is None and wait:
                if progress:
                    progress(Text("另一进程正在写索引，等待中", "another process is writing the index, waiting"))
                lock = folder.lock(wait=True)
            if lock is None:
                return None
            try:
                if not believed(folder):
                    folder.drop_database()
                folder.writing.touch()
                connection = _connect(folder.database, "mode=rwc")
            except BaseException:
                lock.release()
                raise
            session = cls(folder, lock, connection)
            try:
                session._prepare()
            except BaseException:
                session.abandon()
                raise
            return session

    def _prepare(self) -> None:
        if not is_ours(self.connection):
            create(self.connection)
        self.connection.execute("PRAGMA synchronous=NORMAL")
        self.connection.execute("PRAGMA secure_delete=OFF")
        self.connection.execute("PRAGMA threads=2")  # for sorting the late indexes
        self.connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")

    def close(self) -> None:
        """Bring everything into the one file and seal it.

        Raises:
            Unreadable: the disk is full. What was committed is still there, and is checked when next opened.
        """
        with failures(self.folder):
            try:
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self.connection.close()
                if not (self.folder.path / "index.db-wal").exists() or self._log_is_empty():
                    self.folder.seal()
                    self.folder.writing.unlink(missing_ok=True)
            finally:
                self.abandon()

    def abandon(self) -> None:
        """Let go of the database as it is."""
        with contextlib.suppress(sqlite3.Error):
            self.connection.close()
        self._lock.release()

    def _log_is_empty(self) -> bool:
        return (self.folder.path / "index.db-wal").stat().st_size == 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.close()
            return
        with contextlib.suppress(Unreadable, sqlite3.Error):
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            self.close()
        self.abandon()


def remove(folder: Folder) -> bool:
    """Remove an index; False while another process writes it.

    Raises:
        Unreadable: it cannot be removed.
    """
    if not folder.path.is_dir():
        return True
    with failures(folder):
        lock = folder.lock(wait=False)
        if lock is None:
            return False
        with lock:
            folder.drop_database()
    return True


def believed(folder: Folder, how: str = "mode=rw") -> bool:
    """Whether what lies there can be built upon: sealed, or left by a killed writer and sound in itself.

    A folder without a database is believed to be empty, but for one that has pieces of a database.
    """
    if not folder.database.exists():
        return how == "mode=rw" and not any(folder.path.glob("index.db*"))
    interrupted = folder.writing.exists()
    if not interrupted and not folder.sealed():
        return False
    try:
        connection = _connect(folder.database, how)
    except sqlite3.Error:
        return False
    with contextlib.closing(connection):
        try:
            if not is_ours(connection):
                return False
            return not interrupted or connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        except sqlite3.Error:
            return False


@contextlib.contextmanager
def failures(folder: Folder) -> Iterator[None]:
    """SQLite's and the system's failures to write, as one of our errors; the others go on as they are.

    Raises:
        Unreadable: the disk is full, or the folder cannot be written.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise Unreadable(
                Text(f"索引已损坏：{folder.path}", f"the index is damaged: {folder.path}"),
                Text("kvmpatch index build 会重建它", "`kvmpatch index build` makes it anew"),
            ) from error
        full = code == sqlite3.SQLITE_FULL
        if not full and code not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
            raise
        raise _not_written(folder, str(error), full=full) from error
    except OSError as error:
        raise _not_written(folder, error.strerror or str(error), full=error.errno in _FULL) from error


def _not_written(folder: Folder, reason: str, *, full: bool) -> Unreadable:
    if full:
        return Unreadable(
            Text(
                f"磁盘已满，索引未能写入：{folder.path}", f"the disk is full, the index was not written: {folder.path}"
            ),
            Text(
                "已有的索引保持原样；腾出空间后再次运行即可继续",
                "what was there before is intact; free some space and run it again to go on",
            ),
        )
    return Unreadable(
        Text(f"无法写入索引 {folder.path}：{reason}", f"cannot write the index {folder.path}: {reason}"),
        Text("可用 XDG_CACHE_HOME 指定另一目录", "XDG_CACHE_HOME chooses another directory"),
    )
