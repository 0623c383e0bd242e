"""Commit messages, read: subject, trailers, pointers to other commits, and the author's own words."""

from __future__ import annotations

from kvmpatch.model import Message
from kvmpatch.parse.message.prose import paragraphs
from kvmpatch.parse.message.subject import bare_subject, split_subject, strip_prefixes
from kvmpatch.parse.message.tags import dependencies, fixes, links, people, reverted, stable_marks
from kvmpatch.parse.message.trailers import read_trailers
from kvmpatch.parse.message.upstream import find_pointers

__all__ = ["bare_subject", "read_message"]


def read_message(text: str) -> Message:
    """Read a commit message.

    Any text is a message; nothing in it is trusted and nothing makes this raise. Time grows linearly with length.

    Args:
        text: the whole message as git keeps it (`%B`), or a mail's subject, an empty line and its text.

    Returns:
        The message's parts. Ids are what the text says, in lower case: whether such commits exist is not known here.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    subject, body = split_subject(text)
    lines = body.split("\n") if body else []
    block = read_trailers(lines)
    pointers = find_pointers(subject, lines, block)
    trailers = block.trailers
    marks = stable_marks(trailers)
    return Message(
        subject=subject,
        body=body,
        prefixes=strip_prefixes(subject)[0],
        trailers=trailers,
        reviewers=people(trailers, "reviewed-by"),
        testers=people(trailers, "tested-by"),
        sign_offs=people(trailers, "signed-off-by"),
        upstream=pointers.found,
        fixes=fixes(trailers),
        stable=marks,
        dependencies=dependencies(trailers, marks),
        links=links(trailers, pointers.head_links),
        reverts=reverted(subject, body),
        notes=pointers.notes + block.notes,
        prose=paragraphs(lines, block, pointers),
    )
