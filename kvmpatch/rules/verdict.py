"""What the facts about a candidate come to, in one word and one sentence.

The order is that of a backporter's questions: is it there, could that be told, does it go in, and with what. A commit
that goes in cleanly and lacks what it needs, or leaves behind the fixes that must follow it, is not ready: the first
does not build, the second brings a known bug (the two complaints that backporters voice most).
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import BackportReason, FollowingFix, Pick, Plan, Prerequisite, Presence, Verdict
from kvmpatch.rules.spoken import spaced
from kvmpatch.words import Text

_MOST_PROOF = 12
_NOTHING = "nothing-to-look-for"
"""Said of an empty commit, of which the target can have nothing."""
_RUNGS = {
    "object": Text("提交本身就在目标的历史中", "the commit itself is in the target's history"),
    "upstream-id": Text("目标中有提交指明是它的回移植", "a commit of the target says that it is its backport"),
    "twin-id": Text("目标中有提交与它指向同一上游提交", "a commit of the target points to the same upstream commit"),
    "subject": Text("目标中有标题与文件都相同的提交", "a commit of the target has its subject and its files"),
    "patch-id": Text("目标中有逐行相同的改动", "a commit of the target changes the same lines"),
    "hunks": Text("它的改动已在目标的文件里", "what it changes stands in the target's files"),
    "unknown": Text("没有可靠的依据", "nothing tells for certain"),
}


def verdict_of(
    presence: Presence, pick: Pick, needs: Sequence[Prerequisite], fixes: Sequence[FollowingFix], plan: Plan
) -> Verdict:
    """The verdict on one candidate."""
    if presence.state in ("present", "partial"):
        return presence.state
    if pick.state == "empty":
        return "present"
    if presence.state == "unknown" or pick.state == "unknown":
        return "unknown"
    if not plan.clean:
        return "conflict" if plan.tried else "unknown"
    steps = {step.id for step in plan.steps}
    first = [need for need in needs if need.kind == "needed" or need.id in steps]
    return "needs" if first or missing_fixes(fixes) else "ready"


def missing_fixes(fixes: Sequence[FollowingFix]) -> list[FollowingFix]:
    """The fixes that must follow: the target lacks them, or that is not known, and nobody has set them aside."""
    return [fix for fix in fixes if fix.in_target is not True and fix.ignored is None]


def why(
    verdict: Verdict,
    candidate: str,
    onto: str,
    presence: Presence,
    pick: Pick,
    needs: Sequence[Prerequisite],
    fixes: Sequence[FollowingFix],
    plan: Plan,
) -> BackportReason:
    """The verdict as a sentence, with the numbers that it stands on and where they come from."""
    said = _said(verdict, presence, pick, needs, fixes, plan)
    reasons = {
        "present": presence.because,
        "partial": presence.because,
        "needs": (
            *(one for need in needs for one in need.because),
            *(one for fix in missing_fixes(fixes) for one in fix.because),
        ),
        "conflict": tuple(one for conflict in pick.conflicts for one in conflict.because),
        "unknown": presence.because,
        "ready": (),
    }[verdict]
    proof = tuple(dict.fromkeys(one for reason in reasons for one in reason.evidence))[:_MOST_PROOF]
    return BackportReason(f"verdict-{verdict}", said, proof or (Evidence(commit=candidate), Evidence(commit=onto)))


def _said(
    verdict: Verdict,
    presence: Presence,
    pick: Pick,
    needs: Sequence[Prerequisite],
    fixes: Sequence[FollowingFix],
    plan: Plan,
) -> Text:
    match verdict:
        case "present":
            return _present(presence)
        case "partial":
            files = len(presence.missing)
            return Text(
                f"目标只有一部分：缺 {files} 个文件中的改动。",
                f"Only partly in: changes to {files} file{'s' * (files != 1)} are missing.",
            )
        case "ready":
            return Text("可以合入：无冲突，不缺前提，也没有必须跟进的修复。",
                        "Ready: it goes in cleanly, needs nothing first, and no known fix must follow.")  # fmt: skip
        case "needs":
            return _needs(pick, needs, missing_fixes(fixes), plan)
        case "conflict":
            return _conflict(pick, plan)
        case "unknown":
            return _undecided(presence, pick)


def _present(presence: Presence) -> Text:
    if presence.state == "present":
        why = _RUNGS[presence.rung]
        return Text(f"目标已有：{why.zh}。", f"Already in: {why.en}.")
    if any(one.code == _NOTHING for one in presence.because):
        return Text("无可合入：合入后没有任何变化。", "Nothing to bring: picking it changes nothing.")
    return Text("目标已有：合入后没有任何变化。", "Already in: picking it changes nothing.")


def _undecided(presence: Presence, pick: Pick) -> Text:
    """What it is that could not be told: the pick, the presence, or a way to bring it."""
    if pick.state == "unknown":
        return Text("无法判断：缺少试合入所需的对象。", "Undecided: objects that a pick needs are missing.")
    if presence.state == "unknown":
        return Text("无法判断：查不清目标是否已有它。",
                    "Undecided: whether the target has it could not be told.")  # fmt: skip
    if pick.state == "conflict":
        return Text("无法判断：单独合入会冲突，方案没有试完。",
                    "Undecided: alone it conflicts, and no plan was tried to its end.")  # fmt: skip
    return Text("无法判断：它本身可合入，方案没有试完。",
                "Undecided: alone it goes in, and no plan was tried to its end.")  # fmt: skip


def _needs(pick: Pick, needs: Sequence[Prerequisite], fixes: Sequence[FollowingFix], plan: Plan) -> Text:
    steps = {step.id for step in plan.steps}
    first = len({need.id for need in needs if need.id in steps})
    after = len(fixes)
    zh, en = [], []
    if first:
        zh.append(f"先合入 {first} 个前提")
        en.append(f"{first} commit{'s' * (first != 1)} must go in first")
    if after:
        zh.append(f"并跟进 {after} 个修复" if first else f"可合入，但须跟进 {after} 个修复")
        en.append(f"{after} fix{'es' * (after != 1)} must follow")
    if not zh:
        zh.append("缺少它用到的定义，而引入它们的提交不明")
        en.append("it uses what the target lacks, and no commit to bring it is known")
    end_zh = "" if pick.state == "clean" else "；单独合入会冲突"
    end_en = "" if pick.state == "clean" else "; alone it conflicts"
    return Text(spaced(f"{'，'.join(zh)}{end_zh}。"), f"{'; '.join(en).capitalize()}{end_en}.")


def _conflict(pick: Pick, plan: Plan) -> Text:
    files = len(pick.conflicts)
    if not files:  # the candidate itself goes in, something that belongs with it does not
        where = (plan.failed_at or "")[:12]
        return Text(f"它本身可合入，方案在 {where} 处冲突。", f"It goes in; the plan conflicts at {where}.")
    return Text(
        f"冲突：{files} 个文件合不进去，找不到能消除冲突的前提。",
        f"Conflict in {files} file{'s' * (files != 1)}, and no commit was found that would resolve it.",
    )
