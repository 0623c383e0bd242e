"""The history of a commit, read from git within bounds: causes, consequences, fixes, reverts, series.

Every walk stops somewhere and says where. In a shallow clone nothing is said at all: what is not there may exist.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kvmpatch.analysis.commit_facts import CommitFacts, commit_facts
from kvmpatch.analysis.history import Event, Interest, causes_in, consequences_in, interest_of
from kvmpatch.model import Evidence, Happened, History, HistoryEntry, Message, Report, Searched
from kvmpatch.parse.message import read_message
from kvmpatch.parse.outlines import language_of, outline_of
from kvmpatch.reports.history_walks import EARLIER, HistoryWalks, window
from kvmpatch.reports.series import SeriesFinder
from kvmpatch.rules.history_reasons import STRENGTH, reason

if TYPE_CHECKING:
    from kvmpatch.reports.show_commit import CommitReporter
    from kvmpatch.sources.repo import ChangedLine, RawCommit

__all__ = ["HistoryFinder", "earlier_paths", "identities", "later_paths", "window"]

_LATER = 600
# Of the commits whose lines name something of interest, this many are looked into structurally on each side.
_LOOKED_INTO = 40
_MOST_FILES = 60
_MOST_ENTRIES = 12
_IMPORT = 400
_MOST_LINES = 20_000
# How often a thing is followed to another place.
_MOST_MOVES = 3
_UAPI = re.compile(r"arch/(\w+)/include/uapi/asm/kvm\.h$")
_SELFTESTS = "tools/testing/selftests/kvm/"
_KVM = re.compile(r"(?:^|/)kvm/")
_TYPES = {"struct", "union", "enum", "typedef"}


def identities(raw: RawCommit, message: Message) -> tuple[str, ...]:
    """The ids by which others name a commit: its own, and those that it is a backport of."""
    return tuple(dict.fromkeys((raw.id, *(pointer.id for pointer in message.upstream))))


def later_paths(touched: Iterable[str]) -> list[str]:
    """Where later changes to what a commit brought are looked for: KVM's directories, else the files."""
    files = [path for path in touched if language_of(path)][:_MOST_FILES]
    if any(_KVM.search(path) for path in files):
        folders = {path.rpartition("/")[0] or path for path in files}
        # What user space may use is soon tried by a selftest.
        folders |= {f"{_SELFTESTS}{found[1]}" for path in files if (found := _UAPI.match(path))}
        return sorted(folders)
    return files


def earlier_paths(touched: Iterable[str]) -> list[str]:
    """Where what a commit found and changed came from: the files themselves."""
    return [path for path in touched if language_of(path)][:_MOST_FILES]


