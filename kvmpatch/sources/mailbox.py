"""Patches from text: mailboxes, `git format-patch` files, quilt patches, `git show`, and plain diffs.

Nothing here runs or opens anything but the one file that was named. Mail is hostile: what cannot be read is left out,
and only a text without any patch is an error.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec.structs import replace

from kvmpatch.errors import BadInput
from kvmpatch.model import Patch, SeriesPlace, Signature
from kvmpatch.parse.diff import diff_lines, message_end, read_patch_text
from kvmpatch.parse.message import bare_subject, read_message
from kvmpatch.sources.mailtext import (
    Headers,
    Marks,
    attached_diffs,
    headers_of,
    in_body_headers,
    main_text,
    marks_of,
    plain_subject,
    signature,
    without_mail_returns,
)
from kvmpatch.words import Text

_ID = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?: [+-]?\w{3,5})? \d{4}"
_FROM_LINE = re.compile(
    rb"^From (?P<id>\S{1,320})[ \t]{1,8}" + _DAY + rb"[^\n]*\n(?=>?[A-Za-z][\w-]{0,80}:)", re.MULTILINE
)
_SHOWN = re.compile(
    rf"^commit (?P<id>{_ID})(?: \([^\n]*\))?\r?\n(?=(?:Author|Merge|AuthorDate):)".encode(), re.MULTILINE
)
_HEADER = re.compile(
    rb"(?:From|Subject|Date|Message-ID|Return-Path|Received|Delivered-To|MIME-Version|To|Cc|References|Git-commit|Git-repo"
    rb"|Alt-commit|Patch-mainline|X-[\w-]+|Content-[\w-]+|Description|Author|Origin|List-Id|Sender|Reply-To|DKIM-Signature"
    rb"|ARC-[\w-]+|Authentication-Results):(?=\s)",
    re.IGNORECASE,
)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_MAIL_ID = re.compile(r"<[^<>\s]+>")
_SUSE = ("Git-commit", "Alt-commit", "Patch-mainline", "Git-repo", "References", "No-fix")
_MESSAGE_INDENT = "    "


_UNMARKED = Marks(is_reply=False, place=None, tags="")


class _Piece(msgspec.Struct, frozen=True):
    """One mail or commit of the input, and the commit id that stood above it."""

    data: bytes
    commit_id: str | None = None
    shown: bool = False


class _Sent(msgspec.Struct, frozen=True):
    """What one mail held, and what it says about the series it belongs to."""

    patch: Patch | None
    subject: str = ""
    marks: Marks = _UNMARKED
    mail_id: str | None = None
    parents: tuple[str, ...] = ()

    @property
    def series_key(self) -> tuple[str, int]:
        return self.marks.tags, self.marks.place[1] if self.marks.place else 0


def read_patches_from(path: str, stdin: BinaryIO | None = None) -> tuple[Patch, ...]:
    """Read the patches of a file.

    Args:
        path: the file; `-` is standard input.
        stdin: what `-` means, in place of the process's own.

    Raises:
        BadInput: the file cannot be read, or holds no patch.
    """
    if path == "-":
        return read_patches((stdin or sys.stdin.buffer).read())
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise BadInput(Text(f"无法读取 {path}：{why}", f"cannot read {path}: {why}")) from error
    return read_patches(data)


def read_patches(data: bytes) -> tuple[Patch, ...]:
    """Read every patch of a text: by their place in the series where they have one, else in the order of the text.

    Mails without a diff are no patches. A cover letter is none either: its subject becomes the title of its series.

    Args:
        data: a mailbox (of b4, lore or git), `git format-patch` files behind each other, a quilt patch with free text
            or with SUSE's headers, what `git show` or `git log -p` print, or a diff alone.

    Raises:
        BadInput: there is no patch in it.
    """
    if data.startswith(b"\x1f\x8b"):
        raise BadInput(
            Text("输入是 gzip 压缩文件", "the input is compressed with gzip"),
            Text("请先解压：zcat FILE | kvmpatch show --patch -", "unpack it: zcat FILE | kvmpatch show --patch -"),
        )
    patches = _in_order([sent for piece in _pieces(data) for sent in _read_piece(piece)])
    if not patches:
        raise BadInput(Text("输入中没有补丁", "there is no patch in the input"))
    return patches


def _pieces(data: bytes) -> Iterator[_Piece]:
    """The mails or commits of a text; the whole text if it is neither."""
    data = data.lstrip(b"\r\n\t \xef\xbb\xbf")
    for pattern in (_FROM_LINE, _SHOWN):
        if not pattern.match(data):
            continue
        found = list(pattern.finditer(data))
        ends = [match.start() for match in found[1:]] + [len(data)]
        for match, end in zip(found, ends, strict=True):
            written = match.group("id").decode("ascii", "replace")
            is_id = re.fullmatch(_ID, written) is not None
            body = data[match.end() : end]
            if pattern is _FROM_LINE and not is_id:
                # git format-patch does not quote lines that begin with From; other writers of mailboxes do
                body = _QUOTED_FROM.sub(rb"\1", body)
            yield _Piece(body, written if is_id and written.strip("0") else None, pattern is _SHOWN)
        return
    yield _Piece(data)


def _read_piece(piece: _Piece) -> Iterator[_Sent]:
    data = without_mail_returns(piece.data)
    if piece.shown:
        yield _Sent(_read_shown(data, piece.commit_id))
    elif not _HEADER.match(data):
        yield _Sent(_patch(data, Headers(), None))
    else:
        try:
            yield from _read_mail(data, piece.commit_id)
        except (RecursionError, MessageError, ValueError, LookupError, TypeError, AttributeError):
            return  # the standard library's parser gives up in many ways on what is no mail


def _read_mail(data: bytes, commit_id: str | None) -> Iterator[_Sent]:
    """A mail: its headers, those in its text that override them, its message and its diff."""
    mail = message_from_bytes(data)
    said = headers_of(mail)
    attached = list(attached_diffs(mail))
    whole = [part for part in attached if _FROM_LINE.match(part)]
    parts = [main_text(mail), *(part for part in attached if not _FROM_LINE.match(part))]
    inner, text = in_body_headers(b"\n".join(parts))
    raw = _first(said, "subject")
    described, explained = _description(_first(said, "description"))
    headers = Headers(
        inner.sender or _first(said, "from") or _first(said, "author"),
        plain_subject(inner.subject or raw) or described,
        inner.date or _first(said, "date"),
        _suse_lines(said) + explained,
    )
    patch = _patch(text, headers, commit_id)
    if patch is None and whole:
        for piece in (piece for part in whole for piece in _pieces(part)):
            yield from _read_piece(piece)
        return
    yield _Sent(
        patch,
        headers.subject or "",
        marks_of(raw),
        _first(said, "message-id").strip() or None,
        tuple(_MAIL_ID.findall(f"{_first(said, 'in-reply-to')} {_first(said, 'references')}")),
    )


def _first(said: dict[str, list[str]], name: str) -> str:
    return said[name][0] if name in said else ""


def _suse_lines(said: dict[str, list[str]]) -> str:
    """SUSE's headers, as they would stand at the top of a message. In other mail `References` are mail ids."""
    if not said.keys() & {"git-commit", "alt-commit", "patch-mainline"}:
        return ""
    lines = (f"{name}: {value}" for name in _SUSE for value in said.get(name.lower(), ()))
    return "\n".join(lines) + "\n\n"


