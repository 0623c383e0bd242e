"""In which phases the functions of a patch run, in both trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from kvmpatch.analysis.flow.program import Function, Program
from kvmpatch.analysis.flow.routes import Route, routes_to
from kvmpatch.analysis.meaning.sides import FunctionPair, Sides, Tree
from kvmpatch.model import Evidence


class OtherPhases(msgspec.Struct, frozen=True):
    """A function that is reached in other phases: those of only one side, as slugs with the entry point each."""

    function: str
    before: tuple[tuple[str, str], ...]
    after: tuple[tuple[str, str], ...]
    evidence: tuple[Evidence, ...]


def phases_of_functions(sides: Sides, pairs: Iterable[FunctionPair]) -> Iterator[OtherPhases]:
    """One finding a function that entry points lead to on both sides, in other phases."""
    for pair in pairs:
        there, here = _phases(sides.target.program, pair.target), _phases(sides.upstream.program, pair.upstream)
        if not there or not here or there.keys() == here.keys():
            continue
        only_there = {phase: route for phase, route in there.items() if phase not in here}
        only_here = {phase: route for phase, route in here.items() if phase not in there}
        proof = [sides.target.header(pair.target), sides.upstream.header(pair.upstream)]
        proof += [_caller(sides.target, route, pair.target) for route in only_there.values()]
        proof += [_caller(sides.upstream, route, pair.upstream) for route in only_here.values()]
        yield OtherPhases(
            pair.upstream.name,
            tuple((phase, route.root) for phase, route in only_there.items()),
            tuple((phase, route.root) for phase, route in only_here.items()),
            tuple(proof),
        )


def _phases(program: Program, function: Function) -> dict[str, Route]:
    found: dict[str, Route] = {}
    for route in routes_to(program, function):
        found.setdefault(route.phase, route)
    return found


def _caller(tree: Tree, route: Route, function: Function) -> Evidence:
    """The call that leads there from nearest."""
    if not route.links:
        return tree.header(function)
    link = route.links[-1]
    return tree.evidence(link.caller.path, link.step.line)
