"""Which sentences a commit of the miniature gets and which not, and that they say it in both languages."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.model import Report
from kvmpatch.reports.show import ShowRequest, make_reports
from kvmpatch.rules.phrases import of_registers
from kvmpatch.rules.spoken import listed, spaced
from kvmpatch.sources.demo import DemoHistory, lay_down


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


@pytest.fixture(scope="module")
def show(miniature: DemoHistory):  # type: ignore[no-untyped-def]
    @cache
    def report(words: str) -> Report:
        rev = next(one.id for one in miniature.commits if words in one.subject and one.branch == "main")
        (made,) = make_reports(ShowRequest(str(miniature.path), (rev,)))
        return made

    return report


def said(report: Report) -> dict[str, list[str]]:
    """Code → its sentences in English; all but the author's words."""
    found: dict[str, list[str]] = {}
    for section in report.sections:
        for one in section.statements:
            if not one.code.startswith("author-"):
                found.setdefault(one.code, []).append(one.said.en)
    return found


# What each commit must say: code → words of its sentence. Nothing else may be said.
SAYS: dict[str, dict[str, str]] = {
    "Svpbmt inside Guest/VM": {
        "offered": r"Svpbmt .*KVM_RISCV_ISA_EXT_SVPBMT = 7",
        "bits-computed": r"henvcfg now gets ENVCFG_PBMTE if the guest has Svpbmt, at every vcpu_load",
        "csr-gained": r"henvcfg is now written at every vcpu_load",
        "structure": r"Adds kvm_riscv_vcpu_update_config\(\)\.",
    },
    "offer Svinval and Zihintpause": {"offered": r"Svinval and Zihintpause .*ids 9–10"},
    "Expose Zicbom": {"offered": r"Zicbom", "bits-computed": r"ENVCFG_CBIE and ENVCFG_CBCFE if the guest has Zicbom"},
    "select what the run loop uses": {"structure": r"Changes config KVM"},
    "move the ONE_REG code": {"same-flow": r"only changed place or name; .* same as before"},
    "keep the AIA registers": {
        "offered": r"Zbb and Ssaia",
        "csr-gained": r"hviprio1, hviprio2 and vsiselect are now written at every vcpu_load and read at every vcpu_put",
        "structure": r"Adds struct kvm_vcpu_aia_csr",
    },
    "Detect Smstateen": {"detected": r"The kernel detects Smstateen on the host"},
    "Add smstateen entry": {"documentation-only": r"bindings only"},
    "Add senvcfg context": {
        "csr-gained": r"senvcfg is now swapped at every guest entry and at every guest exit",
        "structure": r"swap_in_guest_state\(\) and kvm_riscv_vcpu_swap_in_host_state\(\)",
    },
    "Allow Zicond": {"offered": r"Zicond"},
    "Forward SBI DBCN": {
        "offered": r"SBI extension DBCN .* off until user space",
        "structure": r"Adds kvm_sbi_ext_dbcn",
    },
    "Fix indentation": {"no-structural-change": r"only white space"},
    "swap scounteren in C": {
        "csr-gained": r"now swapped at every guest entry and .* guest exit, no longer swapped in every world switch"
    },
    "follow the rename of the per-CPU hooks": {"same-flow": r"kvm_arch_enable_virtualization_cpu"},
    "reset smstateen CSRs": {"work-differs": r"At VCPU reset, vcpu->arch.smstateen_csr is now cleared"},
    "wake the vcpu that user space": {
        "work-differs": r"kvm_riscv_vcpu_power_on\(\) is now called; vcpu->arch.power_off is no longer cleared"
    },
    'Revert "miniature: skip the fence': {
        "return-dropped": r"no longer returns early if vcpu->arch.last_exit_cpu == -1; .* runs then"
    },
    "fix stack overrun when loading vlenb": {
        "early-return": r"now returns -EINVAL early if .*&& reg_size != sizeof\(reg_val\), skipping copy_from_user"
    },
    "Rename and move kvm_riscv_local_tlb_sanitize": {"same-flow": r"kvm_riscv_gstage_vmid_sanitize"},
    "Set initial value of hedeleg": {"work-moved": r"at VCPU creation instead of in the first KVM_RUN"},
    "Fix error code returned": {
        "asked-of-another": r"Smstateen is now asked of the guest, no longer of the host",
        "return-changed": r"set_csr\(\) and .*get_csr\(\) return -ENOENT instead of -EINVAL if reg_num >= ",
        "early-return": r"return -ENOENT early if !riscv_isa_extension_available\(vcpu->arch.isa, SMSTATEEN\)",
    },
    "Don't check hstateen0": {"guard-dropped": r"SSTATEEN0 no longer depends on cfg->hstateen0 & SMSTATEEN0_SSTATEEN0"},
    "Svade and Svadu Extensions": {
        "offered": r"Svade and Svadu",
        "bits-computed": r"ENVCFG_ADUE if the guest has Svadu and the guest lacks Svade, in the first KVM_RUN",
    },
}


@pytest.mark.parametrize("words", SAYS)
def test_what_a_commit_says_and_does_not_say(show, words: str) -> None:  # type: ignore[no-untyped-def]
    found = said(show(words))
    assert set(found) == set(SAYS[words])
    for code, pattern in SAYS[words].items():
        assert any(re.search(pattern, sentence) for sentence in found[code]), found[code]


