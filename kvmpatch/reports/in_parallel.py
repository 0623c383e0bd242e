"""Reports of a long range, made by several processes and handed over in order.

A report is large to hand over: where a line of text is wanted, the process that made the report writes it too.

Each process opens the repository for itself, so the one that forks must hold no open git process: a child that
inherits the pipe of a `cat-file` keeps it from ending.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from kvmpatch.model import Report
    from kvmpatch.reports.show_commit import CommitReporter
    from kvmpatch.sources.repo import Resolved

# Below this, starting processes takes longer than it saves. A chunk is large enough that consecutive commits of one
# file share their outlines, small enough that the first reports come soon.
WORTH_IT = 60
_CHUNK = 25


Made = TypeVar("Made")


def processes() -> int:
    """How many processes may run: the processors that this one may use, but no more than eight."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, 8)


def made_in_parallel(
    start: str, overrides: tuple[tuple[str, str], ...], asked: Sequence[Resolved], make: Callable[[Report], Made]
) -> Iterator[Made]:
    """What is made of the reports of these commits, in the order given.

    Raises:
        KvmpatchError: as a single process would.
    """
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_all_start_methods, get_context

    method = "fork" if "fork" in get_all_start_methods() else None
    chunks = [tuple(asked[first : first + _CHUNK]) for first in range(0, len(asked), _CHUNK)]
    pool = ProcessPoolExecutor(max_workers=min(processes(), len(chunks)), mp_context=get_context(method))
    try:
        waiting = [pool.submit(_chunk, start, overrides, chunk, make) for chunk in chunks]
        for done in waiting:
            yield from done.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _chunk(
    start: str, overrides: tuple[tuple[str, str], ...], asked: Sequence[Resolved], make: Callable[[Report], Made]
) -> list[Made]:
    return [make(report) for report in _reporter(start, overrides).reports(asked, in_full=False)]


@cache
def _reporter(start: str, overrides: tuple[tuple[str, str], ...]) -> CommitReporter:
    """The one of this process, for all its chunks: opening for each took a tenth of the time."""
    from multiprocessing.util import Finalize

    from kvmpatch.reports.show_commit import CommitReporter
    from kvmpatch.sources.repo import Repository

    repository = Repository.open(start, overrides)
    # Nothing else is called when a process of a pool ends.
    Finalize(None, repository.close, exitpriority=1)
    return CommitReporter(repository, None, None)
