"""What `related` is asked, and how long it may look."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

import msgspec

from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.sources.repo import Deadline
    from kvmpatch.sources.repo.values import Syntax

Progress = Callable[[Text], None]
Thing = TypeVar("Thing")


class RelatedRequest(msgspec.Struct, frozen=True):
    """What `related` was asked; filters by the names of `git log`.

    Attributes:
        start: where the repository is looked for, from there upward.
        rev: a commit, whose relatives are wanted, or a range, in which matches are looked for.
        syntax: how patterns are read; None for what `grep.patternType` says.
        all: look for matches in all refs, not in HEAD's history alone.
        paths: pathspecs, from where the user stands.
        symbol, csr, bit, ext: names; a commit that changed one of them matches as well.
        progress: told what takes time.
        hint: told, after a search that took long, what would make it faster.
        overrides: settings given with -c.
    """

    start: str
    rev: str | None = None
    grep: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    committer: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    syntax: Syntax | None = None
    ignore_case: bool = False
    all_match: bool = False
    invert_grep: bool = False
    no_merges: bool = False
    all: bool = False
    paths: tuple[str, ...] = ()
    symbol: tuple[str, ...] = ()
    csr: tuple[str, ...] = ()
    bit: tuple[str, ...] = ()
    ext: tuple[str, ...] = ()
    progress: Progress | None = None
    hint: Progress | None = None
    overrides: tuple[tuple[str, str], ...] = ()

    @property
    def by_change(self) -> bool:
        """Whether commits are asked for by what they changed."""
        return bool(self.symbol or self.csr or self.bit or self.ext)

    @property
    def by_filter(self) -> bool:
        """Whether a filter of `git log` asks for commits, and does not merely narrow what names ask for."""
        if self.grep:
            return True
        narrowing = self.author or self.committer or self.since or self.until or self.paths or self.all
        return not self.by_change and bool(narrowing or self.no_merges)


class Patience(msgspec.Struct):
    """How long relatives are looked for. What it cuts short is written down, and told.

    The same question gives the same answer wherever time is not short; limits by number come first.
    """

    seconds: float
    began: float = msgspec.field(default_factory=time.monotonic)
    stopped: list[str] = msgspec.field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.passed > self.seconds

    @property
    def passed(self) -> float:
        """Seconds since the search began."""
        return time.monotonic() - self.began

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.seconds - self.passed

    def deadline(self, what: str, sooner: float = 0.0) -> Deadline:
        """The end of the time, or some seconds before it, for walks through history, which can be long silent."""
        from kvmpatch.sources.repo import Deadline

        return Deadline(lambda: self.left - sooner, lambda: self.cut(what))

    def restart(self) -> None:
        """Begin anew, for another kind of question; what was cut short stays written down."""
        self.began = time.monotonic()

    def cut(self, what: str) -> None:
        """Write down what was cut short."""
        if what not in self.stopped:
            self.stopped.append(what)

    def while_it_lasts(self, things: Iterable[Thing], what: str) -> Iterator[Thing]:
        """The things, until the time is up."""
        for thing in things:
            if self.over:
                self.cut(what)
                return
            yield thing
