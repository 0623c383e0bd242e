"""Early returns: which are new, which are gone, which return something else, and what they keep from running."""

from __future__ import annotations

import pytest
from test_flow import flow

TEXT = "int work(struct kvm_vcpu *vcpu, int a, int b)\n{\n%s\tfirst(vcpu);\n\tvcpu->arch.done = true;\n\treturn 0;\n}\n"


def returns(before: str, after: str) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """(condition, value, what is skipped) of new returns; `-` before the condition of one that is gone."""
    found = flow(TEXT % before, TEXT % after).early_returns
    return [
        ("-" * one.dropped + one.condition + (f" was {one.was}" if one.was else ""), one.value, one.skipped)
        for one in found
    ]


WORK = ("first()", "vcpu->arch.done")
A = "\tif (a)\n\t\treturn -EINVAL;\n"
B = "\tif (b)\n\t\treturn -EINVAL;\n"
BOTH = "\tif (a || b)\n\t\treturn -EINVAL;\n"


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("", A, [("a", "-EINVAL", WORK)]),
        (A, "", [("-a", "-EINVAL", WORK)]),
        (A, A, []),
        # What is new of a wider condition, what is gone of a narrower one.
        (A, BOTH, [("b", "-EINVAL", WORK)]),
        (BOTH, A, [("-b", "-EINVAL", WORK)]),
        # The same, written otherwise.
        (BOTH, A + B, []),
        (A + B, BOTH, []),
        ("\tif (unlikely(a))\n\t\treturn -EINVAL;\n", A, []),
        # Under the same condition, another value.
        (A, A.replace("-EINVAL", "-ENOENT"), [("a was -EINVAL", "-ENOENT", ())]),
        # Within a branch that newly returns in any case, the branch is told.
        (
            "",
            "\tif (a) {\n\t\tif (b)\n\t\t\treturn -EFAULT;\n\t\treturn 0;\n\t}\n",
            [("a", "0", WORK)],
        ),
        # The branch that returns and the one that works exclude each other.
        ("\tif (a)\n\t\tother(vcpu);\n", "\tif (a)\n\t\tother(vcpu);\n\telse\n\t\treturn 1;\n", [("!a", "1", WORK)]),
    ],
)
def test_returns(before: str, after: str, found: list[tuple[str, str | None, tuple[str, ...]]]) -> None:
    assert returns(before, after) == found


def test_a_return_at_the_end_skips_nothing() -> None:
    text = "int work(int a)\n{\n\tfirst(a);\n%s\treturn 0;\n}\n"
    assert flow(text % "", text % "\tif (a)\n\t\treturn 1;\n").early_returns == ()


def test_work_that_is_new_itself_is_not_skipped() -> None:
    text = "int work(int a)\n{\n%s\treturn 0;\n}\n"
    assert flow(text % "", text % "\tif (a)\n\t\treturn 1;\n\tfirst(a);\n").early_returns == ()


def test_a_new_function_skips_nothing_that_used_to_run() -> None:
    assert flow("int other;\n", "int other;\n" + TEXT % A).early_returns == ()


def test_a_value_stored_through_a_pointer_is_work() -> None:
    text = "int work(unsigned long *out, int a)\n{\n%s\t*out = 1;\n\treturn 0;\n}\n"
    (found,) = flow(text % "", text % "\tif (!a)\n\t\treturn -ENOENT;\n").early_returns
    assert (found.condition, found.skipped) == ("!a", ("*out",))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\tif (d == NULL)\n\t\treturn 1;\n", "\tif (!d)\n\t\treturn 1;\n"),
        ("\tif (a != 0)\n\t\treturn 1;\n", "\tif (a)\n\t\treturn 1;\n"),
        # Another argument of a call whose result is handed on.
        ("\tif ((a = get(vcpu, a)))\n\t\treturn a;\n", "\tif ((a = get(vcpu, b)))\n\t\treturn a;\n"),
        # What was checked here is checked in a function that hands its answer back.
        ("\tif (a > limit(vcpu))\n\t\treturn -EINVAL;\n", "\ta = check(vcpu);\n\tif (a)\n\t\treturn a;\n"),
    ],
)
def test_the_same_in_other_words_says_nothing(before: str, after: str) -> None:
    assert returns(before, after) == []


def test_work_that_came_under_a_condition_does_not_run_now() -> None:
    text = "int work(struct page *d, int a)\n{\n%s\treturn 0;\n}\n"
    assert (
        flow(text % "\tif (d->gone)\n\t\treturn 1;\n\tclear(d);\n", text % "\tif (!a)\n\t\tclear(d);\n").early_returns
        == ()
    )


def test_a_condition_that_replaces_another_is_told_as_that() -> None:
    (found,) = flow(
        TEXT % "\tif (is_global(a) && b != 0)\n\t\treturn -EINVAL;\n",
        TEXT % "\tif (type(a) != VIRQ_VCPU && b != 0)\n\t\treturn -EINVAL;\n",
    ).early_returns
    assert (found.condition, found.instead_of) == ("type(a) != VIRQ_VCPU && b != 0", "is_global(a) && b != 0")
    assert (found.value, found.skipped, found.dropped) == ("-EINVAL", WORK, False)


def test_a_negated_condition_of_several_words_keeps_its_parentheses() -> None:
    (found,) = flow(TEXT % "", TEXT % "\tif (a == 1)\n\t\tother(vcpu);\n\telse\n\t\treturn 1;\n").early_returns
    assert found.condition == "!(a == 1)"


def test_what_never_ran_under_the_condition_is_not_skipped_by_it() -> None:
    """The branch ended in a return before too: what stands behind it never ran for its register."""
    text = (
        "int set_reg(struct kvm_vcpu *vcpu)\n{\n\tif (num == VLENB) {\n%s"
        "\t\tif (copy_in(&val))\n\t\t\treturn -EFAULT;\n"
        "\t\treturn 0;\n\t}\n\tfind_address(vcpu);\n\treturn 0;\n}\n"
    )
    check = "\t\tif (size != sizeof(val))\n\t\t\treturn -EINVAL;\n"
    (new,) = flow(text % "", text % check).early_returns
    assert new.skipped == ("copy_in()",)
    (gone,) = flow(text % check, text % "").early_returns
    assert (gone.dropped, gone.skipped) == (True, ("copy_in()",))
