"""The command line: options in, one report, one text out; the only place that catches our errors."""

from __future__ import annotations

from collections.abc import Sequence

_INTERRUPTED_STATUS = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one call; the exit status, as the contract names them.

    Modules are read in here, as that takes a tenth of a second in which one may press ^C.
    """
    try:
        from kvmpatch.cli.entry import main as run

        return run(arguments)
    except KeyboardInterrupt:
        return _INTERRUPTED_STATUS


__all__ = ["main"]
