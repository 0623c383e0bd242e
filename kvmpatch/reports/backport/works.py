"""What commits do to lines, and what the target's files say: read in bulk, kept by id and by path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from kvmpatch.analysis.line_work import CommitWork, FileWork, commit_work, hunks_by_file
from kvmpatch.analysis.presence import FileLines

if TYPE_CHECKING:
    from kvmpatch.model import Hunk
    from kvmpatch.sources.repo import Repository

_LARGEST = 300
"""Files that a commit touches above which it is an import: of it only the paths that are asked for are read."""


class WorkReader:
    """Reads what commits do to lines; each commit once."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._works: dict[str, CommitWork] = {}
        self._files: dict[str, tuple[FileWork, ...]] = {}

    def files(self, ids: Iterable[str]) -> dict[str, tuple[FileWork, ...]]:
        """The files that commits touch, without their hunks."""
        wanted = list(dict.fromkeys(ids))
        new = [one for one in wanted if one not in self._files]
        for touched in self.repository.changed(new, renames=False, counts=False):
            self._files[touched.id] = tuple(
                FileWork(file.path, file.status, file.before_blob, file.after_blob, file.before_mode, file.after_mode)
                for file in touched.files
            )
        return {one: self._files[one] for one in wanted}

    def read(self, ids: Iterable[str], paths: Sequence[str] = ()) -> dict[str, CommitWork]:
        """The work of some commits; of an import only what it does to some paths."""
        wanted = list(dict.fromkeys(ids))
        files = self.files(wanted)
        new = [one for one in wanted if one not in self._works]
        plain = [one for one in new if len(files[one]) <= _LARGEST]
        self._works.update(self._made(plain, files, ()))
        found = {one: self._works[one] for one in wanted if one in self._works}
        imports = [one for one in new if len(files[one]) > _LARGEST]
        if imports and paths:
            kept = set(paths)
            narrowed = {one: tuple(file for file in files[one] if file.path in kept) for one in imports}
            found.update(self._made(imports, narrowed, paths))
        return found

    def _made(
        self, ids: Sequence[str], files: dict[str, tuple[FileWork, ...]], paths: Sequence[str]
    ) -> dict[str, CommitWork]:
        if not ids:
            return {}
        hunks: defaultdict[str, dict[str, Sequence[Hunk]]] = defaultdict(dict)
        for (commit, path), of_file in hunks_by_file(self.repository.changed_lines(ids, paths)).items():
            hunks[commit][path] = of_file
        return {one: commit_work(one, files[one], hunks[one]) for one in ids}


class TipFiles:
    """The files of one commit, each read when asked for."""

    def __init__(self, repository: Repository, commit: str) -> None:
        self.repository = repository
        self.commit = commit
        self._lines: dict[str, FileLines | None] = {}

    @cached_property
    def _tree(self) -> dict[str, tuple[str, str]]:
        return {file.path: (file.id, file.mode) for file in self.repository.list_files(self.commit)}

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for path in self._tree:
            found[path.rpartition("/")[2]].append(path)
        return found

    def read(self, paths: Iterable[str]) -> None:
        """Read some files at once."""
        new = [path for path in dict.fromkeys(paths) if path not in self._lines and path in self._tree]
        for path, data in self.repository.read_files(self.commit, new).items():
            self._lines[path] = FileLines(data) if data is not None else None

    def lines(self, path: str) -> FileLines | None:
        """A file's lines, None where there is no such file or it cannot be read."""
        if path not in self._lines and path in self._tree:
            self.read([path])
        return self._lines.get(path)

    def blob(self, path: str) -> tuple[str, str] | None:
        """A file's blob and mode, None where there is none."""
        return self._tree.get(path)

    def namesakes(self, path: str) -> Sequence[str]:
        """Paths with the same last part."""
        return self._by_name.get(path.rpartition("/")[2], ())
