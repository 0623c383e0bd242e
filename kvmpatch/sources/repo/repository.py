"""The repository as the rest of kvmpatch sees it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from kvmpatch.errors import KvmpatchError, NotARepository, Unreadable
from kvmpatch.sources.repo.changed import PLAIN, RENAMES, DiffReader
from kvmpatch.sources.repo.commits import read_commit
from kvmpatch.sources.repo.names import PathNames
from kvmpatch.sources.repo.objects import ObjectReader, damaged, windows
from kvmpatch.sources.repo.plumbing import Done, Plumbing, quoting_git, refuse_old_git
from kvmpatch.sources.repo.quarantine import Quarantine
from kvmpatch.sources.repo.revisions import RevisionReader
from kvmpatch.sources.repo.settings import Settings, read_settings
from kvmpatch.sources.repo.trees import grep_files, list_files, literal
from kvmpatch.sources.repo.values import Blob, ChangedFiles, Filter, RawCommit, Resolved, TreeFile
from kvmpatch.sources.repo.walks import HistoryReader, filter_options, pointing_at
from kvmpatch.words import Text

NO_FILTER = Filter()
SHORTEST_POINTER = 7
"""Hex digits below which an upstream id in a message is not trusted; the kernel asks for 12, git once wrote 7."""
SAFE_CONFIG = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
# One call answers all that opening needs. Each answer is one line; the format of objects, put in between, shows
# that no path held a line feed.
QUESTIONS = (
    *("--path-format=absolute", "--show-object-format", "--git-dir", "--show-object-format", "--git-common-dir"),
    *("--show-object-format", "--git-path", "objects", "--show-object-format", "--git-path", "shallow"),
    *("--show-object-format", "--show-prefix", "--is-shallow-repository"),
)
ANSWERS = 11


class Repository:
    """A git repository, open for reading.

    Nothing is written to it and no program that it names is run: names are resolved with `rev-parse` in the real
    directory, all else happens in a quarantine that borrows its objects. Close it, or use it in a `with` statement.

    Attributes:
        git_dir: absolute path of the git directory (of the worktree, where linked).
        prefix: where in the tree the user stands, as in `arch/riscv/`; empty at the top.
        object_format: `sha1` or `sha256`.
        shallow: ids of the commits whose parents were cut off.
        partial: whether some objects were promised and not fetched.
    """

    def __init__(self, start: Path, answers: Sequence[str], overrides: Sequence[tuple[str, str]]) -> None:
        """Use `Repository.open`."""
        self._start = start
        self._overrides = overrides
        self._real = _real(start)
        self.object_format = answers[0]
        self.git_dir = Path(answers[1])
        self._common_dir = Path(answers[3])
        self._object_dir = Path(answers[5])
        self._shallow_file = Path(answers[7])
        self.prefix = answers[9]
        self.shallow = self._read_shallow() if answers[10] == "true" else frozenset[str]()
        self._names = PathNames()
        self._open: list[Quarantine | ObjectReader | DiffReader] = []

    @classmethod
    def open(cls, start: str | Path = ".", overrides: Sequence[tuple[str, str]] = ()) -> Repository:
        """Find the repository from a directory upward, as `git -C` does; GIT_DIR and its kin count.

        Args:
            start: a directory in, above or at the repository.
            overrides: settings given with `-c name=value`.

        Raises:
            NotARepository: there is none.
            Unreadable: git is missing or too old, or refuses a repository of another owner.
        """
        start = Path(start)
        done = _real(start).run("rev-parse", *QUESTIONS)
        answers = done.out.decode("utf-8", "surrogateescape").split("\n")[:-1]
        if done.status != 0:
            raise _not_opened(start, done)
        if len(answers) != ANSWERS or len({answers[at] for at in (0, 2, 4, 6, 8)}) != 1:
            refuse_old_git()
            raise Unreadable(
                Text(zh="仓库路径中含有换行符，无法读取", en="the path of the repository holds a line feed"),
            )
        return cls(start, answers[:1] + [answers[at] for at in range(1, ANSWERS)], overrides)

    # ---- what kind of repository -------------------------------------------------------------------------------

    @cached_property
    def partial(self) -> bool:
        """Whether this is a partial clone: one of its packs came with a promise of more."""
        packs = self._object_dir / "pack"
        return any(packs.glob("*.promisor")) if packs.is_dir() else False

    @cached_property
    def _settings(self) -> Settings:
        return read_settings(self._start, self._overrides)

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

    def head(self) -> str | None:
        """The commit that HEAD stands at, None if there is none yet."""
        try:
            return self._revisions.resolve(["HEAD"])[0].id
        except KvmpatchError:
            return None

    def all_tips(self) -> tuple[str, ...]:
        """What all refs and HEAD point at, as `--all` does: commits and annotated tags."""
        done = self._real.run("for-each-ref", "--format=%(objectname) %(objecttype)")
        if done.status != 0:  # a ref without its object: ask for the names alone
            done = self._real.run("for-each-ref", "--format=%(objectname)")
        rows = [line.split() for line in done.out.decode("ascii", "replace").splitlines()]
        tips = [row[0] for row in rows if row[1:] in ([], ["commit"], ["tag"])]
        head = self.head()
        return tuple(dict.fromkeys([*([head] if head else []), *tips]))

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
        if not re.fullmatch(rf"[0-9a-fA-F]{{{SHORTEST_POINTER},64}}", upstream_id):
            return ()
        word = upstream_id[:SHORTEST_POINTER].lower()
        head = self.head()
        tell = progress or (lambda _: None)

        def on_head() -> Iterator[str]:
            if head:
                tell(
                    Text(
                        zh=f"在 HEAD 的历史中查找 {upstream_id[:12]} 的回合",
                        en=f"looking for backports of {upstream_id[:12]} on HEAD",
                    )
                )
                yield from self._history.mentioning(word, [head])

        def elsewhere() -> Iterator[str]:
            tell(
                Text(
                    zh=f"在全部引用中查找 {upstream_id[:12]} 的回合",
                    en=f"looking for backports of {upstream_id[:12]} on all refs",
                )
            )
            yield from self._history.mentioning(word, [*self.all_tips(), *([f"^{head}"] if head else [])])

        def accepted(commit: str) -> bool:
            return accept(next(self.commits([commit])).message)

        return pointing_at(upstream_id.lower(), (on_head, elsewhere), accepted)

    # ---- commits -------------------------------------------------------------------------------------------------

    def commits(self, ids: Iterable[str]) -> Iterator[RawCommit]:
        """Commit objects, in the order asked. Parents are those of the object, also beyond a shallow boundary.

        Raises:
            Unreadable: one is missing.
        """
        for window in windows(ids):
            for commit, data in self._objects.commits(window):
                yield read_commit(commit, data)

    def changed(self, ids: Iterable[str], *, renames: bool = True) -> Iterator[ChangedFiles]:
        """The files that commits touch against their first parent, in the order asked.

        Raises:
            Unreadable: a commit or its trees are missing, or it lies on the shallow boundary.
        """
        return self._diffs.changed(ids, renames=renames)

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
    ) -> Iterator[str]:
        """The ids that `history` would read."""
        options = filter_options(where)
        options += [f"--since={since}"] if since else []
        options += [f"--max-count={limit}"] if limit is not None else []
        options += ["--first-parent"] if first_parent else []
        options += ["--reverse"] if reverse else []
        specs: list[str] = [*literal(self._names, paths), *where.pathspecs]
        head = self.head() if where.author or where.committer else None
        if head:
            return self._history.logged(tips, options, specs, head)
        return self._history.walk(tips, options, specs)

    def is_ancestor(self, before: str, after: str) -> bool:
        """Whether `after` contains `before`; every commit contains itself."""
        return self._history.is_ancestor(before, after)

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits, None for unrelated histories."""
        return self._history.merge_base(one, other)

    def count(self, tips: Sequence[str]) -> int:
        """How many commits tips reach (`^ID` as in `history`)."""
        return self._history.count(tips)

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
        lent = [entry for entry in os.environ.get("GIT_ALTERNATE_OBJECT_DIRECTORIES", "").split(":") if entry]
        directories = [
            os.fsencode(self._object_dir),
            *(os.fsencode((self._start / entry).absolute()) for entry in lent),
        ]
        quarantine = Quarantine(directories, self.object_format, self.shallow, self._replaced())
        self._open.append(quarantine)
        return quarantine.plumbing()

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
    def _history(self) -> HistoryReader:
        return HistoryReader(self._git)

    @cached_property
    def _revisions(self) -> RevisionReader:
        return RevisionReader(self._real, self._objects, self._history.walk, self.shallow)

    def _read_shallow(self) -> frozenset[str]:
        try:
            return frozenset(self._shallow_file.read_text("ascii").split())
        except OSError:
            return frozenset()

    def _replaced(self) -> list[tuple[str, str]]:
        """Replace refs and what they point at. Asking costs a process: look first whether there can be any."""
        packed = self._common_dir / "packed-refs"
        hints = (
            (self._common_dir / "refs" / "replace").is_dir(),
            (self._common_dir / "reftable").is_dir(),
            packed.is_file() and b" refs/replace/" in packed.read_bytes(),
        )
        if not any(hints):
            return []
        done = self._real.run("for-each-ref", "--format=%(refname) %(objectname)", "refs/replace/")
        rows = (line.rpartition(" ") for line in done.out.decode("utf-8", "replace").splitlines())
        return [(ref, by) for ref, _, by in rows]


