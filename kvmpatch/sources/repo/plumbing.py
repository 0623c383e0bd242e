"""The one place that starts git: through GitPython, with arguments as a list, never a shell.

git's English is not read: exit statuses and NUL-separated output decide. What it says on stderr is at most quoted.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import IO, NamedTuple, Self, cast

from kvmpatch.errors import Unreadable
from kvmpatch.sources.repo.gitpython import load_git, not_found
from kvmpatch.words import Text

OLDEST_GIT = (2, 38)
USAGE_STATUS = 129
"""git's status for an option that it does not know."""
EXPIRED = 124
"""The status of a command that was ended at its deadline; git has none such."""

# Any git that we start: no prompt, no lock taken in passing, no pager, and no transport. GIT_ALLOW_PROTOCOL beats every
# protocol.* setting of a repository, so even a git without GIT_NO_LAZY_FETCH (older than 2.39.4) cannot reach a remote.
EVERYWHERE: Mapping[str, str] = {
    "LC_MESSAGES": "C",
    "LANGUAGE": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ADVICE": "0",
}


class Done(NamedTuple):
    """A git command that has ended."""

    status: int
    out: bytes
    err: bytes

    def complaint(self) -> str:
        """The first line that git wrote on stderr, to be quoted."""
        lines = self.err.decode("utf-8", "backslashreplace").splitlines()
        return lines[0].strip() if lines else f"exit status {self.status}"


class Deadline(NamedTuple):
    """When a walk is ended, wherever it stands, and who is told that its answer is cut short.

    Attributes:
        left: how many seconds are left.
        cut: called once for each walk that was ended, or not begun, because none were left.
    """

    left: Callable[[], float]
    cut: Callable[[], None]


class Child:
    """A running git with pipes. Its stderr is read aside, so that it can never block on it."""

    def __init__(self, popen: subprocess.Popen[bytes], owner: object) -> None:
        self.stdin = cast("IO[bytes]", popen.stdin)
        self.stdout = cast("IO[bytes]", popen.stdout)
        self._popen = popen
        self._owner = owner  # GitPython's wrapper, which would end the process with its own last reference
        self._said = b""
        self.expired = False
        self._drain = threading.Thread(target=self._listen, args=(cast("IO[bytes]", popen.stderr),), daemon=True)
        self._drain.start()

    def _listen(self, stderr: IO[bytes]) -> None:
        with contextlib.suppress(ValueError, OSError):
            for line in stderr:
                if len(self._said) < 4096:
                    self._said += line

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._popen.poll() is None

    def send(self, data: bytes, *, last: bool = False) -> bool:
        """Write to its stdin; `last` closes it. False if nobody reads any more."""
        try:
            self.stdin.write(data)
            if last:
                self.stdin.close()
            else:
                self.stdin.flush()
        except (BrokenPipeError, ValueError):
            return False
        return True

    def finish(self) -> Done:
        """Wait for an end that is due, and close everything."""
        with contextlib.suppress(OSError):
            self.stdin.close()
        status = self._popen.wait()
        self._close_pipes()
        return Done(status, b"", self._said)

    def expire(self) -> None:
        """Stop the process because its time is over; called from beside whoever reads."""
        if self._popen.poll() is None:
            self.expired = True
            self._popen.terminate()

    def end(self) -> None:
        """Stop the process, whatever it does, and wait until it is gone."""
        if self._popen.poll() is None:
            self._popen.terminate()
            try:
                self._popen.wait(2)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()
        self._close_pipes()

    def _close_pipes(self) -> None:
        self._drain.join(1)
        for pipe in (self.stdin, self.stdout, self._popen.stderr):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()


