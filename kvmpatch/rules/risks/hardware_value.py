"""A macro of a register or bit has another value in the target.

CSR numbers, fields and bits are what the manual says; two trees that differ had one of them changed: an extension was
still a draft when one tree took it. Authority: the RISC-V privileged specification, by knowledge/csrs.toml and
bits.toml.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import Risk
from kvmpatch.rules.risks import risk

CODE = "hardware-value"


def speak(name: str, before: int, after: int, evidence: Sequence[Evidence]) -> Risk:
    """A macro with its value on both sides."""
    return risk(
        CODE,
        "error",
        f"{name} 在目标中是 {before:#x}，上游是 {after:#x}：同一行代码访问的是别的寄存器或位",
        f"{name} is {before:#x} in the target and {after:#x} upstream: the same line means another register or bit",
        evidence,
    )
