"""The tables of the index, and the marks by which a file is known to be one of ours.

Commits are numbered as they come in. Their messages lie in blocks of some dozens, compressed, under the number of the
first; the full-text table has one row for each block and only ever proposes blocks. A trigram table was measured at a
fifth of the speed at which git prints messages, a table of words at twice that speed: words narrow a search down to
blocks, and the text of a block decides. What no word can narrow down is searched for in all blocks.

Of the commits that touch the scope, structure is kept: the names of what they change, all the facts to answer with
(`facts`, opaque to this room: changes, CSRs, bits, extensions), the files of the scope that they touch, and their added
and removed lines in them (`lines`; see touched.py).
Of merges, `touched` has what differs from the first parent: by that, and by dates, git's walks can be followed here.
"""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x6B766D70
"""`kvmp`, in the header of the file."""
SCHEMA_VERSION = 5
PAGE_BYTES = 8192

TABLES = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tips(stage TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY(stage, id)) WITHOUT ROWID;

CREATE TABLE people(n INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, UNIQUE(email, name));
CREATE TABLE commits(
    n INTEGER PRIMARY KEY, id BLOB NOT NULL, parents BLOB NOT NULL,
    author INTEGER NOT NULL, authored INTEGER, author_zone INTEGER,
    committer INTEGER NOT NULL, committed INTEGER, committer_zone INTEGER,
    subject TEXT NOT NULL
);
CREATE TABLE blocks(first INTEGER PRIMARY KEY, count INTEGER NOT NULL, data BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(text, tokenize='ascii', detail=none, content='', columnsize=0);
INSERT INTO words(words, rank) VALUES('automerge', 0);
INSERT INTO words(words, rank) VALUES('crisismerge', 64);
CREATE TABLE pointers(value TEXT NOT NULL, kind TEXT NOT NULL, n INTEGER NOT NULL, form TEXT NOT NULL);
CREATE TABLE ancestry(
    first INTEGER PRIMARY KEY, first_parents BLOB NOT NULL, others BLOB NOT NULL, dates BLOB NOT NULL,
    stretches BLOB NOT NULL, clocks BLOB NOT NULL
);
CREATE TABLE tags(id BLOB PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE landmark(n INTEGER PRIMARY KEY, marks BLOB NOT NULL);

CREATE TABLE structured(n INTEGER PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE facts(n INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE named(name TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(name, n)) WITHOUT ROWID;

CREATE TABLE files(f INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
CREATE TABLE touched(f INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(f, n)) WITHOUT ROWID;
CREATE TABLE lines(n INTEGER PRIMARY KEY, data BLOB);
"""
# Sorted in one go when the first build ends, and kept from then on. Ids are random: kept from the beginning, a million
# of them were seen to make every batch write nearly the whole of both trees, some gigabytes in all.
LATE_INDEXES = (
    "CREATE UNIQUE INDEX IF NOT EXISTS commits_id ON commits(id)",
    "CREATE INDEX IF NOT EXISTS pointers_value ON pointers(value)",
)
MESSAGE_TABLES = ("meta", "tips", "people", "commits", "blocks", "pointers", "ancestry", "landmark", "tags", "files")
STRUCTURE_TABLES = ("structured", "facts", "named")
SCOPE_TABLES = ("touched", "lines")
"""What depends on the scope, too: the files of it that each commit touches, and its lines in them."""


def create(connection: sqlite3.Connection) -> None:
    """Make an empty index in an empty file."""
    connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode=WAL")
    # The version is the last thing to be there: a file without it was never finished.
    statements = "".join((TABLES, f"PRAGMA application_id={APPLICATION_ID};PRAGMA user_version={SCHEMA_VERSION};"))
    connection.executescript(f"BEGIN;{statements}COMMIT;")


def is_ours(connection: sqlite3.Connection) -> bool:
    """Whether the file says that it is an index of this version.

    Raises:
        sqlite3.DatabaseError: it is no database.
    """
    marks = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    return marks == [APPLICATION_ID, SCHEMA_VERSION]
