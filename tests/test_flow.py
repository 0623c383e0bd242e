"""What runs when: two sides of small sources, and what the flow must and must not find in them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest

from kvmpatch.analysis.commit_facts import SidedFile, commit_facts
from kvmpatch.analysis.flow import Program, flow_of
from kvmpatch.model import Effect, FileBefore, FileChange, FlowFacts, GuardKind, PhaseChange

VCPU = "arch/riscv/kvm/vcpu.c"
RUN = """
int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu)
{
	%s
	vcpu->arch.ran_atleast_once = true;
	while (ret > 0) {
		kvm_riscv_vcpu_flush_interrupts(vcpu);
		kvm_riscv_vcpu_enter_exit(vcpu);
		after_exit(vcpu);
	}
}
"""
LOAD = """
void kvm_arch_vcpu_load(struct kvm_vcpu *vcpu, int cpu)
{
	struct kvm_vcpu_config *cfg = &vcpu->arch.cfg;
	%s
}
"""


def flow(
    before: Mapping[str, str] | str, after: Mapping[str, str] | str, around: Mapping[str, str] | None = None
) -> FlowFacts:
    """The flow of a commit from one set of files to another; `around` are files that it does not touch."""
    old, new = ({VCPU: side} if isinstance(side, str) else dict(side) for side in (before, after))
    files = [
        sided(path, old.get(path), new.get(path)) for path in sorted({*old, *new}) if old.get(path) != new.get(path)
    ]
    facts = commit_facts(files)
    rest = {path: text.encode() for path, text in (around or {}).items()}

    def program(side: Mapping[str, str]) -> Program:
        return Program({**rest, **{path: text.encode() for path, text in side.items()}})

    return flow_of(program(old), program(new), facts.pairs)


def sided(path: str, before: str | None, after: str | None) -> SidedFile:
    status = "added" if before is None else "deleted" if after is None else "modified"
    change = FileChange(path, status, None, None, False, FileBefore(path))
    return SidedFile(change, before and before.encode(), after and after.encode())  # type: ignore[arg-type]


def told(effects: tuple[Effect, ...]) -> list[str]:
    """Effects as short lines: what, target and value."""
    return [f"{one.what} {one.target}" + (f" = {one.value}" if one.value else "") for one in effects]


def phases(facts: FlowFacts) -> dict[str, tuple[list[str], list[str]]]:
    assert len({phase.phase for phase in facts.phases}) == len(facts.phases)
    return {phase.phase: (told(phase.before), told(phase.after)) for phase in facts.phases}


# ---- phases -----------------------------------------------------------------------------------------------------


@cache
def moved_work() -> FlowFacts:
    """A value that was computed and written at each load, computed once and only written there."""
    compute = """
	if (riscv_isa_extension_available(vcpu->arch.isa, SSTC))
		%s |= ENVCFG_STCE;
