"""The effects of functions in the order they run, down the calls that the commit touches."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

import msgspec

from kvmpatch import knowledge
from kvmpatch.analysis.flow.program import Function, Program
from kvmpatch.analysis.flow.routes import is_called_from_outside, is_first_run, phase_at, phase_within
from kvmpatch.analysis.uses import BitSeen, CsrUse, Uses
from kvmpatch.model import Effect, Guard, GuardKind
from kvmpatch.parse.csource.steps import Condition, Does, Origin, Step

_DEEPEST = 6
_MOST_EFFECTS = 4000
_FIELD = re.compile(r"->|\.(?=[A-Za-z_])")
_QUIET_CALLS = re.compile(
    r"(?:un)?likely$|IS_ENABLED$|BIT(?:_ULL)?$|_?_?BUILD_BUG|WARN|BUG|pr_|dev_|kvm_(?:err|info|debug|pr)|trace_|sizeof$|"
    r"container_of$|READ_ONCE$|WRITE_ONCE$|ARRAY_SIZE$|lockdep_|might_|array_index_nospec$|min$|max$|offsetof$|"
    r"_?_?riscv_isa_extension_available$|riscv_(?:cpu_)?has_extension_|static_branch_|kvm_riscv_nacl_\w*available$|"
    r"smp_|barrier$|preempt_|local_irq_|rcu_read_|u?int\d+_t$|__va$|__pa$|(?:IS|PTR|ERR)_\w+$|[A-Z][A-Z0-9_]+$|"
    r"page_to_|virt_to_|ns_to_|ktime_(?:to_|get)|xchg|cmpxchg|_?[gm]fn(?:_x|_to_)?|paddr_to_|(?:d?g?printk|panic)$|d?printk"
)
# Conditions that say something about an effect wherever on the way they stand; all others count in what the commit
# touches only: a dispatch three callers up is the same before and after.
_TELLING = {GuardKind.HOST, GuardKind.GUEST, GuardKind.CONFIG}
# Whole objects are written by these: what, and with what.
FILLS = {"memset", "memcpy", "memmove", "bitmap_zero", "bitmap_copy", "memzero_explicit"}


_WHOLE = re.compile(r"\*\w|\((?:const )?struct \w+\)\s*\{")
_CALLED = re.compile(r"\b([a-z_]\w*)\s*\(")


class Run(msgspec.Struct, frozen=True):
    """An effect where it runs: its phase, its function, and the form in which two sides are compared.

    `essence` has local names replaced by what they stand for, so that `cfg->henvcfg` and `vcpu->arch.cfg.henvcfg`
    are one; `checks` are the guards on the whole way down.
    """

    effect: Effect
    phase: str
    function: str
    essence: tuple[str, str, str | None]
    checks: tuple[tuple[str, str, bool], ...]


class _Here(msgspec.Struct, frozen=True):
    """Where the walk stands: the phase, what holds there, how it got there, and what local names stand for."""

    function: Function
    phase: str
    guards: tuple[Guard, ...]
    via: tuple[str, ...]
    names: dict[str, str]
    outer: tuple[Guard, ...] = ()
    hidden: bool = False


class Tracer:
    """Walks one side. Calls are followed into functions that the commit touches, and into those that lead there."""

    def __init__(
        self,
        program: Program,
        follow: Collection[tuple[str, str]],
        touched: Collection[tuple[str, str]],
        one_sided: Collection[tuple[str, str]] = (),
        indirect: Mapping[tuple[str, int, str], Function] | None = None,
    ) -> None:
        self.program = program
        self.follow = follow
        self.touched = touched
        self.names = {name for _, name in (*follow, *touched)}
        self.one_sided = one_sided
        # Calls that do not name what they reach: by place and name.
        self.indirect = indirect or {}
        self.left = _MOST_EFFECTS
        # Places of CSR accesses that stand under conditions of callers, which are not told.
        self.conditional: set[tuple[str, int]] = set()

    def trace(self, function: Function, phase: str) -> Iterator[Run]:
        """The effects from an entry point on."""
        yield from self._function(function, phase_within(phase, function.name), (), (function.name,))

    def _function(
        self, function: Function, phase: str, guards: tuple[Guard, ...], via: tuple[str, ...], *, hidden: bool = False
    ) -> Iterator[Run]:
        counts = (function.path, function.name) in self.touched
        uses = self.program.uses(function) if counts else Uses()
        if function.is_assembly:
            for access in uses.csrs:
                yield self._csr(access, _Here(function, phase, guards, via, {}, hidden=hidden))
            return
        steps = self.program.body(function).steps
        names = aliases(steps)
        reader = self.program.reader(function).conditions
        accesses: defaultdict[int, list[CsrUse]] = defaultdict(list)
        for access in uses.csrs:
            accesses[access.line].append(access)
        bits: defaultdict[int, list[BitSeen]] = defaultdict(list)
        for bit in uses.bits:
            # A bit that goes straight into a CSR is told by the access.
            if bit.use in {"set", "clear"} and not (bit.target or "").startswith("CSR_"):
                bits[bit.line].append(bit)
        bit_lines = set(bits)
        for step in steps:
            if self.left <= 0:
                return
            phase_here = phase_at(self.program, phase, function, step)
            outer = _Here(function, phase_here, guards, via, names, hidden=hidden)
            if step.does is Does.CALL and knowledge.accessor(step.name):
                for access in accesses.pop(step.line, []):
                    yield self._csr(access, outer)
            here = _Here(function, phase_here, (*guards, *reader.guards(step.conditions)), via, names, guards, hidden)
            if step.does is Does.CALL:
                yield from self._call(step, here, counts=counts)
            if counts:
                if step.does in {Does.ASSIGN, Does.CALL}:
                    for bit in bits.pop(step.line, []):
                        yield self._bit(bit, outer)
                yield from self._own(step, here, bit_lines)

    def _own(self, step: Step, here: _Here, bit_lines: Collection[int]) -> Iterator[Run]:
        """The effects of a step that neither calls nor touches a bit."""
        if step.does is Does.ASSIGN and not step.declares and (name := _field_of(step, here.names)):
            # What is read from a CSR, or swapped with it, is told as the access.
            if step.line not in bit_lines and not _holds_accessor(step.value):
                said = f"{step.operator} {expand(step.value or '', here.names)}"
                essence = ("field", name, said)
                yield self._made("field", step.name, step.value, step, here, essence)
        elif step.does is Does.RETURN and is_early(step) and self._was_there(here.function):
            asked = [c for c in step.conditions if c.origin is not Origin.EARLY_EXIT]
            own = " && ".join(("!" if c.negated else "") + expand(c.text, here.names) for c in asked)
            said = f"{step.value} if {own}"
            essence = ("return", "", said)
            yield self._made("return", here.function.name, step.value, step, here, essence)
        elif step.does is Does.TEST and knowledge.guard_extension(step.name):
            yield self._made("test", step.name, None, step, here, ("test", step.name, None))

    def _was_there(self, function: Function) -> bool:
        """Whether the function is on both sides: the returns of a new one skip nothing that used to run."""
        return (function.path, function.name) not in self.one_sided

    def _made(
        self, what: str, target: str, value: str | None, step: Step, here: _Here, essence: tuple[str, str, str | None]
    ) -> Run:
        self.left -= 1
        operation = step.operator or None
        path = here.function.path
        effect = Effect(what, target, value, here.guards, here.via, path, step.line, operation=operation)
        return Run(effect, here.phase, here.function.name, essence, checks(here.guards))

    def _call(self, step: Step, here: _Here, *, counts: bool) -> Iterator[Run]:
        if knowledge.accessor(step.name):
            return
        target = self.indirect.get((here.function.path, step.line, step.name))
        if target is None and step.name in self.names:
            target = self.program.function(step.name, near=here.function.path)
        if target and not is_called_from_outside(target.name) and self._is_followed(target, here):
            # That a caller did not return early before says nothing about what it calls.
            lasting = tuple(c for c in step.conditions if c.origin is not Origin.EARLY_EXIT)
            asked = self.program.reader(here.function).conditions.guards(lasting)
            below = (*here.outer, *(guard for guard in asked if counts or guard.kind in _TELLING))
            hidden = here.hidden or (not counts and any(_is_choice(c, here.phase) for c in lasting))
            phase = phase_within(here.phase, target.name)
            yield from self._function(target, phase, below, (*here.via, target.name), hidden=hidden)
        elif counts and step.name in FILLS and step.arguments and _FIELD.search(step.arguments[0]):
            filled = step.arguments[0].lstrip("&").strip()
            value = "0" if step.name == "bitmap_zero" else step.arguments[1].lstrip("&") if step.arguments[1:] else None
            essence = ("field", expand(filled, here.names), f"= {expand(value or '', here.names)}")
            yield self._made("field", filled, value, step, here, essence)
        elif counts and not is_quiet(step.name):
            essence = ("call", step.name, ", ".join(expand(argument, here.names) for argument in step.arguments))
            yield self._made("call", step.name, ", ".join(step.arguments) or None, step, here, essence)

    def _is_followed(self, target: Function, here: _Here) -> bool:
        key = (target.path, target.name)
        return len(here.via) <= _DEEPEST and target.name not in here.via and (key in self.follow or key in self.touched)

    def _csr(self, access: CsrUse, here: _Here) -> Run:
        self.left -= 1
        target = access.csr or access.csr_macro or "?"
        if here.hidden:
            self.conditional.add((access.path, access.line))
        guards = (*here.guards, *access.guards)
        return Run(
            Effect("csr", target, access.value, guards, here.via, access.path, access.line, None, access.operation),
            here.phase,
            access.function or "",
            ("csr", target, f"{access.operation} {expand(access.value or '', here.names)}".strip()),
            checks(guards),
        )

    def _bit(self, bit: BitSeen, here: _Here) -> Run:
        self.left -= 1
        target = bit.target or "?"
        guards = (*here.guards, *bit.guards)
        return Run(
            Effect("bit", target, bit.macro, guards, here.via, bit.path, bit.line, None, bit.use),
            here.phase,
            bit.function or "",
            ("bit", expand(target, here.names), f"{bit.use} {bit.macro}"),
            checks(guards),
        )


def _is_choice(condition: Condition, phase: str) -> bool:
    """Whether a call stands under a condition that the phase is not known by."""
    return condition.origin in {Origin.BRANCH, Origin.CASE} and not (phase == "first-run" and is_first_run(condition))


def _holds_accessor(value: str | None) -> bool:
    return any(knowledge.accessor(name) for name in _CALLED.findall(value or ""))


def _field_of(step: Step, names: dict[str, str]) -> str:
    """What an assignment writes where that is a field, or a whole object behind a pointer."""
    written = step.name
    name = expand(written, names)
    if written.startswith("*") and _WHOLE.match(step.value or ""):
        return name.removeprefix("*&")
    if _FIELD.search(written):
        return name
    # What a local pointer to a field points to is that field, or a part of it.
    return name.removeprefix("*&") if written[:1] in "*(" and "&" in name and _FIELD.search(name) else ""


def is_quiet(name: str) -> bool:
    """Whether a call by this name is bookkeeping, a cast or a test: nothing that a reader of the flow looks for."""
    return name[:1] == "(" or _QUIET_CALLS.match(name) is not None


def is_early(step: Step) -> bool:
    """Whether a return stands under a condition of its own, and so can keep what follows from running."""
    return any(condition.origin is Origin.BRANCH for condition in step.conditions)


def aliases(steps: tuple[Step, ...]) -> dict[str, str]:
    """Local names that stand for one thing throughout: `cfg` for `&vcpu->arch.cfg`."""
    found: dict[str, str] = {}
    spoiled: set[str] = set()
    for step in steps:
        if step.does is not Does.ASSIGN:
            continue
        if (
            step.declares
            and step.value
            and re.fullmatch(r"&?[A-Za-z_][\w.\->]*", step.value)
            and step.name not in found
        ):
            found[step.name] = step.value
        elif step.name in found:
            spoiled.add(step.name)
    return {name: value for name, value in found.items() if name not in spoiled}


def expand(text: str, names: dict[str, str]) -> str:
    """A text with local names replaced by what they stand for."""
    if not names or not text:
        return text

    def replaced(match: re.Match[str]) -> str:
        stands_for = names.get(match[1])
        if stands_for is None:
            return match[0]
        if stands_for.startswith("&"):
            return f"{stands_for[1:]}." if match[2] == "->" else f"{stands_for}{match[2]}"
        return f"{stands_for}{match[2]}"

    for _ in range(2):
        text = re.sub(r"(?<![\w.>])([A-Za-z_]\w*)\b(->|\.|)", replaced, text)
    return text


def checks(guards: tuple[Guard, ...]) -> tuple[tuple[str, str, bool], ...]:
    """Guards by what they ask, in no order, each once."""
    asked = {(guard.kind.value, knowledge.guard_extension(guard.text) or guard.text, guard.negated) for guard in guards}
    return tuple(sorted(asked))
