"""How much of a commit's change other commits brought, and which of them were taken back.

A line counts by its text, white space aside, within its file; a hunk is missing only if nothing of it was brought, its
lines do not stand in the target, and nothing else was changed in its place instead.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from kvmpatch.analysis.hunk_places import file_hunks
from kvmpatch.analysis.line_work import CommitWork, FileWork, LineHunk, as_patch, squeezed, tells
from kvmpatch.model.backport import FileHunks

SHORTEST_ID = 7
_ALIKE = 0.6
"""The share of words that two lines must have in common for one to be the other, adapted."""
_MOST_ALIKE = 200
_WORD = re.compile(r"\w+|[^\w\s]")


class FileLines:
    """The lines of one file of the target, white space aside, to be asked whether some stand there together."""

    def __init__(self, data: bytes) -> None:
        self.lines = [squeezed(line) for line in data.decode("utf-8", "replace").split("\n")]
        self.set = frozenset(self.lines)
        self._at: defaultdict[str, list[int]] = defaultdict(list)
        for number, line in enumerate(self.lines):
            self._at[line].append(number)

    def __contains__(self, run: Sequence[str]) -> bool:
        """Whether these lines stand here one behind the other."""
        if not self.set.issuperset(run):
            return False
        rarest = min(range(len(run)), key=lambda place: len(self._at[run[place]]))
        wanted = list(run)
        for at in self._at[run[rarest]]:
            first = at - rarest
            if first >= 0 and self.lines[first : first + len(wanted)] == wanted:
                return True
        return False


class TargetFiles(Protocol):
    """What must be known of the target's files."""

    def lines(self, path: str) -> FileLines | None:
        """A file's lines; None where the target has no such file, or it cannot be read."""
        ...

    def blob(self, path: str) -> tuple[str, str] | None:
        """A file's blob id and mode, None where the target has no such file."""
        ...

    def namesakes(self, path: str) -> Sequence[str]:
        """Paths of the target with the same last part."""
        ...


class Coverage(msgspec.Struct, frozen=True):
    """How much of a candidate is there.

    Attributes:
        matched, telling: of how many telling lines of the candidate, so many were brought.
        missing: hunks, or whole files, that are not there.
        moot: files that the candidate changes and the target has not, under whatever name.
        standing: whether every hunk's new lines stand in the target's files, and its old ones do not.
        adapted: hunks of which no line was brought, and in whose place something else was done.
    """

    matched: int
    telling: int
    missing: tuple[FileHunks, ...]
    moot: tuple[str, ...]
    standing: bool
    adapted: int = 0

    @property
    def share(self) -> float:
        """The brought part of the telling lines, 0 where none tells."""
        return self.matched / self.telling if self.telling else 0.0


def coverage(
    candidate: CommitWork, bringers: Sequence[CommitWork], target: TargetFiles, *, placed: bool = False
) -> Coverage:
    """How much of a candidate some commits of the target brought together.

    With `placed`, a line counts only in the function in which the candidate has it, where git names one.
    """
    matched = total = adapted = 0
    missing: list[FileHunks] = []
    moot: list[str] = []
    standing = True
    own = frozenset(file.path for file in candidate.files)
    for file in candidate.files:
        there = counterparts(file, bringers, own - {file.path})
        path = target_path(file, there, target)
        if path is None and file.status not in ("added", "deleted") and not there:
            moot.append(file.path)
            continue
        one = _file_coverage(file, there, path, target, placed=placed)
        matched += one.matched
        total += one.telling
        adapted += one.adapted
        standing = standing and one.standing
        missing += one.missing
    return Coverage(matched, total, tuple(missing), tuple(moot), standing, adapted)


def counterparts(
    file: FileWork, bringers: Sequence[CommitWork], others: frozenset[str] = frozenset()
) -> list[FileWork]:
    """The files of some commits that stand for a file of the candidate: by path, else by name or by their lines.

    `others` are the candidate's other files, which stand for themselves: one declaration in two headers is two.
    """
    same = [one for work in bringers for one in work.files if one.path == file.path]
    if same:
        return same
    wanted = {line for hunk in file.hunks for line in hunk.telling}
    free = [one for work in bringers for one in work.files if one.path not in others]
    if not wanted:
        return [one for one in free if one.name == file.name] if not file.hunks else []
    found = []
    for one in free:
        shared = len(wanted.intersection(line for hunk in one.hunks for line in hunk.telling))
        if shared and (one.name == file.name or shared * 2 >= len(wanted)):
            found.append(one)
    return found


def target_path(file: FileWork, there: Sequence[FileWork], target: TargetFiles) -> str | None:
    """The path under which the target has a file: the same, that of its counterpart, or a namesake with its lines."""
    for path in (file.path, *(one.path for one in there)):
        if target.blob(path):
            return path
    removed = {line for hunk in file.hunks for line in hunk.removed if tells(line)}
    best, most = None, 1
    for path in target.namesakes(file.path):
        lines = target.lines(path)
        shared = len(removed & lines.set) if lines else 0
        if shared > most or (shared and shared == len(removed)):
            best, most = path, shared
    return best


def _file_coverage(
    file: FileWork, there: Sequence[FileWork], path: str | None, target: TargetFiles, *, placed: bool
) -> Coverage:
    if not file.hunks:
        return _whole_file(file, there, path, target)
    have = Counter(line for one in there for hunk in one.hunks for line in hunk.plain)
    left = have.copy()
    left.subtract(line for hunk in file.hunks for line in hunk.plain)
    lines = target.lines(path) if path else None
    matched = total = adapted = 0
    standing = True
    missing: list[LineHunk] = []
    for hunk in file.hunks:
        nearby = _in_function(hunk.function, there) if placed else have
        brought = sum(nearby[line] > 0 for line in hunk.telling)
        matched += brought
        total += len(hunk.telling)
        stands = _stands(hunk, lines, gone=file.status == "deleted" and path is None)
        standing = standing and stands
        if brought or stands or (there and not hunk.telling):
            continue
        if not any(one.status == file.status == "added" for one in there) and _instead(hunk, there, left):
            adapted += 1
            continue
        missing.append(hunk)
    named = file_hunks([as_patch(file, missing)]) if missing else ()
    return Coverage(matched, total, named, (), standing, adapted)


