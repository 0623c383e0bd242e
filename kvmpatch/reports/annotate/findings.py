"""Findings of one candidate after the other: what of its report a reviewer must know, and where to show it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.annotation import ANNOTATION_SCHEMA, Annotation
from kvmpatch.model.backport import Backport, BackportReason, Candidate, ConflictFile, Level
from kvmpatch.reports.annotate.commits import RangeCommit
from kvmpatch.rules import annotation_words as words
from kvmpatch.words import Text

_BY_DESIGN = frozenset({"age-limit", "deep-limit"})
"""Limits of a search that are no gap: who looks at every tree of five years has looked far enough."""
_FUNCTION = re.compile(r"([A-Za-z_]\w*)\s*\(")
_NO_REMARK = "header-remark"
_DIGITS = 32
_MOST_PROOF = 8


def findings_of(
    backport: Backport, commits: Mapping[str, RangeCommit] | None = None, known: frozenset[str] = frozenset()
) -> tuple[Annotation, ...]:
    """What the report of a backport comes to, the gravest first, then by place; what a baseline knows is last.

    Args:
        backport: the report.
        commits: its candidates. Without them no line is surer than its hunk, and no message is known to explain.
        known: fingerprints of a baseline.
    """
    return _Findings(backport, commits or {}, known).ranked()


class _Findings:
    def __init__(self, backport: Backport, commits: Mapping[str, RangeCommit], known: frozenset[str]) -> None:
        self.onto = backport.onto.ref
        self.backport = backport
        self.commits = commits
        self.known = known
        self.seen: dict[str, int] = {}
        self.places = self._places_in_range()

    def _places_in_range(self) -> dict[str, int]:
        """Every id by which a candidate may be named, with its place in the range."""
        places: dict[str, int] = {}
        for place, candidate in enumerate(self.backport.candidates):
            read = self.commits.get(candidate.commit.id)
            for one in (candidate.commit.id, *(read.upstream if read else ())):
                places.setdefault(one, place)
        return places

    def place_of(self, identity: str) -> int | None:
        """Where in the range a commit stands, None where it does not; messages may shorten the ids that they name."""
        if identity in self.places:
            return self.places[identity]
        alike = (place for one, place in self.places.items() if identity.startswith(one) or one.startswith(identity))
        return next(alike, None)

    def ranked(self) -> tuple[Annotation, ...]:
        """All of them. What is said of messages comes last where nothing else decides: no cut may leave a fix out."""
        every = [_About(self, candidate) for candidate in self.backport.candidates]
        made = [one for about in every for one in about.change()]
        made += self._search()
        made += (one for about in every for one in about.header())
        grave = {"error": 0, "warning": 1, "note": 2}
        made.sort(key=lambda one: (one.known, grave[one.level], one.path is None, one.path or "", one.line or 0))
        return tuple(made)

    def _search(self) -> Iterator[Annotation]:
        """A search that was cut short: told once, at the last commit."""
        searched = self.backport.searched
        stopped = [one for one in (searched.stopped or "").split(", ") if one]
        by_design = bool(stopped) and _BY_DESIGN.issuperset(stopped)
        if searched.complete or by_design or not self.backport.candidates:
            return
        about = _About(self, self.backport.candidates[-1])
        proof = Evidence(commit=self.backport.onto.id, fact=searched.stopped)
        yield about.message(words.SEARCH_UNDECIDED, "warning", words.search_undecided(stopped), [proof], undecided=True)


class _About:
    """The findings about one candidate."""

    def __init__(self, findings: _Findings, candidate: Candidate) -> None:
        self.findings = findings
        self.candidate = candidate
        self.id = candidate.commit.id
        self.onto = findings.onto
        self.commit = findings.commits.get(self.id)

    def change(self) -> Iterator[Annotation]:
        """What is to be said of the change."""
        yield from self._presence()
        if self.candidate.presence.state != "present":
            yield from self._pick()
            yield from self._needs()
        yield from self._fixes()
        yield from self._comparison()
        for risk in self.candidate.risks:
            yield self.at_evidence(risk.code, risk.level, risk.said, risk.evidence)

    def header(self) -> Iterator[Annotation]:
        """What is to be said of the form of its message."""
        compared = self.candidate.comparison is not None
        for finding in self.candidate.header.findings if self.candidate.header else ():
            if finding.code == _NO_REMARK and compared:
                continue  # told with its files, as what differs from upstream
            yield self.message(finding.code, finding.level, finding.said, finding.evidence)

    # ---- the parts of the report ---------------------------------------------------------------------------------

    def _presence(self) -> Iterator[Annotation]:
        presence = self.candidate.presence
        proof = [*_proof(presence.because), *(Evidence(commit=one) for one in presence.where)]
        if presence.state == "present":
            said = words.already_present(self.onto, presence.where, presence.because)
            yield self.message(words.PRESENT, "warning", said, proof)
        elif presence.state == "partial":
            said = words.partly_present(self.onto, presence.where, presence.missing)
            yield self.message(words.PARTLY_THERE, "warning", said, proof)
        elif presence.state == "unknown" and self.candidate.pick.state != "empty":
            said = words.presence_undecided(self.onto, presence.because)
            yield self.message(words.PRESENCE_UNDECIDED, "warning", said, proof, undecided=True)

    def _pick(self) -> Iterator[Annotation]:
        pick = self.candidate.pick
        if pick.state == "empty":
            yield self.message(words.EMPTY, "warning", words.empty(self.onto), [])
        elif pick.state == "unknown":
            yield self.message(words.PICK_UNDECIDED, "warning", words.pick_undecided(self.onto), [], undecided=True)
        for conflict in pick.conflicts:
            yield self._conflict(conflict)

    def _conflict(self, conflict: ConflictFile) -> Annotation:
        hunk = conflict.hunks[0] if conflict.hunks else None
        lines = (hunk.after or hunk.before) if hunk else None
        line = self.commit.line_in(conflict.path, lines) if self.commit else (lines[0] if lines else None)
        line = line or 1
        here = Evidence(commit=self.id, path=conflict.path, side="after", line=line)
        return self.made(
            words.CONFLICT,
            "error",
            words.conflict(self.onto, conflict),
            [here, *_proof(conflict.because)],
            path=conflict.path,
            line=line,
            symbol=_symbol(hunk.heading) if hunk else "",
        )

    def _needs(self) -> Iterator[Annotation]:
        place = self.findings.places[self.id]
        for need in self.candidate.prerequisites:
            later = (self.findings.place_of(need.id) or 0) > place
            said = words.prerequisite(self.onto, need, later=later)
            proof = [*_proof(need.because), Evidence(commit=need.id)]
            if need.kind == "needed":
                yield self.at_evidence(words.NEEDED, "error", said, proof, symbol=need.subject)
            elif need.kind == "textual":
                yield self.at_evidence(words.TEXTUAL, "note", said, proof, symbol=need.subject)

    def _fixes(self) -> Iterator[Annotation]:
        for fix in self.candidate.fixes:
            if fix.in_target or self.findings.place_of(fix.id) is not None:
                continue
            own = fix.of == self.id or self.findings.place_of(fix.of) == self.findings.places[self.id]
            said = words.fix(self.onto, fix, own=own)
            proof = [*_proof(fix.because), Evidence(commit=fix.id)]
            if fix.ignored is not None:
                yield self.message(words.IGNORED, "note", said, proof, symbol=fix.subject)
            elif fix.in_target is None:
                yield self.message(words.FIX_UNDECIDED, "warning", said, proof, symbol=fix.subject, undecided=True)
            else:
                yield self.message(words.FIX, "warning", said, proof, symbol=fix.subject)

    def _comparison(self) -> Iterator[Annotation]:
        """The commit against its own upstream; where the target's is compared, `partly_present` has told it."""
        comparison = self.candidate.comparison
        if comparison is None or comparison.other != self.id:
            return
        explained = self.commit is not None and self.commit.explained
        upstream = self.commit.upstream[0] if self.commit and self.commit.upstream else None
        proof = [Evidence(commit=upstream, path=file.path) for file in comparison.hunks]
        if comparison.class_ == "partial":
            said = words.partial_pick(comparison, explained=explained)
            yield self.message(words.PARTIAL, "note" if explained else "error", said, proof)
        elif comparison.class_ in ("modified", "different") and not explained:
            yield self.message(words.MODIFIED, "warning", words.modified(comparison), proof)

    # ---- making one ----------------------------------------------------------------------------------------------

    def at_evidence(
        self, rule: str, level: Level, said: Text, evidence: Sequence[Evidence], symbol: str = ""
    ) -> Annotation:
        """A finding that stands where its proof shows a line of the candidate's own; else it is about the message."""
        for one in evidence:
            if one.commit == self.id and one.path and one.line and one.side != "before":
                return self.made(rule, level, said, evidence, path=one.path, line=one.line, symbol=symbol)
        return self.message(rule, level, said, evidence, symbol=symbol)

    def message(
        self,
        rule: str,
        level: Level,
        said: Text,
        evidence: Sequence[Evidence],
        symbol: str = "",
        *,
        undecided: bool = False,
    ) -> Annotation:
        """A finding about the commit as a whole, or its message."""
        return self.made(rule, level, said, evidence, symbol=symbol, undecided=undecided)

    def made(
        self,
        rule: str,
        level: Level,
        said: Text,
        evidence: Sequence[Evidence],
        *,
        path: str | None = None,
        line: int | None = None,
        symbol: str = "",
        undecided: bool = False,
    ) -> Annotation:
        """The finding itself."""
        fingerprint = self._fingerprint(rule, path or "", symbol)
        return Annotation(
            commit=self.id,
            rule=rule,
            level=level,
            path=path,
            line=line,
            said=said,
            fingerprint=fingerprint,
            evidence=tuple(dict.fromkeys(evidence))[:_MOST_PROOF] or (Evidence(commit=self.id),),
            known=fingerprint in self.findings.known and not undecided,
            undecided=undecided,
            near=self.commit.first if self.commit and path is None else None,
        )

    def _fingerprint(self, rule: str, path: str, symbol: str) -> str:
        """The same after a rebase: no line, and no id that a rebase makes anew.

        What is alike in all of that, as two conflicts in one function, is told apart by its order.
        """
        upstream = self.commit.upstream if self.commit else ()
        key = upstream[0] if upstream else self.candidate.commit.subject
        parts = (ANNOTATION_SCHEMA, rule, key, path, symbol)
        alike = "\0".join(parts)
        place = self.findings.seen[alike] = self.findings.seen.get(alike, 0) + 1
        data = alike if place == 1 else f"{alike}\0{place}"
        return hashlib.sha256(data.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _proof(reasons: Sequence[BackportReason]) -> list[Evidence]:
    return [one for reason in reasons for one in reason.evidence]


def _symbol(heading: str) -> str:
    """The function of a hunk's heading, or the heading where it names none."""
    found = _FUNCTION.search(heading)
    return found[1] if found else heading.strip()
