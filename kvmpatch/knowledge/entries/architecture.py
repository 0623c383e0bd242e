"""Entries about the architecture: registers, bits, extensions, exceptions; and what all entries share.

An entry carries what it is called, what is known about it, one sentence in both languages and the
source of the facts. Bits count from 0; `hi` and `lo` are inclusive.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Protocol

import msgspec

from kvmpatch.words import Text

Status = Literal["mainline", "not-proven", "absent"]
"""mainline: in a released kernel; not-proven: only seen in other trees; absent: no kernel names it."""

BitKind = Literal["mask", "shift", "value", "mode"]


class Source(msgspec.Struct, frozen=True):
    """Where facts come from: a tree, a specification or a mailing-list record, at one version."""

    name: str
    title: Text
    version: str
    summary: Text
    address: str | None = None


class Entry(Protocol):
    """What every entry has, whatever its table."""

    table: ClassVar[str]

    @property
    def name(self) -> str:
        """The spelling that the table is keyed by."""

    @property
    def summary(self) -> Text:
        """One line in both languages."""

    @property
    def source(self) -> Source:
        """Where the facts are from."""


class Csr(msgspec.Struct, frozen=True):
    """A control and status register.

    Attributes:
        name: the specification's name, lower case.
        macro: the kernel's macro, or the one that it would have where status is absent.
        address: the 12-bit CSR number.
        high_half_of: for a register that holds bits 63..32 of another on RV32.
        guest_name: for a vs* register, the name a guest uses for it.
        since: first release with the macro, where known; `by`: the oldest tree read that has it.
    """

    table: ClassVar[str] = "csr"

    name: str
    macro: str
    address: int
    extensions: tuple[str, ...]
    high_half_of: str | None
    guest_name: str | None
    read_only: bool
    since: str | None
    by: str | None
    status: Status
    summary: Text
    source: Source


class CsrAlias(msgspec.Struct, frozen=True):
    """A macro that names a CSR under another word.

    Attributes:
        csr: the register in a usual (S-mode) kernel.
        m_mode_csr: the register with CONFIG_RISCV_M_MODE, where that differs.
    """

    table: ClassVar[str] = "csr-alias"

    name: str
    csr: str
    m_mode_csr: str | None
    by: str | None
    until: str | None
    status: Status
    summary: Text
    source: Source


class BitPlace(msgspec.Struct, frozen=True):
    """A field in one register: bits hi..lo, and the extensions that put it there.

    Attributes:
        width: 32 or 64 where the place holds for that XLEN only.
        rv64_only: the field does not exist on RV32 at all, not even in the high half.
    """

    register: str
    hi: int
    lo: int
    extensions: tuple[str, ...] = ()
    width: int | None = None
    rv64_only: bool = False

    @property
    def mask(self) -> int:
        """The bits of this place, set."""
        return ((1 << (self.hi - self.lo + 1)) - 1) << self.lo


class NotIn(msgspec.Struct, frozen=True):
    """A register that people wrongly expect a field in, and why it is not there."""

    register: str
    reason: Text


class Bit(msgspec.Struct, frozen=True):
    """A bit or field, or a macro that is made for one.

    Attributes:
        name: the macro, or `register.FIELD` where no kernel, firmware or manual has a macro.
        kind: mask (bits in place), shift (a bit number), value (of a field), mode (of translation).
        value: what the macro is; value32: the same in a 32-bit kernel, where several differ.
        shifted: whether a value or mode already stands in its place.
        of: the mask that a shift or value belongs to.
        parts: the macros that a combined mask is made of.
        aliases: macros that it stands for: usual kernel first, CONFIG_RISCV_M_MODE second.
        values_by: values of older releases that differ, by version.
    """

    table: ClassVar[str] = "bit"

    name: str
    field: str
    kind: BitKind
    value: int
    value32: int
    shifted: bool
    of: str | None
    parts: tuple[str, ...]
    aliases: tuple[str, ...]
    other_names: tuple[str, ...]
    places: tuple[BitPlace, ...]
    not_in: tuple[NotIn, ...]
    values_by: tuple[tuple[str, int], ...]
    since: str | None
    by: str | None
    until: str | None
    status: Status
    summary: Text
    source: Source

    @property
    def macro(self) -> str | None:
        """The macro, or None where there is none."""
        return None if "." in self.name else self.name

    @property
    def registers(self) -> tuple[str, ...]:
        """The registers it lives in, each once, in the table's order."""
        return tuple(dict.fromkeys(place.register for place in self.places))

    def in_register(self, name: str) -> BitPlace | None:
        """Its place in a register, for RV64 where the two differ.

        Bits 63..32 are found in an RV32 high half too: ENVCFG_STCE is henvcfgh bit 31. None says
        that the register does not have it.
        """
        own = [place for place in self.places if place.register == name]
        if own:
            return next((place for place in own if place.width != 32), own[0])
        if not name.endswith("h"):
            return None
        for place in self.places:
            if place.register == name[:-1] and place.lo >= 32 and not place.rv64_only:
                return BitPlace(name, place.hi - 32, place.lo - 32, place.extensions, 32)
        return None


class Extension(msgspec.Struct, frozen=True):
    """An ISA extension, or a name that Linux treats as one.

    Attributes:
        name: canonical spelling, such as Svpbmt.
        title: what it is, as a noun.
        is_isa_extension: False for XLINUXENVCFG, which only Linux knows.
        implies: extensions that come with it; depends: extensions that it needs.
        host_macro: RISCV_ISA_EXT_*; its number differs between trees, so it is not kept.
        host_since: first release that detects it on the host; host_by: the oldest tree read that does.
        host_cited: whether host_since was read in a source, not remembered and bracketed.
        kvm_macro, kvm_value: the ONE_REG id; kvm_since: first release that offers it to guests.
        ratified: year and month, first ratification; ratified_doubt: where the record is suspect.
    """

    table: ClassVar[str] = "extension"

    name: str
    title: Text
    is_isa_extension: bool
    implies: tuple[str, ...]
    depends: tuple[str, ...]
    host_macro: str | None
    host_since: str | None
    host_by: str | None
    host_cited: bool
    kvm_macro: str | None
    kvm_value: int | None
    kvm_since: str | None
    kvm_status: Status | None
    ratified: str | None
    ratified_doubt: bool
    summary: Text
    source: Source


class ExceptionCode(msgspec.Struct, frozen=True):
    """An exception or interrupt number.

    Attributes:
        kind: exception, interrupt, or limit.
        registers: registers in which the bit of this number exists.
        delegated_since: first release in which KVM delegates it; on_request: only if the guest asks.
        m_mode_value: the number with CONFIG_RISCV_M_MODE, where it differs.
    """

    table: ClassVar[str] = "exception"

    name: str
    value: int
    kind: str
    registers: tuple[str, ...]
    extension: str | None
    delegated_since: str | None
    on_request: bool
    m_mode_value: int | None
    by: str | None
    status: Status
    summary: Text
    source: Source
