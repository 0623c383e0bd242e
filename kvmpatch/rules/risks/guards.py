"""A condition stands around the added code in one tree and not in the other.

Whom a condition asks is told by the table of guards: the host's extensions, the guest's, one VCPU, the VM, the
configuration. Code that ran only for guests with an extension runs for all of them where the condition is missing; a
condition of any other kind is a note. Authority: knowledge/guards.toml, with the source of each row.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence, Guard, GuardKind
from kvmpatch.model.backport import Level, Risk
from kvmpatch.rules.risks import risk
from kvmpatch.words import Text

MISSING, EXTRA, OTHER = "guard-missing", "guard-extra", "guard-asks-another"

_KINDS = {
    GuardKind.HOST: Text("宿主机", "the host"),
    GuardKind.GUEST: Text("客户机", "the guest"),
    GuardKind.VCPU: Text("VCPU", "the VCPU"),
    GuardKind.VM: Text("虚拟机", "the VM"),
    GuardKind.CONFIG: Text("内核配置", "the configuration"),
}


def one_sided(function: str, guard: Guard, *, missing: bool, evidence: Sequence[Evidence]) -> Risk:
    """A condition that only upstream has (`missing`), or only the target."""
    kind = _KINDS.get(guard.kind)
    written = f"{'!' if guard.negated else ''}({guard.text})" if guard.negated else guard.text
    asks_zh = f"（查{kind.zh}）" if kind else ""
    asks_en = f", which asks {kind.en}," if kind else ""
    level: Level = "warning" if kind else "note"
    if missing:
        return risk(
            MISSING,
            level,
            f"{function}() 中新增的代码在上游受条件 {written}{asks_zh}限制，目标中没有这个条件",
            f"what is added to {function}() runs under {written}{asks_en} upstream, and without it in the target",
            evidence,
        )
    return risk(
        EXTRA,
        level,
        f"{function}() 中新增的代码在目标中受条件 {written}{asks_zh}限制，上游没有这个条件",
        f"what is added to {function}() runs under {written}{asks_en} in the target, and without it upstream",
        evidence,
    )


def asks_another(
    function: str, extension: str, before: GuardKind, after: GuardKind, evidence: Sequence[Evidence]
) -> Risk:
    """The same extension, asked of another on each side."""
    there, here = _KINDS[before], _KINDS[after]
    return risk(
        OTHER,
        "warning",
        f"{function}() 中新增的代码：扩展 {extension} 在目标中查的是{there.zh}，上游查的是{here.zh}",
        f"around what is added to {function}(), {extension} is asked of {there.en} in the target "
        f"and of {here.en} upstream",
        evidence,
    )
