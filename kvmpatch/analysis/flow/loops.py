"""The lines of the loop around a line, from the text: `for (;;)`, `while (1)` and `do` leave no condition behind."""

from __future__ import annotations

import re

_LOOP = re.compile(rb"\b(?:for|while)\s*\(|\bdo\b\s*\{")
_UNREAD = re.compile(rb"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)
_OTHER = re.compile(rb"[^\n]")


def loop_around(whole: bytes, start: int, end: int, line: int) -> tuple[int, int] | None:
    """First and last line of the innermost braced loop that holds a line; None where none does.

    Args:
        whole: the file.
        start: the offset at which the function begins.
        end: the offset at which it ends.
        line: a line of it.
    """
    above = whole.count(b"\n", 0, start) + 1
    text = _UNREAD.sub(lambda match: _OTHER.sub(b" ", match[0]), whole[start:end])
    found = None
    for loop in _LOOP.finditer(text):
        opening = loop.end() - 1
        if text[opening : opening + 1] == b"(":
            rest = _closing(text, opening) + 1
            opening = len(text) - len(text[rest:].lstrip())
            if text[opening : opening + 1] != b"{":
                continue
        first = above + text.count(b"\n", 0, opening)
        last = above + text.count(b"\n", 0, _closing(text, opening))
        if first <= line <= last:
            found = first, last
    return found


def _closing(text: bytes, opening: int) -> int:
    """Where the bracket closes that opens here; the end where it does not."""
    opened = text[opening : opening + 1]
    closed = {b"(": b")", b"{": b"}"}[opened]
    depth = 0
    for place in range(opening, len(text)):
        char = text[place : place + 1]
        depth += (char == opened) - (char == closed)
        if depth == 0:
            return place
    return len(text)
