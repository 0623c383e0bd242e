"""Text for terminals: widths, wrapping, colours, and what is left out."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import pytest
from example_report import EXAMPLE, HISTORY, HOST, changed
from msgspec.structs import replace

from kvmpatch.model import (
    Aspect,
    Basis,
    ChangeBefore,
    Evidence,
    Happened,
    Kind,
    MemberChange,
    Searched,
    Section,
    Statement,
)
from kvmpatch.render.page import Detail, Page, Paragraphs, Span, Speech, Style, Voice
from kvmpatch.render.show_page import show_page
from kvmpatch.render.to_terminal import to_terminal
from kvmpatch.render.wrap import width, wrap
from kvmpatch.words import Text

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def shown(report: object = EXAMPLE, speech: Speech = "en", detail: Detail = "normal", columns: int = 80) -> str:
    assert isinstance(report, type(EXAMPLE))
    return to_terminal(show_page(report, Voice(speech, detail)), columns)


# ---- widths ------------------------------------------------------------------------------------------------------


def test_a_chinese_character_takes_two_columns_and_a_combining_one_none() -> None:
    assert width("vcpu") == 4
    assert width("虚拟机") == 6
    assert width("，。") == 4
    assert width("é") == 1
    assert width("→·−") == 3


@pytest.mark.parametrize("columns", [40, 80, 100, 120])
@pytest.mark.parametrize("speech", ["zh", "en", "both"])
@pytest.mark.parametrize("detail", ["quiet", "normal", "verbose"])
def test_no_line_is_wider_than_the_terminal_but_for_one_long_word(speech: Speech, detail: Detail, columns: int) -> None:
    for line in shown(speech=speech, detail=detail, columns=columns).splitlines():
        if width(line) > min(columns, 100):
            longest = max(map(width, line.split()))
            assert longest > columns // 2, line


def test_at_80_columns_nothing_overflows() -> None:
    for speech in ("zh", "en", "both"):
        assert max(map(width, shown(speech=speech).splitlines())) <= 80


def test_text_is_never_set_wider_than_100_columns() -> None:
    lines = shown(columns=300).splitlines()
    assert 80 < max(map(width, lines)) <= 100


def test_hashes_and_identifiers_are_never_cut() -> None:
    text = shown(detail="verbose", columns=40)
    for word in (
        "fe0bab701e3b71a1d2db123c05b4f5c33098cc96",
        "kvm_riscv_vcpu_setup_config",
        "mchitale@ventanamicro.com",
    ):
        assert word in text


def wrapped(text: str, columns: int) -> list[str]:
    return ["".join(span.text for span in row) for row in wrap((Span(text),), columns, columns)]


def test_chinese_breaks_between_characters_but_not_before_punctuation() -> None:
    assert wrapped("写入客户机，退出", 10) == ["写入客户", "机，退出"]
    assert wrapped("一二三四（五）", 10) == ["一二三四", "（五）"]


def test_a_word_of_several_styles_is_not_broken() -> None:
    line = (Span("see "), Span("kvm_arch_vcpu", Style.NAME), Span("_load()", Style.CODE))
    rows = wrap(line, 12, 12)
    assert ["".join(span.text for span in row) for row in rows] == ["see", "kvm_arch_vcpu_load()"]


def test_mixed_text_keeps_its_words() -> None:
    assert wrapped("每次 vcpu_load 写入", 9) == ["每次", "vcpu_load", "写入"]


# ---- colours -----------------------------------------------------------------------------------------------------


def test_colours_change_no_word() -> None:
    page = show_page(EXAMPLE, Voice("both", "verbose"))
    plain, coloured = to_terminal(page, 80), to_terminal(page, 80, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[33mfe0bab701e3b\x1b[0m" in coloured
    assert [line.rstrip() for line in ESCAPES.sub("", coloured).splitlines()] == plain.splitlines()


def test_plain_text_does_not_wait_for_rich() -> None:
    code = (
        "import sys; from example_report import EXAMPLE; from kvmpatch.render.page import Voice;"
        "from kvmpatch.render.show_page import show_page; from kvmpatch.render.to_terminal import to_terminal;"
        "to_terminal(show_page(EXAMPLE, Voice())); print(sorted(m for m in sys.modules if m.startswith('rich')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=sys.path[0], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- what is said of what is not there ----------------------------------------------------------------------------


def test_what_was_not_worked_out_is_said_and_not_shown_as_none() -> None:
    unknown = replace(EXAMPLE, phases=None, history=None, sections=())
    text = shown(unknown)
    assert "Not worked out: execution flow, history" in text
    assert "Execution flow\n" not in text
    assert "未得出：执行流程、相关历史" in shown(unknown, "zh")


def test_nothing_found_is_said_to_be_none() -> None:
    text = shown()
    assert "none: fixed by · reverted by" in text
    assert "none      Fixes: · Cc: stable" in text


def test_an_unfinished_search_says_so() -> None:
    searched = Searched("a" * 40, "b" * 40, complete=False, stopped="shallow")
    text = shown(replace(EXAMPLE, history=replace(HISTORY, searched=searched)))
    assert "aaaaaaaaaaaa..bbbbbbbbbbbb  not complete (shallow)" in text


def test_an_unknown_author_is_unknown() -> None:
    text = shown(replace(EXAMPLE, commit=replace(EXAMPLE.commit, author=None, id=None)))
    assert "author    unknown" in text


def test_a_report_of_nothing_renders() -> None:
    bare = replace(
        EXAMPLE, files=(), changes=(), csr_accesses=(), bits=(), extensions=(), phases=(), relation=None, sections=(),
        warnings=(), history=None,
    )  # fmt: skip
    text = shown(bare)
    assert "in each phase" not in text  # nothing was changed that could run
    kinds = tuple(change for change in EXAMPLE.changes if change.kind is not Kind.FUNCTION)
    assert "No function is changed." in shown(replace(EXAMPLE, changes=kinds, phases=()))
    assert "calls are the same in each phase" in shown(replace(EXAMPLE, phases=()))
    assert "Extensions" not in text


def test_the_relation_is_said_once_though_it_stands_in_two_places() -> None:
    assert shown().count("it is near by") == 1


# ---- changes -------------------------------------------------------------------------------------------------------


def enum_of(count: int) -> object:
    members = tuple(
        MemberChange(Happened.ADDED, f"ID_{place}", None, str(place), place, count) for place in range(1, count + 1)
    )
    before = ChangeBefore("ids", HOST, (1, 2), None, None)
    change = changed(
        Kind.ENUM, Happened.MODIFIED, "ids", HOST, (1, 90), aspects=(Aspect.MEMBERS,), before=before, members=members
    )
    return replace(EXAMPLE, changes=(change,), csr_accesses=(), sections=())


def test_a_long_list_is_cut_and_says_how_much_is_left() -> None:
    text = shown(enum_of(30))
    assert "+ ID_8 = 8" in text
    assert "ID_9" not in text
    assert "… and 22 more (-v)" in text
    assert "ID_30" in shown(enum_of(30), detail="verbose")


def test_a_list_is_not_cut_for_one_entry() -> None:
    assert "ID_9 = 9" in shown(enum_of(9))


def test_a_shifted_enum_value_shows_both_values() -> None:
    from kvmpatch.model import MemberBefore

    member = MemberChange(Happened.MODIFIED, "ID_MAX", None, "31", 32, 32, MemberBefore("ID_MAX", None, "30", 31))
    before = ChangeBefore("ids", HOST, (1, 2), None, None)
    change = changed(
        Kind.ENUM, Happened.MODIFIED, "ids", HOST, (1, 9), aspects=(Aspect.MEMBERS,), before=before, members=(member,)
    )
    assert "~ ID_MAX = 30 → 31" in shown(replace(EXAMPLE, changes=(change,)))


def test_a_macro_shows_its_value_before_and_after() -> None:
    before = ChangeBefore("KVM_MAX", HOST, (3, 3), None, "512")
    change = changed(
        Kind.MACRO, Happened.MODIFIED, "KVM_MAX", HOST, (3, 3), aspects=(Aspect.VALUE,), value="1024", before=before
    )
    text = shown(replace(EXAMPLE, changes=(change,)))
    assert "#define KVM_MAX" in text
    assert "512 → 1024" in text


def test_a_guess_is_marked() -> None:
    guessed = tuple(replace(change, basis=Basis.HUNK_HEADER) for change in EXAMPLE.changes)
    text = shown(replace(EXAMPLE, changes=guessed))
    assert "kvm_arch_vcpu_load() ?" in text
    assert "? known from a hunk header only" in text
    assert "hunk header only" in shown(replace(EXAMPLE, changes=guessed), detail="verbose")


def test_many_entries_stand_under_their_files() -> None:
    changes = tuple(
        changed(Kind.FUNCTION, Happened.ADDED, f"f{place}", path, (place, place))
        for path in ("arch/a.c", "arch/b.c")
        for place in range(1, 7)
    )
    text = shown(replace(EXAMPLE, changes=changes, csr_accesses=()))
    assert re.search(r"^  arch/a\.c$", text, re.MULTILINE)
    assert re.search(r"^    2\.12 \+ f6\(\) +:6$", text, re.MULTILINE)


def test_files_of_one_name_are_told_apart() -> None:
    changes = tuple(
        changed(Kind.FUNCTION, Happened.ADDED, "f", path, (1, 2)) for path in ("arch/arm64/kvm.c", "arch/riscv/kvm.c")
    )
    text = shown(replace(EXAMPLE, changes=changes, csr_accesses=(), files=()))
    assert "arm64/kvm.c:1" in text
    assert "riscv/kvm.c:1" in text


# ---- CI ----------------------------------------------------------------------------------------------------------


def test_no_line_is_a_command_to_a_runner() -> None:
    hostile = (
        ((Span("::error file=x::boom"),), (Span("  ::stop-commands::x"),), (Span("a ##[group]b"),)),
    )  # fmt: skip
    text = to_terminal(Page((Paragraphs(hostile),)))
    assert not re.search(r"^\s*::", text, re.MULTILINE)
    assert "##[" not in text
    assert "\\::error file=x::boom" in text


def test_a_large_commit_is_shown_in_time() -> None:
    files = tuple(replace(EXAMPLE.files[0], path=f"arch/d{place}/kvm.c") for place in range(1500))
    changes = tuple(
        changed(Kind.FUNCTION, Happened.ADDED, f"f{n}", file.path, (n, n)) for n, file in enumerate(files, 1)
    )
    accesses = tuple(replace(EXAMPLE.csr_accesses[0], function=change.name, path=change.path) for change in changes)
    began = time.process_time()
    text = shown(replace(EXAMPLE, files=files, changes=changes, csr_accesses=accesses), detail="verbose")
    assert "f1500()" in text
    assert time.process_time() - began < 5  # about half a second; a quadratic walk takes minutes


@pytest.mark.parametrize(
    ("zh", "en", "shown"),
    [
        ("cfg 新增 hedeleg", "cfg gained hedeleg", "cfg 新增/gained hedeleg"),
        ("加入 A 和 B", "added A and B", "加入/added A, B"),
        ("加入 A、B 和 C", "added A, B and C", "加入/added A, B, C"),
        ("首次写入 henvcfg", "henvcfg first written", "首次写入 henvcfg / henvcfg first written"),
        ("x 更名为 y，移动 z → p", "x renamed to y, moved z → p", "x 更名为/renamed to y, 移动/moved z → p"),
        ("无", "none", "无 / none"),
        ("a b", "a b", "a b"),
    ],
)
def test_what_both_languages_share_is_said_once(zh: str, en: str, shown: str) -> None:
    assert Voice("both").shared(Text(zh, en)) == shown
    assert Voice("zh").shared(Text(zh, en)) == zh
    assert Voice("en").shared(Text(zh, en)) == en


def quoting(*codes: str) -> str:
    proof = [Evidence(text=f"Sentence {number}.") for number in range(len(codes))]
    statements = tuple(
        Statement(code, Text.same(one.text or ""), (one,)) for code, one in zip(codes, proof, strict=True)
    )
    words = Section("background", Text("作者的说明", "In the author's words"), statements)
    return shown(replace(EXAMPLE, sections=(words,)))


def test_the_problem_and_the_solution_are_marked_once_each() -> None:
    text = quoting("author-problem", "author-problem", "author-solution", "author-says")
    lines = [line.strip() for line in text.splitlines()]
    at = lines.index("5.1 problem")
    assert lines[at : at + 6] == [
        "5.1 problem",
        "│ Sentence 0.",
        "5.2 │ Sentence 1.",
        "5.3 solution",
        "│ Sentence 2.",
        "5.4 │ Sentence 3.",
    ]


def test_of_a_long_message_the_problem_and_the_solution_are_quoted_first() -> None:
    text = quoting(*["author-says"] * 4, "author-problem", "author-says", "author-solution", "author-says")
    assert re.findall(r"Sentence (\d)", text) == ["0", "1", "2", "4", "6"]
    assert "3 more" in text


def test_the_upper_half_of_a_register_stands_with_the_lower() -> None:
    low = EXAMPLE.csr_accesses[0]
    low = replace(low, before=None, change=Happened.ADDED, csr="henvcfg", csr_macro="CSR_HENVCFG", value="x", guards=())
    high = replace(low, csr="henvcfgh", csr_macro="CSR_HENVCFGH", value="x >> 32")
    assert "HENVCFG[H] ← x" in shown(replace(EXAMPLE, csr_accesses=(low, high)))
    apart = shown(replace(EXAMPLE, csr_accesses=(low, replace(high, value="y"))))
    assert "HENVCFGH ← y" in apart
    assert "HENVCFG ← x" in apart


def test_names_in_the_summary_give_way_to_the_list_of_changes() -> None:
    proof = (Evidence(commit=EXAMPLE.commit.id),)
    moved = Statement("work-moved", Text("值搬家了。", "The value moved."), proof)
    names = Statement("structure", Text("新增某物。", "Adds something."), proof)
    both = replace(EXAMPLE, sections=(Section("summary", Text("概要", "Summary"), (moved, names)),))
    assert "Adds something." not in shown(both)
    assert "Adds something." in shown(both, detail="quiet")
    assert "Adds something." in shown(both, detail="verbose")
    alone = replace(EXAMPLE, sections=(Section("summary", Text("概要", "Summary"), (names,)),))
    assert "Adds something." in shown(alone)
