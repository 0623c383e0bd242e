"""Which fixes must follow: what later commits say of a candidate and of its prerequisites, and what takes that back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kvmpatch.errors import KvmpatchError
from kvmpatch.model import Evidence
from kvmpatch.model.backport import BackportReason, FollowingFix
from kvmpatch.reports.related.findings import moment
from kvmpatch.reports.related.pointing import Known, dependencies_of, line_with
from kvmpatch.rules import fix_reasons as words
from kvmpatch.rules.related_reasons import short

if TYPE_CHECKING:
    from kvmpatch.model.backport import Presence
    from kvmpatch.reports.backport.needs import Presences
    from kvmpatch.reports.backport.target import Target
    from kvmpatch.reports.related.request import Patience
    from kvmpatch.sources.repo import RawCommit

_ROUNDS = 6
_MOST = 60
_SHORTEST = 7
_SURE = 12
"""Hex digits from which an id in a message is believed whatever subject stands beside it."""
_TELLING_SUBJECT = 24
_MOST_BASES = 24
_MARKS = ("No-fix:", "Omitted-fix:")
_LEFT_OUT = re.compile(r"^(No-fix|Omitted-fix):\s*(?:commit\s+)?([0-9a-f]{7,64})\b", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True, eq=False)
class _Fix:
    """One fix while it is being looked at.

    Attributes:
        known: the commit to be picked; `members` are all that bring this change, in whatever branch.
        of: id of the commit that it fixes; `fixed` is that one, should it be a fix itself.
        reverts: whether it takes that one back.
    """

    known: Known
    of: str
    because: list[BackportReason]
    reverts: bool
    members: dict[str, Known] = field(default_factory=dict)
    fixed: _Fix | None = None
    presence: Presence | None = None
    is_there: bool = False
    ignored: str | None = None

    def __post_init__(self) -> None:
        self.members[self.known.id] = self.known

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id under which it is known."""
        return tuple(dict.fromkeys(one for member in self.members.values() for one in member.ids))

    def goes_by(self, written: str) -> bool:
        """Whether an id, perhaps shortened, is one of its own."""
        return any(member.goes_by(written) for member in self.members.values())

    def set_aside(self, why: str, reason: BackportReason) -> None:
        """It need not follow."""
        self.ignored = why
        self.because.append(reason)


