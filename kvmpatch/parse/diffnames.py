"""The file names of diff headers: quotes, prefixes and time stamps taken off."""

from __future__ import annotations

import re

_ESCAPE = re.compile(rb'\\([0-7]{3}|[abfnrtv"\\])')
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_TIMESTAMP = re.compile(r"\t.*| +\d{4}-\d\d-\d\d \d\d:.*", re.DOTALL)
_TREE = re.compile(r"(?:[abciow12]|linux[-\w.]*)/")
_NOWHERE = "/dev/null"
_LONGEST = 10_000


def unquoted(name: str) -> str:
    r"""A name without git's C quotes. Octal escapes are bytes of UTF-8; other bytes stay as `\xNN`."""
    name = name.removesuffix("\r")
    if len(name) < 2 or name[0] != '"' or name[-1] != '"':
        return name
    return unquoted_bytes(name.encode("utf-8", "surrogatepass")).decode("utf-8", "backslashreplace")


def unquoted_bytes(name: bytes) -> bytes:
    """A name as git prints it, without C quotes: the bytes that the tree has."""
    if len(name) < 2 or name[:1] != b'"' or name[-1:] != b'"':
        return name
    return _ESCAPE.sub(_byte, name[1:-1])


def _byte(match: re.Match[bytes]) -> bytes:
    written = match.group(1)
    return bytes((int(written, 8) & 0xFF,)) if len(written) == 3 else _ESCAPED.get(written, written)


def header_names(written: str) -> tuple[str, str] | None:
    """Both names of a `diff --git` line, without prefixes; None where they cannot be told apart.

    Names may hold spaces, and nothing parts the two but one more. Where the header does not give them a second time
    the file was not renamed, so both are the same behind the prefix.
    """
    written = written.rstrip("\r\n")
    if len(written) > _LONGEST:
        return None
    if '"' in written:
        return _quoted_pair(written)
    middle = len(written) // 2
    if len(written) % 2 and written[middle] == " " and written[:middle] == written[middle + 1 :]:
        return written[:middle], written[:middle]
    at = written.find(" ")
    while at > 0:
        if pair := _same_behind_prefix(written[:at], written[at + 1 :]):
            return pair
        at = written.find(" ", at + 1)
    return None


def _quoted_pair(written: str) -> tuple[str, str] | None:
    if match := _QUOTED.match(written):
        names = match.group(), written[match.end() + 1 :]
    elif match := re.search(r' "(?:[^"\\]|\\.)*"$', written):
        names = written[: match.start()], match.group()[1:]
    else:
        return None
    before, after = map(unquoted, names)
    return (before, after) if before == after else _same_behind_prefix(before, after)


def _same_behind_prefix(before: str, after: str) -> tuple[str, str] | None:
    tail = before.partition("/")[2]
    return (tail, tail) if tail and tail == after.partition("/")[2] else None


def binary_names(line: str) -> tuple[str, str] | None:
    """Both names of a `Binary files … and … differ` line; None if it is no such line."""
    line = line.rstrip()
    if not line.startswith("Binary files ") or not line.endswith(" differ") or len(line) > _LONGEST:
        return None
    names = line[len("Binary files ") : -len(" differ")]
    at = names.find(" and ")
    while at > 0:
        before, after = names[:at], names[at + 5 :]
        if _NOWHERE in (before, after) or before == after or _same_behind_prefix(before, after):
            return before, after
        at = names.find(" and ", at + 1)
    return None


def in_tree(before: str, after: str, index: str | None) -> tuple[str, str] | None:
    """The names of a plain diff's two lines as paths of the tree.

    `old/x.c` and `new/x.c` are `x.c` in two trees; the same name twice is a path as it is; `x.c.orig` is a copy that
    somebody kept. The name behind `Index:` helps where one side is missing.

    Args:
        before: the text behind `--- `, with a time stamp perhaps.
        after: the text behind `+++ `.
        index: the text behind `Index: ` above, or None.
    """
    before, after = (unquoted(_TIMESTAMP.sub("", name, count=1).strip()) for name in (before, after))
    if not before or not after or (before == after == _NOWHERE):
        return None
    if _NOWHERE in (before, after):
        name = after if before == _NOWHERE else before
        path = _TREE.sub("", name, count=1) if index is None or index != name or _TREE.match(name) else name
        return path, path
    if before == after:
        return before, after
    if pair := _same_behind_prefix(before, after):
        return pair
    if _TREE.match(before) and _TREE.match(after):
        return _TREE.sub("", before, count=1), _TREE.sub("", after, count=1)
    return before, after