def test_a_summary_is_short_and_no_sentence_stands_twice(miniature: DemoHistory) -> None:
    ids = [one.id for one in miniature.commits]
    for start in range(0, len(ids), 15):
        for report in make_reports(ShowRequest(str(miniature.path), tuple(ids[start : start + 15]))):
            summary = [one for section in report.sections if section.id == "summary" for one in section.statements]
            assert 1 <= len(summary) <= 4, (report.commit.subject, [one.code for one in summary])
            every = [one.said.en for section in report.sections for one in section.statements]
            assert len(every) == len(set(every)), report.commit.subject


def test_both_languages_name_the_same_things(miniature: DemoHistory) -> None:
    """Identifiers are left as they are, so that the two can be held against each other."""
    ids = [one.id for one in miniature.commits if one.branch == "main"]
    for start in range(0, len(ids), 15):
        for report in make_reports(ShowRequest(str(miniature.path), tuple(ids[start : start + 15]))):
            for section in report.sections:
                for one in section.statements:
                    assert named(one.said.zh) == named(one.said.en), (one.said.zh, one.said.en)


def named(text: str) -> set[str]:
    return set(re.findall(r"\w+_\w+|\w+->\w+|\bE[A-Z]{3,}\b|\bh[a-z]+cfg\b", text)) - {"vcpu_load", "vcpu_put"}


def test_what_a_timer_calls_is_a_callback_and_says_whose(show) -> None:  # type: ignore[no-untyped-def]
    timer = show("let the timer leave a stopped vcpu asleep")
    assert [(phase.phase, phase.entry) for phase in timer.phases] == [("callback", "kvm_riscv_vcpu_vstimer_expired")]
    (called,) = said(timer)["called-back"]
    assert "kvm_riscv_vcpu_timer_init() stores it in t->hrt.function" in called


def test_a_commit_without_a_function_of_kvm_has_no_phases(show) -> None:  # type: ignore[no-untyped-def]
    assert show("Detect Smstateen").phases == ()


def test_an_import_is_not_followed_and_says_so(show) -> None:  # type: ignore[no-untyped-def]
    root = show("a small RISC-V KVM tree")
    assert root.phases is None
    assert "flow-too-large" in [warning.code for warning in root.warnings]


@pytest.mark.parametrize(
    ("written", "spaced_out"),
    [
        ("客户机有 Svpbmt时置 X", "客户机有 Svpbmt 时置 X"),
        ("等 15 个 只是换了位置", "等 15 个只是换了位置"),
        ("对foo()的访问", "对 foo() 的访问"),
        ("提供 SBI 扩展 DBCN（A = 9）， 默认关闭", "提供 SBI 扩展 DBCN（A = 9），默认关闭"),
        ("-EINVAL 与 !x 不动", "-EINVAL 与 !x 不动"),
    ],
)
def test_chinese_and_latin_stand_one_space_apart(written: str, spaced_out: str) -> None:
    assert spaced(written) == spaced_out


@pytest.mark.parametrize(
    ("names", "en", "zh"),
    [
        (["a"], "a", "a"),
        (["a", "b"], "a and b", "a 和 b"),
        (["a", "b", "c", "d"], "a, b, c and d", "a、b、c 和 d"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more", "a、b、c 等 5 个"),
    ],
)
def test_names_in_a_list(names: list[str], en: str, zh: str) -> None:
    assert (listed(names).en, listed(names).zh) == (en, zh)


@pytest.mark.parametrize(
    ("operations", "subject"),
    [
        (("write",), "sie is"),
        (("set",), "bits of sie are"),
        (("clear", "set"), "bits of sie are"),
        (("write", "set"), "sie is"),
    ],
)
def test_a_register_of_which_bits_are_cleared_is_not_said_to_be_cleared(
    operations: tuple[str, ...], subject: str
) -> None:
    assert of_registers("sie", 1, operations) == subject


def test_every_entry_is_said_with_the_reserve_of_callers(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "linux")
    path = "arch/riscv/kvm/vcpu.c"
    text = (
        "static void my_fence(void *info)\n{\n%s}\n"
        "void kvm_riscv_gstage_vmid_update(struct kvm_vcpu *vcpu)\n{\n"
        "\tif (!vmid_next)\n\t\ton_each_cpu_mask(mask, my_fence, NULL, 1);\n}\n"
        "int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu)\n{\n\tfor (;;) {\n"
        "\t\tkvm_riscv_gstage_vmid_update(vcpu);\n\t\tkvm_riscv_vcpu_enter_exit(vcpu);\n\t}\n}\n"
    )
    repo.commit("start", {path: text % ""})
    repo.commit("write", {path: text % "\tcsr_write(CSR_HGATP, 0);\n"})
    (report,) = make_reports(ShowRequest(str(repo.path), ("HEAD",)))
    (gained,) = (one for section in report.sections for one in section.statements if one.code == "csr-gained")
    assert gained.said.en == "hgatp is now written before every guest entry if the conditions of its callers hold."
    assert gained.said.zh == "新增：每次进入客户机前写入 hgatp（调用者的条件成立时）。"
