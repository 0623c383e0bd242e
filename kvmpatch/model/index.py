"""What `index` says about the local index (`kvmpatch.index/1`)."""

from __future__ import annotations

import msgspec

from kvmpatch.model.report import Reason

INDEX_SCHEMA = "kvmpatch.index/1"


class IndexState(msgspec.Struct, frozen=True):
    """The index of one repository.

    Attributes:
        path: the folder that it lies in, or would lie in.
        state: `absent`, `current`, `behind` (refs moved on), `interrupted` (a build was cut off), `damaged`, `writing`
            (a process is at it).
        bytes: what it takes on disk.
        commits: how many commits it answers for; None where it answers for none.
        structures: commits of the scope whose structural changes are in; `unreadable` those whose objects are missing.
        structure_complete: whether that is all of them.
        scope: pathspecs whose commits are compared.
        new_commits: how many commits of the refs are not in; None where that was not counted.
    """

    path: str
    state: str
    bytes: int
    commits: int | None
    structures: int | None
    unreadable: int | None
    structure_complete: bool | None
    scope: tuple[str, ...]
    new_commits: int | None


class IndexDone(msgspec.Struct, frozen=True):
    """What the call did. `seconds` by the wall clock."""

    commits: int
    structures: int
    seconds: float


class IndexReport(msgspec.Struct, frozen=True):
    """The whole answer; `done` is None for `status`, `advice` says when an index would help."""

    schema: str
    action: str
    repository: str
    index: IndexState
    done: IndexDone | None
    advice: Reason | None
