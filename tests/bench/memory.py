"""Runs the command line and tells on stderr how much memory it took: its own process, and the largest git."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path


def peak() -> float:
    """The most memory that this process has held, in MiB.

    Linux carries the figure of getrusage over from the process that started this one; VmHWM begins with the program.
    """
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """The command line with our own arguments."""
    from kvmpatch.cli import main as command_line

    with contextlib.suppress(SystemExit):
        command_line()
    own = peak()
    git = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  peak memory: kvmpatch {own:.0f} MiB, its largest git {git:.0f} MiB", file=sys.stderr)


main()
