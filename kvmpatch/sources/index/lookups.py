"""What an index can be asked. It answers from commits whose ancestors are all in, and from no others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from kvmpatch.model import Signature
from kvmpatch.sources.index.ancestry import Landmark, graph_of
from kvmpatch.sources.index.folder import Folder, view_of
from kvmpatch.sources.index.graph import Graph
from kvmpatch.sources.index.rows import signature, unpack
from kvmpatch.sources.index.scan import Search
from kvmpatch.sources.index.store import readable
from kvmpatch.sources.index.structure import Structure
from kvmpatch.sources.index.tables import parts_of
from kvmpatch.sources.repo import Repository

_SHORTEST_ID = 7
_BRIEF = (
    "SELECT c.id, c.subject, a.name, a.email, c.authored, c.author_zone, b.name, b.email, c.committed, "
    "c.committer_zone, c.parents FROM commits c JOIN people a ON a.n=c.author JOIN people b ON b.n=c.committer "
)


class Brief(NamedTuple):
    """A commit in short; the same values that reading its object gives."""

    id: str
    subject: str
    author: Signature
    committer: Signature
    parents: tuple[str, ...]


class Pointing(NamedTuple):
    """A commit whose message points to another: `kind` as in `rows.Pointer`, `written` the id as it stands there."""

    id: str
    kind: str
    written: str
    form: str


class Index(Structure):
    """The index of a repository, open for reading. Close it, or use it in a `with` statement.

    Everything in it is true of the commits by their ids, whatever the refs are now; whether a commit is reached by
    something is `reached`'s to say. Candidates for a text are what `messages_containing` gives: git decides.
    """

    def __init__(self, connection: sqlite3.Connection, folder: Folder, view: str) -> None:
        """Use `Index.of` or `Index.open`."""
        super().__init__(connection, folder)
        self._marks: dict[tuple[int, ...], bytearray] = {}
        # what bounds the answers is read at once: a writer may move the bounds on at any time
        self._meta = dict(connection.execute("SELECT key, value FROM meta"))
        self.closed = int(self._meta.get("closed", 0)) if self._meta.get("view") == view else 0
        tips = "SELECT stage, id FROM tips, meta WHERE key='closed' AND value=?"
        self._tips: dict[str, set[str]] = {}
        for stage, tip in connection.execute(tips, (str(self.closed),)):
            self._tips.setdefault(stage, set()).add(tip)

    @classmethod
    def of(cls, repository: Repository, cache: Path | None = None) -> Index | None:
        """The index of a repository; None where there is none that can be believed."""
        folder = Folder.of(repository.git_dir, repository.object_format, cache)
        return cls.open(folder, view_of(repository.git_dir, repository.shallow))

    @classmethod
    def open(cls, folder: Folder, view: str) -> Index | None:
        """The index in a folder, for a repository that is seen that way (`view_of`)."""
        connection = readable(folder)
        if connection is None:
            return None
        try:
            return cls(connection, folder, view)
        except sqlite3.Error:
            connection.close()
            return None

    # ---- what it covers ------------------------------------------------------------------------------------------

    def covers(self, tips: Iterable[str]) -> bool:
        """Whether these commits (or tips that were indexed) and everything that they reach are in."""
        return not self.missing(tips)

    def missing(self, tips: Iterable[str]) -> tuple[str, ...]:
        """Those of the tips that are not in with everything that they reach."""
        wanted = list(dict.fromkeys(tips))
        if not self.closed:
            return tuple(wanted)
        known = self.tips()
        rest = [tip for tip in wanted if tip not in known]
        have = self._tip_numbers(rest)
        return tuple(tip for tip in rest if tip not in have)

    def covers_structure(self, tips: Iterable[str], scope: Sequence[str], version: str) -> bool:
        """Whether the structure of every commit that touches the scope is in, as far as these tips reach."""
        if self._meta.get("scope") != "\n".join(scope) or self._meta.get("structure_version") != version:
            return False
        known = self.tips("structure")
        rest = [tip for tip in tips if tip not in known]
        if not rest:
            return True
        if len(self.numbers(rest)) < len(rest):
            return False
        reach = self.reached(tip for tip in known if len(tip) in (40, 64))
        return all(tip in reach for tip in rest)

    def structured(self, scope: Sequence[str], version: str) -> int:
        """The number up to which every commit that touches the scope has its structure and its lines in."""
        if self._meta.get("scope") != "\n".join(scope) or self._meta.get("structure_version") != version:
            return 0
        if self._ask("SELECT 1 FROM structured WHERE state<>'read' LIMIT 1"):
            return 0
        return min(int(self._meta.get("structured", 0)), self.closed)

    def tips(self, stage: str = "messages") -> frozenset[str]:
        """The tips from which a stage (`messages`, `structure`) was last finished, as the refs named them."""
        return frozenset(self._tips.get(stage, ()))

    def count(self) -> int:
        """How many commits can be asked for."""
        return int(self._one("SELECT count(*) FROM commits WHERE n<=?", (self.closed,)))

    def reached(self, tips: Iterable[str]) -> Reach:
        """The commits that tips reach, themselves included. Unknown tips reach nothing.

        That takes a fifth of a second for a million, so it is remembered, of the first tip by itself: HEAD comes first.
        """
        return Reach(self, self.marks(tips))

    def marks(self, tips: Iterable[str]) -> bytearray:
        """The same by number: a mark for each commit that is reached."""
        wanted = list(tips)
        numbers = self._tip_numbers(wanted)
        start = tuple(numbers[tip] for tip in wanted if tip in numbers)
        if start and start not in self._marks:
            first = start[:1]
            if first not in self._marks:
                self._marks[first] = self._reach_of(first[0])
            if start != first:
                self._marks[start] = self.graph.reach(start[1:], self._marks[first])
        return self._marks[start] if start else bytearray(self.closed + 1)

    def _tip_numbers(self, tips: Sequence[str]) -> dict[str, int]:
        """The numbers of the commits that tips stand for: themselves, or what an annotated tag names."""
        found = self.numbers(tips)
        for part in parts_of([tip for tip in tips if tip not in found]):
            marks = ",".join("?" * len(part))
            rows = self._ask(f"SELECT id, n FROM tags WHERE id IN ({marks}) AND n<=?", [*part, self.closed])  # noqa: S608
            found.update((tag.hex(), n) for tag, n in rows)
        return found

    @cached_property
    def graph(self) -> Graph:
        """Parents and dates of all commits."""
        return graph_of(self._ask("SELECT * FROM ancestry ORDER BY first"))

    def _reach_of(self, n: int) -> bytearray:
        """The marks of one commit, with what is known of HEAD as it was when commits last came in."""
        for row in self._ask("SELECT n, marks FROM landmark"):
            known = Landmark.unpacked(row)
            found = self.graph.reach_by_way_of(n, known.n, known.marks)
            if found is not None:
                return found
        return self.graph.reach((n,))

    # ---- commits -------------------------------------------------------------------------------------------------

    def brief(self, ids: Iterable[str]) -> dict[str, Brief]:
        """Those of the commits that are in, by id."""
        found: dict[str, Brief] = {}
        for part in parts_of(list(ids)):
            marks = ",".join("?" * len(part))
            for row in self._ask(f"{_BRIEF} WHERE c.id IN ({marks}) AND c.n<=?", [*part, self.closed]):
                one = _brief(row)
                found[one.id] = one
        return found

    def messages(self, ids: Iterable[str]) -> dict[str, str]:
        """Whole messages of those of the commits that are in, by id."""
        found: dict[str, str] = {}
        for commit, n in sorted(self.numbers(list(ids)).items(), key=lambda item: item[1]):
            row = self._ask("SELECT first, count, data FROM blocks WHERE first<=? ORDER BY first DESC LIMIT 1", (n,))
            for first, count, data in row:
                text, ends = unpack(data, count)
                at = n - first
                found[commit] = text[ends[at - 1] if at else 0 : ends[at]].decode("utf-8")
        return found

    # ---- messages ------------------------------------------------------------------------------------------------

    def messages_containing(
        self, literal: str, *, ignore_case: bool = False, at_word_start: bool = False
    ) -> Iterator[str]:
        """Ids of the commits whose message holds a literal, the newest numbers first.

        Exact for the message as it is read from the object, but for `ignore_case` with letters beyond ASCII: there the
        answer holds more than was asked, never less.

        Args:
            literal: what to look for; a hit may begin and end within a word.
            ignore_case: let upper and lower case be the same.
            at_word_start: only hits before which there is no ASCII letter or digit; much faster for a single word.
        """
        yield from Search(self._db, self.closed, literal, ignore_case, at_word_start).hits()

    def messages_naming(self, literals: Sequence[str]) -> Iterator[str]:
        """Ids of the commits whose message holds one of these, whatever the case, from where a word begins.

        Args:
            literals: ASCII, each beginning with a letter or digit.
        """
        from kvmpatch.sources.index.scan import SearchOfMany

        if literals:
            yield from SearchOfMany(self._db, self.closed, literals).hits()

    # ---- pointers ------------------------------------------------------------------------------------------------

    def pointing_at(self, commit: str, kinds: Sequence[str] = ()) -> tuple[Pointing, ...]:
        """Commits whose message points to an id, in either's shortened form: fixes, reverts, backports, dependents.

        Args:
            commit: 7 or more hex digits.
            kinds: only these.
        """
        wanted = commit.lower()
        if len(wanted) < _SHORTEST_ID:
            return ()
        head = wanted[:_SHORTEST_ID]
        rows = self._ask(
            "SELECT c.id, p.kind, p.value, p.form FROM pointers p JOIN commits c ON c.n=p.n "
            "WHERE p.value>=? AND p.value<? AND p.n<=? ORDER BY p.n",
            (head, head + "g", self.closed),
        )
        return tuple(
            Pointing(one.hex(), kind, written, form)
            for one, kind, written, form in rows
            if (written.startswith(wanted) or wanted.startswith(written)) and (not kinds or kind in kinds)
        )


class Reach:
    """The commits that some tips reach."""

    def __init__(self, index: Index, seen: bytearray) -> None:
        self._index = index
        self._seen = seen

    def __contains__(self, commit: str) -> bool:
        return bool(self.among([commit]))

    def __len__(self) -> int:
        return sum(self._seen)

    def among(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Those of the commits that are reached, in the order given."""
        wanted = list(ids)
        numbers = self._index.numbers(wanted)
        return tuple(commit for commit in wanted if commit in numbers and self._seen[numbers[commit]])


def _brief(row: tuple[Any, ...]) -> Brief:
    commit, subject, *people, parents = row
    width = len(commit)
    ids = tuple(parents[at : at + width].hex() for at in range(0, len(parents), width))
    return Brief(commit.hex(), subject, signature(*people[:4]), signature(*people[4:]), ids)
