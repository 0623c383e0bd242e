"""How distributions want a backport's message to begin: one file a distribution, found by listing this folder.

A profile is read whole: it is small, and few calls ask for one.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from kvmpatch.words import Text

_FOLDER = Path(__file__).parent
Required = Literal["always", "pointed", "no"]
"""Whether a line must be there: in every backport, only where an upstream commit is named, or as one likes."""


class Key(msgspec.Struct, frozen=True):
    """One line of a head.

    Attributes:
        name: what it is called in findings.
        pattern: what a line is recognised by, also where it is not quite right; a group `id` is the commit's, a group
            `title` its title.
        right: what it must look like as a whole.
        write: the line as proposed; words in braces are filled in: id, title, version (of the first release), number
            (the same without the v). What is in angle brackets a person has to fill in.
        required: whether it must be there.
        values: what the group `value` may be; empty for anything.
        gap: whether an empty line stands above it in the proposal.
    """

    name: str
    pattern: str
    right: str
    write: str
    required: Required = "always"
    values: tuple[str, ...] = ()
    gap: bool = False


class Profile(msgspec.Struct, frozen=True):
    """The form of a backport's message in one distribution.

    Attributes:
        slug: its name on the command line.
        tells: patterns of which a message of this distribution matches one.
        narrows: the profile whose form this one shares, with further rules.
        forms: the forms of pointers (slugs of the message's parser) that are right here.
        also: further forms that are as right here, and need none of the lines.
        keys: the lines of the head, in order.
        rule: the line that closes the head; None where none does.
        at_end: whether the lines stand among the trailers and not at the top.
        title_after_id: whether a commit of the distribution itself is named with its title.
        note: how the remark on a deviation is written; `{what}` is what is said.
        note_last: whether it stands right above the last sign-off, not merely above one.
        vague: patterns of remarks that tell no cause.
        reverts: whether reverts have the head as well.
        one_title: whether a second pick under the same title is turned down.
        completing: the category of a commit that completes an earlier one.
        source_title, address: where the rules are written down.
    """

    slug: str
    title: Text
    tells: tuple[str, ...]
    forms: tuple[str, ...]
    keys: tuple[Key, ...]
    note: str
    source_title: Text
    also: tuple[str, ...] = ()
    narrows: str | None = None
    rule: str | None = None
    at_end: bool = False
    title_after_id: bool = False
    note_last: bool = False
    vague: tuple[str, ...] = ()
    reverts: bool = False
    one_title: bool = False
    completing: str | None = None
    address: str | None = None


@cache
def profile_names() -> tuple[str, ...]:
    """The distributions that have a profile."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@cache
def profile(name: str) -> Profile | None:
    """The profile of a distribution, by its name in lower case."""
    if name not in profile_names():
        return None
    import tomllib

    row: dict[str, Any] = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    row["title"] = {"zh": row.pop("title_zh"), "en": row.pop("title_en")}
    row["source_title"] = {"zh": row.pop("source_zh"), "en": row.pop("source_en")}
    return msgspec.convert({"slug": name, **row}, Profile)


def profiles() -> tuple[Profile, ...]:
    """Every profile."""
    return tuple(found for name in profile_names() if (found := profile(name)))
