"""Both sides of a C file, woven from the hunks of a patch.

The hunks' lines stand in their order. What lies between them is the same on both sides, so one text is made up for
both: it closes what ended there, opens what the next hunk begins inside of, and carries the mark of the unseen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from kvmpatch.model import Hunk
from kvmpatch.parse.headings import code_of_heading, header, margin_lines, opening, same_heading
from kvmpatch.parse.hunk_text import (
    Beginning,
    Closer,
    HunkText,
    Start,
    begins_in_comment,
    begins_in_macro,
    side_lines,
    start_of,
)
from kvmpatch.parse.unseen import unseen
from kvmpatch.parse.woven import Frame, Woven, filler

_BARE_HEADER = re.compile(r"[A-Za-z_]\w*\s*\((?!.*;)")
# How much code an unseen stretch counts for when bodies are compared: some lines' worth, not all of them, so that a
# function of which little is shown is neither a stranger to itself nor the twin of every other.
_WEIGHT = 8
# Nobody nests so deep; each hunk would close and open it all again.
_DEEPEST = 100


class Weaver:
    """Weaves the two sides together: what is decided about the text between two hunks holds for both."""

    def __init__(self) -> None:
        self.before = Woven()
        self.after = Woven()
        self.sides = (self.before, self.after)
        self.end = 0

    def weave(self, hunks: Sequence[Hunk]) -> None:
        """Weave all hunks of a file."""
        pairs = [_texts(hunk) for hunk in hunks]
        goes_on, shown = _continuations(hunks)
        stays = _stays(pairs, goes_on)
        for index, (hunk, texts) in enumerate(zip(hunks, pairs, strict=True)):
            start = start_of(texts)
            if start is Start.NOWHERE and not any(text.directives or text.in_macro for text in texts):
                continue
            mark = unseen(index + 1)
            gap = hunk.before_start - self.end
            if start is Start.NOWHERE:
                inside = self.is_open and stays[index]
            else:
                inside = self.is_open and goes_on[index] and start in {Start.INSIDE, Start.IN_HEADER}
                inside = inside and all(len(side.frames) <= _DEEPEST for side in self.sides)
            for side in self.sides:
                side.settle(mark)
            if inside and start is not Start.NOWHERE:
                self.go_on(texts, start, mark, gap)
            elif not inside:
                # A heading that was shown, and was closed since, is not what the hunk begins inside of.
                stale = (shown[index] and not self.is_open) or any(text.is_foreign for text in texts)
                heading = "" if stale else hunk.heading
                self.begin(heading, texts, start, mark, gap)
            for side, text, first in zip(self.sides, texts, (hunk.before_start, hunk.after_start), strict=True):
                if inside or start is Start.INSIDE:
                    side.open_conditionals(text.stray, mark)
                if text.in_macro:
                    side.make_up(f"#define {mark} \\")
                holds = side.frames[-1].holds if start is Start.INSIDE and side.frames else ""
                side.place(text, first, text.completion(mark, holds))
            self.end = hunk.before_start + hunk.before_count
        for side in self.sides:
            side.settle(unseen(0))
            side.close(0, unseen(0), _WEIGHT)

    @property
    def is_open(self) -> bool:
        """Whether the last hunk ends within something."""
        return any(side.frames or side.head.strip() for side in self.sides)

    def begin(self, heading: str, texts: tuple[HunkText, HunkText], start: Start, mark: str, gap: int) -> None:
        """Close what was open, and open what the hunk begins inside of."""
        weight = min(max(gap, 1), _WEIGHT)
        for side in self.sides:
            side.close(0, mark, weight)
        if start is not Start.INSIDE:
            # Before a header, so that what it says stays the same on both sides.
            for side, text in zip(self.sides, texts, strict=True):
                side.open_conditionals(text.stray, mark)
        if start is Start.IN_DECLARATION:
            cut = max(text.cut for text in texts)
            for side in self.sides:
                # What stands after the parameters of a prototype declares nothing, whatever it is.
                side.make_up(f"void {mark}{'(' * cut or '(void)'}")
                side.parens = cut
                side.head = "="
        elif start is Start.AT_MARGIN:
            if _lacks_type(texts):
                for side in self.sides:
                    side.make_up(f"struct {mark}")
        elif start is Start.IN_HEADER:
            cut = max(text.cut for text in texts)
            for side in self.sides:
                opener = header(heading, mark, cut)
                side.make_up(opener)
                side.follow(code_of_heading(opener))
        elif start is Start.INSIDE:
            opener, frame = opening(heading, mark)
            if frame.holds == "fields" and all(text.is_list or not text.lines for text in texts):
                # `struct x { … } table[] = {`: only the first of the two starts with a word in the first column.
                opener, frame = opening("", mark)
            levels = _levels(texts, frame.holds)
            for side in self.sides:
                side.make_up(f"{opener} {_first(frame, mark, weight)}")
                side.frames = [Frame(frame.holds, frame.typedef)]
                self.descend(side, levels, mark)

    def go_on(self, texts: tuple[HunkText, HunkText], start: Start, mark: str, gap: int) -> None:
        """Go on within what both sides left open; only the nesting between the two hunks has to be made good."""
        weight = min(max(gap, 1), _WEIGHT)
        for side in self.sides:
            if not side.frames:
                self.enter(side, start, mark)
        if start is Start.IN_HEADER:
            return
        depths = [max(1, len(side.frames)) for side in self.sides]
        needs = [_need(text.beginning) for text in texts]
        shift = max(need - depth for need, depth in zip(needs, depths, strict=True))
        exact = [need - depth for need, depth, text in zip(needs, depths, texts, strict=True) if text.beginning.ends]
        if exact:
            shift = exact[0]
        # The unseen text ended neither side's function: it closed no more braces than the side with fewer has.
        unsure = max(min(depths) - 1, 0)
        shift = max(shift, -unsure)
        holds = next((side.frames[0].holds for side in self.sides if side.frames), "code")
        levels = _levels(texts, holds)[-(unsure + shift) :] if unsure + shift > 0 else []
        levels = [Closer()] * (unsure + shift - len(levels)) + levels
        for side, depth in zip(self.sides, depths, strict=True):
            side.close(max(1, depth - unsure), mark, 0)
            if side.frames:
                side.make_up(_between(side, mark, weight))
            self.descend(side, levels, mark)

    def enter(self, side: Woven, start: Start, mark: str) -> None:
        """From the header of a thing, shown by the last hunk, into what it holds."""
        if start is Start.IN_HEADER:
            if side.parens:
                side.make_up(f" {mark},")
            return
        text = (f" {mark}{')' * side.parens}" if side.parens else "") + " {"
        side.make_up(text)
        side.follow(text)

    def descend(self, side: Woven, levels: list[Closer], mark: str) -> None:
        """Open the braces whose end a hunk shows, from the outermost."""
        for level in levels:
            outer = side.frames[-1].holds if side.frames else "code"
            if outer == "code":
                opener = "{"
                if level.cases:
                    opener = f"switch ({mark}) {{"
                elif level.follows:
                    opener = f"if ({mark}) {{" if level.follows == "else" else "do {"
                side.make_up(opener)
                side.frames.append(Frame("code"))
            elif outer == "fields" and level.lists:
                side.make_up(f"enum {{ {mark},")
                side.frames.append(Frame("constants"))
            elif outer == "fields":
                side.make_up(f"struct {{ int {mark};")
                side.frames.append(Frame("fields"))
            else:
                side.make_up(f"{{ {mark},")
                side.frames.append(Frame("entries"))
        side.last = side.head = ""


def _between(side: Woven, mark: str, weight: int) -> str:
    """The unseen text between two hunks within one thing."""
    frame = side.frames[-1]
    parens, frame.parens = frame.parens, 0
    text = side.rest(Frame(frame.holds, parens=parens), mark, weight)
    if frame.holds == "constants":
        # What is counted starts anew after constants that are not shown.
        return f"{text.removesuffix(mark)}{'' if text or side.last in {'', ',', '{'} else ','} {mark} = {mark},"
    return f"{text}," if frame.holds == "entries" else text


def _first(frame: Frame, mark: str, weight: int) -> str:
    """The unseen beginning of what a brace holds."""
    if frame.holds == "code":
        return filler(mark, weight)
    return {"fields": f"int {mark};", "constants": f"{mark} = {mark},", "entries": f"{mark},"}[frame.holds]


def _need(beginning: Beginning) -> int:
    """How many braces must be open where a hunk begins."""
    return len(beginning.closers) + (0 if beginning.ends else 1) + (1 if beginning.loose_cases else 0)


def _levels(texts: tuple[HunkText, HunkText], holds: str) -> list[Closer]:
    """The braces open within the outermost one where a hunk begins, from the outermost, as both sides tell."""
    found: list[Closer] = []
    for text in texts:
        beginning = text.beginning
        closers = list(beginning.closers)
        if beginning.ends:
            closers.pop()
        elif beginning.loose_cases:
            closers.append(Closer(cases=True))
        for at, closer in enumerate(closers):
            if at == len(found):
                found.append(closer)
            else:
                found[at] = Closer(
                    found[at].follows or closer.follows,
                    found[at].cases or closer.cases,
                    found[at].lists and closer.lists,
                )
    if holds in {"fields", "entries"}:
        deepest = min(max(text.beginning.indent for text in texts), 6)
        inner = Closer(lists=all(text.is_list for text in texts if text.lines))
        found += ([inner] if not found else [Closer()]) * (deepest - 1 - len(found))
    return found[::-1]


def _lacks_type(texts: tuple[HunkText, HunkText]) -> bool:
    """Whether a hunk begins with the second line of a header whose type stands on the line above."""
    for text in texts:
        first = next((line for line in text.code if line.strip()), "")
        if first and not (_BARE_HEADER.match(first) and not re.match(r"[A-Z0-9_]+\s*\(", first)):
            return False
    return any(text.code for text in texts)


def _texts(hunk: Hunk) -> tuple[HunkText, HunkText]:
    before, after = side_lines(hunk, "before"), side_lines(hunk, "after")
    macro = begins_in_macro(before or after) and begins_in_macro(after or before)
    comment = not macro and (begins_in_comment(before) or begins_in_comment(after))
    return HunkText(before, comment=comment, macro=macro), HunkText(after, comment=comment, macro=macro)


def _continuations(hunks: Sequence[Hunk]) -> tuple[list[bool], list[bool]]:
    """For each hunk, whether it stands under the same heading as the end of the one before it.

    And whether the line that the heading shows stands in a hunk above.
    """
    goes_on, shown = [False], [False]
    for earlier, later in pairwise(hunks):
        lines = margin_lines(earlier)
        goes_on.append(any(same_heading(later.heading, line) for line in lines or (earlier.heading,)))
        shown.append(goes_on[-1] and (bool(lines) or shown[-1]))
    return goes_on, shown


def _stays(pairs: Sequence[tuple[HunkText, HunkText]], goes_on: Sequence[bool]) -> list[bool]:
    """For each hunk, whether what is open above it is open below, too: the next hunk with code goes on with it."""
    stays = [False] * (len(pairs) + 1)
    for index in range(len(pairs) - 1, -1, -1):
        start = start_of(pairs[index])
        stays[index] = goes_on[index] and (stays[index + 1] if start is Start.NOWHERE else start is Start.INSIDE)
    return stays
