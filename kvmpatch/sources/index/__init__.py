"""The local index: what messages say and what commits change, kept in the user's cache and true of ids for ever.

It is built upon git and never instead of it: what it does not cover is read from git.
"""

from __future__ import annotations

from kvmpatch.sources.index.building import Built, Task, build, view_of
from kvmpatch.sources.index.folder import Folder, cache_directory
from kvmpatch.sources.index.lookups import Brief, Index, Pointing, Reach, Touching
from kvmpatch.sources.index.rows import Pointer, StructureRows
from kvmpatch.sources.index.store import remove

__all__ = [
    "Brief",
    "Built",
    "Folder",
    "Index",
    "Pointer",
    "Pointing",
    "Reach",
    "StructureRows",
    "Task",
    "Touching",
    "build",
    "cache_directory",
    "remove",
    "view_of",
]
