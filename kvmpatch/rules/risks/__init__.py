"""It applies, but: judgements on what a patch means in another tree. One file a rule, with words and authority.

A rule is called with what was found and its evidence, and makes one risk of it. The side `before` is the target,
`after` upstream.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import Level, Risk
from kvmpatch.rules.spoken import spaced
from kvmpatch.words import Text


def risk(code: str, level: Level, zh: str, en: str, evidence: Sequence[Evidence]) -> Risk:
    """A risk in both languages."""
    return Risk(code, level, Text(spaced(zh), en), tuple(evidence))


def joined(names: Sequence[str], most: int = 4) -> Text:
    """Names in a row, the rest counted."""
    shown, rest = list(names[:most]), len(names) - most
    zh, en = "、".join(shown), ", ".join(shown)
    return Text(f"{zh} 等 {len(names)} 个", f"{en} and {rest} more") if rest > 0 else Text(zh, en)
