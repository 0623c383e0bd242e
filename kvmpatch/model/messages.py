"""Who and when, and what a commit message says."""

from __future__ import annotations

import msgspec


class Signature(msgspec.Struct, frozen=True):
    """A person at a time, as git records authors and committers. `date` is ISO 8601 with zone."""

    name: str
    email: str
    date: str


class Trailer(msgspec.Struct, frozen=True):
    """One `Key: value` line of the trailer block, as written."""

    key: str
    value: str


class UpstreamPointer(msgspec.Struct, frozen=True):
    """An id by which a message points to the same change elsewhere, and the form it uses (a slug)."""

    id: str
    form: str


class FixesPointer(msgspec.Struct, frozen=True):
    """A `Fixes:` line. `id` is the commit of this repository that it resolves to, None where it does not."""

    written: str
    id: str | None = None
    subject: str | None = None


class StableMark(msgspec.Struct, frozen=True):
    """A `Cc: stable` line with its note; `since` is the oldest version it names, without `v` or `+`."""

    text: str
    since: str | None
    noautosel: bool


class SeriesPlace(msgspec.Struct, frozen=True):
    """The place of a patch in its series, as its subject or message id says."""

    title: str | None
    position: int | None
    total: int | None


class Message(msgspec.Struct, frozen=True):
    """A commit message, read. `body` is the text without subject; ids are as written, lower case."""

    subject: str
    body: str
    prefixes: tuple[str, ...]
    trailers: tuple[Trailer, ...]
    reviewers: tuple[str, ...]
    testers: tuple[str, ...]
    sign_offs: tuple[str, ...]
    upstream: tuple[UpstreamPointer, ...]
    fixes: tuple[FixesPointer, ...]
    stable: tuple[StableMark, ...]
    dependencies: tuple[str, ...]
    links: tuple[str, ...]
    reverts: str | None
    notes: tuple[str, ...]
    prose: tuple[str, ...]


class Remark(msgspec.Struct, frozen=True):
    """A remark in square brackets, without them, and the line below it (None: nothing stands there)."""

    text: str
    below: str | None
    above_sign_off: bool
    above_last: bool


class Head(msgspec.Struct, frozen=True):
    """How a backport's message is laid out.

    Attributes:
        lines: of its head: from `... inclusion` to the rule, else the first few of the body; empty lines left out.
        inclusion: whether there is a line `... inclusion`.
        at_top: whether the head is what the body begins with.
        closed: whether a rule of dashes closes it.
        remarks: the remarks in square brackets, in order.
        last: the lines at the end.
    """

    lines: tuple[str, ...]
    inclusion: bool
    at_top: bool
    closed: bool
    remarks: tuple[Remark, ...]
    last: tuple[str, ...]


class Commit(msgspec.Struct, frozen=True):
    """Who and when. For text read with --patch, what a mail does not hold is None."""

    id: str | None
    subject: str | None
    message: str | None
    author: Signature | None
    committer: Signature | None
    parents: tuple[str, ...]
    trailers: tuple[Trailer, ...]
    reviewers: tuple[str, ...]
    testers: tuple[str, ...]
    applied_by: str | None
    upstream_applied_by: str | None
    maintainers: tuple[str, ...] | None
    upstream: tuple[UpstreamPointer, ...]
    fixes: tuple[FixesPointer, ...]
    stable: tuple[StableMark, ...]
    links: tuple[str, ...]
    reverts: str | None
