"""A function that the patch calls takes other parameters in the target.

The compiler refuses another number of arguments. Other types it may convert in silence, so that a length and a flag
trade places and nobody is told. Authority: the kernel's guide to backporting, which names changed arguments first.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import Risk
from kvmpatch.rules.risks import risk

CODE = "helper-parameters"


def speak(name: str, before: str, after: str, *, wrong_count: bool, evidence: Sequence[Evidence]) -> Risk:
    """The parameters of a helper on both sides."""
    if wrong_count:
        return risk(
            CODE,
            "error",
            f"{name}() 在目标中的参数是 ({before})，上游是 ({after})：补丁给出的参数个数不符",
            f"{name}() takes ({before}) in the target and ({after}) upstream: "
            "the patch gives it another number of arguments",
            evidence,
        )
    return risk(
        CODE,
        "warning",
        f"{name}() 在目标中的参数是 ({before})，上游是 ({after})：同样的调用可能是另一个意思",
        f"{name}() takes ({before}) in the target and ({after}) upstream: the same call may mean another thing",
        evidence,
    )
