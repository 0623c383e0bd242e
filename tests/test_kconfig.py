"""Kconfig: what a symbol gains and loses."""

from __future__ import annotations

import pytest
from c_tables import kinds, one_file

HEAD = 'config KVM\n\ttristate "Virtual machines"\n'
CASES = [
    ("comment", HEAD, "# about\n" + HEAD, []),
    ("other symbol", HEAD, HEAD + "\nconfig OTHER\n\tbool\n", ["OTHER added", "OTHER bool added"]),
    (
        "select in front",
        HEAD + "\tselect B\n",
        HEAD + "\tselect A\n\tselect B\n",
        ["KVM modified", "KVM select A added"],
    ),
    (
        "select replaced",
        HEAD + "\tselect A\n",
        HEAD + "\tselect B\n",
        ["KVM modified", "KVM select A removed", "KVM select B added"],
    ),
    (
        "condition",
        HEAD + "\tdepends on A\n",
        HEAD + "\tdepends on A && B\n",
        ["KVM modified", "KVM depends on A && B modified"],
    ),
    ("continued", HEAD + "\tdepends on A && B\n", HEAD + "\tdepends on A && \\\n\t\tB\n", []),
    ("help", HEAD + "\thelp\n\t  One.\n", HEAD + "\thelp\n\t  Two.\n", ["KVM modified", "KVM help Two. modified"]),
    (
        "help that reads like a property",
        HEAD + "\thelp\n\t  select B\n",
        HEAD + "\tselect B\n\thelp\n\t  select B\n",
        ["KVM modified", "KVM select B added"],
    ),
    (
        "type",
        HEAD,
        HEAD.replace("tristate", "bool"),
        ["KVM modified", 'KVM bool "Virtual machines" added', 'KVM tristate "Virtual machines" removed'],
    ),
    ("order alone", HEAD + "\tselect A\n\tselect B\n", HEAD + "\tselect B\n\tselect A\n", []),
]


@pytest.mark.parametrize(("before", "after", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_symbols_and_their_properties(before: str, after: str, expected: list[str]) -> None:
    found = []
    for change in one_file(before, after, "arch/riscv/kvm/Kconfig").changes:
        found.append(f"{change.name} {change.change}")
        found += [
            " ".join(f"{change.name} {one.name} {one.value or ''} {one.change}".split()) for one in change.members
        ]
    assert sorted(found) == sorted(expected)


def test_a_block_ends_where_the_next_word_of_kconfig_stands() -> None:
    before = HEAD + '\nif KVM\n\nsource "a/Kconfig"\n\nendif\n'
    assert kinds(one_file(before, before.replace("a/Kconfig", "b/Kconfig"), "Kconfig")) == []


def test_a_thousand_symbols_do_not_take_a_square() -> None:
    many = "".join(f"config S{n}\n\tbool\n\n" for n in range(20_000))
    assert len(one_file("", many, "Kconfig").changes) == 20_000
