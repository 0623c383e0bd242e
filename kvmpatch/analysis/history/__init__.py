"""What came before a commit and after it: who built what it changes, who changed what it brought."""

from __future__ import annotations

from kvmpatch.analysis.history.interest import Interest, interest_of, rewritten
from kvmpatch.analysis.history.judged import Event, causes_in, consequences_in

__all__ = ["Event", "Interest", "causes_in", "consequences_in", "interest_of", "rewritten"]
