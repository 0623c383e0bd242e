"""A report made by hand: commit fe0bab701e3b of the kernel, with every part filled in. Lines are illustrative."""

from __future__ import annotations

from msgspec.structs import replace

from kvmpatch.model import (
    REPORT_SCHEMA,
    AccessBefore,
    Asked,
    Aspect,
    Basis,
    BitBefore,
    BitUse,
    CallChange,
    Change,
    ChangeBefore,
    Commit,
    CommitName,
    CsrAccess,
    Effect,
    Evidence,
    ExtensionRole,
    FileChange,
    Frequency,
    Guard,
    GuardKind,
    Happened,
    History,
    HistoryEntry,
    Kind,
    MemberChange,
    MovedFrom,
    PhaseChange,
    Reason,
    Relation,
    Report,
    Searched,
    Section,
    Series,
    Signature,
    Statement,
    Trailer,
    Warning,
)
from kvmpatch.words import Text

ID = "fe0bab701e3b71a1d2db123c05b4f5c33098cc96"
HOST = "arch/riscv/include/asm/kvm_host.h"
VCPU = "arch/riscv/kvm/vcpu.c"
OLD, NEW = "kvm_riscv_vcpu_update_config", "kvm_riscv_vcpu_setup_config"
LOAD, RUN = "kvm_arch_vcpu_load", "kvm_arch_vcpu_ioctl_run"

AUTHOR = "Mayuresh Chitale <mchitale@ventanamicro.com>"
REVIEWER = "Andrew Jones <ajones@ventanamicro.com>"
APPLIER = "Anup Patel <anup@brainfault.org>"

_IFDEF = Guard("defined(CONFIG_32BIT)", GuardKind.CONFIG, negated=False)
_IS_ENABLED = Guard("IS_ENABLED(CONFIG_32BIT)", GuardKind.CONFIG, negated=False)
_NOT_RUN = Guard("vcpu->arch.ran_atleast_once", GuardKind.VCPU, negated=True)


def at(path: str, line: int, text: str | None = None, side: str = "after") -> Evidence:
    return Evidence(ID, path, "after" if side == "after" else "before", line, text)


def said(code: str, zh: str, en: str, *evidence: Evidence) -> Statement:
    return Statement(code, Text(zh, en), evidence)


def changed(
    kind: Kind,
    change: Happened,
    name: str,
    path: str,
    lines: tuple[int, int],
    *,
    aspects: tuple[Aspect, ...] = (),
    signature: str | None = None,
    value: str | None = None,
    before: ChangeBefore | None = None,
    similarity: float | None = None,
    members: tuple[MemberChange, ...] = (),
    basis: Basis = Basis.PARSED,
) -> Change:
    return Change(
        kind, change, aspects, name, path, lines, signature, value, before, similarity, members, basis
    )  # fmt: skip


def body_changed(name: str, lines: tuple[int, int], signature: str, *calls: CallChange) -> Change:
    before = ChangeBefore(name, VCPU, lines, signature, None)
    made = changed(
        Kind.FUNCTION, Happened.MODIFIED, name, VCPU, lines,
        aspects=(Aspect.BODY,), signature=signature, before=before,
    )  # fmt: skip
    return replace(made, calls=calls)


_FIRST_RUN = Guard("vcpu->arch.ran_atleast_once", GuardKind.VCPU, negated=True)


CHANGES = (
    changed(
        Kind.STRUCT, Happened.ADDED, "kvm_vcpu_config", HOST, (169, 171),
        members=(MemberChange(Happened.ADDED, "henvcfg", "u64", None, 1, 1),),
    ),
    changed(
        Kind.STRUCT, Happened.MODIFIED, "kvm_vcpu_arch", HOST, (173, 265), aspects=(Aspect.MEMBERS,),
        before=ChangeBefore("kvm_vcpu_arch", HOST, (169, 258), None, None),
        members=(MemberChange(Happened.ADDED, "cfg", "struct kvm_vcpu_config", None, 30, 30),),
    ),
    changed(
        Kind.FUNCTION, Happened.RENAMED, NEW, VCPU, (475, 491),
        aspects=(Aspect.NAME, Aspect.SIGNATURE, Aspect.BODY), signature=f"static void {NEW}(struct kvm_vcpu *vcpu)",
        before=ChangeBefore(OLD, VCPU, (475, 495), f"static void {OLD}(const unsigned long *isa)", None),
        similarity=0.74,
    ),
    body_changed(
        LOAD, (493, 529), f"void {LOAD}(struct kvm_vcpu *vcpu, int cpu)",
        CallChange(Happened.REMOVED, OLD, VCPU, 506, ()),
    ),
    body_changed(
        RUN, (624, 763), f"int {RUN}(struct kvm_vcpu *vcpu)",
        CallChange(Happened.ADDED, NEW, VCPU, 631, (_FIRST_RUN,)),
    ),
)  # fmt: skip


