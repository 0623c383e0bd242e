"""Walking through history in the quarantine, as a stream."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from kvmpatch.errors import Unreadable, UsageError
from kvmpatch.parse.diffnames import unquoted_bytes
from kvmpatch.sources.repo.names import PathNames
from kvmpatch.sources.repo.plumbing import EXPIRED, Deadline, Done, Plumbing, quoting_git, unreadable_history
from kvmpatch.sources.repo.values import ChangedLine, Filter
from kvmpatch.words import Text

_TIP = re.compile(r"\A\^?[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
SHORTEST_POINTER = 7
"""Hex digits below which an upstream id in a message is not trusted; the kernel asks for 12, git once wrote 7."""
_POINTER = re.compile(rf"\A[0-9a-f]{{{SHORTEST_POINTER},64}}\Z")
_ID = re.compile(rb"\A[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_A_DAY = 86_400
_LONGEST_PATTERN = 8000
"""Characters of one pattern; the library for regular expressions takes some 30,000 of literals."""
LINE_OPTIONS = ("-r", "-p", "-U0", "--root", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
"""Options of `diff-tree` for changed lines alone."""
_SYNTAX = {
    "basic": "--basic-regexp",
    "extended": "--extended-regexp",
    "fixed": "--fixed-strings",
    "perl": "--perl-regexp",
}


class HistoryReader:
    """Lists commits by `rev-list`. Tips are full ids, `^ID` to leave out what that one reaches.

    Attributes:
        deadline: of the walks that are made while it is set: they end when it comes, with what they found by then.
    """

    def __init__(self, git: Plumbing) -> None:
        self._git = git
        self.deadline: Deadline | None = None

    def walk(self, tips: Sequence[str], options: Sequence[str] = (), paths: Sequence[str] = ()) -> Iterator[str]:
        """Ids, as git finds them."""
        words = ("rev-list", *options, "--stdin", "--", *paths)
        for line in self._git.lines(*words, data=tips_for_stdin(tips), deadline=self.deadline):
            yield line.decode("ascii", "replace")

    def logged(self, tips: Sequence[str], options: Sequence[str], paths: Sequence[str], mailmap: str) -> Iterator[str]:
        """Ids as `git log` finds them: it looks for authors under the names that .mailmap gives, rev-list does not."""
        config = ("-c", f"mailmap.blob={mailmap}:.mailmap")
        log = (*config, "log", "--use-mailmap", "--format=%H", "--no-decorate", "--no-color", *options)
        words = (*log, "--stdin", "--", *paths)
        for line in self._git.lines(*words, data=tips_for_stdin(tips), deadline=self.deadline):
            yield line.decode("ascii", "replace")

    def check(self, options: Sequence[str], paths: Sequence[str]) -> None:
        """See that git takes the patterns and pathspecs of a filter, by a walk over nothing.

        Raises:
            UsageError: it does not; git's words are the hint.
        """
        done = self._git.run("rev-list", *options, "--max-count=0", "--stdin", "--", *paths)
        if done.status != 0:
            raise UsageError(
                Text(zh="git 不接受这个模式或路径", en="git does not take this pattern or path"), quoting_git(done)
            )

    def mentioning(self, word: str, tips: Sequence[str]) -> Iterator[str]:
        """Commits whose message holds a literal word, in whatever case, newest first."""
        yield from self.walk(tips, ("--regexp-ignore-case", "--fixed-strings", f"--grep={word}", "--ignore-missing"))

    def naming(self, words: Sequence[str], tips: Sequence[str], options: Sequence[str] = ()) -> Iterator[str]:
        """Commits whose message holds one of some words; see `Repository.naming`.

        Fifty literals were seen to take fifteen times as long as one expression of them all. A git that was built
        without that kind gets the literals.
        """
        plain = [f"--grep={word}" for word in words]
        seen: dict[str, None] = {}
        try:
            patterns = [f"--grep={pattern}" for pattern in either_of(words)]
            for commit in self.walk(tips, ("--perl-regexp", "--regexp-ignore-case", *patterns, *options)):
                seen[commit] = None
                yield commit
        except Unreadable:
            for commit in self.walk(tips, ("--fixed-strings", "--regexp-ignore-case", *plain, *options)):
                if commit not in seen:
                    yield commit

    def pointing_at(
        self,
        upstream_id: str,
        on_head: Sequence[str],
        everywhere: Callable[[], Sequence[str]],
        accept: Callable[[str], bool],
        progress: Callable[[Text], None] | None = None,
    ) -> tuple[str, ...]:
        """The accepted commits on HEAD, else those anywhere; see `Repository.find_backports`."""
        if not _POINTER.match(upstream_id):
            return ()
        word, short = upstream_id[:SHORTEST_POINTER], upstream_id[:12]
        tell = progress or (lambda _: None)

        def among(tips: Sequence[str]) -> tuple[str, ...]:
            near = self.mentioning(word, tips) if tips else iter(())
            return tuple(commit for commit in near if commit != upstream_id and accept(commit))

        tell(Text(zh=f"在 HEAD 的历史中查找 {short} 的回移植提交", en=f"looking for backports of {short} on HEAD"))
        if found := among(on_head):
            return found
        tell(Text(zh=f"在全部引用中查找 {short} 的回移植提交", en=f"looking for backports of {short} on all refs"))
        return among(everywhere())

    def changed_lines(self, ids: Iterable[str], paths: Sequence[str], names: PathNames) -> Iterator[ChangedLine]:
        """The lines that commits add and remove; see `Repository.changed_lines`."""
        data = tips_for_stdin(list(ids))
        command = ("-c", "core.quotePath=false", "diff-tree", "--stdin", *LINE_OPTIONS, "--", *paths)
        return changed_lines_in(self._git.lines(*command, data=data, deadline=self.deadline), names)

    def is_ancestor(self, before: str, after: str) -> bool:
        """Whether `after` reaches `before`; a commit reaches itself. At the deadline it is taken not to."""
        done = self._git.run("merge-base", "--is-ancestor", before, after, deadline=self.deadline)
        if done.status not in (0, 1, EXPIRED):
            raise unreadable_history(done)
        return done.status == 0

    def since_then(self, commit: str, tip: str, times: tuple[int, int]) -> tuple[bool, list[str]]:
        """Whether `tip` reaches a commit, and what it reaches besides that was committed between two moments."""
        holds, ids = commit == tip, []
        for seconds, name, bounds in self._timed([tip, f"^{commit}"]):
            if bounds:
                # A commit is on the boundary of what it is left out of only where something there descends from it.
                holds = holds or name == commit
            elif times[0] <= seconds <= times[1]:
                ids.append(name)
        return holds, ids

    def since_each(self, asked: Mapping[str, tuple[int, int]], tip: str, base: str | None) -> dict[str, list[str]]:
        """The same of several commits; see `Repository.since_each`."""
        by_day: defaultdict[int, list[str]] = defaultdict(list)
        for commit, (first, last) in asked.items():
            for day in range(first // _A_DAY, last // _A_DAY + 1):
                by_day[day].append(commit)
        held = {tip} & set(asked)
        around: dict[str, list[str]] = {commit: [] for commit in asked}
        for seconds, name, bounds in self._timed([tip, f"^{base}"] if base else [tip]):
            if name in around:
                held.add(name)
            for commit in () if bounds else by_day.get(seconds // _A_DAY, ()):
                if asked[commit][0] <= seconds <= asked[commit][1]:
                    around[commit].append(name)
        return {commit: self._without(commit, around[commit]) for commit in asked if commit in held}

    def _timed(self, tips: Sequence[str]) -> Iterator[tuple[int, str, bool]]:
        """When commits were committed, their ids, and whether they bound what is walked instead of being in it."""
        words = ("rev-list", "--timestamp", "--boundary", "--stdin", "--")
        for line in self._git.lines(*words, data=tips_for_stdin(tips), deadline=self.deadline):
            seconds, _, name = line.decode("ascii", "replace").partition(" ")
            yield int(seconds), name.removeprefix("-"), name.startswith("-")

    def _without(self, commit: str, ids: Sequence[str]) -> list[str]:
        """Those of some commits that another does not reach."""
        left = set(self.walk([*ids, f"^{commit}"])) if ids else set()
        return [one for one in ids if one in left]

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, None for unrelated histories."""
        return _first_of(self._git.run("merge-base", one, other))

    def shared(self, ids: Sequence[str], deadline: Deadline) -> str | None:
        """A commit that all of some commits reach; None too if none was found by a deadline."""
        return _first_of(self._git.run("merge-base", "--octopus", *ids, deadline=deadline))

    def count(self, tips: Sequence[str]) -> int:
        """How many commits a walk would find."""
        done = self._git.run("rev-list", "--count", "--stdin", data=tips_for_stdin(tips))
        if done.status != 0:
            raise unreadable_history(done)
        return int(done.out)


