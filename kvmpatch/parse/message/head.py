"""How a backport's message is laid out: the lines of its head, the remarks and what stands below them."""

from __future__ import annotations

import re

from kvmpatch.model.messages import Head, Remark
from kvmpatch.parse.message.trailers import folded_note, note_length

_INCLUSION = re.compile(r"[A-Za-z][\w-]* inclusion\s*$")
_RULE = re.compile(r"-{3,}\s*$")
_SIGNED = re.compile(r"Signed-off-by:", re.IGNORECASE)
_LONGEST = 60
_MOST_LINES = 8
_FURTHEST = 200


def read_head(body: str) -> Head:
    """The layout of a message without its subject. Any text has one; time grows linearly with length."""
    lines = body.replace("\r\n", "\n").split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    opens = next((at for at in range(first, min(len(lines), _FURTHEST)) if _INCLUSION.match(lines[at])), None)
    start = first if opens is None else opens
    closed = _closed(lines, start) if opens is not None else None
    if closed is not None:
        shown = [line for line in lines[start:closed] if line.strip()]
    else:
        shown = [line for line in lines[start : start + _LONGEST] if line.strip()][:_MOST_LINES]
    return Head(
        lines=tuple(line.rstrip() for line in shown),
        inclusion=opens is not None,
        at_top=start == first,
        closed=closed is not None,
        remarks=_remarks(lines),
        last=tuple(line.rstrip() for line in lines[-_LONGEST:] if line.strip()),
    )


def _closed(lines: list[str], start: int) -> int | None:
    """The line of dashes that closes a head."""
    return next((at for at in range(start, min(len(lines), start + _LONGEST)) if _RULE.match(lines[at])), None)


def _remarks(lines: list[str]) -> tuple[Remark, ...]:
    """The remarks in square brackets, each with the line below it."""
    signed = [index for index, line in enumerate(lines) if _SIGNED.match(line)]
    found = []
    index = 0
    while index < len(lines):
        length = note_length(lines, index, len(lines)) if lines[index].startswith("[") else 0
        if length:
            below = next((at for at in range(index + length, len(lines)) if lines[at].strip()), None)
            found.append(
                Remark(
                    folded_note(lines, index, length),
                    lines[below].rstrip() if below is not None else None,
                    above_sign_off=below in signed,
                    above_last=bool(signed) and below == signed[-1],
                )
            )
        index += length or 1
    return tuple(found)
