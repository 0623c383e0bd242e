"""The formats of a report, by the names that `--format` takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

if TYPE_CHECKING:
    from kvmpatch.render.page import Page, Voice

Format = Literal["text", "markdown", "json", "jsonl"]
FORMATS: tuple[Format, ...] = ("text", "markdown", "json", "jsonl")

Made = TypeVar("Made")


class Look(msgspec.Struct, frozen=True):
    """How text for people looks: its words, its width in columns, colours or none."""

    voice: Voice
    columns: int = 80
    colour: bool = False


def written(
    reports: Iterable[Made], make_page: Callable[[Made, Voice], Page], kind: Format, look: Look
) -> Iterator[str]:
    """The output piece by piece; a piece is a whole report, but for JSON, where it is all of them."""
    # each writer is imported where it writes: --help knows the names of formats and waits for none of them
    match kind:
        case "json":
            from kvmpatch.render import to_json

            yield to_json.to_json(reports)
        case "jsonl":
            from kvmpatch.render import to_json

            yield from to_json.to_jsonl(reports)
        case "markdown":
            from kvmpatch.render import to_markdown

            pages = (to_markdown.to_markdown(make_page(report, look.voice)) for report in reports)
            yield from _separated(pages, to_markdown.separator())
        case "text":
            from kvmpatch.render import to_terminal

            pages = (
                to_terminal.to_terminal(make_page(report, look.voice), look.columns, look.colour) for report in reports
            )
            separator = "\n" if look.voice.detail == "quiet" else to_terminal.separator(look.columns)
            yield from _separated(pages, separator)


def _separated(pages: Iterable[str], separator: str) -> Iterator[str]:
    for place, page in enumerate(pages):
        yield separator + page if place else page
