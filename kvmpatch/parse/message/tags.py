"""What single trailers mean: people, fixes, stable marks, dependencies, links, reverts."""

from __future__ import annotations

import re

from kvmpatch.model import FixesPointer, StableMark, Trailer

HEX = r"(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{7,40})(?![0-9A-Za-z])"

_FIXED = re.compile(
    rf"""
    \s*(?:(?:,|;|and\b|&)\s*)?(?:commit\s+)?
    (?P<id>{HEX})
    (?P<rest>\s*[:,-]?\s*)
    (?: \(\s*["“'](?P<quoted>.*?)["”']\s*\)
      | ["“](?P<bare>[^"”]*)["”]
      | \((?P<round>[^"]*?)\)(?=\s*$|\s*,)
    )?
    """,
    re.VERBOSE,
)
_STABLE = re.compile(r"\bstable(?P<no>\+noautosel)?@(?:vger\.)?kernel\.org\b[\"'>)]*", re.IGNORECASE)
_VERSION = re.compile(
    r"(?<![\w.])v?(\d{1,3}\.\d{1,3}(?:\.\d{1,4}){0,2})(?:\.[xXyY*])?(?![\w]|\.\d)(?:-rc\d+)?", re.IGNORECASE
)
_UNTIL = re.compile(r"(?:<=?|before|up ?to|until|pre-?)\s*$", re.IGNORECASE)
_PREREQUISITE = rf"^[^:]{{0,40}}?:\s*(?P<after>{HEX})|^(?P<first>{HEX})\s*[:(]"
_URL = re.compile(r"https?://[^\s<>\"]+")
_NAMED = re.compile(rf"^\s*(?:commit\s+)?({HEX})", re.IGNORECASE)
# Compiled where they are needed, which is in few messages.
_REVERTS = rf"^This reverts\s+(?:commits?|changeset)\s+[\"(]?({HEX})"
_REVERTS_ID = rf"^This reverts\s+({HEX})"
_MOST_FIXES = 64
_LONGEST_VALUE = 4000


def people(trailers: tuple[Trailer, ...], key: str) -> tuple[str, ...]:
    """The values of one key, each person once, without what stands behind the address."""
    found: dict[str, None] = {}
    for trailer in trailers:
        if trailer.key.lower() == key:
            end = trailer.value.find(">")
            found[trailer.value[: end + 1] if end >= 0 else trailer.value] = None
    return tuple(found)


def fixes(trailers: tuple[Trailer, ...]) -> tuple[FixesPointer, ...]:
    """Every commit that a `Fixes:` line names, with the subject it gives. Numbers of issues are no commits."""
    return tuple(
        pointer for trailer in trailers if trailer.key.lower() == "fixes" for pointer in _fixed_by_line(trailer.value)
    )


def _fixed_by_line(value: str) -> list[FixesPointer]:
    found: list[FixesPointer] = []
    value, at = value[:_LONGEST_VALUE], 0
    while len(found) < _MOST_FIXES and (match := _FIXED.match(value, at)):
        subject = next((text for name in ("quoted", "bare", "round") if (text := match.group(name))), None)
        at = match.end()
        if subject is None and not value[at:].lstrip().startswith(("and ", "&")) and "," not in match.group("rest"):
            subject = value[at:].strip().strip("(\"“”')").strip() or None
            at = len(value)
        found.append(FixesPointer(match.group("id").lower(), None, subject))
    return found


def stable_marks(trailers: tuple[Trailer, ...]) -> tuple[StableMark, ...]:
    """The `Cc: stable` lines, in order."""
    found = []
    for trailer in trailers:
        if trailer.key.lower() == "cc" and (address := _STABLE.search(trailer.value)):
            barred = bool(address.group("no"))
            since = None if barred else _oldest(_note(trailer.value, address.end()))
            found.append(StableMark(trailer.value, since, barred))
    return tuple(found)


def _note(value: str, at: int) -> str:
    """What a stable line says behind the address."""
    return value[at:].lstrip(" \t,;#")


def _oldest(note: str) -> str | None:
    """The oldest version that a note names. Text behind the first colon is a prerequisite's subject."""
    head = note.partition(":")[0][:200]
    versions = [match.group(1) for match in _VERSION.finditer(head) if not _UNTIL.search(head[: match.start()])]
    return min(versions, key=lambda version: tuple(map(int, version.split("."))), default=None)


def dependencies(trailers: tuple[Trailer, ...], marks: tuple[StableMark, ...]) -> tuple[str, ...]:
    """Ids that `Stable-dep-of`, `Depends-on` and the notes of stable lines name, in order, each once."""
    found: dict[str, None] = {}
    for trailer in trailers:
        if trailer.key.lower() in ("stable-dep-of", "depends-on") and (match := _NAMED.match(trailer.value)):
            found[match.group(1).lower()] = None
    for mark in marks:
        address = _STABLE.search(mark.text)
        if (
            address
            and not mark.noautosel
            and (match := re.match(_PREREQUISITE, _note(mark.text, address.end()), re.IGNORECASE))
        ):
            found[(match.group("after") or match.group("first")).lower()] = None
    return tuple(found)


def links(trailers: tuple[Trailer, ...], head: tuple[str, ...]) -> tuple[str, ...]:
    """URLs of the head's and of the trailers' link lines, in order, each once."""
    found = dict.fromkeys(head)
    for trailer in trailers:
        if trailer.key.lower() in ("link", "closes", "buglink") and (match := _URL.search(trailer.value)):
            found[match.group().rstrip(".,;)")] = None
    return tuple(found)


def reverted(subject: str, body: str) -> str | None:
    """The id of the commit that this one takes back, from git's own sentence at the start of a line."""
    if "This reverts" not in body:
        return None
    match = re.search(_REVERTS, body, re.MULTILINE)
    if match is None and ("Revert" in subject or "Reapply" in subject):
        match = re.search(_REVERTS_ID, body, re.MULTILINE)
    return match.group(1).lower() if match else None
