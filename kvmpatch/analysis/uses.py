"""The CSR accesses and configuration bits of one function, with the conditions that they stand under.

Which register a bit goes into is told by the code: the CSR that the call names, the field that the assignment names,
or the CSR that the same function writes the variable to. Where the code does not tell, every register that has the
bit stays possible and none is picked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import msgspec

from kvmpatch import knowledge
from kvmpatch.analysis.bit_names import CONSTANT, OF_A_FAMILY, family_registers, may_be_bit
from kvmpatch.model import Guard, GuardKind, Kind
from kvmpatch.parse.csource.body import read_body
from kvmpatch.parse.csource.outline import Item, Outline
from kvmpatch.parse.csource.steps import Body, Condition, Does, Origin, Step
from kvmpatch.parse.unseen import is_unseen


class CsrUse(msgspec.Struct, frozen=True):
    """One access as it stands on one side."""

    csr: str | None
    csr_macro: str | None
    accessor: str
    operation: str
    function: str | None
    path: str
    line: int
    value: str | None
    guards: tuple[Guard, ...]


class BitSeen(msgspec.Struct, frozen=True):
    """One use of a bit as it stands on one side; `registers` are those that it can be a bit of there."""

    macro: str
    use: str
    target: str | None
    registers: tuple[str, ...]
    function: str | None
    path: str
    line: int
    guards: tuple[Guard, ...]


class Uses(msgspec.Struct, frozen=True):
    """What one item does to registers and bits; `whole` is False where its body could not be read in full."""

    csrs: tuple[CsrUse, ...] = ()
    bits: tuple[BitSeen, ...] = ()
    whole: bool = True


_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_LAST_PART = re.compile(r"([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?$")
_CLEARING = re.compile(r"~\s*\(?[^~]*$")
# Early exits that ask after errors would put every later line under a condition that says nothing.
_TELLING = {GuardKind.HOST, GuardKind.GUEST, GuardKind.VCPU, GuardKind.VM, GuardKind.CONFIG}


def uses_in(outline: Outline, item: Item, path: str) -> Uses:
    """The CSR accesses and bit uses of a function, an asm symbol, a macro or a table."""
    if item.kind is Kind.ASM_SYMBOL:
        return Uses(csrs=tuple(_assembly_uses(outline, item, path)))
    if item.kind in {Kind.FUNCTION, Kind.SYSCALL}:
        if not _worth_reading(item.body or ""):
            return Uses()
        body = read_body(outline, item)
        reader = UseReader(item, path, body, lambda: bitmap_of_callers(outline, item))
        return Uses(tuple(reader.csr_uses()), tuple(reader.bit_uses()), body.whole)
    return Uses(bits=tuple(_defined_bits(item, path)))


@cache
def _telling_words() -> frozenset[str]:
    """The words of which a body must hold one to be worth a parse: accessors, bits, exceptions, inline assembly."""
    tables = ("accessors", "bits", "exceptions")
    return frozenset({"asm", "__asm__", "__asm"}.union(*(knowledge.names(table) for table in tables)))


def _worth_reading(body: str) -> bool:
    # A body is its lexemes with a space between them.
    return not _telling_words().isdisjoint(body.split(" ")) or bool(OF_A_FAMILY.search(body))


def _assembly_uses(outline: Outline, item: Item, path: str) -> Iterator[CsrUse]:
    from kvmpatch.parse.assembly import csr_instructions

    for instruction in csr_instructions(outline, item):
        use = _instruction_use(instruction.mnemonic, instruction.operands, instruction.line, item.name, path, ())
        if use:
            yield use


def _instruction_use(
    mnemonic: str, operands: tuple[str, ...], line: int, function: str, path: str, guards: tuple[Guard, ...]
) -> CsrUse | None:
    known = knowledge.accessor(mnemonic)
    if known is None or known.csr_argument >= len(operands):
        return None
    name = operands[known.csr_argument]
    at = known.value_argument
    value = operands[at] if at is not None and at < len(operands) else None
    return CsrUse(csr_name(name), _macro_or_none(name), mnemonic, known.operation, function, path, line, value, guards)


def csr_name(written: str) -> str | None:
    """The manual's name of a CSR that code names by macro, number or, in assembly, by name."""
    found = knowledge.csr_by_macro(written) or knowledge.csr(written)
    if found:
        return found.name
    alias = knowledge.csr_alias(written)
    return alias.csr if alias else None


def _macro_or_none(written: str) -> str | None:
    return written if CONSTANT.match(written) else None


def _defined_bits(item: Item, path: str) -> Iterator[BitSeen]:
    """The bit that a macro defines, and the bits that it is made of."""
    if item.kind is not Kind.MACRO:
        return
    known = knowledge.bit(item.name)
    if known and known.kind == "mask":
        yield BitSeen(item.name, "define", None, known.registers, None, path, item.name_line, ())
    if item.value is None or "|" not in item.value or item.signature:
        return
    # Whoever sets the whole sets its parts: what KVM_HEDELEG_DEFAULT gains or loses, every user of it does.
    registers = known.registers if known else ()
    for macro in dict.fromkeys(_IDENTIFIER.findall(item.value)):
        part = knowledge.bit(macro)
        if part is None or part.kind not in {"mask", "shift"} or macro == item.name:
            continue
        inside = tuple(name for name in part.registers if not registers or name in registers)
        if inside and (registers or part.kind == "mask"):
            yield BitSeen(macro, "set", item.name, inside, None, path, item.name_line, ())


