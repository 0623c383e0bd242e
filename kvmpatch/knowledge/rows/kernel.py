"""Turns a row into its entry: ids of KVM, phases and entry points, conditions, accessors, parts of the tree, words."""

from __future__ import annotations

from functools import cache

from kvmpatch.knowledge.entries import (
    Accessor,
    Area,
    Caution,
    Constant,
    Cue,
    EntryPoint,
    Frequency,
    GuardKnowledge,
    GuestBit,
    GuestStep,
    IsaId,
    OneReg,
    Phase,
    Rule,
    SbiId,
    Source,
    Term,
)
from kvmpatch.knowledge.rows.architecture import by_version, names_in, sentence, source
from kvmpatch.knowledge.tables import Row, table
from kvmpatch.words import Text


def _since_source(row: Row) -> Source | None:
    return source(row["since_source"]) if "since_source" in row else None


def isa_id(name: str) -> IsaId:
    """A KVM_RISCV_ISA_EXT_* number; without a sentence of its own it takes the extension's title."""
    row = table("isa_ids")[name]
    of = row.get("extension")
    if "zh" in row:
        summary = sentence(row)
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
        values_by=by_version(row),
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
        values_by=by_version(row),
        summary=sentence(row),
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
        values_by=by_version(row),
        status=row.get("status", "mainline"),
        summary=sentence(row),
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
        summary=sentence(row),
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
        seen=names_in(row, "seen"),
        renamed_from=row.get("renamed_from"),
        renamed_to=row.get("renamed_to"),
        summary=sentence(row),
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
        summary=sentence(row),
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
        summary=sentence(row),
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
        summary=sentence(row),
        source=source(row["source"]),
    )


def guest_bit(name: str) -> GuestBit:
    """A bit that KVM puts into a register that governs a guest."""
    row = table("guest_bits")[name]
    return GuestBit(
        name=name,
        register=row["register"],
        macro=row["macro"],
        guest_has=names_in(row, "guest_has"),
        guest_lacks=names_in(row, "guest_lacks"),
        host_has=names_in(row, "host_has"),
        steps=tuple(GuestStep(step["phase"], step.get("since"), step.get("until")) for step in row["steps"]),
        on_request=row.get("on_request"),
        status=row.get("status", "mainline"),
        summary=sentence(row),
        source=source(row["source"]),
    )


def caution(name: str) -> Caution:
    """Something that people get wrong."""
    row = table("cautions")[name]
    return Caution(name, names_in(row, "about"), sentence(row), source(row["source"]))


def cue(name: str) -> Cue:
    """Words that tell what a sentence of a commit message is about."""
    row = table("cues")[name]
    return Cue(
        name=name,
        tells=row["tells"],
        where=row["where"],
        early=row.get("early", False),
        words=tuple(row["words"]),
        summary=sentence(row),
        source=source(row["source"]),
    )


def area(name: str) -> Area:
    """A part of the tree."""
    row = table("areas")[name]
    return Area(name, Text(row["title_zh"], row["title_en"]), sentence(row), source(row["source"]))


def term(name: str) -> Term:
    """A term of art."""
    row = table("terms")[name]
    return Term(name, row["term_zh"], sentence(row), source(row["source"]))


def rule(name: str) -> Rule:
    """A statement of reports, by its code."""
    row = table("rules")[name]
    return Rule(name, row["section"], sentence(row), source(row["source"]))
