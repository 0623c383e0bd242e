"""What the build of the target knows of a patch: configuration symbols, and files that are compiled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from kvmpatch.analysis.meaning.sides import Sides
from kvmpatch.model import Evidence

_SYMBOL = re.compile(r"CONFIG_(\w+?)(?:_MODULE)?\Z")
_MAKEFILES = ("Makefile", "Kbuild")
_CODE = (".c", ".S")
_LONGEST = 1_000
_OWN_RULE = re.compile(rb"[^=+:]*\.o[^=+:]*:(?!=)")


class NoSymbol(msgspec.Struct, frozen=True):
    """A configuration symbol that the patch asks for and that the target does not define."""

    name: str
    evidence: tuple[Evidence, ...]


class NotBuilt(msgspec.Struct, frozen=True):
    """A file of the patch that no makefile of the target names."""

    path: str
    evidence: tuple[Evidence, ...]


def symbols_used(sides: Sides) -> dict[str, str]:
    """The configuration symbols that added lines ask for, without `CONFIG_`, by the name as used."""
    return {
        match[1]: name
        for name, use in sides.uses.items()
        if use.is_new and not use.member and (match := _SYMBOL.match(name)) and match[1] not in sides.brought
    }


def definition_of(symbol: str, files: Mapping[str, bytes]) -> tuple[str, int] | None:
    """The Kconfig file and line that define a symbol."""
    pattern = re.compile(rb"^[ \t]*(?:menu)?config[ \t]+" + re.escape(symbol.encode()) + rb"[ \t]*(?:#.*)?$", re.M)
    for path, data in files.items():
        if match := pattern.search(data):
            return path, data.count(b"\n", 0, match.start()) + 1
    return None


def makefiles_of(path: str) -> Iterator[str]:
    """The makefiles that may name a file, nearest first."""
    folder = path.rpartition("/")[0]
    for _ in range(3):
        yield from (f"{folder}/{name}" if folder else name for name in _MAKEFILES)
        if not folder:
            return
        folder = folder.rpartition("/")[0]


def files_not_built(
    sides: Sides, upstream: Mapping[str, bytes | None], target: Mapping[str, bytes | None]
) -> Iterator[NotBuilt]:
    """The patch's sources that a makefile names upstream, and none in the target.

    Args:
        sides: the patch between the two trees.
        upstream: the makefiles of the commit's tree, by path.
        target: those of the target's.
    """
    for path, other in sides.paths.items():
        if not path.endswith(_CODE):
            continue
        here = _named(path, upstream)
        if here is None or _mentioned(other, target) or target.get(here[0]) is None:
            continue
        yield NotBuilt(
            other,
            (
                Evidence(commit=sides.target.commit, path=here[0], side="before"),
                Evidence(commit=sides.upstream.commit, path=here[0], side="after", line=here[1], text=here[2]),
            ),
        )


def _mentioned(path: str, makefiles: Mapping[str, bytes | None]) -> bool:
    """Whether any makefile speaks of an object of that name, perhaps behind a variable for its folder."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    word = re.compile(rb"(?<![\w.-])" + re.escape(stem.encode()) + rb"(?:\.init)?\.o\b")
    return any(word.search(makefiles.get(makefile) or b"") for makefile in makefiles_of(path))


def _named(path: str, makefiles: Mapping[str, bytes | None]) -> tuple[str, int, str] | None:
    """The makefile line that names an object: makefile, number, text."""
    for makefile in makefiles_of(path):
        data = makefiles.get(makefile)
        if not data:
            continue
        folder = makefile.rpartition("/")[0]
        stem = path[len(folder) + 1 if folder else 0 :].rpartition(".")[0]
        word = re.compile(rb"(?<![\w./-])(?:\$\(\w+\)/)?" + re.escape(stem.encode()) + rb"(?:\.init)?\.o\b")
        for number, line in enumerate(data.split(b"\n"), 1):
            if word.search(line.partition(b"#")[0]) and not _OWN_RULE.match(line[:_LONGEST]):
                return makefile, number, line.decode("utf-8", "backslashreplace").strip()
    return None
