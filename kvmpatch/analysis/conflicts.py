"""Where a pick cannot merge: the regions between markers, placed in the three files, and the hunks that meet them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kvmpatch.model import Hunk

_LONGER = 3
_CONTEXT = 12
"""Lines around a region by which its place is told from others that read the same."""


class Part(msgspec.Struct, frozen=True):
    """One side of a region. `start` is the line that its first line is, or would stand before, in that side's file."""

    start: int
    lines: tuple[str, ...]

    @property
    def end(self) -> int:
        """The last line; one less than `start` where there is none."""
        return self.start + len(self.lines) - 1

    def numbered(self) -> Iterator[tuple[int, str]]:
        """The lines with their numbers."""
        return enumerate(self.lines, self.start)


class Region(msgspec.Struct, frozen=True):
    """One conflict: what the target has, what the picked commit found before it, what it makes of that."""

    ours: Part
    base: Part
    theirs: Part

    def lacked(self) -> list[tuple[int, str]]:
        """Lines that the commit expects and the target does not have here, with their numbers in the base."""
        return _without(self.base, self.ours)

    def held(self) -> list[tuple[int, str]]:
        """Lines that the target has here and the commit does not expect, with their numbers in the target."""
        return _without(self.ours, self.base)

    def brought(self) -> list[tuple[int, str]]:
        """Lines that the commit adds here, with their numbers in its own file."""
        return _without(self.theirs, self.base)


class _Sides(msgspec.Struct):
    ours: list[str] = msgspec.field(default_factory=list)
    base: list[str] = msgspec.field(default_factory=list)
    theirs: list[str] = msgspec.field(default_factory=list)


def regions(text: str, marker: int, ours: str, base: str, theirs: str) -> tuple[Region, ...]:
    """Read the conflicts of a merged text, with the base's lines between the markers.

    Args:
        text: the text with markers.
        marker: characters of a marker.
        ours: the target's file.
        base: the picked commit's before it.
        theirs: the picked commit's own.
    """
    read = list(_pieces(text.split("\n"), marker))
    places = {"ours": _Places(ours), "base": _Places(base), "theirs": _Places(theirs)}
    found = []
    for at, piece in enumerate(read):
        if isinstance(piece, list):
            continue
        before = read[at - 1] if at else []
        after = read[at + 1] if at + 1 < len(read) else []
        around = (before if isinstance(before, list) else [], after if isinstance(after, list) else [])
        parts = {name: places[name].put(getattr(piece, name), *around) for name in places}
        found.append(Region(**parts))
    return tuple(found)


def _pieces(lines: Iterable[str], marker: int) -> Iterator[list[str] | _Sides]:
    """Runs of merged lines and conflicts, by turns."""
    # where names clash git makes its markers longer, in files with CR LF they end in one; all but `=` bear a name
    named = "|".join(f"{re.escape(mark)}{{{marker},{marker + _LONGER}}} " for mark in "<|>")
    pattern = re.compile(rf"{named}|={{{marker},{marker + _LONGER}}}\r?\Z")
    plain: list[str] = []
    sides: _Sides | None = None
    into = plain
    for line in lines:
        match = pattern.match(line)
        mark = line[0] if match else None
        if mark == "<" and sides is None:
            yield plain
            sides = _Sides()
            into = sides.ours
        elif sides is not None and mark == "|":
            into = sides.base
        elif sides is not None and mark == "=":
            into = sides.theirs
        elif sides is not None and mark == ">":
            yield sides
            sides, plain = None, []
            into = plain
        else:
            into.append(line)
    yield sides or plain


class _Places:
    """Finds the lines of one side in its file, from the top downward."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._at: defaultdict[str, list[int]] = defaultdict(list)
        for place, line in enumerate(self._lines):
            self._at[line].append(place)
        self._cursor = 0

    def put(self, wanted: Sequence[str], before: Sequence[str], after: Sequence[str]) -> Part:
        """Where lines stand: of all places below the last one that fit, the one whose surroundings fit best."""
        before, after = before[-_CONTEXT:], after[:_CONTEXT]
        best = max(
            self._candidates(wanted, before, after),
            key=lambda place: (self._likeness(place, len(wanted), before, after), -place),
            default=self._cursor,
        )
        self._cursor = best + len(wanted)
        return Part(best + 1, tuple(wanted))

    def _candidates(self, wanted: Sequence[str], before: Sequence[str], after: Sequence[str]) -> Iterator[int]:
        if wanted:
            size = len(wanted)
            places = self._at.get(wanted[0], ())
            yield from (at for at in places if at >= self._cursor and self._lines[at : at + size] == list(wanted))
            return
        yield self._cursor
        if before:
            yield from (at + 1 for at in self._at.get(before[-1], ()) if at + 1 >= self._cursor)
        if after:
            yield from (at for at in self._at.get(after[0], ()) if at >= self._cursor)

    def _likeness(self, place: int, size: int, before: Sequence[str], after: Sequence[str]) -> int:
        return _run(reversed(self._lines[max(0, place - _CONTEXT) : place]), reversed(before)) + _run(
            self._lines[place + size : place + size + _CONTEXT], after
        )


def _run(one: Iterable[str], other: Iterable[str]) -> int:
    """How many lines two sequences have in common at their start."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _without(part: Part, other: Part) -> list[tuple[int, str]]:
    left = Counter(other.lines)
    kept = []
    for number, line in part.numbered():
        if left[line]:
            left[line] -= 1
        else:
            kept.append((number, line))
    return kept


# ---- hunks ---------------------------------------------------------------------------------------------------------


def hunks_met(found: Sequence[Region], hunks: Sequence[Hunk]) -> tuple[Hunk, ...]:
    """The hunks of the picked commit that change lines of a region, in their order."""
    return tuple(hunk for hunk in hunks if any(_meets(hunk, region.base) for region in found))


def _meets(hunk: Hunk, base: Part) -> bool:
    """Whether a hunk takes or adds lines within a part of the before side, or right beside it."""
    number = hunk.before_start + (hunk.before_count == 0)
    for line in hunk.lines:
        if line[:1] == "-" and base.start <= number <= base.end:
            return True
        if line[:1] == "+" and base.start <= number <= base.end + 1:
            return True
        number += line[:1] in ("-", " ")
    return False
