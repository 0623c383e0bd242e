"""What two versions of files differ in: as many pairs that say nothing as pairs that speak."""

from __future__ import annotations

import pytest
from c_tables import facts_of, kinds, one_file

from kvmpatch.model import Change, Happened

BODY = (
    "\tint n = 0;\n\n\tfor (n = 0; n < a; n++)\n\t\tset_up(n, a);\n\tif (n > limit)\n\t\treturn -EINVAL;\n\treturn n;\n"
)


def function(name: str, body: str = BODY, parameters: str = "int a", lead: str = "int") -> str:
    return f"{lead} {name}({parameters})\n{{\n{body}}}\n"


SILENT = [
    ("comment", function("f"), "/* what it does */\n" + function("f")),
    ("comment inside", function("f"), function("f", "\t/* count */\n" + BODY)),
    ("white space", function("f"), function("f").replace("\t", "        ").replace(" = ", "=")),
    ("line breaks", function("f"), function("f").replace("(n = 0; ", "(n = 0;\n\t     ")),
    ("shifted", function("f"), "\n\n\n" + function("f")),
    ("prototype", function("f"), "int f(int a);\n" + function("f")),
    ("prototype with other names", "int f(int a);\n", "int f(int count);\n"),
    ("extern", "", "extern int shared;\n"),
    ("include", "", '#include "a.h"\n'),
    ("reordered", function("f") + function("g"), function("g") + function("f")),
    ("moved within the file", function("f") + "int x;\n", "int x;\n" + function("f")),
    ("include guard", "int x;\n", "#ifndef _A_H\n#define _A_H\nint x;\n#endif\n"),
    ("field shifted by a comment", "struct s { int a; };\n", "struct s { /* first */ int a; };\n"),
    ("macro comment", "#define A 1\n", "#define A 1 /* one */\n"),
    ("continuation", "#define A (1 + 2)\n", "#define A \\\n\t(1 + 2)\n"),
    ("trailing comma", "int t[] = { 1, 2 };\n", "int t[] = { 1, 2, };\n"),
    ("dead branch", function("f"), "#if 0\nint g(void)\n{\n}\n#endif\n" + function("f")),
]


@pytest.mark.parametrize(("before", "after"), [row[1:] for row in SILENT], ids=[row[0] for row in SILENT])
def test_no_change(before: str, after: str) -> None:
    assert kinds(one_file(before, after)) == []


SPEAKING = [
    ("added", "", function("f"), ["added function f"]),
    ("removed", function("f"), "", ["removed function f"]),
    ("body", function("f"), function("f").replace("-EINVAL", "-EPERM"), ["modified function f (body)"]),
    (
        "text in a string",
        function("f", '\treturn say("a");\n'),
        function("f", '\treturn say("b");\n'),
        ["modified function f (body)"],
    ),
    ("signature", function("f"), function("f", parameters="long a"), ["modified function f (signature)"]),
    ("linkage", function("f"), function("f", lead="static int"), ["modified function f (linkage)"]),
    (
        "linkage and body",
        function("f"),
        function("f", "\treturn a;\n", lead="static int"),
        ["modified function f (linkage, body)"],
    ),
    ("renamed", function("f"), function("g_f"), ["renamed function f -> g_f (name)"]),
    ("field", "struct s { int a; };\n", "struct s { int a; int b; };\n", ["modified struct s"]),
    ("packed", "struct s { int a; };\n", "struct s { int a; } __packed;\n", ["modified struct s (signature)"]),
    ("value", "#define A 1\n", "#define A 2\n", ["modified macro A (value)"]),
    ("parameters of a macro", "#define A(x) (x)\n", "#define A(x, y) (x)\n", ["modified macro A (signature)"]),
    ("type of a variable", "int x;\n", "long x;\n", ["modified variable x (signature)"]),
    ("enum", "enum e { A };\n", "enum e { A, B };\n", ["modified enum e"]),
    ("typedef", "typedef int t;\n", "typedef long t;\n", ["modified typedef t (signature, value)"]),
    (
        "one of two by configuration",
        "#ifdef A\n" + function("f") + "#else\n" + function("f", "\treturn 0;\n") + "#endif\n",
        "#ifdef A\n" + function("f") + "#else\n" + function("f", "\treturn 1;\n") + "#endif\n",
        ["modified function f (body)"],
    ),
]


