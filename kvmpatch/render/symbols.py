"""The signs for what happened to a thing, the same in every language."""

from __future__ import annotations

from kvmpatch.model import Happened
from kvmpatch.render.page import Span, Style

_SYMBOLS = {
    Happened.ADDED: Span("+", Style.ADDED),
    Happened.REMOVED: Span("−", Style.REMOVED),
    Happened.MODIFIED: Span("~", Style.CHANGED),
    Happened.RENAMED: Span("→", Style.MOVED),
    Happened.MOVED: Span("→", Style.MOVED),
}


def symbol_of(change: Happened) -> Span:
    """`+ − ~ →`."""
    return _SYMBOLS[change]
