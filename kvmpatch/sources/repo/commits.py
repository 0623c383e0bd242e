"""Commit objects: bytes in, `RawCommit` out."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime, timedelta, timezone

from kvmpatch.model import Signature
from kvmpatch.sources.repo.values import RawCommit

_PERSON = re.compile(rb"\A([^<]*?) ?<(.*?)>([^>]*)\Z", re.DOTALL)
# Codecs of Python that are no character sets. A commit may name anything; punycode and idna take quadratic time.
_NOT_AN_ENCODING = frozenset(
    {"idna", "punycode", "unicode-escape", "unicode_escape", "raw-unicode-escape", "undefined"}
)
_WHEN = re.compile(rb"\A\s*(\d+)\s+([+-]\d{1,7})\s*\Z")


def read_commit(commit_id: str, data: bytes) -> RawCommit:
    r"""Read a commit object, as forgiving as git is: odd dates become an empty string, odd bytes `\xNN`."""
    head, _, body = data.partition(b"\n\n")
    parents: list[str] = []
    people: dict[bytes, bytes] = {}
    encoding = "utf-8"
    tree = ""
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"parent":
            parents.append(value.decode("ascii", "replace"))
        elif key in (b"author", b"committer"):
            people.setdefault(key, value)
        elif key == b"tree" and not tree:
            tree = value.decode("ascii", "replace")
        elif key == b"encoding":
            encoding = _codec(value)
    message, bad = _text(body, encoding)
    author, bad_author = _signature(people.get(b"author", b""), encoding)
    committer, bad_committer = _signature(people.get(b"committer", b""), encoding)
    undecodable = bad or bad_author or bad_committer
    return RawCommit(commit_id, tuple(parents), author, committer, message, undecodable, tree)


def first_parents(data: bytes) -> tuple[str, ...]:
    """The parents of a commit object, without reading the rest."""
    head = data.partition(b"\n\n")[0]
    return tuple(line[7:].decode("ascii", "replace") for line in head.split(b"\n") if line.startswith(b"parent "))


def _codec(name: bytes) -> str:
    """The codec of an `encoding` header; git's own default where Python does not know the name."""
    try:
        codec = codecs.lookup(name.decode("ascii").strip()).name
    except (LookupError, ValueError):
        return "utf-8"
    return "utf-8" if codec in _NOT_AN_ENCODING else codec


def _text(data: bytes, encoding: str) -> tuple[str, bool]:
    """The text, and whether bytes were left that the encoding does not know."""
    try:
        text = data.decode(encoding)
        if encoding != "utf-8":
            text.encode("utf-8")  # some codecs make lone surrogates, which nothing can write
        return text, False
    except (UnicodeError, LookupError):
        return data.decode("utf-8", "backslashreplace"), True


def _signature(line: bytes, encoding: str) -> tuple[Signature, bool]:
    match = _PERSON.match(line)
    if match is None:
        name, bad = _text(line, encoding)
        return Signature(name.strip(), "", ""), bad
    (name, bad_name), (email, bad_email) = _text(match[1], encoding), _text(match[2], encoding)
    return Signature(name.strip(), email.strip(), _date(match[3])), bad_name or bad_email


def _date(when: bytes) -> str:
    """ISO 8601 with zone, or an empty string where git prints one too: no date, or one beyond the calendar."""
    match = _WHEN.match(when)
    if match is None:
        return ""
    number = int(match[2])
    minutes = (abs(number) // 100) * 60 + abs(number) % 100
    try:
        zone = timezone(timedelta(minutes=minutes if number >= 0 else -minutes))
    except ValueError:  # a zone of a day or more, as broken tools have written
        zone = UTC
    try:
        return datetime.fromtimestamp(int(match[1]), zone).isoformat()
    except (OverflowError, ValueError, OSError):
        return ""
