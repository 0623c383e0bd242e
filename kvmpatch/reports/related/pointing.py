"""What messages say of each other: fixes, reverts, the same change elsewhere, dependencies, mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kvmpatch.model import Evidence, Message
from kvmpatch.parse.message import read_message
from kvmpatch.reports.related.findings import Finding, Gathering, moment
from kvmpatch.rules import related_reasons as words

if TYPE_CHECKING:
    from kvmpatch.reports.related.finder import Finder
    from kvmpatch.reports.related.request import Patience
    from kvmpatch.sources.repo import RawCommit, Repository

_SHORTEST = 7
_TELLING_SUBJECT = 24
_ROUNDS = 4
_MOST_CORE = 120
_MOST_MENTIONS = 12
_MOST_RESOLVED = 12
_HEX = re.compile(r"\b[0-9a-f]{7,64}\b")
_NAMED = re.compile(r"\bcommit:?\s+([0-9a-f]{7,64})\b|\b([0-9a-f]{10,64})\b", re.IGNORECASE)


class Known:
    """A commit to which others may point: its own id and the ids that it has elsewhere."""

    def __init__(self, raw: RawCommit, group: str | None = None) -> None:
        self.raw = raw
        self.id = raw.id
        self.message = read_message(raw.message)
        self.upstream = tuple(pointer.id for pointer in self.message.upstream)
        self.ids = tuple(dict.fromkeys((raw.id, *self.upstream)))
        self.group = group

    def goes_by(self, written: str) -> bool:
        """Whether an id in a message, perhaps shortened, is one of this commit's."""
        return len(written) >= _SHORTEST and any(one.startswith(written) or written.startswith(one) for one in self.ids)


