"""Which files a commit touches: one long-lived `diff-tree --stdin`, asked in windows like `cat-file`.

diff-tree repeats a line that names no object, and flushes its output then: a random word as such a line tells where the
answer to a window ends. A merge is asked for as `COMMIT FIRST-PARENT`, which compares just the two.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from kvmpatch.errors import Unreadable
from kvmpatch.sources.repo.commits import first_parents
from kvmpatch.sources.repo.names import PathNames
from kvmpatch.sources.repo.objects import ObjectReader, damaged, windows
from kvmpatch.sources.repo.plumbing import Child, Plumbing
from kvmpatch.sources.repo.values import ChangedFiles, Status, TouchedFile
from kvmpatch.words import Text

RENAME_LIMIT = 1000
"""git's own default since 2.34, set so that nobody's configuration changes an answer."""
PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=none")
RENAMES = ("-M", "-C", f"-l{RENAME_LIMIT}")
STDIN = ("diff-tree", "--stdin", "--always", "-r", "--root", "-z", "--raw", *PLAIN)
GITLINK = "160000"
ABSENT = "000000"
_WORDS: dict[str, Status] = {"A": "added", "D": "deleted", "M": "modified", "R": "renamed", "C": "copied", "T": "type"}


class DiffReader:
    """Lists the files of commits. Its process starts with the first question."""

    def __init__(self, git: Plumbing, objects: ObjectReader, names: PathNames, shallow: frozenset[str]) -> None:
        self._git = git
        self._objects = objects
        self._names = names
        self._shallow = shallow
        self._children: dict[tuple[str, ...], Child] = {}
        self._word = f"end-{os.urandom(16).hex()}\n".encode()

    def changed(self, ids: Iterable[str], *, renames: bool, counts: bool) -> Iterator[ChangedFiles]:
        """The files of each commit, in the order asked."""
        exact = ("-M100%",) if renames else ("--no-renames",)  # an exact rename is seen from ids, without any blob
        options = _options(renames=renames, counts=counts)
        for window in windows(ids):
            asked = [self._line(commit, data) for commit, data in self._objects.commits(window)]
            found = self._ask(options, asked)
            if found is not None and len(found) == len(window):
                yield from (self._result(commit, found[commit], counted=counts, renames=renames) for commit in window)
                continue
            for commit, line in zip(window, asked, strict=True):  # a blob or tree is missing: find out whose
                inexact = True
                one = self._ask(options, [line])
                if not one:
                    inexact = False
                    one = self._ask(exact, [line])
                if not one:
                    raise damaged(commit)
                yield self._result(commit, one[commit], counted=counts and inexact, renames=renames and inexact)

    def line(self, commit: str) -> bytes:
        """How diff-tree is asked for one commit: alone, or with the parent that it is compared with.

        Raises:
            Unreadable: the commit is missing, or its parents lie beyond the shallow boundary.
        """
        return self._line(*self._objects.commits([commit])[0])

    def start(self) -> None:
        """Have the process run that lists files with renames and counts."""
        self._started(_options(renames=True, counts=True))

    def close(self) -> None:
        """End the processes."""
        while self._children:
            self._children.popitem()[1].end()

    def _line(self, commit: str, data: bytes) -> bytes:
        parents = first_parents(data)
        if parents and commit in self._shallow:
            raise on_the_boundary(commit)
        return f"{commit} {parents[0]}\n".encode() if len(parents) > 1 else f"{commit}\n".encode()

    def _started(self, options: tuple[str, ...]) -> Child:
        child = self._children.get(options)
        if child is None or not child.alive:
            child = self._children[options] = self._git.start(*STDIN, *options)
        return child

    def _ask(self, options: tuple[str, ...], lines: Sequence[bytes]) -> dict[str, list[bytes]] | None:
        """The fields of each commit, or None if git gave up."""
        child = self._started(options)
        done = False
        try:
            if not child.send(b"".join(lines) + self._word):
                return None
            data = self._until_word(child)
            done = data is not None
        finally:
            if not done:
                child.end()
                self._children.pop(options, None)
        return None if data is None else _by_commit(data, [line[:-1].split()[0].decode() for line in lines])

    def _until_word(self, child: Child) -> bytes | None:
        parts = []
        while line := child.stdout.readline():
            if line.endswith(self._word):
                parts.append(line[: -len(self._word)])
                return b"".join(parts)
            parts.append(line)
        return None

    def _result(self, commit: str, fields: list[bytes], *, counted: bool, renames: bool) -> ChangedFiles:
        files = _touched(fields, self._names)
        return ChangedFiles(commit, files, counted, renames_skipped=renames and _too_many(files))


def _options(*, renames: bool, counts: bool) -> tuple[str, ...]:
    return (*(("--numstat",) if counts else ()), *(RENAMES if renames else ("--no-renames",)))


def on_the_boundary(commit: str) -> Unreadable:
    """A shallow clone ends at this commit: what it changed cannot be told from its whole tree."""
    return Unreadable(
        Text(
            zh=f"提交 {commit[:12]} 位于浅克隆的边界，它的父提交不在本仓库中",
            en=f"commit {commit[:12]} is on the shallow boundary: its parent is not in this repository",
        ),
        Text(zh="git fetch --deepen=1 可取回父提交", en="`git fetch --deepen=1` brings the parent"),
    )


def _by_commit(data: bytes, commits: Sequence[str]) -> dict[str, list[bytes]] | None:
    """Cut the fields at the headers, which come in the order asked; None where one is not there."""
    fields = data.split(b"\0")
    out: dict[str, list[bytes]] = {}
    at = 0
    for commit, following in zip(commits, [*commits[1:], None], strict=True):
        if at >= len(fields) or fields[at].strip() != commit.encode():
            return None
        start = at = at + 1
        while at < len(fields) and not (following and fields[at].strip() == following.encode()):
            at += _width(fields, at)
        out[commit] = fields[start:at]
    return out


def _width(fields: Sequence[bytes], at: int) -> int:
    """How many fields the record that starts here takes; paths are stepped over, whatever they hold."""
    head = fields[at]
    if head.startswith(b":"):
        return 3 if head.rpartition(b" ")[2][:1] in (b"R", b"C") else 2
    return 3 if head.endswith(b"\t") and head.count(b"\t") == 2 else 1


def _touched(fields: list[bytes], names: PathNames) -> tuple[TouchedFile, ...]:
    raw: list[tuple[bytes, bytes, bytes]] = []
    counts: dict[bytes, tuple[bytes, bytes]] = {}
    at = 0
    while at < len(fields):
        head, width = fields[at], _width(fields, at)
        if head.startswith(b":"):
            raw.append((head, fields[at + 1], fields[at + width - 1]))
        elif head:
            added, deleted, path = head.split(b"\t", 2)
            counts[path or fields[at + 2]] = (added, deleted)
        at += width
    return tuple(_file(head, before, after, counts.get(after), names) for head, before, after in raw)


def _file(head: bytes, before: bytes, after: bytes, count: tuple[bytes, bytes] | None, names: PathNames) -> TouchedFile:
    before_mode, after_mode, before_id, after_id, letter = head[1:].decode("ascii").split(" ")
    status = _WORDS[letter[0]]
    if status == "modified" and before_id == after_id:
        status = "mode"
    binary = count is not None and count[0] == b"-"
    numbers = None if count is None or binary else (int(count[0]), int(count[1]))
    return TouchedFile(
        path=names.text(after),
        before_path=names.text(before),
        status=status,
        additions=numbers[0] if numbers else None,
        deletions=numbers[1] if numbers else None,
        binary=binary,
        before_blob=None if before_mode in (ABSENT, GITLINK) else before_id,
        after_blob=None if after_mode in (ABSENT, GITLINK) else after_id,
        before_mode=before_mode,
        after_mode=after_mode,
        similarity=int(letter[1:]) if letter[1:] else None,
    )


def _too_many(files: Sequence[TouchedFile]) -> bool:
    """Whether git gave up looking for inexact renames: it compares every new file with every possible source."""
    new = sum(file.status == "added" for file in files)
    sources = sum(file.status in ("deleted", "modified", "renamed", "copied") for file in files)
    return new * sources > RENAME_LIMIT**2
