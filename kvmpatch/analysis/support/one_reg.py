"""What KVM lets user space choose: ids of ONE_REG, what may be taken from a guest, and what the selftest lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from kvmpatch.analysis.support.tree import (
    INTERFACE,
    ISA,
    NO,
    NO_FILE,
    NOT_APPLICABLE,
    NOT_FOUND,
    SBI,
    SELFTEST,
    Place,
    Seen,
    Tree,
    canonical,
)

_ISA_ID = re.compile(r"\bKVM_RISCV_ISA_EXT_(\w+)")
_SBI_ID = re.compile(r"\bKVM_RISCV_SBI_EXT_(\w+)")
_ISA_ENTRY = re.compile(r"\bKVM_ISA_EXT_ARR\s*\(\s*(\w+)\s*\)")
# In a tree of the selftest's time, an extension stands there by its id or as the argument of one of its macros.
_TESTED = re.compile(rb"\b(?:KVM_RISCV_ISA_EXT_(\w+)|KVM_ISA_EXT_\w+\s*\((?:[^(),]*,)?\s*(\w+)\s*\))")
_SBI_TESTED = re.compile(rb"\b(?:KVM_RISCV_SBI_EXT_(\w+)|KVM_SBI_EXT_\w+CONFIG\s*\((?:[^(),]*,)?\s*(\w+)\s*\))")
_SWITCH = re.compile(
    rb"\bcase\s+KVM_RISCV_ISA_EXT_(?P<case>\w+)\s*:|\b(?P<default>default)\s*:|\breturn\s+(?P<returned>[^;]+);"
    rb"|\b(?P<left>break)\s*;"
)
_NO_EXTENSION = {"MAX", "ID"}
_TABLE = "kvm_isa_ext_arr"
_SBI_TABLE = "sbi_ext"


class Answers(msgspec.Struct, frozen=True):
    """What a function that switches over ids returns: by id, and for all others."""

    by_id: dict[str, tuple[str, Place]]
    otherwise: tuple[str, Place] | None

    def about(self, extension: str) -> Seen:
        """The answer for one extension: yes, no, or yes under a condition."""
        found = self.by_id.get(extension, self.otherwise)
        if found is None:
            return NOT_FOUND
        returned, place = found
        if returned in ("true", "1"):
            return Seen(True, (place,))
        if returned in ("false", "0"):
            return Seen(False, (place,))
        return Seen(True, (place,), "conditional")


def answers_of(tree: Tree, path: str, start: int, end: int) -> Answers:
    """Reads `switch (ext) { case A: case B: return x; default: break; } return y;`."""
    by_id: dict[str, tuple[str, Place]] = {}
    labels: list[tuple[str, Place]] = []
    leaving: list[tuple[str, Place]] = []
    default: tuple[str, Place] | None = None
    last: tuple[str, Place] | None = None
    in_default = False
    for match in _SWITCH.finditer(tree.code(path), start, end):
        place = tree.at(path, match.start())
        if match["case"]:
            labels.append((canonical(match["case"].decode()), place))
        elif match["default"]:
            in_default = True
        elif match["left"]:
            leaving += labels
            labels, in_default = [], False
        else:
            returned = match["returned"].decode("utf-8", "replace").strip()
            by_id |= {name: (returned, where) for name, where in labels}
            if in_default:
                default = (returned, place)
            last = (returned, place)
            labels, in_default = [], False
    if last:
        by_id |= {name: (last[0], where) for name, where in leaving}
    return Answers(by_id, default or last)


class InterfaceSide:
    """Ids, tables and switches of one tree, read once for all extensions."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        files = tree.kvm_files()
        self.ids: dict[str, dict[str, Place]] = {ISA: {}, SBI: {}}
        self.tables: dict[str, dict[str, Place] | None] = {ISA: None, SBI: None}
        self.tested: dict[str, dict[str, list[Place]]] = {ISA: {}, SBI: {}}
        if INTERFACE in tree:
            self._read_ids()
        self._read_tables(files)
        if SELFTEST in tree:
            self._read_selftest()
        self.enable = self._switch("isa_enable_allowed", files)
        self.disable = self._switch("isa_disable_allowed", files)

    def one_reg(self, kind: str, extension: str) -> Seen:
        """Whether ONE_REG takes an extension: it has an id, and the table (for the SBI, the handlers) knows the id."""
        if INTERFACE not in self.tree:
            return NO_FILE
        place = self.ids[kind].get(extension)
        if place is None:
            return NO
        table = self.tables[kind]
        if table is None:
            return NOT_FOUND if self.tree.kvm_files() else NO_FILE
        entry = table.get(extension)
        return Seen(True, (place, entry)) if entry else Seen(False, (place,))

    def allowed(self, answers: Answers | None, extension: str) -> Seen:
        """What a switch over ids says of an extension that ONE_REG takes."""
        offered = self.one_reg(ISA, extension)
        if not offered.value:
            return NO_FILE if offered.why == "no-file" else NOT_APPLICABLE
        return answers.about(extension) if answers else NOT_FOUND

    def selftest(self, kind: str, extension: str) -> Seen:
        """Whether the get-reg-list test names an extension."""
        if SELFTEST not in self.tree:
            return NO_FILE
        places = self.tested[kind].get(extension)
        return Seen(True, tuple(places[:3])) if places else NO

    # ---- reading -------------------------------------------------------------------------------------------------

    def _read_ids(self) -> None:
        for name, place in self.tree.macros(INTERFACE).items():
            for kind, pattern in ((ISA, _ISA_ID), (SBI, _SBI_ID)):
                match = pattern.match(name)
                if match and match[1] not in _NO_EXTENSION:
                    self.ids[kind][self.named(kind, match[1])] = place

    def _read_tables(self, files: tuple[str, ...]) -> None:
        if found := self.tree.variable(_TABLE, files):
            path, item = found
            table = self.tables[ISA] = {}
            for member in item.members:
                words = _ISA_ID.findall(member.name) or _ISA_ENTRY.findall(member.value or "")
                table |= {canonical(word): self.tree.at(path, member.offset) for word in words}
        if found := self.tree.variable(_SBI_TABLE, files):
            path, item = found
            table = self.tables[SBI] = {}
            for member in item.members:
                words = _SBI_ID.findall(f"{member.name} {member.value or ''}")
                table |= {word: self.tree.at(path, member.offset) for word in words if word not in _NO_EXTENSION}

    def _read_selftest(self) -> None:
        for kind, pattern in ((ISA, _TESTED), (SBI, _SBI_TESTED)):
            for match in pattern.finditer(self.tree.code(SELFTEST)):
                word = (match[1] or match[2]).decode()
                if word not in _NO_EXTENSION:
                    place = self.tree.at(SELFTEST, match.start())
                    self.tested[kind].setdefault(self.named(kind, word), []).append(place)

    def _switch(self, ending: str, files: tuple[str, ...]) -> Answers | None:
        found = self.tree.function(ending, files)
        if found is None:
            return None
        path, item = found
        return answers_of(self.tree, path, item.body_start or item.start, item.end)

    @staticmethod
    def named(kind: str, suffix: str) -> str:
        """The name of a row: extensions of the SBI go by their upper-case names."""
        return canonical(suffix) if kind == ISA else suffix

    def names(self, kind: str) -> Iterator[str]:
        """Every extension of a kind that has an id."""
        yield from self.ids[kind]
