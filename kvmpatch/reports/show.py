"""`show`: one report a commit, from a repository or from patch text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import msgspec

from kvmpatch.errors import UnknownRevision
from kvmpatch.model import Report
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.sources.repo import Repository, Resolved

Progress = Callable[[Text], None]
Made = TypeVar("Made")


class ShowRequest(msgspec.Struct, frozen=True):
    """What `show` was asked.

    Attributes:
        start: where the repository is looked for, from there upward.
        revs: revisions and ranges; empty for HEAD.
        about: the thing to relate the commit to, or None.
        patch: a file of patch text, `-` for `stdin`; then no repository is read.
        overrides: settings given with -c.
    """

    start: str
    revs: tuple[str, ...] = ()
    about: str | None = None
    patch: str | None = None
    stdin: BinaryIO | None = None
    progress: Progress | None = None
    overrides: tuple[tuple[str, str], ...] = ()


def make_reports(request: ShowRequest) -> Iterator[Report]:
    """The reports asked for, oldest first, each made when it is taken; git begins to look at once.

    Raises:
        KvmpatchError: no repository, no such revision, unreadable objects or patch text.
    """
    return make_of_reports(request, _itself)


def make_of_reports(request: ShowRequest, make: Callable[[Report], Made]) -> Iterator[Made]:
    """What is made of each report; of a long range by the processes that make the reports.

    Args:
        request: as for `make_reports`.
        make: a function of a module, since other processes must find it.
    """
    if request.patch is not None:
        from kvmpatch.reports.show_patch import patch_reports

        return map(make, patch_reports(request))
    from kvmpatch.reports.indexed import indexed

    return _from_repository(request, indexed(request.start, request.overrides, request.progress), make)


def _itself(report: Report) -> Report:
    return report


def _from_repository(
    request: ShowRequest, opened: Callable[[], Repository], make: Callable[[Report], Made]
) -> Iterator[Made]:
    revs = request.revs or ("HEAD",)
    with opened() as repository:
        if len(revs) == 1 and ".." not in revs[0]:
            repository.get_ready()
        # Only now: git opens its packs during the 60 ms that this takes.
        from kvmpatch.reports.in_parallel import WORTH_IT, made_in_parallel, processes
        from kvmpatch.reports.show_commit import CommitReporter

        asked = resolve(repository, revs, request.progress)
        in_parallel = request.about is None and len(asked) >= WORTH_IT and processes() > 1
        if not in_parallel:
            yield from map(make, CommitReporter(repository, request.about, request.progress).reports(asked))
    if in_parallel:
        yield from made_in_parallel(request.start, request.overrides, asked, make)


def resolve(repository: Repository, revs: tuple[str, ...], progress: Progress | None) -> tuple[Resolved, ...]:
    """The commits that revisions stand for; an id that is not here may be an upstream id that is here as a backport.

    Raises:
        UnknownRevision: neither.
    """
    if len(revs) == 1:
        return _resolve_one(repository, revs[0], progress)
    try:
        return repository.resolve(revs)
    except UnknownRevision:
        if not any(_may_be_upstream(rev) for rev in revs):
            raise
    return tuple(one for rev in revs for one in _resolve_one(repository, rev, progress))


def _may_be_upstream(rev: str) -> bool:
    return 7 <= len(rev) <= 64 and all(digit in "0123456789abcdefABCDEF" for digit in rev)


def _resolve_one(repository: Repository, rev: str, progress: Progress | None) -> tuple[Resolved, ...]:
    try:
        return repository.resolve((rev,))
    except UnknownRevision:
        if _may_be_upstream(rev) and (found := _backports(repository, rev, progress)):
            return found
        raise


def _backports(repository: Repository, rev: str, progress: Progress | None) -> tuple[Resolved, ...]:
    """The nearest commit that points to an upstream id, empty if there is none."""
    from kvmpatch.parse.message import read_message
    from kvmpatch.sources.repo import Resolved

    wanted = rev.lower()

    def points_there(message: str) -> bool:
        return any(_same_id(pointer.id, wanted) for pointer in read_message(message).upstream)

    ids = repository.find_backports(rev, points_there, progress)
    return (Resolved(rev, ids[0], "backport", ids[1:]),) if ids else ()


def _same_id(written: str, wanted: str) -> bool:
    """Whether two ids, either of them perhaps shortened, can be one."""
    return written.startswith(wanted) or (len(written) >= 7 and wanted.startswith(written))
