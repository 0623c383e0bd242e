"""Findings as reviewdog reads them (`-f=rdjson`), which brings them to Gerrit, Gitea and others."""

from __future__ import annotations

from kvmpatch.model.annotation import TOOL, Annotation, Annotations
from kvmpatch.render.annotation_text import sentences, shown_at
from kvmpatch.render.page import Voice
from kvmpatch.render.to_json import to_json

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}


def to_rdjson(annotations: Annotations, voice: Voice) -> str:
    """One object with all of them; without a place there is nothing to show one at, so it is at the root."""
    found = [_diagnostic(one, voice) for one in annotations.annotations]
    return to_json([{"source": {"name": TOOL}, "diagnostics": found}])


def _diagnostic(annotation: Annotation, voice: Voice) -> dict[str, object]:
    place = shown_at(annotation)
    location: dict[str, object] = {"path": place.path if place else "."}
    if place:
        location["range"] = {"start": {"line": place.line}}
    return {
        "message": "\n".join(sentences(annotation, voice)),
        "location": location,
        "severity": "INFO" if annotation.known else _SEVERITIES[annotation.level],
        "code": {"value": annotation.rule},
    }
