"""Writing rows: batches that are in whole or not at all, and the bounds up to which everything is there."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from kvmpatch.sources.index.ancestry import Landmark, ancestry_row, graph_of
from kvmpatch.sources.index.rows import Block, StructureRows
from kvmpatch.sources.index.schema import LATE_INDEXES, MESSAGE_TABLES, SCOPE_TABLES, STRUCTURE_TABLES
from kvmpatch.sources.index.touched import TouchedRow

_COMMIT = "INSERT INTO commits VALUES(?,?,?,?,?,?,?,?,?,?)"
_POINTER = "INSERT INTO pointers VALUES(?,?,?,?)"
_MANY = 8000
_FAR = 20_000
"""Commits that come in before a new landmark is noted."""


class Writer:
    """Puts rows into the database of a session. One transaction a call: a kill between two loses neither."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._people = {(email, name): n for n, email, name in self._db.execute("SELECT n, email, name FROM people")}
        late = "SELECT count(*) FROM sqlite_schema WHERE name='commits_id'"
        self._has_closed = bool(self._db.execute(late).fetchone()[0])
        self._newcomers: list[tuple[int, str, str]] = []
        self._next = 1 + (self._db.execute("SELECT max(n) FROM commits").fetchone()[0] or 0)
        last_block = self._db.execute("SELECT first + count FROM blocks ORDER BY first DESC LIMIT 1").fetchone()
        self._next = max(self._next, last_block[0] if last_block else 1)
        self.leftover = self._above(self.closed_up_to())
        """Ids of commits that a killed process left: what they reach may be missing. They are few, or all there is."""

    # ---- what is known already -----------------------------------------------------------------------------------

    def meta(self, key: str) -> str | None:
        """A remark about the whole index."""
        row = self._db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def closed_up_to(self) -> int:
        """The number up to which every commit's ancestors are in, too."""
        return int(self.meta("closed") or 0)

    def count(self) -> int:
        """How many commits are in."""
        return int(self._db.execute("SELECT count(*) FROM commits").fetchone()[0])

    def tips(self, stage: str) -> frozenset[str]:
        """The tips from which a stage was last finished."""
        return frozenset(row[0] for row in self._db.execute("SELECT id FROM tips WHERE stage=?", (stage,)))

    def _above(self, closed: int) -> set[bytes]:
        return {row[0] for row in self._db.execute("SELECT id FROM commits WHERE n>?", (closed,))}

    def unknown(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Those of the commits that are not in. Of what a killed process left, those asked for are in after all."""
        new = [commit for commit in ids if bytes.fromhex(commit) not in self.leftover]
        self.leftover.difference_update(map(bytes.fromhex, ids))
        if not self._has_closed or not new:
            return tuple(new)
        have = self.numbers(new)
        return tuple(commit for commit in new if commit not in have)

    def numbers(self, ids: Sequence[str]) -> dict[str, int]:
        """The numbers of those commits that are in, once the first build has ended."""
        found: dict[str, int] = {}
        for at in range(0, len(ids), _MANY):
            part = [bytes.fromhex(commit) for commit in ids[at : at + _MANY]]
            marks = ",".join("?" * len(part))
            rows = self._db.execute(f"SELECT id, n FROM commits WHERE id IN ({marks})", part)  # noqa: S608 - marks only
            found.update((commit.hex(), n) for commit, n in rows)
        return found

    def structured(self, numbers: Iterable[int]) -> set[int]:
        """Those of the commits whose structure was read."""
        read = "SELECT 1 FROM structured WHERE n=? AND state='read'"
        return {n for n in numbers if self._db.execute(read, (n,)).fetchone()}

    def unread_structures(self) -> list[str]:
        """Commits whose structure could not be read; the objects may have come since."""
        query = "SELECT c.id FROM structured s JOIN commits c ON c.n=s.n WHERE s.state<>'read' ORDER BY c.n"
        return [row[0].hex() for row in self._db.execute(query)]

    # ---- messages ------------------------------------------------------------------------------------------------

    def add(self, blocks: Sequence[Block]) -> int:
        """Put commits in; their number."""
        with self._transaction():
            for commits, data, text, pointers in blocks:
                first = self._next
                self._next += len(commits)
                rows = [
                    (
                        n,
                        commit,
                        parents,
                        self._who(name, email),
                        time,
                        zone,
                        self._who(by, by_email),
                        by_time,
                        by_zone,
                        said,
                    )
                    for n, (
                        commit,
                        parents,
                        name,
                        email,
                        time,
                        zone,
                        by,
                        by_email,
                        by_time,
                        by_zone,
                        said,
                    ) in enumerate(commits, first)
                ]
                self._db.executemany("INSERT INTO people VALUES(?,?,?)", self._newcomers)
                self._newcomers.clear()
                self._db.executemany(_COMMIT, rows)
                self._db.execute("INSERT INTO blocks VALUES(?,?,?)", (first, len(commits), data))
                self._db.execute("INSERT INTO words(rowid, text) VALUES(?,?)", (first, text))
                self._db.executemany(_POINTER, [(value, kind, first + at, form) for at, value, kind, form in pointers])
        return sum(len(commits) for commits, *_ in blocks)

    def close_up(self, tips: Iterable[str], tags: Mapping[str, str], view: str) -> None:
        """Say that everything which the tips reach is in. What is still left over is reached by none: it goes.

        Args:
            tips: as git's refs name them, commits and tags.
            tags: those tips that are annotated tags of commits and were not among the tips before, with the commit.
            view: what else decides which commits there are; see `building.view_of`.
        """
        with self._transaction():
            for statement in LATE_INDEXES:
                self._db.execute(statement)
            self._forget(list(self.numbers([commit.hex() for commit in self.leftover]).values()))
            self._note_ancestry(self.closed_up_to() + 1)
            self._note_landmark(tips)
            numbers = self.numbers(list(tags.values()))
            named = [(bytes.fromhex(tag), numbers[commit]) for tag, commit in tags.items() if commit in numbers]
            self._db.executemany("INSERT OR REPLACE INTO tags VALUES(?,?)", named)
            self._set_tips("messages", tips)
            self.note("view", view)
            self.note("closed", str(self._next - 1))
        self._has_closed = True
        self.leftover.clear()

    def reopen(self) -> None:
        """Believe no number any more: what was cut off below some commits has come in since."""
        with self._transaction():
            self._db.execute("DELETE FROM ancestry")
            self._db.execute("DELETE FROM landmark")
            self.note("landmark", "0")
            self.note("closed", "0")
            self._set_tips("messages", ())
            self._set_tips("structure", ())
            self.note("structured", "0")
        self.leftover = self._above(0)

    def wipe(self) -> None:
        """Forget everything: the same ids mean something else now."""
        with self._transaction():
            for table in (*MESSAGE_TABLES, *STRUCTURE_TABLES, *SCOPE_TABLES):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            self._db.execute("INSERT INTO words(words) VALUES('delete-all')")
        self._people.clear()
        self._next, self.leftover = 1, set()

    def _forget(self, numbers: Sequence[int]) -> None:
        if numbers:
            self._db.execute("CREATE TEMP TABLE gone(n INTEGER PRIMARY KEY)")
            self._db.executemany("INSERT INTO gone VALUES(?)", [(n,) for n in numbers])
            for table in ("pointers", "commits", *STRUCTURE_TABLES, *SCOPE_TABLES):
                self._db.execute(f"DELETE FROM {table} WHERE n IN (SELECT n FROM gone)")  # noqa: S608 - our own names
            self._db.execute("DROP TABLE gone")

    def _note_ancestry(self, first: int) -> None:
        """Parents as numbers, for walks within the index: an array of first parents, pairs for others; dates."""
        parents = array("I", bytes(4 * max(0, self._next - first)))
        others = array("I")
        dates = array("q", bytes(8 * max(0, self._next - first)))
        width = self._id_bytes()
        loose: list[tuple[int, bytes, bool]] = []

        def look_up() -> None:
            numbers = self.numbers([parent.hex() for _, parent, _ in loose])
            for n, parent, is_first in loose:
                number = numbers.get(parent.hex(), 0)
                if is_first:
                    parents[n - first] = number
                elif number:
                    others.extend((n, number))
            loose.clear()

        child, wanted = 0, b""
        rows = self._db.execute("SELECT n, id, parents, committed FROM commits WHERE n>=? ORDER BY n", (first,))
        for n, commit, ids, committed in rows:
            dates[n - first] = committed or 0
            if wanted == commit:  # git lists a parent next where history does not branch
                parents[child - first] = n
            elif wanted:
                loose.append((child, wanted, True))
            child, wanted = n, ids[:width]
            loose += [(n, ids[at : at + width], False) for at in range(width, len(ids), width)]
            if len(loose) >= _MANY:
                look_up()
        if wanted:
            loose.append((child, wanted, True))
        look_up()
        if parents:
            before = self._dates([one for one in chain(parents, others[1::2]) if one < first])
            row = ancestry_row(first, parents, others, dates, before)
            self._db.execute("INSERT OR REPLACE INTO ancestry VALUES(?,?,?,?,?,?)", row)

    def _dates(self, numbers: Sequence[int]) -> dict[int, int]:
        """When some commits were committed; 0 where git has no date."""
        found: dict[int, int] = {}
        for part in (numbers[at : at + _MANY] for at in range(0, len(numbers), _MANY)):
            marks = ",".join("?" * len(part))
            rows = self._db.execute(f"SELECT n, committed FROM commits WHERE n IN ({marks})", part)  # noqa: S608
            found.update((n, committed or 0) for n, committed in rows)
        return found

    def _note_landmark(self, tips: Iterable[str]) -> None:
        """Note what the first of the tips reaches: HEAD, as a rule. A little old it is as good, so it stays."""
        noted = int(self.meta("landmark") or 0)
        if noted and self._next - noted < _FAR:
            return
        numbers = self.numbers(list(islice(tips, 1)))
        for n in numbers.values():
            rows = self._db.execute("SELECT * FROM ancestry ORDER BY first")
            marks = Landmark(n, bytes(graph_of(rows).reach((n,))))
            self._db.execute("DELETE FROM landmark")
            self._db.execute("INSERT INTO landmark VALUES(?,?)", marks.packed())
            self.note("landmark", str(self._next))

    def _id_bytes(self) -> int:
        row = self._db.execute("SELECT length(id) FROM commits LIMIT 1").fetchone()
        return int(row[0]) if row else 20

    def _who(self, name: str, email: str) -> int:
        number = self._people.get((email, name))
        if number is None:
            number = self._people[email, name] = len(self._people) + 1
            self._newcomers.append((number, name, email))
        return number

    # ---- structure -----------------------------------------------------------------------------------------------

    def add_structure(self, commits: Sequence[StructureRows]) -> None:
        """Put in what commits change. One that could not be read is tried again the next time."""
        numbers = self.numbers([rows.id for rows in commits])
        have = self.structured(numbers.values())
        with self._transaction():
            for rows in commits:
                n = numbers.get(rows.id)
                if n is None or n in have:
                    continue
                self._db.execute("INSERT OR REPLACE INTO structured VALUES(?,?)", (n, rows.state))
                self._db.execute("INSERT OR REPLACE INTO facts VALUES(?,?)", (n, rows.facts))
                self._db.executemany("INSERT OR IGNORE INTO named VALUES(?,?)", [(name, n) for name in rows.names])

    def close_up_structure(self, tips: Iterable[str], scope: str, version: str, *, whole: bool) -> None:
        """Say that the structure of every commit of the scope is in that the tips reach; `whole` if that is all."""
        with self._transaction():
            self._set_tips("structure", tips)
            self.note("scope", scope)
            self.note("structure_version", version)
            if whole:
                self.note("structured", str(self.closed_up_to()))

    def with_lines(self, ids: Sequence[str]) -> set[str]:
        """Those of the commits whose lines within the scope are in."""
        numbers = self.numbers(ids)
        read = "SELECT 1 FROM lines WHERE n=?"
        return {commit for commit, n in numbers.items() if self._db.execute(read, (n,)).fetchone()}

    def add_touched(self, commits: Sequence[TouchedRow]) -> None:
        """Put in which files of the scope commits touch, and their lines there."""
        numbers = self.numbers([commit for commit, _, _, _ in commits])
        with self._transaction():
            for commit, paths, has_lines, data in commits:
                n = numbers.get(commit)
                if n is None:
                    continue
                self._db.executemany("INSERT OR IGNORE INTO files(path) VALUES(?)", [(path,) for path in paths])
                touched = "INSERT OR IGNORE INTO touched SELECT f, ? FROM files WHERE path=?"
                self._db.executemany(touched, [(n, path) for path in paths])
                if has_lines:
                    self._db.execute("INSERT OR REPLACE INTO lines VALUES(?,?)", (n, data))

    def begin_structure(self, scope: str, version: str) -> bool:
        """Drop what another version of the analysis found, and what was read within another scope; whether there was.

        What is being read is noted before it is: a run that is killed may be followed by one that reads something else.
        """
        dropped = False
        with self._transaction():
            for key, wanted, tables in (
                ("version_read", version, STRUCTURE_TABLES), ("scope_read", scope, SCOPE_TABLES)
            ):  # fmt: skip
                noted = self.meta(key)
                if noted != wanted:
                    dropped = dropped or noted is not None
                    for table in tables:
                        self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
                    self._set_tips("structure", ())
                    self.note("structured", "0")
                    self.note(key, wanted)
        return dropped

    # ---- remarks -------------------------------------------------------------------------------------------------

    def note(self, key: str, value: str) -> None:
        """Set a remark about the whole index."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES(?,?)", (key, value))

    def _set_tips(self, stage: str, tips: Iterable[str]) -> None:
        self._db.execute("DELETE FROM tips WHERE stage=?", (stage,))
        self._db.executemany("INSERT OR IGNORE INTO tips VALUES(?,?)", [(stage, tip) for tip in tips])

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)


class _Transaction:
    """All of it or nothing."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._db.execute("COMMIT")
        elif self._db.in_transaction:
            self._db.execute("ROLLBACK")


def chunks_of(ids: Iterable[str], size: int) -> Iterator[tuple[str, ...]]:
    """A stream of ids in pieces, the first ones small, so that every worker has something to do soon."""
    piece: list[str] = []
    now = min(size, 512)
    for commit in ids:
        piece.append(commit)
        if len(piece) >= now:
            yield tuple(piece)
            piece = []
            now = min(size, now * 2)
    if piece:
        yield tuple(piece)
