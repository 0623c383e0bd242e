"""The finder that asks the local index where it covers what is asked, else git: the same answers, sooner."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from kvmpatch.reports.related.finder import GitFinder, around
from kvmpatch.reports.related.matches import PLAIN_TEXT, filter_of, tips_of
from kvmpatch.sources.index.indexed import IndexedRepository
from kvmpatch.sources.index.touched import lines_of, unpacked_text

if TYPE_CHECKING:
    from kvmpatch.reports.related.request import RelatedRequest
    from kvmpatch.sources.index import Index, Reach
    from kvmpatch.sources.repo import RawCommit, Repository

_MOST_DECIDED = 20_000
_SHORTEST_LITERAL = 4


class IndexFinder(GitFinder):
    """Looks words up in the indexed messages. What the index does not hold, or cannot decide, is git's to find."""

    fast = True

    def __init__(self, repository: Repository, index: Index) -> None:
        super().__init__(repository)
        self.index = index
        self._reached: dict[tuple[str, ...], Reach] = {}

    def naming(self, words: Sequence[str], tips: Sequence[str], known: Sequence[str] = ()) -> Iterator[str]:
        """Commits whose message holds one of these words, in whatever case; those that `known` contain as well."""
        wanted = tuple(tip for tip in tips if not tip.startswith("^"))
        if not self.index.covers(wanted):
            return super().naming(words, tips, known)
        return iter(self._among(list(self._holding(words)), wanted))

    def naming_among(self, words: Sequence[str], ids: Sequence[str]) -> list[str]:
        """Those of some commits whose message holds one of these words, as in `naming`, in their order."""
        if not self.index.covers(ids):
            return super().naming_among(words, ids)
        found = self._holding(words)
        return [one for one in ids if one in found]

    def _holding(self, words: Sequence[str]) -> dict[str, None]:
        """All commits that hold one of the words; of a word beyond ASCII the index knows a part in whatever case."""
        chosen = [word for word in dict.fromkeys(words) if word]
        plain = [word for word in chosen if word.isascii() and word[0].isalnum()]
        found = dict.fromkeys(self.index.messages_naming(plain))
        for word in chosen:
            if word not in plain:
                found.update(dict.fromkeys(self.index.messages_containing(word, ignore_case=True)))
        return found

    def later(self, raws: Sequence[RawCommit], tip: str) -> dict[str, list[str]]:
        """What was applied soon after each of some commits, newest first; only of those that the tip contains."""
        told = {raw.id: self.repository.since_then(raw.id, tip, around(raw)) for raw in raws}
        return {commit: ids for commit, (held, ids) in told.items() if held}

    def matching(self, request: RelatedRequest, syntax: str) -> list[str] | None:
        """The matches of words that stand in messages: plain ones are looked up; git decides about all else.

        Where a walk ends is git's to say, by `--since` and by paths, and so is what does not hold a word.
        """
        if request.since or request.paths or request.invert_grep or not request.grep:
            return None
        plain = all(one.strip() and (syntax == "fixed" or PLAIN_TEXT.match(one)) for one in request.grep)
        literals = request.grep if plain else tuple(literal_of(one, syntax) for one in request.grep)
        if any(not one or "\n" in one or not one.isascii() for one in literals):
            return None
        tips = tips_of(self.repository, request)
        inside, outside = (
            [tip.removeprefix("^") for tip in tips if tip.startswith("^") is cut] for cut in (False, True)
        )
        if not self.index.covers([*inside, *outside]):
            return None
        sets = [set(self.index.messages_containing(one, ignore_case=request.ignore_case)) for one in literals]
        found = self._among(sorted(set.intersection(*sets) if request.all_match else set.union(*sets)), inside)
        if outside:
            left_out = set(self._among(found, outside))
            found = [one for one in found if one not in left_out]
        if plain and not (request.author or request.committer or request.until or request.no_merges):
            return found
        if len(found) > _MOST_DECIDED or not isinstance(self.repository, IndexedRepository):
            return None
        return self.repository.deciding(found, filter_of(self.repository, request))

    def of_names(self, names: Sequence[str], ids: Sequence[str]) -> Sequence[str]:
        """Of these commits, in their order, those that changed things or members of these names."""
        found = self.repository.changing(ids, names) if isinstance(self.repository, IndexedRepository) else None
        return ids if found is None else found

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


def literal_of(pattern: str, syntax: str) -> str:
    """The longest text that every match of a pattern holds for certain; empty where none can be told so simply.

    Escapes, groups, alternatives and classes with a name are not understood, and make it give up.
    """
    if syntax == "fixed":
        return pattern
    quantifiers, unknown = ("*", "\\") if syntax == "basic" else ("*+?", "\\|(){}")
    if any(sign in pattern for sign in (*unknown, "\n", "[:", "[.", "[=")):
        return ""
    runs = [""]
    # a bracket expression ends at the first bracket that is not its first sign
    for part in re.findall(r"\[\^?\]?[^\]]*\]|.", pattern):
        if part in quantifiers:
            runs[-1] = runs[-1][:-1]
        if len(part) > 1 or part in quantifiers or part in "[].^$":
            runs.append("")
        else:
            runs[-1] += part
    longest = max(runs, key=len)
    return longest if len(longest) >= _SHORTEST_LITERAL and longest.strip() else ""
