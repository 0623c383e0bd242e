"""What is known of a name: the values of `explain` (`kvmpatch.explain/1`).

Field names are keys of the JSON; every entry starts with the same ones, the rest is its kind's own. None: not known.
This module imports nothing of the report: a name is looked up many times a day, and quickly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.model.explain_tree import TreeFacts

EXPLAIN_SCHEMA = "kvmpatch.explain/1"


class FactSource(msgspec.Struct, frozen=True):
    """Where facts come from: a tree, a specification or a record of the mailing list, at one version."""

    name: str
    title: Text
    version: str
    address: str | None = None


class Remark(msgspec.Struct, frozen=True):
    """Something that people get wrong about a name, or on which sources disagree."""

    code: str
    said: Text
    source: FactSource


class NotThere(msgspec.Struct, frozen=True):
    """A place where a thing is wrongly expected, and why it is not there."""

    register: str
    reason: Text


class FieldPlace(msgspec.Struct, frozen=True):
    """Bits hi..lo of a register, and the extensions that put them there; `width` where only one XLEN has them."""

    register: str
    hi: int
    lo: int
    extensions: tuple[str, ...]
    width: int | None
    rv64_only: bool


class RegisterField(msgspec.Struct, frozen=True):
    """A field as a register lists it."""

    macro: str | None
    field: str
    hi: int
    lo: int
    extensions: tuple[str, ...]
    summary: Text


class SetForGuest(msgspec.Struct, frozen=True):
    """When KVM sets a bit for a guest: what is asked of guest and host, and in which phase of which releases."""

    name: str
    guest_has: tuple[str, ...]
    guest_lacks: tuple[str, ...]
    host_has: tuple[str, ...]
    steps: tuple[GuestPhase, ...]
    on_request: str | None
    status: str
    summary: Text


class GuestPhase(msgspec.Struct, frozen=True):
    """A phase that decides a guest's bit, from one release to another."""

    phase: str
    since: str | None
    until: str | None


class ValueIn(msgspec.Struct, frozen=True):
    """The value that a macro has in one release."""

    release: str
    value: int


class Known(msgspec.Struct, frozen=True):
    """What every entry has.

    Attributes:
        kind: bit, csr, csr-alias, extension, isa-id, sbi-id, one-reg, constant, exception, ioctl, entry-point, phase,
            accessor, guard, area, term; or, for a name that only this tree knows, what the tree has it as.
        since: first release that has it; `by`: the oldest tree read that has it; `until`: the last release.
        status: mainline, not-proven (seen in other trees only) or absent (no kernel names it).
    """

    kind: str
    name: str
    summary: Text
    source: FactSource
    status: str
    since: str | None
    by: str | None
    until: str | None
    cautions: tuple[Remark, ...]


class KnownBit(Known, msgspec.Struct, frozen=True):
    """A bit or field, or a macro that is made for one. Positions are None where registers differ.

    Attributes:
        role: mask, shift, value or mode.
        value, value32: what the macro is in a 64-bit and in a 32-bit kernel.
    """

    macro: str | None
    field: str
    role: str
    registers: tuple[str, ...]
    hi: int | None
    lo: int | None
    extensions: tuple[str, ...]
    value: int
    value32: int
    places: tuple[FieldPlace, ...]
    not_in: tuple[NotThere, ...]
    parts: tuple[str, ...]
    other_names: tuple[str, ...]
    values_by: tuple[ValueIn, ...]
    guest: tuple[SetForGuest, ...]


class KnownCsr(Known, msgspec.Struct, frozen=True):
    """A control and status register, with its fields, highest first."""

    macro: str
    address: int
    extensions: tuple[str, ...]
    high_half_of: str | None
    guest_name: str | None
    read_only: bool
    also_named: tuple[str, ...]
    fields: tuple[RegisterField, ...]


class KnownExtension(Known, msgspec.Struct, frozen=True):
    """An ISA extension: how host and KVM name it, since when, and the bits and registers that it brings."""

    title: Text
    implies: tuple[str, ...]
    depends: tuple[str, ...]
    host_macro: str | None
    host_since: str | None
    host_by: str | None
    kvm_macro: str | None
    kvm_value: int | None
    kvm_since: str | None
    kvm_status: str | None
    user_can_disable: bool | None
    ratified: str | None
    bits: tuple[str, ...]
    registers: tuple[str, ...]
    guest: tuple[SetForGuest, ...]


class KnownNumber(Known, msgspec.Struct, frozen=True):
    """A number with a name: an id of ONE_REG, of the SBI, of KVM's interface, an exception, an ioctl.

    Attributes:
        group: what it is one of, such as `sbi-eid`, `subtype`, `interrupt`, or the object that an ioctl is for.
        of: the group that a subtype belongs to, the register of an alias, the function that answers an ioctl.
        host_check: the extension that the host must have, where it is another one.
    """

    value: int | None
    group: str
    of: str | None
    extension: str | None
    values_by: tuple[ValueIn, ...]
    registers: tuple[str, ...]
    host_check: str | None
    user_can_disable: bool | None
    delegated_since: str | None
    on_request: bool | None


class KnownCode(Known, msgspec.Struct, frozen=True):
    """Code that has a part in KVM: an entry point, a phase, an accessor of CSRs.

    Attributes:
        phase, order, frequency: when it runs; `frequency_code` is the slug.
        entries: the functions in which a phase begins.
        operation: what an accessor does to a CSR, and `via` what.
    """

    title: Text | None
    phase: str | None
    order: int | None
    frequency_code: str | None
    frequency: Text | None
    file: str | None
    seen: tuple[str, ...]
    renamed_from: str | None
    renamed_to: str | None
    entries: tuple[str, ...]
    operation: str | None
    via: str | None


class KnownGuard(Known, msgspec.Struct, frozen=True):
    """A condition: whom it asks, and after which extension.

    Attributes:
        asks: host, guest, vcpu, vm, config, or unknown where only the code around it tells.
        extension: the extension that is asked after in the condition as typed, or for which it always stands.
    """

    expression: str
    asks: str
    extension: str | None
    trap: Text | None


class KnownWord(Known, msgspec.Struct, frozen=True):
    """An area of the tree, a term of art, a macro that is another word for a register; `title` is its other name."""

    title: Text


class Explanation(msgspec.Struct, frozen=True):
    """Everything that `explain` has to say about a name. `tree` is None outside a repository."""

    schema: str
    name: str
    kind: str
    entries: tuple[Known, ...]
    tree: TreeFacts | None
