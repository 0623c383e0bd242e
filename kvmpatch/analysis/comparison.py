"""A backport held against its upstream commit: which hunks are the same, which were left out, which were changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from kvmpatch.analysis.hunk_places import file_hunks
from kvmpatch.analysis.line_work import CommitWork, FileWork, LineHunk, as_patch, squeezed, tells
from kvmpatch.model import FilePatch, Hunk
from kvmpatch.model.backport import FileHunks, Likeness

_LITTLE = 0.25
"""The share of common lines below which two commits are two changes, unless they change the same functions."""


class Commit(msgspec.Struct, frozen=True):
    """One side: its patch with context, and the same without; `names` are the words of each file after it."""

    patches: tuple[FilePatch, ...]
    work: CommitWork
    names: Callable[[str], frozenset[str]]


class Difference(msgspec.Struct, frozen=True):
    """What a comparison found.

    Attributes:
        hunks: those of the upstream commit that differ; of the backport those that upstream has nothing for.
        spacing: files in which only white space differs.
        moved: files that the backport has under another path, both paths.
    """

    class_: Likeness
    hunks: tuple[FileHunks, ...]
    spacing: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()


class _File(msgspec.Struct, frozen=True):
    """One file on both sides; hunks that only one of them has."""

    upstream: FileWork
    backport: FileWork | None
    missing: tuple[LineHunk, ...]
    extra: tuple[LineHunk, ...]
    same_whole: bool

    @property
    def spacing(self) -> bool:
        """Whether only white space differs."""
        both = bool(self.missing and self.extra) and _exact(self.missing) != _exact(self.extra)
        return both and _plain(self.missing) == _plain(self.extra)

    @property
    def is_part(self) -> bool:
        """Whether what the backport does here is all of upstream's, in the same functions, or a part of it."""
        if self.backport is not None and not self.upstream.hunks and not self.backport.hunks:
            return self.same_whole
        if {one.function for one in self.extra} - {one.function for one in self.missing} - {""}:
            return False
        return not _exact(self.extra) - _exact(self.missing)


def compare(upstream: Commit, backport: Commit) -> Difference:
    """How like its upstream commit a backport is."""
    pairs = paired(upstream.work.files, backport.work.files)
    files = [_held(mine, other, upstream, backport) for mine, other in pairs]
    taken = {other.path for _, other in pairs if other}
    added = [file for file in backport.work.files if file.path not in taken]
    moved = tuple((mine.path, other.path) for mine, other in pairs if other and mine.path != other.path)
    whole = all(file.backport and not file.missing and not file.extra and file.same_whole for file in files)
    if whole and not added:
        drifted = _drifted(upstream.patches, backport.patches, dict(moved))
        return Difference("context" if drifted else "identical", drifted, (), moved)
    missing = [hunks for file in files if (hunks := _named(file)) is not None]
    if not added and all(file.is_part for file in files) and _any_common(files):
        return Difference("partial", tuple(missing), (), moved)
    akin = _share(upstream.work, backport.work, pairs) >= _LITTLE or _same_places(pairs)
    likeness: Likeness = "modified" if akin else "different"
    spacing = tuple(file.upstream.path for file in files if file.spacing)
    extra = [as_patch(file.backport, file.extra) for file in files if file.backport and file.extra and not file.missing]
    extra += [as_patch(file, file.hunks) for file in added]
    return Difference(likeness, (*missing, *file_hunks(extra)), spacing, moved)


def paired(mine: Sequence[FileWork], others: Sequence[FileWork]) -> list[tuple[FileWork, FileWork | None]]:
    """Each file with the one that stands for it: of the same path, else of the same name or with most of its lines."""
    left = {file.path: file for file in others}
    found = {file.path: left.pop(file.path) for file in mine if file.path in left}
    for file in mine:
        if file.path in found or not left:
            continue
        lines = _telling(file)
        shared = {path: len(lines & _telling(other)) for path, other in left.items()}
        best = max(left, key=lambda path: (shared[path], left[path].name == file.name))
        alike = left[best].name == file.name and (shared[best] or not lines)
        if alike or (lines and shared[best] * 2 >= len(lines)):
            found[file.path] = left.pop(best)
    return [(file, found.get(file.path)) for file in mine]


def _telling(file: FileWork) -> set[str]:
    return {line for hunk in file.hunks for line in hunk.telling}


def _around(commit: Commit, file: FileWork | None) -> tuple[Hunk, ...]:
    """The hunks of a file with their context."""
    return next((one.hunks for one in commit.patches if file and one.file.path == file.path), ())


