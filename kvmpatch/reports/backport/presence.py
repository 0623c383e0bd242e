"""Whether the target has a change already: a ladder from the commit itself down to its lines, whose rung is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from kvmpatch.analysis.line_work import CommitWork
from kvmpatch.analysis.presence import Coverage, Event, coverage, taken_back
from kvmpatch.errors import KvmpatchError, Unreadable
from kvmpatch.model import Evidence
from kvmpatch.model.backport import BackportReason, Presence, PresenceState, Rung
from kvmpatch.parse.message import bare_subject, read_message
from kvmpatch.reports.backport.presence_by_lines import ByLines
from kvmpatch.reports.backport.target_side import TargetSide
from kvmpatch.reports.backport.works import TipFiles, WorkReader
from kvmpatch.reports.related.pointing import Known, line_of
from kvmpatch.rules import presence_reasons as words

if TYPE_CHECKING:
    from kvmpatch.reports.backport.target import Target
    from kvmpatch.reports.related.request import Patience
    from kvmpatch.sources.repo import RawCommit

_PICKS = ("cherry-picked", "backported", "android-upstream", "android-backport", "android-fromgit")
"""Forms that name the commit a tree took it from, which is a twin rather than the change's own name."""
_ALIKE = 0.3
"""The part of a candidate's lines that a commit of another author must have to be the same change."""
_MOST_CALLED = 40
"""Commits of one subject above which it is no name."""


class Hit(msgspec.Struct, frozen=True):
    """A commit of the target that may be the candidate, the rung that says so, and why."""

    rung: Rung
    commit: str
    reason: BackportReason


class Opinion(msgspec.Struct, frozen=True):
    """What messages say of one candidate: who brought it (nothing was taken back of these), what was taken back."""

    hits: tuple[Hit, ...]
    gone: tuple[BackportReason, ...]


