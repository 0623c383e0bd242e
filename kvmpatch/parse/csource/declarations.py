"""Declarations: aggregates with their members, typedefs, variables with their initialisers.

A declaration is read by its tokens, not by a grammar: kernel fields such as `DECLARE_BITMAP(isa, N);` and attribute
words in any place are ordinary here, and no piece can spoil its neighbour.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kvmpatch.model import Kind
from kvmpatch.parse.csource.constants import enum_values
from kvmpatch.parse.csource.tokens import (
    WORD,
    Token,
    spell,
    split,
    statements,
    tokens_of,
    type_text,
    without_attributes,
)
from kvmpatch.parse.csource.words import LINKAGE, NAME_ARGUMENT, TYPE_WORDS


class Member(msgspec.Struct, frozen=True):
    """A field, constant or initialiser entry, at `position` of `of` in its own nest."""

    name: str
    type: str | None
    value: str | None
    position: int
    of: int
    offset: int = 0


class Declared(msgspec.Struct):
    """One thing that a declaration declares. Offsets are those of the declaration's text."""

    kind: Kind
    name: str
    start: int
    end: int
    type: str | None = None
    value: str | None = None
    linkage: tuple[str, ...] = ()
    members: list[Member] = []
    certain: bool = True
    name_at: int = -1


def read_declaration(text: str) -> list[Declared]:
    """What one declaration, from its first token to its semicolon, declares; prototypes declare nothing here."""
    tokens = without_attributes(tokens_of(text))
    last = len(tokens)
    while last and tokens[last - 1].text == ";":
        last -= 1
    return _Reader(tokens).declaration(0, last)


def kind_is_bare_enum(aggregate: Declared) -> bool:
    """Whether this is `enum { A, B };`: constants without a name of their own."""
    return aggregate.kind is Kind.ENUM and not aggregate.name and bool(aggregate.members)


_STATEMENT_WORDS = {"return", "if", "else", "for", "while", "do", "switch", "case", "goto", "break", "continue"}


