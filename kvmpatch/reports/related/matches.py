"""The commits that `git log` prints with the same filters: the same set, always, found by git itself."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kvmpatch.errors import UsageError
from kvmpatch.model import Evidence
from kvmpatch.reports.related.findings import Finding
from kvmpatch.rules import related_reasons as words
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.reports.related.request import RelatedRequest
    from kvmpatch.sources.repo import Filter, RawCommit, Repository
    from kvmpatch.sources.repo.values import Syntax

_RANGE = re.compile(r"\A([^{]*?)(\.{2,3})([^{]*)\Z")
_MAGIC = re.compile(r"\A:(?:\((?P<long>[^)]*)\)|(?P<short>[!^/]+):?)(?P<rest>.*)\Z", re.DOTALL)
PLAIN_TEXT = re.compile(r"[\w\s,/:;@%&=~#'\"!<>-]+\Z")
"""Patterns that mean themselves in every syntax."""
_SYNTAXES: tuple[Syntax, ...] = ("basic", "extended", "fixed", "perl")


def is_range(rev: str) -> bool:
    """Whether a revision means the commits between two others."""
    return bool(_RANGE.match(rev))


def tips_of(repository: Repository, request: RelatedRequest) -> list[str]:
    """Where matches are looked for: a range, all refs, or HEAD.

    Raises:
        UnknownRevision: the range names something unknown, or there is no HEAD.
    """
    match = _RANGE.match(request.rev) if request.rev else None
    if match:
        left, dots, right = match.groups()
        before, after = (repository.resolve((side or "HEAD",))[0].id for side in (left, right))
        if dots == "..":
            return [after, f"^{before}"]
        base = repository.merge_base(before, after)
        return [before, after, *([f"^{base}"] if base else [])]
    if request.all:
        return list(repository.all_tips())
    return [repository.resolve(("HEAD",))[0].id]


def syntax_of(repository: Repository, request: RelatedRequest) -> Syntax:
    """How patterns are read: as the call says, else as git's own settings say.

    Raises:
        UsageError: `grep.patternType` has a value that git would refuse.
    """
    if request.syntax:
        return request.syntax
    chosen = (repository.setting("grep.patternType") or "default").lower()
    if chosen == "default":
        return "extended" if (repository.setting("grep.extendedRegexp") or "").lower() in _TRUE else "basic"
    for syntax in _SYNTAXES:
        if chosen == syntax:
            return syntax
    raise UsageError(Text(f"grep.patternType 的值无效：{chosen}", f"grep.patternType: no such type: {chosen}"))


_TRUE = ("true", "yes", "on", "1")


def filter_of(repository: Repository, request: RelatedRequest, *, with_patterns: bool = True) -> Filter:
    """The filters of the call; without patterns, those that narrow what is looked through."""
    from kvmpatch.sources.repo import Filter

    return Filter(
        grep=request.grep if with_patterns else (),
        author=request.author,
        committer=request.committer,
        until=request.until,
        ignore_case=request.ignore_case,
        syntax=syntax_of(repository, request),
        all_match=request.all_match and with_patterns,
        invert_grep=request.invert_grep and with_patterns,
        no_merges=request.no_merges,
        pathspecs=tuple(from_the_top(request.paths, repository.prefix)),
    )


def from_the_top(specs: Sequence[str], prefix: str) -> Iterator[str]:
    """Pathspecs as typed in a folder of the tree, turned into those that mean the same at its top.

    Raises:
        UsageError: one leads out of the tree.
    """
    if not prefix:
        yield from specs
        return
    literal = re.sub(r"([*?\[\\])", r"\\\1", prefix)
    for spec in specs:
        match = _MAGIC.match(spec)
        long, short, rest = (match["long"], match["short"] or "", match["rest"]) if match else (None, "", spec)
        words_of = (long or "").split(",")
        lead = spec[: len(spec) - len(rest)]
        if "top" in words_of or "/" in short:
            yield spec
            continue
        folder = prefix if "literal" in words_of else literal
        path = posixpath.normpath(posixpath.join(folder, rest)) + ("/" if rest.endswith("/") else "")
        if path == ".." or path.startswith("../"):
            raise UsageError(Text(f"路径 {spec} 在仓库之外", f"{spec} is outside the repository"))
        yield lead + path if path not in (".", "./") else lead or ":/"


def matched(repository: Repository, request: RelatedRequest) -> Iterator[str]:
    """The ids that `git log` would print, in its order.

    Raises:
        UsageError: git does not take a pattern or path.
    """
    where = filter_of(repository, request)
    return repository.history_ids(tips_of(repository, request), since=request.since, where=where)


def findings_of(raws: Sequence[RawCommit], request: RelatedRequest, syntax: str) -> Iterator[Finding]:
    """Each match with the line of its message that the pattern found, where the pattern is plain text."""
    plain = [one for one in request.grep if syntax == "fixed" or PLAIN_TEXT.match(one)]
    flags = re.IGNORECASE if request.ignore_case else 0
    pattern = re.compile("|".join(map(re.escape, plain)), flags) if plain and not request.invert_grep else None
    for raw in raws:
        lines = raw.message.split("\n") if pattern else []
        text = next((line.strip() for line in lines if pattern and pattern.search(line)), None)
        yield Finding("match", raw.id, words.matches((Evidence(commit=raw.id, text=text),)))
