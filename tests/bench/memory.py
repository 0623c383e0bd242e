"""Runs the command line and tells on stderr how much memory it took: its own process, and the largest git."""

from __future__ import annotations

import contextlib
import resource
import sys


def main() -> None:
    """The command line with our own arguments."""
    from kvmpatch.cli import main as command_line

    with contextlib.suppress(SystemExit):
        command_line()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    git = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  peak memory: kvmpatch {own:.0f} MiB, its largest git {git:.0f} MiB", file=sys.stderr)


main()
