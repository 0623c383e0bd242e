"""CSR accesses, configuration bits and extensions: how they are used, by whom they are guarded, what became of them."""

from __future__ import annotations

import pytest
from c_tables import facts_of, guards_of, one_file

from kvmpatch.analysis.commit_facts import CommitFacts


def function(body: str, name: str = "f", parameters: str = "struct kvm_vcpu *vcpu") -> str:
    return f"void {name}({parameters})\n{{\n{body}\n}}\n"


def accesses(facts: CommitFacts) -> list[str]:
    lines = []
    for one in facts.csr_accesses:
        was = f" was {one.before.function}" if one.before and one.before.function != one.function else ""
        lines.append(f"{one.change} {one.operation} {one.csr} in {one.function}{was}")
    return sorted(lines)


def bits(facts: CommitFacts) -> list[str]:
    lines = []
    for one in facts.bits:
        was = f" was {one.before.function or one.before.target}" if one.before else ""
        lines.append(f"{one.change} {one.use} {one.macro} {'|'.join(one.registers)} in {one.function}{was}")
    return sorted(lines)


def roles(facts: CommitFacts) -> dict[str, str]:
    return {one.name: one.role for one in facts.extensions}


# ---- ways of reaching a CSR -----------------------------------------------------------------------------------------

WAYS = [
    ("csr_write(CSR_HENVCFG, v);", ("write", "henvcfg", "v")),
    ("v = csr_read(CSR_HSTATUS);", ("read", "hstatus", None)),
    ("csr_set(CSR_HIE, BIT(n));", ("set", "hie", "BIT(n)")),
    ("csr_clear(CSR_HGEIE, mask);", ("clear", "hgeie", "mask")),
    ("v = csr_swap(CSR_SENVCFG, w);", ("swap", "senvcfg", "w")),
    ("v = csr_read_set(CSR_SSTATUS, SR_SUM);", ("read_set", "sstatus", "SR_SUM")),
    ("v = csr_read_clear(CSR_HIE, m);", ("read_clear", "hie", "m")),
    ("ncsr_write(CSR_HGATP, v);", ("write", "hgatp", "v")),
    ("v = ncsr_read(CSR_VSATP);", ("read", "vsatp", None)),
    ("nacl_csr_write(nacl_shmem(), CSR_VSIE, v);", ("write", "vsie", "v")),
    ("v = nacl_csr_read(nacl_shmem(), CSR_VSIE);", ("read", "vsie", None)),
    ("use(csr_read(CSR_HGEIP));", ("read", "hgeip", None)),
    ("if (csr_read(CSR_HGEIP) & m)\n\t\tgo();", ("read", "hgeip", None)),
    ("v = x ? csr_read(CSR_VSIP) : 0;", ("read", "vsip", None)),
    ("csr_write(csr_num, v);", ("write", None, "v")),
    ('asm volatile ("csrw " __stringify(CSR_HVIP) ", %0" : : "r" (v));', ("write", "hvip", "%0")),
    ('asm volatile ("nop\\n\\tcsrw hvip, %0" : : "r" (v));', ("write", "hvip", "%0")),
    ('__asm__ __volatile__ ("csrr %0, " __stringify(CSR_SEPC) : "=r" (v) : : "memory");', ("read", "sepc", None)),
]


@pytest.mark.parametrize(("line", "expected"), WAYS)
def test_ways_of_reaching_a_csr(line: str, expected: tuple[str, str | None, str | None]) -> None:
    facts = one_file(function("\t;"), function(f"\t{line}"))
    (one,) = facts.csr_accesses
    assert (one.operation, one.csr, one.value) == expected
    assert (one.change, one.line, one.side, one.function) == ("added", 3, "after", "f")


SILENT = [
    ("comment", "/* csr_write(CSR_HENVCFG, v); */"),
    ("text", 'puts("csr_write(CSR_HENVCFG, v)");'),
    ("dead", "#if 0\n\tcsr_write(CSR_HENVCFG, v);\n#endif"),
    ("a name alone", "switch (n) { case CSR_HENVCFG: break; }"),
    ("another function", "my_csr_write(CSR_HENVCFG, v);"),
]


