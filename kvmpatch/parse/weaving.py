"""Both sides of a C file, woven from the hunks of a patch.

The hunks' lines stand in their order. What lies between them is the same on both sides, so one text is made up for
both: it closes what ended there, opens what the next hunk begins inside of, and carries the mark of the unseen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from kvmpatch.model import Hunk
from kvmpatch.parse.csource.scan import opens_function
from kvmpatch.parse.hunk_text import (
    LABEL,
    Beginning,
    Closer,
    HunkText,
    Start,
    begins_in_comment,
    begins_in_macro,
    is_cut,
    margin_lines,
    same_heading,
    side_lines,
    start_of,
)
from kvmpatch.parse.unseen import unseen

_HIDDEN = re.compile(r'/\*.*?(?:\*/|$)|//.*|"(?:[^"\\]|\\.)*"?|\'(?:[^\'\\]|\\.)*\'?')
_AGGREGATE = re.compile(r"(?:(?:typedef|static|const|extern|volatile)\s+)*(struct|union|enum)\b[^;()=]*$")
_FUNCTION = re.compile(r"(?P<lead>[A-Za-z_][\w\s*]*?[\s*])??(?P<name>[A-Za-z_]\w*)\s*\(")
_BARE_HEADER = re.compile(r"[A-Za-z_]\w*\s*\((?!.*;)")
_NO_NAME = frozenset({"if", "while", "for", "switch", "return", "sizeof", "do", "else", "__attribute__"})
# How much code an unseen stretch counts for when bodies are compared: some lines' worth, not all of them, so that a
# function of which little is shown is neither a stranger to itself nor the twin of every other.
_WEIGHT = 8
_WORDS_A_LINE = 2


@dataclass(slots=True)
class Frame:
    """A brace that is open: what it holds, and how many parentheses are open within it."""

    holds: str
    typedef: bool = False
    parens: int = 0


class Woven:
    """One side under construction. Number 0 marks a line that is not the file's."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.numbers: list[int] = []
        self.frames: list[Frame] = []
        self.head = ""
        self.parens = 0
        self.last = ""
        self.comment = self.macro = False
        self.conditionals: list[int] = []

    def data(self) -> bytes:
        """The side as the bytes of a file."""
        return ("\n".join(self.lines) + "\n").encode("utf-8", "replace")

    def make_up(self, text: str) -> None:
        """Add a line that is not the file's."""
        if text.strip():
            self.lines.append(text)
            self.numbers.append(0)

    def place(self, text: HunkText, start: int, completion: str) -> None:
        """Add the lines of a hunk and follow what they open and close."""
        for number, (line, code) in enumerate(zip(text.lines, text.code, strict=True)):
            if code.startswith("}") and len(self.frames) > 1 and self.frames[0].holds == "code":
                # Only the end of a function stands in the first column: a brace was lost in what is not shown.
                self.make_up("}" * (len(self.frames) - 1))
                del self.frames[1:]
            self.conditionals += [len(self.frames)] * text.opened.count(number)
            first = "" if number else completion + ("/*" if text.in_comment else "")
            self.lines.append(first + line)
            self.numbers.append(start + number)
            self.follow((completion if not number else "") + code)
        self.macro = bool(text.lines) and text.lines[-1].rstrip("\r").endswith("\\")
        self.comment = text.ends_in_comment

    def follow(self, code: str) -> None:
        """Take the braces and parentheses of one line of code into account."""
        for part in re.split(r"([{}();])", code):
            if part == "{":
                self.frames.append(self._frame())
                self.head = ""
                self.parens = 0
            elif part == "}":
                self._close()
            elif part in {"(", ")"}:
                self._paren(1 if part == "(" else -1)
                self.head += part
            elif part == ";":
                if not (self.frames[-1].parens if self.frames else self.parens):
                    self.head = ""
            else:
                self.head += part
            if part.strip():
                self.last = part.strip()[-1]
        self.head += " "

    def _close(self) -> None:
        self.head = ""
        if not self.frames:
            return
        frame = self.frames.pop()
        if not self.frames and frame.holds != "code":
            self.head = "typedef}" if frame.typedef else "}"

    def _paren(self, step: int) -> None:
        if self.frames:
            self.frames[-1].parens = max(0, self.frames[-1].parens + step)
        else:
            self.parens = max(0, self.parens + step)

    def _frame(self) -> Frame:
        """What the brace holds that opens after the text in `head`."""
        text = self.head.strip()
        found = _AGGREGATE.search(text)
        outer = self.frames[-1].holds if self.frames else ""
        if text.endswith("=") or outer == "entries":
            return Frame("entries")
        if found and not (self.frames and self.frames[-1].parens):
            return Frame("constants" if found[1] == "enum" else "fields", text.startswith("typedef"))
        if not outer and not opens_function(text.encode("latin-1", "replace")) and "=" in text:
            return Frame("entries")
        return Frame("fields" if outer == "fields" else "code")

    # ---- what ends where nothing is shown -----------------------------------------------------------

    def settle(self, mark: str) -> None:
        """End what only a line's end ends, comments and macros; and conditionals, those around everything left out."""
        if self.comment:
            self.make_up("*/")
        if self.macro:
            self.make_up(mark)
        self.comment = self.macro = False
        self.end_conditionals(1)

    def end_conditionals(self, depth: int) -> None:
        """End the preprocessor conditionals that were opened within at least so many braces."""
        for opened in self.conditionals:
            if opened >= depth:
                self.make_up("#endif")
        self.conditionals = [opened for opened in self.conditionals if opened < depth]

    def close(self, keep: int, mark: str, weight: int) -> None:
        """Close what is open, the innermost first, down to `keep` braces."""
        while len(self.frames) > keep:
            frame = self.frames[-1]
            self.make_up(self.rest(frame, mark, weight if len(self.frames) == 1 else 0) + self.end(frame, mark))
            self.frames.pop()
            self.last = "}"
            self.head = ""
        if not keep:
            self.make_up(self.end_of_declaration(mark, weight))
            self.end_conditionals(0)
            self.head = self.last = ""
            self.parens = 0

    def rest(self, frame: Frame, mark: str, weight: int) -> str:
        """The unseen rest of what a brace holds, as text that may follow there."""
        text = f" {mark}{')' * frame.parens}" if frame.parens else ""
        if frame.holds == "code":
            return f"{text}; {filler(mark, weight)}" if text else f" {filler(mark, weight)}"
        if frame.holds == "fields":
            return f"{text}; int {mark};" if self.last in {"", ";", "{", "}"} or text else f" {mark};"
        if frame.holds == "constants":
            return f"{text}, {mark}" if text else f" {mark}" if self.last in {"", ",", "{"} else ""
        return f"{text}, {mark}" if text or self.last not in {"", ",", "{"} else f" {mark}"

    def end(self, frame: Frame, mark: str) -> str:
        """The brace that closes a frame, with what follows it."""
        outer = self.frames[-2].holds if len(self.frames) > 1 else ""
        if frame.holds == "code" and outer != "entries":
            return "}"
        if outer == "entries":
            return "},"
        if frame.typedef or (outer == "fields" and frame.holds in {"fields", "constants"}):
            return f"}} {mark};"
        return "};"

    def end_of_declaration(self, mark: str, weight: int) -> str:
        """What ends a declaration of which only the first lines are shown."""
        text = self.head.strip()
        if not text:
            return ""
        if self.parens:
            return f" {mark}{')' * self.parens};"
        if text.startswith(("}", "typedef}")):
            return f" {mark};" if text == "typedef}" else ";"
        if opens_function(text.encode("latin-1", "replace")) and not re.match(r"[A-Z_0-9]+\s*\(", text):
            return f" {{ {filler(mark, weight)} }}"
        if re.search(r"\]\s*=$", text):
            return f" {{ {mark} }};"
        if text.endswith("="):
            return f" {mark};"
        if _AGGREGATE.match(text):
            return f" {{ {mark} }};" if "enum" in text.split() else f" {{ int {mark}; }};"
        return ";"


