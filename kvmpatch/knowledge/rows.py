"""Turns a row of a table into its entry."""

from __future__ import annotations

from functools import cache, reduce

from kvmpatch.knowledge.entries import (
    Accessor,
    Area,
    Bit,
    BitPlace,
    Caution,
    Constant,
    Csr,
    CsrAlias,
    EntryPoint,
    ExceptionCode,
    Extension,
    Frequency,
    GuardKnowledge,
    GuestBit,
    GuestStep,
    IsaId,
    NotIn,
    OneReg,
    Phase,
    SbiId,
    Source,
    Term,
)
from kvmpatch.knowledge.tables import Row, table
from kvmpatch.words import Text


@cache
def source(name: str) -> Source:
    """The source of that short key.

    Raises:
        KeyError: a row names a source that the sources table does not have.
    """
    row = table("sources")[name]
    title = Text(row["title_zh"], row["title_en"])
    return Source(name, title, row["version"], _sentence(row), row.get("address"))


def _sentence(row: Row) -> Text:
    return Text(row["zh"], row["en"])


def _tuple(row: Row, key: str) -> tuple[str, ...]:
    return tuple(row.get(key, ()))


def _by_version(row: Row) -> tuple[tuple[str, int], ...]:
    return tuple(row.get("values_by", {}).items())


def _since_source(row: Row) -> Source | None:
    return source(row["since_source"]) if "since_source" in row else None


def numbers_of(name: str) -> range:
    """The numbers that `{n}` in a name of a CSR stands for."""
    first, last = table("csrs")[name]["n"]
    return range(first, last + 1)


def csr(name: str, n: int | None = None) -> Csr:
    """A register; `n` is the number that `{n}` stands for in a row of many."""
    row = table("csrs")[name]

    def numbered(text: str) -> str:
        return text if n is None else text.replace("{n}", str(n))

    half = row.get("high_half_of")
    return Csr(
        name=numbered(name),
        macro="CSR_" + numbered(name).upper(),
        address=row["address"] + (n or 0),
        extensions=_tuple(row, "extensions"),
        high_half_of=half and numbered(half),
        guest_name=row.get("guest_name"),
        read_only=row.get("read_only", False),
        since=row.get("since"),
        by=row.get("by"),
        status=row.get("status", "mainline"),
        summary=Text(numbered(row["zh"]), numbered(row["en"])),
        source=source(row["source"]),
    )


def csr_alias(name: str) -> CsrAlias:
    """A macro that names a CSR under another word."""
    row = table("csr_aliases")[name]
    return CsrAlias(
        name=name,
        csr=row["csr"],
        m_mode_csr=row.get("m_mode_csr"),
        by=row.get("by"),
        until=row.get("until"),
        status=row.get("status", "mainline"),
        summary=_sentence(row),
        source=source(row["source"]),
    )


def _places(row: Row) -> tuple[BitPlace, ...]:
    return tuple(
        BitPlace(
            place["register"],
            place["hi"],
            place["lo"],
            tuple(place.get("extensions", ())),
            place.get("width"),
            place.get("rv64_only", False),
        )
        for place in row.get("places", ())
    )


def _value(row: Row, places: tuple[BitPlace, ...], width: int) -> int:
    """What the macro is in a kernel of that width: rows of masks and shifts only say where the field is."""
    plain: int | None = row.get("value32", row.get("value")) if width == 32 else row.get("value")
    first = [place for place in places if place.register == places[0].register]
    here = [place for place in first if place.width in {None, width}] or first
    if row["kind"] == "mask":
        return reduce(lambda mask, place: mask | place.mask, here, 0)
    if plain is None:
        return here[0].lo
    return plain << here[0].lo if row.get("shifted") else plain


