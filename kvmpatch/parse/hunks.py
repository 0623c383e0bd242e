"""Both sides of a file as far as a patch shows them: the hunks' lines in their places, the rest left empty.

What encloses a hunk is known only from its heading, so an item that begins there carries the basis `hunk-header`, has
no lines and, for members, no positions or counted values. An item that stands whole within a hunk is read as usual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from kvmpatch.model import Basis, FilePatch, Hunk, Kind, Side
from kvmpatch.parse.csource.outline import Item, Outline
from kvmpatch.parse.csource.scan import Piece, scan
from kvmpatch.parse.outlines import language_of, outline_of

_HIDDEN = re.compile(r'/\*.*?\*/|//.*|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_FUNCTION = re.compile(r"^[A-Za-z_][\w\s*,()]*?\b([A-Za-z_]\w*)\s*\(")
_AGGREGATE = re.compile(r"^(?:(?:typedef|static|const|extern)\s+)*(?:struct|union|enum)\b[^;()]*\{\s*$")
_TABLE = re.compile(r"^[^;()]*\b[A-Za-z_]\w*\s*\[[^\]]*\]\s*=\s*\{?\s*$|^[^;()]*=\s*\{\s*$")
UNKNOWN_CONTEXT = "_"


@dataclass(slots=True)
class _Text:
    """A side under construction: lines by number, and the numbers of lines that are not the file's."""

    lines: dict[int, str] = field(default_factory=dict)
    made_up: set[int] = field(default_factory=set)

    def make_up(self, number: int, text: str) -> None:
        self.lines[number] = f"{self.lines.get(number, '')} {text}".strip()
        self.made_up.add(number)

    def data(self) -> bytes:
        if not self.lines:
            return b""
        last = max(self.lines)
        return "\n".join(self.lines.get(number, "") for number in range(1, last + 1)).encode() + b"\n"


class PartialOutline(Outline):
    """An outline of a side that is only partly known."""

    __slots__ = ("made_up",)

    def __init__(self, data: bytes, made_up: frozenset[int]) -> None:
        super().__init__(scan(data))
        self.made_up = made_up

    def _read(self, piece: Piece) -> Iterator[Item]:
        for item in super()._read(piece):
            yield self._as_known(item)

    def _as_known(self, item: Item) -> Item:
        """The item, less what the hunks do not tell: what encloses it, or where it ends."""
        begins = item.lines[0] in self.made_up or item.name_line in self.made_up
        ends = item.lines[1] in self.made_up
        if not begins and not ends:
            return item
        members = item.members
        if item.kind is Kind.ENUM:
            members = tuple(replace(member, value=None) for member in members)
        signature = item.signature if item.signature and "..." not in item.signature else None
        return replace(
            item,
            basis=Basis.HUNK_HEADER,
            members=members,
            signature=signature if begins else item.signature,
        )


def partial_outlines(patch: FilePatch) -> tuple[Outline | None, Outline | None]:
    """The two sides of a file as its hunks show them; None for a side that does not exist or is not read."""
    language = language_of(patch.file.path) or language_of(patch.file.before_path)
    if language is None or not patch.hunks:
        return None, None
    whole = patch.file.status in {"added", "deleted"}
    before = None if patch.file.status == "added" else _side(patch, "before", language, whole)
    after = None if patch.file.status == "deleted" else _side(patch, "after", language, whole)
    return before, after


def _side(patch: FilePatch, side: Side, language: str, whole: bool) -> Outline | None:
    text = _Text()
    if whole or language != "c":
        for hunk in patch.hunks:
            _place(text, hunk, side)
        path = patch.file.before_path if side == "before" else patch.file.path
        return outline_of(path, text.data())
    _Weaver(text, side).weave(patch.hunks)
    return PartialOutline(text.data(), frozenset(text.made_up))


def _lines(hunk: Hunk, side: Side) -> list[str]:
    other = "+" if side == "before" else "-"
    return [line[1:] for line in hunk.lines if line[:1] not in {other, "\\"}]


def _start(hunk: Hunk, side: Side) -> int:
    return hunk.before_start if side == "before" else hunk.after_start


def _place(text: _Text, hunk: Hunk, side: Side) -> None:
    for number, line in enumerate(_lines(hunk, side), _start(hunk, side)):
        text.lines[number] = line


