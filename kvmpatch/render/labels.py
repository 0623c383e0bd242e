"""The fixed words of pages: section titles, field labels, names of kinds and roles."""

from __future__ import annotations

from kvmpatch.words import Text

SECTION_TITLES = {
    "basic": Text("基本信息", "Basics"),
    "changes": Text("改动", "Changes"),
    "flow": Text("执行流程", "Execution flow"),
    "extensions": Text("扩展", "Extensions"),
    "background": Text("作者的说明", "In the author's words"),
    "causes": Text("相关历史", "History"),
    "relation": Text("关系", "Relation"),
    "warnings": Text("注意", "Warnings"),
}

# What the author's own sentences are about, by the code of their statement; of the others nothing is said.
AUTHOR_ON = {
    "author-problem": Text("问题", "problem"),
    "author-solution": Text("做法", "solution"),
}

COMMIT = Text("提交", "commit")
SUBJECT_UNKNOWN = Text("（无标题）", "(no subject)")
NO_ID = Text("（无提交号）", "(no commit id)")
AUTHOR = Text("作者", "author")
COMMITTER = Text("提交者", "committer")
APPLIED = Text("合入", "applied")
UPSTREAM_APPLIED = Text("上游合入", "applied upstream")
REVIEWED = Text("评审", "reviewed")
TESTED = Text("测试", "tested")
MAINTAINERS = Text("维护者", "maintainers")
ASKED = Text("查询", "asked")
PARENTS = Text("父提交", "parents")
TRAILERS = Text("尾部标签", "trailers")
UPSTREAM = Text("上游", "upstream")
FIXES = Text("修复", "fixes")
STABLE = Text("stable", "stable")
REVERTS = Text("还原", "reverts")
LINKS = Text("链接", "links")
SERIES = Text("系列", "series")
FILES = Text("文件", "files")

NOT_HERE = Text("本仓库无此提交", "not in this repository")
SINCE = Text("起", "and later")
NOAUTOSEL = Text("不要自动选取", "not for autosel")
BACKPORT = Text("回移植", "backport")
AS_BACKPORT = Text("是它在本仓库的回移植", "is its backport here")
FROM_PATCH = Text("读自补丁文本", "read from patch text")
ALSO = Text("另有", "also")

UNKNOWN = Text("未知", "unknown")
NONE = Text("无", "none")
NOT_WORKED_OUT = Text("未得出", "Not worked out")
UNCERTAIN = Text(
    "? 仅依据 hunk 头，或源码解析时有错误", "? known from a hunk header only, or parsed in spite of errors"
)
BASIS = {
    "parsed-with-errors": Text("解析有误", "parsed with errors"),
    "hunk-header": Text("仅据 hunk 头", "hunk header only"),
}
SERIES_BASIS = {
    "message": Text("据邮件标题", "from the subject"),
    "link": Text("据 Link: 编号推断", "inferred from the Link: ids"),
    "neighbours": Text("据作者与日期推断", "inferred from author and date"),
}
WAS = Text("原为", "was")
DIFFERS = Text("差异", "differs")
ASPECTS = {
    "name": Text("名称", "name"),
    "path": Text("路径", "path"),
    "signature": Text("原型", "signature"),
    "linkage": Text("链接属性", "linkage"),
    "body": Text("内容", "body"),
    "value": Text("取值", "value"),
    "members": Text("成员", "members"),
}
FILE_STATUS = {
    "added": Text("新增", "new"),
    "deleted": Text("删除", "deleted"),
    "modified": Text("修改", "modified"),
    "renamed": Text("改名", "renamed"),
    "copied": Text("复制", "copied"),
    "mode": Text("权限", "mode"),
    "type": Text("类型", "type"),
}
BINARY = Text("二进制", "binary")
OTHER_FILES = Text("无结构性改动的文件", "No structural change in")
ELSEWHERE = Text("函数之外", "outside functions")
NOTHING_STRUCTURAL = Text("没有结构性改动。", "No structural change.")

