"""One file's contents twice, by our outline and by Universal Ctags, as sets that can be held against each other."""

from __future__ import annotations

from collections.abc import Iterable

from universal_ctags import Tag, dotted_members

from kvmpatch.model import Kind
from kvmpatch.parse.csource.outline import Outline

Fact = tuple[str | int, ...]
CATEGORIES = ("function", "macro", "aggregate", "member", "constant")
_AGGREGATES = {Kind.STRUCT, Kind.UNION, Kind.ENUM}


def ours(outlined: Outline) -> dict[str, set[Fact]]:
    """Functions as (name, line of the name, last line), macros and aggregates as (name, line), members with owner."""
    found: dict[str, set[Fact]] = {category: set() for category in CATEGORIES}
    for item in outlined:
        if item.kind in {Kind.FUNCTION, Kind.SYSCALL}:
            found["function"].add((item.name, item.name_line, item.lines[1]))
        elif item.kind is Kind.MACRO:
            found["macro"].add((item.name, item.name_line))
        if item.kind in _AGGREGATES and not item.name.startswith("("):
            found["aggregate"].add((item.kind.value, item.name, item.name_line))
        if item.kind in {Kind.STRUCT, Kind.UNION} or (item.kind is Kind.TYPEDEF and item.shape != "enum"):
            found["member"] |= {
                (item.name, member.name, outlined.scanned.line(member.offset)) for member in item.members
            }
        elif item.kind in {Kind.ENUM, Kind.TYPEDEF}:
            found["constant"] |= {(member.name, outlined.scanned.line(member.offset)) for member in item.members}
    return found


def theirs(tags: Iterable[Tag]) -> dict[str, set[Fact]]:
    """The same of ctags; what it finds inside of functions is left out, since an outline ends at a body."""
    tags = list(tags)
    inside = {line for tag in tags if tag.kind == "function" for line in range(tag.line + 1, tag.end)}
    tags = [tag for tag in tags if tag.kind in {"function", "macro"} or tag.line not in inside]
    return {
        "function": {(tag.name, tag.line, tag.end) for tag in tags if tag.kind == "function"},
        "macro": {(tag.name, tag.line) for tag in tags if tag.kind == "macro"},
        "aggregate": {
            (tag.kind, tag.name, tag.line)
            for tag in tags
            if tag.kind in {"struct", "union", "enum"} and not tag.name.startswith("__anon") and not tag.scope
        },
        "member": set(dotted_members(tags)),
        "constant": {(tag.name, tag.line) for tag in tags if tag.kind == "enumerator"},
    }
