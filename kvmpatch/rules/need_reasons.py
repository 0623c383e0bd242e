"""Why a commit must go in before another, or would make it go in more easily, in words."""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import BackportReason, Risk
from kvmpatch.rules.related_reasons import short
from kvmpatch.rules.spoken import because, listed, spaced
from kvmpatch.words import Text


def brings_name(by: str, names: Sequence[str], evidence: Sequence[Evidence]) -> BackportReason:
    """It defines what another commit's new lines use and the target lacks."""
    said = listed(list(names))
    return because(
        "brings-name",
        f"引入 {short(by)} 用到而目标中没有的 {said.zh}",
        f"brings {said.en}, which {short(by)} uses and the target lacks",
        evidence,
    )


def declares_name(by: str, names: Sequence[str], evidence: Sequence[Evidence]) -> BackportReason:
    """It makes a function visible that another commit's new lines call."""
    said = listed(list(names))
    return because(
        "declares-name",
        f"声明 {short(by)} 用到的 {said.zh}，目标中没有这一声明",
        f"declares {said.en}, which {short(by)} uses and the target does not declare",
        evidence,
    )


def changes_signature(by: str, name: str, counts: tuple[int, int], evidence: Sequence[Evidence]) -> BackportReason:
    """It gave a function the parameters that another commit passes; the target has it with others."""
    here, there = counts
    return because(
        "changes-signature",
        f"改变 {name} 的参数：{short(by)} 传入 {here} 个，目标中的它接受 {there} 个",
        f"changes the parameters of {name}: {short(by)} passes {here}, in the target it takes {there}",
        evidence,
    )


def said_to_be_needed(by: str, evidence: Sequence[Evidence]) -> BackportReason:
    """The other commit's message names it as a prerequisite."""
    return because(
        "said-to-be-needed",
        f"{short(by)} 的提交信息说明依赖它",
        f"the message of {short(by)} names it as a prerequisite",
        evidence,
    )


def wrote_lines(by: str, count: int, evidence: Sequence[Evidence]) -> BackportReason:
    """Lines that it wrote stand in another commit's patch and not in the target."""
    return because(
        "wrote-lines",
        f"{short(by)} 的补丁依赖它写入的 {count} 行，目标中没有",
        f"wrote {count} line{'s' * (count != 1)} that the patch of {short(by)} must find and the target lacks",
        evidence,
    )


def makes_file(by: str, path: str, evidence: Sequence[Evidence]) -> BackportReason:
    """It moved into a new file what another commit changes there; in the target it stands elsewhere still."""
    return because(
        "makes-file",
        f"建立 {path}，{short(by)} 改动的内容在目标中还位于别处",
        f"makes {path}; in the target what {short(by)} changes there stands elsewhere still",
        evidence,
    )


def creates_file(by: str, paths: Sequence[str], evidence: Sequence[Evidence]) -> BackportReason:
    """It created what another commit changes, and the target has nothing of it."""
    said = listed(list(paths))
    return because(
        "creates-file",
        f"创建 {short(by)} 改动而目标中没有的 {said.zh}",
        f"creates {said.en}, which {short(by)} changes and the target lacks",
        evidence,
    )


def changes_same(by: str, names: Sequence[str], evidence: Sequence[Evidence]) -> BackportReason:
    """It changes the same functions in between."""
    said = listed(list(names))
    return because(
        "changes-same",
        f"在目标与 {short(by)} 之间改动了 {said.zh}",
        f"changes {said.en} between the target and {short(by)}",
        evidence,
    )


def partly_there(evidence: Sequence[Evidence]) -> BackportReason:
    """The target has a part of it."""
    return because("partly-there", "目标中只有它的一部分", "the target has only a part of it", evidence)


# ---- the same thing elsewhere in the target ------------------------------------------------------------------------


def moved_there(name: str, before: str, there: str, evidence: Sequence[Evidence]) -> Risk:
    """The target has what the commit changes in another file."""
    said = f"目标中 {name} 位于 {there}，不在 {before}"
    return Risk(
        "moved-in-target",
        "warning",
        Text(spaced(said), f"{name} is in {there} in the target, not in {before}"),
        tuple(evidence),
    )


def renamed_there(name: str, there: str, evidence: Sequence[Evidence]) -> Risk:
    """The target has what the commit changes under another name."""
    return Risk(
        "renamed-in-target",
        "warning",
        Text(spaced(f"目标中 {name} 名为 {there}"), f"{name} is called {there} in the target"),
        tuple(evidence),
    )
