"""Reports of a long range, made by several processes and handed over in order.

Each process opens the repository for itself, so the one that forks must hold no open git process: a child that
inherits the pipe of a `cat-file` keeps it from ending.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kvmpatch.model import Report
    from kvmpatch.sources.repo import Resolved

# Below this, starting processes takes longer than it saves. A chunk is large enough that consecutive commits of one
# file share their outlines, small enough that the first reports come soon.
WORTH_IT = 60
_CHUNK = 25


def processes() -> int:
    """How many processes may run: the processors that this one may use, but no more than eight."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, 8)


def reports_in_parallel(
    start: str, overrides: tuple[tuple[str, str], ...], asked: Sequence[Resolved]
) -> Iterator[Report]:
    """The reports of these commits, in the order given.

    Raises:
        KvmpatchError: as a single process would.
    """
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_all_start_methods, get_context

    method = "fork" if "fork" in get_all_start_methods() else None
    chunks = [tuple(asked[first : first + _CHUNK]) for first in range(0, len(asked), _CHUNK)]
    pool = ProcessPoolExecutor(max_workers=min(processes(), len(chunks)), mp_context=get_context(method))
    try:
        waiting = [pool.submit(_chunk, start, overrides, chunk) for chunk in chunks]
        for done in waiting:
            yield from done.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _chunk(start: str, overrides: tuple[tuple[str, str], ...], asked: Sequence[Resolved]) -> list[Report]:
    from kvmpatch.reports.show_commit import CommitReporter
    from kvmpatch.sources.repo import Repository

    with Repository.open(start, overrides) as repository:
        reporter = CommitReporter(repository, None, None)
        return list(reporter.reports(asked, in_full=False))
