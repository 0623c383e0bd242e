"""From entries of the knowledge to those of the report: each with what else is known about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypedDict

from kvmpatch import knowledge
from kvmpatch.knowledge import Entry
from kvmpatch.model.explain import (
    FactSource,
    FieldPlace,
    GuestPhase,
    Known,
    KnownBit,
    KnownCode,
    KnownCsr,
    KnownExtension,
    KnownGuard,
    KnownNumber,
    KnownWord,
    NotThere,
    RegisterField,
    Remark,
    SetForGuest,
    ValueIn,
)
from kvmpatch.words import Text


def known_entries(name: str) -> tuple[Known, ...]:
    """The entries that go by a name, the one that it names most directly first. Empty where nothing does."""
    found = list(knowledge.lookup(name)) or list(_field_elsewhere(name))
    # what KVM sets for a guest is told with the bit itself
    bits = {entry.name for entry in found if isinstance(entry, knowledge.Bit)}
    found = [entry for entry in found if not (isinstance(entry, knowledge.GuestBit) and entry.macro in bits)]
    found += [more for entry in found for more in _followed(entry) if more not in found]
    return tuple(_known(entry, name) for entry in found)


def _field_elsewhere(name: str) -> Iterator[Entry]:
    """For `register.FIELD`, where the register has no such field: the field, which says where it is and is not."""
    register, _, field = name.partition(".")
    if not field or knowledge.csr(register) is None:
        return
    for bit in knowledge.bits():
        if bit.kind == "mask" and bit.field.lower() == field.strip().lower():
            yield bit


def _followed(entry: Entry) -> Iterator[Entry]:
    """What an entry stands for: an id its extension, an alias its register, a guest's bit the bit."""
    if isinstance(entry, knowledge.IsaId) and entry.extension:
        target: Entry | None = knowledge.extension(entry.extension)
    elif isinstance(entry, knowledge.CsrAlias):
        target = knowledge.csr(entry.csr)
    elif isinstance(entry, knowledge.GuestBit):
        target = knowledge.bit(entry.macro)
    else:
        target = None
    if target is not None:
        yield target


# ---- parts that entries share ------------------------------------------------------------------------------------


class _Shared(TypedDict):
    kind: str
    name: str
    summary: Text
    source: FactSource
    status: str
    since: str | None
    by: str | None
    until: str | None
    cautions: tuple[Remark, ...]


def _source(source: knowledge.Source) -> FactSource:
    return FactSource(source.name, source.title, source.version, source.address)


def _shared(entry: Entry, *also_about: str) -> _Shared:
    """What all entries have; `also_about` are further names whose cautions belong here."""
    asked: dict[str, Any] = {key: getattr(entry, key, None) for key in ("since", "by", "until")}
    remarks: dict[str, Remark] = {}
    for name in (entry.name, *also_about):
        for caution in knowledge.cautions(name):
            remarks[caution.name] = Remark(caution.name, caution.summary, _source(caution.source))
    return _Shared(
        kind=entry.table,
        name=entry.name,
        summary=entry.summary,
        source=_source(entry.source),
        status=getattr(entry, "status", "mainline"),
        since=asked["since"],
        by=asked["by"],
        until=asked["until"],
        cautions=tuple(remarks.values()),
    )


def _guest(found: Iterable[knowledge.GuestBit]) -> tuple[SetForGuest, ...]:
    return tuple(
        SetForGuest(
            name=bit.name,
            guest_has=bit.guest_has,
            guest_lacks=bit.guest_lacks,
            host_has=bit.host_has,
            steps=tuple(GuestPhase(step.phase, step.since, step.until) for step in bit.steps),
            on_request=bit.on_request,
            status=bit.status,
            summary=bit.summary,
        )
        for bit in found
    )


def _values_by(pairs: tuple[tuple[str, int], ...]) -> tuple[ValueIn, ...]:
    return tuple(ValueIn(release, value) for release, value in pairs)


# ---- one kind after the other ------------------------------------------------------------------------------------


def _bit(entry: knowledge.Bit, name: str) -> Known:
    asked = name.partition(".")[0].lower()
    here = entry.in_register(asked) if "." in name else None
    places = (here,) if here else entry.places
    spots = {(place.hi, place.lo) for place in places}
    # a mask of many bits, or a field that registers have in different places, has no one place
    hi, lo = spots.pop() if len(spots) == 1 and not entry.parts else (None, None)
    not_in = [NotThere(item.register, item.reason) for item in entry.not_in]
    if "." in name and here is None and asked not in {item.register for item in not_in}:
        not_in.append(NotThere(asked, _not_here(entry)))
    return KnownBit(
        **_shared(entry),
        macro=entry.macro,
        field=entry.field,
        role=entry.kind,
        registers=entry.registers,
        hi=hi,
        lo=lo,
        extensions=tuple(dict.fromkeys(extension for place in places for extension in place.extensions)),
        value=entry.value,
        value32=entry.value32,
        places=tuple(
            FieldPlace(place.register, place.hi, place.lo, place.extensions, place.width, place.rv64_only)
            for place in entry.places
        ),
        not_in=tuple(not_in),
        parts=entry.parts,
        other_names=(*entry.aliases, *entry.other_names),
        values_by=_values_by(entry.values_by),
        guest=_guest(bit for bit in knowledge.guest_bits() if bit.macro == entry.name),
    )


def _not_here(entry: knowledge.Bit) -> Text:
    where = entry.registers
    return Text(f"只在 {'、'.join(where)} 里。", f"It is in {', '.join(where)} only.")


