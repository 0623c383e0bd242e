"""Whole processes, timed: seconds of the clock and the memory of the largest process, several runs each."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Runs:
    """The runs of one command."""

    name: str
    seconds: list[float] = field(default_factory=list)
    mebibytes: list[float] = field(default_factory=list)

    @property
    def typical(self) -> float:
        """The median of the seconds."""
        return statistics.median(self.seconds)

    def line(self) -> str:
        """min / median / max, and the largest memory."""
        low, high = min(self.seconds), max(self.seconds)
        memory = f"{max(self.mebibytes):6.0f} MiB" if self.mebibytes else ""
        return f"  {self.name:<58} {low:8.3f} {self.typical:8.3f} {high:8.3f} s {memory}"


def environment(home: str) -> Mapping[str, str]:
    """Surroundings in which no setting of the machine counts, and nothing is written to the user's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "KVMPATCH_", "PAGER"))}
    return kept | {
        "HOME": home,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": f"{home}/gitconfig",
        "LC_ALL": "C.UTF-8",
    }


def run(command: Sequence[str]) -> tuple[float, float]:
    """(seconds, MiB) of one run; the memory is that of the largest process that the command started.

    Raises:
        subprocess.CalledProcessError: it failed; what it said is on stderr.
    """
    with tempfile.TemporaryDirectory() as home:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment(home))
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return seconds, usage.ru_maxrss / 1024


def side_by_side(commands: Mapping[str, Sequence[str]], times: int) -> list[Runs]:
    """Run commands in turn, so that a busy moment of the machine meets them all; the first round is not counted."""
    runs = [Runs(name) for name in commands]
    for turn in range(times + 1):
        for one, command in zip(runs, commands.values(), strict=True):
            seconds, mebibytes = run(command)
            if turn:
                one.seconds.append(seconds)
                one.mebibytes.append(mebibytes)
    return runs


def show(repository: Path, *revs: str) -> list[str]:
    """The command line that reports revisions, a line of JSON each."""
    return [sys.executable, "-m", "kvmpatch", "-C", str(repository), "show", "--format", "jsonl", *revs]
