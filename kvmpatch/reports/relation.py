"""How a commit relates to a thing (a register, bit, extension, name, file, word) or to another commit.

First the commit itself is asked. If it does not touch the thing, the commits that do are looked for among its series
and its later history, and the relation to the nearest of them is told: whether it uses what this one brings, or only
stands next to it in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from kvmpatch import knowledge
from kvmpatch.analysis.commit_facts import CommitFacts, commit_facts
from kvmpatch.analysis.history import Interest, consequences_in, interest_of
from kvmpatch.errors import KvmpatchError, Unreadable
from kvmpatch.model import BitUse, Change, CsrAccess, Evidence, Happened, Kind, Relation, Report, Statement
from kvmpatch.reports.relation_whole import written_whole
from kvmpatch.rules import relation_words as words
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.reports.show_commit import CommitReporter
    from kvmpatch.sources.repo import RawCommit, Repository

_STRUCTS = {Kind.STRUCT, Kind.UNION, Kind.TYPEDEF}
_LATER = 400
# A letter or two stand in any line.
_SHORTEST_WORD = 2
_WORD = re.compile(r"\w+")
_MOST_OTHERS = 2
_RANK = ("touches", "needed", "needed-by", "context", "same-series", "same-structure", "none", "unknown")


class _Touch(msgspec.Struct, frozen=True):
    """Where a commit touches the thing: in words for a list, and as evidence."""

    place: str
    evidence: Evidence


class Term:
    """What was asked about, in every spelling in which code may name it."""

    def __init__(self, about: str) -> None:
        self.about = about
        self.names = {about.lower()}
        register, _, field = about.partition(".")
        self.whole = register.lower() if field and knowledge.csr(register.lower()) else None
        for entry in (knowledge.csr_by_macro(about), knowledge.csr(about.lower())):
            if entry:
                self.names |= {entry.name, entry.macro.lower(), f"{entry.name}h"}
        extension = knowledge.extension(about)
        self.extension = extension.name if extension and extension.name.lower() in self.names else None
        self.bits = {
            bit.name for bit in knowledge.bits_of(register.lower()) if field and bit.field.lower() == field.lower()
        }
        self.names |= {name.lower() for name in self.bits}
        # Only of what has a value of its own in a VCPU is it asked whether a structure gained it.
        self.may_be_field = any(knowledge.csr(name) for name in self.names)
        self.word = re.compile(rf"(?<![a-z0-9]){re.escape(about.lower())}(?![a-z0-9])")

    def matches(self, text: str) -> bool:
        """Whether a name is the thing, or holds it as one of its words."""
        lowered = text.lower()
        return lowered in self.names or bool(self.word.search(lowered))

    def names_it(self, text: str) -> bool:
        """Whether a line of code names the thing by itself, not as a part of a longer name."""
        return len(self.about) > _SHORTEST_WORD and any(word in self.names for word in _WORD.findall(text.lower()))

    def is_file(self, path: str) -> bool:
        """Whether a path is the file asked about, or ends in it."""
        return path == self.about or path.endswith("/" + self.about)


class RelationFinder:
    """Relates one commit to one thing."""

    def __init__(self, reporter: CommitReporter, report: Report, facts: CommitFacts) -> None:
        self.reporter = reporter
        self.repository = reporter.repository
        self.report = report
        self.facts = facts
        self.me = report.commit.id or ""

    def find(self, about: str) -> Relation:
        """The verdict with its proof; unknown where what would tell is not in the repository."""
        try:
            return self._find(about)
        except Unreadable:
            return Relation(about, "unknown", (words.cannot_tell(about, [Evidence(commit=self.me)]),))

    def _find(self, about: str) -> Relation:
        other = self._as_commit(about)
        if other is not None:
            return self._to_commit(about, other)
        term = Term(about)
        own = list(touched_places(self.facts, term, self.me))
        own += [touch for file in self.report.files if term.is_file(file.path) for touch in self._in_file(file.path)]
        with_the_whole = () if own else tuple(written_whole(self.reporter, self.me, self.facts, term))
        if with_the_whole:
            return Relation(about, "touches", with_the_whole)
        own = own or list(self._in_lines(term))
        if own:
            places = list(dict.fromkeys(one.place for one in own))
            statement = words.touches(about, places, [one.evidence for one in own[:4]])
            return Relation(about, "touches", (statement,))
        return self._through_others(about, term)

    def _in_file(self, path: str) -> Iterator[_Touch]:
        """What changes in a file; the file itself where no structure does."""
        names = [change.name for change in self.facts.changes if change.path == path]
        for name in dict.fromkeys(names or [path]):
            yield _Touch(name, Evidence(commit=self.me, path=path))

    def _in_lines(self, term: Term) -> Iterator[_Touch]:
        """Lines that the commit adds or removes and that name the thing."""
        for line in self.repository.changed_lines([self.me]):
            if line.sign in "+-" and term.names_it(line.text):
                side = "after" if line.sign == "+" else "before"
                proof = Evidence(commit=self.me, path=line.path, side=side, text=line.text.strip())  # type: ignore[arg-type]
                yield _Touch(f"{line.path} ({line.sign} {line.text.strip()[:60]})", proof)

    def _as_commit(self, about: str) -> str | None:
        if not re.fullmatch(r"[0-9a-fA-F]{7,64}|HEAD.*|.*[~^].*|refs/.*|v\d.*", about):
            return None
        from kvmpatch.reports.show import resolve

        try:
            return resolve(self.repository, (about,), None)[-1].id
        except KvmpatchError:
            return None

    # ---- a thing --------------------------------------------------------------------------------------------------

    def _through_others(self, about: str, term: Term) -> Relation:
        statements: list[Statement] = [words.not_touched(about, self.me)]
        if self.report.history is None:
            statements.append(words.cannot_tell(about, [Evidence(commit=self.me)]))
            return Relation(about, "unknown", tuple(statements))
        verdicts: list[str] = []
        for raw, place in self._others(term):
            facts = self._facts(raw)
            touched = list(touched_places(facts, term, raw.id))
            if not touched:
                continue
            verdict, why = self._between(raw, facts)
            verdicts.append(verdict)
            # That it is of the same series is told with what it does.
            statements += [one for one in why if one.code != "same-series"]
            statements.append(_who(about, term, raw, place, facts, touched))
            if len(verdicts) >= _MOST_OTHERS:
                break
        statements += self._grew(about, term)
        if not verdicts:
            statements.append(words.none_found(about, [Evidence(commit=self.report.history.searched.to)]))
        return Relation(about, min(verdicts, key=_RANK.index, default="none"), tuple(statements))

    def _others(self, term: Term) -> Iterator[tuple[RawCommit, Text]]:
        """Commits that may touch the thing: of the series first, then later ones."""
        history = self.report.history
        seen = {self.me}
        if history and history.series:
            total = history.series.total or len(history.series.members)
            ids = [member.id for member in history.series.members if member.id != self.me]
            places = {member.id: number for number, member in enumerate(history.series.members, 1)}
            naming = set(self._naming(ids, term, ()))
            for raw in self.repository.commits([identity for identity in ids if identity in naming]):
                seen.add(raw.id)
                number = f"{places[raw.id]}/{total}"
                yield raw, Text(f"同系列（{number}）的", f"{number} of the series")
        head = self.repository.head()
        if not head:
            return
        paths = sorted({file.path.rpartition("/")[0] or file.path for file in self.report.files})
        later = list(self.repository.history_ids([head, f"^{self.me}"], paths))[::-1][:_LATER]
        for commit in self._naming([identity for identity in later if identity not in seen], term, paths):
            yield next(iter(self.repository.commits([commit]))), Text("之后的", "later")

    def _naming(self, ids: Sequence[str], term: Term, paths: Sequence[str]) -> Iterator[str]:
        last = ""
        if not ids:
            return
        for line in self.repository.changed_lines(ids, paths):
            if line.commit != last and line.sign in "+-" and term.matches(line.text):
                last = line.commit
                yield last

    def _grew(self, about: str, term: Term) -> Iterator[Statement]:
        """Structures that this commit brought and that gained other fields later."""
        history = self.report.history
        grown: dict[str, list[str]] = {}
        proof: dict[str, list[Evidence]] = {}
        for entry in history.followed_by if history else ():
            if entry.reason.code == "extended" and entry.symbol:
                facts = self._facts(next(iter(self.repository.commits([entry.id]))))
                for change in facts.changes:
                    if change.name == entry.symbol:
                        names = [member.name for member in change.members if member.change is Happened.ADDED]
                        grown.setdefault(entry.symbol, []).extend(names)
                        proof.setdefault(entry.symbol, []).extend(entry.evidence)
        for struct, fields in grown.items():
            if term.may_be_field and not any(term.matches(name) for name in fields):
                yield words.grew_otherwise(about, struct, fields, proof[struct])

    # ---- another commit ---------------------------------------------------------------------------------------------

    def _to_commit(self, about: str, other: str) -> Relation:
        raw = next(iter(self.repository.commits([other])))
        verdict, statements = self._between(raw, self._facts(raw))
        if verdict == "none":
            statements = [words.none_found(about, [Evidence(commit=self.me), Evidence(commit=other)])]
        return Relation(about, verdict, tuple(statements))

    def _between(self, raw: RawCommit, facts: CommitFacts) -> tuple[str, list[Statement]]:
        """The relation of this commit to another one, strongest first."""
        mine, _ = interest_of(self.facts.changes, self.facts.csr_accesses, self.facts.bits)
        theirs, _ = interest_of(facts.changes, facts.csr_accesses, facts.bits)
        events = [event for event in consequences_in(facts, mine) if event.code != "changed-access"]
        if events:
            names = list(dict.fromkeys(event.symbol for event in events))
            proof = [event.evidence(raw.id) for event in events[:3]]
            return "needed", [words.needed(raw.id, names, proof, changes=True)]
        used = used_names(self.repository, raw.id, mine)
        if used:
            names = list(dict.fromkeys(name for name, _ in used))
            return "needed", [words.needed(raw.id, names, [proof for _, proof in used[:3]])]
        built_on = [event for event in consequences_in(self.facts, theirs) if event.code != "changed-access"]
        if built_on:
            names = list(dict.fromkeys(event.symbol for event in built_on))
            proof = [event.evidence(self.me) for event in built_on[:3]]
            return "needed-by", [words.needed_by(raw.id, names, proof, changes=True)]
        uses = used_names(self.repository, self.me, theirs)
        if uses:
            names = list(dict.fromkeys(name for name, _ in uses))
            return "needed-by", [words.needed_by(raw.id, names, [proof for _, proof in uses[:3]])]
        neighbour = self._context(raw.id)
        if neighbour:
            return "context", [neighbour]
        series = self.report.history.series if self.report.history else None
        if series and any(member.id == raw.id for member in series.members):
            place = next(number for number, member in enumerate(series.members, 1) if member.id == raw.id)
            proof = [Evidence(commit=self.me), Evidence(commit=raw.id)]
            return "same-series", [words.same_series(raw.id, f"{place}/{len(series.members)}", proof)]
        shared = {change.name for change in self.facts.changes} & {change.name for change in facts.changes}
        if shared:
            proof = [Evidence(commit=raw.id, path=change.path) for change in facts.changes if change.name in shared][:3]
            return "same-structure", [words.same_structure(raw.id, sorted(shared), proof)]
        return "none", []

    def _context(self, other: str) -> Statement | None:
        """Whether a line that this commit adds is context of the other's patch."""
        from kvmpatch.parse.diff import read_patch_text

        added: dict[tuple[str, str], int] = {}
        for patch in read_patch_text(self.repository.patch_text(self.me))[0]:
            for hunk in patch.hunks:
                number = hunk.after_start
                for line in hunk.lines:
                    if line.startswith("+") and sum(char.isalnum() for char in line) >= 6:
                        added.setdefault((patch.file.path, line[1:].strip()), number)
                    number += not line.startswith("-")
        for patch in read_patch_text(self.repository.patch_text(other))[0]:
            for hunk in patch.hunks:
                for line in hunk.lines:
                    place = (patch.file.path, line[1:].strip())
                    if line.startswith(" ") and place in added:
                        proof = [
                            Evidence(commit=self.me, path=place[0], side="after", line=added[place], text=place[1]),
                            Evidence(commit=other, path=place[0], text=place[1]),
                        ]
                        return words.context(other, place[1], proof)
        return None

    def _facts(self, raw: RawCommit) -> CommitFacts:
        touched = next(iter(self.repository.changed([raw.id], counts=False)))
        return commit_facts(self.reporter.sided(raw.id, touched.files[:60]))


