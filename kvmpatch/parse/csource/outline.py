"""The outline of a C file: what it defines, where, and with what shape.

Two outlines, before and after, are what structural changes are found with. Items are made from pieces on demand:
a comparison first drops the pieces that both sides share byte for byte, and reads only the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from kvmpatch.model import Basis, Kind, Lines
from kvmpatch.parse.csource.declarations import Member, read_declaration
from kvmpatch.parse.csource.rescan import rescan
from kvmpatch.parse.csource.scan import Piece, PieceKind, Scan, matching_left, scan
from kvmpatch.parse.csource.tokens import Token, spell, tokens_of
from kvmpatch.parse.csource.words import CALLED_ATTRIBUTES, LINKAGE, PLAIN_ATTRIBUTES


class Item(msgspec.Struct, frozen=True):
    """One thing that a file defines.

    `lines` runs from the first token of its declaration to its last; `name_line` is where its name stands.
    `text` is what it says with white space and comments left out, so two items with equal text say the same; `said`
    is that, for functions without the body.
    `shape` is the signature without words of linkage and attributes, which `linkage` holds; `body` is the text
    without the header (functions only).
    """

    kind: Kind
    name: str
    lines: Lines
    name_line: int
    signature: str | None
    shape: str | None
    linkage: tuple[str, ...]
    value: str | None
    members: tuple[Member, ...]
    body: str | None
    said: str
    basis: Basis
    start: int
    end: int
    body_start: int | None = None

    @property
    def text(self) -> str:
        """Everything it says."""
        return self.said if self.body is None else f"{self.said} {self.body}"

    @property
    def is_static(self) -> bool:
        """Whether the name is private to its file."""
        return "static" in self.linkage


_COMMENT = re.compile(rb"/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\\r?\n|\\)*", re.DOTALL)
_NOISE = re.compile(
    rb'/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\\r?\n|\\)*|"(?:[^"\\\n]|\\.)*"?|\'(?:[^\'\\\n]|\\.)*\'?'
    rb"|^[ \t]*#(?:[^\n\\/]|\\\r?\n|\\|/\*.*?(?:\*/|\Z)|/)*",
    re.DOTALL | re.MULTILINE,
)
_LEXEME = re.compile(
    rb"/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\\r?\n|\\)*|\\\r?\n|\s+"
    rb'|("(?:[^"\\\n]|\\.)*"?|\'(?:[^\'\\\n]|\\.)*\'?|\w+|[^\s\w])',
    re.DOTALL,
)
_NOT_NEWLINE = re.compile(rb"[^\n]")
_SPACES = re.compile(r"\s+")


def decode(data: bytes) -> str:
    """Bytes of source as text, a character a byte where it is not UTF-8, so that nothing is lost or shifted."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def code_of(data: bytes) -> str:
    """Code with white space and comments left out, lexemes separated by one space."""
    lexemes = list(filter(None, _LEXEME.findall(data)))
    try:
        return b" ".join(lexemes).decode("utf-8")
    except UnicodeDecodeError:
        return " ".join(map(decode, lexemes))


def _blanked(match: re.Match[bytes]) -> bytes:
    return _NOT_NEWLINE.sub(b" ", match[0])


class Header(msgspec.Struct, frozen=True):
    """A function's header: offsets within the piece, the name, and the words around it."""

    kind: Kind
    name: str
    start: int
    name_at: int
    signature: str
    shape: str
    linkage: tuple[str, ...]


_BARE_CALL = re.compile(rb"\s*([A-Za-z_]\w*)\s*\(")
_TRAILING_WORD = re.compile(rb"([A-Za-z_]\w*)\s*$")
_RETURNS_POINTER = re.compile(rb"\(\s*\*[\s*]*([A-Za-z_]\w*)\s*\(")
_WORD_ALONE = re.compile(rb"\(\s*([A-Za-z_]\w*)\s*\)")
_NO_LETTER = (b" ", b"\t", b"\n", b"*")
_TRAILING_ATTRIBUTES = re.compile(rb"(?:\s*\b[A-Za-z_]\w*)+\s*$")
_SYSCALL = re.compile(r"(?:COMPAT_)?SYSCALL(?:32)?_DEFINE\d?$")
_STARTS_DECLARATION = re.compile(rb"[ \t]*\n\s*[A-Za-z_]")


def read_header(header: bytes) -> Header | None:
    """The header of a function, up to its body's brace; None where no name can be made out."""
    text = _NOISE.sub(_blanked, header)
    start = _past_bare_calls(text)
    closing = _parameters_end(text)
    if closing < 0:
        return None
    left = matching_left(text[: closing + 1])
    if left < start:
        start = 0
    word = _TRAILING_WORD.search(text, start, left)
    named = (decode(word[1]), word.start(1)) if word else _named_in_parentheses(text, start, left)
    if not named:
        return None
    name, name_at = named
    kind = Kind.FUNCTION
    lead = tokens_of(decode(text[start:name_at]))
    if not lead and _SYSCALL.match(name):
        kind = Kind.SYSCALL
        name = decode(text[left + 1 : closing]).split(",")[0].strip() or name
    linkage = (*_attributes(lead), *_attributes(tokens_of(decode(text[closing + 1 :]))))
    signature = _tidy(text[start : closing + 1])
    return Header(kind, name, start, name_at, signature, _shape(signature), linkage)


