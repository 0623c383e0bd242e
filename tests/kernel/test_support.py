"""What `support` says of two real kernels, held against what their sources say, extension by extension.

Each line was read in the sources by hand: csr.h, cpufeature.c, hwprobe.h with sys_hwprobe.c, uapi kvm.h with
kvm_isa_ext_arr[], the two switches, and the function that computes henvcfg and hstateen0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from kernel_trees import kernel_tree

from kvmpatch.analysis.support.table import Support
from kvmpatch.analysis.support.tree import ISA, KVM, PATHS, SBI, SELFTEST, Tree

__all__ = ["kernel_tree"]

pytestmark = pytest.mark.kernel

_COLUMNS = ("csr", "host", "hwprobe", "one-reg", "enable", "disable", "guest-bits")
# y yes, n no, m where a condition decides at run time, ? no such file, . does not apply
_IN_6_1 = """
A           . y ? y y n .
C           . y ? y y n .
D           . y ? y y y .
F           y y ? y y y .
H           y y ? y n y n
I           . y ? y y n .
M           . y ? y y n .
Q           . n ? n . . .
V           n n ? n . . .
Smstateen   n n ? n . . n
Ssaia       n n ? n . . n
Sscofpmf    y y ? n . . .
Sstc        y y ? y y n y
Svinval     . y ? y y n .
Svnapot     . n ? n . . .
Svpbmt      y y ? y y y y
Zba         . n ? n . . .
Zbb         . n ? n . . .
Zicbom      y y ? y y y y
Zicboz      y n ? n . . n
Zicntr      y n ? n . . .
Zicond      . n ? n . . .
Zihintpause . y ? y y n .
Zihpm       y n ? n . . .
Zkr         n n ? n . . .
"""
_IN_6_12 = """
A           . y y y y n .
C           . y y y y n .
D           . y y y y y .
F           y y y y y y .
H           y y n y n y n
I           . y y y y n .
M           . y y y y n .
Q           . y n n . . .
V           y y y y m y .
Smaia       y y n n . . .
Smstateen   y y n y y y y
Ssaia       y y n y y m y
Sscofpmf    y y n y m n .
Sstc        y y n y y n y
Svade       . n n n . . .
Svadu       n n n n . . n
Svinval     . y n y y n .
Svnapot     . y n y y n .
Svpbmt      y y n y y y y
Svvptc      . y n n . . .
Zacas       . y y y y n .
Zawrs       . y y y y n .
Zba         . y y y y n .
Zcb         . y y y y n .
Zcmop       . y y y y n .
Zfa         . y y y y n .
Zicbom      y y n y y y y
Zicboz      y y y y y y y
Zicntr      y y n y y n .
Zicond      . y y y y n .
Zicsr       . y n y y n .
Zifencei    . y n y y n .
Zihintntl   . y y y y n .
Zihintpause . y y y y n .
Zihpm       y y n y y n .
Zimop       . y y y y n .
Zkr         y y n y y n .
Zkt         . y y y y n .
Ztso        . y y y y n .
Zvbb        . y y y y n .
Zve32x      . y y n . . .
Zvfh        . y y y y n .
Zvkt        . y y y y n .
"""
_FACTS = [
    (version, *line.split(maxsplit=1))
    for version, table in (("6.1", _IN_6_1), ("6.12", _IN_6_12))
    for line in table.strip().splitlines()
]
_SBI_IN_6_12 = ["V01", "TIME", "IPI", "RFENCE", "SRST", "HSM", "PMU", "EXPERIMENTAL", "VENDOR", "DBCN", "STA"]


@cache
def support_of(tree: Path) -> Support:
    paths = [tree / path for path in PATHS] + sorted((tree / KVM).glob("*.c"))
    files: dict[str, bytes | None] = {
        path.relative_to(tree).as_posix(): path.read_bytes() for path in paths if path.is_file()
    }
    return Support(Tree(files))


def sign(support: Support, extension: str, column: str) -> str:
    seen = support.seen((ISA, extension), column)
    if seen.value is None:
        return {"no-file": "?", "not-applicable": "."}[seen.why or ""]
    if seen.why == "conditional":
        return "m"
    return "y" if seen.value else "n"


@pytest.mark.parametrize(("version", "extension", "facts"), _FACTS)
def test_an_extension_as_the_sources_have_it(
    version: str,
    extension: str,
    facts: str,
    kernel_tree: Callable[[str], Path],
) -> None:
    support = support_of(kernel_tree(version))
    assert {column: sign(support, extension, column) for column in _COLUMNS} == dict(
        zip(_COLUMNS, facts.split(), strict=True)
    )


def test_no_extension_is_left_out(kernel_tree: Callable[[str], Path]) -> None:
    """As many as the sources list: 62 ids in 6.12, and 70 names in the host's table besides those of bundles.

    XLINUXENVCFG is the 71st: it has no name, but comes with others.
    """
    support, old = support_of(kernel_tree("6.12")), support_of(kernel_tree("6.1"))

    def having(of: Support, column: str) -> int:
        return sum(sign(of, name, column) == "y" for kind, name in of.rows() if kind == ISA)

    assert (having(support, "one-reg"), having(support, "host")) == (62, 71)
    assert (having(old, "one-reg"), having(old, "host")) == (12, 13)
    assert [name for kind, name in support.rows() if kind == SBI] == _SBI_IN_6_12
    assert [name for kind, name in old.rows() if kind == SBI] == []


@pytest.mark.parametrize("version", ["6.1", "6.12"])
def test_the_bits_set_for_a_guest_are_those_of_its_function(
    version: str,
    kernel_tree: Callable[[str], Path],
) -> None:
    support = support_of(kernel_tree(version))
    places = {
        place.text.partition(" in ")
        for kind, name in support.rows()
        if kind == ISA
        for place in support.seen((kind, name), "guest-bits").places
    }
    bits = {
        "6.1": {"ENVCFG_PBMTE", "ENVCFG_STCE", "ENVCFG_CBIE", "ENVCFG_CBCFE"},
        "6.12": {
            *("ENVCFG_PBMTE", "ENVCFG_STCE", "ENVCFG_CBIE", "ENVCFG_CBCFE", "ENVCFG_CBZE"),
            *("SMSTATEEN0_HSENVCFG", "SMSTATEEN0_AIA_IMSIC", "SMSTATEEN0_AIA", "SMSTATEEN0_AIA_ISEL"),
            "SMSTATEEN0_SSTATEEN0",
        },
    }
    function = {"6.1": "kvm_riscv_vcpu_update_config()", "6.12": "kvm_riscv_vcpu_setup_config()"}[version]
    assert {macro for macro, _, _ in places} == bits[version]
    assert {where for _, _, where in places} == {function}


def test_the_selftest_of_6_12(kernel_tree: Callable[[str], Path]) -> None:
    tree = kernel_tree("6.12")
    if not (tree / SELFTEST).is_file():
        pytest.skip(f"the tree at hand has no {SELFTEST}")
    support = support_of(tree)
    tested = [name for kind, name in support.rows() if kind == ISA and sign(support, name, "selftest") == "y"]
    assert len(tested) == 62
