"""`explain`: what is known of a name, and what the tree at hand has of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kvmpatch import knowledge
from kvmpatch.errors import KvmpatchError, NotARepository, UnknownName
from kvmpatch.model.explain import EXPLAIN_SCHEMA, Explanation, Known
from kvmpatch.reports.explain.known import known_entries
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.model.explain_tree import TreeFacts

Progress = Callable[[Text], None]
_HINTS = 3


class ExplainRequest(msgspec.Struct, frozen=True):
    """What `explain` was asked.

    Attributes:
        name: any spelling: a macro, a register, `register.FIELD`, a number, a condition, a word.
        start: where a repository is looked for, from there upward.
        history: whether the commit that brought the name is looked for.
        overrides: settings given with -c.
    """

    name: str
    start: str = "."
    history: bool = True
    progress: Progress | None = None
    overrides: tuple[tuple[str, str], ...] = ()


def explain(request: ExplainRequest) -> Explanation:
    """What is known of a name. A repository is read where there is one, and adds what its tree has.

    Raises:
        UnknownName: neither the knowledge nor the tree has it; the nearest known names are the hint.
    """
    name = request.name.strip()
    entries = known_entries(name)
    tree = _tree(request, name, entries) if _may_be_in_repository(request.start) else None
    if not entries and tree is not None:
        from kvmpatch.reports.explain.in_tree import entry_of_tree

        found = entry_of_tree(name, tree)
        entries = (found,) if found else ()
    if not entries:
        raise _unknown(name)
    return Explanation(EXPLAIN_SCHEMA, request.name, entries[0].kind, entries, tree)


def _tree(request: ExplainRequest, name: str, entries: tuple[Known, ...]) -> TreeFacts | None:
    from kvmpatch.model.explain_tree import TreeFacts
    from kvmpatch.reports.explain.in_tree import tree_facts

    try:
        return tree_facts(request, name, entries)
    except NotARepository:
        return None
    except KvmpatchError as why:
        return TreeFacts("HEAD", "", (), (), complete=False, why=why.said)


def _may_be_in_repository(start: str) -> bool:
    """Whether git would look further: opening it costs 100 ms, which a question outside a repository does not pay."""
    if os.environ.get("GIT_DIR"):
        return True
    here = Path(start).absolute()
    return any((folder / ".git").exists() or _is_git_dir(folder) for folder in (here, *here.parents))


def _is_git_dir(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir()


def _unknown(name: str) -> UnknownName:
    near = knowledge.nearest(name, _HINTS)
    shown = name or "''"
    said = Text(f"没有收录 {shown}", f"nothing is known of {shown}")
    if not near:
        return UnknownName(said)
    return UnknownName(said, Text(f"相近的名称：{'、'.join(near)}", f"the nearest names are {', '.join(near)}"))
