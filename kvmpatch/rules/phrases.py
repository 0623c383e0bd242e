"""When things happen, as a part of a sentence: the phases of a VCPU's life in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kvmpatch.words import Text

_WHEN = {
    "module-init": Text("模块初始化时", "at module init"),
    "cpu-enable": Text("每个 CPU 启用虚拟化时", "when a CPU enables virtualization"),
    "cpu-disable": Text("每个 CPU 停用虚拟化时", "when a CPU disables virtualization"),
    "vm-create": Text("创建虚拟机时", "at VM creation"),
    "vm-destroy": Text("销毁虚拟机时", "at VM destruction"),
    "vcpu-create": Text("创建 VCPU 时", "at VCPU creation"),
    "vcpu-destroy": Text("销毁 VCPU 时", "at VCPU destruction"),
    "vcpu-reset": Text("VCPU 复位时", "at VCPU reset"),
    "user-ioctl": Text("用户态 ioctl 时", "in a user-space ioctl"),
    "run-ioctl": Text("每次 KVM_RUN 时", "at every KVM_RUN"),
    "first-run": Text("首次 KVM_RUN 时", "in the first KVM_RUN"),
    "vcpu-load": Text("每次 vcpu_load 时", "at every vcpu_load"),
    "vcpu-put": Text("每次 vcpu_put 时", "at every vcpu_put"),
    "pre-entry": Text("每次进入客户机前", "before every guest entry"),
    "guest-entry": Text("每次进入客户机时", "at every guest entry"),
    "world-switch": Text("每次上下文切换时", "in every world switch"),
    "guest-exit": Text("每次退出客户机时", "at every guest exit"),
    "post-exit": Text("每次退出客户机后", "after every guest exit"),
    "exit-handling": Text("处理客户机退出时", "while handling a guest exit"),
    "callback": Text("作为回调时", "in a callback"),
    "scheduling": Text("VCPU 阻塞或唤醒时", "when a VCPU blocks or wakes"),
}


def when(phase: str) -> Text:
    """The time of a phase, to stand in the middle of a sentence; the slug where there are no words for it."""
    return _WHEN.get(phase) or Text(f"{phase} 阶段", f"in phase {phase}")


_DOES = {
    "read": Text("读取", "read"),
    "write": Text("写入", "written"),
    "set": Text("置位", "set"),
    "clear": Text("清位", "cleared"),
    "swap": Text("交换", "swapped"),
    "read_set": Text("读并置位", "read and set"),
    "read_clear": Text("读并清位", "read and cleared"),
}


def done(operation: str | None) -> Text:
    """What is done to a CSR, as a participle."""
    return _DOES.get(operation or "", Text("访问", "accessed"))


_BITWISE = {"set", "clear", "read_set", "read_clear"}


def of_registers(names: str, count: int, operations: Iterable[str | None]) -> str:
    """Registers as a subject with its verb: of those that are only set or cleared bit by bit, `bits of sie are`."""
    if all(operation in _BITWISE for operation in operations):
        return f"bits of {names} are"
    return f"{names} {'is' if count == 1 else 'are'}"


def joined(parts: Sequence[Text]) -> Text:
    """Several parts of a sentence as one: `at every guest entry and at every guest exit`."""
    return Text("、".join(part.zh for part in parts), " and ".join(part.en for part in parts))
