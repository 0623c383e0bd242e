"""Entries about Linux and KVM: ids, phases, conditions, accessors, and the words around them."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from kvmpatch.knowledge.entries.architecture import Source, Status
from kvmpatch.words import Text

GuardKind = Literal["host", "guest", "vcpu", "vm", "config", "unknown-isa"]


class IsaId(msgspec.Struct, frozen=True):
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


class SbiId(msgspec.Struct, frozen=True):
    """A KVM_RISCV_SBI_EXT_* number; KVM's own, unrelated to the ids of the SBI specification."""

    table: ClassVar[str] = "sbi-id"

    name: str
    value: int
    since: str | None
    since_source: Source | None
    values_by: tuple[tuple[str, int], ...]
    summary: Text
    source: Source


class OneReg(msgspec.Struct, frozen=True):
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


class Frequency(msgspec.Struct, frozen=True):
    """How often code runs: a stable slug and the words for it."""

    slug: str
    words: Text


class Phase(msgspec.Struct, frozen=True):
    """A phase of KVM's life of a VCPU; `order` says which comes first."""

    table: ClassVar[str] = "phase"

    name: str
    order: int
    title: Text
    frequency: Frequency
    summary: Text
    source: Source


class EntryPoint(msgspec.Struct, frozen=True):
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


class GuardKnowledge(msgspec.Struct, frozen=True):
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


class Accessor(msgspec.Struct, frozen=True):
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


class Constant(msgspec.Struct, frozen=True):
    """Another number of the SBI or of KVM's interface; value is None where releases differ."""

    table: ClassVar[str] = "constant"

    name: str
    group: str
    value: int | None
    since: str | None
    by: str | None
    summary: Text
    source: Source


class GuestStep(msgspec.Struct, frozen=True):
    """A phase that decides a guest's bit, from one release to another; None where not known."""

    phase: str
    since: str | None
    until: str | None


class GuestBit(msgspec.Struct, frozen=True):
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


class Caution(msgspec.Struct, frozen=True):
    """Something that people get wrong, or on which sources disagree; `about` names what it concerns."""

    table: ClassVar[str] = "caution"

    name: str
    about: tuple[str, ...]
    summary: Text
    source: Source


class Cue(msgspec.Struct, frozen=True):
    """Words by which a sentence of a commit message tells the problem or the solution (`tells`), or neither.

    `words` are regular expressions; `where` they count is `start`, `clause` or `anywhere`; `early`: only ahead of the
    message's first solution.
    """

    table: ClassVar[str] = "cue"

    name: str
    tells: str
    where: str
    early: bool
    words: tuple[str, ...]
    summary: Text
    source: Source


class Area(msgspec.Struct, frozen=True):
    """A part of the tree, by path prefix."""

    table: ClassVar[str] = "area"

    name: str
    title: Text
    summary: Text
    source: Source


class Term(msgspec.Struct, frozen=True):
    """A term of art: the English word and what a Chinese kernel engineer says."""

    table: ClassVar[str] = "term"

    name: str
    zh: str
    summary: Text
    source: Source


class Rule(msgspec.Struct, frozen=True):
    """A statement that reports make: its code, the section it stands in, what it says and on what ground."""

    table: ClassVar[str] = "rule"

    name: str
    section: str
    summary: Text
    source: Source
