"""A repository whose history is read from the index where that has it, and from git where it has not: the same answers.

Walks and lines come from the index only where it is certain that git would say the same: the commits are in with all
that they reach, and the paths lie within its scope.
"""

from __future__ import annotations

import string
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from kvmpatch.sources.repo import ChangedLine, Filter, Repository
from kvmpatch.sources.repo.objects import ObjectReader
from kvmpatch.sources.repo.repository import NO_FILTER
from kvmpatch.sources.repo.walks import filter_options

if TYPE_CHECKING:
    from kvmpatch.sources.index.lookups import Index
    from kvmpatch.words import Text

_HEX = frozenset(string.hexdigits)
_SHORTEST = 7
_AT_ONCE = 400


class IndexedRepository(Repository):
    """Open it as a `Repository`; then say where its index comes from.

    Several threads may ask for history at the same time.
    """

    _finds: Callable[[], Index | None] | None = None
    _opened: Index | None = None

    def reads_from(self, finds: Callable[[], Index | None], scope: Sequence[str], version: str) -> None:
        """Have an index, which is looked for when history is first asked for.

        Args:
            finds: opens it; None for none.
            scope: of its structure; paths outside are git's.
            version: of the analysis.
        """
        self._finds = finds
        self._scope = Scope(scope)
        self._version = version
        self._lock = threading.RLock()
        self._after: dict[tuple[str, str], list[int]] = {}
        self._tips: tuple[str, ...] | None = None

    @property
    def at_first(self) -> str | None:
        """What HEAD stood at when the repository was opened."""
        return self._place.head

    @cached_property
    def index(self) -> Index | None:
        """The index, if there is one. It is closed with the repository."""
        if self._finds is None or self.shallow:
            return None
        self._opened = self._finds()
        return self._opened

    def close(self) -> None:
        """Close the index, too."""
        if self._opened is not None:
            self._opened.close()
        super().close()

    def renew(self, index: Index | None) -> None:
        """Go on with an index that has been brought up to date, in place of the one before."""
        if self._opened is not None and self._opened is not index:
            self._opened.close()
        self._opened = self.__dict__["index"] = index
        self.__dict__.pop("_structured", None)
        self._after.clear()

    def all_tips(self) -> tuple[str, ...]:
        """What all refs and HEAD point at; asked once, so that one answer is about one state of the refs."""
        if self._finds is None:
            return super().all_tips()
        if self._tips is None:
            self._tips = super().all_tips()
        return self._tips

    def facts(self, commit: str) -> bytes | None:
        """What the index keeps of a commit's changes, for who wrote it down."""
        index = self.index
        if index is None:
            return None
        with self._lock:
            n = index.numbers([commit]).get(commit, 0)
            return index.facts(commit) if 0 < n <= self._structured else None

    def find_backports(
        self,
        upstream_id: str,
        accept: Callable[[str], bool],
        progress: Callable[[Text], None] | None = None,
    ) -> tuple[str, ...]:
        """Commits whose message points to an upstream id, the nearest on HEAD first."""
        found = self._pointing(upstream_id, accept)
        return super().find_backports(upstream_id, accept, progress) if found is None else found

    def _pointing(self, upstream_id: str, accept: Callable[[str], bool]) -> tuple[str, ...] | None:
        """What the index knows of that; None where it has not all, or cannot tell the order."""
        index, head = self.index, self.head()
        if index is None or head is None:
            return None
        with self._lock:
            pointing = dict.fromkeys(one.id for one in index.pointing_at(upstream_id, ("upstream",)))
            accepted = [raw.id for raw in self.commits(pointing) if raw.id != upstream_id and accept(raw.message)]
            for tips in ([head], self.all_tips()):
                if not index.covers(tips):
                    return None
                if near := index.reached(tips).among(accepted):
                    return self._by_date(index, near)
        return ()

    @staticmethod
    def _by_date(index: Index, ids: Sequence[str]) -> tuple[str, ...] | None:
        """Commits as git lists them, newest first; None where dates do not tell that order."""
        graph, numbers = index.graph, index.numbers(ids)
        dates = {one: graph.dates[numbers[one]] for one in ids}
        first, last = min(dates.values()), max(dates.values())
        wrong = any(older <= last and newer >= first for older, newer in graph.clocks)
        if len(ids) > 1 and (wrong or len(set(dates.values())) < len(ids)):
            return None
        return tuple(sorted(ids, key=lambda one: -dates[one]))

    # ---- history -------------------------------------------------------------------------------------------------

    def history_ids(
        self,
        tips: Sequence[str],
        paths: Sequence[str] = (),
        *,
        since: str | None = None,
        limit: int | None = None,
        first_parent: bool = False,
        reverse: bool = False,
        where: Filter = NO_FILTER,
        walk: bool = True,
    ) -> Iterator[str]:
        """The ids that `history` would read."""
        if walk and not (since or first_parent or reverse) and self.index is not None:
            with self._lock:
                found = self._walked(list(tips), list(paths), where)
            if found is not None:
                return islice(found, limit)
        return super().history_ids(
            tips, paths, since=since, limit=limit, first_parent=first_parent, reverse=reverse, where=where, walk=walk
        )

    def _walked(self, tips: list[str], paths: list[str], where: Filter) -> Iterator[str] | None:
        """A walk within the index; None where git has to make it."""
        cuts = [tip[1:] for tip in tips if tip.startswith("^")]
        wanted = [tip for tip in tips if not tip.startswith("^")]
        if len(wanted) != 1 or len(cuts) > 1 or self.index is None:
            return None
        if not paths and where == Filter(pathspecs=self._scope.specs):
            return self._touching(wanted[0], cuts, self._scope.specs)
        if where == NO_FILTER and paths:
            return self._touching(wanted[0], cuts, tuple(paths))
        ids_alone = all(len(word) >= _SHORTEST and set(word) <= _HEX for word in where.grep)
        if cuts and not paths and ids_alone and where == Filter(
            grep=where.grep, syntax="fixed", ignore_case=True, ours=True
        ):  # fmt: skip
            return self._naming(wanted[0], cuts[0], where.grep)
        return None

    @cached_property
    def _structured(self) -> int:
        """The number up to which commits have all of the scope in."""
        return self.index.structured(self._scope.specs, self._version) if self.index else 0

    def _with_structure(self, index: Index, ids: Sequence[str]) -> dict[str, int] | None:
        """The numbers of commits; None where one is not in, or may lack its structure."""
        numbers = index.numbers(ids)
        return numbers if all(0 < numbers.get(one, 0) <= self._structured for one in ids) else None

    def _touching(self, tip: str, cuts: Sequence[str], paths: tuple[str, ...]) -> Iterator[str] | None:
        index = self.index
        if index is None or not self._scope.holds(paths):
            return None
        numbers = self._with_structure(index, [tip, *cuts])
        if numbers is None:
            return None
        from kvmpatch.sources.index.graph import Pruning

        pruning = Pruning(
            index.touching_numbers(self._scope.chosen(paths)), lambda n, place: self._is_same(n, place, paths)
        )
        if cuts:
            return iter(index.ids(index.graph.after(numbers[tip], numbers[cuts[0]], pruning)))
        return self._ids(index, index.graph.before(numbers[tip], pruning))

    def _ids(self, index: Index, numbers: Iterator[int]) -> Iterator[str]:
        size = 1
        while True:
            with self._lock:
                part = index.ids(list(islice(numbers, size)))
            if not part:
                return
            yield from part
            size = min(size * 8, _AT_ONCE)

    def _naming(self, tip: str, cut: str, words: Sequence[str]) -> Iterator[str] | None:
        """Commits after one that name an id. It stands at the start of a word, or behind the `g` of `git describe`."""
        index = self.index
        after = self._between(tip, cut)
        if index is None or after is None:
            return None
        named = index.messages_naming([written for word in words for written in (word, f"g{word}")])
        numbers = set(index.numbers(list(named)).values())
        return iter(index.ids([n for n in after if n in numbers]))

    def deciding(self, ids: Sequence[str], where: Filter) -> list[str]:
        """Those of some commits that git finds to pass a filter without paths; nothing else is looked at.

        Raises:
            UsageError: git does not take a pattern.
        """
        if not ids:
            self._history.check(filter_options(where), ())
            return []
        return list(super().history_ids(ids, where=where, walk=False))

    def since_then(self, commit: str, tip: str, times: tuple[int, int]) -> tuple[bool, list[str]]:
        """Whether `tip` contains a commit, and what else it contains that was committed between two moments."""
        index = self.index
        if index is not None:
            with self._lock:
                numbers = index.numbers([tip, commit])
                if tip in numbers and commit in numbers:
                    graph, marks = index.graph, index.marks([tip])
                    near = graph.between(marks, numbers[commit], times)
                    if near is None:
                        dates, after = graph.dates, self._between(tip, commit)
                        near = [one for one in after or () if times[0] <= dates[one] <= times[1]]
                    return bool(marks[numbers[commit]]), index.ids(near)
        return super().since_then(commit, tip, times)

    def is_ancestor(self, before: str, after: str) -> bool:
        """Whether `after` contains `before`; every commit contains itself."""
        if after == self._place.head and self.index is not None:
            with self._lock:
                numbers = self.index.numbers([before, after])
                if before in numbers and after in numbers:
                    return bool(self.index.marks([after])[numbers[before]])
        return super().is_ancestor(before, after)

    def _between(self, tip: str, cut: str) -> list[int] | None:
        """What one commit reaches and another does not, as git lists it; None where the index does not have both."""
        index = self.index
        if index is None:
            return None
        if (tip, cut) not in self._after:
            numbers = index.numbers([tip, cut])
            if tip not in numbers or cut not in numbers:
                return None
            self._after[tip, cut] = index.graph.after(numbers[tip], numbers[cut])
        return self._after[tip, cut]

    # ---- merges --------------------------------------------------------------------------------------------------

    @cached_property
    def _trees(self) -> ObjectReader:
        """Reads objects beside the one that other threads may be using."""
        reader = ObjectReader(self._git)
        self._open.append(reader)
        return reader

    def _is_same(self, n: int, place: int, paths: Sequence[str]) -> bool:
        """Whether a merge has some paths as one of its parents has them."""
        index = self.index
        assert index is not None  # noqa: S101 - only asked on its walks
        sides = index.ids([n, index.graph.parents(n)[place]])
        plain = [path for path in paths if path not in self._scope.patterns]
        names = [f"{side}:".encode() + self._names.raw(path) for path in plain for side in sides]
        # of what is not there git repeats the name
        found = [info.id if info.kind else None for info in self._trees.infos(names)]
        if found[::2] != found[1::2] or len(plain) == len(paths):
            return found[::2] == found[1::2]
        return not self._git.run("diff-tree", "-r", "--name-only", *reversed(sides), "--", *self._scope.specs).out

    # ---- lines ---------------------------------------------------------------------------------------------------

    def changed_lines(self, ids: Iterable[str], paths: Sequence[str] = ()) -> Iterator[ChangedLine]:
        """The added and removed lines of many commits; see `Repository.changed_lines`."""
        asked = list(ids)
        packed = self.packed_lines(asked, paths)
        if packed is None:
            return super().changed_lines(asked, paths)
        return self._unpacked(packed, self._scope.chosen(paths))

    def packed_lines(self, ids: Sequence[str], paths: Sequence[str]) -> list[tuple[str, bytes]] | None:
        """The lines of commits as the index has them; None where git has to be asked."""
        index = self.index
        if index is None or not paths or not self._scope.holds(paths):
            return None
        with self._lock:
            if self._with_structure(index, ids) is None:
                return None
            found = index.lines(ids)
        if None in found.values():
            return None
        return [(commit, data) for commit in ids if (data := found.get(commit))]

    def changing(self, ids: Sequence[str], names: Sequence[str]) -> list[str] | None:
        """Those of some commits that changed things or members of these names; None where they are not all in."""
        index = self.index
        if index is None:
            return None
        with self._lock:
            numbers = self._with_structure(index, ids)
            if numbers is None:
                return None
            found = index.changing_numbers(names)
        return [one for one in ids if numbers[one] in found]

    def chosen(self, paths: Sequence[str]) -> Callable[[str], bool]:
        """Which files of the scope some paths of it mean."""
        return self._scope.chosen(paths)

    @staticmethod
    def _unpacked(packed: Iterable[tuple[str, bytes]], wanted: Callable[[str], bool]) -> Iterator[ChangedLine]:
        from kvmpatch.sources.index.touched import lines_of, unpacked_text

        for commit, data in packed:
            yield from lines_of(commit, unpacked_text(data), wanted)


