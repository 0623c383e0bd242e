"""The values that rooms hand to each other, and the one report that they end in.

Everything here is plain, immutable and free of language, but for `Text`. Field names are the keys of the JSON
contract (`kvmpatch.report/1`), in its order, so that writing JSON is a walk over fields and renders never compute.
Two sides have one name each everywhere: *before* and *after*. Lines are 1-based and inclusive.
None: not known or not worked out. An empty tuple: looked, and there is nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from kvmpatch.words import Text

Side = Literal["before", "after"]
Lines = tuple[int, int]


class Basis(StrEnum):
    """What a structural statement stands on."""

    PARSED = "parsed"
    PARSED_WITH_ERRORS = "parsed-with-errors"
    HUNK_HEADER = "hunk-header"


class Kind(StrEnum):
    """Kinds of things that a commit can change."""

    FUNCTION = "function"
    STRUCT = "struct"
    UNION = "union"
    ENUM = "enum"
    MACRO = "macro"
    TYPEDEF = "typedef"
    VARIABLE = "variable"
    SYSCALL = "syscall"
    ASM_SYMBOL = "asm-symbol"
    KCONFIG = "kconfig"


class Happened(StrEnum):
    """What happened to a thing."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
    RENAMED = "renamed"
    MOVED = "moved"


class Aspect(StrEnum):
    """In what respects a thing differs between its two sides."""

    NAME = "name"
    PATH = "path"
    SIGNATURE = "signature"
    LINKAGE = "linkage"
    BODY = "body"
    VALUE = "value"
    MEMBERS = "members"


class GuardKind(StrEnum):
    """Whom a condition asks."""

    HOST = "host"
    GUEST = "guest"
    VCPU = "vcpu"
    VM = "vm"
    CONFIG = "config"
    UNKNOWN = "unknown"


class Warning(msgspec.Struct, frozen=True):  # noqa: A001 - the contract's own word
    """Something the reader must know about how far the report can be trusted."""

    code: str
    said: Text


# ---- who, when, and what the message says ------------------------------------------------------------------


class Signature(msgspec.Struct, frozen=True):
    """A person at a time, as git records authors and committers. `date` is ISO 8601 with zone."""

    name: str
    email: str
    date: str


class Trailer(msgspec.Struct, frozen=True):
    """One `Key: value` line of the trailer block, as written."""

    key: str
    value: str


class UpstreamPointer(msgspec.Struct, frozen=True):
    """An id by which a message points to the same change elsewhere, and the form it uses (a slug)."""

    id: str
    form: str


class FixesPointer(msgspec.Struct, frozen=True):
    """A `Fixes:` line. `id` is the commit of this repository that it resolves to, None where it does not."""

    written: str
    id: str | None = None
    subject: str | None = None


class StableMark(msgspec.Struct, frozen=True):
    """A `Cc: stable` line with its note; `since` is the oldest version it names, without `v` or `+`."""

    text: str
    since: str | None
    noautosel: bool


class SeriesPlace(msgspec.Struct, frozen=True):
    """The place of a patch in its series, as its subject or message id says."""

    title: str | None
    position: int | None
    total: int | None


class Message(msgspec.Struct, frozen=True):
    """A commit message, read. `body` is the text without subject; ids are as written, lower case."""

    subject: str
    body: str
    prefixes: tuple[str, ...]
    trailers: tuple[Trailer, ...]
    reviewers: tuple[str, ...]
    testers: tuple[str, ...]
    sign_offs: tuple[str, ...]
    upstream: tuple[UpstreamPointer, ...]
    fixes: tuple[FixesPointer, ...]
    stable: tuple[StableMark, ...]
    dependencies: tuple[str, ...]
    links: tuple[str, ...]
    reverts: str | None
    notes: tuple[str, ...]
    prose: tuple[str, ...]


class Commit(msgspec.Struct, frozen=True):
    """Who and when. For text read with --patch, what a mail does not hold is None."""

    id: str | None
    subject: str | None
    message: str | None
    author: Signature | None
    committer: Signature | None
    parents: tuple[str, ...]
    trailers: tuple[Trailer, ...]
    reviewers: tuple[str, ...]
    testers: tuple[str, ...]
    applied_by: str | None
    upstream_applied_by: str | None
    maintainers: tuple[str, ...] | None
    upstream: tuple[UpstreamPointer, ...]
    fixes: tuple[FixesPointer, ...]
    stable: tuple[StableMark, ...]
    links: tuple[str, ...]
    reverts: str | None


