"""Opening a repository so that its history comes from the index, where it has one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import kvmpatch
from kvmpatch.sources.index import Folder, IndexedRepository
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.sources.index import Index
    from kvmpatch.sources.repo import Repository

Progress = Callable[[Text], None]


def indexed(
    start: str, overrides: tuple[tuple[str, str], ...] = (), progress: Progress | None = None
) -> Callable[[], Repository]:
    """Begin to open a repository, as `Repository.opening` does, of which history comes from its index if it has one."""
    found = IndexedRepository.opening(start, overrides)

    def opened() -> Repository:
        repository = found()
        folder = Folder.of(repository.git_dir, repository.object_format)
        if folder.database.exists() and not repository.shallow:
            from kvmpatch.reports.index_rows import scope_of

            repository.reads_from(
                partial(_up_to_date, folder, repository.git_dir, repository.at_first, start, overrides, progress),
                scope_of(repository),
                analysis_version(),
            )
        return repository

    return opened


def _up_to_date(
    folder: Folder,
    git_dir: Path,
    head: str | None,
    start: str,
    overrides: tuple[tuple[str, str], ...],
    progress: Progress | None,
) -> Index | None:
    """The index, once it has HEAD if that takes little. Others may be using the repository: this opens its own."""
    from kvmpatch.sources.index import Index, view_of

    index = Index.open(folder, view_of(git_dir, ()))
    if index is None or head is None or index.numbers([head]):
        return index
    index.close()
    from kvmpatch.reports.index import index_for
    from kvmpatch.sources.repo import Repository

    with Repository.open(start, overrides) as repository:
        return index_for(repository, start, overrides, progress)


@cache
def analysis_version() -> str:
    """What tells the analysis from another that may find something else: the version, and its files as they lie."""
    house = Path(kvmpatch.__file__).parent
    digest = hashlib.sha256(kvmpatch.__version__.encode())
    for room in ("parse", "analysis", "knowledge", "model"):
        for path in sorted((house / room).rglob("*.*")):
            if path.suffix in (".py", ".toml"):
                stat = path.stat()
                digest.update(f"{path.relative_to(house)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return f"{kvmpatch.__version__}+{digest.hexdigest()[:12]}"
