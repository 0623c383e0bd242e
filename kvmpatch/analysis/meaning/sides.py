"""The two trees in which a patch is looked at, and its added lines in both.

*Upstream* is the tree of the commit itself, *target* the tree that the pick gives; where it does not go in, the target
as it is. Everywhere the target is the side `before` and upstream the side `after`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from kvmpatch.analysis.flow.program import Function, Program
from kvmpatch.analysis.relatives import NamedUse, names_used
from kvmpatch.model import Evidence, FilePatch, Side
from kvmpatch.parse.csource.steps import Does, Step
from kvmpatch.parse.outlines import language_of

_LONGEST = 160


class Tree(msgspec.Struct, frozen=True):
    """One of the two trees. Lines of evidence are those of its files as they are read here."""

    commit: str
    side: Side
    program: Program

    def evidence(self, path: str, line: int) -> Evidence:
        """A line of a file."""
        lines = self.program.texts.get(path, b"").split(b"\n")
        text = lines[line - 1].decode("utf-8", "backslashreplace").strip() if 0 < line <= len(lines) else None
        return Evidence(commit=self.commit, path=path, side=self.side, line=line, text=text and text[:_LONGEST])

    def header(self, function: Function) -> Evidence:
        """Where a function is defined."""
        return self.evidence(function.path, function.item.name_line)


class FunctionPair(msgspec.Struct, frozen=True):
    """A function that the patch adds lines to, in both trees, and the steps of those lines that are in both."""

    upstream: Function
    target: Function
    steps: tuple[tuple[Step, Step], ...]
    """Of each pair the target's first."""


class Sides(msgspec.Struct, frozen=True):
    """A patch between two trees.

    Attributes:
        merged: whether the target is what a clean pick gives.
        paths: the patch's files upstream, with where the target has them.
        added: numbers of the lines that the patch adds, upstream, by path.
        uses: the names that they use.
        brought: names that the patch brings itself.
    """

    upstream: Tree
    target: Tree
    merged: bool
    paths: Mapping[str, str]
    added: Mapping[str, frozenset[int]]
    uses: Mapping[str, NamedUse]
    brought: frozenset[str]

    def use(self, name: str) -> Evidence:
        """The line of the patch that uses a name."""
        use = self.uses[name]
        return self.upstream.evidence(use.path, use.line)


def sides_of(
    upstream: Tree,
    target: Tree,
    patches: Sequence[FilePatch],
    *,
    merged: bool,
    paths: Mapping[str, str],
    brought: Iterable[str],
) -> Sides:
    """The sides of a patch; both programs hold its files and what lies around them."""
    return Sides(
        upstream,
        target,
        merged,
        paths,
        {patch.file.path: added_lines(patch) for patch in patches},
        names_used(patches),
        frozenset(brought),
    )


def added_lines(patch: FilePatch) -> frozenset[int]:
    """The numbers of the lines that a patch adds to a file, on the after side."""
    found = set()
    for hunk in patch.hunks:
        number = hunk.after_start
        for line in hunk.lines:
            if line.startswith("+"):
                found.add(number)
            number += line[:1] in ("+", " ")
    return frozenset(found)


def function_pairs(sides: Sides) -> Iterator[FunctionPair]:
    """The functions of C that the patch adds lines to and that were there before, in both trees."""
    for path, lines in sides.added.items():
        other = sides.paths.get(path)
        if other is None or language_of(path) != "c" or path not in sides.upstream.program.texts:
            continue
        outline = sides.upstream.program.outline(path)
        for item in outline.functions() if outline else ():
            if item.name in sides.brought or not any(item.lines[0] <= line <= item.lines[1] for line in lines):
                continue
            function = Function(item.name, path, item, outline)  # type: ignore[arg-type]
            found = [one for one in sides.target.program.functions(item.name) if one.path == other]
            if len(found) == 1:
                yield FunctionPair(function, found[0], tuple(_both(sides, function, found[0], lines)))


def _both(sides: Sides, function: Function, other: Function, lines: frozenset[int]) -> Iterator[tuple[Step, Step]]:
    """The steps of added lines with their likes in the target; those that cannot be told apart there are left out."""
    if not sides.merged:
        return
    here, there = _by_words(sides.upstream.program, function), _by_words(sides.target.program, other)
    for key, steps in here.items():
        others = there.get(key, [])
        if len(others) == len(steps):
            yield from ((before, after) for before, after in zip(others, steps, strict=True) if after.line in lines)


def _by_words(program: Program, function: Function) -> dict[tuple[object, ...], list[Step]]:
    found: defaultdict[tuple[object, ...], list[Step]] = defaultdict(list)
    for step in program.body(function).steps:
        found[step.does, step.name, step.arguments, step.operator, step.value].append(step)
    return found


def calls_in(program: Program, function: Function) -> list[Step]:
    """The calls of a function, in the order they run."""
    return [step for step in program.body(function).steps if step.does is Does.CALL]
