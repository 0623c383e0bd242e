"""Any report as JSON: a walk over its fields in their order, the same for every command."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from enum import Enum

import msgspec

from kvmpatch.render.escape import HIDDEN, undecoded
from kvmpatch.words import Text

_SAID = "said"


def plain_value(value: object) -> object:
    """The value as JSON knows it: structs as objects, tuples as arrays, enums by their slug, texts as zh and en.

    Raises:
        TypeError: the value is of a kind that no report holds.
    """
    if isinstance(value, Enum):
        return plain_value(value.value)
    if isinstance(value, str):
        return undecoded(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, tuple | list):
        return [plain_value(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain_value(one) for key, one in value.items()}
    if isinstance(value, msgspec.Struct):
        return _plain_object(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def _plain_object(value: msgspec.Struct) -> dict[str, object]:
    plain: dict[str, object] = {}
    for name in value.__struct_fields__:
        held = getattr(value, name)
        if name == _SAID and isinstance(held, Text):
            plain["zh"], plain["en"] = undecoded(held.zh), undecoded(held.en)
        else:
            plain[key_of(name)] = plain_value(held)
    return plain


def key_of(name: str) -> str:
    """The key of a field; `from_` is `from`, which Python keeps for itself."""
    return name.removesuffix("_")


def to_json(reports: Iterable[object]) -> str:
    """One report as an object, several (or none) as an array; nothing is written before all are there."""
    values = [plain_value(report) for report in reports]
    return _dumped(values[0] if len(values) == 1 else values, indent=1) + "\n"


def to_jsonl(reports: Iterable[object]) -> Iterator[str]:
    """Each report as one line, as soon as it is there."""
    return map(line, reports)


def line(report: object) -> str:
    """A report as one line."""
    return _dumped(plain_value(report), indent=None) + "\n"


def _dumped(value: object, indent: int | None) -> str:
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators, allow_nan=False)
    # in strings json has escaped line ends and the other C0 controls; the line ends of the layout are ours
    return HIDDEN.sub(lambda match: match.group() if match.group() == "\n" else _escaped(match.group()), text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]
