"""What people get wrong, and where sources disagree, pinned one by one."""

from __future__ import annotations

import pytest

from kvmpatch import knowledge
from kvmpatch.knowledge import Bit, BitPlace, Csr, Extension


def bit(macro: str) -> Bit:
    found = knowledge.bit(macro)
    assert found, macro
    return found


def csr(name: str) -> Csr:
    found = knowledge.csr(name)
    assert found, name
    return found


def extension(name: str) -> Extension:
    found = knowledge.extension(name)
    assert found, name
    return found


def place(macro: str, register: str) -> BitPlace:
    found = bit(macro).in_register(register)
    assert found, (macro, register)
    return found


@pytest.mark.parametrize(
    ("macro", "register", "hi", "lo", "extensions"),
    [
        ("ENVCFG_FIOM", "henvcfg", 0, 0, ("H",)),
        ("ENVCFG_FIOM", "menvcfg", 0, 0, ("Sm",)),
        ("ENVCFG_FIOM", "senvcfg", 0, 0, ("S",)),
        ("ENVCFG_LPE", "henvcfg", 2, 2, ("Zicfilp",)),
        ("ENVCFG_SSE", "henvcfg", 3, 3, ("Zicfiss",)),
        ("ENVCFG_CBIE", "senvcfg", 5, 4, ("Zicbom",)),
        ("ENVCFG_CBCFE", "henvcfg", 6, 6, ("Zicbom",)),
        ("ENVCFG_CBZE", "henvcfg", 7, 7, ("Zicboz",)),
        ("SENVCFG_UKTE", "senvcfg", 8, 8, ("Svukte",)),
        ("ENVCFG_PMM", "menvcfg", 33, 32, ("Smnpm",)),
        ("ENVCFG_PMM", "henvcfg", 33, 32, ("Ssnpm",)),
        ("ENVCFG_PMM", "senvcfg", 33, 32, ("Ssnpm",)),
        ("MSECCFG_PMM", "mseccfg", 33, 32, ("Smmpm",)),
        ("HSTATUS_HUPMM", "hstatus", 49, 48, ("Ssnpm",)),
        ("ENVCFG_DTE", "henvcfg", 59, 59, ("Ssdbltrp",)),
        ("ENVCFG_CDE", "menvcfg", 60, 60, ("Smcdeleg",)),
        ("ENVCFG_ADUE", "henvcfg", 61, 61, ("Svadu",)),
        ("ENVCFG_PBMTE", "henvcfg", 62, 62, ("Svpbmt",)),
        ("ENVCFG_STCE", "henvcfg", 63, 63, ("Sstc",)),
        ("ENVCFG_ADUE", "henvcfgh", 29, 29, ("Svadu",)),
        ("ENVCFG_PBMTE", "henvcfgh", 30, 30, ("Svpbmt",)),
        ("ENVCFG_STCE", "henvcfgh", 31, 31, ("Sstc",)),
        ("ENVCFG_STCE", "menvcfgh", 31, 31, ("Sstc",)),
        ("SMSTATEEN0_HSENVCFG", "hstateen0h", 30, 30, ("Smstateen", "Ssstateen")),
        ("HVICTL_IID", "hvictl", 27, 16, ("Ssaia",)),
        ("HGATP64_VMID", "hgatp", 57, 44, ("H",)),
        ("EXC_BREAKPOINT", "hedeleg", 3, 3, ("H",)),
        ("IRQ_VS_TIMER", "hideleg", 6, 6, ("H",)),
        ("IRQ_VS_TIMER", "hvip", 6, 6, ("H",)),
        ("hcounteren.TM", "hcounteren", 1, 1, ("Zicntr",)),
    ],
)
def test_where_a_field_is(macro: str, register: str, hi: int, lo: int, extensions: tuple[str, ...]) -> None:
    found = place(macro, register)
    assert (found.hi, found.lo, found.extensions) == (hi, lo, extensions)


