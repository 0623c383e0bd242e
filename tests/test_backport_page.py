"""The page of `backport`: what stands on it, in which order, in both languages, and nothing raw."""

from __future__ import annotations

import re

import pytest
from backport_values import FIX, NEED, ONE, SUBJECT, TREE, backport, candidate, fix, need, plan, reason
from markdown_it import MarkdownIt
from msgspec.structs import replace

from kvmpatch.model import CommitName, Evidence
from kvmpatch.model.backport import (
    BackportReason,
    Comparison,
    ConflictFile,
    FileHunks,
    HeaderCheck,
    HeaderFinding,
    HunkPlace,
    Pick,
    Presence,
    Risk,
)
from kvmpatch.render.backport_page import backport_page
from kvmpatch.render.page import Detail, Page, Speech, Voice
from kvmpatch.render.to_markdown import to_markdown
from kvmpatch.render.to_terminal import to_terminal
from kvmpatch.words import Text

HUNK = HunkPlace("kvm_arch_vcpu_load", (10, 12), (10, 13), ("-\told = 1;", "+\tnew = 2;"))
CONFLICT = Pick("conflict", (ConflictFile("arch/riscv/kvm/vcpu.c", "contents", (HUNK,), (reason("lacks"),)),))


def text(page: Page) -> str:
    return to_terminal(page, 80)


def shown(one: object, speech: Speech = "en", detail: Detail = "normal") -> str:
    return text(backport_page(backport(one), Voice(speech, detail)))  # type: ignore[arg-type]


def headings(page: str) -> list[str]:
    return [line.partition("    ")[0] for line in page.splitlines() if re.match(r"\d (?!\d)", line)]


def test_the_verdict_stands_first() -> None:
    lines = shown(candidate()).splitlines()
    assert lines[0] == f"{ONE[:12]}  {SUBJECT}"
    assert lines[1] == "ready  →  linux-6.6.y (ffffffffffff)"
    assert lines[3].strip().startswith("Ready: it goes in cleanly")


def test_sections_without_content_do_not_stand_there() -> None:
    assert headings(shown(candidate())) == ["1 Is it in already", "2 Dry pick", "3 Plan"]


def test_every_section_comes_in_the_order_of_a_backporters_questions() -> None:
    risk = Risk("uapi-value", "error", Text("取值不同", "another value"), (Evidence(path="kvm.h", line=3),))
    header = HeaderCheck(
        "openeuler",
        False,
        (HeaderFinding("no-category", "error", Text("缺少 category:", "category: is missing"), (Evidence(),)),),
        "mainline inclusion\ncategory: feature",
    )
    one = candidate(
        pick=CONFLICT, prerequisites=(need(),), fixes=(fix(),), risks=(risk,), header=header, plan=plan(NEED, ONE, FIX)
    )
    page = shown(one)
    assert headings(page) == [
        "1 Is it in already", "2 Dry pick", "3 What it needs first", "4 Fixes that must follow",
        "5 What to mind", "6 Plan", "7 Message",
    ]  # fmt: skip
    assert "[error] another value" in page
    assert "    mainline inclusion\n    category: feature\n" in page


def test_a_conflict_shows_its_file_its_reason_and_its_hunk() -> None:
    page = shown(candidate(pick=CONFLICT, plan=plan(ONE, clean=False, failed_at=ONE)))
    assert "2.1 arch/riscv/kvm/vcpu.c  contents" in page
    assert "a reason" in page
    assert "@@ kvm_arch_vcpu_load  lines 10–13" in page
    assert "- old = 1;" in page
    assert "+ new = 2;" in page
    assert f"× {ONE[:12]}" in page
    assert f"stopped at {ONE[:12]}" in page


def test_steps_before_the_one_that_failed_went_in() -> None:
    page = shown(candidate(pick=CONFLICT, plan=plan(NEED, ONE, FIX, clean=False, failed_at=ONE)))
    assert re.findall(r"3\.\d (\S )?(\d{3})", page) == [("✓ ", "222"), ("× ", "111"), ("", "333")]


