"""Early returns that a commit puts in front of work that used to run."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from kvmpatch.analysis.flow.effects import aliases, expand, is_early, is_quiet
from kvmpatch.analysis.flow.program import Function, Program
from kvmpatch.analysis.matching import Pair
from kvmpatch.model import EarlyReturn
from kvmpatch.parse.csource.body import Condition, Does, Origin, Step

_MOST_SKIPPED = 6


def early_returns(before: Program, after: Program, pairs: Sequence[Pair]) -> Iterator[EarlyReturn]:
    """New returns under a condition, in functions that were there before, with what they skip."""
    for pair in pairs:
        if pair.before is None or pair.after is None:
            continue
        old, new = (
            _find(before, pair.before.path, pair.before.item.name),
            _find(after, pair.after.path, pair.after.item.name),
        )
        if old is None or new is None or new.is_assembly:
            continue
        old_steps, new_steps = before.body(old).steps, after.body(new).steps
        yield from _of_function(new, old_steps, new_steps)
        yield from _dropped(old, old_steps, new_steps)


def _of_function(function: Function, old: tuple[Step, ...], new: tuple[Step, ...]) -> Iterator[EarlyReturn]:
    """The returns of one function against those it had, alternative by alternative of their conditions."""
    known: defaultdict[str, set[str | None]] = defaultdict(set)
    for step in old:
        if step.does is Does.RETURN:
            for part in _alternatives(_condition(step, old)):
                known[part].add(step.value)
    worked = {_work(step) for step in old}
    fresh: list[tuple[int, Step, list[str]]] = []
    for position, step in enumerate(new):
        if step.does is not Does.RETURN or not is_early(step):
            continue
        shown = _alternatives(_shown(step))
        parts = _alternatives(_condition(step, new))
        unknown = [text for text, part in zip(shown, parts, strict=False) if part not in known]
        if unknown:
            fresh.append((position, step, unknown))
            continue
        values = set().union(*(known[part] for part in parts))
        was = next(iter(values)) if len(values) == 1 else None
        if step.value is not None and was is not None and was != step.value:
            yield EarlyReturn(function.name, _shown(step), step.value, (), function.path, step.line, was)
    conditions = [_set(step) for _, step, _ in fresh]
    for position, step, unknown in fresh:
        if any(other < _set(step) for other in conditions):
            # It stands in a branch that newly returns in any case: that is told once.
            continue
        later = (_work(one) for one in new[position + 1 :] if not _excludes(step, one))
        skipped = tuple(dict.fromkeys(name for name in later if name and name in worked))[:_MOST_SKIPPED]
        if skipped:
            yield EarlyReturn(function.name, " || ".join(unknown), step.value, skipped, function.path, step.line)


def _set(step: Step) -> frozenset[tuple[str, bool]]:
    return frozenset((condition.text, condition.negated) for condition in _own(step))


def _dropped(function: Function, old: tuple[Step, ...], new: tuple[Step, ...]) -> Iterator[EarlyReturn]:
    """The returns that a function no longer makes, with the work that it skipped and still does."""
    kept = {part for step in new if step.does is Does.RETURN for part in _alternatives(_condition(step, new))}
    asked = {step.name for step in new if step.does is Does.TEST} | {c.text for step in new for c in step.conditions}
    works = {_work(step) for step in new}
    for position, step in enumerate(old):
        if step.does is not Does.RETURN or not is_early(step):
            continue
        shown = _alternatives(_shown(step))
        parts = _alternatives(_condition(step, old))
        # What the function still asks otherwise may keep the same work from running: nothing is said of it.
        gone = [
            text
            for text, part in zip(shown, parts, strict=False)
            if part not in kept and not any(text.lstrip("!") == one.lstrip("!") for one in asked)
        ]
        later = (_work(one) for one in old[position + 1 :] if not _excludes(step, one))
        names = tuple(dict.fromkeys(name for name in later if name and name in works))[:_MOST_SKIPPED]
        if gone and names:
            yield EarlyReturn(
                function.name, " || ".join(gone), step.value, names, function.path, step.line, dropped=True
            )


def _find(program: Program, path: str, name: str) -> Function | None:
    return next((found for found in program.functions(name) if found.path == path), None)


def _condition(step: Step, steps: tuple[Step, ...]) -> str:
    """The conditions that lead to a return, with local names replaced by what they stand for."""
    names = aliases(steps)
    return " && ".join(("!" if c.negated else "") + expand(c.text, names) for c in _own(step))


def _own(step: Step) -> list[Condition]:
    return [condition for condition in step.conditions if condition.origin in {Origin.BRANCH, Origin.CASE}]


def _alternatives(text: str) -> list[str]:
    """The parts of a condition between its outermost `||`."""
    parts, depth, start = [], 0, 0
    for position, char in enumerate(text):
        depth += (char in "([") - (char in ")]")
        if depth == 0 and text.startswith("||", position):
            parts.append(text[start:position].strip())
            start = position + 2
    return [*parts, text[start:].strip()]


def _shown(step: Step) -> str:
    return " && ".join(("!" if c.negated else "") + c.text for c in _own(step))


def _work(step: Step) -> str:
    """What a step does to the outside: a call, or a field that is written."""
    if step.does is Does.CALL:
        return "" if is_quiet(step.name) else f"{step.name}()"
    if step.does is Does.ASSIGN and not step.declares and re.search(r"->|\.|^\*|\[", step.name):
        return step.name
    return ""


def _excludes(first: Step, later: Step) -> bool:
    """Whether a later step never ran together with the return's condition anyway (the other branch of an if)."""
    held = {(c.text, c.negated) for c in first.conditions}
    return any((c.text, not c.negated) in held and c.origin is not Origin.EARLY_EXIT for c in later.conditions)
