"""Which parser reads which file."""

from __future__ import annotations

from kvmpatch.parse.csource.outline import Outline, outline

_C = (".c", ".h", ".inc", ".cc", ".lds.h")
_ASSEMBLY = (".S", ".s")


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
    """The outline of a file by its path, or None for a language that is not read."""
    language = language_of(path)
    if language == "c":
        return outline(data)
    if language == "assembly":
        from kvmpatch.parse.assembly import outline_assembly

        return outline_assembly(data)
    if language == "kconfig":
        from kvmpatch.parse.kconfig import outline_kconfig

        return outline_kconfig(data)
    return None
