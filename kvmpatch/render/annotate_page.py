"""The page of `annotate`: what a reviewer must know, the gravest first, then the commits one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kvmpatch.errors import UsageError
from kvmpatch.model.annotation import Annotation, Annotations
from kvmpatch.render import annotate_labels as own
from kvmpatch.render import backport_labels
from kvmpatch.render.annotation_text import counts_of, kind_of
from kvmpatch.render.page import (
    Block,
    Cell,
    Heading,
    Item,
    Items,
    Line,
    Note,
    Page,
    Span,
    Style,
    Table,
    Title,
    Voice,
)
from kvmpatch.render.proof import proof_line
from kvmpatch.render.show_history import shortened
from kvmpatch.words import Text

MARK = "<!-- kvmpatch -->"
"""The first line of the page in Markdown: by it a job finds the comment that it wrote before."""

_SYMBOLS = {
    "error": Span("×", Style.REMOVED),
    "undecided": Span("?", Style.CAUTION),
    "warning": Span("!", Style.CAUTION),
    "note": Span("·", Style.FAINT),
    "known": Span("=", Style.FAINT),
}
_FOLDED = frozenset({"note", "known"})


class Part(NamedTuple):
    """A piece of the page. One with a summary is folded away where the format can do that."""

    page: Page
    summary: str = ""


def annotate_page(annotations: Annotations, voice: Voice) -> Page:
    """The whole page; everything on it is in the value."""
    return _joined(_parts(annotations, voice, len(annotations.annotations)))


def text_page(annotations: Annotations, voice: Voice, columns: int, colour: bool, max_bytes: int | None) -> str:
    """The page for a terminal, cut at whole findings where it is to be short."""
    from kvmpatch.render.to_terminal import to_terminal

    def written(shown: int, commits: bool) -> str:
        return to_terminal(_joined(_parts(annotations, voice, shown, commits)), columns, colour)

    return _fitting(written, len(annotations.annotations), max_bytes)


def markdown_page(annotations: Annotations, voice: Voice, max_bytes: int | None) -> str:
    """The page as Markdown, under its hidden mark, cut at whole findings where it is to be short."""
    from kvmpatch.render.to_markdown import to_markdown

    def folded(part: Part) -> str:
        text = to_markdown(part.page)
        # a blank line ends the HTML, and what follows is Markdown again, in which a commit can close no tag
        return f"<details>\n<summary>{part.summary}</summary>\n\n{text}\n</details>\n" if part.summary else text

    def written(shown: int, commits: bool) -> str:
        parts = (folded(part) for part in _parts(annotations, voice, shown, commits))
        return "\n".join([f"{MARK}\n", *parts])

    return _fitting(written, len(annotations.annotations), max_bytes)


def _fitting(written: Callable[[int, bool], str], count: int, max_bytes: int | None) -> str:
    """The longest text that fits: with everything, without the commits, then with fewer findings.

    Args:
        written: the text with so many findings, and with or without the commits one by one.
        count: of all findings.
        max_bytes: how long it may be.

    Raises:
        UsageError: not even the counts alone fit.
    """
    whole = written(count, True)
    if max_bytes is None or _size(whole) <= max_bytes:
        return whole
    best = written(0, False)
    if _size(best) > max_bytes:
        raise UsageError(
            Text(f"--max-bytes {max_bytes} 太小", f"--max-bytes {max_bytes} is too small"),
            Text(f"至少 {_size(best)}", f"{_size(best)} at least"),
        )
    least, most = 0, count
    while least < most:
        middle = (least + most + 1) // 2
        text = written(middle, False)
        if _size(text) <= max_bytes:
            least, best = middle, text
        else:
            most = middle - 1
    return best


def _size(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))


# ---- parts -----------------------------------------------------------------------------------------------------------


def _joined(parts: Sequence[Part]) -> Page:
    return Page(tuple(block for part in parts for block in part.page.blocks))


def _parts(annotations: Annotations, voice: Voice, shown: int, commits: bool = True) -> tuple[Part, ...]:
    parts = [Part(Page((_title(annotations, voice), *_nothing(annotations, voice))))]
    subjects = {one.commit.id: one.commit.subject for one in annotations.backport.candidates}
    number = 0
    if voice.detail != "quiet":
        for kind, title in own.SECTIONS.items():
            every = [one for one in annotations.annotations if kind_of(one) == kind]
            some = [one for one in annotations.annotations[:shown] if kind_of(one) == kind]
            if not some:
                continue
            number += 1
            count = f"{len(some)}/{len(every)}" if len(some) < len(every) else f"{len(every)}"
            heading = Heading(str(number), voice.heading(title), (Span(count, Style.FAINT),))
            items = tuple(
                _item(one, subjects[one.commit], f"{number}.{place}", voice) for place, one in enumerate(some, 1)
            )
            summary = f"{voice.heading(title)} ({count})" if kind in _FOLDED else ""
            parts.append(Part(Page((heading, Items(items))), summary))
    rest = counts_of(annotations.annotations[shown:])
    if rest:
        parts.append(Part(Page((Note(voice.lines(own.left_out(rest)), caution=True),))))
    if commits and annotations.backport.candidates:
        heading = Heading(str(number + 1), voice.heading(own.COMMITS))
        parts.append(Part(Page((heading, _table(annotations, voice))), voice.heading(own.COMMITS)))
    if annotations.warnings:
        lines = tuple(line for one in annotations.warnings for line in voice.lines(one.said))
        parts.append(Part(Page((Note(lines, caution=True),))))
    return tuple(parts)


def _title(annotations: Annotations, voice: Voice) -> Title:
    onto = annotations.backport.onto
    line: Line = (
        Span("kvmpatch  ", Style.STRONG),
        Span(annotations.range, Style.ID),
        Span(f"  {voice.inline(own.ONTO)} "),
        Span(onto.ref, Style.ID),
        Span(f"  {shortened(onto.id)}", Style.FAINT),
    )
    counts = own.counted(counts_of(annotations.annotations))
    return Title(line, (Span(" · ".join(voice.inline(one) for one in counts) or voice.inline(own.NOTHING)),))


def _nothing(annotations: Annotations, voice: Voice) -> tuple[Block, ...]:
    return () if annotations.backport.candidates else (Note(voice.lines(backport_labels.NO_CANDIDATE)),)


def _item(annotation: Annotation, subject: str, number: str, voice: Voice) -> Item:
    about: Line = (
        Span(shortened(annotation.commit), Style.ID),
        Span(f"  {subject}"),
        Span(f"  [{annotation.rule}]", Style.FAINT),
    )
    place = f"{annotation.path}:{annotation.line}" if annotation.path is not None else ""
    proof = [proof_line(one, annotation.commit) for one in annotation.evidence] if voice.verbose else []
    return Item(
        number,
        voice.lines(annotation.said),
        _SYMBOLS[kind_of(annotation)],
        place,
        details=(about,),
        proof=tuple(line for line in dict.fromkeys(proof) if line),
    )


def _table(annotations: Annotations, voice: Voice) -> Table:
    found: dict[str, list[Annotation]] = {}
    for one in annotations.annotations:
        found.setdefault(one.commit, []).append(one)
    rows: list[tuple[Cell, ...]] = []
    for candidate in annotations.backport.candidates:
        own_ones = found.get(candidate.commit.id, [])
        counts = " · ".join(voice.inline(one) for one in own.counted(counts_of(own_ones)))
        rows.append(
            (
                ((Span(shortened(candidate.commit.id), Style.ID),), (Span(candidate.commit.subject),)),
                ((Span(voice.inline(backport_labels.VERDICTS[candidate.verdict])),),),
                ((Span(counts),),) if counts else (),
            )
        )
    head = (voice.label(own.COMMIT), voice.label(own.VERDICT), voice.label(own.FINDINGS))
    return Table(head, tuple(rows))
