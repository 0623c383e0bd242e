"""A jump that the patch adds leads elsewhere in the target: the label is missing, or other things happen behind it.

A wrong label compiles, and leaks what should be freed, or frees what was never taken. Authority: the kernel's guide to
backporting, whose own example this is.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import Risk
from kvmpatch.rules.risks import joined, risk

NO_LABEL, OTHER = "label-missing", "error-path"


def no_label(function: str, label: str, evidence: Sequence[Evidence]) -> Risk:
    """A label that is not there."""
    return risk(
        NO_LABEL,
        "error",
        f"新增的 goto {label} 在目标的 {function}() 中没有对应的标号",
        f"the added goto {label} has no label in the target's {function}()",
        evidence,
    )


def other_way_out(
    function: str, label: str, before: Sequence[str], after: Sequence[str], evidence: Sequence[Evidence]
) -> Risk:
    """Calls behind a label that only one side has."""
    zh, en = [], []
    if before:
        said = joined([f"{name}()" for name in before])
        zh.append(f"目标中多出 {said.zh}")
        en.append(f"{said.en} in the target only")
    if after:
        said = joined([f"{name}()" for name in after])
        zh.append(f"目标中没有 {said.zh}")
        en.append(f"{said.en} upstream only")
    return risk(
        OTHER,
        "warning",
        f"新增的 goto {label} 所到的出口（{function}()）两边不同：{'；'.join(zh)}",
        f"the added goto {label} of {function}() leads to other work: {'; '.join(en)}",
        evidence,
    )
