"""What a jump that the patch adds leads to, in both trees."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from kvmpatch.analysis.flow.program import Function, Program
from kvmpatch.analysis.meaning.sides import FunctionPair, Sides
from kvmpatch.model import Evidence
from kvmpatch.parse.csource.steps import Does

_LOOPS = frozenset({"break", "continue"})
_SAID = re.compile(r"print|dprintk|pr_\w+|trace|WARN|BUG|ASSERT|unlikely|likely", re.IGNORECASE)


class NoLabel(msgspec.Struct, frozen=True):
    """A label that the patch jumps to and that the target's function does not have."""

    function: str
    label: str
    evidence: tuple[Evidence, ...]


class OtherWayOut(msgspec.Struct, frozen=True):
    """A label behind which one side does what the other does not: the calls that only one has."""

    function: str
    label: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    evidence: tuple[Evidence, ...]


def labels_jumped_to(sides: Sides, pairs: Iterable[FunctionPair]) -> Iterator[NoLabel | OtherWayOut]:
    """One finding a function and label."""
    for pair in pairs:
        jumps = {
            step.name: step.line
            for step in reversed(sides.upstream.program.body(pair.upstream).steps)
            if step.does is Does.JUMP and step.name not in _LOOPS and step.line in sides.added[pair.upstream.path]
        }
        for label, line in jumps.items():
            here = _behind(sides.upstream.program, pair.upstream, label)
            there = _behind(sides.target.program, pair.target, label)
            if here is None:
                continue
            jump = sides.upstream.evidence(pair.upstream.path, line)
            if there is None:
                if here[0] not in sides.added[pair.upstream.path]:
                    proof = (
                        sides.target.header(pair.target),
                        sides.upstream.evidence(pair.upstream.path, here[0]),
                        jump,
                    )
                    yield NoLabel(pair.upstream.name, label, proof)
                continue
            before, after = Counter(there[1]), Counter(here[1])
            if before != after:
                yield OtherWayOut(
                    pair.upstream.name,
                    label,
                    tuple((before - after).keys()),
                    tuple((after - before).keys()),
                    (
                        sides.target.evidence(pair.target.path, there[0]),
                        sides.upstream.evidence(pair.upstream.path, here[0]),
                        jump,
                    ),
                )


def _behind(program: Program, function: Function, label: str) -> tuple[int, list[str]] | None:
    """Where a label stands in a function, and the calls behind it; None where there is no such label."""
    source = function.outline.source(function.item)
    at = re.search(rb"^[ \t]*" + re.escape(label.encode()) + rb"[ \t]*:(?!:)", source, re.MULTILINE)
    if at is None:
        return None
    line = function.outline.scanned.line(function.item.start + at.end() - 1)
    calls = [
        step.name
        for step in program.body(function).steps
        if step.does is Does.CALL and step.line >= line and not _SAID.search(step.name)
    ]
    return line, calls