class Plumbing:
    """Starts git commands in one place, with one environment.

    Args:
        before: arguments between `git` and the command, such as `-C PATH`.
        env: variables that are set on top of the surroundings.
        without: variables of the surroundings that git must not see.
    """

    def __init__(
        self, before: Sequence[str] = (), env: Mapping[str, str] | None = None, without: Sequence[str] = ()
    ) -> None:
        self._before = tuple(before)
        self._env = {**EVERYWHERE, **_characters(), **(env or {})}
        self._without = tuple(without)

    def run(self, *args: str, data: bytes = b"", deadline: Deadline | None = None) -> Done:
        """Run a command to its end, or to a deadline (status `EXPIRED`). What is not 0 is the caller's to judge."""
        if deadline and deadline.left() <= 0:
            deadline.cut()
            return Done(EXPIRED, b"", b"")
        return self.begin(*args, data=data, deadline=deadline)()

    def begin(self, *args: str, data: bytes = b"", deadline: Deadline | None = None) -> Callable[[], Done]:
        """Start a command whose answer is short; what is returned waits for its end."""
        popen, owner = self._start(args)

        def finish() -> Done:
            try:
                out, err = popen.communicate(data, deadline.left() if deadline else None)
            except subprocess.TimeoutExpired:
                Child(popen, owner).end()
                if deadline:
                    deadline.cut()
                return Done(EXPIRED, b"", b"")
            except BaseException:
                Child(popen, owner).end()
                raise
            done = Done(popen.returncode, out, err)
            if done.status == USAGE_STATUS:
                refuse_old_git()
            return done

        return finish

    def start(self, *args: str) -> Child:
        """Start a command that is spoken to while it runs."""
        return Child(*self._start(args))

    def lines(self, *args: str, data: bytes = b"", deadline: Deadline | None = None) -> Iterator[bytes]:
        """The lines of a command as they come, without their end. What is given on stdin must be all read first.

        A command that finds nothing says nothing, so a deadline does not wait for its lines.

        Raises:
            Unreadable: the command failed; git's words are the hint.
        """
        if deadline and deadline.left() <= 0:
            deadline.cut()
            return
        with self.start(*args) as child, _expiring(child, deadline):
            # git may answer before it has read all: were both pipes full, each would wait for the other
            feeder = threading.Thread(target=child.send, args=(data,), kwargs={"last": True}, daemon=True)
            feeder.start()
            for line in child.stdout:
                if not child.expired or line.endswith(b"\n"):
                    yield line.rstrip(b"\n")
            feeder.join()
            done = child.finish()
        if child.expired and deadline:
            deadline.cut()
            return
        if done.status == USAGE_STATUS:
            refuse_old_git()
        if done.status != 0:
            raise unreadable_history(done)

    def _start(self, args: Sequence[str]) -> tuple[subprocess.Popen[bytes], object]:
        git = load_git()
        command: list[str] = [git.GIT_PYTHON_GIT_EXECUTABLE or "git", *self._before, *args]
        present = [name for name in self._without if name in os.environ]
        if present:  # GitPython can add to the environment, not take away from it
            command = ["env", *(word for name in present for word in ("-u", name)), *command]
        try:
            owner = git().execute(
                command,
                as_process=True,
                istream=subprocess.PIPE,
                env=self._env,
                shell=False,
            )
        except (not_found(), OSError) as error:
            raise _no_git() from error
        return cast("subprocess.Popen[bytes]", owner.proc), owner


@contextlib.contextmanager
def _expiring(child: Child, deadline: Deadline | None) -> Iterator[None]:
    """End a process at a deadline, if it still runs then."""
    if deadline is None:
        yield
        return
    timer = threading.Timer(deadline.left(), child.expire)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _characters() -> dict[str, str]:
    """The caller's character set, which patterns ask for: in a UTF-8 locale `.` and `-i` mean characters, in C bytes.

    GitPython sets LC_ALL to C, which would hide it; empty, the variable counts as unset.
    """
    chosen = next((os.environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if os.environ.get(name)), "C")
    return {"LC_ALL": "", "LC_CTYPE": chosen}


def refuse_old_git() -> None:
    """Say so if git is older than what we need.

    Raises:
        Unreadable: it is.
    """
    version = load_git()().version_info[:2]
    if version < OLDEST_GIT:
        have, need = (".".join(map(str, numbers)) for numbers in (version, OLDEST_GIT))
        raise Unreadable(
            Text(zh=f"git {have} 版本过低，需要 {need} 或更新", en=f"git {have} is too old: {need} or newer is needed")
        )


def quoting_git(done: Done) -> Text:
    """A hint that quotes what git said."""
    return Text(zh=f"git 的原话：{done.complaint()}", en=f"git says: {done.complaint()}")


def unreadable_history(done: Done) -> Unreadable:
    """Git gave up on the way through history."""
    return Unreadable(
        Text(zh="提交历史读不下去：缺少对象或对象已损坏", en="history cannot be read: objects are missing or damaged"),
        quoting_git(done),
    )


def _no_git() -> Unreadable:
    return Unreadable(
        Text(zh="无法运行 git", en="git cannot be run"),
        Text(
            zh="请安装 git 2.38 或更新版本，并确认它在 PATH 中", en="install git 2.38 or newer and see that PATH has it"
        ),
    )
