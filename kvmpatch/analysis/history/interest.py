"""What to look for in history on behalf of a commit: the names it brought, and those it found and changed."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from kvmpatch.model import BitUse, Change, CsrAccess, Happened, Kind

_AGGREGATES = {Kind.STRUCT, Kind.UNION, Kind.TYPEDEF}
_NEW = {Happened.ADDED, Happened.RENAMED}


@dataclass(slots=True)
class Interest:
    """Names, by what they are. Grows while history is read: a thing renamed later is looked for under both names.

    Attributes:
        structs (enums among them), functions, macros, constants, variables: things by name.
        fields: `struct.field`.
        bits: macros of configuration bits; csrs: CSRs by the manual's name.
        targets: where each of the bits goes; a use of it elsewhere is another story.
        accessors: the functions that access each of the CSRs.
    """

    structs: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    macros: set[str] = field(default_factory=set)
    constants: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    bits: set[str] = field(default_factory=set)
    csrs: set[str] = field(default_factory=set)
    targets: dict[str, set[str]] = field(default_factory=dict)
    accessors: dict[str, set[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(
            (
                self.structs,
                self.functions,
                self.macros,
                self.constants,
                self.variables,
                self.fields,
                self.bits,
                self.csrs,
            )
        )

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

    def forget(self, name: str) -> None:
        """Look for a thing no longer: it is gone, and what has its name later is another."""
        for names in (self.structs, self.functions, self.macros, self.constants, self.variables, self.fields):
            names.discard(name)


def interest_of(
    changes: Iterable[Change], accesses: Iterable[CsrAccess], bits: Iterable[BitUse]
) -> tuple[Interest, Interest]:
    """(what the commit brought, what it found and changed)."""
    brought, found = Interest(), Interest()
    changes = tuple(changes)
    again = rewritten(changes)
    for change in changes:
        _by_change(change, brought, found, again)
    for access in accesses:
        if access.csr:
            side, name = brought if access.change is Happened.ADDED else found, access.csr.removesuffix("h")
            side.csrs.add(name)
            side.accessors.setdefault(name, set()).add(access.function or "")
    for bit in bits:
        if bit.use in {"set", "clear"}:
            side = brought if bit.change is Happened.ADDED else found
            side.bits.add(bit.macro)
            side.targets.setdefault(bit.macro, set()).add(last_name(bit.target))
    brought.csrs -= found.csrs
    return brought, found


def last_name(target: str | None) -> str:
    """The field, variable or CSR at the end of what a bit goes into."""
    return (target or "").replace(".", ">").rpartition(">")[2]


def rewritten(changes: Iterable[Change]) -> dict[str, str]:
    """Names that a commit takes from one thing and gives to another in the same go, with the file of the other.

    Their users find them as before: such a commit brought no name, it put something else under it.
    """
    changes = tuple(changes)
    gone = {name for change in changes if (name := taken_away(change))}
    there = {*_NEW, Happened.MOVED}
    return {change.name: change.path for change in changes if change.change in there and change.name in gone}


def taken_away(change: Change) -> str | None:
    """The name that a change leaves to nothing in its place, unless the same commit gives it to something else."""
    if change.change in {Happened.REMOVED, Happened.MOVED}:
        return change.name
    old = change.before.name if change.before else None
    return old if change.change is Happened.RENAMED and old != change.name else None


def _by_change(change: Change, brought: Interest, found: Interest, again: Container[str]) -> None:
    is_new = change.change in _NEW and change.name not in again
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
        side.structs.add(change.name)
        for member in change.members:
            # The number of members is no member: every addition changes it.
            if not member.name.endswith("_MAX"):
                (brought if member.change is Happened.ADDED else found).constants.add(member.name)
