"""The walls of the house: which room may look into which, and who owns an outside package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent / "kvmpatch"
SHARED = {"model", "words", "errors", "__init__"}
MAY_SEE: dict[str, set[str]] = {
    "parse": set(),
    "knowledge": set(),
    "sources": {"parse"},
    "analysis": {"parse", "knowledge"},
    "rules": {"knowledge"},
    "reports": {"sources", "parse", "analysis", "rules", "knowledge"},
    "render": set(),
    "cli": {"reports", "render", "sources", "knowledge"},
    "model": set(),
    "words": set(),
    "errors": set(),
}
OWNER = {
    "unidiff": "parse",
    "tree_sitter": "parse",
    "tree_sitter_c": "parse",
    "tomllib": "knowledge",
    "git": "sources",
    "sqlite3": "sources",
    "rich": "render",
    "click": "cli",
}
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "base", "misc"}


def modules() -> Iterator[Path]:
    yield from sorted(path for path in HOUSE.rglob("*.py"))


def room_of(path: Path) -> str:
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return parts[0]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            yield module
            if module == "kvmpatch":
                yield from (f"kvmpatch.{name.name}" for name in node.names)


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_room_looks_only_where_it_may(path: Path) -> None:
    room = room_of(path)
    if room in {"__init__", "__main__"}:
        return
    assert room in MAY_SEE, f"{path}: a room that the plan does not know"
    for module in imported(path):
        head, _, rest = module.partition(".")
        if head == "kvmpatch":
            other = rest.partition(".")[0] or "__init__"
            assert other in SHARED | MAY_SEE[room] | {room}, f"{path} looks into {other}"
        elif head in OWNER:
            assert room == OWNER[head], f"{path} imports {head}, which {OWNER[head]} owns"


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(HOUSE)))
def test_names_come_from_the_field(path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES
    assert path.parent.name not in FORBIDDEN_NAMES