def _in_function(function: str, there: Sequence[FileWork]) -> Counter[str]:
    """The lines that some files changed in one function, and where git names none."""
    hunks = (hunk for one in there for hunk in one.hunks)
    return Counter(line for hunk in hunks if not function or hunk.function in ("", function) for line in hunk.plain)


def _whole_file(file: FileWork, there: Sequence[FileWork], path: str | None, target: TargetFiles) -> Coverage:
    """A file without lines: binary, a mode, empty. The same content or mode must be there, or have been brought."""
    blob = target.blob(path) if path else None
    if file.status == "deleted":
        stands = blob is None
    elif file.status == "mode":
        stands = blob is not None and blob[1] == file.after_mode
    else:
        stands = blob is not None and blob[0] == file.after_blob
    brought = any(
        one.after_blob == file.after_blob if file.status != "mode" else one.after_mode == file.after_mode
        for one in there
        if one.status == file.status or one.after_blob == file.after_blob
    )
    missing = () if stands or brought or any(not one.hunks for one in there) else (FileHunks(file.path, ()),)
    return Coverage(0, 0, missing, (), stands)


def _stands(hunk: LineHunk, lines: FileLines | None, *, gone: bool) -> bool:
    """Whether a hunk's new lines stand in a file together, and of its old ones none that tells."""
    if lines is None:
        return gone
    added = hunk.added
    if added and added not in lines:
        return False
    kept = set(added)
    return not any(tells(line) and line in lines.set and line not in kept for line in hunk.removed)


def _instead(hunk: LineHunk, there: Sequence[FileWork], left: Counter[str]) -> bool:
    """Whether something else was done in a hunk's place: in its function, or with lines much like its own."""
    others = [(one.function, line) for file in there for one in file.hunks for line in one.telling if left[line] > 0]
    if hunk.function and any(function == hunk.function for function, _ in others):
        return True
    words = [(line[0], set(_WORD.findall(line[1:]))) for _, line in others[:_MOST_ALIKE]]
    for line in hunk.telling[:_MOST_ALIKE]:
        mine = set(_WORD.findall(line[1:]))
        if any(sign == line[0] and 2 * len(mine & other) >= _ALIKE * (len(mine) + len(other)) for sign, other in words):
            return True
    return False


def same_lines(candidate: CommitWork, other: CommitWork) -> bool:
    """Whether two commits change the same lines of the same functions of the same files, wherever these stand."""
    return bool(candidate.files) and _print(candidate) == _print(other)


def _print(work: CommitWork) -> dict[str, object]:
    """What a commit does to each file; a function's name counts where git knows one."""
    return {
        file.path: (
            file.status if not file.hunks else "",
            Counter((hunk.function, line) for hunk in file.hunks for line in hunk.plain)
            if file.hunks
            else (file.after_blob, file.after_mode),
        )
        for file in work.files
    }


# ---- reverts ---------------------------------------------------------------------------------------------------------


class Event(msgspec.Struct, frozen=True):
    """A commit of the target that brings something or takes it back.

    Attributes:
        ids: the ids by which messages may call it, its own among them.
        reverts: the id that it says it takes back, or None.
        reverts_subject: the subject that it says it takes back, where it gives no id.
    """

    id: str
    ids: tuple[str, ...]
    subject: str
    reverts: str | None
    reverts_subject: str | None = None


def taken_back(events: Iterable[Event]) -> dict[str, str]:
    """The events that a later one took back, each with that later one's id. A revert that was itself reverted is void.

    Args:
        events: the newest first.
    """
    ordered = list(events)
    found: dict[str, str] = {}
    for place, event in enumerate(ordered):
        if event.id in found or not (event.reverts or event.reverts_subject):
            continue
        for older in ordered[place + 1 :]:
            if older.id not in found and _means(event, older):
                found[older.id] = event.id
                break
    return found


def _means(revert: Event, other: Event) -> bool:
    if revert.reverts:
        return any(goes_by(revert.reverts, one) for one in other.ids)
    return revert.reverts_subject == other.subject


def goes_by(written: str, identity: str) -> bool:
    """Whether an id in a message, perhaps shortened, may be this one."""
    shorter = min(len(written), len(identity))
    return shorter >= SHORTEST_ID and written[:shorter] == identity[:shorter]


def by_line(works: Iterable[CommitWork]) -> dict[str, list[str]]:
    """The commits that have a telling line, by that line."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for work in works:
        for line in work.telling:
            found[line][work.id] = None
    return {line: list(ids) for line, ids in found.items()}


def bringers(
    candidate: CommitWork, index: dict[str, list[str]], works: dict[str, CommitWork], most: int
) -> Iterator[str]:
    """The fewest commits that together have most of a candidate's telling lines in its files, best first."""
    wanted = set(candidate.telling)
    names = {file.name for file in candidate.files}
    for _ in range(most):
        votes = Counter(identity for line in wanted for identity in index.get(line, ()))
        ranked = [one for one, _ in votes.most_common(20) if names & {file.name for file in works[one].files}]
        if not ranked:
            return
        yield ranked[0]
        wanted -= set(works[ranked[0]].telling)