"""
    before = LOAD % ("u64 henvcfg = 0;" + compute % "henvcfg" + "csr_write(CSR_HENVCFG, henvcfg);") + RUN % ""
    setup = (
        "static void setup(struct kvm_vcpu *vcpu)\n{\n\tstruct kvm_vcpu_config *cfg = &vcpu->arch.cfg;\n"
        + compute % "cfg->henvcfg"
        + "}\n"
    )
    after = (
        setup
        + LOAD % "csr_write(CSR_HENVCFG, cfg->henvcfg);"
        + RUN % "if (!vcpu->arch.ran_atleast_once)\n\t\tsetup(vcpu);"
    )
    return flow(before, after)


def test_a_bit_computed_in_another_phase_is_moved() -> None:
    (move,) = moved_work().moves
    assert (move.from_phase, move.to_phase) == ("vcpu-load", "first-run")
    assert told(move.after) == ["bit cfg->henvcfg = ENVCFG_STCE"]
    (effect,) = phases_of(moved_work(), "first-run").after
    assert effect.moved_from
    assert effect.moved_from.phase == "vcpu-load"
    assert effect.via == ("kvm_arch_vcpu_ioctl_run", "setup")


def phases_of(facts: FlowFacts, slug: str) -> PhaseChange:
    return next(phase for phase in facts.phases if phase.phase == slug)


def test_a_write_that_stays_says_where_its_value_came_from() -> None:
    (stay,) = [stay for stay in moved_work().stays if stay.after.what == "csr"]
    assert (stay.phase, stay.before.value, stay.after.value) == ("vcpu-load", "henvcfg", "cfg->henvcfg")


def test_the_check_that_a_phase_no_longer_makes_is_counted() -> None:
    counts = {test.phase: (test.before, test.after) for test in moved_work().tests}
    assert counts["vcpu-load"] == (1, 0)
    assert counts["first-run"] == (0, 1)


def test_a_field_that_is_only_ored_relies_on_zeroed_memory() -> None:
    (field,) = moved_work().only_ored
    assert (field.target, field.phase, field.readers) == ("cfg->henvcfg", "first-run", (("vcpu-load", "henvcfg"),))


@pytest.mark.parametrize(
    "first_value",
    ["vcpu->arch.cfg.henvcfg = 0;", "vcpu->arch.cfg.henvcfg &= ~1UL;", "vcpu->arch.cfg = (struct c){ .henvcfg = 0 };"],
)
def test_a_field_with_a_first_value_somewhere_does_not(first_value: str) -> None:
    before, after = LOAD % "", LOAD % "cfg->henvcfg |= ENVCFG_STCE;"
    assert [field.target for field in flow(before, after).only_ored] == ["cfg->henvcfg"]
    elsewhere = {"arch/riscv/kvm/other.c": f"void reset(struct kvm_vcpu *vcpu)\n{{\n\t{first_value}\n}}\n"}
    assert flow(before, after, elsewhere).only_ored == ()


def test_the_same_work_under_another_name_is_no_difference() -> None:
    before = LOAD % "csr_write(CSR_HEDELEG, cfg->hedeleg);"
    after = LOAD % "csr_write(CSR_HEDELEG, vcpu->arch.cfg.hedeleg);"
    facts = flow(before, after)
    assert (facts.phases, facts.moves, facts.stays) == ((), (), ())


@pytest.mark.parametrize(
    ("place", "phase"),
    [
        ("\tvcpu->arch.ran_atleast_once = true;", "run-ioctl"),
        ("\t\tkvm_riscv_vcpu_flush_interrupts(vcpu);", "pre-entry"),
        ("\t\tafter_exit(vcpu);", "post-exit"),
    ],
)
def test_where_in_kvm_run_a_step_stands_is_its_phase(place: str, phase: str) -> None:
    before = RUN % ""
    assert before.count(place) == 1
    after = before.replace(place, "csr_write(CSR_HVIP, 1);\n" + place)
    assert phases(flow(before, after)) == {phase: ([], ["csr hvip = 1"])}


def test_what_only_the_first_run_does_is_a_phase_of_its_own() -> None:
    after = RUN % "if (!vcpu->arch.ran_atleast_once)\n\t\tcsr_write(CSR_HVIP, 1);"
    assert phases(flow(RUN % "", after)) == {"first-run": ([], ["csr hvip = 1"])}


def test_a_function_that_an_ioctl_shares_with_the_run_runs_in_the_ioctl_too() -> None:
    shared = "void kvm_riscv_vcpu_flush_interrupts(struct kvm_vcpu *vcpu)\n{\n\t%s\n}\n"
    rest = RUN % "" + (
        "long kvm_arch_vcpu_ioctl(struct file *filp, unsigned int ioctl)\n"
        "{\n\tif (ioctl == KVM_GET_ONE_REG)\n\t\tkvm_riscv_vcpu_flush_interrupts(vcpu);\n\treturn 0;\n}\n"
    )
    facts = flow(shared % "" + rest, shared % "vcpu->arch.guest_csr.hvip = 0;" + rest)
    assert set(phases(facts)) == {"pre-entry", "user-ioctl"}


def test_two_ways_to_the_same_work_are_told_once() -> None:
    reset = "static void kvm_riscv_reset_vcpu(struct kvm_vcpu *vcpu)\n{\n\t%s\n}\n"
    rest = (
        "int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu)\n{\n\tkvm_riscv_reset_vcpu(vcpu);\n\treturn 0;\n}\n"
        "static void requests(struct kvm_vcpu *vcpu)\n"
        "{\n\tif (kvm_check_request(KVM_REQ_VCPU_RESET, vcpu))\n\t\tkvm_riscv_reset_vcpu(vcpu);\n}\n"
    ) + RUN % "requests(vcpu);"
    facts = flow(
        reset % "" + rest, reset % "memset(&vcpu->arch.smstateen_csr, 0, sizeof(vcpu->arch.smstateen_csr));" + rest
    )
    (phase,) = facts.phases
    assert phase.phase == "vcpu-reset"
    assert told(phase.after) == ["field vcpu->arch.smstateen_csr = 0"]


def test_a_table_of_the_sbi_leads_to_its_handler() -> None:
    text = (
        "static int handler(struct kvm_vcpu *vcpu, struct kvm_vcpu_sbi_return *retdata)\n{\n\t%s\n\treturn 0;\n}\n"
        "const struct kvm_vcpu_sbi_extension vcpu_sbi_ext_x = {\n\t.extid_start = 1,\n\t.handler = handler,\n};\n"
    )
    assert phases(flow(text % "", text % "retdata->uexit = true;")) == {
        "exit-handling": ([], ["field retdata->uexit = true"])
    }


@pytest.mark.parametrize(
    ("head", "tail"),
    [("for (;;) {", "}"), ("while (1) {", "}"), ("for (ret = 1; ret > 0;)\n\t{", "}"), ("do {", "} while (ret > 0);")],
)
@pytest.mark.parametrize(
    ("place", "phase"),
    [
        ("\tbefore_the_loop(vcpu);", "run-ioctl"),
        ("\t\tkvm_riscv_vcpu_flush_interrupts(vcpu);", "pre-entry"),
        ("\t\tafter_exit(vcpu);", "post-exit"),
        ("\tafter_the_loop(vcpu);", "run-ioctl"),
    ],
)
def test_a_loop_without_a_condition_has_the_same_phases(head: str, tail: str, place: str, phase: str) -> None:
    run = (
        "int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu)\n{\n\tbefore_the_loop(vcpu);\n"
        '\tpr_debug("{"); /* } */\n'
        f"\t{head}\n\t\tkvm_riscv_vcpu_flush_interrupts(vcpu);\n\t\tif (pending(vcpu))\n\t\t\tcontinue;\n"
        f"\t\tkvm_riscv_vcpu_enter_exit(vcpu);\n\t\tafter_exit(vcpu);\n\t{tail}\n\tafter_the_loop(vcpu);\n}}\n"
    )
    assert run.count(place) == 1
    assert phases(flow(run, run.replace(place, "csr_write(CSR_HVIP, 1);\n" + place))) == {phase: ([], ["csr hvip = 1"])}


INIT = "void kvm_riscv_vcpu_timer_init(struct kvm_vcpu *vcpu)\n{\n\tstruct kvm_vcpu_timer *t = the_timer;\n\t%s\n}\n"
CREATE = "int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu)\n{\n\tkvm_riscv_vcpu_timer_init(vcpu);\n}\n"


@pytest.mark.parametrize(
    ("registers", "handed", "by"),
    [
        (INIT % "t->hrt.function = my_expired;", "t->hrt.function", "kvm_riscv_vcpu_timer_init"),
        (
            INIT % "hrtimer_setup(&t->hrt, my_expired, CLOCK_MONOTONIC, HRTIMER_MODE_REL);",
            "hrtimer_setup()",
            "kvm_riscv_vcpu_timer_init",
        ),
        (
            INIT % 'request_percpu_irq(irq, my_expired, "kvm", &hgei);',
            "request_percpu_irq()",
            "kvm_riscv_vcpu_timer_init",
        ),
        (INIT % "INIT_WORK(&t->work, &my_expired);", "INIT_WORK()", "kvm_riscv_vcpu_timer_init"),
        ("static struct my_ops ops = {\n\t.expired = my_expired,\n};\n", "struct my_ops.expired", None),
    ],
)
def test_what_is_handed_over_is_a_callback_and_says_to_whom(registers: str, handed: str, by: str | None) -> None:
    text = "static int my_expired(struct hrtimer *h)\n{\n\t%s\n}\n" + registers + CREATE
    facts = flow(text % "", text % "csr_write(CSR_HVIP, 1);")
    assert phases(facts) == {"callback": ([], ["csr hvip = 1"])}
    (callback,) = facts.callbacks
    assert (callback.function, callback.handed, callback.by) == ("my_expired", handed, by)
    assert facts.unplaced == ()


def test_what_all_cpus_are_made_to_call_runs_when_its_caller_does() -> None:
    text = "static void my_fence(void *info)\n{\n\t%s\n}\n" + LOAD % "on_each_cpu_mask(mask, my_fence, NULL, 1);"
    facts = flow(text % "", text % "csr_write(CSR_HVIP, 1);")
    assert phases(facts) == {"vcpu-load": ([], ["csr hvip = 1"])}
    assert facts.callbacks == ()


def test_what_a_field_holds_runs_where_the_field_is_called() -> None:
    text = (
        "static int my_update(struct kvm_vcpu *vcpu, u64 when)\n{\n\t%s\n}\n"
        + INIT % "t->next_event = my_update;"
        + LOAD % "vcpu->arch.timer.next_event(vcpu, 0);"
        + CREATE
    )
    assert phases(flow(text % "", text % "csr_write(CSR_HVIP, 1);")) == {"vcpu-load": ([], ["csr hvip = 1"])}


@pytest.mark.parametrize(
    ("name", "phase"),
    [
        ("kvm_age_gfn", "callback"),
        ("kvm_arch_flush_shadow_all", "callback"),
        ("kvm_arch_vm_ioctl", "user-ioctl"),
        ("kvm_arch_vcpu_ioctl_get_sregs", "user-ioctl"),
        ("kvm_vm_ioctl_get_dirty_log", "user-ioctl"),
    ],
)
def test_what_generic_kvm_calls_by_its_name(name: str, phase: str) -> None:
    text = f"int {name}(struct kvm *kvm)\n{{\n\t%s\n}}\n" + CREATE
    assert phases(flow(text % "", text % "csr_write(CSR_HVIP, 1);")) == {phase: ([], ["csr hvip = 1"])}


@pytest.mark.parametrize(
    ("call", "conditional"),
    [("my_write(vcpu);", False), ("if (overflown(vcpu))\n\t\tmy_write(vcpu);", True)],
)
def test_a_condition_of_a_caller_is_kept_in_mind_though_it_is_not_told(call: str, conditional: bool) -> None:
    text = "static void my_write(struct kvm_vcpu *vcpu)\n{\n\t%s\n}\n" + LOAD % call
    facts = flow(text % "", text % "csr_write(CSR_HVIP, 1);")
    assert phases(facts) == {"vcpu-load": ([], ["csr hvip = 1"])}
    assert facts.conditional == (frozenset({(VCPU, 3)}) if conditional else frozenset())


def test_an_object_behind_a_pointer_is_written_as_a_whole() -> None:
    text = LOAD % "struct my_context *cntx; cntx = pick(vcpu); %s"
    facts = flow(text % "", text % "*cntx = (struct my_context) {};")
    assert phases(facts) == {"vcpu-load": ([], ["field *cntx = (struct my_context) {}"])}
    # What goes out through a pointer to a value is the caller's.
    assert phases(flow(text % "", text % "*out = 1;")) == {}


def test_a_variable_of_the_same_name_hands_nothing_over() -> None:
    text = "static int reset(struct kvm_vcpu *vcpu)\n{\n\t%s\n}\n" + LOAD % "int reset = 1; do_it(vcpu, reset);"
    facts = flow(text % "", text % "csr_write(CSR_HVIP, 1);")
    assert (facts.phases, facts.callbacks) == ((), ())


def test_a_table_of_structures_leads_to_its_handlers() -> None:
    text = (
        "static int my_insn(struct kvm_vcpu *vcpu, struct kvm_run *run, ulong insn)\n{\n\t%s\n\treturn 1;\n}\n"
        "static const struct insn_func funcs[] = {\n\t{\n\t\t.mask = 1,\n\t\t.func = my_insn,\n\t},\n};\n" + CREATE
    )
    assert phases(flow(text % "", text % "csr_write(CSR_HVIP, 1);")) == {"exit-handling": ([], ["csr hvip = 1"])}


def test_what_no_known_entry_leads_to_is_not_placed() -> None:
    text = "void some_timer(struct kvm_vcpu *vcpu)\n{\n\t%s\n}\n"
    facts = flow(text % "", text % "csr_write(CSR_HVIP, 1);")
    assert facts.phases == ()
    assert [one.function for one in facts.unplaced] == ["some_timer"]


def test_assembly_runs_in_the_world_switch() -> None:
    text = "SYM_FUNC_START(__kvm_riscv_switch_to)\n%sret\nSYM_FUNC_END(__kvm_riscv_switch_to)\n"
    switch = "arch/riscv/kvm/vcpu_switch.S"
    enter = "static void kvm_riscv_vcpu_enter_exit(struct kvm_vcpu *vcpu)\n{\n\t__kvm_riscv_switch_to(vcpu);\n}\n"
    around = {VCPU: enter + RUN % ""}
    facts = flow({switch: text % "csrrw t0, CSR_SCOUNTEREN, t1\n"}, {switch: text % ""}, around)
    assert phases(facts) == {"world-switch": (["csr scounteren = t1"], [])}


# ---- guards -----------------------------------------------------------------------------------------------------

ONE_REG = (
    "static int set_reg(struct kvm_vcpu *vcpu, const struct kvm_one_reg *reg)\n{\n"
    "\tif (riscv_has_extension_unlikely(RISCV_ISA_EXT_SMSTATEEN))\n\t\treturn set_csr(vcpu, reg);\n\treturn 0;\n}\n"
    "long kvm_arch_vcpu_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)\n{\n"
    "\tif (ioctl == KVM_SET_ONE_REG)\n\t\treturn set_reg(vcpu, &reg);\n\treturn -EINVAL;\n}\n"
)


def test_the_dispatch_of_untouched_callers_is_no_guard_but_an_extension_is() -> None:
    callee = "static int set_csr(struct kvm_vcpu *vcpu, const struct kvm_one_reg *reg)\n{\n\t%s\n\treturn 0;\n}\n"
    body = "if (reg->id == 1)\n\t\tvcpu->arch.value = 1;"
    (phase,) = flow(callee % "" + ONE_REG, callee % body + ONE_REG).phases
    (effect,) = phase.after
    assert [(guard.text, guard.kind) for guard in effect.guards] == [
        ("riscv_has_extension_unlikely(RISCV_ISA_EXT_SMSTATEEN)", GuardKind.HOST),
        ("reg->id == 1", GuardKind.UNKNOWN),
    ]


def test_a_preprocessor_guard_that_becomes_an_expression_is_a_changed_guard() -> None:
    before = LOAD % "\n#ifdef CONFIG_32BIT\n\tcsr_write(CSR_HENVCFGH, cfg->henvcfg >> 32);\n#endif\n"
    after = LOAD % "if (IS_ENABLED(CONFIG_32BIT))\n\t\tcsr_write(CSR_HENVCFGH, cfg->henvcfg >> 32);"
    (stay,) = flow(before, after).stays
    assert [guard.text for guard in stay.before.guards] == ["#ifdef CONFIG_32BIT"]
    assert [guard.text for guard in stay.after.guards] == ["IS_ENABLED(CONFIG_32BIT)"]
    assert {guard.kind for guard in (*stay.before.guards, *stay.after.guards)} == {GuardKind.CONFIG}


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("riscv_has_extension_unlikely(RISCV_ISA_EXT_SMSTATEEN)",) * 2 + ([],),
        (
            "riscv_has_extension_unlikely(RISCV_ISA_EXT_SMSTATEEN)",
            "riscv_isa_extension_available(vcpu->arch.isa, SMSTATEEN)",
            [("Smstateen", GuardKind.HOST, GuardKind.GUEST)],
        ),
        (
            "riscv_isa_extension_available(vcpu->arch.isa, SSTC)",
            "riscv_isa_extension_available(NULL, SSTC)",
            [("Sstc", GuardKind.GUEST, GuardKind.HOST)],
        ),
        # Another extension is asked, not the same one of another.
        ("riscv_has_extension_unlikely(RISCV_ISA_EXT_SSTC)", "riscv_isa_extension_available(vcpu->arch.isa, ZBB)", []),
    ],
)
def test_of_whom_an_extension_is_asked(old: str, new: str, found: list[tuple[str, GuardKind, GuardKind]]) -> None:
    text = LOAD % "if (%s)\n\t\tcsr_write(CSR_HVIP, 1);\n\tcpu = %d;"
    facts = flow(text % (old, 1), text % (new, 2))
    assert [(one.extension, one.before, one.after) for one in facts.asked] == found


# ---- effects ----------------------------------------------------------------------------------------------------


def test_what_is_read_from_a_csr_is_told_once() -> None:
    after = "void kvm_arch_vcpu_put(struct kvm_vcpu *vcpu)\n{\n\tvcpu->arch.guest_csr.vsie = csr_read(CSR_VSIE);\n}\n"
    before = after.replace("\tvcpu->arch.guest_csr.vsie = csr_read(CSR_VSIE);\n", "")
    assert phases(flow(before, after)) == {"vcpu-put": ([], ["csr vsie"])}


def test_a_bit_that_goes_straight_into_a_csr_is_told_as_the_access() -> None:
    facts = flow(LOAD % "", LOAD % "csr_set(CSR_HENVCFG, ENVCFG_STCE);")
    assert phases(facts) == {"vcpu-load": ([], ["csr henvcfg = ENVCFG_STCE"])}


@pytest.mark.parametrize(
    "call", ["IS_ERR(vcpu)", "PTR_ERR(vcpu)", "KVM_REG_SIZE(cpu)", "pr_debug(vcpu)", "min(cpu, 1)"]
)
def test_casts_and_macros_are_no_work(call: str) -> None:
    assert flow(LOAD % "", LOAD % f"{call};").phases == ()


def test_csr_writes_that_overtake_others_are_reordered() -> None:
    write = "csr_write(CSR_{0}, cfg->{1});".format
    names = [("VSSTATUS", "a"), ("VSIE", "b"), ("VSTVEC", "e"), ("HEDELEG", "c"), ("HENVCFG", "d")]
    writes = [write(*name) for name in names]
    before = LOAD % "\n\t".join(writes)
    after = LOAD % "\n\t".join([*writes[3:], *writes[:3]])
    (order,) = flow(before, after).reordered
    assert order.phase == "vcpu-load"
    assert ([one.target for one in order.moved], order.anchor.target, order.overtook) == (
        ["hedeleg", "henvcfg"],
        "vsstatus",
        True,
    )
    assert flow(before, before + "\n/* text */\n").reordered == ()


def test_an_access_put_between_others_reorders_nothing() -> None:
    before = LOAD % "csr_write(CSR_VSIE, 1);\n\tcsr_write(CSR_HVIP, 2);"
    after = LOAD % "csr_write(CSR_VSIE, 1);\n\tcsr_write(CSR_HGEIE, 3);\n\tcsr_write(CSR_HVIP, 2);"
    assert flow(before, after).reordered == ()


# ---- code that changes its function ------------------------------------------------------------------------------

STATEMENTS = [
    "csr_write(CSR_HEDELEG, cfg->hedeleg);",
    "csr_write(CSR_HIDELEG, cfg->hideleg);",
    "csr_write(CSR_HENVCFG, cfg->henvcfg);",
    "kvm_riscv_timer_restore(vcpu);",
]
KEPT = "csr_write(CSR_VSSTATUS, csr->vsstatus);\n\tcsr_write(CSR_VSIE, csr->vsie);\n\tvcpu->cpu = cpu;\n\t"
CONFIG = "arch/riscv/kvm/vcpu_config.c"


def factored(body: list[str]) -> FlowFacts:
    helper = (
        "void config_load(struct kvm_vcpu *vcpu)\n{\n\tstruct kvm_vcpu_config *cfg = &vcpu->arch.cfg;\n\t"
        + "\n\t".join(body)
        + "\n}\n"
    )
    before = LOAD % (KEPT + "\n\t".join(STATEMENTS))
    return flow({VCPU: before}, {VCPU: LOAD % (KEPT + "config_load(vcpu);"), CONFIG: helper})


def test_statements_that_move_into_a_new_function_have_not_changed() -> None:
    facts = factored(STATEMENTS)
    (journey,) = facts.factored
    assert (journey.source, journey.target, journey.moved, journey.new) == ("kvm_arch_vcpu_load", "config_load", 4, ())
    assert (facts.lost, facts.phases) == ((), ())


def test_what_is_new_on_the_journey_and_what_did_not_make_it_is_told() -> None:
    facts = factored([*STATEMENTS[:3], "csr_write(CSR_HSTATEEN0, cfg->hstateen0);"])
    (journey,) = facts.factored
    assert journey.moved == 3
    assert journey.new == ("csr_write(CSR_HSTATEEN0, cfg->hstateen0)",)
    assert [(lost.function, lost.text) for lost in facts.lost] == [
        ("kvm_arch_vcpu_load", "kvm_riscv_timer_restore(vcpu)")
    ]


def test_two_statements_in_common_are_no_journey() -> None:
    facts = flow(
        LOAD % "\n\t".join(STATEMENTS[:2]),
        {VCPU: LOAD % "", CONFIG: "void other(struct kvm_vcpu *vcpu)\n{\n\t" + "\n\t".join(STATEMENTS[:2]) + "\n}\n"},
    )
    assert facts.factored == ()


def test_a_function_under_another_name_returns_as_it_did() -> None:
    body = "\tif (vcpu->arch.last == vcpu->cpu)\n\t\treturn;\n\tflush(vcpu);\n\tsync(vcpu);\n"
    text = f"void %s(struct kvm_vcpu *vcpu)\n{{\n{body}}}\n"
    before, after = (text % name + RUN % f"{name}(vcpu);" for name in ("sanitize_all", "sanitize_vmid"))
    facts = flow(before, after)
    assert (facts.phases, facts.early_returns, facts.unplaced) == ((), (), ())
