"""The author's own words: the paragraphs of the message that are prose, quoted as they stand.

They are evidence for nothing but what the author wrote, so they are marked as quoted and never rephrased.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvmpatch.model import Evidence, Report
from kvmpatch.rules.spoken import Context, Spoken, say
from kvmpatch.words import Text


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """Quote each paragraph."""
    if context.message is None:
        return
    for paragraph in context.message.prose:
        yield say(
            "background",
            "author-says",
            Text.same(paragraph),
            Evidence(commit=report.commit.id, text=paragraph),
        )