@pytest.mark.parametrize(
    ("macro", "register"),
    [
        ("ENVCFG_CDE", "henvcfg"),
        ("ENVCFG_CDE", "senvcfg"),
        ("ENVCFG_STCE", "senvcfg"),
        ("ENVCFG_PBMTE", "senvcfg"),
        ("ENVCFG_ADUE", "senvcfg"),
        ("ENVCFG_DTE", "senvcfg"),
        ("SENVCFG_UKTE", "henvcfg"),
        ("ENVCFG_PMM", "henvcfgh"),
        ("SMSTATEEN0_HSENVCFG", "sstateen0"),
        ("MSTATEEN0_PRIV113", "hstateen0"),
        ("SMSTATEEN0_SRMCFG", "hstateen0"),
    ],
)
def test_where_a_field_is_not(macro: str, register: str) -> None:
    assert bit(macro).in_register(register) is None
    assert register in {item.register for item in bit(macro).not_in}


def test_fields_of_the_envcfg_registers() -> None:
    everywhere = {"FIOM", "LPE", "SSE", "CBIE", "CBCFE", "CBZE", "PMM"}
    upper = {"DTE", "ADUE", "PBMTE", "STCE"}

    def fields(register: str) -> set[str]:
        return {found.field for found in knowledge.bits_of(register)}

    assert fields("menvcfg") == everywhere | upper | {"CDE"}
    assert fields("henvcfg") == everywhere | upper
    assert fields("senvcfg") == everywhere | {"UKTE"}
    assert fields("henvcfgh") == upper
    assert knowledge.csr("senvcfgh") is None


def test_a_number_without_a_register_is_no_bit() -> None:
    assert knowledge.bit("EXC_SUPERVISOR_SYSCALL") is None
    assert knowledge.bit("IRQ_LOCAL_MAX") is None
    assert knowledge.exception("EXC_SUPERVISOR_SYSCALL")


def test_bits_of_a_register_are_single_fields_from_the_top() -> None:
    assert [found.name for found in knowledge.bits_of("hideleg")] == [
        "IRQ_PMU_OVF", "IRQ_VS_EXT", "IRQ_VS_TIMER", "IRQ_VS_SOFT"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("macro", "value", "shifted"),
    [
        ("ENVCFG_CBIE", 0x30, True),
        ("ENVCFG_CBIE_SHIFT", 4, False),
        ("ENVCFG_CBIE_ILL", 0, False),
        ("ENVCFG_CBIE_FLUSH", 1, False),
        ("ENVCFG_CBIE_INV", 3, False),
        ("ENVCFG_PMM_PMLEN_0", 0, True),
        ("ENVCFG_PMM_PMLEN_7", 0x2_0000_0000, True),
        ("ENVCFG_PMM_PMLEN_16", 0x3_0000_0000, True),
        ("HSTATUS_HUPMM_PMLEN_7", 0x2_0000_0000_0000, True),
        ("HGATP_MODE_SV39X4", 8, False),
        ("SATP_MODE_57", 0xA000_0000_0000_0000, True),
        ("SR_SPELP", 0x0080_0000, True),
        ("SR_MPELP", 0x0200_0000_0000, True),
        ("SRMCFG_MCID_MASK", 0x0FFF_0000, True),
        ("VSIP_TO_HVIP_SHIFT", 1, False),
        ("SMSTATEEN0_AIA_ISEL", 1 << 60, True),
        ("SMSTATEEN0_SSTATEEN0_SHIFT", 63, False),
    ],
)
def test_what_a_macro_is(macro: str, value: int, shifted: bool) -> None:
    assert (bit(macro).value, bit(macro).shifted) == (value, shifted)


def test_a_value_is_not_a_mask() -> None:
    assert [bit(f"ENVCFG_CBIE_{name}").kind for name in ("ILL", "FLUSH", "INV")] == ["value"] * 3
    assert bit("ENVCFG_CBIE_INV").of == "ENVCFG_CBIE"
    assert bit("HGATP_MODE_OFF").kind == "mode"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("henvcfg", 0x60A),
        ("henvcfgh", 0x61A),
        ("senvcfg", 0x10A),
        ("menvcfg", 0x30A),
        ("hstateen0", 0x60C),
        ("sstateen0", 0x10C),
        ("hedelegh", 0x612),
        ("htimedelta", 0x605),
        ("htimedeltah", 0x615),
        ("hpmcounter31h", 0xC9F),
        ("vsireg4", 0x255),
        ("mhpmevent3", 0x323),
        ("ssp", 0x011),
    ],
)
def test_address(name: str, address: int) -> None:
    assert csr(name).address == address
    assert name in {entry.name for entry in knowledge.lookup(hex(address))}


