"""Which extensions a commit concerns, through which bits of which registers, and who is asked about them."""

from __future__ import annotations

from collections.abc import Iterator

from kvmpatch.model import BitUse, ExtensionRole, Report
from kvmpatch.render import labels
from kvmpatch.render.guards import guard_text
from kvmpatch.render.page import Block, Cell, Field, Fields, Item, Items, Line, Note, Span, Style, Table, Voice
from kvmpatch.render.symbols import symbol_of
from kvmpatch.words import Text

_ROWS_SHOWN = 20


def extension_summary(extensions: tuple[ExtensionRole, ...], voice: Voice) -> tuple[Line, ...]:
    """One line a role: `搬移 / moved: Svpbmt Sstc`."""
    roles = dict.fromkeys(extension.role for extension in extensions)
    return tuple(
        (
            Span(" ".join(extension.name for extension in extensions if extension.role == role)),
            Span("  " + voice.inline(_role(role)), Style.FAINT),
        )
        for role in roles
    )


def extension_blocks(report: Report, voice: Voice) -> tuple[tuple[Block, ...], Line]:
    """The table and its notes, and the remark beside the heading when all extensions have one role."""
    roles = {extension.name: extension.role for extension in report.extensions}
    rows = [_row(names, bits, roles, voice) for names, bits in _by_extension(report)]
    with_bits = {name for bit in report.bits for name in bit.extensions}
    bitless = [extension for extension in report.extensions if extension.name not in with_bits]
    if not rows and not bitless:
        return (), ()
    one_role = len(set(roles.values())) == 1 and len(roles) > 1 and all(row[0] for row in rows)
    blocks = list(_table(rows, one_role, voice)) if rows else []
    if bitless:
        blocks.append(Fields(tuple(_without_bits(extension, one_role, voice) for extension in bitless)))
    if voice.verbose:
        blocks += _uses(report.bits)
    role = labels.ALL_ROLES.get(next(iter(roles.values()))) if one_role else None
    return tuple(blocks), (Span(voice.inline(role), Style.FAINT),) if role else ()


def _table(rows: list[tuple[Cell, ...]], one_role: bool, voice: Voice) -> Iterator[Block]:
    """The rows without the columns that say nothing; what all rows share is said once, under the table."""
    head = (labels.EXTENSION, labels.MACRO, labels.REGISTER, labels.CHANGE, labels.GUARD)
    guards = {row[4] for row in rows}
    shared_guard = len(guards) == 1 and len(rows) > 1
    hidden = {3} if one_role else set()
    if shared_guard:
        hidden.add(4)
    columns = [place for place in range(len(head)) if place not in hidden and any(row[place] for row in rows)]
    if not voice.verbose:
        rows = list(_paired(rows))
    shown = voice.fit(_ROWS_SHOWN, len(rows))
    yield Table(
        tuple(voice.label(head[place]) for place in columns),
        tuple(tuple(row[place] for place in columns) for row in _names_once(rows[:shown])),
    )
    if shown < len(rows):
        yield Note(((Span(voice.inline(labels.more(len(rows) - shown)), Style.FAINT),),))
    if shared_guard and rows[0][4]:
        yield Note(((Span(voice.label(labels.GUARD) + ": ", Style.FAINT), *rows[0][4][0]),))


