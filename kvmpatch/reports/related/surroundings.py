"""The headers around some files of a tree: what they include, also through `asm/` and namesakes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kvmpatch.analysis.relatives import header_places, includes

if TYPE_CHECKING:
    from kvmpatch.sources.repo import Repository

MOST_HEADERS = 120


def with_headers(
    repository: Repository, tree: str, known: Mapping[str, bytes], wave: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Known files of a tree, and the headers there that others include.

    Args:
        repository: where to read.
        tree: the commit whose headers are read.
        known: files of that tree, by path.
        wave: the files whose includes are followed, which may be of another tree.
    """
    found = dict(known)
    roots = list({path.rpartition("/")[0]: path for path in wave}.values())
    for turn in range(2):
        asked: dict[str, None] = {}
        for path, data in wave.items():
            for header, quoted in includes(data):
                if turn == 0 or quoted or header.startswith("asm/") or _namesake(path, header):
                    # where <asm/...> lies is a matter of the file that is compiled, whichever header asks for it
                    for root in (path,) if turn == 0 or quoted else roots:
                        asked.update(dict.fromkeys(header_places(root, header, quoted)))
        new = [path for path in asked if path not in found][: MOST_HEADERS * 12]
        wave = {path: data for path, data in repository.read_files(tree, new).items() if data}
        found.update(list(wave.items())[: max(0, MOST_HEADERS - len(found))])
    return found


def _namesake(path: str, header: str) -> bool:
    return path.rpartition("/")[2] == header.rpartition("/")[2]
