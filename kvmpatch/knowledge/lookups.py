"""Look-ups by exact name, each remembered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from kvmpatch.knowledge import rows
from kvmpatch.knowledge.entries import (
    Accessor,
    Area,
    Bit,
    Caution,
    Constant,
    Csr,
    CsrAlias,
    Cue,
    EntryPoint,
    ExceptionCode,
    Extension,
    GuardKnowledge,
    GuestBit,
    IsaId,
    OneReg,
    Phase,
    SbiId,
    Term,
)
from kvmpatch.knowledge.guards import guard_rows, named_in_guard
from kvmpatch.knowledge.tables import table

_EXTENSION_PREFIX = re.compile(r"(?:KVM_)?RISCV_ISA_EXT_")


@cache
def csr_rows() -> dict[str, tuple[str, int | None]]:
    """Name of each register, with its row and, for a row of many, its number."""
    found: dict[str, tuple[str, int | None]] = {}
    for row in table("csrs"):
        if "{n}" in row:
            found |= {row.replace("{n}", str(n)): (row, n) for n in rows.numbers_of(row)}
        else:
            found[row] = (row, None)
    return found


@cache
def csr(name: str) -> Csr | None:
    """The register of that name in the specification, such as `henvcfg`."""
    where = csr_rows().get(name.lower())
    return rows.csr(*where) if where else None


def csrs() -> tuple[Csr, ...]:
    """All registers, counters one by one."""
    return tuple(found for name in csr_rows() if (found := csr(name)))


@cache
def csr_alias(macro: str) -> CsrAlias | None:
    """The alias that a macro such as CSR_STATUS is, or None where it names a register itself."""
    return rows.csr_alias(macro) if macro in table("csr_aliases") else None


@cache
def csr_aliases_of(name: str) -> tuple[CsrAlias, ...]:
    """The macros that name a register under another word."""
    found = (rows.csr_alias(macro) for macro in _naming("csr_aliases", name))
    return tuple(alias for alias in found if alias.csr == name)


@cache
def csr_by_macro(macro: str) -> Csr | None:
    """The register that a CSR_* macro names; aliases give what they are in a usual (S-mode) kernel."""
    if alias := csr_alias(macro):
        return csr(alias.csr)
    return csr(macro[4:]) if macro.startswith("CSR_") else None


@cache
def bit(macro: str) -> Bit | None:
    """The bit or field of a macro; an EXC_* or IRQ_* number is the bit of that number where one exists."""
    if macro in table("bits"):
        return rows.bit(macro)
    code = exception(macro)
    return rows.bit_of_exception(macro) if code and code.registers else None


@cache
def bits() -> tuple[Bit, ...]:
    """All bits and fields, without those of exception numbers."""
    return tuple(rows.bit(name) for name in table("bits"))


@cache
def bits_of(register: str) -> tuple[Bit, ...]:
    """The masks and numbered bits of a register, highest first; values, shifts and combined masks are left out.

    For an RV32 high half these are the fields that live there.
    """
    names = (register, register.removesuffix("h"))
    numbered = [rows.bit_of_exception(name) for name in _naming("exceptions", *names)]
    masks = [found for found in map(rows.bit, _naming("bits", *names)) if found.kind == "mask" and not found.parts]
    here = [(place.hi, found) for found in (*masks, *numbered) if (place := found.in_register(register))]
    return tuple(found for _, found in sorted(here, key=lambda pair: -pair[0]))


def _naming(table_name: str, *words: str) -> Iterator[str]:
    """The keys of the rows that hold a quoted word: only these are worth parsing."""
    quoted = tuple(f'"{word}"' for word in words)
    rows_of = table(table_name)
    return (key for key in rows_of if any(word in rows_of.text(key) for word in quoted))


@cache
def bits_from(extension_name: str) -> tuple[Bit, ...]:
    """The masks of which an extension puts bits into a register, by the extension's canonical name."""
    found = (rows.bit(name) for name in _naming("bits", extension_name))
    return tuple(
        one for one in found if one.kind == "mask" and any(extension_name in place.extensions for place in one.places)
    )


@cache
def csrs_from(extension_name: str) -> tuple[Csr, ...]:
    """The registers that an extension brings, by the extension's canonical name."""
    rows_of = set(_naming("csrs", extension_name))
    found = (csr(name) for name, (row, _) in csr_rows().items() if row in rows_of)
    return tuple(one for one in found if one and extension_name in one.extensions)