def _first_of(done: Done) -> str | None:
    if done.status not in (0, 1, EXPIRED):
        raise unreadable_history(done)
    return done.out.decode("ascii").strip() or None


def either_of(words: Sequence[str]) -> Iterator[str]:
    """Perl's expressions for any of some literals, each from where a word begins if it begins with a letter or digit.

    That is where the index finds them, too. It also spares git the middles of words: the search takes half the time.
    """
    for before, chosen in (
        (r"(?<![0-9A-Za-z])", [word for word in words if word[0].isascii() and word[0].isalnum()]),
        ("", [word for word in words if not (word[0].isascii() and word[0].isalnum())]),
    ):
        part: list[str] = []
        for word in map(re.escape, chosen):
            if part and sum(map(len, part)) + len(word) > _LONGEST_PATTERN:
                yield f"{before}(?:{'|'.join(part)})"
                part = []
            part.append(word)
        if part:
            yield f"{before}(?:{'|'.join(part)})"


def changed_lines_in(printed: Iterable[bytes], names: PathNames) -> Iterator[ChangedLine]:
    """The added and removed lines in what `diff-tree` printed of some commits."""
    commit = path = ""
    in_header = False
    for line in printed:
        code = line[:1]
        if _ID.match(line):
            commit = line.decode("ascii")
        elif line.startswith(b"diff --git "):
            in_header = True
        elif in_header:
            if line.startswith((b"+++ b/", b"--- a/")):
                path = names.text(line[6:].rstrip(b"\t"))
            elif line.startswith((b'+++ "b/', b'--- "a/')):
                path = names.text(unquoted_bytes(line[4:])[2:])
            in_header = not line.startswith(b"@@")
            if not in_header:
                yield ChangedLine(commit, path, "@", line.decode("utf-8", "replace"))
        elif code in (b"+", b"-"):
            yield ChangedLine(commit, path, code.decode("ascii"), line[1:].decode("utf-8", "replace"))
        elif code == b"@":
            yield ChangedLine(commit, path, "@", line.decode("utf-8", "replace"))


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
        "--regexp-ignore-case": wanted.ignore_case,
        "--all-match": wanted.all_match,
        "--invert-grep": wanted.invert_grep,
        "--no-merges": wanted.no_merges,
    }
    return options + [option for option, on in switches.items() if on]
