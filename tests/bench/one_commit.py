"""(a) One report, the whole process, against nothing but importing the packages that it stands on."""

from __future__ import annotations

import sys
from pathlib import Path

from timing import show, side_by_side

GOAL = 2.0
_IMPORTS = "import git, unidiff, click, rich.console, tree_sitter, tree_sitter_c"


def measure(repositories: dict[str, Path], times: int = 9) -> list[str]:
    """A table, and how many times as long as the imports a report takes."""
    commands = {"imports alone": [sys.executable, "-c", _IMPORTS]}
    for name, repository in repositories.items():
        commands[f"show of {name}'s HEAD"] = show(repository)
    runs = side_by_side(commands, times)
    lines = [one.line() for one in runs]
    for one in runs[1:]:
        ratio = one.typical / runs[0].typical
        lines.append(f"  {one.name}: {ratio:.2f} x the imports (goal: at most {GOAL})")
    return lines
