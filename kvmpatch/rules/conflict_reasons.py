"""Why a pick conflicts, in words: what the target lacks, what it changed itself. Each code has one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import BackportReason
from kvmpatch.model.report import CommitName
from kvmpatch.rules.related_reasons import short
from kvmpatch.rules.spoken import because, listed
from kvmpatch.words import Text

_TITLE = 72


def _named(commit: CommitName) -> str:
    """A commit as kernel messages name it."""
    title = commit.subject if len(commit.subject) <= _TITLE else f"{commit.subject[: _TITLE - 1]}…"
    return f'{short(commit.id)} ("{title}")'


def _lines(count: int) -> str:
    return f"{count} line{'s' * (count != 1)}"


# ---- what the target lacks -----------------------------------------------------------------------------------------


def lacks(file: str, names: Sequence[str], brings: CommitName, evidence: Sequence[Evidence]) -> BackportReason:
    """The commit leans on lines with names that the target's file has not, and that an earlier commit wrote there."""
    said = listed(list(names))
    them = "它们" if len(names) > 1 else "它"
    return because(
        "lacks-names",
        f"目标的 {file} 中没有 {said.zh}：引入{them}的 {_named(brings)} 不在目标中",
        f"the target's {file} has no {said.en}, which came with {_named(brings)}, and that is not in the target",
        evidence,
    )


def lacks_lines(count: int, brings: CommitName, evidence: Sequence[Evidence]) -> BackportReason:
    """The commit leans on lines that an earlier one wrote, which the target has not."""
    return because(
        "lacks-lines",
        f"目标缺少此处的 {count} 行：加入它们的 {_named(brings)} 不在目标中",
        f"the target lacks {_lines(count)} here that came with {_named(brings)}, which is not in the target",
        evidence,
    )


def before(count: int, changed: CommitName, evidence: Sequence[Evidence]) -> BackportReason:
    """The lines that the commit leans on are as they were before an earlier one, which the target has not."""
    return because(
        "older-lines",
        f"此处有 {count} 行在目标中仍是旧的：{_named(changed)} 不在目标中",
        f"{_lines(count)} here {'are' if count != 1 else 'is'} in the target as before {_named(changed)}, "
        "which is not in the target",
        evidence,
    )


def adapted(upstream: CommitName, here: CommitName, evidence: Sequence[Evidence]) -> BackportReason:
    """The target has the earlier commit, and its lines read differently there."""
    return because(
        "adapted-here",
        f"{_named(upstream)} 在目标中是 {short(here.id)}，但这几行与原提交不同",
        f"{_named(upstream)} is in the target as {short(here.id)}, and these lines differ there",
        evidence,
    )


# ---- what the target did -------------------------------------------------------------------------------------------


def changed_here(count: int, by: CommitName, evidence: Sequence[Evidence]) -> BackportReason:
    """The target changed the lines itself."""
    return because(
        "target-changed",
        f"目标自己改过此处的 {count} 行：{_named(by)}",
        f"the target changed {_lines(count)} here itself, in {_named(by)}",
        evidence,
    )


def has_lines(count: int, by: CommitName | None, evidence: Sequence[Evidence]) -> BackportReason:
    """What the commit does here, the target has already."""
    zh, en = (f"，来自 {_named(by)}", f", from {_named(by)}") if by else ("", "")
    return because(
        "has-lines",
        f"该提交此处的 {count} 行改动目标已有{zh}",
        f"what the commit does to {_lines(count)} here the target has already{en}",
        evidence,
    )


def has_commit(by: CommitName, evidence: Sequence[Evidence]) -> BackportReason:
    """The whole commit is there."""
    return because(
        "has-commit", f"目标已有该提交：{_named(by)}", f"the target has this commit already, as {_named(by)}", evidence
    )


def white_space(count: int, evidence: Sequence[Evidence]) -> BackportReason:
    """Nothing but white space tells the two sides apart."""
    return because(
        "white-space",
        f"该提交此处要找的 {count} 行与目标只差空白",
        f"only white space tells {_lines(count)} that the commit expects here from the target's",
        evidence,
    )


# ---- files ---------------------------------------------------------------------------------------------------------


def file_created(path: str, by: CommitName, evidence: Sequence[Evidence]) -> BackportReason:
    """The file came after the target parted."""
    return because(
        "file-later",
        f"目标没有 {path}：创建它的 {_named(by)} 不在目标中",
        f"the target has no {path}: {_named(by)}, which creates it, is not in the target",
        evidence,
    )


def file_moved(path: str, old: str, by: CommitName, evidence: Sequence[Evidence]) -> BackportReason:
    """The file got its name after the target parted, which has it under the old one."""
    return because(
        "file-old-name",
        f"{path} 在目标中仍是 {old}：改名的 {_named(by)} 不在目标中",
        f"{path} is still {old} in the target: {_named(by)}, which renames it, is not in the target",
        evidence,
    )


def file_removed(path: str, by: CommitName, evidence: Sequence[Evidence]) -> BackportReason:
    """The target took the file away."""
    return because(
        "file-removed", f"目标用 {_named(by)} 删除了 {path}", f"the target removed {path} in {_named(by)}", evidence
    )


def file_renamed(path: str, new: str, by: CommitName, evidence: Sequence[Evidence]) -> BackportReason:
    """The target gave the file another name."""
    return because(
        "file-renamed",
        f"目标用 {_named(by)} 把 {path} 改名为 {new}",
        f"the target renamed {path} to {new} in {_named(by)}",
        evidence,
    )


def file_added(path: str, by: CommitName | None, evidence: Sequence[Evidence]) -> BackportReason:
    """The target has a file of the name that the commit gives to a new one."""
    zh, en = (f"，由 {_named(by)} 加入", f", added by {_named(by)}") if by else ("", "")
    return because("file-there", f"目标已有 {path}{zh}", f"the target has a {path} already{en}", evidence)


def folder_moved(path: str, there: str, evidence: Sequence[Evidence]) -> BackportReason:
    """The target gave the folder of a new file another name, and git asks where the file belongs."""
    return because(
        "folder-moved",
        f"{path} 所在目录的其他文件在目标中已改名或移走，git 建议放到 {there}",
        f"what was beside {path} has another place in the target: git would put it at {there}",
        evidence,
    )


def file_lacks(path: str, by: CommitName, evidence: Sequence[Evidence]) -> BackportReason:
    """The file as a whole is older in the target."""
    return because(
        "file-older",
        f"目标的 {path} 缺少 {_named(by)} 的改动",
        f"the target's {path} lacks the change of {_named(by)}",
        evidence,
    )


def file_changed(path: str, by: CommitName, evidence: Sequence[Evidence]) -> BackportReason:
    """The target changed the file as a whole."""
    return because(
        "file-changed", f"目标用 {_named(by)} 改过 {path}", f"the target changed {path} in {_named(by)}", evidence
    )


def elsewhere(said: Text, evidence: Sequence[Evidence]) -> BackportReason:
    """What the commit changes is in another file of the target, or has another name there; `said` tells which."""
    return BackportReason("elsewhere", said, tuple(evidence))


def unknown(count: int, evidence: Sequence[Evidence]) -> BackportReason:
    """No commit on either side was found to explain it."""
    return because(
        "cause-unknown",
        f"有 {count} 处冲突查不到由哪个提交造成",
        f"which commit causes {count} of the conflicts could not be told" if count != 1
        else "which commit causes one conflict could not be told",
        evidence,
    )  # fmt: skip