def _named_in_parentheses(text: bytes, start: int, left: int) -> tuple[str, int] | None:
    """The name of a function whose parameters follow a parenthesis, and where it begins."""
    before = text[:left].rstrip()
    inner = matching_left(before) if before.endswith(b")") else -1
    if inner <= 0:
        return None
    if returning := _RETURNS_POINTER.match(text, inner):
        # `int (*pick(int n))(u64)`: the function stands inside the type that it returns a pointer to.
        return decode(returning[1]), returning.start(1)
    if (plain := _WORD_ALONE.match(text, inner)) and text[inner - 1 : inner] in _NO_LETTER:
        # `size_t (strlen)(const char *s)`: in parentheses so that no macro of that name takes it.
        return decode(plain[1]), inner
    word = _TRAILING_WORD.search(text, start, inner)
    # `FNAME(walk)(…)`: the name is itself made by a macro.
    return (decode(text[word.start(1) : len(before)]).replace(" ", ""), word.start(1)) if word else None


def _attributes(tokens: list[Token]) -> Iterator[str]:
    """Words of linkage and attributes, with their arguments: they alter a function without altering its type."""
    for index, token in enumerate(tokens):
        if token.text in CALLED_ATTRIBUTES and index + 1 < len(tokens) and tokens[index + 1].partner > 0:
            yield spell(tokens[index : tokens[index + 1].partner + 1])
        elif token.text in LINKAGE or token.text in PLAIN_ATTRIBUTES:
            yield token.text


def _past_bare_calls(text: bytes) -> int:
    """Where the declaration starts, after calls without semicolon on lines of their own (`EXPORT_SYMBOL(x)`)."""
    start = 0
    while match := _BARE_CALL.match(text, start):
        depth, end = 0, -1
        for offset in range(match.end() - 1, len(text)):
            depth += {0x28: 1, 0x29: -1}.get(text[offset], 0)
            if depth == 0:
                end = offset + 1
                break
        if end < 0 or not _STARTS_DECLARATION.match(text, end):
            break
        if b"(" not in text[end:]:
            break
        start = end
    return start + len(text[start:]) - len(text[start:].lstrip())


def _parameters_end(text: bytes) -> int:
    """The offset of the parenthesis that ends the parameter list, attribute words after it passed over."""
    end = len(text.rstrip())
    while end:
        if text[end - 1] == 0x29:
            left = matching_left(text[:end])
            word = _TRAILING_WORD.search(text[:left]) if left > 0 else None
            if word and decode(word[1]) in CALLED_ATTRIBUTES:
                end = len(text[: word.start()].rstrip())
                continue
            return end - 1
        tail = _TRAILING_ATTRIBUTES.search(text[:end])
        if not tail:
            return -1
        end = len(text[: tail.start()].rstrip())
    return -1


def _tidy(text: bytes) -> str:
    return spell(tokens_of(_SPACES.sub(" ", decode(text)).strip()))


_DROPPED_FROM_SHAPE = (PLAIN_ATTRIBUTES | LINKAGE) - {"__user", "__iomem", "__percpu", "__rcu"}


def _shape(signature: str) -> str:
    """The signature without words of linkage and attributes: the type that a caller sees."""
    return spell([token for token in tokens_of(signature) if token.text not in _DROPPED_FROM_SHAPE])