class FollowingFixes:
    """Finds the fixes that must follow into one target.

    Args:
        target: the target.
        presences: tells what it has already.
        ignored: fixes that need not follow, by id as the user wrote it, each with its reason.
        patience: how long it may look.
    """

    def __init__(
        self, target: Target, presences: Presences, ignored: Sequence[tuple[str, str]], patience: Patience
    ) -> None:
        self.target = target
        self.repository = target.repository
        self.presences = presences
        self.ignored = ignored
        self.patience = patience
        self._read: dict[str, Known] = {}
        self._tips: list[str] | None = None
        self._asked: set[str] = set()

    def expect(self, raws: Sequence[RawCommit]) -> None:
        """Look through history once for all candidates of a call: to walk it anew for each is what takes the time."""
        core = [Known(raw) for raw in raws]
        if len(core) > 1:
            self._read_naming(core, self._tips_without(core))

    def find(self, ids: Sequence[str]) -> tuple[FollowingFix, ...]:
        """Fixes and reverts of some commits, and of these fixes in turn, oldest first.

        What need not follow is told with its reason. In a shallow clone there may be more; patience says so.
        """
        if self.repository.shallow:
            self.patience.cut("shallow")
        core = [Known(raw) for raw in self.repository.commits(dict.fromkeys(ids))]
        fixes = sorted(self._follow(core), key=lambda one: (moment(one.known.raw.committer.date), one.known.id))
        if not fixes:
            return ()
        presences = self.presences.find([one.known.raw for one in fixes])
        for fix in fixes:
            fix.presence = presences.get(fix.known.id)
            fix.is_there = fix.known.id in self.target.taken or _is_present(fix.presence)
        self._cancel(fixes)
        self._left_out(fixes, core)
        self._held_back(fixes, core)
        self._unwanted(fixes)
        self._of_ignored(fixes)
        return tuple(self._told(one) for one in fixes)

    # ---- who points to whom ----------------------------------------------------------------------------------------

    def _follow(self, core: Sequence[Known]) -> list[_Fix]:
        """The fixes of some commits, of these fixes, and so on; each change once, whatever its ids."""
        by_id: dict[str, _Fix | None] = {identity: None for known in core for identity in known.ids}
        found: list[_Fix] = []
        new, tips = list(core), self._tips_without(core)
        for turn in range(_ROUNDS):
            fresh: list[_Fix] = []
            for known in self.patience.while_it_lasts(self._candidates(new, tips), "time-limit"):
                held = [by_id[one] for one in known.ids if one in by_id]
                fix = None if held and held[0] is None else self._fix(known, new)
                if fix is None:  # one of those asked for, in another branch, or a mere mention
                    continue
                same = held[0] if held else None
                if same is None:
                    fresh.append(fix)
                else:
                    same.members[known.id] = known
                by_id.update(dict.fromkeys(known.ids, same or fix))
            for fix in fresh:
                fix.known = self._original(fix)
            found += fresh
            new = [member for fix in fresh for member in fix.members.values()]
            if not new or self.patience.over:
                break
            if turn == _ROUNDS - 1 or len(found) > _MOST:
                self.patience.cut("fix-limit")
                break
        for fix in found:
            fix.fixed = by_id.get(fix.of)
        return found[:_MOST]

    def _tips_without(self, core: Sequence[Known]) -> list[str]:
        """Where fixes are looked for, less what all of these commits contain: nothing there can point to them."""
        if self._tips is None:
            self._tips = self._branches()
        base: str | None = core[0].id if 0 < len(core) <= _MOST_BASES else None
        for known in core[1:]:
            base = self.repository.merge_base(base, known.id) if base else None
        return [*self._tips, *([f"^{base}"] if base else [])]

    def _branches(self) -> list[str]:
        """The branch of `kvmpatch.upstream`, else HEAD and all refs; the target in any case, which may be no ref."""
        upstream = self.repository.setting("upstream")
        if upstream:
            try:
                return [self.repository.resolve((upstream,))[0].id, self.target.id]
            except KvmpatchError:
                self.patience.cut("upstream-unknown")
        return list(dict.fromkeys([*self.repository.all_tips(), self.target.id]))

    def _candidates(self, core: Sequence[Known], tips: Sequence[str]) -> Iterator[Known]:
        """Commits of which a message holds one of the ids or subjects, oldest first."""
        self._read_naming(core, tips)
        for known in sorted(self._read.values(), key=lambda one: (moment(one.raw.committer.date), one.id)):
            if known.message.fixes or known.message.reverts:
                yield known

    def _read_naming(self, core: Sequence[Known], tips: Sequence[str]) -> None:
        """Read the messages that hold one of the ids or subjects, once for each."""
        asked = [identity[:_SHORTEST] for known in core for identity in known.ids]
        asked += [subject for known in core if len(subject := known.raw.subject) >= _TELLING_SUBJECT]
        new = [one for one in dict.fromkeys(asked) if one not in self._asked]
        if not new:
            return
        self._asked.update(new)
        ids = [identity for identity in self.target.finder.naming(new, tips) if identity not in self._read]
        self._read.update({raw.id: Known(raw) for raw in self.repository.commits(ids)})

    def _fix(self, known: Known, core: Sequence[Known]) -> _Fix | None:
        """What one commit says of those that are new."""
        for target in core:
            if target.id == known.id:
                continue
            if known.message.reverts and target.goes_by(known.message.reverts):
                proof = line_with(known, known.message.reverts)
                return _Fix(known, target.id, [words.reverts_it(target.id, proof)], reverts=True)
            for pointer in known.message.fixes:
                named = target.goes_by(pointer.written)
                by_subject = pointer.subject == target.raw.subject and self._is_later(known, target)
                sure = named and (len(pointer.written) >= _SURE or not pointer.subject or by_subject)
                if not sure and (not by_subject or self._is_known(pointer.written)):
                    continue
                proof = line_with(known, pointer.written)
                said = words.names_it(target.id, proof) if named else words.names_its_subject(target.id, proof)
                return _Fix(known, target.id, [said], reverts=False)
        return None

    def _is_later(self, known: Known, target: Known) -> bool:
        return moment(known.raw.committer.date) >= moment(target.raw.committer.date)

    def _is_known(self, written: str) -> bool:
        """Whether an id stands for just one commit here."""
        return self.repository.commit_named(written) is not None

    def _original(self, fix: _Fix) -> Known:
        """Of one change under several ids, the one to be picked: what the others point to, else what stands nearest."""
        members = list(fix.members.values())
        if len(members) == 1:
            return members[0]
        pointed = {identity for one in members for identity in one.upstream}
        if original := next((one for one in members if one.id in pointed), None):
            return original
        return next((one for one in members if self.repository.is_ancestor(fix.of, one.id)), members[0])

    # ---- what need not follow --------------------------------------------------------------------------------------

    def _cancel(self, fixes: Sequence[_Fix]) -> None:
        """Set aside a fix and what takes it back, unless the target has the fix already; the latest word counts."""
        for fix in reversed(fixes):
            other = fix.fixed
            if not fix.reverts or fix.ignored or other is None or other.ignored or other.is_there:
                continue
            proof = fix.because[0].evidence
            for one, by in ((fix, other.known.id), (other, fix.known.id)):
                one.set_aside(f"{'reverts' if one is fix else 'reverted by'} {short(by)}", words.cancelled(by, proof))

    def _left_out(self, fixes: Sequence[_Fix], core: Sequence[Known]) -> None:
        """Set aside what messages of the target, or of the candidates, say was left out on purpose."""
        if all(fix.ignored or fix.is_there for fix in fixes):
            return
        ids = self.target.finder.naming(_MARKS, self.target.only_here(known.id for known in core))
        for raw in (*(known.raw for known in core), *self.repository.commits(ids)):
            for match in _LEFT_OUT.finditer(raw.message):
                for fix in fixes:
                    if not fix.ignored and not fix.is_there and fix.goes_by(match[2].lower()):
                        proof = (Evidence(commit=raw.id, text=match[0].strip()),)
                        fix.set_aside(f"{match[1]} {short(raw.id)}", words.left_out(raw.id, match[1], proof))

    def _held_back(self, fixes: Sequence[_Fix], core: Sequence[Known]) -> None:
        """Set aside what was brought only for a commit that the target lacks and that is not to go in."""
        coming = {identity for known in core for identity in known.ids}
        coming |= {identity for fix in fixes for identity in fix.ids}
        for fix in fixes:
            for word, written in dependencies_of(fix.known.message):
                if word != "Stable-dep-of" or fix.ignored or any(one.startswith(written) for one in coming):
                    continue
                try:
                    other = next(self.repository.commits([self.repository.resolve((written,))[0].id]))
                except KvmpatchError:
                    continue
                presence = self.presences.find([other]).get(other.id)
                if presence and presence.state == "absent":
                    proof = line_with(fix.known, written)
                    fix.set_aside(f"Stable-dep-of {short(other.id)}", words.held_back(other.id, proof))

    def _unwanted(self, fixes: Sequence[_Fix]) -> None:
        """Set aside what the user does not want."""
        for written, reason in self.ignored:
            for fix in fixes:
                if not fix.ignored and fix.goes_by(written.lower()):
                    fix.set_aside(reason or written, words.unwanted(reason, (Evidence(commit=fix.known.id),)))

    def _of_ignored(self, fixes: Sequence[_Fix]) -> None:
        """Set aside the fixes of what was set aside and is not there."""
        for fix in fixes:
            other = fix.fixed
            if other and other.ignored and not other.is_there and not fix.ignored:
                proof = fix.because[0].evidence
                fix.set_aside(f"fixes {short(other.known.id)}", words.of_cancelled(other.known.id, proof))

    def _told(self, fix: _Fix) -> FollowingFix:
        state = fix.presence.state if fix.presence else "unknown"
        there = True if fix.is_there else None if state == "unknown" else False
        of = fix.fixed.known.id if fix.fixed else fix.of
        raw = fix.known.raw
        return FollowingFix(raw.id, raw.subject, there, fix.ignored, of, tuple(fix.because))


def _is_present(presence: Presence | None) -> bool:
    return presence is not None and presence.state == "present"
