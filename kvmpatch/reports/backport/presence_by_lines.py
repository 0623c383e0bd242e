"""The lower rungs of presence: who changed the same lines, and whether the lines stand in the target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kvmpatch.analysis.line_work import CommitWork
from kvmpatch.analysis.presence import Coverage, bringers, by_line, coverage, goes_by, same_lines
from kvmpatch.errors import Unreadable
from kvmpatch.model.backport import Presence
from kvmpatch.rules import presence_reasons as words

if TYPE_CHECKING:
    from kvmpatch.reports.backport.target_side import TargetSide
    from kvmpatch.reports.backport.works import TipFiles, WorkReader
    from kvmpatch.reports.related.pointing import Known
    from kvmpatch.reports.related.request import Patience

_ALL_TOUCHED = 6000
"""Commits of the target up to which all are asked which files they touch; beyond, git is asked by path."""
_MOST_BRINGERS = 6
_THIN = 3
"""Telling lines below which the same lines are no proof unless the author is the same."""
_NEARLY = 0.9
_HALF = 0.5


class ByLines:
    """Looks for the lines of commits that no message of the target names."""

    def __init__(self, side: TargetSide, works: WorkReader, files: TipFiles, patience: Patience) -> None:
        self.side = side
        self.works = works
        self.files = files
        self.patience = patience
        self.target = side.target.id
        self.stopped: str | None = None

    def find(self, candidates: Sequence[Known]) -> Iterator[tuple[Known, Presence]]:
        """Each candidate with what its lines say."""
        try:
            yield from self._find(candidates)
        except Unreadable:
            for known in candidates:
                yield known, self._undecided("partial" if self.side.repository.partial else "unreadable")

    def _find(self, candidates: Sequence[Known]) -> list[tuple[Known, Presence]]:
        works = self.works.read([known.id for known in candidates])
        for known in candidates:
            if known.id not in works:  # an import, read path by path
                paths = [file.path for file in self.works.files([known.id])[known.id]]
                works.update(self.works.read([known.id], paths))
        theirs = self._touching(candidates, works)
        index = by_line(theirs.values())
        prints: defaultdict[tuple[str, ...], list[CommitWork]] = defaultdict(list)
        for work in theirs.values():
            prints[_paths(work)].append(work)
        return [(known, self._judged(known, works[known.id], theirs, index, prints)) for known in candidates]

    def _touching(self, candidates: Sequence[Known], works: dict[str, CommitWork]) -> dict[str, CommitWork]:
        """The commits of the target that touch files of the candidates, or files of the same names."""
        ids = self.side.beside([known.id for known in candidates])
        ids = [one for one in ids if len(self.side.raws[one].parents) <= 1]
        paths = dict.fromkeys(file.path for known in candidates for file in works[known.id].files)
        paths.update(dict.fromkeys(twin for path in list(paths) for twin in self.files.namesakes(path)[:4]))
        if len(ids) > _ALL_TOUCHED:
            among = set(ids)
            walk = self.side.walk([known.id for known in candidates], list(paths))
            ids = [one for one in dict.fromkeys(self.patience.while_it_lasts(walk, "time-limit")) if one in among]
        ids = [one for one in ids if one not in self.side.repository.shallow]
        names = {path.rpartition("/")[2] for path in paths}
        files = self.works.files(ids)
        touching = [one for one in ids if any(file.path in paths or file.name in names for file in files[one])]
        found: dict[str, CommitWork] = {}
        for first in range(0, len(touching), 200):
            if self.patience.over:
                self.patience.cut("time-limit")
                self.stopped = "time-limit"
                break
            found.update(self.works.read(touching[first : first + 200], list(paths)))
        return found

    def _judged(
        self,
        known: Known,
        work: CommitWork,
        theirs: dict[str, CommitWork],
        index: dict[str, list[str]],
        prints: dict[tuple[str, ...], list[CommitWork]],
    ) -> Presence:
        paths = [file.path for file in work.files]
        if not work.files or len(known.raw.parents) > 1:
            reason = words.nothing_to_look_for(known.id, merge=len(known.raw.parents) > 1)
            return Presence("unknown", "unknown", (), (), (reason,))
        same = [one.id for one in prints.get(_paths(work), ()) if same_lines(work, one) and self._may_bring(known, one)]
        thin = len(work.telling) < _THIN
        if thin and same:
            sure = [one for one in same if self.side.same_author(known.raw, one)]
            if not sure:
                return Presence("unknown", "patch-id", tuple(same), (), (words.too_thin(self.target, paths),))
            same = sure
        if same:
            where = tuple(self.side.newest_first(same))
            return Presence("present", "patch-id", where, (), (words.same_patch(where[0], paths),))
        return self._by_hunks(known, work, theirs, index)

    def _by_hunks(
        self, known: Known, work: CommitWork, theirs: dict[str, CommitWork], index: dict[str, list[str]]
    ) -> Presence:
        paths = [file.path for file in work.files]
        best = [
            theirs[one] for one in bringers(work, index, theirs, _MOST_BRINGERS) if self._may_bring(known, theirs[one])
        ]
        found = coverage(work, best, self.files, placed=True)
        where = tuple(self.side.newest_first(one.id for one in best)) if found.matched else ()
        if _added(work) and found.standing and not found.moot and not self._reverts_absent(known):
            return self._standing(known, found, where, paths)
        return self._partly(known, found, where) or self._absent(known)

    def _standing(self, known: Known, found: Coverage, where: tuple[str, ...], paths: list[str]) -> Presence:
        """Every hunk's lines stand in the target: present if it is seen who brought them, and they are telling."""
        brought = bool(where) and found.share >= _NEARLY
        if brought and (found.telling >= _THIN or any(self.side.same_author(known.raw, one) for one in where)):
            return Presence("present", "hunks", where, (), (words.lines_stand(where, self.target, paths),))
        if found.telling >= _THIN:
            unknown = Presence("unknown", "hunks", where, (), (words.stands_unexplained(self.target, paths),))
            return self._partly(known, found, where) or unknown
        if where:
            return Presence("unknown", "hunks", where, (), (words.too_thin(self.target, paths),))
        return self._absent(known)

    def _partly(self, known: Known, found: Coverage, where: tuple[str, ...]) -> Presence | None:
        """Most of it, by its own author and under no other commit's name: the rest is missing, or was adapted."""
        own = tuple(
            one for one in where if self.side.same_author(known.raw, one) and not self._points_elsewhere(known, one)
        )
        if not own or found.share < _HALF or found.telling < 2 * _THIN:
            return None
        if not found.missing:
            return Presence("present", "hunks", own, (), (words.adapted(own, found.matched, found.telling),))
        named = [file.path for file in found.missing]
        reason = words.left_out(own, named, sum(len(file.hunks) for file in found.missing))
        return Presence("partial", "hunks", own, found.missing, (reason,))

    def _absent(self, known: Known) -> Presence:
        """Nothing was found: absent, if all was read."""
        stopped = self.side.stopped or self.stopped
        if stopped:
            return self._undecided(stopped)
        because = [words.not_found(self.target, self.side.read_for(known.id))]
        reverts = known.message.reverts
        if reverts and self._reverts_absent(known):
            from kvmpatch.reports.related.pointing import line_of

            because.append(words.reverts_nothing(reverts, line_of(known.raw, reverts)))
        return Presence("absent", "unknown", (), (), tuple(because))

    def _undecided(self, why: str) -> Presence:
        return Presence("unknown", "unknown", (), (), (words.not_all_read(self.target, why),))

    # ---- who may have brought it -----------------------------------------------------------------------------------

    def _may_bring(self, known: Known, work: CommitWork) -> bool:
        """Whether a commit is beside the candidate's history and was not taken back."""
        if work.id == known.id or not self.side.is_beside(work.id, known.id):
            return False
        return not self._is_taken_back(work.id)

    def _is_taken_back(self, commit: str) -> bool:
        from kvmpatch.analysis.presence import taken_back

        event = self.side.event(commit)
        reverts = self.side.reverting(event.ids, [event.subject])
        if not reverts:
            return False
        order = self.side.newest_first([commit, *reverts])
        return commit in taken_back([self.side.event(one) for one in order])

    def _points_elsewhere(self, known: Known, commit: str) -> bool:
        pointers = self.side.message(commit).upstream
        return bool(pointers) and not any(goes_by(one.id, mine) for one in pointers for mine in known.ids)

    def _reverts_absent(self, known: Known) -> bool:
        """Whether the candidate takes back something that the target never had: its lines stand there from before."""
        written = known.message.reverts
        return bool(written) and not self.side.has(str(written)) and not self.side.pointing(str(written))


def _paths(work: CommitWork) -> tuple[str, ...]:
    return tuple(sorted(file.path for file in work.files))


def _added(work: CommitWork) -> bool:
    """Whether there are telling lines that are new; that old ones are gone proves nothing."""
    return any(line[0] == "+" for line in work.telling)
