"""Findings as workflow commands of GitHub Actions, which shows them at their lines.

The runner shows ten errors, ten warnings and ten notices of a step and drops the rest without a word: here the rest is
counted, in a notice of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvmpatch.model.annotation import Annotation, Annotations
from kvmpatch.render.annotate_labels import KNOWN, UNDECIDED, left_out
from kvmpatch.render.annotation_text import counts_of, sentences, shown_at
from kvmpatch.render.escape import HIDDEN, shown_character
from kvmpatch.render.page import Voice

MOST = 10
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
# `%` first, or it would escape the escapes
_DATA = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_PROPERTY = (*_DATA, (":", "%3A"), (",", "%2C"))


def to_github(annotations: Annotations, voice: Voice) -> Iterator[str]:
    """A line each, the gravest first, and the last for those that would not be shown."""
    shown, rest = _within_limits(annotations.annotations)
    for one in shown:
        yield _command(one, voice)
    if rest:
        said = "\n".join(voice.each(left_out(counts_of(rest))))
        yield f"::notice title=kvmpatch::{_data(said)}\n"


def _within_limits(found: tuple[Annotation, ...]) -> tuple[list[Annotation], list[Annotation]]:
    """Those that the runner shows, and the others, for which the last notice is kept."""
    for last in (0, 1):
        room = {"error": MOST, "warning": MOST, "notice": MOST - last}
        shown: list[Annotation] = []
        rest: list[Annotation] = []
        for one in found:
            kind = _kind(one)
            room[kind] -= 1
            (shown if room[kind] >= 0 else rest).append(one)
        if not rest:
            break
    return shown, rest


def _kind(annotation: Annotation) -> str:
    """What a baseline knows is a notice, whatever it was."""
    return "notice" if annotation.known else _COMMANDS[annotation.level]


def _command(annotation: Annotation, voice: Voice) -> str:
    place = shown_at(annotation)
    mark = KNOWN if annotation.known else UNDECIDED if annotation.undecided else None
    title = f"kvmpatch {annotation.rule}" + (f" ({voice.inline(mark)})" if mark else "")
    properties = {"file": place.path, "line": str(place.line)} if place else {}
    properties["title"] = title
    joined = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_kind(annotation)} {joined}::{_data(chr(10).join(sentences(annotation, voice)))}\n"


def _data(text: str) -> str:
    """The text of a command. The runner's older form `##[` would count wherever it stands in a line."""
    return _escaped(text.replace("##[", "#\\#["), _DATA)


def _property(text: str) -> str:
    """A value among the properties; what hides or steers is shown, but for line ends, which have their escape."""
    shown = HIDDEN.sub(lambda match: match[0] if match[0] in "\r\n" else shown_character(match[0]), text)
    return _escaped(shown.replace("##[", "#\\#["), _PROPERTY)


def _escaped(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for sign, escape in pairs:
        text = text.replace(sign, escape)
    return text
