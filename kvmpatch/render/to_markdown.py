"""A page as Markdown for GitHub, Gitee and their kin. What a commit says is text there, never markup.

Names, hashes, paths and mail addresses are code, which no site turns into links or mentions. Everywhere else HTML is
escaped, and `@name`, `#123` and bare addresses are broken by a zero-width space or an entity.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import singledispatch
from itertools import groupby

from kvmpatch.render.escape import lines_of, no_runner_command, one_line
from kvmpatch.render.page import (
    Block,
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

_CODE = frozenset(
    (Style.NAME, Style.CODE, Style.ADDRESS, Style.CONDITION, Style.ID, Style.PATCH_ADDED, Style.PATCH_REMOVED)
)
_MARKUP = re.compile(r"[\\`*\[\]~$|]|(?<![^\W_])_+|_+(?![^\W_])")  # an underscore within a word is no markup
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_HTML = re.compile("[&<>]")
_MENTION = re.compile(r"@(?=[\w-])")
_ISSUE = re.compile(r"(#|!|\bGH-)(?=\d)")
_SCHEME = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp):")
_WWW = re.compile(r"(?i)\bwww\.")
_BLOCK_START = re.compile(r"^(\s*)([#+\-=:]|\d+(?=[.)]))")
_BREAK = "<br>"


def to_markdown(page: Page) -> str:
    """The page as Markdown."""
    text = ""
    before: Block | None = None
    for block in page.blocks:
        # one list, not two: a blank line between them would set all of its entries apart
        same_list = isinstance(before, Items | Fields) and _is_list(block)
        text += ("\n" if same_list else "\n\n" if text else "") + "\n".join(_block(block))
        before = block
    return no_runner_command(text) + "\n"


def _is_list(block: Block) -> bool:
    return isinstance(block, Fields) or (isinstance(block, Items) and not block.caption)


def separator() -> str:
    """What stands between two reports."""
    return "\n---\n\n"


# ---- text ------------------------------------------------------------------------------------------------------


def escaped(text: str) -> str:
    """Foreign text that reads as it is written: no markup, no HTML, no link, no mention."""
    text = _HTML.sub(lambda match: _ENTITIES[match.group()], one_line(text))
    text = _MARKUP.sub(lambda match: "".join("\\" + sign for sign in match.group()), text)
    text = _ISSUE.sub(r"\1&#8203;", text)  # before the entities of mentions, whose numbers look like issues
    text = _MENTION.sub("@&#8203;", text)
    text = _SCHEME.sub(r"\1&#58;", text)
    return _WWW.sub(lambda match: match.group()[:-1] + "&#46;", text)


def code_span(text: str, in_table: bool = False) -> str:
    """The text as inline code, inside a fence longer than any run of backticks in it."""
    text = one_line(text).strip()
    if not text:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    padding = " " if text[0] == "`" or text[-1] == "`" else ""
    if in_table:
        text = text.replace("|", "\\|")
    return f"{fence}{padding}{text}{padding}{fence}"


def _inline(line: Line, in_table: bool = False) -> str:
    """A line of spans; neighbours that are code become one piece of code."""
    parts: list[str] = []
    for kind, run in groupby(line, key=_code_kind):
        spans = list(run)
        if kind:
            text = "".join(span.text for span in spans)
            start = " " if text[:1] == " " and parts else ""
            parts.append(start + code_span(text, in_table) + (" " if text[-1:] == " " else ""))
        else:
            parts.extend(_words(span) for span in spans)
    return re.sub(" {2,}", " ", "".join(parts)).strip()


def _code_kind(span: Span) -> str:
    """Empty for text; names and values run together, addresses and conditions stand alone."""
    if span.style not in _CODE:
        return ""
    return span.style.value if span.style in (Style.ADDRESS, Style.CONDITION) else "code"


def _words(span: Span) -> str:
    text = escaped(span.text)
    stripped = text.strip()
    if span.style is not Style.STRONG or not stripped:
        return text
    return text.replace(stripped, f"**{stripped}**", 1)


def _started(text: str) -> str:
    """Text at the start of a line, where `#`, `-`, `1.` would begin a block and `::` a runner's command."""
    match = _BLOCK_START.match(text)
    if not match:
        return text
    blank, sign = match.groups()
    rest = text[match.end() :]
    return f"{blank}{sign}\\{rest}" if sign[0].isdigit() else f"{blank}\\{sign}{rest}"


