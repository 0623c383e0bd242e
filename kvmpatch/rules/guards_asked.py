"""Whom the conditions ask: the host's extensions or the guest's. The two are easily taken for each other.

Authority: `riscv_has_extension_*()` and a NULL bitmap ask the host; `vcpu->arch.isa` is what the guest was given.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvmpatch.model import BitUse, CsrAccess, Evidence, Guard, GuardKind, Report
from kvmpatch.rules.spoken import Context, Spoken, say
from kvmpatch.words import Text

_ISA_TESTS = ("extension_available", "has_extension_")


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """Say it where tests of both guard what the commit touches."""
    del context
    asked: dict[GuardKind, list[Evidence]] = {}
    places: list[CsrAccess | BitUse] = [*report.csr_accesses, *report.bits]
    for place in places:
        for guard in place.guards:
            if _is_isa_test(guard):
                asked.setdefault(guard.kind, []).append(
                    Evidence(
                        commit=report.commit.id, path=place.path, side=place.side, line=place.line, text=guard.text
                    )
                )
    host, guest = asked.get(GuardKind.HOST, []), asked.get(GuardKind.GUEST, [])
    if not host or not guest:
        # One of them alone stands beside the table.
        return
    said = Text(
        "检查对象有两种：riscv_has_extension_* 查宿主机，riscv_isa_extension_available(isa, …) 查客户机。",
        "Two are asked: riscv_has_extension_*() the host, riscv_isa_extension_available(isa, …) the guest.",
    )
    yield say("extensions", "guards-asked", said, *_first_of_each(host), *_first_of_each(guest))


def _is_isa_test(guard: Guard) -> bool:
    return any(word in guard.text for word in _ISA_TESTS)


def _first_of_each(evidence: list[Evidence]) -> list[Evidence]:
    return list({one.text: one for one in reversed(evidence)}.values())[::-1]
