"""Commits into rows, thousands at a time.

Of a whole history git prints the parts of commits in one walk; of single commits one `cat-file` reads a chunk of
objects, and one pattern a whole header. What is odd about a commit is left to the reader of the repo room.
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

from kvmpatch.sources.index.rows import BLOCK_COMMITS, Block, CommitRow, PointersOf, pack
from kvmpatch.sources.repo.commits import read_commit
from kvmpatch.sources.repo.objects import damaged, missing
from kvmpatch.sources.repo.place import find
from kvmpatch.sources.repo.plumbing import Plumbing, unreadable_history
from kvmpatch.sources.repo.quarantine import Quarantine

Chunk = tuple[str, ...] | bytes
"""Ids, or what git printed of commits in the form below."""

# %e, the encoding, is empty for UTF-8: anything else git would convert, and is read as an object.
_FORM = "%H%n%P%n%an%n%ae%n%ad%n%cn%n%ce%n%cd%n%e%n%B"
PRINTED = ("log", "-z", f"--format=tformat:{_FORM}", "--date=raw", "--encoding=UTF-8", "--no-notes", "--no-color")
_FIELDS = 9
_DATE = re.compile(r"([1-9]\d{0,10}) ([+-]\d{4})")
_PRINTED_BYTES = 4 << 20

# The header that nearly every commit has.
_HEADER = re.compile(
    r"tree [0-9a-f]+\n"
    r"((?:parent [0-9a-f]+\n)*)"
    r"author ([^<>\n]*) <([^<>\n]*)> (\d{1,11}) ([+-]\d{4})\n"
    r"committer ([^<>\n]*) <([^<>\n]*)> (\d{1,11}) ([+-]\d{4})\n"
    r"(?:(?!encoding )[^\n]+\n)*\n"
)
_WHEN = re.compile(rb"^(author|committer) .*> (\d+) ([+-]\d{1,7})\s*$", re.MULTILINE)
_LAST_SECOND = 1 << 62


def message_reader(start: Path, pointers_of: PointersOf) -> Callable[[Chunk], bytes]:
    """What a worker does with a chunk: read the commits, find their pointers, pack them into blocks.

    Returns:
        A function whose answers `blocks_of` reads.
    """
    quarantine = find(start).quarantine()
    git = sparing(quarantine)

    def read(chunk: Chunk) -> bytes:
        _ = quarantine  # lives as long as its reader
        rows = list(_printed(git, chunk)) if isinstance(chunk, bytes) else _rows(git, chunk)
        return marshal.dumps(
            [_block(rows[at : at + BLOCK_COMMITS], pointers_of) for at in range(0, len(rows), BLOCK_COMMITS)]
        )

    return read


def sparing(quarantine: Quarantine) -> Plumbing:
    """Git in a quarantine, told to map little of its packs at once.

    A walk over a million commits was seen to hold 163 MB so, 708 MB without, at the same speed.
    """
    with (quarantine.path / "config").open("a", encoding="ascii") as config:
        config.write("[core]\npackedGitLimit = 64m\npackedGitWindowSize = 16m\n")
    return quarantine.plumbing()


def printed_history(git: Plumbing, tips: bytes) -> Generator[bytes, None, None]:
    """All commits that tips reach, as git prints them, in pieces of whole commits.

    Raises:
        Unreadable: objects are missing on the way.
    """
    if not tips:  # git would begin at HEAD
        return
    with git.start(*PRINTED, "--ignore-missing", "--stdin") as child:
        child.send(tips, last=True)
        rest = b""
        while piece := child.stdout.read(_PRINTED_BYTES):
            end = piece.rfind(b"\0") + 1
            if end:
                yield rest + piece[:end]
                rest = piece[end:]
            else:
                rest += piece
        done = child.finish()
    if done.status != 0 or rest:
        raise unreadable_history(done)


def blocks_of(made: bytes) -> list[Block]:
    """The blocks that a worker of this very program has sent."""
    blocks: list[Block] = marshal.loads(made)  # noqa: S302 - from our own pipe
    return blocks


def read_objects(git: Plumbing, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The commit objects of some ids.

    Raises:
        Unreadable: one is missing, damaged, or no commit.
    """
    done = git.run("cat-file", "--batch", "--buffer", data="".join(f"{commit}\n" for commit in ids).encode())
    data, at = done.out, 0
    for commit in ids:
        end = data.find(b"\n", at)
        fields = data[at:end].split() if end >= 0 else []
        if fields[1:2] == [b"missing"]:
            raise missing(commit)
        if len(fields) != 3 or fields[1] != b"commit":
            raise damaged(commit)
        at = end + 2 + int(fields[2])
        if at > len(data):
            raise damaged(commit)
        yield commit, data[end + 1 : at - 1]


