"""The commits that only the target has, read once for all candidates: who they point to, what they are called.

Where each candidate's own history ends, its other side begins: one walk leaves out what any of the candidates reaches.
What the target shares with some candidates and not with others is added from the day on which the oldest was written,
and asked for one by one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from kvmpatch.analysis.presence import SHORTEST_ID, Event, goes_by
from kvmpatch.model import Evidence, Message
from kvmpatch.parse.message import bare_subject, read_message
from kvmpatch.reports.related.findings import moment
from kvmpatch.reports.related.pointing import line_of

if TYPE_CHECKING:
    from kvmpatch.reports.backport.target import Target
    from kvmpatch.reports.related.request import Patience
    from kvmpatch.sources.repo import RawCommit

_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{7,64}(?![0-9A-Za-z])")
_QUOTED = re.compile(r'(?:Revert|revert:?) "(.+)"\Z')
_SURE = 12
"""Digits from which on an id in a message is taken to mean one commit."""
_SLACK = 30 * 86_400
"""Seconds by which clocks may be wrong."""


class Walk(NamedTuple):
    """One walk: the commits of candidates that the target lacks, and those of the target that none of them has."""

    beyond: frozenset[str]
    here: frozenset[str]


class TargetSide:
    """What only the target has.

    Attributes:
        raws: the commits read so far, in no order.
        stopped: why not all could be read; None where all were.
    """

    def __init__(self, target: Target, patience: Patience) -> None:
        self.target = target
        self.repository = target.repository
        self.patience = patience
        self.raws: dict[str, RawCommit] = {}
        self.stopped: str | None = None
        self._walks: list[Walk] = []
        self._walk_of: dict[str, Walk] = {}
        self._since: float | None = None
        self._contained: dict[str, bool] = {}
        self._learned: set[str] = set()
        self._messages: dict[str, Message] = {}
        self._naming: defaultdict[str, list[str]] = defaultdict(list)
        self._subjects: defaultdict[str, list[str]] = defaultdict(list)
        self._reverting_id: defaultdict[str, list[str]] = defaultdict(list)
        self._reverting_subject: defaultdict[str, list[str]] = defaultdict(list)
        self._order: dict[str, tuple[float, int]] = {}
        self._reverts_since: str | None = None
        self._ancestors: dict[tuple[str, str], bool] = {}

    # ---- reading ---------------------------------------------------------------------------------------------------

    def learn(self, candidates: Sequence[RawCommit]) -> None:
        """Read what some candidates ask for."""
        asked = dict.fromkeys(raw.id for raw in candidates)
        # what messages point to is asked for with them: one walk tells of all, and each walk takes as long
        asked.update(dict.fromkeys(self._sources(candidates)))
        self._place([identity for identity in asked if identity not in self._contained])
        lacking = [raw for raw in candidates if not self._contained[raw.id]]
        self._learned.update(raw.id for raw in candidates)
        if lacking and sum(not self._contained[identity] for identity in self._learned) > 1:
            self._read_since(min(moment(raw.author.date) or moment(raw.committer.date) for raw in lacking))

    def _sources(self, candidates: Sequence[RawCommit]) -> Iterator[str]:
        """The commits of this repository that the messages of some candidates point to."""
        for raw in candidates:
            for pointer in read_message(raw.message).upstream:
                if found := self.repository.commit_named(pointer.id):
                    yield found

    def _place(self, ids: Sequence[str]) -> None:
        """Tell of some commits whether the target has them, and read what it has besides."""
        unknown = []
        for identity in ids:
            walk = next((walk for walk in self._walks if identity in walk.beyond), None)
            if walk:
                self._contained[identity] = False
                self._walk_of[identity] = walk
            else:
                unknown.append(identity)
        if not unknown:
            return
        tip = self.target.id
        beyond = frozenset(self.repository.history_ids([*unknown, f"^{tip}"]))
        lacking = [identity for identity in unknown if identity in beyond]
        here: list[str] = []
        if lacking:
            here = list(self.repository.history_ids([tip, *(f"^{identity}" for identity in lacking)]))
            self._read(here)
        walk = Walk(beyond, frozenset(here))
        self._walks.append(walk)
        for identity in unknown:
            self._contained[identity] = identity not in beyond
            self._walk_of[identity] = walk

    def _read_since(self, since: float) -> None:
        """Read what the target has since a moment, whoever else has it."""
        if self._since is not None and self._since <= since:
            return
        self._since = since
        self._read(self.repository.history_ids([self.target.id], since=_git_date(since)))

    def _read(self, ids: Iterable[str]) -> None:
        wanted = [identity for identity in ids if identity not in self.raws]
        if self.repository.shallow and not self.repository.shallow.isdisjoint(wanted):
            self.stopped = "shallow"
        for raw in self.repository.commits(wanted):
            if self.patience.over and not len(self.raws) % 1000:
                self.patience.cut("time-limit")
                self.stopped = self.stopped or "time-limit"
                return
            self._keep(raw)

    def _keep(self, raw: RawCommit) -> None:
        self.raws[raw.id] = raw
        for word in {match[:SHORTEST_ID].lower() for match in _HEX.findall(raw.message)}:
            self._naming[word].append(raw.id)
        self._subjects[bare_subject(raw.subject)].append(raw.id)
        self._order[raw.id] = (-moment(raw.committer.date), len(self._order))
        if "This reverts" in raw.message or _QUOTED.match(raw.subject):
            event = self.event(raw.id)
            if event.reverts:
                self._reverting_id[event.reverts[:SHORTEST_ID]].append(raw.id)
            elif event.reverts_subject:
                self._reverting_subject[event.reverts_subject].append(raw.id)

    # ---- asking ----------------------------------------------------------------------------------------------------

    def has(self, written: str) -> str | None:
        """The commit of the target's history that an id means, if there is one."""
        identity = self.repository.commit_named(written)
        if identity is None:
            return None
        if identity not in self._contained:
            self._place([identity])
        return identity if self._contained[identity] else None

    def contains(self, identity: str) -> bool:
        """Whether the target's history has a commit that was learned of."""
        return self._contained[identity]

    def is_beside(self, commit: str, candidate: str) -> bool:
        """Whether a commit of the target is no part of a candidate's own history."""
        if commit in self._walk_of[candidate].here:
            return True
        if (commit, candidate) not in self._ancestors:
            self._ancestors[commit, candidate] = self.repository.is_ancestor(commit, candidate)
        return not self._ancestors[commit, candidate]

    def beside(self, candidates: Sequence[str]) -> list[str]:
        """Commits of the target outside the history of some candidates; too many rather than too few."""
        ids = dict.fromkeys(commit for one in candidates for commit in self._walk_of[one].here)
        if self._since is not None:
            ids.update(dict.fromkeys(self.raws))
        return [commit for commit in ids if commit in self.raws]

    def walk(self, candidates: Sequence[str], paths: Sequence[str]) -> Iterator[str]:
        """The commits of the target that touch some paths, as far as they were read."""
        if self._since is None:
            return self.repository.history_ids([self.target.id, *(f"^{one}" for one in candidates)], paths)
        bounds = [f"^{one}" for one in candidates]
        outside = self.repository.history_ids([self.target.id, *bounds], paths)
        return chain(outside, self.repository.history_ids([self.target.id], paths, since=_git_date(self._since)))

    def message(self, commit: str) -> Message:
        """A commit's message, read."""
        if commit not in self._messages:
            self._messages[commit] = read_message(self.raws[commit].message)
        return self._messages[commit]

    def pointing(self, identity: str) -> list[tuple[str, str]]:
        """Commits whose message points to an id, each with the id as written."""
        found = []
        for commit in self._naming.get(identity[:SHORTEST_ID], ()):
            for pointer in self.message(commit).upstream:
                if goes_by(pointer.id, identity) and self._means(pointer.id, identity):
                    found.append((commit, pointer.id))
                    break
        return found

    def _means(self, written: str, identity: str) -> bool:
        """Whether a short id means this commit and no other."""
        if len(written) >= _SURE:
            return True
        return self.repository.commit_named(written) == identity

    def called(self, subject: str) -> list[str]:
        """Commits of a subject, prefixes aside."""
        return self._subjects.get(bare_subject(subject), []) if subject.strip() else []

    def same_author(self, candidate: RawCommit, commit: str) -> bool:
        """Whether a commit of the target has the author of a candidate, by address or by name."""
        mine, other = candidate.author, self.raws[commit].author
        return mine.email == other.email or (bool(mine.name) and mine.name == other.name)

    def newest_first(self, commits: Iterable[str]) -> list[str]:
        """Commits in the order in which they went into the target, the last one first."""
        last = (0.0, len(self._order))
        return sorted(dict.fromkeys(commits), key=lambda one: self._order.get(one, last))

    def read_for(self, candidate: str) -> int:
        """How many commits only the target has, seen from one candidate."""
        return len(self._walk_of[candidate].here)

    # ---- reverts -----------------------------------------------------------------------------------------------------

    def read_reverts_since(self, commits: Sequence[RawCommit]) -> None:
        """Read the reverts that the target has made since the oldest of some commits of its own history."""
        if not commits:
            return
        oldest = min(commits, key=lambda raw: moment(raw.committer.date)).id
        if self._reverts_since in (None, oldest) or self.repository.is_ancestor(oldest, str(self._reverts_since)):
            if self._reverts_since != oldest:
                tips = [self.target.id, f"^{oldest}"]
                found = self.patience.while_it_lasts(
                    self.target.finder.naming(["This reverts commit"], tips), "time-limit"
                )
                for raw in self.repository.commits([one for one in found if one not in self.raws]):
                    self._keep(raw)
            self._reverts_since = oldest

    def reverting(self, ids: Iterable[str], subjects: Iterable[str]) -> list[str]:
        """Commits that take back one of these, or one another, however often."""
        found: dict[str, None] = {}
        asked: list[Sequence[str]] = [self._reverting_subject.get(one, ()) for one in subjects]
        asked += [self._named_by_reverts(one) for one in ids]
        while asked:
            for commit in asked.pop():
                if commit not in found:
                    found[commit] = None
                    event = self.event(commit)
                    asked.append(self._reverting_subject.get(event.subject, ()))
                    asked += [self._named_by_reverts(one) for one in event.ids]
        return list(found)

    def _named_by_reverts(self, identity: str) -> Sequence[str]:
        """The commits that say they take back this one."""
        near = self._reverting_id.get(identity[:SHORTEST_ID], ())
        return [one for one in near if goes_by(str(self.message(one).reverts), identity)]

    def event(self, commit: str, also: Sequence[str] = ()) -> Event:
        """A commit as one that brings or takes back; `also` are further ids that it goes by."""
        message = self.message(commit)
        subject = bare_subject(message.subject)
        quoted = _QUOTED.match(subject) if message.reverts is None else None
        ids = tuple(dict.fromkeys((commit, *(pointer.id for pointer in message.upstream), *also)))
        return Event(commit, ids, subject, message.reverts, quoted[1] if quoted else None)

    def line_with(self, commit: str, word: str) -> Evidence:
        """The line of a message that holds a word, as evidence."""
        return line_of(self.raws[commit], word)


def _git_date(seconds: float) -> str:
    """A moment as git takes it, clocks being what they are."""
    return f"@{max(0, int(seconds) - _SLACK)} +0000"
