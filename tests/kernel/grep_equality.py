"""Whether `related` matches what `git log` prints, for many queries made from a repository's own history.

    python tests/kernel/grep_equality.py REPOSITORY [NUMBER] [SEED]

Queries are made of words, people, dates and paths of randomly chosen commits: literal and regular expressions of the
four syntaxes, with and without case, several at once, with authors, committers, dates, paths and letters beyond ASCII.
For each of them git must be asked so that the ids are the same, in the same order; where the repository has an index
(`kvmpatch index build`), and the index can answer, they must be the same set. The exit status is 1 if any differs.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kvmpatch.reports.related import RelatedRequest
from kvmpatch.reports.related.finder import finder_for
from kvmpatch.reports.related.matches import matched
from kvmpatch.sources.repo import Repository
from kvmpatch.sources.repo.values import Syntax

SYNTAX: dict[Syntax, str] = {"basic": "--basic-regexp", "extended": "-E", "fixed": "-F", "perl": "-P"}


@dataclass(frozen=True, slots=True)
class Query:
    """One query, as options of `git log` and as the request that means the same."""

    options: tuple[str, ...]
    request: RelatedRequest


def git(repository: str, *words: str) -> str:
    """What git prints; bytes that are no UTF-8 are kept."""
    done = subprocess.run(["git", "-C", repository, *words], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Sample:
    """What a commit gives to make queries of."""

    words: list[str]
    author: str
    mail: str
    committer: str
    date: str
    paths: list[str]


def samples(repository: str, number: int, dice: random.Random) -> list[Sample]:
    """Commits from all over the history, every fourth of them with letters beyond ASCII."""
    ids = git(repository, "rev-list", "HEAD").split()
    odd = git(repository, "log", "--format=%H", "-P", "--grep=[^\\x00-\\x7f]", "HEAD").split()
    chosen = [dice.choice(odd if odd and place % 4 == 3 else ids) for place in range(number)]
    return [_sample(repository, identity) for identity in chosen]


def _sample(repository: str, identity: str) -> Sample:
    text = git(repository, "log", "-1", "--format=%an%x00%ae%x00%cn%x00%aI%x00%B", identity)
    author, mail, committer, date, message = text.split("\0")
    names = git(repository, "diff-tree", "-r", "--root", "--no-commit-id", "--name-only", "-z", identity)
    words = [word for word in re.findall(r"[^\W_][\w.()+*/-]{2,}", message) if word < "\udc80" or word.isascii()]
    return Sample(words or ["the"], author, mail, committer, date, [path for path in names.split("\0") if path])


def queries(repository: str, number: int, seed: int) -> Iterator[Query]:
    """Queries, each from one commit that it is likely to find."""
    dice = random.Random(seed)  # noqa: S311 - the same queries each time
    for sample in samples(repository, number, dice):
        yield _query(repository, sample, dice)


def _query(repository: str, sample: Sample, dice: random.Random) -> Query:
    syntax: Syntax = dice.choice(list(SYNTAX))
    grep = tuple(_pattern(dice.choice(sample.words), syntax, dice) for _ in range(dice.choice((0, 1, 1, 1, 2, 3))))
    author = (_pattern(dice.choice((sample.author, sample.mail)), syntax, dice),) if dice.random() < 0.3 else ()
    committer = (_pattern(sample.committer, syntax, dice),) if dice.random() < 0.15 else ()
    since = sample.date[:10] + "T00:00:00Z" if dice.random() < 0.25 else None
    until = sample.date[:10] + "T23:59:59Z" if dice.random() < 0.25 else None
    paths = tuple(_paths(sample, dice)) if sample.paths and dice.random() < 0.3 else ()
    flags = {name: dice.random() < chance for name, chance in (("i", 0.4), ("all", 0.1), ("no", 0.2), ("match", 0.4))}
    if not (grep or author or committer or since or until or paths):
        grep = (sample.words[0],)
    inverted = bool(grep) and dice.random() < 0.05
    options = [SYNTAX[syntax], *(f"--grep={one}" for one in grep), *(f"--author={one}" for one in author)]
    options += [f"--committer={one}" for one in committer]
    options += [f"--since={since}"] * bool(since) + [f"--until={until}"] * bool(until)
    options += ["-i"] * flags["i"] + ["--all"] * flags["all"] + ["--no-merges"] * flags["no"]
    options += ["--all-match"] * flags["match"] + ["--invert-grep"] * inverted
    request = RelatedRequest(
        start=repository, grep=grep, author=author, committer=committer, since=since, until=until, syntax=syntax,
        paths=paths, ignore_case=flags["i"], all=flags["all"], no_merges=flags["no"], all_match=flags["match"],
        invert_grep=inverted,
    )  # fmt: skip
    return Query((*options, "--", *paths), request)


def _pattern(word: str, syntax: Syntax, dice: random.Random) -> str:
    """The word, or a pattern that finds it."""
    word = word.swapcase() if dice.random() < 0.1 else word
    if syntax == "fixed" or not word:
        return word
    plain = re.sub(r"([\\.*\[\]^$])" if syntax == "basic" else r"([\\.*\[\]^$+?(){}|])", r"\\\1", word)
    place = dice.randrange(len(word))
    dotted = re.escape(word[:place]) + "." + re.escape(word[place + 1 :]) if word.isalnum() else plain
    made = [plain, dotted, f"^.*{plain}", f"{plain}.*$", f"[{word[0]}x]{plain[1:]}" if word.isalnum() else plain]
    if syntax == "perl":
        made += [f"(?:{plain}|no-such-word)", f"(?i){plain}", f"\\b{plain}", f"(?<![A-Z]){plain}"]
    elif syntax == "extended":
        made += [f"({plain}|no-such-word)", f"{plain}{{1,2}}" if word.isalnum() else plain, f"\\b{plain}"]
    else:
        made += [f"\\({plain}\\)", f"{plain}\\|no-such-word"]
    return dice.choice(made)


def _paths(sample: Sample, dice: random.Random) -> Iterator[str]:
    path = dice.choice(sample.paths)
    folder = path.rpartition("/")[0]
    yield dice.choice([path, folder or path, f"*.{path.rpartition('.')[2]}", f":(icase){path}"])
    if folder and dice.random() < 0.2:
        yield f":!{path}"


class Compared:
    """Queries answered in both ways.

    Attributes:
        by_index: how many of them an index answered without git.
    """

    def __init__(self, repository: str) -> None:
        self.repository = repository
        self.by_index = 0

    def differences(self, number: int, seed: int) -> Iterator[str]:
        """What differs, one line a query; nothing where all agree."""
        with Repository.open(self.repository) as opened:
            finder = finder_for(opened, RelatedRequest(self.repository))
            for query in queries(self.repository, number, seed):
                theirs = git(self.repository, "log", "--no-notes", "--format=%H", *query.options).split()
                asked = f"git log {' '.join(query.options)}"
                ours = list(matched(opened, query.request))
                if ours != theirs:
                    same = "another order" if set(ours) == set(theirs) else f"{len(ours)} instead of {len(theirs)}"
                    yield f"{same}: {asked}"
                indexed = finder.matching(query.request, query.request.syntax or "basic")
                self.by_index += indexed is not None
                if indexed is not None and sorted(indexed) != sorted(theirs):
                    yield f"the index has {len(indexed)} instead of {len(theirs)}: {asked}"


def main() -> int:
    """Run it, and tell."""
    repository = sys.argv[1]
    number, seed = (int(word) for word in [*sys.argv[2:4], *("200", "1")[len(sys.argv) - 2 :]])
    assert Path(repository).exists(), repository
    began = time.monotonic()
    compared = Compared(repository)
    found = list(compared.differences(number, seed))
    told = f"{number} queries, {compared.by_index} of them answered by the index, {len(found)} differ"
    sys.stdout.write("\n".join([*found, f"{told}, {time.monotonic() - began:.0f} s"]) + "\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
