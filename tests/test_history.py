"""What came before a commit and after it, on small histories made for the purpose and on the miniature."""

from __future__ import annotations

from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.model import History, HistoryEntry, Report
from kvmpatch.reports import history as bounds
from kvmpatch.reports.show import ShowRequest, make_reports
from kvmpatch.sources.demo import DemoHistory, lay_down

CODE = "arch/riscv/kvm/vcpu.c"


@pytest.fixture
def repo(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path / "linux")


def show(path: Path, rev: str = "HEAD") -> Report:
    (report,) = make_reports(ShowRequest(str(path), (rev,)))
    return report


def history(repo: Scratch, rev: str = "HEAD") -> History:
    found = show(repo.path, rev).history
    assert found
    return found


def told(entries: tuple[HistoryEntry, ...]) -> list[tuple[str, str, str]]:
    return [(entry.id, entry.reason.code, entry.reason.said.en) for entry in entries]


def function(name: str, *body: str) -> str:
    return f"void {name}(struct kvm_vcpu *vcpu)\n{{\n" + "".join(f"\t{line}\n" for line in body) + "}\n\n"


LONG = ("first(vcpu);", "vcpu->arch.a = 1;", "second(vcpu, 2);", "vcpu->arch.b = third(vcpu);", "fourth();")


# ---- causes -----------------------------------------------------------------------------------------------------


def test_the_commit_that_introduced_a_function_is_its_cause(repo: Scratch) -> None:
    repo.commit("start", {CODE: function("old", "x();")})
    brought = repo.commit("bring", {CODE: function("old", "x();") + function("work", "y();")})
    repo.commit("change", {CODE: function("old", "x();") + function("work", "y();", "z();")})
    assert told(history(repo).introduced_by) == [(brought, "brought", "introduced work")]


def test_what_was_undone_and_done_again_is_not_first_twice(repo: Scratch) -> None:
    read = "unsigned long cause = csr_read(CSR_SCAUSE);"
    repo.commit("start", {CODE: function("trap", "x();")})
    first = repo.commit("read", {CODE: function("trap", read, "x();")})
    repo.commit("revert", {CODE: function("trap", "x();")})
    again = repo.commit("read again", {CODE: function("trap", read, "x();")})
    more = repo.commit("read elsewhere", {CODE: function("trap", read, "x();") + function("other", read)})
    repo.commit("drop", {CODE: function("trap", "x();") + function("other")})
    accesses = [one for one in told(history(repo).introduced_by) if one[1] == "brought-access"]
    assert accesses == [
        (first, "brought-access", "scause first read here"),
        (again, "brought-access", "scause read again"),
        (more, "brought-access", "scause read in one more place"),
    ]


def test_what_was_there_from_the_start_says_so(repo: Scratch) -> None:
    root = repo.commit("start", {CODE: function("work", "y();")})
    repo.commit("change", {CODE: function("work", "y();", "z();")})
    assert told(history(repo).introduced_by) == [(root, "since-root", "work: there since the first commit")]


def test_a_function_that_moved_into_the_file_was_not_introduced_there(repo: Scratch) -> None:
    other = "arch/riscv/kvm/vcpu_onereg.c"
    repo.commit("start", {CODE: function("kept", "k();") + function("work", *LONG)})
    moved = repo.commit("move", {CODE: function("kept", "k();"), other: function("work", *LONG)})
    repo.commit("change", {other: function("work", *LONG, "z();")})
    assert told(history(repo).introduced_by) == [(moved, "moved", f"work moved to {other}")]


@pytest.mark.parametrize(
    ("already", "words"), [("", "first written here"), ("csr_write(CSR_HEDELEG, 0);", "one more place")]
)
def test_the_first_write_of_a_register_is_the_first_in_the_tree(repo: Scratch, already: str, words: str) -> None:
    repo.commit("start", {CODE: function("load", "x();"), "arch/riscv/kvm/main.c": function("enable", already)})
    wrote = repo.commit("write", {CODE: function("load", "x();", "csr_write(CSR_HEDELEG, 1);")})
    repo.commit("change", {CODE: function("load", "x();", "csr_write(CSR_HEDELEG, 2);")})
    ((commit, code, said), *_) = told(history(repo).introduced_by)
    assert (commit, code) == (wrote, "brought-access")
    assert words in said


def test_the_commit_that_it_says_it_fixes_is_a_cause(repo: Scratch) -> None:
    repo.commit("start", {CODE: function("work", "y();")})
    broken = repo.commit("break", {"README": "text\n"})
    repo.commit(f'fix\n\nFixes: {broken[:12]} ("break")\n', {CODE: function("work", "z();")})
    assert (broken, "fixed") in [(entry.id, entry.reason.code) for entry in history(repo).introduced_by]


# ---- consequences -----------------------------------------------------------------------------------------------


