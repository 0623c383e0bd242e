"""The commits that belong together, in groups, each with its reasons (`kvmpatch.related/1`)."""

from __future__ import annotations

import msgspec

from kvmpatch.model.patches import Warning
from kvmpatch.model.report import Searched, Statement
from kvmpatch.words import Text

RELATED_SCHEMA = "kvmpatch.related/1"
GROUPS = (
    "match", "series", "prerequisite", "follow-up", "fix", "revert", "backport", "same-symbol", "mention",
)  # fmt: skip
"""The groups of the contract, in the order in which they are told."""


class RelatedQuery(msgspec.Struct, frozen=True):
    """What was asked.

    Attributes:
        rev: a commit or a range as written, None where only filters were given.
        id: the commit that `rev` stands for, None for a range.
        how: `object`, or `backport` where an upstream id was found as one; None without a commit.
        also: further commits that the same upstream id leads to.
        grep and the following: the filters, by the names of `git log`.
        symbol, csr, bit, ext: names that a commit has changed.
    """

    rev: str | None = None
    id: str | None = None
    how: str | None = None
    also: tuple[str, ...] = ()
    grep: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    committer: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    syntax: str = "basic"
    ignore_case: bool = False
    all_match: bool = False
    invert_grep: bool = False
    no_merges: bool = False
    all: bool = False
    paths: tuple[str, ...] = ()
    symbol: tuple[str, ...] = ()
    csr: tuple[str, ...] = ()
    bit: tuple[str, ...] = ()
    ext: tuple[str, ...] = ()


RelatedReason = Statement
"""Why a commit is in a group: its code, its words, and its proof."""


class RelatedCommit(msgspec.Struct, frozen=True):
    """A commit of a group.

    Attributes:
        author: `Name <mail>`.
        date: the author's, ISO 8601 with zone.
        kind: of prerequisites: `needed` or `textual`; None elsewhere.
    """

    id: str
    subject: str
    author: str
    date: str
    kind: str | None
    reasons: tuple[RelatedReason, ...]


class RelatedGroup(msgspec.Struct, frozen=True):
    """Commits that are related in one way, oldest first.

    Attributes:
        commits: empty where there is none; None where that cannot be known, as in a shallow clone.
        left_out: how many more were found and are not listed.
    """

    id: str
    title: Text
    commits: tuple[RelatedCommit, ...] | None
    left_out: int = 0


class RelatedEdge(msgspec.Struct, frozen=True):
    """One relation: `from` needs, fixes, reverts, follows, mentions … `to`; ids of commits that groups hold."""

    from_: str
    to: str
    kind: str


class Related(msgspec.Struct, frozen=True):
    """Everything that `related` has to say about one question.

    Attributes:
        commit: the one that was asked for, without reasons; None where only filters or a range were given.
    """

    schema: str
    query: RelatedQuery
    commit: RelatedCommit | None
    groups: tuple[RelatedGroup, ...]
    edges: tuple[RelatedEdge, ...]
    searched: Searched
    warnings: tuple[Warning, ...]
