"""What `annotate` says of a commit that is to go into a branch: one finding a thing that a reviewer must know."""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model.backport import BackportReason, Comparison, ConflictFile, FileHunks, FollowingFix, Prerequisite
from kvmpatch.rules.spoken import listed
from kvmpatch.words import Text

CONFLICT = "pick-conflict"
EMPTY = "pick-empty"
NEEDED = "prerequisite-missing"
TEXTUAL = "prerequisite-textual"
FIX = "fix-missing"
IGNORED = "fix-ignored"
PARTIAL = "partial-pick"
PARTLY_THERE = "partly-present"
PRESENT = "already-present"
MODIFIED = "modified-unexplained"
PRESENCE_UNDECIDED = "presence-undecided"
PICK_UNDECIDED = "pick-undecided"
FIX_UNDECIDED = "fix-undecided"
SEARCH_UNDECIDED = "search-undecided"

_REASONS = 2
_STOPPED = {
    "shallow": Text("浅克隆，可用 git fetch --unshallow 补全", "a shallow clone: git fetch --unshallow"),
    "partial": Text("部分克隆", "a partial clone"),
    "missing-objects": Text("缺少对象", "objects are missing"),
    "unreadable": Text("有对象无法读取", "objects could not be read"),
    "time-limit": Text("时间已到", "the time was up"),
    "upstream-unknown": Text("kvmpatch.upstream 所指不在本仓库", "kvmpatch.upstream names nothing here"),
    "fix-limit": Text("修复过多，未全部跟进", "more fixes than were followed"),
    "prerequisite-limit": Text("前提过多，未全部列出", "more prerequisites than were told"),
    "prerequisite-depth": Text("前提的前提未全部查找", "prerequisites of prerequisites not all looked for"),
    "earlier-limit": Text("更早的提交未全部查看", "not all earlier commits were read"),
    "plan": Text("方案未试完", "the plan was not tried to its end"),
}
"""Why a search stopped, and what helps."""


def named(identity: str, subject: str) -> str:
    """A commit as kernel messages name it."""
    return f'{identity[:12]} ("{subject}")'


def conflict(onto: str, file: ConflictFile) -> Text:
    """One file that a pick cannot merge, and why."""
    why = _because(file.because)
    kind = "" if file.kind == "content" else f" ({file.kind})"
    return _said(f"合入 {onto} 时 {file.path} 冲突{kind}", f"conflicts with {onto} in {file.path}{kind}", why)


def empty(onto: str) -> Text:
    """A pick that changes nothing, of a commit that nothing tells to be there."""
    return Text(f"合入 {onto} 后没有任何变化", f"picking it changes nothing in {onto}")


def prerequisite(onto: str, need: Prerequisite, *, later: bool) -> Text:
    """A commit that must go in first, or whose lines are mere context."""
    name = named(need.id, need.subject)
    why = _because(need.because)
    if later:
        return _said(f"前提 {name} 排在它之后", f"its prerequisite {name} comes after it", why)
    if need.kind == "textual":
        return _said(f"补丁上下文来自 {name}，{onto} 没有它", f"{onto} lacks {name}, which added lines around it", why)
    return _said(f"{onto} 缺少前提 {name}", f"{onto} lacks its prerequisite {name}", why)


def fix(onto: str, one: FollowingFix, *, own: bool) -> Text:
    """A later fix that the target lacks, need not have, or of which that cannot be told."""
    name = named(one.id, one.subject)
    of_zh, of_en = ("此提交", "it") if own else (f"前提 {one.of[:12]}", f"its prerequisite {one.of[:12]}")
    if one.ignored is not None:
        why = one.because[-1].said if one.because else Text.same(one.ignored)  # why it is set aside comes last
        return Text(f"修复 {name} 不必跟进：{why.zh}", f"the fix {name} need not follow: {why.en}")
    if one.in_target is None:
        return Text(
            f"{name} 修复了{of_zh}，但查不清 {onto} 是否已有",
            f"{name} fixes {of_en}; whether {onto} has that could not be told",
        )
    return Text(f"缺少 {name}，它修复了{of_zh}", f"{name} fixes {of_en} and is missing")


