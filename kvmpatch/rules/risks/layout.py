"""A field lands elsewhere than upstream, or moves those behind it.

What user space reads by offset must lie where upstream has it. What modules read by offset must stay where it was:
distributions promise their customers that (kABI), mainline and linux-stable promise it to nobody, so it is a warning.
Authority: KVM's API document; the kABI rules of distributions; Documentation/process/stable-api-nonsense.rst for the
contrary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from kvmpatch.model import Evidence, Happened
from kvmpatch.model.backport import Risk
from kvmpatch.rules.risks import risk
from kvmpatch.words import Text

ELSEWHERE, MOVES = "field-elsewhere", "kabi-layout"

_SEEN = {
    "uapi": Text("用户态接口", "an interface to user space"),
    "exported": Text("导出函数的参数", "a parameter of exported functions"),
    "kernel": Text("内核公共头文件", "a public header of the kernel"),
}
_HAPPENED = {
    Happened.ADDED: Text("新增", "adding"),
    Happened.REMOVED: Text("去掉", "removing"),
    Happened.MOVED: Text("移动", "moving"),
    Happened.MODIFIED: Text("改动", "altering"),
}


def elsewhere(structure: str, field: str, before: int, after: int, evidence: Sequence[Evidence]) -> Risk:
    """A field of an interface, by its position on both sides."""
    return risk(
        ELSEWHERE,
        "warning",
        f"struct {structure} 的 {field} 在目标中是第 {before} 个字段，上游是第 {after} 个，"
        "前面的字段不同：偏移可能不同",
        f"{field} of struct {structure} is field {before} in the target and {after} upstream, behind other fields: "
        "its offset may differ",
        evidence,
    )


def moves(
    structure: str,
    field: str,
    happened: Happened,
    moved: int,
    first: str,
    seen: Literal["uapi", "exported", "kernel"],
    evidence: Sequence[Evidence],
) -> Risk:
    """Fields that stand behind one that is new, gone or altered."""
    does, place = _HAPPENED[happened], _SEEN[seen]
    return risk(
        MOVES,
        "warning",
        f"struct {structure}（{place.zh}）{does.zh} {field}，其后从 {first} 起的 {moved} 个字段会移动（kABI）",
        f"{does.en} {field} moves {moved} field{'s' * (moved != 1)} of struct {structure}, from {first} on; "
        f"it is seen through {place.en} (kABI)",
        evidence,
    )
