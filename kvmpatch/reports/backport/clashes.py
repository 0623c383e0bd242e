"""Why files clash in a pick: what the target lacks and who brought it, what it changed and in which commit.

A line that the candidate expects and the target has not was either brought by a commit before the candidate that the
target lacks, or taken away by the target. A line that only the target has was either brought by the target, or taken
away before the candidate. Both are looked for in the two histories since the fork, and nowhere else.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec.structs import replace

from kvmpatch.analysis.conflicts import Region, hunks_met, regions
from kvmpatch.analysis.hunk_places import hunk_place
from kvmpatch.analysis.line_work import squeezed, tells
from kvmpatch.analysis.relatives import names_in
from kvmpatch.errors import Unreadable
from kvmpatch.model import Evidence, Hunk
from kvmpatch.model.backport import BackportReason, ConflictFile
from kvmpatch.parse.outlines import language_of
from kvmpatch.reports.backport.relocated import relocated
from kvmpatch.reports.backport.two_sides import TwoSides
from kvmpatch.rules import conflict_reasons as words

if TYPE_CHECKING:
    from kvmpatch.model.backport import Risk
    from kvmpatch.model.changes import Side
    from kvmpatch.reports.backport.target import Target
    from kvmpatch.reports.related.center import Center
    from kvmpatch.reports.related.request import Patience
    from kvmpatch.sources.repo import PickedFile

_TELLING_NAME = 4
_MOST_REASONS = 4
_MOST_PROOFS = 4
_NAME = re.compile(r"[A-Za-z_]\w{2,}")
_SUGGESTED = "directory rename suggested"
Key = TypeVar("Key", str, tuple[str, str])


class _Line(msgspec.Struct, frozen=True):
    """One line about which the two sides differ.

    Attributes:
        region: the number of its region.
        lacked: whether the candidate expects it and the target has it not; else it is the other way round.
        number: on the side that has it.
        path: of the file in the commit that accounts for it, once that is known.
    """

    region: int
    lacked: bool
    number: int
    text: str
    path: str | None = None


class _Told(msgspec.Struct):
    """What was found of one file: lines by the commit that accounts for them, and those that nothing accounts for."""

    missing: defaultdict[str, list[_Line]] = msgspec.field(default_factory=lambda: defaultdict(list))
    adapted: defaultdict[tuple[str, str], list[_Line]] = msgspec.field(default_factory=lambda: defaultdict(list))
    changed: defaultdict[str, list[_Line]] = msgspec.field(default_factory=lambda: defaultdict(list))
    known: set[int] = msgspec.field(default_factory=set)


class Clashes:
    """The files of one candidate that do not merge."""

    def __init__(self, target: Target, center: Center, files: Sequence[PickedFile], patience: Patience) -> None:
        self.target = target
        self.center = center
        self.repository = target.repository
        self.files = files
        self.patience = patience

    def explained(self) -> Iterator[ConflictFile]:
        """Each file with the candidate's hunks that meet the conflict, and its reasons."""
        for file in self.files:
            found = self._regions[file.path]
            hunks = self._hunks(file)
            met = hunks_met(found, hunks) if found else hunks
            yield ConflictFile(file.path, file.kind, tuple(map(hunk_place, met)), tuple(self._because(file, found)))

    def _because(self, file: PickedFile, found: tuple[Region, ...]) -> list[BackportReason]:
        reasons: list[BackportReason] = []
        try:
            if here := self.sides.in_target(self.center.raw):
                proof = (Evidence(commit=here, text=self.sides.name(here).subject),)
                reasons.append(words.has_commit(self.sides.name(here), proof))
            reasons.extend(self._by_lines(file, found) if found else self._by_file(file))
            reasons.extend(self._elsewhere(file))
        except Unreadable:  # a history that ends early explains no more than it was read for
            self.patience.cut("unreadable")
        return reasons or [words.unknown(max(1, len(found)), self._places(file, found))]

    # ---- what is read ----------------------------------------------------------------------------------------------

    @cached_property
    def _texts(self) -> dict[str, str]:
        """The three sides of the files that have conflicts in their text, by id."""
        sides = (side for file in self.files if file.text for side in (file.ours, file.base, file.theirs) if side)
        ids = sorted({side.id for side in sides})
        blobs = zip(ids, self.repository.blobs(ids), strict=True)
        return {one: blob.data.decode("utf-8", "backslashreplace") if blob.data else "" for one, blob in blobs}

    @cached_property
    def _regions(self) -> dict[str, tuple[Region, ...]]:
        """The conflicts of each file, none where it is no text."""
        found = {}
        for file in self.files:
            sides = (self._texts[side.id] if side and file.text else "" for side in (file.ours, file.base, file.theirs))
            found[file.path] = regions(file.text, file.marker, *sides) if file.text else ()
        return found

    @cached_property
    def sides(self) -> TwoSides:
        """The two histories."""
        theirs = [side.path for file in self.files for side in (file.base, file.theirs) if side]
        ours = [file.ours.path if file.ours else file.path for file in self.files]
        parent = self.center.parent or self.center.id
        return TwoSides(self.target, parent, (theirs, ours), self.patience)

    def _hunks(self, file: PickedFile) -> tuple[Hunk, ...]:
        names = {side.path for side in (file.base, file.theirs) if side} or {file.path}
        found = (
            patch.hunks
            for patch in self.center.patches
            if patch.file.path in names or (file.base and patch.file.before_path == file.base.path)
        )
        return next(found, ())

    # ---- line by line ----------------------------------------------------------------------------------------------

    @cached_property
    def _lines(self) -> dict[str, list[_Line]]:
        """By file, the lines about which the two sides differ."""
        found = {}
        for file in self.files:
            sides = (self._texts[side.id] if side and file.text else "" for side in (file.base, file.ours))
            often = tuple(Counter(text.split("\n")) for text in sides)
            of_file = enumerate(self._regions[file.path])
            found[file.path] = [one for place, region in of_file for one in _differing(place, region, often)]
        return found

    @cached_property
    def _learned(self) -> TwoSides:
        """The two histories, with what they did to these lines."""
        texts = {one.text for lines in self._lines.values() for one in lines}
        self.sides.candidate.learn(texts)
        self.sides.target.learn(texts)
        return self.sides

    def _names(self, file: PickedFile) -> set[str]:
        """What the file is called on all sides, and was."""
        return self.sides.names({file.path, *(side.path for side in (file.base, file.ours, file.theirs) if side)})

    def _by_lines(self, file: PickedFile, found: tuple[Region, ...]) -> Iterator[BackportReason]:
        told = _Told()
        names = self._names(file)
        done = set()
        for place, region in enumerate(found):
            if reason := self._done_already(file, region, names):
                done.add(place)
                yield reason
        spaces = {place for place, region in enumerate(found) if _only_space(region)} - done
        if spaces:
            yield self._white_space(file, [found[place] for place in sorted(spaces)])
        for line in self._lines[file.path]:
            if line.region not in done:
                self._tell(line, names, told)
        yield from self._from_candidate(file, told)
        for changed, lines in _most(told.changed):
            proof = [self._proof_of(changed, one, added=not one.lacked) for one in lines]
            yield words.changed_here(_count(lines), self.sides.name(changed), proof[:_MOST_PROOFS])
        left = [region for place, region in enumerate(found) if place not in told.known | done | spaces]
        if left:
            yield words.unknown(len(left), self._places(file, left))

    def _tell(self, line: _Line, names: set[str], told: _Told) -> None:
        """Find the commit that accounts for one line."""
        brought = self._learned.candidate.found(line.text, names, added=line.lacked)
        here = self._learned.target.found(line.text, names, added=not line.lacked)
        original = self.sides.original(here.commit) if here else None
        if here and not line.lacked and not original:  # its own line, whatever became of one like it elsewhere
            brought = None
        twin = self.sides.in_target(self.sides.candidate.raws[brought.commit]) if brought else None
        if brought and not twin:
            told.missing[brought.commit].append(replace(line, path=brought.path))
        elif here and original:
            told.adapted[original, here.commit].append(replace(line, path=here.path))
        elif here:
            told.changed[here.commit].append(replace(line, path=here.path))
        elif brought and twin:
            told.adapted[brought.commit, twin].append(replace(line, path=brought.path))
        else:
            return
        told.known.add(line.region)

    def _from_candidate(self, file: PickedFile, told: _Told) -> Iterator[BackportReason]:
        """The commits before the candidate that the target lacks or has in another form."""
        known = self._names_of(file)
        for brought, lines in _most(told.missing):
            name = self.sides.name(brought)
            new = _new_names((one for one in lines if one.lacked), known)
            proof = [self._proof_of(brought, one, added=one.lacked) for one in lines]
            proof = [*proof[: _MOST_PROOFS - 1], self._place(file, lines[0])]
            if new:
                yield words.lacks(file.path.rpartition("/")[2], new, name, proof)
            elif all(one.lacked for one in lines):
                yield words.lacks_lines(len(lines), name, proof)
            else:
                yield words.before(_count(lines), name, proof)
        for (brought, twin), lines in _most(told.adapted):
            proof = [Evidence(commit=twin, text=self.sides.name(twin).subject)]
            proof += [self._place(file, one) for one in lines]
            yield words.adapted(self.sides.name(brought), self.sides.name(twin), proof[:_MOST_PROOFS])

    def _done_already(self, file: PickedFile, region: Region, names: set[str]) -> BackportReason | None:
        """Said where the target has all that the candidate adds here, and nothing of what it takes away."""
        ours = set(region.ours.lines)
        added = [line for _, line in region.brought() if _tells(line)]
        removed = {line for line in region.base.lines if _tells(line)} - set(region.theirs.lines)
        if not added or not ours.issuperset(added) or removed & ours:
            return None
        events = (self._learned.target.found(text, names, added=True) for text in added)
        by = next((event.commit for event in events if event), None)
        number = next(number for number, line in region.ours.numbered() if line in added)
        proof = [self._evidence(self.target.id, file, "after", number, added[0])]
        proof += [Evidence(commit=by, text=added[0].strip())] if by else []
        return words.has_lines(len(added), self.sides.name(by) if by else None, proof)

    def _white_space(self, file: PickedFile, found: Sequence[Region]) -> BackportReason:
        proof = []
        for region in found:
            proof += [self._evidence(self.center.id, file, "before", *one) for one in region.lacked()[:1]]
            proof += [self._evidence(self.target.id, file, "after", *one) for one in region.held()[:1]]
        return words.white_space(sum(max(len(one.lacked()), len(one.held())) for one in found), proof[:_MOST_PROOFS])

    def _names_of(self, file: PickedFile) -> set[str] | None:
        """The names in the target's file; None where it is not code, so that words are no names."""
        path = file.ours.path if file.ours else file.path
        if language_of(path) is None:
            return None
        return set(_NAME.findall((self.target.files([path])[path] or b"").decode("utf-8", "replace")))

    # ---- whole files -----------------------------------------------------------------------------------------------

    def _by_file(self, file: PickedFile) -> Iterator[BackportReason]:
        """Reasons where there are no lines to compare: a side that has no such file, or files that are no text."""
        if file.kind == _SUGGESTED and file.theirs:
            yield words.folder_moved(file.theirs.path, file.path, [Evidence(commit=self.target.id, path=file.path)])
        elif file.ours is None and file.base:
            yield from self._not_there(file.base.path)
        elif file.ours and file.base is None and file.theirs:
            yield self._there_already(file.ours.path)
        if file.ours is None or file.base is None:
            return
        path = file.ours.path
        for commit in self.sides.candidate.touching([path, file.base.path])[:_MOST_REASONS]:
            name = self.sides.name(commit)
            twin = self.sides.in_target(self.sides.candidate.raws[commit])
            if twin is None:
                yield words.file_lacks(path, name, [Evidence(commit=commit, path=file.base.path)])
        for commit in self.sides.target.touching([path, file.base.path])[:_MOST_REASONS]:
            yield words.file_changed(path, self.sides.name(commit), [Evidence(commit=commit, path=path)])

    def _not_there(self, path: str) -> Iterator[BackportReason]:
        """The candidate changes a file that the target has not."""
        gone = self.sides.target.end(path)
        if gone:
            commit, file = gone
            name, proof = self.sides.name(commit), [Evidence(commit=commit, path=path, side="before")]
            renamed = file.status == "renamed"
            yield words.file_renamed(path, file.path, name, proof) if renamed else words.file_removed(path, name, proof)
        elif origin := self.sides.candidate.origin(path):
            commit, file = origin
            name, proof = self.sides.name(commit), [Evidence(commit=commit, path=path, side="after")]
            old = file.before_path
            if old != path and self.target.files([old])[old] is not None:
                yield words.file_moved(path, old, name, proof)
            else:
                yield words.file_created(path, name, proof)

    def _there_already(self, path: str) -> BackportReason:
        """The candidate brings a file of whose name the target has one."""
        origin = self.sides.target.origin(path)
        proof = [Evidence(commit=self.target.id, path=path, side="after")]
        if origin is None:
            return words.file_added(path, None, proof)
        return words.file_added(path, self.sides.name(origin[0]), [Evidence(commit=origin[0], path=path), *proof])

    def _elsewhere(self, file: PickedFile) -> Iterator[BackportReason]:
        """What the candidate changes in this file and the target has in another, or under another name."""
        names = {file.path, *(side.path for side in (file.base, file.theirs) if side)}
        for risk in self._relocated:
            if any(one.path in names and one.commit == self.center.id for one in risk.evidence):
                yield words.elsewhere(risk.said, risk.evidence)

    @cached_property
    def _relocated(self) -> tuple[Risk, ...]:
        return relocated(self.target, self.center)

    # ---- proof -----------------------------------------------------------------------------------------------------

    def _evidence(self, commit: str | None, file: PickedFile, side: Side, number: int, text: str) -> Evidence:
        ours = commit == self.target.id and file.ours
        path = ours.path if ours else file.base.path if file.base else file.path
        return Evidence(commit=commit, path=path, side=side, line=number, text=text.strip() or None)

    def _proof_of(self, commit: str, line: _Line, *, added: bool) -> Evidence:
        """A line in the commit that added it or took it away."""
        side: Side = "after" if added else "before"
        return Evidence(commit=self.sides.name(commit).id, path=line.path, side=side, text=line.text.strip() or None)

    def _place(self, file: PickedFile, line: _Line) -> Evidence:
        """Where a line stands: before the candidate where it expects it, in the target where only that has it."""
        if line.lacked:
            return self._evidence(self.center.id, file, "before", line.number, line.text)
        return self._evidence(self.target.id, file, "after", line.number, line.text)

    def _places(self, file: PickedFile, found: Sequence[Region]) -> list[Evidence]:
        """Where conflicts are in the target's file."""
        proof = [
            self._evidence(self.target.id, file, "after", one.ours.start, next(iter(one.ours.lines), ""))
            for one in found[:_MOST_PROOFS]
        ]
        return proof or [Evidence(commit=self.target.id, path=file.path)]