def filler(mark: str, lines: int) -> str:
    """A statement that stands for unseen lines."""
    return " + ".join([mark] * max(1, lines * _WORDS_A_LINE)) + ";"


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
        for index, (hunk, texts) in enumerate(zip(hunks, pairs, strict=True)):
            start = start_of(texts)
            if start is Start.NOWHERE and not any(text.directives or text.in_macro for text in texts):
                continue
            mark = unseen(index + 1)
            gap = hunk.before_start - self.end
            if start is Start.NOWHERE:
                inside = self.is_open and _stays(index, pairs, goes_on)
            else:
                inside = self.is_open and goes_on[index] and start in {Start.INSIDE, Start.IN_HEADER}
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
                for _ in range(text.stray - len(side.conditionals)):
                    side.make_up(f"#if {mark}")
                del side.conditionals[max(0, len(side.conditionals) - text.stray) :]
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
                side.follow(_HIDDEN.sub(" ", opener))
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


def _stays(index: int, pairs: Sequence[tuple[HunkText, HunkText]], goes_on: Sequence[bool]) -> bool:
    """Whether a hunk without code lies within what the hunk after it goes on with."""
    while goes_on[index]:
        index += 1
        if index == len(pairs):
            return False
        start = start_of(pairs[index])
        if start is not Start.NOWHERE:
            return goes_on[index] and start is Start.INSIDE
    return False