def _csr(entry: knowledge.Csr, name: str) -> Known:
    del name
    fields = []
    for bit in knowledge.bits_of(entry.name):
        place = bit.in_register(entry.name)
        if place:
            fields.append(RegisterField(bit.macro, bit.field, place.hi, place.lo, place.extensions, bit.summary))
    return KnownCsr(
        **_shared(entry),
        macro=entry.macro,
        address=entry.address,
        extensions=entry.extensions,
        high_half_of=entry.high_half_of,
        guest_name=entry.guest_name,
        read_only=entry.read_only,
        also_named=tuple(alias.name for alias in knowledge.csr_aliases_of(entry.name)),
        fields=tuple(fields),
    )


def _alias(entry: knowledge.CsrAlias, name: str) -> Known:
    del name
    other = f"（M 态内核：{entry.m_mode_csr}）" if entry.m_mode_csr else ""
    m_mode = f" ({entry.m_mode_csr} in an M-mode kernel)" if entry.m_mode_csr else ""
    return KnownWord(**_shared(entry), title=Text(entry.csr + other, entry.csr + m_mode))


def _extension(entry: knowledge.Extension, name: str) -> Known:
    del name
    isa = knowledge.isa_id(entry.kvm_macro) if entry.kvm_macro else None
    about = [macro for macro in (entry.kvm_macro, entry.host_macro) if macro]
    guest = [bit for bit in knowledge.guest_bits() if entry.name in (*bit.guest_has, *bit.guest_lacks, *bit.host_has)]
    return KnownExtension(
        **_shared(entry, *about),
        title=entry.title,
        implies=entry.implies,
        depends=entry.depends,
        host_macro=entry.host_macro,
        host_since=entry.host_since,
        host_by=entry.host_by,
        kvm_macro=entry.kvm_macro,
        kvm_value=entry.kvm_value,
        kvm_since=entry.kvm_since,
        kvm_status=entry.kvm_status,
        user_can_disable=isa.user_can_disable if isa else None,
        ratified=entry.ratified,
        bits=tuple(bit.name for bit in knowledge.bits_from(entry.name)),
        registers=tuple(csr.name for csr in knowledge.csrs_from(entry.name)),
        guest=_guest(guest),
    )


def _number(entry: Entry, name: str) -> Known:
    """Ids, constants and exception codes: what one of them has and another has not is None."""
    del name
    have: Callable[[str], Any] = lambda key: getattr(entry, key, None)  # noqa: E731
    groups = {"isa-id": "isa-ext", "sbi-id": "sbi-ext"}
    group = have("role") or (have("kind") if entry.table == "exception" else have("group")) or groups[entry.table]
    shared = _shared(entry)
    if group == "kvm-ioctl":
        shared["kind"] = "ioctl"
    return KnownNumber(
        **shared,
        value=have("value"),
        group=group,
        of=have("group") if entry.table == "one-reg" else None,
        extension=have("extension"),
        values_by=_values_by(have("values_by") or ()),
        registers=have("registers") or (),
        host_check=have("host_check"),
        user_can_disable=have("user_can_disable"),
        delegated_since=have("delegated_since"),
        on_request=have("on_request"),
    )


def _code(entry: knowledge.EntryPoint | knowledge.Phase | knowledge.Accessor, name: str) -> Known:
    del name
    phase = entry if isinstance(entry, knowledge.Phase) else None
    point = entry if isinstance(entry, knowledge.EntryPoint) else None
    accessor = entry if isinstance(entry, knowledge.Accessor) else None
    of = phase or (knowledge.phase(point.phase) if point else None)
    often = point.frequency if point else phase.frequency if phase else None
    return KnownCode(
        **_shared(entry),
        title=of.title if of else None,
        phase=of.name if of else None,
        order=of.order if of else None,
        frequency_code=often.slug if often else None,
        frequency=often.words if often else None,
        file=point.file if point else None,
        seen=point.seen if point else (),
        renamed_from=point.renamed_from if point else None,
        renamed_to=point.renamed_to if point else None,
        entries=_entries_of(phase.name) if phase else (),
        operation=accessor.operation if accessor else None,
        via=accessor.via if accessor else None,
    )


def _entries_of(phase: str) -> tuple[str, ...]:
    points = (knowledge.entry_point(function) for function in knowledge.names("entry_points"))
    return tuple(point.name for point in points if point and point.phase == phase)


def _guard(entry: knowledge.GuardKnowledge, name: str) -> Known:
    return KnownGuard(
        **_shared(entry, entry.expression),
        expression=entry.expression,
        asks="unknown" if entry.kind == "unknown-isa" else entry.kind,
        extension=knowledge.guard_extension(name) or entry.extension,
        trap=entry.trap,
    )


def _area(entry: knowledge.Area, name: str) -> Known:
    del name
    return KnownWord(**_shared(entry), title=entry.title)


def _term(entry: knowledge.Term, name: str) -> Known:
    del name
    return KnownWord(**_shared(entry), title=Text(entry.zh, entry.name))


def _guest_bit(entry: knowledge.GuestBit, name: str) -> Known:
    del name
    return KnownWord(**_shared(entry), title=Text.same(entry.register))


def _rule(entry: knowledge.Rule, name: str) -> Known:
    del name
    return KnownWord(**_shared(entry), title=Text.same(entry.section))


_MAKERS: dict[str, Callable[[Any, str], Known]] = {
    "bit": _bit,
    "csr": _csr,
    "csr-alias": _alias,
    "extension": _extension,
    "isa-id": _number,
    "sbi-id": _number,
    "one-reg": _number,
    "constant": _number,
    "exception": _number,
    "entry-point": _code,
    "phase": _code,
    "accessor": _code,
    "guard": _guard,
    "guest-bit": _guest_bit,
    "area": _area,
    "term": _term,
    "rule": _rule,
}


def _known(entry: Entry, name: str) -> Known:
    return _MAKERS[entry.table](entry, name)
