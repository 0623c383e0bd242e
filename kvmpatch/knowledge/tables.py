"""Reads the TOML tables of this folder.

Parsing TOML is slow (about 4 kB a millisecond), and a report looks at a few entries out of hundreds. So a
file is only cut at its headers, which takes well under a millisecond, and an entry is parsed when it is
asked for. This works because an entry is one top-level table, and no line of a value begins with `[`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]

_HEADER = re.compile(r'^\[(?:"([^"]+)"|([A-Za-z0-9_-]+))\]$', re.MULTILINE)
_FOLDER = Path(__file__).parent


class Table:
    """One TOML file, keyed by the headers of its tables."""

    def __init__(self, text: str) -> None:
        headers = list(_HEADER.finditer(text))
        ends = [header.start() for header in headers[1:]] + [len(text)]
        self._chunks: dict[str, str] = {
            header[1] or header[2]: text[header.end() : end] for header, end in zip(headers, ends, strict=True)
        }
        self._rows: dict[str, Row] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._chunks

    def __iter__(self) -> Iterator[str]:
        return iter(self._chunks)

    def __len__(self) -> int:
        return len(self._chunks)

    def text(self, name: str) -> str:
        """The entry of that name as it stands in the file, unparsed.

        Raises:
            KeyError: there is no such entry.
        """
        return self._chunks[name]

    def __getitem__(self, name: str) -> Row:
        """The entry of that name, parsed now if it was not before.

        Raises:
            KeyError: there is no such entry.
        """
        row = self._rows.get(name)
        if row is None:
            import tomllib

            row = self._rows[name] = tomllib.loads(self._chunks[name])
        return row


def names_of_tables() -> tuple[str, ...]:
    """The names of all tables in this folder, without `.toml`."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@cache
def table(name: str) -> Table:
    """The table in `<name>.toml`."""
    return Table((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
