"""Which words are names of configuration bits: those that the tables hold, and those that only look like one."""

from __future__ import annotations

import re
from functools import cache

from kvmpatch import knowledge

CONSTANT = re.compile(r"^[A-Z_][A-Z0-9_]*$")


@cache
def may_be_bit(word: str) -> bool:
    """Whether a word is a bit or the number of one, or is named as those of a register are; most words are not."""
    if CONSTANT.match(word) is None:
        return False
    return bool(knowledge.bit(word) or knowledge.exception(word) or family_registers(word))


# Bits of these registers share a prefix, so that one that the tables do not hold yet is still seen to be one.
_FAMILIES = {
    "ENVCFG_": ("menvcfg", "henvcfg", "senvcfg"),
    "SMSTATEEN0_": ("mstateen0", "hstateen0", "sstateen0"),
    "HSTATUS_": ("hstatus",),
}
OF_A_FAMILY = re.compile(rf"\b(?:{'|'.join(_FAMILIES)})[A-Z0-9_]+\b")


def family_registers(word: str) -> tuple[str, ...]:
    """The registers that a bit of this name belongs to by its prefix; none for a shift or another name."""
    match = OF_A_FAMILY.fullmatch(word)
    if not match or word.endswith(("_SHIFT", "_MASK")):
        return ()
    return next(registers for prefix, registers in _FAMILIES.items() if word.startswith(prefix))
