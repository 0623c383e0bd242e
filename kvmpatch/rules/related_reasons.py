"""Why a commit is among the relatives of another, in words. The codes are stable; each has one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.related import RelatedReason
from kvmpatch.rules.spoken import listed
from kvmpatch.words import Text

GROUP_TITLES = {
    "match": Text("匹配", "Matches"),
    "series": Text("同一系列", "Series"),
    "prerequisite": Text("前提", "Prerequisites"),
    "follow-up": Text("后续", "Follow-ups"),
    "fix": Text("修复", "Fixes"),
    "revert": Text("还原", "Reverts"),
    "backport": Text("别处的同一改动", "The same change elsewhere"),
    "same-symbol": Text("改动同一处", "Changes to the same symbols"),
    "mention": Text("提及", "Mentions"),
}
"""What each group is called."""

_BASIS = {
    "message": Text("据邮件标题", "as the subject says"),
    "link": Text("据 Link: 编号推断", "inferred from the Link: ids"),
    "neighbours": Text("据作者与日期推断", "inferred from author and date"),
    "merge": Text("由它合入", "merged by it"),
}


def short(identity: str) -> str:
    """Twelve digits, as kernel messages name commits."""
    return identity[:12]


def _made(code: str, zh: str, en: str, evidence: Sequence[Evidence]) -> RelatedReason:
    return RelatedReason(code, Text(zh, en), tuple(evidence))


# ---- match ---------------------------------------------------------------------------------------------------------


def matches(evidence: Sequence[Evidence]) -> RelatedReason:
    """The filters of `git log` let the commit through."""
    return _made("filter", "符合查询条件", "matches the filters", evidence)


def touches(about: str, places: Sequence[str], evidence: Sequence[Evidence]) -> RelatedReason:
    """The commit changes what was asked for."""
    names = listed(list(dict.fromkeys(places)), most=4)
    return _made("changes", f"改动 {about}：{names.zh}", f"changes {about}: {names.en}", evidence)


# ---- series --------------------------------------------------------------------------------------------------------


def in_series(of: str, basis: str, position: int, total: int, evidence: Sequence[Evidence]) -> RelatedReason:
    """The commit stands in one series with another."""
    why = _BASIS.get(basis, Text.same(basis))
    if evidence[0].commit == of and basis != "merge":
        zh = f"系列的第 {position} 个，共 {total} 个（{why.zh}）"
        return _made("same-series", zh, f"{position} of {total} in its series ({why.en})", evidence)
    return _made(
        "same-series",
        f"与 {short(of)} 同一系列，第 {position} 个，共 {total} 个（{why.zh}）",
        f"in one series with {short(of)}, {position} of {total} ({why.en})",
        evidence,
    )


# ---- what a commit needs -------------------------------------------------------------------------------------------


def defines(by: str, names: Sequence[str], evidence: Sequence[Evidence], *, back: bool = False) -> RelatedReason:
    """It brings names that another commit's new lines use; `back` where it reverts what had taken them away."""
    said, verb = listed(list(names)), Text("恢复", "brings back") if back else Text("引入", "brings")
    zh, en = f"{verb.zh} {short(by)} 用到的 {said.zh}", f"{verb.en} {said.en}, used by {short(by)}"
    return _made("defines", zh, en, evidence)


def exports(by: str, names: Sequence[str], evidence: Sequence[Evidence]) -> RelatedReason:
    """It makes names visible that another commit's new lines use."""
    said = listed(list(names))
    return _made("declares", f"声明 {short(by)} 用到的 {said.zh}", f"declares {said.en}, used by {short(by)}", evidence)


def brings_changed(by: str, said: Text, evidence: Sequence[Evidence]) -> RelatedReason:
    """It brings what another commit changes; `said` tells what it brings."""
    return _made(
        "brings-changed", f"{said.zh}（{short(by)} 改动了它）", f"{said.en} (changed by {short(by)})", evidence
    )


def shifted_number(by: str, said: Text, evidence: Sequence[Evidence]) -> RelatedReason:
    """It brought a constant whose number another commit shifts; `said` tells what it brought."""
    return _made(
        "number-shifted",
        f"{said.zh}（{short(by)} 在它前面加了别的，数值随之变化）",
        f"{said.en} (its number shifts in {short(by)})",
        evidence,
    )


def gives_context(by: str, count: int, evidence: Sequence[Evidence]) -> RelatedReason:
    """Lines that it added are context or removed lines of another commit's patch."""
    return _made(
        "context",
        f"{short(by)} 的补丁上下文中有它加入的 {count} 行",
        f"{count} line{'s' * (count != 1)} it added {'are' if count != 1 else 'is'} context of {short(by)}",
        evidence,
    )


def moved_file(by: str, before: str, path: str, count: int, evidence: Sequence[Evidence]) -> RelatedReason:
    """It moved a file in which another commit's patch has its context."""
    are = "stand" if count != 1 else "stands"
    return _made(
        "moved-file",
        f"把 {before} 移为 {path}，{short(by)} 的补丁上下文有 {count} 行在其中",
        f"moved {before} to {path}, where {count} line{'s' * (count != 1)} of the context of {short(by)} {are}",
        evidence,
    )


def fixed_here(by: str, evidence: Sequence[Evidence]) -> RelatedReason:
    """Another commit says that it fixes this one."""
    return _made("fixed", f"{short(by)} 以 Fixes: 指向它", f"{short(by)} names it in Fixes:", evidence)