EXTENSION = Text("扩展", "extension")
MACRO = Text("位", "bit")
REGISTER = Text("寄存器", "register")
CHANGE = Text("变化", "change")
GUARD = Text("检查对象", "guard")
THROUGH = Text("依据", "through")
ROLES = {
    "added": Text("新增", "added"),
    "removed": Text("删除", "removed"),
    "moved": Text("搬移", "moved"),
    "modified": Text("修改", "modified"),
    "context": Text("仅在上下文", "context only"),
}
ALL_ROLES = {
    "added": Text("均为新增", "all added"),
    "removed": Text("均被删除", "all removed"),
    "moved": Text("均为搬移", "all moved"),
    "modified": Text("均有修改", "all modified"),
    "context": Text("均仅在上下文中出现", "all in context only"),
}
GUARD_KINDS = {
    "host": Text("宿主机", "host"),
    "guest": Text("客户机 ISA", "guest's ISA"),
    "vcpu": Text("vCPU 状态", "vCPU state"),
    "vm": Text("虚拟机", "VM"),
    "config": Text("内核配置", "kernel config"),
    "unknown": Text("未知", "unknown"),
}
UNGUARDED = Text("无条件", "unconditional")

PHASE = Text("阶段", "phase")
BEFORE = Text("之前", "before")
AFTER = Text("之后", "after")
PHASES = {
    "module-init": Text("模块初始化", "module init"),
    "cpu-enable": Text("启用 CPU 虚拟化", "CPU enable"),
    "vm-create": Text("创建虚拟机", "VM create"),
    "vcpu-create": Text("创建 vCPU", "vCPU create"),
    "vcpu-reset": Text("vCPU 复位", "vCPU reset"),
    "user-ioctl": Text("用户态 ioctl", "user ioctl"),
    "run-ioctl": Text("每次 KVM_RUN", "each KVM_RUN"),
    "first-run": Text("首次 KVM_RUN", "first KVM_RUN"),
    "vcpu-load": Text("vcpu_load", "vcpu_load"),
    "pre-entry": Text("进入前", "pre-entry"),
    "guest-entry": Text("进入客户机", "guest entry"),
    "world-switch": Text("上下文切换", "world switch"),
    "guest-exit": Text("退出客户机", "guest exit"),
    "post-exit": Text("退出后", "post-exit"),
    "exit-handling": Text("退出处理", "exit handling"),
    "vcpu-put": Text("vcpu_put", "vcpu_put"),
    "scheduling": Text("调度", "scheduling"),
    "vcpu-destroy": Text("销毁 vCPU", "vCPU destroy"),
    "vm-destroy": Text("销毁虚拟机", "VM destroy"),
    "cpu-disable": Text("停用 CPU 虚拟化", "CPU disable"),
    "callback": Text("回调", "callback"),
}
WAS_IN = Text("原在", "was in")
NO_PHASE_CHANGE = Text(
    "各阶段的寄存器访问、字段写入和调用不变；先后次序只比对了 CSR。",
    "Register accesses, writes of fields and calls are the same in each phase; only of CSRs was the order compared.",
)
NO_FUNCTION = Text("没有改动函数。", "No function is changed.")

INTRODUCED = Text("之前", "before")
FOLLOWED = Text("之后", "after")
FIXED = Text("后续修复", "fixed by")
REVERTED = Text("被还原", "reverted by")
SEARCHED = Text("检索范围", "searched")
UP_TO = Text("截至", "up to")
INCOMPLETE = Text("未检索完", "not complete")
ALL_HISTORY = Text("全部历史", "all history")

VERDICTS = {
    "touches": Text("直接涉及", "touched here"),
    "needed": Text("以本提交为前提", "needs this commit"),
    "needed-by": Text("是本提交的前提", "needed by this commit"),
    "context": Text("不涉及，仅在补丁上下文中相邻", "not touched, a neighbour in the patch text only"),
    "same-series": Text("不涉及，但属于同一系列", "not touched, but in the same series"),
    "same-structure": Text("不涉及，但属于同一结构体", "not touched, but in the same structure"),
    "none": Text("没有关系", "no relation"),
    "unknown": Text("无法判断", "undecided"),
}


def more(count: int) -> Text:
    """What says that a list goes on."""
    return Text(f"… 另有 {count} 项（-v 显示全部）", f"… and {count} more (-v)")


def more_warnings(count: int) -> Text:
    """How many warnings stand in the longer report."""
    return Text(f"{count} 条注意事项，见完整报告", f"{count} warning{'s' * (count > 1)} in the full report")


def files_count(count: int) -> Text:
    """How many files a commit touches."""
    return Text(f"{count} 个文件", f"{count} file{'s' * (count != 1)}")


def relation_title(about: str) -> Text:
    """The title of the relation section."""
    return Text(f"与 {about} 的关系", f"Relation to {about}")


def bits_count(count: int) -> Text:
    """Several bits at once, in a table's cell."""
    return Text(f"{count} 个位", f"{count} bits")
