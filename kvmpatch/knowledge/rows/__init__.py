"""Turns a row of a table into its entry."""

from __future__ import annotations

from kvmpatch.knowledge.rows.architecture import (
    bit,
    bit_of_exception,
    csr,
    csr_alias,
    exception,
    extension,
    numbers_of,
    source,
)
from kvmpatch.knowledge.rows.kernel import (
    accessor,
    area,
    caution,
    constant,
    cue,
    entry_point,
    guard,
    guest_bit,
    isa_id,
    one_reg,
    phase,
    rule,
    sbi_id,
    term,
)

__all__ = [
    "accessor",
    "area",
    "bit",
    "bit_of_exception",
    "caution",
    "constant",
    "csr",
    "csr_alias",
    "cue",
    "entry_point",
    "exception",
    "extension",
    "guard",
    "guest_bit",
    "isa_id",
    "numbers_of",
    "one_reg",
    "phase",
    "rule",
    "sbi_id",
    "source",
    "term",
]