@pytest.mark.parametrize("line", [row[1] for row in SILENT], ids=[row[0] for row in SILENT])
def test_what_reaches_no_csr(line: str) -> None:
    assert one_file(function("\t;"), function(f"\t{line}")).csr_accesses == ()


# ---- guards ---------------------------------------------------------------------------------------------------------

GUARDS = [
    ("none", "@", []),
    (
        "guest",
        "if (riscv_isa_extension_available(vcpu->arch.isa, SSTC)) @",
        ["guest riscv_isa_extension_available(vcpu->arch.isa, SSTC)"],
    ),
    (
        "guest through a local",
        "const unsigned long *isa = vcpu->arch.isa;\n\tif (riscv_isa_extension_available(isa, SSTC)) @",
        ["guest riscv_isa_extension_available(isa, SSTC)"],
    ),
    (
        "host by NULL",
        "if (riscv_isa_extension_available(NULL, SSTC)) @",
        ["host riscv_isa_extension_available(NULL, SSTC)"],
    ),
    (
        "host by a local",
        "const unsigned long *isa = NULL;\n\tif (riscv_isa_extension_available(isa, SSTC)) @",
        ["host riscv_isa_extension_available(isa, SSTC)"],
    ),
    (
        "host",
        "if (riscv_has_extension_unlikely(RISCV_ISA_EXT_SMSTATEEN)) @",
        ["host riscv_has_extension_unlikely(RISCV_ISA_EXT_SMSTATEEN)"],
    ),
    (
        "unknown bitmap",
        "if (riscv_isa_extension_available(map, SSTC)) @",
        ["unknown riscv_isa_extension_available(map, SSTC)"],
    ),
    ("vcpu", "if (!vcpu->arch.ran_atleast_once) @", ["not vcpu vcpu->arch.ran_atleast_once"]),
    ("vm", "if (irqchip_in_kernel(vcpu->kvm)) @", ["vm irqchip_in_kernel(vcpu->kvm)"]),
    ("config", "if (IS_ENABLED(CONFIG_32BIT)) @", ["config IS_ENABLED(CONFIG_32BIT)"]),
    ("ifdef", "#ifdef CONFIG_32BIT\n\t@\n#endif", ["config #ifdef CONFIG_32BIT"]),
    ("else of ifdef", "#ifdef CONFIG_64BIT\n\tx();\n#else\n\t@\n#endif", ["not config #ifdef CONFIG_64BIT"]),
    ("early return that tells", "if (!kvm_riscv_aia_available()) return;\n\t@", ["host kvm_riscv_aia_available()"]),
    ("early return after an error", "if (rc) return;\n\t@", []),
    ("loop", "while (n--) @", []),
    ("case", "switch (n) { case 1: @ }", ["unknown n == 1"]),
    (
        "two",
        "if (riscv_has_extension_unlikely(RISCV_ISA_EXT_SMSTATEEN) && vcpu->guest_debug) @",
        ["host riscv_has_extension_unlikely(RISCV_ISA_EXT_SMSTATEEN)", "vcpu vcpu->guest_debug"],
    ),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in GUARDS], ids=[row[0] for row in GUARDS])
def test_guards(text: str, expected: list[str]) -> None:
    facts = one_file(function("\t;"), function("\t" + text.replace("@", "csr_write(CSR_HENVCFG, v);")))
    (one,) = facts.csr_accesses
    assert guards_of(one.guards) == expected


@pytest.mark.parametrize(("given", "kind"), [("vcpu->arch.isa", "guest"), ("NULL", "host"), ("other", "unknown")])
def test_a_bitmap_is_followed_to_the_caller(given: str, kind: str) -> None:
    callee = function(
        "\tif (riscv_isa_extension_available(isa, SSTC)) csr_write(CSR_HENVCFG, v);", "g", "const unsigned long *isa"
    )
    caller = function(f"\tg({given});")
    (one,) = one_file(caller, callee + caller).csr_accesses
    assert [guard.kind for guard in one.guards] == [kind]


