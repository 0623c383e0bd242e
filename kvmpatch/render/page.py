"""A page: the few kinds of blocks that a command's output is made of, in one language or in both.

A page knows nothing of KVM and nothing of Markdown or terminals. The language is chosen here, once, by the `Voice` with
which a page-maker speaks; a block holds words that are ready to be shown.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from kvmpatch.words import Language, Text

Speech = Literal["zh", "en", "both"]
Detail = Literal["quiet", "normal", "verbose"]


class Style(StrEnum):
    """What a piece of a line is; a writer decides what that looks like."""

    PLAIN = "plain"
    NAME = "name"
    CODE = "code"
    ADDRESS = "address"
    CONDITION = "condition"
    STRONG = "strong"
    FAINT = "faint"
    ID = "id"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    CAUTION = "caution"
    PATCH_ADDED = "patch-added"
    PATCH_REMOVED = "patch-removed"


class Span(msgspec.Struct, frozen=True):
    """A piece of a line."""

    text: str
    style: Style = Style.PLAIN


Line = tuple[Span, ...]


class Title(msgspec.Struct, frozen=True):
    """The head of a page, and one line under it."""

    line: Line
    under: Line


class Heading(msgspec.Struct, frozen=True):
    """The head of a numbered section; `aside` is a remark on the same line."""

    number: str
    text: str
    aside: Line = ()


class Paragraphs(msgspec.Struct, frozen=True):
    """Text that stands alone: one group of lines a language, each line a paragraph of its own."""

    groups: tuple[tuple[Line, ...], ...]


class Item(msgspec.Struct, frozen=True):
    """A numbered entry: a symbol for what happened, what it is, where it stands, and details one a line.

    `quotes` are somebody else's words; `proof` says where the entry comes from.
    """

    number: str
    lines: tuple[Line, ...]
    symbol: Span | None = None
    place: str = ""
    details: tuple[Line, ...] = ()
    quotes: tuple[str, ...] = ()
    proof: tuple[Line, ...] = ()


class Items(msgspec.Struct, frozen=True):
    """Entries under an optional caption, such as the file that they are in."""

    items: tuple[Item, ...]
    caption: Line = ()


class Field(msgspec.Struct, frozen=True):
    """A label and its values, each on its own line."""

    label: str
    values: tuple[Line, ...]


class Fields(msgspec.Struct, frozen=True):
    """Labels and values, aligned."""

    fields: tuple[Field, ...]


Cell = tuple[Line, ...]


class Table(msgspec.Struct, frozen=True):
    """A table; a cell is a tuple of lines, an empty one is shown as a dash."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Quote(msgspec.Struct, frozen=True):
    """Somebody else's words, kept line by line."""

    text: str


class Code(msgspec.Struct, frozen=True):
    """Text to be copied as it stands: commands, the head of a message. Its lines are never broken."""

    text: str


class Note(msgspec.Struct, frozen=True):
    """A remark; a caution when the reader must not miss it. One line a language."""

    lines: tuple[Line, ...]
    caution: bool = False


class Twig(msgspec.Struct, frozen=True):
    """A line of a tree, and what hangs on it."""

    line: Line
    twigs: tuple[Twig, ...] = ()


class Node(msgspec.Struct, frozen=True):
    """A node of a graph; `look` is one of a few words by which nodes of a kind look alike."""

    id: str
    text: str
    look: str = ""


class Arrow(msgspec.Struct, frozen=True):
    """An arrow between two nodes, with a word on it."""

    from_: str
    to: str
    text: str = ""


class Drawing(msgspec.Struct, frozen=True):
    """A picture of what belongs to what: a tree where only text can be shown, a graph where graphs are drawn."""

    tree: tuple[Twig, ...]
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]


Block = Title | Heading | Paragraphs | Items | Fields | Table | Quote | Code | Note | Drawing


class Page(msgspec.Struct, frozen=True):
    """What a writer writes."""

    blocks: tuple[Block, ...]


# What stands before the last of several names, in each language.
_LINKS = (" 和 ", " and ")


class Voice(msgspec.Struct, frozen=True):
    """The language or languages of a page, and how much it says."""

    speech: Speech = "both"
    detail: Detail = "normal"

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages in the order they are shown."""
        return ("zh", "en") if self.speech == "both" else (self.speech,)

    @property
    def verbose(self) -> bool:
        """Whether everything is wanted, with its proof."""
        return self.detail == "verbose"

    def each(self, text: Text) -> tuple[str, ...]:
        """The text once for each language; only once where both read the same."""
        return tuple(dict.fromkeys(text.in_language(language) for language in self.languages))

    def label(self, text: Text) -> str:
        """A label: `作者 author`."""
        return " ".join(self.each(text))

    def heading(self, text: Text) -> str:
        """A heading: `改动 · Changes`."""
        return " · ".join(self.each(text))

    def inline(self, text: Text) -> str:
        """Words within a line: `无 / none`."""
        return " / ".join(self.each(text))

    def shared(self, text: Text) -> str:
        """Words within a line, with what both languages have in common said once: `cfg 新增/gained hedeleg`."""
        said = self.each(text)
        if len(said) < 2:
            return said[0]
        from difflib import SequenceMatcher

        first, second = (_tokens(one, link) for one, link in zip(said, _LINKS, strict=False))
        parts = []
        for what, start, end, other_start, other_end in SequenceMatcher(None, first, second, False).get_opcodes():
            if what in {"delete", "insert"}:
                # The order differs: one language after the other reads better.
                return self.inline(text)
            here = " ".join(first[start:end])
            parts.append(here if what == "equal" else f"{here}/{' '.join(second[other_start:other_end])}")
        return " ".join(parts) if len(parts) > 1 else self.inline(text)

    def lines(self, text: Text, style: Style = Style.PLAIN) -> tuple[Line, ...]:
        """A sentence as one line for each language."""
        return tuple((Span(said, style),) for said in self.each(text))

    def fit(self, limit: int, count: int) -> int:
        """How many of `count` things are shown where `limit` fit: all with -v, and never all but one."""
        return count if self.verbose or count <= limit + 1 else limit


def _tokens(said: str, link: str) -> list[str]:
    """Words, with the names of a list set apart in one way."""
    return said.replace("、", ", ").replace("，", ", ").replace(link, ", ").split(" ")
