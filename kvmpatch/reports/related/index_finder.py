"""The finder that asks the local index where it covers what is asked, else git: the same answers, sooner."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from kvmpatch.reports.related.finder import GitFinder
from kvmpatch.reports.related.matches import PLAIN_TEXT, tips_of
from kvmpatch.sources.index.indexed import IndexedRepository
from kvmpatch.sources.index.touched import lines_of, unpacked_text

if TYPE_CHECKING:
    from kvmpatch.reports.related.request import RelatedRequest
    from kvmpatch.sources.index import Index, Reach
    from kvmpatch.sources.repo import Repository


class IndexFinder(GitFinder):
    """Looks words up in the indexed messages. What the index does not hold, or cannot decide, is git's to find."""

    fast = True

    def __init__(self, repository: Repository, index: Index) -> None:
        super().__init__(repository)
        self.index = index
        self._reached: dict[tuple[str, ...], Reach] = {}

    def naming(self, words: Sequence[str], tips: Sequence[str]) -> Iterator[str]:
        """Commits whose message holds one of these words, in whatever case."""
        wanted = tuple(tip for tip in tips if not tip.startswith("^"))
        chosen = [word for word in dict.fromkeys(words) if word]
        if not all(word.isascii() for word in chosen) or not self.index.covers(wanted):
            return super().naming(words, tips)
        found: dict[str, None] = {}
        for word in chosen:
            at_start = word[0].isalnum()
            found.update(dict.fromkeys(self.index.messages_containing(word, ignore_case=True, at_word_start=at_start)))
        return iter(self._among(list(found), wanted))

    def matching(self, request: RelatedRequest, syntax: str) -> list[str] | None:
        """The matches of a question that is nothing but plain words; None where git has to be asked."""
        narrowed = request.author or request.committer or request.since or request.until or request.paths
        if narrowed or request.no_merges or request.invert_grep or not request.grep:
            return None
        plain = all(one.strip() and (syntax == "fixed" or PLAIN_TEXT.match(one)) for one in request.grep)
        if not plain or any("\n" in one or not one.isascii() for one in request.grep):
            return None
        tips = tips_of(self.repository, request)
        if any(tip.startswith("^") for tip in tips) or not self.index.covers(tips):
            return None
        sets = [set(self.index.messages_containing(one, ignore_case=request.ignore_case)) for one in request.grep]
        found = set.intersection(*sets) if request.all_match else set.union(*sets)
        return self._among(sorted(found), tips)

    def changing(
        self, pattern: re.Pattern[str], ids: Sequence[str], paths: Sequence[str], *, headings: bool = False
    ) -> Iterator[str]:
        """Of these commits, in their order, those of which a changed line matches, or a hunk's heading."""
        repository = self.repository
        packed = repository.packed_lines(ids, paths) if isinstance(repository, IndexedRepository) else None
        if packed is None or not isinstance(repository, IndexedRepository):
            return super().changing(pattern, ids, paths, headings=headings)
        wanted = repository.chosen(paths)
        return (commit for commit, data in packed if _has(commit, data, pattern, wanted, headings=headings))

    def _among(self, ids: list[str], tips: Sequence[str]) -> list[str]:
        """Those that the tips reach: an index may hold more, of branches that are gone."""
        if not ids:
            return []
        key = tuple(tips)
        if key not in self._reached:
            self._reached[key] = self.index.reached(key)
        return list(self._reached[key].among(ids))


def _has(commit: str, data: bytes, pattern: re.Pattern[str], wanted: Callable[[str], bool], *, headings: bool) -> bool:
    """Whether a line matches; the text as a whole tells at once of most commits that none does."""
    text = unpacked_text(data)
    return pattern.search(text) is not None and any(
        (headings or line.sign != "@") and pattern.search(line.text) for line in lines_of(commit, text, wanted)
    )
