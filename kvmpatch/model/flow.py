"""What was found out about the order and the occasion in which code runs, before and after a commit."""

from __future__ import annotations

import msgspec

from kvmpatch.model.changes import CallChange, GuardKind, Side
from kvmpatch.model.report import Effect, PhaseChange


class Stay(msgspec.Struct, frozen=True):
    """An effect that stays in its phase but takes its value from elsewhere, or stands under other conditions."""

    phase: str
    before: Effect
    after: Effect


class Move(msgspec.Struct, frozen=True):
    """Effects that are reached in another phase than before."""

    from_phase: str
    to_phase: str
    before: tuple[Effect, ...]
    after: tuple[Effect, ...]


class TestCount(msgspec.Struct, frozen=True):
    """How many tests of extensions a phase runs through, in what the commit touches."""

    phase: str
    before: int
    after: int
    path: str
    line: int


class OnlyOred(msgspec.Struct, frozen=True):
    """A field that is only ever OR-ed into: nothing in the sources gives it a first value.

    `readers` are the phases that read it into a CSR, with that CSR.
    """

    target: str
    phase: str
    path: str
    line: int
    readers: tuple[tuple[str, str], ...]


class EarlyReturn(msgspec.Struct, frozen=True):
    """A new return that keeps what follows from running; `skipped` names what, in order.

    Where `was` is given the return is not new: under the same condition the function returned that value. Where
    `dropped` holds it is gone, and what it skipped runs now. Where `instead_of` is given it returned under that
    condition, and no longer does.
    """

    function: str
    condition: str
    value: str | None
    skipped: tuple[str, ...]
    path: str
    line: int
    was: str | None = None
    dropped: bool = False
    instead_of: str | None = None


class AskedOfAnother(msgspec.Struct, frozen=True):
    """An extension that used to be asked of one (host or guest) and is now asked of the other."""

    extension: str
    before: GuardKind
    after: GuardKind
    path: str
    line: int


class LostStatement(msgspec.Struct, frozen=True):
    """A statement that a function lost and that did not come up anywhere else."""

    function: str
    text: str
    path: str
    line: int


class Factored(msgspec.Struct, frozen=True):
    """Code that left one function for another: how many statements went untouched, which are new there."""

    source: str
    target: str
    path: str
    line: int
    moved: int
    new: tuple[str, ...]


class Reordered(msgspec.Struct, frozen=True):
    """Effects of one phase that run in another order than before.

    `overtook`: they now come before `anchor` and came after it; else the other way round.
    """

    phase: str
    moved: tuple[Effect, ...]
    anchor: Effect
    overtook: bool


class Callback(msgspec.Struct, frozen=True):
    """A function that others call when they see fit, and how they come by it.

    `handed`: the function that gets it (`hrtimer_setup()`), or the field or table entry that holds it; None where
    generic KVM calls it by its name. `by`: the function that hands it over; None for a table. Path and line say where.
    """

    function: str
    handed: str | None
    by: str | None
    path: str
    line: int
    side: Side


class Unplaced(msgspec.Struct, frozen=True):
    """A touched function to which no known entry point leads."""

    function: str
    path: str
    line: int
    side: Side


class Capability(msgspec.Struct, frozen=True):
    """A KVM_CAP_* for which KVM_CHECK_EXTENSION has a case of its own now, or no longer (`dropped`)."""

    name: str
    dropped: bool
    path: str
    line: int


class FlowFacts(msgspec.Struct, frozen=True):
    """Everything about flow.

    `conditional`: path and line of CSR accesses under conditions of callers, not told. `calls`: by the name and path
    of the function that makes them.
    """

    phases: tuple[PhaseChange, ...]
    moves: tuple[Move, ...]
    stays: tuple[Stay, ...]
    tests: tuple[TestCount, ...]
    only_ored: tuple[OnlyOred, ...]
    early_returns: tuple[EarlyReturn, ...]
    factored: tuple[Factored, ...]
    lost: tuple[LostStatement, ...]
    reordered: tuple[Reordered, ...]
    unplaced: tuple[Unplaced, ...]
    asked: tuple[AskedOfAnother, ...] = ()
    callbacks: tuple[Callback, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    conditional: frozenset[tuple[str, int]] = frozenset()
    calls: tuple[tuple[str, str, tuple[CallChange, ...]], ...] = ()
