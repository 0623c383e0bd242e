"""Hold the functions that our reports name against Universal Ctags, over the last commits of any clone.

    python tests/kernel/history_check.py REPOSITORY [--count 200] [--rev HEAD] [-- PATH…]

For each commit both sides of every C file are read whole by ctags; the functions added, removed and modified follow
from the two lists of spans. A rename is one removed and one added, a move is removed here and added there.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ctags_mistakes import Source
from universal_ctags import Tag, tags_of

from kvmpatch.model import Change, Happened, Kind
from kvmpatch.reports.show import ShowRequest, make_reports

ADDED, REMOVED, MODIFIED = "+", "-", "~"
_C_FILES = (".c", ".h")
_NO_BLOB = "0" * 40
Fact = tuple[str, str, str]  # sign, path, name
_COMMENT_OR_SPACE = re.compile(
    rb'/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\.)*|\s+|\\\n|("(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|\w+|.)', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One file of a commit: path and blob of each side; None where a side does not exist."""

    path: str
    before: str | None
    after: str | None
    before_path: str

    @property
    def paths(self) -> tuple[str, str]:
        """The names on both sides."""
        return self.before_path, self.path


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A function that only one of the two names; `why` is the class of ctags' mistake, None where there is none."""

    commit: str
    fact: Fact
    ours: bool
    why: str | None

    def __str__(self) -> str:
        said = "only ours " if self.ours else "only ctags"
        return f"{self.commit[:12]} {said} {' '.join(self.fact)}{f'  [{self.why}]' if self.why else ''}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What both named, and where they differ."""

    commits: int
    both: int
    disagreements: tuple[Disagreement, ...]

    def rates(self, *, reviewed: bool) -> tuple[float, float]:
        """(precision, recall); `reviewed` leaves out what is known to be a mistake of ctags."""
        left = [one for one in self.disagreements if not (reviewed and one.why)]
        extra = sum(one.ours for one in left)
        missed = len(left) - extra
        return self.both / max(1, self.both + extra), self.both / max(1, self.both + missed)


def code_of(text: bytes) -> bytes:
    """The lexemes of a text alone."""
    return b" ".join(lexeme for lexeme in _COMMENT_OR_SPACE.findall(text) if lexeme)


def git(repository: Path, *arguments: str, given: bytes = b"") -> bytes:
    """What a git command prints."""
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout


def pairs_of(repository: Path, commits: Sequence[str]) -> dict[str, list[Pair]]:
    """The C files of each commit against its first parent, renamed files followed."""
    found: dict[str, list[Pair]] = {}
    for commit in commits:
        told = git(
            repository, "diff-tree", "-r", "-M", "-z", "--root", "--no-commit-id", "--first-parent", "-m", commit
        )
        found[commit] = list(_pairs(iter(told.split(b"\0"))))
    return found


def _pairs(fields: Iterator[bytes]) -> Iterator[Pair]:
    for head in fields:
        if not head:
            continue
        _, _, before, after, status = head.decode().split(" ")
        path = next(fields).decode("utf-8", "surrogateescape")
        before_path, path = path, (next(fields).decode("utf-8", "surrogateescape") if status[0] in "RC" else path)
        if path.endswith(_C_FILES) or before_path.endswith(_C_FILES):
            yield Pair(
                path,
                before if before != _NO_BLOB and status[0] != "C" and before_path.endswith(_C_FILES) else None,
                after if after != _NO_BLOB and path.endswith(_C_FILES) else None,
                before_path,
            )


class Peer:
    """What ctags sees in the blobs of a history."""

    def __init__(self, repository: Path, pairs: Iterable[Pair], scratch: Path) -> None:
        blobs = sorted({blob for pair in pairs for blob in (pair.before, pair.after) if blob})
        self.texts = _texts(repository, blobs)
        places = {}
        for blob, text in self.texts.items():
            places[blob] = scratch / f"{blob}.c"
            places[blob].write_bytes(text)
        tags = tags_of(list(places.values()))
        self.tags = {blob: tags[place] for blob, place in places.items()}
        self._functions: dict[str, dict[str, Counter[bytes]]] = {}

    def functions(self, blob: str | None) -> dict[str, Counter[bytes]]:
        """The code of each function of a file, by name; a name may stand there more than once."""
        if blob is None:
            return {}
        if blob not in self._functions:
            lines = self.texts[blob].splitlines(keepends=True)
            found: defaultdict[str, Counter[bytes]] = defaultdict(Counter)
            for tag in self.tags[blob]:
                if tag.kind == "function":
                    found[tag.name][code_of(b"".join(lines[first_line(lines, tag) - 1 : tag.end]))] += 1
            self._functions[blob] = found
        return self._functions[blob]

    def facts(self, pair: Pair) -> Iterator[Fact]:
        """What a commit did to the functions of a file."""
        old, new = self.functions(pair.before), self.functions(pair.after)
        for name in sorted({*old, *new}):
            gone, come = old.get(name, Counter()), new.get(name, Counter())
            left, right = (gone - come).total(), (come - gone).total()
            if left and right:
                yield MODIFIED, pair.path, name
            if left > right:
                yield REMOVED, pair.before_path, name
            elif right > left:
                yield ADDED, pair.path, name

    def mistakes(self, pair: Pair) -> dict[str, str]:
        """The class of ctags' mistake by the names that it concerns: ctags' own and the true one."""
        found: dict[str, str] = {}
        for blob in (pair.before, pair.after):
            if blob:
                source = Source(self.texts[blob].decode("latin-1").split("\n"), self.tags[blob])
                for (name, _), (true, why, _) in source.corrected.items():
                    found |= {name: why, true: why}
        return found


