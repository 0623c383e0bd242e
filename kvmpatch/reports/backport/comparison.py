"""A backport compared with its upstream commit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kvmpatch.analysis.comparison import Commit, compare
from kvmpatch.analysis.line_work import commit_work, without_context
from kvmpatch.errors import BadInput
from kvmpatch.model.backport import Comparison
from kvmpatch.parse.diff import read_patch_text
from kvmpatch.reports.backport.works import WorkReader
from kvmpatch.rules import comparison_reasons as words

if TYPE_CHECKING:
    from kvmpatch.sources.repo import Repository

_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")


def compared(repository: Repository, upstream_id: str, backport_id: str) -> Comparison:
    """Hold a backport against the commit that it brings.

    Raises:
        Unreadable: one of them lies on the shallow boundary, or its objects are missing.
    """
    works = WorkReader(repository)
    upstream, backport = (_read(repository, works, one) for one in (upstream_id, backport_id))
    found = compare(upstream, backport)
    because = []
    if found.spacing:
        because.append(words.spacing_alone(backport_id, found.spacing))
    if found.moved:
        because.append(words.other_path(backport_id, found.moved))
    return Comparison(found.class_, backport_id, found.hunks, tuple(because))


def _read(repository: Repository, works: WorkReader, commit: str) -> Commit:
    try:
        patches = read_patch_text(repository.patch_text(commit))[0]
    except BadInput:  # nothing but modes, or an empty commit
        patches = ()
    work = works.read([commit], [file.path for file in works.files([commit])[commit]])[commit]
    if patches and not any(file.hunks for file in work.files):  # a merge, which has no lines of its own
        runs = {patch.file.path: [run for hunk in patch.hunks for run in without_context(hunk)] for patch in patches}
        work = commit_work(commit, work.files, runs)

    def names(path: str) -> frozenset[str]:
        data = repository.read_files(commit, [path])[path] or b""
        return frozenset(word.decode("ascii") for word in _WORD.findall(data))

    return Commit(patches, work, names)
