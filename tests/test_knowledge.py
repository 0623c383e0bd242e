"""The tables are the test list: a new row is checked here without a change to this file."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmpatch import knowledge
from kvmpatch.knowledge import Entry, rows
from kvmpatch.knowledge.tables import names_of_tables, table

_FOLDER = Path(knowledge.__file__).parent
_MAKERS: dict[str, Callable[[str], Entry]] = {
    "accessors": rows.accessor,
    "areas": rows.area,
    "bits": rows.bit,
    "cautions": rows.caution,
    "constants": rows.constant,
    "csr_aliases": rows.csr_alias,
    "csrs": rows.csr,
    "cues": rows.cue,
    "entry_points": rows.entry_point,
    "exceptions": rows.exception,
    "extensions": rows.extension,
    "guards": rows.guard,
    "guest_bits": rows.guest_bit,
    "isa_ids": rows.isa_id,
    "one_reg": rows.one_reg,
    "phases": rows.phase,
    "sbi_ids": rows.sbi_id,
    "terms": rows.term,
    "rules": rows.rule,
}
_ROWS = [(name, key) for name in _MAKERS for key in table(name)]
_REGISTERS = {register.name for register in knowledge.csrs()}
_CJK = range(0x4E00, 0xA000)


def entry(table_name: str, key: str) -> Entry:
    return _MAKERS[table_name](key)


def is_release(version: str | None) -> bool:
    return version is None or (all(part.isdigit() for part in version.split(".")) and "." in version)


def test_every_file_is_a_table_that_is_known() -> None:
    assert set(names_of_tables()) == set(_MAKERS) | {"sources"}


@pytest.mark.parametrize("name", names_of_tables())
def test_cutting_a_file_finds_what_a_parser_finds(name: str) -> None:
    whole = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    assert {key: dict(table(name)[key]) for key in table(name)} == whole


@pytest.mark.parametrize(("table_name", "key"), _ROWS)
def test_row(table_name: str, key: str) -> None:
    found = entry(table_name, key)
    assert found.name == key
    assert any(ord(letter) in _CJK for letter in found.summary.zh), found.summary.zh
    assert not any(ord(letter) in _CJK for letter in found.summary.en), found.summary.en
    assert found.summary.en.isprintable()
    assert found.source.name in table("sources")
    row = table(table_name)[key]
    assert is_release(row.get("since"))
    assert is_release(row.get("until"))
    assert row.get("status", "absent") in {"absent", "not-proven"}


def test_every_source_is_used_and_says_what_it_is() -> None:
    all_rows = [table(name)[key] for name, key in _ROWS]
    used = {row[key] for row in all_rows for key in ("source", "since_source") if key in row}
    assert used == set(table("sources"))
    for name in used:
        assert rows.source(name).version
        assert rows.source(name).title.zh != rows.source(name).title.en or name == "manual"


def test_registers_have_one_address_and_one_name() -> None:
    registers = knowledge.csrs()
    assert len({register.address for register in registers}) == len(registers)
    assert len({register.name for register in registers}) == len(registers)
    for register in registers:
        assert 0 <= register.address < 0x1000
        assert register.extensions
        assert all(knowledge.extension(name) for name in register.extensions), register
        assert register.read_only == (register.address >> 10 == 3), register
        assert register.guest_name is None or register.guest_name in _REGISTERS
        assert knowledge.csr_by_macro(register.macro) == register


def test_high_halves_follow_the_registers_that_they_complete() -> None:
    halves = [register for register in knowledge.csrs() if register.high_half_of]
    assert len(halves) > 40
    for half in halves:
        assert half.high_half_of == half.name.removesuffix("h")
        low = knowledge.csr(half.high_half_of)
        assert low
        step = 0x80 if "Zicntr" in half.extensions or "Zihpm" in half.extensions else 0x10
        assert half.address - low.address == step, half


def test_guest_registers_stand_where_v_1_puts_them() -> None:
    guests = [register for register in knowledge.csrs() if register.guest_name]
    assert len(guests) > 15
    for register in guests:
        seen = knowledge.csr(register.guest_name or "")
        assert seen
        assert register.address - seen.address == 0x100, register
        assert register.name == f"v{seen.name}"


@pytest.mark.parametrize("bit", knowledge.bits(), ids=lambda bit: bit.name)
def test_bit(bit: knowledge.Bit) -> None:
    assert bit.kind in {"mask", "shift", "value", "mode"}
    assert bit.places or bit.kind == "value"
    assert all(part in table("bits") or part in table("exceptions") for part in bit.parts)
    assert all(knowledge.bit(name) for name in bit.aliases)
    assert not {item.register for item in bit.not_in} & set(bit.registers)
    assert {item.register for item in bit.not_in} <= _REGISTERS
    if bit.of:
        mask = knowledge.bit(bit.of)
        assert mask
        assert mask.kind == "mask"
        assert mask.places == bit.places
    for place in bit.places:
        assert 63 >= place.hi >= place.lo >= 0
        assert place.register in _REGISTERS
        assert place.width in {None, 32, 64}
        assert all((found := knowledge.extension(name)) and found.name == name for name in place.extensions)
    if bit.kind in {"value", "mode"} and bit.shifted:
        masks = {place.mask for place in bit.places}
        assert any(bit.value & ~mask == 0 for mask in masks)


def test_a_mask_says_since_when_it_is_there() -> None:
    for bit in knowledge.bits():
        assert bit.since or bit.by or bit.status != "mainline", bit.name


@pytest.mark.parametrize("found", knowledge.extensions(), ids=lambda found: found.name)
def test_extension(found: knowledge.Extension) -> None:
    for name in (*found.implies, *found.depends):
        other = knowledge.extension(name)
        assert other
        assert other.name == name
    assert knowledge.extension(found.name.upper()) == found
    assert knowledge.extension(found.name.lower()) == found
    assert is_release(found.host_since)
    assert bool(found.host_macro) == bool(found.host_since or found.host_by)
    if found.host_macro:
        assert found.host_macro.upper() == f"RISCV_ISA_EXT_{found.name.upper()}"
    if found.kvm_macro:
        number = knowledge.isa_id(found.kvm_macro)
        assert number
        assert number.extension == found.name
        assert number.value == found.kvm_value


def test_ids_are_contiguous_and_end_at_max() -> None:
    numbers = sorted(rows.isa_id(name).value for name in table("isa_ids") if not name.endswith("_MAX"))
    assert numbers == list(range(80))
    proven = [
        rows.isa_id(name)
        for name in table("isa_ids")
        if not name.endswith("_MAX") and rows.isa_id(name).status == "mainline"
    ]
    assert rows.isa_id("KVM_RISCV_ISA_EXT_MAX").value == len(proven) == 78
    calls = [rows.sbi_id(name).value for name in table("sbi_ids") if not name.endswith("_MAX")]
    assert calls == list(range(14))
    assert rows.sbi_id("KVM_RISCV_SBI_EXT_MAX").value == 14


def test_groups_of_one_reg() -> None:
    for name in table("one_reg"):
        found = rows.one_reg(name)
        assert found.role in {"type", "subtype", "mask", "shift", "limit"}
        if found.group:
            group = knowledge.one_reg(found.group)
            assert group
            assert group.role == "type"
    types = [rows.one_reg(name).value for name in table("one_reg") if rows.one_reg(name).role == "type"]
    assert types == [number << 24 for number in range(1, 11)]


def test_constants_of_a_group_have_their_own_numbers() -> None:
    groups: dict[str, list[int]] = {}
    for name in table("constants"):
        found = rows.constant(name)
        assert found.since or found.by
        assert (found.value is None) == (found.group == "kvm-request")
        if found.value is not None and found.group not in {"sbi-fid", "kvm-device"}:
            groups.setdefault(found.group, []).append(found.value)
    assert len(groups) > 5
    for values in groups.values():
        assert len(set(values)) == len(values)


def test_exceptions() -> None:
    for name in table("exceptions"):
        found = rows.exception(name)
        assert found.kind in {"exception", "interrupt", "limit"}
        assert set(found.registers) <= _REGISTERS
        assert found.extension is None or knowledge.extension(found.extension)
        assert is_release(found.delegated_since)
        assert not found.delegated_since or {"hedeleg", "hideleg"} & set(found.registers)


def test_phases_and_entry_points() -> None:
    assert [phase.order for phase in knowledge.phases()] == list(range(1, len(knowledge.phases()) + 1))
    slugs: dict[str, knowledge.Frequency] = {}
    points = [rows.entry_point(name) for name in table("entry_points")]
    for often in (*(phase.frequency for phase in knowledge.phases()), *(point.frequency for point in points)):
        assert slugs.setdefault(often.slug, often) == often
    for point in points:
        assert knowledge.phase(point.phase)
        assert point.file.startswith("arch/riscv/kvm/")
        assert point.seen
        if point.renamed_to:
            after = knowledge.entry_point(point.renamed_to)
            assert after
            assert after.phase == point.phase or point.name == "kvm_riscv_vcpu_update_config"
        if point.renamed_from:
            before = knowledge.entry_point(point.renamed_from)
            assert before
            assert before.renamed_to == point.name


def test_accessors() -> None:
    operations = {"read", "write", "set", "clear", "swap", "read_set", "read_clear"}
    for found in knowledge.accessors():
        assert found.operation in operations
        assert (found.value_argument is None) == (found.operation == "read")
        assert found.value_argument != found.csr_argument


@pytest.mark.parametrize("found", knowledge.guard_kinds(), ids=lambda found: found.name)
def test_a_guard_row_decides_its_own_expression(found: knowledge.GuardKnowledge) -> None:
    assert found.kind in {"host", "guest", "vcpu", "vm", "config", "unknown-isa"}
    assert found.extension is None or knowledge.extension(found.extension)
    said = knowledge.guard_kind(found.expression)
    assert said
    assert said.name == found.name


def test_guest_bits_name_known_bits() -> None:
    for found in knowledge.guest_bits():
        bit = knowledge.bit(found.macro)
        assert bit
        place = bit.in_register(found.register)
        assert place
        for name in (*found.guest_has, *found.guest_lacks, *found.host_has):
            assert knowledge.extension(name)
        assert all(knowledge.phase(step.phase) for step in found.steps)
        assert found.steps


def test_cautions_are_about_known_names() -> None:
    for name in table("cautions"):
        for about in rows.caution(name).about:
            assert knowledge.lookup(about), about


def test_tables_that_a_report_reads_stay_small() -> None:
    """TOML parses at some 5 kB a millisecond; all that a report can read is to stay below 40 ms."""
    read = ("csrs", "csr_aliases", "bits", "exceptions", "accessors", "guards", "entry_points", "phases")
    sizes = {name: (_FOLDER / f"{name}.toml").stat().st_size for name in (*read, "extensions")}
    assert sum(sizes.values()) < 240_000, sizes


def test_nothing_is_parsed_before_it_is_asked_for() -> None:
    code = "import sys, kvmpatch.knowledge; sys.exit('tomllib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