class Pointing:
    """Follows what messages say, from some commits on, until nothing new comes."""

    def __init__(self, repository: Repository, finder: Finder, gathering: Gathering, patience: Patience) -> None:
        self.repository = repository
        self.finder = finder
        self.gathering = gathering
        self.patience = patience
        self.core: dict[str, Known] = {}
        self._read: dict[str, Known] = {}

    def follow(self, raws: Iterable[RawCommit], tips: Sequence[str]) -> None:
        """Find all that points to these commits, to their fixes and to these commits elsewhere."""
        new = [Known(raw) for raw in raws]
        if len(new) > _MOST_CORE:
            self.patience.cut("fix-limit")
        new = new[:_MOST_CORE]
        for _ in range(_ROUNDS):
            self.core.update({known.id: known for known in new})
            found = list(self._candidates(new, tips))
            before = set(self.gathering.ids("fix", "backport"))
            for known in found:
                for finding in self._relations(known, new):
                    self.gathering.know([known.raw])
                    self.gathering.add(finding)
            fresh = [one for one in self.gathering.ids("fix", "backport") if one not in before and one not in self.core]
            new = [self._read[identity] for identity in fresh]
            for known in new:
                known.group = "fix" if known.id in self.gathering.found["fix"] else "backport"
            if not new:
                break
            if self.patience.over:
                self.patience.cut("time-limit")
                break
        else:
            self.patience.cut("fix-limit")

    def outward(self, raw: RawCommit) -> None:
        """What a commit's own message says of others."""
        known = self.core.get(raw.id) or Known(raw)
        for finding, target in self._outward(known):
            self.gathering.know(self.repository.commits([target]))
            self.gathering.add(finding)

    # ---- candidates ------------------------------------------------------------------------------------------------

    def _candidates(self, core: Sequence[Known], tips: Sequence[str]) -> Iterator[Known]:
        """What may point to these commits: nothing does that all of them contain. To read it takes little time."""
        asked = [identity[:_SHORTEST] for known in core for identity in known.ids]
        asked += [subject for known in core if len(subject := known.raw.subject) >= _TELLING_SUBJECT]
        ids = list(self.finder.naming(asked, tips, [known.id for known in core]))
        seen = set(ids)
        # commits of the core may point to each other, wherever they stand
        ids += [identity for identity in self.core if identity not in seen]
        raws = sorted(self.repository.commits(ids), key=lambda raw: (-moment(raw.committer.date), raw.id))
        for raw in raws:
            yield self._read.setdefault(raw.id, Known(raw))

    # ---- what a message says ---------------------------------------------------------------------------------------

    def _relations(self, known: Known, core: Sequence[Known]) -> Iterator[Finding]:
        """What one commit says of those that are new in the core."""
        text = known.raw.message.lower()
        for target in core:
            if target.id == known.id:
                continue
            named = any(identity[:_SHORTEST] in text for identity in target.ids)
            if not named and target.raw.subject.lower() not in text:
                continue
            strong = list(self._strong(known, target))
            yield from strong
            if not strong and (finding := self._mention(known, target)):
                yield finding

    def _strong(self, known: Known, target: Known) -> Iterator[Finding]:
        message, me, other = known.message, known.id, target.id
        for pointer in message.fixes:
            if target.goes_by(pointer.written):
                yield Finding(
                    "fix", me, words.fixes(other, line_with(known, pointer.written)), None, (me, other, "fixes")
                )
            elif (
                pointer.subject == target.raw.subject
                and _is_later(known, target)
                and not self._is_here(pointer.written)
            ):
                reason = words.fixes(other, line_with(known, pointer.written), by_subject=True)
                yield Finding("fix", me, reason, None, (me, other, "fixes"))
        if message.reverts and target.goes_by(message.reverts):
            proof = line_with(known, message.reverts)
            yield Finding("revert", me, words.reverts(other, proof), None, (me, other, "reverts"))
            if target.group or other in self.gathering.ids("match", "series", "fix"):
                yield Finding("revert", other, words.reverted(me, proof), None, (me, other, "reverts"))
        yield from self._twins(known, target)
        for word, written in dependencies_of(message):
            if target.goes_by(written):
                proof = line_with(known, written)
                if word == "Stable-dep-of":
                    group, kind = ("fix", None) if target.group == "fix" else ("prerequisite", "needed")
                    yield Finding(group, me, words.dependency(other, word, proof), kind, (other, me, "needs"))
                else:
                    yield Finding("follow-up", me, words.needs_it(other, word, proof), None, (me, other, "needs"))

    def _twins(self, known: Known, target: Known) -> Iterator[Finding]:
        """The same change under another id: by a pointer either way, by a common one, by author and date."""
        me, other = known.id, target.id
        if target.group == "backport":
            return  # told already, of the commit that both are
        for pointer in known.message.upstream:
            if not target.goes_by(pointer.id):
                continue
            proof = line_with(known, pointer.id)
            if other.startswith(pointer.id):
                reason = words.same_change(other, pointer.form, proof)
            else:
                reason = words.twin(other, pointer.id, proof)
            yield Finding("backport", me, reason, None, (me, other, "same-change"))
            return
        if any(me.startswith(identity) for identity in target.upstream):
            form = next(one.form for one in target.message.upstream if me.startswith(one.id))
            reason = words.taken_by(other, form, line_with(target, me[:12]))
            yield Finding("backport", me, reason, None, (other, me, "same-change"))
            return
        one, two = known.raw, target.raw
        same = (one.author.email, one.author.date, one.subject) == (two.author.email, two.author.date, two.subject)
        if same and one.author.date:
            proof = (Evidence(commit=me, fact="author-date"), Evidence(commit=other, fact="author-date"))
            yield Finding("backport", me, words.same_patch(other, proof), None, (me, other, "same-change"))

    def _mention(self, known: Known, target: Known) -> Finding | None:
        if target.group or len(self.gathering.found["mention"]) >= _MOST_MENTIONS:
            if not target.group:
                self.gathering.leave_out("mention", 1)
            return None
        written = next((word for word in _HEX.findall(known.raw.message.lower()) if target.goes_by(word)), None)
        subject = target.raw.subject
        quoted = len(subject) >= _TELLING_SUBJECT and subject in known.message.body and _is_later(known, target)
        if not written and not quoted:
            return None
        proof = line_with(known, written or subject)
        return Finding("mention", known.id, words.mentions(target.id, proof), None, (known.id, target.id, "mentions"))

    def _outward(self, known: Known) -> Iterator[tuple[Finding, str]]:
        me, message = known.id, known.message
        seen: set[str] = {me}
        if message.reverts and (target := self._resolved(message.reverts)):
            seen.add(target)
            proof = line_with(known, message.reverts)
            yield Finding("revert", target, words.reverted(me, proof), None, (me, target, "reverts")), target
        for pointer in message.fixes:
            if (target := self._resolved(pointer.written)) and target not in seen:
                seen.add(target)
                reason = words.fixed_here(me, line_with(known, pointer.written))
                yield Finding("prerequisite", target, reason, "needed", (me, target, "fixes")), target
        for pointed in message.upstream:
            if (target := self._resolved(pointed.id)) and target not in seen:
                seen.add(target)
                reason = words.taken_by(me, pointed.form, line_with(known, pointed.id))
                yield Finding("backport", target, reason, None, (me, target, "same-change")), target
        for word, written in dependencies_of(message):
            if (target := self._resolved(written)) and target not in seen:
                seen.add(target)
                proof = line_with(known, written)
                if word == "Stable-dep-of":
                    reason = words.needs_it(me, word, proof)
                    yield Finding("follow-up", target, reason, None, (target, me, "needs")), target
                else:
                    reason = words.dependency(me, word, proof)
                    yield Finding("prerequisite", target, reason, "needed", (me, target, "needs")), target
        for written in dict.fromkeys(one or two for one, two in _NAMED.findall(message.body)):
            if (target := self._resolved(written.lower())) and target not in seen:
                seen.add(target)
                reason = words.mentioned(me, line_with(known, written.lower()))
                yield Finding("mention", target, reason, None, (me, target, "mentions")), target
            if len(seen) > _MOST_RESOLVED:
                break

    def _resolved(self, written: str) -> str | None:
        return self.repository.commit_named(written)

    def _is_here(self, written: str) -> bool:
        return self._resolved(written) is not None


def _is_later(known: Known, target: Known) -> bool:
    """Whether a commit can know another: it was made after it."""
    return moment(known.raw.committer.date) >= moment(target.raw.committer.date)


def dependencies_of(message: Message) -> Iterator[tuple[str, str]]:
    """What a message names as needed: (word, id); for `Stable-dep-of` it is the other that needs this one."""
    deps = {
        match[0].lower()
        for trailer in message.trailers
        if trailer.key.lower() == "stable-dep-of" and (match := _HEX.search(trailer.value.lower()))
    }
    for written in message.dependencies:
        yield ("Stable-dep-of" if written in deps else "Depends-on"), written


def line_with(known: Known, word: str) -> tuple[Evidence, ...]:
    """The line of a message that holds a word, as a proof."""
    return (line_of(known.raw, word),)


def line_of(raw: RawCommit, word: str) -> Evidence:
    """The line of a commit's message that holds a word, as evidence."""
    lowered = word.lower()
    text = next((line.strip() for line in raw.message.split("\n") if lowered in line.lower()), None)
    return Evidence(commit=raw.id, text=text)
