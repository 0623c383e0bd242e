"""Lines measured and broken as terminals show them: CJK takes two columns, identifiers and hashes are never cut."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from kvmpatch.render.page import Line, Span, Style

_RUNS = re.compile(" +|[^ ]+")
# Chinese typesetting: these do not begin a line, those do not end one.
_NOT_FIRST = frozenset("，。、；：！？）」』】》〉〕”’…—％·,.;:!?)]}")
_NOT_LAST = frozenset("（「『【《〈〔“‘([{")


def width(text: str) -> int:
    """The number of terminal columns that the text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


@lru_cache(maxsize=4096)
def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def line_width(line: Line) -> int:
    """The columns of a line."""
    return sum(width(span.text) for span in line)


@dataclass(slots=True)
class _Atom:
    """What is not broken: a word, a CJK character with its punctuation, or the blanks between."""

    spans: list[Span]
    columns: int
    blank: bool


def _breaks_between(left: str, right: str) -> bool:
    if right in _NOT_FIRST or left in _NOT_LAST:
        return False
    return _columns(left[0]) == 2 or _columns(right[0]) == 2


def _pieces(text: str) -> Iterator[str]:
    """Blanks, words, and each wide character by itself. No pattern holds the wide ranges: it takes 13 ms to compile."""
    for run in _RUNS.findall(text):
        if run.isascii():
            yield run
            continue
        word = ""
        for character in run:
            if _columns(character) < 2:
                word += character
                continue
            if word:
                yield word
            yield character
            word = ""
        if word:
            yield word


def _atoms(line: Line) -> list[_Atom]:
    atoms: list[_Atom] = []
    for span in line:
        for piece in _pieces(span.text):
            blank = piece[0] == " "
            last = atoms[-1] if atoms else None
            if last and last.blank == blank and (blank or not _breaks_between(last.spans[-1].text[-1], piece[0])):
                last.spans.append(Span(piece, span.style))
                last.columns += width(piece)
            else:
                atoms.append(_Atom([Span(piece, span.style)], width(piece), blank))
    return atoms


def longest_word(line: Line) -> int:
    """The columns of the longest part that is not broken."""
    return max((atom.columns for atom in _atoms(line) if not atom.blank), default=0)


def wrap(line: Line, first: int, rest: int) -> list[Line]:
    """The line in pieces of at most `first` columns, then `rest`; a longer word stands alone and is not cut."""
    if line_width(line) <= first:
        return [line]
    rows: list[list[Span]] = [[]]
    used, limit = 0, first
    pending: _Atom | None = None
    for atom in _atoms(line):
        if atom.blank:
            pending = atom
            continue
        gap = pending.columns if pending else 0
        if used and used + gap + atom.columns > limit:
            rows.append([])
            used, limit = 0, rest
        elif pending and (used or len(rows) == 1):
            rows[-1].extend(pending.spans)
            used += gap
        rows[-1].extend(atom.spans)
        used += atom.columns
        pending = None
    return [tuple(_joined(row)) for row in rows]


def _joined(spans: Iterable[Span]) -> Iterable[Span]:
    """Neighbours of one style as one span, so that colours are not switched at each word."""
    text, style = "", Style.PLAIN
    for span in spans:
        if span.style is style:
            text += span.text
            continue
        if text:
            yield Span(text, style)
        text, style = span.text, span.style
    if text:
        yield Span(text, style)
