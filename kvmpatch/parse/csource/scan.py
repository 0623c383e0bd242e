"""Where the top-level pieces of a C file begin and end.

A parse of a whole kernel file is at the mercy of its worst macro. So the file is first cut, by tokens alone, into
its top-level pieces; the grammar then sees one piece at a time, and only the pieces that a commit touched. An
error costs one piece its certainty, never the file, and a file of 14,000 lines takes some 20 ms.

Positions are byte offsets into the file as it is: whatever has to be hidden is blanked with spaces of equal length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from enum import StrEnum
from itertools import accumulate

import msgspec


class PieceKind(StrEnum):
    """What a top-level piece is, as far as tokens tell."""

    FUNCTION = "function"
    DECLARATION = "declaration"
    MACRO = "macro"


class Piece(msgspec.Struct, frozen=True):
    """One top-level piece: bytes `start` to `end`; for functions also the header's end (the body's brace)."""

    kind: PieceKind
    start: int
    end: int
    body: int | None = None
    closed: bool = True


class Scan(msgspec.Struct, frozen=True):
    """A file, cut. `clean` has the same length, with dead and unbalanced preprocessor branches blanked."""

    data: bytes
    clean: bytes
    pieces: tuple[Piece, ...]
    line_starts: tuple[int, ...]

    def line(self, offset: int) -> int:
        """The 1-based line of a byte offset."""
        return bisect_right(self.line_starts, offset)


# Each alternative begins with a plain character: so the engine looks for the next one of them in one sweep, which is
# twice as fast as trying every position.
_EVENT = re.compile(
    rb"""
      /\*.*?(?:\*/|\Z)                                   # comment
    | //(?:[^\n\\]|\\\r?\n|\\)*                          # line comment
    | "(?:[^"\\\n]|\\.)*"?                               # string
    | '(?:[^'\\\n]|\\.)*'?                               # character
    | \#(?:[^\n\\/]|\\\r?\n|\\|/\*.*?(?:\*/|\Z)|/)*      # directive, with its continuation lines
    | \{ | \} | \( | \) | ;
    """,
    re.VERBOSE | re.DOTALL,
)
_DIRECTIVE = re.compile(rb"[ \t]*#[ \t]*(\w*)")
_WITHIN_GROUP = frozenset((b"else", b"elif", b"elifdef", b"elifndef", b"endif"))
_ZERO = re.compile(rb"[ \t]*#[ \t]*if[ \t]+0[ \t]*(?:$|\n|/)")
_NOT_NEWLINE = re.compile(rb"[^\n]")

_HASH, _OPEN, _CLOSE, _LEFT, _RIGHT, _SEMICOLON = b"#{}();"
_MARKS = frozenset(b"{}();")
_SILENT = frozenset(b"/\"'")
# What says nothing between the braces of a piece; four in five of all events are such.
_INNER = frozenset(b"();")

Event = tuple[int, int, int]

# After so many bodies that never close, braces are no longer believed against the first column: what stays is
# linear, however hostile the file.
_PATIENCE = 3


def blank(data: bytes) -> bytes:
    """The same number of bytes and lines, with nothing on them."""
    return _NOT_NEWLINE.sub(b" ", data)


class _Branch(msgspec.Struct):
    """One branch of a conditional group: where its text lies, and what it opens without closing."""

    start: int
    end: int = -1
    braces: int = 0
    parens: int = 0
    dead: bool = False


class _Group(msgspec.Struct):
    branches: list[_Branch]


def _events(data: bytes, begin: int, stop: int) -> list[Event]:
    """(first byte's code, start, end) of everything in a part that can matter to nesting, in order."""
    found: list[Event] = []
    for match in _EVENT.finditer(data, begin, stop):
        start = match.start()
        code = data[start]
        if code in _MARKS:
            found.append((code, start, start + 1))
        elif code not in _SILENT and _begins_line(data, start):
            found.append((_HASH, start, match.end()))
    return found


def _begins_line(data: bytes, offset: int) -> bool:
    """Whether nothing but space or a comment stands before it: the `#1` of `mov x0, #1` is no directive."""
    before = data[data.rfind(b"\n", 0, offset) + 1 : offset].strip()
    return not before or before.endswith(b"*/")


def _dead_ranges(data: bytes, events: list[Event]) -> tuple[list[tuple[int, int]], bool]:
    """The branches to leave out, and whether groups and brackets are all opened and closed within these events.

    Left out are `#if 0`, and all but one branch of a group whose branches do not balance.

    Such a group (`if (a) {` in one branch, `if (b) {` in the other) can only be read with one branch at a time.
    A lone branch that does not balance stays: its counterpart stands in another group of the same condition.
    """
    dead: list[tuple[int, int]] = []
    stack: list[_Group] = []
    root = _Branch(0)
    stray = False
    for code, start, end in events:
        here = stack[-1].branches[-1] if stack else root
        if code == _OPEN:
            here.braces += 1
        elif code == _CLOSE:
            here.braces -= 1
        elif code == _LEFT:
            here.parens += 1
        elif code == _RIGHT:
            here.parens -= 1
        elif code == _HASH:
            match = _DIRECTIVE.match(data, start)
            word = match[1] if match else b""
            if word in (b"if", b"ifdef", b"ifndef"):
                stack.append(_Group([_Branch(end, dead=bool(_ZERO.match(data, start, end)))]))
            elif word in (b"else", b"elif", b"elifdef", b"elifndef") and stack:
                here.end = start
                stack[-1].branches.append(_Branch(end))
            elif word == b"endif" and stack:
                here.end = start
                outer = stack[-2].branches[-1] if len(stack) > 1 else root
                dead += _judge(stack.pop(), outer)
            elif not stack and word in _WITHIN_GROUP:
                stray = True
    return dead, not (stray or stack or root.braces or root.parens)


def _judge(group: _Group, outer: _Branch) -> list[tuple[int, int]]:
    """Which branches of a finished group to leave out; what the others open is charged to the outer branch."""
    alive = [branch for branch in group.branches if not branch.dead]
    if len(alive) > 1 and any(branch.braces or branch.parens for branch in alive):
        # The branch that opens something is the one that the code after the group goes on from.
        kept = alive[0]
        for branch in alive:
            branch.dead = branch is not kept
        alive = [kept]
    for branch in alive:
        outer.braces += branch.braces
        outer.parens += branch.parens
    return [(branch.start, branch.end) for branch in group.branches if branch.dead]


def _without(data: bytes, ranges: list[tuple[int, int]]) -> bytes:
    """The file with the given ranges blanked."""
    cleaned = bytearray(data)
    for start, end in ranges:
        cleaned[start:end] = blank(data[start:end])
    return bytes(cleaned)


_INSIGNIFICANT = re.compile(rb"(?:\s+|/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\\r?\n|\\)*|\\)+", re.DOTALL)


class _Cutter:
    """Walks the events once and notes pieces."""

    def __init__(self, data: bytes, events: list[Event], start: int = 0) -> None:
        self.data = data
        self.events = events
        self.pieces: list[Piece] = []
        self.start = start
        self.closed_at = 0
        self.depth = 0
        self.parens = 0
        self.body: int | None = None
        self.margin_close: int | None = None
        self.recoveries = 0

    def significant(self, offset: int) -> int:
        """The first byte from `offset` on that is neither space nor comment."""
        match = _INSIGNIFICANT.match(self.data, offset)
        return match.end() if match else offset

    def cut(self) -> list[Piece]:
        index = 0
        while True:
            for index in range(index, len(self.events)):  # noqa: B020 - resumes after a recovery
                event = self.events[index]
                if not self.depth or event[0] not in _INNER:
                    self.step(index, *event)
            if self.body is None:
                return self.pieces
            # A body that never closes ends, as kernel style has it, at a brace in the first column.
            resume = self.margin_close
            self.recoveries += 1
            end = self.events[resume][2] if resume is not None else len(self.data)
            self.end_function(end, closed=False)
            if resume is None:
                return self.pieces
            index = resume + 1

    def step(self, index: int, code: int, start: int, end: int) -> None:
        if code == _HASH:
            self.directive(start, end)
        elif code == _OPEN:
            self.open(start)
        elif code == _CLOSE:
            self.close(index, start, end)
        elif code == _LEFT:
            self.parens += 1
        elif code == _RIGHT:
            self.parens = max(0, self.parens - 1)
        elif self.parens == 0:
            self.finish(end)

    def directive(self, start: int, end: int) -> None:
        match = _DIRECTIVE.match(self.data, start)
        if match and match[1] == b"define":
            self.pieces.append(Piece(PieceKind.MACRO, match.start() + match[0].index(b"#"), end))
        # A directive between pieces is not part of the next one; inside a piece it is.
        if self.depth == 0 and self.significant(self.start) >= start:
            self.start = end

    def at_margin(self, offset: int) -> bool:
        return offset == 0 or self.data[offset - 1] == 0x0A

    def open(self, start: int) -> None:
        if self.depth == 0:
            if self.parens and self.at_margin(start):
                # No kernel macro takes a brace in the first column as an argument: a parenthesis was lost.
                self.parens = 0
            if not self.parens:
                self.start = self.significant(self.start)
                # What stands before an earlier brace of the piece was looked at then.
                header = max(self.start, self.closed_at)
                if opens_function(self.data[header:start]):
                    self.start = self.significant(header)
                    self.body = start
                    self.margin_close = None
        self.depth += 1

    def close(self, index: int, start: int, end: int) -> None:
        if self.depth == 0:
            self.start = end
            return
        self.depth -= 1
        if self.body is None:
            self.closed_at = end
            return
        if self.depth == 0:
            self.end_function(end, closed=True)
        elif self.at_margin(start):
            if self.recoveries > _PATIENCE:
                self.end_function(end, closed=False)
            elif self.margin_close is None:
                self.margin_close = index

    def end_function(self, end: int, *, closed: bool) -> None:
        self.pieces.append(Piece(PieceKind.FUNCTION, self.start, end, self.body, closed))
        self.body = self.margin_close = None
        self.depth = self.parens = 0
        self.start = end

    def finish(self, end: int) -> None:
        self.start = self.significant(self.start)
        if end - self.start > 1:
            self.pieces.append(Piece(PieceKind.DECLARATION, self.start, end))
        self.start = end


_HEADER_NOISE = re.compile(
    rb"""/\*.*?\*/ | //[^\n]* | ^[ \t]*\#(?:[^\n\\]|\\\r?\n|\\)* | "(?:[^"\\\n]|\\.)*" """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_AGGREGATE = re.compile(rb"(?:(?:typedef|static|const|extern|volatile|__\w+)\s+)*(?:struct|union|enum)\b[^()=]*$")
_PARENS_OR_EQUALS = re.compile(rb"[()=]")
_TRAILING_WORDS = re.compile(rb"(?:\s*\b[A-Za-z_]\w*)+\s*$")


def opens_function(header: bytes) -> bool:
    """Whether the text before a top-level brace is the header of a function.

    It is when a parameter list stands last, but for attribute words, and nothing was assigned before.
    """
    text = _HEADER_NOISE.sub(b" ", header).strip()
    if b"=" in text and _assigns(text):
        return False
    while True:
        if text.endswith(b")"):
            left = matching_left(text)
            if left < 0:
                return False
            before = text[:left].rstrip()
            word = re.search(rb"([A-Za-z_]\w*)$", before)
            if word and (word[1] in (b"__attribute__", b"__aligned", b"__section", b"aligned") or before == word[1]):
                if word[1] in (b"__attribute__", b"__aligned", b"__section", b"aligned"):
                    text = before[: word.start()].rstrip()
                    continue
                return True
            return bool(word) or before.endswith((b")", b"]"))
        tail = _TRAILING_WORDS.search(text)
        if not tail or _AGGREGATE.match(text):
            return False
        rest = text[: tail.start()].rstrip()
        if not rest.endswith(b")"):
            return False
        text = rest


def _assigns(text: bytes) -> bool:
    """Whether a `=` stands outside of parentheses: within, as in `ATOMIC_OPS(add, +=)`, it is a macro's affair."""
    depth = 0
    for match in _PARENS_OR_EQUALS.finditer(text):
        code = text[match.start()]
        if code == _LEFT:
            depth += 1
        elif code == _RIGHT:
            depth = max(0, depth - 1)
        elif not depth:
            return True
    return False


def matching_left(text: bytes) -> int:
    """The offset of the parenthesis that matches the last byte, or -1."""
    depth = 0
    for offset in range(len(text) - 1, -1, -1):
        if text[offset] == _RIGHT:
            depth += 1
        elif text[offset] == _LEFT:
            depth -= 1
            if depth == 0:
                return offset
    return -1


def line_lengths(data: bytes) -> Iterator[int]:
    """The bytes of each line with its line feed, which the last one is given too."""
    return map((1).__add__, map(len, data.split(b"\n")))


def scan(data: bytes) -> Scan:
    """Cut a C file into its top-level pieces."""
    events = _events(data, 0, len(data))
    dead, _ = _dead_ranges(data, events)
    clean = data
    if dead:
        clean = _without(data, dead)
        events = _events(clean, 0, len(clean))
    pieces = _Cutter(clean, events).cut()
    starts = tuple(accumulate(line_lengths(data), initial=0))[:-1]
    return Scan(data, clean, tuple(sorted(pieces, key=lambda piece: piece.start)), starts)


def stands_alone(data: bytes, start: int, stop: int) -> list[Event] | None:
    """What matters in a part that a piece ends; None if a group or bracket opens or closes outside, or text is dead."""
    events = _events(data, start, stop)
    dead, closed = _dead_ranges(data, events)
    # A comment that begins within and goes on ends at `stop` too: the last must be the bracket or semicolon itself.
    return events if closed and not dead and events and events[-1][1] == stop - 1 else None


def cut_part(data: bytes, start: int, stop: int) -> list[Piece] | None:
    """The pieces of such a part, the first beginning at `start`; None if none ends at `stop` or a body never ends."""
    events = stands_alone(data, start, stop)
    if events is None:
        return None
    cutter = _Cutter(data, events, start)
    pieces = cutter.cut()
    ended = cutter.start == stop and not cutter.depth and not cutter.parens
    return pieces if ended and all(piece.closed for piece in pieces) else None