# ---- conditions -----------------------------------------------------------------------------------------------


def bitmap_of_callers(outline: Outline, item: Item) -> str | None:
    """What the callers in this file hand in as the function's `isa` parameter, if they agree."""
    names = parameter_names(item)
    if "isa" not in names:
        return None
    position = names.index("isa")
    call = re.compile(rb"\b" + re.escape(item.name.encode()) + rb"\s*\(")
    clean = outline.scanned.clean
    calling = [
        piece
        for piece in outline.scanned.pieces
        if piece.body is not None and call.search(clean, piece.body, piece.end)
    ]
    given: set[str] = set()
    for other in outline.items(calling):
        if other.name == item.name:
            continue
        for step in read_body(outline, other).steps:
            if step.does is Does.CALL and step.name == item.name and position < len(step.arguments):
                given.add(step.arguments[position])
    return given.pop() if len(given) == 1 else None


def parameter_names(item: Item) -> list[str]:
    """The names of a function's parameters, in order; an empty string for one without a name."""
    signature = item.signature or ""
    inside = signature[signature.find("(") + 1 : signature.rfind(")")]
    names = []
    for part in inside.split(","):
        match = _LAST_PART.search(part.strip())
        names.append(match[1] if match else "")
    return names


class GuardReader:
    """Turns conditions into guards: whom each one asks."""

    def __init__(self, steps: Sequence[Step], bitmap_of_parameter: Callable[[], str | None]) -> None:
        self.locals = {step.name: step.value for step in steps if step.does is Does.ASSIGN and step.declares}
        self.bitmap_of_parameter = bitmap_of_parameter
        self._parameter: str | None = None
        self._asked = False

    def guards(self, conditions: Sequence[Condition]) -> tuple[Guard, ...]:
        """The guards of a step; loops and early exits that ask nothing we know are left out."""
        found: list[Guard] = []
        for condition in conditions:
            if condition.origin is Origin.LOOP:
                continue
            guard = Guard(condition.text, self.kind(condition), condition.negated)
            if condition.origin is Origin.EARLY_EXIT and guard.kind not in _TELLING:
                continue
            if guard not in found:
                found.append(guard)
        return tuple(found)

    def kind(self, condition: Condition) -> GuardKind:
        """Whom a condition asks; unknown where neither the table nor the code around it tells."""
        if condition.origin is Origin.PREPROCESSOR:
            return GuardKind.CONFIG
        known = knowledge.guard_kind(condition.text)
        if known is None:
            return GuardKind.UNKNOWN
        if known.kind != "unknown-isa":
            return GuardKind(known.kind)
        return self.bitmap_kind(knowledge.guard_isa(condition.text) or "")

    def bitmap_kind(self, bitmap: str) -> GuardKind:
        """Whose extensions a bitmap holds: followed through locals, and through the callers of this file."""
        origin = self.locals.get(bitmap)
        if origin is None and bitmap == "isa":
            if not self._asked:
                self._parameter, self._asked = self.bitmap_of_parameter(), True
            origin = self._parameter
        text = origin or bitmap
        if text == "NULL":
            return GuardKind.HOST
        if re.search(r"(?:->|\.)arch\s*(?:\.|->)\s*isa\b|\bguest_isa\b", text):
            return GuardKind.GUEST
        return GuardKind.UNKNOWN


def _beside_its_mask(value: knowledge.Bit, text: str) -> bool:
    return any(
        other.kind == "mask" and other.field == value.field
        for name in _IDENTIFIER.findall(text)
        if (other := knowledge.bit(name))
    )


def _masked(text: str, macro: str) -> str | None:
    """What a test masks with a bit: `cfg->hstateen0` of `cfg->hstateen0 & SMSTATEEN0_SSTATEEN0`."""
    if "&" not in text:
        return None
    match = re.search(rf"([\w.>\-]+)\s*&\s*\(?\s*(?:\w+\s*\|\s*)*{re.escape(macro)}\b", text)
    return match[1] if match else None


# ---- uses in a body ---------------------------------------------------------------------------------------------


