"""What a tree supports, read from its sources: tables, enumerations, switches, and the bits set for a guest."""

from __future__ import annotations
