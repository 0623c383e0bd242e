"""Fields of structures that others than this kernel's own build see: where they land, and what they move."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from kvmpatch.analysis.flow.program import Program
from kvmpatch.analysis.meaning.sides import Sides
from kvmpatch.model import Change, Evidence, Happened, Kind
from kvmpatch.parse.csource.declarations import Member
from kvmpatch.parse.csource.outline import Item
from kvmpatch.parse.outlines import outline_of

Seen = Literal["uapi", "exported", "kernel"]
_INTERFACE = re.compile(r"(?:^|/)uapi/|(?:^|/)include/public/")
_KERNEL = re.compile(r"include/(?!uapi/)")
_EXPORT = re.compile(rb"^[ \t]*EXPORT_SYMBOL(?:_GPL|_NS|_NS_GPL|_FOR_KVM\w*)?\(\s*(\w+)", re.MULTILINE)
_AGGREGATES = {Kind.STRUCT, Kind.UNION}


class FieldElsewhere(msgspec.Struct, frozen=True):
    """A field of an interface that has others before it than upstream."""

    structure: str
    field: str
    before: int
    after: int
    evidence: tuple[Evidence, ...]


class FieldsMove(msgspec.Struct, frozen=True):
    """Fields of a structure that modules see and that the pick moves: those behind a new, lost or altered one."""

    structure: str
    field: str
    happened: Happened
    moved: int
    first: str
    seen: Seen
    evidence: tuple[Evidence, ...]


def layouts(
    sides: Sides, changes: Sequence[Change], standing: Mapping[str, bytes | None]
) -> Iterator[FieldElsewhere | FieldsMove]:
    """One finding a structure.

    Args:
        sides: the patch between the two trees, merged.
        changes: what it changes upstream.
        standing: the target's files as they are before the pick, by path.
    """
    if not sides.merged:
        return
    for change in changes:
        path = sides.paths.get(change.path)
        if change.kind not in _AGGREGATES or change.change is not Happened.MODIFIED or path is None:
            continue
        seen = _seen(sides, change, path)
        there, here = _structure(sides.target.program, path, change), _structure(
            sides.upstream.program, change.path, change
        )  # fmt: skip
        data = standing.get(path)
        outline = outline_of(path, data) if data else None
        was = next((one for one in outline or () if one.kind is change.kind and one.name == change.name), None)
        if seen is None or there is None or here is None or was is None:
            continue
        if seen == "uapi" and (elsewhere := _elsewhere(sides, change, there, here, path)):
            yield elsewhere
        elif moved := _moved(sides, change, there, was, here, path, seen):
            yield moved


def _seen(sides: Sides, change: Change, path: str) -> Seen | None:
    if _INTERFACE.search(path):
        return "uapi"
    word = re.compile(rf"\b(?:struct|union)\s+{re.escape(change.name)}\b")
    for name, text in sides.target.program.texts.items():
        if b"EXPORT_SYMBOL" not in text or not word.search(text.decode("utf-8", "replace")):
            continue
        exported = {match.decode() for match in _EXPORT.findall(text)}
        outline = sides.target.program.outline(name)
        for item in outline.functions() if outline else ():
            if item.name in exported and word.search(item.signature or ""):
                return "exported"
    return "kernel" if _KERNEL.match(path) else None


def _structure(program: Program, path: str, change: Change) -> Item | None:
    outline = program.outline(path) if path in program.texts else None
    return next((one for one in outline or () if one.kind is change.kind and one.name == change.name), None)


_SIZES = {
    **dict.fromkeys(
        ("char", "signed char", "unsigned char", "u8", "s8", "__u8", "__s8", "uint8_t", "int8_t", "bool"), 1
    ),
    **dict.fromkeys(("short", "unsigned short", "u16", "s16", "__u16", "__s16", "uint16_t", "int16_t"), 2),
    **dict.fromkeys(("int", "unsigned int", "unsigned", "u32", "s32", "__u32", "__s32", "uint32_t", "int32_t"), 4),
    **dict.fromkeys(("u64", "s64", "__u64", "__s64", "uint64_t", "int64_t", "long long", "unsigned long long"), 8),
}


def _key(member: Member) -> tuple[str, str | int | None]:
    """What tells whether a field stayed as it was: a type of the same size moves nothing."""
    return member.name, _SIZES.get(member.type or "", member.type)


def _elsewhere(sides: Sides, change: Change, there: Item, here: Item, path: str) -> FieldElsewhere | None:
    """The first field that the patch adds behind other fields than upstream."""
    before, after = [_key(one) for one in there.members], [_key(one) for one in here.members]
    for member in change.members:
        if member.change is not Happened.ADDED:
            continue
        key = member.name, _SIZES.get(member.type or "", member.type)
        if key in before and key in after:
            mine, theirs = before.index(key), after.index(key)
            if [one[1] for one in before[:mine]] != [one[1] for one in after[:theirs]]:
                proof = (_line(sides, there, path, mine), _line(sides, here, change.path, theirs, upstream=True))
                return FieldElsewhere(change.name, member.name, mine + 1, theirs + 1, proof)
    return None


def _moved(
    sides: Sides, change: Change, there: Item, was: Item, here: Item, path: str, seen: Seen
) -> FieldsMove | None:
    """The fields that stand behind the first difference and were there before the pick."""
    if there.kind is Kind.UNION:
        return None
    old, new = [_key(one) for one in was.members], [_key(one) for one in there.members]
    at = next((index for index, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), None)
    if at is None:  # at the end, where nothing moves
        return None
    kept = set(new[at:])
    moved = [one for one in old[at:] if one in kept]
    happened = _happened(old[at][0], new[at][0], {name for name, _ in old}, {name for name, _ in new})
    name = new[at][0] if happened is not Happened.REMOVED else old[at][0]
    if not moved:
        return None
    names = [one.name for one in here.members]
    place = names.index(name) if name in names else 0
    proof = (
        _line(sides, there, path, min(at, len(new) - 1)),
        _line(sides, here, change.path, min(place, len(names) - 1), upstream=True),
    )
    return FieldsMove(change.name, name, happened, len(moved), moved[0][0], seen, proof)


def _happened(was: str, now: str, old: set[str], new: set[str]) -> Happened:
    if was == now:
        return Happened.MODIFIED
    return Happened.ADDED if now not in old else Happened.REMOVED if was not in new else Happened.MOVED


def _line(sides: Sides, item: Item, path: str, index: int, *, upstream: bool = False) -> Evidence:
    tree = sides.upstream if upstream else sides.target
    outline = tree.program.outline(path)
    line = outline.scanned.line(item.members[index].offset) if outline and item.members else item.name_line
    return tree.evidence(path, line)
