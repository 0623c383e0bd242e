"""The miniature history: a small RISC-V KVM tree that every command can be tried on.

Its data are readable files: the first tree under ``base``, one patch for each commit under ``patches``,
and the order of branches, merges and tags in ``history.txt``. Whoever lays it down gets the same commit
ids: identities, dates and zones are fixed, and git sees none of the caller's configuration.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from kvmpatch.errors import BadInput, Unreadable
from kvmpatch.words import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_PLACEHOLDER = re.compile(r"\{commit:(\d{4})\}")
_BETWEEN_COMMITS = timedelta(hours=1)


class DemoCommit(msgspec.Struct, frozen=True):
    """One commit of the miniature history.

    Attributes:
        number: its four digits in ``history.txt``, which stay when ids change.
        id: its full commit id.
        subject: the first line of its message.
        branch: the branch on which it was made.
    """

    number: str
    id: str
    subject: str
    branch: str


class DemoRef(msgspec.Struct, frozen=True):
    """A branch or a tag: its short name, and the full id of the commit it points at."""

    name: str
    id: str


class DemoHistory(msgspec.Struct, frozen=True):
    """What was laid down.

    Attributes:
        path: the work tree.
        head: the full id of the commit that is checked out.
        branches: in the order in which they began.
        tags: in the order in which they were set.
        commits: every commit, each after its parents.
    """

    path: Path
    head: str
    branches: tuple[DemoRef, ...]
    tags: tuple[DemoRef, ...]
    commits: tuple[DemoCommit, ...]

    def id_of(self, number: str) -> str:
        """The full id of a commit by its four digits.

        Raises:
            KeyError: no commit has this number.
        """
        for commit in self.commits:
            if commit.number == number:
                return commit.id
        raise KeyError(number)


def lay_down(directory: Path) -> DemoHistory:
    """Make a git repository of the miniature history and check out its main branch.

    The commit ids are the same on every machine. Takes well under two seconds.

    Args:
        directory: a directory that does not exist yet, or an empty one.

    Returns:
        The repository's branches, tags and commits.

    Raises:
        BadInput: the directory is not empty, is no directory, or cannot be made. It is left as it was.
        Unreadable: git or the shipped files are missing, or git failed. Nothing is left behind.
    """
    with _filled(directory):
        _git(directory, "init", "--quiet", "--initial-branch=main", "--object-format=sha1", "--template=")
        history = _import(_data(), directory)
        # A caller's autocrlf would show every file as changed.
        with (directory / ".git" / "config").open("a", encoding="utf-8", newline="\n") as config:
            config.write("[core]\n\tautocrlf = false\n")
        _git(directory, "-c", f"core.attributesFile={os.devnull}", "read-tree", "-m", "-u", "HEAD")
    return history


@contextmanager
def _filled(directory: Path) -> Iterator[None]:
    """Make sure of an empty directory, and restore what was there if the body fails."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        occupied = any(directory.iterdir())
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(
            Text(f"无法创建目录 {directory}：{reason}", f"cannot make the directory {directory}: {reason}")
        ) from error
    if occupied:
        raise BadInput(
            Text(f"目录 {directory} 不为空", f"the directory {directory} is not empty"),
            Text("换一个不存在的目录或空目录", "name a directory that is empty or does not exist yet"),
        )
    try:
        yield
    except BaseException:
        for made in [missing[-1]] if missing else list(directory.iterdir()):
            if made.is_dir():
                shutil.rmtree(made)
            else:
                made.unlink()
        raise


def _data() -> Path:
    """The shipped files: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / "miniature", package.parent / "fixtures" / "miniature"):
        if (place / "history.txt").is_file():
            return place
    raise Unreadable(
        Text("找不到随附的微缩历史", "the shipped miniature history is missing"),
        Text("重新安装 kvmpatch", "install kvmpatch again"),
    )


# --- git, sealed ------------------------------------------------------------------------------------


def _environment() -> dict[str, str]:
    """The caller's environment without anything that would change what git writes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def _failed(command: str, why: str) -> Unreadable:
    return Unreadable(Text(f"git {command} 失败：{why}", f"git {command} failed: {why}"))


def _git(directory: Path, *arguments: str) -> None:
    command = next(word for word in arguments if not word.startswith("-") and "=" not in word)
    try:
        done = subprocess.run(["git", *arguments], cwd=directory, env=_environment(), capture_output=True, check=False)
    except FileNotFoundError as error:
        raise Unreadable(Text("找不到 git", "git was not found")) from error
    if done.returncode:
        raise _failed(command, done.stderr.decode("utf-8", "replace").strip() or str(done.returncode))


