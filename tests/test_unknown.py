"""Unknown bits, CSRs and ids are told with their place; known ones, shifts and other constants are not."""

from __future__ import annotations

import pytest

from kvmpatch.analysis.commit_facts import CommitFacts, SidedFile, commit_facts
from kvmpatch.model import FileChange

BODY = "static void setup(struct kvm_vcpu_config *cfg)\n{\n%s}\n"
ENUM = "enum KVM_RISCV_ISA_EXT_ID {\n\tKVM_RISCV_ISA_EXT_A = 0,\n%s\tKVM_RISCV_ISA_EXT_MAX,\n};\n"


def facts(before: str, after: str) -> CommitFacts:
    file = FileChange("arch/riscv/kvm/vcpu.c", "modified", 1, 0, binary=False, before=None)
    return commit_facts([SidedFile(file, before.encode(), after.encode())])


@pytest.mark.parametrize(
    ("code", "kind", "said", "line"),
    [
        (BODY % "\tcfg->henvcfg |= ENVCFG_NEWBIT;\n", "unknown-bit", "ENVCFG_NEWBIT of henvcfg", 3),
        (BODY % "\tcsr_write(CSR_NEWREG, 0);\n", "unknown-csr", "CSR_NEWREG", 3),
        (ENUM % "\tKVM_RISCV_ISA_EXT_NEWEXT,\n", "unknown-id", "KVM_RISCV_ISA_EXT_NEWEXT", 1),
    ],
)
def test_an_unknown_name_is_told_with_its_place(code: str, kind: str, said: str, line: int) -> None:
    before = (ENUM if "enum" in code else BODY) % ""
    (warning,) = facts(before, code).warnings
    assert warning.code == kind
    assert said in warning.said.en
    assert f"vcpu.c:{line}" in warning.said.en
    assert f"vcpu.c:{line}" in warning.said.zh


@pytest.mark.parametrize(
    "code",
    [
        "\tcfg->henvcfg |= ENVCFG_STCE;\n",
        "\tcfg->shift = ENVCFG_NEWBIT_SHIFT;\n",
        "\tcfg->flags |= KVM_SOME_FLAG;\n",
        "\tcsr_write(CSR_HENVCFG, cfg->henvcfg);\n",
    ],
)
def test_what_is_known_or_no_bit_is_not_told(code: str) -> None:
    assert facts(BODY % "", BODY % code).warnings == ()


def test_an_unknown_bit_has_its_register_but_no_place_and_no_extension() -> None:
    (bit,) = facts(BODY % "", BODY % "\tcfg->henvcfg |= ENVCFG_NEWBIT;\n").bits
    assert (bit.macro, bit.registers, bit.field, bit.hi, bit.lo, bit.extensions) == (
        "ENVCFG_NEWBIT",
        ("henvcfg",),
        None,
        None,
        None,
        (),
    )


def test_a_known_id_is_not_told() -> None:
    assert facts(ENUM % "", ENUM % "\tKVM_RISCV_ISA_EXT_C,\n").warnings == ()