# ---- what became of an access ---------------------------------------------------------------------------------------

WRITE = "\tcsr_write(CSR_HENVCFG, vcpu->cfg);"
FATES = [
    ("untouched beside a change", function(WRITE), function(WRITE + "\n\tx();"), []),
    ("added", function("\t;"), function(WRITE), ["added write henvcfg in f"]),
    ("removed", function(WRITE), function("\t;"), ["removed write henvcfg in f"]),
    ("value", function(WRITE), function(WRITE.replace("cfg)", "other)")), ["modified write henvcfg in f"]),
    ("guard", function(WRITE), function("\tif (vcpu->guest_debug)\n\t" + WRITE), ["modified write henvcfg in f"]),
    (
        "moved",
        function(WRITE) + function("\t;", "g"),
        function("\t;") + function(WRITE, "g"),
        ["moved write henvcfg in g was f"],
    ),
    (
        "another register",
        function(WRITE),
        function(WRITE.replace("HENVCFG", "HSTATEEN0")),
        ["added write hstateen0 in f", "removed write henvcfg in f"],
    ),
    (
        "another operation",
        function(WRITE),
        function(WRITE.replace("write", "set")),
        ["added set henvcfg in f", "removed write henvcfg in f"],
    ),
    (
        "elsewhere with another value",
        function(WRITE) + function("\t;", "g"),
        function("\t;") + function(WRITE.replace("vcpu->cfg", "0"), "g"),
        ["added write henvcfg in g", "removed write henvcfg in f"],
    ),
    ("shifted in its function", function(WRITE + "\n\tx();"), function("\tx();\n" + WRITE), []),
    (
        "another way, same register",
        function(WRITE),
        function(WRITE.replace("csr_write", "ncsr_write")),
        ["modified write henvcfg in f"],
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), [row[1:] for row in FATES], ids=[row[0] for row in FATES])
def test_what_became_of_an_access(before: str, after: str, expected: list[str]) -> None:
    assert accesses(one_file(before, after)) == expected


def test_a_getters_access_goes_to_the_getter() -> None:
    line = "\tv = csr_read(CSR_VSIP);\n"
    fillers = [
        "\tif (a < b)\n\t\treturn;\n\tuse(v);\n\tc->d = 1;",
        "\tfor (;;)\n\t\tput(&e[3], v ^ 5);",
        "\tswitch (k) {\n\tdefault:\n\t\t*out = v;\n\t}",
        "\tdo {\n\t\tlast(!x, y % z);\n\t} while (q-- > 0);",
    ]
    before = function(line + fillers[0], "set_reg") + function(line + fillers[1], "get_reg")
    after = function(line + fillers[2], "general_get_reg") + function(line + fillers[3], "general_set_reg")
    facts = facts_of({"a.c": before}, {"b.c": after})
    assert accesses(facts) == [
        "moved read vsip in general_get_reg was get_reg",
        "moved read vsip in general_set_reg was set_reg",
    ]


# ---- bits -----------------------------------------------------------------------------------------------------------

