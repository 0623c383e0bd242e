"""The commits to be picked, in their order, tried one upon the other in a throw-away place."""

from __future__ import annotations

import heapq
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from kvmpatch.errors import KvmpatchError
from kvmpatch.model import CommitName
from kvmpatch.model.backport import FollowingFix, Pick, Plan, Prerequisite
from kvmpatch.rules.related_reasons import short

if TYPE_CHECKING:
    from kvmpatch.reports.backport.target import Target
    from kvmpatch.reports.related.request import Patience
    from kvmpatch.sources.repo import Picked, RawCommit

_MOST_PATHS = 4


class _Trial(NamedTuple):
    """Some commits picked in turn.

    Attributes:
        state: what the last pick gave.
        failed_at: the commit that did not go in.
        paths: the files in which it conflicts.
        done: what went in and changed something, before that.
        tree: what results, if all went in.
    """

    state: str
    failed_at: str | None
    paths: tuple[str, ...]
    done: tuple[str, ...]
    tree: str | None


class Planner:
    """Makes plans for one target. Picks are remembered: plans of one call often begin alike."""

    def __init__(self, target: Target, patience: Patience) -> None:
        self.target = target
        self.repository = target.repository
        self.patience = patience
        self._picked: dict[tuple[str, str], Picked] = {}

    def plan(
        self, raw: RawCommit, prerequisites: Sequence[Prerequisite], fixes: Sequence[FollowingFix], pick: Pick
    ) -> Plan:
        """The order in which a candidate goes in with what it needs and what must follow it.

        Needed prerequisites are always in. Textual ones, and after them incidental ones, are in only where a step
        conflicts without them and does not with them; as few as it takes. A step that would change nothing is left out.
        """
        edges = [(one.id, one.of) for one in prerequisites]
        follow = [one for one in fixes if one.in_target is not True and one.ignored is None]
        edges += [(one.of, one.id) for one in follow]
        wanted = [one.id for one in prerequisites if one.kind == "needed"]
        wanted += [] if pick.state == "empty" else [raw.id]
        wanted += [one.id for one in follow]
        textual = defaultdict(list)
        for one in prerequisites:
            if one.kind == "textual":
                textual[one.of].append(one.id)
        between = [one.id for one in prerequisites if one.kind == "incidental"]
        steps, trial = self._smoothed(self._ordered(wanted, edges), edges, textual, between)
        return self._told(raw, steps, trial)

    def reached(self, plan: Plan, identity: str) -> str | None:
        """The throw-away commit that the plan's picks made up to a commit, with it; None where one did not go in."""
        onto = self.target.standing
        for step in plan.steps:
            picked = self._picked.get((step.id, onto))
            if picked is None or picked.commit is None or picked.state != "clean":
                return None
            onto = picked.commit
            if step.id == identity:
                return onto
        return None

    # ---- order -----------------------------------------------------------------------------------------------------

    def _ordered(self, ids: Iterable[str], edges: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        """Commits as they were made, and in any case each after what it leans on."""
        wanted = tuple(dict.fromkeys(ids))
        if len(wanted) < 2:
            return wanted
        made = [one.id for one in self.repository.resolve(wanted)]
        place = {identity: at for at, identity in enumerate(made)}
        after: defaultdict[str, set[str]] = defaultdict(set)
        waits = dict.fromkeys(wanted, 0)
        for first, then in edges:
            if first in place and then in place and first != then and then not in after[first]:
                after[first].add(then)
                waits[then] += 1
        ready = [place[one] for one in wanted if not waits[one]]
        heapq.heapify(ready)
        ordered: list[str] = []
        while ready:
            one = made[heapq.heappop(ready)]
            ordered.append(one)
            for then in after[one]:
                waits[then] -= 1
                if not waits[then]:
                    heapq.heappush(ready, place[then])
        return (*ordered, *(one for one in made if one not in set(ordered)))  # what leans on itself, in a circle

    # ---- trials ----------------------------------------------------------------------------------------------------

    def _smoothed(
        self,
        steps: tuple[str, ...],
        edges: Sequence[tuple[str, str]],
        textual: dict[str, list[str]],
        between: Sequence[str],
    ) -> tuple[tuple[str, ...], _Trial]:
        """Steps with the prerequisites that make a conflict go away."""
        every = [one for ones in textual.values() for one in ones]
        trial = self._try(steps)
        tried: set[str] = set()
        while trial.state == "conflict" and trial.failed_at and trial.failed_at not in tried and not self.patience.over:
            step = trial.failed_at
            tried.add(step)
            helped = None
            for more in (_leading_to(step, textual), every, [*every, *between]):
                helped = helped or self._helped(steps, step, [one for one in more if one not in steps], edges)
            if helped is None:
                break
            steps = helped
            trial = self._try(steps)
        return steps, trial

    def _helped(
        self, steps: tuple[str, ...], step: str, more: Sequence[str], edges: Sequence[tuple[str, str]]
    ) -> tuple[str, ...] | None:
        """The steps with as few more as let one step in that conflicts; None where they do not help."""
        added = list(more)
        while added:
            trial = self._try(self._ordered((*steps, *added), edges))
            if trial.failed_at not in added:
                break
            added.remove(trial.failed_at)  # it needs something itself
        if not added or not self._goes_in(step, self._ordered((*steps, *added), edges)):
            return None
        for one in list(added):
            fewer = [other for other in added if other != one]
            if not self.patience.over and self._goes_in(step, self._ordered((*steps, *fewer), edges)):
                added = fewer
        return self._ordered((*steps, *added), edges)

    def _goes_in(self, step: str, steps: tuple[str, ...]) -> bool:
        upto = steps[: steps.index(step) + 1]
        return self._try(upto).failed_at is None

    def _try(self, steps: Sequence[str]) -> _Trial:
        """Pick commits in turn until one does not go in."""
        onto, tree = self.target.standing, None
        done: list[str] = []
        for step in steps:
            picked = self._picked.get((step, onto))
            if picked is None:
                if self.patience.over:
                    self.patience.cut("plan")
                    return _Trial("unknown", step, (), tuple(done), None)
                picked = self._picked[step, onto] = self.repository.pick(step, onto, texts=False)
            if picked.state == "clean" and picked.commit:
                onto, tree = picked.commit, picked.tree
                done.append(step)
            elif picked.state != "empty":
                return _Trial(picked.state, step, tuple(one.path for one in picked.files), tuple(done), None)
        if tree is None:
            tree = next(iter(self.repository.commits([onto]))).tree
        return _Trial("clean", None, (), tuple(done), tree)

    # ---- the plan in words -----------------------------------------------------------------------------------------

    def _told(self, raw: RawCommit, steps: tuple[str, ...], trial: _Trial) -> Plan:
        clean = trial.state == "clean"
        left = steps[steps.index(trial.failed_at) :] if trial.failed_at else ()
        kept = (*trial.done, *left)
        raws = {one.id: one for one in self.repository.commits(kept)}
        return Plan(
            steps=tuple(CommitName(one, raws[one].subject) for one in kept),
            tried=trial.state != "unknown",
            clean=clean,
            failed_at=trial.failed_at if trial.state == "conflict" else None,
            tree=trial.tree,
            commands=tuple(self._commands(raw, [raws[one] for one in kept], trial)),
        )

    def _commands(self, raw: RawCommit, steps: Sequence[RawCommit], trial: _Trial) -> Iterator[str]:
        """What a person types to do the same; where a step conflicts, it stands alone, with the files behind it."""
        if not steps:
            return
        if not self.target.taken:
            yield f"git switch -c backport-{short(raw.id)} {shlex.quote(self.target.ref)}"
        names = self._names([one.id for one in steps])
        run: list[str] = []
        for one in steps:
            is_merge, fails = len(one.parents) > 1, one.id == trial.failed_at and trial.state == "conflict"
            if (is_merge or fails) and run:
                yield f"git cherry-pick -x {' '.join(run)}"
                run = []
            if is_merge or fails:
                note = f"  # {_conflict(trial.paths)}" if fails else ""
                yield f"git cherry-pick -x {'-m 1 ' if is_merge else ''}{names[one.id]}{note}"
            else:
                run.append(names[one.id])
        if run:
            yield f"git cherry-pick -x {' '.join(run)}"

    def _names(self, ids: Sequence[str]) -> dict[str, str]:
        """The ids as one types them: twelve digits, or all where those would not do."""
        try:
            self.repository.resolve([short(one) for one in ids])
        except KvmpatchError:
            return {one: one for one in ids}
        return {one: short(one) for one in ids}


def _leading_to(step: str, textual: dict[str, list[str]]) -> list[str]:
    """What a step leans on, and what that leans on."""
    found = [step]
    for one in found:
        found += [other for other in textual.get(one, ()) if other not in found]
    return found[1:]


def _conflict(paths: Sequence[str]) -> str:
    """The files of a conflict behind a command: one line whatever their names are."""
    shown = [shlex.quote(path.encode("unicode_escape").decode("ascii")) for path in paths[:_MOST_PATHS]]
    more = f" +{len(paths) - _MOST_PATHS}" if len(paths) > _MOST_PATHS else ""
    return f"conflict: {' '.join(shown)}{more}"
