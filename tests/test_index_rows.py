"""The pointers that the index keeps are those that the message room reads, found in a tenth of the time."""

from __future__ import annotations

import random

import pytest
from test_message import HOSTILE, SIGNED, SILENT, SPEAKING, A, B

from kvmpatch.parse.message import read_message
from kvmpatch.reports.index_rows import in_scope, pointers_of
from kvmpatch.sources.index.rows import pack, unpack


def expected(message: str) -> set[tuple[str, str, str]]:
    read = read_message(message)
    found = {(one.id, "upstream", one.form) for one in read.upstream}
    found |= {(one.written, "fixes", "") for one in read.fixes} | {(one, "depends", "") for one in read.dependencies}
    return found | ({(read.reverts, "reverts", "")} if read.reverts else set())


def found(message: str) -> set[tuple[str, str, str]]:
    return {(pointer.value, pointer.kind, pointer.form) for pointer in pointers_of(message)}


@pytest.mark.parametrize(("prefix", "body"), [(row[1], row[2]) for row in SPEAKING])
def test_every_form_of_the_message_room_is_found(prefix: str, body: str) -> None:
    message = f"{prefix}widget: count once\n\n{body}\n"
    assert expected(message)
    assert found(message) == expected(message)


@pytest.mark.parametrize("body", SILENT)
def test_what_points_to_nothing_stays_silent(body: str) -> None:
    message = f"widget: count once\n\n{body}\n"
    assert found(message) == expected(message)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_messages_read_the_same(name: str) -> None:
    assert found(HOSTILE[name]) == expected(HOSTILE[name])


PIECES = (
    f'Fixes: {A[:12]} ("widget: count twice")',
    f"Fixes: {A[:12]}",
    f"Fixes:\n {B[:12]} (widget)",
    f"fixes: {A[:12]}, {B[:12]}",
    f"Cc: stable@vger.kernel.org # 6.6: {A[:12]}: widget: a base",
    f"Cc: stable@vger.kernel.org # {B[:12]}: widget",
    f"Stable-dep-of: {A[:12]} (widget)",
    f"Depends-on: {B[:12]}",
    f"This reverts commit {A}.",
    f"This reverts changeset\n{A}.",
    f"Since commit {A[:12]} the widget counts.",
    f"commit {A} upstream.",
    f"(cherry picked from commit\n{A})",
    f"(cherry picked from commit {B})",
    "Link: https://lore.example.org/r/20240301100000.12345678-2-dev@example.org",
    "[dev: took out widget_lock]",
    "Text of its own, with 20240301 as a number.",
    "---",
    "\u0130stanbul is a capital that becomes two letters.",
    SIGNED,
    f"  {SIGNED}",
    "",
    "",
)


def test_pieces_in_any_order_read_the_same() -> None:
    dice = random.Random(7)  # noqa: S311 - the same pieces every time
    for _ in range(6000):
        message = (
            "widget: count once\n\n" + "\n".join(dice.choices(PIECES, k=dice.randint(1, 7))) + dice.choice(("", "\n"))
        )
        assert found(message) == expected(message), message
        bare = message.partition("\n\n")[2]
        assert found(bare) == expected(bare), bare


def test_a_block_gives_back_its_messages() -> None:
    messages = ["one\n", "", "计数一次\n\n不是两次", "four\0five", "end"]
    data, text = pack(messages)
    raw, ends = unpack(data, len(messages))
    starts = [0, *ends[:-1]]
    assert [raw[start:end].decode() for start, end in zip(starts, ends, strict=True)] == messages
    assert all(message in text for message in messages)
    with pytest.raises(ValueError, match="does not hold"):
        unpack(data, len(messages) - 1)


@pytest.mark.parametrize(
    ("spec", "path", "inside"),
    [
        ("arch/riscv", "arch/riscv/kvm/vcpu.c", True),
        ("arch/riscv/", "arch/riscv/kvm/vcpu.c", True),
        ("arch/riscv", "arch/riscv64/kvm/vcpu.c", False),
        ("include/linux/kvm*", "include/linux/kvm_host.h", True),
        ("include/linux/kvm*", "include/linux/mm.h", False),
        (":(glob)virt/**", "mm/slub.c", True),
    ],
)
def test_scope(spec: str, path: str, inside: bool) -> None:
    assert in_scope(path, (spec,)) is inside
