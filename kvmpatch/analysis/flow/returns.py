"""Early returns that a commit puts in front of work that used to run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kvmpatch.analysis.flow.effects import aliases, expand, is_early
from kvmpatch.analysis.flow.program import Function, Program
from kvmpatch.analysis.matching import Pair
from kvmpatch.model import EarlyReturn
from kvmpatch.parse.csource.body import Does, Origin, Step

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
        known = {_condition(step, old_steps) for step in old_steps if step.does is Does.RETURN}
        worked = {_work(step) for step in old_steps}
        for position, step in enumerate(new_steps):
            if step.does is not Does.RETURN or not is_early(step):
                continue
            if _condition(step, new_steps) in known:
                continue
            skipped = [
                _work(later)
                for later in new_steps[position + 1 :]
                if _work(later) in worked and not _excludes(step, later)
            ]
            names = tuple(dict.fromkeys(name for name in skipped if name))[:_MOST_SKIPPED]
            if names:
                yield EarlyReturn(new.name, _shown(step), step.value, names, new.path, step.line)


def _find(program: Program, path: str, name: str) -> Function | None:
    return next((found for found in program.functions(name) if found.path == path), None)


def _condition(step: Step, steps: tuple[Step, ...]) -> tuple[str | None, str]:
    names = aliases(steps)
    own = [condition for condition in step.conditions if condition.origin in {Origin.BRANCH, Origin.CASE}]
    return step.value, " && ".join(("!" if c.negated else "") + expand(c.text, names) for c in own)


def _shown(step: Step) -> str:
    own = [condition for condition in step.conditions if condition.origin in {Origin.BRANCH, Origin.CASE}]
    return " && ".join(("!" if c.negated else "") + c.text for c in own)


def _work(step: Step) -> str:
    """What a step does to the outside: a call, or a field that is written."""
    if step.does is Does.CALL:
        return f"{step.name}()"
    if step.does is Does.ASSIGN and ("->" in step.name or "." in step.name):
        return step.name
    return ""


def _excludes(first: Step, later: Step) -> bool:
    """Whether a later step never ran together with the return's condition anyway (the other branch of an if)."""
    held = {(c.text, c.negated) for c in first.conditions}
    return any((c.text, not c.negated) in held and c.origin is not Origin.EARLY_EXIT for c in later.conditions)
