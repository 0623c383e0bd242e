"""Early returns that a commit puts in front of work that used to run, takes away, or makes under other conditions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from kvmpatch.analysis.flow.effects import aliases, expand, is_early, is_quiet
from kvmpatch.analysis.flow.program import Function, Program
from kvmpatch.analysis.matching import Pair
from kvmpatch.model import EarlyReturn
from kvmpatch.parse.csource.steps import Condition, Does, Origin, Step

_MOST_SKIPPED = 6
_LOCAL = re.compile(r"!?\w+(?: [<>=!]=? \w+)?")
_AGAINST_ZERO = re.compile(r"([\w.>\-]+(?:\([^()]*\))?) (==|!=) (?:NULL|0)")


class _Return(msgspec.Struct, frozen=True):
    """A return under conditions: `parts` are its alternatives, as compared and as shown."""

    step: Step
    position: int
    parts: tuple[tuple[str, str], ...]


def early_returns(before: Program, after: Program, pairs: Sequence[Pair]) -> Iterator[EarlyReturn]:
    """Returns that functions make newly, no longer, or with another value or condition, with what they skip."""
    for pair in pairs:
        if pair.before is None or pair.after is None:
            continue
        old, new = (
            _find(before, pair.before.path, pair.before.item.name),
            _find(after, pair.after.path, pair.after.item.name),
        )
        if old is None or new is None or new.is_assembly:
            continue
        yield from _of_function(old, new, before.body(old).steps, after.body(new).steps)


def _of_function(
    before: Function, after: Function, old: tuple[Step, ...], new: tuple[Step, ...]
) -> Iterator[EarlyReturn]:
    """The returns of one function against those it had, alternative by alternative of their conditions."""
    old_returns, new_returns = _returns(old), _returns(new)
    known: defaultdict[str, set[str | None]] = defaultdict(set)
    for one in old_returns:
        for key, _ in one.parts:
            known[key].add(one.step.value)
    for one in new_returns:
        values = set().union(*(known.get(key, {None}) for key, _ in one.parts))
        was = next(iter(values)) if len(values) == 1 else None
        if was is not None and one.step.value is not None and was != one.step.value:
            condition = " || ".join(shown for _, shown in one.parts)
            yield EarlyReturn(after.name, condition, one.step.value, (), after.path, one.step.line, was)
    fresh = [made for one in new_returns if (made := _only(one, set(known), after, new, old))]
    fresh = [one for one in fresh if not any(other[1] < one[1] for other in fresh)]
    kept = {key for one in new_returns for key, _ in one.parts}
    gone = [made for one in old_returns if (made := _only(one, kept, before, old, new))]
    if fresh and gone:
        yield from _rewritten([one for one, _ in fresh], [one for one, _ in gone])
        return
    yield from (found for found, _ in fresh)
    asked = {_plain(c.text) for step in new for c in step.conditions} | {
        _plain(step.name) for step in new if step.does is Does.TEST
    }
    for found, _ in gone:
        # What the function still asks otherwise may keep the same work from running: nothing is said of it.
        if _plain(found.condition) not in asked:
            yield msgspec.structs.replace(found, dropped=True)


def _only(
    one: _Return, others: set[str], function: Function, mine: tuple[Step, ...], other: tuple[Step, ...]
) -> tuple[EarlyReturn, frozenset[tuple[str, bool]]] | None:
    """A return of one side with the alternatives that the other side does not have, and the work of both it skips.

    Work counts that is done on the other side under no more conditions: else it may not run there either.
    """
    shown = [text for key, text in one.parts if key not in others]
    if not shown:
        return None
    # What the other side keeps from running under this condition as well is not skipped by this return.
    free = {_work(step): _branches(step) for step in reversed(other) if not _excluded(one.step, step)}
    skipped = [
        name
        for later in mine[one.position + 1 :]
        if (name := _work(later)) in free and name and not _excludes(one.step, later)
        and free[name] <= _branches(later)
    ]  # fmt: skip
    names = tuple(dict.fromkeys(skipped))[:_MOST_SKIPPED]
    if not names:
        return None
    found = EarlyReturn(function.name, " || ".join(shown), one.step.value, names, function.path, one.step.line)
    return found, frozenset((c.text, c.negated) for c in _own(one.step))


def _rewritten(fresh: list[EarlyReturn], gone: list[EarlyReturn]) -> Iterator[EarlyReturn]:
    """Returns of which the condition is another one now: told as that, or not at all where it is unclear which.

    `if (ret) return ret;` after a call that does what was done here before says nothing of what is skipped.
    """
    left = list(gone)
    for one in fresh:
        partner = next((other for other in left if set(other.skipped) & set(one.skipped)), None)
        if partner is None:
            yield one
            continue
        left.remove(partner)
        if not _LOCAL.fullmatch(one.condition) and not _LOCAL.fullmatch(partner.condition):
            yield msgspec.structs.replace(one, instead_of=partner.condition)


def _returns(steps: tuple[Step, ...]) -> list[_Return]:
    names = aliases(steps)
    return [
        _Return(step, position, tuple(_parts(step, names)))
        for position, step in enumerate(steps)
        if step.does is Does.RETURN and is_early(step)
    ]


def _parts(step: Step, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The alternatives of the innermost condition, each with what stands around it: `a || b` returns wherever `a` did.

    Compared are branches alone, with local names replaced: a case that the text lost within #ifdef is no difference.
    """
    own = _own(step)
    last = max(place for place, condition in enumerate(own) if condition.origin is Origin.BRANCH)
    around = [_text(c) for c in own[:last]]
    branches = [_plain(expand(_text(c), names)) for c in own[:last] if c.origin is Origin.BRANCH]
    inner = own[last]
    for alternative in _alternatives(inner.text) if not inner.negated else [_text(inner)]:
        key = " && ".join([*branches, _plain(expand(alternative, names))])
        yield key, " && ".join([*around, alternative, *(_text(c) for c in own[last + 1 :])])


