"""One side of one hunk of C, read by its tokens: what it begins inside of, as far as its own lines tell.

Kernel style gives it away: only functions, types, tables and their closing braces start in the first column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from functools import cached_property

import msgspec

from kvmpatch.model import Hunk, Side
from kvmpatch.parse.csource.scan import blank, scan

_TOKEN = re.compile(
    rb"""
      /\*.*?(?:\*/|\Z) | //(?:[^\n\\]|\\\r?\n|\\)*                  # comment
    | "(?:[^"\\\n]|\\.)*"? | '(?:[^'\\\n]|\\.)*'?                   # string, character
    | ^[ \t]*\#(?:[^\n\\/]|\\\r?\n|\\|/\*.*?(?:\*/|\Z)|/)*          # directive
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_DIRECTIVE = re.compile(rb"[ \t]*#[ \t]*(\w*)")
_STAR = re.compile(r"\s*\*(?:\s|$)")
LABEL = re.compile(r"[A-Za-z_]\w*\s*:(?!:)")
_STATEMENT = re.compile(r"(?:break|case|continue|default|do|else|for|goto|if|return|switch|while)\b")
_EVENT = re.compile(r"[{}();]|\b(?:case|default)\b")
_FOLLOWS = re.compile(r"\s*(else|while)\b")
_ASSEMBLY = re.compile(r'\s*(?:"|:\s*(?:"|\[|:|$))')
_OPERATOR = re.compile(r"\s*(?:[|^+/?:=<>%,.]|&|-(?!-)|\*(?=\s))")


class Start(IntEnum):
    """Where the first line of a hunk stands, in the order in which one side's word is taken over the other's.

    `INDENTED` is said by white space alone, `INSIDE` by the brace that ends what the hunk begins in.
    """

    NOWHERE = 0
    INDENTED = 1
    AT_MARGIN = 2
    IN_DECLARATION = 3
    IN_HEADER = 4
    INSIDE = 5


class Closer(msgspec.Struct, frozen=True):
    """A brace that the hunk closes and does not open.

    What follows it, and what stands before it: case labels, or a list rather than statements.
    """

    follows: str = ""
    cases: bool = False
    lists: bool = False


class Beginning(msgspec.Struct, frozen=True):
    """What one side of a hunk begins inside of.

    `closers` are from the innermost; `ends` tells that the last of them stands in the first column and so ends the
    whole; `loose_cases` that there are case labels of a switch whose end is not shown.
    """

    start: Start
    closers: tuple[Closer, ...] = ()
    ends: bool = False
    loose_cases: bool = False
    indent: int = 0
    lists: bool = False


def side_lines(hunk: Hunk, side: Side) -> list[str]:
    """The lines of one side, without their first character."""
    other = "+" if side == "before" else "-"
    return [line[1:] for line in hunk.lines if line[:1] not in {other, "\\"}]


def begins_in_comment(lines: list[str]) -> bool:
    """Whether text starts within a comment that was opened above it."""
    text = "\n".join(lines)
    close, start = text.find("*/"), text.find("/*")
    if close >= 0:
        return start < 0 or close < start
    return start < 0 and bool(text.strip()) and all(_STAR.match(line) for line in lines if line.strip())


def begins_in_macro(lines: list[str]) -> bool:
    """Whether text starts within a macro: its first line is continued, and is no directive."""
    first = lines[0] if lines else ""
    return first.rstrip("\r").endswith("\\") and not first.lstrip().startswith("#")


