"""What a body does, and under which conditions."""

from __future__ import annotations

import pytest

from kvmpatch.parse.csource.body import read_body
from kvmpatch.parse.csource.outline import outline
from kvmpatch.parse.csource.steps import Body


def body(text: str) -> Body:
    """The body of a function with these statements; its first line is line 3."""
    parsed = outline(f"void f(void)\n{{\n{text}\n}}\n".encode())
    (item,) = parsed.functions()
    return read_body(parsed, item)


def calls(text: str) -> dict[str, list[str]]:
    """Each call with its conditions, `not` before those that must fail."""
    return {
        step.name: [f"{'not ' if one.negated else ''}{one.text}" for one in step.conditions]
        for step in body(text).steps
        if step.does == "call"
    }


CONDITIONS = [
    ("none", "a();", {"a": []}),
    ("if", "if (x) a();", {"a": ["x"]}),
    ("not", "if (!x) a();", {"a": ["not x"]}),
    ("else", "if (x) a(); else b();", {"a": ["x"], "b": ["not x"]}),
    ("else if", "if (x) a(); else if (y) b(); else c();", {"a": ["x"], "b": ["not x", "y"], "c": ["not x", "not y"]}),
    ("and", "if (x && !y) a(); else b();", {"a": ["x", "not y"], "b": ["not x && !y"]}),
    ("or", "if (x || y) a(); else b();", {"a": ["x || y"], "b": ["not x", "not y"]}),
    ("likely", "if (unlikely(!x)) a();", {"a": ["not x"]}),
    ("early return", "if (!x) return; a();", {"a": ["x"]}),
    ("early exit in a block", "if (x) { b(); return; } a();", {"b": ["x"], "a": ["not x"]}),
    ("no exit, no condition", "if (x) b(); a();", {"b": ["x"], "a": []}),
    ("label ends early exits", "if (x) goto out; a(); out: b();", {"a": ["not x"], "b": []}),
    ("ternary", "v = x ? a() : b();", {"a": ["x"], "b": ["not x"]}),
    ("short circuit", "v = x && a(); w = y || b();", {"a": ["x"], "b": ["not y"]}),
    ("switch", "switch (x) {\ncase 1: a(); break;\ndefault: b();\n}", {"a": ["x == 1"], "b": ["x: default"]}),
    ("shared label", "switch (x) {\ncase 1:\ncase 2: a();\n}", {"a": ["x == 1, 2"]}),
    ("ifdef", "#ifdef A\na();\n#else\nb();\n#endif\nc();", {"a": ["#ifdef A"], "b": ["not #ifdef A"], "c": []}),
    ("ifndef", "#ifndef A\na();\n#endif", {"a": ["not #ifdef A"]}),
    ("if not defined", "#if !defined(A)\na();\n#endif", {"a": ["not #if defined(A)"]}),
    (
        "label within ifdef",
        "switch (x) {\ncase 0: a(); break;\n#ifdef A\ncase 1: b(); break;\n#endif\n}",
        {"a": ["x == 0"], "b": ["#ifdef A", "x == 1"]},
    ),
    (
        "ifdef after a label",
        "switch (x) {\ncase 1:\n#ifdef A\na(); break;\n#else\nb(); break;\ncase 2: c();\n#endif\n}",
        {"a": ["#ifdef A", "x == 1"], "b": ["not #ifdef A", "x == 1"], "c": ["not #ifdef A", "x == 2"]},
    ),
    ("loop", "while (x) a();", {"a": ["x"]}),
    ("for each", "for_each_set_bit(i, map, 8)\n\ta();", {"for_each_set_bit": [], "a": []}),
    ("for each with a block", "list_for_each_entry(v, &head, node) {\n\ta();\n}", {"list_for_each_entry": [], "a": []}),
    ("dead", "#if 0\na();\n#endif\nb();", {"b": []}),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in CONDITIONS], ids=[row[0] for row in CONDITIONS])
def test_conditions_of_a_call(text: str, expected: dict[str, list[str]]) -> None:
    assert calls(text) == expected


READABLE = [
    "min_t(unsigned int, a, b);",
    "va_arg(ap, char *);",
    "min_t(struct kvm *, a, b);",
    "f((unsigned long)x, (u32)y);",
    "container_of(x, struct kvm, node);",
    "struct kvm *k __free(kfree) = NULL;",
    "switch (x) { case 1 ... 3: y(); }",
    'asm volatile ("csrr %0, " __stringify(CSR_X) : "=r" (x) : : "memory");',
    'register unsigned long a0 asm("a0") = (unsigned long)p;',
    "x = ({ int y = 1; y; });",
    "x = a ?: b;",
    "guard(mutex)(&kvm->lock);",
    "int t[] = { [0 ... 3] = 1 };",
    "p = &(struct kvm){ .a = 1 };",
]


@pytest.mark.parametrize("text", READABLE)
def test_kernel_idioms_are_read_whole(text: str) -> None:
    assert body(text).whole


def test_arguments_are_shown_as_written() -> None:
    (step,) = body("min_t(unsigned int, a, x->b[1]);").steps
    assert step.arguments == ("unsigned int", "a", "x->b[1]")


def test_what_fails_is_said_and_the_rest_is_kept() -> None:
    read = body("a();\n} } ) x y z ( {\nb();")
    assert not read.whole or "a" in {step.name for step in read.steps}


def test_steps_have_their_lines_and_run_in_order() -> None:
    steps = body("x = 1;\n\ny |= g(h());").steps
    assert [(step.does, step.name, step.line) for step in steps] == [
        ("assign", "x", 3),
        ("call", "h", 5),
        ("call", "g", 5),
        ("assign", "y", 5),
    ]
    assert (steps[-1].operator, steps[-1].value) == ("|=", "g(h())")


def test_a_conjunct_is_asked_under_those_before_it() -> None:
    tests = [
        (step.name, [one.text for one in step.conditions])
        for step in body("if (a && b) c();").steps
        if step.does == "test"
    ]
    assert tests == [("a", []), ("b", ["a"])]