class HistoryFinder:
    """Finds the history of one commit."""

    def __init__(
        self,
        reporter: CommitReporter,
        raw: RawCommit,
        message: Message,
        report: Report,
        walks: HistoryWalks | None = None,
    ) -> None:
        self.reporter = reporter
        self.repository = reporter.repository
        self.raw = raw
        self.message = message
        self.report = report
        shallow = self.repository.shallow
        self.walks = walks or (
            None if shallow else HistoryWalks(self.repository, raw, identities(raw, message), *self._paths())
        )
        self.brought, self.changed = interest_of(report.changes, report.csr_accesses, report.bits)
        self.ids = identities(raw, message)

    def find(self) -> History | None:
        """The history; None where the clone is shallow, since what is cut off cannot be told from what is not."""
        walks = self.walks
        if walks is None:
            return None
        # Causes are told while git still walks towards today.
        earlier = walks.look_back() if self.changed else []
        causes = tuple(self._causes(earlier))
        walks.settle()
        fixed, reverted = self._pointing(walks.pointing)
        known = {entry.id for entry in (*fixed, *reverted)}
        followed, stopped = self._consequences(walks, known) if self.brought else ([], None)
        cut = len(earlier) >= EARLIER
        return History(
            introduced_by=causes,
            followed_by=tuple(followed),
            fixed_by=tuple(fixed),
            reverted_by=tuple(reverted),
            series=SeriesFinder(self.raw, self.message, list(self.repository.commits(walks.near))).find(),
            searched=Searched(
                from_=earlier[-1] if cut else None,
                to=walks.upto(),
                complete=stopped is None and not cut,
                stopped=stopped or ("earlier-limit" if cut else None),
            ),
        )

    def _on_head(self) -> bool:
        return self.walks is not None and self.walks.on_head

    def _paths(self) -> tuple[list[str], list[str]]:
        return self._later_paths(), earlier_paths(file.before_path for file in self.report.files)

    def _later_paths(self) -> list[str]:
        return later_paths(file.path for file in self.report.files)

    # ---- fixes and reverts ----------------------------------------------------------------------------------------

    def _pointing(self, ids: Sequence[str]) -> tuple[list[HistoryEntry], list[HistoryEntry]]:
        """The commits among these that say they fix or revert this one, oldest first."""
        fixed: list[HistoryEntry] = []
        reverted: list[HistoryEntry] = []
        for raw in self.repository.commits(list(reversed(ids))):
            message = read_message(raw.message)
            if any(self._is_me(pointer.written) for pointer in message.fixes):
                fixed.append(self._by_message(raw, "fixes", "Fixes:"))
            if message.reverts and self._is_me(message.reverts):
                reverted.append(self._by_message(raw, "reverts", "This reverts commit"))
        return fixed, reverted

    def _is_me(self, written: str) -> bool:
        return len(written) >= 7 and any(
            identity.startswith(written) or written.startswith(identity) for identity in self.ids
        )

    @staticmethod
    def _by_message(raw: RawCommit, code: str, word: str) -> HistoryEntry:
        line = next((line.strip() for line in raw.message.split("\n") if word.lower() in line.lower()), word)
        return HistoryEntry(
            raw.id, raw.subject, raw.author.date, None, reason(code, ["–"]), (Evidence(commit=raw.id, text=line),)
        )

    # ---- consequences and causes -----------------------------------------------------------------------------------

    def _consequences(self, walks: HistoryWalks, known: set[str]) -> tuple[list[HistoryEntry], str | None]:
        """Later commits that changed what this one brought, oldest first; what moves away is followed to its file."""
        found: list[tuple[int, HistoryEntry]] = []
        later: Sequence[str] = walks.later
        order = {commit: -place for place, commit in enumerate(later)}
        paths, seen = self._later_paths(), set[str]()
        stopped = None
        for _ in range(_MOST_MOVES):
            away, cut = self._changes_in(list(reversed(later)), paths, known | seen, found, order)
            stopped = stopped or cut
            if cut or not away:
                break
            seen |= {entry.id for _, entry in found}
            paths = sorted(away)
            later = list(self.repository.history_ids(walks.after, paths, limit=_LATER))
            known = known | {commit for commit in later if commit in order}
            rank = max(order.values(), default=0)
            order.update({one: rank + place for place, one in enumerate(reversed(later), 1) if one not in order})
        return [entry for _, entry in sorted(found, key=lambda one: one[0])], stopped

    def _changes_in(
        self,
        oldest_first: Sequence[str],
        paths: Sequence[str],
        known: set[str],
        found: list[tuple[int, HistoryEntry]],
        order: dict[str, int],
    ) -> tuple[set[str], str | None]:
        """Look through some commits; the files outside these paths that things moved to, and why it stopped early."""
        stopped = "later-limit" if len(oldest_first) > _LATER else None
        wanted = [self.brought.pattern()]
        away: set[str] = set()
        naming = self._naming(list(oldest_first)[:_LATER], wanted, paths, signs="+-@")
        for looked_into, (commit, files) in enumerate(naming):
            if looked_into >= _LOOKED_INTO or len(found) >= _MOST_ENTRIES:
                return set(), "later-limit"
            if not self._on_head() and not self.repository.is_ancestor(self.raw.id, commit):
                # On another branch: what it did, it did not do to what this commit brought.
                continue
            facts, raw = self._facts(commit, files, self.brought)
            events = list(consequences_in(facts, self.brought))
            if any(event.code == "removed" for event in events):
                # What seems gone may be in a file that is not among these.
                facts, raw = self._facts(commit, None, self.brought)
                events = list(consequences_in(facts, self.brought))
            away |= {
                event.path
                for event in events
                if event.code in {"moved", "renamed"} and not any(_within(event.path, path) for path in paths)
            }
            if not events and any(path.startswith(_SELFTESTS) for path in files):
                events = list(self._tested(commit, files))
            self._forget(events)
            # What was renamed there is looked for under its new name from here on.
            wanted[0] = self.brought.pattern()
            if events and commit not in known:
                found.append((order.get(commit, 0), _entry(raw, events, first=False)))
        return away, stopped

    def _forget(self, events: Iterable[Event]) -> None:
        """What is gone from the one place where this commit had put it is not what has its name later."""
        places = Counter(change.name for change in self.report.changes if change.change is Happened.ADDED)
        for event in events:
            if event.code == "removed" and places[event.symbol] <= 1:
                self.brought.forget(event.symbol)

    def _tested(self, commit: str, files: set[str]) -> Iterator[Event]:
        """What a commit to the selftests names of what this one gives to user space."""
        given = [change for change in self.report.changes if _UAPI.match(change.path)]
        names = {change.name for change in given if change.change is Happened.ADDED}
        names |= {one.name for change in given for one in change.members if one.change is Happened.ADDED}
        word = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b") if names else re.compile(r"(?!)")
        seen = set()
        for line in self._lines([commit], sorted(files)):
            if line.sign == "+" and line.path.startswith(_SELFTESTS):
                for name in word.findall(line.text):
                    if name not in seen:
                        seen.add(name)
                        yield Event("selftest", name, "", line.path, None)

    def _causes(self, earlier: Sequence[str]) -> Iterator[HistoryEntry]:
        """Earlier commits that brought what this one changed, oldest first, and the one that it says it fixes."""
        entries: list[HistoryEntry] = []
        pattern = self.changed.pattern()
        seen: set[str] = set()
        naming = list(self._naming(list(reversed(earlier)), [pattern], (), signs="+"))
        for commit, paths in naming[-_LOOKED_INTO:]:
            facts, raw = self._facts(commit, paths, self.changed)
            if raw.parents and len(facts.changes) > _IMPORT:
                # An import brings everything: it explains nothing.
                continue
            events = list(causes_in(facts, self.changed))
            if not raw.parents:
                # So does the first commit: it is told only where nothing else is.
                root = [replace(event, code="since-root") for event in events]
                entries += [_entry(raw, root, first=False)] if root else []
                continue
            elsewhere = self._mentioned(commit, paths, events)
            if elsewhere:
                facts, raw = self._facts(commit, paths | elsewhere, self.changed)
                events = list(causes_in(facts, self.changed))
            if not events:
                continue
            events = self._as_they_were_before(raw, events)
            first = self._is_first(raw, events)
            names = {event.symbol for event in events if event.code == "brought-access"}
            entries.append(_entry(raw, events, first=first and not names & seen, again=first and bool(names & seen)))
            seen |= names
        if len(entries) > 1:
            entries = [entry for entry in entries if entry.reason.code != "since-root"]
        yield from entries[-_MOST_ENTRIES:]
        for pointer in self.report.commit.fixes:
            if pointer.id and pointer.id not in {entry.id for entry in entries}:
                raw = next(iter(self.repository.commits([pointer.id])))
                yield self._by_fixes(raw, pointer.written)

    def _is_first(self, raw: RawCommit, events: Sequence[Event]) -> bool:
        """Whether nothing before a commit accessed the CSRs that it begins to access, in these directories."""
        names = {event.symbol for event in events if event.code == "brought-access"}
        if not names or not raw.parents:
            return False
        macros = [f"CSR_{name.upper()}" for name in sorted(names)]
        folders = [path.rpartition("/")[0] + "/" * ("/" in path) for path in self._later_paths()]
        before = self.repository.grep_files(raw.parents[0], macros, sorted({one for one in folders if one}))
        return not any(path.endswith((".c", ".S")) for path in before)

    def _as_they_were_before(self, raw: RawCommit, events: Sequence[Event]) -> list[Event]:
        """Without the word that a commit brought what it brought back, or what its file defined in another way."""
        code = "restored" if read_message(raw.message).reverts else "brought"
        before = self.repository.read_files(raw.parents[0], [one.path for one in events if one.code == "brought"])
        return [
            event
            if event.code != "brought"
            else replace(event, code="variant" if _was_defined(event, before[event.path]) else code)
            for event in events
        ]

    def _mentioned(self, commit: str, paths: set[str], events: Sequence[Event]) -> set[str]:
        """Other files from which a commit takes lines with what it seems to bring: it may have come from there."""
        names = [event.symbol.rpartition(".")[2] for event in events if event.code == "brought"]
        if not names:
            return set()
        word = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
        lines = islice(self.repository.changed_lines([commit]), _MOST_LINES)
        return {
            line.path
            for line in lines
            if line.sign == "-" and line.path not in paths and word.search(line.text) and language_of(line.path)
        }

    def _by_fixes(self, raw: RawCommit, written: str) -> HistoryEntry:
        proof = (Evidence(commit=self.raw.id, text=f"Fixes: {written}"),)
        return HistoryEntry(raw.id, raw.subject, raw.author.date, None, reason("fixed", ["–"]), proof)

    def _naming(
        self, ids: Sequence[str], wanted: Sequence[re.Pattern[str]], paths_or_files: Sequence[str], signs: str
    ) -> Iterator[tuple[str, set[str]]]:
        """The commits of which a changed line, or a hunk's heading, names something, with the files; in that order."""
        if not ids:
            return
        commit, paths, told = "", set[str](), False
        for line in self._lines(ids, paths_or_files):
            if line.commit != commit:
                if told:
                    yield commit, paths
                commit, paths = line.commit, set()
                told = False
            if line.sign != " " and (line.path not in paths or not told) and wanted[0].search(line.text):
                # Both ends of a move: what is only removed in a file came from there, and is not new elsewhere.
                paths.add(line.path)
                told = told or line.sign in signs
        if told:
            yield commit, paths

    def _lines(self, ids: Sequence[str], paths: Sequence[str]) -> Iterator[ChangedLine]:
        files = list(paths) or [file.before_path for file in self.report.files if language_of(file.before_path)]
        return self.repository.changed_lines(ids, files[:_MOST_FILES])

    def _facts(self, commit: str, paths: set[str] | None, interest: Interest) -> tuple[CommitFacts, RawCommit]:
        """What another commit did in the files that name something of interest; in all its files for None."""
        raw = next(iter(self.repository.commits([commit])))
        touched = next(iter(self.repository.changed([commit], counts=False)))
        files = [file for file in touched.files if paths is None or file.path in paths or file.before_path in paths][
            :_MOST_FILES
        ]
        return commit_facts(self.reporter.sided(commit, files), interest.register_pattern()), raw


