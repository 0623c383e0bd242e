"""Finds entries by whatever a reader may type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from kvmpatch.knowledge import lookups, rows
from kvmpatch.knowledge.entries import Entry
from kvmpatch.knowledge.guards import guard_kind
from kvmpatch.knowledge.tables import table

_TABLES: tuple[tuple[str, Callable[[str], Entry]], ...] = (
    ("bits", rows.bit),
    ("csr_aliases", rows.csr_alias),
    ("extensions", rows.extension),
    ("isa_ids", rows.isa_id),
    ("sbi_ids", rows.sbi_id),
    ("one_reg", rows.one_reg),
    ("constants", rows.constant),
    ("exceptions", rows.exception),
    ("entry_points", rows.entry_point),
    ("phases", rows.phase),
    ("accessors", rows.accessor),
    ("guards", rows.guard),
    ("guest_bits", rows.guest_bit),
    ("areas", rows.area),
    ("terms", rows.term),
    ("rules", rows.rule),
)
_NUMBER = re.compile(r"0x[0-9a-f]+\Z", re.IGNORECASE)
_SMALLEST_NUMBER = 0x1000
"""A number from here on names one thing: CSR addresses end below, and what has a smaller value is one of many."""
_ASKED = re.compile(r"\w+(?=\()|\w+$")
"""What a condition asks: the function that it calls, or the member or constant at its end."""
_CONDITION = re.compile(r"[(!&|=]|->")
_OTHER_NAMES = re.compile(r"^other_names = \[(.*)\]$", re.MULTILINE)
_REGISTER = re.compile(r'\bregister = "([^"]+)"')
_VALUE = re.compile(r"^value = (0x[0-9a-fA-F]+|\d+)$", re.MULTILINE)
_ADDRESS = re.compile(r"^address = (0x[0-9a-fA-F]+)$", re.MULTILINE)
_QUOTED = re.compile(r'"([^"]+)"')

Maker = Callable[[str], Entry]


def _word(key: str) -> re.Pattern[str]:
    return re.compile(rf'^{key} = "((?:[^"\\]|\\.)*)"$', re.MULTILINE)


_FIELD, _KIND, _HOST_MACRO, _EXPRESSION, _TERM = map(_word, ("field", "kind", "host_macro", "expression", "term_zh"))


@cache
def _spellings() -> dict[str, dict[tuple[Maker, str], None]]:
    """Every spelling in lower case, with the rows that go by it, in order; none of them is made before it is wanted."""
    found: dict[str, dict[tuple[Maker, str], None]] = {}
    for spelling, make, key in _all_spellings():
        found.setdefault(spelling.lower(), {})[make, key] = None
    return found


def _all_spellings() -> Iterator[tuple[str, Maker, str]]:
    yield from _registers()
    for name, make in _TABLES:
        for key in table(name):
            yield key, make, key
    yield from _bits()
    for key in table("guards"):
        expression = rows.guard(key).expression if "\\" in (raw := _said(_EXPRESSION, "guards", key)) else raw
        yield expression, rows.guard, key
        if word := _ASKED.search(expression):
            yield word[0], rows.guard, key
    for key in table("extensions"):
        if macro := _said(_HOST_MACRO, "extensions", key):
            yield macro, rows.extension, key
    for key in table("terms"):
        for chinese in _said(_TERM, "terms", key).split("、"):
            yield chinese, rows.term, key
    for key in table("sbi_ids"):
        yield key.removeprefix("KVM_RISCV_SBI_EXT_"), rows.sbi_id, key
    for key in table("constants"):
        if (match := _VALUE.search(table("constants").text(key))) and int(match[1], 0) >= _SMALLEST_NUMBER:
            yield hex(int(match[1], 0)), rows.constant, key


def _said(word: re.Pattern[str], table_name: str, key: str) -> str:
    """A value of a row, read without parsing it: TOML takes ten times as long, and all rows are looked at."""
    match = word.search(table(table_name).text(key))
    return match[1] if match else ""


def _registers() -> Iterator[tuple[str, Maker, str]]:
    for name, (row, number) in lookups.csr_rows().items():
        yield name, _csr, name
        yield "CSR_" + name, _csr, name
        address = _ADDRESS.search(table("csrs").text(row))
        if address:
            yield hex(int(address[1], 16) + (number or 0)), _csr, name


def _csr(name: str) -> Entry:
    return rows.csr(*lookups.csr_rows()[name])


def _bits() -> Iterator[tuple[str, Maker, str]]:
    for key in table("bits"):
        text = table("bits").text(key)
        if others := _OTHER_NAMES.search(text):
            for name in _QUOTED.findall(others[1]):
                yield name, rows.bit, key
        if _said(_KIND, "bits", key) == "mask":
            field = _said(_FIELD, "bits", key)
            for register in dict.fromkeys(_REGISTER.findall(text.partition("not_in")[0])):
                yield f"{register}.{field}", rows.bit, key
            yield field, rows.bit, key


def lookup(name: str) -> tuple[Entry, ...]:
    """All entries that go by a name, in any case.

    A name is a macro, a register, `henvcfg.STCE`, a bare field, an address such as `0x60a`, an
    extension, an id, a function, a phase, a term in either language, a path or a condition. Empty where
    nothing does.
    """
    asked = name.strip()
    spelling = hex(int(asked, 16)) if _NUMBER.match(asked) else asked.lower()
    if found := _spellings().get(spelling):
        return tuple(make(key) for make, key in found)
    others: Iterable[Entry | None] = (
        lookups.extension(asked),
        guard_kind(asked) if _CONDITION.search(asked) else None,
        lookups.area_of(asked) if "/" in asked else None,
    )
    return tuple(entry for entry in others if entry)


def nearest(name: str, n: int = 3) -> tuple[str, ...]:
    """Up to `n` known names most like an unknown one, the most alike first."""
    import difflib

    by_case = {spelling: next(iter(entries))[1] for spelling, entries in _spellings().items()}
    close = difflib.get_close_matches(name.strip().lower(), by_case, n=n * 3, cutoff=0.6)
    return tuple(dict.fromkeys(_as_written(spelling, by_case[spelling]) for spelling in close))[:n]


def _as_written(spelling: str, name: str) -> str:
    """The entry's own name where it is that spelling, else the spelling in the usual case."""
    if spelling == name.lower():
        return name
    if "." in spelling:
        register, _, field = spelling.partition(".")
        return f"{register}.{field.upper()}"
    return spelling if spelling.startswith("0x") else spelling.upper()