class Outline:
    """What one file defines. Items are read from their pieces when asked for."""

    __slots__ = ("_cache", "scanned")

    def __init__(self, scanned: Scan) -> None:
        self.scanned = scanned
        self._cache: dict[Piece, tuple[Item, ...]] = {}

    def __iter__(self) -> Iterator[Item]:
        return self.items(self.scanned.pieces)

    def items(self, pieces: Iterable[Piece]) -> Iterator[Item]:
        """The items of the given pieces, in the order of the file."""
        for piece in pieces:
            if piece not in self._cache:
                self._cache[piece] = tuple(self._read(piece))
            yield from self._cache[piece]

    def functions(self) -> Iterator[Item]:
        """The functions alone."""
        for item in self.items(piece for piece in self.scanned.pieces if piece.kind is PieceKind.FUNCTION):
            if item.kind in {Kind.FUNCTION, Kind.SYSCALL}:
                yield item

    def source(self, item: Item) -> bytes:
        """The bytes of an item as they stand in the file, dead branches blanked."""
        return self.scanned.clean[item.start : item.end]

    def _read(self, piece: Piece) -> Iterator[Item]:
        if piece.kind is PieceKind.MACRO:
            return self._macro(piece)
        if piece.kind is PieceKind.FUNCTION:
            return self._function(piece)
        return self._declaration(piece)

    def _lines(self, start: int, end: int) -> Lines:
        return self.scanned.line(start), self.scanned.line(max(start, end - 1))

    def _function(self, piece: Piece) -> Iterator[Item]:
        clean = self.scanned.clean
        body_at = piece.body if piece.body is not None else piece.end
        header = read_header(clean[piece.start : body_at])
        if header is None:
            return
        start = piece.start + header.start
        # What a function says includes the branches that were not read: a change in one of them is a change.
        body = code_of(self.scanned.data[body_at : piece.end])
        yield Item(
            kind=header.kind,
            name=header.name,
            lines=self._lines(start, piece.end),
            name_line=self.scanned.line(piece.start + header.name_at),
            signature=header.signature,
            shape=header.shape,
            linkage=header.linkage,
            value=None,
            members=(),
            body=body,
            said=code_of(self.scanned.data[start:body_at]),
            basis=Basis.PARSED if piece.closed else Basis.PARSED_WITH_ERRORS,
            start=start,
            end=piece.end,
            body_start=body_at,
        )

    def _macro(self, piece: Piece) -> Iterator[Item]:
        match = _MACRO.match(self.scanned.clean, piece.start, piece.end)
        if not match:
            return
        parameters = match[2]
        value = _tidy_macro(match[3])
        name = decode(match[1])
        yield Item(
            kind=Kind.MACRO,
            name=name,
            lines=self._lines(piece.start, piece.end),
            name_line=self.scanned.line(match.start(1)),
            signature=name + _SPACES.sub("", decode(parameters)).replace(",", ", ") if parameters else None,
            shape=None,
            linkage=(),
            value=value,
            members=(),
            body=None,
            said=code_of(match[0]),
            basis=Basis.PARSED,
            start=piece.start,
            end=piece.end,
        )

    def _declaration(self, piece: Piece) -> Iterator[Item]:
        raw = self.scanned.clean[piece.start : piece.end]
        blanked = _NO_CODE.sub(_keep_strings, raw)
        if blanked.startswith((b'extern "C"', b";")):
            return
        text = blanked.decode("latin-1")
        says = code_of(self.scanned.data[piece.start : piece.end])
        last = len(text.rstrip().rstrip(";"))
        for declared in read_declaration(text):
            start, end = piece.start + declared.start, piece.start + declared.end
            end = piece.end if declared.end >= last else end
            name_at = declared.name_at if declared.name_at >= 0 else _word_at(text, declared.name, declared.start)
            offset = piece.start + name_at
            yield Item(
                kind=declared.kind,
                name=declared.name,
                lines=self._lines(start, end),
                name_line=self.scanned.line(offset),
                signature=declared.type if declared.kind in {Kind.VARIABLE, Kind.TYPEDEF} else None,
                shape=declared.type,
                linkage=declared.linkage,
                value=_utf8(declared.value),
                members=tuple(_member_utf8(member, piece.start) for member in declared.members),
                body=None,
                said=says,
                basis=Basis.PARSED if declared.certain else Basis.PARSED_WITH_ERRORS,
                start=start,
                end=end,
            )


_MACRO = re.compile(rb"#[ \t]*define[ \t]+([A-Za-z_]\w*)(\([^()]*\))?(.*)", re.DOTALL)
_NO_CODE = re.compile(
    rb'/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\\r?\n|\\)*|"(?:[^"\\\n]|\\.)*"?|\'(?:[^\'\\\n]|\\.)*\'?'
    rb"|^[ \t]*#(?:[^\n\\/]|\\\r?\n|\\|/\*.*?(?:\*/|\Z)|/)*",
    re.DOTALL | re.MULTILINE,
)


def _keep_strings(match: re.Match[bytes]) -> bytes:
    """Comments and directives go, strings and characters stay."""
    return match[0] if match[0][0] in b"\"'" else _NOT_NEWLINE.sub(b" ", match[0])


def _word_at(text: str, word: str, start: int) -> int:
    """Where a word stands as a whole word; `start` where it does not. A pattern a name would cost its compilation."""
    at = text.find(word, start)
    while at >= 0:
        end = at + len(word)
        if not (_is_word(text[at - 1 : at]) or _is_word(text[end : end + 1])):
            return at
        at = text.find(word, at + 1)
    return start


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum()


def _utf8(text: str | None) -> str | None:
    """Text that was read a character a byte, as UTF-8 where it is."""
    return decode(text.encode("latin-1")) if text is not None else None


def _member_utf8(member: Member, start: int) -> Member:
    return Member(
        member.name, _utf8(member.type), _utf8(member.value), member.position, member.of, start + member.offset
    )


def _tidy_macro(text: bytes) -> str | None:
    cleaned = _COMMENT.sub(b" ", text).replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")
    value = _SPACES.sub(" ", decode(cleaned)).strip()
    return value or None


def outline(data: bytes, near: Outline | None = None) -> Outline:
    """The outline of a C file. Any bytes are taken; what is no C has few items.

    Args:
        data: the file.
        near: the outline of a version that may resemble it, which makes it faster and changes nothing else.
    """
    return Outline((near and rescan(data, near.scanned)) or scan(data))


__all__ = ["Header", "Item", "Outline", "code_of", "decode", "outline", "read_header"]
