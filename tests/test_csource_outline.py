"""What a C file defines: pieces, headers, declarations, in the idioms of the kernel."""

from __future__ import annotations

import pytest

from kvmpatch.model import Basis
from kvmpatch.parse.csource.constants import enum_values
from kvmpatch.parse.csource.outline import Item, outline
from kvmpatch.parse.csource.scan import scan
from kvmpatch.parse.csource.tokens import tokens_of


def items(source: str) -> list[Item]:
    return list(outline(source.encode()))


def named(source: str) -> list[str]:
    return [f"{item.kind} {item.name}" for item in items(source)]


FUNCTIONS = [
    ("plain", "int one(int a)\n{\n\treturn a;\n}\n", ["function one"]),
    ("static", "static inline bool one(void)\n{\n}\n", ["function one"]),
    ("attribute before", "static noinstr void one(void)\n{\n}\n", ["function one"]),
    ("attribute after", "void one(void) __must_hold(&lock)\n{\n}\n", ["function one"]),
    ("section", 'void __section(".x") one(void)\n{\n}\n', ["function one"]),
    ("gnu attribute", "__attribute__((weak)) int one(void)\n{\n\treturn 0;\n}\n", ["function one"]),
    ("attribute in parameters", "int one(void __user *p, struct x __rcu *q)\n{\n\treturn 0;\n}\n", ["function one"]),
    ("type on a line of its own", "static struct kvm *\none(struct kvm *kvm)\n{\n\treturn kvm;\n}\n", ["function one"]),
    (
        "export between",
        "int one(void)\n{\n}\nEXPORT_SYMBOL_GPL(one);\n\nint two(void)\n{\n}\n",
        ["function one", "function two"],
    ),
    ("export without semicolon", "EXPORT_SYMBOL(one)\nint two(void)\n{\n}\n", ["function two"]),
    ("syscall", "SYSCALL_DEFINE2(look, int, fd, char __user *, p)\n{\n\treturn 0;\n}\n", ["syscall look"]),
    (
        "returns a function pointer",
        "static int (*pick(int n))(struct kvm *, u64)\n{\n\treturn NULL;\n}\n",
        ["function pick"],
    ),
    (
        "name in parentheses",
        "size_t (strlen)(const char *s)\n{\n\treturn 0;\n}\n\nvoid *\n(memset)(void *s)\n{\n\treturn s;\n}\n",
        ["function strlen", "function memset"],
    ),
    ("name made by a macro", "static int FNAME(walk)(int n)\n{\n\treturn n;\n}\n", ["function FNAME(walk)"]),
    ("prototype", "int one(int a);\nstatic void two(void);\n", []),
    ("prototype over lines", "int one(int a,\n\tint b) __weak;\n", []),
    ("comment", "/* int one(void) { } */\n// void two(void) { }\n", []),
    ("text", 'const char *s = "void one(void) { }";\n', ["variable s"]),
    ("dead branch", "#if 0\nvoid one(void)\n{\n}\n#endif\nvoid two(void)\n{\n}\n", ["function two"]),
    ("macro that looks like one", "#define one(a) do { \\\n\tuse(a); \\\n} while (0)\n", ["macro one"]),
    (
        "twice by configuration",
        "#ifdef A\nvoid one(void)\n{\n\ta();\n}\n#else\nvoid one(void)\n{\n}\n#endif\n",
        ["function one", "function one"],
    ),
    (
        "header in two branches",
        "#ifdef A\nvoid one(int a)\n{\n#else\nvoid one(long a)\n{\n#endif\n\tuse(a);\n}\nvoid two(void)\n{\n}\n",
        ["function one", "function two"],
    ),
    (
        "brace in two branches",
        "void one(void)\n{\n#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t\tc();\n\t}\n}\nvoid two(void)\n{\n}\n",
        ["function one", "function two"],
    ),
    (
        "brace in text",
        "void one(void)\n{\n\tputs(\"}\");\n\tputc('{');\n}\nvoid two(void)\n{\n}\n",
        ["function one", "function two"],
    ),
    ("module macros", 'MODULE_LICENSE("GPL");\nmodule_init(one);\n', []),
    ("for_each macro", "#define for_each_bit(b, x) \\\n\tfor ((b) = 0; (b) < (x); (b)++)\n", ["macro for_each_bit"]),
]


