"""Names that belong to a known register or list and that the tables do not hold: told with their place.

A new bit reaches kernels before it reaches the tables; a typo looks the same. Either way the reader must know that
nothing is known of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kvmpatch import knowledge
from kvmpatch.model import BitUse, Change, CsrAccess, Happened, Kind, Warning
from kvmpatch.words import Text

_LIMITS = ("_MAX", "_BASE")


def unknown_names(
    changes: Iterable[Change], accesses: Iterable[CsrAccess], bits: Iterable[BitUse]
) -> tuple[Warning, ...]:
    """One warning for each unknown name, at the first place where it stands."""
    found: dict[str, Warning] = {}
    for name, warning in (*_bits(bits), *_csrs(accesses), *_ids(changes)):
        found.setdefault(name, warning)
    return tuple(found.values())


def _bits(bits: Iterable[BitUse]) -> Iterator[tuple[str, Warning]]:
    for bit in bits:
        if bit.change is Happened.REMOVED or knowledge.bit(bit.macro) or knowledge.exception(bit.macro):
            continue
        registers = "/".join(bit.registers)
        place = f"{bit.path}:{bit.line}"
        yield (
            bit.macro,
            Warning(
                "unknown-bit",
                Text(
                    f"{registers} 的位 {bit.macro} 不在知识表中，含义与所属扩展未知（{place}）",
                    f"{bit.macro} of {registers} is not in the tables: meaning and extension unknown ({place})",
                ),
            ),
        )


def _csrs(accesses: Iterable[CsrAccess]) -> Iterator[tuple[str, Warning]]:
    for access in accesses:
        macro = access.csr_macro
        if access.csr is not None or macro is None or not macro.startswith("CSR_") or access.change is Happened.REMOVED:
            continue
        place = f"{access.path}:{access.line}"
        yield (
            macro,
            Warning(
                "unknown-csr",
                Text(
                    f"{macro} 不在知识表中，是哪个 CSR 未知（{place}）",
                    f"{macro} is not in the tables: an unknown CSR ({place})",
                ),
            ),
        )


def _ids(changes: Iterable[Change]) -> Iterator[tuple[str, Warning]]:
    for change in changes:
        for member in change.members if change.kind is Kind.ENUM else ():
            if member.change is not Happened.ADDED or member.name.endswith(_LIMITS):
                continue
            isa = member.name.startswith("KVM_RISCV_ISA_EXT_") and not knowledge.isa_id(member.name)
            sbi = member.name.startswith("KVM_RISCV_SBI_EXT_") and not knowledge.sbi_id(member.name)
            if isa or sbi:
                place = f"{change.path}:{change.lines[0]}" if change.lines else change.path
                yield (
                    member.name,
                    Warning(
                        "unknown-id",
                        Text(
                            f"编号 {member.name} 不在知识表中，对应的扩展未知（{place}）",
                            f"{member.name} is not in the tables: its extension is unknown ({place})",
                        ),
                    ),
                )
