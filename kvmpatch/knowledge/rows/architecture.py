"""Turns a row into its entry: sources, registers, bits, exceptions, extensions."""

from __future__ import annotations

from functools import cache, reduce

from kvmpatch.knowledge.entries import (
    Bit,
    BitPlace,
    Csr,
    CsrAlias,
    ExceptionCode,
    Extension,
    NotIn,
    Source,
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
    return Source(name, title, row["version"], sentence(row), row.get("address"))


def sentence(row: Row) -> Text:
    """What a row says of its thing."""
    return Text(row["zh"], row["en"])


def names_in(row: Row, key: str) -> tuple[str, ...]:
    """The names under a key; none where the row does not have it."""
    return tuple(row.get(key, ()))


def by_version(row: Row) -> tuple[tuple[str, int], ...]:
    """The values that releases gave to a number, each with its release."""
    return tuple(row.get("values_by", {}).items())


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
        extensions=names_in(row, "extensions"),
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
        summary=sentence(row),
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
        parts=names_in(row, "parts"),
        aliases=names_in(row, "aliases"),
        other_names=names_in(row, "other_names"),
        places=places,
        not_in=tuple(NotIn(item["register"], Text(item["zh"], item["en"])) for item in row.get("not_in", ())),
        values_by=by_version(row),
        since=row.get("since"),
        by=row.get("by"),
        until=row.get("until"),
        status=row.get("status", "mainline"),
        summary=sentence(row),
        source=source(row["source"]),
    )


def exception(name: str) -> ExceptionCode:
    """An exception or interrupt number."""
    row = table("exceptions")[name]
    return ExceptionCode(
        name=name,
        value=row["value"],
        kind=row["kind"],
        registers=names_in(row, "registers"),
        extension=row.get("extension"),
        delegated_since=row.get("delegated_since"),
        on_request=row.get("on_request", False),
        m_mode_value=row.get("m_mode_value"),
        by=row.get("by"),
        status=row.get("status", "mainline"),
        summary=sentence(row),
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
        implies=names_in(row, "implies"),
        depends=names_in(row, "depends"),
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
        summary=sentence(row),
        source=source(row["source"]),
    )