@pytest.mark.parametrize(("source", "expected"), [row[1:] for row in FUNCTIONS], ids=[row[0] for row in FUNCTIONS])
def test_functions_and_what_looks_like_them(source: str, expected: list[str]) -> None:
    assert named(source) == expected


DECLARATIONS = [
    ("forward", "struct kvm;\nenum mode;\n", []),
    ("extern", "extern int shared;\nextern const struct ops table;\n", []),
    ("extern with a value", "extern int shared = 1;\n", ["variable shared"]),
    ("two at once", "static int a, *b = NULL;\n", ["variable a", "variable b"]),
    ("per cpu", "static DEFINE_PER_CPU(unsigned long, count);\n", ["variable count"]),
    ("lock", "static DEFINE_SPINLOCK(lock);\n", ["variable lock"]),
    ("static key", "DEFINE_STATIC_KEY_FALSE(aia_on);\n", ["variable aia_on"]),
    ("typedef", "typedef unsigned long gpa_t;\n", ["typedef gpa_t"]),
    ("typedef of a function", "typedef int (*handler_t)(struct kvm_vcpu *vcpu);\n", ["typedef handler_t"]),
    ("typedef of a struct", "typedef struct { int a; } pair_t;\n", ["typedef pair_t"]),
    ("struct and variable", "static struct box { int a; } first;\n", ["struct box", "variable first"]),
    ("aligned table", "static const u8 map[] __aligned(8) = { 1, 2 };\n", ["variable map"]),
    ("left over from a body", "return a + b;\ngoto out;\n", []),
    ("bare enum", "enum { FIRST, SECOND };\n", ["enum (anonymous, FIRST)"]),
]


@pytest.mark.parametrize(
    ("source", "expected"), [row[1:] for row in DECLARATIONS], ids=[row[0] for row in DECLARATIONS]
)
def test_declarations(source: str, expected: list[str]) -> None:
    assert named(source) == expected


MEMBERS = [
    ("plain", "struct s { int a; u64 b; };", ["a: int", "b: u64"]),
    ("several", "struct s { int a, *b, c[4]; };", ["a: int", "b: int *", "c: int [4]"]),
    ("bits", "struct s { u32 a : 3; u32 : 5; u32 b : 24; };", ["a: u32 : 3", "b: u32 : 24"]),
    ("bitmap", "struct s { DECLARE_BITMAP(isa, MAX); };", ["isa: DECLARE_BITMAP(isa, MAX)"]),
    (
        "function pointer",
        "struct s { int (*next)(struct kvm_vcpu *vcpu, u64 n); };",
        ["next: int (*)(struct kvm_vcpu *, u64)"],
    ),
    ("attribute", "struct s { void __user *p; int a __aligned(8); };", ["p: void *", "a: int"]),
    ("anonymous union", "struct s { int a; union { int b; long c; }; };", ["a: int", "b: int", "c: long"]),
    ("named inside", "struct s { struct { int b; } x; int y; };", ["x: struct", "x.b: int", "y: int"]),
    ("group", "struct s { struct_group(both, int a; int b; ); int c; };", ["a: int", "b: int", "c: int"]),
    ("conditional", "struct s {\n#ifdef A\n\tint a;\n#endif\n\tint b;\n};", ["a: int", "b: int"]),
    ("comment", "struct s {\n\t/* int no; */\n\tint a; // int no2;\n};", ["a: int"]),
    ("flexible", "struct s { int n; u64 at[] __counted_by(n); };", ["n: int", "at: u64 []"]),
]


