"""How it was told whether a target has a change, in words. The codes are stable; each has one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import BackportReason
from kvmpatch.rules.related_reasons import short
from kvmpatch.rules.spoken import because, listed
from kvmpatch.words import Text


def _made(code: str, zh: str, en: str, *evidence: Evidence) -> BackportReason:
    return because(code, zh, en, evidence)


def _at(commit: str, paths: Sequence[str]) -> tuple[Evidence, ...]:
    """Files of a commit as evidence; the commit itself where there are none."""
    return tuple(Evidence(commit=commit, path=path) for path in paths[:3]) or (Evidence(commit=commit),)


# ---- it is there -----------------------------------------------------------------------------------------------------


def in_history(identity: str, target: str) -> BackportReason:
    """The target's history has the commit."""
    return _made(
        "in-history",
        f"{short(identity)} 在目标的历史中",
        f"{short(identity)} is in the target's history",
        Evidence(commit=identity, fact=f"reached-by:{target}"),
    )


def pointed_at(by: str, identity: str, proof: Evidence) -> BackportReason:
    """A commit of the target says that it is this one."""
    return _made(
        "pointed-at",
        f"目标的提交 {short(by)} 注明它就是 {short(identity)}",
        f"{short(by)} of the target says that it is {short(identity)}",
        proof,
    )


def same_source(by: str, shared: str, proof: Sequence[Evidence]) -> BackportReason:
    """The candidate and a commit of the target name the same source."""
    return _made(
        "same-source",
        f"它与目标的提交 {short(by)} 都来自 {short(shared)}",
        f"it and {short(by)} of the target both come from {short(shared)}",
        *proof,
    )


def by_way_of(by: str, via: str, identity: str, proof: Sequence[Evidence]) -> BackportReason:
    """A commit of the target names a backport of this one as its source."""
    return _made(
        "by-way-of",
        f"目标的提交 {short(by)} 取自 {short(via)}，后者注明它就是 {short(identity)}",
        f"{short(by)} of the target was taken from {short(via)}, which says that it is {short(identity)}",
        *proof,
    )


def source_in_history(identity: str, proof: Evidence) -> BackportReason:
    """The candidate names a source which the target has."""
    return _made(
        "source-in-history",
        f"它注明的来源 {short(identity)} 在目标的历史中",
        f"the commit that it was taken from, {short(identity)}, is in the target's history",
        proof,
    )


def same_subject(by: str, proof: Sequence[Evidence]) -> BackportReason:
    """A commit of the target has the subject and changes the same files."""
    return _made(
        "same-subject",
        f"目标的提交 {short(by)} 标题相同，改动的文件和内容相符",
        f"{short(by)} of the target has the same subject, and changes the same files alike",
        *proof,
    )


def same_patch(by: str, paths: Sequence[str]) -> BackportReason:
    """A commit of the target changes the same lines in the same functions."""
    return _made(
        "same-patch",
        f"目标的提交 {short(by)} 在相同文件的相同函数中改动了相同的行",
        f"{short(by)} of the target changes the same lines in the same functions",
        *_at(by, paths),
    )


def lines_stand(by: Sequence[str], target: str, paths: Sequence[str]) -> BackportReason:
    """Every hunk's lines stand in the target's files, and these commits brought them."""
    named = listed([short(one) for one in by])
    return _made(
        "lines-stand",
        f"每一处改动的行都已在目标的文件中，由 {named.zh} 带入",
        f"the lines of every hunk stand in the target's files, brought by {named.en}",
        *_at(target, paths),
    )


def adapted(by: Sequence[str], lines: int, total: int) -> BackportReason:
    """The same author brought most of its lines, and did something else in place of the rest."""
    named = listed([short(one) for one in by])
    return _made(
        "adapted",
        f"同一作者的 {named.zh} 带入了它 {total} 行中的 {lines} 行，其余处作了改写",
        f"{named.en}, of the same author, brought {lines} of its {total} lines and did the rest in another way",
        *(Evidence(commit=one) for one in by[:3]),
    )


def rewritten(by: str, proof: Evidence) -> BackportReason:
    """It names the commit and has its subject, and does everything in another way."""
    return _made(
        "rewritten",
        f"{short(by)} 标题相同，但改法完全不同",
        f"{short(by)} has its subject, and does it all in another way",
        proof,
    )


# ---- a part of it ----------------------------------------------------------------------------------------------------


def left_out(by: Sequence[str], paths: Sequence[str], hunks: int) -> BackportReason:
    """What the target's commits left out."""
    files = listed(list(paths))
    return _made(
        "left-out",
        f"其中没有带入 {files.zh} 的改动" + (f"（{hunks} 处）" if hunks else ""),
        f"left out: {files.en}" + (f" ({hunks} hunk{'s' * (hunks != 1)})" if hunks else ""),
        *(Evidence(commit=one) for one in by[:3]),
    )