def bit(name: str) -> Bit:
    """A bit or field; shifts and values take their places from the mask they belong to."""
    row = table("bits")[name]
    of = row.get("of")
    places = _places(table("bits")[of] if of else row)
    return Bit(
        name=name,
        field=row["field"],
        kind=row["kind"],
        value=_value(row, places, 64),
        value32=_value(row, places, 32),
        shifted=row.get("shifted", row["kind"] == "mask"),
        of=of,
        parts=_tuple(row, "parts"),
        aliases=_tuple(row, "aliases"),
        other_names=_tuple(row, "other_names"),
        places=places,
        not_in=tuple(NotIn(item["register"], Text(item["zh"], item["en"])) for item in row.get("not_in", ())),
        values_by=_by_version(row),
        since=row.get("since"),
        by=row.get("by"),
        until=row.get("until"),
        status=row.get("status", "mainline"),
        summary=_sentence(row),
        source=source(row["source"]),
    )


def exception(name: str) -> ExceptionCode:
    """An exception or interrupt number."""
    row = table("exceptions")[name]
    return ExceptionCode(
        name=name,
        value=row["value"],
        kind=row["kind"],
        registers=_tuple(row, "registers"),
        extension=row.get("extension"),
        delegated_since=row.get("delegated_since"),
        on_request=row.get("on_request", False),
        m_mode_value=row.get("m_mode_value"),
        by=row.get("by"),
        status=row.get("status", "mainline"),
        summary=_sentence(row),
        source=source(row["source"]),
    )


def bit_of_exception(name: str) -> Bit:
    """The bit number that an exception or interrupt is, in the registers that have a bit for it."""
    code = exception(name)
    extensions = (code.extension,) if code.extension else ()
    return Bit(
        name=name,
        field=name.partition("_")[2],
        kind="shift",
        value=code.value,
        value32=code.value,
        shifted=False,
        of=None,
        parts=(),
        aliases=(),
        other_names=(),
        places=tuple(BitPlace(register, code.value, code.value, extensions) for register in code.registers),
        not_in=(),
        values_by=(),
        since=None,
        by=code.by,
        until=None,
        status=code.status,
        summary=code.summary,
        source=code.source,
    )


def extension(name: str) -> Extension:
    """An ISA extension, with its ONE_REG id."""
    row = table("extensions")[name]
    kvm = row.get("kvm_id")
    id_row = table("isa_ids")[kvm] if kvm else {}
    return Extension(
        name=name,
        title=Text(row["title_zh"], row["title_en"]),
        is_isa_extension=row.get("is_isa_extension", True),
        implies=_tuple(row, "implies"),
        depends=_tuple(row, "depends"),
        host_macro=row.get("host_macro"),
        host_since=row.get("host_since"),
        host_by=row.get("host_by"),
        host_cited=row.get("host_cited", False),
        kvm_macro=kvm,
        kvm_value=id_row.get("value"),
        kvm_since=id_row.get("since"),
        kvm_status=id_row.get("status", "mainline") if kvm else None,
        ratified=row.get("ratified"),
        ratified_doubt=row.get("ratified_doubt", False),
        summary=_sentence(row),
        source=source(row["source"]),
    )


def isa_id(name: str) -> IsaId:
    """A KVM_RISCV_ISA_EXT_* number; without a sentence of its own it takes the extension's title."""
    row = table("isa_ids")[name]
    of = row.get("extension")
    if "zh" in row:
        summary = _sentence(row)
    else:
        title = table("extensions")[row["extension"]]
        summary = Text(
            f"ONE_REG 里 {of}（{title['title_zh']}）的编号",
            f"ONE_REG id of {of}: {title['title_en']}",
        )
    return IsaId(
        name=name,
        value=row["value"],
        extension=of,
        since=row.get("since"),
        since_doubt=row.get("since_doubt", False),
        since_source=_since_source(row),
        host_check=row.get("host_check"),
        user_can_disable=row.get("user_can_disable"),
        values_by=_by_version(row),
        status=row.get("status", "mainline"),
        summary=summary,
        source=source(row["source"]),
    )


def sbi_id(name: str) -> SbiId:
    """A KVM_RISCV_SBI_EXT_* number."""
    row = table("sbi_ids")[name]
    return SbiId(
        name=name,
        value=row["value"],
        since=row.get("since"),
        since_source=_since_source(row),
        values_by=_by_version(row),
        summary=_sentence(row),
        source=source(row["source"]),
    )


