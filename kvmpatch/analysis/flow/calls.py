"""Which functions that a commit brings, renames or takes away are called from where they were not, or no longer.

A new function says little until one knows who calls it and under which condition. Only calls between things that the
commit touches are told: who else calls them is the tree's business, not the commit's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kvmpatch.analysis.flow.program import Function, Program
from kvmpatch.analysis.matching import Pair
from kvmpatch.model import CallChange, Happened, Kind
from kvmpatch.parse.csource.steps import Does, Step

_FUNCTION = (Kind.FUNCTION, Kind.SYSCALL)
_MOST = 6


def calls_changed(before: Program, after: Program, pairs: Sequence[Pair]) -> dict[tuple[str, str], list[CallChange]]:
    """The calls that came and went, by the name and path (after) of the function that makes them."""
    functions = [pair for pair in pairs if pair.placed.item.kind in _FUNCTION]
    new, old, called_now = _names(functions)
    found: dict[tuple[str, str], list[CallChange]] = {}
    for pair in functions if new or old else ():
        if pair.before is None or pair.after is None or pair.before.item.body == pair.after.item.body:
            continue
        was, now = _called(pair.before.item.body, old), _called(pair.after.item.body, new)
        kept = {called_now[name] for name in was if name in called_now}
        came = [name for name in now if name not in kept and name != pair.after.item.name]
        went = [name for name in was if called_now.get(name) not in now and name != pair.before.item.name]
        told = [
            *_told(after, pair.after.item.name, pair.after.path, came, Happened.ADDED),
            *_told(before, pair.before.item.name, pair.before.path, went, Happened.REMOVED),
        ]
        if told:
            found[pair.after.item.name, pair.after.path] = told[:_MOST]
    return found


def _names(functions: Sequence[Pair]) -> tuple[set[str], set[str], dict[str, str]]:
    """Names that are there now and were not, names that were and are no longer, and what became of those."""
    now = {pair.after.item.name for pair in functions if pair.after}
    was = {pair.before.item.name for pair in functions if pair.before}
    renamed = {
        pair.before.item.name: pair.after.item.name
        for pair in functions
        if pair.before and pair.after and pair.before.item.name != pair.after.item.name
    }
    return now - was, was - now, renamed


def _called(body: str | None, names: set[str]) -> list[str]:
    """Of some names, those that a body calls."""
    return [name for name in sorted(names) if body and re.search(rf"\b{re.escape(name)} ?\(", body)]


def _told(program: Program, caller: str, path: str, names: Sequence[str], happened: Happened) -> Iterator[CallChange]:
    function = program.function(caller, path) if names else None
    if function is None or function.path != path:
        return
    for name in names:
        step = _first_call(program, function, name)
        if step is not None:
            guards = program.guards(function, step.conditions)
            yield CallChange(happened, name, path, step.line, guards)


def _first_call(program: Program, function: Function, name: str) -> Step | None:
    return next((step for step in program.body(function).steps if step.does is Does.CALL and step.name == name), None)