def no_such_file(target: str, paths: Sequence[str], *, removed: bool) -> BackportReason:
    """Files that the candidate changes and the target has not, so that nothing of them can be brought."""
    files = listed(list(paths))
    if removed:
        zh, en = f"{files.zh} 在目标中已被删除，无需改动", f"{files.en}: removed in the target, nothing to change there"
    else:
        zh, en = f"目标中没有 {files.zh}，无需改动", f"{files.en}: not in the target, nothing to change there"
    proof = (Evidence(commit=target, path=path, fact="no-such-file") for path in paths[:3])
    return _made("file-removed" if removed else "no-such-file", zh, en, *proof)


# ---- it is not there -------------------------------------------------------------------------------------------------


def reverted(identity: str, by: str, proof: Evidence) -> BackportReason:
    """It was there, and was taken back."""
    return _made(
        "reverted",
        f"{short(identity)} 后来被 {short(by)} 还原",
        f"{short(identity)} was reverted later, by {short(by)}",
        proof,
    )


def reverts_nothing(identity: str, proof: Evidence) -> BackportReason:
    """The candidate takes back a commit that the target has not."""
    return _made(
        "nothing-to-revert",
        f"它还原的 {short(identity)} 不在目标中",
        f"what it reverts, {short(identity)}, is not in the target",
        proof,
    )


def not_found(target: str, read: int) -> BackportReason:
    """Every rung was gone through, over all that only the target has."""
    proof = Evidence(commit=target, fact=f"read:{read}")
    if not read:
        return _made("not-found", "目标没有独有的提交", "the target has no commit of its own", proof)
    return _made(
        "not-found",
        f"目标独有的 {read} 个提交中，没有一个指向它、与它标题相同或改动相同",
        f"of the {read} commit{'s' * (read != 1)} that only the target has, none points to it, has its subject or its "
        "changes",
        proof,
    )


# ---- it is not known -------------------------------------------------------------------------------------------------


def too_thin(target: str, paths: Sequence[str]) -> BackportReason:
    """Its lines are there, but they are such as stand anywhere."""
    return _made(
        "too-thin",
        "它的行目标中都有，但太常见，不足为证",
        "the target has its lines, but they are too common to prove anything",
        *_at(target, paths),
    )


def stands_unexplained(target: str, paths: Sequence[str]) -> BackportReason:
    """The lines stand there, and no commit that only the target has brought them."""
    return _made(
        "stands-unexplained",
        "改动后的行已在目标的文件中，但看不出是哪个提交带入的",
        "its new lines stand in the target's files, and no commit there can be told to have brought them",
        *_at(target, paths),
    )


def points_elsewhere(by: str, proof: Evidence) -> BackportReason:
    """A commit of the target points to it and does something else."""
    return _made(
        "nothing-in-common",
        f"目标的提交 {short(by)} 指向它，改动却毫无相同之处",
        f"{short(by)} of the target points to it, and has nothing in common with it",
        proof,
    )


def namesake(by: str, proof: Evidence) -> BackportReason:
    """The same author has a commit of the same subject in the target, with other lines."""
    return _made(
        "namesake",
        f"目标的提交 {short(by)} 作者与标题都相同，改动的行却不同：可能是改写，也可能是另一改动",
        f"{short(by)} of the target has its author and its subject and other lines: it, rewritten, or another change",
        proof,
    )


def nothing_to_look_for(identity: str, *, merge: bool) -> BackportReason:
    """A merge, or a commit without changes: only a message could tell."""
    what = Text("合并提交", "a merge") if merge else Text("空提交", "an empty commit")
    return _made(
        "nothing-to-look-for",
        f"{short(identity)} 是{what.zh}，只有提交信息能说明，而目标中没有",
        f"{short(identity)} is {what.en}: only a message could tell, and none in the target does",
        Evidence(commit=identity),
    )


def not_all_read(target: str, why: str) -> BackportReason:
    """The target's history could not be gone through to its end."""
    said = _WHY.get(why, Text.same(why))
    return _made(
        "not-all-read",
        f"{said.zh}，没有找到它不等于目标中没有",
        f"{said.en}: that it was not found does not mean that it is not there",
        Evidence(commit=target, fact=why),
    )


_WHY = {
    "shallow": Text("浅克隆，目标的历史不完整", "a shallow clone, which lacks a part of the target's history"),
    "partial": Text("部分克隆，缺少比较所需的文件", "a partial clone, which lacks files that have to be compared"),
    "unreadable": Text("缺少对象或对象已损坏", "objects are missing or damaged"),
    "time-limit": Text("时间用尽，目标的历史没有看完", "the time was up before all of the target's history was read"),
}
"""Why a search came to no end."""