def test_spellings_of_a_csr_that_changed() -> None:
    assert knowledge.csr_by_macro("CSR_SSCOUNTOVF") == knowledge.csr_by_macro("CSR_SCOUNTOVF")
    assert knowledge.csr_by_macro("CSR_VISREG6") == csr("vsireg6")
    alias = knowledge.csr_alias("CSR_STATUS")
    assert alias
    assert (alias.csr, alias.m_mode_csr) == ("sstatus", "mstatus")
    assert knowledge.csr_by_macro("CSR_ENVCFG") == csr("senvcfg")
    assert knowledge.csr_by_macro("CSR_VXRM_MASK") is None
    assert bit("CSR_VXRM_MASK").value == 3


def test_names_of_stateen_bits_in_other_projects() -> None:
    for name, macro in {
        "SMSTATEEN0_SVSLCT": "SMSTATEEN0_AIA_ISEL",
        "HSTATEEN0_SENVCFG": "SMSTATEEN0_HSENVCFG",
        "SMSTATEEN_STATEN": "SMSTATEEN0_SSTATEEN0",
        "MSTATEEN0_PRIV114": "SMSTATEEN0_SRMCFG",
        "hstateen0.CSRIND": "SMSTATEEN0_AIA_ISEL",
    }.items():
        assert [entry.name for entry in knowledge.lookup(name) if entry.table == "bit"] == [macro]


@pytest.mark.parametrize(
    ("macro", "since", "status"),
    [
        ("ENVCFG_ADUE", "6.13", "mainline"),
        ("ENVCFG_PMM", "6.13", "mainline"),
        ("ENVCFG_LPE", "7.0", "mainline"),
        ("ENVCFG_DTE", None, "absent"),
        ("ENVCFG_CDE", None, "absent"),
        ("SENVCFG_UKTE", None, "absent"),
        ("SRMCFG_RCID_MASK", None, "not-proven"),
    ],
)
def test_what_is_not_in_mainline_says_so(macro: str, since: str | None, status: str) -> None:
    assert (bit(macro).since, bit(macro).status) == (since, status)


@pytest.mark.parametrize(
    ("name", "value", "since", "status"),
    [
        ("SVPBMT", 7, "6.0", "mainline"),
        ("SSTC", 8, "6.0", "mainline"),
        ("ZICBOM", 11, "6.1", "mainline"),
        ("ZICBOZ", 12, "6.4", "mainline"),
        ("ZBB", 13, "6.4", "mainline"),
        ("SSAIA", 14, "6.4", "mainline"),
        ("V", 15, "6.5", "mainline"),
        ("SMSTATEEN", 23, "6.7", "mainline"),
        ("SMNPM", 62, "6.13", "mainline"),
        ("SVADU", 65, "6.13", "mainline"),
        ("ZICBOP", 71, "6.18", "mainline"),
        ("ZALASR", 77, "7.0", "mainline"),
        ("ZICFILP", 78, None, "not-proven"),
        ("ZICFISS", 79, None, "not-proven"),
    ],
)
def test_isa_id(name: str, value: int, since: str | None, status: str) -> None:
    found = knowledge.isa_id(f"KVM_RISCV_ISA_EXT_{name}")
    assert found
    assert (found.value, found.since, found.status) == (value, since, status)


def test_max_by_version() -> None:
    isa = knowledge.isa_id("KVM_RISCV_ISA_EXT_MAX")
    sbi = knowledge.sbi_id("KVM_RISCV_SBI_EXT_MAX")
    assert isa
    assert sbi
    assert dict(isa.values_by) == {"6.1": 12, "6.10": 55, "6.12": 62, "7.1": 78}
    assert dict(sbi.values_by) == {"6.10": 11, "6.12": 11, "7.1": 14}
    assert knowledge.sbi_id("KVM_RISCV_SBI_EXT_BASE") is None


