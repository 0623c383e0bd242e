"""Assembly: symbols, what belongs to which, and the CSR instructions in them."""

from __future__ import annotations

import pytest
from c_tables import kinds, one_file

from kvmpatch.parse.assembly import csr_instructions, outline_assembly

SWITCH = "SYM_FUNC_START(enter)\n\tcsrrw\tt0, CSR_SSCRATCH, a0\n\tret\nSYM_FUNC_END(enter)\n"
SYMBOLS = [
    ("marked", SWITCH, ["enter 1-4"]),
    ("old marks", "ENTRY(enter)\n\tret\nENDPROC(enter)\n", ["enter 1-3"]),
    (
        "marks of Xen",
        "FUNC(enter)\n\tret\nEND(enter)\nFUNC_LOCAL(leave)\n\tret\nEND(leave)\n",
        ["enter 1-3", "leave 4-6"],
    ),
    ("label of Xen", "FUNC(enter)\n\tnop\nLABEL(back, 0)\n\tret\nEND(enter)\n", ["enter 1-5", "back 3-3"]),
    ("data of Xen", "DATA(table, 4)\n\t.word 1\nEND(table)\n", ["table 1-3"]),
    ("a linker script", "ENTRY(start)\nSECTIONS\n{\n  . = 1;\n}\n", []),
    ("plain label", "enter:\n\tret\n\nleave:\n\tret\n", ["enter 1-2", "leave 4-5"]),
    ("local labels", "enter:\n.Lback:\n1:\n\tj 1b\n", ["enter 1-4"]),
    ("label inside", "SYM_FUNC_START(enter)\nback:\n\tret\nSYM_FUNC_END(enter)\n", ["enter 1-4"]),
    (
        "symbol inside",
        "SYM_CODE_START(enter)\n\tnop\nSYM_INNER_LABEL(back, SYM_L_GLOBAL)\n\tret\nSYM_CODE_END(enter)\n",
        ["enter 1-5", "back 3-3"],
    ),
    ("assembler macro", "\t.macro SAVE reg\n\tcsrr \\reg, CSR_SEPC\n\t.endm\n" + SWITCH, ["SAVE 1-3", "enter 4-7"]),
    ("label in an assembler macro", "\t.macro SAVE\nback:\n\tnop\n\t.endm\n\tnop\n", ["SAVE 1-4"]),
    ("in a comment", "/* enter: */\n// leave:\n# gone:\n" + SWITCH, ["enter 4-7"]),
]


@pytest.mark.parametrize(("source", "expected"), [row[1:] for row in SYMBOLS], ids=[row[0] for row in SYMBOLS])
def test_symbols(source: str, expected: list[str]) -> None:
    found = [f"{item.name} {item.lines[0]}-{item.lines[1]}" for item in outline_assembly(source.encode())]
    assert found == expected


INSTRUCTIONS = [
    ("csrrw\tt0, CSR_SSCRATCH, a0", ("csrrw", "t0", "CSR_SSCRATCH", "a0")),
    ("csrr t0, CSR_SEPC", ("csrr", "t0", "CSR_SEPC")),
    ("csrw CSR_SEPC, t5", ("csrw", "CSR_SEPC", "t5")),
    ("csrsi sstatus, 2", ("csrsi", "sstatus", "2")),
    ("csrc CSR_SSTATUS, t0 /* off */", ("csrc", "CSR_SSTATUS", "t0")),
]


@pytest.mark.parametrize(("line", "expected"), INSTRUCTIONS)
def test_csr_instructions(line: str, expected: tuple[str, ...]) -> None:
    source = outline_assembly(f"enter:\n\tnop\n\t{line}\n".encode())
    (item,) = source
    (found,) = csr_instructions(source, item)
    assert ((found.mnemonic, *found.operands), found.line) == (expected, 3)


SILENT = ["\tnop\n", "\t/* csrw CSR_SEPC, t0 */\n", '\t.asciz "csrw CSR_SEPC, t0"\n', "csrw_done:\n"]


@pytest.mark.parametrize("line", SILENT)
def test_what_is_no_csr_instruction(line: str) -> None:
    source = outline_assembly(f"enter:\n{line}".encode())
    assert [found for item in source for found in csr_instructions(source, item)] == []


def test_a_label_made_local_takes_no_access_with_it() -> None:
    before = SWITCH.replace("\tret", "back:\n\tcsrw\tCSR_STVEC, t1\n\tret")
    facts = one_file(before, before.replace("back:", ".Lback:"), "switch.S")
    assert kinds(facts) == ["modified asm-symbol enter (body)"]
    assert facts.csr_accesses == ()


def test_an_instruction_that_goes() -> None:
    facts = one_file(SWITCH, SWITCH.replace("\tcsrrw\tt0, CSR_SSCRATCH, a0\n", ""), "switch.S")
    (access,) = facts.csr_accesses
    assert (access.change, access.operation, access.csr, access.function, access.line, access.side) == (
        *("removed", "swap", "sscratch", "enter", 2, "before"),
    )