class _Reader:
    """Reads the tokens of one declaration; indices are into them, ranges are half open."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens

    def declaration(self, first: int, last: int) -> list[Declared]:
        tokens = self.tokens
        first = self.past_bare_macros(first, last)
        if first < last and tokens[first].text in _STATEMENT_WORDS:
            # What a body that closes too early leaves over is no declaration.
            return []
        linkage: list[str] = []
        typedef = False
        index = first
        while index < last and (
            tokens[index].text in LINKAGE or tokens[index].text in {"typedef", "const", "volatile"}
        ):
            if tokens[index].text == "typedef":
                typedef = True
            elif tokens[index].text in LINKAGE:
                linkage.append(tokens[index].text)
            index += 1
        if index >= last:
            return []
        found: list[Declared] = []
        type_start = index
        aggregate: Declared | None = None
        if tokens[index].text in {"struct", "union", "enum"}:
            aggregate, after = self.aggregate(index, last)
            if aggregate:
                aggregate.start = tokens[first].offset
                aggregate.end = tokens[min(last, len(tokens) - 1)].offset + 1
                if not typedef and kind_is_bare_enum(aggregate):
                    # Its constants are as global as any; it is known by the first of them.
                    aggregate.name = f"(anonymous, {aggregate.members[0].name})"
                if aggregate.name:
                    found.append(aggregate)
                index = after
        found += self.declared(first, type_start, index, last, tuple(linkage), typedef, aggregate)
        return found

    def past_bare_macros(self, first: int, last: int) -> int:
        """Skip calls without semicolon that stand before a declaration: `EXPORT_SYMBOL(x)` and its like."""
        tokens = self.tokens
        while (
            first + 2 < last
            and tokens[first + 1].text == "("
            and tokens[first + 1].partner > 0
            and tokens[first].text.isupper()
            and tokens[first].text not in NAME_ARGUMENT
            and tokens[first + 1].partner + 1 < last
            and WORD.fullmatch(tokens[tokens[first + 1].partner + 1].text)
        ):
            first = tokens[first + 1].partner + 1
        return first

    def aggregate(self, index: int, last: int) -> tuple[Declared | None, int]:
        """A struct, union or enum with a body, and the index after it; None where there is no body."""
        tokens = self.tokens
        kind = Kind(tokens[index].text)
        name = ""
        start = tokens[index].offset
        index += 1
        while index < last and WORD.fullmatch(tokens[index].text):
            name = tokens[index].text
            index += 1
        if index >= last or tokens[index].text != "{":
            return None, index
        close = tokens[index].partner
        certain = 0 <= close <= last
        close = close if certain else last
        members = self.constants(index + 1, close) if kind is Kind.ENUM else self.fields(index + 1, close, "", top=True)
        found = Declared(kind, name, start, tokens[min(close, len(tokens) - 1)].offset + 1, members=members)
        found.certain = certain
        return found, close + 1

    # ---- members of structs and unions ----------------------------------------------------------------

    def fields(self, first: int, last: int, prefix: str, *, top: bool) -> list[Member]:
        """The fields of one nest, nested named aggregates as `a.b`, anonymous ones spliced in; numbered if `top`."""
        own: list[Member] = []
        for start, end in statements(self.tokens, first, last):
            own += self.field(start, end, prefix)
        if not top:
            return own
        return _numbered(own, prefix)

    def field(self, start: int, end: int, prefix: str) -> list[Member]:
        tokens = self.tokens
        index = start
        while index < end and tokens[index].text in {"const", "volatile"}:
            index += 1
        if index >= end:
            return []
        head = tokens[index].text
        if head in {"struct", "union", "enum"}:
            body = self.body_after(index, end)
            if body is not None:
                return self.nested(head, body, end, prefix)
        called = index + 1 < end and tokens[index + 1].text == "(" and tokens[index + 1].partner + 1 >= end
        if called and head not in TYPE_WORDS:
            return self.field_macro(index, end, prefix)
        return [
            Member(prefix + name, typ, None, 0, 0, tokens[at].offset)
            for name, typ, at, _ in self.declarators(index, index, end)
        ]

    def body_after(self, index: int, end: int) -> int | None:
        index += 1
        while index < end and WORD.fullmatch(self.tokens[index].text):
            index += 1
        return index if index < end and self.tokens[index].text == "{" else None

    def nested(self, head: str, body: int, end: int, prefix: str) -> list[Member]:
        tokens = self.tokens
        close = tokens[body].partner if 0 <= tokens[body].partner <= end else end
        if head == "enum":
            # Its constants are part of the type: one more of them changes what the field may hold.
            first = next(at for at in range(body, -1, -1) if tokens[at].text == "enum")
            whole = spell(tokens[first : close + 1])
            return [
                Member(prefix + name, f"{whole} {typ}".strip(), None, 0, 0, tokens[at].offset)
                for name, typ, at, _ in self.declarators(close + 1, close + 1, end)
            ]
        names = list(self.declarators(close + 1, close + 1, end)) if close + 1 < end else []
        if not names:
            return self.fields(body + 1, close, prefix, top=False)
        found: list[Member] = []
        for name, typ, at, _ in names:
            found.append(Member(prefix + name, f"{head} {typ}".strip(), None, 0, 0, tokens[at].offset))
            found += _numbered(self.fields(body + 1, close, f"{prefix}{name}.", top=False), f"{prefix}{name}.")
        return found

    def field_macro(self, index: int, end: int, prefix: str) -> list[Member]:
        tokens = self.tokens
        macro = tokens[index].text
        inside = index + 2, tokens[index + 1].partner
        arguments = list(split(tokens, *inside))
        if macro.startswith("struct_group"):
            skip = {"struct_group": 1, "struct_group_attr": 2, "struct_group_tagged": 2, "__struct_group": 3}
            at = skip.get(macro, 1)
            return self.fields(arguments[at][0] if len(arguments) > at else inside[1], inside[1], prefix, top=False)
        which = NAME_ARGUMENT.get(macro, 0)
        if which >= len(arguments):
            return []
        first, last = arguments[which]
        name = next((token.text for token in tokens[first:last] if WORD.fullmatch(token.text)), "")
        if not name:
            return []
        return [Member(prefix + name, spell(tokens[index:end]), None, 0, 0, tokens[first].offset)]

    # ---- declarators ----------------------------------------------------------------------------------

    def declarators(self, type_start: int, index: int, end: int) -> Iterator[tuple[str, str, int, int]]:
        """(name, type, index of the name, index of its `=` or end) of each declarator from `index` on."""
        tokens = self.tokens
        shared: list[Token] | None = None
        for start, end_of_part in split(tokens, index, end):
            stop = next((at for at in self.level(start, end_of_part) if tokens[at].text == "="), end_of_part)
            name_at = self.name_at(start, stop)
            if name_at is None:
                continue
            if shared is None and self.is_nameless(start, name_at):
                shared = self.without_bodies(type_start, name_at + 1)
                continue
            head = start
            if shared is None:
                while head < name_at and tokens[head].text not in {"*", "("}:
                    head += 1
                shared = self.without_bodies(type_start, head)
            shape = tokens[head:name_at] + tokens[name_at + 1 : stop]
            yield tokens[name_at].text, type_text(shared, shape), name_at, stop

    def is_nameless(self, first: int, name_at: int) -> bool:
        """Whether what was taken for the name of a first declarator is its type: `u32 : 7;` only pads."""
        if name_at + 1 >= len(self.tokens) or self.tokens[name_at + 1].text != ":":
            return False
        return all(token.text in {"const", "volatile"} for token in self.tokens[first:name_at])

    def without_bodies(self, first: int, last: int) -> list[Token]:
        """The tokens of a type; a body that it carries is left out unless the type has no name."""
        tokens = self.tokens
        body = next((at for at in range(first, last) if tokens[at].text == "{"), None)
        if body is None or tokens[body].partner < 0 or tokens[body - 1].text in {"struct", "union", "enum"}:
            return tokens[first : body if body is not None else last]
        return tokens[first:body] + tokens[tokens[body].partner + 1 : last]

    def level(self, first: int, last: int) -> Iterator[int]:
        index = first
        while index < last:
            yield index
            partner = self.tokens[index].partner
            index = partner + 1 if index < partner < last else index + 1

    def name_at(self, start: int, stop: int) -> int | None:
        """Where the declared name stands: inside `(*name)`, else the last word before brackets or a colon."""
        tokens = self.tokens
        name: int | None = None
        for at in self.level(start, stop):
            text = tokens[at].text
            if text == "(" and tokens[at].partner > at + 1 and tokens[at + 1].text in {"*", "^"}:
                return self.name_at(at + 1, tokens[at].partner)
            if text in {"[", ":"} and name is not None:
                return name
            if text == "(" and name is not None:
                return name
            if WORD.fullmatch(text) and text not in TYPE_WORDS:
                name = at
        return name

    # ---- constants ------------------------------------------------------------------------------------

    def constants(self, first: int, last: int) -> list[Member]:
        found: list[tuple[str, list[Token] | None, int]] = []
        for start, end in split(self.tokens, first, last):
            inner = self.tokens[start:end]
            if not inner or not WORD.fullmatch(inner[0].text):
                continue
            equals = len(inner) > 1 and inner[1].text == "="
            found.append((inner[0].text, inner[2:] if equals else None, inner[0].offset))
        values = enum_values([(name, expression) for name, expression, _ in found])
        return [
            Member(name, None, values[index], index + 1, len(found), offset)
            for index, (name, _, offset) in enumerate(found)
        ]

    # ---- what stands after the type -------------------------------------------------------------------

    def declared(
        self,
        first: int,
        type_start: int,
        index: int,
        last: int,
        linkage: tuple[str, ...],
        typedef: bool,
        aggregate: Declared | None,
    ) -> list[Declared]:
        tokens = self.tokens
        if index >= last:
            return []
        start, end = tokens[first].offset, tokens[min(last, len(tokens) - 1)].offset + 1
        if typedef:
            inner = list(aggregate.members) if aggregate and not aggregate.name else []
            return [
                Declared(
                    *(Kind.TYPEDEF, name, start, end, typ, None if inner else typ, linkage, inner),
                    name_at=tokens[at].offset,
                )
                for name, typ, at, _ in self.declarators(type_start, index, last)
            ]
        if tokens[index].text in NAME_ARGUMENT and index + 1 < last and tokens[index + 1].text == "(":
            return [
                Declared(Kind.VARIABLE, member.name, start, end, member.type, None, linkage)
                for member in self.field_macro(index, last, "")[:1]
            ]
        if aggregate is None and self.declares_nothing(index, last):
            return []
        found = []
        for name, typ, at, stop in self.declarators(type_start, index, last):
            item = Declared(Kind.VARIABLE, name, start, end, typ, None, linkage, name_at=tokens[at].offset)
            if stop < last and tokens[stop].text == "=":
                finish = next((at for at in self.level(stop, last) if tokens[at].text == ","), last)
                self.initialiser(item, stop + 1, finish)
            elif "extern" in linkage:
                # Like a prototype, it says that the variable is elsewhere.
                continue
            found.append(item)
        return found

    def declares_nothing(self, index: int, last: int) -> bool:
        """A prototype, a macro call, a forward declaration or a lone word: nothing that holds a value."""
        tokens = self.tokens
        for at in self.level(index, last):
            text = tokens[at].text
            if text in {"=", "["}:
                return False
            if text == "(":
                return at + 1 >= last or tokens[at + 1].text not in {"*", "^"}
        forward = 2 if tokens[index].text in {"struct", "union", "enum"} else 1
        return last - index <= forward

    def initialiser(self, item: Declared, first: int, last: int) -> None:
        tokens = self.tokens
        if first < last and tokens[first].text == "{":
            close = tokens[first].partner
            item.certain = 0 <= close < last
            entries = [
                (start, end) for start, end in split(tokens, first + 1, close if item.certain else last) if start < end
            ]
            item.members = [
                self.entry(start, end, position, len(entries)) for position, (start, end) in enumerate(entries, 1)
            ]
        else:
            item.value = spell(tokens[first:last])

    def entry(self, start: int, end: int, position: int, of: int) -> Member:
        tokens = self.tokens
        offset = tokens[start].offset
        value_at = start
        name = str(position - 1)
        if tokens[start].text == "." and start + 1 < end:
            value_at = next((at for at in self.level(start, end) if tokens[at].text == "="), end)
            name = spell(tokens[start + 1 : value_at])
        elif tokens[start].text == "[" and tokens[start].partner > start:
            value_at = next((at for at in self.level(start, end) if tokens[at].text == "="), tokens[start].partner)
            inner = tokens[start + 1 : tokens[start].partner]
            rest = tokens[tokens[start].partner + 1 : value_at]
            name = spell(inner) + (spell(rest) if rest else "")
        else:
            return Member(name, None, spell(tokens[start:end]), position, of, offset)
        return Member(name, None, spell(tokens[value_at + 1 : end]), position, of, offset)


def _numbered(members: list[Member], prefix: str) -> list[Member]:
    """Positions among the fields of this nest; deeper nests keep their own."""
    depth = prefix.count(".")
    total = sum(1 for member in members if member.name.count(".") == depth)
    position = 0
    out = []
    for member in members:
        if member.name.count(".") == depth:
            position += 1
            out.append(Member(member.name, member.type, member.value, position, total, member.offset))
        else:
            out.append(member)
    return out