def test_an_sbi_id_of_kvm_is_not_that_of_the_sbi() -> None:
    of_kvm = knowledge.sbi_id("KVM_RISCV_SBI_EXT_TIME")
    of_sbi = knowledge.constant("SBI_EXT_TIME")
    assert of_kvm
    assert of_sbi
    assert of_kvm.value == 1
    assert of_sbi.value == int.from_bytes(b"TIME", "big")


def test_guest_smnpm_asks_the_host_for_ssnpm() -> None:
    found = knowledge.isa_id("KVM_RISCV_ISA_EXT_SMNPM")
    assert found
    assert found.host_check == "Ssnpm"


def test_xlinuxenvcfg_is_no_extension() -> None:
    assert not extension("RISCV_ISA_EXT_XLINUXENVCFG").is_isa_extension
    assert [found.name for found in knowledge.extensions() if not found.is_isa_extension] == ["XLINUXENVCFG"]
    assert {found.name for found in knowledge.extensions() if "XLINUXENVCFG" in found.implies} == {
        "Zicbom",
        "Zicboz",
        "Zicfilp",
        "Zicfiss",
        "Smnpm",
        "Ssnpm",
    }


def test_zicbop_and_svade_have_no_bit() -> None:
    owners = {name for found in knowledge.bits() for place in found.places for name in place.extensions}
    assert not owners & {"Zicbop", "Svade"}
    assert {"Zicbom", "Zicboz", "Svadu"} <= owners


def test_ratification_dates_that_are_suspect() -> None:
    doubtful = {found.name for found in knowledge.extensions() if found.ratified_doubt}
    assert doubtful == {
        "H", "Smstateen", "Sscofpmf", "Ssstateen", "Sstc", "Zicbom", "Zicbop", "Zicboz"
    }  # fmt: skip
    assert extension("Svpbmt").ratified == "2021-12"
    assert extension("Svukte").ratified is None


def test_delegation_by_version() -> None:
    def since(macro: str) -> str | None:
        found = knowledge.exception(macro)
        assert found
        return found.delegated_since

    assert since("EXC_INST_ILLEGAL") == "6.17"
    assert since("EXC_BREAKPOINT") == "5.16"
    assert since("EXC_SUPERVISOR_SYSCALL") is None
    assert since("EXC_LOAD_MISALIGNED") == "6.18"
    assert bit("KVM_HEDELEG_DEFAULT").value == 0xB109
    assert bit("KVM_HIDELEG_DEFAULT").value == 0x444


def test_what_kvm_sets_for_a_guest() -> None:
    first_run = {
        found.macro: found
        for found in knowledge.guest_bits("henvcfg")
        if any(step.phase == "first-run" for step in found.steps)
    }
    assert {macro: (found.guest_has, found.guest_lacks) for macro, found in first_run.items()} == {
        "ENVCFG_PBMTE": (("Svpbmt",), ()),
        "ENVCFG_STCE": (("Sstc",), ()),
        "ENVCFG_CBIE": (("Zicbom",), ()),
        "ENVCFG_CBCFE": (("Zicbom",), ()),
        "ENVCFG_CBZE": (("Zicboz",), ()),
        "ENVCFG_ADUE": (("Svadu",), ("Svade",)),
    }
    before = {macro: found.steps[0] for macro, found in first_run.items() if macro != "ENVCFG_ADUE"}
    assert {(step.phase, step.until) for step in before.values()} == {("vcpu-load", "6.6")}
    assert {macro: step.since for macro, step in before.items()} == {
        "ENVCFG_PBMTE": "6.0",
        "ENVCFG_STCE": "6.0",
        "ENVCFG_CBIE": "6.1",
        "ENVCFG_CBCFE": "6.1",
        "ENVCFG_CBZE": "6.4",
    }
    never = {"ENVCFG_FIOM", "ENVCFG_DTE", "ENVCFG_CDE"}
    assert not never & {found.macro for found in knowledge.guest_bits("henvcfg")}


def test_who_is_asked_for_hstateen0() -> None:
    asked = {found.macro: (found.host_has, found.guest_has) for found in knowledge.guest_bits("hstateen0")}
    assert asked["SMSTATEEN0_HSENVCFG"] == (("Smstateen",), ())
    assert asked["SMSTATEEN0_SSTATEEN0"] == (("Smstateen",), ("Smstateen",))
    assert asked["SMSTATEEN0_AIA_IMSIC"] == (("Smstateen",), ("Ssaia",))


