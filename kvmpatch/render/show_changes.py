"""What the commit changes, one entry a thing: functions with their CSR accesses, types with their members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

import msgspec
from msgspec.structs import replace

from kvmpatch.model import Aspect, Basis, Change, CsrAccess, Happened, Kind, Report
from kvmpatch.render import labels
from kvmpatch.render.change_details import (
    access_lines,
    call_lines,
    head_spans,
    left_lines,
    member_lines,
    members_inline,
    shortened_value,
    signature_lines,
    value_lines,
)
from kvmpatch.render.page import Block, Item, Items, Line, Note, Span, Style, Voice
from kvmpatch.render.symbols import symbol_of
from kvmpatch.words import Text

_ENTRIES_SHOWN = 40
_GROUPED_FROM = 10
_FILES_UNGROUPED = 3
_OTHER_FILES = 6

_PREFIX = {
    Kind.STRUCT: "struct ",
    Kind.UNION: "union ",
    Kind.ENUM: "enum ",
    Kind.MACRO: "#define ",
    Kind.TYPEDEF: "typedef ",
    Kind.SYSCALL: "syscall ",
    Kind.KCONFIG: "config ",
}


_Place = tuple[str | None, str]


class _Entry(msgspec.Struct, frozen=True):
    """An item before it is numbered, with the file it stands in."""

    path: str
    line: int | None
    item: Item


def change_blocks(report: Report, voice: Voice, number: str) -> tuple[tuple[Block, ...], int]:
    """The blocks of the section and how many entries are numbered in them."""
    accesses = _Accesses.of(report)
    entries = [_entry(change, accesses, voice) for change in report.changes]
    entries += _loose_accesses(report, voice)
    shown = voice.fit(_ENTRIES_SHOWN, len(entries))
    numbered = [
        replace(entry, item=replace(entry.item, number=f"{number}.{place}"))
        for place, entry in enumerate(entries[:shown], 1)
    ]
    blocks: list[Block] = list(_laid_out(numbered, report))
    if shown < len(entries):
        blocks.append(Note(((Span(voice.inline(labels.more(len(entries) - shown)), Style.FAINT),),)))
    if not voice.verbose and any(change.basis is not Basis.PARSED for change in report.changes):
        blocks.append(Note(voice.lines(labels.UNCERTAIN, Style.FAINT)))
    covered = {entry.path for entry in entries} | {c.before.path for c in report.changes if c.before}
    blocks += _other_files(report, covered, voice)
    return tuple(blocks), len(numbered)


def _laid_out(entries: list[_Entry], report: Report) -> Iterable[Block]:
    """One list with `file.c:n` at each entry; under a heading for each file where they are many."""
    paths = list(dict.fromkeys(entry.path for entry in entries))
    if len(entries) < _GROUPED_FROM and len(paths) <= _FILES_UNGROUPED:
        names = _short_names([*paths, *(file.path for file in report.files)])
        if entries:
            yield Items(tuple(replace(e.item, place=_place(names[e.path], e.line)) for e in entries))
        return
    # numbers run through the report's order; a file keeps its entries together only where the report has them together
    group: list[_Entry] = []
    for entry in [*entries, None]:
        if group and (entry is None or entry.path != group[0].path):
            items = tuple(replace(e.item, place=_place("", e.line)) for e in group)
            yield Items(items, (Span(group[0].path, Style.ADDRESS),))
            group = []
        if entry is not None:
            group.append(entry)


def _place(name: str, line: int | None) -> str:
    return name if line is None else f"{name}:{line}"


def _short_names(paths: Iterable[str]) -> dict[str, str]:
    """Each path by the shortest tail that names only it."""
    parts = {path: PurePosixPath(path).parts for path in paths}
    tails = Counter(own[-length:] for own in parts.values() for length in range(1, len(own) + 1))
    short: dict[str, str] = {}
    for path, own in parts.items():
        length = next((length for length in range(1, len(own) + 1) if tails[own[-length:]] == 1), len(own))
        short[path] = "/".join(own[-length:]) if own else path
    return short


def _entry(change: Change, accesses: _Accesses, voice: Voice) -> _Entry:
    inline, details = _details(change, accesses, voice)
    line = head_spans(change, _full_name(change))
    if inline:
        line.append(Span(f" {inline}", Style.CODE))
    if change.basis is not Basis.PARSED and not voice.verbose:
        line.append(Span(" ?", Style.CAUTION))
    item = Item("", (tuple(line),), symbol_of(change.change), "", tuple(details))
    return _Entry(change.path, change.lines[0] if change.lines else None, item)


def _full_name(change: Change) -> str:
    name = change.name
    if change.kind is Kind.FUNCTION:
        return name if name.endswith(")") else f"{name}()"
    prefix = _PREFIX.get(change.kind, "")
    return name if name.startswith(prefix) else prefix + name


def _details(change: Change, accesses: _Accesses, voice: Voice) -> tuple[str, list[Line]]:
    """What fits beside the name, and the lines under it."""
    details: list[Line] = list(_origin(change, voice))
    seen = {Aspect.NAME, Aspect.PATH, Aspect.BODY}
    inline = members_inline(change)
    if inline:
        seen.add(Aspect.MEMBERS)
    elif change.kind is not Kind.FUNCTION and change.before is None:
        inline = shortened_value(change)
    details += signature_lines(change)
    if change.signature or change.change in (Happened.ADDED, Happened.REMOVED):
        seen |= {Aspect.SIGNATURE, Aspect.VALUE, Aspect.MEMBERS, Aspect.LINKAGE}
    values = value_lines(change)
    details += values
    if values:
        seen.add(Aspect.VALUE)
    if Aspect.MEMBERS not in seen or change.change in (Happened.ADDED, Happened.REMOVED):
        members = [] if inline and change.before is None else member_lines(change, voice)
        details += members
        if members:
            seen.add(Aspect.MEMBERS)
    if change.kind in (Kind.FUNCTION, Kind.SYSCALL, Kind.ASM_SYMBOL, Kind.MACRO):
        details += accesses.lines(change, voice)
        details += call_lines(change.calls)
    rest = [aspect for aspect in change.aspects if voice.verbose or aspect not in seen]
    if rest:
        said = _joined([labels.ASPECTS[aspect.value] for aspect in rest])
        differs = (Span(voice.label(labels.DIFFERS) + ": ", Style.FAINT),) if voice.verbose else ()
        details.append((*differs, Span(voice.inline(said), Style.FAINT)))
    if voice.verbose and change.basis is not Basis.PARSED:
        details.append((Span(voice.inline(labels.BASIS[change.basis.value]), Style.CAUTION),))
    return inline, details


def _joined(texts: list[Text]) -> Text:
    return Text("、".join(text.zh for text in texts), ", ".join(text.en for text in texts))


def _origin(change: Change, voice: Voice) -> Iterable[Line]:
    """The name or the file that a thing had before."""
    before = change.before
    if before is None or (before.name == change.name and before.path == change.path):
        return
    line = [Span("← "), Span(before.name, Style.CODE)] if before.name != change.name else [Span("← ")]
    if before.path != change.path:
        where = f"{before.path}:{before.lines[0]}" if before.lines else before.path
        line.append(Span(f"  {where}" if len(line) > 1 else where, Style.ADDRESS))
    if voice.verbose and change.similarity is not None:
        line.append(Span(f"  {change.similarity:.0%}", Style.FAINT))
    yield tuple(line)


class _Accesses(msgspec.Struct, frozen=True):
    """The report's CSR accesses by the function and file that they are in, and by those that they left."""

    here: dict[_Place, list[CsrAccess]]
    gone: dict[_Place, list[CsrAccess]]

    @classmethod
    def of(cls, report: Report) -> _Accesses:
        here: dict[_Place, list[CsrAccess]] = {}
        gone: dict[_Place, list[CsrAccess]] = {}
        for access in report.csr_accesses:
            here.setdefault((access.function, access.path), []).append(access)
            before = access.before
            if access.change is Happened.MOVED and before:
                gone.setdefault((before.function, before.path), []).append(access)
        return cls(here, gone)

    def lines(self, change: Change, voice: Voice) -> list[Line]:
        """What a function does to CSRs: what is in it now, what was in it under its old name, what left it."""
        now: _Place = (change.name, change.path)
        was: _Place = (change.before.name, change.before.path) if change.before else now
        lines = list(access_lines(self.here.get(now, ()), voice))
        if was != now:
            lines += access_lines((a for a in self.here.get(was, ()) if a.side == "before"), voice)
        left = [a for a in self.gone.get(was, ()) if a.function not in (now[0], was[0])]
        return [*lines, *left_lines(left)]


