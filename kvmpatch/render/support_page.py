"""The page of `support`: what differs between refs, then the table, one sign a ref in each cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kvmpatch.model.support import BroughtBy, SupportCell, SupportColumn, SupportDifference, SupportReport, SupportRow
from kvmpatch.render.page import (
    Block,
    Cell,
    Field,
    Fields,
    Heading,
    Item,
    Items,
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

_YES, _NO, _UNKNOWN, _NOTHING, _MAYBE = "✓", "–", "?", "·", "~"
_COMMITS_SHOWN = 4
_SHORT = 12

TITLE = Text("支持的扩展", "Supported extensions")
DIFFERENCES = Text("差异", "Differences")
TABLE = Text("逐项", "Extension by extension")
SBI_TABLE = Text("SBI 扩展", "SBI extensions")
EXTENSION = Text("扩展", "extension")
SIGNS = Text(
    f"{_YES} 有　{_NO} 没有　{_MAYBE} 看运行时条件　{_UNKNOWN} 无法判断　{_NOTHING} 不适用",
    f"{_YES} yes   {_NO} no   {_MAYBE} depends at run time   {_UNKNOWN} undecided   {_NOTHING} does not apply",
)
NO_DIFFERENCE = Text("各列没有差异。", "No column differs.")


def support_page(report: SupportReport, voice: Voice) -> Page:
    """The page for one table."""
    blocks: list[Block] = [_title(report, voice)]
    many = len(report.refs) > 1
    if voice.detail == "quiet":
        return Page((*blocks, *_quiet(report, voice)))
    if many:
        blocks.append(Heading("1", voice.heading(DIFFERENCES)))
        blocks += _differences(report, voice) or [Note(voice.lines(NO_DIFFERENCE))]
    blocks.append(Heading("2" if many else "1", voice.heading(TABLE)))
    blocks += _tables(report, voice)
    for warning in report.warnings:
        blocks.append(Note(voice.lines(warning.said), caution=True))
    return Page(tuple(blocks))


def _title(report: SupportReport, voice: Voice) -> Title:
    spans: list[Span] = []
    for ref in report.refs:
        spans += [Span("  " if spans else ""), Span(ref.ref, Style.NAME), Span(f" {ref.id[:_SHORT]}", Style.ID)]
    return Title((Span(voice.heading(TITLE), Style.STRONG),), tuple(spans))


# ---- differences -------------------------------------------------------------------------------------------------


def _quiet(report: SupportReport, voice: Voice) -> Iterator[Block]:
    """Who has what another lacks, by the names alone."""
    titles = {column.id: column.title for column in report.columns}
    groups = _by_who(report.differences)
    for who, found in groups.items():
        names = dict.fromkeys(one.extension for one in found)
        columns = dict.fromkeys(voice.inline(titles[one.column]) for one in found)
        lines = ((Span(" ".join(names), Style.NAME),), (Span(", ".join(columns), Style.FAINT),))
        yield Items((Item("", lines),), ((Span(voice.inline(_spoken(who)), Style.STRONG)),))
    if groups:
        return
    if len(report.refs) > 1:
        yield Note(voice.lines(NO_DIFFERENCE))
    else:
        offered = [row.extension for row in report.rows if row.kind == "isa" and _is_offered(row)]
        yield Paragraphs((((Span(f"ONE_REG: {' '.join(offered)}"),),),))


def _is_offered(row: SupportRow) -> bool:
    return any(cell.column == "one-reg" and cell.value is True for cell in row.cells)


_Who = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def _by_who(differences: Iterable[SupportDifference]) -> dict[_Who, list[SupportDifference]]:
    """Differences by who has, who lacks, and of whom it is not known; those that are open come last."""
    groups: dict[_Who, list[SupportDifference]] = {}
    for one in sorted(differences, key=lambda one: not one.lacks):
        groups.setdefault((one.has, one.lacks, one.unknown), []).append(one)
    return groups


def _spoken(who: _Who) -> Text:
    has, lacks, unknown = who
    parts = [Text(f"{'、'.join(has)} 有", f"in {', '.join(has)}")]
    parts += [Text(f"{'、'.join(lacks)} 没有", f"not in {', '.join(lacks)}")] if lacks else []
    parts += [Text(f"{'、'.join(unknown)} 无法判断", f"undecided in {', '.join(unknown)}")] if unknown else []
    return Text("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))


def _differences(report: SupportReport, voice: Voice) -> list[Block]:
    """For each pair of who has and who lacks: the extensions, their columns, and the commits behind them."""
    titles = {column.id: column.title for column in report.columns}
    blocks: list[Block] = []
    for place, (who, found) in enumerate(_by_who(report.differences).items(), 1):
        items = []
        for names, alike in _alike(found):
            columns = ", ".join(voice.inline(titles[one.column]) for one in alike)
            line: Line = (Span(" ".join(names), Style.NAME), Span(f"  {columns}", Style.FAINT))
            details = tuple(_commits(alike, len(who[0]) > 1, voice))
            items.append(Item("", (line,), Span("+", Style.ADDED) if who[1] else Span("?"), details=details))
        caption: Line = (Span(f"1.{place} {voice.inline(_spoken(who))}", Style.STRONG),)
        blocks.append(Items(tuple(items), caption))
    return blocks


def _alike(found: Iterable[SupportDifference]) -> Iterator[tuple[list[str], list[SupportDifference]]]:
    """Extensions that differ in the same columns and came by the same commits stand together."""
    by_name: dict[str, list[SupportDifference]] = {}
    for one in found:
        by_name.setdefault(one.extension, []).append(one)
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, differences in by_name.items():
        commits = tuple(sorted({commit.id for one in differences for commit in one.commits or ()}))
        groups.setdefault((tuple(one.column for one in differences), commits), []).append(name)
    for names in groups.values():
        yield names, by_name[names[0]]


def _commits(alike: Iterable[SupportDifference], say_ref: bool, voice: Voice) -> Iterator[Line]:
    found: dict[str, BroughtBy] = {}
    for one in alike:
        for commit in one.commits or ():
            found.setdefault(commit.id, commit)
    ordered = sorted(found.values(), key=lambda commit: commit.date)
    shown = voice.fit(_COMMITS_SHOWN, len(ordered))
    for commit in ordered[:shown]:
        aside = Span(f"  {commit.ref}" if say_ref else "", Style.FAINT)
        yield (Span(commit.id[:_SHORT], Style.ID), Span(f"  {commit.subject}"), aside)
    if shown < len(ordered):
        yield (Span(f"… +{len(ordered) - shown}", Style.FAINT),)


# ---- the table -----------------------------------------------------------------------------------------------------


def _tables(report: SupportReport, voice: Voice) -> Iterator[Block]:
    many = len(report.refs) > 1
    yield Note(voice.lines(SIGNS, Style.FAINT))
    if many:
        order = Text(
            f"每格依次为：{'、'.join(ref.ref for ref in report.refs)}",
            f"each cell: {', '.join(ref.ref for ref in report.refs)}, in this order",
        )
        yield Note(voice.lines(order, Style.FAINT))
    for kind, title in (("isa", None), ("sbi", SBI_TABLE)):
        rows = [row for row in report.rows if row.kind == kind]
        shown = rows if voice.verbose or not many else [row for row in rows if _differs(row)]
        if shown:
            yield _table(report, shown, voice, title)
        if len(shown) < len(rows):
            yield Note(((Span(voice.inline(_same(len(rows) - len(shown), kind)), Style.FAINT),),))
    yield Fields(tuple(_legend(column, voice) for column in report.columns))
    if voice.verbose:
        yield from _proofs(report)


def _legend(column: SupportColumn, voice: Voice) -> Field:
    """What a column says; its head is the English word where both languages are spoken."""
    return Field(voice.label(column.title), voice.lines(column.said))


def _same(count: int, kind: str) -> Text:
    zh, en = ("个 SBI 扩展", "SBI extension") if kind == "sbi" else ("个扩展", "extension")
    plural = "s" * (count > 1)
    return Text(f"另有 {count} {zh}各处相同（-v）", f"{count} more {en}{plural} without a difference (-v)")


def _table(report: SupportReport, rows: list[SupportRow], voice: Voice, title: Text | None) -> Table:
    columns = [column for column in report.columns if any(cell.column == column.id for cell in rows[0].cells)]
    # both languages side by side would not fit 80 columns: the words are under the table
    heads = [column.title.en if voice.speech == "both" else voice.inline(column.title) for column in columns]
    body = tuple(
        (((Span(row.extension, Style.NAME),),), *(_signs(row, column.id) for column in columns)) for row in rows
    )
    first = voice.label(title) if title else "" if voice.speech == "both" else voice.inline(EXTENSION)
    return Table((first or "extension", *heads), body)


def _signs(row: SupportRow, column: str) -> Cell:
    cells = [cell for cell in row.cells if cell.column == column]
    signs = [_sign(cell) for cell in cells]
    told = {sign for sign in signs if sign != _NOTHING}
    style = Style.CHANGED if len(told) > 1 else Style.PLAIN if _YES in told else Style.FAINT
    return ((Span("".join(signs), style),),)


def _sign(cell: SupportCell) -> str:
    if cell.value is None:
        return _NOTHING if cell.why == "not-applicable" else _UNKNOWN
    if cell.why == "conditional":
        return _MAYBE
    return _YES if cell.value else _NO


def _differs(row: SupportRow) -> bool:
    values: dict[str, set[str]] = {}
    for cell in row.cells:
        values.setdefault(cell.column, set()).add(_sign(cell))
    return any(len(signs) > 1 for signs in values.values())


def _proofs(report: SupportReport) -> Iterator[Block]:
    """Every cell's evidence, an item an extension."""
    for row in report.rows:
        proof: list[Line] = []
        for cell in row.cells:
            for evidence in cell.evidence:
                where = Span(f"{evidence.path}:{evidence.line}", Style.ADDRESS)
                label = f"{cell.ref} {cell.column}  " if len(report.refs) > 1 else f"{cell.column}  "
                proof.append((Span(label), where, Span(f"  {evidence.text}", Style.CODE)))
        if proof:
            yield Items((Item("", ((Span(row.extension, Style.NAME),),), proof=tuple(proof)),))
