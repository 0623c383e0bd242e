"""Conditions that stand around added code in one tree and not in the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

import msgspec

from kvmpatch import knowledge
from kvmpatch.analysis.meaning.sides import FunctionPair, Sides
from kvmpatch.model import Evidence, Guard, GuardKind
from kvmpatch.parse.csource.steps import Step

_ALIKE = 0.55
_SPACE = re.compile(r"\s+")
_CASE = re.compile(r"==|\bdefault\b")


class OtherGuard(msgspec.Struct, frozen=True):
    """A condition around added code that one side lacks. `missing`: upstream has it, the target does not."""

    function: str
    guard: Guard
    missing: bool
    evidence: tuple[Evidence, ...]


class AsksAnother(msgspec.Struct, frozen=True):
    """The same extension, asked of the host in one tree and of the guest in the other."""

    function: str
    extension: str
    before: GuardKind
    after: GuardKind
    evidence: tuple[Evidence, ...]


def guards_around(sides: Sides, pairs: Iterable[FunctionPair]) -> Iterator[OtherGuard | AsksAnother]:
    """One finding a function and condition."""
    for pair in pairs:
        seen: set[tuple[str, bool]] = set()
        for old, new in pair.steps:
            before = sides.target.program.guards(pair.target, old.conditions)
            after = sides.upstream.program.guards(pair.upstream, new.conditions)
            proof = (
                sides.target.evidence(pair.target.path, old.line),
                sides.upstream.evidence(pair.upstream.path, new.line),
            )
            lost, extra = _without(after, before), _without(before, after)
            yield from _asked_of_another(pair, lost, extra, seen, proof)
            lost, extra = _unlike(lost, extra), _unlike(extra, lost)
            for guard, missing in [*((one, True) for one in lost), *((one, False) for one in extra)]:
                if (guard.text, missing) not in seen:
                    seen.add((guard.text, missing))
                    yield OtherGuard(pair.upstream.name, guard, missing, (*proof, *_place(sides, pair, guard, missing)))


def _asked_of_another(
    pair: FunctionPair,
    lost: list[Guard],
    extra: list[Guard],
    seen: set[tuple[str, bool]],
    proof: tuple[Evidence, ...],
) -> Iterator[AsksAnother]:
    """Take out of both lists the conditions that ask for one extension, and tell those that ask it of another."""
    for guard in list(lost):
        extension = knowledge.guard_extension(guard.text)
        other = next((one for one in extra if extension and knowledge.guard_extension(one.text) == extension), None)
        if extension is None or other is None or GuardKind.UNKNOWN in (guard.kind, other.kind):
            continue
        lost.remove(guard)
        extra.remove(other)
        if guard.kind is not other.kind and (extension, True) not in seen:
            seen.add((extension, True))
            yield AsksAnother(pair.upstream.name, extension, other.kind, guard.kind, proof)


def _without(guards: Sequence[Guard], others: Sequence[Guard]) -> list[Guard]:
    known = {(_plain(one.text), one.negated) for one in others}
    return [one for one in guards if (_plain(one.text), one.negated) not in known]


def _unlike(guards: Sequence[Guard], others: Sequence[Guard]) -> list[Guard]:
    """Those that have no likeness on the other side: a condition that was reworded or renamed is not missing."""
    return [one for one in guards if not any(_alike(one, other) for other in others)]


def _alike(one: Guard, other: Guard) -> bool:
    if one.kind is not GuardKind.UNKNOWN and one.kind is not other.kind:
        return False
    matcher = SequenceMatcher(None, _plain(one.text)[:200], _plain(other.text)[:200])
    return matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE


def _plain(text: str) -> str:
    return _SPACE.sub("", text)


def _place(sides: Sides, pair: FunctionPair, guard: Guard, missing: bool) -> tuple[Evidence, ...]:
    """The line of the condition itself, on the side that has it."""
    tree, function = (sides.upstream, pair.upstream) if missing else (sides.target, pair.target)
    line = _line_of(tree.program.body(function).steps, guard)
    return (tree.evidence(function.path, line),) if line else ()


def _line_of(steps: Sequence[Step], guard: Guard) -> int | None:
    """The line of the test of a condition; conditions of the preprocessor and of a switch are none."""
    wanted = _plain(guard.text)
    return next((step.line for step in steps if step.does.value == "test" and wanted in _plain(step.name)), None)
