"""Kernel C: a file cut into its top-level pieces, each read by itself, so that an error stays where it is."""

from __future__ import annotations
