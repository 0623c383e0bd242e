"""`related`: the commits that belong with a commit, or that match or changed what is asked for."""

from __future__ import annotations

from kvmpatch.reports.related.request import RelatedRequest
from kvmpatch.reports.related.search import make_related

__all__ = ["RelatedRequest", "make_related"]
