"""An id of an interface has another number in the target.

Ids of an enumeration get their numbers by their order. Picked into an enumeration that lacks an older one, a new id
takes the older one's number, and user space built against mainline asks for the wrong thing; a migration between the
two kernels sets the wrong register. Authority: the kernel's rule that what user space sees never changes
(Documentation/process/adding-syscalls.rst and ABI documents); KVM's API document for ONE_REG ids and capabilities.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import Risk
from kvmpatch.rules.risks import risk
from kvmpatch.words import Text

CODE, TAKEN = "interface-value", "interface-number-taken"


def speak(name: str, before: int, after: int, *, foretold: bool, more: int, evidence: Sequence[Evidence]) -> Risk:
    """An id with its number on both sides, and how many more are wrong like it.

    `foretold`: no pick is clean, and this is what it comes to.
    """
    also = (
        Text(f"（同一枚举中另有 {more} 个也不对）", f" ({more} more of its enumeration are off as well)")
        if more
        else None
    )
    also_zh, also_en = (also.zh, also.en) if also else ("", "")
    if foretold:
        return risk(
            CODE,
            "error",
            f"{name} 按目标的枚举次序会得到 {before}，上游是 {after}{also_zh}：用户态看到的编号不同",
            f"by the order of the target's enumeration {name} would be {before}, upstream it is {after}{also_en}: "
            "user space sees another id",
            evidence,
        )
    return risk(
        CODE,
        "error",
        f"{name} 在目标中的值是 {before}，上游是 {after}{also_zh}：用户态看到的编号不同",
        f"{name} is {before} in the target and {after} upstream{also_en}: user space sees another id",
        evidence,
    )


def taken(name: str, other: str, number: int, evidence: Sequence[Evidence]) -> Risk:
    """A number that the target has given to another name."""
    return risk(
        TAKEN,
        "error",
        f"{name} 的编号 {number} 在目标中已经是 {other}",
        f"the number of {name}, {number}, is {other} in the target already",
        evidence,
    )
