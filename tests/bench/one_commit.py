"""(a) One report, the whole process, against nothing but importing the packages that it stands on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from timing import show, side_by_side

GOAL = 2.0
_IMPORTS = "import git, unidiff, click, rich.console, tree_sitter, tree_sitter_c"


def measure(shown: Sequence[tuple[str, Path, str]], times: int = 9) -> list[str]:
    """A table, and how many times as long as the imports a report takes.

    Args:
        shown: how a repository is called, where it is, and which of its commits is shown.
        times: how often.
    """
    commands = {"imports alone": [sys.executable, "-c", _IMPORTS]}
    for name, repository, rev in shown:
        commands[f"show of {name}'s {rev}"] = show(repository, rev)
    runs = side_by_side(commands, times)
    lines = [one.line() for one in runs]
    for one in runs[1:]:
        ratio = one.typical / runs[0].typical
        lines.append(f"  {one.name}: {ratio:.2f} x the imports (goal: at most {GOAL})")
    return lines
