"""Findings as SARIF 2.1.0, the format of static analysis that GitHub's code scanning and editors read."""

from __future__ import annotations

from urllib.parse import quote

import kvmpatch
from kvmpatch.model import Reason
from kvmpatch.model.annotation import FINGERPRINT, TOOL, Annotation, Annotations
from kvmpatch.render.annotation_text import sentences, shown_at
from kvmpatch.render.escape import one_line, undecoded
from kvmpatch.render.page import Voice
from kvmpatch.render.to_json import to_json
from kvmpatch.words import Text

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_LANGUAGES = {"zh": "zh-CN", "en": "en", "both": "zh-CN"}


def to_sarif(annotations: Annotations, voice: Voice) -> str:
    """One log with one run. The texts are in the language asked for; both stand among the properties."""
    places = {rule.code: place for place, rule in enumerate(annotations.rules)}
    compared = any(one.known for one in annotations.annotations)
    run = {
        "tool": {
            "driver": {
                "name": TOOL,
                "version": kvmpatch.__version__,
                "language": _LANGUAGES[voice.speech],
                "rules": [_rule(rule, voice) for rule in annotations.rules],
            }
        },
        "results": [_result(one, places[one.rule], voice, compared) for one in annotations.annotations],
        "properties": {"range": one_line(annotations.range), "onto": one_line(annotations.backport.onto.ref)},
    }
    return to_json([{"$schema": SCHEMA, "version": VERSION, "runs": [run]}])


def _rule(rule: Reason, voice: Voice) -> dict[str, object]:
    return {
        "id": rule.code,
        "shortDescription": {"text": "\n".join(one_line(said) for said in voice.each(rule.said))},
        "properties": _both(rule.said),
    }


def _result(annotation: Annotation, rule: int, voice: Voice, compared: bool) -> dict[str, object]:
    place = shown_at(annotation)
    properties: dict[str, object] = {"commit": annotation.commit, **_both(annotation.said)}
    if annotation.path is None:
        properties["about"] = "message"
    properties |= {name: True for name in ("known", "undecided") if getattr(annotation, name)}
    result: dict[str, object] = {
        "ruleId": annotation.rule,
        "ruleIndex": rule,
        "level": annotation.level,
        "message": {"text": "\n".join(sentences(annotation, voice))},
        "partialFingerprints": {FINGERPRINT: annotation.fingerprint},
        "properties": properties,
    }
    if place:
        file = {"uri": quote(undecoded(place.path), safe="/"), "uriBaseId": _ROOT}
        result["locations"] = [{"physicalLocation": {"artifactLocation": file, "region": {"startLine": place.line}}}]
    if compared:
        result["baselineState"] = "unchanged" if annotation.known else "new"
    return result


def _both(said: Text) -> dict[str, object]:
    return {"zh": one_line(said.zh), "en": one_line(said.en)}