def one_reg(name: str) -> OneReg:
    """A KVM_REG_RISCV_* group, subtype or mask."""
    row = table("one_reg")[name]
    return OneReg(
        name=name,
        value=row["value"],
        role=row["role"],
        group=row.get("group"),
        since=row.get("since"),
        by=row.get("by"),
        values_by=_by_version(row),
        status=row.get("status", "mainline"),
        summary=_sentence(row),
        source=source(row["source"]),
    )


def _frequency(row: Row) -> Frequency:
    return Frequency(row["frequency"], Text(row["frequency_zh"], row["frequency_en"]))


@cache
def phase(name: str) -> Phase:
    """A phase."""
    row = table("phases")[name]
    return Phase(
        name=name,
        order=row["order"],
        title=Text(row["title_zh"], row["title_en"]),
        frequency=_frequency(row),
        summary=_sentence(row),
        source=source(row["source"]),
    )


def entry_point(name: str) -> EntryPoint:
    """An entry point; without a frequency of its own it has that of its phase."""
    row = table("entry_points")[name]
    return EntryPoint(
        name=name,
        phase=row["phase"],
        frequency=_frequency(row) if "frequency" in row else phase(row["phase"]).frequency,
        file=row["file"],
        since=row.get("since"),
        until=row.get("until"),
        seen=_tuple(row, "seen"),
        renamed_from=row.get("renamed_from"),
        renamed_to=row.get("renamed_to"),
        summary=_sentence(row),
        source=source(row["source"]),
    )


def guard(name: str) -> GuardKnowledge:
    """A kind of condition."""
    row = table("guards")[name]
    return GuardKnowledge(
        name=name,
        expression=row["expression"],
        pattern=row["pattern"],
        kind=row["guard"],
        extension=row.get("extension"),
        trap=Text(row["trap_zh"], row["trap_en"]) if "trap_zh" in row else None,
        summary=_sentence(row),
        source=source(row["source"]),
    )


def accessor(name: str) -> Accessor:
    """A way to reach a CSR."""
    row = table("accessors")[name]
    return Accessor(
        name=name,
        operation=row["operation"],
        csr_argument=row["csr"],
        value_argument=row.get("value"),
        via=row["via"],
        project=row.get("project", "linux"),
        writes_high_half=row.get("writes_high_half", False),
        since=row.get("since"),
        status=row.get("status", "mainline"),
        summary=_sentence(row),
        source=source(row["source"]),
    )


def constant(name: str) -> Constant:
    """Another number of the SBI or of KVM's interface."""
    row = table("constants")[name]
    return Constant(
        name=name,
        group=row["group"],
        value=row.get("value"),
        since=row.get("since"),
        by=row.get("by"),
        summary=_sentence(row),
        source=source(row["source"]),
    )


def guest_bit(name: str) -> GuestBit:
    """A bit that KVM puts into a register that governs a guest."""
    row = table("guest_bits")[name]
    return GuestBit(
        name=name,
        register=row["register"],
        macro=row["macro"],
        guest_has=_tuple(row, "guest_has"),
        guest_lacks=_tuple(row, "guest_lacks"),
        host_has=_tuple(row, "host_has"),
        steps=tuple(GuestStep(step["phase"], step.get("since"), step.get("until")) for step in row["steps"]),
        on_request=row.get("on_request"),
        status=row.get("status", "mainline"),
        summary=_sentence(row),
        source=source(row["source"]),
    )


def caution(name: str) -> Caution:
    """Something that people get wrong."""
    row = table("cautions")[name]
    return Caution(name, _tuple(row, "about"), _sentence(row), source(row["source"]))


def area(name: str) -> Area:
    """A part of the tree."""
    row = table("areas")[name]
    return Area(name, Text(row["title_zh"], row["title_en"]), _sentence(row), source(row["source"]))


def term(name: str) -> Term:
    """A term of art."""
    row = table("terms")[name]
    return Term(name, row["term_zh"], _sentence(row), source(row["source"]))