def test_what_later_commits_did_to_a_structure_is_told_in_order(repo: Scratch) -> None:
    head = "arch/riscv/include/asm/kvm_host.h"

    def struct(*fields: str, name: str = "kvm_vcpu_config") -> str:
        return f"struct {name} {{\n" + "".join(f"\tu64 {field};\n" for field in fields) + "};\n"

    repo.commit("start", {head: "struct other {\n\tint a;\n};\n"})
    brought = repo.commit("bring", {head: struct("henvcfg")})
    grown = repo.commit("grow", {head: struct("henvcfg", "hstateen0")})
    moved = repo.commit(
        "move", {head: "struct kvm_vcpu;\n", "arch/riscv/include/asm/cfg.h": struct("henvcfg", "hstateen0")}
    )
    gone = repo.commit("remove", {"arch/riscv/include/asm/cfg.h": "struct kvm_vcpu;\n"})
    assert told(history(repo, brought).followed_by) == [
        (grown, "extended", "kvm_vcpu_config gained hstateen0"),
        (moved, "moved", "kvm_vcpu_config moved to arch/riscv/include/asm/cfg.h"),
        (gone, "removed", "removed kvm_vcpu_config"),
    ]


def test_a_renamed_function_is_followed_under_its_new_name(repo: Scratch) -> None:
    repo.commit("start", {CODE: function("old", "x();")})
    brought = repo.commit("bring", {CODE: function("old", "x();") + function("setup", *LONG)})
    renamed = repo.commit("rename", {CODE: function("old", "x();") + function("ran_once", *LONG)})
    changed = repo.commit("change", {CODE: function("old", "x();") + function("ran_once", *LONG, "z();")})
    assert told(history(repo, brought).followed_by) == [
        (renamed, "renamed", "setup renamed to ran_once"),
        (changed, "changed", "changed ran_once"),
    ]


def test_what_happens_on_another_branch_does_not_follow(repo: Scratch) -> None:
    base = repo.commit("start", {CODE: function("old", "x();")})
    repo.git("checkout", "-q", "-b", "stable")
    brought = repo.commit("bring", {CODE: function("old", "x();") + function("work", "y();")})
    after = repo.commit("after", {CODE: function("old", "x();") + function("work", "y();", "w();")})
    repo.git("checkout", "-q", "main")
    assert repo.git("rev-parse", "HEAD") == base
    repo.commit("bring", {CODE: function("old", "x();") + function("work", "q();")})
    repo.commit("change", {CODE: function("old", "x();") + function("work", "q();", "z();")})
    found = history(repo, brought)
    assert [entry.id for entry in found.followed_by] == [after]
    assert found.searched.to == after


def test_a_use_of_a_bit_elsewhere_is_not_the_one_that_was_brought(repo: Scratch) -> None:
    enable = "arch/riscv/kvm/main.c"
    macro = "#define ENVCFG_STCE (1 << 63)\n"
    repo.commit(
        "start", {"csr.h": macro, CODE: function("load", "x();"), enable: function("on", "vcpu->host |= ENVCFG_STCE;")}
    )
    brought = repo.commit("bring", {CODE: function("load", "x();", "vcpu->cfg |= ENVCFG_STCE;")})
    repo.commit("other", {enable: function("on")})
    assert history(repo, brought).followed_by == ()
    dropped = repo.commit("drop", {CODE: function("load", "x();")})
    assert [(entry.id, entry.reason.code) for entry in history(repo, brought).followed_by] == [(dropped, "dropped-bit")]


def test_fixes_and_reverts_are_found_by_what_they_say(repo: Scratch) -> None:
    repo.commit("start", {CODE: function("work", "y();")})
    first = repo.commit("first", {CODE: function("work", "z();")})
    repo.commit(f"mention {first[:12]} in passing\n\nSee {first[:12]}.\n", {"README": "1\n"})
    fix = repo.commit(f'fix it\n\nFixes: {first[:12]} ("first")\n', {"README": "2\n"})
    back = repo.commit(f'Revert "first"\n\nThis reverts commit {first}.\n', {CODE: function("work", "y();")})
    found = history(repo, first)
    assert ([entry.id for entry in found.fixed_by], [entry.id for entry in found.reverted_by]) == ([fix], [back])
    assert show(repo.path, back).commit.reverts


# ---- bounds ------------------------------------------------------------------------------------------------------


def test_in_a_shallow_clone_history_is_unknown_not_empty(repo: Scratch, tmp_path: Path) -> None:
    for number in range(3):
        repo.commit(f"change {number}", {CODE: function("work", f"y({number});")})
    clone = tmp_path / "shallow"
    repo.git("clone", "-q", "--depth", "2", f"file://{repo.path}", str(clone))
    report = show(clone)
    assert report.history is None
    assert "shallow" in [warning.code for warning in report.warnings]
    assert [change.name for change in report.changes] == ["work"]