USES = [
    ("or", "cfg->henvcfg |= ENVCFG_STCE;", ["added set ENVCFG_STCE henvcfg in f"]),
    (
        "two",
        "cfg->henvcfg |= (ENVCFG_CBIE | ENVCFG_CBCFE);",
        ["added set ENVCFG_CBCFE henvcfg in f", "added set ENVCFG_CBIE henvcfg in f"],
    ),
    ("and not", "cfg->henvcfg &= ~ENVCFG_STCE;", ["added clear ENVCFG_STCE henvcfg in f"]),
    ("test", "if (cfg->henvcfg & ENVCFG_STCE)\n\t\tx();", ["added test ENVCFG_STCE henvcfg in f"]),
    ("assigned", "cfg->henvcfg = ENVCFG_STCE;", ["added set ENVCFG_STCE henvcfg in f"]),
    ("set by call", "csr_set(CSR_HENVCFG, ENVCFG_STCE);", ["added set ENVCFG_STCE henvcfg in f"]),
    ("cleared by call", "csr_clear(CSR_HENVCFG, ENVCFG_STCE);", ["added clear ENVCFG_STCE henvcfg in f"]),
    (
        "local that is written",
        "u64 v = 0;\n\tv |= ENVCFG_STCE;\n\tcsr_write(CSR_HENVCFG, v);",
        ["added set ENVCFG_STCE henvcfg in f"],
    ),
    ("nobody knows where", "v |= ENVCFG_STCE;", ["added set ENVCFG_STCE menvcfg|henvcfg in f"]),
    ("exception number", "cfg->hedeleg &= ~BIT(EXC_BREAKPOINT);", ["added clear EXC_BREAKPOINT hedeleg in f"]),
    ("number beside nothing", "n = irq - ISELECT_IPRIO0;", []),
    ("shift", "v = csr->hvip >> VSIP_TO_HVIP_SHIFT;", []),
    ("an exception that is compared", "if (trap->scause == EXC_BREAKPOINT)\n\t\tx();", []),
    ("another name", "cfg->henvcfg |= MY_BIT;", []),
]


@pytest.mark.parametrize(("line", "expected"), [row[1:] for row in USES], ids=[row[0] for row in USES])
def test_uses_of_a_bit(line: str, expected: list[str]) -> None:
    assert bits(one_file(function("\t;"), function(f"\t{line}"))) == expected


SET = "\tif (riscv_isa_extension_available(vcpu->arch.isa, SSTC))\n\t\tcfg->henvcfg |= ENVCFG_STCE;"


def test_a_bit_moves_under_the_same_guards() -> None:
    facts = one_file(function(SET) + function("\t;", "g"), function("\t;") + function(SET, "g"))
    assert bits(facts) == ["moved set ENVCFG_STCE henvcfg in g was f"]
    assert roles(facts) == {"Sstc": "moved"}


def test_a_bit_under_other_guards_elsewhere_is_another_use() -> None:
    other = SET.replace("riscv_isa_extension_available(vcpu->arch.isa, SSTC)", "vcpu->guest_debug")
    one, two = "\n\tlook(a);\n\tfor (n = 0; n < 9; n++)\n\t\tstep(n);", "\n\tsay(b->c, d);\n\twait(e);\n\tfree(b->c);"
    before = function(SET + one) + function(two, "g")
    facts = one_file(before, function(one) + function(other + two, "g"))
    assert bits(facts) == ["added set ENVCFG_STCE henvcfg in g", "removed set ENVCFG_STCE henvcfg in f"]


def test_a_bit_goes_to_where_the_same_field_is_written() -> None:
    before = function("\tcfg->hedeleg = KVM_HEDELEG_DEFAULT;") + function(
        "\tcsr_write(CSR_HEDELEG, KVM_HEDELEG_DEFAULT);", "g"
    )
    after = (
        function("\t;")
        + function("\tcsr_write(CSR_HEDELEG, 0);", "g")
        + function("\tcfg->hedeleg = KVM_HEDELEG_DEFAULT;", "h")
    )
    assert bits(one_file(before, after)) == [
        "moved set KVM_HEDELEG_DEFAULT hedeleg in h was f",
        "removed set KVM_HEDELEG_DEFAULT hedeleg in g",
    ]


def test_bits_that_become_part_of_a_mask_are_not_lost() -> None:
    before = function("\thedeleg |= BIT(EXC_SYSCALL);\n\tcsr_write(CSR_HEDELEG, hedeleg);")
    after = "#define KVM_HEDELEG_DEFAULT (BIT(EXC_SYSCALL) | BIT(EXC_BREAKPOINT))\n" + function(
        "\tcsr_write(CSR_HEDELEG, KVM_HEDELEG_DEFAULT);"
    )
    found = bits(one_file(before, after))
    assert "moved set EXC_SYSCALL hedeleg in None was f" in found
    assert "added set EXC_BREAKPOINT hedeleg in None" in found


