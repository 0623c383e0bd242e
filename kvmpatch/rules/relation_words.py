"""The sentences of a relation: what a commit has to do with the thing asked about, and how that is known."""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence, Statement
from kvmpatch.rules.phrases import done, when
from kvmpatch.rules.spoken import listed
from kvmpatch.words import Text


def touches(about: str, places: Sequence[str], evidence: Sequence[Evidence]) -> Statement:
    """The commit itself changes the thing."""
    names = listed(list(places), most=4)
    return Statement(
        "touches", Text(f"本提交改动了 {about}：{names.zh}。", f"Touched here: {names.en}."), tuple(evidence)
    )


def written_whole(
    about: str, function: str, target: str, field: str, evidence: Sequence[Evidence], *, cleared: bool
) -> Statement:
    """The commit writes an object as a whole of which the thing is a field, without naming it."""
    verb = Text("清零", "clears") if cleared else Text("写入", "writes")
    return Statement(
        "written-whole",
        Text(
            f"本提交虽未写出 {about}，但 {function}() 整体{verb.zh} {target}，其中包含它（{field}）。",
            f"{about} is not named here, but {function}() {verb.en} the whole of {target}, which holds it ({field}).",
        ),
        tuple(evidence),
    )


def not_touched(about: str, commit: str | None) -> Statement:
    """The commit does not change the thing."""
    return Statement(
        "not-touched", Text(f"本提交不涉及 {about}。", f"{about} is not touched here."), (Evidence(commit=commit),)
    )


def who_touches(
    about: str,
    commit: str,
    place: Text,
    members: Sequence[str],
    accesses: Sequence[tuple[str, str]],
    others: Sequence[str],
    evidence: Sequence[Evidence],
) -> Statement:
    """What another commit does to the thing: fields it adds, accesses it makes (operation, phase), other names."""
    zh, en = f"{place.zh} {commit[:12]} ", f"{commit[:12]} ({place.en}) "
    parts_zh, parts_en = [], []
    if members:
        names = listed(list(members), most=4)
        parts_zh.append(f"新增 {names.zh}")
        parts_en.append(f"adds {names.en}")
    if accesses:
        for operation in dict.fromkeys(operation for operation, _ in accesses):
            times = [
                when(phase) for phase in dict.fromkeys(phase for op, phase in accesses if op == operation and phase)
            ]
            verb = done(operation)
            at_zh = "、".join(time.zh for time in times)
            at_en = " and ".join(time.en for time in times)
            parts_zh.append(f"{at_zh}{verb.zh} {about}")
            parts_en.append(f"{about} is {verb.en} {at_en}".rstrip())
    if others and not members and not accesses:
        names = listed(list(others))
        parts_zh.append(f"改动 {names.zh}")
        parts_en.append(f"changes {names.en}")
    return Statement(
        "touched-by",
        Text(zh + "，".join(parts_zh) + "。", en + "; ".join(parts_en) + "."),
        tuple(evidence),
    )


def needed(commit: str, symbols: Sequence[str], evidence: Sequence[Evidence], *, changes: bool = False) -> Statement:
    """The other commit uses, or changes, what this one defines."""
    names = listed(list(symbols))
    if changes:
        return Statement(
            "needed",
            Text(
                f"{commit[:12]} 以本提交为前提：它改动了本提交引入的 {names.zh}。",
                f"{commit[:12]} needs this commit: it changes {names.en}, brought here.",
            ),
            tuple(evidence),
        )
    return Statement(
        "needed",
        Text(
            f"{commit[:12]} 用到了本提交引入的 {names.zh}。",
            f"{commit[:12]} uses {names.en}, which this commit brings.",
        ),
        tuple(evidence),
    )


def needed_by(commit: str, symbols: Sequence[str], evidence: Sequence[Evidence], *, changes: bool = False) -> Statement:
    """This commit uses, or changes, what the other one defines."""
    names = listed(list(symbols))
    if changes:
        return Statement(
            "needs",
            Text(
                f"本提交以 {commit[:12]} 为前提：它改动了后者引入的 {names.zh}。",
                f"This commit needs {commit[:12]}: it changes {names.en}, brought there.",
            ),
            tuple(evidence),
        )
    return Statement(
        "needs",
        Text(
            f"本提交用到了 {commit[:12]} 引入的 {names.zh}。",
            f"This commit uses {names.en}, which {commit[:12]} brings.",
        ),
        tuple(evidence),
    )


def context(commit: str, line: str, evidence: Sequence[Evidence]) -> Statement:
    """The two are neighbours in the patch text only."""
    return Statement(
        "context-only",
        Text(
            f"二者只是补丁上下文相邻：{commit[:12]} 的上下文中有本提交加入的行（{line}），不依赖其内容。",
            f"Neighbours in the patch text only: the context of {commit[:12]} holds a line added here ({line}); "
            "nothing of it is used.",
        ),
        tuple(evidence),
    )


def same_series(commit: str, place: str, evidence: Sequence[Evidence]) -> Statement:
    """Both belong to one series."""
    return Statement(
        "same-series",
        Text(f"与 {commit[:12]} 属于同一系列（{place}）。", f"In one series with {commit[:12]} ({place})."),
        tuple(evidence),
    )


def grew_otherwise(about: str, struct: str, fields: Sequence[str], evidence: Sequence[Evidence]) -> Statement:
    """A structure of this commit gained other fields later, the thing asked about not among them."""
    names = listed(list(fields), most=5)
    return Statement(
        "not-in-structure",
        Text(
            f"{struct} 后来新增的成员是 {names.zh}，其中没有 {about}。",
            f"{struct} later gained {names.en}; {about} is not among them.",
        ),
        tuple(evidence),
    )


def same_structure(commit: str, names: Sequence[str], evidence: Sequence[Evidence]) -> Statement:
    """The other commit changes the same structure or function later."""
    shown = listed(list(names))
    return Statement(
        "same-structure",
        Text(f"{commit[:12]} 后来改动了同一处：{shown.zh}。", f"{commit[:12]} later changes the same: {shown.en}."),
        tuple(evidence),
    )


def none_found(about: str, evidence: Sequence[Evidence]) -> Statement:
    """Nothing was found within the bounds of the search."""
    return Statement(
        "none-found",
        Text(f"未发现与 {about} 的关系。", f"No relation to {about} was found."),
        tuple(evidence),
    )


def cannot_tell(about: str, evidence: Sequence[Evidence]) -> Statement:
    """The history at hand does not reach far enough to tell."""
    return Statement(
        "cannot-tell",
        Text(
            f"历史不完整，无法判断其他提交与 {about} 的关系。",
            f"The history at hand is cut off; what other commits have to do with {about} is unknown.",
        ),
        tuple(evidence),
    )
