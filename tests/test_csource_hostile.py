"""Files made to hurt: no traceback, and time that grows with the file, not with its square."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from c_tables import one_file

from kvmpatch.analysis.commit_facts import SidedFile, commit_facts
from kvmpatch.model import FileChange
from kvmpatch.parse.csource.body import read_body
from kvmpatch.parse.csource.outline import outline

GOOD = b"int good(int a)\n{\n\tif (a)\n\t\treturn csr_read(CSR_HENVCFG);\n\treturn 0;\n}\n"

HOSTILE: dict[str, Callable[[int], bytes]] = {
    "opening braces": lambda n: b"{" * n,
    "closing braces": lambda n: b"}" * n,
    "nested parentheses": lambda n: b"int f(void)\n{\n\treturn " + b"(" * n + b"1" + b")" * n + b";\n}\n",
    "parentheses in a header": lambda n: b"int f" + b"(" * n + b")" * n + b"\n{\n}\n",
    "nested blocks": lambda n: b"int f(void)\n{\n" + b"{" * n + b"}" * n + b"\n}\n",
    "else if": lambda n: b"void f(void)\n{\n" + b"if (a) b(); else " * n + b"c();\n}\n",
    "bodies without end": lambda n: b"void f(void)\n{\n\tif (x) {\n}\n" * (n // 30),
    "conditionals without end": lambda n: b"#ifdef A\n{\n" * (n // 11),
    "open comment": lambda n: b"/* " + b"* /" * (n // 3),
    "open string": lambda n: b'char *s = "' + b"\\" * n,
    "long line": lambda n: b"int a" + b", a" * (n // 3) + b";\n",
    "one enum": lambda n: b"enum e { " + b"A, " * (n // 3) + b"};\n",
    "one table": lambda n: b"int t[] = { " + b"1, " * (n // 3) + b"};\n",
    "one macro": lambda n: b"#define A " + b"\\\n" * (n // 2) + b"1\n",
    "stars": lambda n: b"int f(void)\n{\n\tg(" + b"*" * n + b"a, b);\n}\n",
    "type words": lambda n: b"void f(void)\n{\n\tg(" + b"unsigned " * (n // 9) + b", a);\n}\n",
    "attributes": lambda n: b"void f(void) " + b"__init " * (n // 7) + b"\n{\n}\n",
    "semicolons": lambda n: b";" * n,
    "backslashes": lambda n: b"\\" * n,
    "bytes": lambda n: bytes(range(256)) * (n // 256),
    "null bytes": lambda n: b"\0" * n,
}


def seconds(data: bytes) -> float:
    start = time.process_time()
    found = outline(data)
    for item in found:
        if item.body_start is not None:
            read_body(found, item)
    return time.process_time() - start


@pytest.mark.parametrize("name", HOSTILE)
def test_time_is_linear(name: str) -> None:
    make = HOSTILE[name]
    seconds(make(1000))
    small, large = seconds(make(10_000)), seconds(make(80_000))
    # Eight times the size; a square would cost 64 times as much. 0.1 s is what a busy machine may add.
    assert large < 20 * small + 0.1


@pytest.mark.parametrize("brace", [b"{", b"}", b"()", b"{}"])
def test_a_megabyte_of_brackets(brace: bytes) -> None:
    # 1.5 s on a slow machine; a square would take an hour.
    assert seconds(brace * (1_000_000 // len(brace))) < 20


@pytest.mark.parametrize("name", HOSTILE)
def test_what_stands_before_is_still_read(name: str) -> None:
    names = [item.name for item in outline(GOOD + HOSTILE[name](3000))]
    assert names[0] == "good"


@pytest.mark.parametrize("cut", range(0, len(GOOD), 7))
def test_a_file_that_ends_anywhere(cut: int) -> None:
    facts = one_file(GOOD.decode(), GOOD[:cut].decode())
    assert {change.name for change in facts.changes} <= {"good"}


def test_undecodable_bytes_keep_their_place() -> None:
    source = b"/* \xff\xfe */\nint caf\xe9;\nint one(void)\n{\n\treturn 0; /* \x80 */\n}\n"
    (item,) = [item for item in outline(source) if item.name == "one"]
    assert item.lines == (3, 6)


def test_a_comment_in_another_encoding_is_no_change() -> None:
    before, after = b"/* caf\xe9 */\n" + GOOD, "/* café */\n".encode() + GOOD
    change = FileChange("a.c", "modified", 1, 1, binary=False, before=None)
    assert commit_facts([SidedFile(change, before, after)]).changes == ()
