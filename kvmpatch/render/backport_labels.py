"""The fixed words of the pages of `backport`."""

from __future__ import annotations

from kvmpatch.words import Text

PRESENCE = Text("是否已在目标中", "Is it in already")
PICK = Text("试合入", "Dry pick")
PREREQUISITES = Text("前提", "What it needs first")
FIXES = Text("须跟进的修复", "Fixes that must follow")
RISKS = Text("合入后须留意", "What to mind")
HEADER = Text("提交信息", "Message")
PLAN = Text("方案", "Plan")

VERDICTS = {
    "ready": Text("可以合入", "ready"),
    "needs": Text("还需要其他提交", "needs more"),
    "conflict": Text("冲突", "conflict"),
    "present": Text("已有", "present"),
    "partial": Text("只有一部分", "partial"),
    "unknown": Text("无法判断", "undecided"),
}
STATES = {
    "present": Text("已有", "present"),
    "partial": Text("只有一部分", "partial"),
    "absent": Text("没有", "absent"),
    "unknown": Text("查不清", "undecided"),
}
PICKS = {
    "clean": Text("无冲突", "clean"),
    "conflict": Text("冲突", "conflict"),
    "empty": Text("没有变化", "nothing to do"),
    "unknown": Text("缺少对象，试不了", "objects are missing"),
}
RUNGS = {
    "object": Text("提交本身", "the commit itself"),
    "upstream-id": Text("上游提交号", "upstream id"),
    "twin-id": Text("同一上游", "twin id"),
    "subject": Text("标题与文件", "subject and files"),
    "patch-id": Text("逐行相同", "patch id"),
    "hunks": Text("文件内容", "hunks"),
    "unknown": Text("无依据", "undecided"),
}
KINDS = {
    "needed": Text("必需", "needed"),
    "textual": Text("仅文本", "textual"),
    "incidental": Text("附带", "incidental"),
}
LIKENESS = {
    "identical": Text("与上游一致", "identical to upstream"),
    "context": Text("仅上下文不同", "differs in context only"),
    "partial": Text("少了上游的一部分", "lacks a part of upstream"),
    "modified": Text("与上游不同", "modified against upstream"),
    "different": Text("与上游是两回事", "another change than upstream"),
}
LEVELS = {
    "error": Text("错误", "error"),
    "warning": Text("警告", "warning"),
    "note": Text("提示", "note"),
}
COMPARED = Text("与上游对照", "against upstream")
MISSING = Text("缺少", "missing")
DIFFERENT = Text("差异", "differs")
WHOLE_FILE = Text("整个文件", "the whole file")
FOUND_IN = Text("见于", "in")
TARGET = Text("目标", "onto")
IN_TARGET = Text("目标已有", "in the target")
NOT_KNOWN = Text("目标是否已有：查不清", "whether the target has it could not be told")
SET_ASIDE = Text("不必跟进", "set aside")
SPARED = Text("方案不带它也能合入", "not in the plan: it goes in without")
TAKEN = Text("方案带上它，否则冲突", "in the plan: it conflicts without")
FOR = Text("针对", "for")
TRIED_CLEAN = Text("逐个试过，全部合入，得到树", "tried one by one, all went in; the tree is")
TRIED_FAILED = Text("逐个试过，停在", "tried one by one; stopped at")
NOT_TRIED = Text("未试", "not tried")
COMMANDS = Text("命令", "commands")
NOTE = Text("差异说明（供写入提交信息）", "a remark on the deviation, for the message")
NOTE_INSTEAD = Text(
    "若不带入前提而自行改写，可在提交信息中说明", "a remark for the message, should it be adapted without what it needs"
)
PROPOSAL = Text("提交信息开头可写作", "the head of its message would be")
HEADER_FINE = Text("格式符合", "has the form of")
NO_CANDIDATE = Text("没有要合入的提交", "no commit to bring")
SUMMARY = Text("总览", "Overview")


def lines_of(first: int, last: int) -> Text:
    """Lines of the candidate's own file."""
    if first == last:
        return Text(f"第 {first} 行", f"line {first}")
    return Text(f"第 {first}–{last} 行", f"lines {first}–{last}")
