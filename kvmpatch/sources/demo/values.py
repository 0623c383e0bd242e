"""What is laid down: commits, branches and tags of the miniature history."""

from __future__ import annotations

from pathlib import Path

import msgspec


class DemoCommit(msgspec.Struct, frozen=True):
    """One commit of the miniature history.

    Attributes:
        number: its four digits in ``history.txt``, which stay when ids change.
        id: its full commit id.
        subject: the first line of its message.
        branch: the branch on which it was made.
    """

    number: str
    id: str
    subject: str
    branch: str


class DemoRef(msgspec.Struct, frozen=True):
    """A branch or a tag: its short name, and the full id of the commit it points at."""

    name: str
    id: str


class DemoHistory(msgspec.Struct, frozen=True):
    """What was laid down.

    Attributes:
        path: the work tree.
        head: the full id of the commit that is checked out.
        branches: in the order in which they began.
        tags: in the order in which they were set.
        commits: every commit, each after its parents.
    """

    path: Path
    head: str
    branches: tuple[DemoRef, ...]
    tags: tuple[DemoRef, ...]
    commits: tuple[DemoCommit, ...]

    def id_of(self, number: str) -> str:
        """The full id of a commit by its four digits.

        Raises:
            KeyError: no commit has this number.
        """
        for commit in self.commits:
            if commit.number == number:
                return commit.id
        raise KeyError(number)
