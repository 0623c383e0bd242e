"""The author's own words: the prose of the message, quoted as it stands, the problem told from the solution.

They are evidence for nothing but what the author wrote, so they are marked as quoted and never rephrased. Which
sentences state the problem and which the solution is told by their words (`author_sentences`); those words are named
as evidence, and what no word tells stays unclassified.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvmpatch.model import Evidence, Report, Statement
from kvmpatch.rules.author_sentences import passages
from kvmpatch.rules.spoken import Context, Spoken
from kvmpatch.words import Text

_CODES = {"problem": "author-problem", "solution": "author-solution", "unclassified": "author-says"}


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """Quote each passage."""
    if context.message is None:
        return
    for passage in passages(context.message.prose):
        quoted = Evidence(commit=report.commit.id, text=passage.text)
        told_by = (Evidence(text=words, fact=f"cue:{name}") for name, words in passage.cues)
        statement = Statement(_CODES[passage.says], Text.same(passage.text), (quoted, *told_by))
        yield Spoken("background", statement)
