"""`annotate`: the findings of `backport` over a range, one by one, as CI shows them."""

from __future__ import annotations

from kvmpatch import knowledge
from kvmpatch.knowledge.rows import rule
from kvmpatch.model import Reason, Warning
from kvmpatch.model.annotation import ANNOTATION_SCHEMA, Annotation, Annotations
from kvmpatch.model.backport import Backport
from kvmpatch.reports.annotate.baseline import known_fingerprints
from kvmpatch.reports.annotate.commits import RangeCommit, read_range
from kvmpatch.reports.annotate.findings import findings_of
from kvmpatch.reports.annotate.request import AnnotateRequest
from kvmpatch.rules import annotation_words as words

__all__ = [
    "AnnotateRequest",
    "RangeCommit",
    "annotations_of",
    "findings_of",
    "known_fingerprints",
    "make_annotations",
]


def make_annotations(request: AnnotateRequest) -> Annotations:
    """The findings about a range.

    Raises:
        UsageError: no target is named, or it is a range.
        KvmpatchError: no repository, no such revision, unreadable objects.
    """
    from kvmpatch.reports.backport.search import make_backport
    from kvmpatch.sources.repo import Repository

    backport = make_backport(request.backport)
    with Repository.open(request.backport.start, request.backport.overrides) as repository:
        commits = read_range(repository, [one.commit.id for one in backport.candidates])
        return annotations_of(backport, request.range, commits, request.known or frozenset())


def annotations_of(
    backport: Backport, range_: str, commits: dict[str, RangeCommit], known: frozenset[str] = frozenset()
) -> Annotations:
    """The findings of a report, with what each rule looks for."""
    found = findings_of(backport, commits, known)
    warnings = backport.warnings
    if not backport.candidates:
        warnings = (*warnings, Warning("empty-range", words.EMPTY_RANGE))
    return Annotations(ANNOTATION_SCHEMA, range_, backport, found, warnings, _rules(found))


def _rules(found: tuple[Annotation, ...]) -> tuple[Reason, ...]:
    """What each rule looks for, from the table; a rule that it lacks is told by its first finding."""
    first = {one.rule: one.said for one in reversed(found)}
    known = set(knowledge.names("rules"))
    return tuple(Reason(slug, rule(slug).summary if slug in known else first[slug]) for slug in sorted(first))
