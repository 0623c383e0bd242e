"""What one tree knows of a name: where it is defined and used, and which commit brought it."""

from __future__ import annotations

import msgspec

from kvmpatch.words import Text


class Definition(msgspec.Struct, frozen=True):
    """One definition of a name in a tree.

    Attributes:
        kind: macro, enumerator, function, struct, variable, table, asm-symbol, kconfig …
        text: what it is defined as, as written; `value` the number that this is, where it could be worked out.
        differs: whether that number is another than the known one; None where there is nothing to compare.
    """

    kind: str
    path: str
    line: int
    text: str | None
    value: int | None
    differs: bool | None


class UsePlace(msgspec.Struct, frozen=True):
    """A line that uses a name, and the function that it is in."""

    path: str
    line: int
    function: str | None


class Introduced(msgspec.Struct, frozen=True):
    """The commit that brought a name into a history; `date` is the author's."""

    id: str
    subject: str
    date: str
    path: str


class TreeName(msgspec.Struct, frozen=True):
    """One spelling in a tree.

    Attributes:
        lines, functions: how many lines and how many functions use it.
        places: the first few of those lines.
        introduced: None where it is not known; `introduced_why` then says why.
    """

    name: str
    definitions: tuple[Definition, ...]
    lines: int
    functions: int
    files: int
    places: tuple[UsePlace, ...]
    introduced: Introduced | None
    introduced_why: Text | None


class TreeFacts(msgspec.Struct, frozen=True):
    """What the tree of a commit knows of a name. `searched` are the folders that were read, () for all."""

    ref: str
    id: str
    names: tuple[TreeName, ...]
    searched: tuple[str, ...]
    complete: bool
    why: Text | None
