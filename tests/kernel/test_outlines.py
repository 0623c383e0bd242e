"""The outlines of all KVM and RISC-V files of two kernels against Universal Ctags."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from agreement import CATEGORIES, Fact, ours, theirs
from ctags_mistakes import Source, why
from universal_ctags import is_there, tags_of

from kvmpatch.model import Kind
from kvmpatch.parse.csource.outline import outline

pytestmark = pytest.mark.kernel

VERSIONS = ("6.1", "6.12")
_FOLDERS = ("arch/*/kvm", "virt/kvm", "arch/riscv")
_ENOUGH = 0.995
_SECONDS_A_FILE = 0.2


@dataclass
class Agreement:
    """How one kernel's files compare, by category."""

    both: Counter[str] = field(default_factory=Counter)
    explained: Counter[tuple[str, str]] = field(default_factory=Counter)
    unexplained: dict[str, list[tuple[str, str, Fact]]] = field(
        default_factory=lambda: {category: [] for category in CATEGORIES}
    )
    seconds: dict[str, float] = field(default_factory=dict)

    def rate(self, category: str) -> float:
        """How much of a category both name, of all that is not known to be a mistake of ctags."""
        return self.both[category] / max(1, self.both[category] + len(self.unexplained[category]))


def c_files(tree: Path) -> Iterator[Path]:
    return (path for glob in _FOLDERS for folder in tree.glob(glob) for path in folder.rglob("*.[ch]"))


@cache
def compared(tree: Path) -> Agreement:
    found = Agreement()
    paths = sorted(set(c_files(tree)))
    for path, tags in tags_of(paths).items():
        data = path.read_bytes()
        started = time.process_time()
        outlined = outline(data)
        mine = ours(outlined)
        found.seconds[path.name] = time.process_time() - started
        its = theirs(tags)
        source = Source(data.decode("latin-1").split("\n"), tags)
        for category in CATEGORIES:
            found.both[category] += len(mine[category] & its[category])
            for fact in mine[category] ^ its[category]:
                is_ours = fact in mine[category]
                reason = why(category, fact, source, is_ours=is_ours)
                if reason:
                    found.explained[category, reason] += 1
                else:
                    where = str(path.relative_to(tree))
                    found.unexplained[category].append(("only ours" if is_ours else "only ctags", where, fact))
    return found


@pytest.fixture
def agreement(kernel_tree: Callable[[str], Path]) -> Callable[[str], Agreement]:
    if not is_there():
        pytest.skip("Universal Ctags with JSON is not installed (Debian: universal-ctags)")
    return lambda version: compared(kernel_tree(version))


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("version", VERSIONS)
def test_outlines_agree_with_ctags(version: str, category: str, agreement: Callable[[str], Agreement]) -> None:
    found = agreement(version)
    told = "\n".join(map(str, found.unexplained[category]))
    assert found.both[category] > 300
    assert found.rate(category) >= _ENOUGH, f"{found.rate(category):.4f}\n{told}"
    mistakes = sum(count for (of, _), count in found.explained.items() if of == category)
    assert mistakes < 0.05 * found.both[category], "too much is laid at ctags' door"


@pytest.mark.parametrize("version", VERSIONS)
def test_no_file_takes_long(version: str, agreement: Callable[[str], Agreement]) -> None:
    slow = {name: seconds for name, seconds in agreement(version).seconds.items() if seconds > _SECONDS_A_FILE}
    assert not slow


# Read off 6.12's header by eye, in its order; three of the names are declared by DECLARE_BITMAP, and the lock of the
# pending interrupts came with a stable update.
_VCPU_ARCH_OF_6_12 = """
    ran_atleast_once last_exit_cpu isa mvendorid marchid mimpid host_sscratch host_stvec host_scounteren host_senvcfg
    host_sstateen0 host_context guest_context guest_csr smstateen_csr guest_reset_context reset_cntx_lock
    guest_reset_csr irqs_pending_lock irqs_pending irqs_pending_mask timer hfence_lock hfence_head hfence_tail
    hfence_queue mmio_decode csr_decode sbi_context aia_context mmu_page_cache mp_state mp_state_lock pause
    pmu_context cfg sta
"""


def test_vcpu_arch_of_6_12(kernel_tree: Callable[[str], Path]) -> None:
    header = kernel_tree("6.12") / "arch/riscv/include/asm/kvm_host.h"
    item = next(
        item for item in outline(header.read_bytes()) if item.kind is Kind.STRUCT and item.name == "kvm_vcpu_arch"
    )
    own = [member for member in item.members if "." not in member.name]
    expected = _VCPU_ARCH_OF_6_12.split()
    if b"irqs_pending_lock" not in header.read_bytes():
        expected.remove("irqs_pending_lock")
    assert [member.name for member in own] == expected
    assert [member.name for member in item.members if "." in member.name] == ["sta.shmem", "sta.last_steal"]
    assert [(member.position, member.of) for member in own] == [(at, len(own)) for at in range(1, len(own) + 1)]
