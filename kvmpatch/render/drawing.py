"""Pictures: a tree drawn with box characters, and a graph as Mermaid text.

A subject in a picture is cut to fit, since a wrapped line would tear the branches; it stands in full below. In Mermaid
text every character that could mean something there is a numbered entity: quotes and brackets would end a label,
backticks the fence around it, `%%{` would be a directive, and `<` markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kvmpatch.render.escape import one_line
from kvmpatch.render.page import Drawing, Line, Span, Style, Twig
from kvmpatch.render.wrap import line_width, width

_LONGEST_LABEL = 72
_HARMLESS = re.compile(r"[^\W_]|[ ,./_-]")
_ID = re.compile(r"[A-Za-z0-9]+\Z")
_LOOKS = {
    "asked": "stroke-width:3px",
    "match": "stroke-width:3px",
    "series": "",
    "prerequisite": "stroke-dasharray:4 3",
    "fix": "stroke:#c33",
    "revert": "stroke:#c33,stroke-dasharray:2 2",
    "backport": "stroke:#36c",
}


# ---- a tree ----------------------------------------------------------------------------------------------------------


def tree_lines(twigs: tuple[Twig, ...], columns: int) -> Iterator[Line]:
    """The lines of a tree, each at most so many columns wide."""
    for twig in twigs:
        yield _cut(twig.line, columns)
        yield from _branches(twig.twigs, "", columns)


def _branches(twigs: tuple[Twig, ...], lead: str, columns: int) -> Iterator[Line]:
    for place, twig in enumerate(twigs):
        last = place == len(twigs) - 1
        branch = Span(lead + ("└─ " if last else "├─ "), Style.FAINT)
        yield (branch, *_cut(twig.line, columns - width(branch.text)))
        yield from _branches(twig.twigs, lead + ("   " if last else "│  "), columns)


def _cut(line: Line, columns: int) -> Line:
    """The line, its last piece shortened where it does not fit."""
    spans = [Span(one_line(span.text), span.style) for span in line]
    if line_width(tuple(spans)) <= columns or not spans:
        return tuple(spans)
    last = spans.pop()
    room = columns - line_width(tuple(spans)) - 1
    text = last.text
    while text and width(text) > room:
        text = text[: max(0, min(len(text) - 1, room))] if text.isascii() else text[:-1]
    return (*spans, Span(text.rstrip() + "…", last.style))


# ---- a graph ---------------------------------------------------------------------------------------------------------


def mermaid_lines(drawing: Drawing) -> Iterator[str]:
    """The graph as the text of a Mermaid flowchart.

    Raises:
        ValueError: a node's id is not made of letters and digits.
    """
    yield "flowchart TD"
    looks: dict[str, list[str]] = {}
    for node in drawing.nodes:
        yield f'  {_node(node.id)}["{mermaid_text(node.text)}"]'
        if _LOOKS.get(node.look):
            looks.setdefault(node.look, []).append(_node(node.id))
    for arrow in drawing.arrows:
        word = f'|"{mermaid_text(arrow.text)}"|' if arrow.text else ""
        yield f"  {_node(arrow.from_)} -->{word} {_node(arrow.to)}"
    for look, nodes in looks.items():
        yield f"  classDef {look} {_LOOKS[look]}"
        yield f"  class {','.join(nodes)} {look}"


def _node(identity: str) -> str:
    """A node's name; the letter in front keeps it from being read as a number or a word of Mermaid's."""
    if not _ID.match(identity):
        raise ValueError(f"not an id: {identity!r}")
    return f"c{identity}"


def mermaid_text(text: str) -> str:
    """Foreign text for a quoted label, shortened; what is no letter, digit or plain mark is an entity."""
    text = one_line(text)
    if len(text) > _LONGEST_LABEL:
        text = text[: _LONGEST_LABEL - 1].rstrip() + "…"
    return "".join(char if _HARMLESS.match(char) else f"#{ord(char)};" for char in text)
