"""Extensions that user space can give to guests from now on, and those that the host's kernel learns to detect.

Authority: the number in `enum KVM_RISCV_ISA_EXT_ID` (or `KVM_RISCV_SBI_EXT_ID`) with its entry in KVM's table makes an
extension visible through ONE_REG; a `RISCV_ISA_EXT_*` number with an entry in `riscv_isa_ext` makes it detected.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvmpatch import knowledge
from kvmpatch.model import Change, Evidence, Happened, Kind, MemberChange, Report
from kvmpatch.rules.spoken import Context, Spoken, listed, say
from kvmpatch.words import Text

_ISA, _SBI, _HOST = "KVM_RISCV_ISA_EXT_", "KVM_RISCV_SBI_EXT_", "RISCV_ISA_EXT_"
_MOST = 4


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """One sentence for each kind of number that comes with its table entry."""
    del context
    touched = {change.name: change for change in report.changes if change.kind is Kind.VARIABLE}
    for change in report.changes:
        if change.kind is not Kind.ENUM or change.change is not Happened.MODIFIED:
            continue
        if change.name.endswith("ISA_EXT_ID") and "kvm_isa_ext_arr" in touched:
            yield from _offered(report, change, _ISA)
        elif change.name.endswith("SBI_EXT_ID") and "sbi_ext" in touched:
            yield from _offered(report, change, _SBI)
    if "riscv_isa_ext" in touched and touched["riscv_isa_ext"].change is Happened.MODIFIED:
        yield from _detected(report)


def _offered(report: Report, enum: Change, prefix: str) -> Iterator[Spoken]:
    members = [
        member
        for member in enum.members
        if member.change is Happened.ADDED and member.name.startswith(prefix) and not member.name.endswith("_MAX")
    ]
    if not members:
        return
    names = listed([_name(member.name, prefix) for member in members], most=_MOST)
    ids = _ids(members)
    kind_zh, kind_en = ("SBI 扩展 ", "SBI extension ") if prefix == _SBI else ("", "")
    off_zh, off_en = ("，默认关闭", ", off until user space enables it") if _starts_off(report) else ("", "")
    yield say(
        "summary",
        "offered",
        Text(
            f"用户态可通过 ONE_REG 向客户机提供 {kind_zh}{names.zh}（{ids.zh}）{off_zh}。",
            f"User space can offer {kind_en}{names.en} to a guest through ONE_REG ({ids.en}){off_en}.",
        ),
        Evidence(commit=report.commit.id, path=enum.path, side="after", line=enum.lines[0] if enum.lines else None),
    )


def _ids(members: list[MemberChange]) -> Text:
    """The one id with its number, or the range of several."""
    if len(members) == 1:
        return Text.same(f"{members[0].name} = {members[0].value}" if members[0].value else members[0].name)
    values = [int(member.value) for member in members if member.value and member.value.isdigit()]
    if len(values) < len(members):
        return Text(f"{len(members)} 个编号", f"{len(members)} ids")
    return Text(f"编号 {min(values)}–{max(values)}", f"ids {min(values)}–{max(values)}")


def _name(macro: str, prefix: str) -> str:
    found = knowledge.extension(macro.removeprefix(prefix))
    return found.name if found else macro.removeprefix(prefix)


def _starts_off(report: Report) -> bool:
    """Whether a table entry that comes along says that the extension starts unavailable."""
    return any(
        member.name.startswith("default_") and member.value == "true" and member.change is Happened.ADDED
        for change in report.changes
        if change.kind is Kind.VARIABLE and change.change is Happened.ADDED
        for member in change.members
    )


def _detected(report: Report) -> Iterator[Spoken]:
    macros = [
        change
        for change in report.changes
        if change.kind is Kind.MACRO
        and change.change is Happened.ADDED
        and change.name.startswith(_HOST)
        and not change.name.endswith(("_MAX", "_BASE"))
    ]
    if not macros:
        return
    names = listed([_name(change.name, _HOST) for change in macros], most=_MOST)
    yield say(
        "summary",
        "detected",
        Text(f"内核可检测到宿主机的 {names.zh}。", f"The kernel detects {names.en} on the host."),
        *(
            Evidence(
                commit=report.commit.id, path=change.path, side="after", line=change.lines[0] if change.lines else None
            )
            for change in macros[:3]
        ),
    )
