"""The trailer block at the end of a message, by git's rules and a little beyond them.

Git looks at the last paragraph alone. Kernel messages often have a note in square brackets among the sign-offs,
an empty line between a `Fixes:` line and them, or a `---` part below them; these are read through here.
"""

from __future__ import annotations

import re
from enum import IntEnum

import msgspec

from kvmpatch.model import Trailer


class LineKind(IntEnum):
    """What a line of a trailer paragraph is."""

    TEXT = 0
    TRAILER = 1
    CONTINUED = 2
    PICKED = 3
    NOTE = 4
    COMMENT = 5


class TrailerBlock(msgspec.Struct, frozen=True):
    """What stands at the end of a message.

    Attributes:
        trailers: the `Key: value` lines in order, unfolded.
        notes: notes in square brackets, without the brackets, folded.
        picked: `(cherry picked from …)` and `(backported from …)` in order, folded.
        consumed: indices of body lines that are no prose.
        end: index of the `---` line below which nothing is message, or the number of lines.
        start: index of the first line of the block, `end` without one.
    """

    trailers: tuple[Trailer, ...]
    notes: tuple[str, ...]
    picked: tuple[str, ...]
    consumed: frozenset[int]
    start: int
    end: int


_KEY = re.compile(r"([A-Za-z0-9-]+)[ \t]*:(?!//)")
_PICKED = re.compile(r"\((?:cherry[- ]picked|backported) from ", re.IGNORECASE)
_RULE = re.compile(r"-{3,}\s*$")
_HEAD = re.compile(r"[A-Za-z][\w-]* inclusion\s*$")
_KNOWN = frozenset(
    "fixes cc link closes stable-dep-of depends-on change-id bug buglink bugzilla references message-id git-commit "
    "alt-commit no-fix omitted-fix patch-mainline git-repo backport cve jira bz test see-also base addresses-coverity "
    "addresses-coverity-id release-acked-by".split()
)
_LONGEST_NOTE = 40
_LONGEST_PICK = 4
_MOST_UNCLOSED = 100
_BRACKET = re.compile(r"[\[\]]")
_OTHER_BRACKET = re.compile(
    r"\[(?:\s*(?:upstream\s+)?commit\s|\s*[\d.:]+\s*\]|<|\s*\d+\.\d+\]|\s*\.\.\.)", re.IGNORECASE
)


def read_trailers(lines: list[str]) -> TrailerBlock:
    """Find the trailer block of a message's body.

    Args:
        lines: the body, line by line, without the subject.
    """
    end = divider(lines)
    gathered = _Gathered([], [], [], set())
    start = _gather(lines, 0, end, gathered)
    if end < len(lines):
        _gather(lines, end + 1, len(lines), gathered)
    return TrailerBlock(
        tuple(gathered.trailers),
        tuple(gathered.notes),
        tuple(gathered.picked),
        frozenset(gathered.consumed),
        start,
        end,
    )


def divider(lines: list[str]) -> int:
    """Index of the `---` line that ends the message proper, else the number of lines.

    A rule that closes an inclusion head (openEuler's) looks the same and is none: it comes first.
    """
    if "---" not in lines and "--- " not in lines:
        return len(lines)
    in_head = False
    for index, line in enumerate(lines):
        if line.startswith("---") and _RULE.match(line):
            if in_head:
                in_head = False
            elif line.rstrip() == "---":
                return index
        elif line.endswith("inclusion") and _HEAD.match(line):
            in_head = True
    return len(lines)


def known_key(key: str) -> bool:
    """Whether a key is one that kernel messages use in their trailers."""
    low = key.lower()
    return low.endswith("-by") or low in _KNOWN


class _Gathered(msgspec.Struct):
    trailers: list[Trailer]
    notes: list[str]
    picked: list[str]
    consumed: set[int]


def _gather(lines: list[str], first: int, end: int, into: _Gathered) -> int:
    """Read the block that ends before `end` into `into`; return where it starts, `end` without one."""
    end_of_text = _ignore_tail(lines, first, end)
    taken: list[tuple[int, list[LineKind]]] = []
    has_block = False
    stop = end_of_text
    while stop > first:
        begin = stop
        while begin > first and lines[begin - 1].strip():
            begin -= 1
        if begin == stop:
            stop -= 1
            continue
        kinds = _classify(lines, begin, stop)
        only_notes = all(kind is LineKind.NOTE for kind in kinds)
        if not only_notes and not (_is_known(lines, begin, kinds) if has_block else _is_block(lines, begin, kinds)):
            break
        has_block = has_block or not only_notes
        taken.append((begin, kinds))
        stop = begin
    if not has_block:
        return end
    taken.reverse()
    for begin, kinds in taken:
        _take(lines, begin, kinds, into)
    return taken[0][0]


def _ignore_tail(lines: list[str], first: int, end: int) -> int:
    """Where the text ends without the comments, empty lines and old list of conflicts at its end, as in git."""
    while end > first:
        line = lines[end - 1]
        if not line.strip() or line.startswith("#"):
            end -= 1
        elif line.startswith("\t"):
            above = end - 1
            while above > first and lines[above - 1].startswith("\t"):
                above -= 1
            if above == first or lines[above - 1].rstrip() != "Conflicts:":
                return end
            end = above - 1
        else:
            return end
    return end