class _Import:
    """One run of ``git fast-import``, asked for the id of each commit as soon as it is made."""

    def __init__(self, directory: Path) -> None:
        self._git = subprocess.Popen(
            ["git", "fast-import", "--quiet", "--done"],
            cwd=directory,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if self._git.stdin is None or self._git.stdout is None:  # pragma: no cover
            raise AssertionError("pipes were asked for")
        self._to: IO[bytes] = self._git.stdin
        self._from: IO[bytes] = self._git.stdout
        self._marks: dict[str, int] = {}  # by commit id: fast-import finds its own new objects by mark only

    def commit(self, headers: bytes, parents: list[str], changes: Mapping[str, bytes | None]) -> str:
        """Write a commit (headers from ``commit`` to the message) and give its id."""
        mark = len(self._marks) + 1
        parts = [headers.replace(b"\n", b"\nmark :%d\n" % mark, 1), b"\n"]
        for word, parent in zip((b"from", b"merge"), parents, strict=False):
            parts.append(b"%s :%d\n" % (word, self._marks[parent]))
        for path, content in sorted(changes.items()):
            if content is None:
                parts.append(b"D %s\n" % path.encode())
            else:
                parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
        parts.append(b"\nget-mark :%d\n" % mark)
        try:
            self._to.write(b"".join(parts))
            self._to.flush()
        except BrokenPipeError:
            pass  # The answer is missing then, too.
        answer = self._from.readline().decode("ascii").strip()
        if not answer:
            raise self._ended(b"")
        self._marks[answer] = mark
        return answer

    def finish(self, refs: list[tuple[str, str]]) -> None:
        """Point refs at commits and wait until git has written everything."""
        lines = "".join(f"reset {name}\nfrom :{self._marks[commit]}\n\n" for name, commit in refs)
        failure = self._ended(lines.encode() + b"done\n")
        if self._git.returncode:
            raise failure

    def _ended(self, last: bytes) -> Unreadable:
        _, said = self._git.communicate(last)
        return _failed("fast-import", said.decode("utf-8", "replace").strip())

    def stop(self) -> None:
        if self._git.poll() is None:
            self._git.kill()
            self._git.communicate()


# --- the plan -----------------------------------------------------------------------------------------


class _Patch(msgspec.Struct, frozen=True):
    author: str
    date: datetime
    message: str
    diff: bytes


@dataclass(slots=True)
class _State:
    """How far the history is."""

    committer: str = ""
    checkout: str = ""
    branch: str = ""  # the present one
    trees: dict[str, dict[str, bytes]] = field(default_factory=dict)  # by number
    commits: dict[str, DemoCommit] = field(default_factory=dict)  # by number
    tips: dict[str, str] = field(default_factory=dict)  # branch: number
    starts: dict[str, str] = field(default_factory=dict)  # branch: the number that it left from
    tags: dict[str, str] = field(default_factory=dict)  # tag: number
    clock: datetime | None = None  # the latest committer date


def _import(data: Path, directory: Path) -> DemoHistory:
    files = {path.name[:4]: path for path in sorted((data / "patches").glob("*.patch"))}
    state = _State()
    run = _Import(directory)
    try:
        for line in (data / "history.txt").read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                verb, _, words = line.partition(" ")
                _follow(verb, words, run, state, data, files)
        branches = {name: state.commits[number].id for name, number in state.tips.items()}
        tags = {name: state.commits[number].id for name, number in state.tags.items()}
        run.finish(
            [(f"refs/heads/{name}", target) for name, target in branches.items()]
            + [(f"refs/tags/{name}", target) for name, target in tags.items()]
        )
    finally:
        run.stop()
    return DemoHistory(
        path=directory,
        head=branches[state.checkout],
        branches=tuple(DemoRef(name, target) for name, target in branches.items()),
        tags=tuple(DemoRef(name, target) for name, target in tags.items()),
        commits=tuple(state.commits.values()),
    )


def _follow(verb: str, words: str, run: _Import, state: _State, data: Path, files: Mapping[str, Path]) -> None:
    """Follow one line of the plan; ``history.txt`` explains the verbs."""
    first, _, second = words.partition(" ")
    branch = state.branch
    if verb == "committer":
        state.committer = words
    elif verb == "checkout":
        state.checkout = words
    elif verb == "branch":
        state.branch = first
        if second:
            state.tips[first] = state.starts[first] = second
    elif verb == "root":
        tree = {
            path.relative_to(data / "base").as_posix(): path.read_bytes()
            for path in (data / "base").rglob("*")
            if path.is_file()
        }
        _add(run, state, words, _read_patch(files[words].read_bytes()), tree, [])
    elif verb == "commit":
        for number in words.split():
            patch = _read_patch(files[number].read_bytes())
            tip = state.tips[branch]
            _add(run, state, number, patch, _applied(state.trees[tip], patch.diff), [tip])
    elif verb == "merge":
        ours, theirs = state.tips[branch], state.tips[second]
        tree = _merged(state.trees[state.starts[second]], state.trees[ours], state.trees[theirs])
        _add(run, state, first, _read_patch(files[first].read_bytes()), tree, [ours, theirs])
    elif verb == "tag":
        state.tags[words] = state.tips[branch]
    else:
        raise ValueError(f"history.txt: {verb} is no verb")


def _add(run: _Import, state: _State, number: str, patch: _Patch, tree: dict[str, bytes], parents: list[str]) -> None:
    """Make one commit, at its author date or an hour after the one before, whichever is later."""
    when = patch.date
    if state.clock is not None:
        when = max(when, (state.clock + _BETWEEN_COMMITS).astimezone(patch.date.tzinfo))
    state.clock = when
    message = _PLACEHOLDER.sub(lambda found: state.commits[found[1]].id, patch.message)
    body = message.encode()
    headers = (
        f"commit refs/heads/{state.branch}\nauthor {patch.author} {_stamp(patch.date)}\n"
        f"committer {state.committer} {_stamp(when)}\ndata {len(body)}\n"
    ).encode() + body
    before = state.trees[parents[0]] if parents else {}
    changes: dict[str, bytes | None] = {path: None for path in before if path not in tree}
    changes |= {path: content for path, content in tree.items() if before.get(path) != content}
    made = run.commit(headers, [state.commits[parent].id for parent in parents], changes)
    state.commits[number] = DemoCommit(number, made, message.splitlines()[0], state.branch)
    state.trees[number] = tree
    state.tips[state.branch] = number


def _date(written: str) -> datetime:
    return datetime.strptime(written, "%Y-%m-%d %H:%M:%S %z")


def _stamp(when: datetime) -> str:
    """A date as git keeps it: seconds since 1970, and the zone."""
    return f"{int(when.timestamp())} {when:%z}"


# --- trees and patches --------------------------------------------------------------------------------


def _read_patch(content: bytes) -> _Patch:
    """Headers, an empty line, the message, a line of three dashes, the diff.

    Raises:
        ValueError: one of them is missing.
    """
    head, _, rest = content.partition(b"\n\n")
    message, dashes, diff = rest.partition(b"\n---\n")
    if not dashes:
        raise ValueError("a patch without a line of three dashes")
    headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
    return _Patch(headers["Author"], _date(headers["AuthorDate"]), message.decode() + "\n", diff)


def _merged(base: Mapping[str, bytes], ours: Mapping[str, bytes], theirs: Mapping[str, bytes]) -> dict[str, bytes]:
    """Their files where they changed them, ours otherwise.

    Raises:
        ValueError: both sides changed a file, which the plan of the miniature does not do.
    """
    tree = dict(ours)
    for path, content in theirs.items():
        if base.get(path) == content:
            continue
        if ours.get(path) != base.get(path):
            raise ValueError(f"both sides changed {path}")
        tree[path] = content
    return tree


def _applied(tree: Mapping[str, bytes], diff: bytes) -> dict[str, bytes]:
    """The tree after a patch, without any tolerance for drift.

    Raises:
        ValueError: the patch does not fit the tree.
    """
    after = dict(tree)
    for part in re.split(rb"^diff --git ", diff, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        start = next(at for at, line in enumerate(lines) if line.startswith(b"@@"))
        names = [line[4:].rstrip(b"\n").decode() for line in lines[:start] if line[:4] in (b"--- ", b"+++ ")]
        path = names[1].removeprefix("b/") if names[1] != "/dev/null" else names[0].removeprefix("a/")
        new = _rewritten(tree.get(path, b""), lines[start:], path)
        if names[1] == "/dev/null":
            del after[path]
        else:
            after[path] = new
    return after


def _rewritten(old: bytes, hunks: list[bytes], path: str) -> bytes:
    """One file after its hunks."""
    source = old.splitlines(keepends=True)
    new: list[bytes] = []
    done = 0
    for line in hunks:
        found = _HUNK.match(line)
        if found:
            first = int(found[1]) - (1 if found[2] != b"0" else 0)
            new += source[done:first]
            done = first
        elif line.startswith(b"+"):
            new.append(line[1:])
        elif done < len(source) and source[done] == line[1:]:
            if line.startswith(b" "):
                new.append(source[done])
            done += 1
        else:
            raise ValueError(f"a hunk does not fit {path}: {line!r}")
    return b"".join(new + source[done:])
