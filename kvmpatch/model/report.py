"""The values that rooms hand to each other, and the one report that they end in.

Everything here is plain, immutable and free of language, but for `Text`. Field names are the keys of the JSON
contract (`kvmpatch.report/1`), in its order, so that writing JSON is a walk over fields and renders never compute.
Two sides have one name each everywhere: *before* and *after*. Lines are 1-based and inclusive.
None: not known or not worked out. An empty tuple: looked, and there is nothing.
"""

from __future__ import annotations

import msgspec

from kvmpatch.model.changes import BitUse, Change, CsrAccess, ExtensionRole, Guard, Side
from kvmpatch.model.messages import Commit
from kvmpatch.model.patches import FileChange, Warning
from kvmpatch.words import Text


class Frequency(msgspec.Struct, frozen=True):
    """How often a phase is reached."""

    slug: str
    said: Text


class MovedFrom(msgspec.Struct, frozen=True):
    """Where an effect was reached before."""

    phase: str


class Effect(msgspec.Struct, frozen=True):
    """Something that runs: a CSR access, a bit computed, a field written, a call, an early return.

    `operation` is what is done: read, write, swap … of a CSR, set or clear of a bit, the operator of an assignment.
    """

    what: str
    target: str
    value: str | None
    guards: tuple[Guard, ...]
    via: tuple[str, ...]
    path: str
    line: int
    moved_from: MovedFrom | None = None
    operation: str | None = None


class PhaseChange(msgspec.Struct, frozen=True):
    """What is reached in one phase, before and after, in the order it runs."""

    phase: str
    entry: str
    frequency: Frequency
    before: tuple[Effect, ...]
    after: tuple[Effect, ...]


class Evidence(msgspec.Struct, frozen=True):
    """Where a statement comes from: a line of a file at a side, a commit, words of a message, a fact's key."""

    commit: str | None = None
    path: str | None = None
    side: Side | None = None
    line: int | None = None
    text: str | None = None
    fact: str | None = None


class Reason(msgspec.Struct, frozen=True):
    """Why a commit is listed, with a stable code."""

    code: str
    said: Text


class HistoryEntry(msgspec.Struct, frozen=True):
    """A commit that came before or after; `date` is the author's."""

    id: str
    subject: str
    date: str
    symbol: str | None
    reason: Reason
    evidence: tuple[Evidence, ...]


class CommitName(msgspec.Struct, frozen=True):
    """A commit by id and subject."""

    id: str
    subject: str


class Series(msgspec.Struct, frozen=True):
    """The series of a commit and how it is known: by message, by numbered links, or by neighbours."""

    basis: str
    title: str | None
    position: int | None
    total: int | None
    members: tuple[CommitName, ...]


class Searched(msgspec.Struct, frozen=True):
    """How far history was read; JSON calls the bounds `from` and `to`."""

    from_: str | None
    to: str | None
    complete: bool
    stopped: str | None


class History(msgspec.Struct, frozen=True):
    """What came before and after."""

    introduced_by: tuple[HistoryEntry, ...]
    followed_by: tuple[HistoryEntry, ...]
    fixed_by: tuple[HistoryEntry, ...]
    reverted_by: tuple[HistoryEntry, ...]
    series: Series | None
    searched: Searched


class Statement(msgspec.Struct, frozen=True):
    """One sentence with its proof. Without evidence it cannot be made."""

    code: str
    said: Text
    evidence: tuple[Evidence, ...]

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"statement {self.code} has no evidence")


class Relation(msgspec.Struct, frozen=True):
    """How the commit relates to the thing asked about."""

    about: str
    verdict: str
    statements: tuple[Statement, ...]


# ---- the report ----------------------------------------------------------------------------------------------


class Section(msgspec.Struct, frozen=True):
    """One section of a report: its id from the contract, its title, its statements."""

    id: str
    title: Text
    statements: tuple[Statement, ...]


class Asked(msgspec.Struct, frozen=True):
    """What was asked for, and how it was found: an object, a backport of an upstream id, or a patch text."""

    rev: str
    id: str | None
    how: str
    also: tuple[str, ...]


class Report(msgspec.Struct, frozen=True):
    """Everything that `show` has to say about one commit."""

    schema: str
    asked: Asked
    commit: Commit
    files: tuple[FileChange, ...]
    changes: tuple[Change, ...]
    csr_accesses: tuple[CsrAccess, ...]
    bits: tuple[BitUse, ...]
    extensions: tuple[ExtensionRole, ...]
    phases: tuple[PhaseChange, ...] | None
    history: History | None
    relation: Relation | None
    sections: tuple[Section, ...]
    warnings: tuple[Warning, ...]


REPORT_SCHEMA = "kvmpatch.report/1"
