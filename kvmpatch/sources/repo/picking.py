"""The dry pick: what `git cherry-pick` would make of a commit on another, worked out in the quarantine.

git below 2.40 merges two commits on their common ancestor alone, so three throw-away commits are made: one with the
tree that the picked commit changed, and upon it one with the target's tree and one with its own. Their merge is the
pick. Commits are written as loose objects by hand, so one process makes a pick, and one more reads its conflicts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from kvmpatch.errors import Unreadable
from kvmpatch.sources.repo.changed import ABSENT, GITLINK, DiffReader
from kvmpatch.sources.repo.commits import first_parents
from kvmpatch.sources.repo.names import PathNames
from kvmpatch.sources.repo.objects import ObjectReader
from kvmpatch.sources.repo.plumbing import Plumbing
from kvmpatch.sources.repo.quarantine import Quarantine
from kvmpatch.sources.repo.values import Picked, PickedFile, TouchedFile, TreeFile

MARKER = 61
"""Characters of a conflict marker. git's own seven are also what a title is underlined with in plain text."""
_CLEAN, _CONFLICT = 0, 1
_TREE = re.compile(rb"\A[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_CONFLICT_TYPE = re.compile(r"CONFLICT ?\((.+)\)\Z")
# git's types that name one file by several paths: the base, one side or both.
_SEVERAL_PATHS = ("rename/rename", "rename/delete", "rename involved in collision")
_ATTRIBUTES = ".gitattributes"
_KEPT_HEADERS = (b"author ", b"committer ", b"encoding ")
_LINK = "120000"


class _Message(NamedTuple):
    """What merge-tree says of some paths: the type is stable, its sentence is not read."""

    paths: tuple[bytes, ...]
    kind: str


class _Merged(NamedTuple):
    """An answer of merge-tree. `stages` are path, stage (1 base, 2 ours, 3 theirs), mode and id."""

    tree: str
    clean: bool
    stages: tuple[tuple[bytes, int, str, str], ...]
    messages: tuple[_Message, ...]


class CommitPicker:
    """Picks commits in one quarantine."""

    def __init__(
        self, quarantine: Quarantine, git: Plumbing, objects: ObjectReader, diffs: DiffReader, names: PathNames
    ) -> None:
        self._quarantine = quarantine
        self._git = git
        self._objects = objects
        self._diffs = diffs
        self._names = names

    def pick(self, commit: str, onto: str, parent: str | None, *, texts: bool) -> Picked:
        """See `Repository.pick`."""
        try:
            data, target = (self._commit(one) for one in (commit, onto))
            parents = first_parents(data)
            base = parent or (parents[0] if parents else None)
            base_tree = _tree(self._commit(base)) if base else self._quarantine.store("tree", b"")
            touched = () if parent else next(self._diffs.changed([commit], renames=True, counts=False)).files
            attributes = self._attributes(onto, [file.path for file in touched])
        except Unreadable:
            return Picked("unknown")
        root = self._made(base_tree, (), "base")
        sides = (self._made(_tree(target), (root,), "ours"), self._made(_tree(data), (root,), "theirs"))
        merged = self._merge(sides, attributes)
        if merged is None:
            return Picked("unknown")
        if not merged.clean:
            read = self._texts(merged, sides, attributes) if texts else {}
            return Picked("conflict", files=tuple(self._files(merged, read, touched)))
        made = self._quarantine.store("commit", _picked(data, merged.tree, onto))
        return Picked("empty" if merged.tree == _tree(target) else "clean", merged.tree, made)

    # ---- the merge -------------------------------------------------------------------------------------------------

    def _commit(self, commit: str) -> bytes:
        return self._objects.commits([commit])[0][1]

    def _made(self, tree: str, parents: Sequence[str], message: str) -> str:
        """A throw-away commit; the message alone keeps two sides of one tree apart."""
        head = [f"tree {tree}", *(f"parent {one}" for one in parents)]
        head += [f"{role} kvmpatch <kvmpatch@invalid> 0 +0000" for role in ("author", "committer")]
        return self._quarantine.store("commit", "\n".join([*head, "", message, ""]).encode())

    def _merge(self, sides: tuple[str, str], attributes: str, *config: str) -> _Merged | None:
        """What git makes of two commits; None where objects are missing. A status of 1 alone is no conflict yet."""
        options = (word for one in (f"core.attributesFile={attributes}", *config) for word in ("-c", one))
        done = self._git.run(*options, "merge-tree", "--write-tree", "-z", "--messages", *sides)
        fields = done.out.split(b"\0")
        if done.status not in (_CLEAN, _CONFLICT) or not _TREE.match(fields[0]):
            return None
        stages, messages = _read(fields[1:])
        return _Merged(fields[0].decode("ascii"), done.status == _CLEAN, stages, messages)

    def _attributes(self, onto: str, touched: Iterable[str]) -> str:
        """The path of an attributes file for this pick: how the target wants its files merged, as far as that is git's.

        A quarantine has no work tree to find `.gitattributes` in. Drivers that they name are not configured here, so
        what runs is only what git has built in: text, binary, union.
        """
        folders = {""}
        for path in touched:
            while path := path.rpartition("/")[0]:
                folders.add(path)
        ordered = sorted(folders, key=lambda folder: (folder.count("/"), folder))
        names = [f"{onto}:".encode() + self._names.raw(f"{one}/{_ATTRIBUTES}".lstrip("/")) for one in ordered]
        blobs = self._objects.blobs(names, [""] * len(names))
        lines = [
            line
            for folder, blob in zip(ordered, blobs, strict=True)
            for line in _rules(blob.data or b"", self._names.raw(folder))
        ]
        place = self._quarantine.path / "info" / "pick"
        place.write_bytes(b"\n".join([*lines, b"* conflict-marker-size=%d" % MARKER, b""]))
        return str(place)

    # ---- conflicts -------------------------------------------------------------------------------------------------

    def _texts(self, merged: _Merged, sides: tuple[str, str], attributes: str) -> dict[bytes, str]:
        """Conflicted files with the base's lines between the markers.

        They come of a second merge: with the base shown, git leaves conflicts in that it would otherwise resolve.
        """
        shown = self._merge(sides, attributes, "merge.conflictStyle=diff3")
        if shown is None:
            return {}
        content = {path for path, stage, mode, _ in merged.stages if stage == 2 and mode not in (GITLINK, _LINK)}
        paths = sorted(content)
        blobs = self._objects.blobs([f"{shown.tree}:".encode() + path for path in paths], [""] * len(paths))
        start = b"<" * MARKER + b" "
        return {
            path: blob.data.decode("utf-8", "backslashreplace")
            for path, blob in zip(paths, blobs, strict=True)
            if blob.data is not None and (blob.data.startswith(start) or b"\n" + start in blob.data)
        }

    def _files(self, merged: _Merged, texts: dict[bytes, str], touched: Sequence[TouchedFile]) -> Iterator[PickedFile]:
        """One file for each path, or for all paths that a rename gives it."""
        left = dict.fromkeys(path for path, *_ in merged.stages)
        kinds = {path: message.kind for message in reversed(merged.messages) for path in message.paths if message.kind}
        groups = [one for one in merged.messages if one.kind in _SEVERAL_PATHS]
        for message in groups:
            if paths := [path for path in message.paths if path in left]:
                for path in paths:
                    del left[path]
                yield self._file(merged, paths, message.kind, texts, touched)
        for path in left:
            yield self._file(merged, [path], kinds.get(path, ""), texts, touched)
        if not merged.stages:  # as where git only wonders which way a folder went
            said = dict.fromkeys(path for one in merged.messages if one.kind for path in one.paths)
            yield from (PickedFile(self._names.text(path), kinds[path]) for path in said)

    def _file(
        self,
        merged: _Merged,
        paths: Sequence[bytes],
        kind: str,
        texts: dict[bytes, str],
        touched: Sequence[TouchedFile],
    ) -> PickedFile:
        stages = {
            stage: TreeFile(self._names.text(path), identity, mode, "commit" if mode == GITLINK else "blob")
            for path, stage, mode, identity in merged.stages
            if path in paths
        }
        base, ours, theirs = (stages.get(stage) for stage in (1, 2, 3))
        place = ours or theirs or base
        where = place.path if place else self._names.text(paths[0])
        base, theirs = _own_names(base, theirs, touched)
        text = next((texts[path] for path in paths if path in texts), None)
        return PickedFile(where, _kind(kind, base, ours, theirs), base, ours, theirs, text, MARKER)


def _tree(data: bytes) -> str:
    return data[5 : data.index(b"\n")].decode("ascii")


def _picked(data: bytes, tree: str, onto: str) -> bytes:
    """The commit that a pick makes: who wrote it, when, and what was said are taken over, signatures are not."""
    head, _, message = data.partition(b"\n\n")
    kept = [line for line in head.split(b"\n") if line.startswith(_KEPT_HEADERS)]
    return b"\n".join([b"tree " + tree.encode(), b"parent " + onto.encode(), *kept, b"", message])


def _read(fields: Sequence[bytes]) -> tuple[tuple[tuple[bytes, int, str, str], ...], tuple[_Message, ...]]:
    """Stages up to the first empty field, then messages: how many paths, the paths, the type, the sentence."""
    stages = []
    at = 0
    while at < len(fields) and fields[at]:
        head, _, path = fields[at].partition(b"\t")
        mode, identity, stage = head.decode("ascii").split(" ")
        stages.append((path, int(stage), mode, identity))
        at += 1
    messages = []
    at += 1
    with suppress(ValueError, IndexError):
        while at < len(fields) and fields[at]:
            count = int(fields[at])
            paths = tuple(fields[at + 1 : at + 1 + count])
            match = _CONFLICT_TYPE.match(fields[at + 1 + count].decode("ascii", "replace"))
            messages.append(_Message(paths, match[1] if match else ""))
            at += count + 3
    return tuple(stages), tuple(messages)


def _kind(said: str, base: TreeFile | None, ours: TreeFile | None, theirs: TreeFile | None) -> str:
    """The word that git has for a conflict, in the singular; told by the stages where it has none of its own."""
    if said in ("contents", ""):
        if ours and theirs:
            return "content" if base else "add/add"
        return "modify/delete" if base else said or "content"
    return said


def _own_names(
    base: TreeFile | None, theirs: TreeFile | None, touched: Sequence[TouchedFile]
) -> tuple[TreeFile | None, TreeFile | None]:
    """Base and theirs under the names that they have in the picked commit: stages bear the name of the result."""
    for file in touched:
        same_base = base is not None and file.before_mode != ABSENT and file.before_blob == base.id
        if (base is None or same_base) and (theirs is None or file.after_blob == theirs.id) and (base or theirs):
            base = base and TreeFile(file.before_path, base.id, base.mode, base.kind)
            theirs = theirs and TreeFile(file.path, theirs.id, theirs.mode, theirs.kind)
            break
    return base, theirs


def _rules(data: bytes, folder: bytes) -> Iterator[bytes]:
    """The lines of a `.gitattributes`, as they would stand in one at the top. A folder's own defines no macros."""
    prefix = re.sub(rb"([\\*?\[\]!\" ])", rb"\\\1", folder)
    for line in data.split(b"\n"):
        rule = line.strip()
        if not rule or rule.startswith(b"#") or (folder and rule.startswith(b"[attr]")):
            continue
        if not folder:
            yield rule
            continue
        quoted, rule = rule.startswith(b'"'), rule.lstrip(b'"')
        pattern = rule.partition(b'"' if quoted else b" ")[0].split(b"\t")[0]
        where = prefix + (b"/" + rule.lstrip(b"/") if b"/" in pattern else b"/**/" + rule)
        yield b'"' + where if quoted else where
