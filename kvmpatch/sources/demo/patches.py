"""The patches of the miniature history, and trees before and after them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class DemoPatch(msgspec.Struct, frozen=True):
    """One patch file, read: author as git writes one, date, message and diff."""

    author: str
    date: datetime
    message: str
    diff: bytes


def read_patch(content: bytes) -> DemoPatch:
    """Headers, an empty line, the message, a line of three dashes, the diff.

    Raises:
        ValueError: one of them is missing.
    """
    head, _, rest = content.partition(b"\n\n")
    message, dashes, diff = rest.partition(b"\n---\n")
    if not dashes:
        raise ValueError("a patch without a line of three dashes")
    headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
    return DemoPatch(headers["Author"], _date(headers["AuthorDate"]), message.decode() + "\n", diff)


def _date(written: str) -> datetime:
    return datetime.strptime(written, "%Y-%m-%d %H:%M:%S %z")


def merged(base: Mapping[str, bytes], ours: Mapping[str, bytes], theirs: Mapping[str, bytes]) -> dict[str, bytes]:
    """Their files where they changed them, ours otherwise.

    Raises:
        ValueError: both sides changed a file, which the plan of the miniature does not do.
    """
    tree = dict(ours)
    for path, content in theirs.items():
        if base.get(path) == content:
            continue
        if ours.get(path) != base.get(path):
            raise ValueError(f"both sides changed {path}")
        tree[path] = content
    return tree


def applied(tree: Mapping[str, bytes], diff: bytes) -> dict[str, bytes]:
    """The tree after a patch, without any tolerance for drift.

    Raises:
        ValueError: the patch does not fit the tree.
    """
    after = dict(tree)
    for part in re.split(rb"^diff --git ", diff, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        start = next(at for at, line in enumerate(lines) if line.startswith(b"@@"))
        names = [line[4:].rstrip(b"\n").decode() for line in lines[:start] if line[:4] in (b"--- ", b"+++ ")]
        path = names[1].removeprefix("b/") if names[1] != "/dev/null" else names[0].removeprefix("a/")
        new = _rewritten(tree.get(path, b""), lines[start:], path)
        if names[1] == "/dev/null":
            del after[path]
        else:
            after[path] = new
    return after


def _rewritten(old: bytes, hunks: list[bytes], path: str) -> bytes:
    """One file after its hunks."""
    source = old.splitlines(keepends=True)
    new: list[bytes] = []
    done = 0
    for line in hunks:
        found = _HUNK.match(line)
        if found:
            first = int(found[1]) - (1 if found[2] != b"0" else 0)
            new += source[done:first]
            done = first
        elif line.startswith(b"+"):
            new.append(line[1:])
        elif done < len(source) and source[done] == line[1:]:
            if line.startswith(b" "):
                new.append(source[done])
            done += 1
        else:
            raise ValueError(f"a hunk does not fit {path}: {line!r}")
    return b"".join(new + source[done:])
