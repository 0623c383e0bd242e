"""Fetching what comes next while what came last is still being worked on."""

from __future__ import annotations

import threading
from collections.abc import Generator
from queue import SimpleQueue
from typing import TypeVar

Piece = TypeVar("Piece")


def ahead(pieces: Generator[Piece, None, None], most: int) -> Generator[Piece, None, None]:
    """The same pieces, up to `most` of them fetched by a thread before they are asked for.

    Git writes into a pipe of 64 KiB: while nobody reads, it does nothing. To read ahead was seen to save a fifth of the
    time of indexing a million commits. Close it, and the thread ends with the piece that it is at.

    Raises:
        Exception: what fetching raised, after the pieces before it.
    """
    fetched: SimpleQueue[tuple[Piece] | BaseException | None] = SimpleQueue()
    room = threading.Semaphore(most)
    over = threading.Event()

    def fetch() -> None:
        try:
            while room.acquire() and not over.is_set():
                for piece in pieces:
                    fetched.put((piece,))
                    break
                else:
                    break
            fetched.put(None)
        except BaseException as error:  # raised again where the pieces are asked for
            fetched.put(error)
        finally:
            pieces.close()

    thread = threading.Thread(target=fetch, name="kvmpatch-ahead", daemon=True)
    thread.start()
    try:
        while (one := fetched.get()) is not None:
            if isinstance(one, BaseException):
                raise one
            room.release()
            yield one[0]
    finally:
        over.set()
        room.release()
        thread.join()
