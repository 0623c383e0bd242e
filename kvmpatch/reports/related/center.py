"""A commit whose relatives are looked for, with what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from kvmpatch.analysis.commit_facts import CommitFacts, commit_facts
from kvmpatch.analysis.history import rewritten
from kvmpatch.errors import BadInput
from kvmpatch.model import REPORT_SCHEMA, Asked, FilePatch, Happened, Kind, Message, Report
from kvmpatch.parse.diff import read_patch_text
from kvmpatch.parse.message import read_message
from kvmpatch.reports.index_facts import kept_facts
from kvmpatch.reports.related.findings import moment
from kvmpatch.reports.who import commit_of, resolve_fixes

if TYPE_CHECKING:
    from kvmpatch.reports.show_commit import CommitReporter
    from kvmpatch.sources.repo import RawCommit

YEARS = 5
"""How far back prerequisites are looked for. What a commit uses of older trees, every tree that is kept alive has."""
_AT_ONCE = 40
_MOST_FILES = 60
_LARGEST_IMPORT = 300
"""Files that one commit touches above which it is an import, which explains nothing."""
_AGGREGATES = {Kind.STRUCT, Kind.UNION, Kind.TYPEDEF}


class Brought(msgspec.Struct, frozen=True):
    """The names that a commit brings; fields by their own name."""

    functions: frozenset[str]
    structs: frozenset[str]
    plain: frozenset[str]
    fields: frozenset[str]

    def __contains__(self, name: str) -> bool:
        return name in self.functions or name in self.structs or name in self.plain or name in self.fields


class Center:
    """One commit, read as far as its relatives ask for.

    Raises:
        Unreadable: it lies on the shallow boundary, or its objects are missing.
    """

    def __init__(self, reporter: CommitReporter, raw: RawCommit) -> None:
        self.reporter = reporter
        self.repository = reporter.repository
        self.raw = raw
        self.id = raw.id
        self.message: Message = read_message(raw.message)
        self._patches: dict[str, bool] = {}
        self.touched = next(iter(self.repository.changed([raw.id], counts=False)))

    @cached_property
    def facts(self) -> CommitFacts:
        """What it does to the code."""
        if kept := kept_facts(self.repository, self.id):
            return kept
        return commit_facts(self.reporter.sided(self.id, self.touched.files[:_MOST_FILES]))

    @cached_property
    def report(self) -> Report:
        """Its report as far as history is looked for by it: no flow, no sections."""
        facts = self.facts
        return Report(
            schema=REPORT_SCHEMA,
            asked=Asked(self.id, self.id, "object", ()),
            commit=commit_of(self.raw, self.message, resolve_fixes(self.repository, self.message.fixes)),
            files=tuple(file.as_file_change() for file in self.touched.files),
            changes=facts.changes,
            csr_accesses=facts.csr_accesses,
            bits=facts.bits,
            extensions=facts.extensions,
            phases=None,
            history=None,
            relation=None,
            sections=(),
            warnings=(),
        )

    @cached_property
    def patches(self) -> tuple[FilePatch, ...]:
        """Its patch, file by file."""
        try:
            return read_patch_text(self.repository.patch_text(self.id))[0]
        except BadInput:  # nothing but modes, or an empty commit
            return ()

    @cached_property
    def brought(self) -> Brought:
        """The names that it brings."""
        functions, structs, plain, fields = set(), set(), set(), set()
        for change in self.facts.changes:
            is_new = change.change in {Happened.ADDED, Happened.RENAMED}
            if is_new:
                if change.kind in _AGGREGATES or change.kind is Kind.ENUM:
                    structs.add(change.name)
                elif change.kind in {Kind.FUNCTION, Kind.SYSCALL}:
                    functions.add(change.name)
                else:
                    plain.add(change.name)
            for member in change.members:
                if member.change is Happened.ADDED and change.kind in _AGGREGATES:
                    fields.add(member.name.rpartition(".")[2])
                elif member.change is Happened.ADDED and change.kind is Kind.ENUM:
                    plain.add(member.name)
        return Brought(frozenset(functions), frozenset(structs), frozenset(plain), frozenset(fields))

    @cached_property
    def reused(self) -> frozenset[str]:
        """The names among these that another thing had before it: their users need not wait for it."""
        return frozenset(rewritten(self.facts.changes))

    def how_brought(self, name: str) -> str | None:
        """How it brought a name: introduced, restored, renamed, moved; None for a name that it did not bring."""
        if name not in self.brought:
            return None
        if self.message.reverts:
            return "restored"
        if name in self._moved_fields:
            return "moved"
        return "renamed" if name in self._renamed else "introduced"

    @cached_property
    def _renamed(self) -> frozenset[str]:
        return frozenset(change.name for change in self.facts.changes if change.change is Happened.RENAMED)

    @cached_property
    def _moved_fields(self) -> frozenset[str]:
        """Fields that one structure loses and another gains, by their own name."""
        lost = {
            member.name.rpartition(".")[2]
            for change in self.facts.changes
            if change.kind in _AGGREGATES
            for member in change.members
            if member.change is Happened.REMOVED or change.change is Happened.REMOVED
        }
        return self.brought.fields & lost

    @property
    def parent(self) -> str | None:
        """The commit that it is compared with."""
        return self.raw.parents[0] if self.raw.parents else None

    @property
    def paths(self) -> list[str]:
        """The files that it touches, by the names that they had before it."""
        return [file.before_path for file in self.touched.files]

    @property
    def is_plain(self) -> bool:
        """Whether it is no merge, and its patch one that a person may have written."""
        return len(self.raw.parents) <= 1 and 0 < len(self.touched.files) <= _MOST_FILES

    # ---- what came before it ---------------------------------------------------------------------------------------

    def earlier(
        self, paths: Sequence[str], limit: int, beyond: Sequence[str] = (), start: str | None = None
    ) -> tuple[list[str], str | None]:
        """Commits of some years before it that touch some files, nearest first, and why there are no more.

        The walk begins at its parent, or at `start`.

        Left out: a commit together with its revert, which cancel each other, and where a shallow clone ends; with
        `beyond` (`^ID`), also what those reach, and then they may be of any age.
        """
        oldest = 0.0 if beyond else _years_before(self.raw.committer.date)
        raws: list[RawCommit] = []
        stopped: str | None = None
        for raw in self._walked(paths, beyond, start):
            if oldest and 0 < moment(raw.committer.date) < oldest:
                stopped = "age-limit"
                break
            if len(raws) >= limit:
                stopped = "earlier-limit"
                break
            if raw.id not in self.repository.shallow:
                raws.append(raw)
        cancelled = _cancelled(raws)
        return [raw.id for raw in raws if raw.id not in cancelled], stopped

    def _walked(self, paths: Sequence[str], beyond: Sequence[str], start: str | None) -> Iterator[RawCommit]:
        """Commits before it that touch some files, read a few at a time, so that the walk can end where we do."""
        ids = self.repository.history_ids([start or self.parent or self.id, *beyond], paths)
        while window := list(islice(ids, _AT_ONCE)):
            yield from self.repository.commits(window)

    def is_patch(self, commit: str) -> bool:
        """Whether another commit is no import: it has a parent, and touches a number of files that one can read."""
        if commit not in self._patches:
            self._patches[commit] = self._is_patch(commit)
        return self._patches[commit]

    def _is_patch(self, commit: str) -> bool:
        raw = next(iter(self.repository.commits([commit])))
        if not raw.parents:
            return False
        touched = next(iter(self.repository.changed([commit], counts=False, renames=False)))
        return len(touched.files) <= _LARGEST_IMPORT


def _years_before(date: str) -> float:
    """The moment before which nothing is looked for: who backports to an older tree has a longer list anyway."""
    return moment(date) - YEARS * 365 * 86_400


def _cancelled(raws: Sequence[RawCommit]) -> set[str]:
    """Commits that were reverted among these, and their reverts."""
    known = {raw.id for raw in raws}
    cancelled: set[str] = set()
    for raw in raws:
        if "This reverts" in raw.message and raw.id not in cancelled:
            written = read_message(raw.message).reverts
            target = next((one for one in known if written and one.startswith(written)), None)
            if target:
                cancelled |= {raw.id, target}
    return cancelled
