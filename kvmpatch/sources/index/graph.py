"""Walks over indexed history, as `git rev-list` walks: the same commits, in the same order.

What git does is followed step by step, with its flags: which side branches it leaves out depends on the moment at which
it learns that a commit is not wanted. See `limit_list`, `process_parents` and `try_to_simplify_commit` in its
revision.c. Commits are numbers here; 0 is none.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple

_UNWANTED, _SEEN, _PARSED, _SAME = 1, 2, 4, 8
_SLOP = 5
"""Commits that git looks at beyond the point where nothing wanted seems to be left."""


class Pruning(NamedTuple):
    """What a walk for some paths has to know.

    Attributes:
        touching: the commits that change them; merges, if they differ in them from the first parent.
        same: whether a merge has them as its parent at a place behind the first has them.
    """

    touching: AbstractSet[int]
    same: Callable[[int, int], bool]


class Stretch(NamedTuple):
    """Commits from `first` up to `past`, which is none of them, and the dates of the oldest and of the newest."""

    first: int
    past: int
    oldest: int
    newest: int


class Graph:
    """Parents and dates of commits, by their numbers.

    Args:
        first: the first parent of each.
        others: further parents of merges, in order.
        dates: when each was committed, in seconds since 1970.
        stretches: when the commits of each stretch were made.
        clocks: from when to when time runs backwards: the date of a commit and the later one of a parent.
    """

    def __init__(
        self,
        first: array[int],
        others: Mapping[int, tuple[int, ...]],
        dates: array[int],
        stretches: Sequence[Stretch],
        clocks: Sequence[tuple[int, int]],
    ) -> None:
        self.first = first
        self.others = others
        self.dates = dates
        self.stretches = stretches
        self.clocks = clocks

    def parents(self, n: int) -> tuple[int, ...]:
        """The parents of a commit."""
        parent = self.first[n]
        if not parent:
            return ()
        return (parent, *self.others[n]) if n in self.others else (parent,)

    def reach(self, start: Sequence[int], seen: bytearray | None = None) -> bytearray:
        """A mark for each commit that some reach, themselves included, on top of the marks given."""
        seen = bytearray(len(self.first)) if seen is None else bytearray(seen)
        parents, others = self.first, self.others
        stack = list(start)
        seen[0] = 1
        while stack:
            n = stack.pop()
            while not seen[n]:
                seen[n] = 1
                if n in others:
                    stack += others[n]
                n = parents[n]
        seen[0] = 0
        return seen

    def reach_by_way_of(self, start: int, through: int, known: bytes) -> bytearray | None:
        """The same for one commit that reaches another, of which the marks are known; None where it does not."""
        seen = bytearray(len(self.first))
        seen[: len(known)] = known
        seen[0] = 1
        met, stack = False, [start]
        while stack:
            n = stack.pop()
            while not seen[n]:
                seen[n] = 1
                if n in self.others:
                    stack += self.others[n]
                n = self.first[n]
            met = met or n == through  # what it does not reach it cannot hide behind, so the walk comes by here
        seen[0] = 0
        return seen if met else None

    def dated(self, times: tuple[int, int]) -> Iterator[int]:
        """Commits that were made between two moments. Most stretches of history are passed by without a look inside."""
        first, last = times
        for start, past, oldest, newest in self.stretches:
            if oldest <= last and newest >= first:
                for n, date in enumerate(self.dates[start:past], start):
                    if first <= date <= last:
                        yield n

    def between(self, tip: bytearray, cut: int, times: tuple[int, int]) -> list[int] | None:
        """What is marked, made between two moments and not reached by another commit, in git's order.

        None where dates do not tell that order: a clock was wrong about then, or several commits came in one second
        and not one upon the other.
        """
        if any(older <= times[1] and newer >= times[0] for older, newer in self.clocks):
            return None
        dates, before, stack = self.dates, {cut}, [cut]
        while stack:
            for parent in self.parents(stack.pop()):
                if parent not in before and dates[parent] >= times[0]:
                    before.add(parent)
                    stack.append(parent)
        near = [n for n in self.dated(times) if tip[n] and n not in before]
        near.sort(key=lambda n: (-dates[n], n))
        for one, following in pairwise(near):
            if dates[one] == dates[following] and following not in self.parents(one):
                return None
        return near

    def after(self, tip: int, cut: int, pruning: Pruning | None = None) -> list[int]:
        """What `rev-list TIP ^CUT` lists; with pruning, what it lists for these paths."""
        return _Limited(self, pruning).walk(tip, cut)

    def before(self, tip: int, pruning: Pruning) -> Iterator[int]:
        """What `rev-list TIP -- PATHS` lists, as it is found."""
        return _Limited(self, pruning).stream(tip)


class _Limited:
    """One walk."""

    def __init__(self, graph: Graph, pruning: Pruning | None) -> None:
        self.graph = graph
        self.pruning = pruning
        self.flags = bytearray(len(graph.first))
        self.heap: list[tuple[int, int, int]] = []
        self.kept: dict[int, int] = {}  # merges of which one parent is followed
        self.cut = 0
        self._count = 0
        self._wanted = 0  # one that was wanted when last looked for

    def walk(self, tip: int, cut: int) -> list[int]:
        """The wanted commits; all are found before the first is known to be one."""
        flags, heap, dates = self.flags, self.heap, self.graph.dates
        first, others, is_plain = self.graph.first, self.graph.others, self.pruning is None
        self.cut = cut
        for n in (tip, cut):
            flags[n] |= _PARSED
        flags[cut] |= _UNWANTED
        self._unwant_parents(cut)
        for n in dict.fromkeys((tip, cut)):
            self._push(n)
        listed: list[int] = []
        date, slop = None, _SLOP
        while heap:
            n = heappop(heap)[2]
            while True:
                if flags[n] & _UNWANTED:
                    self._past(n)
                    slop = self._slop(date, slop)
                    if not slop:
                        return self._shown(listed)
                    break
                listed.append(n)
                date = dates[n]
                if is_plain and n not in others:  # as `_follow`, for the most of all commits
                    follow = first[n]
                    known = flags[follow]
                    flags[follow] = known | _PARSED | _SEEN
                    follow = 0 if known & _SEEN else follow
                else:
                    follow = self._follow(n)
                # history that does not branch here: no need to queue what comes next
                if not follow or (heap and dates[follow] <= -heap[0][0]):
                    if follow:
                        self._push(follow)
                    break
                n = follow
        return self._shown(listed)

    def stream(self, tip: int) -> Iterator[int]:
        """The commits that are not left out, as they are found."""
        flags, heap, dates = self.flags, self.heap, self.graph.dates
        self._push(tip)
        while heap:
            n = heappop(heap)[2]
            while n:
                follow = self._follow(n)
                if not flags[n] & _SAME:
                    yield n
                if follow and heap and dates[follow] <= -heap[0][0]:
                    self._push(follow)
                    follow = 0
                n = follow

    def _shown(self, listed: Sequence[int]) -> list[int]:
        flags = self.flags
        return [n for n in listed if not flags[n] & (_UNWANTED | _SAME)]

    # ---- steps -------------------------------------------------------------------------------------------------------

    def _push(self, n: int) -> None:
        self.flags[n] |= _SEEN
        self._count += 1
        heappush(self.heap, (-self.graph.dates[n], self._count, n))

    def _follow(self, n: int) -> int:
        """Go on to the parents: they are queued, but for the only one, which is handed back (0 for none)."""
        flags, graph = self.flags, self.graph
        if n in graph.others:
            for parent in self._simplified(n):
                flags[parent] |= _PARSED
                if not flags[parent] & _SEEN:
                    self._push(parent)
            return 0
        parent = graph.first[n]
        if self.pruning is not None and n not in self.pruning.touching:
            flags[n] |= _SAME
        if not parent:
            return 0
        known = flags[parent]
        flags[parent] = known | _PARSED | _SEEN
        return 0 if known & _SEEN else parent

    def _simplified(self, n: int) -> tuple[int, ...]:
        """The parents of a merge that are followed: one alone where it has the paths as they are in the merge."""
        flags, parents, pruning = self.flags, self.graph.parents(n), self.pruning
        if pruning is None:
            return parents
        relevant, differs, differs_elsewhere = 0, False, False
        for place, parent in enumerate(parents):
            flags[parent] |= _PARSED
            is_relevant = not flags[parent] & _UNWANTED or parent == self.cut
            relevant += is_relevant
            if pruning.same(n, place) if place else n not in pruning.touching:
                if is_relevant:
                    flags[n] |= _SAME
                    self.kept[n] = parent
                    return (parent,)
            elif is_relevant:
                differs = True
            else:
                differs_elsewhere = True
        if not (differs if relevant else differs_elsewhere):
            flags[n] |= _SAME
        return parents

    def _past(self, n: int) -> None:
        """Go on from a commit that is not wanted."""
        flags = self.flags
        for parent in self._parents(n):
            flags[parent] |= _UNWANTED | _PARSED
            self._unwant_parents(parent)
            if not flags[parent] & _SEEN:
                self._push(parent)

    def _unwant_parents(self, n: int) -> None:
        """The parents are not wanted either, nor are theirs, as far as they were looked at."""
        flags = self.flags
        stack = list(self._parents(n))
        while stack:
            one = stack.pop()
            if not flags[one] & _UNWANTED:
                flags[one] |= _UNWANTED
                if flags[one] & _PARSED:
                    stack += self._parents(one)

    def _parents(self, n: int) -> tuple[int, ...]:
        kept = self.kept.get(n)
        return (kept,) if kept else self.graph.parents(n)

    def _slop(self, date: int | None, slop: int) -> int:
        """How many more commits to look at."""
        heap, flags = self.heap, self.flags
        if not heap:
            return 0
        if date is not None and date <= -heap[0][0]:
            return _SLOP
        if self._wanted and flags[self._wanted] & _UNWANTED:
            self._wanted = 0
        self._wanted = next((n for _, _, n in heap if not flags[n] & _UNWANTED), 0)
        return _SLOP if self._wanted else slop - 1