def test_what_is_missing_of_a_partial_one_is_named() -> None:
    partly = Presence(
        "partial", "subject", (NEED,), (FileHunks("a.c", (HUNK,)), FileHunks("b.bin", ())), (reason("lacks"),)
    )
    page = shown(candidate(presence=partly, comparison=Comparison("partial", NEED, (FileHunks("a.c", (HUNK,)),))))
    assert "missing a.c" in page
    assert "missing b.bin\n" in page
    assert "the whole file" in page
    assert f"lacks a part of upstream  {NEED[:12]}" in page


def test_a_fix_that_was_set_aside_says_why_and_stands_last() -> None:
    unwanted = BackportReason("fix-unwanted", Text("这里没有这种硬件", "no such hardware"), (Evidence(commit=FIX),))
    aside = replace(fix("6" * 40, ignored="as the file says"), because=(reason(), unwanted))
    page = shown(candidate(fixes=(aside, fix()), plan=plan(ONE, FIX)))
    assert page.index("333333333333  KVM: riscv: a fix") < page.index("666666666666  KVM: riscv: a fix")
    assert [line.strip() for line in page.split("\n") if "set aside" in line] == ["set aside"]
    assert page.index("set aside") < page.index("no such hardware")


def test_the_commands_stand_unbroken_however_long() -> None:
    command = f"git cherry-pick -x {NEED} {ONE} {FIX}"
    page = shown(candidate(prerequisites=(need(),), plan=plan(NEED, ONE, FIX)))
    assert f"    {command}\n" in page
    assert TREE[:12] in page


def test_many_candidates_begin_with_an_overview() -> None:
    one, other = candidate(), candidate(commit=CommitName(NEED, SUBJECT), plan=plan(NEED))
    page = text(backport_page(backport(one, other), Voice("both")))
    assert page.startswith("总览 · Overview\n目标 onto linux-6.6.y (ffffffffffff)\n")
    assert "1.1 是否已在目标中 · Is it in already" in page
    assert "2.1 是否已在目标中 · Is it in already" in page


def test_quiet_is_the_overview_alone() -> None:
    page = shown(candidate(), "zh", "quiet")
    assert page.splitlines() == [
        "总览",
        "目标 linux-6.6.y (ffffffffffff)",
        "",
        f"  1 {ONE[:12]}  {SUBJECT}",
        "    可以合入",
    ]


def test_verbose_shows_the_proof() -> None:
    assert "arch/riscv/kvm/vcpu.c:7" not in shown(candidate())
    assert "arch/riscv/kvm/vcpu.c:7" in shown(candidate(), detail="verbose")


def test_a_search_that_was_cut_short_says_so() -> None:
    page = text(backport_page(backport(candidate(), complete=False), Voice("en")))
    assert page.rstrip().endswith("not complete: the time was up")


@pytest.mark.parametrize("speech", ["zh", "en", "both"])
def test_commit_text_never_reaches_a_reader_raw(speech: Speech) -> None:
    evil = "\x1b[31m\u202e</details>`#1 @all"
    hunk = HunkPlace(evil, (1, 1), (1, 1), (f"+{evil}",))
    one = candidate(
        commit=CommitName(ONE, evil),
        pick=Pick("conflict", (ConflictFile(evil, "contents", (hunk,), (reason(),)),)),
        plan=plan(ONE, clean=False, failed_at=ONE),
        note=f"```\n{evil}",
    )
    page = backport_page(backport(one), Voice(speech, "verbose"))
    for written in (to_terminal(page, 80, True), to_markdown(page)):
        assert "\u202e" not in written
        assert "\x1b[31m\\" not in written
        assert "\\x1b[31m" in written
    html = MarkdownIt("commonmark", {"html": True}).render(to_markdown(page))
    assert "</details>" not in html
    assert not re.search(r"@(?=all)", re.sub(r"(?s)<(code|pre)\b.*?</\1>", "", html))
