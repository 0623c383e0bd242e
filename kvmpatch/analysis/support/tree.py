"""The sources of one tree that tell what it supports, and where in them something was seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from kvmpatch import knowledge
from kvmpatch.model import Kind
from kvmpatch.parse.csource.outline import Item, Outline, outline

CSR = "arch/riscv/include/asm/csr.h"
HWCAP = "arch/riscv/include/asm/hwcap.h"
CPUFEATURE = "arch/riscv/kernel/cpufeature.c"
HWPROBE = "arch/riscv/include/uapi/asm/hwprobe.h"
HWPROBE_CODE = ("arch/riscv/kernel/sys_hwprobe.c", "arch/riscv/kernel/sys_riscv.c")
INTERFACE = "arch/riscv/include/uapi/asm/kvm.h"
KVM = "arch/riscv/kvm/"
SELFTEST = "tools/testing/selftests/kvm/riscv/get-reg-list.c"
PATHS = (CSR, HWCAP, CPUFEATURE, HWPROBE, *HWPROBE_CODE, INTERFACE, SELFTEST)
"""What is read besides KVM's own C files."""

_COMMENT = re.compile(rb"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_NOT_NEWLINE = re.compile(rb"[^\n]")
_LONGEST = 120
ISA = "isa"
SBI = "sbi"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file, and what stands there."""

    path: str
    line: int
    text: str


class Seen(msgspec.Struct, frozen=True):
    """What was found out about one extension in one column; see `SupportCell`."""

    value: bool | None
    places: tuple[Place, ...] = ()
    why: str | None = None


NO_FILE = Seen(None, why="no-file")
NOT_APPLICABLE = Seen(None, why="not-applicable")
NOT_FOUND = Seen(None, why="not-found")
NO = Seen(False)


def canonical(suffix: str) -> str:
    """The name of an extension by the end of its macro: SVPBMT is Svpbmt, whether known or not."""
    known = knowledge.extension(suffix)
    return known.name if known else suffix[:1].upper() + suffix[1:].lower()


class Tree:
    """Files of one tree by path, each read once. Which files those are is the caller's choice."""

    def __init__(self, files: Mapping[str, bytes | None]) -> None:
        self._files = {path: data for path, data in files.items() if data is not None}
        self._outlines: dict[str, Outline] = {}
        self._code: dict[str, bytes] = {}

    def __contains__(self, path: object) -> bool:
        return path in self._files

    def kvm_files(self) -> tuple[str, ...]:
        """KVM's own C files that are there, by path."""
        return tuple(sorted(path for path in self._files if path.startswith(KVM) and path.endswith(".c")))

    def outline(self, path: str) -> Outline:
        """The outline of a file that is there."""
        if path not in self._outlines:
            self._outlines[path] = outline(self._files[path])
        return self._outlines[path]

    def code(self, path: str) -> bytes:
        """The text of a file that is there, comments blanked."""
        if path not in self._code:
            self._code[path] = _COMMENT.sub(lambda match: _NOT_NEWLINE.sub(b" ", match[0]), self._files[path])
        return self._code[path]

    def place(self, path: str, line: int) -> Place:
        """A line of a file, with its text."""
        lines = self.outline(path).scanned.line_starts
        start = lines[line - 1]
        end = lines[line] if line < len(lines) else None
        text = self._files[path][start:end].decode("utf-8", "backslashreplace").strip()
        return Place(path, line, text[:_LONGEST])

    def at(self, path: str, offset: int) -> Place:
        """The line of a byte of a file."""
        return self.place(path, self.outline(path).scanned.line(offset))

    def matches(self, path: str, pattern: re.Pattern[bytes]) -> Iterator[tuple[re.Match[bytes], Place]]:
        """Where a pattern is found outside comments."""
        for match in pattern.finditer(self.code(path)):
            yield match, self.at(path, match.start(1) if pattern.groups else match.start())

    def macros(self, path: str) -> dict[str, Place]:
        """The macros and enumerators that a file defines."""
        found: dict[str, Place] = {}
        for item in self.outline(path):
            if item.kind is Kind.MACRO:
                found.setdefault(item.name, self.place(path, item.name_line))
            elif item.kind is Kind.ENUM:
                for member in item.members:
                    found.setdefault(member.name, self.at(path, member.offset))
        return found

    def variable(self, name: str, paths: Iterable[str]) -> tuple[str, Item] | None:
        """A table by its name, and the file that it is in."""
        for path in paths:
            for item in self.outline(path):
                if item.kind is Kind.VARIABLE and item.name == name and item.members:
                    return path, item
        return None

    def function(self, ending: str, paths: Iterable[str]) -> tuple[str, Item] | None:
        """The function whose name ends so, and the file that it is in."""
        for path in paths:
            if ending.encode() not in self.code(path):
                continue
            for item in self.outline(path).functions():
                if item.name.endswith(ending):
                    return path, item
        return None
