"""Reports of patch texts: the same answers as from a repository, as far as hunks show them, and no others."""

# Patches hold tabs.
# ruff: noqa: E101

from __future__ import annotations

import io
import random
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvmpatch.model import Report
from kvmpatch.reports.show import ShowRequest, make_reports
from kvmpatch.reports.show_patch import patch_report
from kvmpatch.sources.demo import lay_down
from kvmpatch.sources.mailbox import read_patches

# Two functions get another name around lines that no hunk shows: the accesses on those lines moved with them.
UNSEEN = {
    ("RISC-V: KVM: Support sstc extension", "htimedelta", "kvm_riscv_vcpu_update_timedelta"),
    ("RISC-V: KVM: Support sstc extension", "htimedeltah", "kvm_riscv_vcpu_update_timedelta"),
    *(
        ("miniature: follow the rename of the per-CPU hooks", csr, function)
        for csr, function in (
            ("hcounteren", "kvm_arch_enable_virtualization_cpu"),
            ("hvip", "kvm_arch_enable_virtualization_cpu"),
            ("hedeleg", "kvm_arch_disable_virtualization_cpu"),
            ("hideleg", "kvm_arch_disable_virtualization_cpu"),
            ("hvip", "kvm_arch_disable_virtualization_cpu"),
            ("vsie", "kvm_arch_disable_virtualization_cpu"),
        )
    ),
}


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("miniature") / "repo"
    lay_down(path)
    return path


def git(repository: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(repository), *words], check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def known(miniature: Path) -> dict[str, Report]:
    """What the repository says of every commit of main that has one parent."""
    root = git(miniature, "rev-list", "--max-parents=0", "main").decode().strip()
    reports = make_reports(ShowRequest(str(miniature), (f"{root}..main",)))
    return {report.commit.id or "": report for report in reports if len(report.commit.parents) == 1}


def pairs(miniature: Path, known: dict[str, Report], context: int) -> Iterator[tuple[Report, Report]]:
    """The report from the repository and the one from the patch, of each commit that has a diff."""
    root = git(miniature, "rev-list", "--max-parents=0", "main").decode().strip()
    text = git(miniature, "format-patch", "--no-numbered", f"-U{context}", "--stdout", f"{root}..main")
    found = {patch.commit_id: patch for patch in read_patches(text)}
    assert len(found) > 40
    for identity, patch in found.items():
        yield known[identity or ""], patch_report(patch, "-")


def changes(report: Report) -> set[tuple[str, ...]]:
    return {
        (change.kind.value, change.change.value, change.name, change.path, *change.aspects) for change in report.changes
    }


def members(report: Report) -> set[tuple[str | None, ...]]:
    """Members by name; entries of tables by value, since hunks do not show their place."""
    return {
        (change.name, member.value if member.name.isdigit() or member.name == "?" else member.name, member.change.value)
        for change in report.changes
        for member in change.members
    }


def accesses(report: Report) -> set[tuple[object, ...]]:
    return {(a.csr, a.operation, a.change.value, a.function, a.path, a.line) for a in report.csr_accesses}


def bits(report: Report) -> set[tuple[object, ...]]:
    return {(b.macro, b.use, b.change.value, b.function, b.path, b.line) for b in report.bits}


def guards(report: Report) -> set[tuple[object, ...]]:
    placed = [(access.path, access.line, access.guards) for access in report.csr_accesses]
    placed += [(bit.path, bit.line, bit.guards) for bit in report.bits]
    return {(path, line, guard.text, guard.negated) for path, line, found in placed for guard in found}


def test_patches_of_the_whole_history_say_what_the_repository_says(miniature: Path, known: dict[str, Report]) -> None:
    missing = set()
    for whole, part in pairs(miniature, known, 3):
        subject = whole.commit.subject or ""
        assert changes(part) == changes(whole), subject
        assert accesses(part) <= accesses(whole), subject
        assert bits(part) == bits(whole), subject
        assert guards(part) <= guards(whole), subject
        assert {(e.name, e.role) for e in part.extensions} == {(e.name, e.role) for e in whole.extensions}, subject
        assert members(part) <= members(whole), subject
        missing |= {(subject, str(csr), str(function)) for csr, _, _, function, *_ in accesses(whole) - accesses(part)}
        assert_nothing_false(whole, part)
    assert missing == UNSEEN


def assert_nothing_false(whole: Report, part: Report) -> None:
    """What a patch says of lines, signatures, values and places is what the repository says."""
    by_name = {(change.kind, change.name, change.path): change for change in whole.changes}
    for change in part.changes:
        true = by_name[change.kind, change.name, change.path]
        assert change.lines in {None, true.lines}
        assert change.signature in {None, true.signature}
        assert change.value in {None, true.value}
        assert change.similarity in {None, true.similarity}
        if change.before:
            assert true.before is not None
            assert change.before.name == true.before.name
            assert change.before.lines in {None, true.before.lines}
        places = {(member.name, member.value, member.position, member.of) for member in true.members}
        for member in change.members:
            if member.position is not None:
                assert (member.name, member.value, member.position, member.of) in places


