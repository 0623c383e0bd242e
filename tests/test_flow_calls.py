"""Calls that came and went between the functions of a commit."""

from __future__ import annotations

from test_flow import VCPU, flow

from kvmpatch.model import Happened

HEAD = "int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu)\n{\n%s\n}\n"
SETUP = "static void %s(struct kvm_vcpu *vcpu)\n{\n\tvcpu->arch.cfg.henvcfg |= %s;\n\tvcpu->arch.cfg.count += %s;\n}\n"
OLD, NEW = SETUP % ("update_config", "ENVCFG_STCE", "1"), SETUP % ("setup_config", "ENVCFG_STCE", "1")


def calls(before: str, after: str) -> list[tuple[str, Happened, str, int, list[tuple[str, bool]]]]:
    return [
        (caller, call.change, call.name, call.line, [(guard.text, guard.negated) for guard in call.guards])
        for caller, path, told in flow(before, after).calls
        for call in told
        if path == VCPU
    ]


def test_a_new_function_is_told_with_its_caller_and_the_condition() -> None:
    before = HEAD % "\treturn 0;"
    after = NEW + HEAD % "\tif (!vcpu->arch.ran_atleast_once)\n\t\tsetup_config(vcpu);\n\treturn 0;"
    line = after[: after.index("setup_config(vcpu)")].count("\n") + 1
    condition = [("vcpu->arch.ran_atleast_once", True)]
    assert calls(before, after) == [("kvm_arch_vcpu_ioctl_run", Happened.ADDED, "setup_config", line, condition)]


def test_a_function_that_goes_takes_its_call_along() -> None:
    before = OLD + HEAD % "\tupdate_config(vcpu);\n\treturn 0;"
    line = before[: before.index("update_config(vcpu)")].count("\n") + 1
    assert calls(before, HEAD % "\treturn 0;") == [
        ("kvm_arch_vcpu_ioctl_run", Happened.REMOVED, "update_config", line, [])
    ]


def test_a_caller_that_only_follows_a_rename_calls_nothing_new() -> None:
    before = OLD + HEAD % "\tupdate_config(vcpu);\n\treturn 0;"
    after = NEW + HEAD % "\tsetup_config(vcpu);\n\treturn 1;"
    assert calls(before, after) == []


def test_a_rename_that_is_called_from_elsewhere_is_told_at_both_ends() -> None:
    load = "void kvm_arch_vcpu_load(struct kvm_vcpu *vcpu, int cpu)\n{\n%s\n}\n"
    before = OLD + load % "\tupdate_config(vcpu);" + HEAD % "\treturn 0;"
    after = NEW + load % "\tcpu_relax();" + HEAD % "\tsetup_config(vcpu);\n\treturn 0;"
    assert {(caller, change, name) for caller, change, name, _, _ in calls(before, after)} == {
        ("kvm_arch_vcpu_load", Happened.REMOVED, "update_config"),
        ("kvm_arch_vcpu_ioctl_run", Happened.ADDED, "setup_config"),
    }


def test_calls_of_what_was_there_before_are_not_the_commits() -> None:
    helper = "static void helper(int a)\n{\n\tcpu_relax();\n}\n"
    before = helper + HEAD % "\treturn 0;"
    after = helper + HEAD % "\thelper(1);\n\treturn 0;"
    assert calls(before, after) == []


def test_a_new_function_that_calls_another_new_one_is_told_as_new_alone() -> None:
    after = NEW + "static void more(struct kvm_vcpu *vcpu)\n{\n\tsetup_config(vcpu);\n}\n"
    assert calls("int x;\n", after) == []
