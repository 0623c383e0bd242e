"""Why a commit stands in another's history, in words. The codes are stable; each has one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Reason
from kvmpatch.rules.phrases import done
from kvmpatch.rules.spoken import listed
from kvmpatch.words import Text

# Strongest first: where several things hold of one commit, its entry is named for the first.
STRENGTH = (
    "brought-access", "brought-bit", "brought", "restored", "renamed", "removed", "moved", "rewritten", "variant",
    "extended", "dropped-access", "dropped-bit", "changed-access", "changed-bit", "moved-access", "moved-bit",
    "changed", "selftest", "since-root",
)  # fmt: skip


def reason(
    code: str, symbols: Sequence[str], details: Sequence[str] = (), *, first: bool = False, again: bool = False
) -> Reason:
    """The reason of a code for some symbols.

    `first`: nothing in the tree did the same before; `again`: nothing did, yet an earlier commit had (and was undone).
    """
    names = listed(list(symbols))
    return Reason(code, _said(code, names, list(details), first, again))


def _said(code: str, names: Text, details: list[str], first: bool, again: bool) -> Text:
    along = details[details.index("") + 1 :] if "" in details else []
    details = details[: details.index("")] if "" in details else details
    detail = listed(details) if details else Text.same("–")
    if code == "brought-access":
        verb = done(details[0] if details else None)
        if again:
            return Text(f"再次{verb.zh} {names.zh}", f"{names.en} {verb.en} again")
        return (
            Text(f"首次{verb.zh} {names.zh}", f"{names.en} first {verb.en} here")
            if first
            else Text(f"新增一处{verb.zh} {names.zh}", f"{names.en} {verb.en} in one more place")
        )
    if code == "extended" and all("." in one for one in details):
        return Text(f"新增 {detail.zh}", f"gained {detail.en}")
    words = {
        "brought-bit": Text(f"加入 {names.zh}", f"added {names.en}"),
        "brought": Text(f"引入 {names.zh}", f"introduced {names.en}"),
        "restored": Text(f"恢复 {names.zh}", f"brought back {names.en}"),
        "rewritten": Text(f"重写 {names.zh}", f"rewrote {names.en}"),
        "variant": Text(f"为 {names.zh} 新增另一处定义", f"added another definition of {names.en}"),
        "extended": Text(f"{names.zh} 新增 {detail.zh}", f"{names.en} gained {detail.en}"),
        "renamed": _with(
            Text(f"{names.zh} 更名为 {detail.zh}", f"{names.en} renamed to {detail.en}"), "移动", "moved", along
        ),
        "moved": Text(f"{names.zh} 移到 {detail.zh}", f"{names.en} moved to {detail.en}"),
        "removed": Text(f"删除 {names.zh}", f"removed {names.en}"),
        "changed": _with(Text(f"修改 {names.zh}", f"changed {names.en}"), "加入", "added", details),
        "dropped-access": Text(f"去掉对 {names.zh} 的访问", f"an access to {names.en} dropped"),
        "changed-access": Text(f"改动对 {names.zh} 的访问", f"an access to {names.en} changed"),
        "moved-access": Text(f"搬移对 {names.zh} 的访问", f"an access to {names.en} moved"),
        "dropped-bit": Text(f"去掉 {names.zh}", f"dropped {names.en}"),
        "changed-bit": Text(f"改动 {names.zh} 的条件或去向", f"condition or target of {names.en} changed"),
        "moved-bit": Text(f"搬移 {names.zh}", f"moved {names.en}"),
        "selftest": Text(f"自测用到 {names.zh}", f"a selftest uses {names.en}"),
        "since-root": Text(f"自首个提交起就有 {names.zh}", f"{names.en}: there since the first commit"),
        "fixes": Text("以 Fixes: 指向本提交", "names it in Fixes:"),
        "fixed": Text("本提交以 Fixes: 修复它", "named in Fixes: here"),
        "reverts": Text("还原本提交", "reverts it"),
    }
    return words.get(code) or Text(f"涉及 {names.zh}", f"concerns {names.en}")


def _with(said: Text, zh: str, en: str, more: list[str]) -> Text:
    """What was said, and what else was done in the same go."""
    if not more:
        return said
    names = listed(more)
    return Text(f"{said.zh}，{zh} {names.zh}", f"{said.en}, {en} {names.en}")