class UseReader:
    """Finds the uses in the steps of one body."""

    def __init__(self, item: Item, path: str, body: Body, bitmap_of_parameter: Callable[[], str | None]) -> None:
        self.item = item
        self.path = path
        self.steps = body.steps
        self.conditions = GuardReader(body.steps, bitmap_of_parameter)

    def csr_uses(self) -> Iterator[CsrUse]:
        """Every CSR access, in the order it runs."""
        for step in self.steps:
            if step.does is Does.CALL:
                known = knowledge.accessor(step.name)
                if known and known.csr_argument < len(step.arguments):
                    name = step.arguments[known.csr_argument]
                    at = known.value_argument
                    value = step.arguments[at] if at is not None and at < len(step.arguments) else None
                    yield CsrUse(
                        csr_name(name),
                        _macro_or_none(name),
                        step.name,
                        known.operation,
                        self.item.name,
                        self.path,
                        step.line,
                        value,
                        self.conditions.guards(step.conditions),
                    )
            elif step.does is Does.ASSEMBLY:
                from kvmpatch.parse.assembly import instructions_in, template_of

                for instruction in instructions_in(template_of(step.name), step.line):
                    use = _instruction_use(
                        instruction.mnemonic,
                        instruction.operands,
                        step.line,
                        self.item.name,
                        self.path,
                        self.conditions.guards(step.conditions),
                    )
                    if use:
                        yield use

    def bit_uses(self) -> Iterator[BitSeen]:
        """Every use of a configuration bit, once a line and use."""
        seen: set[tuple[str, int, str]] = set()
        covered: set[tuple[str, int]] = set()
        for step in sorted(self.steps, key=lambda step: step.line):
            for text, use, target in self._spans(step):
                for macro in dict.fromkeys(_IDENTIFIER.findall(text)):
                    if not may_be_bit(macro):
                        continue
                    registers = self._registers(macro, target or _masked(text, macro), text)
                    if registers is None:
                        continue
                    kind = self._use(use, text, macro)
                    key = (macro, step.line, kind)
                    if key in seen or (use == "argument" and (macro, step.line) in covered):
                        continue
                    seen.add(key)
                    covered.add((macro, step.line))
                    yield BitSeen(
                        macro,
                        kind,
                        target,
                        registers,
                        self.item.name,
                        self.path,
                        step.line,
                        self.conditions.guards(step.conditions),
                    )

    def _spans(self, step: Step) -> Iterator[tuple[str, str, str | None]]:
        """(text to look in, how it is used, what it goes into) of a step."""
        if step.does is Does.TEST:
            yield step.name, "test", None
        elif step.does is Does.ASSIGN and step.value:
            use = {"|=": "set", "&=": "mask", "^=": "set"}.get(step.operator, "assign")
            yield step.value, use, step.name
        elif step.does is Does.RETURN and step.value:
            yield step.value, "argument", None
        elif step.does is Does.CALL:
            known = knowledge.accessor(step.name)
            if known and known.value_argument is not None and known.value_argument < len(step.arguments):
                use = {"clear": "clear", "read_clear": "clear"}.get(known.operation, "assign")
                yield step.arguments[known.value_argument], use, step.arguments[known.csr_argument]
            elif not known and not is_unseen(step.name):
                for argument in step.arguments:
                    yield argument, "argument", None

    @staticmethod
    def _use(use: str, text: str, macro: str) -> str:
        """set, clear or test, from the operator and the expression around the bit."""
        before = text[: text.find(macro)]
        inverted = bool(_CLEARING.search(before))
        if use == "mask":
            return "clear" if inverted else "test"
        if use in {"assign", "argument"}:
            if inverted:
                return "clear"
            return "test" if re.search(r"[^&]&\s*\(?[^&]*$", before) else "set"
        return use

    def _registers(self, macro: str, target: str | None, text: str) -> tuple[str, ...] | None:
        """The registers that the bit can be in here; None where the name is no configuration bit."""
        goes_into = self._register_of(target) if target else None
        known = knowledge.bit(macro)
        if known and known.kind in {"mask", "value", "mode"} and known.registers:
            if goes_into and known.in_register(goes_into):
                return (goes_into,)
            # A number such as ISELECT_IPRIO0 is the value of a field only beside that field's mask or its register.
            return known.registers if known.kind == "mask" or _beside_its_mask(known, text) else None
        if goes_into in {"hedeleg", "hideleg", "hedelegh", "medeleg", "mideleg", "hvip", "hie", "hip"}:
            code = knowledge.exception(macro)
            if code:
                return (goes_into,)
        if known is None and (family := family_registers(macro)):
            return (goes_into,) if goes_into in family else family
        return None

    def _register_of(self, target: str) -> str | None:
        """The CSR that a target is or ends up in: named by macro, by a field's name, or by a later write."""
        named = csr_name(target)
        if named:
            return named
        match = _LAST_PART.search(target)
        if not match:
            return None
        last = match[1]
        if knowledge.csr(last):
            return last
        if last == target:
            written = re.compile(rf"\b{re.escape(target)}\b")
            for step in self.steps:
                known = knowledge.accessor(step.name) if step.does is Does.CALL else None
                if known and known.value_argument is not None and known.value_argument < len(step.arguments):
                    if written.search(step.arguments[known.value_argument]):
                        return csr_name(step.arguments[known.csr_argument])
                elif step.does is Does.ASSIGN and step.value and written.fullmatch(step.value):
                    inner = _LAST_PART.search(step.name)
                    if inner and knowledge.csr(inner[1]):
                        return inner[1]
        return None
