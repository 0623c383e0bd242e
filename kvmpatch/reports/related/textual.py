"""The commits that wrote the lines a patch leans on: its context, and what it removes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from kvmpatch.analysis.relatives import LeanedOn, lines_leaned_on
from kvmpatch.model import Evidence
from kvmpatch.reports.related.findings import Finding
from kvmpatch.rules import related_reasons as words

if TYPE_CHECKING:
    from kvmpatch.model.related import RelatedReason
    from kvmpatch.reports.related.center import Center
    from kvmpatch.reports.related.request import Patience

_EARLIER = 300
_MOST_COMMITS = 8
_MOST_LINES = 2000
_MOST_MOVES = 3
"""How often a file is followed to the name that it had before."""


class _Move(NamedTuple):
    """A commit that moved a file, with its parent."""

    commit: str
    parent: str
    before: str
    path: str


class TextFinder:
    """Finds the textual prerequisites of one commit. A line counts where it stands once in its file before it."""

    def __init__(self, center: Center, patience: Patience) -> None:
        self.center = center
        self.repository = center.repository
        self.patience = patience
        self.left_out = 0

    def find(self) -> Iterator[Finding]:
        """One finding a commit, those with most lines first, and one for each file that was moved with such lines."""
        written, moved = self._followed()
        ranked = sorted(written, key=lambda commit: -len(written[commit]))
        kept = [commit for commit in ranked if self.center.is_patch(commit)]
        self.left_out += max(0, len(kept) - _MOST_COMMITS)
        for commit in kept[:_MOST_COMMITS]:
            yield self._finding(commit, words.gives_context(self.center.id, *self._told(written[commit])))
        for move, lines in moved.items():
            if self.center.is_patch(move.commit):
                count, proof = self._told(lines)
                reason = words.moved_file(self.center.id, move.before, move.path, count, proof)
                yield self._finding(move.commit, reason)

    def _followed(self) -> tuple[dict[str, list[LeanedOn]], dict[_Move, list[LeanedOn]]]:
        """By commit, nearest first, the lines that it wrote; by move of a file, the lines that came with it."""
        written: defaultdict[str, list[LeanedOn]] = defaultdict(list)
        moved: dict[_Move, list[LeanedOn]] = {}
        wave: list[tuple[_Move | None, list[LeanedOn]]] = [(None, self.lines())]
        for _ in range(_MOST_MOVES):
            found: dict[_Move, list[LeanedOn]] = {}
            for move, lines in wave:
                at = {(move.before if move else one.path, one.text): one for one in lines}
                for commit, mine in self._walked(at, move).items():
                    written[commit] += self._without_moved(commit, mine, move.before if move else None, found)
            moved.update(found)
            wave = list(found.items())
        return {commit: lines for commit, lines in written.items() if lines}, moved

    def _walked(self, leaned: dict[tuple[str, str], LeanedOn], move: _Move | None) -> dict[str, list[LeanedOn]]:
        """By commit, the lines that it wrote, before a file was moved or before the commit that is asked for."""
        if not leaned:
            return {}
        paths = sorted({path for path, _ in leaned})
        ids, stopped = self.center.earlier(paths, _EARLIER, start=move.parent if move else None)
        written = self._writers(ids, paths, leaned)
        if leaned and stopped:
            self.patience.cut(stopped)
        return {commit: written[commit] for commit in ids if commit in written}

    def _without_moved(
        self, commit: str, lines: list[LeanedOn], path: str | None, found: dict[_Move, list[LeanedOn]]
    ) -> list[LeanedOn]:
        """The lines that a commit wrote itself; those that it moved with their file are put with the move."""
        parents = next(iter(self.repository.commits([commit]))).parents
        if not parents:
            return lines
        parent = parents[0]
        before = self.repository.read_files(parent, sorted({path or one.path for one in lines}))
        new = {one for one, data in before.items() if data is None}
        if not new:
            return lines
        touched = next(iter(self.repository.changed([commit], counts=False))).files
        names = {file.path: file.before_path for file in touched if file.status == "renamed"}
        mine = new & names.keys()
        before = self.repository.read_files(parent, sorted(names[one] for one in mine))
        stood = {one: set((before[names[one]] or b"").decode("utf-8", "replace").split("\n")) for one in mine}
        own = []
        for one in lines:
            here = path or one.path
            if one.text in stood.get(here, ()):
                found.setdefault(_Move(commit, parent, names[here], here), []).append(one)
            else:
                own.append(one)
        return own

    def lines(self) -> list[LeanedOn]:
        """The lines that it leans on."""
        parent = self.center.parent
        if parent is None:
            return []
        before = self.repository.read_files(parent, [file.before_path for file in self.center.touched.files])
        return lines_leaned_on(self.center.patches, before)[:_MOST_LINES]

    def written(self, lines: Sequence[LeanedOn], beyond: Sequence[str] = ()) -> Iterator[tuple[str, list[LeanedOn]]]:
        """The commits that wrote some lines, those with most of them first; `beyond` as in `Center.earlier`."""
        leaned = {(one.path, one.text): one for one in lines}
        if not leaned:
            return
        paths = sorted({path for path, _ in leaned})
        ids, stopped = self.center.earlier(paths, _EARLIER, beyond)
        written = self._writers(ids, paths, leaned)
        if leaned and stopped:
            self.patience.cut(stopped)
        order = {identity: place for place, identity in enumerate(ids)}
        ranked = sorted(written, key=lambda commit: (-len(written[commit]), order[commit]))
        kept = [commit for commit in ranked if self.center.is_patch(commit)]
        self.left_out += max(0, len(kept) - _MOST_COMMITS)
        for commit in kept[:_MOST_COMMITS]:
            yield commit, written[commit]

    def _writers(
        self, ids: list[str], paths: list[str], leaned: dict[tuple[str, str], LeanedOn]
    ) -> dict[str, list[LeanedOn]]:
        """By commit, the lines that it wrote; they are taken out of those that are asked for.

        A line that came and went in between cannot be told, and is dropped.
        """
        found: defaultdict[str, list[LeanedOn]] = defaultdict(list)
        commit = ""
        added: dict[tuple[str, str], int] = {}

        def close() -> None:
            for place, net in added.items():
                one = leaned.pop(place, None)
                if one and net >= 0:
                    found[commit].append(one)

        for line in self.patience.while_it_lasts(self.repository.changed_lines(ids, paths), "time-limit"):
            if line.commit != commit:
                close()
                commit, added = line.commit, {}
                if not leaned:
                    break
            place = (line.path, line.text)
            if line.sign in "+-" and place in leaned:
                added[place] = added.get(place, 0) + (1 if line.sign == "+" else -1)
        close()
        return found

    def _told(self, lines: list[LeanedOn]) -> tuple[int, list[Evidence]]:
        """How many lines there are, and the first of them as proof."""
        lines = sorted(lines, key=lambda one: (not one.removed, one.path, one.line))
        return len(lines), [
            Evidence(commit=self.center.id, path=one.path, side="before", line=one.line, text=one.text.strip())
            for one in lines[:3]
        ]

    def _finding(self, commit: str, reason: RelatedReason) -> Finding:
        return Finding("prerequisite", commit, reason, "textual", (self.center.id, commit, "leans-on"))
