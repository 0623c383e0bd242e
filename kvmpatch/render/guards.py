"""Conditions as a reader of C writes them."""

from __future__ import annotations

import re

from kvmpatch.model import Guard

_SIMPLE = re.compile(r"^[\w.>-]+(\([^()]*\))?$")


def guard_text(guards: tuple[Guard, ...]) -> str:
    """The conditions joined by `&&`, outermost first; a negated one with `!`."""
    return " && ".join(_one(guard, alone=len(guards) == 1) for guard in guards)


def _one(guard: Guard, alone: bool) -> str:
    text = guard.text.strip()
    simple = bool(_SIMPLE.match(text))
    if guard.negated:
        return f"!{text}" if simple else f"!({text})"
    return text if alone or simple or "||" not in text else f"({text})"