# ---- files and hunks ---------------------------------------------------------------------------------------


class FileBefore(msgspec.Struct, frozen=True):
    """The other name of a renamed or copied file."""

    path: str


class FileChange(msgspec.Struct, frozen=True):
    """One file of the commit. Line counts are None for binary files and where nobody counted."""

    path: str
    status: str
    additions: int | None
    deletions: int | None
    binary: bool
    before: FileBefore | None

    @property
    def before_path(self) -> str:
        """The path on the before side."""
        return self.before.path if self.before else self.path


class Hunk(msgspec.Struct, frozen=True):
    """One hunk of a unified diff. `lines` keep their first character (space, + or -)."""

    before_start: int
    before_count: int
    after_start: int
    after_count: int
    heading: str
    lines: tuple[str, ...]


class FilePatch(msgspec.Struct, frozen=True):
    """One file of a patch text, with its hunks."""

    file: FileChange
    hunks: tuple[Hunk, ...]


class Patch(msgspec.Struct, frozen=True):
    """A patch read from text: message (if any), who sent it, its files; `series` from subject and cover letter."""

    commit_id: str | None
    author: Signature | None
    message: Message | None
    series: SeriesPlace | None
    files: tuple[FilePatch, ...]
    warnings: tuple[Warning, ...] = ()


# ---- structural changes ------------------------------------------------------------------------------------


class MemberBefore(msgspec.Struct, frozen=True):
    """A member as it was."""

    name: str
    type: str | None
    value: str | None
    position: int | None


class MemberChange(msgspec.Struct, frozen=True):
    """A field, an enum constant or an initialiser entry that differs. `position` of `of` on its side, from 1.

    Both are None where only hunks were at hand.
    """

    change: Happened
    name: str
    type: str | None
    value: str | None
    position: int | None
    of: int | None
    before: MemberBefore | None = None


class ChangeBefore(msgspec.Struct, frozen=True):
    """A changed thing as it was."""

    name: str
    path: str
    lines: Lines | None
    signature: str | None
    value: str | None


class Change(msgspec.Struct, frozen=True):
    """One structural change. A removed thing carries its old name, path and lines."""

    kind: Kind
    change: Happened
    aspects: tuple[Aspect, ...]
    name: str
    path: str
    lines: Lines | None
    signature: str | None
    value: str | None
    before: ChangeBefore | None
    similarity: float | None
    members: tuple[MemberChange, ...]
    basis: Basis


# ---- registers ---------------------------------------------------------------------------------------------


class Guard(msgspec.Struct, frozen=True):
    """One condition under which code runs, as written, and whom it asks. Outermost first in a tuple of them."""

    text: str
    kind: GuardKind
    negated: bool


class AccessBefore(msgspec.Struct, frozen=True):
    """A CSR access as it was."""

    function: str | None
    path: str
    line: int
    value: str | None
    guards: tuple[Guard, ...]


class CsrAccess(msgspec.Struct, frozen=True):
    """A CSR access that the commit adds, removes, moves or alters; `csr` is the manual's name in lower case."""

    csr: str | None
    csr_macro: str | None
    accessor: str
    operation: str
    change: Happened
    function: str | None
    path: str
    line: int
    side: Side
    value: str | None
    guards: tuple[Guard, ...]
    before: AccessBefore | None


class BitBefore(msgspec.Struct, frozen=True):
    """A use of a bit as it was."""

    target: str | None
    function: str | None
    path: str
    line: int
    guards: tuple[Guard, ...]


class BitUse(msgspec.Struct, frozen=True):
    """A configuration bit that is set, cleared, tested or defined, and what the commit did to that use."""

    macro: str
    field: str | None
    registers: tuple[str, ...]
    hi: int | None
    lo: int | None
    extensions: tuple[str, ...]
    use: str
    change: Happened
    target: str | None
    function: str | None
    path: str
    line: int
    side: Side
    guards: tuple[Guard, ...]
    before: BitBefore | None


class ExtensionRole(msgspec.Struct, frozen=True):
    """How the commit concerns an ISA or SBI extension, and through what (bits, CSRs, ids, guards)."""

    name: str
    role: str
    via: tuple[str, ...]


# ---- flow, history, relation ---------------------------------------------------------------------------------


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
