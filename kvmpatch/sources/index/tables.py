"""The database of an index as it is asked: numbers of ids, ids of numbers, and rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from kvmpatch.sources.index.folder import Folder
from kvmpatch.sources.index.store import failures

MANY = 8000
"""Values that one question may hold."""


class Tables:
    """What all questions share. Close it, or use it in a `with` statement.

    Attributes:
        closed: the number up to which every commit's ancestors are in, too. Others do not count.
    """

    closed = 0

    def __init__(self, connection: sqlite3.Connection, folder: Folder) -> None:
        self._db = connection
        self._folder = folder

    def close(self) -> None:
        """Close it."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def numbers(self, ids: Sequence[str]) -> dict[str, int]:
        """The numbers of those of the commits that are in."""
        found: dict[str, int] = {}
        for part in parts_of(ids):
            marks = ",".join("?" * len(part))
            rows = self._ask(f"SELECT id, n FROM commits WHERE id IN ({marks}) AND n<=?", [*part, self.closed])  # noqa: S608
            found.update((commit.hex(), n) for commit, n in rows)
        return found

    def ids(self, numbers: Sequence[int]) -> list[str]:
        """The ids of commits, in the order given."""
        found: dict[int, str] = {}
        for part in (numbers[at : at + MANY] for at in range(0, len(numbers), MANY)):
            marks = ",".join("?" * len(part))
            rows = self._ask(f"SELECT n, id FROM commits WHERE n IN ({marks})", list(part))  # noqa: S608
            found.update((n, commit.hex()) for n, commit in rows)
        return [found[n] for n in numbers]

    def _one(self, query: str, values: Sequence[object] = ()) -> Any:
        return next(iter(self._ask(query, values)))[0]

    def _ask(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query.

        Raises:
            Unreadable: the file turned out to be damaged.
        """
        with failures(self._folder):
            return self._db.execute(query, values).fetchall()


def parts_of(ids: Sequence[str]) -> Iterator[list[bytes]]:
    """Ids as the tables have them, not too many for one question."""
    for at in range(0, len(ids), MANY):
        yield [bytes.fromhex(commit) for commit in ids[at : at + MANY]]
