"""Indexes of small real repositories, and what is in them, told without the numbers that depend on order."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from kvmpatch.reports.index import task_for
from kvmpatch.sources.index import Built, Folder, Index, build
from kvmpatch.sources.index.rows import unpack
from kvmpatch.sources.repo import Repository


def built(start: Path, *, structure: bool = False, few: bool = False) -> Built:
    """Build the index of a repository in this process."""
    with Repository.open(start) as repository:
        task = task_for(repository, str(start), structure=structure, few=few)
        return build(task, repository.all_tips())


def opened(start: Path) -> Index | None:
    """The index of a repository."""
    with Repository.open(start) as repository:
        return Index.of(repository)


def folder_of(start: Path) -> Folder:
    """Where it lies."""
    with Repository.open(start) as repository:
        return Folder.of(repository.git_dir, repository.object_format)


def covered(start: Path) -> bool:
    """Whether there is an index, and it covers all refs."""
    with Repository.open(start) as repository:
        index = Index.of(repository)
        if index is None:
            return False
        with index:
            return index.covers(repository.all_tips())


def command(start: Path, *words: str) -> list[str]:
    """The command line of `index`."""
    return [sys.executable, "-m", "kvmpatch", "-C", str(start), "index", *words]


def run(start: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `kvmpatch index` in a process of its own."""
    return subprocess.run(command(start, *words), capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Content:
    """Everything that an index answers from, by id."""

    commits: frozenset[tuple[object, ...]]
    messages: frozenset[tuple[str, str]]
    pointers: frozenset[tuple[object, ...]]
    structure: frozenset[tuple[object, ...]]
    proposed: frozenset[str]


_COMMITS = """
SELECT lower(hex(c.id)), lower(hex(c.parents)), c.subject, a.name, a.email, c.authored, c.author_zone,
       b.name, b.email, c.committed, c.committer_zone
FROM commits c JOIN people a ON a.n=c.author JOIN people b ON b.n=c.committer
"""


def content(folder: Folder, word: str = "sample") -> Content:
    """The content of a database; `proposed` are the commits in the blocks that the table of words proposes."""
    db = sqlite3.connect(folder.database)
    closed = int(db.execute("SELECT value FROM meta WHERE key='closed'").fetchone()[0])
    ids = dict(db.execute("SELECT n, lower(hex(id)) FROM commits WHERE n<=?", (closed,)))
    commits = db.execute(_COMMITS).fetchall()
    messages = set()
    for first, count, data in db.execute("SELECT first, count, data FROM blocks"):
        text, ends = unpack(data, count)
        for place, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
            if first + place in ids:
                messages.add((ids[first + place], text[start:end].decode()))
    pointers = {(ids.get(n), *row) for n, *row in db.execute("SELECT n, value, kind, form FROM pointers")}
    structure = set()
    for table in ("structured", "facts", "lines"):
        structure |= {(table, ids.get(n), *row) for n, *row in db.execute(f"SELECT * FROM {table}")}  # noqa: S608
    structure |= {("named", ids.get(n), name) for name, n in db.execute("SELECT name, n FROM named")}
    files = db.execute("SELECT n, path FROM touched JOIN files USING(f)")
    structure |= {("touched", ids.get(n), path) for n, path in files}
    proposed = {
        ids[n]
        for first, count in db.execute(
            "SELECT first, count FROM blocks WHERE first IN (SELECT rowid FROM words WHERE words MATCH ?)", (word,)
        )
        for n in range(first, first + count)
        if n in ids
    }
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert len(commits) == len({row[0] for row in commits})
    db.close()
    return Content(
        frozenset(commits), frozenset(messages), frozenset(pointers), frozenset(structure), frozenset(proposed)
    )
