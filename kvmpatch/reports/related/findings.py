"""What is found about commits on the way, kept by group; in the end each commit stands once in a group."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from kvmpatch.model.related import GROUPS, RelatedCommit, RelatedEdge, RelatedGroup, RelatedReason
from kvmpatch.rules.related_reasons import GROUP_TITLES

if TYPE_CHECKING:
    from kvmpatch.sources.repo import RawCommit

_WEAK = ("same-symbol", "mention")
"""Groups of commits that have no stronger relation."""


class Finding(msgspec.Struct, frozen=True):
    """One reason for which a commit is in a group, and the edge that it draws: `from_` has the relation to `to`."""

    group: str
    id: str
    reason: RelatedReason
    kind: str | None = None
    edge: tuple[str, str, str] | None = None


class Gathering(msgspec.Struct):
    """All findings of one question."""

    commits: dict[str, RawCommit] = msgspec.field(default_factory=dict)
    found: dict[str, dict[str, list[Finding]]] = msgspec.field(default_factory=lambda: {group: {} for group in GROUPS})
    left_out: dict[str, int] = msgspec.field(default_factory=dict)
    unknown: set[str] = msgspec.field(default_factory=set)

    def know(self, raws: Iterable[RawCommit]) -> None:
        """Keep what was read of commits."""
        for raw in raws:
            self.commits.setdefault(raw.id, raw)

    def add(self, finding: Finding) -> None:
        """Keep a finding; the same reason once."""
        held = self.found[finding.group].setdefault(finding.id, [])
        if all(one.reason != finding.reason for one in held):
            held.append(finding)

    def ids(self, *groups: str) -> list[str]:
        """The commits of some groups, each once."""
        return list(dict.fromkeys(identity for group in groups for identity in self.found[group]))

    def leave_out(self, group: str, count: int) -> None:
        """So many more were found for a group and are not kept."""
        if count > 0:
            self.left_out[group] = self.left_out.get(group, 0) + count

    def settle(self, centers: Iterable[str]) -> None:
        """Keep a commit where it says most: a fix is no mere follow-up, what has another relation no mere mention."""
        own = set(centers)
        for identity in [*self.found["fix"], *self.found["revert"]]:
            self.found["follow-up"].pop(identity, None)
        strong = own | {identity for group in GROUPS if group not in _WEAK for identity in self.found[group]}
        for identity in strong & set(self.found["mention"]):
            del self.found["mention"][identity]
        strong |= set(self.found["mention"])
        for identity in strong & set(self.found["same-symbol"]):
            del self.found["same-symbol"][identity]

    def groups(self) -> tuple[RelatedGroup, ...]:
        """The groups in their order, commits oldest first."""
        return tuple(self._group(name) for name in GROUPS)

    def _group(self, name: str) -> RelatedGroup:
        held = self.found[name]
        if not held and name in self.unknown:
            return RelatedGroup(name, GROUP_TITLES[name], None)
        commits = sorted((self.commit(identity, findings) for identity, findings in held.items()), key=self._age)
        return RelatedGroup(name, GROUP_TITLES[name], tuple(commits), self.left_out.get(name, 0))

    def _age(self, commit: RelatedCommit) -> tuple[float, float]:
        raw = self.commits[commit.id]
        return moment(raw.committer.date), moment(raw.author.date)

    def commit(self, identity: str, findings: Iterable[Finding] = ()) -> RelatedCommit:
        """A commit with the reasons of some findings."""
        raw = self.commits[identity]
        findings = list(findings)
        kinds = {finding.kind for finding in findings}
        kind = "needed" if "needed" in kinds else next((one for one in kinds if one), None)
        reasons = tuple(finding.reason for finding in findings)
        author = f"{raw.author.name} <{raw.author.email}>"
        return RelatedCommit(identity, raw.subject, author, raw.author.date, kind, reasons)

    def edges(self) -> tuple[RelatedEdge, ...]:
        """What the findings draw between commits that are shown, each once, oldest first."""
        drawn = dict.fromkeys(
            finding.edge
            for group in GROUPS
            for findings in self.found[group].values()
            for finding in findings
            if finding.edge and finding.edge[0] != finding.edge[1]
        )
        ordered = sorted(drawn, key=lambda edge: (self._when(edge[0]), self._when(edge[1]), edge[2]))
        return tuple(RelatedEdge(*edge) for edge in ordered)

    def _when(self, identity: str) -> float:
        raw = self.commits.get(identity)
        return moment(raw.committer.date) if raw else 0.0


def moment(date: str) -> float:
    """Seconds of a date; the beginning of time where there is none."""
    try:
        return datetime.fromisoformat(date).timestamp()
    except ValueError:
        return 0.0
