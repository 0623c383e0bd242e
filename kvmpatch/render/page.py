"""A page: the few kinds of blocks that a command's output is made of, in one language or in both.

A page knows nothing of KVM and nothing of Markdown or terminals. The language is chosen here, once, by the `Voice` with
which a page-maker speaks; a block holds words that are ready to be shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line."""

    text: str
    style: Style = Style.PLAIN


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Title:
    """The head of a page, and one line under it."""

    line: Line
    under: Line


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a numbered section; `aside` is a remark on the same line."""

    number: str
    text: str
    aside: Line = ()


@dataclass(frozen=True, slots=True)
class Paragraphs:
    """Text that stands alone: one group of lines a language, each line a paragraph of its own."""

    groups: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True)
class Item:
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


@dataclass(frozen=True, slots=True)
class Items:
    """Entries under an optional caption, such as the file that they are in."""

    items: tuple[Item, ...]
    caption: Line = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A label and its values, each on its own line."""

    label: str
    values: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """Labels and values, aligned."""

    fields: tuple[Field, ...]


Cell = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; a cell is a tuple of lines, an empty one is shown as a dash."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody else's words, kept line by line."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A remark; a caution when the reader must not miss it. One line a language."""

    lines: tuple[Line, ...]
    caution: bool = False


@dataclass(frozen=True, slots=True)
class Twig:
    """A line of a tree, and what hangs on it."""

    line: Line
    twigs: tuple[Twig, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a graph; `look` is one of a few words by which nodes of a kind look alike."""

    id: str
    text: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow between two nodes, with a word on it."""

    from_: str
    to: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of what belongs to what: a tree where only text can be shown, a graph where graphs are drawn."""

    tree: tuple[Twig, ...]
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]


Block = Title | Heading | Paragraphs | Items | Fields | Table | Quote | Note | Drawing


@dataclass(frozen=True, slots=True)
class Page:
    """What a writer writes."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Voice:
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

    def lines(self, text: Text, style: Style = Style.PLAIN) -> tuple[Line, ...]:
        """A sentence as one line for each language."""
        return tuple((Span(said, style),) for said in self.each(text))

    def fit(self, limit: int, count: int) -> int:
        """How many of `count` things are shown where `limit` fit: all with -v, and never all but one."""
        return count if self.verbose or count <= limit + 1 else limit
