"""Objects in bulk: one long-lived `cat-file`, asked in windows.

A window of requests is written, then all its answers are read, so between two windows the process is always at rest and
several readers can share it. A window stays below the smallest pipe that POSIX systems give (4 KiB): git never waits
for us to read while we wait for it to take a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from kvmpatch.errors import Unreadable
from kvmpatch.sources.repo.plumbing import Child, Plumbing, refuse_old_git
from kvmpatch.sources.repo.values import BLOB_LIMIT, Blob
from kvmpatch.words import Text

WINDOW_BYTES = 4000
WINDOW_MOST = 80
MEMORY = 2 * BLOB_LIMIT
"""Bytes of content that one window may hold."""


class Info(NamedTuple):
    """What git knows of an object without reading it. `kind` is None where there is no such object."""

    name: bytes
    id: str
    kind: str | None
    size: int


def windows(ids: Iterable[str]) -> Iterator[list[str]]:
    """Cut a stream into windows, small ones first, so that the first answer comes soon."""
    stream = iter(ids)
    size = 1
    while window := list(islice(stream, size)):
        yield window
        size = min(size * 4, WINDOW_BYTES // (2 * len(window[-1]) + 10), WINDOW_MOST)


class ObjectReader:
    """Reads objects of the quarantine. The process starts with the first question and starts anew after a failure."""

    def __init__(self, git: Plumbing) -> None:
        self._git = git
        self._child: Child | None = None

    def infos(self, names: Sequence[bytes]) -> list[Info]:
        """Kind and size of each object, in order. A name is anything that git takes, without NUL."""
        out: list[Info] = []
        for chunk in _chunks(names):
            child = self._asked(b"".join(b"info %b\0" % name for name in chunk))
            try:
                out += [self._header(child, name) for name in chunk]
            except BaseException:
                self.close()
                raise
        return out

    def contents(self, wanted: Sequence[Info]) -> Iterator[bytes]:
        """The content of objects that exist, in order."""
        for chunk in _chunks_by_size(wanted):
            child = self._asked(b"".join(b"contents %b\0" % info.name for info in chunk))
            read = []
            try:
                for info in chunk:
                    header = self._header(child, info.name)
                    if header.kind is None:
                        raise missing(info.id)
                    if header.kind != info.kind or header.size > BLOB_LIMIT:
                        raise damaged(info.id)
                    data = child.stdout.read(header.size + 1)
                    if len(data) != header.size + 1:
                        raise damaged(info.id)
                    read.append(data[:-1])
            except BaseException:
                self.close()
                raise
            yield from read

    def commits(self, ids: Sequence[str]) -> list[tuple[str, bytes]]:
        """The commit objects of one window.

        Raises:
            Unreadable: one is missing or damaged, or is no commit.
        """
        asked = [Info(commit.encode(), commit, "commit", 0) for commit in ids]
        return list(zip(ids, self.contents(asked), strict=True))

    def blobs(self, names: Sequence[bytes], shown: Sequence[str]) -> Iterator[Blob]:
        """The blobs of one window; `shown` is the id of a blob that is not there."""
        infos = self.infos(names)
        fit = [info for info in infos if info.kind == "blob" and info.size <= BLOB_LIMIT]
        data = self.contents(fit)
        for info, name in zip(infos, shown, strict=True):
            if info.kind is None:
                yield Blob(name, None, "missing")
            elif info.kind != "blob":
                yield Blob(info.id, None, "not-a-blob", info.size)
            elif info.size > BLOB_LIMIT:
                yield Blob(info.id, None, "too-big", info.size)
            else:
                yield Blob(info.id, next(data), None, info.size)

    def close(self) -> None:
        """End the process."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def start(self) -> Child:
        """Have the process run."""
        if self._child is None or not self._child.alive:
            self.close()
            self._child = self._git.start("cat-file", "--batch-command", "-z", "--buffer")
        return self._child

    def _asked(self, requests: bytes) -> Child:
        child = self.start()
        try:
            child.send(requests + b"flush\0")
        except BaseException:
            self.close()
            raise
        return child

    def _header(self, child: Child, name: bytes) -> Info:
        """The first line of an answer: `ID KIND SIZE`, or the name as we wrote it and a word such as `missing`."""
        line = child.stdout.readline()
        if not line:
            self.close()
            refuse_old_git()
            raise damaged(name.decode("utf-8", "backslashreplace"))
        if line.startswith(name):
            if line in (name + b" missing\n", name + b" ambiguous\n"):
                return Info(name, "", None, 0)
        elif b"\n" in name and (name + b" missing\n").startswith(line):
            for _ in range(name.count(b"\n")):
                child.stdout.readline()
            return Info(name, "", None, 0)
        fields = line.split()
        return Info(name, fields[0].decode(), fields[1].decode(), int(fields[2]))


def missing(object_id: str) -> Unreadable:
    """An object that should be here, and is not."""
    return Unreadable(
        Text(zh=f"对象 {object_id} 不在本仓库中", en=f"object {object_id} is not in this repository"),
        Text(
            zh="浅克隆可用 git fetch --deepen，部分克隆可用 git fetch --refetch --no-filter 取回",
            en="in a shallow clone `git fetch --deepen` brings it, in a partial one `git fetch --refetch --no-filter`",
        ),
    )


def damaged(object_id: str) -> Unreadable:
    """An object that git cannot read, or that is not of the kind it should be."""
    return Unreadable(
        Text(zh=f"对象 {object_id} 无法读取", en=f"object {object_id} cannot be read"),
        Text(
            zh="请用 git fsck 检查仓库；部分克隆可用 git fetch --refetch --no-filter 取回缺少的对象",
            en="check the repository with `git fsck`; a partial clone gets what it lacks by "
            "`git fetch --refetch --no-filter`",
        ),
    )


def _chunks(names: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    start = used = 0
    for at, name in enumerate(names):
        if at > start and used + len(name) + 10 > WINDOW_BYTES:
            yield names[start:at]
            start, used = at, 0
        used += len(name) + 10
    if start < len(names):
        yield names[start:]


def _chunks_by_size(infos: Sequence[Info]) -> Iterator[Sequence[Info]]:
    start = used = content = 0
    for at, info in enumerate(infos):
        full = used + len(info.name) + 10 > WINDOW_BYTES or content + info.size > MEMORY
        if at > start and full:
            yield infos[start:at]
            start, used, content = at, 0, 0
        used += len(info.name) + 10
        content += info.size
    if start < len(infos):
        yield infos[start:]
