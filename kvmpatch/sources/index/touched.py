"""The files within the scope that commits touch, and the lines that they add and remove there.

Lines are kept as text: `>PATH` begins a file; others are a sign (`+`, `-`, or `@` for a hunk's heading) and the line.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from kvmpatch.errors import Unreadable
from kvmpatch.parse.diffnames import unquoted_bytes
from kvmpatch.sources.index.objects import sparing
from kvmpatch.sources.repo import ChangedLine
from kvmpatch.sources.repo.names import PathNames
from kvmpatch.sources.repo.place import find
from kvmpatch.sources.repo.plumbing import Plumbing
from kvmpatch.sources.repo.walks import LINE_OPTIONS, changed_lines_in

TouchedRow = tuple[str, tuple[str, ...], bool, bytes | None]
"""A commit, the files, whether its lines were read, and these. They are None where git has to be asked: where a path
is quoted, or a blob is missing."""

_LEVEL = 3


def touched_reader(start: Path, scope: Sequence[str]) -> Callable[[tuple[str, ...]], list[TouchedRow]]:
    """What a worker does with a chunk of commits, or of merges with the parent to compare them with."""
    quarantine = find(start).quarantine()
    git = sparing(quarantine)

    def read(chunk: tuple[str, ...]) -> list[TouchedRow]:
        _ = quarantine  # lives as long as its reader
        if " " in chunk[0]:
            return list(_rows(git, chunk, scope, with_lines=False))
        try:
            return list(_rows(git, chunk, scope, with_lines=True))
        except Unreadable:  # a blob that nobody fetched: find out whose
            half = len(chunk) // 2
            if half:
                return [*read(chunk[:half]), *read(chunk[half:])]
            return [(*row[:2], True, None) for row in _rows(git, chunk, scope, with_lines=False)]

    return read


def _rows(git: Plumbing, chunk: Sequence[str], scope: Sequence[str], *, with_lines: bool) -> Iterator[TouchedRow]:
    """What git tells of some commits.

    Raises:
        Unreadable: objects are missing.
    """
    options = ("--raw", *LINE_OPTIONS) if with_lines else ("--raw", "-r", "--root", "--no-renames")
    command = ("-c", "core.quotePath=false", "diff-tree", "--stdin", "--always", *options, "--", *scope)
    data = "".join(f"{one}\n" for one in chunk).encode()
    names = PathNames()
    ids = {one.partition(" ")[0].encode() for one in chunk}
    commit, paths, kept = "", list[str](), list[bytes]()

    def row() -> TouchedRow:
        odd = any(line.startswith((b'+++ "', b'--- "')) for line in kept)
        lines = changed_lines_in([commit.encode(), *kept], names)
        return commit, tuple(paths), with_lines, pack_lines(lines) if with_lines and not odd else None

    for line in git.lines(*command, data=data):
        if line in ids:
            if commit:
                yield row()
            commit, paths, kept = line.decode("ascii"), [], []
        elif line.startswith(b":") and not kept:
            paths.append(names.text(unquoted_bytes(line.partition(b"\t")[2])))
        elif line or kept:
            kept.append(line)
    if commit:
        yield row()


def pack_lines(lines: Iterable[ChangedLine]) -> bytes:
    """The lines of one commit."""
    parts: list[str] = []
    path = None
    for line in lines:
        if line.path != path:
            path = line.path
            parts.append(f">{path}")
        parts.append(line.sign + line.text)
    return zlib.compress("\n".join(parts).encode("utf-8", "surrogatepass"), _LEVEL)


def unpacked_text(data: bytes) -> str:
    """The lines of a commit as text.

    Raises:
        zlib.error: they are damaged.
    """
    return zlib.decompress(data).decode("utf-8", "surrogatepass")


def lines_of(commit: str, text: str, wanted: Callable[[str], bool]) -> Iterator[ChangedLine]:
    """The lines of a commit in the files that are wanted."""
    path, is_wanted = "", False
    for line in text.split("\n") if text else ():
        sign = line[0]
        if sign == ">":
            path = line[1:]
            is_wanted = wanted(path)
        elif is_wanted:
            yield ChangedLine(commit, path, sign, line[1:])
