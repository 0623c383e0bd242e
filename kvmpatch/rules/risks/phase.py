"""A function that the patch changes runs on other occasions in the target.

What is cheap at the creation of a VCPU is dear on every entry into the guest, and what a reset repeats is lost where
it runs once. Authority: knowledge/entry_points.toml and phases.toml.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch import knowledge
from kvmpatch.model import Evidence
from kvmpatch.model.backport import Risk
from kvmpatch.rules.risks import risk
from kvmpatch.words import Text

CODE = "other-phase"
_MOST_NAMED = 3


def speak(
    function: str,
    before: Sequence[tuple[str, str]],
    after: Sequence[tuple[str, str]],
    evidence: Sequence[Evidence],
) -> Risk:
    """The phases of only one side, each with its entry point."""
    zh, en = [], []
    if before:
        said = _phases(before)
        zh.append(f"在目标中还会在{said.zh}执行")
        en.append(f"also runs at {said.en} in the target")
    if after:
        said = _phases(after)
        zh.append(f"在目标中不会像上游那样在{said.zh}执行")
        en.append(f"does not run at {said.en} there, as it does upstream")
    return risk(CODE, "warning", f"{function}() {'；'.join(zh)}", f"{function}() {', and '.join(en)}", evidence)


def _phases(places: Sequence[tuple[str, str]]) -> Text:
    zh, en = [], []
    for slug, root in places[:_MOST_NAMED]:
        known = knowledge.phase(slug)
        zh.append(f"{known.title.zh if known else slug}（{root}）")
        en.append(f"{known.title.en if known else slug} ({root})")
    return Text("、".join(zh), ", ".join(en))
