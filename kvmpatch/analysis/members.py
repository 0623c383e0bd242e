"""What differs between the members of two versions of a struct, union, enum or initialiser table."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher

from kvmpatch.model import Happened, Kind, MemberBefore, MemberChange
from kvmpatch.parse.csource.declarations import Member
from kvmpatch.parse.csource.outline import Item

# Above this product of lengths, a table is compared as a multiset: a diff of two lists is quadratic at worst.
_LARGEST_DIFF = 4_000_000


def member_changes(before: Item | None, after: Item | None, *, positions: bool = True) -> tuple[MemberChange, ...]:
    """The members that were added, removed or altered; a shifted position alone is no change."""
    old = list(before.members) if before else []
    new = list(after.members) if after else []
    kind = (after or before).kind if (after or before) else None  # type: ignore[union-attr]
    found = _unnamed_entries(old, new) if kind is Kind.VARIABLE else []
    if kind is Kind.VARIABLE:
        old = [member for member in old if not _is_index(member)]
        new = [member for member in new if not _is_index(member)]
    found += _named(old, new)
    if kind in {Kind.STRUCT, Kind.UNION, Kind.TYPEDEF}:
        found = _renamed(found)
    found.sort(key=lambda change: (change.position or 0, change.change is Happened.ADDED))
    return tuple(found) if positions else tuple(_without_positions(change) for change in found)


def _is_index(member: Member) -> bool:
    return member.name.isdigit()


def _side(member: Member) -> MemberBefore:
    return MemberBefore(member.name, member.type, member.value, member.position)


def _change(happened: Happened, member: Member, before: Member | None = None) -> MemberChange:
    return MemberChange(
        happened,
        member.name,
        member.type,
        member.value,
        member.position,
        member.of,
        _side(before) if before else None,
    )


# Kconfig properties that make a list: one of them does not turn into another.
LISTED = {"select", "imply"}


def _without_equals(old: list[Member], new: list[Member]) -> tuple[list[Member], list[Member]]:
    """Both sides less the members that stand unaltered on both: a name can stand in a list more than once."""
    waiting = Counter((member.name, member.type, member.value) for member in old)
    waiting &= Counter((member.name, member.type, member.value) for member in new)
    sides = []
    for members in (old, new):
        equal = waiting.copy()
        left = []
        for member in members:
            key = member.name, member.type, member.value
            if equal[key]:
                equal[key] -= 1
            else:
                left.append(member)
        sides.append(left)
    return sides[0], sides[1]


def _named(old: list[Member], new: list[Member]) -> list[MemberChange]:
    old, new = _without_equals(old, new)
    found = []
    left: dict[str, list[Member]] = {}
    for member in old:
        left.setdefault(member.name, []).append(member)
    for member in new:
        partners = left.get(member.name)
        if not partners or member.name in LISTED:
            found.append(_change(Happened.ADDED, member))
            continue
        found.append(_change(Happened.MODIFIED, member, partners.pop(0)))
    found += [_change(Happened.REMOVED, member) for members in left.values() for member in members]
    return found


def _renamed(found: list[MemberChange]) -> list[MemberChange]:
    """A lone field gone and a lone one new, in the same place and of the same type, is one field renamed."""
    gone = [change for change in found if change.change is Happened.REMOVED]
    come = [change for change in found if change.change is Happened.ADDED]
    if len(gone) != 1 or len(come) != 1:
        return found
    old, new = gone[0], come[0]
    if (old.type, old.position, old.of) != (new.type, new.position, new.of) or "." in old.name + new.name:
        return found
    renamed = MemberChange(
        Happened.RENAMED,
        new.name,
        new.type,
        new.value,
        new.position,
        new.of,
        MemberBefore(old.name, old.type, old.value, old.position),
    )
    return [change for change in found if change not in (old, new)] + [renamed]


def _unnamed_entries(old: list[Member], new: list[Member]) -> list[MemberChange]:
    """Entries without designator have no name but their place: they are compared as sequences of their text."""
    old = [member for member in old if _is_index(member)]
    new = [member for member in new if _is_index(member)]
    first = 0
    while first < min(len(old), len(new)) and old[first].value == new[first].value:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last].value == new[-1 - last].value:
        last += 1
    old, new = old[first : len(old) - last], new[first : len(new) - last]
    if len(old) * len(new) > _LARGEST_DIFF:
        return _as_multisets(old, new)
    found = []
    matcher = SequenceMatcher(None, [m.value for m in old], [m.value for m in new], autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        if tag == "replace" and end - start == new_end - new_start:
            found += [
                _change(Happened.MODIFIED, after, before)
                for before, after in zip(old[start:end], new[new_start:new_end], strict=True)
            ]
            continue
        found += [_change(Happened.REMOVED, member) for member in old[start:end]]
        found += [_change(Happened.ADDED, member) for member in new[new_start:new_end]]
    return found


def _as_multisets(old: list[Member], new: list[Member]) -> list[MemberChange]:
    gone = Counter(member.value for member in old)
    gone.subtract(Counter(member.value for member in new))
    found = []
    for member in old:
        if gone[member.value] > 0:
            gone[member.value] -= 1
            found.append(_change(Happened.REMOVED, member))
    for member in new:
        if gone[member.value] < 0:
            gone[member.value] += 1
            found.append(_change(Happened.ADDED, member))
    return found


def _without_positions(change: MemberChange) -> MemberChange:
    before = change.before
    if before:
        before = MemberBefore(before.name, before.type, before.value, None)
    return MemberChange(change.change, change.name, change.type, change.value, None, None, before)
