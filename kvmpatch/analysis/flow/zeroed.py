"""Fields that are only OR-ed into: they rely on memory that was zeroed when it was allocated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kvmpatch.analysis.flow.effects import Run
from kvmpatch.analysis.flow.program import Program
from kvmpatch.model import OnlyOred

Runs = dict[tuple[str, str], list[Run]]
_LAST = re.compile(r"(?:->|\.)([A-Za-z_]\w*)$")
_FIRST_VALUE = r"(?:->|\.){field}\s*(?:=(?!=)|&=|\[)|\.{field}\s*="


def only_ored(after: Program, runs: Runs, earlier: Runs) -> Iterator[OnlyOred]:
    """Fields that the commit makes hold bits, and that no source file ever assigns or clears as a whole."""
    before = {target for run in _all(earlier) for target in _ored(run)}
    seen: set[str] = set()
    for (phase, _), entries in runs.items():
        for run in entries:
            for field in _ored(run):
                if field in before or field in seen:
                    continue
                seen.add(field)
                if _has_first_value(after, field):
                    continue
                yield OnlyOred(
                    run.effect.target, phase, run.effect.path, run.effect.line, tuple(_readers(runs, field, phase))
                )


def _all(runs: Runs) -> Iterator[Run]:
    for entries in runs.values():
        yield from entries


def _ored(run: Run) -> Iterator[str]:
    """The last name of the field that an effect ORs a bit into."""
    if run.effect.what == "bit" and run.effect.operation == "set":
        match = _LAST.search(run.effect.target)
        if match:
            yield match[1]


def _has_first_value(program: Program, field: str) -> bool:
    pattern = re.compile(_FIRST_VALUE.format(field=re.escape(field)).encode())
    return any(pattern.search(text) for text in program.texts.values())


def _readers(runs: Runs, field: str, phase: str) -> Iterator[tuple[str, str]]:
    word = re.compile(rf"(?:->|\.){re.escape(field)}\b")
    seen = set()
    for (other, _), entries in runs.items():
        for run in entries:
            if other != phase and run.effect.what == "csr" and word.search(run.effect.value or ""):
                key = (other, run.effect.target.removesuffix("h"))
                if key not in seen:
                    seen.add(key)
                    yield key
