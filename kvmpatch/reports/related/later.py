"""What a commit's own history tells: who brought what it changes, who changed, used or stood beside what it brought."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kvmpatch.analysis.commit_facts import CommitFacts, commit_facts
from kvmpatch.analysis.relatives import without_words
from kvmpatch.model import Evidence, Happened, History, HistoryEntry, Kind, MemberChange, Series
from kvmpatch.parse.outlines import language_of
from kvmpatch.reports.history import HistoryFinder
from kvmpatch.reports.index_facts import kept_facts
from kvmpatch.reports.index_rows import MOST_FILES
from kvmpatch.reports.related.findings import Finding
from kvmpatch.rules import related_reasons as words

if TYPE_CHECKING:
    from kvmpatch.reports.related.center import Center
    from kvmpatch.reports.related.request import Patience

_LATER = 600
_MOST_USERS = 10
_MOST_BESIDE = 6
_LOOKED_INTO = 10
_SELFTESTS = "tools/testing/selftests/kvm"
_KVM = re.compile(r"(?:^|/)(?:kvm|kvm_host\.h|kvm\.h)(?:/|\Z)|kvm_")
_TELLING = 6
"""Letters below which a field's or constant's name is too common to tell a use of it."""


class LaterFinder:
    """Turns the history of one commit into findings, and adds later users and neighbours."""

    def __init__(self, center: Center, patience: Patience) -> None:
        self.center = center
        self.repository = center.repository
        self.patience = patience
        self.series: Series | None = None
        self.left_out: defaultdict[str, int] = defaultdict(int)

    def find(self) -> Iterator[Finding]:
        """Causes, consequences, users; nothing in a shallow clone, where what came before and after is unknown."""
        history = HistoryFinder(self.center.reporter, self.center.raw, self.center.message, self.center.report).find()
        if history is None:
            return
        self.series = history.series
        if history.searched.stopped:
            self.patience.cut(history.searched.stopped)
        yield from self._from_history(history)
        yield from self._after()

    def _from_history(self, history: History) -> Iterator[Finding]:
        me = self.center.id
        constants = {
            member.name
            for change in self.center.facts.changes
            if change.kind is Kind.ENUM
            for member in change.members
            if member.change is Happened.MODIFIED and _only_shifted(member)
        }
        for entry in history.introduced_by:
            # what a message says is told by who reads messages; who has a file has what was there from the start
            if entry.reason.code in {"fixed", "since-root"}:
                continue
            is_shifted = entry.symbol in constants
            said = words.shifted_number if is_shifted else words.brings_changed
            reason = said(me, entry.reason.said, entry.evidence)
            if entry.reason.code in {"brought-access", "brought-bit"} or is_shifted:
                yield Finding("same-symbol", entry.id, reason, None, (me, entry.id, "same-symbol"))
            elif entry.reason.code in {"moved", "rewritten", "variant"}:
                yield Finding("prerequisite", entry.id, reason, "textual", (me, entry.id, "leans-on"))
            else:
                yield Finding("prerequisite", entry.id, reason, "needed", (me, entry.id, "needs"))
        for entry in history.followed_by:
            if entry.reason.code == "selftest":  # a use like any other, found with its line
                continue
            reason = words.later_change(me, entry.reason.said, self._how(entry), entry.evidence)
            yield Finding("follow-up", entry.id, reason, None, (entry.id, me, "follows"))

    def _how(self, entry: HistoryEntry) -> str | None:
        """How the commit brought what an entry is about; a register or bit that it began to use it introduced."""
        name = entry.symbol or ""
        if entry.reason.code.endswith(("-access", "-bit")):
            return "restored" if self.center.message.reverts else "introduced"
        return self.center.how_brought(name.rpartition(".")[2])

    # ---- users and neighbours --------------------------------------------------------------------------------------

    def _after(self) -> Iterator[Finding]:
        """Later commits whose added lines use what this one brought, or that change the same functions."""
        head = self.repository.head()
        if not head or not self.repository.is_ancestor(self.center.id, head):
            return
        paths = self._paths()
        ids = list(self.repository.history_ids([head, f"^{self.center.id}"], paths))[::-1]
        if len(ids) > _LATER:
            self.patience.cut("later-limit")
        uses = _use_pattern(self.center)
        changed = {
            (change.name, change.path)
            for change in self.center.facts.changes
            if change.change is Happened.MODIFIED and change.kind in {Kind.FUNCTION, Kind.STRUCT, Kind.ASM_SYMBOL}
        }
        heading = re.compile(rf"\b(?:{_either(sorted({name for name, _ in changed}))})\b") if changed else None
        found: dict[str, dict[str, list[Evidence]]] = {}
        beside: list[str] = []
        lines = self.repository.changed_lines(ids[:_LATER], paths)
        removed: set[tuple[str, str]] = set()
        for line in self.patience.while_it_lasts(lines, "time-limit"):
            match = uses.search(line.text) if uses and line.sign in "+-" else None
            if match and line.sign == "-":
                removed.add((line.commit, line.text.strip()))
            elif match and uses and (match := uses.search(without_words(line.text))):
                name = next(value for value in match.groups() if value)
                proof = Evidence(commit=line.commit, path=line.path, side="after", text=line.text.strip())
                found.setdefault(line.commit, {}).setdefault(name, []).append(proof)
            elif line.sign == "@" and heading and heading.search(line.text) and line.commit not in beside[-1:]:
                beside.append(line.commit)
        users = _without_moved(found, removed)
        yield from self._users(users)
        yield from self._beside([commit for commit in beside if commit not in users], changed)

    def _paths(self) -> list[str]:
        files = [file.path for file in self.center.touched.files if language_of(file.path)]
        folders = sorted({path.rpartition("/")[0] or path for path in files})
        if any(_KVM.search(path) for path in files) and self.repository.list_files(self.center.id, [_SELFTESTS]):
            folders.append(_SELFTESTS)
        return folders or [file.path for file in self.center.touched.files][:20]

    def _users(self, users: dict[str, dict[str, Evidence]]) -> Iterator[Finding]:
        for commit, proofs in list(users.items())[:_MOST_USERS]:
            how = {name: self.center.how_brought(name) or "introduced" for name in proofs}
            reason = words.later_use(self.center.id, how, list(proofs.values())[:3])
            yield Finding("follow-up", commit, reason, None, (commit, self.center.id, "uses"))
        self.left_out["follow-up"] += max(0, len(users) - _MOST_USERS)

    def _beside(self, commits: Sequence[str], places: set[tuple[str, str]]) -> Iterator[Finding]:
        """The nearest later commits that change the same functions, as their structure tells."""
        found = 0
        for commit in self.patience.while_it_lasts(dict.fromkeys(commits[:_LOOKED_INTO]), "time-limit"):
            facts = self._facts(commit)
            same = [
                change
                for change in facts.changes
                if change.change is Happened.MODIFIED and (change.name, change.path) in places
            ]
            if same and found < _MOST_BESIDE:
                found += 1
                proof = [
                    Evidence(commit=commit, path=one.path, side="after", line=one.lines[0] if one.lines else None)
                    for one in same[:3]
                ]
                reason = words.same_place(self.center.id, list(dict.fromkeys(one.name for one in same)), proof)
                yield Finding("same-symbol", commit, reason, None, (commit, self.center.id, "same-symbol"))
        self.left_out["same-symbol"] += max(0, len(set(commits)) - _LOOKED_INTO)

    def _facts(self, commit: str) -> CommitFacts:
        if kept := kept_facts(self.repository, commit):
            return kept
        touched = next(iter(self.repository.changed([commit], counts=False)))
        return commit_facts(self.center.reporter.sided(commit, touched.files[:MOST_FILES]))


def _without_moved(
    found: dict[str, dict[str, list[Evidence]]], removed: set[tuple[str, str]]
) -> dict[str, dict[str, Evidence]]:
    """The first use of each name; without lines that a commit only moves, which are removed elsewhere as they are."""
    kept: dict[str, dict[str, Evidence]] = {}
    for commit, names in found.items():
        new = {
            name: [one for one in proofs if (commit, one.text or "") not in removed] for name, proofs in names.items()
        }
        kept[commit] = {name: proofs[0] for name, proofs in new.items() if proofs}
    return {commit: proofs for commit, proofs in kept.items() if proofs}


def _only_shifted(member: MemberChange) -> bool:
    """Whether a constant kept its name and only its number moved, because another came before it."""
    return member.before is not None and member.before.name == member.name


def _use_pattern(center: Center) -> re.Pattern[str] | None:
    """How a line looks that uses something the commit brought."""
    brought = center.brought
    telling = [name for name in sorted(brought.fields) if len(name) >= _TELLING]
    plain = [name for name in sorted(brought.plain - center.reused) if len(name) >= _TELLING]
    functions, structs = sorted(brought.functions - center.reused), sorted(brought.structs - center.reused)
    parts = [
        rf"\b({_either(functions)})\s*\(" if functions else "",
        rf"\b(?:struct|union|enum)\s+({_either(structs)})\b" if structs else "",
        rf"\b({_either(plain)})\b" if plain else "",
        rf"(?:->|\.|_REG\w*\()\s*({_either(telling)})\b" if telling else "",
    ]
    pattern = "|".join(part for part in parts if part)
    return re.compile(pattern) if pattern else None


def _either(names: Sequence[str]) -> str:
    return "|".join(map(re.escape, names))
