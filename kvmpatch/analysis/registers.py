"""What a commit does to CSR accesses and configuration bits: added, removed, altered, or only moved.

An access is *moved* when the same access with the same value stands in another function; with another value it is
one removed and one added. A bit is *moved* when it is used the same way under the same guards, in another function
or into another target.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

import msgspec

from kvmpatch import knowledge
from kvmpatch.analysis.matching import Pair, name_similarity
from kvmpatch.analysis.structure import Placed
from kvmpatch.analysis.uses import BitSeen, CsrUse, Uses
from kvmpatch.model import AccessBefore, BitBefore, BitUse, CsrAccess, Guard, Happened, Side

Used = TypeVar("Used", CsrUse, BitSeen)
UsesOf = Callable[[Placed], Uses]


class _Matched(msgspec.Struct, frozen=True):
    """Uses of one kind, matched: (before, after, what happened); one side may be missing."""

    before: CsrUse | BitSeen | None
    after: CsrUse | BitSeen | None
    happened: Happened


def _same_guards(guards: tuple[Guard, ...]) -> tuple[tuple[str, bool], ...]:
    return tuple((guard.text, guard.negated) for guard in guards)


def _asks(guards: tuple[Guard, ...]) -> tuple[tuple[str, str, bool], ...]:
    """Guards by what they ask, so that `isa` and `vcpu->arch.isa` are one when both are the guest's."""
    asked = []
    for guard in guards:
        extension = knowledge.guard_extension(guard.text)
        asked.append((guard.kind.value, extension or guard.text, guard.negated))
    return tuple(sorted(asked))


def csr_accesses(pairs: Sequence[Pair], uses_of: UsesOf) -> tuple[CsrAccess, ...]:
    """The accesses that the commit adds, removes, moves or alters."""

    def what(use: CsrUse) -> Hashable:
        return use.csr or use.csr_macro, use.accessor if use.csr is None else "", use.operation

    matched = _match(
        [(side_uses(pair.before, uses_of).csrs, side_uses(pair.after, uses_of).csrs, pair) for pair in pairs],
        same=[
            lambda use: (what(use), use.accessor, use.value, _same_guards(use.guards)),
            lambda use: (what(use), use.value),
            lambda use: (what(use), use.accessor, _same_guards(use.guards)),
            what,
        ],
        moved=[
            lambda use: (what(use), use.value, _asks(use.guards)),
            lambda use: (what(use), use.value),
        ],
        unchanged=lambda one, other: (
            (one.accessor, one.value, _same_guards(one.guards))
            == (other.accessor, other.value, _same_guards(other.guards))
        ),
    )
    return tuple(_access(found) for found in matched)


def bit_uses(pairs: Sequence[Pair], uses_of: UsesOf) -> tuple[BitUse, ...]:
    """The uses of configuration bits that the commit adds, removes, moves or alters."""
    matched = _match(
        [(side_uses(pair.before, uses_of).bits, side_uses(pair.after, uses_of).bits, pair) for pair in pairs],
        same=[
            lambda use: (use.macro, use.use, use.target, _same_guards(use.guards)),
            lambda use: (use.macro, use.use, use.target),
            lambda use: (use.macro, use.use, _asks(use.guards)),
            lambda use: (use.macro, use.use),
        ],
        moved=[
            lambda use: (use.macro, use.use, _last_word(use.target), _asks(use.guards)),
            lambda use: (use.macro, use.use, _asks(use.guards)),
        ],
        unchanged=lambda one, other: (
            (one.target, _same_guards(one.guards)) == (other.target, _same_guards(other.guards))
        ),
    )
    return tuple(_bit(found) for found in matched if not _stays_inside(found))


def _stays_inside(found: _Matched) -> bool:
    """Whether a bit is still part of the same mask: that the mask stands in another file is said of the mask."""
    before, after = found.before, found.after
    return (
        isinstance(before, BitSeen)
        and isinstance(after, BitSeen)
        and before.function is None
        and after.function is None
        and after.use == "set"
        and before.target == after.target
    )


def _last_word(target: str | None) -> str:
    """What a target is called in the end: `henvcfg` of `henvcfg` and of `cfg->henvcfg`."""
    return re.split(r"->|\.", target or "")[-1]


def side_uses(placed: Placed | None, uses_of: UsesOf) -> Uses:
    """The uses of one side of a pair; none where that side is missing."""
    return uses_of(placed) if placed else Uses()


