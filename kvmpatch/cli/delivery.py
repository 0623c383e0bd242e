"""Where the output goes: a file, a pager, or stdout. All of it arrives, or the caller is told."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from kvmpatch.cli.call import Call, is_terminal
from kvmpatch.errors import KvmpatchError
from kvmpatch.words import Text

_SHELL_SIGNS = frozenset("|&;<>()$`*?[#~\n")
_NOT_RUN = (126, 127)
_PAGER_DEFAULTS = {"LESS": "FRX", "LV": "-c", "LESSCHARSET": "utf-8"}


def deliver(pieces: Iterable[str], call: Call, file: str | None) -> None:
    """Write the pieces as they come.

    Raises:
        KvmpatchError: the output could not be written.
        BrokenPipeError: nobody reads stdout any more.
    """
    if file is not None and file != "-":
        _to_file(_encoded(pieces, call, "utf-8"), Path(file))
        return
    terminal = is_terminal(sys.stdout)
    encoding = (sys.stdout.encoding or "utf-8") if terminal else "utf-8"
    chunks = _encoded(pieces, call, encoding)
    command = chosen_pager(call) if terminal and not call.no_pager else None
    if command:
        _to_pager(chunks, command)
    else:
        _to_stdout(chunks)


def _encoded(pieces: Iterable[str], call: Call, encoding: str) -> Iterator[bytes]:
    for piece in pieces:
        call.end_progress()
        yield piece.encode(encoding, "backslashreplace")


def _failed(where: str, reason: OSError) -> KvmpatchError:
    said = reason.strerror or str(reason)
    return KvmpatchError(Text(f"无法写入 {where}：{said}", f"cannot write {where}: {said}"))


def _to_stdout(chunks: Iterable[bytes]) -> None:
    for chunk in chunks:
        try:
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as reason:
            silence_stdout()
            raise _failed("stdout", reason) from reason


def silence_stdout() -> None:
    """Let what is still buffered go nowhere, so that the end of the program does not fail on it once more."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


# ---- a file ------------------------------------------------------------------------------------------------------


def _to_file(chunks: Iterable[bytes], path: Path) -> None:
    """A file appears whole or not at all; a device or a pipe is written as it is."""
    try:
        path = path.resolve()
        special = path.exists() and not path.is_file()
    except OSError as reason:
        raise _failed(str(path), reason) from reason
    if special:
        _to_device(chunks, path)
        return
    data = b"".join(chunks)
    temporary: str | None = None
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else _new_file_mode()
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except OSError as reason:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise _failed(str(path), reason) from reason


def _to_device(chunks: Iterable[bytes], path: Path) -> None:
    data = b"".join(chunks)
    try:
        with path.open("wb") as out:
            out.write(data)
    except OSError as reason:
        raise _failed(str(path), reason) from reason


def _new_file_mode() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


# ---- a pager -----------------------------------------------------------------------------------------------------


def chosen_pager(call: Call) -> str | None:
    """The pager's command, None for none. A repository's own configuration is never asked for it."""
    command: str | None = None
    for name in ("KVMPATCH_PAGER", "GIT_PAGER"):
        command = os.environ.get(name) if command is None else command
    if command is None:
        command = call.setting("kvmpatch.pager")
    if command is None:
        command = call.setting("core.pager")
    if command is None:
        command = os.environ.get("PAGER")
    if command is None:
        command = "less"
    return command if command.strip() not in ("", "cat") else None


def _pager_arguments(command: str) -> list[str]:
    """The words of the command; a pipeline goes through the shell, as with git."""
    if not _SHELL_SIGNS.intersection(command):
        with contextlib.suppress(ValueError):
            return shlex.split(command)
    return ["sh", "-c", command]


def _to_pager(chunks: Iterable[bytes], command: str) -> None:
    """Through the pager, or straight to stdout if it cannot be run. One who quits the pager has read enough."""
    environment = {**_PAGER_DEFAULTS, **os.environ}
    pager: subprocess.Popen[bytes] | None = None
    kept: list[bytes] = []
    try:
        for chunk in chunks:
            if pager is None:
                try:
                    pager = subprocess.Popen(_pager_arguments(command), stdin=subprocess.PIPE, env=environment)
                except OSError:
                    _to_stdout([chunk, *chunks])
                    return
            kept.append(chunk)
            if not _passed_on(chunk, pager.stdin):
                break
    finally:
        status = _ended(pager)
    if status in _NOT_RUN:
        _to_stdout([*kept, *chunks])


def _passed_on(chunk: bytes, pipe: IO[bytes] | None) -> bool:
    try:
        if pipe is not None:
            pipe.write(chunk)
            pipe.flush()
    except BrokenPipeError:
        return False
    return True


def _ended(pager: subprocess.Popen[bytes] | None) -> int | None:
    """Wait until the reader is done; ^C belongs to the pager then."""
    if pager is None:
        return None
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with contextlib.suppress(BrokenPipeError):
            if pager.stdin:
                pager.stdin.close()
        return pager.wait()
    finally:
        signal.signal(signal.SIGINT, before)
