"""The verdict on a candidate, from facts made by hand."""

from __future__ import annotations

from typing import Any

import pytest
from backport_values import FIX, NEED, ONE, TARGET, candidate, fix, need, plan, reason

from kvmpatch.model.backport import ConflictFile, FileHunks, Pick, Presence

CONFLICT = Pick("conflict", (ConflictFile("arch/riscv/kvm/vcpu.c", "contents", (), (reason("lacks"),)),))
PRESENT = Presence("present", "upstream-id", (TARGET,), (), (reason("points"),))
PARTLY = Presence("partial", "subject", (TARGET,), (FileHunks("a.c", ()), FileHunks("b.c", ())), (reason("lacks"),))
UNSURE = Presence("unknown", "unknown", (), (), (reason("shallow"),))

VERDICTS: list[tuple[str, dict[str, Any]]] = [
    ("ready", {}),
    ("ready", {"prerequisites": (need(kind="textual"), need(kind="incidental"))}),
    ("ready", {"fixes": (fix(in_target=True), fix(ignored="not for this branch"))}),
    ("needs", {"prerequisites": (need(),), "plan": plan(NEED, ONE)}),
    ("needs", {"prerequisites": (need(),)}),
    ("needs", {"pick": CONFLICT, "prerequisites": (need(kind="textual"),), "plan": plan(NEED, ONE)}),
    ("needs", {"fixes": (fix(),), "plan": plan(ONE, FIX)}),
    ("needs", {"fixes": (fix(in_target=None),), "plan": plan(ONE, FIX)}),
    ("conflict", {"pick": CONFLICT, "plan": plan(ONE, clean=False, failed_at=ONE)}),
    ("conflict", {"fixes": (fix(),), "plan": plan(ONE, FIX, clean=False, failed_at=FIX)}),
    ("present", {"presence": PRESENT, "pick": CONFLICT}),
    ("present", {"pick": Pick("empty", ())}),
    ("partial", {"presence": PARTLY, "pick": CONFLICT}),
    ("unknown", {"presence": UNSURE}),
    ("unknown", {"pick": Pick("unknown", ())}),
    ("unknown", {"plan": plan(ONE, clean=False, tried=False)}),
]


@pytest.mark.parametrize(("verdict", "differs"), VERDICTS)
def test_a_verdict_follows_from_the_facts(verdict: str, differs: dict[str, Any]) -> None:
    assert candidate(**differs).verdict == verdict


@pytest.mark.parametrize(("verdict", "differs"), VERDICTS)
def test_a_verdict_says_why_in_both_languages_with_its_proof(verdict: str, differs: dict[str, Any]) -> None:
    why = candidate(**differs).why
    assert why.code == f"verdict-{verdict}"
    assert why.said.zh.endswith("。")
    assert why.said.en.endswith(".")
    assert why.evidence


def test_what_must_come_first_and_after_is_counted() -> None:
    said = candidate(pick=CONFLICT, prerequisites=(need(),), fixes=(fix(),), plan=plan(NEED, ONE, FIX)).why.said
    assert said.en == "1 commit must go in first; 1 fix must follow; alone it conflicts."
    assert said.zh == "先合入 1 个前提，并跟进 1 个修复；单独合入会冲突。"


def test_a_missing_definition_that_no_commit_brings_is_not_called_a_commit() -> None:
    said = candidate(prerequisites=(need(),), plan=plan(ONE)).why.said
    assert said.en == "It uses what the target lacks, and no commit to bring it is known."


def test_the_proof_of_a_conflict_is_the_conflicts_own() -> None:
    why = candidate(pick=CONFLICT, plan=plan(ONE, clean=False, failed_at=ONE)).why
    assert [one.path for one in why.evidence] == ["arch/riscv/kvm/vcpu.c"]
