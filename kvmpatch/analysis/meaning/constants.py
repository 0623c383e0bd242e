"""Constants of interfaces and of the hardware that are another number in the target."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, takewhile

import msgspec
from msgspec.structs import replace

from kvmpatch import knowledge
from kvmpatch.analysis.flow.program import Program
from kvmpatch.analysis.meaning.sides import Sides
from kvmpatch.analysis.support.values import HeaderValues
from kvmpatch.model import Change, Evidence, Happened, Kind

_NAME = re.compile(r"[A-Z][A-Z0-9_]{3,}\Z")
_INTERFACE = re.compile(r"(?:^|/)uapi/|(?:^|/)include/public/")
_HARDWARE = re.compile(r"CSR_|MSR_")
# Ends of enumerations: they move with every id and name nothing.
_END = re.compile(r"(?:_MAX|_LAST|_END|_COUNT|_NR|_NUM)$|^(?:NR|NUM|MAX)_|^_")


class Constant(msgspec.Struct, frozen=True):
    """Where a constant is defined, and its number where it can be worked out."""

    name: str
    path: str
    line: int
    number: int | None
    enum: tuple[str, ...] = ()
    """The constants of the enumeration that it stands in, in order."""


class OtherNumber(msgspec.Struct, frozen=True):
    """A constant with another number; `interface`: user space or a guest sees it, else it is the hardware's.

    `foretold`: the pick does not go in, and this is what it would come to. `more`: how many further constants of the
    same enumeration are wrong for the same reason.
    """

    name: str
    before: int
    after: int
    interface: bool
    foretold: bool
    more: int
    evidence: tuple[Evidence, ...]


class NumberTaken(msgspec.Struct, frozen=True):
    """A number of an interface that the patch gives to a new name and that the target gives to another already."""

    name: str
    other: str
    number: int
    evidence: tuple[Evidence, ...]


class Constants:
    """The constants of one tree's headers, looked up by name."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._known: dict[str, dict[str, Constant]] = {}

    def of(self, name: str, *, anywhere: bool) -> dict[str, Constant]:
        """Where a name is defined, by path: in any header, or in those of interfaces alone."""
        word = name.encode()
        paths = [
            path
            for path, text in self.program.texts.items()
            if path.endswith(".h") and (anywhere or _INTERFACE.search(path)) and word in text
        ]
        return {path: constant for path in paths if (constant := self.file(path).get(name))}

    def file(self, path: str) -> dict[str, Constant]:
        """The constants of one header; a name that has several numbers there has none."""
        if path not in self._known:
            outline = self.program.outline(path) if path in self.program.texts else None
            self._known[path] = found = {}
            values = HeaderValues(outline) if outline else None
            for item in outline or ():
                if values is None:
                    break
                if item.kind is Kind.MACRO and item.value and not item.signature:
                    found[item.name] = Constant(item.name, path, item.name_line, values.number(item.name))
                elif item.kind is Kind.ENUM and outline:
                    names = tuple(member.name for member in item.members)
                    for one in item.members:
                        line = outline.scanned.line(one.offset)
                        found[one.name] = Constant(one.name, path, line, values.number(one.name), names)
        return self._known[path]


def constants_used(
    sides: Sides, names: Iterable[str], changes: Sequence[Change]
) -> Iterator[OtherNumber | NumberTaken]:
    """One finding a constant that the patch adds to an interface, or that its new lines use.

    Args:
        sides: the patch between the two trees.
        names: of the names that it uses, those to look at.
        changes: what it changes.
    """
    shifted: dict[tuple[str, str | None, bool], OtherNumber] = {}
    for one, enum in _found(sides, names, changes):
        if isinstance(one, NumberTaken):
            yield one
            continue
        # one id that is missing shifts all that follow: they are told together
        key = (enum, None, one.foretold) if enum else (one.name, one.name, one.foretold)
        known = shifted.get(key)
        shifted[key] = replace(known, more=known.more + 1) if known else one
    yield from shifted.values()


def _found(
    sides: Sides, names: Iterable[str], changes: Sequence[Change]
) -> Iterator[tuple[OtherNumber | NumberTaken, str | None]]:
    """Each finding, and the first constant of the enumeration that it stands in."""
    upstream, target = Constants(sides.upstream.program), Constants(sides.target.program)
    added = dict(_added(changes))
    for name in chain(added, (name for name in names if name not in added and not sides.uses[name].member)):
        if not _NAME.match(name) or _END.search(name):
            continue
        hardware = _is_hardware(name)
        here = _only(upstream.of(name, anywhere=hardware), added.get(name))
        if here is None or here.number is None:
            continue
        interface = bool(_INTERFACE.search(here.path))
        there = _only(target.of(name, anywhere=hardware), sides.paths.get(here.path, here.path))
        foretold = None if sides.merged or name not in added else _foretold(here, target, sides, added)
        if there is None and foretold is None:
            continue
        number = there.number if there else foretold[0] if foretold else None
        proof = there or (foretold[1] if foretold else None)
        if number is None or proof is None:
            continue
        lines = [sides.target.evidence(proof.path, proof.line), sides.upstream.evidence(here.path, here.line)]
        lines += [sides.use(name)] if name in sides.uses else []
        if number != here.number:
            other = OtherNumber(name, number, here.number, interface, there is None, 0, tuple(lines))
            yield other, here.enum[0] if here.enum else None
        elif interface and name in added and there and (taken := _taken(there, here, target, upstream)):
            proof_of = sides.target.evidence(taken.path, taken.line)
            yield NumberTaken(name, taken.name, number, (proof_of, *lines)), None


def _is_hardware(name: str) -> bool:
    return bool(_HARDWARE.match(name) or knowledge.bit(name) or knowledge.csr_by_macro(name))


def _added(changes: Iterable[Change]) -> Iterator[tuple[str, str]]:
    """The constants that the patch adds to interfaces or alters there, each with its file."""
    for change in changes:
        if not _INTERFACE.search(change.path):
            continue
        if change.kind is Kind.MACRO and change.change is not Happened.REMOVED:
            yield change.name, change.path
        elif change.kind is Kind.ENUM:
            for member in change.members:
                if member.change is not Happened.REMOVED:
                    yield member.name, change.path


def _only(found: dict[str, Constant], path: str | None) -> Constant | None:
    """The definition in the same file, else the only one."""
    if path in found:
        return found[path]
    return next(iter(found.values())) if len(found) == 1 else None


def _foretold(here: Constant, target: Constants, sides: Sides, added: Collection[str]) -> tuple[int, Constant] | None:
    """The number that a new constant of an enumeration would have in the target.

    It is that of what follows it there, and one more for each other that the patch puts before it in the same place.
    """
    there = target.file(sides.paths.get(here.path, here.path))
    if not here.enum:
        return None
    place = here.enum.index(here.name)
    before = takewhile(lambda name: name not in there, reversed(here.enum[:place]))
    earlier = sum(name in added for name in before)
    for name in here.enum[place + 1 :]:
        follower = there.get(name)
        if follower and follower.number is not None:
            return follower.number + earlier, follower
    return None


def _taken(there: Constant, here: Constant, target: Constants, upstream: Constants) -> Constant | None:
    """Another name of the same family and number in the target that upstream gives another number, or none."""
    family = "_".join(there.name.split("_")[:2]) + "_"
    for other in target.file(there.path).values():
        if other.name != there.name and other.number == there.number and other.name.startswith(family):
            same = upstream.file(here.path).get(other.name)
            if (same is None or same.number != other.number) and not _END.search(other.name):
                return other
    return None
