"""The subject of a message, and the marks that trees and mail put in front of it."""

from __future__ import annotations

import re

_SPACE = " \t\n\r"
_PREFIX = re.compile(
    r"""
    \[[^\[\]\n]{1,80}\](?=\s*\S)                                            # [Backport], [PATCH 6.1.y 1/2], [SRU][N/J]
    | UBUNTU:[ ](?:SAUCE:|\[[^\[\]\n]{1,40}\])(?=\s*\S)                     # Ubuntu's own work
    | (?:UPSTREAM|BACKPORT|FROMGIT|FROMLIST|ANDROID|QCLINUX|UBUNTU|SAUCE):(?=\s+\S)
    | (?:anolis|ck|openanolis|velinux):(?=\s+\S)
    """,
    re.VERBOSE,
)
_MOST_PREFIXES = 16


def split_subject(text: str) -> tuple[str, str]:
    """Subject and body as git tells them apart: the first paragraph, its lines joined by a space, is the subject."""
    at, size = 0, len(text)
    folded: list[str] = []
    while at < size:
        end = text.find("\n", at)
        end = size if end < 0 else end
        line = text[at:end].rstrip(_SPACE)
        at = end + 1
        if line:
            folded.append(line)
        elif folded:
            break
    return " ".join(folded), text[at:].strip("\n") if at < size else ""


def strip_prefixes(subject: str) -> tuple[tuple[str, ...], str]:
    """The prefixes that stand before a subject, outermost first, and what is left of it."""
    found: list[str] = []
    at = 0
    while len(found) < _MOST_PREFIXES and (match := _PREFIX.match(subject, at)):
        found.append(match.group())
        at = match.end()
        while subject[at : at + 1].isspace():
            at += 1
    return tuple(found), subject[at:] if found else subject


def bare_subject(subject: str) -> str:
    """A subject without prefixes, with single spaces: the form in which subjects of two trees are compared."""
    return " ".join(strip_prefixes(subject.strip())[1].split())
