"""What `annotate` is asked."""

from __future__ import annotations

import msgspec

from kvmpatch.reports.backport.request import BackportRequest


class AnnotateRequest(msgspec.Struct, frozen=True):
    """What `annotate` was asked.

    Attributes:
        backport: the question that the findings answer; its `revs` are the range.
        known: fingerprints of a baseline, None without one.
    """

    backport: BackportRequest
    known: frozenset[str] | None = None

    @property
    def range(self) -> str:
        """The commits that are judged, as written."""
        return " ".join(self.backport.revs)