@pytest.mark.parametrize(
    ("condition", "kind", "name"),
    [
        ("riscv_isa_extension_available(vcpu->arch.isa, SVPBMT)", "guest", "Svpbmt"),
        ("!riscv_isa_extension_available(vcpu->arch.isa, SVADE)", "guest", "Svade"),
        ("riscv_isa_extension_available(NULL, SSTC)", "host", "Sstc"),
        ("__riscv_isa_extension_available(NULL, RISCV_ISA_EXT_v)", "host", "V"),
        ("riscv_isa_extension_available(isa, SSTC)", "unknown-isa", "Sstc"),
        ("riscv_isa_extension_available(vcpu->arch.isa, f)", "guest", "F"),
        ("riscv_isa_extension_available(NULL, SxAIA)", "host", "Ssaia"),
        ("riscv_has_extension_unlikely(RISCV_ISA_EXT_SMSTATEEN)", "host", "Smstateen"),
        ("riscv_has_extension_likely(RISCV_ISA_EXT_ZBB)", "host", "Zbb"),
        ("riscv_cpu_has_extension_unlikely(smp_processor_id(), RISCV_ISA_EXT_SVADU)", "host", "Svadu"),
        ("kvm_riscv_isa_check_host(SMNPM)", "host", "Smnpm"),
        ("!vcpu->arch.ran_atleast_once", "vcpu", None),
        ("vcpu->arch.last_exit_cpu == cpu", "vcpu", None),
        ("irqchip_in_kernel(vcpu->kvm)", "vm", None),
        ("IS_ENABLED(CONFIG_32BIT)", "config", None),
        ("defined(CONFIG_RISCV_ISA_V)", "config", "V"),
        ("CONFIG_FTRACE", "config", None),
        ("kvm_riscv_aia_available()", "host", "Ssaia"),
        ("kvm_riscv_nacl_sync_csr_available()", "host", None),
        ("arch_has_hw_pte_young()", "host", "Svadu"),
    ],
)
def test_whom_a_condition_asks(condition: str, kind: str, name: str | None) -> None:
    found = knowledge.guard_kind(condition)
    assert found
    assert found.kind == kind
    assert knowledge.guard_extension(condition) == name


def test_conditions_that_say_nothing() -> None:
    assert knowledge.guard_kind("ret < 0") is None
    assert knowledge.guard_extension("ret < 0") is None
    assert knowledge.guard_extension("ext == KVM_RISCV_ISA_EXT_SVADU") == "Svadu"
    assert knowledge.guard_isa("riscv_isa_extension_available(isa, SSTC)") == "isa"
    assert knowledge.guard_isa("riscv_isa_extension_available(NULL, SSTC)") is None


def test_the_polarity_of_check_host_is_told() -> None:
    found = knowledge.guard_kind("kvm_riscv_isa_check_host(X)")
    assert found
    assert found.trap
    assert "0" in found.trap.en


@pytest.mark.parametrize(
    ("function", "phase"),
    [
        ("kvm_riscv_vcpu_update_config", "vcpu-load"),
        ("kvm_riscv_vcpu_setup_config", "first-run"),
        ("kvm_riscv_vcpu_config_ran_once", "first-run"),
        ("kvm_arch_vcpu_load", "vcpu-load"),
        ("kvm_arch_hardware_enable", "cpu-enable"),
        ("kvm_arch_enable_virtualization_cpu", "cpu-enable"),
        ("kvm_riscv_reset_vcpu", "vcpu-reset"),
        ("__kvm_riscv_switch_to", "world-switch"),
    ],
)
def test_phase_of(function: str, phase: str) -> None:
    found = knowledge.entry_point(function)
    assert found
    assert found.phase == phase


def test_the_first_run_comes_before_the_load_of_the_same_call() -> None:
    order = {found.name: found.order for found in knowledge.phases()}
    assert order["run-ioctl"] < order["first-run"] < order["vcpu-load"] < order["guest-entry"]
    renamed = knowledge.entry_point("kvm_arch_hardware_enable")
    assert renamed
    assert renamed.renamed_to == "kvm_arch_enable_virtualization_cpu"
    assert "6.12" not in renamed.seen


