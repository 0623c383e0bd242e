"""What commits of the scope change: names, registers, bits, extensions, files and lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kvmpatch.sources.index.tables import MANY, Tables, parts_of


class Touching(NamedTuple):
    """A commit that changed something, and what.

    Attributes:
        kind: of a change or `member`; for registers the operation, for bits the use, for extensions the role.
        change: added, removed, modified, renamed, moved; empty for extensions.
        name: of the thing.
        path: of the file; empty for extensions.
        owner: the structure of a member, the function of an access; None where there is none.
    """

    id: str
    kind: str
    change: str
    name: str
    path: str
    owner: str | None


class Structure(Tables):
    """The part of an index that knows what was changed."""

    def structure_count(self) -> tuple[int, int]:
        """How many commits have their structure in, and for how many it could not be read."""
        rows: dict[int, int] = dict(self._ask("SELECT state='read', count(*) FROM structured GROUP BY 1"))
        return rows.get(1, 0), rows.get(0, 0)

    def touching_symbol(self, name: str) -> tuple[Touching, ...]:
        """Commits that changed a thing of that name, or a member; `owner.member` asks for one member."""
        owner, dot, member = name.rpartition(".")
        found = self._touching(
            "SELECT c.id, t.kind, t.change, t.name, t.path, NULL FROM changes t JOIN commits c ON c.n=t.n "
            "WHERE (t.name=?1 OR t.before_name=?1) AND t.n<=?2 ORDER BY t.n",
            (name, self.closed),
        )
        members = (
            "SELECT c.id, 'member', m.change, m.name, t.path, t.name FROM members m JOIN commits c ON c.n=m.n "
            "JOIN changes t ON t.n=m.n AND t.place=m.place WHERE m.name=? AND m.n<=?"
        )
        if dot:
            return found + self._touching(f"{members} AND t.name=? ORDER BY m.n", (member, self.closed, owner))
        return found + self._touching(f"{members} ORDER BY m.n", (name, self.closed))

    def touching_csr(self, name: str) -> tuple[Touching, ...]:
        """Commits that changed an access of a CSR, by the manual's name or the kernel's macro."""
        return self._touching(
            "SELECT c.id, t.operation, t.change, coalesce(t.csr, t.macro), t.path, t.function FROM csrs t "
            "JOIN commits c ON c.n=t.n WHERE (t.csr=?1 OR t.macro=?2) AND t.n<=?3 ORDER BY t.n",
            (name.lower(), name, self.closed),
        )

    def touching_bit(self, name: str) -> tuple[Touching, ...]:
        """Commits that changed a use of a bit, by the kernel's macro or the manual's field."""
        return self._touching(
            "SELECT c.id, t.use, t.change, t.macro, t.path, t.function FROM bits t JOIN commits c ON c.n=t.n "
            "WHERE (t.macro=?1 OR t.field=?1) AND t.n<=?2 ORDER BY t.n",
            (name, self.closed),
        )

    def touching_extension(self, name: str, *, context: bool = False) -> tuple[Touching, ...]:
        """Commits that concern an extension; those that only show it in their context on request."""
        return self._touching(
            "SELECT c.id, t.role, '', t.name, '', NULL FROM extensions t JOIN commits c ON c.n=t.n "
            "WHERE t.name=? COLLATE NOCASE AND t.n<=? AND (? OR t.role<>'context') ORDER BY t.n",
            (name, self.closed, context),
        )

    def touching_numbers(self, wanted: Callable[[str], bool]) -> set[int]:
        """The numbers of commits that touch files of the scope which are wanted, merges as in `touching_path`."""
        found: set[int] = set()
        files = [row[0] for row in self._ask("SELECT f, path FROM files") if wanted(row[1])]
        for part in (files[at : at + MANY] for at in range(0, len(files), MANY)):
            marks = ",".join("?" * len(part))
            found.update(row[0] for row in self._ask(f"SELECT n FROM touched WHERE f IN ({marks})", part))  # noqa: S608
        return found

    def lines(self, ids: Sequence[str]) -> dict[str, bytes | None]:
        """The packed lines within the scope of those of the commits that touch it (see touched.py), by id."""
        found: dict[str, bytes | None] = {}
        for part in parts_of(ids):
            marks = ",".join("?" * len(part))
            query = f"SELECT c.id, t.data FROM lines t JOIN commits c ON c.n=t.n WHERE c.id IN ({marks})"  # noqa: S608
            found.update((commit.hex(), data) for commit, data in self._ask(query, part))
        return found

    def facts(self, commit: str) -> bytes | None:
        """What was written down of a commit of the scope by who compared its files; None if nothing was."""
        query = "SELECT t.data FROM facts t JOIN commits c ON c.n=t.n JOIN structured s ON s.n=t.n "
        rows = self._ask(f"{query} WHERE c.id=? AND s.state='read'", (bytes.fromhex(commit),))
        return next((row[0] for row in rows), None)

    def _touching(self, query: str, values: Sequence[object]) -> tuple[Touching, ...]:
        return tuple(Touching(row[0].hex(), *row[1:]) for row in self._ask(query, values))