# ---- blocks ----------------------------------------------------------------------------------------------------


@singledispatch
def _block(block: Block) -> Iterator[str]:
    raise TypeError(f"no Markdown for {type(block).__name__}")


@_block.register
def _title(block: Title) -> Iterator[str]:
    plain = tuple(Span(span.text, Style.PLAIN if span.style is Style.STRONG else span.style) for span in block.line)
    yield f"## {_inline(plain)}"
    yield ""
    yield _started(_inline(block.under))


@_block.register
def _heading(block: Heading) -> Iterator[str]:
    yield f"### {escaped(block.number)} {escaped(block.text)}"
    if block.aside:
        yield ""
        yield f"*{_inline(block.aside)}*"


@_block.register
def _paragraphs(block: Paragraphs) -> Iterator[str]:
    for place, group in enumerate(block.groups):
        if place:
            yield ""
        yield from _broken(_started(_inline(line)) for line in group)


def _broken(lines: Iterable[str]) -> Iterator[str]:
    """Lines of one paragraph, kept apart."""
    before: str | None = None
    for line in lines:
        if before is not None:
            yield before + _BREAK
        before = line
    if before is not None:
        yield before


@_block.register
def _fields(block: Fields) -> Iterator[str]:
    for field in block.fields:
        values = [_inline(value) for value in field.values]
        yield f"- **{escaped(field.label)}** {values[0] if len(values) == 1 else ''}".rstrip()
        if len(values) > 1:
            yield from (f"  - {_started(value)}" for value in values)


@_block.register
def _items(block: Items) -> Iterator[str]:
    if block.caption:
        yield _started(_inline(block.caption))
        yield ""
    for item in block.items:
        yield from _item(item)


def _item(item: Item) -> Iterator[str]:
    number = f"**{escaped(item.number)}**" if item.number else ""
    symbol = escaped(item.symbol.text) if item.symbol else ""
    place = f"— {code_span(item.place)}" if item.place else ""
    lines = [_inline(line) for line in item.lines]
    first = " ".join(part for part in (number, symbol, lines[0] if lines else "", place) if part)
    body = list(_broken([_started(first), *lines[1:]]))
    yield f"- {body[0]}" if body[0] else "-"
    yield from (f"  {line}" for line in body[1:])
    for line in item.details:
        blanks = len(line[0].text) - len(line[0].text.lstrip()) if line else 0
        deeper = "  " * ((blanks + 2) // 4)
        yield f"  {deeper}- {_started(_inline(line))}"
    for quote in item.quotes:
        yield ""
        yield from (f"  {line}".rstrip() for line in _quoted(quote))
    for line in item.proof:
        yield f"  - {_inline(line)}"


@_block.register
def _quote(block: Quote) -> Iterator[str]:
    yield from _quoted(block.text)


def _quoted(text: str) -> Iterator[str]:
    lines = lines_of(text.strip("\r\n"))
    for line, following in zip(lines, (*lines[1:], ""), strict=True):
        indent = "&nbsp;" * (len(line) - len(line.lstrip()))
        shown = indent + (escaped(line.lstrip()) if indent else _started(escaped(line)))
        yield f"> {shown}{_BREAK if shown and following else ''}".rstrip()


@_block.register
def _code(block: Code) -> Iterator[str]:
    lines = lines_of(block.text.strip("\r\n"))
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", block.text)), 3)
    yield fence + "text"
    yield from lines
    yield fence


@_block.register
def _note(block: Note) -> Iterator[str]:
    lead = "⚠ " if block.caution else ""
    yield from _broken(_started(lead + _inline(line)) for line in block.lines)


@_block.register
def _drawing(block: Drawing) -> Iterator[str]:
    from kvmpatch.render.drawing import mermaid_lines

    yield "```mermaid"
    yield from mermaid_lines(block)
    yield "```"


@_block.register
def _table(block: Table) -> Iterator[str]:
    cell: Callable[[Line], str] = lambda line: _inline(line, in_table=True)  # noqa: E731
    yield _row(escaped(word) for word in block.head)
    yield _row("---" for _ in block.head)
    for row in block.rows:
        yield _row(
            _BREAK.join(cell(line) for line in lines) or ("" if place == 0 else "–") for place, lines in enumerate(row)
        )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
