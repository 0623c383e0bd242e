"""A commit of the range, as far as a finding about it must name a place, an upstream id, or a remark in its message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from kvmpatch.errors import KvmpatchError
from kvmpatch.model import FilePatch, Hunk
from kvmpatch.model.annotation import Place
from kvmpatch.model.changes import Lines
from kvmpatch.parse.diff import read_patch_text
from kvmpatch.parse.message import read_message

if TYPE_CHECKING:
    from kvmpatch.sources.repo import Repository

# `Conflicts:` as git, openEuler, RHEL and Ubuntu write it, also behind the `#` that git puts there by default.
_CONFLICTS = re.compile(r"^#?\s*Conflicts?\s*:", re.MULTILINE)


class RangeCommit:
    """One commit of the range. Its patch and its upstream are read when first asked for: most have no finding.

    Attributes:
        upstream: ids under which it is known upstream, in the order of its message.

    Args:
        message: its message.
        patch: reads its patch.
        original: reads the message of an upstream id, None where that is not here.
    """

    def __init__(
        self, message: str, patch: Callable[[], bytes], original: Callable[[str], str | None] = lambda _: None
    ) -> None:
        self._message = message
        self._read = read_message(message)
        self.upstream = tuple(pointer.id for pointer in self._read.upstream)
        self._patch = patch
        self._original = original

    @cached_property
    def explained(self) -> bool:
        """Whether its message tells of a deviation: a remark in brackets, or a list of conflicts.

        A remark that upstream's message has as well is about upstream.
        """
        if _CONFLICTS.search(self._message):
            return True
        remarks = set(self._read.notes)
        for identity in self.upstream if remarks else ():
            original = self._original(identity)
            remarks -= set(read_message(original).notes) if original else set()
        return bool(remarks)

    @cached_property
    def patches(self) -> tuple[FilePatch, ...]:
        """Its patch, file by file; none for an empty commit, and for one that cannot be read."""
        try:
            return read_patch_text(self._patch())[0]
        except KvmpatchError:
            return ()

    @cached_property
    def first(self) -> Place | None:
        """The first line that it changes, in a file that it leaves if there is one."""
        for patch in sorted(self.patches, key=lambda one: one.file.status == "deleted"):
            return Place(patch.file.path, next((line for hunk in patch.hunks for line in _changed(hunk)), 1))
        return None

    def line_in(self, path: str, lines: Lines | None) -> int | None:
        """The first changed line of a file that lies within some lines of its after side; those of a hunk, say."""
        for patch in self.patches:
            if patch.file.path == path:
                changed = [line for hunk in patch.hunks for line in _changed(hunk)]
                if lines is not None:
                    changed = [line for line in changed if lines[0] <= line <= lines[1]] or [lines[0]]
                return changed[0] if changed else 1
        return lines[0] if lines else None


def _changed(hunk: Hunk) -> Iterator[int]:
    """Lines of the after side that a hunk adds, or at which it takes lines away."""
    line = max(hunk.after_start, 1)
    last = max(hunk.after_start + hunk.after_count - 1, 1)
    for text in hunk.lines:
        match text[:1]:
            case "+":
                yield line
                line += 1
            case "-":
                yield min(line, last)
            case " ":
                line += 1


def read_range(repository: Repository, ids: list[str]) -> dict[str, RangeCommit]:
    """The commits of a range by their ids. The repository must stay open while places are asked for."""

    def patch_of(identity: str) -> Callable[[], bytes]:
        return lambda: repository.patch_text(identity)

    def original(identity: str) -> str | None:
        try:
            found = repository.resolve((identity,))
            return next(iter(repository.commits([found[0].id]))).message
        except KvmpatchError:
            return None

    return {raw.id: RangeCommit(raw.message, patch_of(raw.id), original) for raw in repository.commits(ids)}
