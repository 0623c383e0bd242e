"""Parents and dates of commits as the index keeps them: arrays, one row for each time that commits came in.

Beside them lies what would otherwise cost a look at every commit whenever it is asked: in which time each stretch of
commits was made, where clocks were wrong, and what HEAD reached (a `Landmark`).
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterable, Mapping
from itertools import compress
from operator import gt
from typing import NamedTuple

from kvmpatch.sources.index.graph import Graph, Stretch

_STRETCH = 1024
_LEVEL = 1


class AncestryRow(NamedTuple):
    """Commits that came in together, numbered from `first` on.

    Attributes:
        first: the number of the first of them.
        first_parents: of each its first parent, 0 for none.
        others: pairs of a merge and a further parent.
        dates: when each was committed, in seconds since 1970.
        stretches: pairs of the oldest and the newest date, of every 1024 of them.
        clocks: pairs of a date and the later one of a parent.
    """

    first: int
    first_parents: bytes
    others: bytes
    dates: bytes
    stretches: bytes
    clocks: bytes


def ancestry_row(
    first: int, parents: array[int], others: array[int], dates: array[int], before: Mapping[int, int]
) -> AncestryRow:
    """Pack the parents and dates of commits.

    Args:
        first: the number of the first of them.
        parents: their first parents.
        others: pairs of a merge and a further parent.
        dates: when they were committed.
        before: the dates of parents that were in already.
    """

    def date(n: int) -> int:
        return dates[n - first] if n >= first else before.get(n, 0)

    stretches, clocks = array("q"), array("q")
    for at in range(0, len(dates), _STRETCH):
        own = dates[at : at + _STRETCH]
        stretches.extend((min(own), max(own)))
        theirs = [date(parent) for parent in parents[at : at + _STRETCH]]
        for pair in compress(zip(own, theirs, strict=True), map(gt, theirs, own)):
            clocks.extend(pair)
    for child, parent in zip(others[::2], others[1::2], strict=True):
        if date(parent) > date(child):
            clocks.extend((date(child), date(parent)))
    return AncestryRow(
        first, parents.tobytes(), others.tobytes(), dates.tobytes(), stretches.tobytes(), clocks.tobytes()
    )


def graph_of(rows: Iterable[tuple[int, bytes, bytes, bytes, bytes, bytes]]) -> Graph:
    """The graph that rows hold, which come in the order of their numbers."""
    parents, dates = array("I", [0]), array("q", [0])
    others: dict[int, tuple[int, ...]] = {}
    stretches: list[Stretch] = []
    clocks: list[tuple[int, int]] = []
    for row in map(AncestryRow._make, rows):
        gap = max(0, row.first - len(parents))
        parents.frombytes(bytes(4 * gap))
        parents.frombytes(row.first_parents)
        dates.frombytes(bytes(8 * gap))
        dates.frombytes(row.dates)
        _put_others(others, _numbers("I", row.others))
        clocks += _pairs(row.clocks)
        ends = range(row.first, len(dates), _STRETCH)
        stretches += (
            Stretch(start, min(start + _STRETCH, len(dates)), *times)
            for start, times in zip(ends, _pairs(row.stretches), strict=True)
        )
    return Graph(parents, others, dates, stretches, clocks)


def _put_others(others: dict[int, tuple[int, ...]], pairs: array[int]) -> None:
    children, parents = pairs[::2], pairs[1::2]
    found = dict(zip(children, zip(parents, strict=True), strict=True))
    if len(found) < len(children):  # merges of three and more
        found.clear()
        for child, parent in zip(children, parents, strict=True):
            found[child] = (*found.get(child, ()), parent)
    others.update(found)


def _numbers(kind: str, data: bytes) -> array[int]:
    numbers: array[int] = array(kind)
    numbers.frombytes(data)
    return numbers


def _pairs(data: bytes) -> list[tuple[int, int]]:
    numbers = _numbers("q", data)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


class Landmark(NamedTuple):
    """A commit, and a mark for each that it reaches: what reaches it need not be walked beyond it."""

    n: int
    marks: bytes

    def packed(self) -> tuple[int, bytes]:
        """As a row."""
        return self.n, zlib.compress(self.marks, _LEVEL)

    @classmethod
    def unpacked(cls, row: tuple[int, bytes]) -> Landmark:
        """From a row.

        Raises:
            zlib.error: it is damaged.
        """
        return cls(row[0], zlib.decompress(row[1]))
