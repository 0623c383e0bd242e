"""Every macro of the kernel's RISC-V headers is known, with the value that the header gives it."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from kvmpatch import knowledge

pytestmark = pytest.mark.kernel

_VERSIONS = ("6.1", "6.12")
_CSR_HEADER = "arch/riscv/include/asm/csr.h"
_UAPI_HEADER = "arch/riscv/include/uapi/asm/kvm.h"
_SBI_HEADER = "arch/riscv/include/asm/sbi.h"
_KVM_SBI_HEADER = "arch/riscv/include/asm/kvm_vcpu_sbi.h"
_HWCAP_HEADER = "arch/riscv/include/asm/hwcap.h"
_OF_THE_INTERFACE = ("KVM_RISCV_", "KVM_REG_RISCV_", "KVM_DEV_RISCV_", "KVM_INTERRUPT_")
_OF_THE_SBI = ("SBI_EXT_", "SBI_ERR_", "SBI_SUCCESS", "SBI_HSM_STATE_", "SBI_FWFT_")

_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.LShift: operator.lshift,
    ast.BitOr: operator.or_,
    ast.Div: operator.floordiv,
}


@dataclass(frozen=True)
class Build:
    """A kernel configuration, as far as these headers ask."""

    xlen: int
    m_mode: bool = False

    @property
    def symbols(self) -> set[str]:
        always = {f"CONFIG_{self.xlen}BIT", "CONFIG_RISCV_SBI", "CONFIG_RISCV_SBI_V01"}
        return always | ({"CONFIG_RISCV_M_MODE"} if self.m_mode else set())


class Header:
    """The object-like macros and enumerators of a header, in one configuration."""

    def __init__(self, text: str, build: Build) -> None:
        self._build = build
        self._functions: dict[str, tuple[list[str], str]] = {}
        self.macros: dict[str, str] = {}
        text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL).replace("\\\n", " ")
        kept = "\n".join(self._kept(text))
        for body in re.findall(r"\benum\b[^;{]*\{(.*?)\}", kept, re.DOTALL):
            self._count(body)

    def _kept(self, text: str) -> Iterator[str]:
        """The lines that the configuration keeps, without directives."""
        open_: list[bool] = []
        for line in text.splitlines():
            directive = re.match(r"\s*#\s*(\w+)\s*(.*)", line)
            if not directive:
                if all(open_):
                    yield line
                continue
            word, rest = directive[1], directive[2].strip()
            if word in {"ifdef", "ifndef"}:
                open_.append((rest in self._build.symbols) == (word == "ifdef"))
            elif word == "if":
                open_.append(True)
            elif word == "else":
                open_[-1] = not open_[-1]
            elif word == "endif":
                open_.pop()
            elif word == "define" and all(open_):
                self._define(rest)

    def _define(self, rest: str) -> None:
        function = re.match(r"(\w+)\(([^)]*)\)\s*(.*)", rest)
        if function:
            self._functions[function[1]] = (re.split(r"\s*,\s*", function[2]), function[3])
        elif plain := re.match(r"(\w+)\s+(.+)", rest):
            self.macros[plain[1]] = plain[2].strip()

    def _count(self, body: str) -> None:
        following = "0"
        for enumerator in filter(None, (part.strip() for part in body.split(","))):
            name, _, value = (part.strip() for part in enumerator.partition("="))
            self.macros[name] = value or following
            following = f"{name} + 1"

    def value(self, name: str) -> int:
        """What a macro comes to.

        Raises:
            KeyError, SyntaxError, TypeError: it is no number, such as a piece of code.
        """
        return self._evaluate(self.macros[name], {})

    def _evaluate(self, expression: str, arguments: dict[str, int]) -> int:
        python = re.sub(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]+\b", r"\1", expression)
        python = re.sub(r"\b0+([1-9a-fA-F]\d*)\b", r"\1", python)
        return self._number(ast.parse(python, mode="eval").body, arguments)

    def _number(self, node: ast.expr, arguments: dict[str, int]) -> int:
        match node:
            case ast.Constant(value=int(number)):
                return number
            case ast.Constant(value=str(letter)):
                return ord(letter)
            case ast.Name(id=name):
                if name in arguments:
                    return arguments[name]
                if name in {"__riscv_xlen", "__BITS_PER_LONG"}:
                    return self._build.xlen
                return self.value(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._number(operand, arguments)
            case ast.BinOp(left=left, op=op, right=right):
                return _OPERATORS[type(op)](self._number(left, arguments), self._number(right, arguments))
            case ast.Call(func=ast.Name(id=name), args=given):
                return self._called(name, given, arguments)
        raise TypeError(ast.dump(node))

    def _called(self, name: str, given: list[ast.expr], arguments: dict[str, int]) -> int:
        if name in {"_AC", "_UL", "_ULL"}:
            return self._number(given[0], arguments)
        numbers = [self._number(argument, arguments) for argument in given]
        if name == "BIT":
            return 1 << numbers[0]
        if name == "GENMASK":
            return (1 << (numbers[0] + 1)) - (1 << numbers[1])
        parameters, body = self._functions[name]
        return self._evaluate(body, dict(zip(parameters, numbers, strict=True)))


@pytest.fixture
def header(kernel_tree: Callable[[str], Path]) -> Callable[[str, str, Build], Header]:
    """Reads a header of a kernel version in one configuration."""

    @cache
    def read(version: str, path: str, build: Build) -> Header:
        return Header((kernel_tree(version) / path).read_text(encoding="utf-8"), build)

    return read


def known(macro: str, version: str, build: Build) -> int | None:
    """What the knowledge says a macro is, or None where it does not know it."""
    if alias := knowledge.csr_alias(macro):
        name = alias.m_mode_csr if build.m_mode and alias.m_mode_csr else alias.csr
        register = knowledge.csr(name)
        return register.address if register else None
    if register := knowledge.csr_by_macro(macro):
        return register.address
    if code := knowledge.exception(macro):
        return code.m_mode_value if build.m_mode and code.m_mode_value is not None else code.value
    if bit := knowledge.bit(macro):
        if build.m_mode and bit.aliases:
            return known(bit.aliases[1], version, build)
        return dict(bit.values_by).get(version, bit.value32 if build.xlen == 32 else bit.value)
    entry = knowledge.isa_id(macro) or knowledge.sbi_id(macro) or knowledge.one_reg(macro)
    if entry:
        return dict(entry.values_by).get(version, entry.value)
    constant = knowledge.constant(macro)
    return constant.value if constant else None


def numbers(header: Header, of: Callable[[str], bool]) -> dict[str, int]:
    """The macros of a header that come to a number."""
    return {name: header.value(name) for name in header.macros if of(name)}


@pytest.mark.parametrize("build", [Build(64), Build(32)], ids=["rv64", "rv32"])
@pytest.mark.parametrize("version", _VERSIONS)
def test_csr_header(version: str, build: Build, header: Callable[[str, str, Build], Header]) -> None:
    found = numbers(header(version, _CSR_HEADER, build), lambda _: True)
    assert len(found) > 200
    assert {name: known(name, version, build) for name in found} == found


@pytest.mark.parametrize("version", _VERSIONS)
def test_csr_aliases_of_an_m_mode_kernel(version: str, header: Callable[[str, str, Build], Header]) -> None:
    build = Build(64, m_mode=True)
    found = numbers(header(version, _CSR_HEADER, build), lambda name: name.startswith(("CSR_", "SR_", "RV_IRQ_")))
    assert known("CSR_STATUS", version, build) == 0x300
    assert {name: known(name, version, build) for name in found} == found


@pytest.mark.parametrize("version", _VERSIONS)
def test_user_space_interface(version: str, header: Callable[[str, str, Build], Header]) -> None:
    build = Build(64)
    found = numbers(header(version, _UAPI_HEADER, build), lambda name: name.startswith(_OF_THE_INTERFACE))
    assert "KVM_RISCV_ISA_EXT_MAX" in found
    assert {name: known(name, version, build) for name in found} == found


@pytest.mark.parametrize("version", _VERSIONS)
def test_sbi(version: str, header: Callable[[str, str, Build], Header]) -> None:
    found = numbers(header(version, _SBI_HEADER, Build(64)), lambda name: name.startswith(_OF_THE_SBI))
    assert len(found) > 50
    assert {name: known(name, version, Build(64)) for name in found} == found


def test_sbi_states_inside_kvm(header: Callable[[str, str, Build], Header]) -> None:
    found = numbers(header("6.12", _KVM_SBI_HEADER, Build(64)), lambda name: name.startswith(_OF_THE_INTERFACE))
    assert len(found) == 4
    assert {name: known(name, "6.12", Build(64)) for name in found} == found


def test_default_delegation(kernel_tree: Callable[[str], Path]) -> None:
    paths = [kernel_tree("6.12") / path for path in (_CSR_HEADER, "arch/riscv/include/asm/kvm_host.h")]
    host = Header("\n".join(path.read_text(encoding="utf-8") for path in paths), Build(64))
    for macro in ("KVM_HEDELEG_DEFAULT", "KVM_HIDELEG_DEFAULT"):
        assert known(macro, "6.12", Build(64)) == host.value(macro)


@pytest.mark.parametrize("version", _VERSIONS)
def test_extensions_of_the_host(version: str, header: Callable[[str, str, Build], Header]) -> None:
    not_extensions = {"BASE", "MAX", "INVALID", "ID_MAX", "SxAIA"}
    found = {
        name
        for name in header(version, _HWCAP_HEADER, Build(64)).macros
        if name.startswith("RISCV_ISA_EXT_")
        and not name.startswith(("RISCV_ISA_EXT_KEY_", "RISCV_ISA_EXT_NAME_"))
        and name.removeprefix("RISCV_ISA_EXT_") not in not_extensions
    }
    assert len(found) >= 15
    unknown = {name for name in found if (entry := knowledge.extension(name)) is None or entry.host_macro != name}
    assert not unknown


@pytest.mark.parametrize("version", _VERSIONS)
def test_entry_points_are_in_the_trees_that_they_name(version: str, kernel_tree: Callable[[str], Path]) -> None:
    folder = kernel_tree(version) / "arch/riscv"
    files = (*(folder / "kvm").glob("*.[cS]"), *(folder / "include/asm").glob("kvm_*.h"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    words = set(re.findall(r"\b\w+\b", text))
    points = [knowledge.entry_point(name) for name in knowledge.names("entry_points")]
    for point in points:
        assert point is not None
        assert (point.name in words) == (version in point.seen), point.name


@pytest.mark.parametrize("version", _VERSIONS)
def test_first_releases_agree_with_the_trees(version: str, header: Callable[[str, str, Build], Header]) -> None:
    here = tuple(map(int, version.split(".")))
    present = header(version, _CSR_HEADER, Build(64)).macros | header(version, _CSR_HEADER, Build(32)).macros
    for bit in knowledge.bits():
        first = bit.since or bit.by
        if bit.macro is None or first is None or bit.macro.startswith("KVM_"):
            continue
        last = bit.until or "99"
        within = tuple(map(int, first.split("."))) <= here <= tuple(map(int, last.split(".")))
        assert within == (bit.macro in present), bit.macro
