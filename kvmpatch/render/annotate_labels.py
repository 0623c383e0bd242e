"""The fixed words of `annotate`: its pages, and the lines that other programs show."""

from __future__ import annotations

from collections.abc import Mapping

from kvmpatch.words import Text

SECTIONS = {
    "error": Text("错误", "Errors"),
    "undecided": Text("无法判断", "Undecided"),
    "warning": Text("警告", "Warnings"),
    "note": Text("提示", "Notes"),
    "known": Text("基线中已有", "Known in the baseline"),
}
"""The sections in which findings are told, in their order."""

COMMITS = Text("各提交的结论", "Commit by commit")
ONTO = Text("目标", "onto")
COMMIT = Text("提交", "commit")
VERDICT = Text("结论", "verdict")
FINDINGS = Text("发现", "findings")
NOTHING = Text("没有发现", "Nothing to complain of")
KNOWN = Text("已知", "known")
UNDECIDED = Text("无法判断", "undecided")


def counted(counts: Mapping[str, int]) -> list[Text]:
    """How many of each, `2 errors`, in the order of the sections; none where there are none."""
    one = {
        "error": ("个错误", "error", "errors"),
        "undecided": ("项无法判断", "undecided", "undecided"),
        "warning": ("个警告", "warning", "warnings"),
        "note": ("条提示", "note", "notes"),
        "known": ("项已知", "known", "known"),
    }
    return [
        Text(f"{counts[name]} {zh}", f"{counts[name]} {single if counts[name] == 1 else many}")
        for name, (zh, single, many) in one.items()
        if counts.get(name)
    ]


def left_out(counts: Mapping[str, int]) -> Text:
    """What a limit left out."""
    words = counted(counts)
    zh, en = "、".join(word.zh for word in words), ", ".join(word.en for word in words)
    return Text(f"另有 {zh}未列出", f"{en} more not shown here")