def first_line(lines: Sequence[bytes], tag: Tag) -> int:
    """Where a function's declaration begins: its type may stand on the lines before its name."""
    line = tag.line
    while line > 1:
        above = lines[line - 2].rstrip()
        if not re.match(rb"[A-Za-z_]", above) or above.endswith((b";", b"}", b":", b"{", b"*/", b"\\")):
            break
        line -= 1
    return line


def _texts(repository: Path, blobs: Sequence[str]) -> dict[str, bytes]:
    out = git(repository, "cat-file", "--batch", given="".join(f"{blob}\n" for blob in blobs).encode())
    texts, at = {}, 0
    for blob in blobs:
        end = out.index(b"\n", at)
        size = int(out[at:end].split(b" ")[2])
        texts[blob] = out[end + 1 : end + 1 + size]
        at = end + size + 2
    return texts


def our_facts(changes: Iterable[Change]) -> set[Fact]:
    """The functions of a report in the same terms."""
    found: set[Fact] = set()
    for change in changes:
        if change.kind not in {Kind.FUNCTION, Kind.SYSCALL}:
            continue
        if change.change is Happened.ADDED:
            found.add((ADDED, change.path, change.name))
        elif change.change is Happened.REMOVED:
            found.add((REMOVED, change.path, change.name))
        elif change.change is Happened.MODIFIED:
            found.add((MODIFIED, change.path, change.name))
        elif change.before:
            found |= {(REMOVED, change.before.path, change.before.name), (ADDED, change.path, change.name)}
    # A body that went on under another name leaves its old name to new code: to a list of names that is one change.
    for sign, path, name in list(found):
        if sign == REMOVED and (ADDED, path, name) in found:
            found -= {(REMOVED, path, name), (ADDED, path, name)}
            found.add((MODIFIED, path, name))
    return {fact for fact in found if fact[1].endswith(_C_FILES)}


def check(repository: Path, commits: Sequence[str]) -> Outcome:
    """Compare the reports of commits with ctags."""
    pairs = pairs_of(repository, commits)
    both, disagreements, seen = 0, [], 0
    with tempfile.TemporaryDirectory() as scratch:
        peer = Peer(repository, (pair for of in pairs.values() for pair in of), Path(scratch))
        for report in make_reports(ShowRequest(start=str(repository), revs=tuple(commits))):
            commit = report.asked.id or ""
            seen += 1
            ours = our_facts(report.changes)
            theirs = {fact for pair in pairs[commit] for fact in peer.facts(pair)}
            both += len(ours & theirs)
            for fact in sorted(ours ^ theirs):
                whys = (peer.mistakes(pair).get(fact[2]) for pair in pairs[commit] if fact[1] in pair.paths)
                disagreements.append(Disagreement(commit, fact, fact in ours, next(filter(None, whys), None)))
    return Outcome(seen, both, tuple(disagreements))


def last_commits(repository: Path, count: int, rev: str, paths: Sequence[str]) -> list[str]:
    """The last commits that touch the paths, oldest first."""
    told = git(repository, "rev-list", "--reverse", f"--max-count={count}", rev, "--", *paths)
    return told.decode().split()


def main(arguments: Sequence[str]) -> int:
    """Print the numbers and each disagreement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--rev", default="HEAD")
    parser.add_argument("paths", nargs="*")
    asked = parser.parse_args(arguments)
    outcome = check(asked.repository, last_commits(asked.repository, asked.count, asked.rev, asked.paths))
    for one in outcome.disagreements:
        sys.stdout.write(f"{one}\n")
    sys.stdout.write(f"{outcome.commits} commits, {outcome.both} functions named by both\n")
    for said, reviewed in (("as they stand", False), ("without known mistakes of ctags", True)):
        precision, recall = outcome.rates(reviewed=reviewed)
        sys.stdout.write(f"{said}: precision {precision:.4f}, recall {recall:.4f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