def used_names(repository: Repository, commit: str, brought: Interest) -> list[tuple[str, Evidence]]:
    """Names of one commit that another's added lines use: functions, structs, macros, constants, fields."""
    plain = {*brought.functions, *brought.structs, *brought.macros, *brought.constants}
    fields = {name.rpartition(".")[2]: name for name in sorted(brought.fields)}
    if not plain and not fields:
        return []
    pattern = re.compile(
        "|".join(
            [rf"\b(?P<plain>{'|'.join(map(re.escape, sorted(plain)))})\b"] * bool(plain)
            + [rf"(?:->|\.)(?P<field>{'|'.join(map(re.escape, sorted(fields)))})\b"] * bool(fields)
        )
    )
    found = []
    for line in repository.changed_lines([commit]):
        match = pattern.search(line.text) if line.sign == "+" else None
        if match:
            name = next(value for value in match.groupdict().values() if value)
            found.append((fields.get(name, name), Evidence(commit=commit, path=line.path, text=line.text.strip())))
    return found


def touched_places(facts: CommitFacts, term: Term, commit: str) -> Iterator[_Touch]:
    """Where a commit's changes, accesses and bits are or hold the thing."""
    for change in facts.changes:
        yield from _in_change(change, term, commit)
    for access in facts.csr_accesses:
        if access.csr and (access.csr in term.names or term.matches(access.csr)):
            yield _Touch(f"{access.function or ''}() csr_{access.operation}".strip(), _at(access, commit))
    for bit in facts.bits:
        if term.matches(bit.macro) or bit.macro in term.bits or term.extension in bit.extensions:
            yield _Touch(bit.macro, _at(bit, commit))
    for extension in facts.extensions:
        if term.extension == extension.name and extension.role != "context" and not extension.via:
            yield _Touch(extension.name, Evidence(commit=commit, fact=f"extension:{extension.name}"))