def _real(start: Path) -> Plumbing:
    return Plumbing(("-C", str(start), "--no-pager", *SAFE_CONFIG))


def _not_opened(start: Path, done: Done) -> KvmpatchError:
    """Why git found no repository. Asked again with every owner allowed, it tells a refusal from an absence."""
    if not start.is_dir():
        return NotARepository(Text(zh=f"没有目录 {start}", en=f"no such directory: {start}"))
    ask = Plumbing(("-C", str(start), "--no-pager", "-c", "safe.directory=*", *SAFE_CONFIG))
    top = ask.run("rev-parse", "--path-format=absolute", "--show-toplevel")
    if top.status != 0:
        top = ask.run("rev-parse", "--path-format=absolute", "--git-dir")
    if top.status == 0:
        path = top.out.decode("utf-8", "backslashreplace").rstrip("\n")
        cure = f"git config --global --add safe.directory {shlex.quote(path)}"
        return Unreadable(
            Text(
                zh=f"{path} 属于其他用户，git 拒绝读取",
                en=f"{path} belongs to someone else, and git refuses to read it",
            ),
            Text(zh=f"若信任它：{cure}", en=f"if you trust it: {cure}"),
        )
    return NotARepository(
        Text(
            zh=f"{start.absolute()} 及其上级目录不是 git 仓库", en=f"no git repository at or above {start.absolute()}"
        ),
        quoting_git(done),
    )
