"""Two outlines of a file, walked side by side: what is gone, what is new, what is in both and differs.

Pieces that both sides share byte for byte are dropped before anything is read, so the cost follows the change.
"""

from __future__ import annotations

import re
from collections import defaultdict

import msgspec

from kvmpatch.analysis.members import LISTED
from kvmpatch.model import Aspect, Kind
from kvmpatch.parse.csource.outline import Item, Outline
from kvmpatch.parse.csource.scan import Piece


class Placed(msgspec.Struct, frozen=True):
    """An item and the file that it stands in."""

    item: Item
    path: str


class FileDifference(msgspec.Struct, frozen=True):
    """What differs between the two sides of one file, before anything is looked for elsewhere."""

    removed: tuple[Placed, ...]
    added: tuple[Placed, ...]
    differing: tuple[tuple[Placed, Placed], ...]


def compare(before: Outline | None, after: Outline | None, before_path: str, after_path: str) -> FileDifference:
    """The items that differ between two outlines; either may be missing (a new or deleted file)."""
    before_pieces, after_pieces = _unshared(before, after)
    old = [Placed(item, before_path) for item in before.items(before_pieces) if _tells(item)] if before else []
    new = [Placed(item, after_path) for item in after.items(after_pieces) if _tells(item)] if after else []
    by_key: defaultdict[tuple[Kind, str], list[Placed]] = defaultdict(list)
    for placed in new:
        by_key[placed.item.kind, placed.item.name].append(placed)
    removed, differing = [], []
    for placed in old:
        candidates = by_key.get((placed.item.kind, placed.item.name))
        if not candidates:
            removed.append(placed)
            continue
        # The same name twice in a file (one for each configuration): prefer the one that says the same.
        partner = next((other for other in candidates if other.item.text == placed.item.text), candidates[0])
        candidates.remove(partner)
        if item_aspects(placed.item, partner.item):
            differing.append((placed, partner))
    added = [placed for candidates in by_key.values() for placed in candidates]
    return FileDifference(tuple(removed), tuple(added), tuple(differing))


_INCLUDE_GUARD = re.compile(r"_?\w+_H_{0,3}$")


def _tells(item: Item) -> bool:
    """Whether an item says anything by being there: the macro that guards a header does not."""
    return not (
        item.kind is Kind.MACRO
        and item.value is None
        and item.signature is None
        and item.name.upper() == item.name
        and _INCLUDE_GUARD.match(item.name)
    )


def _unshared(before: Outline | None, after: Outline | None) -> tuple[list[Piece], list[Piece]]:
    """The pieces of each side less those that the other side has too, byte for byte."""
    old = list(before.scanned.pieces) if before else []
    new = list(after.scanned.pieces) if after else []
    if before is None or after is None:
        return old, new
    shared: defaultdict[bytes, int] = defaultdict(int)
    for piece in new:
        shared[after.scanned.data[piece.start : piece.end]] += 1
    old_left = []
    for piece in old:
        source = before.scanned.data[piece.start : piece.end]
        if shared.get(source):
            shared[source] -= 1
        else:
            old_left.append(piece)
    new_left = []
    for piece in reversed(new):
        source = after.scanned.data[piece.start : piece.end]
        if shared.get(source):
            shared[source] -= 1
            new_left.append(piece)
    return old_left, new_left[::-1]


def item_aspects(before: Item, after: Item) -> tuple[Aspect, ...]:
    """In what respects two items of one name differ, white space, comments and positions left out."""
    if _plain(before.text) == _plain(after.text) and before.kind is not Kind.KCONFIG:
        return ()
    aspects = []
    if before.shape != after.shape or (before.kind is Kind.MACRO and before.signature != after.signature):
        aspects.append(Aspect.SIGNATURE)
    if before.linkage != after.linkage:
        aspects.append(Aspect.LINKAGE)
    if before.body != after.body:
        aspects.append(Aspect.BODY)
    if before.value != after.value:
        aspects.append(Aspect.VALUE)
    if _members(before) != _members(after):
        aspects.append(Aspect.MEMBERS)
    if not aspects and before.kind in {Kind.STRUCT, Kind.UNION, Kind.TYPEDEF, Kind.FUNCTION, Kind.VARIABLE}:
        # Attribute words such as __packed, or a type without a name: no member and no word of the signature, yet said.
        aspects.append(Aspect.SIGNATURE)
    return tuple(aspects)


def _plain(text: str) -> str:
    """A text less the comma after a last entry, which says nothing."""
    return text.replace(" , }", " }") if " , }" in text else text


def _members(item: Item) -> list[tuple[str, str | None, str | None]]:
    members = [(member.name, member.type, member.value) for member in item.members]
    if item.kind is Kind.KCONFIG:
        # What is selected is a set: its order says nothing, where that of defaults does.
        members.sort(key=lambda member: (member[0] in LISTED, member if member[0] in LISTED else ()))
    return members
