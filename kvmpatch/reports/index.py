"""`index`: builds the local index, tells how it stands, removes it; and the index that other reports ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kvmpatch.errors import KvmpatchError, Unreadable
from kvmpatch.model import Reason
from kvmpatch.model.index import INDEX_SCHEMA, IndexDone, IndexReport, IndexState
from kvmpatch.reports.index_rows import pointers_of, scope_of, structure_reader
from kvmpatch.reports.indexed import analysis_version
from kvmpatch.sources.index import Folder, Index, Task, build, remove
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.sources.repo import Repository

Progress = Callable[[Text], None]

FEW_COMMITS = 2000
"""New commits that are read on the way while a command waits: about half a second."""
FEW_STRUCTURES = 30
"""New commits of the scope that are compared on the way: about a second."""
MANY_COMMITS = 20_000
"""Above this, git takes seconds for what the index answers at once."""


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """What `index` was asked: `action` is build, status or clear."""

    action: str
    start: str
    progress: Progress | None = None
    overrides: tuple[tuple[str, str], ...] = ()


def index_report(request: IndexRequest) -> IndexReport:
    """Do what was asked, and tell how it stands then.

    Raises:
        KvmpatchError: no repository, the disk is full, the cache cannot be written.
    """
    from kvmpatch.sources.repo import Repository

    with Repository.open(request.start, request.overrides) as repository:
        began = time.monotonic()
        done = None
        if request.action == "build":
            task = task_for(repository, request.start, request.overrides)
            built = build(task, repository.all_tips(), request.progress)
            done = IndexDone(built.commits, built.structures, round(time.monotonic() - began, 3))
        elif request.action == "clear":
            clear(repository)
            done = IndexDone(0, 0, round(time.monotonic() - began, 3))
        state = state_of(repository)
        advice = _advice(repository, state) if request.action != "clear" else None
        return IndexReport(INDEX_SCHEMA, request.action, str(repository.git_dir), state, done, advice)


def index_for(
    repository: Repository, start: str, overrides: tuple[tuple[str, str], ...] = (), progress: Progress | None = None
) -> Index | None:
    """The index of a repository, with the few commits read in that are new; None where there is none.

    Whether it covers what is wanted is still to be asked: refs may have moved by much, the cache may be read-only, and
    structure is brought up to date only where it was with the messages.
    """
    index = Index.of(repository)
    if index is None:
        return None
    tips = repository.all_tips()
    if index.covers(tips):
        return index
    task = task_for(repository, start, overrides, few=True)
    try:
        build(task, tips, progress)
    except KvmpatchError:
        return index  # what it had is still true
    index.close()
    return Index.of(repository)


def hint(repository: Repository) -> Text | None:
    """What to say on stderr when something took long that an index would have answered; None for small histories."""
    if Index.of(repository) is not None or _estimate(repository) < MANY_COMMITS:
        return None
    return Text(
        "运行一次 kvmpatch index build，历史查询会快得多", "run `kvmpatch index build` once to make history fast"
    )


def clear(repository: Repository) -> None:
    """Remove the index.

    Raises:
        Unreadable: another process is writing it, or it cannot be removed.
    """
    if not remove(_folder(repository)):
        raise Unreadable(
            Text("另一进程正在写索引，未清除", "another process is writing the index; it was not removed"),
            Text("待它结束后再试", "try again when it is done"),
        )


def task_for(
    repository: Repository,
    start: str,
    overrides: tuple[tuple[str, str], ...] = (),
    *,
    few: bool = False,
    structure: bool = True,
) -> Task:
    """What there is to build for a repository.

    Args:
        repository: whose index it is.
        start: where it is found from.
        overrides: settings given with -c.
        few: only what a command can wait for; not if another process is writing.
        structure: whether structural changes are wanted, too.
    """
    place = Path(start).absolute()
    scope = scope_of(repository)
    return Task(
        start=place,
        pointers_of=pointers_of,
        begin_structure=partial(structure_reader, str(place), overrides) if structure else None,
        scope=scope,
        version=analysis_version(),
        few_commits=FEW_COMMITS if few else None,
        few_structures=FEW_STRUCTURES if few else None,
        wait=not few,
    )


# ---- how it stands -------------------------------------------------------------------------------------------------


def state_of(repository: Repository) -> IndexState:
    """The index as it is, without changing it."""
    folder = _folder(repository)
    scope = scope_of(repository)
    writing = folder.written_now()
    interrupted = not writing and folder.writing.exists()
    index = Index.of(repository)
    if index is None:
        broken = "writing" if writing else "interrupted" if interrupted else "damaged"
        state = broken if folder.database.exists() else "absent"
        return IndexState(str(folder.path), state, folder.bytes, None, None, None, None, scope, None)
    with index:
        tips = repository.all_tips()
        new = index.missing(tips)
        read, unreadable = index.structure_count()
        return IndexState(
            path=str(folder.path),
            state="writing" if writing else "interrupted" if interrupted else "behind" if new else "current",
            bytes=folder.bytes,
            commits=index.count(),
            structures=read,
            unreadable=unreadable,
            structure_complete=index.covers_structure(tips, scope, analysis_version()),
            scope=scope,
            new_commits=_new_commits(repository, index, tips) if new else 0,
        )


def _new_commits(repository: Repository, index: Index, tips: Iterable[str]) -> int | None:
    known, new = index.tips(), index.missing(tips)
    for left_out in (known, known.intersection(tips)):  # what the refs pointed at before may be gone
        try:
            return repository.count([*new, *(f"^{tip}" for tip in left_out)]) if left_out else None
        except KvmpatchError:
            continue
    return None


def _advice(repository: Repository, state: IndexState) -> Reason | None:
    if state.state == "current" and state.structure_complete:
        return None
    if state.state in ("damaged", "interrupted"):
        return Reason(
            "rebuild", Text("运行 kvmpatch index build 重建或继续", "`kvmpatch index build` makes it anew or goes on")
        )
    if state.state == "absent":
        many = _estimate(repository) >= MANY_COMMITS
        if not many:
            return Reason(
                "small", Text("历史不长，不建索引也快", "this history is short; without an index it is fast, too")
            )
        return Reason(
            "build",
            Text(
                "历史较长：建索引后，related、按符号或位查询、按上游提交号查找都不必遍历全部提交",
                "this history is long: with an index, `related`, queries by symbol or bit, and looking up upstream ids "
                "need not walk through all of it",
            ),
        )
    return Reason("update", Text("kvmpatch index build 可补上其余部分", "`kvmpatch index build` brings in the rest"))


def _estimate(repository: Repository) -> int:
    head = repository.head()
    if head is None:
        return 0
    return sum(1 for _ in repository.history_ids([head], limit=MANY_COMMITS))


def _folder(repository: Repository) -> Folder:
    return Folder.of(repository.git_dir, repository.object_format)
