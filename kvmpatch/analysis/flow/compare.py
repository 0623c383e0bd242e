"""The effects of two sides, phase against phase: what stays, what moved, what is new, what is gone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from kvmpatch import knowledge
from kvmpatch.analysis.flow.asked import asked_of_another
from kvmpatch.analysis.flow.calls import calls_changed
from kvmpatch.analysis.flow.capabilities import capabilities
from kvmpatch.analysis.flow.effects import Run, Tracer
from kvmpatch.analysis.flow.factoring import factored_out
from kvmpatch.analysis.flow.program import Function, Program
from kvmpatch.analysis.flow.returns import early_returns
from kvmpatch.analysis.flow.routes import CALLBACK, Route, routes_to
from kvmpatch.analysis.flow.zeroed import only_ored
from kvmpatch.analysis.matching import Pair
from kvmpatch.analysis.structure import Placed
from kvmpatch.model import (
    Callback,
    Effect,
    FlowFacts,
    Frequency,
    Happened,
    Kind,
    Move,
    MovedFrom,
    PhaseChange,
    Reordered,
    Side,
    Stay,
    TestCount,
    Unplaced,
)

_CODE = {Kind.FUNCTION, Kind.SYSCALL, Kind.ASM_SYMBOL}
_MOST_ORDERED = 400


class _Side(msgspec.Struct, frozen=True):
    """What one side runs: the effects by phase and root, in order, each once."""

    runs: dict[tuple[str, str], list[Run]]
    unplaced: tuple[Unplaced, ...]
    callbacks: tuple[Callback, ...]
    conditional: frozenset[tuple[str, int]]


@dataclass(slots=True)
class _Difference:
    """One phase of one root: effects on both sides, and those that stand alone."""

    both: list[tuple[Run, Run]]
    before: list[Run]
    after: list[Run]
    position: dict[int, int]

    def ordered(self, runs: list[Run]) -> list[Run]:
        """Effects of one side in the order they run."""
        return sorted(runs, key=lambda run: self.position[id(run)])


def flow_of(before: Program, after: Program, pairs: Sequence[Pair]) -> FlowFacts:
    """Follow what the commit touches through the sources of both sides.

    Args:
        before: the sources before; those files that the commit does not touch may be the same as after.
        after: the sources after.
        pairs: what the commit changed, as matched.
    """
    code = [pair for pair in pairs if pair.placed.item.kind in _CODE]
    gone = {_place(pair.before) for pair in code if pair.before and not pair.after}
    come = {_place(pair.after) for pair in code if pair.after and not pair.before}
    old = _run(before, "before", [_place(pair.before) for pair in code if pair.before], gone)
    new = _run(after, "after", [_place(pair.after) for pair in code if pair.after], come)
    roots = _common_roots(old, new, code)
    differences = {key: _differ(*roots[key]) for key in sorted(roots, key=_in_order)}
    stays: list[Stay] = []
    phases: list[PhaseChange] = []
    moves = _moves(differences)
    moved_from = {id(effect): move.from_phase for move in moves for effect in move.after}
    for (phase, root), difference in differences.items():
        kept = _stays(phase, difference)
        stays += kept
        listed = _phase_change(phase, root, difference, moved_from)
        if listed and not any(_same_work(listed, one) for one in phases):
            phases.append(listed)
    return FlowFacts(
        phases=tuple(phases),
        moves=tuple(moves),
        stays=tuple(stays),
        tests=tuple(_tests(roots)),
        only_ored=tuple(only_ored(after, new.runs, old.runs)),
        early_returns=tuple(early_returns(before, after, code)),
        factored=(factoring := factored_out(before, after, code))[0],
        lost=factoring[1],
        reordered=tuple(_reordered(differences)),
        asked=tuple(asked_of_another(before, after, code)),
        unplaced=tuple(_nowhere(old, new)),
        callbacks=new.callbacks or old.callbacks,
        capabilities=tuple(capabilities(code)),
        conditional=new.conditional,
        calls=tuple((*key, tuple(calls)) for key, calls in calls_changed(before, after, code).items()),
    )


def _nowhere(old: _Side, new: _Side) -> Iterator[Unplaced]:
    """Functions that nothing leads to, on either side; those that are gone are told as they were."""
    placed, there = _names(old), {one.function for one in new.unplaced}
    before = {one.function for one in old.unplaced}
    yield from (one for one in new.unplaced if one.function in before or one.function not in placed)
    placed = _names(new)
    yield from (one for one in old.unplaced if one.function not in there | placed)


def _place(placed: Placed) -> tuple[str, str]:
    return placed.path, placed.item.name


def _same_work(one: PhaseChange, other: PhaseChange) -> bool:
    """Whether two roots of a phase reach the same: one row tells it."""
    return one.phase == other.phase and all(
        len(mine) == len(theirs) and all(_alike(a, b) for a, b in zip(mine, theirs, strict=True))
        for mine, theirs in ((one.before, other.before), (one.after, other.after))
    )


def _alike(one: Effect, other: Effect) -> bool:
    return (one.what, one.target, one.path, one.line) == (other.what, other.target, other.path, other.line)


def _names(side: _Side) -> set[str]:
    return {run.function for runs in side.runs.values() for run in runs}


# ---- one side ---------------------------------------------------------------------------------------------------


def _run(program: Program, side: Side, touched: list[tuple[str, str]], one_sided: set[tuple[str, str]]) -> _Side:
    routes: dict[tuple[str, str], tuple[Function, Route]] = {}
    follow: set[tuple[str, str]] = set()
    unplaced: list[Unplaced] = []
    callbacks: dict[str, Callback] = {}
    indirect: dict[tuple[str, int, str], Function] = {}
    for path, name in touched:
        function = next((found for found in program.functions(name) if found.path == path), None)
        if function is None:
            continue
        ways = routes_to(program, function)
        if not ways:
            unplaced.append(Unplaced(name, path, function.item.name_line, side))
        for route in ways:
            root = route.links[0].caller if route.links else function
            routes[root.path, root.name] = (root, route)
            if _root_phase(root, route) == CALLBACK:
                callbacks.setdefault(root.name, _callback(root, route, side))
            follow |= {(link.caller.path, link.caller.name) for link in route.links}
            below = (*(link.caller for link in route.links[1:]), function)
            for link, reached in zip(route.links, below, strict=False):
                if link.step.name != reached.name:
                    indirect[link.caller.path, link.step.line, link.step.name] = reached
    tracer = Tracer(program, follow, set(touched), one_sided, indirect)
    runs: defaultdict[tuple[str, str], list[Run]] = defaultdict(list)
    seen: set[tuple[object, ...]] = set()
    for root, route in routes.values():
        start = _root_phase(root, route)
        for run in tracer.trace(root, start):
            key = (run.phase, root.name, run.essence, run.checks, run.function, run.effect.line)
            if key not in seen:
                seen.add(key)
                runs[run.phase, root.name].append(run)
    return _Side(dict(runs), tuple(unplaced), tuple(callbacks.values()), frozenset(tracer.conditional))


def _callback(root: Function, route: Route, side: Side) -> Callback:
    use = route.handed
    if use is None or (use.caller is None and use.table is None):
        return Callback(root.name, None, None, root.path, root.item.name_line, side)
    if use.caller is None or use.step is None:
        return Callback(root.name, (use.table or "").strip("."), None, root.path, root.item.name_line, side)
    return Callback(root.name, use.handed, use.caller.name, use.caller.path, use.step.line, side)


def _root_phase(root: Function, route: Route) -> str:
    entry = knowledge.entry_point(root.name)
    return entry.phase if entry else route.phase


def _common_roots(old: _Side, new: _Side, code: Iterable[Pair]) -> dict[tuple[str, str], tuple[list[Run], list[Run]]]:
    """Phase and root with the effects of both sides; a root that was renamed is one root."""
    renamed = {
        pair.before.item.name: pair.after.item.name
        for pair in code
        if pair.before and pair.after and pair.happened is Happened.RENAMED
    }
    roots: dict[tuple[str, str], tuple[list[Run], list[Run]]] = {}
    for (phase, root), runs in old.runs.items():
        roots.setdefault((phase, renamed.get(root, root)), ([], []))[0].extend(runs)
    for key, runs in new.runs.items():
        roots.setdefault(key, ([], []))[1].extend(runs)
    return roots


def _in_order(key: tuple[str, str]) -> tuple[int, str]:
    known = knowledge.phase(key[0])
    return (known.order if known else 99), key[1]


# ---- two sides --------------------------------------------------------------------------------------------------


def _differ(before: list[Run], after: list[Run]) -> _Difference:
    """Pair the effects of both sides: the same with the same, then the same target with another value or guard."""
    old, new = [run for run in before if run.effect.what != "test"], [run for run in after if run.effect.what != "test"]
    both: list[tuple[Run, Run]] = []
    for likeness in (
        lambda run: (run.essence, run.checks),
        lambda run: run.essence,
        lambda run: (run.essence[:2], run.checks) if run.effect.what in {"csr", "field"} else id(run),
        lambda run: run.essence[:2] if run.effect.what == "csr" else id(run),
    ):
        waiting: defaultdict[object, list[Run]] = defaultdict(list)
        for run in new:
            waiting[likeness(run)].append(run)
        for run in list(old):
            partners = waiting.get(likeness(run))
            if partners:
                partner = partners.pop(0)
                both.append((run, partner))
                old.remove(run)
                new.remove(partner)
    position = {id(run): number for runs in (before, after) for number, run in enumerate(runs)}
    return _Difference(both, old, new, position)


def _same(one: Run, other: Run) -> bool:
    return one.essence == other.essence and one.checks == other.checks


def _stays(phase: str, difference: _Difference) -> list[Stay]:
    return [
        Stay(phase, before.effect, after.effect)
        for before, after in difference.both
        if not _same(before, after) and before.effect.what in {"csr", "field", "bit", "call"}
    ]


def _moves(differences: dict[tuple[str, str], _Difference]) -> list[Move]:
    """Effects that are gone from one phase and new in another."""
    gone: defaultdict[object, list[tuple[str, Run]]] = defaultdict(list)
    for (phase, _), difference in differences.items():
        for run in difference.before:
            gone[_wherever(run)].append((phase, run))
    found: defaultdict[tuple[str, str], list[tuple[Effect, Effect]]] = defaultdict(list)
    for (phase, _), difference in differences.items():
        for run in difference.after:
            candidates = gone.get(_wherever(run), [])
            origin = next((one for one in candidates if one[0] != phase), None)
            if origin:
                candidates.remove(origin)
                found[origin[0], phase].append((origin[1].effect, run.effect))
    return [
        Move(old, new, tuple(before for before, _ in effects), tuple(after for _, after in effects))
        for (old, new), effects in found.items()
    ]


def _wherever(run: Run) -> object:
    """What an effect is, wherever it runs: the same value into the same register or field, asking the same.

    The condition that makes a phase of its own is not counted: it says when, not whether.
    """
    what, target, value = run.essence
    asked = tuple(check for check in run.checks if not check[1].endswith("ran_atleast_once"))
    if what == "return":
        return id(run)
    return what, target.replace(".", ">").rpartition(">")[2], value, asked


def _phase_change(phase: str, root: str, difference: _Difference, moved_from: dict[int, str]) -> PhaseChange | None:
    """What the report shows of a phase: everything that is not the same on both sides."""
    before = [run for run, partner in difference.both if not _same(run, partner)] + difference.before
    after = [partner for run, partner in difference.both if not _same(run, partner)] + difference.after
    if not before and not after:
        return None
    known = knowledge.phase(phase)
    if known is None:
        return None
    entry = knowledge.entry_point(root)
    frequency = entry.frequency if entry and entry.phase == phase else known.frequency
    return PhaseChange(
        phase=phase,
        entry=root,
        frequency=Frequency(frequency.slug, frequency.words),
        before=tuple(run.effect for run in difference.ordered(before)),
        after=tuple(
            replace(run.effect, moved_from=MovedFrom(moved_from[id(run.effect)]))
            if id(run.effect) in moved_from
            else run.effect
            for run in difference.ordered(after)
        ),
    )


def _tests(roots: dict[tuple[str, str], tuple[list[Run], list[Run]]]) -> list[TestCount]:
    """Tests of extensions that a phase runs through, where their number differs."""
    counts: defaultdict[str, list[Counter[str]]] = defaultdict(lambda: [Counter(), Counter()])
    place: dict[str, Effect] = {}
    for (phase, _), sides in roots.items():
        for number, runs in enumerate(sides):
            for run in runs:
                if run.effect.what == "test":
                    counts[phase][number][run.effect.target] += 1
                    place.setdefault(phase, run.effect)
    return [
        TestCount(phase, old.total(), new.total(), place[phase].path, place[phase].line)
        for phase, (old, new) in counts.items()
        if old.total() != new.total()
    ]


def _reordered(differences: dict[tuple[str, str], _Difference]) -> list[Reordered]:
    """CSR accesses that are the same on both sides and run in another order than before."""
    found = []
    for (phase, _), difference in differences.items():
        same = [(old, new) for old, new in difference.both if _same(old, new) and old.effect.what == "csr"]
        if len(same) > _MOST_ORDERED:
            continue
        by_new = sorted(same, key=lambda pair: difference.position[id(pair[1])])
        old_places = [difference.position[id(old)] for old, _ in by_new]
        kept = _longest_rising(old_places)
        moved = [place for place in range(len(by_new)) if place not in kept]
        if not moved:
            continue
        first = moved[0]
        following = next((place for place in range(first, len(by_new)) if place in kept), None)
        overtook = following is not None and old_places[following] < old_places[first]
        anchor = following if overtook else max((place for place in kept if place < first), default=None)
        if anchor is None:
            continue
        group = [by_new[place][1].effect for place in moved if (place < anchor) == overtook]
        found.append(Reordered(phase, tuple(group), by_new[anchor][1].effect, overtook))
    return found


def _longest_rising(numbers: list[int]) -> set[int]:
    """The places of a longest rising subsequence: what kept its order; the rest was moved."""
    best: list[tuple[int, int]] = []
    for place, number in enumerate(numbers):
        length, previous = max(
            ((best[earlier][0], earlier) for earlier in range(place) if numbers[earlier] < number), default=(0, -1)
        )
        best.append((length + 1, previous))
    if not best:
        return set()
    place = max(range(len(best)), key=lambda candidate: best[candidate][0])
    kept = set()
    while place >= 0:
        kept.add(place)
        place = best[place][1]
    return kept
