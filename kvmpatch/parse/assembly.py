"""Assembly files: their symbols, and the CSR instructions in them.

The kernel's assembly marks symbols with macros (SYM_FUNC_START, ENTRY) or plain labels; an item runs from its mark
to its end mark, or to the next symbol.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kvmpatch.model import Basis, Kind
from kvmpatch.parse.csource.outline import Item, Outline, decode
from kvmpatch.parse.csource.scan import Piece, PieceKind, Scan, blank

_COMMENT = re.compile(rb"/\*.*?(?:\*/|\Z)|//[^\n]*|(?<![\w\"'])\#(?!\s*(?:define|if|ifdef|ifndef|else|elif|endif|include|undef|error|pragma)\b)[^\n]*", re.DOTALL)  # fmt: skip # noqa: E501
_STRING = re.compile(rb'"(?:[^"\\\n]|\\.)*"?')
_START = re.compile(
    rb"^[ \t]*(?P<macro>SYM_(?:FUNC|CODE|DATA|INNER_LABEL|TYPED_FUNC)\w*?(?:START|LABEL)?\w*|ENTRY|WEAK|GLOBAL|"
    rb"SYM_DATA|SYM_ENTRY)[ \t]*\([ \t]*(?P<marked>[\w.$]+)|^(?P<label>[A-Za-z_.$][\w.$]*):",
    re.MULTILINE,
)
_END = re.compile(rb"^[ \t]*(?:SYM_\w*END\w*|END|ENDPROC)[ \t]*\([ \t]*([\w.$]+)[^\n]*", re.MULTILINE)
_DEFINE = re.compile(rb"^[ \t]*#[ \t]*define\b(?:[^\n\\]|\\\r?\n|\\)*", re.MULTILINE)
_LOCAL = re.compile(rb"(?:\.L|\d|\$)")
_INSTRUCTION = re.compile(r"\b(csrr(?:w|s|c)?i?|csr(?:w|s|c)i?)\s+([^\n;]*)")


@dataclass(frozen=True, slots=True)
class CsrInstruction:
    """A CSR instruction: its mnemonic, its operands as written, and its 1-based line."""

    mnemonic: str
    operands: tuple[str, ...]
    line: int


def outline_assembly(data: bytes) -> AssemblyOutline:
    """The outline of an assembly file: asm symbols and macros."""
    clean = _COMMENT.sub(lambda match: blank(match[0]), data)
    starts = [0, *(match.end() for match in re.finditer(rb"\n", data))]
    return AssemblyOutline(Scan(data, clean, tuple(_pieces(clean)), tuple(starts)))


def _pieces(clean: bytes) -> Iterator[Piece]:
    marks = [
        match for match in _START.finditer(clean)
        if b"END" not in (match["macro"] or b"") and not _LOCAL.match(match["label"] or b"")
    ]  # fmt: skip
    ends = {match[1]: match for match in _END.finditer(clean)}
    for index, match in enumerate(marks):
        name = match["marked"] or match["label"]
        following = marks[index + 1].start() if index + 1 < len(marks) else len(clean)
        mark = ends.get(name)
        end = mark.end() if mark and mark.start() > match.start() else len(clean[:following].rstrip())
        yield Piece(PieceKind.FUNCTION, match.start(), max(end, match.end()), match.end())
    for match in _DEFINE.finditer(clean):
        yield Piece(PieceKind.MACRO, match.start() + match[0].index(b"#"), match.end())


class AssemblyOutline(Outline):
    """An outline whose functions are asm symbols."""

    __slots__ = ()

    def _function(self, piece: Piece) -> Iterator[Item]:
        source = self.scanned.clean[piece.start : piece.end]
        match = _START.match(source)
        if not match:
            return
        body = " ".join(decode(source[match.end() :]).split())
        yield Item(
            kind=Kind.ASM_SYMBOL,
            name=decode(match["marked"] or match["label"]),
            lines=self._lines(piece.start, piece.end),
            name_line=self.scanned.line(piece.start),
            signature=None,
            shape=None,
            linkage=("local",) if match["macro"] and b"LOCAL" in match["macro"] else (),
            value=None,
            members=(),
            body=body,
            text=body,
            basis=Basis.PARSED,
            start=piece.start,
            end=piece.end,
            body_start=piece.body,
        )

    def functions(self) -> Iterator[Item]:
        """Assembly has no C functions."""
        return iter(())


def csr_instructions(outline: Outline, item: Item) -> Iterator[CsrInstruction]:
    """The CSR instructions of one asm symbol."""
    source = _STRING.sub(lambda match: blank(match[0]), outline.source(item))
    return instructions_in(decode(source), outline.scanned.line(item.start))


def instructions_in(text: str, first_line: int) -> Iterator[CsrInstruction]:
    """The CSR instructions of a text whose first line has the given number."""
    for match in _INSTRUCTION.finditer(text):
        operands = tuple(part.strip() for part in match[2].split(",") if part.strip())
        if operands:
            yield CsrInstruction(match[1], operands, first_line + text.count("\n", 0, match.start()))
