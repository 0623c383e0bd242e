"""Which parser reads which file."""

from __future__ import annotations

from typing import TypeVar

from kvmpatch.parse.csource.outline import Outline, outline

_C = (".c", ".h", ".inc", ".cc", ".lds.h")
_ASSEMBLY = (".S", ".s")
# Larger files are rare and their outlines heavy: they are made each time.
_KEPT_BYTES = 400_000
_MOST_KEPT = 80

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def language_of(path: str) -> str | None:
    """`c`, `assembly` or `kconfig`; None for files whose structure is not read."""
    name = path.rpartition("/")[2]
    if name.endswith(_C):
        return "c"
    if name.endswith(_ASSEMBLY):
        return "assembly"
    if name == "Kconfig" or name.startswith("Kconfig."):
        return "kconfig"
    return None


def outline_of(path: str, data: bytes) -> Outline | None:
    """The outline of a file by its path, or None for a language that is not read.

    The last outlines are kept: the after side of one commit is the before side of the next, and what a commit touches
    is read for its structure, its flow and its history.
    """
    language = language_of(path)
    if language is None:
        return None
    return _KEPT.outline(path, language, data) if len(data) <= _KEPT_BYTES else _outline(language, data, None)


class _Kept:
    """The last outlines, by content, and by path which was the last: versions of a file resemble each other."""

    def __init__(self) -> None:
        self.outlines: dict[tuple[str, bytes], Outline | None] = {}
        self.last: dict[str, tuple[str, bytes]] = {}

    def outline(self, path: str, language: str, data: bytes) -> Outline | None:
        """The outline that is kept, or one made from the nearest. What was used last is thrown away last."""
        key = (language, data)
        if key in self.outlines:
            found = self.outlines.pop(key)
        else:
            near = self.last.get(path)
            found = _outline(language, data, self.outlines.get(near) if near else None)
        _put(self.outlines, key, found)
        _put(self.last, path, key)
        return found


def _put(kept: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Put it last, and take away the first if there are too many."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > _MOST_KEPT:
        del kept[next(iter(kept))]


_KEPT = _Kept()


def _outline(language: str, data: bytes, near: Outline | None) -> Outline | None:
    if language == "c":
        return outline(data, near)
    if language == "assembly":
        from kvmpatch.parse.assembly import outline_assembly

        return outline_assembly(data)
    if language == "kconfig":
        from kvmpatch.parse.kconfig import outline_kconfig

        return outline_kconfig(data)
    return None
