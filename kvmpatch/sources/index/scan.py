"""Finding a literal in messages: words narrow it down to blocks, the text of the blocks decides."""

from __future__ import annotations

import re
import sqlite3
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from kvmpatch.sources.index.rows import unpack

_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]+")
_WORD_BYTES = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_ROWS = 512
_MANY_BLOCKS = 400
_MOST_WORDS = 400
_SHORTEST_PART = 3
_THREADS = 2
_MOST_TERMS = 4
_TELLING = 3
"""Letters and digits of a word with digits that is rarer than others."""


class Search:
    """One search.

    Args:
        connection: the database.
        closed: the number up to which commits count.
        literal: what to look for.
        ignore_case: whether case of ASCII letters does not matter.
        at_word_start: whether a hit may not follow an ASCII letter or digit.
    """

    def __init__(
        self, connection: sqlite3.Connection, closed: int, literal: str, ignore_case: bool, at_word_start: bool
    ) -> None:
        self._db = connection
        self._closed = closed
        self._ignore_case = ignore_case
        self._at_word_start = at_word_start
        self._needle = self._wanted(literal.encode("utf-8", "surrogateescape"))

    def hits(self) -> Iterator[str]:
        """Ids of the commits that hold it."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_THREADS) as threads:  # inflating lets go of the interpreter
            blocks = self._blocks()
            while rows := blocks.fetchmany(_ROWS):
                for (first, _, _), places in zip(rows, threads.map(self._places, rows), strict=True):
                    if places:
                        yield from _ids(self._db, self._closed, first, places)

    def _wanted(self, literal: bytes) -> bytes:
        """What is searched for; of letters whose other case we do not know, only the longest part between them."""
        if not self._ignore_case:
            return literal
        parts = re.split(rb"[\x80-\xff]+", literal.lower())
        return max(parts, key=len)

    def _blocks(self) -> sqlite3.Cursor:
        asked = self.query() or self._by_parts_of_words()
        chosen = "AND first IN (SELECT rowid FROM words WHERE words MATCH ?)" if asked else ""
        return self._db.execute(
            f"SELECT first, count, data FROM blocks WHERE first<=? {chosen} ORDER BY first DESC",  # noqa: S608
            (self._closed, asked) if asked else (self._closed,),
        )

    def query(self) -> str:
        """The words that a message must hold; the first may be the tail of a word, the last the head of one.

        Only the most telling: a question of ten words, `of` and `the` among them, was seen to take ten times as long.
        """
        needle = self._needle
        terms: dict[str, str] = {}
        for match in _WORD.finditer(needle):
            if match.start() == 0 and not (self._at_word_start and needle[0] in _WORD_BYTES):
                continue
            word = match.group().decode("utf-8", "replace")
            if "\ufffd" not in word:
                terms[word] = f'"{word}"' + ("*" if match.end() == len(needle) else "")
        telling = sorted(
            terms, key=lambda word: (word.isalpha() or len(word) < _TELLING, terms[word].endswith("*"), -len(word))
        )
        return " AND ".join(terms[word] for word in telling[:_MOST_TERMS])

    def _by_parts_of_words(self) -> str:
        """The words that hold the one word of the needle, looked for among all words: a second for two million.

        Empty where that would not pay: few blocks to look into, or so many words that most blocks have one.
        """
        match = _WORD.match(self._needle)
        if match is None or match.end() < _SHORTEST_PART or not self._has_many_blocks():
            return ""
        part = match.group().decode("utf-8", "replace")
        self._db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab('main', 'words', 'row')")
        like = f"%{part}%" if match.end() == len(self._needle) else f"%{part}"
        rows = self._db.execute("SELECT term FROM vocabulary WHERE term LIKE ? LIMIT ?", (like, _MOST_WORDS + 1))
        words = [row[0] for row in rows]
        if not words:
            return '"" '  # matches nothing
        return " OR ".join(f'"{word}"' for word in words) if len(words) <= _MOST_WORDS else ""

    def _has_many_blocks(self) -> bool:
        count = self._db.execute("SELECT count(*) FROM (SELECT 1 FROM blocks LIMIT ?)", (_MANY_BLOCKS,)).fetchone()[0]
        return bool(count == _MANY_BLOCKS)

    def _places(self, row: tuple[int, int, bytes]) -> list[int]:
        """The places of the commits in a block that hold the needle.

        Raises:
            zlib.error: the block is damaged.
        """
        _, count, data = row
        text, ends = unpack(data, count)
        return self.places_in(text.lower() if self._ignore_case else text, ends)

    def places_in(self, text: bytes, ends: Sequence[int]) -> list[int]:
        """The places of the messages that hold the needle; `text` is in small letters where case does not matter."""
        needle, found = self._needle, []
        at = text.find(needle)
        while at >= 0:
            place = bisect_right(ends, at)
            start = ends[place - 1] if place else 0
            inside = place < len(ends) and at + len(needle) <= ends[place]
            if inside and (not self._at_word_start or at == start or text[at - 1] not in _WORD_BYTES):
                found.append(place)
                at = ends[place] - 1
            at = text.find(needle, at + 1)
        return found


def _ids(connection: sqlite3.Connection, closed: int, first: int, places: Sequence[int]) -> Iterator[str]:
    """Ids of the commits at some places of a block, the last place first."""
    for place in reversed(places):
        row = connection.execute("SELECT id FROM commits WHERE n=? AND n<=?", (first + place, closed)).fetchone()
        if row is not None:
            yield row[0].hex()


class SearchOfMany:
    """A search for any of several literals, whatever their case, each from where a word begins.

    Words propose the blocks for each of them; each block is read once, and only for those for which it was proposed. A
    pattern of all fifty literals of a question was seen to take ten times as long.

    Args:
        connection: the database.
        closed: the number up to which commits count.
        literals: ASCII, each beginning with a letter or digit.
    """

    def __init__(self, connection: sqlite3.Connection, closed: int, literals: Sequence[str]) -> None:
        self._db = connection
        self._closed = closed
        self._searches = [
            Search(connection, closed, literal, ignore_case=True, at_word_start=True)
            for literal in {literal.lower(): None for literal in literals}
        ]

    def hits(self) -> Iterator[str]:
        """Ids of the commits that hold one of them."""
        proposed: dict[int, list[Search]] = {}
        for search in self._searches:
            for (first,) in self._db.execute("SELECT rowid FROM words WHERE words MATCH ?", (search.query(),)):
                if first <= self._closed:
                    proposed.setdefault(first, []).append(search)
        blocks = sorted(proposed, reverse=True)
        for part in (blocks[at : at + _ROWS] for at in range(0, len(blocks), _ROWS)):
            marks = ",".join("?" * len(part))
            query = f"SELECT first, count, data FROM blocks WHERE first IN ({marks}) ORDER BY first DESC"  # noqa: S608
            for first, count, data in self._db.execute(query, part):
                yield from _ids(self._db, self._closed, first, _all_places(count, data, proposed[first]))


def _all_places(count: int, data: bytes, searches: Sequence[Search]) -> list[int]:
    """The places of the commits in a block that hold one of several needles.

    Raises:
        zlib.error: the block is damaged.
    """
    text, ends = unpack(data, count)
    text = text.lower()
    return sorted({place for search in searches for place in search.places_in(text, ends)})