def _held(mine: FileWork, other: FileWork | None, upstream: Commit, backport: Commit) -> _File:
    if other is None:
        return _File(mine, None, mine.hunks, (), same_whole=False)
    same = bool(mine.hunks) or (mine.after_blob == other.after_blob and mine.after_mode == other.after_mode)
    same = same and _mode_change(mine) == _mode_change(other)
    around, there = _around(upstream, mine), _around(backport, other)

    def renamed(one: LineHunk, two: LineHunk) -> bool:
        """Whether two hunks stand among the same lines, in a function that the branch knows by another name."""
        if not _among_same(_context(one, around), _context(two, there)):
            return False
        return one.function not in backport.names(other.path)

    left = list(other.hunks)
    missing = []
    for one in mine.hunks:
        alike = [two for two in left if two.hunk.lines == one.hunk.lines]
        equal = next((two for two in alike if _same_function(one, two)), None) or next(
            (two for two in alike if renamed(one, two)), None
        )
        if equal is None:
            missing.append(one)
        else:
            left.remove(equal)
    return _File(mine, other, tuple(missing), tuple(left), same)


def _mode_change(file: FileWork) -> tuple[str, str] | None:
    return (file.before_mode, file.after_mode) if file.before_mode != file.after_mode else None


def _same_function(one: LineHunk, other: LineHunk) -> bool:
    """Whether git names the same function for two hunks, or none for one of them."""
    return not one.function or not other.function or one.function == other.function


def _context(hunk: LineHunk, around: Sequence[Hunk]) -> set[str]:
    """The telling lines that stand around a hunk."""
    start = hunk.hunk.before_start
    near = next((one for one in around if one.before_start <= start <= one.before_start + one.before_count), None)
    return {squeezed(line[1:]) for line in near.lines if line[:1] == " " and tells(line[1:])} if near else set()


def _among_same(one: set[str], other: set[str]) -> bool:
    """Whether two hunks stand among the same lines, for the most part."""
    return bool(one and other) and 2 * len(one & other) >= max(len(one), len(other))


def _drifted(mine: Sequence[FilePatch], others: Sequence[FilePatch], moved: dict[str, str]) -> tuple[FileHunks, ...]:
    """The hunks of upstream that stand in other context; of a patch whose changed lines are all the same."""
    there = {patch.file.path: Counter(hunk.lines for hunk in patch.hunks) for patch in others}
    found = []
    for patch in mine:
        same = there.get(moved.get(patch.file.path, patch.file.path), Counter())
        hunks = tuple(hunk for hunk in patch.hunks if not same[hunk.lines])
        if hunks:
            found.append(FilePatch(patch.file, hunks))
    return file_hunks(found)


def _named(file: _File) -> FileHunks | None:
    """What of a file upstream has and the backport has not; the whole file where it has none of it."""
    if file.backport is not None and not file.missing and (file.same_whole or file.extra):
        return None
    return file_hunks([as_patch(file.upstream, file.missing)])[0]


def _any_common(files: Iterable[_File]) -> bool:
    """Whether the backport has anything of upstream at all."""
    return any(file.backport and (len(file.missing) < len(file.upstream.hunks) or file.extra) for file in files) or any(
        file.backport and file.same_whole and not file.upstream.hunks for file in files
    )


def _share(mine: CommitWork, other: CommitWork, pairs: Sequence[tuple[FileWork, FileWork | None]]) -> float:
    """The share of lines, white space aside, that both have in the same files."""
    common = sum((_plain(one.hunks) & _plain(two.hunks)).total() for one, two in pairs if two is not None)
    total = sum(len(hunk.plain) for work in (mine, other) for file in work.files for hunk in file.hunks)
    return 2 * common / total if total else 0.0


def _same_places(pairs: Sequence[tuple[FileWork, FileWork | None]]) -> bool:
    """Whether at least half of the functions that upstream changes are changed by the backport too."""
    mine, shared = 0, 0
    for one, two in pairs:
        places = {hunk.function for hunk in one.hunks} - {""}
        mine += len(places)
        shared += len(places & {hunk.function for hunk in two.hunks}) if two else 0
    return 0 < mine <= 2 * shared


def _plain(hunks: Iterable[LineHunk]) -> Counter[str]:
    return Counter(line for hunk in hunks for line in hunk.plain)


def _exact(hunks: Iterable[LineHunk]) -> Counter[str]:
    return Counter(line for hunk in hunks for line in hunk.hunk.lines)
