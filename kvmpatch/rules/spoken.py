"""What a rule hands back: a statement and the section that it belongs to."""

from __future__ import annotations

import re

import msgspec

from kvmpatch.model import Evidence, FlowFacts, Message, Statement
from kvmpatch.words import Text

_HAN = "\u4e00-\u9fff"
_WIDE = re.compile(rf"(?<=[{_HAN}，。；：、）]) +(?=[{_HAN}，。；：、（])")
_NARROW = re.compile(rf"(?<=[A-Za-z0-9_)\]])(?=[{_HAN}])|(?<=[{_HAN}])(?=[A-Za-z0-9_])")


class Context(msgspec.Struct, frozen=True):
    """What rules may know besides the report's own facts.

    `message` as read, the `flow` in full, and `said`: the codes of what the summary says already.
    """

    message: Message | None = None
    flow: FlowFacts | None = None
    said: frozenset[str] = frozenset()


class Spoken(msgspec.Struct, frozen=True):
    """One statement for one section of the report."""

    section: str
    statement: Statement


def say(section: str, code: str, said: Text, *evidence: Evidence) -> Spoken:
    """A statement with its evidence, for a section."""
    if said.zh != said.en:
        said = Text(spaced(said.zh), said.en)
    return Spoken(section, Statement(code, said, evidence))


def spaced(zh: str) -> str:
    """Chinese with one space between it and what is Latin, and none within it."""
    return _NARROW.sub(" ", _WIDE.sub("", zh))


def listed(names: list[str], most: int = 3) -> Text:
    """Names as a list that reads well, the rest counted."""
    shown, rest = names[:most], len(names) - most
    if rest == 1:
        shown, rest = names[: most + 1], 0
    if rest > 0:
        return Text(f"{'、'.join(shown)} 等 {len(names)} 个", f"{', '.join(shown)} and {rest} more")
    if len(shown) == 1:
        return Text.same(shown[0])
    return Text("、".join(shown[:-1]) + f" 和 {shown[-1]}", ", ".join(shown[:-1]) + f" and {shown[-1]}")
