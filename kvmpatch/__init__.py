"""kvmpatch: what a kernel commit does, what it belongs with, and whether a branch can take it."""

from __future__ import annotations

__version__ = "0.1.0"
