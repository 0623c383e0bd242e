"""What `backport` is asked."""

from __future__ import annotations

import msgspec

from kvmpatch.reports.related.request import Progress


class BackportRequest(msgspec.Struct, frozen=True):
    """What `backport` was asked.

    Attributes:
        start: where the repository is looked for, from there upward.
        revs: commits and ranges to be brought.
        onto: the ref that may take them; None for what `kvmpatch.target` says.
        profile: the distribution whose form of a backport's message is asked for; None: told by the target's commits.
        ignored: fixes that need not follow, by id as the user wrote it, each with its reason.
        progress: told what takes time.
        hint: told, after a search that took long, what would make it faster.
        overrides: settings given with -c.
    """

    start: str
    revs: tuple[str, ...]
    onto: str | None = None
    profile: str | None = None
    ignored: tuple[tuple[str, str], ...] = ()
    progress: Progress | None = None
    hint: Progress | None = None
    overrides: tuple[tuple[str, str], ...] = ()
