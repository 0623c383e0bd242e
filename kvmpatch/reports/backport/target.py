"""The ref that may take commits, with what is going into it already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kvmpatch.reports.related.finder import Finder
    from kvmpatch.sources.repo import Repository


class Target:
    """One ref, and the candidates of the same call that went in before the one in question.

    Attributes:
        ref: as written.
        id: its commit.
        standing: what the next commit is picked onto: the ref's commit, or the throw-away commit that the last clean
            pick made upon it. It can be read and walked like any other.
        taken: ids of the commits that `standing` has and the ref has not, in the order of their picks.
    """

    def __init__(self, repository: Repository, finder: Finder, ref: str, identity: str) -> None:
        self.repository = repository
        self.finder = finder
        self.ref = ref
        self.id = identity
        self.standing = identity
        self.taken: list[str] = []
        self._files: dict[str, bytes | None] = {}

    def take(self, ids: Sequence[str], made: str) -> None:
        """A candidate went in, after what it needs, and this throw-away commit came of it."""
        self.taken.extend(ids)
        self.standing = made
        self._files.clear()

    def only_here(self, candidates: Iterable[str]) -> list[str]:
        """Tips for a walk over what the target has and none of the candidates' histories."""
        return [self.id, *(f"^{one}" for one in candidates)]

    def files(self, paths: Iterable[str]) -> dict[str, bytes | None]:
        """Files of `standing`, None where it has no such file or it cannot be read; each is read once."""
        wanted = list(dict.fromkeys(paths))
        new = [path for path in wanted if path not in self._files]
        if new:
            self._files.update(self.repository.read_files(self.standing, new))
        return {path: self._files[path] for path in wanted}
