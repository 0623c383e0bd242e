"""The walks over history that git makes for one commit, side by side: each is a process of its own.

What needs no facts of the commit begins at once and runs while its files are read; the rest follows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kvmpatch.sources.repo import RawCommit, Repository

EARLIER = 300
# Commits of one series were applied close to each other; more neighbours than these are not looked at.
_NEAR = 40
_NEAR_BEFORE = 30
_MOST_TIPS = 40
_TWO_DAYS = 2 * 86_400


class HistoryWalks:
    """Starts the walks of one commit, and hands out what they brought.

    Attributes:
        on_head: whether HEAD holds the commit; else all refs are searched.
        tips: where the search begins.
        pointing: commits whose message has one of the ids in it, newest first.
        near: commits applied at about the same time, oldest first.
        later: commits after it that touch `paths`, newest first; earlier: those before it that touch `before`.
    """

    def __init__(
        self, repository: Repository, raw: RawCommit, ids: Sequence[str], paths: Sequence[str], before: Sequence[str]
    ) -> None:
        self.repository = repository
        self.raw = raw
        self.words = tuple(dict.fromkeys(identity[:7] for identity in ids))
        self.paths = tuple(paths)
        self.before = tuple(before)
        self.on_head = False
        self.pointing: list[str] = []
        self.near: list[str] = []
        self.later: list[str] = []
        self.earlier: list[str] = []
        self._failure: BaseException | None = None
        head = repository.head()
        self.tips: tuple[str, ...] = (head,) if head else ()
        self._running = [self._start(job) for job in (self._look_later, self._look_near, self._point) if head]
        self._back = self._start(self._look_earlier)
        self._running.append(self._back)

    def look_back(self) -> list[str]:
        """The earlier commits: they are there long before the others, and no branch makes a difference to them."""
        self._back.join()
        if self._failure:
            raise self._failure
        return self.earlier

    def settle(self) -> None:
        """Wait for the walks that began at once; on another branch than HEAD they are made again, from all refs."""
        self._wait()
        if self.on_head:
            return
        self.tips = self.repository.all_tips()
        holding = self.upto()
        self.near = self._around(self.repository.since_then(self.raw.id, holding, self._times())[1] if holding else [])
        self._running = [self._start(job) for job in (self._look_later, self._point)]
        self._wait()

    def upto(self) -> str | None:
        """The tip that the search went up to: of several, one that holds the commit."""
        if self.on_head:
            return self.tips[0]
        holding = (tip for tip in self.tips[:_MOST_TIPS] if self.repository.is_ancestor(self.raw.id, tip))
        return next(holding, None)

    @property
    def after(self) -> list[str]:
        """The revisions of everything that the tips hold and the commit does not."""
        return [*self.tips, f"^{self.raw.id}"]

    # ---- jobs -------------------------------------------------------------------------------------------------------

    def _point(self) -> None:
        from kvmpatch.sources.repo import Filter

        where = Filter(grep=self.words, syntax="fixed", ignore_case=True, ours=True)
        self.pointing = list(self.repository.history_ids(self.after, where=where))

    def _look_near(self) -> None:
        self.on_head, later = self.repository.since_then(self.raw.id, self.tips[0], self._times())
        self.near = self._around(later)

    def _around(self, later: Sequence[str]) -> list[str]:
        before = list(self.repository.history_ids([self.raw.id], limit=_NEAR_BEFORE))
        return [*reversed(before), *reversed(later[-_NEAR:])]

    def _look_later(self) -> None:
        self.later = list(self.repository.history_ids(self.after, self.paths)) if self.paths else []

    def _look_earlier(self) -> None:
        if self.before and self.raw.parents:
            self.earlier = list(self.repository.history_ids([self.raw.parents[0]], self.before, limit=EARLIER))

    def _times(self) -> tuple[int, int]:
        try:
            moment = int(datetime.fromisoformat(self.raw.committer.date).timestamp())
        except ValueError:
            return 0, 0
        return moment - _TWO_DAYS, moment + _TWO_DAYS

    # ---- threads ----------------------------------------------------------------------------------------------------

    def _start(self, job: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                job()
            except BaseException as error:
                self._failure = error

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def _wait(self) -> None:
        for thread in self._running:
            thread.join()
        if self._failure:
            raise self._failure


def window(date: str) -> tuple[str, str]:
    """Two days around a date, as git takes dates."""
    try:
        moment = datetime.fromisoformat(date)
    except ValueError:
        return date, date
    day = timedelta(days=2)
    return (moment - day).isoformat(), (moment + day).isoformat()
