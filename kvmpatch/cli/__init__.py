"""The command line: options in, one report, one text out; the only place that catches our errors."""

from __future__ import annotations

from kvmpatch.cli.entry import main

__all__ = ["main"]