def _tells(text: str) -> bool:
    return tells(squeezed(text))


def _differing(place: int, region: Region, often: Sequence[Counter[str]]) -> list[_Line]:
    """The lines on which the two sides of a region differ: those that can be told from others, if there are any.

    A line that stands elsewhere in its file, too, may have come by any commit that wrote one like it.
    """
    lacked = [_Line(place, True, number, text) for number, text in region.lacked()]
    held = [_Line(place, False, number, text) for number, text in region.held()]
    both = [one for one in (*lacked, *held) if one.text.strip()]
    telling = [one for one in both if _tells(one.text)]
    return [one for one in telling if often[not one.lacked][one.text] == 1] or telling or both


def _most(found: dict[Key, list[_Line]]) -> list[tuple[Key, list[_Line]]]:
    """The commits that account for most lines."""
    return sorted(found.items(), key=lambda item: -len(item[1]))[:_MOST_REASONS]


def _count(lines: Sequence[_Line]) -> int:
    """How many lines: what was changed has a line on each side and counts once."""
    lacked = sum(one.lacked for one in lines)
    return max(lacked, len(lines) - lacked)


def _new_names(lines: Iterable[_Line], known: set[str] | None) -> list[str]:
    """Names in lines of code that the target's file does not have at all, those first that are least like a word."""
    if known is None:
        return []
    names = (
        name
        for one in lines
        for name in names_in(one.text)
        if len(name) >= _TELLING_NAME and not one.text.lstrip().startswith("#include")
    )
    return sorted((name for name in dict.fromkeys(names) if name not in known), key=lambda name: "_" not in name)


def _only_space(region: Region) -> bool:
    """Whether the target's lines are the expected ones but for white space and empty lines."""
    sides = (region.base.lines, region.ours.lines)
    plain = [[" ".join(line.split()) for line in lines if line.strip()] for lines in sides]
    return plain[0] == plain[1] and sides[0] != sides[1]
