"""Objects that a commit writes as a whole: cleared, copied over, or given a new value. Each of their fields is written.

A field's name does not stand in such a line, so a reader who looks for it would find nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from kvmpatch.analysis.flow.effects import FILLS, aliases, expand
from kvmpatch.analysis.flow.program import Function, Program
from kvmpatch.analysis.matching import Pair
from kvmpatch.parse.csource.steps import Does, Step

_PLACE = re.compile(r"[A-Za-z_]\w*(?:(?:->|\.)[A-Za-z_]\w*|\[[^\]]*\])*")
_OF_TYPE = re.compile(r"\((?:const )?struct (\w+)\)\s*\{")
_SIZE_OF_TYPE = re.compile(r"sizeof\(struct (\w+)\)")
_LAST = re.compile(r"(?:->|\.)([A-Za-z_]\w*)(?:\[[^\]]*\])*$")


class WholeWrite(msgspec.Struct, frozen=True):
    """An object that is written as a whole.

    `target` is the object, local names replaced; `member` the field that it is, if it is one; `struct` its type where
    the line itself says it; `cleared`: it is set to nothing but zeroes.
    """

    target: str
    member: str | None
    struct: str | None
    cleared: bool
    function: str
    path: str
    line: int


def whole_writes(before: Program, after: Program, pairs: Sequence[Pair]) -> Iterator[WholeWrite]:
    """What functions write as a whole now and did not before."""
    for pair in pairs:
        if pair.after is None:
            continue
        new = _writes(after, pair.after.path, pair.after.item.name)
        old = _writes(before, pair.before.path, pair.before.item.name) if pair.before else []
        known = {(one.target, one.cleared) for one in old}
        yield from (one for one in new if (one.target, one.cleared) not in known)


def _writes(program: Program, path: str, name: str) -> list[WholeWrite]:
    function = next((found for found in program.functions(name) if found.path == path), None)
    if function is None or function.is_assembly:
        return []
    steps = program.body(function).steps
    names = aliases(steps)
    return [made for step in steps if (made := _write(step, names, function))]


def _write(step: Step, names: dict[str, str], function: Function) -> WholeWrite | None:
    if step.does is Does.CALL and step.name in FILLS and step.arguments:
        target, given = step.arguments[0], step.arguments[1] if step.arguments[1:] else ""
        struct = _SIZE_OF_TYPE.search(step.arguments[-1])
        cleared = step.name in {"bitmap_zero", "memzero_explicit"} or (step.name == "memset" and given == "0")
    elif step.does is Does.ASSIGN and not step.declares and step.operator == "=" and _is_whole(step):
        target, value = step.name, step.value or ""
        struct = _OF_TYPE.match(value)
        cleared = re.fullmatch(r"\(.*\)\s*\{\s*0?\s*\}", value) is not None
    else:
        return None
    place = re.sub(r"^[&*(\s]+|[)\s]+$", "", expand(target, names))
    if not _PLACE.fullmatch(place):
        return None
    last = _LAST.search(place)
    if last is None and struct is None:
        return None
    of = struct[1] if struct else None
    return WholeWrite(place, last[1] if last else None, of, cleared, function.name, function.path, step.line)


def _is_whole(step: Step) -> bool:
    value = step.value or ""
    return _OF_TYPE.match(value) is not None or (step.name.startswith("*") and value.startswith("*"))
