"""Where a repository lies: one `rev-parse` answers all that opening needs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kvmpatch.errors import KvmpatchError, NotARepository, Unreadable
from kvmpatch.sources.repo.plumbing import Done, Plumbing, quoting_git, refuse_old_git
from kvmpatch.sources.repo.quarantine import Quarantine
from kvmpatch.words import Text

SAFE_CONFIG = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
# Each answer is one line; the format of objects, asked in between, shows that no path held a line feed.
QUESTIONS = (
    *("--path-format=absolute", "--show-object-format", "--git-dir", "--show-object-format", "--git-common-dir"),
    *("--show-object-format", "--git-path", "objects", "--show-object-format", "--git-path", "shallow"),
    *("--show-object-format", "--show-prefix", "--is-shallow-repository"),
    *("--revs-only", "HEAD"),
)
ANSWERS = 11
"""One more with a HEAD that stands at a commit."""


@dataclass(frozen=True)
class Place:
    """The directories of a repository, and what kind it is.

    Attributes:
        start: where the user stands; git is started from there, so that its environment means the same to it.
        git_dir: of the worktree, where it is a linked one.
        common_dir: what its worktrees share.
        object_dir: GIT_OBJECT_DIRECTORY, where set.
        prefix: where in the tree `start` is, as in `arch/riscv/`.
        head: what HEAD stood at then, None if nothing.
    """

    start: Path
    object_format: str
    git_dir: Path
    common_dir: Path
    object_dir: Path
    shallow: frozenset[str]
    prefix: str
    head: str | None

    @cached_property
    def real(self) -> Plumbing:
        """Git in the repository itself, for commands that only name things."""
        return real_git(self.start)

    @cached_property
    def partial(self) -> bool:
        """Whether one of its packs came with a promise of more."""
        packs = self.object_dir / "pack"
        return any(packs.glob("*.promisor")) if packs.is_dir() else False

    def quarantine(self) -> Quarantine:
        """A fresh quarantine that borrows the objects."""
        lent = [entry for entry in os.environ.get("GIT_ALTERNATE_OBJECT_DIRECTORIES", "").split(":") if entry]
        directories = [self.object_dir, *((self.start / entry).absolute() for entry in lent)]
        return Quarantine(
            [os.fsencode(path) for path in directories], self.object_format, self.shallow, self._replaced()
        )

    def _replaced(self) -> list[tuple[str, str]]:
        """Replace refs and what they point at. Asking costs a process: look first whether there can be any."""
        packed = self.common_dir / "packed-refs"
        hints = (
            (self.common_dir / "refs" / "replace").is_dir(),
            (self.common_dir / "reftable").is_dir(),
            packed.is_file() and b" refs/replace/" in packed.read_bytes(),
        )
        if not any(hints):
            return []
        done = self.real.run("for-each-ref", "--format=%(refname) %(objectname)", "refs/replace/")
        rows = (line.rpartition(" ") for line in done.out.decode("utf-8", "replace").splitlines())
        return [(ref, by) for ref, _, by in rows]


def real_git(start: Path) -> Plumbing:
    """Git, started where the user stands."""
    return Plumbing(("-C", str(start), "--no-pager", *SAFE_CONFIG))


def find(start: Path) -> Place:
    """Find the repository from a directory upward.

    Raises:
        NotARepository: there is none.
        Unreadable: git is missing or too old, or refuses a repository of another owner.
    """
    return finding(start)()


def finding(start: Path) -> Callable[[], Place]:
    """Let git begin to look; what is returned waits for its answer, and raises what `find` does."""
    finish = real_git(start).begin("rev-parse", *QUESTIONS)
    return lambda: _found(start, finish())


def _found(start: Path, done: Done) -> Place:
    lines = done.out.decode("utf-8", "surrogateescape").split("\n")[:-1]
    if done.status != 0:
        raise _not_found(start, done)
    fits = len(lines) in (ANSWERS, ANSWERS + 1) and len(set(lines[0:9:2])) == 1 and lines[10] in ("true", "false")
    if not fits:
        refuse_old_git()
        raise Unreadable(Text(zh="仓库路径中含有换行符，无法读取", en="the path of the repository holds a line feed"))
    object_format, (git_dir, common_dir, object_dir, shallow_file) = lines[0], (Path(line) for line in lines[1:8:2])
    shallow = frozenset(shallow_file.read_text("ascii").split()) if lines[10] == "true" else frozenset()
    head = lines[ANSWERS] if len(lines) > ANSWERS else None
    return Place(start, object_format, git_dir, common_dir, object_dir, shallow, lines[9], head)


def _not_found(start: Path, done: Done) -> KvmpatchError:
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
    where = start.absolute()
    said = Text(zh=f"{where} 及其上级目录不是 git 仓库", en=f"no git repository at or above {where}")
    return NotARepository(said, quoting_git(done))