def write(csr: str, line: int, value: str, guard: Guard | None, before: AccessBefore) -> CsrAccess:
    return CsrAccess(
        csr, f"CSR_{csr.upper()}", "csr_write", "write", Happened.MOVED, LOAD, VCPU, line, "after", value,
        (guard,) if guard else (), before,
    )  # fmt: skip


ACCESSES = (
    write("henvcfg", 507, "cfg->henvcfg", None, AccessBefore(OLD, VCPU, 491, "henvcfg", ())),
    write("henvcfgh", 509, "cfg->henvcfg >> 32", _IS_ENABLED, AccessBefore(OLD, VCPU, 493, "henvcfg >> 32", (_IFDEF,))),
)


def moved_bit(macro: str, field: str, hi: int, lo: int, extension: str, line: int, was: int) -> BitUse:
    guard = Guard(f"riscv_isa_extension_available(isa, {extension.upper()})", GuardKind.GUEST, negated=False)
    return BitUse(
        macro, field, ("henvcfg",), hi, lo, (extension,), "set", Happened.MOVED, "cfg->henvcfg", NEW, VCPU, line,
        "after", (guard,), BitBefore("henvcfg", OLD, VCPU, was, (guard,)),
    )  # fmt: skip


BITS = (
    moved_bit("ENVCFG_PBMTE", "PBMTE", 62, 62, "Svpbmt", 481, 480),
    moved_bit("ENVCFG_STCE", "STCE", 63, 63, "Sstc", 484, 483),
    moved_bit("ENVCFG_CBIE", "CBIE", 5, 4, "Zicbom", 487, 486),
    moved_bit("ENVCFG_CBCFE", "CBCFE", 6, 6, "Zicbom", 487, 486),
    moved_bit("ENVCFG_CBZE", "CBZE", 7, 7, "Zicboz", 490, 489),
)


def _bit_effect(bit: BitUse, *, after: bool) -> Effect:
    return Effect(
        "bit", "cfg->henvcfg" if after else "henvcfg", bit.macro, bit.guards, (NEW,) if after else (OLD,), VCPU,
        bit.line, MovedFrom("vcpu-load") if after else None,
    )  # fmt: skip


PHASES = (
    PhaseChange(
        "first-run",
        RUN,
        Frequency("once-per-vcpu", Text("每个 vCPU 一次", "once per vCPU")),
        (),
        (
            Effect("call", NEW, None, (_NOT_RUN,), (), VCPU, 631),
            *(_bit_effect(bit, after=True) for bit in BITS),
        ),
    ),
    PhaseChange(
        "vcpu-load",
        LOAD,
        Frequency("each-load", Text("每次装载 vCPU", "each vCPU load")),
        (
            *(_bit_effect(bit, after=False) for bit in BITS),
            Effect("csr", "henvcfg", "henvcfg", (), (OLD,), VCPU, 491),
            Effect("csr", "henvcfgh", "henvcfg >> 32", (_IFDEF,), (OLD,), VCPU, 493),
        ),
        (
            Effect("csr", "henvcfg", "cfg->henvcfg", (), (), VCPU, 507),
            Effect("csr", "henvcfgh", "cfg->henvcfg >> 32", (_IS_ENABLED,), (), VCPU, 509),
        ),
    ),
)


def entry(identity: str, subject: str, date: str, symbol: str, zh: str, en: str) -> HistoryEntry:
    return HistoryEntry(
        identity * 3 + identity[:4], subject, date, symbol, Reason("member-added", Text(zh, en)),
        (Evidence(commit=identity * 3 + identity[:4]),),
    )  # fmt: skip


HISTORY = History(
    introduced_by=(
        entry(
            "6bb2e00ea304", "RISC-V: KVM: Add support for Svpbmt inside Guest/VM", "2022-07-29T17:14:53+05:30", OLD,
            "首次在 vcpu_load 时写 henvcfg", "first wrote henvcfg at vcpu_load",
        ),
    ),
    followed_by=(
        entry(
            "d21b5d342fc1", "RISC-V: KVM: Enable Smstateen accesses", "2023-09-13T22:09:02+05:30", "kvm_vcpu_config",
            "加入成员 hstateen0", "adds the member hstateen0",
        ),
        entry(
            "edcbe90f1289", "RISC-V: KVM: Delegate illegal instruction fault to VS mode", "2025-07-22T16:46:58+08:00",
            "kvm_vcpu_config", "加入成员 hedeleg", "adds the member hedeleg",
        ),
    ),
    fixed_by=(),
    reverted_by=(),
    series=Series(
        "neighbours", None, 3, 7, (CommitName(ID, "RISC-V: KVM: Add kvm_vcpu_config"),)
    ),
    searched=Searched(None, "v6.17", complete=True, stopped=None),
)  # fmt: skip

RELATION = Relation(
    "senvcfg",
    "same-series",
    (
        said(
            "relation-context",
            "本提交的改动行里没有 senvcfg，它只出现在补丁上下文附近。",
            "No changed line of this commit names senvcfg; it is near by in the patch text only.",
            at(HOST, 171),
        ),
        said(
            "relation-series",
            "同系列的 db3c01c7a308（5/7）把 senvcfg 加入 struct kvm_vcpu_csr，并在进入和退出客户机时用 csr_swap 切换。",
            "db3c01c7a308 (5/7 of the series) adds senvcfg to struct kvm_vcpu_csr and swaps it with csr_swap on guest "
            "entry and exit.",
            Evidence(commit="db3c01c7a308" + "0" * 28, text="senvcfg"),
        ),
    ),
)

