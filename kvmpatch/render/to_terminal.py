"""A page as text for a terminal or a pipe: the same words, with colours or without."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import singledispatchmethod

from msgspec.structs import replace

from kvmpatch.render.escape import lines_of, no_runner_command, one_line
from kvmpatch.render.page import (
    Block,
    Cell,
    Code,
    Drawing,
    Fields,
    Heading,
    Item,
    Items,
    Line,
    Note,
    Page,
    Paragraphs,
    Quote,
    Span,
    Style,
    Table,
    Title,
)
from kvmpatch.render.wrap import line_width, longest_word, width, wrap

MIN_WIDTH = 40
MAX_WIDTH = 100
_INDENT = 2
_GAP = 2
_LABEL_LIMIT = 24
_COLOURS = {
    Style.NAME: "bold",
    Style.STRONG: "bold",
    Style.FAINT: "dim",
    Style.CONDITION: "dim",
    Style.ID: "yellow",
    Style.ADDED: "green",
    Style.REMOVED: "red",
    Style.CHANGED: "cyan",
    Style.MOVED: "magenta",
    Style.CAUTION: "bold yellow",
    Style.PATCH_ADDED: "green",
    Style.PATCH_REMOVED: "red",
}


def to_terminal(page: Page, columns: int = 80, colour: bool = False) -> str:
    """The page as lines of at most `columns` (kept between 40 and 100), but for words that cannot be broken."""
    sheet = _Sheet(max(MIN_WIDTH, min(columns, MAX_WIDTH)))
    for place, block in enumerate(page.blocks):
        if place and _blank_between(page.blocks[max(0, place - 2) : place], block):
            sheet.lines.append(())
        sheet.add(block)
    paint = _painter() if colour else _plain
    return "".join(paint(_safe(line)) + "\n" for line in sheet.lines)


def separator(columns: int = 80) -> str:
    """What stands between two reports."""
    return "\n" + "─" * max(MIN_WIDTH, min(columns, MAX_WIDTH)) + "\n\n"


def _blank_between(earlier: tuple[Block, ...], block: Block) -> bool:
    before = earlier[-1]
    if isinstance(before, Heading):
        return False
    if isinstance(before, Title | Paragraphs | Quote | Code) or isinstance(
        block, Title | Heading | Paragraphs | Quote | Code | Table
    ):
        return True
    if isinstance(before, Note) and len(earlier) > 1:  # a remark belongs to what stands above it
        before = earlier[-2]
    return isinstance(block, Items) and (isinstance(before, Table | Fields) or not block.caption)


def _safe(line: Line) -> Line:
    """No line of ours is a command to a CI runner."""
    if any("##[" in span.text for span in line):
        line = tuple(replace(span, text=no_runner_command(span.text)) for span in line)
    if "".join(span.text for span in line).lstrip().startswith("::"):
        first = next(place for place, span in enumerate(line) if span.text.strip())
        text = line[first].text
        blank = text[: len(text) - len(text.lstrip())]
        line = (
            *line[:first],
            replace(line[first], text=f"{blank}\\{text.lstrip()}"),
            *line[first + 1 :],
        )
    return line


def _plain(line: Line) -> str:
    return "".join(span.text for span in line).rstrip()


def _painter() -> Callable[[Line], str]:
    # rich is imported where colours are wanted and nowhere else: a pipe does not wait for it
    from rich.color import ColorSystem
    from rich.style import Style as RichStyle

    styles = {style: RichStyle.parse(word) for style, word in _COLOURS.items()}

    def paint(line: Line) -> str:
        parts = []
        for span in line:
            style = styles.get(span.style)
            shown = span.text.strip() and style
            parts.append(style.render(span.text, color_system=ColorSystem.STANDARD) if shown and style else span.text)
        return "".join(parts).rstrip()

    return paint


def _clean(line: Line) -> Line:
    return tuple(replace(span, text=one_line(span.text)) for span in line)


def _blank(columns: int) -> Line:
    return (Span(" " * columns),) if columns > 0 else ()


@dataclass(slots=True)
class _Sheet:
    """The lines so far, at most `columns` wide."""

    columns: int
    lines: list[Line]

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.lines = []

    def write(self, line: Line, indent: int, lead: Line = (), hang: int = 0) -> None:
        """A wrapped line: `lead` stands before its first row, the others are indented by `indent + hang` more."""
        lead_width = line_width(lead)
        indent_rest = indent + lead_width + hang
        rows = wrap(_clean(line), self.columns - indent - lead_width, self.columns - indent_rest)
        for place, row in enumerate(rows):
            self.lines.append((*_blank(indent), *lead, *row) if place == 0 else (*_blank(indent_rest), *row))

    @singledispatchmethod
    def add(self, block: Block) -> None:
        """One block."""
        raise TypeError(f"no layout for {type(block).__name__}")

    @add.register
    def _(self, block: Title) -> None:
        self.write(block.line, 0, hang=_INDENT)
        self.write(block.under, 0, hang=_INDENT)

    @add.register
    def _(self, block: Heading) -> None:
        line: Line = (Span(f"{block.number} {block.text}", Style.STRONG),)
        if block.aside and line_width(line) + line_width(block.aside) + 4 <= self.columns:
            self.write((*line, Span("    "), *block.aside), 0)
            return
        self.write(line, 0, hang=_INDENT)
        if block.aside:
            self.write(block.aside, _INDENT)

    @add.register
    def _(self, block: Paragraphs) -> None:
        for place, group in enumerate(block.groups):
            if place:
                self.lines.append(())
            for line in group:
                self.write(line, _INDENT)

    @add.register
    def _(self, block: Quote) -> None:
        self.quote(block.text, _INDENT)

    def quote(self, text: str, indent: int) -> None:
        """Somebody else's words, each line behind a bar."""
        bar = Span("│ ", Style.FAINT)
        for line in lines_of(text.strip("\r\n")):
            rows = wrap((Span(line),), self.columns - indent - 2, self.columns - indent - 2)
            self.lines.extend((*_blank(indent), bar, *row) for row in rows)

    @add.register
    def _(self, block: Code) -> None:
        self.lines.extend((*_blank(_INDENT * 2), Span(line)) for line in lines_of(block.text.strip("\r\n")))

    @add.register
    def _(self, block: Note) -> None:
        lead: Line = (Span("! ", Style.CAUTION),) if block.caution else ()
        for place, line in enumerate(block.lines):
            self.write(line, _INDENT, lead if place == 0 else _blank(line_width(lead)))

    @add.register
    def _(self, block: Drawing) -> None:
        from kvmpatch.render.drawing import tree_lines

        room = self.columns - _INDENT
        self.lines.extend((*_blank(_INDENT), *line) for line in tree_lines(block.tree, room))

    @add.register
    def _(self, block: Fields) -> None:
        labels = [one_line(field.label) for field in block.fields]
        limit = min(_LABEL_LIMIT, self.columns // 3)
        column = max((width(label) for label in labels if width(label) <= limit), default=limit) + _GAP
        for label, field in zip(labels, block.fields, strict=True):
            lead: Line = (Span(label, Style.FAINT), *_blank(column - width(label)))
            values = list(field.values)
            if width(label) >= column:
                self.write(lead, _INDENT)
                lead = _blank(column)
            for value in values:
                self.write(value, _INDENT, lead, hang=_GAP)
                lead = _blank(column)

    @add.register
    def _(self, block: Items) -> None:
        indent = _INDENT
        if block.caption:
            self.write(block.caption, _INDENT)
            indent += _GAP
        number_width = max((width(item.number) for item in block.items), default=0)
        column = self.place_column(block.items, indent + number_width)
        for item in block.items:
            self.item(item, indent, number_width, column)

    def place_column(self, items: Iterable[Item], indent: int) -> int:
        """Where places begin: beside the longest head that leaves room for them."""
        placed = [item for item in items if item.place]
        room = self.columns - max((width(item.place) for item in placed), default=0)
        heads = [indent + 3 + line_width(item.lines[0]) + _GAP for item in placed if item.lines]
        return min(max((head for head in heads if head <= room), default=room), room)

    def item(self, item: Item, indent: int, number_width: int, column: int) -> None:
        """One entry: number, symbol, what, where; then what is to be said of it."""
        lead: Line = ()
        if number_width:
            lead = (Span(item.number, Style.FAINT), *_blank(number_width - width(item.number) + 1))
        if item.symbol:
            lead = (*lead, item.symbol, Span(" "))
        inner = indent + (line_width(lead) or _GAP)
        hang = 0 if item.number and not item.symbol else _GAP
        for place, line in enumerate(item.lines):
            self.write(line, indent, lead if place == 0 else _blank(line_width(lead)), hang)
            if place == 0 and item.place:
                self.place(item.place, column, inner)
        if not item.lines and lead and item.quotes:
            self.lines.append((*_blank(indent), *lead))
        for line in item.details:
            self.write(line, inner, hang=4)
        start = len(self.lines)
        for quote in item.quotes:
            self.quote(quote, inner)
        if not item.lines and item.quotes and start < len(self.lines):
            # the number stands on the first line of the quote
            self.lines[start - 1 : start + 1] = [(*self.lines[start - 1], *self.lines[start][1:])]
        for line in item.proof:
            self.write(tuple(_faint(line)), inner, (Span("└ ", Style.FAINT),))

    def place(self, place: str, column: int, inner: int) -> None:
        """The place of an entry on its line where it fits, else under it."""
        span = Span(one_line(place), Style.FAINT)
        last = self.lines[-1]
        if line_width(last) + _GAP <= column or line_width(last) + _GAP + width(span.text) <= self.columns:
            self.lines[-1] = (*last, *_blank(max(_GAP, column - line_width(last))), span)
        else:
            self.lines.append((*_blank(inner), span))

    @add.register
    def _(self, block: Table) -> None:
        head: tuple[Cell, ...] = tuple(((Span(word, Style.FAINT),),) for word in block.head)
        rows = [head, *(_with_dashes(row) for row in block.rows)]
        rows = [tuple(tuple(_clean(line) for line in cell) for cell in row) for row in rows]
        widths = _column_widths(rows, self.columns - _INDENT)
        if widths is None:
            self.records(rows)
            return
        for row in rows:
            cells = [list(_cell_lines(cell, room)) for cell, room in zip(row, widths, strict=True)]
            for place in range(max(map(len, cells))):
                self.lines.append((*_blank(_INDENT), *_table_row(cells, place, widths)))

    def records(self, rows: list[tuple[Cell, ...]]) -> None:
        """A table too wide for the terminal: each row as labels and values."""
        head, *body = rows
        for row in body:
            for place, (label, cell) in enumerate(zip(head, row, strict=True)):
                indent = _INDENT if place == 0 else _INDENT + _GAP
                lead: Line = (*label[0], Span(": ", Style.FAINT))
                if len(cell) == 1:
                    self.write(cell[0], indent, lead)
                    continue
                self.write(lead, indent)
                for line in cell:
                    self.write(line, indent + _GAP, hang=_GAP)


def _faint(line: Line) -> Iterator[Span]:
    for span in line:
        yield span if span.style is Style.ID else replace(span, style=Style.FAINT)


def _with_dashes(row: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """An empty cell is a dash; an empty first one means «as above»."""
    return tuple(cell if cell or place == 0 else ((Span("–", Style.FAINT),),) for place, cell in enumerate(row))


def _column_widths(rows: list[tuple[Cell, ...]], room: int) -> list[int] | None:
    """Column widths that fit the room, the widest giving way first; None where words would have to be cut."""
    columns = list(zip(*rows, strict=True))
    widths = [max((line_width(line) for cell in column for line in cell), default=0) for column in columns]
    least = [max((longest_word(line) + _GAP for cell in column for line in cell), default=0) for column in columns]
    least = [min(low, natural) for low, natural in zip(least, widths, strict=True)]
    excess = sum(widths) + _GAP * (len(widths) - 1) - room
    while excess > 0:
        place = max(range(len(widths)), key=lambda index: widths[index] - least[index])
        if widths[place] == least[place]:
            return None
        widths[place] -= 1
        excess -= 1
    return widths


def _cell_lines(cell: Cell, room: int) -> Iterator[Line]:
    for line in cell:
        first, *rest = wrap(line, room, room - _GAP)
        yield first
        yield from ((Span("  "), *row) for row in rest)


def _table_row(cells: list[list[Line]], place: int, widths: list[int]) -> Iterator[Span]:
    for index, (lines, room) in enumerate(zip(cells, widths, strict=True)):
        line = lines[place] if place < len(lines) else ()
        yield from line
        if index < len(widths) - 1:
            yield from _blank(room - line_width(line) + _GAP)
