"""Walking through history in the quarantine, as a stream."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from kvmpatch.errors import Unreadable
from kvmpatch.sources.repo.plumbing import Plumbing, unreadable_history
from kvmpatch.sources.repo.values import Filter

_TIP = re.compile(r"\A\^?[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_SYNTAX = {"basic": "-G", "extended": "-E", "fixed": "-F", "perl": "-P"}


class HistoryReader:
    """Lists commits by `rev-list`. Tips are full ids, `^ID` to leave out what that one reaches."""

    def __init__(self, git: Plumbing) -> None:
        self._git = git

    def walk(
        self, tips: Sequence[str], options: Sequence[str] = (), paths: Sequence[str] = ()
    ) -> Iterator[str]:
        """Ids, as git finds them."""
        for line in self._git.lines("rev-list", *options, "--stdin", "--", *paths, data=tips_for_stdin(tips)):
            yield line.decode("ascii", "replace")

    def logged(
        self, tips: Sequence[str], options: Sequence[str], paths: Sequence[str], mailmap: str
    ) -> Iterator[str]:
        """Ids as `git log` finds them: it looks for authors under the names that .mailmap gives, rev-list does not."""
        config = ("-c", f"mailmap.blob={mailmap}:.mailmap")
        log = (*config, "log", "--use-mailmap", "--format=%H", "--no-decorate", "--no-color", *options)
        for line in self._git.lines(*log, "--stdin", "--", *paths, data=tips_for_stdin(tips)):
            yield line.decode("ascii", "replace")

    def mentioning(self, word: str, tips: Sequence[str]) -> Iterator[str]:
        """Commits whose message holds a literal word, in whatever case, newest first."""
        yield from self.walk(tips, ("-i", "-F", f"--grep={word}", "--ignore-missing"))

    def is_ancestor(self, before: str, after: str) -> bool:
        """Whether `after` reaches `before`; a commit reaches itself."""
        done = self._git.run("merge-base", "--is-ancestor", before, after)
        if done.status not in (0, 1):
            raise unreadable_history(done)
        return done.status == 0

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, None for unrelated histories."""
        done = self._git.run("merge-base", one, other)
        if done.status not in (0, 1):
            raise unreadable_history(done)
        return done.out.decode("ascii").strip() or None

    def count(self, tips: Sequence[str]) -> int:
        """How many commits a walk would find."""
        done = self._git.run("rev-list", "--count", "--stdin", data=tips_for_stdin(tips))
        if done.status != 0:
            raise unreadable_history(done)
        return int(done.out)


def tips_for_stdin(tips: Sequence[str]) -> bytes:
    """Tips as `--stdin` takes them. Anything but full ids would be read as options or names there."""
    for tip in tips:
        if not _TIP.match(tip):
            raise ValueError(f"not a full commit id: {tip!r}")
    return "".join(f"{tip}\n" for tip in tips).encode()


def filter_options(wanted: Filter) -> list[str]:
    """The options of `git log` that a filter stands for."""
    options = [_SYNTAX[wanted.syntax]] if wanted.grep or wanted.author or wanted.committer else []
    options += [f"--grep={pattern}" for pattern in wanted.grep]
    options += [f"--author={pattern}" for pattern in wanted.author]
    options += [f"--committer={pattern}" for pattern in wanted.committer]
    options += [f"--until={wanted.until}"] if wanted.until else []
    switches = {
        "-i": wanted.ignore_case,
        "--all-match": wanted.all_match,
        "--invert-grep": wanted.invert_grep,
        "--no-merges": wanted.no_merges,
    }
    return options + [option for option, on in switches.items() if on]


def pointing_at(
    upstream_id: str, stages: Sequence[Callable[[], Iterator[str]]], accept: Callable[[str], bool]
) -> tuple[str, ...]:
    """The accepted commits of the first stage that has any."""
    for stage in stages:
        found = tuple(dict.fromkeys(commit for commit in stage() if commit != upstream_id and accept(commit)))
        if found:
            return found
    return ()


__all__ = ["HistoryReader", "Unreadable", "filter_options", "pointing_at"]
