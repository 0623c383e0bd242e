"""Files and hunks, and a patch that was read from text."""

from __future__ import annotations

import msgspec

from kvmpatch.model.messages import Message, SeriesPlace, Signature
from kvmpatch.words import Text


class Warning(msgspec.Struct, frozen=True):  # noqa: A001 - the contract's own word
    """Something the reader must know about how far the report can be trusted."""

    code: str
    said: Text


class FileBefore(msgspec.Struct, frozen=True):
    """The other name of a renamed or copied file."""

    path: str


class FileChange(msgspec.Struct, frozen=True):
    """One file of the commit. Line counts are None for binary files and where nobody counted."""

    path: str
    status: str
    additions: int | None
    deletions: int | None
    binary: bool
    before: FileBefore | None

    @property
    def before_path(self) -> str:
        """The path on the before side."""
        return self.before.path if self.before else self.path


class Hunk(msgspec.Struct, frozen=True):
    """One hunk of a unified diff. `lines` keep their first character (space, + or -)."""

    before_start: int
    before_count: int
    after_start: int
    after_count: int
    heading: str
    lines: tuple[str, ...]


class FilePatch(msgspec.Struct, frozen=True):
    """One file of a patch text, with its hunks."""

    file: FileChange
    hunks: tuple[Hunk, ...]


class Patch(msgspec.Struct, frozen=True):
    """A patch read from text: message (if any), who sent it, its files; `series` from subject and cover letter."""

    commit_id: str | None
    author: Signature | None
    message: Message | None
    series: SeriesPlace | None
    files: tuple[FilePatch, ...]
    warnings: tuple[Warning, ...] = ()
