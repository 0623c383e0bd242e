"""Which removed thing is which added thing: what moved to another file, what got another name.

A rename is told by what the body does. Candidates are looked for among everything that the commit removes and adds;
a function that keeps its name but not its body takes part on both sides, since its old body may live on elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

import msgspec

from kvmpatch.analysis.structure import FileDifference, Placed
from kvmpatch.model import Basis, Happened, Kind

# How alike two bodies must be (Dice over pairs of lexemes) to be the same function under another name. Below 0.6
# unrelated getters and handlers of one file begin to match; above 0.7 real renames with lost statements are missed.
SAME_BODY = 0.62
SAME_NAME_FAMILY = 0.5
SMALL_BODY = 12
SMALL_SAME = 0.9
# A function that keeps less than this of its body was rewritten under its old name. One that keeps a little more may
# still have handed all of it to a new name (and call it from there): that is believed only if the body is unchanged.
REWRITTEN = 0.45
HANDED_ON = 0.9
_MOST_PAIRS = 40_000


class Pair(msgspec.Struct, frozen=True):
    """One thing on its two sides; a missing side says that it was added or removed."""

    before: Placed | None
    after: Placed | None
    happened: Happened
    similarity: float | None

    @property
    def placed(self) -> Placed:
        """The side that names it: after, else before."""
        placed = self.after or self.before
        if placed is None:
            raise ValueError("a pair without sides")
        return placed


def match(differences: Iterable[FileDifference]) -> list[Pair]:
    """Pair up what the files of one commit remove, add and alter."""
    removed: list[Placed] = []
    added: list[Placed] = []
    pairs: list[Pair] = []
    for difference in differences:
        removed += difference.removed
        added += difference.added
        for before, after in difference.differing:
            pairs.append(_same_name(before, after))
    moved, removed, added = _moved(removed, added)
    pairs += moved
    renamed, removed, added, pairs = _renamed(removed, added, pairs)
    pairs += renamed
    pairs += [Pair(placed, None, Happened.REMOVED, None) for placed in removed]
    pairs += [Pair(None, placed, Happened.ADDED, None) for placed in added]
    return pairs


def _same_name(before: Placed, after: Placed) -> Pair:
    # Within one file, whatever the file is called on each side, a thing of the same name stays where it is.
    return Pair(before, after, Happened.MODIFIED, body_similarity(before, after))


def _has_body(placed: Placed) -> bool:
    return placed.item.kind in {Kind.FUNCTION, Kind.SYSCALL, Kind.ASM_SYMBOL}


def is_same(before: Placed, after: Placed) -> bool:
    """Whether two things of one kind and name in different files are one, that moved."""
    return before.item.kind is after.item.kind and _may_be_the_same(before, after)


def renamed_as(before: Placed, others: Iterable[Placed]) -> Placed | None:
    """Which of some things is this one under another name; None where none is. What it gives back stays the same."""

    def rank(scored: tuple[float, Placed]) -> float:
        return scored[0] + name_similarity(before.item.name, scored[1].item.name)

    alike = [one for one in others if one.item.kind is before.item.kind and _gives(one) == _gives(before)]
    scored = [(_rename_score(before, one), one) for one in alike]
    return max(((score, one) for score, one in scored if score), key=rank, default=(0.0, None))[1]


def _gives(placed: Placed) -> str:
    """What stands before the name of a function: the type of what it gives back."""
    return (placed.item.shape or "").partition(placed.item.name)[0].strip()


def _moved(removed: list[Placed], added: list[Placed]) -> tuple[list[Pair], list[Placed], list[Placed]]:
    """The same kind and name, gone from one file and come to another."""
    homes: defaultdict[tuple[Kind, str], list[Placed]] = defaultdict(list)
    for placed in added:
        homes[placed.item.kind, placed.item.name].append(placed)
    pairs, left = [], []
    for before in removed:
        candidates = homes.get((before.item.kind, before.item.name), [])
        best = max(candidates, key=lambda after, before=before: _alike(before, after), default=None)  # type: ignore[misc]
        if best is None or not _may_be_the_same(before, best):
            left.append(before)
            continue
        candidates.remove(best)
        pairs.append(Pair(before, best, Happened.MOVED, body_similarity(before, best)))
    return pairs, left, [placed for candidates in homes.values() for placed in candidates]


def _may_be_the_same(before: Placed, after: Placed) -> bool:
    """A global name is one thing wherever it stands; a private one must also say about the same."""
    if before.item.text == after.item.text:
        return True
    if _has_body(before):
        public = not before.item.is_static and not after.item.is_static
        return public or _alike(before, after) >= SAME_NAME_FAMILY or _outgrown(before, after)
    if before.item.kind is Kind.VARIABLE and before.item.members and after.item.members:
        return before.item.shape == after.item.shape and _shared_entries(before, after) >= SAME_NAME_FAMILY
    if before.item.kind in {Kind.MACRO, Kind.VARIABLE}:
        return before.item.value == after.item.value and before.item.members == after.item.members
    return _alike(before, after) >= SAME_NAME_FAMILY


def _outgrown(before: Placed, after: Placed) -> bool:
    """Whether a function of one name and signature holds most of the other: it moved, and grew or shrank by much."""
    old, new = before.item, after.item
    same_type = old.shape == new.shape and min(_size(before), _size(after)) >= SMALL_BODY
    return same_type and contained(old.body or "", new.body or "") >= SAME_BODY


def _shared_entries(before: Placed, after: Placed) -> float:
    """How much of the smaller of two tables stands in the other, by what the entries say."""
    old = Counter(member.value for member in before.item.members)
    new = Counter(member.value for member in after.item.members)
    return (old & new).total() / min(old.total(), new.total())


def _renamed(
    removed: list[Placed], added: list[Placed], pairs: list[Pair]
) -> tuple[list[Pair], list[Placed], list[Placed], list[Pair]]:
    rewritten = [
        pair
        for pair in pairs
        if pair.before
        and pair.after
        and _has_body(pair.before)
        and (pair.similarity or 0) < SAME_BODY
        # Of a body that is shown in part on both sides nobody can say that it was rewritten.
        and {pair.before.item.basis, pair.after.item.basis} != {Basis.HUNK_HEADER}
    ]
    old = removed + [pair.before for pair in rewritten if pair.before]
    new = added + [pair.after for pair in rewritten if pair.after]
    needed = {id(side): _needed(pair) for pair in rewritten for side in (pair.before, pair.after)}
    chosen = sorted(_candidates(old, new, needed), key=lambda found: -found[0])
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    found: list[Pair] = []
    for score, before, after in chosen:
        if id(before) in taken_old or id(after) in taken_new:
            continue
        taken_old.add(id(before))
        taken_new.add(id(after))
        found.append(Pair(before, after, Happened.RENAMED, body_similarity(before, after) or round(score, 2)))
    removed = [placed for placed in removed if id(placed) not in taken_old]
    added = [placed for placed in added if id(placed) not in taken_new]
    kept = []
    for pair in pairs:
        if pair.before and id(pair.before) in taken_old:
            # Its old body goes on under another name: what stands under the old name now is new.
            if id(pair.after) not in taken_new and pair.after:
                added.append(pair.after)
        elif pair.after and id(pair.after) in taken_new:
            if pair.before:
                removed.append(pair.before)
        else:
            kept.append(pair)
    return found, removed, added, kept


def _needed(pair: Pair) -> float:
    """How alike a body elsewhere must be to be that of a function which is still there under its own name."""
    return SAME_BODY if (pair.similarity or 0) < REWRITTEN else HANDED_ON


def _candidates(
    old: list[Placed], new: list[Placed], needed: dict[int, float]
) -> Iterator[tuple[float, Placed, Placed]]:
    exact: defaultdict[tuple[Kind, str], list[Placed]] = defaultdict(list)
    for after in new:
        exact[after.item.kind, _essence(after)].append(after)
    everywhere = len(old) * len(new) <= _MOST_PAIRS
    by_path: defaultdict[str, list[Placed]] = defaultdict(list)
    for after in new:
        by_path[after.path].append(after)
    for before in old:
        twins = exact.get((before.item.kind, _essence(before)), [])
        if not everywhere and len(twins) == 1:
            yield 2.0, before, twins[0]
        for after in new if everywhere else by_path[before.path]:
            if before.item.kind is not after.item.kind or before.item.name == after.item.name:
                continue
            score = _rename_score(before, after)
            if score and score >= max(needed.get(id(before), 0.0), needed.get(id(after), 0.0)):
                yield score + (0.001 if before.path == after.path else 0), before, after


def _essence(placed: Placed) -> str:
    """What a thing says, less its name."""
    item = placed.item
    if item.body is not None:
        return item.body
    return repr([(member.name, member.type, member.value) for member in item.members]) if item.members else item.text


def _rename_score(before: Placed, after: Placed) -> float:
    """How sure it is that `after` is `before` under another name; 0 where it is not."""
    if before.item.kind is Kind.MACRO:
        same = before.item.value is not None and before.item.value == after.item.value
        telling = same and any(sign in (before.item.value or "") for sign in ("x", "(", " "))
        family = name_similarity(before.item.name, after.item.name)
        return 0.5 + family / 2 if telling and before.path == after.path and family >= 0.6 else 0.0
    alike = _alike(before, after)
    if _has_body(before):
        size = min(_size(before), _size(after))
        if size < SMALL_BODY:
            return alike if alike >= SMALL_SAME and name_similarity(before.item.name, after.item.name) >= 0.5 else 0.0
        if alike >= SAME_BODY:
            return alike
        family = name_similarity(before.item.name, after.item.name)
        return alike if alike >= SAME_NAME_FAMILY and family >= 0.6 else 0.0
    if len(before.item.members) >= 2 and before.item.kind in {Kind.STRUCT, Kind.UNION, Kind.ENUM, Kind.TYPEDEF}:
        return alike if alike >= 0.8 else 0.0
    if before.item.kind is Kind.VARIABLE and len(before.item.members) >= 2:
        return alike if alike >= 0.8 and before.item.shape == after.item.shape else 0.0
    return 0.0


def _alike(before: Placed, after: Placed) -> float:
    if _has_body(before):
        return dice(before.item.body or "", after.item.body or "")
    old = {(member.name, member.type) for member in before.item.members}
    new = {(member.name, member.type) for member in after.item.members}
    if not old and not new:
        return 1.0 if before.item.value == after.item.value else 0.0
    return 2 * len(old & new) / (len(old) + len(new))


def body_similarity(before: Placed, after: Placed) -> float | None:
    """How much of a body two versions share, 0 to 1; None for what has no body."""
    if not _has_body(before):
        return None
    return round(dice(before.item.body or "", after.item.body or ""), 2)


@lru_cache(maxsize=512)
def _bigrams(body: str) -> Counter[tuple[str, str]]:
    words = body.split(" ")
    return Counter(pairwise(words))


def _size(placed: Placed) -> int:
    return (placed.item.body or "").count(" ")


def dice(one: str, other: str) -> float:
    """Dice's coefficient over neighbouring lexemes: 1.0 for equal code, 0.0 for nothing in common."""
    if one == other:
        return 1.0
    first, second = _bigrams(one), _bigrams(other)
    total = first.total() + second.total()
    return 2 * _shared(first, second) / total if total else 0.0


def contained(one: str, other: str) -> float:
    """How much of the shorter of two bodies stands in the longer, over neighbouring lexemes."""
    first, second = _bigrams(one), _bigrams(other)
    least = min(first.total(), second.total())
    return _shared(first, second) / least if least else 0.0


def _shared(first: Counter[tuple[str, str]], second: Counter[tuple[str, str]]) -> int:
    smaller, larger = (first, second) if len(first) < len(second) else (second, first)
    return sum(min(count, larger[pair]) for pair, count in smaller.items() if pair in larger)


def name_similarity(one: str, other: str) -> float:
    """How many of the words of two names are the same, 0 to 1."""
    first, second = set(one.lower().split("_")) - {""}, set(other.lower().split("_")) - {""}
    return 2 * len(first & second) / (len(first) + len(second)) if first or second else 0.0
