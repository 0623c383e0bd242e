"""A file that is cut anew only where it differs from another version comes out as if it were cut whole."""

from __future__ import annotations

import random

import pytest

from kvmpatch.parse.csource.rescan import rescan
from kvmpatch.parse.csource.scan import Scan, scan
from kvmpatch.parse.outlines import outline_of

_ABOVE = "".join(f"#define ABOVE_{n} {n}\nint above_{n}(int a)\n{{\n\treturn a + ABOVE_{n};\n}}\n\n" for n in range(40))
_BELOW = "".join(f"struct below_{n} {{\n\tint a; /* {n} */\n}};\n\nint below_{n}(void);\n" for n in range(40))
_MIDDLE = "int middle(int a)\n{\n\tif (a)\n\t\treturn 1;\n\treturn 2;\n}\n\n"
BEFORE = (_ABOVE + _MIDDLE + _BELOW).encode()


def after(middle: str) -> bytes:
    return (_ABOVE + middle + _BELOW).encode()


TAKEN_OVER = [
    ("longer", _MIDDLE.replace("return 1", "return a * 10")),
    ("shorter", "int middle(void);\n"),
    ("gone", ""),
    ("lines more", "int middle(int a)\n{\n\treturn 0;\n}\n\nint more;\n\n\n"),
    ("a macro", "#define MIDDLE(a) \\\n\t(a)\n" + _MIDDLE),
    ("a group of its own", "#ifdef CONFIG_A\nint a;\n#else\nint b;\n#endif\n" + _MIDDLE),
    ("a comment", "/* } */\n" + _MIDDLE),
]
FROM_SCRATCH = [
    ("a group that goes on", "#ifdef CONFIG_A\n" + _MIDDLE),
    ("a group that began before", _MIDDLE + "#endif\n"),
    ("another branch", _MIDDLE + "#else\n"),
    ("a body without end", "int middle(int a)\n{\n\tif (a) {\n}\n"),
    ("a lost parenthesis", "int middle(int a\n"),
    ("text that is left out", "#if 0\nint a;\n#endif\n" + _MIDDLE),
    ("a comment without end", "#include <a/*.h>\n" + _MIDDLE),
    ("a string without end", 'char *a = "\n' + _MIDDLE),
]


@pytest.mark.parametrize(("name", "middle"), TAKEN_OVER)
def test_what_did_not_change_is_taken_over(name: str, middle: str) -> None:
    again = rescan(after(middle), scan(BEFORE))
    assert again == scan(after(middle)), name
    # and back
    assert rescan(BEFORE, scan(after(middle))) == scan(BEFORE)


@pytest.mark.parametrize(("name", "middle"), FROM_SCRATCH)
def test_what_may_reach_further_is_cut_whole(name: str, middle: str) -> None:
    again = rescan(after(middle), scan(BEFORE))
    assert again is None or again == scan(after(middle)), name
    again = rescan(BEFORE, scan(after(middle)))
    assert again is None or again == scan(BEFORE)


def test_nothing_is_taken_from_a_version_that_was_not_understood() -> None:
    assert rescan(BEFORE, scan(after("int middle(int a)\n{\n\tif (a) {\n}\n"))) is None
    assert rescan(BEFORE, scan(after("#if 0\nint a;\n#endif\n"))) is None
    assert rescan(BEFORE, scan(b"int a;\n" * 600)) is None


def test_whatever_is_done_to_a_file() -> None:
    chance = random.Random(1)  # noqa: S311 - the same at each run
    words = [
        "{",
        "}",
        "(",
        ")",
        ";",
        '"',
        "'",
        "/*",
        "*/",
        "\\\n",
        "\n#if 0\n",
        "\n#ifdef A\n",
        "\n#else\n",
        "\n#endif\n",
    ]
    taken = 0
    for _ in range(1500):
        text = BEFORE.decode()
        for _ in range(chance.choice((1, 1, 2))):
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice(words) + text[at + chance.choice((0, 0, 1, 30)) :]
        old, new = (BEFORE, text.encode()) if chance.random() < 0.5 else (text.encode(), BEFORE)
        again = rescan(new, scan(old))
        taken += again is not None
        assert again is None or again == scan(new), text
    assert taken > 300


def test_versions_of_one_path_are_near_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    from kvmpatch.parse.csource import outline

    whole: list[int] = []

    def counted(data: bytes) -> Scan:
        whole.append(len(data))
        return scan(data)

    monkeypatch.setattr(outline, "scan", counted)
    old, new = BEFORE + b"int one_only;\n", after("int middle(void);\n") + b"int one_only;\n"
    first = outline_of("virt/kvm/one_only.c", old)
    second = outline_of("virt/kvm/one_only.c", new)
    assert first
    assert second
    assert whole == [len(old)]
    assert second.scanned == scan(new)
    assert outline_of("virt/kvm/another.c", old) is first
