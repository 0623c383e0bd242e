"""Where a statement comes from, as one line."""

from __future__ import annotations

from kvmpatch.model import Evidence
from kvmpatch.render.page import Line, Span, Style
from kvmpatch.render.show_history import shortened


def proof_line(evidence: Evidence, own_id: str | None) -> Line:
    """`commit path:line@side fact text`; the commit only where it is another than the page's own, or stands alone."""
    alone = not (evidence.path or evidence.text or evidence.fact)
    return evidence_spans(evidence, commit=evidence.commit != own_id or alone)


def evidence_spans(evidence: Evidence, *, commit: bool, fact: bool = True, text: bool = True) -> Line:
    """The parts of a proof that are there, side by side; a page says which of them it shows."""
    parts: list[Span] = []
    if commit and evidence.commit:
        parts.append(Span(shortened(evidence.commit), Style.ID))
    if evidence.path:
        line = f":{evidence.line}" if evidence.line is not None else ""
        side = f"@{evidence.side}" if evidence.side else ""
        parts.append(Span(f"{evidence.path}{line}{side}", Style.ADDRESS))
    if fact and evidence.fact:
        parts.append(Span(evidence.fact, Style.ADDRESS))
    if text and evidence.text:
        parts.append(Span(" ".join(evidence.text.split()), Style.CODE))
    spaced: list[Span] = []
    for part in parts:
        spaced.extend((Span("  "), part) if spaced else (part,))
    return tuple(spaced)
