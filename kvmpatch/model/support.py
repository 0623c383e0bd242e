"""What trees support: the values of `support` (`kvmpatch.support/1`)."""

from __future__ import annotations

import msgspec

from kvmpatch.model.patches import Warning
from kvmpatch.model.report import Evidence
from kvmpatch.words import Text

SUPPORT_SCHEMA = "kvmpatch.support/1"


class SupportRef(msgspec.Struct, frozen=True):
    """A ref that was asked about, and its commit."""

    ref: str
    id: str


class SupportColumn(msgspec.Struct, frozen=True):
    """What is told about each extension; `id` is the slug that cells use."""

    id: str
    title: Text
    said: Text


class SupportCell(msgspec.Struct, frozen=True):
    """The answer for one extension, ref and column.

    Attributes:
        value: None where it is not known or there is nothing to know; `why` then says which.
        why: no-file, not-applicable, not-found (the code that decides was not recognised); with a value,
            `conditional` where a condition decides at run time.
    """

    ref: str
    column: str
    value: bool | None
    evidence: tuple[Evidence, ...]
    why: str | None


class SupportRow(msgspec.Struct, frozen=True):
    """One extension; `kind` is isa, or sbi for an extension of the SBI."""

    extension: str
    kind: str
    cells: tuple[SupportCell, ...]


class BroughtBy(msgspec.Struct, frozen=True):
    """A commit by which a ref came to have something."""

    ref: str
    id: str
    subject: str
    date: str


class SupportDifference(msgspec.Struct, frozen=True):
    """Something that some refs have and others lack; `commits` are None where history was not asked."""

    extension: str
    kind: str
    column: str
    has: tuple[str, ...]
    lacks: tuple[str, ...]
    unknown: tuple[str, ...]
    said: Text
    commits: tuple[BroughtBy, ...] | None


class SupportReport(msgspec.Struct, frozen=True):
    """Everything that `support` has to say; rows are extensions by name, those of the SBI last."""

    schema: str
    refs: tuple[SupportRef, ...]
    columns: tuple[SupportColumn, ...]
    rows: tuple[SupportRow, ...]
    differences: tuple[SupportDifference, ...]
    warnings: tuple[Warning, ...]
