"""The outlines of both sides of a file, as far as the hunks of a patch show them.

What stands whole within a hunk is read as usual. What begins or ends where nothing is shown carries the basis
`hunk-header`, and the line 0 on that end; whatever else is not shown holds the mark of `unseen`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator

import msgspec
from msgspec.structs import replace

from kvmpatch.model import Basis, FilePatch, Hunk, Side
from kvmpatch.parse.csource.outline import Item, Outline
from kvmpatch.parse.csource.scan import Piece, Scan, scan
from kvmpatch.parse.headings import margin_lines, same_heading
from kvmpatch.parse.hunk_text import side_lines
from kvmpatch.parse.outlines import language_of, outline_of
from kvmpatch.parse.unseen import unseen
from kvmpatch.parse.weaving import Weaver
from kvmpatch.parse.woven import Woven

Outlines = tuple[Outline | None, Outline | None]

_SYMBOL = re.compile(r"(?:SYM_\w*(?:START|LABEL)\w*|ENTRY|WEAK|GLOBAL|SYM_DATA|SYM_ENTRY)\s*\(|[A-Za-z_.$][\w.$]*:")
_CONFIG = re.compile(r"(?:menu)?config[ \t]+\w+\s*$")
_HELP_TEXT = re.compile(r"(?:\t[ \t]+| {8,})\S")


class WovenScan(Scan, msgspec.Struct, frozen=True):
    """A cut of a woven text; its lines have the numbers that they have in the file, 0 where they are made up."""

    numbers: tuple[int, ...] = ()

    def line(self, offset: int) -> int:
        """The line in the file of a byte offset in the woven text."""
        return self.numbers[bisect_right(self.line_starts, offset) - 1]

    def is_whole(self, start: int, end: int) -> bool:
        """Whether nothing between two offsets is made up."""
        first = bisect_right(self.line_starts, start) - 1
        last = bisect_right(self.line_starts, max(start, end - 1))
        return 0 not in self.numbers[first:last]


def _woven(cut: Scan, numbers: list[int]) -> WovenScan:
    return WovenScan(cut.data, cut.clean, cut.pieces, cut.line_starts, (*numbers, 0))


class PartialOutline(Outline):
    """An outline of a side that is only partly known; `whole` is one of the same text that reads its language."""

    __slots__ = ("whole", "woven")

    def __init__(self, woven: WovenScan, whole: Outline | None = None) -> None:
        super().__init__(woven)
        self.woven = woven
        self.whole = whole

    def _read(self, piece: Piece) -> Iterator[Item]:
        for item in self.whole.items((piece,)) if self.whole else super()._read(piece):
            lines = self._lines(item.start, item.end)
            known = self.woven.is_whole(item.start, item.end)
            yield replace(item, lines=lines, name_line=item.name_line, basis=item.basis if known else Basis.HUNK_HEADER)


def partial_outlines(patch: FilePatch) -> Outlines:
    """The two sides of a file as its hunks show them; None for a side that does not exist or is not read."""
    language = language_of(patch.file.path) or language_of(patch.file.before_path)
    status = patch.file.status
    if language is None or not patch.hunks:
        return None, None
    if status == "added":
        return None, _whole(patch, "after")
    if status == "deleted":
        return _whole(patch, "before"), None
    before, after = _sides_of_c(patch) if language == "c" else _sides_of_lines(patch, language)
    # Everything in a copy is new there, whatever it was copied from.
    return (None if status == "copied" else before), after


def _whole(patch: FilePatch, side: Side) -> Outline | None:
    lines = [line for hunk in patch.hunks for line in side_lines(hunk, side)]
    path = patch.file.before_path if side == "before" else patch.file.path
    return outline_of(path, ("\n".join(lines) + "\n").encode("utf-8", "replace"))


def _sides_of_c(patch: FilePatch) -> Outlines:
    weaver = Weaver()
    weaver.weave(patch.hunks)
    return _read_c(weaver.before), _read_c(weaver.after)


def _sides_of_lines(patch: FilePatch, language: str) -> Outlines:
    made_up = _above_assembly if language == "assembly" else _above_kconfig
    return _read_lines(patch, "before", made_up), _read_lines(patch, "after", made_up)


def _read_c(side: Woven) -> Outline:
    return PartialOutline(_woven(scan(side.data()), side.numbers))


def _read_lines(patch: FilePatch, side: Side, made_up: Callable[[Hunk, str, bool], list[str]]) -> Outline | None:
    """A side of a file whose lines need nothing around them but the line that names what they belong to."""
    lines: list[str] = []
    numbers: list[int] = []
    earlier: Hunk | None = None
    for index, hunk in enumerate(patch.hunks, 1):
        earlier_lines = (margin_lines(earlier) or (earlier.heading,)) if earlier else ()
        goes_on = any(same_heading(hunk.heading, line) for line in earlier_lines)
        above = made_up(hunk, unseen(index), goes_on)
        shown = side_lines(hunk, side)
        first = hunk.before_start if side == "before" else hunk.after_start
        lines += above + shown
        numbers += [0] * len(above) + list(range(first, first + len(shown)))
        earlier = hunk
    # What the last symbol goes on with is not shown either.
    lines.append(unseen(0) + ":")
    numbers.append(0)
    path = patch.file.before_path if side == "before" else patch.file.path
    outline = outline_of(path, ("\n".join(lines) + "\n").encode("utf-8", "replace"))
    return PartialOutline(_woven(outline.scanned, numbers), outline) if outline else None


def _above_assembly(hunk: Hunk, mark: str, goes_on: bool) -> list[str]:
    if goes_on:
        return [f"\t{mark}"]
    heading = hunk.heading.strip()
    return [heading if _SYMBOL.match(heading) else f"{mark}:", f"\t{mark}"]


def _above_kconfig(hunk: Hunk, mark: str, goes_on: bool) -> list[str]:
    lines = [line[1:] for line in hunk.lines if line[:1] != "\\"]
    first = next((line for line in lines if line.strip()), "")
    if first[:1] not in {" ", "\t"}:
        return [f'comment "{mark}"']
    heading = hunk.heading.strip()
    above = [] if goes_on else [heading if _CONFIG.match(heading) else f"config {mark}"]
    if _HELP_TEXT.match(first):
        # Only the text of a help is indented so far; once it has begun, nothing else follows.
        above.append("\thelp")
    return [*above, f"\t  {mark}"]
