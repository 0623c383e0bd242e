"""Findings as the Code Quality report that GitLab shows in a merge request."""

from __future__ import annotations

from kvmpatch.model.annotation import Annotation, Annotations
from kvmpatch.render.annotation_text import sentences, shown_at
from kvmpatch.render.page import Voice
from kvmpatch.render.to_json import to_json

_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}
_NOWHERE = "."


def to_gitlab(annotations: Annotations, voice: Voice) -> str:
    """An array of issues. GitLab itself compares prints with those of the target branch; known ones are `info`."""
    return to_json([[_issue(one, voice) for one in annotations.annotations]])


def _issue(annotation: Annotation, voice: Voice) -> dict[str, object]:
    place = shown_at(annotation)
    return {
        "description": "\n".join(sentences(annotation, voice)),
        "check_name": annotation.rule,
        "fingerprint": annotation.fingerprint,
        "severity": "info" if annotation.known else _SEVERITIES[annotation.level],
        "location": {
            "path": place.path if place else _NOWHERE,
            "lines": {"begin": place.line if place else 1},
        },
    }