@cache
def _extensions_by_case() -> dict[str, str]:
    return {name.lower(): name for name in table("extensions")}


@cache
def extension(spelling: str) -> Extension | None:
    """The extension of any spelling: Svpbmt, SVPBMT, RISCV_ISA_EXT_SVPBMT, KVM_RISCV_ISA_EXT_SVPBMT.

    RISCV_ISA_EXT_SxAIA is Ssaia, as in a usual (S-mode) kernel.
    """
    bare = _EXTENSION_PREFIX.sub("", spelling).lower()
    name = _extensions_by_case().get("ssaia" if bare == "sxaia" else bare)
    return rows.extension(name) if name else None


def extensions() -> tuple[Extension, ...]:
    """All extensions."""
    return tuple(found for name in table("extensions") if (found := extension(name)))


def guard_extension(text: str) -> str | None:
    """The canonical name of the extension that a condition asks about, or None."""
    spelt = named_in_guard(text)
    found = extension(spelt) if spelt else None
    return found.name if found else None


def guard_kinds() -> tuple[GuardKnowledge, ...]:
    """All kinds of condition, in the order in which they are tried."""
    return guard_rows()


@cache
def isa_id(macro: str) -> IsaId | None:
    """The KVM_RISCV_ISA_EXT_* number of a macro."""
    return rows.isa_id(macro) if macro in table("isa_ids") else None


@cache
def sbi_id(macro: str) -> SbiId | None:
    """The KVM_RISCV_SBI_EXT_* number of a macro."""
    return rows.sbi_id(macro) if macro in table("sbi_ids") else None


@cache
def one_reg(macro: str) -> OneReg | None:
    """The KVM_REG_RISCV_* group, subtype or mask of a macro."""
    return rows.one_reg(macro) if macro in table("one_reg") else None


@cache
def constant(macro: str) -> Constant | None:
    """Another number of the SBI or of KVM's interface: an SBI id or error, a request, an attribute."""
    return rows.constant(macro) if macro in table("constants") else None


@cache
def exception(macro: str) -> ExceptionCode | None:
    """The exception or interrupt number of a macro."""
    return rows.exception(macro) if macro in table("exceptions") else None


@cache
def phase(slug: str) -> Phase | None:
    """The phase of that slug."""
    return rows.phase(slug) if slug in table("phases") else None


@cache
def phases() -> tuple[Phase, ...]:
    """All phases in the order in which they run."""
    return tuple(sorted((rows.phase(name) for name in table("phases")), key=lambda found: found.order))


@cache
def entry_point(function: str) -> EntryPoint | None:
    """The entry point that a function is, in any kernel version."""
    return rows.entry_point(function) if function in table("entry_points") else None


@cache
def accessor(name: str) -> Accessor | None:
    """The way of reaching a CSR that a macro, function or instruction is."""
    return rows.accessor(name) if name in table("accessors") else None


def accessors() -> tuple[Accessor, ...]:
    """All ways of reaching a CSR."""
    return tuple(rows.accessor(name) for name in table("accessors"))


@cache
def guest_bits(register: str | None = None) -> tuple[GuestBit, ...]:
    """What KVM puts into the registers that govern a guest, or into one of them."""
    found = (rows.guest_bit(name) for name in table("guest_bits"))
    return tuple(entry for entry in found if register in {None, entry.register})


@cache
def cautions(name: str) -> tuple[Caution, ...]:
    """What a reader of that name (a macro, register, extension or function) should be told."""
    found = (rows.caution(slug) for slug in _naming("cautions", name))
    return tuple(entry for entry in found if name in entry.about)


@cache
def cue(name: str) -> Cue:
    """A row of the words that tell the problem from the solution in a commit message.

    Raises:
        KeyError: there is no such row.
    """
    return rows.cue(name)


def cues() -> tuple[Cue, ...]:
    """All of them, in the order in which they are tried."""
    return tuple(cue(name) for name in table("cues"))


@cache
def area_of(path: str) -> Area | None:
    """The part of the tree that a path is in: the row with the longest prefix."""
    prefixes = [name for name in table("areas") if path.startswith(name)]
    return rows.area(max(prefixes, key=len)) if prefixes else None


@cache
def term(english: str) -> Term | None:
    """The term of art of that English word, in any case."""
    return rows.term(english.lower()) if english.lower() in table("terms") else None


def names(table_name: str) -> tuple[str, ...]:
    """The keys of a table, such as `entry_points`, in its order."""
    return tuple(table(table_name))
