"""The commits that wrote the lines a patch leans on: its context, and what it removes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kvmpatch.analysis.relatives import LeanedOn, lines_leaned_on
from kvmpatch.model import Evidence
from kvmpatch.reports.related.findings import Finding
from kvmpatch.rules import related_reasons as words

if TYPE_CHECKING:
    from kvmpatch.reports.related.center import Center
    from kvmpatch.reports.related.request import Patience

_EARLIER = 300
_MOST_COMMITS = 8
_MOST_LINES = 2000


class TextFinder:
    """Finds the textual prerequisites of one commit. A line counts where it stands once in its file before it."""

    def __init__(self, center: Center, patience: Patience) -> None:
        self.center = center
        self.repository = center.repository
        self.patience = patience
        self.left_out = 0

    def find(self) -> Iterator[Finding]:
        """One finding a commit, those with most lines first."""
        for commit, lines in self.written(self.lines()):
            yield self._finding(commit, lines)

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

    def _finding(self, commit: str, lines: list[LeanedOn]) -> Finding:
        lines = sorted(lines, key=lambda one: (not one.removed, one.path, one.line))
        proof = [
            Evidence(commit=self.center.id, path=one.path, side="before", line=one.line, text=one.text.strip())
            for one in lines[:3]
        ]
        reason = words.gives_context(self.center.id, len(lines), proof)
        return Finding("prerequisite", commit, reason, "textual", (self.center.id, commit, "leans-on"))
