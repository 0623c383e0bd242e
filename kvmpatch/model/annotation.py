"""Findings of `annotate`, one by one, as CI shows them (`kvmpatch.annotation/1`)."""

from __future__ import annotations

import msgspec

from kvmpatch.model.backport import Backport, Level
from kvmpatch.model.patches import Warning
from kvmpatch.model.report import Evidence, Reason
from kvmpatch.words import Text

ANNOTATION_SCHEMA = "kvmpatch.annotation/1"
TOOL = "kvmpatch"
"""The name under which other tools know the findings."""
FINGERPRINT = "kvmpatch/v1"
"""The name of our fingerprints among those of others, as SARIF keeps them."""


class Place(msgspec.Struct, frozen=True):
    """A line of a file after the commit, from 1."""

    path: str
    line: int


class Annotation(msgspec.Struct, frozen=True):
    """One finding.

    Attributes:
        commit: the commit of the range that it is about.
        rule: a stable slug, explained by `explain`.
        path: the file to show it at; None for a finding about the message.
        line: 1-based, of the file after the commit.
        fingerprint: the same after a rebase: made of rule, upstream id or subject, file and function.
        known: whether the baseline has it already, so that it does not count.
        undecided: whether it says that something could not be worked out.
        near: the first line that the commit changes, for a format that needs a place where the finding has none.
    """

    commit: str
    rule: str
    level: Level
    path: str | None
    line: int | None
    said: Text
    fingerprint: str
    evidence: tuple[Evidence, ...]
    known: bool = False
    undecided: bool = False
    near: Place | None = None


class Annotations(msgspec.Struct, frozen=True):
    """Everything that `annotate` has to say, the gravest first, and the backport report that it stands on.

    Attributes:
        rules: what each rule among the annotations looks for, in the order of their slugs.
    """

    schema: str
    range: str
    backport: Backport
    annotations: tuple[Annotation, ...]
    warnings: tuple[Warning, ...]
    rules: tuple[Reason, ...] = ()