@pytest.mark.parametrize(
    ("before", "after", "expected"), [row[1:] for row in SPEAKING], ids=[row[0] for row in SPEAKING]
)
def test_change(before: str, after: str, expected: list[str]) -> None:
    assert kinds(one_file(before, after)) == expected


# ---- across files and names -----------------------------------------------------------------------------------------


def test_a_function_moves_to_another_file() -> None:
    facts = facts_of({"a.c": function("f"), "b.c": "int x;\n"}, {"a.c": "", "b.c": "int x;\n" + function("f")})
    assert kinds(facts) == ["moved function f (path)"]
    (change,) = facts.changes
    assert change.before is not None
    assert (change.before.path, change.path, change.similarity) == ("a.c", "b.c", 1.0)


CHECKS = "".join(f"\tif (has(isa, {name}))\n\t\t@v |= BIT_{name};\n" for name in "ABCD")


def test_a_rename_with_another_parameter_and_lost_statements() -> None:
    old = "\tu64 v = 0;\n\n" + CHECKS.replace("@", "") + "\n\tcsr_write(CSR_X, v);\n"
    new = "\tconst unsigned long *isa = vcpu->isa;\n\tstruct cfg *c = &vcpu->cfg;\n\n" + CHECKS.replace("@", "c->")
    before = function("update_config", old, "const unsigned long *isa", "static void")
    after = function("setup_config", new, "struct kvm_vcpu *vcpu", "static void")
    facts = one_file(before, after)
    assert kinds(facts) == ["renamed function update_config -> setup_config (name, signature, body)"]
    (change,) = facts.changes
    assert change.similarity is not None
    assert 0.5 < change.similarity < 0.9


def test_a_body_lives_on_while_its_old_name_is_made_anew() -> None:
    dispatcher = function("next_event", "\treturn t->next_event(vcpu, a);\n")
    facts = one_file(function("next_event"), function("update_timer", lead="static int") + dispatcher)
    assert kinds(facts) == ["added function next_event", "renamed function next_event -> update_timer (name, linkage)"]


def test_a_body_lives_on_a_little_altered_while_its_old_name_is_made_anew() -> None:
    dispatcher = function("next_event", "\treturn t->next_event(vcpu, a);\n")
    altered = function(
        "update_timer", BODY.replace("n > limit", "n >= limit->most").replace("set_up(n, a)", "look(a->b[n])")
    )
    facts = one_file(function("next_event"), altered + dispatcher)
    assert kinds(facts) == ["added function next_event", "renamed function next_event -> update_timer (name, body)"]
    assert 0.62 < (facts.changes[0].similarity or 0) < 0.9


def test_a_body_handed_on_whole_although_the_old_name_still_resembles_it() -> None:
    caller = function(
        "restore", "\tint n = 0;\n\n\tupdate(a);\n\tfor (n = 0; n < a; n++)\n\t\tset_up(n, a);\n\treturn n;\n"
    )
    facts = one_file(function("restore"), function("update", lead="static int") + caller)
    assert "added function update" in kinds(facts) or "renamed function restore -> update (name, linkage)" in kinds(
        facts
    )


def test_part_of_a_body_taken_out_is_no_rename() -> None:
    long = BODY + "\tthis(a);\n\tthat(a);\n\tand_more(a, a);\n\tstill_more(a);\n"
    before = function("f", long)
    after = function("helper", "\tthis(a);\n\tthat(a);\n") + function(
        "f", long.replace("\tthis(a);\n\tthat(a);\n", "\thelper(a);\n")
    )
    assert kinds(one_file(before, after)) == ["added function helper", "modified function f (body)"]


def test_small_bodies_are_no_proof_of_a_rename() -> None:
    assert kinds(one_file(function("first", "\treturn 0;\n"), function("other", "\treturn 0;\n"))) == [
        "added function other",
        "removed function first",
    ]


def test_private_functions_of_one_name_in_two_files_are_two() -> None:
    one = function("handle", lead="static int")
    other = function("handle", "\treturn look(b->c);\n\tfree(x);\n", "struct b *b", "static int")
    facts = facts_of({"a.c": one, "b.c": ""}, {"a.c": "", "b.c": other})
    assert kinds(facts) == ["added function handle", "removed function handle"]


