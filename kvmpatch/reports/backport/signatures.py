"""Functions that the target has with other parameters than a commit passes, and who gave them these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvmpatch.analysis.prerequisites import argument_count, parameter_counts
from kvmpatch.analysis.relatives import NamedUse
from kvmpatch.model import Evidence
from kvmpatch.rules import need_reasons as words

if TYPE_CHECKING:
    from kvmpatch.model.backport import BackportReason
    from kvmpatch.reports.backport.target import Target
    from kvmpatch.reports.related.center import Center
    from kvmpatch.reports.related.needed import NeedFinder

_LOOKED_INTO = 60
"""Commits to a file that are looked through, the nearest first, for the one that changed a function's parameters."""


class SignatureFinder:
    """Compares the functions that one commit calls with the target's."""

    def __init__(self, target: Target, center: Center, finder: NeedFinder) -> None:
        self.target = target
        self.center = center
        self.repository = center.repository
        self.finder = finder

    def find(self, uses: dict[str, NamedUse]) -> Iterator[tuple[str, BackportReason]]:
        """The commits that gave called functions the parameters that this one passes, each with its reason."""
        called = {name: use for name, use in uses.items() if use.called and not use.member}
        called = {name: use for name, use in called.items() if name not in self.center.brought}
        texts = self.finder.nearby() if called else {}
        others = self.target.files(list(texts))
        after = self.repository.read_files(self.center.id, sorted({use.path for use in called.values()}))
        for path, data in texts.items():
            other = others[path]
            if other is None:
                continue
            ours = parameter_counts(data, [name for name in called if name.encode() in other])
            theirs = parameter_counts(other, ours)
            for name, counts in ours.items():
                here, there = _single(counts), _single(theirs.get(name, set()))
                if here is None or there is None or here == there:
                    continue
                use = called[name]
                if argument_count(after[use.path] or b"", name, use.line) == here:
                    yield from self._changed(name, path, (here, there), use)

    def _changed(
        self, name: str, path: str, counts: tuple[int, int], use: NamedUse
    ) -> Iterator[tuple[str, BackportReason]]:
        """The nearest commit before this one that gave a function of a file its number of parameters."""
        ids, _ = self.center.earlier([path], _LOOKED_INTO, [f"^{self.target.id}"])
        for raw in self.repository.commits(ids):
            if len(raw.parents) != 1:
                continue
            after, before = (
                parameter_counts(self.repository.read_files(one, [path])[path] or b"", [name]).get(name, set())
                for one in (raw.id, raw.parents[0])
            )
            if _single(after) == counts[0] and _single(before) not in (None, counts[0]):
                proof = (
                    Evidence(commit=raw.id, path=path, side="after", text=name),
                    Evidence(commit=self.center.id, path=use.path, side="after", line=use.line, text=use.text),
                )
                yield raw.id, words.changes_signature(self.center.id, name, counts, proof)
                return


def _single(counts: set[int | None]) -> int | None:
    """The number where there is just one."""
    return next(iter(counts)) if len(counts) == 1 else None
