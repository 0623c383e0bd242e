"""Which extensions a commit concerns, through which bits of which registers, and who is asked about them."""

from __future__ import annotations

from collections.abc import Iterable

from kvmpatch.model import BitUse, ExtensionRole, Report
from kvmpatch.render import labels
from kvmpatch.render.guards import guard_text
from kvmpatch.render.page import Block, Cell, Item, Items, Line, Note, Span, Style, Table, Voice
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
    rows = [row for extension in report.extensions for row in _rows(extension, report, voice)]
    rows += [_row("", None, bits, voice) for bits in _by_macro(bit for bit in report.bits if not bit.extensions)]
    if not rows:
        return (), ()
    roles = {extension.role for extension in report.extensions}
    one_role = len(roles) == 1 and len(rows) > 1
    head = [labels.EXTENSION, labels.MACRO, labels.REGISTER, labels.CHANGE, labels.GUARD]
    columns = [0, 1, 2, 3, 4]
    notes: list[Block] = []
    if one_role:
        columns.remove(3)
    guards = {row[4] for row in rows if row[1]}
    if len(guards) == 1 and len(rows) > 1:
        columns.remove(4)
        (guard,) = guards
        if guard:
            notes.append(Note(((Span(voice.label(labels.GUARD) + ": ", Style.FAINT), *guard[0]),)))
    columns = [column for column in columns if any(row[column] for row in rows)]
    shown = voice.fit(_ROWS_SHOWN, len(rows))
    if shown < len(rows):
        notes.append(Note(((Span(voice.inline(labels.more(len(rows) - shown)), Style.FAINT),),)))
    table = Table(
        tuple(voice.label(head[column]) for column in columns),
        tuple(tuple(row[column] for column in columns) for row in rows[:shown]),
    )
    uses = _uses(report.bits) if voice.verbose else ()
    role = labels.ALL_ROLES.get(next(iter(roles))) if one_role else None
    return (table, *notes, *uses), (Span(voice.inline(role), Style.FAINT),) if role else ()


def _rows(extension: ExtensionRole, report: Report, voice: Voice) -> list[tuple[Cell, ...]]:
    groups = _by_macro(bit for bit in report.bits if extension.name in bit.extensions)
    if not groups:
        through = tuple((Span(via, Style.CODE),) for via in extension.via)
        return [(_cell(extension.name, Style.NAME), through, (), _cell(voice.inline(_role(extension.role))), ())]
    first, *others = groups
    return [
        _row(extension.name, extension.role, first, voice),
        *(_row("", None, bits, voice, extension.role) for bits in others),
    ]


def _row(
    name: str, role: str | None, bits: list[BitUse], voice: Voice, role_above: str | None = None
) -> tuple[Cell, ...]:
    kinds = dict.fromkeys(guard.kind.value for bit in bits for guard in bit.guards)
    if kinds:
        guard = voice.inline(_joined([labels.GUARD_KINDS[kind] for kind in kinds]))
    else:
        guard = voice.inline(labels.UNGUARDED) if any(bit.use in ("set", "clear") for bit in bits) else ""
    if role is None and role_above is None:
        changes = dict.fromkeys(bit.change.value for bit in bits)
        said = voice.inline(_joined([_role(change) for change in changes]))
    else:
        said = voice.inline(_role(role)) if role else ""
    registers = dict.fromkeys(_register(bit, register) for bit in bits for register in bit.registers)
    return (
        _cell(name, Style.NAME),
        _cell(bits[0].macro, Style.CODE),
        tuple((Span(register, Style.CODE),) for register in registers),
        _cell(said),
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


def _by_macro(bits: Iterable[BitUse]) -> list[list[BitUse]]:
    groups: dict[str, list[BitUse]] = {}
    for bit in bits:
        groups.setdefault(bit.macro, []).append(bit)
    return list(groups.values())


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
