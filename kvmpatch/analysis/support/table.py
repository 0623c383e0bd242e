"""The whole table of one tree: extensions by columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kvmpatch import knowledge
from kvmpatch.analysis.support.guest import GuestSide
from kvmpatch.analysis.support.host import LETTERS_THAT_ARE_MODES, HostSide, csr_bits
from kvmpatch.analysis.support.one_reg import InterfaceSide
from kvmpatch.analysis.support.tree import ISA, SBI, Seen, Tree

COLUMNS = ("csr", "host", "hwprobe", "one-reg", "enable", "disable", "selftest", "guest-bits")
SBI_COLUMNS = ("one-reg", "selftest")
Row = tuple[str, str]
"""Kind and name of an extension."""


class Support:
    """What one tree supports."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._host = HostSide(tree)
        self._interface = InterfaceSide(tree)
        self._guest = GuestSide(tree)
        self._isa: dict[str, Callable[[str], Seen]] = {
            "csr": lambda name: csr_bits(tree, name),
            "host": self._host.host,
            "hwprobe": self._host.hwprobe,
            "one-reg": lambda name: self._interface.one_reg(ISA, name),
            "enable": lambda name: self._interface.allowed(self._interface.enable, name),
            "disable": lambda name: self._interface.allowed(self._interface.disable, name),
            "selftest": lambda name: self._interface.selftest(ISA, name),
            "guest-bits": self._guest.guest_bits,
        }
        self._sbi: dict[str, Callable[[str], Seen]] = {
            "one-reg": lambda name: self._interface.one_reg(SBI, name),
            "selftest": lambda name: self._interface.selftest(SBI, name),
        }

    def rows(self) -> Iterator[Row]:
        """The extensions of which this tree has anything, known to us or not."""
        found = {*self._host.detected, *self._host.probed, *self._interface.names(ISA), *self._guest.bits}
        found |= {name for name in _named_by_the_kernel() if csr_bits(self._tree, name).value}
        for name in sorted(found):
            yield ISA, name
        for name in self._interface.names(SBI):
            yield SBI, name

    def seen(self, row: Row, column: str) -> Seen:
        """What one cell says."""
        kind, name = row
        return (self._isa if kind == ISA else self._sbi)[column](name)


def _named_by_the_kernel() -> Iterator[str]:
    """Extensions that a kernel has an id for: of these, bits in csr.h alone are worth a row."""
    for extension in knowledge.extensions():
        if extension.kvm_macro or (extension.host_macro and extension.name.lower() not in LETTERS_THAT_ARE_MODES):
            yield extension.name


def columns_of(kind: str) -> tuple[str, ...]:
    """The columns that an extension of a kind has."""
    return COLUMNS if kind == ISA else SBI_COLUMNS