class HunkText:
    """One side of one hunk, its strings, comments, directives and dead branches told from its code."""

    def __init__(self, lines: list[str], *, comment: bool = False, macro: bool = False) -> None:
        self.lines = lines
        self.in_comment = comment and bool(lines)
        self.in_macro = macro and bool(lines)
        self.directives = 0
        self.opened: tuple[int, ...] = ()
        self.stray = 0
        self.ends_in_comment = False

    @cached_property
    def code(self) -> list[str]:
        """The lines with nothing but code on them, as long as they were, in bytes."""
        if not self.lines:
            return []
        opener = (b"#define x \\\n" if self.in_macro else b"") + (b"/*" if self.in_comment else b"")
        data = opener + "\n".join(self.lines).encode("utf-8", "replace")
        self._pair_conditionals(data)
        above = b"#if x\n" * self.stray
        live = scan(above + data).clean[len(above) :] if self.directives > 1 else data
        return _TOKEN.sub(_blanked, live)[len(opener) :].decode("latin-1").split("\n")

    def _pair_conditionals(self, data: bytes) -> None:
        """Find the preprocessor conditionals that the text opens only (by line), or closes only (their number)."""
        opened: list[int] = []
        stray = end = line = counted = 0
        orphan = False
        for match in _TOKEN.finditer(data):
            found = _DIRECTIVE.match(match[0])
            word = found[1] if found else b""
            self.ends_in_comment = match[0].startswith(b"/*") and (len(match[0]) < 4 or not match[0].endswith(b"*/"))
            if word:
                self.directives += 1
            if word in {b"if", b"ifdef", b"ifndef"}:
                line += data.count(b"\n", counted, match.start())
                counted = match.start()
                opened.append(line - self.in_macro)
            elif word == b"endif" and opened:
                opened.pop()
            elif word == b"endif" or (word in {b"else", b"elif", b"elifdef", b"elifndef"} and not opened):
                stray += 0 if orphan and word == b"endif" else 1 if not orphan else 0
                orphan = word != b"endif"
                end = match.start()
        code = _TOKEN.sub(_blanked, data[:end])
        # Made up above half a block, an #if would hide the other half as a branch that does not balance.
        balanced = code.count(b"{") == code.count(b"}") and code.count(b"(") == code.count(b")")
        self.stray = stray if balanced else 0
        self.opened = (*([0] if orphan and balanced else []), *opened)

    @cached_property
    def beginning(self) -> Beginning:
        """Where the text begins."""
        start = self._start()
        closers: list[Closer] = []
        depth = statements = 0
        cases = False
        for event, line, at in self.events():
            if event == "{":
                depth += 1
            elif event == "}" and depth:
                depth -= 1
            elif event == "}":
                follows = _FOLLOWS.match(self.code[line][at + 1 :])
                closers.append(Closer(follows[1] if follows else "", cases, lists=not statements))
                cases, statements = False, 0
                if at == 0:
                    return Beginning(start, tuple(closers), ends=True, indent=self._indent())
            elif event in {"case", "default"} and not depth:
                cases = True
            statements += event == ";"
            if start not in {Start.INSIDE, Start.INDENTED} and event in "{}":
                break
        return Beginning(start, tuple(closers), loose_cases=cases, indent=self._indent(), lists=not statements)

    def events(self) -> Iterator[tuple[str, int, int]]:
        """(brace, parenthesis, semicolon or case label, line, column) in order."""
        for number, line in enumerate(self.code):
            for match in _EVENT.finditer(line):
                yield match[0], number, match.start()

    def _start(self) -> Start:
        indented = False
        for line in self.code:
            if not line.strip():
                continue
            first = line[0]
            if first == "{":
                return Start.IN_HEADER
            if first == "}":
                return Start.INSIDE
            if (first.isalpha() or first == "_") and not (LABEL.match(line) or _STATEMENT.match(line)):
                return Start.IN_DECLARATION if indented else Start.AT_MARGIN
            indented = True
        if not indented:
            return Start.NOWHERE
        # Nothing that ends a statement, beside directives: the last line of a macro.
        is_tail = self.directives and not any(line.rstrip().endswith((";", "{", "}", ",", ":")) for line in self.code)
        return Start.IN_DECLARATION if is_tail else Start.INDENTED

    @cached_property
    def is_list(self) -> bool:
        """Whether there are commas at the ends of lines, and no statement."""
        return not any(";" in line for line in self.code) and any(line.rstrip().endswith(",") for line in self.code)

    @cached_property
    def is_foreign(self) -> bool:
        """Whether there is something in the first column that is no C: directives of assembly."""
        return any(line.startswith((".", "%")) for line in self.code)

    def _indent(self) -> int:
        for line in self.code:
            bare = line.strip()
            if bare:
                if bare[0] in "\"')|&" or self.cut:
                    return 0
                return len(line) - len(line.lstrip("\t")) + (1 if bare.startswith("}") else 0)
        return 0

    @cached_property
    def cut(self) -> int:
        """How many parentheses of its first statement were opened above the text."""
        depth = lowest = 0
        for event, _, _ in self.events():
            if event == "(":
                depth += 1
            elif event == ")":
                depth -= 1
                lowest = min(lowest, depth)
            elif event in "{}" or (event == ";" and depth <= lowest):
                break
        return -lowest

    def completion(self, mark: str, holds: str) -> str:
        """What to put before the text so that its first statement, begun above it, can be read.

        `holds`: what the brace holds that the text stands in (code, fields, constants, entries), if any.
        """
        text = "\n".join(self.code).lstrip("\n")
        if not text.strip() or not holds:
            return ""
        if not self.cut:
            return f"{mark} " if _OPERATOR.match(text) and not text.lstrip().startswith((":", "*")) else ""
        more = "(" * (self.cut - 1)
        if holds != "code":
            return f"int (*{mark})({more}" if holds == "fields" else f"{mark}({more}"
        if _ASSEMBLY.match(text):
            return f"asm volatile({more}"
        if self._is_condition(text):
            return f"if ({mark} {more}" if _OPERATOR.match(text) else f"if ({more}{mark}, "
        return f"{mark}({more}"

    def _is_condition(self, text: str) -> bool:
        """Whether what the unmatched parentheses close is followed by a statement."""
        depth, needed = 0, self.cut
        for at, char in enumerate(text):
            if char == "(":
                depth += 1
            elif char == ")":
                depth -= 1
                if depth == -needed:
                    rest = text[at + 1 :].lstrip()
                    return bool(rest) and (rest[0] in "{*" or rest[0].isalpha() or rest[0] == "_")
        return False


def _blanked(match: re.Match[bytes]) -> bytes:
    """Comments and directives go, of strings the quotes stay."""
    text = match[0]
    if text[:1] in {b'"', b"'"} and len(text) > 1:
        return text[:1] + b"x" * (len(text) - 2) + text[-1:]
    return blank(text)


def start_of(texts: tuple[HunkText, HunkText]) -> Start:
    """Where a hunk begins, as its two sides tell."""
    found = {text.beginning.start for text in texts}
    if any(text.is_foreign for text in texts):
        return Start.INSIDE
    if found == {Start.INDENTED, Start.AT_MARGIN}:
        return Start.IN_DECLARATION
    start = max(found)
    return Start.INSIDE if start is Start.INDENTED else start