class Scope:
    """The pathspecs whose structure an index holds."""

    def __init__(self, specs: Sequence[str]) -> None:
        self.specs = tuple(specs)
        self.patterns = frozenset(spec for spec in specs if set(spec) & set("*?[:\\"))
        """Those of the pathspecs that are no plain paths."""
        self._folders = under([spec.rstrip("/") for spec in specs if not set(spec) & set("*?[:\\")])
        # what such a pattern matches it matches with everything below
        self._heads = [spec for spec in specs if spec.endswith("*") and not set(spec[:-1]) & set("*?[:\\")]

    def holds(self, paths: Sequence[str]) -> bool:
        """Whether everything below these paths is in the scope; where that is not certain it is not."""
        if tuple(paths) == self.specs:
            return True
        return all(self._folders(path) or any(fnmatchcase(path, head) for head in self._heads) for path in paths)

    def chosen(self, paths: Sequence[str]) -> Callable[[str], bool]:
        """Whether a file of the scope lies below some paths of it."""
        return (lambda _: True) if tuple(paths) == self.specs else under(paths)


def under(paths: Sequence[str]) -> Callable[[str], bool]:
    """Whether a file is one of some paths, or lies below one."""
    exact = frozenset(paths)
    folders = tuple(f"{path}/" for path in exact)
    return lambda file: file in exact or file.startswith(folders)
