"""The page of `explain`: each thing that goes by the name, then what this tree has of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from typing import TYPE_CHECKING

from kvmpatch.model.explain import (
    Explanation,
    Known,
    KnownBit,
    KnownCode,
    KnownCsr,
    KnownExtension,
    KnownGuard,
    KnownNumber,
    KnownWord,
    SetForGuest,
)
from kvmpatch.render import explain_labels as labels
from kvmpatch.render.page import (
    Block,
    Cell,
    Field,
    Fields,
    Heading,
    Line,
    Note,
    Page,
    Paragraphs,
    Span,
    Style,
    Table,
    Title,
    Voice,
)
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.model.explain_tree import Definition, TreeFacts, TreeName

_FIELDS_SHOWN = 16
_NAMES_SHOWN = 8


def explain_page(found: Explanation, voice: Voice) -> Page:
    """The page for one name."""
    blocks: list[Block] = [_title(found, voice)]
    many = len(found.entries) > 1
    for number, entry in enumerate(found.entries, 1):
        if many:
            blocks.append(Heading(str(number), entry.name, _kind(entry, voice)))
        blocks += _entry(entry, voice)
    if found.tree and voice.detail != "quiet":
        blocks += _tree(found.tree, len(found.entries) + 1 if many else 0, voice)
    return Page(tuple(blocks))


def _title(found: Explanation, voice: Voice) -> Title:
    first = found.entries[0]
    names = {entry.name for entry in found.entries}
    same = found.name.strip().lower() == first.name.lower()
    own = first.name if same or len(names) == 1 else found.name
    asked = () if same or own == found.name else (Span(f"  ← {found.name}", Style.FAINT),)
    kinds = dict.fromkeys(voice.inline(labels.KINDS.get(entry.kind, Text.same(entry.kind))) for entry in found.entries)
    return Title((Span(own, Style.STRONG), *asked), (Span(" · ".join(kinds), Style.FAINT),))


def _kind(entry: Known, voice: Voice) -> Line:
    return (Span(voice.inline(labels.KINDS.get(entry.kind, Text.same(entry.kind))), Style.FAINT),)


def _entry(entry: Known, voice: Voice) -> Iterable[Block]:
    yield Paragraphs(tuple(((Span(said),),) for said in voice.each(entry.summary)))
    if voice.detail == "quiet":
        return
    sheet = _Sheet(voice)
    _facts(entry, sheet)
    _standing(entry, sheet)
    if sheet.fields:
        yield Fields(tuple(sheet.fields))
    yield from sheet.tables
    for caution in entry.cautions:
        yield Note(voice.lines(caution.said), caution=True)


class _Sheet:
    """The labelled facts of an entry, and the tables that do not fit a label."""

    def __init__(self, voice: Voice) -> None:
        self.voice = voice
        self.fields: list[Field] = []
        self.tables: list[Block] = []

    def add(self, label: Text, *values: str | None, style: Style = Style.PLAIN) -> None:
        """Values under a label, each on its own line; nothing where there is none."""
        lines = tuple((Span(value, style),) for value in values if value)
        if lines:
            self.fields.append(Field(self.voice.label(label), lines))

    def say(self, label: Text, *said: Text | None) -> None:
        """Words under a label."""
        self.add(label, *(self.voice.inline(text) for text in said if text))

    def lines(self, label: Text, lines: Iterable[Line]) -> None:
        """Lines under a label."""
        if held := tuple(lines):
            self.fields.append(Field(self.voice.label(label), held))

    def names(self, label: Text, names: Iterable[str]) -> None:
        """Names in a row."""
        held = list(names)
        shown = self.voice.fit(_NAMES_SHOWN, len(held))
        more = f" … +{len(held) - shown}" if shown < len(held) else ""
        self.add(label, ", ".join(held[:shown]) + more, style=Style.CODE)


# ---- the facts of each kind ------------------------------------------------------------------------------------


@singledispatch
def _facts(entry: Known, sheet: _Sheet) -> None:
    del entry, sheet


@_facts.register
def _bit(entry: KnownBit, sheet: _Sheet) -> None:
    voice = sheet.voice
    if entry.role != "mask":
        sheet.say(labels.PLACE, labels.ROLES.get(entry.role))
    places = []
    for place in entry.places:
        asides = [*place.extensions]
        asides += [voice.inline(labels.width_only(place.width))] if place.width else []
        asides += [voice.inline(labels.RV64_ONLY)] if place.rv64_only else []
        where = f"{place.register}[{labels.bit_range(place.hi, place.lo)}]"
        places.append((Span(where, Style.NAME), Span(f"  {', '.join(asides)}" if asides else "")))
    sheet.lines(labels.PLACE, places)
    other = f" ({hex(entry.value32)} RV32)" if entry.value32 != entry.value else ""
    sheet.add(labels.VALUE, hex(entry.value) + other, style=Style.CODE)
    for held in entry.values_by:
        sheet.add(Text.same(held.release), hex(held.value), style=Style.CODE)
    sheet.names(labels.PARTS, entry.parts)
    sheet.names(labels.OTHER_NAMES, entry.other_names)
    for item in entry.not_in:
        name = Span(f"{item.register}  ", Style.NAME)
        first, *rest = voice.each(item.reason)
        sheet.lines(labels.NOT_IN, [(name, Span(first)), *((Span(said),) for said in rest)])
    _for_guest(entry.guest, sheet)


def _for_guest(found: Iterable[SetForGuest], sheet: _Sheet) -> None:
    """When KVM sets a bit for the guest; a line a bit."""
    for bit in found:
        name = (Span(bit.name, Style.NAME), Span("  "))
        said = tuple((Span(text),) for text in sheet.voice.each(bit.summary))
        steps = ", ".join(_step(step.phase, step.since, step.until) for step in bit.steps)
        doubt = _doubt(bit.status)
        lines: list[Line] = [(*name, *said[0]), *said[1:]]
        aside = " · ".join(
            part for part in (steps, bit.on_request or "", sheet.voice.inline(doubt) if doubt else "") if part
        )
        if aside:
            lines.append((Span(aside, Style.FAINT),))
        sheet.lines(labels.GUEST, lines)


def _step(phase: str, since: str | None, until: str | None) -> str:
    if since and until:
        return f"{phase} {since}–{until}"
    return f"{phase} {since}+" if since else f"{phase} –{until}" if until else phase


@_facts.register
def _csr(entry: KnownCsr, sheet: _Sheet) -> None:
    voice = sheet.voice
    sheet.add(labels.ADDRESS, hex(entry.address), style=Style.CODE)
    sheet.add(labels.MACRO, entry.macro, *entry.also_named, style=Style.CODE)
    sheet.names(labels.EXTENSION, entry.extensions)
    sheet.add(labels.HALF_OF, entry.high_half_of, style=Style.CODE)
    sheet.add(labels.GUEST_NAME, entry.guest_name, style=Style.CODE)
    sheet.say(labels.READ_ONLY, labels.YES if entry.read_only else None)
    shown = voice.fit(_FIELDS_SHOWN, len(entry.fields))
    rows: list[tuple[Cell, ...]] = []
    for field in entry.fields[:shown]:
        rows.append(
            (
                ((Span(labels.bit_range(field.hi, field.lo), Style.CODE),),),
                ((Span(field.field, Style.NAME),),),
                ((Span(field.macro, Style.CODE),),) if field.macro else (),
                ((Span(", ".join(field.extensions)),),) if field.extensions else (),
            )
        )
    if rows:
        head = (
            voice.label(labels.BITS),
            voice.label(labels.FIELD),
            voice.label(labels.MACRO),
            voice.label(labels.EXTENSION),
        )
        sheet.tables.append(Table(head, tuple(rows)))
    if shown < len(entry.fields):
        more = Text(
            f"… 另有 {len(entry.fields) - shown} 个字段（-v）", f"… and {len(entry.fields) - shown} more fields (-v)"
        )
        sheet.tables.append(Note(((Span(voice.inline(more), Style.FAINT),),)))


@_facts.register
def _extension(entry: KnownExtension, sheet: _Sheet) -> None:
    voice = sheet.voice
    sheet.say(labels.TITLE, entry.title)
    sheet.names(labels.IMPLIES, entry.implies)
    sheet.names(labels.DEPENDS, entry.depends)
    if entry.host_macro:
        since = labels.in_releases(entry.host_since, None, entry.host_by)
        sheet.lines(labels.HOST, [_named(entry.host_macro, voice.inline(since) if since else "")])
    if entry.kvm_macro:
        kvm_since = labels.in_releases(entry.kvm_since, None, None)
        doubt = _doubt(entry.kvm_status or "mainline")
        asides = [f"= {entry.kvm_value}", *(voice.inline(text) for text in (kvm_since, doubt) if text)]
        sheet.lines(labels.KVM, [_named(entry.kvm_macro, " · ".join(asides))])
        if entry.user_can_disable is not None:
            sheet.say(labels.DISABLE, _with(labels.YES if entry.user_can_disable else labels.NO, "7.1"))
    sheet.names(labels.BITS, entry.bits)
    sheet.names(labels.REGISTERS, entry.registers)
    _for_guest(entry.guest, sheet)
    sheet.add(labels.RATIFIED, entry.ratified)


def _with(said: Text, release: str) -> Text:
    return Text(f"{said.zh}（{release}）", f"{said.en} ({release})")


def _named(name: str, aside: str) -> Line:
    return (Span(name, Style.CODE), Span(f"  {aside}" if aside else ""))


@_facts.register
def _number(entry: KnownNumber, sheet: _Sheet) -> None:
    if entry.value is not None:
        plain = str(entry.value) if entry.value < 4096 else hex(entry.value)
        sheet.add(labels.VALUE, plain, style=Style.CODE)
    for held in entry.values_by:
        sheet.add(Text.same(held.release), hex(held.value) if held.value >= 4096 else str(held.value), style=Style.CODE)
    sheet.add(labels.GROUP, f"{entry.of} · {entry.group}" if entry.of else entry.group)
    sheet.add(labels.EXTENSION, entry.extension, style=Style.CODE)
    sheet.add(labels.HOST_CHECK, entry.host_check, style=Style.CODE)
    sheet.names(labels.REGISTERS, entry.registers)
    sheet.say(labels.DELEGATED, labels.in_releases(entry.delegated_since, None, None))
    if entry.user_can_disable is not None:
        sheet.say(labels.DISABLE, _with(labels.YES if entry.user_can_disable else labels.NO, "7.1"))


@_facts.register
def _code(entry: KnownCode, sheet: _Sheet) -> None:
    if entry.phase and entry.title:
        sheet.lines(
            labels.PHASE,
            [(Span(f"{entry.order}. {sheet.voice.inline(entry.title)}"), Span(f"  {entry.phase}", Style.CODE))],
        )
    sheet.say(labels.FREQUENCY, entry.frequency)
    sheet.add(labels.FILE, entry.file, style=Style.ADDRESS)
    sheet.add(labels.OPERATION, f"{entry.operation} ({entry.via})" if entry.operation else None, style=Style.CODE)
    sheet.add(labels.RENAMED_FROM, entry.renamed_from, style=Style.CODE)
    sheet.add(labels.RENAMED_TO, entry.renamed_to, style=Style.CODE)
    sheet.add(labels.SEEN, ", ".join(entry.seen))
    sheet.lines(labels.ENTRIES, [(Span(name, Style.CODE),) for name in entry.entries])


@_facts.register
def _guard(entry: KnownGuard, sheet: _Sheet) -> None:
    sheet.lines(labels.KINDS["guard"], [(Span(entry.expression, Style.CONDITION),)])
    sheet.say(labels.ASKED, labels.ASKS.get(entry.asks))
    sheet.add(labels.EXTENSION, entry.extension, style=Style.CODE)
    if entry.trap:
        sheet.tables.append(Note(sheet.voice.lines(entry.trap), caution=True))


@_facts.register
def _word(entry: KnownWord, sheet: _Sheet) -> None:
    if entry.kind == "term":  # both languages are the point of it
        sheet.add(
            labels.TITLE, f"{entry.title.zh} = {entry.title.en}" if entry.title.zh != entry.title.en else entry.title.en
        )
    else:
        sheet.say(labels.SECTION if entry.kind == "rule" else labels.TITLE, entry.title)


def _standing(entry: Known, sheet: _Sheet) -> None:
    """Since when, how sure, and from where."""
    sheet.say(labels.SINCE, labels.in_releases(entry.since, entry.until, entry.by))
    sheet.say(labels.STATUS, _doubt(entry.status))
    source = entry.source
    sheet.add(
        labels.SOURCE,
        f"{sheet.voice.inline(source.title)}, {source.version}",
        source.address if sheet.voice.verbose else None,
    )


def _doubt(status: str) -> Text | None:
    return {"not-proven": labels.NOT_PROVEN, "absent": labels.ABSENT}.get(status)


# ---- this tree ---------------------------------------------------------------------------------------------------


def _tree(tree: TreeFacts, number: int, voice: Voice) -> Iterable[Block]:
    at = f"{tree.ref} {tree.id[:12]}" if tree.id else tree.ref
    if number:
        yield Heading(str(number), voice.heading(labels.TREE), (Span(at, Style.ID),))
    else:
        yield Paragraphs((((Span(f"{voice.heading(labels.TREE)}  ", Style.STRONG), Span(at, Style.ID)),),))
    shown = [name for name in tree.names if name.definitions or name.lines]
    if shown:
        yield Fields(tuple(field for name in shown for field in _of_name(name, voice)))
    if not shown and tree.complete:
        yield Note(voice.lines(labels.NOWHERE))
    if tree.why:
        yield Note(voice.lines(tree.why), caution=True)


def _of_name(found: TreeName, voice: Voice) -> Iterable[Field]:
    definitions = tuple(_definition(one, voice) for one in found.definitions)
    nothing: Line = (Span(voice.inline(labels.UNDEFINED), Style.FAINT),)
    yield Field(found.name, definitions or (nothing,))
    if found.lines:
        counted: Line = (Span(voice.inline(labels.uses(found.lines, found.functions, found.files))),)
        yield Field(voice.label(labels.USED), (counted, *_places(found, voice)))
    elif found.definitions:
        yield Field(voice.label(labels.USED), ((Span(voice.inline(labels.UNUSED), Style.FAINT),),))
    if found.introduced:
        brought = found.introduced
        line: Line = (
            Span(brought.id[:12], Style.ID),
            Span(f"  {brought.subject}  "),
            Span(brought.date[:10], Style.FAINT),
        )
        yield Field(voice.label(labels.INTRODUCED), (line,))
    elif found.introduced_why:
        yield Field(voice.label(labels.INTRODUCED), tuple(voice.lines(found.introduced_why, Style.FAINT)))


def _definition(one: Definition, voice: Voice) -> Line:
    spans = [Span(f"{one.path}:{one.line}", Style.ADDRESS)]
    if one.text:
        spans += [Span("  "), Span(f"{one.text}", Style.CODE)]
    if one.value is not None and (one.text or "") not in {str(one.value), hex(one.value)}:
        spans.append(Span(f" = {hex(one.value)}" if one.value > 9 else f" = {one.value}", Style.CODE))
    if one.differs is not None:
        said = labels.DIFFERENT if one.differs else labels.SAME
        spans.append(Span(f"  {voice.inline(said)}", Style.CAUTION if one.differs else Style.FAINT))
    return tuple(spans)


def _places(found: TreeName, voice: Voice) -> Iterable[Line]:
    for place in found.places:
        where = Span(f"{place.path}:{place.line}", Style.ADDRESS)
        function = Span(f"  {place.function}()" if place.function else f"  {voice.inline(labels.OUTSIDE)}", Style.FAINT)
        yield (where, function)
