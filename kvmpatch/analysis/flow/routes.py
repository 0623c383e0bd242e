"""How the kernel gets to a function: from an entry point down a chain of calls, and in which phase that is.

The phase is that of the entry point at the root, unless the chain passes a function or a condition that begins a phase
of its own (the world switch within KVM_RUN; `!ran_atleast_once` for the first KVM_RUN). What is handed over for
somebody else to call (a timer, an interrupt, a table of operations) is a callback, unless the table tells the phase.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from kvmpatch import knowledge
from kvmpatch.analysis.flow.program import Function, Program, Use
from kvmpatch.parse.csource.steps import Condition, Does, Step

_DEEPEST = 9
_MOST_ROUTES = 48
# Phases that begin in the middle of a call chain; all others begin at an entry point that generic code calls.
_INNER = {"vcpu-reset", "pre-entry", "guest-entry", "world-switch", "guest-exit", "post-exit", "exit-handling"}
# Within KVM_RUN only: a function of these that an ioctl calls as well runs in the ioctl then.
_IN_RUN = _INNER - {"vcpu-reset"}
_RUNS = _IN_RUN | {"run-ioctl", "first-run"}
_ENTERS_GUEST = {"kvm_riscv_vcpu_enter_exit", "__kvm_riscv_switch_to"}
CALLBACK = "callback"
# These call what they are given before they return: it runs when their caller does.
_CALLS_AT_ONCE = re.compile(r"on_each_cpu\w*\(\)|smp_call_function\w*\(\)|stop_machine\w*\(\)|work_on_cpu\w*\(\)")
# What generic KVM calls by its name, besides `kvm_arch_*`: its MMU notifiers and the routing of interrupts.
_CALLED_BY_NAME = re.compile(
    r"kvm_arch_\w+|kvm_(?:unmap_gfn_range|age_gfn|test_age_gfn|set_spte_gfn|set_msi|set_routing_entry|vm_ioctl_\w+)$"
)
_BY_IOCTL = re.compile(
    r"kvm_(?:arch_)?(?:vcpu|vm|dev)_(?:\w+_)?ioctl(?:_\w+)?$|"
    r"kvm_arch_(?:(?:prepare|commit)_memory_region|sync_dirty_log|mmu_enable_log_dirty_pt_masked)$"
)
# Tables through which KVM calls: what kind of table and which of its fields, and the phase of such a call.
_TABLE_PHASES = {
    ("kvm_vcpu_sbi_extension", "handler"): "exit-handling",
    ("kvm_vcpu_sbi_extension", "probe"): "vcpu-create",
    ("kvm_vcpu_sbi_extension", "init"): "vcpu-create",
    ("kvm_vcpu_sbi_extension", "deinit"): "vcpu-destroy",
    ("kvm_vcpu_sbi_extension", "reset"): "vcpu-reset",
    ("kvm_vcpu_sbi_extension", "get_reg"): "user-ioctl",
    ("kvm_vcpu_sbi_extension", "set_reg"): "user-ioctl",
    ("insn_func", "func"): "exit-handling",
    ("csr_func", "func"): "exit-handling",
    ("kvm_device_ops", ""): "user-ioctl",
    ("kvm_io_device_ops", ""): "exit-handling",
}


class Link(msgspec.Struct, frozen=True):
    """One call on the way: who calls, and under which conditions."""

    caller: Function
    step: Step


class Route(msgspec.Struct, frozen=True):
    """A way from an entry point to a function; `links` from the root downward, empty where it is the entry itself.

    `handed`: the place that hands the root over, where it is a callback.
    """

    root: str
    phase: str
    links: tuple[Link, ...]
    handed: Use | None = None


def routes_to(program: Program, function: Function) -> tuple[Route, ...]:
    """The ways to a function, each ending at an entry point that we know; none where nothing known leads there."""
    if not program.has_entries:
        return ()
    found: list[Route] = []
    for links, use in _climb(program, function, (), frozenset()):
        if len(found) >= _MOST_ROUTES:
            break
        root = links[0].caller if links else function
        phase = _start_phase(root, use)
        if phase is None:
            continue
        found.append(Route(root.name, _phase_along(program, phase, links, function), links, use))
    return tuple(found)


def _start_phase(root: Function, use: Use | None) -> str | None:
    """The phase in which a root is entered, by the table that holds it, or else by its name."""
    if use is not None:
        return (_table_phase(use.table) if use.table else None) or CALLBACK
    entry = knowledge.entry_point(root.name)
    if entry:
        return entry.phase
    if _BY_IOCTL.match(root.name):
        return "user-ioctl"
    return CALLBACK if _CALLED_BY_NAME.match(root.name) else None


def _climb(
    program: Program, function: Function, below: tuple[Link, ...], seen: frozenset[tuple[str, str]]
) -> Iterator[tuple[tuple[Link, ...], Use | None]]:
    """Chains of calls that end at a root: a known entry point, one that is handed over, or one that nobody calls."""
    key = (function.path, function.name)
    if key in seen or len(below) > _DEEPEST:
        return
    uses = [
        use for use in program.callers(function.name)
        if use.caller is None or not function.item.is_static or use.caller.path == function.path
    ]  # fmt: skip
    callers = [one for use in uses for one in _calling(program, use)]
    entry = knowledge.entry_point(function.name)
    if entry is not None and (not callers or is_called_from_outside(function.name)):
        yield below, None
        return
    yielded = False
    for use in callers:
        if use.caller is None or use.step is None:
            continue
        for chain in _climb(program, use.caller, (Link(use.caller, use.step), *below), seen | {key}):
            yielded = True
            yield chain
    for use in uses:
        if not _calling(program, use):
            yielded = True
            yield below, use
    if not yielded and not callers:
        yield below, None


def _calling(program: Program, use: Use) -> tuple[Use, ...]:
    """Where a use has the function called: there, or wherever the field that holds it is called."""
    if use.caller is None:
        return ()
    if use.handed is None or _CALLS_AT_ONCE.match(use.handed):
        return (use,)
    field = re.search(r"(?:->|\.)(\w+)$", use.handed)
    return program.callers_through(field[1]) if field else ()


def is_called_from_outside(name: str) -> bool:
    """Whether generic KVM calls a function of this name, whoever here calls it too: `kvm_arch_*` and its ioctls."""
    return name.startswith("kvm_arch_")


def _table_phase(table: str) -> str | None:
    kind, _, field = table.rpartition(".")
    for (struct, member), phase in _TABLE_PHASES.items():
        if struct in kind.split() and member in {"", field}:
            return phase
    return None


def _phase_along(program: Program, phase: str, links: tuple[Link, ...], function: Function) -> str:
    """The phase at the end of a chain."""
    for position, link in enumerate(links):
        phase = phase_at(program, phase, link.caller, link.step)
        below = links[position + 1].caller if position + 1 < len(links) else function
        phase = phase_within(phase, below.name)
    return phase if links else phase_within(phase, function.name)


def phase_within(phase: str, name: str) -> str:
    """The phase inside a function that is entered in some phase."""
    entry = knowledge.entry_point(name)
    if entry is None or entry.phase not in _INNER or (entry.phase in _IN_RUN and phase not in _RUNS):
        return phase
    return entry.phase


def phase_at(program: Program, phase: str, caller: Function, step: Step) -> str:
    """The phase of one step of a function that runs in `phase`: KVM_RUN has phases of its own within its body."""
    if phase != "run-ioctl":
        return phase
    if any(is_first_run(condition) for condition in step.conditions):
        return "first-run"
    enters = [
        other.line for other in program.body(caller).steps if other.does is Does.CALL and other.name in _ENTERS_GUEST
    ]
    loop = program.loop_around(caller, enters[0]) if enters else None
    if loop is None or not loop[0] <= step.line <= loop[1]:
        return phase
    return "pre-entry" if step.line < enters[0] else "post-exit" if step.line > enters[0] else phase


def is_first_run(condition: Condition) -> bool:
    """Whether a condition holds in the first KVM_RUN of a VCPU only."""
    return condition.negated and condition.text.endswith("ran_atleast_once")
