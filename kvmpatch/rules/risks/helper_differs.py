"""A function that the patch calls has the same signature in the target and does another thing.

Told of are only what a caller must know: the locks that it takes itself, and the errors that it returns. Any other
difference of bodies is the ordinary distance between two branches. Authority: the kernel's guide to backporting, on
helpers that changed their meaning.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import Risk
from kvmpatch.rules.risks import joined, risk

CODE = "helper-differs"


def speak(
    name: str,
    locks: tuple[Sequence[str], Sequence[str]],
    errors: tuple[Sequence[str], Sequence[str]],
    evidence: Sequence[Evidence],
) -> Risk:
    """What only the target's helper does, and what only upstream's does: first of each pair the target."""
    zh, en = [], []
    for names, what_zh, what_en in (
        (locks[0], "目标中会获取", "takes {} in the target only"),
        (locks[1], "上游会获取", "takes {} upstream only"),
        (errors[0], "目标中会返回", "returns {} in the target only"),
        (errors[1], "上游会返回", "returns {} upstream only"),
    ):
        if names:
            said = joined(names)
            zh.append(f"只有{what_zh} {said.zh}")
            en.append(what_en.format(said.en))
    return risk(CODE, "note", f"{name}() 的函数体与上游不同：{'；'.join(zh)}", f"{name}() {'; '.join(en)}", evidence)
