"""Assembly files: their symbols, and the CSR instructions in them.

The kernel's assembly marks symbols with macros (SYM_FUNC_START, ENTRY; FUNC in Xen) or plain labels; an item runs from
its mark to its end mark, or to the next symbol. What stands between a start and its end mark belongs to that symbol
alone: a plain label there is no item, a symbol marked there (SYM_INNER_LABEL) is one of a single line. An assembler
macro (`.macro`) is an item like a symbol. A linker script has none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from kvmpatch.model import Basis, Kind
from kvmpatch.parse.csource.outline import Item, Outline, decode
from kvmpatch.parse.csource.scan import Piece, PieceKind, Scan, blank

_COMMENT = re.compile(rb"/\*.*?(?:\*/|\Z)|//[^\n]*|(?<![\w\"'])\#(?!\s*(?:define|if|ifdef|ifndef|else|elif|endif|include|undef|error|pragma)\b)[^\n]*", re.DOTALL)  # fmt: skip # noqa: E501
_STRING = re.compile(rb'"(?:[^"\\\n]|\\.)*"?')
_START = re.compile(
    rb"^[ \t]*(?P<macro>SYM_(?:FUNC|CODE|DATA|INNER_LABEL|TYPED_FUNC)\w*?(?:START|LABEL)?\w*|ENTRY|WEAK|GLOBAL|"
    rb"SYM_DATA|SYM_ENTRY|(?:FUNC|DATA|LABEL)(?:_LOCAL)?)[ \t]*\([ \t]*(?P<marked>[\w.$]+)"
    rb"|^(?P<label>[A-Za-z_.$][\w.$]*):"
    rb"|^[ \t]*\.macro[ \t]+(?P<inline>[A-Za-z_.$][\w.$]*)",
    re.MULTILINE,
)
_END_MACRO = re.compile(rb"^[ \t]*\.endm\b[^\n]*", re.MULTILINE)
_END = re.compile(rb"^[ \t]*(?:SYM_\w*END\w*|END|ENDPROC)[ \t]*\([ \t]*([\w.$]+)[^\n]*", re.MULTILINE)
_DEFINE = re.compile(rb"^[ \t]*#[ \t]*define\b(?:[^\n\\]|\\\r?\n|\\)*", re.MULTILINE)
_LINKER_SCRIPT = re.compile(rb"^SECTIONS\b", re.MULTILINE)
"""What tells a linker script, which names the symbol that is entered and defines none."""
_LOCAL = re.compile(rb"(?:\.L|\d|\$)")
_INSTRUCTION = re.compile(r"\b(csrr(?:w|s|c)?i?|csr(?:w|s|c)i?)\s+([^\n;]*)")


class CsrInstruction(msgspec.Struct, frozen=True):
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
    marks = [] if _LINKER_SCRIPT.search(clean) else [
        match for match in _START.finditer(clean)
        if b"END" not in (match["macro"] or b"") and not _LOCAL.match(match["label"] or b"")
    ]  # fmt: skip
    ends: dict[bytes, list[int]] = {}
    for found in _END.finditer(clean):
        ends.setdefault(found[1], []).append(found.end())
    closing = [found.end() for found in _END_MACRO.finditer(clean)]
    covered = 0
    for index, match in enumerate(marks):
        start, head = match.start(), match.end()
        if start < covered:
            if match["marked"]:
                # Its own line is all that is its own: the instructions are those of the symbol around it.
                yield Piece(PieceKind.FUNCTION, start, _end_of_line(clean, head), head)
            continue
        if match["inline"]:
            at = bisect_right(closing, head)
            end = closing[at] if at < len(closing) else len(clean)
        else:
            mine = ends.get(match["marked"] or match["label"], [])
            at = bisect_right(mine, head)
            end = mine[at] if at < len(mine) else 0
        if end:
            covered = end
        else:
            following = marks[index + 1].start() if index + 1 < len(marks) else len(clean)
            end = head + len(clean[head:following].rstrip())
        yield Piece(PieceKind.FUNCTION, start, end, head)
    for match in _DEFINE.finditer(clean):
        yield Piece(PieceKind.MACRO, match.start() + match[0].index(b"#"), match.end())


def _end_of_line(data: bytes, offset: int) -> int:
    end = data.find(b"\n", offset)
    return end if end >= 0 else len(data)


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
            name=decode(match["marked"] or match["label"] or match["inline"]),
            lines=self._lines(piece.start, piece.end),
            name_line=self.scanned.line(piece.start),
            signature=None,
            shape=None,
            linkage=("local",) if match["macro"] and b"LOCAL" in match["macro"] else (),
            value=None,
            members=(),
            body=body,
            said="",
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
    source = decode(_STRING.sub(lambda match: blank(match[0]), outline.source(item)))
    for match, operands in _instructions(source):
        offset = item.start + len(source[: match.start()].encode())
        yield CsrInstruction(match[1], operands, outline.scanned.line(offset))


_INLINE = re.compile(r'"((?:[^"\\]|\\.)*)"|__stringify\s*\(\s*(\w+)\s*\)|(:)|\w+|.', re.DOTALL)
_NEW_LINE = re.compile(r"\\[nt]|;")


def template_of(statement: str) -> str:
    """The instructions of an assembly statement in C: its texts put together, `__stringify(CSR_X)` as CSR_X."""
    found = []
    for match in _INLINE.finditer(statement):
        if match[3]:
            # What follows the first colon is operands.
            break
        found.append(match[1] or match[2] or "")
    return _NEW_LINE.sub("\n", "".join(found))


def instructions_in(text: str, first_line: int) -> Iterator[CsrInstruction]:
    """The CSR instructions of a text whose first line has the given number."""
    for match, operands in _instructions(text):
        yield CsrInstruction(match[1], operands, first_line + text.count("\n", 0, match.start()))


def _instructions(text: str) -> Iterator[tuple[re.Match[str], tuple[str, ...]]]:
    for match in _INSTRUCTION.finditer(text):
        operands = tuple(part.strip() for part in match[2].split(",") if part.strip())
        if operands:
            yield match, operands
