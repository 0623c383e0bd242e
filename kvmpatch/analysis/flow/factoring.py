"""Code that left a function: did it move as it was, is something new in it, did something not make the journey?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from kvmpatch.analysis.flow.effects import aliases, expand
from kvmpatch.analysis.flow.program import Function, Program
from kvmpatch.analysis.matching import Pair
from kvmpatch.model import Factored, Happened, LostStatement
from kvmpatch.parse.csource.steps import Does, Step

# Fewer statements than this in common may be chance.
_FEWEST = 3


class _Said(msgspec.Struct, frozen=True):
    """A statement in a form that two functions share, and where it stands."""

    essence: tuple[str, ...]
    text: str
    line: int


def factored_out(
    before: Program, after: Program, pairs: Sequence[Pair]
) -> tuple[tuple[Factored, ...], tuple[LostStatement, ...]]:
    """What moved between functions, statement by statement, and what the old functions lost for good."""
    gone: list[tuple[Function, list[_Said]]] = []
    come: list[tuple[Function, list[_Said], bool]] = []
    for pair in pairs:
        old = _find(before, pair, "before")
        new = _find(after, pair, "after")
        old_said = _statements(before, old) if old else []
        new_said = _statements(after, new) if new else []
        shared = Counter(said.essence for said in old_said) & Counter(said.essence for said in new_said)
        if old:
            gone.append((old, _rest(old_said, shared)))
        if new:
            come.append((new, _rest(new_said, shared), pair.happened is Happened.ADDED))
    found: list[Factored] = []
    journeys: list[tuple[Function, list[_Said]]] = []
    left = {id(function): list(said) for function, said in gone}
    for target, said, is_new in come:
        for source, _ in gone:
            remaining = left[id(source)]
            moved = _take(remaining, said)
            if len(moved) < (_FEWEST if is_new else _FEWEST + 1) or source.name == target.name:
                remaining += moved
                continue
            rest = _rest(said, Counter(one.essence for one in moved))
            found.append(
                Factored(source.name, target.name, target.path, target.item.lines[0], len(moved), _texts(rest))
            )
            journeys.append((source, remaining))
    lost = _lost(journeys, come)
    return tuple(found), lost


def _find(program: Program, pair: Pair, side: str) -> Function | None:
    placed = pair.before if side == "before" else pair.after
    if placed is None:
        return None
    found = next((one for one in program.functions(placed.item.name) if one.path == placed.path), None)
    return None if found is None or found.is_assembly else found


def _statements(program: Program, function: Function) -> list[_Said]:
    """Calls that stand for themselves, writes of fields: the work a function does, less its local bookkeeping."""
    steps = program.body(function).steps
    names = aliases(steps)
    said: list[_Said] = []
    assigned = {step.line for step in steps if step.does is Does.ASSIGN}
    for step in steps:
        one = _said(step, names, assigned)
        if one:
            said.append(one)
    return said


def _said(step: Step, names: dict[str, str], assigned: set[int]) -> _Said | None:
    if step.does is Does.ASSIGN and not step.declares and ("->" in step.name or "." in step.name):
        text = f"{step.name} {step.operator} {step.value or ''}".strip()
        essence = ("assign", expand(step.name, names), step.operator, expand(step.value or "", names))
        return _Said(essence, text, step.line)
    if step.does is Does.CALL and step.line not in assigned and not step.name.isupper():
        arguments = ", ".join(step.arguments)
        return _Said(("call", step.name, expand(arguments, names)), f"{step.name}({arguments})", step.line)
    return None


def _rest(said: list[_Said], taken: Counter[tuple[str, ...]]) -> list[_Said]:
    left = Counter(taken)
    rest = []
    for one in said:
        if left[one.essence] > 0:
            left[one.essence] -= 1
        else:
            rest.append(one)
    return rest


def _take(from_: list[_Said], wanted: list[_Said]) -> list[_Said]:
    """Take out of the first list what the second says too."""
    by_essence: defaultdict[tuple[str, ...], list[_Said]] = defaultdict(list)
    for one in from_:
        by_essence[one.essence].append(one)
    taken = []
    for one in wanted:
        if by_essence.get(one.essence):
            found = by_essence[one.essence].pop(0)
            from_.remove(found)
            taken.append(found)
    return taken


def _texts(said: list[_Said]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.text for one in said))


def _lost(
    journeys: list[tuple[Function, list[_Said]]], come: list[tuple[Function, list[_Said], bool]]
) -> tuple[LostStatement, ...]:
    """Statements that the old function no longer has and that no touched function has gained."""
    elsewhere = {one.essence for _, said, _ in come for one in said}
    lost: dict[tuple[str, str], LostStatement] = {}
    for source, remaining in journeys:
        for one in remaining:
            if one.essence not in elsewhere:
                lost[source.name, one.text] = LostStatement(source.name, one.text, source.path, one.line)
    return tuple(lost.values())