def test_a_private_function_that_moves_and_grows_is_still_itself() -> None:
    grown = BODY + "".join(f"\tmore_{n}(a);\n" for n in range(30))
    facts = facts_of({"a.c": function("f", lead="static int")}, {"b.c": function("f", grown, lead="static int")})
    assert kinds(facts) == ["moved function f (path, body)"]


def test_a_table_that_moves_and_grows_is_still_itself() -> None:
    old = "static const int t[] = { E(A), E(B), E(C) };\n"
    new = "static const int t[] = { E(A), E(B), E(C), E(D), E(F), E(G), E(H), E(I) };\n"
    facts = facts_of({"a.c": old}, {"b.c": new})
    assert kinds(facts) == ["moved variable t (path)"]
    assert [member.value for member in facts.changes[0].members] == ["E(D)", "E(F)", "E(G)", "E(H)", "E(I)"]


def test_another_table_of_the_same_name_is_another() -> None:
    facts = facts_of({"a.c": "static int t[] = { 1, 2, 3 };\n"}, {"b.c": "static int t[] = { 7, 8, 9 };\n"})
    assert kinds(facts) == ["added variable t", "removed variable t"]


# ---- members --------------------------------------------------------------------------------------------------------


def told(change: Change) -> list[str]:
    lines = []
    for one in change.members:
        old = f"{one.before.name}/{one.before.type}/{one.before.value} -> " if one.before else ""
        lines.append(f"{one.change} {old}{one.name}/{one.type}/{one.value} {one.position} of {one.of}")
    return lines


MEMBERS = [
    ("field at the end", "struct s { int a; };", "struct s { int a; int b; };", ["added b/int/None 2 of 2"]),
    ("field in front", "struct s { int a; };", "struct s { int b; int a; };", ["added b/int/None 1 of 2"]),
    ("field gone", "struct s { int a; int b; };", "struct s { int b; };", ["removed a/int/None 1 of 2"]),
    ("type", "struct s { int a; };", "struct s { long a; };", ["modified a/int/None -> a/long/None 1 of 1"]),
    ("name", "struct s { int a; };", "struct s { int b; };", ["renamed a/int/None -> b/int/None 1 of 1"]),
    (
        "nested",
        "struct s { struct { int b; } x; };",
        "struct s { struct { int b; int c; } x; };",
        ["added x.c/int/None 2 of 2"],
    ),
    (
        "constant",
        "enum e { A, B };",
        "enum e { A, C, B };",
        ["added C/None/1 2 of 3", "modified B/None/1 -> B/None/2 3 of 3"],
    ),
    ("given constant", "enum e { A = 1 };", "enum e { A = 2 };", ["modified A/None/1 -> A/None/2 1 of 1"]),
    ("entry by place", "int t[] = { 4, 6 };", "int t[] = { 4, 5, 6 };", ["added 1/None/5 2 of 3"]),
    ("entry replaced", "int t[] = { 4, 6 };", "int t[] = { 4, 7 };", ["modified 1/None/6 -> 1/None/7 2 of 2"]),
    ("entry by name", "int t[] = { [A] = 1 };", "int t[] = { [B] = 2, [A] = 1 };", ["added B/None/2 1 of 2"]),
    ("entry's value", "int t[] = { [A] = 1 };", "int t[] = { [A] = 2 };", ["modified A/None/1 -> A/None/2 1 of 1"]),
    (
        "two of one name",
        "struct s {\n#ifdef A\n\tint a;\n#else\n\tlong a;\n#endif\n};",
        "struct s {\n#ifdef A\n\tint a;\n#else\n\tu64 a;\n#endif\n};",
        ["modified a/long/None -> a/u64/None 2 of 2"],
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), [row[1:] for row in MEMBERS], ids=[row[0] for row in MEMBERS])
def test_members(before: str, after: str, expected: list[str]) -> None:
    (change,) = one_file(before + "\n", after + "\n").changes
    assert told(change) == expected


def test_a_table_in_another_order_says_so() -> None:
    facts = one_file("int t[] = { 4, 5 };\n", "int t[] = { 5, 4 };\n")
    assert sorted(member.change for member in facts.changes[0].members) == [Happened.ADDED, Happened.REMOVED]