def opening(heading: str, mark: str) -> tuple[str, Frame]:
    """Text that opens what a heading names, and what it holds; a function of no name where the heading is no help."""
    unknown = f"void {mark}(void) {{", Frame("code")
    text = _HIDDEN.sub(" ", heading).strip()
    if not text or LABEL.match(text) or text.endswith((";", "}")):
        return unknown
    bare = text.partition("{")[0].rstrip() if "{" in text else text
    found = _AGGREGATE.match(bare)
    if found and (bare != text or not is_cut(heading)):
        return f"{bare} {{", Frame("constants" if found[1] == "enum" else "fields", bare.startswith("typedef"))
    if re.search(r"=\s*$", bare) and bare.count("(") == bare.count(")"):
        return f"{bare} {{", Frame("entries")
    named = function_header(bare, mark, cut=is_cut(heading))
    return (f"{named} {{", Frame("code")) if named else unknown


def function_header(text: str, mark: str, *, cut: bool) -> str | None:
    """A function's header made whole from the line that a heading shows; None where it is none."""
    found = _FUNCTION.match(text)
    if not found or found["name"] in _NO_NAME or "=" in text:
        return None
    missing = text.count("(") - text.count(")")
    shouted = found["name"].isupper() and not found["lead"]
    if missing < 0 or (shouted and missing and "SYSCALL" not in found["name"]):
        return None
    if not found["lead"] and not shouted:
        # The type stands on the line above, which is not shown.
        text = f"struct {mark} {text}"
    if not missing:
        return text
    kept = text[: max(text.rfind(","), text.rfind("(")) + 1] if cut else text.rstrip()
    missing = kept.count("(") - kept.count(")")
    return f"{kept}{'' if kept.endswith(('(', ',')) else ','} int {mark}{')' * missing}"


def header(heading: str, mark: str, cut: int) -> str:
    """What stands above a hunk that begins within a header, `cut` parentheses deep in its parameters."""
    text = _HIDDEN.sub(" ", heading).strip()
    deeper = f" void (*{mark})(" * (cut - 1)
    unknown = f"void {mark}({deeper if cut else 'void)'}"
    if not text or LABEL.match(text) or text.endswith((";", "}")) or "{" in text:
        return unknown
    named = function_header(text, mark, cut=is_cut(heading))
    if not cut:
        return named or (text if _AGGREGATE.match(text) or text.endswith("=") else unknown)
    if not named or text.count("(") <= text.count(")"):
        return unknown
    return f"{named.rstrip(')')},{deeper}"
