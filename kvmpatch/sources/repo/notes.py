"""Git notes under our own ref: the one thing that kvmpatch writes into a repository, and only when asked to.

Plumbing does it in the repository itself, with an index and a work tree of its own that are thrown away. Hooks are
switched off, no content is filtered, and nothing is signed, so no program that the repository names runs. The ref is
moved only from where it was read, so two writers cannot lose each other's notes.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from kvmpatch.errors import KvmpatchError
from kvmpatch.sources.repo.place import SAFE_CONFIG, Place, find
from kvmpatch.sources.repo.plumbing import Done, Plumbing, quoting_git
from kvmpatch.sources.repo.settings import read_settings
from kvmpatch.words import Text

REF = "refs/notes/kvmpatch"
_OFF = (
    *SAFE_CONFIG,
    *("-c", "core.splitIndex=false", "-c", "core.untrackedCache=false", "-c", "core.sparseCheckout=false"),
    *("-c", "commit.gpgSign=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false"),
    *("-c", "i18n.commitEncoding=UTF-8", "-c", "core.logAllRefUpdates=true"),
)
_NOBODY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "kvmpatch"), ("EMAIL", "kvmpatch@localhost"))
}
_PATH = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class KeptNotes(NamedTuple):
    """What became of notes.

    Attributes:
        written: commits that have a new note.
        foreign: commits whose note under our ref somebody else wrote; it was left alone.
        follows_rebases: whether `notes.rewriteRef` makes git carry our notes over a rebase.
    """

    written: tuple[str, ...]
    foreign: tuple[str, ...]
    follows_rebases: bool


class _Old(NamedTuple):
    """A note that is there: where in the tree of notes, and its blob."""

    path: bytes
    blob: bytes


def write_notes(start: str, notes: Mapping[str, str], mark: str) -> KeptNotes:
    """Write notes under our ref, in place of our own older ones.

    Args:
        start: where the repository is looked for, from there upward.
        notes: the text for each commit, by its full id; each begins with `mark`.
        mark: how a note of ours begins, by which it is told from another's.

    Raises:
        NotARepository: there is none.
        KvmpatchError: nothing could be written; the notes are as they were.
    """
    place = find(Path(start))
    patterns = [value for _, key, value in read_settings(start).entries if key == "notes.rewriteref"]
    follows = any(fnmatchcase(REF, pattern) for pattern in patterns)
    with tempfile.TemporaryDirectory(prefix="kvmpatch-") as folder:
        writer = _Writer(place, Path(folder))
        foreign = writer.write(notes, mark.encode())
    return KeptNotes(tuple(one for one in notes if one not in foreign), foreign, follows)


class _Writer:
    """One change of the ref."""

    def __init__(self, place: Place, folder: Path) -> None:
        (folder / "tree").mkdir()
        self.folder = folder
        env = {
            "GIT_DIR": str(place.git_dir),
            "GIT_WORK_TREE": str(folder / "tree"),
            "GIT_INDEX_FILE": str(folder / "index"),
            "GIT_NO_REPLACE_OBJECTS": "1",
        }
        before = ("-C", str(folder / "tree"), "--no-pager", *_OFF)
        self.git = Plumbing(before, env)
        if self.git.run("var", "GIT_COMMITTER_IDENT").status != 0:  # as in a fresh CI container
            self.git = Plumbing(before, {**env, **_NOBODY})

    def write(self, notes: Mapping[str, str], mark: bytes) -> tuple[str, ...]:
        """Write the notes; the commits that have another's are given back."""
        if self.git.run("symbolic-ref", "-q", REF).status == 0:
            raise _refused(Text(f"{REF} 是符号引用", f"{REF} is a symbolic ref"))
        found = self.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", REF)
        tip = found.out.decode("ascii", "replace").strip() if found.status == 0 else None
        old = self._old(tip) if tip else {}
        theirs = self._foreign({one: old[one] for one in notes if one in old}, mark)
        new = {commit: text for commit, text in notes.items() if commit not in theirs}
        if new:
            self._replace(tip, old, new)
        return theirs

    def _old(self, tip: str) -> dict[str, _Old]:
        """The notes that are there, by commit: the path of one is the id, with slashes in it or not."""
        listed = self._asked("ls-tree", "-r", "-z", "--full-tree", tip)
        old: dict[str, _Old] = {}
        for entry in listed.split(b"\0"):
            head, _, path = entry.partition(b"\t")
            name = path.replace(b"/", b"")
            if _PATH.fullmatch(name):
                old[name.decode("ascii")] = _Old(path, head.split()[2])
        return old

    def _foreign(self, old: Mapping[str, _Old], mark: bytes) -> tuple[str, ...]:
        """Those whose text does not begin with our mark, or cannot be read."""
        wanted = b"".join(one.blob + b"\n" for one in old.values())
        rest = self._asked("cat-file", "--batch", data=wanted) if old else b""
        foreign = []
        for commit in old:
            head, _, rest = rest.partition(b"\n")
            words = head.split()
            if len(words) != 3 or words[1] != b"blob":
                foreign.append(commit)
                if len(words) != 3:
                    continue
            size = int(words[2])
            if not rest[:size].startswith(mark) and commit not in foreign:
                foreign.append(commit)
            rest = rest[size + 1 :]
        return tuple(foreign)

    def _replace(self, tip: str | None, old: Mapping[str, _Old], new: Mapping[str, str]) -> None:
        """One commit of notes on top of what is there."""
        files = []
        for commit, text in new.items():
            path = self.folder / commit
            path.write_bytes(text.encode("utf-8", "backslashreplace"))
            files.append(os.fsencode(path))
        blobs = self._asked(
            "hash-object", "-w", "--no-filters", "--stdin-paths", data=b"\n".join(files) + b"\n"
        ).split()
        rows = b"".join(
            b"100644 " + blob + b"\t" + (old[commit].path if commit in old else commit.encode()) + b"\0"
            for commit, blob in zip(new, blobs, strict=True)
            if commit not in old or old[commit].blob != blob
        )
        if not rows:
            return
        if tip:
            self._asked("read-tree", tip)
        self._asked("update-index", "-z", "--index-info", data=rows)
        tree = self._asked("write-tree").decode().strip()
        parent = ("-p", tip) if tip else ()
        made = self._asked("commit-tree", tree, *parent, "--no-gpg-sign", data=b"Notes of kvmpatch annotate\n")
        was = tip or "0" * len(tree)
        self._asked("update-ref", "--no-deref", "-m", "kvmpatch annotate", REF, made.decode().strip(), was)

    def _asked(self, *args: str, data: bytes = b"") -> bytes:
        done = self.git.run(*args, data=data)
        if done.status != 0:
            raise _failed(done)
        return done.out


def _failed(done: Done) -> KvmpatchError:
    return KvmpatchError(Text(f"无法写入 {REF}", f"cannot write {REF}"), quoting_git(done))


def _refused(why: Text) -> KvmpatchError:
    return KvmpatchError(Text(f"不写入 {REF}：{why.zh}", f"{REF} is not written: {why.en}"))