def dependency(of: str, word: str, evidence: Sequence[Evidence]) -> RelatedReason:
    """A message says that another commit needs this one."""
    return _made("dependency", f"提交信息说明 {short(of)} 依赖它（{word}）", f"{short(of)} needs it ({word})", evidence)


# ---- what came later -----------------------------------------------------------------------------------------------


_BROUGHT = {
    "introduced": Text("引入", "brought"),
    "restored": Text("恢复", "brought back"),
    "renamed": Text("改名而来", "renamed"),
    "moved": Text("搬移", "moved"),
}
"""How a commit came to be the one that a name leads to."""


def later_change(of: str, said: Text, how: str | None, evidence: Sequence[Evidence]) -> RelatedReason:
    """A later commit changes what an earlier one brought; `said` tells what it does, `how` how that one brought it.

    None where what was brought had another name then.
    """
    if how is None:
        zh, en = f"{short(of)} 引入，当时另有其名", f"brought by {short(of)} under another name"
    else:
        zh, en = f"{short(of)} {_BROUGHT[how].zh}", f"{_BROUGHT[how].en} by {short(of)}"
    return _made("follows", f"{said.zh}（{zh}）", f"{said.en} ({en})", evidence)


def later_use(of: str, names: Mapping[str, str], evidence: Sequence[Evidence]) -> RelatedReason:
    """A later commit uses what an earlier one brought: the names, each with how that one brought it."""
    zh, en = [], []
    for how, verb in _BROUGHT.items():
        if mine := [name for name, one in names.items() if one == how]:
            said = listed(mine)
            zh.append(f"{verb.zh}的 {said.zh}")
            en.append(f"{said.en}, {verb.en} by {short(of)}")
    return _made("uses", f"用到 {short(of)} {'、'.join(zh)}", f"uses {', and '.join(en)}", evidence)


def needs_it(of: str, word: str, evidence: Sequence[Evidence]) -> RelatedReason:
    """A message says that this commit needs another one."""
    return _made("needs", f"依赖 {short(of)}（{word}）", f"needs {short(of)} ({word})", evidence)


# ---- fixes, reverts, twins, mentions -------------------------------------------------------------------------------


def fixes(target: str, evidence: Sequence[Evidence], *, by_subject: bool = False) -> RelatedReason:
    """A message says what it fixes."""
    if by_subject:
        return _made(
            "fixes-by-subject",
            f"Fixes: 写的是 {short(target)} 的标题，该提交号本仓库没有",
            f"its Fixes: has the subject of {short(target)} and an id that is not here",
            evidence,
        )
    return _made("fixes", f"修复 {short(target)}", f"fixes {short(target)}", evidence)


def reverts(target: str, evidence: Sequence[Evidence]) -> RelatedReason:
    """A message says what it takes back."""
    return _made("reverts", f"还原 {short(target)}", f"reverts {short(target)}", evidence)


def reverted(by: str, evidence: Sequence[Evidence]) -> RelatedReason:
    """A commit takes this one back: the two cancel each other."""
    return _made("reverted", f"被 {short(by)} 还原，二者抵消", f"reverted by {short(by)}: the two cancel", evidence)


def same_change(target: str, form: str, evidence: Sequence[Evidence]) -> RelatedReason:
    """A message says that this is another commit's change; `form` is how it says so."""
    return _made(
        "backport",
        f"与 {short(target)} 是同一改动（{form}）",
        f"says that it is the same change as {short(target)} ({form})",
        evidence,
    )


def taken_by(other: str, form: str, evidence: Sequence[Evidence]) -> RelatedReason:
    """Another commit's message says that it is this one's change; `form` is how it says so."""
    return _made(
        "origin",
        f"{short(other)} 说明自己与它是同一改动（{form}）",
        f"{short(other)} says that it is the same change ({form})",
        evidence,
    )


def twin(target: str, upstream: str, evidence: Sequence[Evidence]) -> RelatedReason:
    """Two commits point to the same upstream commit."""
    return _made(
        "twin",
        f"与 {short(target)} 同为上游 {short(upstream)} 的回移植",
        f"like {short(target)}, a backport of upstream {short(upstream)}",
        evidence,
    )


def same_patch(target: str, evidence: Sequence[Evidence]) -> RelatedReason:
    """Author, author date and subject are the same."""
    return _made(
        "same-author-date",
        f"标题、作者与作者日期同 {short(target)}",
        f"subject, author and author date of {short(target)}",
        evidence,
    )


def mentions(target: str, evidence: Sequence[Evidence]) -> RelatedReason:
    """A message names another commit."""
    return _made("mentions", f"提交信息提到 {short(target)}", f"its message names {short(target)}", evidence)


def mentioned(by: str, evidence: Sequence[Evidence]) -> RelatedReason:
    """Another commit's message names this one."""
    return _made("mentioned", f"{short(by)} 的提交信息提到它", f"named in the message of {short(by)}", evidence)


def names_only(about: str, evidence: Sequence[Evidence]) -> RelatedReason:
    """The message names what was asked for, and the commit does not change it."""
    return _made(
        "names-only",
        f"提交信息提到 {about}，改动中没有",
        f"its message names {about}, its changes do not touch it",
        evidence,
    )


def same_place(of: str, names: Sequence[str], evidence: Sequence[Evidence]) -> RelatedReason:
    """It changes what another commit changes as well."""
    said = listed(list(names))
    return _made("same-symbol", f"与 {short(of)} 都改动 {said.zh}", f"changes {said.en}, as {short(of)} does", evidence)