def _rows(git: Plumbing, ids: Sequence[str]) -> list[tuple[CommitRow, str]]:
    return [_row(commit, data) for commit, data in read_objects(git, ids)]


def _printed(git: Plumbing, records: bytes) -> Iterator[tuple[CommitRow, str]]:
    """Commits and their messages, from what git printed. Of an odd one the object is read.

    Git ends a message at a NUL, for `--grep` too; so does this.
    """
    for record in records[:-1].split(b"\0"):
        try:
            commit, parents, name, email, when, by_name, by_email, by_when, encoding, message = record.decode().split(
                "\n", _FIELDS
            )
        except ValueError:  # undecodable, or with a line feed in a name
            yield _rows(git, [record[: record.index(b"\n")].decode("ascii")])[0]
            continue
        date, by_date = _DATE.fullmatch(when), _DATE.fullmatch(by_when)
        if date is None or by_date is None or encoding:
            yield _rows(git, [commit])[0]
            continue
        yield (
            bytes.fromhex(commit), bytes.fromhex(parents),
            name.strip(), email.strip(), int(date[1]), int(date[2]),
            by_name.strip(), by_email.strip(), int(by_date[1]), int(by_date[2]), _subject(message),
        ), message  # fmt: skip


def _row(commit: str, data: bytes) -> tuple[CommitRow, str]:
    """A commit and its message."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _odd_row(commit, data)
    match = _HEADER.match(text)
    if match is None:
        return _odd_row(commit, data)
    parents, name, email, time, zone, by_name, by_email, by_time, by_zone = match.groups()
    message = text[match.end() :]
    return (
        bytes.fromhex(commit), bytes.fromhex(parents.replace("parent ", "")),
        name.strip(), email.strip(), int(time), int(zone),
        by_name.strip(), by_email.strip(), int(by_time), int(by_zone), _subject(message),
    ), message  # fmt: skip


def _odd_row(commit: str, data: bytes) -> tuple[CommitRow, str]:
    raw = read_commit(commit, data)
    when: dict[bytes, tuple[int, int]] = {}
    for key, time, zone in _WHEN.findall(data.partition(b"\n\n")[0]):
        if int(time) < _LAST_SECOND:
            when.setdefault(key, (int(time), int(zone)))
    author, by = raw.author, raw.committer
    authored = when.get(b"author", (None, None)) if author.date else (None, None)
    committed = when.get(b"committer", (None, None)) if by.date else (None, None)
    parents = bytes.fromhex("".join(raw.parents))
    row = (author.name, author.email, *authored, by.name, by.email, *committed, raw.subject)
    return (bytes.fromhex(commit), parents, *row), raw.message


def _subject(message: str) -> str:
    """As `RawCommit.subject`, for the one line that it nearly always is."""
    first, _, rest = message.partition("\n")
    if first and (not rest or rest[0] == "\n"):
        return first.strip()
    return " ".join(message.lstrip("\n").split("\n\n", 1)[0].split("\n")).strip()


def _block(rows: list[tuple[CommitRow, str]], pointers_of: PointersOf) -> Block:
    messages = [message for _, message in rows]
    data, text = pack(messages)
    pointers = [(place, *pointer) for place, message in enumerate(messages) for pointer in pointers_of(message)]
    return [row for row, _ in rows], data, text, pointers
