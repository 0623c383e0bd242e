"""One question of `backport`, from presence to a plan that was tried."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kvmpatch.errors import UsageError
from kvmpatch.model import CommitName, Evidence, Searched
from kvmpatch.model.backport import (
    BACKPORT_SCHEMA,
    Backport,
    Candidate,
    Comparison,
    FollowingFix,
    Onto,
    Pick,
    Plan,
    Prerequisite,
    Presence,
    Risk,
)
from kvmpatch.parse.message import read_message
from kvmpatch.reports.backport.comparison import compared
from kvmpatch.reports.backport.fixes import FollowingFixes
from kvmpatch.reports.backport.header import guessed_profile, header_of, note_of, profile_of
from kvmpatch.reports.backport.needs import NeedsFinder
from kvmpatch.reports.backport.picking import Picker
from kvmpatch.reports.backport.plan import Planner
from kvmpatch.reports.backport.presence import PresenceFinder
from kvmpatch.reports.backport.relocated import relocated
from kvmpatch.reports.backport.risks import risks_of
from kvmpatch.reports.backport.target import Target
from kvmpatch.reports.indexed import indexed
from kvmpatch.reports.related.center import Center
from kvmpatch.reports.related.finder import finder_for
from kvmpatch.reports.related.request import Patience
from kvmpatch.reports.show import resolve
from kvmpatch.reports.show_commit import SHALLOW, CommitReporter
from kvmpatch.rules import fix_reasons
from kvmpatch.rules.risks import bug_not_there
from kvmpatch.rules.verdict import verdict_of, why
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.reports.backport.request import BackportRequest
    from kvmpatch.sources.repo import RawCommit, Repository

_SECONDS = 10.0
"""How long one candidate is thought about; what that cut short is told."""
_MOST_NAMING = 200
_ASKED = "in this call"
_NOTHING_TO_REVERT = "nothing-to-revert"
_SECONDS_EACH = 1.0
"""How much longer presence is looked for with each candidate: that is done for all of them at once."""
_MOST_IN_FULL = 20
"""Candidates above which textual prerequisites are not followed: most of what a range leans on is in the range."""
_LATEST = 50
"""Commits of the target whose messages tell in which form it keeps its backports."""
_SET = re.compile(r"\.\.|\^(?:[!@]|-\d*)$")
"""What git reads as a set of commits, though it may hold one alone."""


def make_backport(request: BackportRequest) -> Backport:
    """The answer to one question.

    Raises:
        UsageError: no target is named, it is a range, or there is no such profile.
        KvmpatchError: no repository, no such revision, unreadable objects.
    """
    with indexed(request.start, request.overrides, request.progress)() as repository:
        return _Search(repository, request).answer()


class _Search:
    def __init__(self, repository: Repository, request: BackportRequest) -> None:
        self.repository = repository
        self.request = request
        self.profile = profile_of(request.profile).slug if request.profile else None
        self.target = self._target()
        self.asked: set[str] = set()
        self.bugs: dict[str, RawCommit] = {}
        self.patience = Patience(_SECONDS)
        self.reporter = CommitReporter(repository, None, request.progress)
        self.presences = PresenceFinder(self.target, self.patience)
        self.picker = Picker(self.target, self.patience)
        self.fixes = FollowingFixes(self.target, self.presences, request.ignored, self.patience)
        self.planner = Planner(self.target, self.patience)

    def answer(self) -> Backport:
        """One candidate after the other, oldest first."""
        asked = resolve(self.repository, self.request.revs, self.request.progress)
        raws = list(self.repository.commits(dict.fromkeys(one.id for one in asked)))
        self.asked = {raw.id for raw in raws}
        self.profile = self.profile or self._guessed_profile()
        self.needs = NeedsFinder(self.target, self.presences, self.patience, in_full=len(raws) <= _MOST_IN_FULL)
        self.patience.seconds = _SECONDS + len(raws) * _SECONDS_EACH
        self.bugs = self._bugs(raws)
        present = self.presences.find([*raws, *self.bugs.values()])
        self.fixes.expect(raws)
        self.patience.seconds = _SECONDS
        candidates = []
        for place, raw in enumerate(raws, 1):
            self._tell(Text(f"第 {place}/{len(raws)} 个：{raw.subject}", f"{place} of {len(raws)}: {raw.subject}"))
            candidates.append(self._candidate(raw, present[raw.id]))
        shallow = bool(self.repository.shallow)
        stopped = ", ".join(dict.fromkeys([*(["shallow"] if shallow else []), *self.patience.stopped])) or None
        onto = Onto(self.target.ref, self.target.id)
        searched = Searched(None, self.target.id, stopped is None, stopped)
        return Backport(BACKPORT_SCHEMA, onto, tuple(candidates), searched, (SHALLOW,) if shallow else ())

    def _target(self) -> Target:
        ref = self.request.onto or self.repository.setting("target")
        if ref is None:
            raise UsageError(
                Text("没有指定目标", "no target is named"),
                Text("用 --onto REF，或设置 kvmpatch.target", "give --onto REF, or set kvmpatch.target"),
            )
        found = self.repository.resolve((ref,))
        if len(found) != 1 or _SET.search(ref):
            raise UsageError(Text(f"--onto 只能是一个提交：{ref}", f"--onto takes one commit, not {ref}"))
        return Target(self.repository, finder_for(self.repository, self.request), ref, found[0].id)

    def _guessed_profile(self) -> str | None:
        latest = self.repository.history([self.target.id], limit=_LATEST)
        return guessed_profile([raw.message for raw in latest])

    def _tell(self, said: Text) -> None:
        if self.request.progress:
            self.request.progress(said)

    # ---- one candidate -------------------------------------------------------------------------------------------

    def _candidate(self, raw: RawCommit, presence: Presence) -> Candidate:
        self.patience.restart()
        center = Center(self.reporter, raw)
        if center.message.reverts in self.asked:  # by then the target has what it takes back
            because = tuple(one for one in presence.because if one.code != _NOTHING_TO_REVERT)
            presence = replace(presence, because=because)
        upstream = self._upstream(raw)
        comparison = self._comparison(raw, upstream, presence)
        if presence.state == "present":
            return self._settled(raw, presence, comparison)
        pick = self.picker.pick(center)
        needs = self.needs.find(center)
        fixes = self._fixes([raw.id, *(need.id for need in needs if need.kind == "needed")])
        needs, plan = self._planned(raw, needs, fixes, pick)
        made = self.picker.made(raw.id) or self.planner.reached(plan, raw.id)
        verdict = verdict_of(presence, pick, needs, fixes, plan)
        candidate = Candidate(
            commit=CommitName(raw.id, raw.subject),
            presence=presence,
            comparison=comparison,
            pick=pick,
            prerequisites=needs,
            fixes=fixes,
            risks=self._risks(center, made, pick),
            header=header_of(self.profile, self.target, raw, upstream, comparison) if self.profile else None,
            verdict=verdict,
            why=why(verdict, raw.id, self.target.id, presence, pick, needs, fixes, plan),
            plan=plan,
            note=note_of(self.profile, pick, needs, plan),
        )
        self._take(raw.id, plan)
        return candidate

    def _planned(
        self, raw: RawCommit, needs: tuple[Prerequisite, ...], fixes: tuple[FollowingFix, ...], pick: Pick
    ) -> tuple[tuple[Prerequisite, ...], Plan]:
        """A plan, with what fixes need themselves where they do not go in without."""
        plan = self.planner.plan(raw, needs, fixes, pick)
        following, helped = {fix.id for fix in fixes}, set[str]()
        while not plan.clean and plan.failed_at in following - helped and not self.patience.over:
            helped.add(plan.failed_at)
            known = {raw.id, *(need.id for need in needs), *following}
            center = Center(self.reporter, next(iter(self.repository.commits([plan.failed_at]))))
            more = tuple(need for need in self.needs.find(center) if need.id not in known)
            again = self.planner.plan(raw, (*needs, *more), fixes, pick) if more else plan
            if again.failed_at == plan.failed_at:
                break
            steps = {step.id for step in again.steps}
            needs, plan = (*needs, *(need for need in more if need.id in steps)), again
        return needs, plan

    def _risks(self, center: Center, made: str | None, pick: Pick) -> tuple[Risk, ...]:
        """What it means there; where things moved to only if it does not go in, and no conflict says so already."""
        risks = (*self._without_the_bug(center), *risks_of(self.target, center, made, self.patience))
        if made is not None:
            return risks
        said = {one.said for conflict in pick.conflicts for one in conflict.because}
        return (*risks, *(one for one in relocated(self.target, center) if one.said not in said))

    def _without_the_bug(self, center: Center) -> Iterator[Risk]:
        """The commits that it fixes and the target lacks."""
        for pointer in center.message.fixes:
            raw = self.bugs.get(pointer.written)
            if raw is None or raw.id in self.target.taken or raw.id in self.asked:
                continue
            if self.presences.find([raw])[raw.id].state == "absent":
                proof = Evidence(commit=center.id, text=f"Fixes: {pointer.written}")
                yield bug_not_there.speak(raw.id, raw.subject, (proof,))

    def _bugs(self, raws: Sequence[RawCommit]) -> dict[str, RawCommit]:
        """The commits that candidates fix, by the id as written: their own, or that which they have upstream."""
        found: dict[str, RawCommit] = {}
        named = {pointer.written for raw in raws for pointer in read_message(raw.message).fixes}
        for written in named:
            if identity := self.repository.commit_named(written):
                found[written] = next(iter(self.repository.commits([identity])))
        lost = named - set(found)
        proposed = self.target.finder.naming(sorted(lost), [raw.id for raw in raws]) if lost else iter(())
        for identity in self.patience.while_it_lasts(islice(proposed, _MOST_NAMING), "time-limit"):
            raw = next(iter(self.repository.commits([identity])))
            for pointer in read_message(raw.message).upstream:
                found.update({written: raw for written in lost if pointer.id.startswith(written)})
        return found

    def _take(self, identity: str, plan: Plan) -> None:
        """Let the next candidates meet the target with this one in it, and with what it needs before it."""
        reached = self.planner.reached(plan, identity)
        if reached:
            steps = [step.id for step in plan.steps]
            self.target.take(steps[: steps.index(identity) + 1], reached)

    def _fixes(self, ids: Sequence[str]) -> tuple[FollowingFix, ...]:
        """The fixes that must follow; those that the same call brings are set aside."""
        return tuple(
            replace(one, ignored=_ASKED, because=(*one.because, fix_reasons.asked_as_well((Evidence(commit=one.id),))))
            if one.id in self.asked and one.ignored is None and not one.in_target
            else one
            for one in self.fixes.find(ids)
        )

    def _settled(self, raw: RawCommit, presence: Presence, comparison: Comparison | None) -> Candidate:
        """One that the target has: there is nothing to pick, but its fixes may be missing still."""
        fixes = self._fixes([raw.id])
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
            header=None,
            verdict=verdict,
            why=why(verdict, raw.id, self.target.id, presence, pick, (), fixes, plan),
            plan=plan,
            note=None,
        )

    def _upstream(self, raw: RawCommit) -> RawCommit | None:
        """The upstream commit that a candidate says it is a backport of, if this repository has it."""
        for pointer in read_message(raw.message).upstream:
            if found := self.repository.commit_named(pointer.id):
                return next(iter(self.repository.commits([found])))
        return None

    def _comparison(self, raw: RawCommit, upstream: RawCommit | None, presence: Presence) -> Comparison | None:
        """The backport held against its upstream: the candidate's own, else what the target has of the candidate."""
        if upstream is not None:
            return compared(self.repository, upstream.id, raw.id)
        if presence.where and presence.rung != "object":
            return compared(self.repository, raw.id, presence.where[0])
        return None
