"""What a patch means in another tree: the same lines there, between other lines, calling other helpers."""

from __future__ import annotations
