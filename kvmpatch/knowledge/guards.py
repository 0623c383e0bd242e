"""What a condition asks: the host, the guest, one VCPU, the VM or the configuration.

Rows are tried in the table's order; the first whose pattern is found decides.
"""

from __future__ import annotations

import re
from functools import cache

from kvmpatch.knowledge import rows
from kvmpatch.knowledge.entries import GuardKnowledge
from kvmpatch.knowledge.tables import table

_ID = re.compile(r"\b(?:KVM_)?RISCV_ISA_EXT_(\w+)\b")


@cache
def guard_rows() -> tuple[GuardKnowledge, ...]:
    """All kinds of condition, in the order in which they are tried."""
    return tuple(rows.guard(name) for name in table("guards"))


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], GuardKnowledge], ...]:
    return tuple((re.compile(guard.pattern), guard) for guard in guard_rows())


@cache
def _match(text: str) -> tuple[re.Match[str], GuardKnowledge] | None:
    for pattern, guard in _patterns():
        if found := pattern.search(text):
            return found, guard
    return None


def guard_kind(text: str) -> GuardKnowledge | None:
    """What is known of a C condition, or None where no row speaks of it.

    A single condition is meant: of `a && b` only the one whose row comes first is told. The kind
    `unknown-isa` is for the caller to settle, with `guard_isa` and what it knows of that expression.
    """
    found = _match(text)
    return found[1] if found else None


def guard_isa(text: str) -> str | None:
    """The expression whose extension bitmap is asked, such as `isa`, where the condition names one."""
    found = _match(text)
    return found[0].groupdict().get("isa") if found else None


def named_in_guard(text: str) -> str | None:
    """The extension that a condition asks about, as it is spelt there, or as its row says."""
    if found := _match(text):
        spelt: str | None = found[0].groupdict().get("ext")
        if spelt or found[1].extension:
            return spelt or found[1].extension
    by_id = _ID.search(text)
    return by_id[1] if by_id else None
