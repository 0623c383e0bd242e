"""The author's own paragraphs: what is left of a body without heads, pointers, trailers, notes and statistics."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from kvmpatch.parse.message.trailers import TrailerBlock, known_key, line_key

if TYPE_CHECKING:
    from kvmpatch.parse.message.upstream import Pointers

_ITEM = re.compile(r"(?:[-*+•‣–o]|\d{1,3}[.):]|\(\w{1,3}\)|[A-Za-z][.)]|\[\d+\])\s+\S")
_MARKS = frozenset("-*+•‣–[(0123456789")
_COLUMNS = re.compile(r"\S(?: {3,}|\t+)\S")
_DIFFSTAT = re.compile(r" \S.{0,300} \|\s+(?:\d+|Bin|Unmerged)\b| \d+ files? changed")


def paragraphs(lines: list[str], block: TrailerBlock, pointers: Pointers) -> tuple[str, ...]:
    """The prose, a paragraph each.

    The lines of a paragraph are joined, but for lists, quotations, tables and indented text, which keep theirs.
    """
    found: list[str] = []
    current: list[str] = []
    skip = block.consumed | pointers.consumed
    embedded = block.end if pointers.embedded is None else pointers.embedded
    for index in range(block.end):
        line = lines[index].rstrip()
        if line and index not in skip:
            current.append(_dedented(line) if index >= embedded else line)
        elif current and not line:
            _close(current, index > embedded, found)
            current = []
    _close(current, block.end > embedded, found)
    return tuple(found)


def _close(current: list[str], quoted: bool, found: list[str]) -> None:
    """Add a paragraph unless it is a diffstat or, in an original message quoted whole, its trailer block."""
    if not current or (current[0].startswith(" ") and all(map(_DIFFSTAT.match, current))):
        return
    if quoted and all(known_key(line_key(line.strip())) for line in current):
        return
    if all(line.startswith("\t") and known_key(line_key(line.lstrip("\t"))) for line in current):
        return
    found.append("\n".join(current) if _keeps_lines(current) else _joined(current))


def _dedented(line: str) -> str:
    if line.startswith("    "):
        return line[4:]
    return line.removeprefix("\t")


def _keeps_lines(current: list[str]) -> bool:
    if len(current) == 1:
        return True
    tables = 0
    for line in current:
        # most lines begin with a word: the pattern is only asked where an item's mark may stand
        if line[0] in " \t>|" or ((line[0] in _MARKS or line[1:2] in " .)") and _ITEM.match(line)):
            return True
        tables += ("   " in line or "\t" in line) and _COLUMNS.search(line) is not None
    return tables * 2 > len(current)


def _joined(current: list[str]) -> str:
    """Lines as one; two that meet in Chinese, Japanese or Korean text take no space between them."""
    text = " ".join(current)
    if text.isascii():
        return text
    parts = [current[0]]
    for before, after in pairwise(current):
        parts += ("" if _is_wide(before[-1]) and _is_wide(after[0]) else " ", after)
    return "".join(parts)


def _is_wide(char: str) -> bool:
    return (
        "\u2e80" <= char <= "\u9fff"
        or "\uac00" <= char <= "\ud7af"
        or "\uf900" <= char <= "\ufaff"
        or "\uff00" <= char <= "\uff60"
    )