def already_present(onto: str, where: Sequence[str], because: Sequence[BackportReason]) -> Text:
    """The target has the change."""
    ids = listed([one[:12] for one in where]) if where else None
    zh = f"{onto} 已有此改动" + (f"（{ids.zh}）" if ids else "")
    en = f"{onto} has this change already" + (f" ({ids.en})" if ids else "")
    return _said(zh, en, _because(because))


def partly_present(onto: str, where: Sequence[str], missing: Sequence[FileHunks]) -> Text:
    """The target has a part of the change."""
    ids = listed([one[:12] for one in where]) if where else None
    zh = f"{onto} 只有此改动的一部分" + (f"（{ids.zh}）" if ids else "")
    en = f"{onto} has only a part of this change" + (f" ({ids.en})" if ids else "")
    return _said(zh, en, _missing(missing))


def partial_pick(comparison: Comparison, *, explained: bool) -> Text:
    """The commit leaves out a part of its upstream."""
    zh = "比上游少了一部分" + ("，提交信息有说明" if explained else "，提交信息没有说明")
    en = "leaves out a part of its upstream" + (", as its message says" if explained else ", and its message is silent")
    return _said(zh, en, _missing(comparison.hunks))


def modified(comparison: Comparison) -> Text:
    """The commit changes other lines than its upstream does, and does not say so."""
    if comparison.class_ == "different":
        zh, en = "与上游是两回事，提交信息没有说明", "is another change than its upstream, and its message is silent"
    else:
        zh, en = "与上游不同，提交信息没有说明", "differs from its upstream, and its message is silent"
    return _said(zh, en, _places(comparison.hunks))


def presence_undecided(onto: str, because: Sequence[BackportReason]) -> Text:
    """Whether the target has the change could not be told."""
    return _said(f"查不清 {onto} 是否已有它", f"whether {onto} has it could not be told", _because(because))


def pick_undecided(onto: str) -> Text:
    """The pick could not be tried."""
    return Text(f"无法试合入 {onto}：缺少对象", f"could not be tried on {onto}: objects are missing")


def search_undecided(stopped: Sequence[str]) -> Text:
    """The search ended before all was seen."""
    reasons = [_STOPPED.get(one, Text.same(one)) for one in stopped]
    if not reasons:
        return Text("没有查完，可能还有未发现的问题", "not all was searched: there may be more than is told here")
    zh, en = "、".join(one.zh for one in reasons), ", ".join(one.en for one in reasons)
    return Text(
        f"没有查完（{zh}），可能还有未发现的问题", f"not all was searched ({en}): there may be more than is told here"
    )


EMPTY_RANGE = Text("范围内没有提交", "the range holds no commit")


# ---- parts of sentences ----------------------------------------------------------------------------------------------


def _said(zh: str, en: str, why: Text | None) -> Text:
    if why is None:
        return Text(zh, en)
    return Text(f"{zh}：{why.zh}", f"{en}: {why.en}")


def _because(reasons: Sequence[BackportReason]) -> Text | None:
    shown = [one.said for one in reasons[:_REASONS]]
    if not shown:
        return None
    return Text("；".join(one.zh.rstrip("。") for one in shown), "; ".join(one.en.rstrip(".") for one in shown))


def _missing(files: Sequence[FileHunks]) -> Text | None:
    places = _places(files)
    return places and Text(f"缺 {places.zh}", f"{places.en}")


def _places(files: Sequence[FileHunks]) -> Text | None:
    """Files with the number of their hunks; a file without hunks is meant whole."""
    if not files:
        return None
    zh = listed([f"{one.path}（{len(one.hunks)} 处）" if one.hunks else one.path for one in files]).zh
    counted = [(one.path, len(one.hunks)) for one in files]
    en = listed([f"{path} ({count} hunk{'s' * (count != 1)})" if count else path for path, count in counted]).en
    return Text(zh, en)