@pytest.mark.parametrize(
    ("name", "operation", "register_at", "value_at"),
    [
        ("csr_write", "write", 0, 1),
        ("csr_swap", "swap", 0, 1),
        ("csr_read", "read", 0, None),
        ("csr_read_clear", "read_clear", 0, 1),
        ("nacl_csr_write", "write", 1, 2),
        ("ncsr_swap", "swap", 0, 1),
        ("csrrw", "swap", 1, 2),
        ("csrw", "write", 0, 1),
        ("csrr", "read", 1, None),
        ("csrci", "clear", 0, 1),
        ("csrrsi", "read_set", 1, 2),
        ("csr_write_allowed", "write", 0, 2),
    ],
)
def test_accessor(name: str, operation: str, register_at: int, value_at: int | None) -> None:
    found = knowledge.accessor(name)
    assert found
    assert (found.operation, found.csr_argument, found.value_argument) == (operation, register_at, value_at)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ENVCFG_PBMTE", ("bit", "ENVCFG_PBMTE")),
        ("henvcfg.STCE", ("bit", "ENVCFG_STCE")),
        ("HENVCFG.stce", ("bit", "ENVCFG_STCE")),
        ("0x60a", ("csr", "henvcfg")),
        ("0x60A", ("csr", "henvcfg")),
        ("csr_henvcfg", ("csr", "henvcfg")),
        ("Svpbmt", ("extension", "Svpbmt")),
        ("svpbmt", ("extension", "Svpbmt")),
        ("RISCV_ISA_EXT_SVPBMT", ("extension", "Svpbmt")),
        ("KVM_RISCV_ISA_EXT_SVADU", ("isa-id", "KVM_RISCV_ISA_EXT_SVADU")),
        ("kvm_arch_vcpu_load", ("entry-point", "kvm_arch_vcpu_load")),
        ("vcpu-load", ("phase", "vcpu-load")),
        ("!vcpu->arch.ran_atleast_once", ("guard", "not-ran")),
        ("riscv_isa_extension_available(NULL, ZBB)", ("guard", "host-isa-null")),
        ("IRQ_PMU_OVF", ("exception", "IRQ_PMU_OVF")),
        ("KVM_REG_RISCV_CSR_AIA", ("one-reg", "KVM_REG_RISCV_CSR_AIA")),
        ("world switch", ("term", "world switch")),
        ("SBI_FWFT_POINTER_MASKING_PMLEN", ("constant", "SBI_FWFT_POINTER_MASKING_PMLEN")),
        ("KVM_REQ_UPDATE_HGATP", ("constant", "KVM_REQ_UPDATE_HGATP")),
        ("henvcfg.PMM", ("guest-bit", "henvcfg.PMM")),
        ("arch/riscv/kvm/vcpu_sbi_sta.c", ("area", "arch/riscv/kvm/vcpu_sbi")),
    ],
)
def test_lookup(name: str, expected: tuple[str, str]) -> None:
    assert expected in {(entry.table, entry.name) for entry in knowledge.lookup(name)}


def test_nearest() -> None:
    assert knowledge.lookup("ENVCFG_PMBTE") == ()
    assert knowledge.nearest("ENVCFG_PMBTE")[0] == "ENVCFG_PBMTE"
    assert knowledge.nearest("svpmbt", 1) == ("Svpbmt",)
    assert "henvcfg.PBMTE" in knowledge.nearest("henvcfg.PBMT")
    assert knowledge.nearest("no such thing at all") == ()


def test_areas() -> None:
    area = knowledge.area_of("arch/riscv/kvm/vcpu_sbi_fwft.c")
    assert area
    assert area.name == "arch/riscv/kvm/vcpu_sbi_fwft.c"
    assert knowledge.area_of("README") is None


def test_terms() -> None:
    words = {english: found.zh for english in ("guest", "trap", "host") if (found := knowledge.term(english))}
    assert words == {"guest": "客户机", "trap": "陷入", "host": "宿主机"}


def test_cautions_reach_their_readers() -> None:
    assert {found.name for found in knowledge.cautions("ENVCFG_PMM")} >= {"pmm-per-register"}
    assert {found.name for found in knowledge.cautions("henvcfg")} >= {"written-at-each-load"}
