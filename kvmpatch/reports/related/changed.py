"""Commits by what they changed: a symbol, a CSR, a bit, an extension, whether or not their message names it.

git proposes by the text of changed lines, the structure of both sides decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kvmpatch import knowledge
from kvmpatch.analysis.commit_facts import CommitFacts, commit_facts
from kvmpatch.analysis.relatives import without_words
from kvmpatch.errors import KvmpatchError, Unreadable
from kvmpatch.model import Evidence
from kvmpatch.parse.outlines import language_of
from kvmpatch.reports.index_facts import kept_facts
from kvmpatch.reports.index_rows import folders_of, has_patterns, in_scope, scope_of
from kvmpatch.reports.related.findings import Finding
from kvmpatch.reports.related.matches import filter_of, tips_of
from kvmpatch.reports.relation import Term, touched_places
from kvmpatch.rules import related_reasons as words
from kvmpatch.sources.repo import Filter
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.reports.related.finder import Finder
    from kvmpatch.reports.related.request import Patience, RelatedRequest
    from kvmpatch.reports.show_commit import CommitReporter

_MOST_WALKED = 20_000
_MOST_DECIDED = 400
_MOST_FILES = 60
_MOST_OF_LINE = 60


class Wanted:
    """One thing that was asked for, in every spelling in which code names it."""

    def __init__(self, option: str, name: str) -> None:
        self.option = option
        self.name = name
        owner, dot, field = name.partition(".")
        self.field = (owner, field) if dot and option == "symbol" else None
        macro = f"CSR_{name.upper().removeprefix('CSR_')}"
        self.macro = re.compile(rf"\b{re.escape(macro)}\b") if option == "csr" else None
        self.term = Term(name)
        spelled = set(self.term.names) if option != "symbol" else {field if self.field else name}
        if option == "bit":
            spelled |= _bit_names(name)
            self.term.names |= {one.lower() for one in spelled}
        if option == "ext" and (extension := knowledge.extension(name)):
            spelled |= {bit.name for bit in knowledge.bits() if extension.name in _extensions(bit)}
            spelled |= {csr.name for csr in knowledge.csrs() if extension.name in csr.extensions}
            self.term.extension = extension.name
        ordered = sorted(spelled, key=lambda word: (-len(word), word))
        either = "|".join(map(re.escape, ordered))
        self.pattern = re.compile(
            rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])" if option != "symbol" else rf"\b(?:{either})\b",
            re.IGNORECASE if option != "symbol" else 0,
        )

    def places(self, facts: CommitFacts, commit: str) -> list[tuple[str, Evidence]]:
        """Where a commit changes it."""
        if self.option == "symbol":
            return list(self._symbol_places(facts, commit))
        touched = touched_places(facts, self.term, commit)
        found = [(one.place, one.evidence) for one in touched if not one.place.isdigit()]
        return found or list(self._in_values(facts, commit))

    def _in_values(self, facts: CommitFacts, commit: str) -> Iterator[tuple[str, Evidence]]:
        """Where it stands in the value of a macro or of a table's entry, as in the lists that selftests expect."""
        for change in facts.changes:
            line = change.lines[0] if change.lines else None
            proof = Evidence(commit=commit, path=change.path, line=line)
            before = change.before.value if change.before else None
            if any(value and self.pattern.search(value) for value in (change.value, before)):
                yield change.name, proof
            for member in change.members:
                was = member.before.value if member.before else None
                if any(value and self.pattern.search(value) for value in (member.value, was, member.name)):
                    yield f"{change.name}[]", proof

    def _symbol_places(self, facts: CommitFacts, commit: str) -> Iterator[tuple[str, Evidence]]:
        for change in facts.changes:
            names = {change.name, change.before.name if change.before else change.name}
            line = change.lines[0] if change.lines else None
            side = "before" if change.change == "removed" else "after"
            proof = Evidence(commit=commit, path=change.path, side=side, line=line)  # type: ignore[arg-type]
            if self.field is None and self.name in names:
                old = change.before.name if change.before else change.name
                shown = change.name if old == change.name else f"{old} → {change.name}"
                yield f"{shown} ({change.change.value})", proof
            for member in change.members:
                own = {member.name, member.before.name if member.before else member.name}
                asked = self.field[0] in names and self.field[1] in own if self.field else self.name in own
                if asked:
                    yield f"{change.name}.{member.name} ({member.change.value})", proof


def _bit_names(name: str) -> set[str]:
    register, _, field = name.partition(".")
    if field:
        return {bit.name for bit in knowledge.bits_of(register.lower()) if bit.field.lower() == field.lower()}
    found = knowledge.bit(name)
    return {found.name, name} if found else {name}


def _extensions(bit: knowledge.Bit) -> set[str]:
    return {extension for place in bit.places for extension in place.extensions}


