"""What the host side of a tree has: bits in csr.h, detection, and what user space can ask by hwprobe."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kvmpatch import knowledge
from kvmpatch.analysis.support.tree import (
    CPUFEATURE,
    CSR,
    HWCAP,
    HWPROBE,
    HWPROBE_CODE,
    NO,
    NO_FILE,
    NOT_APPLICABLE,
    Place,
    Seen,
    Tree,
    canonical,
)
from kvmpatch.model import Kind

_HOST_ID = re.compile(r"\bRISCV_ISA_EXT_(\w+)")
# Before there was a table, 6.1 to 6.4 match the names in a function, one macro call each.
_MATCHED = re.compile(rb"\b(?:SET_ISA_EXT_MAP|match_isa_ext|set_bit)\s*\([^;]*?\bRISCV_ISA_EXT_(\w+)")
_MOST_PLACES = 8
"""The hypervisor extension alone has some forty fields."""
_NO_EXTENSION = {"MAX", "BASE", "ID_MAX", "INVALID", "NAME_LEN_MAX"}
LETTERS_THAT_ARE_MODES = {"s", "u"}
_ASKED = re.compile(rb"\bEXT_KEY\s*\(([^()]*)\)")
_ANSWERED = re.compile(rb"\|=\s*RISCV_HWPROBE_(?:EXT|IMA)_(\w+)")
_KEY = re.compile(r"RISCV_HWPROBE_(?:EXT_(\w+)|IMA_([CV]))\Z")
_TOGETHER = {"RISCV_HWPROBE_BASE_BEHAVIOR_IMA": "IMA", "RISCV_HWPROBE_IMA_FD": "FD"}
"""Keys that answer for several letters at once."""


def csr_bits(tree: Tree, extension: str) -> Seen:
    """Whether csr.h defines the bits that belong to an extension; its registers, where it brings no bits."""
    known = knowledge.extension(extension)
    bits = [bit.macro for bit in knowledge.bits_from(known.name) if bit.macro and not bit.parts] if known else []
    wanted = bits or ([csr.macro for csr in knowledge.csrs_from(known.name)] if known else [])
    if not wanted:
        return NOT_APPLICABLE
    if CSR not in tree:
        return NO_FILE
    macros = tree.macros(CSR)
    places = [macros[name] for name in wanted if name in macros]
    return Seen(bool(places), tuple(places[:_MOST_PLACES]))


class HostSide:
    """Detection and hwprobe of one tree, read once for all extensions."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.detected: dict[str, list[Place]] = {}
        self.probed: dict[str, list[Place]] = {}
        self._macros = tree.macros(HWCAP) if HWCAP in tree else {}
        if CPUFEATURE in tree:
            for suffix, place in self._detections():
                self.detected.setdefault(canonical(suffix), []).append(place)
            self._letters()
        if HWPROBE in tree:
            for suffix, place in self._probes():
                self.probed.setdefault(canonical(suffix), []).append(place)

    def host(self, extension: str) -> Seen:
        """Whether the host is searched for an extension."""
        if CPUFEATURE not in self.tree:
            return NO_FILE
        places = self.detected.get(extension)
        if not places:
            return NO
        known = knowledge.extension(extension)
        macro = self._macros.get(known.host_macro) if known and known.host_macro else None
        return Seen(True, (*((macro,) if macro else ()), *places))

    def hwprobe(self, extension: str) -> Seen:
        """Whether user space can ask for an extension: the header has a key and the kernel answers it."""
        if HWPROBE not in self.tree:
            return NO_FILE
        places = self.probed.get(extension)
        return Seen(True, tuple(places)) if places else NO

    # ---- detection -----------------------------------------------------------------------------------------------

    def _detections(self) -> Iterator[tuple[str, Place]]:
        """Ids in the tables of cpufeature.c, and those that its code matches by name."""
        for item in self.tree.outline(CPUFEATURE):
            if item.kind is not Kind.VARIABLE:
                continue
            for member in item.members:
                for suffix in _HOST_ID.findall(member.value or ""):
                    if self._is_extension(suffix):
                        yield suffix, self.tree.at(CPUFEATURE, member.offset)
        for match, place in self.tree.matches(CPUFEATURE, _MATCHED):
            suffix = match[1].decode()
            if self._is_extension(suffix):
                yield suffix, place

    def _is_extension(self, suffix: str) -> bool:
        """Whether the end of an id is an extension: lists of ids go by such names too, but are no ids of hwcap.h."""
        if suffix in _NO_EXTENSION:
            return False
        return not self._macros or f"RISCV_ISA_EXT_{suffix}" in self._macros

    def _letters(self) -> None:
        """Where no table lists single letters, the code takes every letter: hwcap.h says which ones have a name."""
        if any(len(name) == 1 for name in self.detected):
            return
        for name, place in self._macros.items():
            suffix = name.removeprefix("RISCV_ISA_EXT_")
            if len(suffix) == 1 and suffix not in LETTERS_THAT_ARE_MODES:
                self.detected.setdefault(canonical(suffix), []).append(place)

    # ---- hwprobe -------------------------------------------------------------------------------------------------

    def _probes(self) -> Iterator[tuple[str, Place]]:
        """Keys of the header that the code answers; where the code is not at hand, none."""
        keys = self.tree.macros(HWPROBE)
        answered = dict(self._answers())
        for name, place in keys.items():
            if name in _TOGETHER:
                for letter in _TOGETHER[name]:
                    yield letter, place
            elif match := _KEY.match(name):
                suffix = (match[1] or match[2]).upper()
                yield from ((suffix, where) for where in (place, answered.get(suffix)) if where and suffix in answered)

    def _answers(self) -> Iterator[tuple[str, Place]]:
        for path in HWPROBE_CODE:
            if path not in self.tree:
                continue
            for match, place in self.tree.matches(path, _ASKED):
                # EXT_KEY(ZBA) at first, EXT_KEY(isainfo->isa, ZBA, pair->value, missing) later
                for word in re.findall(rb"(?<![\w.>])[A-Z][A-Z0-9]*\b", match[1]):
                    yield word.decode(), place
            for match, place in self.tree.matches(path, _ANSWERED):
                yield match[1].decode().upper(), place
