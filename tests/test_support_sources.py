"""The readers of `support`, on sources of every shape that kernels have had."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kvmpatch.analysis.support.table import COLUMNS, SBI_COLUMNS, Support
from kvmpatch.analysis.support.tree import (
    CPUFEATURE,
    CSR,
    HWCAP,
    HWPROBE,
    HWPROBE_CODE,
    INTERFACE,
    ISA,
    KVM,
    SBI,
    SELFTEST,
    Seen,
    Tree,
)


def seen(files: Mapping[str, str], extension: str, column: str, kind: str = ISA) -> Seen:
    tree = Tree({path: text.encode() for path, text in files.items()})
    return Support(tree).seen((kind, extension), column)


_ENUM = (
    "enum KVM_RISCV_ISA_EXT_ID {\n\tKVM_RISCV_ISA_EXT_A = 0,\n\tKVM_RISCV_ISA_EXT_SSTC,\n\tKVM_RISCV_ISA_EXT_MAX,\n};\n"
)
_TABLE = (
    "#define KVM_ISA_EXT_ARR(ext) [KVM_RISCV_ISA_EXT_##ext] = RISCV_ISA_EXT_##ext\n"
    "static const unsigned long kvm_isa_ext_arr[] = {\n\t[KVM_RISCV_ISA_EXT_A] = RISCV_ISA_EXT_a,\n"
    "\tKVM_ISA_EXT_ARR(SSTC),\n};\n"
)


def _switch(name: str, cases: str) -> str:
    return (
        f"bool {name}(unsigned long ext)\n{{\n\tswitch (ext) {{\n{cases}\tdefault:\n\t\tbreak;\n\t}}\n\n"
        "\treturn true;\n}\n"
    )


@pytest.mark.parametrize("path", ["vcpu.c", "vcpu_onereg.c", "isa.c"])
def test_the_table_may_stand_in_any_file_of_kvm(path: str) -> None:
    files = {INTERFACE: _ENUM, KVM + path: _TABLE}
    assert seen(files, "Sstc", "one-reg").value is True
    assert seen(files, "A", "one-reg").value is True
    assert seen(files, "Zba", "one-reg").value is False
    places = seen(files, "Sstc", "one-reg").places
    assert [(place.path, place.line) for place in places] == [(INTERFACE, 3), (KVM + path, 4)]


def test_an_id_without_an_entry_is_not_offered() -> None:
    files = {INTERFACE: _ENUM, KVM + "isa.c": _TABLE.replace("\tKVM_ISA_EXT_ARR(SSTC),\n", "")}
    found = seen(files, "Sstc", "one-reg")
    assert (found.value, len(found.places)) == (False, 1)
    assert seen(files, "Sstc", "disable").why == "not-applicable"


def test_without_the_files_nothing_is_said() -> None:
    for column in COLUMNS:
        if column not in {"csr", "guest-bits"}:
            assert seen({}, "Sstc", column) == Seen(None, (), "no-file"), column
    assert seen({}, "Sstc", "csr").why == "no-file"
    assert seen({}, "Sstc", "guest-bits").why == "no-file"
    assert seen({INTERFACE: _ENUM}, "Sstc", "one-reg").why == "no-file"
    assert seen({INTERFACE: _ENUM, KVM + "vcpu.c": "int x;\n"}, "Sstc", "one-reg").why == "not-found"
    assert seen({INTERFACE: _ENUM, KVM + "vcpu.c": _TABLE}, "Sstc", "disable").why == "not-found"


@pytest.mark.parametrize("name", ["kvm_riscv_vcpu_isa_disable_allowed", "kvm_riscv_isa_disable_allowed"])
def test_what_may_be_turned_off(name: str) -> None:
    cases = "\tcase KVM_RISCV_ISA_EXT_A:\n\t\treturn false;\n"
    files = {INTERFACE: _ENUM, KVM + "isa.c": _TABLE + _switch(name, cases)}
    assert seen(files, "A", "disable").value is False
    assert seen(files, "Sstc", "disable").value is True
    assert seen(files, "Sstc", "disable").why is None
    asked = "\tcase KVM_RISCV_ISA_EXT_A:\n\tcase KVM_RISCV_ISA_EXT_SSTC:\n\t\treturn arch_has_hw_pte_young();\n"
    files = {INTERFACE: _ENUM, KVM + "isa.c": _TABLE + _switch(name, asked)}
    assert seen(files, "A", "disable").value is True
    assert seen(files, "A", "disable").why == "conditional"


def test_the_default_of_a_switch_may_say_no() -> None:
    function = (
        "static bool kvm_riscv_vcpu_isa_disable_allowed(unsigned long ext)\n{\n\tswitch (ext) {\n"
        "\tcase KVM_RISCV_ISA_EXT_SSTC:\n\t\treturn true;\n"
        "\tcase KVM_RISCV_ISA_EXT_A: /* case KVM_RISCV_ISA_EXT_B: */\n"
        "\t\tbreak;\n\tdefault:\n\t\treturn false;\n\t}\n\treturn true;\n}\n"
    )
    files = {INTERFACE: _ENUM, KVM + "vcpu.c": _TABLE + function}
    assert seen(files, "Sstc", "disable").value is True
    assert seen(files, "A", "disable").value is True
    files[INTERFACE] = _ENUM.replace("_SSTC", "_ZBA")
    files[KVM + "vcpu.c"] = files[KVM + "vcpu.c"].replace("ARR(SSTC)", "ARR(ZBA)")
    assert seen(files, "Zba", "disable").value is False


def test_detection_by_name_before_there_was_a_table() -> None:
    hwcap = (
        "#define RISCV_ISA_EXT_a ('a' - 'a')\n#define RISCV_ISA_EXT_s ('s' - 'a')\n#define RISCV_ISA_EXT_MAX 64\n"
        "enum riscv_isa_ext_id {\n\tRISCV_ISA_EXT_SSTC = 26,\n\tRISCV_ISA_EXT_SVPBMT,\n};\n"
    )
    code = 'void f(void)\n{\n\tSET_ISA_EXT_MAP("sstc", RISCV_ISA_EXT_SSTC);\n\tbitmap_zero(x, RISCV_ISA_EXT_MAX);\n}\n'
    files = {HWCAP: hwcap, CPUFEATURE: code}
    assert seen(files, "Sstc", "host").value is True
    assert seen(files, "Svpbmt", "host").value is False
    assert seen(files, "A", "host").value is True
    assert seen(files, "V", "host").value is False
    assert (ISA, "S") not in set(Support(Tree({path: text.encode() for path, text in files.items()})).rows())


def test_detection_by_a_table() -> None:
    hwcap = "".join(f"#define RISCV_ISA_EXT_{name} 1\n" for name in ("a", "v", "ZBA", "ZVE32X", "ZICBOM", "MAX"))
    code = (
        "#define RISCV_ISA_EXT_V_LIST RISCV_ISA_EXT_ZVE32X\n"
        "static const unsigned int riscv_v_exts[] = { RISCV_ISA_EXT_V_LIST, RISCV_ISA_EXT_ZVE32X };\n"
        "const struct riscv_isa_ext_data riscv_isa_ext[] = {\n\t__RISCV_ISA_EXT_DATA(a, RISCV_ISA_EXT_a),\n"
        "\t__RISCV_ISA_EXT_SUPERSET(v, RISCV_ISA_EXT_v, riscv_v_exts),\n"
        "\t__RISCV_ISA_EXT_DATA_VALIDATE(zicbom, RISCV_ISA_EXT_ZICBOM, riscv_ext_zicbom_validate),\n"
        '\t__RISCV_ISA_EXT_DATA("", RISCV_ISA_EXT_MAX),\n};\n'
    )
    files = {HWCAP: hwcap, CPUFEATURE: code}
    assert [seen(files, name, "host").value for name in ("A", "V", "Zicbom", "Zve32x", "Zba")] == [
        *(True, True, True, True),
        False,
    ]
    rows = {name for _, name in Support(Tree({path: text.encode() for path, text in files.items()})).rows()}
    assert rows == {"A", "V", "Zicbom", "Zve32x"}


@pytest.mark.parametrize(
    "asked", ["EXT_KEY(ZBA);", "EXT_KEY(isainfo->isa, ZBA, pair->value, missing);"], ids=["one argument", "four"]
)
@pytest.mark.parametrize("path", HWPROBE_CODE)
def test_hwprobe_needs_the_key_and_the_answer(asked: str, path: str) -> None:
    header = (
        "#define RISCV_HWPROBE_BASE_BEHAVIOR_IMA (1 << 0)\n#define RISCV_HWPROBE_IMA_FD (1 << 0)\n"
        "#define RISCV_HWPROBE_IMA_C (1 << 1)\n#define RISCV_HWPROBE_EXT_ZBA (1 << 3)\n"
        "#define RISCV_HWPROBE_EXT_ZBB (1 << 4)\n"
    )
    code = (
        f"static void hwprobe_isa_ext0(void)\n{{\n\tpair->value |= RISCV_HWPROBE_IMA_C;\n\t{asked}\n"
        "\t/* EXT_KEY(ZBB); */\n}\n"
    )
    files = {HWPROBE: header, path: code}
    assert [seen(files, name, "hwprobe").value for name in ("Zba", "Zbb", "C", "F", "D", "I", "M", "A", "V")] == [
        *(True, False, True),
        *(True, True, True, True, True),
        False,
    ]
    assert seen({path: code}, "Zba", "hwprobe").why == "no-file"


def test_the_selftest_names_an_extension_in_one_of_its_ways() -> None:
    test = (
        "#define KVM_ISA_EXT_ARR(ext) x\n"
        "\tcase KVM_REG_RISCV_ISA_EXT | KVM_RISCV_ISA_EXT_SVADE:\n"
        "\t\tKVM_ISA_EXT_ARR(ZBA),\nKVM_ISA_EXT_SIMPLE_CONFIG(zbb, ZBB);\n/* KVM_RISCV_ISA_EXT_ZBC */\n"
        "KVM_SBI_EXT_SIMPLE_CONFIG(dbcn, DBCN);\n"
    )
    files = {SELFTEST: test, INTERFACE: "enum e {\n\tKVM_RISCV_SBI_EXT_DBCN,\n};\n"}
    values = [seen(files, name, "selftest").value for name in ("Svade", "Zba", "Zbb", "Zbc", "Sstc")]
    assert values == [True, True, True, False, False]
    assert seen(files, "DBCN", "selftest", SBI).value is True
    assert seen(files, "STA", "selftest", SBI).value is False


def test_bits_of_the_guest_by_whom_the_code_asks() -> None:
    code = (
        "static void kvm_riscv_vcpu_setup_config(struct kvm_vcpu *vcpu)\n{\n"
        "\tconst unsigned long *isa = vcpu->arch.isa;\n\tstruct kvm_vcpu_config *cfg = &vcpu->arch.cfg;\n\n"
        "\tif (riscv_isa_extension_available(isa, SVPBMT))\n\t\tcfg->henvcfg |= ENVCFG_PBMTE;\n"
        "\tif (riscv_isa_extension_available(isa, SVADU) &&\n\t    !riscv_isa_extension_available(isa, SVADE))\n"
        "\t\tcfg->henvcfg |= ENVCFG_ADUE;\n"
        "\tif (riscv_has_extension_unlikely(RISCV_ISA_EXT_SMSTATEEN)) {\n"
        "\t\tcfg->hstateen0 |= SMSTATEEN0_HSENVCFG;\n"
        "\t\tif (riscv_isa_extension_available(isa, SSAIA))\n\t\t\tcfg->hstateen0 |= SMSTATEEN0_AIA;\n\t}\n}\n"
    )
    files = {KVM + "vcpu.c": code}
    assert seen(files, "Svpbmt", "guest-bits").value is True
    assert seen(files, "Svadu", "guest-bits").value is True
    assert seen(files, "Svade", "guest-bits").why == "not-applicable"
    assert seen(files, "Smstateen", "guest-bits").value is True
    assert seen(files, "Ssaia", "guest-bits").value is True
    assert seen(files, "Sstc", "guest-bits").value is False
    assert seen(files, "Zba", "guest-bits").why == "not-applicable"
    (place,) = seen(files, "Ssaia", "guest-bits").places
    assert (place.line, place.text) == (14, "SMSTATEEN0_AIA in kvm_riscv_vcpu_setup_config()")


def test_bits_computed_into_a_variable_first() -> None:
    code = (
        "static void kvm_riscv_vcpu_update_config(const unsigned long *isa)\n{\n\tu64 henvcfg = 0;\n\n"
        "\tif (riscv_isa_extension_available(isa, SSTC))\n\t\thenvcfg |= ENVCFG_STCE;\n"
        "\tcsr_write(CSR_HENVCFG, henvcfg);\n}\n\n"
        "void kvm_arch_vcpu_load(struct kvm_vcpu *vcpu, int cpu)\n{\n"
        "\tkvm_riscv_vcpu_update_config(vcpu->arch.isa);\n}\n"
    )
    assert seen({KVM + "vcpu.c": code}, "Sstc", "guest-bits").value is True


def test_bits_that_a_guest_asks_for_by_fwft() -> None:
    code = (
        "static long kvm_sbi_fwft_set_pmlen(struct kvm_vcpu *vcpu, unsigned long value)\n{\n\tunsigned long pmm;\n\n"
        "\tswitch (value) {\n\tcase 7:\n\t\tpmm = ENVCFG_PMM_PMLEN_7;\n\t\tbreak;\n\tdefault:\n\t\treturn -1;\n\t}\n"
        "\tvcpu->arch.cfg.henvcfg &= ~ENVCFG_PMM;\n\tvcpu->arch.cfg.henvcfg |= pmm;\n\treturn 0;\n}\n"
    )
    assert seen({KVM + "vcpu_sbi_fwft.c": code}, "Ssnpm", "guest-bits").value is True
    assert seen({KVM + "vcpu_sbi_fwft.c": code}, "Smnpm", "guest-bits").value is not True


def test_extensions_of_the_sbi_need_an_id_and_a_handler() -> None:
    files = {
        INTERFACE: "enum KVM_RISCV_SBI_EXT_ID {\n\tKVM_RISCV_SBI_EXT_TIME = 0,\n\tKVM_RISCV_SBI_EXT_STA,\n};\n",
        KVM + "vcpu_sbi.c": "static const struct kvm_riscv_sbi_extension_entry sbi_ext[] = {\n"
        "\t{\n\t\t.ext_idx = KVM_RISCV_SBI_EXT_TIME,\n\t\t.ext_ptr = &vcpu_sbi_ext_time,\n\t},\n};\n",
    }
    assert seen(files, "TIME", "one-reg", SBI).value is True
    assert seen(files, "STA", "one-reg", SBI).value is False


def test_bits_of_csr_h() -> None:
    files = {CSR: "#define ENVCFG_STCE (_AC(1, ULL) << 63)\n#define CSR_SEED 0x015\n/* #define ENVCFG_ADUE 1 */\n"}
    assert seen(files, "Sstc", "csr").value is True
    assert seen(files, "Svadu", "csr").value is False
    assert seen(files, "Zba", "csr").why == "not-applicable"


def test_an_extension_that_nobody_knows_yet() -> None:
    files = {
        INTERFACE: _ENUM.replace("SSTC", "ZNEWONE"),
        KVM + "isa.c": _TABLE.replace("ARR(SSTC)", "ARR(ZNEWONE)"),
    }
    tree = Tree({path: text.encode() for path, text in files.items()})
    assert (ISA, "Znewone") in set(Support(tree).rows())
    assert seen(files, "Znewone", "one-reg").value is True


@pytest.mark.parametrize(
    "text", ["", "\0\xff", "}}}}", "{{{{", "enum KVM_RISCV_ISA_EXT_ID {", "case KVM_RISCV_ISA_EXT_A:"]
)
def test_broken_sources_are_no_reason_to_fail(text: str) -> None:
    paths = (CSR, HWCAP, CPUFEATURE, HWPROBE, *HWPROBE_CODE, INTERFACE, SELFTEST, KVM + "vcpu.c", KVM + "isa.c")
    support = Support(Tree({path: text.encode("utf-8", "surrogateescape") for path in paths}))
    for row in [*support.rows(), (ISA, "Sstc")]:
        for column in COLUMNS if row[0] == ISA else SBI_COLUMNS:
            support.seen(row, column)
