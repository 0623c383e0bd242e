"""Added code runs under a lock in one tree and without it in the other.

Only locks that the same function takes are seen; one that its callers hold is not, so the line asks for a look and
proves nothing. Authority: the kernel's guide to backporting; Documentation/virt/kvm/locking.rst.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import Risk
from kvmpatch.rules.risks import risk

MISSING, EXTRA = "lock-missing", "lock-extra"


def speak(function: str, lock: str, *, missing: bool, evidence: Sequence[Evidence]) -> Risk:
    """A lock that only upstream holds there (`missing`), or only the target."""
    if missing:
        return risk(
            MISSING,
            "warning",
            f"{function}() 中新增的代码在上游持有 {lock}，目标的这个函数没有获取它；须确认调用者是否持有",
            f"what is added to {function}() runs under {lock} upstream; the target's function does not take it: "
            "see whether its callers do",
            evidence,
        )
    return risk(
        EXTRA,
        "warning",
        f"{function}() 中新增的代码在目标中持有 {lock}，上游没有；须确认能否在持锁时执行",
        f"what is added to {function}() runs under {lock} in the target and without it upstream: "
        "see whether it may run there",
        evidence,
    )