SECTIONS = (
    Section("basic", Text("基本信息", "Basics"), ()),
    Section(
        "changes",
        Text("改动", "Changes"),
        (
            said(
                "writes-moved-out",
                f"{NEW} 只计算，不再写 CSR。",
                f"{NEW} only computes; it no longer writes a CSR.",
                at(VCPU, 475, "static void kvm_riscv_vcpu_setup_config(struct kvm_vcpu *vcpu)"),
            ),
        ),
    ),
    Section(
        "flow",
        Text("执行流程", "Execution flow"),
        (
            said(
                "writes-unchanged",
                "装载时写 CSR 的次数照旧：64 位一次，32 位两次；不再重复的是四次扩展检查。",
                "A load writes the CSR as often as it did, once on 64-bit and twice on 32-bit; it is spared four "
                "extension checks.",
                at(VCPU, 507),
                at(VCPU, 491, side="before"),
            ),
            said(
                "only-ored",
                "没有一处把 cfg->henvcfg 清零，正确与否取决于 vCPU 分配时内存为零；先于 KVM_RUN 的装载写出 0。",
                "Nothing clears cfg->henvcfg, which is right only as the vCPU comes from zeroed memory; a load that "
                "precedes KVM_RUN writes 0.",
                at(VCPU, 481, "cfg->henvcfg |= ENVCFG_PBMTE"),
            ),
        ),
    ),
    Section(
        "extensions",
        Text("扩展", "Extensions"),
        (said("no-bit-added", "没有新增任何位。", "No bit is added.", at(VCPU, 481)),),
    ),
    Section(
        "background",
        Text("作者的说明", "In the author's words"),
        (
            said(
                "purpose",
                "作者说明的目的：",
                "The purpose, as the author puts it:",
                Evidence(commit=ID, text="(two sentences of the message\nstand here)"),
            ),
        ),
    ),
    Section("causes", Text("相关历史", "History"), ()),
    Section("relation", Text("与 senvcfg 的关系", "Relation to senvcfg"), RELATION.statements),
    Section(
        "summary",
        Text("摘要", "Summary"),
        (
            said(
                "computed-once",
                "henvcfg 的值在首次 KVM_RUN 时算好并保存，装载 vCPU 时不再计算。",
                "The value of henvcfg is worked out and kept at the first KVM_RUN, and not at each vCPU load.",
                at(VCPU, 631),
            ),
            said(
                "still-written",
                "装载时照旧写 CSR；跑过一次的 vCPU 写入的值与以前相同。",
                "A load writes the CSR as it did, and for a vCPU that has run with the same value.",
                at(VCPU, 507),
            ),
        ),
    ),
)

COMMIT = Commit(
    id=ID,
    subject="RISC-V: KVM: Add kvm_vcpu_config",
    message="(the message stands here)\n\nSigned-off-by: A Developer <dev@example.org>\n",
    author=Signature("Mayuresh Chitale", "mchitale@ventanamicro.com", "2023-09-13T22:09:01+05:30"),
    committer=Signature("Anup Patel", "anup@brainfault.org", "2023-10-12T18:44:01+05:30"),
    parents=("e0fc0d4d2a6d" + "0" * 28,),
    trailers=(
        Trailer("Signed-off-by", AUTHOR),
        Trailer("Reviewed-by", REVIEWER),
        Trailer("Signed-off-by", APPLIER),
    ),
    reviewers=(REVIEWER,),
    testers=(),
    applied_by=APPLIER,
    upstream_applied_by=None,
    maintainers=None,
    upstream=(),
    fixes=(),
    stable=(),
    links=(),
    reverts=None,
)

EXAMPLE = Report(
    schema=REPORT_SCHEMA,
    asked=Asked("fe0bab701e3b", ID, "object", ()),
    commit=COMMIT,
    files=(
        FileChange(HOST, "modified", 7, 0, binary=False, before=None),
        FileChange(VCPU, "modified", 14, 13, binary=False, before=None),
    ),
    changes=CHANGES,
    csr_accesses=ACCESSES,
    bits=BITS,
    extensions=(
        ExtensionRole("Svpbmt", "moved", ("ENVCFG_PBMTE",)),
        ExtensionRole("Sstc", "moved", ("ENVCFG_STCE",)),
        ExtensionRole("Zicbom", "moved", ("ENVCFG_CBIE", "ENVCFG_CBCFE")),
        ExtensionRole("Zicboz", "moved", ("ENVCFG_CBZE",)),
    ),
    phases=PHASES,
    history=HISTORY,
    relation=RELATION,
    sections=SECTIONS,
    warnings=(Warning("lines-illustrative", Text("行号仅作示意。", "Line numbers are illustrative.")),),
)