def _plain(text: str) -> str:
    """A condition in one of the ways to write it: `!x` for `x == NULL` and `x == 0`, `x` for their opposites."""
    text = re.sub(r"^(\w+ = \w+)\(.*\)$", r"\1()", text)
    text = re.sub(r"^(?:un)?likely\((.*)\)$", r"\1", text)
    if match := _AGAINST_ZERO.fullmatch(text):
        return f"{'!' * (match[2] == '==')}{match[1]}"
    return text


def _text(condition: Condition) -> str:
    simple = re.fullmatch(r"[\w.>\-]+(?:\([^()]*\))?", condition.text)
    if condition.negated:
        return f"!{condition.text}" if simple else f"!({condition.text})"
    return f"({condition.text})" if "||" in condition.text else condition.text


def _branches(step: Step) -> frozenset[tuple[str, bool]]:
    return frozenset((c.text, c.negated) for c in step.conditions if c.origin is Origin.BRANCH)


def _find(program: Program, path: str, name: str) -> Function | None:
    return next((found for found in program.functions(name) if found.path == path), None)


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


def _work(step: Step) -> str:
    """What a step does to the outside: a call, or a field that is written."""
    if step.does is Does.CALL:
        return "" if is_quiet(step.name) else f"{step.name}()"
    if step.does is Does.ASSIGN and not step.declares and re.search(r"->|\.|^\*|\[", step.name):
        return step.name
    return ""


def _excluded(first: Step, elsewhere: Step) -> bool:
    """Whether a step of the other side does not run under a return's condition, be it for an earlier return there."""
    held = {(c.text, c.negated) for c in first.conditions}
    return any((c.text, not c.negated) in held for c in elsewhere.conditions)


def _excludes(first: Step, later: Step) -> bool:
    """Whether a later step never ran together with the return's condition anyway (the other branch of an if)."""
    held = {(c.text, c.negated) for c in first.conditions}
    return any((c.text, not c.negated) in held and c.origin is not Origin.EARLY_EXIT for c in later.conditions)
