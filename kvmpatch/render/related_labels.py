"""The fixed words of the pages of `related`."""

from __future__ import annotations

from kvmpatch.words import Text

RELATIONS = Text("关系图", "How they belong together")
ASKED = Text("所问", "asked")
NOTHING = Text("没有匹配的提交", "No commit matches")
NO_RELATIVES = Text("没有找到相关提交", "No relatives were found")
LEFT_OUT = Text("另有", "and")
NEEDED = Text("必需", "needed")
TEXTUAL = Text("仅文本", "textual")
KINDS = {"needed": NEEDED, "textual": TEXTUAL}
SEARCHED_NONE = Text("未找到", "none")
UNKNOWN_GROUPS = Text("未知", "unknown")

WORDS = {
    "needs": Text("前提", "needed by"),
    "leans-on": Text("上下文", "context of"),
    "fixes": Text("修复", "fixed by"),
    "reverts": Text("还原", "reverted by"),
    "same-change": Text("同一改动", "same change"),
    "follows": Text("后续改动", "changed by"),
    "uses": Text("使用", "used by"),
    "same-symbol": Text("同一处", "same symbol"),
    "mentions": Text("提及", "mentioned by"),
    "series": Text("系列", "series"),
    "merges": Text("合入", "merged by"),
}
"""What an edge says, read from the older commit to the younger."""

STOPPED = {
    "shallow": Text("浅克隆", "a shallow clone"),
    "earlier-limit": Text("更早的提交未全部查看", "not all earlier commits were read"),
    "later-limit": Text("更晚的提交未全部查看", "not all later commits were read"),
    "age-limit": Text("五年以前引入的名字未查找", "names brought more than five years before were not looked for"),
    "time-limit": Text("时间已到", "the time was up"),
    "deep-limit": Text("只为少数几个提交查找了前提与后续", "prerequisites and follow-ups of a few commits only"),
    "walk-limit": Text("更早的历史未查看", "older history was not read"),
    "candidate-limit": Text("候选提交过多", "too many candidates"),
    "fix-limit": Text("修复的修复未全部跟进", "not all fixes of fixes were followed"),
    "too-large": Text("提交过大，未查找前提与后续", "too large a commit for prerequisites and follow-ups"),
    "empty": Text("提交没有改动文件", "the commit touches no file"),
    "unreadable": Text("有提交无法读取", "some commits could not be read"),
    "names": Text("名字未全部查找", "not all names were looked up"),
}
"""Why a search stopped."""

COUNTS = {
    "match": Text("匹配", "match"),
    "series": Text("系列", "series"),
    "prerequisite": Text("前提", "prerequisites"),
    "follow-up": Text("后续", "follow-ups"),
    "fix": Text("修复", "fixes"),
    "revert": Text("还原", "reverts"),
    "backport": Text("同一改动", "same change"),
    "same-symbol": Text("同一处", "same symbols"),
    "mention": Text("提及", "mentions"),
}


def more_commits(count: int) -> Text:
    """How many commits of a group are not listed."""
    return Text(f"… 另有 {count} 个", f"… and {count} more")
