"""The plain rows that an index holds, and the compressed blocks that messages lie in."""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

import msgspec

from kvmpatch.model import Signature

BLOCK_COMMITS = 64
"""Messages in a block: two times as many save a tenth of the space and make each hit twice as dear."""
_LEVEL = 1
_END_BYTES = 4


class Pointer(NamedTuple):
    """A message's pointer to a commit.

    Attributes:
        value: the id as it stands there, hex digits in lower case.
        kind: `upstream`, `fixes`, `reverts` or `depends`.
        form: how it was written (a slug of the message room); empty where there is one way only.
    """

    value: str
    kind: str
    form: str = ""


PointersOf = Callable[[str], Sequence[Pointer]]
"""Finds the pointers of a message. Must be importable by name: other processes call it."""


CommitRow = tuple[bytes, bytes, str, str, int | None, int | None, str, str, int | None, int | None, str]
"""A commit object, read: its id, its parents' ids; name, address, seconds since 1970 and zone as written (`-730` for
-0730) of its author, then of its committer, None where git has no date; its subject."""

Block = tuple[list[CommitRow], bytes, str, list[tuple[int, str, str, str]]]
"""Some commits, their messages (compressed, then in one piece for the table of words), and their pointers: the place of
the commit in the block, value, kind, form. Plain tuples, which go from process to process at three times the speed."""


class StructureRows(msgspec.Struct, frozen=True):
    """What a commit changes.

    Attributes:
        id: of the commit.
        state: `read`, or why its files could not be.
        facts: all of it in a form that only who made them reads.
        names: of the things and members that it changes, before and after.
    """

    id: str
    state: str
    facts: bytes = b""
    names: tuple[str, ...] = ()


def pack(messages: Sequence[str]) -> tuple[bytes, str]:
    """Messages as one compressed block, and their text in one piece."""
    ends, end = array("I"), 0
    for message in messages:
        end += len(message) if message.isascii() else len(message.encode("utf-8"))
        ends.append(end)
    text = "".join(messages)
    return zlib.compress(_little(ends).tobytes() + text.encode("utf-8"), _LEVEL), "\n".join(messages)


def unpack(data: bytes, count: int) -> tuple[bytes, list[int]]:
    """The text of a block, and where each message ends in it.

    Raises:
        zlib.error: the block is damaged.
        ValueError: it does not hold as many messages.
    """
    whole = zlib.decompress(data)
    ends = array("I")
    ends.frombytes(whole[: count * _END_BYTES])
    text = whole[count * _END_BYTES :]
    places = list(_little(ends))
    if len(places) != count or (places and places[-1] != len(text)):
        raise ValueError("a block does not hold what it says")
    return text, places


def _little(ends: array[int]) -> array[int]:
    if sys.byteorder == "big":
        ends.byteswap()
    return ends


def signature(name: str, email: str, time: int | None, zone: int | None) -> Signature:
    """The person and the ISO 8601 date that a commit object has; an empty date where git shows none."""
    return Signature(name, email, "" if time is None or zone is None else _iso(time, zone))


def _iso(time: int, zone: int) -> str:
    minutes = abs(zone) // 100 * 60 + abs(zone) % 100
    try:
        offset = timezone(timedelta(minutes=minutes if zone >= 0 else -minutes))
    except ValueError:
        offset = UTC
    try:
        return datetime.fromtimestamp(time, offset).isoformat()
    except (OverflowError, ValueError, OSError):
        return ""
