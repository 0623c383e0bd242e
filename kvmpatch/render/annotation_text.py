"""What any format says of a finding: its sentence, its place, the kind that it is counted as."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kvmpatch.model.annotation import Annotation, Place
from kvmpatch.render.annotate_labels import SECTIONS
from kvmpatch.render.escape import one_line
from kvmpatch.render.page import Voice
from kvmpatch.render.show_history import shortened


def kind_of(annotation: Annotation) -> str:
    """Its section: what the baseline knows and what is undecided are counted apart from the levels."""
    if annotation.known:
        return "known"
    return "undecided" if annotation.undecided else annotation.level


def counts_of(annotations: Iterable[Annotation]) -> dict[str, int]:
    """How many of each kind, in the order of the sections."""
    found = Counter(kind_of(one) for one in annotations)
    return {kind: found[kind] for kind in SECTIONS if found[kind]}


def shown_at(annotation: Annotation) -> Place | None:
    """Its place, or the first line that its commit changes; None for a commit that changes none."""
    if annotation.path is not None:
        return Place(annotation.path, annotation.line or 1)
    return annotation.near


def sentences(annotation: Annotation, voice: Voice) -> tuple[str, ...]:
    """What it says, a line each language, the commit first; nothing in it hides or steers."""
    name = shortened(annotation.commit)
    return tuple(f"{name} {one_line(said)}" for said in voice.each(annotation.said))
