"""Where candidates come from: git, streaming. An index that answers the same questions can take its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kvmpatch.reports.related.request import Progress, RelatedRequest
    from kvmpatch.sources.repo import RawCommit, Repository

_NEIGHBOURS = 30
_MOST_WORDS = 400
"""Patterns that one walk through the messages is given; each costs time at every commit."""


class Finder(Protocol):
    """Proposes commits; what they say or do is decided by whoever asks. Proposals may be too many, never too few."""

    fast: bool
    """Whether answers come from an index, so that a question about all of history costs little."""

    def naming(self, words: Sequence[str], tips: Sequence[str]) -> Iterator[str]:
        """Commits whose message holds one of these words, in whatever case, newest first."""
        ...

    def matching(self, request: RelatedRequest, syntax: str) -> list[str] | None:
        """The matches of a question, where it can tell without git; None where git has to be asked."""
        ...

    def near(self, raw: RawCommit, tips: Sequence[str]) -> list[RawCommit]:
        """Commits that were applied about the same time as one, on both sides of it, oldest first."""
        ...

    def changing(
        self, pattern: re.Pattern[str], ids: Sequence[str], paths: Sequence[str], *, headings: bool = False
    ) -> Iterator[str]:
        """Of these commits, in their order, those of which a changed line matches, or a hunk's heading."""
        ...


class GitFinder:
    """Asks git, which reads every message and patch anew."""

    fast = False

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def naming(self, words: Sequence[str], tips: Sequence[str]) -> Iterator[str]:
        """Commits whose message holds one of these words, in whatever case, newest first."""
        from kvmpatch.sources.repo import Filter

        chosen = tuple(dict.fromkeys(words))[:_MOST_WORDS]
        if not chosen or not tips:
            return iter(())
        return self.repository.history_ids(tips, where=Filter(grep=chosen, syntax="fixed", ignore_case=True, ours=True))

    def matching(self, request: RelatedRequest, syntax: str) -> list[str] | None:
        """Nothing is known without asking git."""
        del request, syntax
        return None

    def near(self, raw: RawCommit, tips: Sequence[str]) -> list[RawCommit]:
        """Commits that were applied about the same time as one, on both sides of it, oldest first."""
        from kvmpatch.reports.history_walks import window
        from kvmpatch.sources.repo import Filter

        before = list(self.repository.history_ids([raw.id], limit=_NEIGHBOURS))
        since, until = window(raw.committer.date)
        after = [*tips, f"^{raw.id}"]
        later = list(self.repository.history_ids(after, since=since, where=Filter(until=until)))
        return list(self.repository.commits([*reversed(before), *reversed(later[-_NEIGHBOURS - 10 :])]))

    def changing(
        self, pattern: re.Pattern[str], ids: Sequence[str], paths: Sequence[str], *, headings: bool = False
    ) -> Iterator[str]:
        """Of these commits, in their order, those of which a changed line matches, or a hunk's heading."""
        last = ""
        for line in self.repository.changed_lines(ids, paths):
            if line.commit != last and (headings or line.sign != "@") and pattern.search(line.text):
                last = line.commit
                yield last


class Asker(Protocol):
    """What a finder must know of who asks: where the repository was looked for, the settings, whom to tell."""

    @property
    def start(self) -> str:
        """Where the repository is looked for."""
        ...

    @property
    def overrides(self) -> tuple[tuple[str, str], ...]:
        """Settings given with -c."""
        ...

    @property
    def progress(self) -> Progress | None:
        """Told what takes time."""
        ...


def finder_for(repository: Repository, request: Asker) -> Finder:
    """The best finder that there is for a repository: with its index, if it has one."""
    from kvmpatch.sources.index import Index

    index = Index.of(repository)
    if index is None:
        return GitFinder(repository)
    index.close()
    from kvmpatch.reports.index import index_for
    from kvmpatch.reports.related.index_finder import IndexFinder

    fresh = index_for(repository, request.start, request.overrides, request.progress)
    return IndexFinder(repository, fresh) if fresh else GitFinder(repository)
