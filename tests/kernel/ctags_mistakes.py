"""Where Universal Ctags errs on kernel code, by class: each is told by the source at hand, never by a list of names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from agreement import Fact
from universal_ctags import Tag

BARE_MACRO_CALL = "a macro call without semicolon was taken for the header of the function after it"
NAME_BY_MACRO = "the macro that makes a function's name was taken for its name"
ENUM_TABLE = "a table whose elements are of an enum was taken for that enum's definition"
LATER_BRANCH = "only one branch of a conditional was read"
FIELD_BY_MACRO = "a field that is declared by a macro was not seen"
PADDING = "the type of padding bits was taken for a name"
CONSTANT_OF_FIELD = "constants of an enum that is the type of a field: here they are part of that type"

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_CALL = r"\w+\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_BARE = re.compile(rf"\s*{_CALL}\s*;?\s*(?=[A-Za-z_#])")
_NAME_MAKER = re.compile(r"^\s*(?:COMPAT_)?SYSCALL(?:32)?_DEFINE\d\s*\(\s*(\w+)")
_NAMED = re.compile(r"(\w+\s*\(\s*[\w,\s]*\))\s*\(")
_DIRECTIVE = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif|define)\b")


@dataclass(frozen=True)
class Source:
    """A file's lines and its tags."""

    lines: Sequence[str]
    tags: Sequence[Tag]

    def header(self, tag: Tag) -> str:
        """From the line of a function's tag to the brace of its body, comments and continued directives left out."""
        text = []
        continued = False
        for line in self.lines[tag.line - 1 : tag.end]:
            directive = continued or line.lstrip().startswith("#")
            continued = directive and line.rstrip().endswith("\\")
            if directive:
                continue
            text.append(line)
            if "{" in line:
                break
        return _COMMENT.sub(" ", "\n".join(text)).partition("{")[0]

    @cached_property
    def corrected(self) -> dict[tuple[str, int], tuple[str, str, int]]:
        """(ctags' name, line) of misnamed functions: their true name, the class, and their last line."""
        found = {}
        for tag in self.tags:
            if tag.kind == "function" and (true := self._true_name(tag)):
                found[tag.name, tag.line] = (*true, tag.end)
        return found

    def _true_name(self, tag: Tag) -> tuple[str, str] | None:
        header = self.header(tag)
        if made := _NAME_MAKER.match(header):
            return made[1], NAME_BY_MACRO
        if (named := _NAMED.search(header)) and named[1].startswith(tag.name):
            return re.sub(r"\s", "", named[1]), NAME_BY_MACRO
        rest = header
        if not rest.lstrip().startswith(tag.name):
            return None
        while bare := _BARE.match(rest):
            rest = rest[bare.end() :]
        last = re.findall(r"(\w+)\s*\(", rest)
        return (last[0], BARE_MACRO_CALL) if rest != header and last else None

    @cached_property
    def later_branches(self) -> set[int]:
        """The lines that stand after an `#else` or `#elif` of their conditional."""
        found: set[int] = set()
        later: list[bool] = []
        for number, line in enumerate(self.lines, 1):
            word = match[1] if (match := _DIRECTIVE.match(line)) else ""
            if word in {"if", "ifdef", "ifndef"}:
                later.append(False)
            elif word in {"else", "elif"} and later:
                later[-1] = True
            elif word == "endif" and later:
                later.pop()
            if any(later):
                found.add(number)
        return found

    @cached_property
    def enum_tables(self) -> list[tuple[str, int, int]]:
        """(name, first line, last line) of tables that are declared with an enum for their type."""
        found = []
        for number, line in enumerate(self.lines, 1):
            match = re.match(r"(?:\w+\s+)*enum\s+\w+\s*\**\s*(\w+)\s*\[.*\]\s*=\s*\{", line)
            if match:
                last = next((at for at in range(number, len(self.lines)) if self.lines[at].startswith("}")), number)
                found.append((match[1], number, last + 1))
        return found


def why(category: str, fact: Fact, source: Source, *, is_ours: bool) -> str | None:
    """The class of the mistake that explains a fact which only one side has, or None."""
    judge = {
        "function": _function,
        "macro": _macro,
        "aggregate": _aggregate,
        "member": _member,
        "constant": _constant,
    }[category]
    return judge(fact, source, is_ours)


def _function(fact: Fact, source: Source, is_ours: bool) -> str | None:
    name, line, end = str(fact[0]), int(fact[1]), int(fact[2])
    if not is_ours:
        true = source.corrected.get((name, line))
        return true[1] if true else None
    for true_name, mistake, last in source.corrected.values():
        if (true_name, last) == (name, end):
            return mistake
    if any(0 < line - last < 20 and not _defined(source, last, line) for _, _, last in source.enum_tables):
        # What ctags took for an enum leaves it astray until the next function.
        return ENUM_TABLE
    return LATER_BRANCH if line in source.later_branches else None


def _defined(source: Source, first: int, last: int) -> bool:
    return any(tag.kind == "function" and first < tag.line < last for tag in source.tags)


def _macro(fact: Fact, source: Source, is_ours: bool) -> str | None:
    line = int(fact[1])
    written = re.match(rf"\s*#\s*define\s+{re.escape(str(fact[0]))}\b", source.lines[line - 1])
    return LATER_BRANCH if is_ours and written and line in source.later_branches else None


def _aggregate(fact: Fact, source: Source, is_ours: bool) -> str | None:
    kind, name, line = fact
    return ENUM_TABLE if not is_ours and kind == "enum" and (name, line) in _starts(source.enum_tables) else None


def _starts(tables: Iterable[tuple[str, int, int]]) -> set[Fact]:
    return {(name, first) for name, first, _ in tables}


def _member(fact: Fact, source: Source, is_ours: bool) -> str | None:
    name, line = str(fact[1]), int(fact[2])
    text = source.lines[line - 1]
    if is_ours:
        if line in source.later_branches:
            return LATER_BRANCH
        last = name.rpartition(".")[2]
        return FIELD_BY_MACRO if re.match(rf"\s*[A-Z_]+\(\s*{re.escape(last)}\s*,", text) else None
    return PADDING if re.match(rf"\s*(?:\w+\s+)*{re.escape(name)}\s*:\s*\d+", text) else None


def _constant(fact: Fact, source: Source, is_ours: bool) -> str | None:
    line = int(fact[1])
    if is_ours:
        return LATER_BRANCH if line in source.later_branches else None
    if any(first <= line <= last for _, first, last in source.enum_tables):
        return ENUM_TABLE
    of_fields = {tag.name for tag in source.tags if tag.kind == "enumerator" and tag.line == line and "::" in tag.scope}
    return CONSTANT_OF_FIELD if fact[0] in of_fields else None
