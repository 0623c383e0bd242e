"""The reports of patches that are read as text: mails, format-patch files, quilt patches, plain diffs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvmpatch.analysis.commit_facts import SidedFile, commit_facts
from kvmpatch.analysis.unseen import without_unseen
from kvmpatch.model import REPORT_SCHEMA, Asked, History, Patch, Report, Searched, Series
from kvmpatch.parse.hunks import partial_outlines
from kvmpatch.reports.sections import with_sections
from kvmpatch.reports.who import commit_of_patch
from kvmpatch.rules import Context
from kvmpatch.sources.mailbox import read_patches_from

if TYPE_CHECKING:
    from kvmpatch.reports.show import ShowRequest


def patch_reports(request: ShowRequest) -> Iterator[Report]:
    """One report a patch, in the order of their series.

    Raises:
        BadInput: the file cannot be read, or holds no patch.
    """
    source = request.patch or "-"
    for patch in read_patches_from(source, request.stdin):
        yield patch_report(patch, source)


def patch_report(patch: Patch, source: str) -> Report:
    """The report of one patch; what only a repository could tell is None."""
    facts = without_unseen(
        commit_facts(SidedFile(file.file, None, None, sides=partial_outlines(file)) for file in patch.files)
    )
    report = Report(
        schema=REPORT_SCHEMA,
        asked=Asked(source, patch.commit_id, "patch", ()),
        commit=commit_of_patch(patch.author, patch.message, patch.commit_id),
        files=tuple(file.file for file in patch.files),
        changes=facts.changes,
        csr_accesses=facts.csr_accesses,
        bits=facts.bits,
        extensions=facts.extensions,
        phases=None,
        history=_history(patch),
        relation=None,
        sections=(),
        warnings=(*patch.warnings, *facts.warnings),
    )
    return with_sections(report, Context(patch.message))


def _history(patch: Patch) -> History | None:
    """The place in a series, which is all that a mail tells of history; None where it tells nothing."""
    place = patch.series
    if place is None:
        return None
    series = Series("message", place.title, place.position, place.total, ())
    return History((), (), (), (), series, Searched(None, None, complete=False, stopped="patch-text"))
