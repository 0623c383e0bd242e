"""The sources of one side, as far as the question needs them: functions by name, their callers, their steps.

A file is cut into pieces only when a name that is asked for stands in it, and a body is parsed only when its steps
are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

import msgspec

from kvmpatch.analysis.flow.loops import loop_around
from kvmpatch.analysis.uses import GuardReader, UseReader, Uses, bitmap_of_callers, uses_in
from kvmpatch.model import Guard, Kind
from kvmpatch.parse.csource.body import read_body
from kvmpatch.parse.csource.outline import Item, Outline
from kvmpatch.parse.csource.steps import Body, Condition, Does, Step
from kvmpatch.parse.outlines import outline_of


class Function(msgspec.Struct, frozen=True):
    """A function, or an asm symbol, and where it stands."""

    name: str
    path: str
    item: Item
    outline: Outline

    @property
    def is_assembly(self) -> bool:
        """Whether it is an asm symbol, whose only effects are its CSR instructions."""
        return self.item.kind is Kind.ASM_SYMBOL


class Use(msgspec.Struct, frozen=True):
    """One place that calls a function, takes its address in a table, or hands it over for somebody else to call.

    `handed` says to whom: the function that gets it (`hrtimer_setup()`), or the field that holds it from then on.
    """

    caller: Function | None
    step: Step | None
    table: str | None = None
    handed: str | None = None


# A function's name as an argument of these is not handed to anybody.
_NO_HANDING = {"container_of", "offsetof", "sizeof", "typeof", "likely", "unlikely", "WARN_ON", "BUG_ON"}
_FIELD = re.compile(r"->|\.")
# Words of which sources that generic KVM calls into hold one: its hooks, and the tables that it calls through.
_ENTRANCES = (b"kvm_arch_", b"kvm_riscv_", b"kvm_vcpu_sbi_extension", b"kvm_device_ops", b"kvm_io_device_ops")


class Program:
    """One side of the sources: path → text. Look-ups are remembered; nothing is read twice."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self.texts = texts
        self._outlines: dict[str, Outline | None] = {}
        self._functions: dict[str, tuple[Function, ...]] = {}
        self._bodies: dict[tuple[str, str], Body] = {}
        self._uses: dict[tuple[str, str], Uses] = {}
        self._callers: dict[str, tuple[Use, ...]] = {}
        self._loops: dict[tuple[str, int, int], tuple[int, int] | None] = {}

    @cached_property
    def has_entries(self) -> bool:
        """Whether generic KVM can get in here at all: without an entry point no phase can be told."""
        return any(word in text for text in self.texts.values() for word in _ENTRANCES)

    def outline(self, path: str) -> Outline | None:
        """The outline of a file."""
        if path not in self._outlines:
            self._outlines[path] = outline_of(path, self.texts[path])
        return self._outlines[path]

    def functions(self, name: str) -> tuple[Function, ...]:
        """The functions of a name; several where each configuration or file has its own."""
        if name not in self._functions:
            found = []
            word = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
            for path, text in self.texts.items():
                if name.encode() not in text or not word.search(text):
                    continue
                outline = self.outline(path)
                if outline is None:
                    continue
                for item in self._named(outline, word):
                    if item.name == name and item.kind in {Kind.FUNCTION, Kind.SYSCALL, Kind.ASM_SYMBOL}:
                        found.append(Function(name, path, item, outline))
            self._functions[name] = tuple(found)
        return self._functions[name]

    @staticmethod
    def _named(outline: Outline, word: re.Pattern[bytes]) -> list[Item]:
        """The items of the pieces whose header holds the word."""
        scanned = outline.scanned
        pieces = [
            piece
            for piece in scanned.pieces
            if piece.body is not None and word.search(scanned.clean, piece.start, piece.body)
        ]
        return list(outline.items(pieces))

    def function(self, name: str, near: str | None = None) -> Function | None:
        """The function that a call by this name reaches: a static one of the same file, else the global one."""
        candidates = self.functions(name)
        if not candidates:
            return None
        local = [found for found in candidates if found.path == near]
        if local:
            return local[0]
        shared = [found for found in candidates if not found.item.is_static or found.path.endswith(".h")]
        return shared[0] if shared else None

    def body(self, function: Function) -> Body:
        """The steps of a function."""
        key = (function.path, f"{function.name}@{function.item.start}")
        if key not in self._bodies:
            self._bodies[key] = (
                Body((), whole=True) if function.is_assembly else read_body(function.outline, function.item)
            )
        return self._bodies[key]

    def loop_around(self, function: Function, line: int) -> tuple[int, int] | None:
        """First and last line of the innermost loop around a line of a function."""
        item = function.item
        key = (function.path, item.start, line)
        if key not in self._loops:
            self._loops[key] = loop_around(function.outline.scanned.clean, item.start, item.end, line)
        return self._loops[key]

    def reader(self, function: Function) -> UseReader:
        """What finds uses and guards in a function's steps."""
        return UseReader(
            function.item,
            function.path,
            self.body(function),
            lambda: bitmap_of_callers(function.outline, function.item),
        )

    def uses(self, function: Function) -> Uses:
        """The CSR accesses and bits of a function."""
        key = (function.path, f"{function.name}@{function.item.start}")
        if key not in self._uses:
            self._uses[key] = uses_in(function.outline, function.item, function.path)
        return self._uses[key]

    def guards(self, function: Function, conditions: tuple[Condition, ...]) -> tuple[Guard, ...]:
        """Conditions as guards, as that function's code tells whom they ask."""
        return GuardReader(
            self.body(function).steps, lambda: bitmap_of_callers(function.outline, function.item)
        ).guards(conditions)

    def callers(self, name: str) -> tuple[Use, ...]:
        """Who calls a function, or puts it into a table, within the sources."""
        if name not in self._callers:
            self._callers[name] = tuple(self._find_callers(name))
        return self._callers[name]

    def _find_callers(self, name: str, *, indirect: bool = False) -> list[Use]:
        found: list[Use] = []
        word = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
        for path, text in self.texts.items():
            if name.encode() not in text or not word.search(text):
                continue
            outline = self.outline(path)
            if outline is None:
                continue
            scanned = outline.scanned
            for piece in scanned.pieces:
                start = piece.body if piece.body is not None else piece.start
                if not word.search(scanned.clean, start, piece.end):
                    continue
                if piece.body is None:
                    found += [] if indirect else self._tables(outline, [piece], name)
                    continue
                for item in outline.items([piece]):
                    caller = Function(item.name, path, item, outline)
                    if indirect:
                        found += self._calls_through(caller, name)
                    elif item.name != name:
                        found += self._calls(caller, name)
        return found

    def _calls_through(self, caller: Function, field: str) -> list[Use]:
        ends = (f"->{field}", f".{field}")
        steps = () if caller.is_assembly else self.body(caller).steps
        return [Use(caller, step) for step in steps if step.does is Does.CALL and step.name.endswith(ends)]

    def _calls(self, caller: Function, name: str) -> list[Use]:
        if caller.is_assembly:
            return []
        found = []
        for step in self.body(caller).steps:
            if step.does is Does.CALL and step.name == name:
                found.append(Use(caller, step))
            elif handed := _handed(step, name):
                found.append(Use(caller, step, handed=handed))
        return found

    def callers_through(self, field: str) -> tuple[Use, ...]:
        """Who calls whatever a field holds: `t->next_event(…)`."""
        key = f"->{field}"
        if key not in self._callers:
            self._callers[key] = tuple(
                Use(use.caller, step)
                for use in self._find_callers(field, indirect=True)
                if use.caller and (step := use.step)
            )
        return self._callers[key]

    @staticmethod
    def _tables(outline: Outline, pieces: list, name: str) -> list[Use]:  # type: ignore[type-arg]
        found = []
        for item in outline.items(pieces):
            for member in item.members:
                if item.kind is Kind.VARIABLE and re.search(rf"\b{re.escape(name)}\b", member.value or ""):
                    # In a table of structures the member is a number; the field is named within it.
                    within = re.search(rf"\.(\w+)\s*=\s*&?{re.escape(name)}\b", member.value or "")
                    found.append(Use(None, None, f"{item.shape or ''}.{within[1] if within else member.name}"))
        return found


def _handed(step: Step, name: str) -> str | None:
    """To whom a step hands a function. A name without an underscore may as well be a local variable's."""
    if "_" not in name:
        return None
    named = {name, f"&{name}"}
    if step.does is Does.CALL and step.name not in _NO_HANDING and any(one in named for one in step.arguments):
        return f"{step.name}()"
    if step.does is Does.ASSIGN and not step.declares and step.value in named and _FIELD.search(step.name):
        return step.name
    return None
