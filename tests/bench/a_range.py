"""(b) A range of commits as whole reports against PyDriller, which is asked for the changed methods alone."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from timing import Runs, run, show, side_by_side

GOAL = 10.0
_PYDRILLER = """
import sys
from pydriller import Repository
path, first, last = sys.argv[1:]
for commit in Repository(path, from_commit=first, to_commit=last).traverse_commits():
    for file in commit.modified_files:
        file.changed_methods
"""


def ends(repository: Path, commits: int) -> tuple[str, str, int]:
    """The first and last commit of a range of first parents, and how many commits it holds."""
    told = subprocess.run(
        ["git", "-C", repository, "rev-list", "--first-parent", "--no-merges", f"--max-count={commits + 1}", "HEAD"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    last, before = told[0], told[-1]
    counted = subprocess.run(
        ["git", "-C", repository, "rev-list", "--count", f"{before}..{last}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return before, last, int(counted)


def measure(name: str, repository: Path, commits: int = 300, times: int = 3) -> list[str]:
    """A table, and how many times as fast as PyDriller we are."""
    before, last, count = ends(repository, commits)
    ours = side_by_side({f"show {name}, {count} commits, JSON lines": show(repository, f"{before}..{last}")}, times)[0]
    lines = [ours.line()]
    if importlib.util.find_spec("pydriller") is None:
        return [*lines, "  PyDriller is not installed: nothing to compare with"]
    peer = Runs("PyDriller, changed_methods of the same")
    # A range of PyDriller's includes its first commit.
    first = subprocess.run(
        ["git", "-C", repository, "rev-list", "--reverse", f"{before}..{last}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[0]
    for _ in range(max(1, times - 2)):
        seconds, mebibytes = run([sys.executable, "-c", _PYDRILLER, str(repository), first, last])
        peer.seconds.append(seconds)
        peer.mebibytes.append(mebibytes)
    lines.append(peer.line())
    lines.append(f"  {peer.typical / ours.typical:.1f} x as fast as PyDriller (goal: at least {GOAL:.0f})")
    return lines