def _description(value: str) -> tuple[str, str]:
    """Subject and text of a Debian patch header."""
    first, _, rest = value.partition("\n")
    lines = (line.strip() for line in rest.split("\n"))
    return first.strip(), "\n".join("" if line == "." else line for line in lines) + "\n\n" if rest else ""


def _patch(data: bytes, headers: Headers, commit_id: str | None) -> Patch | None:
    """A patch of message and diff; None without a diff."""
    try:
        files, warnings = read_patch_text(data)
    except BadInput:
        return None
    lines = diff_lines(data, [])
    body = "\n".join(lines[: message_end(lines)[0]])
    text = f"{headers.subject}\n\n{headers.extra}{body}" if headers.subject else f"{headers.extra}{body}"
    message = read_message(text) if text.strip() else None
    return Patch(commit_id, signature(headers.sender, headers.date), message, None, files, warnings)


def _read_shown(data: bytes, commit_id: str | None) -> Patch | None:
    """What `git show` prints below its `commit` line: who and when, the indented message, the diff."""
    head, _, rest = data.partition(b"\n\n")
    said = {
        key.strip().lower(): value.strip()
        for key, _, value in (line.partition(":") for line in head.decode("utf-8", "backslashreplace").split("\n"))
    }
    lines = rest.split(b"\n")
    end = next(
        (at for at, line in enumerate(lines) if line.strip() and not line.startswith(_MESSAGE_INDENT.encode())),
        len(lines),
    )
    message = b"\n".join(line[len(_MESSAGE_INDENT) :] for line in lines[:end]).decode("utf-8", "backslashreplace")
    patch = _patch(b"\n".join(lines[end:]), Headers(), commit_id)
    if patch is None:
        return None
    author: Signature | None = signature(said.get("author"), said.get("date") or said.get("authordate"))
    return replace(patch, author=author, message=read_message(message) if message.strip() else None)


def _in_order(sent: list[_Sent]) -> tuple[Patch, ...]:
    """The patches with their places in series, each series where its first patch stands."""
    covers = [one for one in sent if one.patch is None and one.marks.place and not one.marks.place[0]]
    covers = [one for one in covers if not one.marks.is_reply]
    by_id = {one.mail_id: bare_subject(one.subject) for one in covers if one.mail_id}
    count = Counter(one.series_key for one in covers)
    by_key = {one.series_key: bare_subject(one.subject) for one in covers if count[one.series_key] == 1}
    first: dict[tuple[str, int], int] = {}
    found: list[tuple[int, int, int, Patch]] = []
    for index, one in enumerate(sent):
        if one.patch is None:
            continue
        if one.marks.place is None:
            found.append((index, 0, index, one.patch))
            continue
        title = next((by_id[parent] for parent in one.parents if parent in by_id), by_key.get(one.series_key))
        patch = replace(one.patch, series=SeriesPlace(title or None, *one.marks.place))
        found.append((first.setdefault(one.series_key, index), one.marks.place[0], index, patch))
    return tuple(patch for *_, patch in sorted(found, key=lambda entry: entry[:3]))
