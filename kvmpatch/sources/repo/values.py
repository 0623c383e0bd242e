"""What the room that reads git hands out: plain values, ids in lower-case hex, paths as text."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from kvmpatch.model import FileBefore, FileChange, Signature
from kvmpatch.model.backport import PickState

BLOB_LIMIT = 8 * 1024 * 1024
"""Bytes above which a blob is not read. The longest C file of the kernel has about 1 MB, generated register headers
some 20 MB; nothing that is worth parsing lies beyond."""

Status = Literal["added", "deleted", "modified", "renamed", "copied", "mode", "type"]
Absence = Literal["missing", "too-big", "not-a-blob"]
Syntax = Literal["basic", "extended", "fixed", "perl"]


class Resolved(msgspec.Struct, frozen=True):
    """A commit that a revision stands for.

    Attributes:
        rev: the revision as written; for a range the whole range.
        id: full id of the commit, tags peeled.
        how: `object`, or `backport` where the caller found it through its message.
        also: further ids that would answer as well (backports).
    """

    rev: str
    id: str
    how: str = "object"
    also: tuple[str, ...] = ()


class RawCommit(msgspec.Struct, frozen=True):
    r"""A commit object, decoded but not interpreted.

    Attributes:
        message: the whole text as stored. Bytes that its encoding does not know stand there as `\xNN`.
        undecodable: whether there were such bytes, in the message or in a name.
        tree: id of its tree.
    """

    id: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str
    undecodable: bool
    tree: str

    @property
    def subject(self) -> str:
        """The first paragraph on one line, as git shows it."""
        return " ".join(self.message.lstrip("\n").split("\n\n", 1)[0].split("\n")).strip()


class TouchedFile(msgspec.Struct, frozen=True):
    """One file of a commit, with the blobs of its two sides.

    Attributes:
        before_path: the path on the before side; the same as `path` unless renamed or copied.
        additions: added lines; None for binary files and where git could not count.
        before_blob: None where the side does not exist or is a submodule; likewise `after_blob`.
        before_mode: git's octal mode, such as `100644`; `000000` where the side does not exist.
        similarity: per cent, for renamed and copied files.
    """

    path: str
    before_path: str
    status: Status
    additions: int | None
    deletions: int | None
    binary: bool
    before_blob: str | None
    after_blob: str | None
    before_mode: str
    after_mode: str
    similarity: int | None

    def as_file_change(self) -> FileChange:
        """The same file in the words of the report."""
        before = FileBefore(self.before_path) if self.before_path != self.path else None
        return FileChange(self.path, self.status, self.additions, self.deletions, self.binary, before)


class ChangedFiles(msgspec.Struct, frozen=True):
    """The files that a commit touches, against its first parent, in git's order.

    Attributes:
        counted: False where lines were not counted: not asked for, or blobs are missing; then only exact renames
            were found, too.
        renames_skipped: too many added files for git to compare, so inexact renames and copies were not looked for.
    """

    id: str
    files: tuple[TouchedFile, ...]
    counted: bool = True
    renames_skipped: bool = False


class Blob(msgspec.Struct, frozen=True):
    """The content of a file, or why there is none. `size` is in bytes, where known."""

    id: str
    data: bytes | None
    why: Absence | None = None
    size: int | None = None


class TreeFile(msgspec.Struct, frozen=True):
    """A file of a commit's tree. `kind` is `blob`, or `commit` for a submodule."""

    path: str
    id: str
    mode: str
    kind: str


class PickedFile(msgspec.Struct, frozen=True):
    """One file that a pick cannot merge.

    Attributes:
        path: where it stands in the target, or would.
        kind: git's word for the conflict: `content`, `add/add`, `modify/delete`, `rename/delete`, `binary` …
        base: the file before the picked commit, under the name that it had there; None where there was none.
        ours, theirs: the target's, and the picked commit's own.
        text: the file with the conflicts between markers, the base's lines among them; None where there are no lines
            to show: binary files, modes, links, a side that is not there.
        marker: characters of a marker in `text`, more than git's seven, so that no text looks like one.
    """

    path: str
    kind: str
    base: TreeFile | None = None
    ours: TreeFile | None = None
    theirs: TreeFile | None = None
    text: str | None = None
    marker: int = 7


class Picked(msgspec.Struct, frozen=True):
    """What a dry pick gives.

    Attributes:
        state: `clean`; `conflict`; `empty`, if the target has all of it already; `unknown` where objects are missing.
        tree: of a clean or empty one, the tree that results.
        commit: the throw-away commit with that tree upon the target. It can be read like any other, and picked onto.
        files: of a conflict, the files that do not merge.
    """

    state: PickState
    tree: str | None = None
    commit: str | None = None
    files: tuple[PickedFile, ...] = ()


class ChangedLine(NamedTuple):
    """One line of a patch: its commit, its file on the after side, `+`, `-` or `@` (a hunk's heading), its text."""

    commit: str
    path: str
    sign: str
    text: str


class Filter(msgspec.Struct, frozen=True):
    """The filters of `git log`, by its own names. Patterns and dates are what git takes.

    Attributes:
        pathspecs: with git's wildcards and magic, as typed by the user, from the top of the tree.
        ours: made by us of literals, so that git need not be asked whether it takes the patterns.
    """

    grep: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    committer: tuple[str, ...] = ()
    until: str | None = None
    ignore_case: bool = False
    syntax: Syntax = "basic"
    all_match: bool = False
    invert_grep: bool = False
    no_merges: bool = False
    pathspecs: tuple[str, ...] = ()
    ours: bool = False
