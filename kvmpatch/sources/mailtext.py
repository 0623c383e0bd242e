"""What one mail says: its headers decoded, the ones in its text, its parts, and the marks in its subject."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.utils import parseaddr, parsedate_to_datetime

import msgspec

from kvmpatch.model import Signature

_ADDRESS = re.compile(r"(?P<name>[^<>]*)<(?P<mail>[^<>\s]+)>\s*\Z")
_FOLD = re.compile(r"\r?\n[ \t]*")
_INNER = re.compile(
    rb"\s*>?(?P<key>From|Subject|Date):[ \t]*(?P<value>[^\n]*(?:\n[ \t]+\S[^\n]*)*)(?:\n|\Z)", re.IGNORECASE
)
_MARK = re.compile(r"\s*(?:(?P<reply>(?:re|aw|fwd?)\s*:)|\[(?P<tag>[^\[\]]*)\])\s*", re.IGNORECASE)
_OF = re.compile(r"(?<![\w./])(\d{1,4})/(\d{1,4})(?![\w./])")
_PATCH = re.compile(r"PATCH|\bRFC\b|\bRESEND\b", re.IGNORECASE)
_DIFF_TYPES = frozenset(("text/x-patch", "text/x-diff", "application/x-patch", "application/x-diff"))
_LONGEST_HEADER = 10_000


class Headers(msgspec.Struct, frozen=True):
    """The headers that matter, decoded. `extra` are lines that belong to the top of the message."""

    sender: str | None = None
    subject: str | None = None
    date: str | None = None
    extra: str = ""


class Marks(msgspec.Struct, frozen=True):
    """What stands before a subject: whether it is a reply, its place in a series, and the tags without the numbers."""

    is_reply: bool
    place: tuple[int, int] | None
    tags: str


def headers_of(mail: Mail) -> dict[str, list[str]]:
    """All headers by lower-case name, decoded; folded lines of `Description` keep their breaks."""
    found: dict[str, list[str]] = {}
    for name, value in mail.raw_items():
        text = str(value)[:_LONGEST_HEADER]
        low = name.lower()
        found.setdefault(low, []).append(text if low == "description" else decoded(text))
    return found


def decoded(value: str) -> str:
    """A header's text: unfolded, RFC 2047 words read, raw bytes as UTF-8."""
    text = _FOLD.sub(" ", value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")).strip()
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (MessageError, LookupError, ValueError):
        return text


def signature(sender: str | None, date: str | None) -> Signature | None:
    """Who sent it and when; the date is empty where the mail has none that can be read."""
    if not sender:
        return None
    if match := _ADDRESS.match(sender):
        name, mail = match.group("name").strip().strip('"').replace('\\"', '"'), match.group("mail")
    else:
        name, mail = parseaddr(sender)
    if not name and not mail:
        return None
    return Signature(name or mail, mail, iso_date(date or ""))


def iso_date(written: str) -> str:
    """A date of a mail or of `git log` as ISO 8601 with zone; without zone it is taken as UTC. Empty if unreadable."""
    try:
        when = parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        try:
            when = datetime.fromisoformat(re.sub(r" (?=[+-]\d{4}$)", "", written.strip()))
        except ValueError:
            return ""
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).isoformat()


def marks_of(subject: str) -> Marks:
    """Read the marks before a subject, such as `Re: [PATCH v3 2/7]`."""
    is_reply, place, tags, at = False, None, [], 0
    while match := _MARK.match(subject, at):
        at = match.end()
        if match.group("reply"):
            is_reply = True
            continue
        tag = match.group("tag")
        if found := _OF.search(tag):
            place = int(found.group(1)), int(found.group(2))
        tags.append(" ".join(_OF.sub("", tag).split()).upper())
    return Marks(is_reply, place, "|".join(tags))


def plain_subject(subject: str) -> str:
    """A mail's subject as a commit would have it: without what mail put there, up to the last `[PATCH …]`."""
    at = cut = 0
    while match := _MARK.match(subject, at):
        at = match.end()
        tag = match.group("tag")
        if tag is None or _PATCH.search(tag) or _OF.search(tag):
            cut = at
    return subject[cut:].strip()


def in_body_headers(text: bytes) -> tuple[Headers, bytes]:
    """The `From:`, `Subject:` and `Date:` lines with which a mail's text may begin, and the text behind them.

    They override the mail's own, as `git am` has it.
    """
    found: dict[str, str] = {}
    at = 0
    while match := _INNER.match(text, at):
        if found and b"\n" in text[at : match.start("key")].strip(b"> \t"):
            break
        key = match.group("key").decode("ascii").lower()
        value = decoded(match.group("value").decode("utf-8", "backslashreplace"))
        if key in found or (key == "from" and "@" not in value):
            break
        found[key] = value
        at = match.end()
    return Headers(found.get("from"), found.get("subject"), found.get("date")), text[at:] if found else text


def main_text(mail: Mail) -> bytes:
    """The text of a mail: its first part of plain text, or the whole of a mail without parts."""
    if not mail.is_multipart():
        return _payload(mail)
    return next((_payload(part) for part in mail.walk() if part.get_content_type() == "text/plain"), b"")


def attached_diffs(mail: Mail) -> Iterator[bytes]:
    """The parts of a mail that are patches: by type, by name, or further plain text."""
    if not mail.is_multipart():
        return
    texts = 0
    for part in mail.walk():
        kind = part.get_content_type()
        texts += kind == "text/plain"
        named = (part.get_filename() or "").lower().endswith((".patch", ".diff"))
        if (
            not part.is_multipart()
            and (kind in _DIFF_TYPES or named or kind == "text/plain")
            and not (kind == "text/plain" and texts == 1)
        ):
            yield _payload(part)


def without_mail_returns(data: bytes) -> bytes:
    """Text without the carriage returns of mail: where the first line has one, all have one more than the file."""
    return data.replace(b"\r\n", b"\n") if data.partition(b"\n")[0].endswith(b"\r") else data


def _payload(part: Mail) -> bytes:
    """A part's bytes, as UTF-8 where its character set is known and fits."""
    raw = part.get_payload(decode=True)
    data = raw if isinstance(raw, bytes) else b""
    charset = part.get_content_charset() or "utf-8"
    if charset not in ("utf-8", "us-ascii", "utf8"):
        with suppress(LookupError, ValueError):  # the warning about undecodable bytes says the rest
            data = data.decode(charset).encode("utf-8")
    return without_mail_returns(data)