def _loose_accesses(report: Report, voice: Voice) -> list[_Entry]:
    """CSR accesses in no function that the report lists: each has an entry of its own."""
    names = {(change.name, change.path) for change in report.changes}
    names |= {(change.before.name, change.before.path) for change in report.changes if change.before}
    loose: dict[tuple[str | None, str], list[CsrAccess]] = {}
    for access in report.csr_accesses:
        if (access.function, access.path) not in names:
            loose.setdefault((access.function, access.path), []).append(access)
    entries: list[_Entry] = []
    for (function, path), accesses in loose.items():
        name = Span(f"{function}()", Style.NAME) if function else Span(voice.inline(labels.ELSEWHERE), Style.FAINT)
        details = tuple(access_lines(accesses, voice))
        item = Item("", ((name,),), symbol_of(Happened.MODIFIED), "", details)
        entries.append(_Entry(path, accesses[0].line, item))
    return entries


def _other_files(report: Report, covered: set[str], voice: Voice) -> Iterable[Block]:
    if not report.files:
        return
    if not covered:
        yield Note(voice.lines(labels.NOTHING_STRUCTURAL))
        return
    others = [file.path for file in report.files if not covered & {file.path, file.before_path}]
    if not others:
        return
    names = _short_names([file.path for file in report.files])
    shown = voice.fit(_OTHER_FILES, len(others))
    spans: list[Span] = [Span(voice.inline(labels.OTHER_FILES) + ":", Style.FAINT)]
    for path in others[:shown]:
        spans += [Span(" "), Span(names[path], Style.ADDRESS)]
    if shown < len(others):
        spans.append(Span(" " + voice.inline(labels.more(len(others) - shown)), Style.FAINT))
    yield Note((tuple(spans),))
