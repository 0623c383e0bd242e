"""What a rule hands back: a statement and the section that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kvmpatch.model import Evidence, FlowFacts, Message, Statement
from kvmpatch.words import Text

_OPENS, _CLOSES = "（", "，。；：、）"


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
    """Chinese with one space between it and what is Latin, and none within it.

    Letter by letter: two regular expressions over the range of Han characters took 4 ms to compile, at every start.
    """
    said: list[str] = []
    gap = 0
    for letter in f"{zh}\0":
        if letter == " ":
            gap += 1
            continue
        before = said[-1] if said else ""
        if gap and (_is_wide(before, _CLOSES) and _is_wide(letter, _CLOSES[:-1] + _OPENS)):
            gap = 0
        elif not gap and before:
            gap = ((_is_word(before) or before in ")]") and _is_han(letter)) or (_is_han(before) and _is_word(letter))
        said += [" "] * gap
        said.append(letter)
        gap = 0
    return "".join(said[:-1])


def _is_han(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff"


def _is_wide(letter: str, signs: str) -> bool:
    return bool(letter) and (_is_han(letter) or letter in signs)


def _is_word(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter == "_")


def because(code: str, zh: str, en: str, evidence: Sequence[Evidence]) -> Statement:
    """Why something is said of a commit, its Chinese spaced as a statement's is."""
    return Statement(code, Text(spaced(zh), en), tuple(evidence))


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
