"""A function that the patch calls returns another type in the target.

A caller that tests for a negative value never sees one where the function returns bool or an unsigned type.
Authority: C's conversions; the kernel's guide to backporting.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import Risk
from kvmpatch.rules.risks import risk

CODE = "helper-returns"


def speak(name: str, before: str, after: str, evidence: Sequence[Evidence]) -> Risk:
    """The type that a helper returns on both sides."""
    return risk(
        CODE,
        "warning",
        f"{name}() 在目标中返回 {before}，上游返回 {after}",
        f"{name}() returns {before} in the target and {after} upstream",
        evidence,
    )
