"""The entries of the knowledge tables, as plain values.

An entry carries what it is called, what is known about it, one sentence in both languages and the
source of the facts. Bits count from 0; `hi` and `lo` are inclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from kvmpatch.words import Text

Status = Literal["mainline", "not-proven", "absent"]
"""mainline: in a released kernel; not-proven: only seen in other trees; absent: no kernel names it."""

BitKind = Literal["mask", "shift", "value", "mode"]
GuardKind = Literal["host", "guest", "vcpu", "vm", "config", "unknown-isa"]


@dataclass(frozen=True, slots=True)
class Source:
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


@dataclass(frozen=True, slots=True)
class Csr:
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


@dataclass(frozen=True, slots=True)
class CsrAlias:
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


@dataclass(frozen=True, slots=True)
class BitPlace:
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


@dataclass(frozen=True, slots=True)
class NotIn:
    """A register that people wrongly expect a field in, and why it is not there."""

    register: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Bit:
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


@dataclass(frozen=True, slots=True)
class Extension:
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


@dataclass(frozen=True, slots=True)
class IsaId:
    """A KVM_RISCV_ISA_EXT_* number of the user-space interface.

    Attributes:
        value: the number; for _MAX that of 7.1, see values_by.
        since: first release that offers it to guests, as since_source says; since_doubt: not certain.
        host_check: the extension that the host must have, where it is another one.
        user_can_disable: whether user space may take it from a guest in 7.1; None where not known.
        values_by: for _MAX, the value of each release.
    """

    table: ClassVar[str] = "isa-id"

    name: str
    value: int
    extension: str | None
    since: str | None
    since_doubt: bool
    since_source: Source | None
    host_check: str | None
    user_can_disable: bool | None
    values_by: tuple[tuple[str, int], ...]
    status: Status
    summary: Text
    source: Source


@dataclass(frozen=True, slots=True)
class SbiId:
    """A KVM_RISCV_SBI_EXT_* number; KVM's own, unrelated to the ids of the SBI specification."""

    table: ClassVar[str] = "sbi-id"

    name: str
    value: int
    since: str | None
    since_source: Source | None
    values_by: tuple[tuple[str, int], ...]
    summary: Text
    source: Source


@dataclass(frozen=True, slots=True)
class OneReg:
    """A KVM_REG_RISCV_* group, subtype or mask of ONE_REG ids.

    Attributes:
        value: as the macro has it, shifted into place; values_by where releases differ.
        role: type, subtype, mask, shift or limit.
        group: the type that a subtype belongs to.
    """

    table: ClassVar[str] = "one-reg"

    name: str
    value: int
    role: str
    group: str | None
    since: str | None
    by: str | None
    values_by: tuple[tuple[str, int], ...]
    status: Status
    summary: Text
    source: Source


@dataclass(frozen=True, slots=True)
class ExceptionCode:
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


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often code runs: a stable slug and the words for it."""

    slug: str
    words: Text


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of KVM's life of a VCPU; `order` says which comes first."""

    table: ClassVar[str] = "phase"

    name: str
    order: int
    title: Text
    frequency: Frequency
    summary: Text
    source: Source


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A function in which a phase begins.

    Attributes:
        seen: trees in which it was found, oldest first; `next` is the newest tree read.
        since, until: first and last release, where known.
    """

    table: ClassVar[str] = "entry-point"

    name: str
    phase: str
    frequency: Frequency
    file: str
    since: str | None
    until: str | None
    seen: tuple[str, ...]
    renamed_from: str | None
    renamed_to: str | None
    summary: Text
    source: Source


@dataclass(frozen=True, slots=True)
class GuardKnowledge:
    """What a condition asks.

    Attributes:
        expression: the condition as people write it, X standing for an extension.
        kind: unknown-isa where only the surrounding code tells whose bitmap is asked.
        extension: the extension that the condition stands for without naming it.
        trap: what is easily misread, or None.
    """

    table: ClassVar[str] = "guard"

    name: str
    expression: str
    pattern: str
    kind: GuardKind
    extension: str | None
    trap: Text | None
    summary: Text
    source: Source


@dataclass(frozen=True, slots=True)
class Accessor:
    """A macro, function or instruction that reaches a CSR.

    Attributes:
        operation: read, write, set, clear, swap, read_set or read_clear.
        csr_argument, value_argument: positions from 0; a read has no value.
        via: direct, nacl, nacl-or-direct, number, allowed or assembly.
        project: where it is from, `linux` if nothing else.
        writes_high_half: also writes the register with an added h on RV32.
    """

    table: ClassVar[str] = "accessor"

    name: str
    operation: str
    csr_argument: int
    value_argument: int | None
    via: str
    project: str
    writes_high_half: bool
    since: str | None
    status: Status
    summary: Text
    source: Source


@dataclass(frozen=True, slots=True)
class Constant:
    """Another number of the SBI or of KVM's interface; value is None where releases differ."""

    table: ClassVar[str] = "constant"

    name: str
    group: str
    value: int | None
    since: str | None
    by: str | None
    summary: Text
    source: Source


@dataclass(frozen=True, slots=True)
class GuestStep:
    """A phase that decides a guest's bit, from one release to another; None where not known."""

    phase: str
    since: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class GuestBit:
    """A bit that KVM puts into a register that governs a guest.

    Attributes:
        name: register and field, such as henvcfg.PBMTE.
        guest_has, guest_lacks, host_has: extensions that are asked, all of them.
        steps: where it is decided, release by release.
        on_request: the SBI FWFT feature by which the guest asks for it.
    """

    table: ClassVar[str] = "guest-bit"

    name: str
    register: str
    macro: str
    guest_has: tuple[str, ...]
    guest_lacks: tuple[str, ...]
    host_has: tuple[str, ...]
    steps: tuple[GuestStep, ...]
    on_request: str | None
    status: Status
    summary: Text
    source: Source


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that people get wrong, or on which sources disagree; `about` names what it concerns."""

    table: ClassVar[str] = "caution"

    name: str
    about: tuple[str, ...]
    summary: Text
    source: Source


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the tree, by path prefix."""

    table: ClassVar[str] = "area"

    name: str
    title: Text
    summary: Text
    source: Source


@dataclass(frozen=True, slots=True)
class Term:
    """A term of art: the English word and what a Chinese kernel engineer says."""

    table: ClassVar[str] = "term"

    name: str
    zh: str
    summary: Text
    source: Source