class PresenceFinder:
    """Tells of commits whether one target has them; the target's own commits are read once for all of them.

    What is asked is the ref itself: candidates that went in earlier in the same call are `Target.taken`.
    """

    def __init__(self, target: Target, patience: Patience) -> None:
        self.target = target
        self.repository = target.repository
        self.patience = patience
        self.side = TargetSide(target, patience)
        self.works = WorkReader(target.repository)
        self.files = TipFiles(target.repository, target.id)
        self._found: dict[str, Presence] = {}

    def find(self, raws: Sequence[RawCommit]) -> dict[str, Presence]:
        """The presence of each of these commits, by id."""
        new = list({raw.id: raw for raw in raws if raw.id not in self._found}.values())
        if new:
            self.side.learn(new)
            self.side.read_reverts_since([raw for raw in new if self.side.contains(raw.id)])
            known = [Known(raw) for raw in new]
            opinions = {one.id: self._opinion(one) for one in known}
            self._judge(known, opinions)
        return {raw.id: self._found[raw.id] for raw in raws}

    # ---- what messages say -----------------------------------------------------------------------------------------

    def _opinion(self, known: Known) -> Opinion:
        """The commits of the target that are the candidate, by what messages say, less those that were taken back."""
        hits: dict[str, Hit] = {}
        for hit in self._hits(known):
            hits.setdefault(hit.commit, hit)
        subjects = [bare_subject(known.raw.subject)]
        reverts = self.side.reverting([*known.ids, *hits], subjects) if hits else []
        events = [self._event(known, commit) for commit in self.side.newest_first([*hits, *reverts])]
        gone = taken_back(events)
        kept = [hit for hit in hits.values() if hit.commit not in gone]
        # a revert that was itself reverted puts back what it took
        return Opinion(
            tuple(kept),
            tuple(
                words.reverted(hit.commit, gone[hit.commit], self.side.line_with(gone[hit.commit], "revert"))
                for hit in hits.values()
                if hit.commit in gone
            ),
        )

    def _event(self, known: Known, commit: str) -> Event:
        if commit in self.side.raws:
            is_hit = not self.side.event(commit).reverts
            return self.side.event(commit, known.ids if is_hit else ())
        return Event(commit, known.ids, bare_subject(known.raw.subject), known.message.reverts)

    def _hits(self, known: Known) -> Iterator[Hit]:
        yield from self._objects(known)
        pointed: set[str] = set()
        for identity in known.ids:
            for commit, written in self.side.pointing(identity):
                if commit == known.id or commit in pointed or not self._brings(commit, known):
                    continue
                pointed.add(commit)
                proof = self.side.line_with(commit, written)
                if identity == known.id:
                    yield Hit("upstream-id", commit, words.pointed_at(commit, known.id, proof))
                else:
                    both = (line_of(known.raw, identity), proof)
                    yield Hit("twin-id", commit, words.same_source(commit, identity, both))
        called = self.side.called(known.raw.subject)
        for commit in called if len(called) <= _MOST_CALLED else ():
            if commit in pointed or commit == known.id or not self._brings(commit, known):
                continue
            if self.side.message(commit).upstream:
                # two changes may share a subject; one that names its source is that one's, and its source's source's
                if via := self._source_of(commit, known):
                    proofs = (self.side.line_with(commit, via.id[:12]), line_of(via, known.id[:12]))
                    yield Hit("twin-id", commit, words.by_way_of(commit, via.id, known.id, proofs))
                continue
            proof = Evidence(commit=commit, text=self.side.raws[commit].subject)
            yield Hit("subject", commit, words.same_subject(commit, (proof,)))

    def _source_of(self, commit: str, known: Known) -> RawCommit | None:
        """The commit that one of the target names as its source, if that is a backport of the candidate itself.

        A branch that takes from a stable tree names the stable commit, and that one names the upstream commit.
        """
        for pointer in self.side.message(commit).upstream:
            try:
                raw = next(iter(self.repository.commits([self.repository.resolve((pointer.id,))[0].id])))
            except KvmpatchError:
                continue
            if any(known.goes_by(one.id) for one in read_message(raw.message).upstream):
                return raw
        return None

    def _objects(self, known: Known) -> Iterator[Hit]:
        if self.side.contains(known.id):
            yield Hit("object", known.id, words.in_history(known.id, self.target.id))
            return
        for pointer in known.message.upstream:
            if found := self.side.has(pointer.id):
                rung: Rung = "twin-id" if pointer.form in _PICKS else "object"
                yield Hit(rung, found, words.source_in_history(found, line_of(known.raw, pointer.id)))

    def _brings(self, commit: str, known: Known) -> bool:
        """Whether a commit of the target may bring the candidate: beside its history, no merge, not its revert."""
        if len(self.side.raws[commit].parents) > 1 or not self.side.is_beside(commit, known.id):
            return False
        reverts = self.side.message(commit).reverts
        return not (reverts and known.goes_by(reverts))

    # ---- what lines say --------------------------------------------------------------------------------------------

    def _judge(self, known: Sequence[Known], opinions: dict[str, Opinion]) -> None:
        """Hold the candidates against those that bring them; look for the lines of those that nobody names."""
        named = [one for one in known if any(hit.rung != "object" for hit in opinions[one.id].hits)]
        bringers = {hit.commit for one in named for hit in opinions[one.id].hits if hit.commit in self.side.raws}
        unreadable = self._read_works([*(one.id for one in named), *bringers])
        open_: list[Known] = []
        for one in known:
            found = self._by_messages(one, opinions[one.id], unreadable)
            if found:
                self._found[one.id] = found
            else:
                open_.append(one)
        if open_:
            by_lines = ByLines(self.side, self.works, self.files, self.patience)
            for one, found in by_lines.find(open_):
                gone = opinions[one.id].gone
                if gone and found.state in ("absent", "partial"):
                    self._found[one.id] = Presence("absent", "unknown", (), (), gone)
                elif found.state == "absent":
                    self._found[one.id] = self._namesake(one, opinions[one.id]) or found
                else:
                    self._found[one.id] = found

    def _namesake(self, known: Known, opinion: Opinion) -> Presence | None:
        """Undecided, where its author has a commit of this subject in the target that does something else."""
        own = [hit.commit for hit in opinion.hits if self.side.same_author(known.raw, hit.commit)]
        if not own:
            return None
        where = tuple(self.side.newest_first(own))
        proof = Evidence(commit=where[0], text=self.side.raws[where[0]].subject)
        return Presence("unknown", "subject", where, (), (words.namesake(where[0], proof),))

    def _read_works(self, ids: Iterable[str]) -> set[str]:
        """Read what commits do; gives those that cannot be read."""
        wanted = list(dict.fromkeys(ids))
        try:
            self.works.read(wanted)
        except Unreadable:
            return {one for one in wanted if not self._is_readable(one)}
        return set()

    def _is_readable(self, commit: str) -> bool:
        try:
            self.works.read([commit])
        except Unreadable:
            return False
        return True

    def _by_messages(self, known: Known, opinion: Opinion, unreadable: set[str]) -> Presence | None:
        """What messages say, held against the lines; None where they say nothing."""
        for hit in opinion.hits:
            if hit.rung == "object" or hit.commit not in self.side.raws:
                return Presence("present", hit.rung, (hit.commit,), (), (hit.reason,))
        if not opinion.hits:
            return None
        hits = [hit for hit in opinion.hits if hit.commit not in unreadable]
        pointing = [hit for hit in hits if hit.rung != "subject"]
        if known.id in unreadable or not hits:
            return self._unread(opinion.hits)
        candidate = self._work(known.id)
        called = [hit for hit in hits if hit.rung == "subject" and self._is_alike(known, candidate, hit.commit)]
        kept = [*pointing, *called]
        if not kept:
            return None
        works = [self._work(hit.commit) for hit in kept]
        return self._held(known, kept, coverage(candidate, works, self.files), candidate)

    def _work(self, commit: str) -> CommitWork:
        paths = [file.path for file in self.works.files([commit])[commit]]
        return self.works.read([commit], paths)[commit]

    def _is_alike(self, known: Known, candidate: CommitWork, commit: str) -> bool:
        """Whether a commit of the same subject is the same change: in the same files, by its author or its lines."""
        work = self._work(commit)
        names = {file.name for file in candidate.files}
        same_author = self.side.same_author(known.raw, commit)
        if not candidate.files:
            return not work.files and same_author and known.raw.author.date == self.side.raws[commit].author.date
        if not names & {file.name for file in work.files}:
            return False
        found = coverage(candidate, [work], self.files)
        if not found.telling:
            return same_author
        return found.share >= _ALIKE or (same_author and bool(found.matched or found.adapted))

    def _held(self, known: Known, hits: Sequence[Hit], found: Coverage, candidate: CommitWork) -> Presence:
        """The verdict on a candidate that messages of the target name."""
        where = tuple(self.side.newest_first(hit.commit for hit in hits))
        rung = hits[0].rung
        because = [hit.reason for hit in hits if hit.rung in (rung, "subject")]
        because += self._moot(found, candidate)
        state: PresenceState = "present"
        nothing = found.telling and not found.matched and not found.adapted
        if nothing and len(found.missing) == len(candidate.files):
            proof = hits[0].reason.evidence[-1]
            if any(self._is_akin(known, candidate, hit.commit) for hit in hits):
                because.append(words.rewritten(hits[0].commit, proof))
                return Presence("present", rung, where, (), tuple(because))
            return Presence("unknown", rung, where, (), (words.points_elsewhere(hits[0].commit, proof),))
        if found.missing:
            paths = [file.path for file in found.missing]
            because.append(words.left_out(where, paths, sum(len(file.hunks) for file in found.missing)))
            state = "partial"
        return Presence(state, rung, where, found.missing, tuple(because))

    def _is_akin(self, known: Known, candidate: CommitWork, commit: str) -> bool:
        """Whether a commit has the candidate's subject, or its author and one of its files."""
        if bare_subject(self.side.raws[commit].subject) == bare_subject(known.raw.subject):
            return True
        names = {file.name for file in candidate.files}
        return self.side.same_author(known.raw, commit) and any(file.name in names for file in self._work(commit).files)

    def _moot(self, found: Coverage, candidate: CommitWork) -> Iterator[BackportReason]:
        """Files that the target has not: removed there, or never there."""
        if found.moot:
            before = {file.path for file in candidate.files if file.path in found.moot}
            removed = self._removed(sorted(before))
            for gone in (True, False):
                paths = [path for path in found.moot if (path in removed) is gone]
                if paths:
                    yield words.no_such_file(self.target.id, paths, removed=gone)

    def _removed(self, paths: Sequence[str]) -> set[str]:
        """Of some files that the target has not, those that it once had."""
        return {path for path in paths if next(self.repository.history_ids([self.target.id], [path], limit=1), None)}

    def _unread(self, hits: Sequence[Hit]) -> Presence:
        """Named by messages, but what the commits do cannot be read: whether all of it is there is not known."""
        where = tuple(self.side.newest_first(hit.commit for hit in hits))
        why = "partial" if self.repository.partial else "shallow" if self.repository.shallow else "unreadable"
        because = (*(hit.reason for hit in hits), words.not_all_read(self.target.id, why))
        pointing = [hit for hit in hits if hit.rung != "subject"]
        if pointing:
            return Presence("present", pointing[0].rung, where, (), because)
        return Presence("unknown", "unknown", where, (), because)
