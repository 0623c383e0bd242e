"""Kconfig files: each symbol with its properties as members."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kvmpatch.model import Basis, Kind
from kvmpatch.parse.csource.declarations import Member
from kvmpatch.parse.csource.outline import Item, Outline, decode
from kvmpatch.parse.csource.scan import Piece, PieceKind, Scan

_ENTRY = re.compile(rb"^(?:menu)?config[ \t]+(\w+)[ \t]*$", re.MULTILINE)
_OTHER = re.compile(rb"^(?:(?:menu)?config|menu|endmenu|choice|endchoice|if|endif|source|comment|mainmenu)\b", re.M)
_HELP = re.compile(r"(?:---)?help(?:---)?$")
_PROPERTY = re.compile(
    r"(bool|tristate|int|hex|string|def_bool|def_tristate|default|depends on|select|imply|range|visible if|prompt|"
    r"option|modules|transitional)\b\s*(.*)"
)
_COMMENT = re.compile(r"(?:^|\s)#.*$")


def outline_kconfig(data: bytes) -> KconfigOutline:
    """The outline of a Kconfig file: one item a symbol entry."""
    starts = [0, *(match.end() for match in re.finditer(rb"\n", data))]
    heads = sorted({match.start() for match in _OTHER.finditer(data)} | {len(data)})
    pieces = []
    for match in _ENTRY.finditer(data):
        following = next(head for head in heads if head > match.start())
        end = match.start() + len(data[match.start() : following].rstrip())
        pieces.append(Piece(PieceKind.DECLARATION, match.start(), end))
    return KconfigOutline(Scan(data, data, tuple(pieces), tuple(starts)))


class KconfigOutline(Outline):
    """An outline whose declarations are Kconfig symbols."""

    __slots__ = ()

    def _declaration(self, piece: Piece) -> Iterator[Item]:
        source = self.scanned.data[piece.start : piece.end]
        match = _ENTRY.match(source)
        if not match:
            return
        properties = list(_properties(decode(source[match.end() :])))
        yield Item(
            kind=Kind.KCONFIG,
            name=decode(match[1]),
            lines=self._lines(piece.start, piece.end),
            name_line=self.scanned.line(piece.start),
            signature=None,
            shape=None,
            linkage=(),
            value=next((name for name, _ in properties if name.removeprefix("def_") in _TYPES), None),
            members=tuple(
                Member(name, None, value or None, position, len(properties))
                for position, (name, value) in enumerate(properties, 1)
            ),
            body=None,
            said=repr(properties),
            basis=Basis.PARSED,
            start=piece.start,
            end=piece.end,
        )


_TYPES = {"bool", "tristate", "int", "hex", "string"}


def _properties(text: str) -> Iterator[tuple[str, str]]:
    """(property, value) in order; continuation lines joined; the help text as one value."""
    lines = iter(text.replace("\\\n", " ").split("\n"))
    for line in lines:
        bare = line.strip()
        if _HELP.match(bare):
            yield "help", " ".join(" ".join(lines).split())
            return
        found = _PROPERTY.match(_COMMENT.sub("", bare).strip())
        if found:
            yield found[1], " ".join(found[2].split())