def _classify(lines: list[str], begin: int, stop: int) -> list[LineKind]:
    kinds: list[LineKind] = []
    index, unclosed = begin, 0
    while index < stop:
        line = lines[index]
        first = line[0]
        kind, length = LineKind.TEXT, 1
        if first in " \t":
            if kinds and kinds[-1] in (LineKind.TRAILER, LineKind.CONTINUED):
                kind = LineKind.CONTINUED
        elif first == "[":
            length = note_length(lines, index, stop) if unclosed < _MOST_UNCLOSED else 0
            unclosed += not length
            kind, length = (LineKind.NOTE, length) if length else (LineKind.TEXT, 1)
        elif first == "(":
            if _PICKED.match(line):
                kind, length = LineKind.PICKED, _pick_length(lines, index, stop)
        elif first == "#":
            kind = LineKind.COMMENT
        elif _KEY.match(line):
            kind = LineKind.TRAILER
        kinds.extend([kind] * length)
        index += length
    return kinds


def note_length(lines: list[str], index: int, stop: int) -> int:
    """Of how many lines the note in square brackets that opens at `index` consists; 0 if there is none.

    The closing bracket ends its line, and is the opening one's own. Footnotes, time stamps of a kernel log and
    addresses in a trace are no notes.
    """
    if _OTHER_BRACKET.match(lines[index]):
        return 0
    depth = 0
    for at in range(index, min(stop, index + _LONGEST_NOTE)):
        for bracket in _BRACKET.finditer(lines[at]):
            depth += 1 if bracket.group() == "[" else -1
            if depth == 0:
                return 0 if lines[at][bracket.end() :].strip() else at - index + 1
    return 0


def folded_note(lines: list[str], index: int, length: int) -> str:
    """The note of `length` lines at `index`, in one line and without its brackets."""
    return fold(lines[index : index + length]).strip()[1:-1].strip()


def fold(lines: list[str]) -> str:
    """Lines joined by single spaces, without the space at their ends."""
    return " ".join(stripped for line in lines if (stripped := line.strip()))


def _pick_length(lines: list[str], index: int, stop: int) -> int:
    """Of how many lines `(cherry picked from …` consists; a long tree name may be folded behind the id."""
    for at in range(index, min(stop, index + _LONGEST_PICK)):
        if lines[at].rstrip().endswith(")"):
            return at - index + 1
    return 1


def _is_block(lines: list[str], begin: int, kinds: list[LineKind]) -> bool:
    """Git's test for the last paragraph: all trailers, or a sign-off or pick in it and a quarter trailers."""
    count = sum(kind in (LineKind.TRAILER, LineKind.PICKED) for kind in kinds)
    others = sum(kind is LineKind.TEXT for kind in kinds)
    if not count:
        return False
    if not others:
        return True
    signed = any(
        kind is LineKind.PICKED or (kind is LineKind.TRAILER and lines[begin + offset].startswith("Signed-off-by: "))
        for offset, kind in enumerate(kinds)
    )
    return signed and count * 3 >= others


def _is_known(lines: list[str], begin: int, kinds: list[LineKind]) -> bool:
    """Whether a paragraph above the block belongs to it: nothing but trailers with keys of the field, and picks."""
    if LineKind.TEXT in kinds:
        return False
    keys = [line_key(lines[begin + offset]) for offset, kind in enumerate(kinds) if kind is LineKind.TRAILER]
    return all(map(known_key, keys)) and (bool(keys) or LineKind.PICKED in kinds)


def line_key(line: str) -> str:
    """The key of a trailer line, empty if the line is none."""
    match = _KEY.match(line)
    return match.group(1) if match else ""


def _take(lines: list[str], begin: int, kinds: list[LineKind], into: _Gathered) -> None:
    """Read one paragraph of the block. Lines of text in it stay prose."""
    named = any(known_key(line_key(lines[begin + at])) for at, kind in enumerate(kinds) if kind is LineKind.TRAILER)
    count, offset = len(kinds), 0
    while offset < count:
        kind, index, length = kinds[offset], begin + offset, 1
        if kind is LineKind.TRAILER:
            while offset + length < count and kinds[offset + length] is LineKind.CONTINUED:
                length += 1
            into.trailers.append(_trailer(lines[index : index + length]))
        elif kind is LineKind.NOTE:
            length = note_length(lines, index, begin + count)
            into.notes.append(folded_note(lines, index, length))
        elif kind is LineKind.PICKED:
            length = _pick_length(lines, index, begin + count)
            into.picked.append(fold(lines[index : index + length]))
        if kind is not LineKind.TEXT and (named or kind is not LineKind.TRAILER or LineKind.PICKED in kinds):
            into.consumed.update(range(index, index + length))
        offset += length


def _trailer(lines: list[str]) -> Trailer:
    key, _, value = (lines[0] if len(lines) == 1 else fold(lines)).partition(":")
    return Trailer(key.rstrip(), value.strip())
