"""The local index: what messages say and what commits change, kept in the user's cache and true of ids for ever.

It is built upon git and never instead of it: what it does not cover is read from git. A module is read when one of its
names is first asked for: to look whether there is an index costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kvmpatch.sources.index.building import Built, Task, build
    from kvmpatch.sources.index.folder import Folder, cache_directory, view_of
    from kvmpatch.sources.index.indexed import IndexedRepository
    from kvmpatch.sources.index.lookups import Brief, Index, Pointing, Reach
    from kvmpatch.sources.index.rows import Pointer, StructureRows
    from kvmpatch.sources.index.store import remove

_PLACES = {
    "building": ("Built", "Task", "build"),
    "folder": ("Folder", "cache_directory", "view_of"),
    "indexed": ("IndexedRepository",),
    "lookups": ("Brief", "Index", "Pointing", "Reach"),
    "rows": ("Pointer", "StructureRows"),
    "store": ("remove",),
}

__all__ = [
    "Brief",
    "Built",
    "Folder",
    "Index",
    "IndexedRepository",
    "Pointer",
    "Pointing",
    "Reach",
    "StructureRows",
    "Task",
    "build",
    "cache_directory",
    "remove",
    "view_of",
]


def __getattr__(name: str) -> object:
    """A name of one of the modules.

    Raises:
        AttributeError: none of them has it.
    """
    for module, names in _PLACES.items():
        if name in names:
            globals()[name] = getattr(import_module(f"kvmpatch.sources.index.{module}"), name)
            return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
