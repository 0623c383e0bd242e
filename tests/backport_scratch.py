"""What the parts of `backport` are asked in tests: one commit, one target, everything real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kvmpatch.model.backport import FollowingFix, Pick, Plan, Prerequisite, Risk
from kvmpatch.reports.backport.fixes import FollowingFixes
from kvmpatch.reports.backport.needs import NeedsFinder
from kvmpatch.reports.backport.plan import Planner
from kvmpatch.reports.backport.presence import PresenceFinder
from kvmpatch.reports.backport.relocated import relocated
from kvmpatch.reports.backport.target import Target
from kvmpatch.reports.related.center import Center
from kvmpatch.reports.related.finder import GitFinder
from kvmpatch.reports.related.request import Patience
from kvmpatch.reports.show_commit import CommitReporter
from kvmpatch.sources.repo import Repository


class Asking:
    """One open repository and one target."""

    def __init__(self, repository: Repository, onto: str) -> None:
        self.repository = repository
        self.target = Target(repository, GitFinder(repository), onto, self.id_of(onto))
        self.patience = Patience(60.0)
        self.presences = PresenceFinder(self.target, self.patience)

    def id_of(self, rev: str) -> str:
        return self.repository.resolve((rev,))[0].id

    def center(self, rev: str) -> Center:
        raw = next(iter(self.repository.commits([self.id_of(rev)])))
        return Center(CommitReporter(self.repository, None, None), raw)

    def needs(self, rev: str) -> tuple[Prerequisite, ...]:
        return NeedsFinder(self.target, self.presences, self.patience).find(self.center(rev))

    def relocated(self, rev: str) -> tuple[Risk, ...]:
        return relocated(self.target, self.center(rev))

    def fixes(self, *revs: str, ignored: tuple[tuple[str, str], ...] = ()) -> tuple[FollowingFix, ...]:
        finder = FollowingFixes(self.target, self.presences, ignored, self.patience)
        return finder.find([self.id_of(rev) for rev in revs])

    def plan(self, rev: str) -> Plan:
        """With all that the candidate needs and what must follow; only that where the target has the candidate."""
        center, planner = self.center(rev), Planner(self.target, self.patience)
        if self.presences.find([center.raw])[center.id].state == "present":
            return planner.plan(center.raw, (), self.fixes(rev), Pick("empty", ()))
        needs = self.needs(rev)
        fixes = self.fixes(rev, *(one.id for one in needs if one.kind == "needed"))
        alone = self.repository.pick(center.id, self.target.standing)
        return planner.plan(center.raw, needs, fixes, Pick(alone.state, ()))


@contextmanager
def asking(path: Path, onto: str) -> Iterator[Asking]:
    with Repository.open(path) as repository:
        yield Asking(repository, onto)


def of_kind(needs: tuple[Prerequisite, ...], kind: str) -> list[str]:
    return [one.id for one in needs if one.kind == kind]
