"""Values of `backport`, made by hand: what a candidate looks like that is clean, and how it differs else."""

from __future__ import annotations

from typing import Any

from kvmpatch.model import CommitName, Evidence, Searched
from kvmpatch.model.backport import (
    BACKPORT_SCHEMA,
    Backport,
    BackportReason,
    Candidate,
    FollowingFix,
    Onto,
    Pick,
    Plan,
    Prerequisite,
    Presence,
)
from kvmpatch.rules.verdict import verdict_of, why
from kvmpatch.words import Text

ONE = "1" * 40
NEED = "2" * 40
FIX = "3" * 40
TARGET = "f" * 40
TREE = "e" * 40
SUBJECT = "KVM: riscv: one change"


def reason(code: str = "because", zh: str = "理由", en: str = "a reason", commit: str = ONE) -> BackportReason:
    return BackportReason(code, Text(zh, en), (Evidence(commit=commit, path="arch/riscv/kvm/vcpu.c", line=7),))


def need(identity: str = NEED, kind: Any = "needed") -> Prerequisite:
    return Prerequisite(identity, "KVM: riscv: what it needs", kind, (reason(commit=identity),), ONE)


def fix(identity: str = FIX, in_target: bool | None = False, ignored: str | None = None) -> FollowingFix:
    return FollowingFix(identity, "KVM: riscv: a fix", in_target, ignored, ONE, (reason(commit=identity),))


def plan(*ids: str, clean: bool = True, tried: bool = True, failed_at: str | None = None) -> Plan:
    steps = tuple(CommitName(one, SUBJECT) for one in ids)
    return Plan(steps, tried, clean, failed_at, TREE if clean else None, (f"git cherry-pick -x {' '.join(ids)}",))


def candidate(**differs: Any) -> Candidate:
    """A commit that goes in cleanly and needs nothing, but for what is said to differ; the verdict follows."""
    parts: dict[str, Any] = {
        "commit": CommitName(ONE, SUBJECT),
        "presence": Presence("absent", "unknown", (), (), (reason("nowhere", "没有找到", "nothing was found"),)),
        "comparison": None,
        "pick": Pick("clean", (), TREE),
        "prerequisites": (),
        "fixes": (),
        "risks": (),
        "header": None,
        "plan": plan(ONE),
        "note": None,
        **differs,
    }
    facts = (parts["presence"], parts["pick"], parts["prerequisites"], parts["fixes"], parts["plan"])
    verdict = verdict_of(*facts)
    return Candidate(verdict=verdict, why=why(verdict, parts["commit"].id, TARGET, *facts), **parts)


def backport(*candidates: Candidate, complete: bool = True) -> Backport:
    return Backport(
        BACKPORT_SCHEMA,
        Onto("linux-6.6.y", TARGET),
        candidates,
        Searched(None, TARGET, complete, None if complete else "time-limit"),
        (),
    )
