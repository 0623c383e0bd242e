"""What to look for in history on behalf of a commit: the names it brought, and those it found and changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from kvmpatch.model import BitUse, Change, CsrAccess, Happened, Kind

_AGGREGATES = {Kind.STRUCT, Kind.UNION, Kind.TYPEDEF}


@dataclass(slots=True)
class Interest:
    """Names, by what they are. Grows while history is read: a thing renamed later is looked for under both names.

    Attributes:
        structs, functions, macros, constants, variables: things by name.
        fields: `struct.field`.
        bits: macros of configuration bits; csrs: CSRs by the manual's name.
    """

    structs: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    macros: set[str] = field(default_factory=set)
    constants: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    bits: set[str] = field(default_factory=set)
    csrs: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return any((self.structs, self.functions, self.macros, self.constants, self.fields, self.bits, self.csrs))

    def pattern(self) -> re.Pattern[str]:
        """A pattern that a line of a patch must hold to be worth a closer look."""
        words = {
            *self.structs,
            *self.functions,
            *self.macros,
            *self.constants,
            *self.variables,
            *(name.rpartition(".")[2] for name in self.fields),
            *self.bits,
            *(f"CSR_{name.upper()}" for name in self.csrs),
        }
        plain = sorted(word for word in words if re.fullmatch(r"\w{2,}", word))
        return re.compile(rf"\b(?:{'|'.join(plain)})\b") if plain else re.compile(r"(?!)")

    def register_pattern(self) -> re.Pattern[str]:
        """A pattern for the bits and CSRs alone."""
        words = sorted({*self.bits, *(f"CSR_{name.upper()}H?" for name in self.csrs)})
        return re.compile(rf"\b(?:{'|'.join(words)})\b") if words else re.compile(r"(?!)")


def interest_of(
    changes: Iterable[Change], accesses: Iterable[CsrAccess], bits: Iterable[BitUse]
) -> tuple[Interest, Interest]:
    """(what the commit brought, what it found and changed)."""
    brought, found = Interest(), Interest()
    for change in changes:
        _by_change(change, brought, found)
    for access in accesses:
        if access.csr:
            (brought if access.change is Happened.ADDED else found).csrs.add(access.csr.removesuffix("h"))
    for bit in bits:
        if bit.use in {"set", "clear"}:
            (brought if bit.change is Happened.ADDED else found).bits.add(bit.macro)
    brought.csrs -= found.csrs
    return brought, found


def _by_change(change: Change, brought: Interest, found: Interest) -> None:
    is_new = change.change in {Happened.ADDED, Happened.RENAMED}
    side = brought if is_new else found
    old = change.before.name if change.before else change.name
    if change.kind in _AGGREGATES:
        side.structs.add(change.name)
        for member in change.members:
            if member.change is Happened.ADDED and not is_new:
                brought.fields.add(f"{change.name}.{member.name}")
            elif not is_new:
                found.fields.add(f"{change.name}.{(member.before or member).name}")
    elif change.kind in {Kind.FUNCTION, Kind.SYSCALL, Kind.ASM_SYMBOL}:
        side.functions.add(change.name)
        if change.change is Happened.RENAMED:
            found.functions.add(old)
    elif change.kind is Kind.MACRO:
        side.macros.add(change.name)
    elif change.kind is Kind.VARIABLE:
        side.variables.add(change.name)
    elif change.kind is Kind.ENUM:
        for member in change.members:
            if member.change is Happened.ADDED:
                brought.constants.add(member.name)
            elif not member.name.endswith("_MAX"):
                found.constants.add(member.name)
