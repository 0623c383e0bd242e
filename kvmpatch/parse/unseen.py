"""The mark of what a patch does not show.

Where a hunk begins inside of something, the text above it is made up with this mark in it. Whatever carries it into a
report is not known: a name, a value, a condition. It is the same on both sides, so it never makes a difference.
"""

from __future__ import annotations

UNSEEN = "__unseen_"


def unseen(number: int) -> str:
    """The mark of one stretch of text that is not shown."""
    return f"{UNSEEN}{number}"


def is_unseen(text: str | None) -> bool:
    """Whether a text speaks of what is not shown."""
    return text is not None and UNSEEN in text
