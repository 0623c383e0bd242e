"""Locks that are held where code runs, as far as one function tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kvmpatch.analysis.meaning.sides import FunctionPair, Sides
from kvmpatch.model import Evidence
from kvmpatch.parse.csource.steps import Condition, Does, Origin, Step

_VARIANT = re.compile(r"_(?:irqsave|irqrestore|irq|bh|nested|nest_lock|interruptible|killable|recursive|local|remote)$")
_TAKES = re.compile(r"(?:^|_)(?:try)?lock$|^down(?:_read|_write)?(?:_trylock)?$|^preempt_disable$|^get_cpu$")
_GIVES = re.compile(r"(?:^|_)unlock$|^up(?:_read|_write)?$|^preempt_enable$|^put_cpu$")
_NO_LOCK = re.compile(r"_init|held|assert|lockdep|is_locked|block|flock|clock")
_GUARD = re.compile(r"(?:scoped_)?guard\s*\(\s*(\w+)\s*\)")
_GUARDED = {"mutex": "mutex_lock", "rcu": "rcu_read_lock", "srcu": "srcu_read_lock", "preempt": "preempt_disable"}
_PARTNER = {"up": "down", "up_read": "down_read", "up_write": "down_write", "preempt_enable": "preempt_disable",
            "put_cpu": "get_cpu"}  # fmt: skip


class Held(msgspec.Struct, frozen=True):
    """A lock that was taken: by which function, upon what, and where."""

    name: str
    argument: str
    line: int

    @property
    def said(self) -> str:
        """As the source says it."""
        return f"{self.name}({self.argument})"


class OtherLock(msgspec.Struct, frozen=True):
    """A lock around added code that only one side takes. `missing`: upstream has it, the target lacks it."""

    function: str
    lock: str
    missing: bool
    evidence: tuple[Evidence, ...]


def locks_taken(steps: Sequence[Step]) -> set[str]:
    """The locks that a body takes, as they are written."""
    return {f"{taken}({_last_name(step)})" for step in steps if (taken := _taken(step))}


def locks_around(sides: Sides, pairs: Iterable[FunctionPair]) -> Iterator[OtherLock]:
    """One finding a function and lock."""
    for pair in pairs:
        before, after = sides.target.program.body(pair.target).steps, sides.upstream.program.body(pair.upstream).steps
        seen: set[tuple[str, bool]] = set()
        for old, new in pair.steps:
            there, here = _held(before, old), _held(after, new)
            only = [(lock, True) for key, lock in here.items() if not _kin(key, there)]
            only += [(lock, False) for key, lock in there.items() if not _kin(key, here)]
            for lock, missing in only:
                if (lock.said, missing) not in seen:
                    seen.add((lock.said, missing))
                    yield OtherLock(
                        pair.upstream.name, lock.said, missing, _proof(sides, pair, old, new, lock, missing)
                    )


def _proof(sides: Sides, pair: FunctionPair, old: Step, new: Step, lock: Held, missing: bool) -> tuple[Evidence, ...]:
    """The added line on both sides, and the lock on the side that has it."""
    tree, path = (sides.upstream, pair.upstream.path) if missing else (sides.target, pair.target.path)
    return (
        sides.target.evidence(pair.target.path, old.line),
        sides.upstream.evidence(pair.upstream.path, new.line),
        tree.evidence(path, lock.line),
    )


def _kin(key: tuple[str, str], others: dict[tuple[str, str], Held]) -> bool:
    """Whether such a lock is held there: the same thing in another manner, or in the same manner what is renamed."""
    return any(other[0] == key[0] or (other[1] == key[1] and key[1]) for other in others)


def _held(steps: Sequence[Step], at: Step) -> dict[tuple[str, str], Held]:
    """The locks that are held at a step, taken in the same function on the way there."""
    held: dict[tuple[str, str], tuple[Held, tuple[Condition, ...]]] = {}
    for step in steps:
        if step is at:
            break
        if taken := _taken(step):
            key = taken, _last_name(step)
            held[key] = Held(taken, ", ".join(step.arguments[:1]), step.line), step.conditions
        elif step.does is Does.CALL and (given := _given(step.name)) and _leads_to(step, at):
            held.pop((given, _last_name(step)), None)
            if not step.arguments:
                held = {key: value for key, value in held.items() if key[0] != given}
    return {key: lock for key, (lock, conditions) in held.items() if _within(conditions, at.conditions)}


def _leads_to(step: Step, at: Step) -> bool:
    return _within(step.conditions, at.conditions)


def _within(outer: Sequence[Condition], inner: Sequence[Condition]) -> bool:
    """Whether the inner conditions hold the outer ones; an exit that was passed over says nothing."""
    held = {(one.text, one.negated) for one in inner}
    return all(one.origin is Origin.EARLY_EXIT or (one.text, one.negated) in held for one in outer)


def _taken(step: Step) -> str | None:
    """The kind of lock that a call takes."""
    if step.does is not Does.CALL:
        return None
    if guard := _GUARD.match(step.name):
        return _GUARDED.get(guard[1], guard[1])
    name = _plain(step.name)
    return name.replace("trylock", "lock") if _TAKES.search(name) and not _NO_LOCK.search(name) else None


def _given(name: str) -> str | None:
    """The kind of lock that a call gives back."""
    name = _plain(name)
    if not _GIVES.search(name):
        return None
    return _PARTNER.get(name) or name.replace("unlock", "lock")


def _plain(name: str) -> str:
    return _VARIANT.sub("", _VARIANT.sub("", name))


def _last_name(step: Step) -> str:
    """What is locked, by its last name: `&vcpu->kvm->lock` is `lock` of something, however one gets there."""
    words = re.findall(r"\w+", step.arguments[0]) if step.arguments else []
    return words[-1] if words else ""