def test_with_enough_context_nothing_is_missing(miniature: Path, known: dict[str, Report]) -> None:
    for whole, part in pairs(miniature, known, 2000):
        for told in (changes, members, accesses, bits, guards):
            assert told(part) == told(whole), whole.commit.subject
        assert [change.lines for change in part.changes] == [change.lines for change in whole.changes]


def test_without_context_nothing_is_invented(miniature: Path, known: dict[str, Report]) -> None:
    for whole, part in pairs(miniature, known, 0):
        for told in (changes, members, accesses, bits, guards):
            assert told(part) <= told(whole), whole.commit.subject
        assert_nothing_false(whole, part)


def test_a_patch_that_was_cut_about_is_read_as_far_as_it_goes(miniature: Path) -> None:
    choice = random.Random(7)  # noqa: S311 - a fixed choice, no secret
    text = git(miniature, "format-patch", "--no-numbered", "-U1", "--stdout", "main~25..main").decode()
    parts = re.split(r"(?m)^(?=@@ )", text)
    for _ in range(30):
        kept = [part for part in parts if not part.startswith("@@ ") or choice.random() < 0.6]
        kept = [re.sub(r"^(@@ [^@]+@@).*", r"\1", part) if choice.random() < 0.2 else part for part in kept]
        for patch in read_patches("".join(kept).encode()):
            assert "__unseen" not in repr(patch_report(patch, "-"))


def test_hostile_hunks_cost_no_more_than_their_length() -> None:
    many = 3000
    changed = "-\tx();\n+\ty();\n"
    heads = [f"@@ -{n * 9 + 5},2 +{n * 9 + 5},2 @@ int f(void)\n" for n in range(many)]
    braces = "".join(head + " \t{{{\n" + changed for head in heads)
    comments = "".join(head + " #if A\n-/*\n+*/\n" for head in heads)
    conditionals = f"@@ -5,{many} +5,{many} @@ int f(void)\n" + " #if X\n" * (many - 1) + changed
    long = many * 9
    entries = f"@@ -5,{long} +5,{long} @@ int t[] = {{\n" + " \tENTRY,\n" * (long - 1) + "-\tOLD,\n+\tNEW,\n"
    for hunks in (braces, conditionals, comments, entries):
        started = time.process_time()
        reports_of(DIFF.partition("@@")[0] + hunks)
        assert time.process_time() - started < 10


DIFF = """diff --git a/arch/riscv/kvm/sample.c b/arch/riscv/kvm/sample.c
--- a/arch/riscv/kvm/sample.c
+++ b/arch/riscv/kvm/sample.c
@@ -40,3 +40,3 @@ static int sample_load(struct kvm_vcpu *vcpu)
 	int cpu = get_cpu();
-	first(cpu);
+	second(cpu);
 	put_cpu();
"""


def mail(number: int, total: int, subject: str, body: str) -> str:
    return (
        f"From 000000000000000000000000000000000000000{number} Mon Sep 17 00:00:00 2001\n"
        f"From: A Developer <dev@example.org>\nDate: Fri, 1 Mar 2024 10:00:00 +0800\n"
        f"Subject: [PATCH v2 {number}/{total}] {subject}\nMessage-Id: <{number}@example.org>\n\n{body}\n"
    )


def reports_of(text: str) -> list[Report]:
    return list(make_reports(ShowRequest(".", patch="-", stdin=io.BytesIO(text.encode()))))


def test_a_cover_letter_names_the_series() -> None:
    text = (
        mail(0, 2, "KVM: a sample", "What it is about.")
        + mail(2, 2, "KVM: the second", "Why.\n---\n" + DIFF)
        + mail(1, 2, "KVM: the first", "Why.\n---\n" + DIFF)
    )
    reports = reports_of(text)
    assert [report.commit.subject for report in reports] == ["KVM: the first", "KVM: the second"]
    series = [report.history.series for report in reports if report.history]
    assert [(s.basis, s.title, s.position, s.total, s.members) for s in series if s] == [
        ("message", "KVM: a sample", 1, 2, ()),
        ("message", "KVM: a sample", 2, 2, ()),
    ]
    searched = reports[0].history.searched if reports[0].history else None
    assert searched is not None
    assert (searched.from_, searched.to, searched.complete, searched.stopped) == (None, None, False, "patch-text")


def test_a_diff_alone_has_nobody_and_no_history() -> None:
    (report,) = reports_of(DIFF)
    assert (report.asked.rev, report.asked.id, report.asked.how) == ("-", None, "patch")
    assert (report.commit.id, report.commit.subject, report.commit.author) == (None, None, None)
    assert report.history is None
    assert report.phases is None
    assert [(change.name, change.change.value) for change in report.changes] == [("sample_load", "modified")]


def test_a_patch_without_series_has_no_history() -> None:
    (report,) = reports_of(mail(1, 1, "x", "").replace("[PATCH v2 1/1] ", "[PATCH] ") + "Why.\n---\n" + DIFF)
    assert report.history is None
    assert report.commit.author is not None
    assert report.commit.author.date == "2024-03-01T10:00:00+08:00"


def test_a_file_that_is_asked_for_is_named(tmp_path: Path) -> None:
    path = tmp_path / "one.patch"
    path.write_text(DIFF)
    (report,) = make_reports(ShowRequest(".", patch=str(path)))
    assert report.asked.rev == str(path)
