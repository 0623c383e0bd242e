"""Findings that an earlier run wrote down: what is in them is known, and does not fail a job again."""

from __future__ import annotations

import json
from collections.abc import Iterator

from kvmpatch.errors import BadInput
from kvmpatch.model.annotation import FINGERPRINT, TOOL
from kvmpatch.words import Text


def known_fingerprints(text: str) -> frozenset[str]:
    """The fingerprints of a baseline: the jsonl, JSON or SARIF of an earlier run. An empty jsonl had no finding.

    Raises:
        BadInput: it is none of these. To take it for an empty one would tell old findings as new ones.
    """
    try:
        return frozenset(_fingerprints(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
        raise BadInput(
            Text(
                "--baseline：不是 annotate 写出的 jsonl、json 或 sarif",
                "--baseline: no jsonl, json or sarif of annotate",
            ),
            Text(
                "应是早先 annotate --format jsonl 的完整输出",
                "it is what an earlier `annotate --format jsonl` wrote, whole",
            ),
        ) from wrong


def _fingerprints(text: str) -> Iterator[str]:
    whole = _whole(text)
    if isinstance(whole, dict) and "runs" in whole:
        yield from _of_sarif(whole)
    elif isinstance(whole, dict) and "annotations" in whole:
        yield from (_checked(one["fingerprint"]) for one in whole["annotations"])
    else:
        yield from (_checked(json.loads(line)["fingerprint"]) for line in text.splitlines() if line.strip())


def _whole(text: str) -> object:
    """The text as one JSON value; None for several, one a line."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def _of_sarif(log: dict[str, object]) -> Iterator[str]:
    runs = log["runs"]
    if log["version"] != "2.1.0" or not isinstance(runs, list):
        raise ValueError("SARIF 2.1.0")
    for run in runs:
        if run["tool"]["driver"]["name"] != TOOL:
            raise ValueError(f"SARIF: {run['tool']['driver']['name']!r}")
        yield from (_checked(one["partialFingerprints"][FINGERPRINT]) for one in run["results"])


def _checked(fingerprint: object) -> str:
    if not isinstance(fingerprint, str) or not fingerprint:
        raise ValueError(f"fingerprint: {fingerprint!r}")
    return fingerprint