def _was_defined(event: Event, before: bytes | None) -> bool:
    """Whether the file had another definition of what an event brings; members go by the change of their owner."""
    if before is None or event.detail == "member" or event.symbol.encode() not in before:
        return False
    is_type = event.detail in _TYPES
    return any(
        item.name == event.symbol and (item.kind.value in _TYPES) == is_type
        for item in outline_of(event.path, before) or ()
    )


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def _entry(raw: RawCommit, events: Sequence[Event], *, first: bool, again: bool = False) -> HistoryEntry:
    """One entry a commit, named for the strongest thing that it did."""
    code = min((event.code for event in events), key=STRENGTH.index)
    chosen: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        chosen[event.code].append(event)
    symbols = list(dict.fromkeys(event.symbol for event in chosen[code]))
    details = list(dict.fromkeys(event.detail for event in chosen[code] if event.detail))
    if code == "renamed" and chosen["moved"]:
        # The struct of a renamed function may go to another file with it.
        details.append("")
        details += [f"{event.symbol} → {event.detail}" for event in chosen["moved"] if event.symbol not in symbols]
    if code == "extended" and len(symbols) > 1:
        details = list(dict.fromkeys(f"{event.symbol}.{event.detail}" for event in chosen[code]))
    return HistoryEntry(
        id=raw.id,
        subject=raw.subject,
        date=raw.author.date,
        symbol=symbols[0],
        reason=reason(code, symbols, details, first=first, again=again),
        evidence=tuple(event.evidence(raw.id) for event in chosen[code][:3]),
    )