@pytest.mark.parametrize(("source", "expected"), [row[1:] for row in MEMBERS], ids=[row[0] for row in MEMBERS])
def test_fields(source: str, expected: list[str]) -> None:
    (item,) = items(source + "\n")
    assert [f"{member.name}: {member.type}" for member in item.members] == expected


def test_a_nest_counts_its_own_fields() -> None:
    (item,) = items("struct s { int a; struct { int b; int c; } x; int d; };\n")
    places = {member.name: (member.position, member.of) for member in item.members}
    assert places == {"a": (1, 3), "x": (2, 3), "d": (3, 3), "x.b": (1, 2), "x.c": (2, 2)}


ENUMS = [
    ("counted", "A, B, C", ["0", "1", "2"]),
    ("given", "A = 3, B, C = 0x10, D", ["3", "4", "16", "17"]),
    ("computed", "A = 1 << 3, B = A | 1, C = BIT(4), D = ~0", ["8", "9", "16", "-1"]),
    ("octal", "A = 010, B", ["8", "9"]),
    ("unknown base", "A = BASE, B, C", ["BASE", "BASE + 1", "BASE + 2"]),
    ("known again", "A = BASE, B = 7, C", ["BASE", "7", "8"]),
    ("shift beyond reason", "A = 1 << 5000, B", ["1 << 5000", "1 << 5000 + 1"]),
]


@pytest.mark.parametrize(("constants", "expected"), [row[1:] for row in ENUMS], ids=[row[0] for row in ENUMS])
def test_values_of_an_enum(constants: str, expected: list[str]) -> None:
    (item,) = items(f"enum e {{ {constants} }};\n")
    assert [member.value for member in item.members] == expected


def test_an_expression_is_never_run() -> None:
    assert enum_values([("A", tokens_of("__import__('os')"))]) == ["__import__('os')"]


TABLES = [
    ("designated", "int t[] = { [ONE] = 1, [TWO] = 2 };", [("ONE", "1"), ("TWO", "2")]),
    ("by field", "struct o t = { .a = f, .b.c = 2 };", [("a", "f"), ("b.c", "2")]),
    ("in order", "int t[] = { 4, 5, };", [("0", "4"), ("1", "5")]),
    ("by macro", "int t[] = { ENTRY(A), ENTRY(B) };", [("0", "ENTRY(A)"), ("1", "ENTRY(B)")]),
    ("range", "int t[] = { [0 ... 3] = 1 };", [("0 ... 3", "1")]),
]


@pytest.mark.parametrize(("source", "expected"), [row[1:] for row in TABLES], ids=[row[0] for row in TABLES])
def test_entries_of_a_table(source: str, expected: list[tuple[str, str]]) -> None:
    (item,) = items(source + "\n")
    assert [(member.name, member.value) for member in item.members] == expected


def test_lines_signature_and_linkage() -> None:
    (item,) = items("\n/* about */\nstatic int\none(int a,\n    char *b)\n{\n}\n")
    assert (item.lines, item.name_line, item.linkage) == ((3, 7), 4, ("static",))
    assert item.signature == "static int one(int a, char *b)"
    assert item.shape == "int one(int a, char *b)"


def test_an_unclosed_body_costs_only_itself() -> None:
    found = items("void one(void)\n{\n\tif (a) {\n}\n\nvoid two(void)\n{\n}\n")
    assert [(item.name, item.basis) for item in found] == [("one", Basis.PARSED_WITH_ERRORS), ("two", Basis.PARSED)]


def test_a_blanked_branch_shifts_nothing() -> None:
    source = b"#if 0\nint no;\n#endif\nint yes;\n"
    scanned = scan(source)
    assert len(scanned.clean) == len(source)
    assert [scanned.line(piece.start) for piece in scanned.pieces] == [4]