class _Weaver:
    """Puts hunks in their places and closes what they leave open, so that the result can be cut into pieces."""

    def __init__(self, text: _Text, side: Side) -> None:
        self.text = text
        self.side = side
        self.open = 0
        self.heading = ""
        self.closer = "}"
        self.end = 0

    def weave(self, hunks: tuple[Hunk, ...]) -> None:
        for hunk in hunks:
            lines = _lines(hunk, self.side)
            start = _start(hunk, self.side)
            if not lines:
                continue
            self.begin(hunk, lines, start)
            _place(self.text, hunk, self.side)
            opened, _ = nesting(lines)
            self.open = max(0, self.open + opened)
            self.end = start + len(lines)
            self.note_enclosing(lines)
        self.finish(self.end)

    def begin(self, hunk: Hunk, lines: list[str], start: int) -> None:
        """Open what the hunk begins inside of, unless the last hunk left the same open."""
        if start <= self.end:
            return
        inside = begins_inside(lines)
        _, lowest = nesting(lines)
        depth = max(1, -lowest)
        if self.open and inside and same_heading(hunk.heading, self.heading):
            # The same body goes on: only the depth between the two hunks has to be made good.
            self.text.make_up(start - 1, "}" * (self.open - depth) + "{" * (depth - self.open))
            self.open = depth
            return
        self.finish(self.end)
        if begins_in_comment(lines):
            self.text.make_up(start - 1, "/*")
            return
        self.heading = hunk.heading
        if not inside or start <= 1:
            return
        if begins_in_header(lines):
            self.text.make_up(start - 1, hunk.heading)
            self.closer = "}"
            return
        opener, self.closer = opening(hunk.heading)
        self.text.make_up(start - 1, opener + "{" * (depth - 1))
        self.open = depth

    def note_enclosing(self, lines: list[str]) -> None:
        """Remember what the hunk itself opened at the margin, and how to close it."""
        if not self.open:
            return
        for line in reversed(lines):
            if line.startswith("}"):
                return
            if line[:1].isalpha() or line[:1] == "_":
                if _AGGREGATE.match(line) or _TABLE.match(line):
                    self.heading, self.closer = line, "};"
                elif _FUNCTION.match(line):
                    self.heading, self.closer = line, "}"
                return

    def finish(self, line: int) -> None:
        if self.open:
            self.text.make_up(line, "}" * (self.open - 1) + self.closer)
        self.open = 0


def same_heading(one: str, other: str) -> bool:
    """Whether two lines are one heading; git cuts it off at 80 bytes."""
    one, other = one.strip(), other.strip()
    return bool(one) and bool(other) and (one.startswith(other) or other.startswith(one))


def opening(heading: str) -> tuple[str, str]:
    """Text that opens what a heading names, and what closes it."""
    heading = heading.strip()
    if _AGGREGATE.match(heading) or _TABLE.match(heading):
        return (heading if heading.endswith("{") else heading + " {"), "};"
    match = _FUNCTION.match(heading)
    if not match or match[1] in {"if", "while", "for", "switch", "return", "sizeof"}:
        return f"void {UNKNOWN_CONTEXT}(void) {{", "}"
    text = _HIDDEN.sub(" ", heading).rstrip(" {;")
    missing = text.count("(") - text.count(")")
    if missing > 0:
        text = text.rstrip(", ") + (", ..." if not text.endswith("(") else "...") + ")" * missing
    return text + " {", "}"


def begins_inside(lines: list[str]) -> bool:
    """Whether the first line that tells is within a body: indented, or a brace that closes something."""
    for line in lines:
        bare = line.strip()
        if not bare or bare.startswith(("#", "//")) or (bare.endswith(":") and " " not in bare):
            continue
        return line[0] in " \t}" and not (line[0] == " " and line[1:2] == "*")
    return False


def begins_in_header(lines: list[str]) -> bool:
    """Whether the text starts in the parameter list of a function whose body opens below."""
    for line in lines:
        if line.startswith("{"):
            return True
        if not line.strip() or line.rstrip().endswith((";", "}", "{", ":")):
            return False
    return False


def begins_in_comment(lines: list[str]) -> bool:
    """Whether the text starts within a comment that was opened above it."""
    text = "\n".join(lines)
    close, start = text.find("*/"), text.find("/*")
    return close >= 0 and (start < 0 or close < start)


def nesting(lines: list[str]) -> tuple[int, int]:
    """(braces left open, lowest depth reached) over some lines, strings and comments left out."""
    depth = lowest = 0
    for line in lines:
        for char in _HIDDEN.sub("", line):
            if char == "{":
                depth += 1
            elif char == "}":
                depth -= 1
                lowest = min(lowest, depth)
    return depth, lowest