def _at(place: CsrAccess | BitUse, commit: str) -> Evidence:
    return Evidence(commit=commit, path=place.path, side=place.side, line=place.line)


def _in_change(change: Change, term: Term, commit: str) -> Iterator[_Touch]:
    line = change.lines[0] if change.lines else None
    proof = Evidence(commit=commit, path=change.path, line=line)
    names = {change.name, change.before.name if change.before else change.name}
    if any(term.matches(name) for name in names):
        yield _Touch(change.name, proof)
    for member in change.members:
        if term.matches(member.name) or term.matches(f"{change.name}.{member.name}"):
            yield _Touch(f"{change.name}.{member.name}" if change.kind in _STRUCTS else member.name, proof)


def _who(
    about: str, term: Term, raw: RawCommit, place: Text, facts: CommitFacts, touched: Sequence[_Touch]
) -> Statement:
    members = [
        f"{change.name}.{member.name}"
        for change in facts.changes
        if change.kind in _STRUCTS
        for member in change.members
        if member.change is Happened.ADDED and term.matches(member.name)
    ]
    accesses = []
    for access in facts.csr_accesses:
        if access.csr in term.names and access.change is not Happened.REMOVED:
            entry = knowledge.entry_point(access.function or "")
            accesses.append((access.operation, entry.phase if entry else ""))
    others = list(dict.fromkeys(one.place for one in touched))
    return words.who_touches(about, raw.id, place, members, accesses, others, [one.evidence for one in touched[:4]])
