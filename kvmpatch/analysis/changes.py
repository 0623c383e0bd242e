"""From pairs to the structural changes of the report."""

from __future__ import annotations

from collections.abc import Iterable

from kvmpatch.analysis.matching import Pair
from kvmpatch.analysis.members import member_changes
from kvmpatch.analysis.structure import Placed, item_aspects
from kvmpatch.model import Aspect, Basis, Change, ChangeBefore, Happened, Lines
from kvmpatch.parse.csource.outline import Item

_WEIGHT = {Basis.PARSED: 0, Basis.PARSED_WITH_ERRORS: 1, Basis.HUNK_HEADER: 2}


def changes_of(pairs: Iterable[Pair], order: dict[str, int]) -> tuple[Change, ...]:
    """One change a pair, in the order of the files and then of the lines."""
    found = [_change(pair) for pair in pairs]
    last = len(order)
    found.sort(key=lambda change: (order.get(change.path, last), (change.lines or (0, 0))[0], change.name))
    return tuple(found)


def _change(pair: Pair) -> Change:
    placed = pair.placed
    before, after = pair.before, pair.after
    item = placed.item
    bases = [side.item.basis for side in (before, after) if side]
    known = all(basis is not Basis.HUNK_HEADER for basis in bases)
    return Change(
        kind=item.kind,
        change=pair.happened,
        aspects=_aspects(before, after),
        name=item.name,
        path=placed.path,
        lines=_lines(item),
        signature=item.signature,
        value=item.value,
        before=_before(before) if before and after else None,
        similarity=pair.similarity if known else None,
        members=member_changes(before.item if before else None, after.item if after else None, positions=known),
        basis=max(bases, key=lambda basis: _WEIGHT[basis]),
    )


def _aspects(before: Placed | None, after: Placed | None) -> tuple[Aspect, ...]:
    if before is None or after is None:
        return ()
    aspects = []
    if before.item.name != after.item.name:
        aspects.append(Aspect.NAME)
    if before.path != after.path:
        aspects.append(Aspect.PATH)
    inner = item_aspects(before.item, after.item)
    if before.item.name != after.item.name and before.item.shape is not None:
        # A new name stands in the signature too; only what else differs there counts.
        renamed = before.item.shape.replace(before.item.name, after.item.name, 1)
        inner = tuple(aspect for aspect in inner if aspect is not Aspect.SIGNATURE or renamed != after.item.shape)
    return (*aspects, *inner)


def _before(placed: Placed) -> ChangeBefore:
    item = placed.item
    return ChangeBefore(item.name, placed.path, _lines(item), item.signature, item.value)


def _lines(item: Item) -> Lines | None:
    """Where an item stands; None where a patch does not show both its ends."""
    return item.lines if all(item.lines) else None


def is_change(pair: Pair) -> bool:
    """Whether a pair says anything: the same text in a file of another name is a move, the same in place is not."""
    return pair.happened is not Happened.MODIFIED or bool(_aspects(pair.before, pair.after))