class ChangeSearch:
    """Looks for commits that changed what was asked for."""

    def __init__(self, reporter: CommitReporter, finder: Finder, request: RelatedRequest, patience: Patience) -> None:
        self.reporter = reporter
        self.repository = reporter.repository
        self.finder = finder
        self.request = request
        self.patience = patience
        self.wanted = [
            Wanted(option, name)
            for option, names in (
                ("symbol", request.symbol), ("csr", request.csr), ("bit", request.bit), ("ext", request.ext),
            )
            for name in names
        ]  # fmt: skip
        self.walked: list[str] = []

    def find(self) -> Iterator[Finding]:
        """The commits, newest first, each with what it changed."""
        paths = () if self.request.paths else self._scope()
        where = filter_of(self.repository, self.request, with_patterns=False)
        literal = paths
        if has_patterns(paths):
            literal, where = (), replace(where, pathspecs=paths)
        if not (where.author or where.committer):
            where = replace(where, ignore_case=False, syntax=Filter().syntax)  # no pattern is left that they are of
        tips = tips_of(self.repository, self.request)
        self.walked = list(
            self.repository.history_ids(tips, literal, since=self.request.since, where=where, limit=_MOST_WALKED)
        )
        if len(self.walked) >= _MOST_WALKED:
            self.patience.cut("walk-limit")
        readable = [identity for identity in self.walked if identity not in self.repository.shallow]
        if all(one.option == "symbol" for one in self.wanted):  # of others lines tell that the structure does not
            readable = list(
                self.finder.of_names([one.field[1] if one.field else one.name for one in self.wanted], readable)
            )
        pattern = re.compile("|".join(f"(?:{one.pattern.pattern})" for one in self.wanted), re.IGNORECASE)
        symbols = bool(self.request.symbol)  # the body of a function is changed under its name in the heading
        for place, commit in enumerate(self.finder.changing(pattern, readable, paths, headings=symbols)):
            if self.patience.over or place >= _MOST_DECIDED:
                self.patience.cut("time-limit" if self.patience.over else "candidate-limit")
                self.walked = self.walked[: self.walked.index(commit)]  # of the others nobody knows
                return
            facts = self._facts(commit)
            for one in self.wanted if facts else ():
                if facts and (places := one.places(facts, commit) or self._in_lines(one, commit, paths)):
                    names = [name for name, _ in places]
                    reason = words.touches(one.name, names, [proof for _, proof in places[:4]])
                    yield Finding("match", commit, reason)

    def _in_lines(self, one: Wanted, commit: str, paths: tuple[str, ...]) -> list[tuple[str, Evidence]]:
        """The lines of code that name a CSR's macro and that no access tells of, as in an argument of another macro."""
        if one.macro is None:
            return []
        lines: dict[str, list[tuple[str, Evidence]]] = {"+": [], "-": []}
        by_pattern = has_patterns(paths)
        for line in self.repository.changed_lines([commit], folders_of(paths) if by_pattern else paths):
            text = line.text.strip()
            if line.sign not in lines or not one.macro.search(text):
                continue
            if (by_pattern and not in_scope(line.path, paths)) or language_of(line.path) not in {"c", "assembly"}:
                continue
            if one.macro.search(without_words(text)):
                side = "after" if line.sign == "+" else "before"
                proof = Evidence(commit=commit, path=line.path, side=side, text=text)  # type: ignore[arg-type]
                lines[line.sign].append((" ".join(text.split()), proof))
        added, removed = ([text for text, _ in lines[sign]] for sign in "+-")
        # what was only moved, or indented anew, is the same
        found = [(text, proof) for text, proof in lines["+"] if text not in removed]
        found += [(text, proof) for text, proof in lines["-"] if text not in added]
        return [(f"{proof.path} ({text[:_MOST_OF_LINE]})", proof) for text, proof in found]

    def _scope(self) -> tuple[str, ...]:
        """Where these names mean what is asked for, if the tree is Linux; else everywhere."""
        head = self.repository.head()
        scope = scope_of(self.repository)
        if self.repository.setting("kvmpatch.scope") or not head:
            return scope if head else ()
        if not self.repository.list_files(head, scope[:1]):
            return self._folders(head, ())
        if any(one.option != "symbol" for one in self.wanted):
            return scope
        # a name that the scope has means what it means there; others are looked for where they are
        if self._folders(head, folders_of(scope)):
            return scope
        elsewhere = self._folders(head, ())
        if elsewhere and self.request.progress:
            self.request.progress(
                Text(
                    "该名字在 kvmpatch.scope 之外，由 git 逐个提交查找",
                    "that name is outside of kvmpatch.scope: git looks through the commits",
                )
            )
        return elsewhere or scope

    def _folders(self, head: str, within: Sequence[str]) -> tuple[str, ...]:
        """The folders of files that hold the names now, so that a long history is not read for nothing."""
        spelled = [word for one in self.wanted for word in _words(one)]
        try:
            files = self.repository.grep_files(head, spelled, within)
        except Unreadable:
            return ()
        folders = sorted({path.rpartition("/")[0] or path for path in files})
        return tuple(folders) if len(folders) <= 200 else ()

    def _facts(self, commit: str) -> CommitFacts | None:
        try:
            if kept := kept_facts(self.repository, commit):
                return kept
            touched = next(iter(self.repository.changed([commit], counts=False)))
            return commit_facts(self.reporter.sided(commit, touched.files[:_MOST_FILES]))
        except KvmpatchError:
            self.patience.cut("unreadable")
            return None


def _words(wanted: Wanted) -> list[str]:
    """The spellings for a search in a tree: as they are, and in capitals as macros have them."""
    if wanted.option == "symbol":
        return [wanted.field[1] if wanted.field else wanted.name]
    names = wanted.term.names
    return sorted({*names, *(name.upper() for name in names), *(f"CSR_{name.upper()}" for name in names), wanted.name})


def unknown_names(wanted: Sequence[Wanted]) -> Iterator[Text]:
    """Names that the knowledge does not hold: they are looked for as they are written."""
    for one in wanted:
        known = {
            "csr": knowledge.csr(one.name.lower()) or knowledge.csr_by_macro(one.name),
            "ext": knowledge.extension(one.name),
            "bit": knowledge.bit(one.name) or _bit_names(one.name) - {one.name},
        }
        if one.option in known and not known[one.option]:
            yield Text(f"没有收录 {one.name}，按字面查找", f"nothing is known of {one.name}: looked for as written")
