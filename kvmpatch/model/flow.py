"""What was found out about the order and the occasion in which code runs, before and after a commit."""

from __future__ import annotations

from dataclasses import dataclass

from kvmpatch.model.report import Effect, GuardKind, PhaseChange


@dataclass(frozen=True, slots=True)
class Stay:
    """An effect that stays in its phase but takes its value from elsewhere, or stands under other conditions."""

    phase: str
    before: Effect
    after: Effect


@dataclass(frozen=True, slots=True)
class Move:
    """Effects that are reached in another phase than before."""

    from_phase: str
    to_phase: str
    before: tuple[Effect, ...]
    after: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class TestCount:
    """How many tests of extensions a phase runs through, in what the commit touches."""

    phase: str
    before: int
    after: int
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class OnlyOred:
    """A field that is only ever OR-ed into: nothing in the sources gives it a first value.

    `readers` are the phases that read it into a CSR, with that CSR.
    """

    target: str
    phase: str
    path: str
    line: int
    readers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EarlyReturn:
    """A new return that keeps what follows from running; `skipped` names what, in order.

    Where `was` is given the return is not new: under the same condition the function returned that value. Where
    `dropped` holds it is gone, and what it skipped runs now.
    """

    function: str
    condition: str
    value: str | None
    skipped: tuple[str, ...]
    path: str
    line: int
    was: str | None = None
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class AskedOfAnother:
    """An extension that used to be asked of one (host or guest) and is now asked of the other."""

    extension: str
    before: GuardKind
    after: GuardKind
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class LostStatement:
    """A statement that a function lost and that did not come up anywhere else."""

    function: str
    text: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Factored:
    """Code that left one function for another: how many statements went untouched, which are new there."""

    source: str
    target: str
    path: str
    line: int
    moved: int
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reordered:
    """Effects of one phase that run in another order than before.

    `overtook`: they now come before `anchor` and came after it; else the other way round.
    """

    phase: str
    moved: tuple[Effect, ...]
    anchor: Effect
    overtook: bool


@dataclass(frozen=True, slots=True)
class FlowFacts:
    """Everything about flow. `unplaced`: touched functions to which no known entry point leads."""

    phases: tuple[PhaseChange, ...]
    moves: tuple[Move, ...]
    stays: tuple[Stay, ...]
    tests: tuple[TestCount, ...]
    only_ored: tuple[OnlyOred, ...]
    early_returns: tuple[EarlyReturn, ...]
    factored: tuple[Factored, ...]
    lost: tuple[LostStatement, ...]
    reordered: tuple[Reordered, ...]
    unplaced: tuple[str, ...]
    asked: tuple[AskedOfAnother, ...] = ()
