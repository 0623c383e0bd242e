"""Where candidates come from: git, streaming. An index that answers the same questions can take its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from kvmpatch.reports.index_rows import folders_of, has_patterns, in_scope
from kvmpatch.reports.related.findings import moment

if TYPE_CHECKING:
    from kvmpatch.reports.related.request import Progress, RelatedRequest
    from kvmpatch.sources.repo import RawCommit, Repository

_NEIGHBOURS = 30
_TWO_DAYS = 2 * 86_400
_MOST_WORDS = 400
"""Words that one walk through the messages looks for; each costs time at every commit."""


class Finder(Protocol):
    """Proposes commits; what they say or do is decided by whoever asks. Proposals may be too many, never too few."""

    fast: bool
    """Whether answers come from an index, so that a question about all of history costs little."""

    def naming(self, words: Sequence[str], tips: Sequence[str], known: Sequence[str] = ()) -> Iterator[str]:
        """Commits whose message holds one of these words, in whatever case, from where a word begins, newest first.

        Where `known` are given, commits that all of them contain are not asked for.
        """
        ...

    def naming_among(self, words: Sequence[str], ids: Sequence[str]) -> list[str]:
        """Those of some commits whose message holds one of these words, as in `naming`, in their order."""
        ...

    def matching(self, request: RelatedRequest, syntax: str) -> list[str] | None:
        """The matches of a question, where it can tell without git; None where git has to be asked."""
        ...

    def later(self, raws: Sequence[RawCommit], tip: str) -> dict[str, list[str]]:
        """What was applied soon after each of some commits, newest first; only of those that the tip contains."""
        ...

    def near(self, raw: RawCommit, later: Sequence[str]) -> list[RawCommit]:
        """Commits that were applied about the same time as one, on both sides of it, oldest first."""
        ...

    def of_names(self, names: Sequence[str], ids: Sequence[str]) -> Sequence[str]:
        """Of these commits, in their order, those that may have changed things or members of these names."""
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
        self._apart: set[str] = set()

    def naming(self, words: Sequence[str], tips: Sequence[str], known: Sequence[str] = ()) -> Iterator[str]:
        """Commits whose message holds one of these words, in whatever case, from where a word begins, newest first."""
        chosen = [word for word in dict.fromkeys(words) if word][:_MOST_WORDS]
        if not chosen or not tips:
            return iter(())
        shared = self._shared(known)
        return self.repository.naming(chosen, [*tips, f"^{shared}"] if shared else tips)

    def naming_among(self, words: Sequence[str], ids: Sequence[str]) -> list[str]:
        """Those of some commits whose message holds one of these words, as in `naming`, in their order."""
        return list(self.repository.naming(words, ids, walk=False)) if ids else []

    def matching(self, request: RelatedRequest, syntax: str) -> list[str] | None:
        """Nothing is known without asking git."""
        del request, syntax
        return None

    def later(self, raws: Sequence[RawCommit], tip: str) -> dict[str, list[str]]:
        """What was applied soon after each of some commits, newest first; only of those that the tip contains."""
        return self.repository.since_each(
            {raw.id: around(raw) for raw in raws}, tip, self._shared([raw.id for raw in raws])
        )

    def _shared(self, ids: Sequence[str]) -> str | None:
        """A commit that all of these contain, if it is soon found; not sought again for more of them in vain."""
        if self._apart and self._apart <= set(ids):
            return None
        shared = self.repository.shared(ids)
        if shared is None:
            self._apart = set(ids)
        return shared

    def near(self, raw: RawCommit, later: Sequence[str]) -> list[RawCommit]:
        """Commits that were applied about the same time as one, on both sides of it, oldest first."""
        before = list(self.repository.history_ids([raw.id], limit=_NEIGHBOURS))
        return list(self.repository.commits([*reversed(before), *reversed(later[-_NEIGHBOURS - 10 :])]))

    def of_names(self, names: Sequence[str], ids: Sequence[str]) -> Sequence[str]:
        """All of them: git knows of lines, and of no names."""
        del names
        return ids

    def changing(
        self, pattern: re.Pattern[str], ids: Sequence[str], paths: Sequence[str], *, headings: bool = False
    ) -> Iterator[str]:
        """Of these commits, in their order, those of which a changed line matches, or a hunk's heading."""
        last = ""
        by_pattern = has_patterns(paths)
        for line in self.repository.changed_lines(ids, folders_of(paths) if by_pattern else paths):
            if by_pattern and not in_scope(line.path, paths):
                continue
            if line.commit != last and (headings or line.sign != "@") and pattern.search(line.text):
                last = line.commit
                yield last


def around(raw: RawCommit) -> tuple[int, int]:
    """Two days before and after a commit was committed, in seconds since 1970."""
    then = int(moment(raw.committer.date))
    return then - _TWO_DAYS, then + _TWO_DAYS


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
    """The best finder that there is for a repository: with its index, if it has one, with all refs if they are few."""
    from kvmpatch.sources.index import Index, IndexedRepository

    index = repository.index if isinstance(repository, IndexedRepository) else Index.of(repository)
    if index is None:
        return GitFinder(repository)
    if not index.covers(repository.all_tips()):
        from kvmpatch.reports.index import index_for

        if isinstance(repository, IndexedRepository):
            index = index_for(repository, request.start, request.overrides, request.progress)
            repository.renew(index)
        else:
            index.close()
            index = index_for(repository, request.start, request.overrides, request.progress)
    from kvmpatch.reports.related.index_finder import IndexFinder

    return IndexFinder(repository, index) if index else GitFinder(repository)