def _match(
    sides: list[tuple[tuple[Used, ...], tuple[Used, ...], Pair]],
    same: list[Callable[[Used], Hashable]],
    moved: list[Callable[[Used], Hashable]],
    unchanged: Callable[[Used, Used], bool],
) -> list[_Matched]:
    """Pair uses within each function first, from the strictest likeness to the loosest, then across functions."""
    found: list[_Matched] = []
    gone: list[Used] = []
    come: list[Used] = []
    for before, after, pair in sides:
        old, new = list(before), list(after)
        elsewhere = pair.happened in {Happened.RENAMED, Happened.MOVED}
        for likeness in same if pair.happened is not Happened.RENAMED else same[:2]:
            for one, other in _take(old, new, likeness):
                if not unchanged(one, other):
                    found.append(
                        _Matched(one, other, Happened.MODIFIED if not elsewhere else _moved_or_altered(one, other))
                    )
                elif elsewhere:
                    found.append(_Matched(one, other, Happened.MOVED))
        gone += old
        come += new
    for likeness in moved:
        found += [_Matched(one, other, Happened.MOVED) for one, other in _take(gone, come, likeness, near=_nearness)]
    found += [_Matched(use, None, Happened.REMOVED) for use in gone]
    found += [_Matched(None, use, Happened.ADDED) for use in come]
    found.sort(key=_place)
    return found


def _moved_or_altered(one: Used, other: Used) -> Happened:
    return Happened.MOVED if _asks(one.guards) == _asks(other.guards) else Happened.MODIFIED


def _nearness(one: Used, other: Used) -> float:
    """How likely it is that a use went from one function to another: a getter's goes to a getter."""
    return name_similarity(one.function or "", other.function or "")


def _take(
    old: list[Used],
    new: list[Used],
    likeness: Callable[[Used], Hashable],
    near: Callable[[Used, Used], float] | None = None,
) -> list[tuple[Used, Used]]:
    """Pairs that are alike, taken out of both lists: first with first, or with the nearest."""
    waiting: defaultdict[Hashable, list[Used]] = defaultdict(list)
    for use in new:
        waiting[likeness(use)].append(use)
    taken = []
    for use in list(old):
        partners = waiting.get(likeness(use))
        if partners:
            best = _nearest(use, partners, near) if near else 0
            partner = partners.pop(best)
            taken.append((use, partner))
            old.remove(use)
            new.remove(partner)
    return taken


def _nearest(use: Used, partners: list[Used], near: Callable[[Used, Used], float]) -> int:
    return max(range(len(partners)), key=lambda at: (near(use, partners[at]), -at))


def _place(found: _Matched) -> tuple[str, int, int]:
    use = found.after or found.before
    if use is None:
        return "", 0, 0
    return use.path, 0 if found.after else 1, use.line


def _access(found: _Matched) -> CsrAccess:
    use, before = found.after or found.before, found.before
    if not isinstance(use, CsrUse):
        raise TypeError("an access without sides")
    side: Side = "after" if found.after else "before"
    was = None
    if isinstance(before, CsrUse) and found.after:
        was = AccessBefore(before.function, before.path, before.line, before.value, before.guards)
    return CsrAccess(
        csr=use.csr,
        csr_macro=use.csr_macro,
        accessor=use.accessor,
        operation=use.operation,
        change=found.happened,
        function=use.function,
        path=use.path,
        line=use.line,
        side=side,
        value=use.value,
        guards=use.guards,
        before=was,
    )


def _bit(found: _Matched) -> BitUse:
    use, before = found.after or found.before, found.before
    if not isinstance(use, BitSeen):
        raise TypeError("a bit without sides")
    side: Side = "after" if found.after else "before"
    was = None
    if isinstance(before, BitSeen) and found.after:
        was = BitBefore(before.target, before.function, before.path, before.line, before.guards)
    kind = use.use
    if kind == "define" and found.happened is Happened.REMOVED:
        kind = "undefine"
    field, hi, lo, extensions = _field(use.macro, use.registers)
    return BitUse(
        macro=use.macro,
        field=field,
        registers=use.registers,
        hi=hi,
        lo=lo,
        extensions=extensions,
        use=kind,
        change=found.happened,
        target=use.target,
        function=use.function,
        path=use.path,
        line=use.line,
        side=side,
        guards=use.guards,
        before=was,
    )


def _field(macro: str, registers: tuple[str, ...]) -> tuple[str | None, int | None, int | None, tuple[str, ...]]:
    """(field, hi, lo, extensions) of a bit in the registers given; positions only where they all agree."""
    known = knowledge.bit(macro)
    if known is None:
        code = knowledge.exception(macro)
        return (None, code.value, code.value, ()) if code else (None, None, None, ())
    places = [place for register in registers if (place := known.in_register(register))]
    spots = {(place.hi, place.lo) for place in places}
    # A mask of many bits has no one place: its first would pass for the whole.
    hi, lo = spots.pop() if len(spots) == 1 and not known.parts else (None, None)
    extensions = tuple(dict.fromkeys(name for place in places for name in place.extensions))
    return known.field, hi, lo, _named(extensions)


_GROUND = {"H", "S", "Sm", "U", "Zicsr", "I"}


def _named(extensions: Iterable[str]) -> tuple[str, ...]:
    """Extensions less those that every register of a mode stands on: they tell nothing about a commit."""
    return tuple(name for name in extensions if name not in _GROUND)
