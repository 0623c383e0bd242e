"""What a commit changes and the target has elsewhere: in another file, or under another name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kvmpatch.analysis.matching import is_same, renamed_as
from kvmpatch.analysis.prerequisites import folders_around
from kvmpatch.analysis.structure import Placed
from kvmpatch.model import Change, Evidence, Happened, Kind
from kvmpatch.parse.outlines import outline_of
from kvmpatch.rules import need_reasons as words

if TYPE_CHECKING:
    from kvmpatch.model import FilePatch, Hunk, Lines, Side
    from kvmpatch.model.backport import Risk
    from kvmpatch.reports.backport.target import Target
    from kvmpatch.reports.related.center import Center

_KINDS = {Kind.FUNCTION, Kind.STRUCT, Kind.UNION, Kind.ENUM, Kind.MACRO, Kind.VARIABLE, Kind.ASM_SYMBOL}
_MOST = 12
_MOST_READ = 40


def relocated(target: Target, center: Center) -> tuple[Risk, ...]:
    """What the commit changes and the target has in another file or under another name, told as risks."""
    return tuple(Whereabouts(target, center).risks())


class Whereabouts:
    """Where the target has what one commit changes."""

    def __init__(self, target: Target, center: Center) -> None:
        self.target = target
        self.center = center

    def risks(self) -> Iterator[Risk]:
        """One for each thing that is elsewhere."""
        for change, old in self._missing:
            if place := self._moved.get(old.item.name):
                proof = (self._proof(place), self._change(change))
                yield words.moved_there(old.item.name, old.path, place.path, proof)
            elif renamed := self._renamed(old):
                yield words.renamed_there(
                    old.item.name, renamed.item.name, (self._proof(renamed), self._change(change))
                )

    def applicable(self) -> tuple[FilePatch, ...]:
        """The commit's patch without what changes only things that the target does not have at all.

        Who brings a commit leaves such hunks out, and what they use is not needed. Where nothing else is changed, the
        commit belongs to what is missing, and all of it counts.
        """
        gone: dict[str, list[Lines]] = {}
        for change, old in self._missing:
            if change.lines and old.item.name not in self._moved and not self._renamed(old):
                gone.setdefault(change.path, []).append(change.lines)
        lost = {path for path in self._ours if self.target.files([path])[path] is None and not self.files([path])[path]}
        kept = []
        for patch in self.center.patches:
            if patch.file.status == "added" or patch.file.before_path not in lost:
                hunks = [hunk for hunk in patch.hunks if not _within(hunk, gone.get(patch.file.path, ()))]
                if hunks:
                    kept.append(replace(patch, hunks=tuple(hunks)))
        return tuple(kept) or self.center.patches

    def files(self, paths: Iterable[str]) -> dict[str, bytes]:
        """For files that the target lacks, those in which it has what the commit changes there, joined."""
        found: dict[str, bytes] = {}
        for path in paths:
            names = [old.item.name for _, old in self._missing if old.path == path]
            places = dict.fromkeys(self._moved[name].path for name in names if name in self._moved)
            found[path] = b"\n".join(data for data in self.target.files(places).values() if data)
        return found

    @cached_property
    def _ours(self) -> dict[str, dict[str, Placed]]:
        """What the touched files define before the commit."""
        paths = [file.before_path for file in self.center.touched.files]
        texts = self.center.repository.read_files(self.center.parent, paths) if self.center.parent else {}
        return {path: _items(path, data) for path, data in texts.items()}

    @cached_property
    def _missing(self) -> list[tuple[Change, Placed]]:
        """Things that the commit changes, and that the target does not have in that file."""
        found = []
        for change in self.center.facts.changes:
            if change.change is not Happened.ADDED and change.kind in _KINDS:
                name, path = (change.before.name, change.before.path) if change.before else (change.name, change.path)
                old = self._ours.get(path, {}).get(name)
                if old and name not in self._there(path):
                    found.append((change, old))
        return found[:_MOST]

    def _there(self, path: str) -> dict[str, Placed]:
        """What a file of the target defines."""
        return _items(path, self.target.files([path])[path])

    @cached_property
    def _moved(self) -> dict[str, Placed]:
        """By name, what the target has in another file."""
        wanted = {old.item.name: old for _, old in self._missing}
        if not wanted:
            return {}
        around = folders_around(self._ours)
        beside = {path.rpartition("/")[0] for path in self._ours}
        found = self.target.repository.grep_files(self.target.standing, sorted(wanted), around)
        ordered = sorted(found, key=lambda path: (path.rpartition("/")[0] not in beside, path))[:_MOST_READ]
        places: dict[str, Placed] = {}
        self.target.files(ordered)
        for path in ordered:
            for name, placed in self._there(path).items():
                if name in wanted and path != wanted[name].path and is_same(wanted[name], placed):
                    places.setdefault(name, placed)
        return places

    def _renamed(self, old: Placed) -> Placed | None:
        """What the target's file has in its stead, and the commit's tree does not."""
        ours = self._ours[old.path]
        return renamed_as(old, [one for name, one in self._there(old.path).items() if name not in ours])

    def _proof(self, placed: Placed) -> Evidence:
        item = placed.item
        return Evidence(
            commit=self.target.id, path=placed.path, side="before", line=item.name_line, text=item.signature
        )

    def _change(self, change: Change) -> Evidence:
        line = change.lines[0] if change.lines else None
        side: Side = "before" if change.change is Happened.REMOVED else "after"
        return Evidence(commit=self.center.id, path=change.path, side=side, line=line)


def _within(hunk: Hunk, ranges: Iterable[Lines]) -> bool:
    """Whether all that a hunk adds or takes away lies within some of these lines of the after side."""
    number, places = hunk.after_start, set()
    for line in hunk.lines:
        if line[:1] in ("+", "-"):
            places.add(number)
        number += line[:1] in ("+", " ")
    return bool(places) and all(any(first <= one <= last for first, last in ranges) for one in places)


def _items(path: str, data: bytes | None) -> dict[str, Placed]:
    outline = outline_of(path, data) if data else None
    return {item.name: Placed(item, path) for item in outline or ()}