def test_where_the_search_stopped_is_said(repo: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "_LATER", 2)
    repo.commit("start", {CODE: function("old", "x();")})
    brought = repo.commit("bring", {CODE: function("old", "x();") + function("work", "y();")})
    for number in range(4):
        repo.commit(f"change {number}", {CODE: function("old", "x();") + function("work", "y();", f"z({number});")})
    found = history(repo, brought)
    assert (found.searched.complete, found.searched.stopped) == (False, "later-limit")
    assert len(found.followed_by) == 2


def test_a_full_search_says_so(repo: Scratch) -> None:
    repo.commit("start", {CODE: function("work", "y();")})
    tip = repo.commit("change", {CODE: function("work", "z();")})
    searched = history(repo).searched
    assert (searched.complete, searched.stopped, searched.to) == (True, None, tip)


# ---- series ------------------------------------------------------------------------------------------------------


def series_of(repo: Scratch, messages: list[str], dates: list[str]) -> list[str]:
    repo.commit("start", {"README": "0\n"}, env={"GIT_AUTHOR_DATE": "2023-01-01T00:00:00+0000"})
    return [
        repo.commit(message, {"README": message}, env={"GIT_AUTHOR_DATE": date})
        for message, date in zip(messages, dates, strict=True)
    ]


def test_patches_made_within_seconds_by_one_author_are_a_series(repo: Scratch) -> None:
    dates = [f"2024-03-01T10:00:{second:02}+0000" for second in (1, 2, 3)] + ["2024-03-01T11:00:00+0000"]
    ids = series_of(repo, ["a: one\n", "b: two\n", "c: three\n", "d: later\n"], dates)
    series = history(repo, ids[1]).series
    assert series
    assert (series.basis, series.position, series.total) == ("neighbours", 2, 3)
    assert [member.id for member in series.members] == ids[:3]
    assert history(repo, ids[3]).series is None


def test_numbered_message_ids_are_a_better_basis(repo: Scratch) -> None:
    links = [f"x: {n}\n\nLink: https://lore.kernel.org/r/20240301.55-{n}-dev@example.org\n" for n in (2, 3)]
    ids = series_of(repo, links, ["2024-03-01T10:00:00+0000", "2024-03-02T10:00:00+0000"])
    series = history(repo, ids[0]).series
    assert series
    assert (series.basis, [member.id for member in series.members]) == ("link", ids)
    # Whether number 1 is a cover letter the ids do not tell: a place is not made up.
    assert (series.position, series.total) == (None, None)


def test_a_series_does_not_reach_into_another_branch(repo: Scratch) -> None:
    repo.commit("start", {"README": "0\n"}, env={"GIT_AUTHOR_DATE": "2023-01-01T00:00:00+0000"})
    repo.git("checkout", "-q", "-b", "one")
    mine = repo.commit("a\n", {"a": "1\n"}, env={"GIT_AUTHOR_DATE": "2024-03-01T10:00:01+0000"})
    repo.git("checkout", "-q", "-b", "two", "main")
    repo.commit("b\n", {"b": "1\n"}, env={"GIT_AUTHOR_DATE": "2024-03-01T10:00:02+0000"})
    repo.git("checkout", "-q", "main")
    assert history(repo, mine).series is None


# ---- the miniature -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


FOLLOW_UPS = {
    # upstream id → words of the subject of each later commit that must be told of it
    "81f0f314fec9": {"reset smstateen CSRs", "Don't check hstateen0"},
    "c04913f2b54e": {"Fix error code returned for Smstateen ONE_REG"},
    "6bb2e00ea304": {"Support sstc", "Expose Zicbom", "Expose Zicboz", "Add kvm_vcpu_config"},
    "8f5cb44b1bae": {"let the timer leave a stopped vcpu asleep", "Add kvm_vcpu_config"},
    "edcbe90f1289": {"Set initial value of hedeleg", "Factor-out VCPU config"},
    "2fa290372dfe": {"fix stack overrun when loading vlenb"},
}


@pytest.mark.parametrize("rev", FOLLOW_UPS)
def test_known_follow_ups_are_found(miniature: DemoHistory, rev: str) -> None:
    found = show(miniature.path, rev).history
    assert found
    subjects = " | ".join(entry.subject for entry in (*found.followed_by, *found.fixed_by, *found.reverted_by))
    assert [words for words in FOLLOW_UPS[rev] if words not in subjects] == []


def test_no_commit_claims_to_fix_the_rename_of_the_sanitizer(miniature: DemoHistory) -> None:
    found = show(miniature.path, "b79bf2025dbc").history
    assert found
    assert (found.fixed_by, found.reverted_by) == ((), ())
