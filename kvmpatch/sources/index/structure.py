"""What commits of the scope change: names, registers, bits, extensions, files and lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kvmpatch.sources.index.tables import MANY, Tables, parts_of


class Structure(Tables):
    """The part of an index that knows what was changed."""

    def structure_count(self) -> tuple[int, int]:
        """How many commits have their structure in, and for how many it could not be read."""
        rows: dict[int, int] = dict(self._ask("SELECT state='read', count(*) FROM structured GROUP BY 1"))
        return rows.get(1, 0), rows.get(0, 0)

    def changing_numbers(self, names: Sequence[str]) -> set[int]:
        """The numbers of commits that changed a thing, or a member of one, that has one of these names or had it."""
        found: set[int] = set()
        for name in names:
            found.update(row[0] for row in self._ask("SELECT n FROM named WHERE name=?", (name,)))
        return found

    def touching_numbers(self, wanted: Callable[[str], bool]) -> set[int]:
        """The numbers of commits that touch wanted files of the scope; of merges, that differ from a first parent."""
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
