"""Git, read only: through plumbing, in bulk, and in a place where no repository can name a program to run."""

from __future__ import annotations

from kvmpatch.sources.repo.plumbing import Deadline
from kvmpatch.sources.repo.repository import Repository
from kvmpatch.sources.repo.settings import Settings, read_settings
from kvmpatch.sources.repo.values import (
    BLOB_LIMIT,
    Blob,
    ChangedFiles,
    ChangedLine,
    Filter,
    Picked,
    PickedFile,
    RawCommit,
    Resolved,
    TouchedFile,
    TreeFile,
)

__all__ = [
    "BLOB_LIMIT",
    "Blob",
    "ChangedFiles",
    "ChangedLine",
    "Deadline",
    "Filter",
    "Picked",
    "PickedFile",
    "RawCommit",
    "Repository",
    "Resolved",
    "Settings",
    "TouchedFile",
    "TreeFile",
    "read_settings",
]
