"""Which commit brought a name into a history, within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kvmpatch.errors import KvmpatchError
from kvmpatch.model.explain_tree import Introduced
from kvmpatch.sources.repo import ChangedFiles, Filter, Repository
from kvmpatch.words import Text

MOST_COMMITS = 2000
"""Commits that touch the file; csr.h has some 80 in the kernel, the longest KVM file some 150."""
_MOST_MOVES = 8
_MOST_OTHER_FILES = 200
_SOURCES = (".c", ".h", ".S", "Kconfig")


def introduced_by(repository: Repository, head: str, name: str, path: str) -> tuple[Introduced | None, Text | None]:
    """The commit since which a file defines a name, followed through moves from file to file; or why it is not known.

    Merges are passed over: what only a merge brought is not found.
    """
    try:
        return _Search(repository, name).from_commit(head, path)
    except KvmpatchError as why:
        return None, why.said


def defines(name: str) -> re.Pattern[bytes]:
    """Finds a definition: a macro, an enumerator, a function, a structure, a field, a variable, a symbol."""
    word = re.escape(name.encode())
    forms = (
        rb"^[ \t]*#[ \t]*define[ \t]+" + word + rb"\b",
        rb"^[ \t]*" + word + rb"[ \t]*(?:=[^=][^;\n]*)?(?:,|/\*|$)",
        rb"^(?:[A-Za-z_][^\n;{}#=]*\b)?" + word + rb"[ \t]*\([^;{}]*\)[^;{}()]*\{",
        rb"\b(?:struct|union|enum)[ \t]+" + word + rb"\b[^;{}()]*\{",
        rb"^[ \t]+[\w \t*]+[ \t*]" + word + rb"[ \t]*(?:\[[^\]\n]*\])?(?::[ \t]*\d+)?;",
        rb"^[A-Za-z_][\w \t*]*[ \t*]" + word + rb"[ \t]*(?:\[[^\]\n]*\])?[ \t]*[=;]",
        rb"^(?:SYM_\w+|ENTRY|config)[ \t(]+" + word + rb"\b",
        rb"^" + word + rb":",
    )
    return re.compile(b"|".join(forms), re.MULTILINE)


class _Search:
    """A walk back through the commits that touch one file after another."""

    def __init__(self, repository: Repository, name: str) -> None:
        self.repository = repository
        self.pattern = defines(name)
        self._known: dict[str, bool] = {}
        self.read = 0
        self.cut = False

    def from_commit(self, tip: str, path: str) -> tuple[Introduced | None, Text | None]:
        """Follow the definition from a commit and a file back to where it was not there."""
        for _ in range(_MOST_MOVES):
            found = self._first(tip, path)
            if found is None:
                return None, self._why()
            commit = next(self.repository.commits([found.id]))
            if not commit.parents:
                return None, _in_first(found.id)
            before = self._elsewhere(found, path)
            if before is None:
                return Introduced(found.id, commit.subject, commit.author.date, path), None
            tip, path = commit.parents[0], before
        return None, self._why()

    def _first(self, tip: str, path: str) -> ChangedFiles | None:
        """The newest commit after which the file defines the name and before which it did not."""
        for changed in self.repository.changed(self._ids(tip, path), renames=False, counts=False):
            self.read += 1
            file = next((file for file in changed.files if file.path == path), None)
            if file and self._has(file.after_blob) and not self._has(file.before_blob):
                return changed
        return None

    def _ids(self, tip: str, path: str) -> Iterator[str]:
        """Commits that touch the file, up to where history was cut off: what those changed nobody can tell."""
        where = Filter(no_merges=True)
        for commit in self.repository.history_ids([tip], [path], limit=MOST_COMMITS - self.read, where=where):
            if commit in self.repository.shallow:
                self.cut = True
                return
            yield commit

    def _elsewhere(self, changed: ChangedFiles, path: str) -> str | None:
        """The file that defined the name before, where the commit only moved it."""
        others = [file for file in changed.files if file.before_blob and file.before_path.endswith(_SOURCES)]
        for file in others[:_MOST_OTHER_FILES]:
            if file.before_path != path and self._has(file.before_blob) and not self._has(file.after_blob):
                return file.before_path
        return None

    def _has(self, blob: str | None) -> bool:
        if blob is None:
            return False
        if blob not in self._known:
            data = next(self.repository.blobs([blob])).data
            self._known[blob] = bool(data and self.pattern.search(data))
        return self._known[blob]

    def _why(self) -> Text:
        if self.cut:
            return Text("未知：浅克隆的历史到此为止", "unknown: the history of this shallow clone ends before")
        if self.read >= MOST_COMMITS:
            return Text(f"未知：只看了 {self.read} 个提交", f"unknown: only {self.read} commits were looked at")
        return Text("未知：没有找到单独引入它的提交", "unknown: no commit by itself brought it")


def _in_first(commit: str) -> Text:
    return Text(
        f"未知：历史的第一个提交 {commit[:12]} 里已有",
        f"unknown: already in this history's first commit, {commit[:12]}",
    )
