"""The fixed words of the page of `explain`."""

from __future__ import annotations

from kvmpatch.words import Text

KINDS = {
    "bit": Text("位", "bit"),
    "csr": Text("寄存器", "register"),
    "csr-alias": Text("寄存器别名", "register alias"),
    "extension": Text("扩展", "extension"),
    "isa-id": Text("ONE_REG 扩展编号", "ONE_REG id of an extension"),
    "sbi-id": Text("ONE_REG 的 SBI 扩展编号", "ONE_REG id of an SBI extension"),
    "one-reg": Text("ONE_REG 编号的组成", "part of a ONE_REG id"),
    "constant": Text("常量", "constant"),
    "exception": Text("异常与中断号", "exception or interrupt"),
    "ioctl": Text("ioctl", "ioctl"),
    "entry-point": Text("KVM 入口", "KVM entry point"),
    "phase": Text("KVM 阶段", "KVM phase"),
    "accessor": Text("CSR 访问方式", "way to reach a CSR"),
    "guard": Text("条件", "condition"),
    "guest-bit": Text("给客户机的位", "bit for the guest"),
    "area": Text("源码区域", "area of the tree"),
    "term": Text("术语", "term"),
    "rule": Text("报告语句", "statement of reports"),
    "function": Text("函数", "function"),
    "macro": Text("宏", "macro"),
    "enumerator": Text("枚举常量", "enumerator"),
    "struct": Text("结构体", "structure"),
    "union": Text("联合", "union"),
    "enum": Text("枚举", "enumeration"),
    "typedef": Text("类型定义", "typedef"),
    "variable": Text("变量", "variable"),
    "syscall": Text("系统调用", "system call"),
    "asm-symbol": Text("汇编符号", "assembly symbol"),
    "kconfig": Text("配置项", "config symbol"),
    "field": Text("字段", "field"),
}
ROLES = {
    "mask": Text("掩码", "mask"),
    "shift": Text("位号", "bit number"),
    "value": Text("字段取值", "value of a field"),
    "mode": Text("模式取值", "mode"),
}
ASKS = {
    "host": Text("宿主机", "the host"),
    "guest": Text("客户机", "the guest"),
    "vcpu": Text("这个 VCPU 的状态", "the state of this VCPU"),
    "vm": Text("虚拟机", "the VM"),
    "config": Text("内核配置", "the kernel's configuration"),
    "unknown": Text("要看上下文", "depends on the code around it"),
}

PLACE = Text("位置", "place")
VALUE = Text("取值", "value")
ADDRESS = Text("编号", "address")
MACRO = Text("宏", "macro")
FIELD = Text("字段", "field")
FIELDS = Text("字段", "fields")
BITS = Text("位", "bits")
REGISTER = Text("寄存器", "register")
REGISTERS = Text("寄存器", "registers")
EXTENSION = Text("扩展", "extension")
NOT_IN = Text("不在", "not in")
PARTS = Text("由…组成", "made of")
OTHER_NAMES = Text("又名", "also named")
GUEST = Text("给客户机", "for the guest")
SINCE = Text("版本", "releases")
STATUS = Text("状态", "status")
SOURCE = Text("来源", "source")
IMPLIES = Text("包含", "implies")
DEPENDS = Text("依赖", "needs")
HOST = Text("宿主机检测", "host detects")
KVM = Text("KVM 编号", "KVM id")
DISABLE = Text("用户态可关闭", "can be disabled")
RATIFIED = Text("批准", "ratified")
GROUP = Text("类别", "group")
HALF_OF = Text("高半部分属于", "high half of")
GUEST_NAME = Text("客户机里叫", "guest's name")
READ_ONLY = Text("只读", "read only")
ENTRIES = Text("入口函数", "entry points")
PHASE = Text("阶段", "phase")
FREQUENCY = Text("频率", "how often")
FILE = Text("文件", "file")
RENAMED_FROM = Text("原名", "was named")
RENAMED_TO = Text("后来叫", "now named")
SEEN = Text("见于", "seen in")
OPERATION = Text("操作", "does")
ASKED = Text("检查对象", "asks")
TITLE = Text("名称", "name")
SECTION = Text("章节", "section")
HOST_CHECK = Text("宿主机须有", "host must have")
DELEGATED = Text("委托", "delegated")

NOT_PROVEN = Text("主线中未证实，只在别的树里见过", "not proven in mainline, seen in other trees only")
ABSENT = Text("没有内核头文件收录", "no kernel header names it")
YES = Text("是", "yes")
NO = Text("否", "no")
RV64_ONLY = Text("仅 RV64", "RV64 only")

TREE = Text("本仓库", "This tree")
DEFINED = Text("定义", "defined")
USED = Text("使用", "used")
INTRODUCED = Text("引入", "brought by")
UNDEFINED = Text("未定义", "not defined")
UNUSED = Text("未使用", "not used")
SAME = Text("与已知一致", "as known")
DIFFERENT = Text("与已知不同", "differs from what is known")
OUTSIDE = Text("函数之外", "outside functions")
NOWHERE = Text("这棵树里没有。", "This tree does not have it.")


def in_releases(since: str | None, until: str | None, by: str | None) -> Text | None:
    """From which release to which; `by` is the oldest tree that was read and has it."""
    if since and until:
        return Text(f"{since} 至 {until}", f"{since} to {until}")
    if since:
        return Text(f"{since} 起", f"since {since}")
    if until:
        return Text(f"至 {until}", f"until {until}")
    return Text(f"不晚于 {by}", f"{by} or earlier") if by else None


def bit_range(hi: int, lo: int) -> str:
    """`62` or `33:32`."""
    return str(hi) if hi == lo else f"{hi}:{lo}"


def uses(lines: int, functions: int, files: int) -> Text:
    """How often a name is used."""
    return Text(
        f"{lines} 行，{functions} 个函数，{files} 个文件",
        f"{_count(lines, 'line')}, {_count(functions, 'function')}, {_count(files, 'file')}",
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def width_only(width: int) -> Text:
    """A place that one XLEN has."""
    return Text(f"仅 RV{width}", f"RV{width} only")
