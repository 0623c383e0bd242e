"""Everything that the two sides of a commit's files tell: structure, registers, bits, extensions.

Files come in as a stream and are let go one by one; what is kept of each is only what differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from kvmpatch.analysis.changes import changes_of, is_change
from kvmpatch.analysis.extensions import extension_roles
from kvmpatch.analysis.matching import Pair, match
from kvmpatch.analysis.registers import bit_uses, csr_accesses
from kvmpatch.analysis.structure import FileDifference, Placed, compare
from kvmpatch.analysis.unknown import unknown_names
from kvmpatch.analysis.uses import Uses, uses_in
from kvmpatch.model import Basis, BitUse, Change, CsrAccess, ExtensionRole, FileChange, Warning
from kvmpatch.parse.csource.outline import Outline
from kvmpatch.parse.outlines import language_of, outline_of
from kvmpatch.words import Text


class SidedFile(msgspec.Struct, frozen=True):
    """A touched file with its whole text on both sides; None where a side does not exist.

    `sides` are outlines that were made otherwise.
    """

    file: FileChange
    before: bytes | None
    after: bytes | None
    unread: Text | None = None
    sides: tuple[Outline | None, Outline | None] | None = None


class CommitFacts(msgspec.Struct, frozen=True):
    """What a commit does to the code, found from its files alone. `pairs` is what the changes were made from."""

    changes: tuple[Change, ...]
    csr_accesses: tuple[CsrAccess, ...]
    bits: tuple[BitUse, ...]
    extensions: tuple[ExtensionRole, ...]
    pairs: tuple[Pair, ...]
    warnings: tuple[Warning, ...]


def commit_facts(files: Iterable[SidedFile], naming: re.Pattern[str] | None = None) -> CommitFacts:
    """Compare the two sides of every file, then match across files what moved or was renamed.

    Args:
        files: the touched files, as a stream.
        naming: read CSR accesses and bits only of what names something that this matches; None for all. What is told
            of a commit as a whole, its extensions and the names that no table holds, is left out then.
    """
    differences: list[FileDifference] = []
    uses: dict[int, Uses] = {}
    order: dict[str, int] = {}
    warnings: list[Warning] = []
    for sided in files:
        order.setdefault(sided.file.path, len(order))
        order.setdefault(sided.file.before_path, len(order))
        if sided.unread is not None and language_of(sided.file.path):
            warnings.append(Warning("unread-file", sided.unread))
            continue
        difference = _difference(sided, uses, naming)
        if difference:
            differences.append(difference)
    pairs = [pair for pair in match(differences) if is_change(pair)]

    def uses_of(placed: Placed) -> Uses:
        return uses.get(id(placed), Uses())

    pairs = [_with_certainty(pair, uses) for pair in pairs]
    changes = changes_of(pairs, order)
    known = [
        pair for pair in pairs if (pair.before and id(pair.before) in uses) or (pair.after and id(pair.after) in uses)
    ]
    accesses = csr_accesses(known, uses_of)
    bits = bit_uses(known, uses_of)
    extensions: tuple[ExtensionRole, ...] = ()
    if naming is None:
        extensions = extension_roles(changes, accesses, bits, pairs)
        warnings += unknown_names(changes, accesses, bits)
    return CommitFacts(changes, accesses, bits, extensions, tuple(pairs), tuple(warnings))


def _difference(sided: SidedFile, uses: dict[int, Uses], naming: re.Pattern[str] | None) -> FileDifference | None:
    """What differs in one file; the uses of everything that differs are read while its outline is at hand."""
    file = sided.file
    copied = file.status == "copied"
    if sided.sides is not None:
        before, after = sided.sides
    else:
        before = outline_of(file.before_path, sided.before) if sided.before is not None and not copied else None
        after = outline_of(file.path, sided.after) if sided.after is not None else None
    if before is None and after is None:
        return None
    difference = compare(before, after, file.before_path, file.path)
    if before:
        _read(before, [*difference.removed, *(pair[0] for pair in difference.differing)], uses, naming)
    if after:
        _read(after, [*difference.added, *(pair[1] for pair in difference.differing)], uses, naming)
    return difference


def _read(outline: Outline, items: Iterable[Placed], uses: dict[int, Uses], naming: re.Pattern[str] | None) -> None:
    for placed in items:
        if naming is not None and not naming.search(placed.item.text):
            continue
        found = uses_in(outline, placed.item, placed.path)
        if found.csrs or found.bits or not found.whole:
            uses[id(placed)] = found


def _with_certainty(pair: Pair, uses: dict[int, Uses]) -> Pair:
    """The pair, its sides marked where the grammar failed within a body."""

    def marked(placed: Placed | None) -> Placed | None:
        if placed is None or uses.get(id(placed), Uses()).whole or placed.item.basis is not Basis.PARSED:
            return placed
        again = Placed(replace(placed.item, basis=Basis.PARSED_WITH_ERRORS), placed.path)
        uses[id(again)] = uses[id(placed)]
        return again

    before, after = marked(pair.before), marked(pair.after)
    if before is pair.before and after is pair.after:
        return pair
    # The marked sides are new objects: the old ones stay alive in `differences`, so no id is used twice.
    return Pair(before, after, pair.happened, pair.similarity)