def test_a_mask_that_moves_takes_its_bits_along_in_silence() -> None:
    mask = "#define KVM_HEDELEG_DEFAULT (BIT(EXC_SYSCALL) | BIT(EXC_BREAKPOINT))\n"
    assert bits(facts_of({"a.h": mask}, {"b.h": mask})) == ["moved define KVM_HEDELEG_DEFAULT hedeleg in None was None"]


def test_a_mask_of_many_bits_has_no_one_place() -> None:
    facts = one_file("", "#define KVM_HEDELEG_DEFAULT (BIT(EXC_SYSCALL) | BIT(EXC_BREAKPOINT))\n")
    (mask,) = [one for one in facts.bits if one.use == "define"]
    assert (mask.hi, mask.lo) == (None, None)


# ---- extensions -----------------------------------------------------------------------------------------------------

GUEST = "\tif (riscv_isa_extension_available(vcpu->arch.isa, {}))\n\t\t{}"
ROLES = [
    ("only defined", "", "#define ENVCFG_STCE (_AC(1, ULL) << 63)\n", {"Sstc": "context"}),
    ("only asked", function("\t;"), function(GUEST.format("SSTC", "x();")), {"Sstc": "context"}),
    ("no longer asked", function(GUEST.format("SSTC", "x();")), function("\tx();"), {"Sstc": "context"}),
    ("asked before and after", function(GUEST.format("SSTC", "x();")), function(GUEST.format("SSTC", "y();")), {}),
    ("bit set", function("\t;"), function(SET), {"Sstc": "added"}),
    ("bit no longer set", function(SET), function("\t;"), {"Sstc": "removed"}),
    ("bit cleared", function("\t;"), function(SET.replace("|= ", "&= ~")), {"Sstc": "modified"}),
    ("bit tested", function("\t;"), function("\tif (cfg->henvcfg & ENVCFG_STCE) x();"), {"Sstc": "context"}),
    (
        "id",
        "enum KVM_RISCV_ISA_EXT_ID { A };\n",
        "enum KVM_RISCV_ISA_EXT_ID { A, KVM_RISCV_ISA_EXT_SSTC };\n",
        {"Sstc": "added"},
    ),
    ("limit", "enum e { A };\n", "enum e { A, KVM_RISCV_ISA_EXT_MAX };\n", {}),
    (
        "SBI id",
        "enum KVM_RISCV_SBI_EXT_ID { A };\n",
        "enum KVM_RISCV_SBI_EXT_ID { A, KVM_RISCV_SBI_EXT_NEW };\n",
        {"SBI NEW": "added"},
    ),
    ("SBI status", "enum s { A };\n", "enum s { A, KVM_RISCV_SBI_EXT_AVAILABLE };\n", {}),
    (
        "ONE_REG group",
        "",
        "#define KVM_REG_RISCV_CSR_SMSTATEEN (0x2 << KVM_REG_RISCV_SUBTYPE_SHIFT)\n",
        {"Smstateen": "added"},
    ),
    (
        "guard names one of two",
        function("\t;"),
        function(GUEST.format("SSAIA", "cfg->hstateen0 |= SMSTATEEN0_AIA_ISEL;")),
        {"Ssaia": "added", "Sscsrind": "context"},
    ),
    (
        "id gone here, come there",
        "#define RISCV_ISA_EXT_SSTC 3\n",
        "enum e { RISCV_ISA_EXT_SSTC };\n",
        {"Sstc": "moved"},
    ),
    (
        "one register for another",
        function("\tcsr_write(CSR_STIMECMP, 1);"),
        function("\tcsr_write(CSR_VSTIMECMP, 1);"),
        {"Sstc": "modified"},
    ),
    ("a register that was not used", function("\t;"), function("\tcsr_write(CSR_VSTIMECMP, 1);"), {"Sstc": "added"}),
]


@pytest.mark.parametrize(("before", "after", "expected"), [row[1:] for row in ROLES], ids=[row[0] for row in ROLES])
def test_roles_of_extensions(before: str, after: str, expected: dict[str, str]) -> None:
    assert roles(one_file(before, after)) == expected