def _paired(rows: list[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    """Two bits of one extension, alike in all else, in one row."""
    waiting: tuple[Cell, ...] | None = None
    for row in rows:
        if (
            waiting
            and row[0]
            and (waiting[0], *waiting[3:]) == (row[0], *row[3:])
            and len(row[2]) == len(waiting[2]) == 1
        ):
            yield (row[0], *(_beside(waiting[place], row[place]) for place in (1, 2)), *row[3:])
            waiting = None
            continue
        if waiting:
            yield waiting
        waiting = row
    if waiting:
        yield waiting


def _beside(one: Cell, other: Cell) -> Cell:
    return ((*one[0], Span(" "), *other[0]),)


def _names_once(rows: list[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    """An extension is named in the first of its rows."""
    above: Cell = ()
    for row in rows:
        yield ((), *row[1:]) if row[0] == above else row
        above = row[0]


def _by_extension(report: Report) -> list[tuple[tuple[str, ...], list[BitUse]]]:
    """The uses of each bit with the extensions that it serves, in the order of the extensions; the rest last."""
    known = [extension.name for extension in report.extensions]
    groups: dict[tuple[tuple[str, ...], str], list[BitUse]] = {}
    for bit in report.bits:
        names = tuple(name for name in known if name in bit.extensions)
        groups.setdefault((names, bit.macro), []).append(bit)
    order = {name: place for place, name in enumerate(known)}
    pairs = [(names, bits) for (names, _), bits in groups.items()]
    return sorted(pairs, key=lambda pair: [order[name] for name in pair[0]] or [len(known)])


def _without_bits(extension: ExtensionRole, one_role: bool, voice: Voice) -> Field:
    role = () if one_role else (Span(voice.inline(_role(extension.role)) + "  ", Style.FAINT),)
    through = [span for via in extension.via for span in (Span("  "), Span(via, Style.CODE))][1:]
    return Field(extension.name, ((*role, *through),))


def _row(names: tuple[str, ...], bits: list[BitUse], roles: dict[str, str], voice: Voice) -> tuple[Cell, ...]:
    kinds = dict.fromkeys(guard.kind.value for bit in bits for guard in bit.guards)
    if kinds:
        guard = voice.inline(_joined([labels.GUARD_KINDS[kind] for kind in kinds]))
    else:
        guard = voice.inline(labels.UNGUARDED) if any(bit.use in ("set", "clear") for bit in bits) else ""
    changes = dict.fromkeys(roles[name] for name in names) or dict.fromkeys(bit.change.value for bit in bits)
    registers = dict.fromkeys(_register(bit, register) for bit in bits for register in bit.registers)
    return (
        tuple((Span(name, Style.NAME),) for name in names),
        _cell(bits[0].macro, Style.CODE),
        tuple((Span(register, Style.CODE),) for register in registers),
        _cell(voice.inline(_joined([_role(change) for change in changes]))),
        _cell(guard),
    )


def _uses(bits: tuple[BitUse, ...]) -> tuple[Block, ...]:
    """With -v: every use of a bit, where it stands, and where it stood."""
    items = []
    for bit in bits:
        line = [Span(f"{bit.use} {bit.macro}", Style.CODE)]
        if bit.target:
            line.append(Span(f" → {bit.target}", Style.CODE))
        if bit.function:
            line.append(Span(f"  {bit.function}()", Style.CODE))
        details: list[Line] = [(Span(f"[{guard_text(bit.guards)}]", Style.CONDITION),)] if bit.guards else []
        if bit.before:
            was = " ".join(
                part
                for part in (
                    bit.before.target,
                    f"{bit.before.function}()" if bit.before.function else None,
                    f"{bit.before.path}:{bit.before.line}",
                    f"[{guard_text(bit.before.guards)}]" if bit.before.guards != bit.guards else None,
                )
                if part
            )
            details.append((Span("← "), Span(was, Style.CODE)))
        place = f"{bit.path}:{bit.line}"
        items.append(Item("", (tuple(line),), symbol_of(bit.change), place, tuple(details)))
    return (Items(tuple(items)),) if items else ()


def _register(bit: BitUse, register: str) -> str:
    if bit.hi is None or bit.lo is None:
        return register
    return f"{register}[{bit.hi}]" if bit.hi == bit.lo else f"{register}[{bit.hi}:{bit.lo}]"


def _role(role: str) -> Text:
    return labels.ROLES.get(role, Text.same(role or "?"))


def _joined(texts: list[Text]) -> Text:
    return Text("、".join(text.zh for text in texts), ", ".join(text.en for text in texts))


def _cell(text: str, style: Style = Style.PLAIN) -> Cell:
    return ((Span(text, style),),) if text else ()
