"""Which parser reads which file."""

from __future__ import annotations

from functools import lru_cache

from kvmpatch.parse.csource.outline import Outline, outline

_C = (".c", ".h", ".inc", ".cc", ".lds.h")
_ASSEMBLY = (".S", ".s")
# Larger files are rare and their outlines heavy: they are made each time.
_KEPT_BYTES = 400_000


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
    return _kept(language, data) if len(data) <= _KEPT_BYTES else _outline(language, data)


@lru_cache(maxsize=40)
def _kept(language: str, data: bytes) -> Outline | None:
    return _outline(language, data)


def _outline(language: str, data: bytes) -> Outline | None:
    if language == "c":
        return outline(data)
    if language == "assembly":
        from kvmpatch.parse.assembly import outline_assembly

        return outline_assembly(data)
    if language == "kconfig":
        from kvmpatch.parse.kconfig import outline_kconfig

        return outline_kconfig(data)
    return None
