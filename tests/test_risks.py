"""It applies, but: each rule on a pick that it speaks of, and on one that it has nothing to say about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from repo_scratch import Scratch

from kvmpatch import knowledge
from kvmpatch.model.backport import Risk
from kvmpatch.reports.backport.risks import risks_of
from kvmpatch.reports.backport.target import Target
from kvmpatch.reports.related.center import Center
from kvmpatch.reports.related.finder import GitFinder
from kvmpatch.reports.related.request import Patience
from kvmpatch.reports.show_commit import CommitReporter
from kvmpatch.sources.repo import Repository

Files = Mapping[str, str]
FAR = "".join(f"/* filler {number} */\n" for number in range(9))
"""Lines between two places, so that one is no context of the other."""

VCPU = "arch/riscv/kvm/vcpu.c"
UAPI = "arch/riscv/include/uapi/asm/kvm.h"
CSR = "arch/riscv/include/asm/csr.h"
HOST = "arch/riscv/include/asm/kvm_host.h"


class Case(NamedTuple):
    """A tree, what upstream and the target have else, what the patch replaces, and what is to be said.

    Replacements are `path → (old, new)`; `speaks` is code → level; `words` stand in the English of one of them.
    """

    name: str
    tree: Files
    patch: Mapping[str, tuple[str, str]]
    target: Mapping[str, tuple[str, str]]
    speaks: Mapping[str, str]
    words: tuple[str, ...] = ()
    upstream: Mapping[str, tuple[str, str]] | None = None
    clean: bool = True


def function(name: str, *lines: str, head: str = "void") -> str:
    body = "".join(f"\t{line}\n" if line else "\n" for line in lines)
    return f"{head} {name}(struct kvm_vcpu *vcpu)\n{{\n{body}}}\n{FAR}"


HELPER = {
    "lib/help.h": "static inline int help(int a, int b)\n{\n\treturn a + b;\n}\n",
    "lib/use.c": '#include "help.h"\n' + FAR + "int use(void)\n{\n\treturn 0;\n}\n",
}
CALL = {"lib/use.c": ("\treturn 0;\n", "\tint r = help(1, 2);\n\n\treturn r;\n")}
GUARDED = {VCPU: function("kvm_riscv_vcpu_load", "if (ask) {", "\tfirst(vcpu);", "\tsecond(vcpu);", "}")}
INSIDE = {VCPU: ("second(vcpu);\n", "second(vcpu);\n\t\tthird(vcpu);\n")}
HAS_GUEST = "riscv_isa_extension_available(vcpu->arch.isa, SSTC)"
HAS_HOST = "riscv_isa_extension_available(NULL, SSTC)"
IDS = {
    UAPI: "enum KVM_RISCV_ISA_EXT_ID {\n\tKVM_RISCV_ISA_EXT_A = 0,\n\tKVM_RISCV_ISA_EXT_C,\n"
    + "".join(f"\tKVM_RISCV_ISA_EXT_Z{number},\n" for number in range(8))
    + "\tKVM_RISCV_ISA_EXT_MAX,\n};\n"
}
NEW_ID = {UAPI: ("\tKVM_RISCV_ISA_EXT_MAX", "\tKVM_RISCV_ISA_EXT_NEW,\n\tKVM_RISCV_ISA_EXT_MAX")}
NO_C = {UAPI: ("\tKVM_RISCV_ISA_EXT_C,\n", "")}
LINUX = "include/uapi/linux/kvm.h"
CAPS = {LINUX: "#define KVM_CAP_A 1\n" + FAR + "#define KVM_CAP_B 2\n" + FAR}
NEW_CAP = {LINUX: ("#define KVM_CAP_B 2\n", "#define KVM_CAP_B 2\n#define KVM_CAP_NEW 3\n")}
REGISTERS = {
    CSR: "#define CSR_HENVCFG 0x60a\n" + FAR + "#define ENVCFG_STCE (1 << 3)\n",
    VCPU: "#include <asm/csr.h>\n" + FAR + function("kvm_riscv_vcpu_load", "first(vcpu);"),
}
WRITES = {VCPU: ("\tfirst(vcpu);\n", "\tfirst(vcpu);\n\tcsr_write(CSR_HENVCFG, ENVCFG_STCE);\n")}
LOCKED = {
    VCPU: function(
        "kvm_riscv_vcpu_load",
        "mutex_lock(&vcpu->lock);",
        *("step(vcpu);",) * 8,
        "last(vcpu);",
        "mutex_unlock(&vcpu->lock);",
    )
}
UNDER = {VCPU: ("\tlast(vcpu);\n", "\tlast(vcpu);\n\tadded(vcpu);\n")}
NO_LOCK = {VCPU: ("\tmutex_lock(&vcpu->lock);\n", "")}
JUMPING = {
    VCPU: function(
        "kvm_arch_vcpu_create",
        "int ret;",
        "",
        "ret = first(vcpu);",
        "if (ret)",
        "\tgoto out;",
        *("step(vcpu);",) * 8,
        "return 0;",
        "out:",
        "free_it(vcpu);",
        "return ret;",
        head="int",
    )
}
JUMPS = {VCPU: ("\tint ret;\n\n", "\tint ret;\n\n\tif (!vcpu)\n\t\tgoto out;\n")}
PUBLIC = "include/linux/kvm_host.h"
STRUCT = {
    PUBLIC: "struct kvm_vcpu {\n\tint cpu;\n\tint id;\n"
    + "".join(f"\tlong f{number};\n" for number in range(8))
    + "\tlong last;\n};\n"
}
PHASES = {
    VCPU: function("worker", "first(vcpu);", head="static void")
    + function("kvm_arch_vcpu_create", "create(vcpu);", head="int")
    + function("kvm_arch_vcpu_load", "load(vcpu);", "worker(vcpu);")
}
WORK = {VCPU: ("\tfirst(vcpu);\n", "\tfirst(vcpu);\n\tadded(vcpu);\n")}
ONCE_MORE = {VCPU: ("\tcreate(vcpu);\n", "\tcreate(vcpu);\n\tworker(vcpu);\n")}
KCONFIG = {
    "Kconfig": "config A\n\tbool\n" + FAR + "config B\n\tbool\n",
    "lib/use.c": FAR + "int use(void)\n{\n\treturn 0;\n}\n",
    "lib/Makefile": "obj-y += use.o\n",
}
ASKS_B = {"lib/use.c": ("\treturn 0;\n", "\tif (IS_ENABLED(CONFIG_B))\n\t\treturn 1;\n\treturn 0;\n")}

CASES = [
    # helpers
    Case(
        "one parameter less",
        HELPER,
        CALL,
        {"lib/help.h": ("int a, int b", "int a")},
        {"helper-parameters": "error"},
        ("help() takes (int) in the target and (int, int) upstream", "another number of arguments"),
    ),
    Case(
        "parameters of other types",
        HELPER,
        CALL,
        {"lib/help.h": ("int a, int b", "struct x *a, int b")},
        {"helper-parameters": "warning"},
        ("(struct x *, int)",),
    ),
    Case(
        "the same type by another name",
        HELPER,
        CALL,
        {"lib/help.h": ("int a, int b", "const s32 first, int32_t b")},
        {},
    ),
    Case(
        "another type returned",
        HELPER,
        CALL,
        {"lib/help.h": ("int help", "bool help")},
        {"helper-returns": "warning"},
        ("bool in the target and int upstream",),
    ),
    Case(
        "another type returned that nobody uses",
        HELPER,
        {"lib/use.c": ("\treturn 0;\n", "\thelp(1, 2);\n\treturn 0;\n")},
        {"lib/help.h": ("int help", "bool help")},
        {},
    ),
    Case(
        "an error that only one side returns",
        HELPER,
        CALL,
        {"lib/help.h": ("\treturn a", "\tif (!b)\n\t\treturn -EINVAL;\n\treturn a")},
        {"helper-differs": "note"},
        ("returns -EINVAL in the target only",),
    ),
    Case(
        "a lock that only one side takes",
        HELPER,
        CALL,
        {},
        {"helper-differs": "note"},
        ("takes mutex_lock(big) upstream only",),
        upstream={"lib/help.h": ("\treturn a", "\tmutex_lock(&big);\n\treturn a")},
    ),
    Case(
        "a lock that both take, each in its manner",
        HELPER,
        CALL,
        {"lib/help.h": ("\treturn a", "\tspin_lock(&big);\n\treturn a")},
        {},
        upstream={"lib/help.h": ("\treturn a", "\tmutex_lock(&big);\n\treturn a")},
    ),
    Case(
        "a helper written in other words",
        HELPER,
        CALL,
        {"lib/help.h": ("\treturn a + b;", "\tint c = a;\n\n\treturn c + b;")},
        {},
    ),
    Case(
        "a helper that the patch itself alters",
        HELPER,
        {
            "lib/help.h": ("int help(int a, int b)", "int help(int a, int b, int c)"),
            "lib/use.c": ("\treturn 0;", "\treturn help(1, 2, 3);"),
        },
        {},
        {},
    ),
    # guards
    Case(
        "a guest's extension is not asked",
        {VCPU: GUARDED[VCPU].replace("ask", HAS_GUEST)},
        INSIDE,
        {VCPU: (f"if ({HAS_GUEST}) {{", "{")},
        {"guard-missing": "warning"},
        ("which asks the guest",),
    ),
    Case(
        "a configuration is asked in the target alone",
        {VCPU: GUARDED[VCPU].replace("if (ask) {", "{")},
        INSIDE,
        {VCPU: ("\t{", "\tif (IS_ENABLED(CONFIG_FPU)) {")},
        {"guard-extra": "warning"},
        ("asks the configuration",),
    ),
    Case(
        "the host is asked for the guest",
        {VCPU: GUARDED[VCPU].replace("ask", HAS_GUEST)},
        INSIDE,
        {VCPU: (HAS_GUEST, HAS_HOST)},
        {"guard-asks-another": "warning"},
        ("the host in the target and of the guest upstream", "Sstc"),
    ),
    Case("a condition of no known kind", GUARDED, INSIDE, {VCPU: ("if (ask) {", "{")}, {"guard-missing": "note"}),
    Case(
        "the same condition in other words",
        {VCPU: GUARDED[VCPU].replace("ask", "vcpu->arch.ready")},
        INSIDE,
        {VCPU: ("vcpu->arch.ready", "vcpu->ready")},
        {},
    ),
    Case(
        "a condition that the patch brings",
        GUARDED,
        {VCPU: ("second(vcpu);\n", f"second(vcpu);\n\t\tif ({HAS_HOST})\n\t\t\tthird(vcpu);\n")},
        {},
        {},
    ),
    # ids and values
    Case(
        "an id counts on from another",
        IDS,
        NEW_ID,
        NO_C,
        {"interface-value": "error"},
        ("KVM_RISCV_ISA_EXT_NEW is 9 in the target and 10 upstream",),
    ),
    Case("an id has its number", IDS, NEW_ID, {}, {}),
    Case(
        "an id that the target's order would give",
        IDS,
        NEW_ID,
        {UAPI: ("\tKVM_RISCV_ISA_EXT_Z7,\n", "")},
        {"interface-value": "error"},
        ("would be 9", "upstream it is 10"),
        clean=False,
    ),
    Case(
        "two ids that the target's order would give",
        IDS,
        {
            UAPI: (
                "\tKVM_RISCV_ISA_EXT_MAX",
                "\tKVM_RISCV_ISA_EXT_N1,\n\tKVM_RISCV_ISA_EXT_N2,\n\tKVM_RISCV_ISA_EXT_MAX",
            )
        },
        {UAPI: ("\tKVM_RISCV_ISA_EXT_Z7,\n", "")},
        {"interface-value": "error"},
        ("KVM_RISCV_ISA_EXT_N1 would be 9, upstream it is 10 (1 more of its enumeration",),
        clean=False,
    ),
    Case(
        "two ids that the patch brings and the target's order gives alike",
        IDS,
        {
            UAPI: (
                "\tKVM_RISCV_ISA_EXT_MAX",
                "\tKVM_RISCV_ISA_EXT_N1,\n\tKVM_RISCV_ISA_EXT_N2,\n\tKVM_RISCV_ISA_EXT_MAX",
            )
        },
        {UAPI: ("\tKVM_RISCV_ISA_EXT_Z7,\n", "\tKVM_RISCV_ISA_EXT_OWN,\n")},
        {},
        clean=False,
    ),
    Case(
        "an id that is used",
        IDS | {VCPU: FAR + function("kvm_riscv_vcpu_load", "first(vcpu);")},
        {VCPU: ("\tfirst(vcpu);\n", "\tfirst(vcpu);\n\tset(KVM_RISCV_ISA_EXT_Z1);\n")},
        NO_C,
        {"interface-value": "error"},
    ),
    Case(
        "a number that is taken",
        CAPS,
        NEW_CAP,
        {LINUX: ("#define KVM_CAP_A", "#define KVM_CAP_OWN 3\n#define KVM_CAP_A")},
        {"interface-number-taken": "error"},
        ("3, is KVM_CAP_OWN in the target",),
    ),
    Case(
        "a number that is free",
        CAPS,
        NEW_CAP,
        {LINUX: ("#define KVM_CAP_A", "#define KVM_CAP_OWN 4\n#define KVM_CAP_A")},
        {},
    ),
    Case(
        "a bit in another place",
        REGISTERS,
        WRITES,
        {CSR: ("(1 << 3)", "(1 << 63)")},
        {"hardware-value": "error"},
        ("ENVCFG_STCE is 0x8000000000000000 in the target and 0x8",),
    ),
    Case(
        "a register of another number",
        REGISTERS,
        WRITES,
        {CSR: ("0x60a", "0x60b")},
        {"hardware-value": "error"},
        ("CSR_HENVCFG is 0x60b",),
    ),
    Case("the same bit otherwise written", REGISTERS, WRITES, {CSR: ("(1 << 3)", "BIT(3)")}, {}),
    # layouts
    Case(
        "a field in the middle",
        STRUCT,
        {PUBLIC: ("\tlong f3;\n", "\tlong f3;\n\tint added;\n")},
        {},
        {"kabi-layout": "warning"},
        ("adding added moves 5 fields", "from f4 on"),
    ),
    Case("a field at the end", STRUCT, {PUBLIC: ("\tlong last;\n", "\tlong last;\n\tint added;\n")}, {}, {}),
    Case("a field of another name for one type", STRUCT, {PUBLIC: ("\tint id;\n", "\tu32 id;\n")}, {}, {}),
    Case(
        "a field of an interface lands elsewhere",
        {UAPI: STRUCT[PUBLIC]},
        {UAPI: ("\tlong last;\n", "\tlong last;\n\tint added;\n")},
        {UAPI: ("\tint cpu;\n", "\tint cpu;\n\tint own;\n")},
        {"field-elsewhere": "warning"},
        ("added of struct kvm_vcpu is field 13 in the target and 12 upstream",),
    ),
    Case(
        "a structure of one file",
        {VCPU: STRUCT[PUBLIC]},
        {VCPU: ("\tlong f3;\n", "\tlong f3;\n\tint added;\n")},
        {},
        {},
    ),
    Case(
        "a structure that an exported function takes",
        {"virt/kvm/own.c": STRUCT[PUBLIC] + "int f(struct kvm_vcpu *vcpu)\n{\n\treturn 0;\n}\nEXPORT_SYMBOL_GPL(f);\n"},
        {"virt/kvm/own.c": ("\tlong f3;\n", "\tlong f3;\n\tint added;\n")},
        {},
        {"kabi-layout": "warning"},
        ("a parameter of exported functions",),
    ),
    # locks and labels
    Case(
        "a lock that the target does not take",
        LOCKED,
        UNDER,
        NO_LOCK,
        {"lock-missing": "warning"},
        ("mutex_lock(&vcpu->lock)",),
    ),
    Case(
        "a lock that only the target takes",
        {VCPU: LOCKED[VCPU].replace("\tmutex_lock(&vcpu->lock);\n", "")},
        UNDER,
        {VCPU: ("{\n", "{\n\tspin_lock(&vcpu->own);\n")},
        {"lock-extra": "warning"},
        ("spin_lock(&vcpu->own)",),
    ),
    Case(
        "a lock that was given back",
        LOCKED,
        {VCPU: ("\tmutex_unlock(&vcpu->lock);\n", "\tmutex_unlock(&vcpu->lock);\n\tadded(vcpu);\n")},
        {},
        {},
    ),
    Case("a lock taken in another manner", LOCKED, UNDER, {VCPU: ("mutex_lock(", "mutex_lock_killable(")}, {}),
    Case(
        "a lock that a guard takes",
        LOCKED,
        UNDER,
        {VCPU: ("mutex_lock(&vcpu->lock);", "guard(mutex)(&vcpu->lock);")},
        {},
    ),
    Case(
        "other work behind a label",
        JUMPING,
        JUMPS,
        {VCPU: ("\tfree_it(vcpu);\n", "\tfree_it(vcpu);\n\tput_it(vcpu);\n")},
        {"error-path": "warning"},
        ("put_it() in the target only",),
    ),
    Case("the same work behind a label", JUMPING, JUMPS, {VCPU: ("\tstep(vcpu);\n\treturn 0;", "\treturn 0;")}, {}),
    Case(
        "no such label",
        JUMPING,
        JUMPS,
        {
            VCPU: (
                "\treturn 0;\n\tout:\n\tfree_it(vcpu);\n\treturn ret;\n",
                "\treturn 0;\n\tfail:\n\tfree_it(vcpu);\n\treturn ret;\n",
            )
        },
        {"label-missing": "error"},
        ("goto out",),
    ),
    # phases
    Case(
        "a function that is called elsewhere too",
        PHASES,
        WORK,
        ONCE_MORE,
        {"other-phase": "warning"},
        ("kvm_arch_vcpu_create", "in the target"),
    ),
    Case(
        "a function that upstream calls elsewhere too",
        PHASES,
        WORK,
        {},
        {"other-phase": "warning"},
        ("as it does upstream",),
        upstream=ONCE_MORE,
    ),
    Case(
        "a function that is called in the same phases",
        PHASES,
        WORK,
        {VCPU: ("\tload(vcpu);\n", "\tload(vcpu);\n\tmore(vcpu);\n")},
        {},
    ),
    # the build
    Case(
        "a symbol that nobody defines",
        KCONFIG,
        ASKS_B,
        {"Kconfig": ("config B\n\tbool\n", "")},
        {"config-undefined": "warning"},
        ("CONFIG_B",),
    ),
    Case(
        "a symbol that is defined elsewhere",
        KCONFIG,
        ASKS_B,
        {"Kconfig": ("config A\n", "config B\n\tbool\n\nconfig A\n")},
        {},
    ),
    Case(
        "a symbol that upstream does not define either",
        KCONFIG,
        {"lib/use.c": ("\treturn 0;\n", "\treturn IS_ENABLED(CONFIG_NOWHERE);\n")},
        {},
        {},
    ),
    Case(
        "a source that is not built",
        KCONFIG,
        {"lib/use.c": ("return 0", "return 1")},
        {"lib/Makefile": ("obj-y += use.o", "obj-y += other.o")},
        {"not-built": "warning"},
        ("lib/use.c",),
    ),
    Case(
        "a source that is built under a condition",
        KCONFIG,
        {"lib/use.c": ("return 0", "return 1")},
        {"lib/Makefile": ("obj-y", "obj-$(CONFIG_A)")},
        {},
    ),
]


def changed(tree: Files, changes: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """The tree with its replacements, each of which must fit."""
    files = dict(tree)
    for path, (old, new) in changes.items():
        assert old in files[path], (path, old)
        files[path] = files[path].replace(old, new, 1)
    return files


def written(files: Files) -> dict[str | bytes, str | bytes | None]:
    """Files as the scratch repository takes them."""
    return dict[str | bytes, str | bytes | None](files.items())


def risks(case: Case, path: Path) -> tuple[Risk, ...]:
    """What is said of the pick of one case."""
    scratch = Scratch(path)
    scratch.commit("Begin", written(case.tree))
    scratch.git("branch", "old")
    before = changed(case.tree, case.upstream or {})
    if case.upstream:
        scratch.commit("Upstream", written(before))
    candidate = scratch.commit("The patch", written(changed(before, case.patch)))
    scratch.git("checkout", "-q", "old")
    tip = scratch.commit("The target's own", written(changed(case.tree, case.target)))
    with Repository.open(path) as repository:
        target = Target(repository, GitFinder(repository), "old", tip)
        center = Center(CommitReporter(repository, None, None), next(iter(repository.commits([candidate]))))
        picked = repository.pick(candidate, tip, texts=False)
        assert (picked.state == "clean") is case.clean, picked.state
        found = risks_of(target, center, picked.commit if case.clean else None)
        for one in found:
            assert {evidence.side for evidence in one.evidence} == {"before", "after"}, one
            assert {evidence.commit for evidence in one.evidence} == {tip, candidate}
            assert one.said.zh != one.said.en
        return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_rule_speaks_where_it_should_and_nowhere_else(case: Case, tmp_path: Path) -> None:
    found = risks(case, tmp_path / "repo")
    assert {one.code: one.level for one in found} == case.speaks
    said = " ".join(one.said.en for one in found)
    for word in case.words:
        assert word in said


def test_each_rule_speaks_once_and_can_be_looked_up() -> None:
    house = Path(__file__).parent.parent / "kvmpatch"
    asked = (house / "reports/backport/risks.py").read_text(encoding="utf-8")
    codes = {
        code
        for path in (house / "rules/risks").glob("*.py")
        if re.search(rf"\b{path.stem}\.\w+\(", asked)
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"[A-Z_, ]+ = \"", line)
        for code in re.findall(r'"([a-z-]+)"', line)
    }
    assert codes == {code for case in CASES for code in case.speaks}
    assert codes <= set(knowledge.names("rules"))


def test_lines_of_evidence_say_what_they_prove(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == "an id counts on from another")
    (one,) = risks(case, tmp_path / "repo")
    there, here, used = one.evidence
    assert (there.path, there.side, there.line, there.text) == (UAPI, "before", 11, "KVM_RISCV_ISA_EXT_NEW,")
    assert (here.path, here.side, here.line, here.text) == (UAPI, "after", 12, "KVM_RISCV_ISA_EXT_NEW,")
    assert used == here


def test_time_that_is_up_is_told(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    first = scratch.commit("Begin", {"a.c": "int a;\n"})
    second = scratch.commit("Next", {"a.c": "int b;\n"})
    with Repository.open(tmp_path) as repository:
        target = Target(repository, GitFinder(repository), "main", first)
        center = Center(CommitReporter(repository, None, None), next(iter(repository.commits([second]))))
        patience = Patience(-1.0)
        assert risks_of(target, center, second, patience) == ()
        assert patience.stopped == ["risks"]
