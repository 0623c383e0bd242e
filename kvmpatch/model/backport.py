"""Whether a commit can go into a branch: what is there already, what a pick meets, what else belongs in.

The value of `kvmpatch.backport/1`. A *candidate* is the commit to be brought, the *target* the ref that may take it.
Ids are full, lower case.
None: not known or not worked out. An empty tuple: looked, and there is nothing.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from kvmpatch.model.changes import Lines
from kvmpatch.model.patches import Warning
from kvmpatch.model.report import CommitName, Evidence, Searched, Statement
from kvmpatch.words import Text

BACKPORT_SCHEMA = "kvmpatch.backport/1"

PresenceState = Literal["present", "partial", "absent", "unknown"]
Rung = Literal["object", "upstream-id", "twin-id", "subject", "patch-id", "hunks", "unknown"]
"""How presence was told, from the surest down: the commit itself is in the target's history; a message there points to
it; a message there points to what this one points to; the same subject and files; the same lines in the same functions;
the lines of every hunk stand in the target's files; not told."""
PickState = Literal["clean", "conflict", "empty", "unknown"]
NeedKind = Literal["needed", "textual", "incidental"]
Likeness = Literal["identical", "context", "partial", "modified", "different"]
Level = Literal["note", "warning", "error"]
Verdict = Literal["ready", "needs", "conflict", "present", "partial", "unknown"]
LEVELS: tuple[Level, ...] = ("note", "warning", "error")


class HunkPlace(msgspec.Struct, frozen=True):
    """One hunk of the candidate: the function that git names for it, its lines on both sides, and what it says.

    `lines` keep their sign; lines of context are left out.
    """

    heading: str
    before: Lines | None
    after: Lines | None
    lines: tuple[str, ...]


class FileHunks(msgspec.Struct, frozen=True):
    """Hunks of one file. No hunks: the whole file (binary, a mode, added, deleted)."""

    path: str
    hunks: tuple[HunkPlace, ...]


BackportReason = Statement
"""Why something is said of a candidate: its code, its words, and its proof."""


class Presence(msgspec.Struct, frozen=True):
    """Whether the target has the candidate's change already.

    Attributes:
        rung: how that was told.
        where: ids of the commits of the target that bring it, the newest first.
        missing: of a partial one, the files and hunks that are not there.
        because: how it was told, in words.
    """

    state: PresenceState
    rung: Rung
    where: tuple[str, ...]
    missing: tuple[FileHunks, ...]
    because: tuple[BackportReason, ...] = ()


class Comparison(msgspec.Struct, frozen=True):
    """A backport held against its upstream commit.

    Attributes:
        class_: identical; the same changed lines in other context; some hunks left out; hunks changed; another change.
        other: the commit of the target that it was compared with.
        hunks: those that differ, file by file.
        because: what else is to be said of it: white space alone differs, a file has another path.
    """

    class_: Likeness
    other: str
    hunks: tuple[FileHunks, ...]
    because: tuple[BackportReason, ...] = ()


class ConflictFile(msgspec.Struct, frozen=True):
    """One file that a pick cannot merge.

    `kind` is git's: content, modify/delete, add/add, rename/delete, binary and so on;
    `hunks` are the candidate's that meet it, `because` tells what the target has or lacks there.
    """

    path: str
    kind: str
    hunks: tuple[HunkPlace, ...]
    because: tuple[BackportReason, ...]


class Pick(msgspec.Struct, frozen=True):
    """What picking the candidate alone onto the target gives. `tree` is the tree of a clean one."""

    state: PickState
    conflicts: tuple[ConflictFile, ...]
    tree: str | None = None


class Prerequisite(msgspec.Struct, frozen=True):
    """A commit that the candidate leans on and that the target lacks.

    Attributes:
        kind: `needed` (it defines what the candidate uses), `textual` (its lines are context), `incidental`.
        of: the commit of the plan that leans on it: the candidate, or another prerequisite.
    """

    id: str
    subject: str
    kind: NeedKind
    because: tuple[BackportReason, ...]
    of: str


class FollowingFix(msgspec.Struct, frozen=True):
    """A later commit that fixes the candidate or one of its prerequisites.

    Attributes:
        in_target: whether the target has it; None where that is not known.
        ignored: why it need not follow: reverted, named in No-fix or Omitted-fix, or the user's own reason.
        of: the commit that it fixes.
    """

    id: str
    subject: str
    in_target: bool | None
    ignored: str | None
    of: str
    because: tuple[BackportReason, ...]


class Risk(msgspec.Struct, frozen=True):
    """It applies, but: something that means another thing in the target."""

    code: str
    level: Level
    said: Text
    evidence: tuple[Evidence, ...]

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"risk {self.code} has no evidence")


class HeaderFinding(msgspec.Struct, frozen=True):
    """One point in which a message does not have the form that its distribution asks for."""

    code: str
    level: Level
    said: Text
    evidence: tuple[Evidence, ...]


class HeaderCheck(msgspec.Struct, frozen=True):
    """The head of a backport's message. `proposal` is the head as it would be; it is printed, never written."""

    profile: str
    ok: bool
    findings: tuple[HeaderFinding, ...]
    proposal: str


class Plan(msgspec.Struct, frozen=True):
    """Commits in the order to be picked.

    Attributes:
        tried: whether the picks were really made, one upon the other, in a throw-away place.
        clean: whether all of them went in.
        failed_at: the first that did not.
        tree: id of the tree that results, where all went in.
        commands: what a person would type to do the same.
    """

    steps: tuple[CommitName, ...]
    tried: bool
    clean: bool
    failed_at: str | None
    tree: str | None
    commands: tuple[str, ...]


class Candidate(msgspec.Struct, frozen=True):
    """Everything about one commit and the target.

    `why` is the verdict in words; `note` is the remark on a deviation, in the profile's form.
    """

    commit: CommitName
    presence: Presence
    comparison: Comparison | None
    pick: Pick
    prerequisites: tuple[Prerequisite, ...]
    fixes: tuple[FollowingFix, ...]
    risks: tuple[Risk, ...]
    header: HeaderCheck | None
    verdict: Verdict
    why: BackportReason
    plan: Plan
    note: str | None


class Onto(msgspec.Struct, frozen=True):
    """The target: the ref as written, and its commit."""

    ref: str
    id: str


class Backport(msgspec.Struct, frozen=True):
    """Everything that `backport` has to say."""

    schema: str
    onto: Onto
    candidates: tuple[Candidate, ...]
    searched: Searched
    warnings: tuple[Warning, ...]
