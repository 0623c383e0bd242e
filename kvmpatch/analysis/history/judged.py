"""What another commit did to the names of interest, told from its own structural facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from kvmpatch.analysis.commit_facts import CommitFacts
from kvmpatch.analysis.history.interest import Interest, last_name, rewritten, taken_away
from kvmpatch.model import BitUse, Change, Evidence, Happened, Kind

_AGGREGATES = {Kind.STRUCT, Kind.UNION, Kind.TYPEDEF}
_GROWING = {*_AGGREGATES, Kind.ENUM}
_CODE = {Kind.FUNCTION, Kind.SYSCALL, Kind.ASM_SYMBOL}


class Event(msgspec.Struct, frozen=True):
    """One thing that a commit did to one name. `detail` is a name (the new one, the member, the file)."""

    code: str
    symbol: str
    detail: str
    path: str
    line: int | None

    def evidence(self, commit: str) -> Evidence:
        """Where in that commit it is seen."""
        side = "before" if self.code.startswith(("removed", "dropped")) else "after"
        return Evidence(commit=commit, path=self.path, side=side, line=self.line)  # type: ignore[arg-type]


def consequences_in(facts: CommitFacts, interest: Interest) -> Iterator[Event]:
    """What a later commit did to what an earlier one brought. New names of renamed things join the interest."""
    added: dict[str, list[str]] = {}
    for bit in facts.bits:
        if bit.use in {"set", "clear"} and bit.change is Happened.ADDED and bit.function:
            added.setdefault(bit.function, []).append(bit.macro)
    again = rewritten(facts.changes)
    for change in facts.changes:
        for event in _to_a_thing(change, interest, again):
            if event.code == "changed" and event.symbol in added:
                # What a function now computes says more of the change than that it changed.
                yield from (msgspec.structs.replace(event, detail=bit) for bit in dict.fromkeys(added[event.symbol]))
            else:
                yield event
    for access in facts.csr_accesses:
        name = (access.csr or "").removesuffix("h")
        functions = interest.accessors.get(name, set())
        was_in = (access.before.function if access.before else access.function) or ""
        if name in interest.csrs and access.change is not Happened.ADDED and was_in in functions:
            functions.add(access.function or "")
            code = {"removed": "dropped-access", "moved": "moved-access"}.get(access.change, "changed-access")
            yield Event(code, name, access.function or "", access.path, access.line)
    for bit in facts.bits:
        if bit.use in {"set", "clear"} and bit.change is not Happened.ADDED and _is_that(bit, interest):
            code = {"removed": "dropped-bit", "moved": "moved-bit"}.get(bit.change, "changed-bit")
            yield Event(code, bit.macro, bit.function or "", bit.path, bit.line)


def _is_that(bit: BitUse, interest: Interest) -> bool:
    """Whether a bit is the one of interest, in the place where the commit put it."""
    places = {last_name(bit.target), *([last_name(bit.before.target)] if bit.before else [])}
    return bit.macro in interest.bits and not places.isdisjoint(interest.targets.get(bit.macro, places))


def _to_a_thing(change: Change, interest: Interest, again: Mapping[str, str]) -> Iterator[Event]:
    old = change.before.name if change.before else change.name
    line = change.lines[0] if change.lines else None
    known = _names(change, interest)
    if old in known:
        if change.change is Happened.RENAMED:
            known.add(change.name)
            yield Event("renamed", old, change.name, change.path, line)
        elif change.change is Happened.MOVED:
            yield Event("moved", old, change.path, change.path, line)
        elif change.change is Happened.REMOVED:
            there = again.get(old)
            if there is None:
                yield Event("removed", old, "", change.path, line)
            elif there == change.path:
                yield Event("rewritten", old, "", there, None)
            else:
                yield Event("moved", old, there, there, None)
        elif change.kind in _GROWING and any(member.change is Happened.ADDED for member in change.members):
            for member in change.members:
                if member.change is Happened.ADDED:
                    yield Event("extended", old, member.name, change.path, line)
        elif change.change is Happened.MODIFIED and change.kind is not Kind.ENUM:
            yield Event("changed", old, "", change.path, line)
    for member in change.members:
        name = f"{old}.{(member.before or member).name}" if change.kind in _AGGREGATES else member.name
        if member.change is not Happened.ADDED and name in interest.fields | interest.constants:
            code = "removed" if member.change is Happened.REMOVED else "changed"
            yield Event(code, name, "", change.path, line)


def _names(change: Change, interest: Interest) -> set[str]:
    if change.kind in _GROWING:
        return interest.structs
    if change.kind in _CODE:
        return interest.functions
    if change.kind is Kind.MACRO:
        return interest.macros
    if change.kind is Kind.VARIABLE:
        return interest.variables
    return set()


def causes_in(facts: CommitFacts, interest: Interest) -> Iterator[Event]:
    """What an earlier commit brought of what a later one changed: what it only moved or wrote anew was there before."""
    gone = {(taken_away(change), (change.before or change).path) for change in facts.changes}
    again = rewritten(facts.changes)
    for change in facts.changes:
        line = change.lines[0] if change.lines else None
        if change.name in _names(change, interest):
            if change.change in {Happened.ADDED, Happened.RENAMED} and again.get(change.name) == change.path:
                here = (change.name, change.path) in gone
                yield Event("rewritten" if here else "moved", change.name, change.path, change.path, line)
            elif change.change is Happened.ADDED:
                yield Event("brought", change.name, change.kind.value, change.path, line)
            elif change.change is Happened.RENAMED:
                yield Event("renamed", (change.before or change).name, change.name, change.path, line)
            elif change.change is Happened.MOVED:
                yield Event("moved", change.name, change.path, change.path, line)
        for member in change.members:
            name = f"{change.name}.{member.name}" if change.kind in _AGGREGATES else member.name
            if member.change is Happened.ADDED and name in interest.fields | interest.constants:
                yield Event("brought", name, "member", change.path, line)
    for access in facts.csr_accesses:
        name = (access.csr or "").removesuffix("h")
        if name in interest.csrs and access.change is Happened.ADDED and access.csr == name:
            yield Event("brought-access", name, access.operation, access.path, access.line)
    for bit in facts.bits:
        if bit.macro in interest.bits and bit.use in {"set", "clear"} and bit.change is Happened.ADDED:
            yield Event("brought-bit", bit.macro, bit.function or "", bit.path, bit.line)
