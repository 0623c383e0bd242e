"""(c) One commit that changes 3,000 C files of 30 kB each: memory and time, beside git's own diff of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from generated import large_commit, make
from timing import show, side_by_side

GOAL_MIB = 150
FILES, SIZE = 3000, 30_000


def measure(scratch: Path, times: int = 1) -> list[str]:
    """A table, and the largest memory of a process."""
    repository = make(scratch / "large.git", large_commit(FILES, SIZE))
    runs = side_by_side(
        {
            "git diff-tree -p of it": ["git", "-C", str(repository), "diff-tree", "-p", "HEAD"],
            f"show of {FILES} files of {SIZE // 1000} kB": show(repository),
        },
        times,
    )
    # The largest process of a tree may be a git that maps the objects: so once more, each by itself.
    memory = [sys.executable, str(Path(__file__).with_name("memory.py")), *show(repository)[3:]]
    told = subprocess.run(memory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True).stderr
    return [*(one.line() for one in runs), f"{told.rstrip()} (goal: kvmpatch at most {GOAL_MIB})"]
