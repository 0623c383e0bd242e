"""The candidate fixes a commit that the target lacks: the bug may not be there at all.

A `Fixes:` line names the commit that brought the bug; the stable rules ask for it so that a tree without that commit
can leave the fix out. Authority: Documentation/process/stable-kernel-rules.rst. A bug may be older than its author
thought, so this is a note, no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import Risk
from kvmpatch.rules.related_reasons import short
from kvmpatch.rules.risks import risk

CODE = "bug-not-there"


def speak(identity: str, subject: str, evidence: Sequence[Evidence]) -> Risk:
    """It fixes a commit that is not in the target."""
    return risk(
        CODE,
        "note",
        f'它修复的 {short(identity)} ("{subject}") 不在目标中：目标可能没有这个问题',
        f'it fixes {short(identity)} ("{subject}"), which the target lacks: the bug may not be there',
        evidence,
    )
