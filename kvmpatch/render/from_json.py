"""A report read back from its JSON, so that it can be shown without the repository."""

from __future__ import annotations

import types
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from kvmpatch import model
from kvmpatch.errors import BadInput
from kvmpatch.render.to_json import key_of
from kvmpatch.words import Text

_SAID = "said"


def from_json(data: object) -> model.Report:
    """The report that this JSON object was made from; keys that are not known are ignored.

    Raises:
        BadInput: the object is not a report of this schema, or lacks a key.
    """
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != model.REPORT_SCHEMA:
        raise BadInput(Text(f"不是 {model.REPORT_SCHEMA} 报告", f"not a {model.REPORT_SCHEMA} report"))
    try:
        report = _value(model.Report, data)
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise BadInput(Text(f"报告 JSON 不完整：{wrong}", f"incomplete report in JSON: {wrong}")) from wrong
    assert isinstance(report, model.Report)  # noqa: S101 - tells the type checker what `_value` made
    return report


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(kind: Any, plain: Any) -> object:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if plain is None:
            return None
        (kind,) = (one for one in get_args(kind) if one is not type(None))
        return _value(kind, plain)
    if origin is tuple:
        inner, *rest = get_args(kind)
        if rest and rest[0] is not Ellipsis:
            return tuple(_value(one, item) for one, item in zip(get_args(kind), plain, strict=True))
        return tuple(_value(inner, item) for item in plain)
    if origin is Literal:
        if plain not in get_args(kind):
            raise ValueError(repr(plain))
        return plain
    if kind is Text:
        return Text(plain["zh"], plain["en"])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(plain)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _object(kind, plain)
    if kind is float and isinstance(plain, int):
        return float(plain)
    if not isinstance(plain, kind):
        raise TypeError(f"{plain!r} is no {kind.__name__}")
    return plain


def _object(kind: Any, plain: Any) -> object:
    hints = _hints(kind)
    values = {
        name: Text(plain["zh"], plain["en"]) if name == _SAID else _value(hints[name], plain[key_of(name)])
        for name in kind.__struct_fields__
    }
    return kind(**values)
