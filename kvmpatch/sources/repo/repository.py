"""The repository as the rest of kvmpatch sees it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kvmpatch.errors import KvmpatchError
from kvmpatch.sources.repo.changed import PLAIN, RENAMES, DiffReader
from kvmpatch.sources.repo.commits import read_commit
from kvmpatch.sources.repo.names import PathNames
from kvmpatch.sources.repo.objects import ObjectReader, damaged, windows
from kvmpatch.sources.repo.place import Place, finding
from kvmpatch.sources.repo.plumbing import Deadline, Plumbing
from kvmpatch.sources.repo.quarantine import Quarantine
from kvmpatch.sources.repo.revisions import RevisionReader
from kvmpatch.sources.repo.settings import Settings, read_settings
from kvmpatch.sources.repo.tags import Tag, read_tags
from kvmpatch.sources.repo.trees import grep_files, list_files, literal
from kvmpatch.sources.repo.values import (
    Blob,
    ChangedFiles,
    ChangedLine,
    Filter,
    Picked,
    RawCommit,
    Resolved,
    TreeFile,
)
from kvmpatch.sources.repo.walks import HistoryReader, filter_options
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.sources.repo.picking import CommitPicker

NO_FILTER = Filter()
_SECONDS = 2.0
"""What it may take to find where a walk can end: more of them than it is likely to spare."""
_WRITTEN_ID = re.compile(r"[0-9a-fA-F]{4,64}")


class Repository:
    """A git repository, open for reading.

    Nothing is written to it and no program that it names is run: names are resolved with `rev-parse` in the real
    directory, all else happens in a quarantine that borrows its objects. Close it, or use it in a `with` statement.

    Attributes:
        git_dir: absolute path of the git directory (of the worktree, where linked).
        prefix: where in the tree the user stands, as in `arch/riscv/`; empty at the top.
        object_format: `sha1` or `sha256`.
        shallow: ids of the commits whose parents were cut off.
    """

    def __init__(self, place: Place, overrides: Sequence[tuple[str, str]] = ()) -> None:
        """Use `Repository.open`."""
        self._place = place
        self._overrides = overrides
        self.git_dir = place.git_dir
        self.prefix = place.prefix
        self.object_format = place.object_format
        self.shallow = place.shallow
        self._names = PathNames()
        self._open: list[Quarantine | ObjectReader | DiffReader] = []

    @classmethod
    def open(cls, start: str | Path = ".", overrides: Sequence[tuple[str, str]] = ()) -> Repository:
        """Find the repository from a directory upward, as `git -C` does; GIT_DIR and its kin count.

        Args:
            start: a directory in or below the repository, or the git directory.
            overrides: settings given with `-c name=value`.

        Raises:
            NotARepository: there is none.
            Unreadable: git is missing or too old, or refuses a repository of another owner.
        """
        return cls.opening(start, overrides)()

    @classmethod
    def opening(cls, start: str | Path = ".", overrides: Sequence[tuple[str, str]] = ()) -> Callable[[], Self]:
        """Begin to open, so that git looks for the repository while the caller goes on; see `open`.

        What is returned waits for git's answer, and raises what `open` does.
        """
        found = finding(Path(start))
        return lambda: cls(found(), overrides)

    def get_ready(self) -> None:
        """Start the two processes that every report asks: they open packs while the caller does something else."""
        self._objects.start()
        self._diffs.start()

    @property
    def partial(self) -> bool:
        """Whether this is a partial clone: one of its packs came with a promise of more."""
        return self._place.partial

    @cached_property
    def _settings(self) -> Settings:
        return read_settings(self._place.start, self._overrides)

    def setting(self, name: str) -> str | None:
        """A setting; `lang` means `kvmpatch.lang`. Names of programs are never taken from the repository's own."""
        return self._settings.get(name)

    # ---- revisions -----------------------------------------------------------------------------------------------

    def resolve(self, revs: Sequence[str], *, as_given: bool = False) -> tuple[Resolved, ...]:
        """The commits that revisions stand for: ids, names, tags, ranges, anything that git takes. Each comes once.

        The oldest is first: a range in topological order, several revisions by the time they were committed (by
        ancestry where that is equal). With `as_given`, single revisions stay in the order written.

        Raises:
            UnknownRevision: no such thing, several such things, or not a commit.
            Unreadable: it is known, but objects are missing.
        """
        return self._revisions.resolve(revs, as_given=as_given)

    def commit_named(self, written: str) -> str | None:
        """The commit that an id in a message means, perhaps shortened; None where it is not here, or several are.

        Names of branches and tags are not looked at, and no process is started: one that reads objects answers.
        """
        if not _WRITTEN_ID.fullmatch(written):
            return None
        info = self._objects.infos([f"{written}^{{commit}}".encode("ascii")])[0]
        return info.id if info.kind == "commit" else None

    def head(self) -> str | None:
        """The commit that HEAD stands at, None if there is none yet."""
        try:
            return self._revisions.resolve(["HEAD"])[0].id
        except KvmpatchError:
            return None

    def all_tips(self) -> tuple[str, ...]:
        """What all refs and HEAD point at, as `--all` does: commits and annotated tags."""
        done = self._place.real.run("for-each-ref", "--format=%(objectname)")
        head = self.head()
        ids = dict.fromkeys([*([head.encode()] if head else []), *done.out.split()])
        infos = self._objects.infos(list(ids))
        return tuple(info.name.decode("ascii") for info in infos if info.kind in ("commit", "tag"))

    def tags(self) -> tuple[Tag, ...]:
        """The tags of commits, by name; a tag that nobody signed or described counts as well."""
        form = (
            "%(refname:strip=2)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)%00%(creatordate:unix)"
        )
        return read_tags(self._place.real.run("for-each-ref", f"--format={form}", "refs/tags/").out)

    def find_backports(
        self,
        upstream_id: str,
        accept: Callable[[str], bool],
        progress: Callable[[Text], None] | None = None,
    ) -> tuple[str, ...]:
        """Commits whose message points to an upstream id, the nearest on HEAD first.

        HEAD's history is searched, and if nothing is found there, all refs. git proposes by the first digits, since a
        message may shorten the id; `accept` reads the message and decides.

        Args:
            upstream_id: 7 or more hex digits.
            accept: whether a message points to that id.
            progress: told before each stage, which may take seconds in a full history.
        """
        head = self.head()
        on_head = [head] if head else []

        def accepted(commit: str) -> bool:
            return accept(next(self.commits([commit])).message)

        def everywhere() -> list[str]:
            return [*self.all_tips(), *(f"^{tip}" for tip in on_head)]

        return self._history.pointing_at(upstream_id.lower(), on_head, everywhere, accepted, progress)

    # ---- commits -------------------------------------------------------------------------------------------------

    def commits(self, ids: Iterable[str]) -> Iterator[RawCommit]:
        """Commit objects, in the order asked. Parents are those of the object, also beyond a shallow boundary.

        Raises:
            Unreadable: one is missing.
        """
        for window in windows(ids):
            for commit, data in self._objects.commits(window):
                yield read_commit(commit, data)

    def changed(self, ids: Iterable[str], *, renames: bool = True, counts: bool = True) -> Iterator[ChangedFiles]:
        """The files that commits touch against their first parent, in the order asked.

        Counting lines is what takes the time: without `counts` a long history is listed some ten times as fast.

        Raises:
            Unreadable: a commit or its trees are missing, or it lies on the shallow boundary.
        """
        return self._diffs.changed(ids, renames=renames, counts=counts)

    def patch_text(self, commit_id: str, paths: Sequence[str] | None = None) -> bytes:
        """The unified diff of a commit against its first parent, with `a/` and `b/` before the paths.

        Raises:
            Unreadable: objects are missing, or the commit lies on the shallow boundary.
        """
        asked = self._diffs.line(commit_id).decode("ascii").split()
        sides = [asked[1], asked[0]] if len(asked) > 1 else asked
        form = ("-p", "--full-index", "-U3", "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short")
        options = ("-r", "--root", "--no-commit-id", *form, *RENAMES, *PLAIN)
        done = self._git.run(
            "diff-tree", *options, "--end-of-options", *sides, "--", *literal(self._names, paths or ())
        )
        if done.status != 0:
            raise damaged(commit_id)
        return done.out

    # ---- files ---------------------------------------------------------------------------------------------------

    def blobs(self, ids: Iterable[str]) -> Iterator[Blob]:
        """Contents of files by id, in the order asked; what is missing or too big says so."""
        for window in windows(ids):
            yield from self._objects.blobs([one.encode() for one in window], window)

    def blobs_at(self, commit_id: str, paths: Sequence[str]) -> dict[str, Blob | None]:
        """Files of a commit by path. None: the commit has no such file. A blob without data says why it has none.

        Raises:
            Unreadable: the commit is missing.
        """
        self._objects.commits([commit_id])
        found: dict[str, Blob | None] = dict.fromkeys(paths)
        askable = [path for path in found if not re.match(r"\.{0,2}(/|\Z)", path) and "\0" not in path]
        names = [f"{commit_id}:".encode() + self._names.raw(path) for path in askable]
        for path, blob in zip(askable, self._objects.blobs(names, [""] * len(names)), strict=True):
            found[path] = blob if blob.why not in ("missing", "not-a-blob") else None
        lost = [path for path in askable if found[path] is None]
        if lost and self.partial:  # a file that the tree has and nobody fetched is missing, not absent
            for file in self.list_files(commit_id, lost):
                if file.path in found and file.kind == "blob":
                    found[file.path] = Blob(file.id, None, "missing")
        return found

    def read_files(self, commit_id: str, paths: Sequence[str]) -> dict[str, bytes | None]:
        """Contents of files at a commit, None where there is none to read; `blobs_at` tells why."""
        return {path: blob.data if blob else None for path, blob in self.blobs_at(commit_id, paths).items()}

    def list_files(self, commit_id: str, prefixes: Sequence[str] = ()) -> tuple[TreeFile, ...]:
        """The files of a commit, below some folders or all of them.

        Raises:
            Unreadable: trees are missing.
        """
        return list_files(self._git, self._names, commit_id, prefixes)

    def grep_files(self, commit_id: str, words: Sequence[str], prefixes: Sequence[str] = ()) -> tuple[str, ...]:
        """Paths of a commit whose text holds at least one of the words, as a whole word.

        Raises:
            Unreadable: objects are missing, so that the answer would not be complete.
        """
        return grep_files(self._git, self._names, commit_id, words, prefixes)

    # ---- history -------------------------------------------------------------------------------------------------

    def history(
        self,
        tips: Sequence[str],
        paths: Sequence[str] = (),
        *,
        since: str | None = None,
        limit: int | None = None,
        first_parent: bool = False,
        reverse: bool = False,
        where: Filter = NO_FILTER,
    ) -> Iterator[RawCommit]:
        """Commits that tips reach, newest first, as a stream.

        Args:
            tips: full ids; `^ID` leaves out what that commit reaches.
            paths: only commits that touch these files or folders, taken literally.
            since: only newer ones; a date as git takes it.
            limit: at most so many; with `reverse` the newest so many, oldest first.
            first_parent: follow only first parents.
            reverse: oldest first.
            where: further filters, by the names of `git log`.

        Raises:
            Unreadable: objects are missing on the way.
        """
        return self.commits(
            self.history_ids(
                tips, paths, since=since, limit=limit, first_parent=first_parent, reverse=reverse, where=where
            )
        )

    def history_ids(
        self,
        tips: Sequence[str],
        paths: Sequence[str] = (),
        *,
        since: str | None = None,
        limit: int | None = None,
        first_parent: bool = False,
        reverse: bool = False,
        where: Filter = NO_FILTER,
        walk: bool = True,
    ) -> Iterator[str]:
        """The ids that `history` would read; those of the tips alone, in their order, if nothing is to be walked."""
        options = filter_options(where)
        options += [] if walk else ["--no-walk=unsorted"]
        options += [f"--since={since}"] if since else []
        options += [f"--max-count={limit}"] if limit is not None else []
        options += ["--first-parent"] if first_parent else []
        options += ["--reverse"] if reverse else []
        specs: list[str] = [*literal(self._names, paths), *where.pathspecs]
        if where != NO_FILTER and not where.ours:
            self._history.check(options, specs)
        head = self.head() if where.author or where.committer else None
        if head:
            return self._history.logged(tips, options, specs, head)
        return self._history.walk(tips, options, specs)

    def naming(self, words: Sequence[str], tips: Sequence[str], *, walk: bool = True) -> Iterator[str]:
        """Ids of the commits whose message holds one of some words, whatever the case, newest first.

        A word that begins with a letter or digit counts where a word begins. A git without regular expressions of
        Perl's kind finds it in the middle of others as well.

        Args:
            words: taken literally.
            tips: full ids; `^ID` leaves out what that commit reaches.
            walk: look through all that tips reach; else at these commits alone, in the order given.
        """
        return self._history.naming(words, tips, () if walk else ("--no-walk=unsorted",))

    def changed_lines(self, ids: Iterable[str], paths: Sequence[str] = ()) -> Iterator[ChangedLine]:
        """The added and removed lines of many commits, without context, as one stream; merges have none.

        Args:
            ids: full commit ids; all are read before the first line comes.
            paths: only these files or folders, taken literally.
        """
        return self._history.changed_lines(ids, literal(self._names, paths), self._names)

    def is_ancestor(self, before: str, after: str) -> bool:
        """Whether `after` contains `before`; every commit contains itself."""
        return self._history.is_ancestor(before, after)

    def since_then(self, commit: str, tip: str, times: tuple[int, int]) -> tuple[bool, list[str]]:
        """Whether `tip` contains a commit, and what else it contains that was committed between two moments.

        One walk for both, since each costs as much. Moments are seconds since 1970; ids are newest first.
        """
        return self._history.since_then(commit, tip, times)

    def since_each(
        self, asked: Mapping[str, tuple[int, int]], tip: str, shared: str | None = None
    ) -> dict[str, list[str]]:
        """What `since_then` finds of several commits, each with two moments: of those that `tip` contains, by id.

        One walk for all, since each would take seconds in a long history; it ends at a commit that all of them contain.
        """
        return self._history.since_each(asked, tip, shared)

    def shared(self, ids: Sequence[str], seconds: float = _SECONDS) -> str | None:
        """A commit that all of some commits contain; None too if it was not found so soon."""
        left = self._history.deadline.left if self._history.deadline else lambda: seconds
        return self._history.shared(ids, Deadline(lambda: min(left(), seconds), lambda: None)) if ids else None

    @contextmanager
    def no_longer_than(self, deadline: Deadline) -> Iterator[None]:
        """Have walks that are made meanwhile end when the time is over; what they found by then is their answer.

        Whether a commit contains another is then answered with no.
        """
        outer, self._history.deadline = self._history.deadline, deadline
        try:
            yield
        finally:
            self._history.deadline = outer

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits, None for unrelated histories."""
        return self._history.merge_base(one, other)

    def count(self, tips: Sequence[str]) -> int:
        """How many commits tips reach (`^ID` as in `history`)."""
        return self._history.count(tips)

    # ---- picks ---------------------------------------------------------------------------------------------------

    def pick(self, commit_id: str, onto: str, *, parent: str | None = None, texts: bool = True) -> Picked:
        """What `git cherry-pick` would make of a commit on another, in a throw-away place.

        All else that a repository offers, but `resolve`, works on the commit that comes of it as on any other.
        Renames and what `.gitattributes` of the target says of merging count as they do there; drivers do not run.

        Args:
            commit_id: full id of the commit; a merge is taken for its difference to its first parent.
            onto: full id of the commit to pick onto, which may be the result of an earlier pick.
            parent: take the difference to this commit instead.
            texts: whether the text of conflicts is wanted, which costs a second merge.
        """
        return self._picker.pick(commit_id, onto, parent, texts=texts)

    # ---- life ----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End every process and remove the quarantine. The repository can not be read any more."""
        while self._open:
            self._open.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @cached_property
    def _git(self) -> Plumbing:
        """Git in the quarantine, which is made when first needed."""
        return self._quarantine.plumbing()

    @cached_property
    def _quarantine(self) -> Quarantine:
        quarantine = self._place.quarantine()
        self._open.append(quarantine)
        return quarantine

    @cached_property
    def _objects(self) -> ObjectReader:
        reader = ObjectReader(self._git)
        self._open.append(reader)
        return reader

    @cached_property
    def _diffs(self) -> DiffReader:
        reader = DiffReader(self._git, self._objects, self._names, self.shallow)
        self._open.append(reader)
        return reader

    @cached_property
    def _picker(self) -> CommitPicker:
        from kvmpatch.sources.repo.picking import CommitPicker

        return CommitPicker(self._quarantine, self._git, self._objects, self._diffs, self._names)

    @cached_property
    def _history(self) -> HistoryReader:
        return HistoryReader(self._git)

    @cached_property
    def _revisions(self) -> RevisionReader:
        return RevisionReader(self._place.real, self._objects, self._history.walk, self.shallow, self._place.head)
