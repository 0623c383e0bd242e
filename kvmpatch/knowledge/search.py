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
)
_NUMBER = re.compile(r"0x[0-9a-f]+\Z", re.IGNORECASE)
_ASKED = re.compile(r"\w+(?=\()|\w+$")
"""What a condition asks: the function that it calls, or the member or constant at its end."""
_CONDITION = re.compile(r"[(!&|=]|->")


@cache
def _spellings() -> dict[str, tuple[Entry, ...]]:
    """Every spelling in lower case, with the entries that go by it."""
    found: dict[str, dict[tuple[str, str], Entry]] = {}
    for spelling, entry in _all_spellings():
        found.setdefault(spelling.lower(), {})[entry.table, entry.name] = entry
    return {spelling: tuple(entries.values()) for spelling, entries in found.items()}


def _all_spellings() -> Iterator[tuple[str, Entry]]:
    for csr in lookups.csrs():
        yield csr.name, csr
        yield csr.macro, csr
        yield hex(csr.address), csr
    for name, make in _TABLES:
        for key in table(name):
            yield key, make(key)
    for bit in lookups.bits():
        for name in bit.other_names:
            yield name, bit
        if bit.kind == "mask":
            for register in bit.registers:
                yield f"{register}.{bit.field}", bit
            yield bit.field, bit
    for guard in lookups.guard_kinds():
        yield guard.expression, guard
        if word := _ASKED.search(guard.expression):
            yield word[0], guard
    for extension in lookups.extensions():
        if extension.host_macro:
            yield extension.host_macro, extension


def lookup(name: str) -> tuple[Entry, ...]:
    """All entries that go by a name, in any case.

    A name is a macro, a register, `henvcfg.STCE`, a bare field, an address such as `0x60a`, an
    extension, an id, a function, a phase, a term, a path or a condition. Empty where nothing does.
    """
    asked = name.strip()
    if _NUMBER.match(asked):
        return _spellings().get(hex(int(asked, 16)), ())
    if found := _spellings().get(asked.lower()):
        return found
    others: Iterable[Entry | None] = (
        lookups.extension(asked),
        guard_kind(asked) if _CONDITION.search(asked) else None,
        lookups.area_of(asked) if "/" in asked else None,
    )
    return tuple(entry for entry in others if entry)


def nearest(name: str, n: int = 3) -> tuple[str, ...]:
    """Up to `n` known names most like an unknown one, the most alike first."""
    import difflib  # noqa: PLC0415  (3 ms that a report does not need)

    by_case = {spelling: entries[0].name for spelling, entries in _spellings().items()}
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
