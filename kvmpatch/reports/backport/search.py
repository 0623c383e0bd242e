"""One question of `backport`, from presence to a plan that was tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvmpatch.errors import Unreadable, UsageError
from kvmpatch.model import CommitName, Searched, Warning
from kvmpatch.model.backport import (
    BACKPORT_SCHEMA,
    Backport,
    Candidate,
    Comparison,
    Onto,
    Pick,
    Plan,
    Presence,
)
from kvmpatch.parse.message import read_message
from kvmpatch.reports.backport.target import Target
from kvmpatch.reports.related.center import Center
from kvmpatch.reports.related.finder import finder_for
from kvmpatch.reports.related.request import Patience
from kvmpatch.reports.show import resolve
from kvmpatch.reports.show_commit import SHALLOW, CommitReporter
from kvmpatch.rules.verdict import verdict_of
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.reports.backport.request import BackportRequest
    from kvmpatch.sources.repo import RawCommit, Repository

_SECONDS = 10.0
"""How long one candidate is thought about; what that cut short is told."""


def make_backport(request: BackportRequest) -> Backport:
    """The answer to one question.

    Raises:
        UsageError: no target is named, or it is a range.
        KvmpatchError: no repository, no such revision, unreadable objects.
    """
    from kvmpatch.sources.repo import Repository

    with Repository.open(request.start, request.overrides) as repository:
        return _Search(repository, request).answer()


class _Search:
    def __init__(self, repository: Repository, request: BackportRequest) -> None:
        self.repository = repository
        self.request = request
        self.reporter = CommitReporter(repository, None, request.progress)
        self.finder = finder_for(repository, request)
        self.patience = Patience(_SECONDS)
        self.target = self._target()
        self.presences = PresenceFinder(self.target, self.patience)
        self.profile = request.profile or self._profile()
        self.warnings: list[Warning] = []

    def answer(self) -> Backport:
        """One candidate after the other, oldest first."""
        asked = resolve(self.repository, self.request.revs, self.request.progress)
        raws = list(self.repository.commits(dict.fromkeys(one.id for one in asked)))
        present = self.presences.find(raws)
        candidates = tuple(self._candidate(raw, present[raw.id], len(raws)) for raw in raws)
        if self.repository.shallow:
            self.warnings.append(SHALLOW)
        stopped = ", ".join(self.patience.stopped) or ("shallow" if self.repository.shallow else None)
        return Backport(
            BACKPORT_SCHEMA,
            Onto(self.target.ref, self.target.id),
            candidates,
            Searched(None, self.target.id, stopped is None, stopped),
            tuple(self.warnings),
        )

    def _target(self) -> Target:
        ref = self.request.onto or self.repository.setting("target")
        if ref is None:
            raise UsageError(
                Text("没有指定目标", "no target is named"),
                Text("用 --onto REF，或设置 kvmpatch.target", "give --onto REF, or set kvmpatch.target"),
            )
        found = self.repository.resolve((ref,))
        if len(found) != 1 or ".." in ref:
            raise UsageError(Text(f"--onto 须为一个提交：{ref}", f"--onto takes one commit, not {ref}"))
        return Target(self.repository, self.finder, ref, found[0].id)

    # ---- one candidate -------------------------------------------------------------------------------------------

    def _candidate(self, raw: RawCommit, presence: Presence) -> Candidate:
        self.patience.restart()
        center = Center(self.reporter, raw)
        upstream = self._upstream(raw)
        comparison = self._comparison(raw, upstream, presence)
        if presence.state == "present":
            return self._settled(center, upstream, presence, comparison)
        pick = self.picker.pick(center)
        needs = self.needs.find(center)
        fixes = self.fixes.find([raw.id, *(need.id for need in needs if need.kind == "needed")])
        plan = self.planner.plan(raw, needs, fixes, pick)
        made = self.picker.made(raw.id)
        risks = (*risks_of(self.target, center, made), *relocated(self.target, center))
        verdict = verdict_of(presence, pick, needs, fixes, plan)
        if made and verdict != "conflict":
            self.target.take(raw.id, made)
        return Candidate(
            commit=CommitName(raw.id, raw.subject),
            presence=presence,
            comparison=comparison,
            pick=pick,
            prerequisites=needs,
            fixes=fixes,
            risks=risks,
            header=header_of(self.profile, self.target, raw, upstream, comparison),
            verdict=verdict,
            why=why(verdict, raw.id, self.target.id, presence, pick, needs, fixes, plan),
            plan=plan,
            note=note_of(self.profile, pick, needs, plan),
        )

    def _settled(
        self, center: Center, upstream: RawCommit | None, presence: Presence, comparison: Comparison | None
    ) -> Candidate:
        """One that the target has: there is nothing to pick, but its fixes may be missing still."""
        raw = center.raw
        fixes = self.fixes.find([raw.id])
        pick = Pick("empty", ())
        plan = self.planner.plan(raw, (), fixes, pick)
        verdict = verdict_of(presence, pick, (), fixes, plan)
        return Candidate(
            commit=CommitName(raw.id, raw.subject),
            presence=presence,
            comparison=comparison,
            pick=pick,
            prerequisites=(),
            fixes=fixes,
            risks=(),
            header=header_of(self.profile, self.target, raw, upstream, comparison),
            verdict=verdict,
            why=why(verdict, raw.id, self.target.id, presence, pick, (), fixes, plan),
            plan=plan,
            note=None,
        )

    def _upstream(self, raw: RawCommit) -> RawCommit | None:
        """The upstream commit that a candidate says it is a backport of, if this repository has it."""
        for pointer in read_message(raw.message).upstream:
            try:
                found = self.repository.resolve((pointer.id,))[0].id
            except KvmpatchError:
                continue
            return next(iter(self.repository.commits([found])))
        return None

    def _comparison(self, raw: RawCommit, upstream: RawCommit | None, presence: Presence) -> Comparison | None:
        """The backport held against its upstream: the candidate's own, else what the target has of the candidate."""
        if upstream is not None:
            return compared(self.repository, upstream.id, raw.id)
        if presence.where and presence.rung != "object":
            return compared(self.repository, raw.id, presence.where[0])
        return None
