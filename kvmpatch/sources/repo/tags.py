"""Tags as git lists them."""

from __future__ import annotations

import msgspec

_FIELDS = 6


class Tag(msgspec.Struct, frozen=True):
    """A tag and the commit that it stands for; `when` is when it was made, in seconds since 1970, 0 where not known."""

    name: str
    id: str
    when: int


def read_tags(out: bytes) -> tuple[Tag, ...]:
    """The tags of commits in the answer of for-each-ref: name, type, id, type and id behind it, time."""
    found = []
    for line in out.split(b"\n"):
        fields = line.split(b"\0")
        if len(fields) != _FIELDS:
            continue
        name, kind, identity, inner, peeled, when = fields
        commit = identity if kind == b"commit" else peeled if inner == b"commit" else None
        if commit is not None:
            moment = int(when) if when.isdigit() else 0
            found.append(Tag(name.decode("utf-8", "backslashreplace"), commit.decode("ascii"), moment))
    return tuple(found)
