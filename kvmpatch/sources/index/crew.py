"""Workers in processes of their own, each with its own git.

A worker gets a chunk, sends back what it made of it, and gets the next. It knows one pipe only: when the process that
started it is gone, however it went, the pipe is closed and the worker ends too.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Generic, TypeVar

from kvmpatch.errors import KvmpatchError

Chunk = TypeVar("Chunk")
Made = TypeVar("Made")

MOST_WORKERS = 8


class Crew(Generic[Chunk, Made]):
    """Some workers, started with the first chunk. With a count of 0 the work is done here, in this process.

    Args:
        begin: makes the function that a worker works with; must be importable by name (a partial of a function is).
        count: how many workers.
    """

    def __init__(self, begin: Callable[[], Callable[[Chunk], Made]], count: int) -> None:
        self._begin = begin
        self._count = count
        self._workers: dict[Connection, SpawnProcess] = {}

    def work(self, chunks: Iterable[Chunk]) -> Iterator[Made]:
        """What the workers make of the chunks, in the order in which they finish.

        Raises:
            KvmpatchError: one that a worker raised.
            RuntimeError: a worker failed otherwise; its traceback is the text.
        """
        if self._count == 0:
            yield from map(self._begin(), chunks)
            return
        todo = iter(chunks)
        try:
            for _ in range(self._count):
                self._give(self._hired(), todo)
            while busy := list(self._workers):
                for ready in wait(busy):
                    if isinstance(ready, Connection):
                        made = self._taken(ready)
                        self._give(ready, todo)  # before its result is used, so that it works meanwhile
                        yield made
        finally:
            self._end()

    def _hired(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self._begin), daemon=True)
        with _deaf_to_interrupts():
            process.start()
        theirs.close()
        self._workers[ours] = process
        return ours

    def _give(self, worker: Connection, todo: Iterator[Chunk]) -> None:
        """The next chunk. Only a worker that waits for one gets one: neither side ever blocks on a full pipe."""
        for chunk in todo:
            worker.send(chunk)
            return
        self._dismiss(worker)

    def _taken(self, worker: Connection) -> Made:
        try:
            how, value = worker.recv()
        except (EOFError, OSError) as error:
            raise RuntimeError("a worker ended before its work") from error
        if how == "made":
            made: Made = value
            return made
        if how == "refused":
            kind, said, hint = value
            raise kind(said, hint)
        raise RuntimeError(f"in a worker:\n{value}")

    def _dismiss(self, worker: Connection) -> None:
        process = self._workers.pop(worker)
        worker.close()
        process.join()

    def _end(self) -> None:
        for worker, process in self._workers.items():
            worker.close()
            process.terminate()  # heard as an end like any other, so that its git and its files go with it
        for process in self._workers.values():
            process.join()
        self._workers.clear()


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Let a process start in peace: ^C is not for it, and reaches us when it is started.

    It inherits what is blocked here. Python's own helper process comes first, since starting it lets signals through
    again; and a signal may be heard by another thread than this one, so it is kept for later, too.
    """
    resource_tracker.ensure_running()
    heard: list[int] = []
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: heard.append(number)) if is_main else None
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if is_main:
            signal.signal(signal.SIGINT, handler)
            if heard:
                signal.raise_signal(signal.SIGINT)


def workers_for(amount: int, *, each: int) -> int:
    """How many workers are worth their start-up (some 0.3 s) for an amount of work; 0 for none."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(amount // each, max(2, processors), MOST_WORKERS) if amount >= 2 * each else 0


def _work(pipe: Connection, begin: Callable[[], Callable[[Chunk], Made]]) -> None:
    """A worker's life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    with contextlib.suppress(EOFError, OSError):
        task: Callable[[Chunk], Made] | None = None
        while True:
            chunk = pipe.recv()
            try:
                task = task or begin()
                answer: tuple[str, object] = ("made", task(chunk))
            except KvmpatchError as error:
                answer = ("refused", (type(error), error.said, error.hint))
            except Exception:  # told to the process that started it
                answer = ("failed", traceback.format_exc())
            pipe.send(answer)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends already, and must not be stopped while it clears away


def _leave(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit()
