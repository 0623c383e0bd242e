"""Hunks as the report of a backport names them: the function, the lines on both sides, what they take and bring."""

from __future__ import annotations

from collections.abc import Iterable

from kvmpatch.model import FilePatch, Hunk
from kvmpatch.model.backport import FileHunks, HunkPlace
from kvmpatch.model.changes import Lines


def hunk_place(hunk: Hunk) -> HunkPlace:
    """One hunk by its place. Its lines on each side are those of its header, context and all."""
    return HunkPlace(
        hunk.heading,
        _lines(hunk.before_start, hunk.before_count),
        _lines(hunk.after_start, hunk.after_count),
        tuple(line for line in hunk.lines if line[:1] in ("+", "-")),
    )


def file_hunks(patches: Iterable[FilePatch]) -> tuple[FileHunks, ...]:
    """The hunks of a patch, file by file under the path of the after side; a file without hunks is meant as a whole."""
    return tuple(FileHunks(patch.file.path, tuple(hunk_place(hunk) for hunk in patch.hunks)) for patch in patches)


def _lines(start: int, count: int) -> Lines | None:
    """First and last line; None for a side that has none, as where a file is new."""
    return (start, start + count - 1) if count else None
