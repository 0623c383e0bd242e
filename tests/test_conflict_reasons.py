"""Why a pick conflicts: who brought what the target lacks, and where the target went its own way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch import knowledge
from kvmpatch.errors import Unreadable
from kvmpatch.model.backport import ConflictFile, Pick
from kvmpatch.reports.backport import clashes
from kvmpatch.reports.backport.picking import Picker
from kvmpatch.reports.backport.target import Target
from kvmpatch.reports.related.center import Center
from kvmpatch.reports.related.finder import GitFinder
from kvmpatch.reports.related.request import Patience
from kvmpatch.reports.show_commit import CommitReporter
from kvmpatch.rules import conflict_reasons
from kvmpatch.sources.repo import Repository
from kvmpatch.words import Text

PATH = "arch/riscv/kvm/vcpu.c"
SECONDS = 60


def source(*body: str, name: str = "kvm_vcpu_load") -> str:
    """A file with one function, and some lines on both sides of it."""
    return "\n".join(
        [
            "#include <linux/kvm_host.h>",
            "",
            "static int first_thing(void)",
            "{",
            "\treturn first_value;",
            "}",
            "",
            f"void {name}(struct kvm_vcpu *vcpu)",
            "{",
            "\tstruct kvm_vcpu_csr *csr = &vcpu->arch.guest_csr;",
            *(f"\t{line}" for line in body),
            "\tlast_of_all(vcpu);",
            "}",
            "",
        ]
    )


class Bench:
    """A repository with two branches, and picks from one onto the other."""

    def __init__(self, scratch: Scratch) -> None:
        self.scratch = scratch

    def on_stable(self, message: str, files: dict[str | bytes, str | bytes | None]) -> str:
        self.scratch.git("checkout", "-q", "-f", "stable")
        made = self.scratch.commit(message, files)
        self.scratch.git("checkout", "-q", "-f", "main")
        return made

    def pick(self, commit: str, seconds: float = SECONDS) -> Pick:
        with Repository.open(self.scratch.path) as repo:
            onto = repo.resolve(["stable"])[0].id
            target = Target(repo, GitFinder(repo), "stable", onto)
            center = Center(CommitReporter(repo, None, None), next(repo.commits([commit])))
            return Picker(target, Patience(seconds)).pick(center)

    def conflict(self, commit: str) -> ConflictFile:
        """The one file of a conflict, having seen that each reason stands in the table of rules."""
        picked = self.pick(commit)
        assert picked.state == "conflict"
        assert picked.tree is None
        (file,) = picked.conflicts
        assert {one.code for one in file.because} <= set(knowledge.names("rules"))
        return file


def codes(file: ConflictFile) -> list[str]:
    return [one.code for one in file.because]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    scratch = Scratch(tmp_path / "repo")
    scratch.commit("start\n", {PATH: source("csr_write(CSR_VSSTATUS, csr->vsstatus);"), "other.c": "int other;\n"})
    scratch.git("branch", "stable")
    return Bench(scratch)


# ---- lines ---------------------------------------------------------------------------------------------------------


def test_the_commit_that_brought_what_the_target_lacks(bench: Bench) -> None:
    scratch = bench.scratch
    line = "csr_write(CSR_VSSTATUS, csr->vsstatus);"
    brings = scratch.commit("RISC-V: KVM: Save senvcfg\n", {PATH: source(line, "csr->senvcfg = csr_swap(senvcfg);")})
    fix = scratch.commit("Fix it\n", {PATH: source(line, "csr->senvcfg = csr_swap(vcpu->host_senvcfg);")})
    file = bench.conflict(fix)
    assert (file.path, file.kind) == (PATH, "content")
    (hunk,) = file.hunks
    assert hunk.lines == ("-\tcsr->senvcfg = csr_swap(senvcfg);", "+\tcsr->senvcfg = csr_swap(vcpu->host_senvcfg);")
    assert hunk.before == (9, 14)
    (reason,) = file.because
    assert reason.code == "lacks-names"
    assert reason.said.en == (
        f"the target's vcpu.c has no csr_swap and senvcfg, which came with {brings[:12]} "
        '("RISC-V: KVM: Save senvcfg"), and that is not in the target'
    )
    assert reason.said.zh == (
        f'目标的 vcpu.c 中没有 csr_swap 和 senvcfg：引入它们的 {brings[:12]} ("RISC-V: KVM: Save senvcfg") 不在目标中'
    )
    there, here = reason.evidence
    assert (there.commit, there.path, there.side) == (brings, PATH, "after")
    assert there.text == "csr->senvcfg = csr_swap(senvcfg);"
    assert (here.commit, here.path, here.side, here.line) == (fix, PATH, "before", 12)


def test_lines_that_an_earlier_commit_changed(bench: Bench) -> None:
    scratch = bench.scratch
    changed = scratch.commit("Write it late\n", {PATH: source("csr_write(CSR_VSSTATUS, vcpu->vsstatus);")})
    fix = scratch.commit("Fix it\n", {PATH: source("csr_write(CSR_VSSTATUS, vcpu->vsstatus | csr->vsstatus);")})
    file = bench.conflict(fix)
    (reason,) = file.because
    assert reason.code == "older-lines"
    assert reason.said.en == (
        f'1 line here is in the target as before {changed[:12]} ("Write it late"), which is not in the target'
    )
    assert [(one.commit, one.side) for one in reason.evidence] == [
        (changed, "after"),
        (changed, "before"),
        (fix, "before"),
    ]


def test_lines_that_an_earlier_commit_added(bench: Bench) -> None:
    line = "csr_write(CSR_VSSTATUS, csr->vsstatus);"
    added = bench.scratch.commit("Twice\n", {PATH: source(line, "csr_write(CSR_VSSTATUS, vcpu);")})
    fix = bench.scratch.commit("Fix\n", {PATH: source(line, "csr_write(CSR_VSSTATUS, csr);")})
    (reason,) = bench.conflict(fix).because
    assert reason.code == "lacks-lines"
    assert reason.said.en == (
        f'the target lacks 1 line here that came with {added[:12]} ("Twice"), which is not in the target'
    )


def test_lines_that_the_target_changed_itself(bench: Bench) -> None:
    changed = bench.on_stable("stable only\n", {PATH: source("csr_write(CSR_VSSTATUS, stable_value);")})
    fix = bench.scratch.commit("Fix it\n", {PATH: source("csr_write(CSR_VSSTATUS, csr->vsstatus | 1);")})
    (reason,) = bench.conflict(fix).because
    assert reason.code == "target-changed"
    assert reason.said.en == f'the target changed 1 line here itself, in {changed[:12]} ("stable only")'
    assert [(one.commit, one.side, one.text) for one in reason.evidence] == [
        (changed, "before", "csr_write(CSR_VSSTATUS, csr->vsstatus);"),
        (changed, "after", "csr_write(CSR_VSSTATUS, stable_value);"),
    ]


def test_an_earlier_commit_that_the_target_has_in_another_form(bench: Bench) -> None:
    scratch = bench.scratch
    upstream = scratch.commit("Save senvcfg\n", {PATH: source("csr->senvcfg = csr_swap(senvcfg);")})
    message = f"Save senvcfg\n\ncommit {upstream} upstream.\n"
    here = bench.on_stable(message, {PATH: source("csr->senvcfg = csr_read_then_write(senvcfg);")})
    fix = scratch.commit("Fix it\n", {PATH: source("csr->senvcfg = csr_swap(vcpu->host_senvcfg);")})
    (reason,) = bench.conflict(fix).because
    assert reason.code == "adapted-here"
    assert reason.said.en == (
        f'{upstream[:12]} ("Save senvcfg") is in the target as {here[:12]}, and these lines differ there'
    )


def test_what_came_after_a_commit_that_the_target_has(bench: Bench) -> None:
    """The target's line is the first commit's, brought there by a backport; that it is old is the second's doing."""
    scratch = bench.scratch
    first = scratch.commit("Save senvcfg\n", {PATH: source("csr->senvcfg = csr_swap(senvcfg);")})
    message = f"Save senvcfg\n\ncommit {first} upstream.\n"
    bench.on_stable(message, {PATH: source("csr->senvcfg = csr_swap(senvcfg);")})
    second = scratch.commit("Swap another\n", {PATH: source("csr->senvcfg = csr_swap(csr->senvcfg);")})
    fix = scratch.commit("Fix it\n", {PATH: source("csr->senvcfg = csr_swap(vcpu->senvcfg);")})
    (reason,) = bench.conflict(fix).because
    assert reason.code == "older-lines"
    assert second[:12] in reason.said.en


def test_only_hunks_that_meet_the_conflict_are_shown(bench: Bench) -> None:
    scratch = bench.scratch
    far = "".join(f"int far_{number};\n" for number in range(20))
    text = source("csr_write(CSR_VSSTATUS, csr->vsstatus);") + far
    scratch.commit("more\n", {PATH: text})
    scratch.git("branch", "-f", "stable", "main")
    bench.on_stable("stable only\n", {PATH: text.replace("csr->vsstatus);", "stable_value);")})
    fix = scratch.commit("Fix\n", {PATH: text.replace("far_15", "farther").replace("csr->vsstatus);", "fixed);")})
    (hunk,) = bench.conflict(fix).hunks
    assert hunk.lines[1] == "+\tcsr_write(CSR_VSSTATUS, fixed);"


def test_a_backport_that_was_taken_back_is_not_there(bench: Bench) -> None:
    scratch = bench.scratch
    line = "csr_write(CSR_VSSTATUS, csr->vsstatus);"
    brings = scratch.commit("Save senvcfg\n", {PATH: source(line, "csr->senvcfg = csr_swap(senvcfg);")})
    message = f"Save senvcfg\n\ncommit {brings} upstream.\n"
    here = bench.on_stable(message, {PATH: source(line, "csr->senvcfg = csr_swap(senvcfg);")})
    bench.on_stable(f'Revert "Save senvcfg"\n\nThis reverts commit {here}.\n', {PATH: source(line)})
    fix = scratch.commit("Fix it\n", {PATH: source(line, "csr->senvcfg = csr_swap(vcpu->host_senvcfg);")})
    (reason,) = bench.conflict(fix).because
    assert reason.code == "lacks-names"
    assert brings[:12] in reason.said.en


def test_both_sides_made_the_same_edit(bench: Bench) -> None:
    added = "csr->senvcfg = csr_swap(vcpu->host_senvcfg);"
    here = bench.on_stable("our way\n", {PATH: source(added, "and_more_of_it(vcpu);")})
    fix = bench.scratch.commit("Fix it\n", {PATH: source(added)})
    (reason,) = bench.conflict(fix).because
    assert reason.code == "has-lines"
    assert reason.said.en == (
        f'what the commit does to 1 line here the target has already, from {here[:12]} ("our way")'
    )
    assert reason.evidence[0].line == 11


def test_the_target_has_the_commit_already(bench: Bench) -> None:
    fix = bench.scratch.commit("Fix it\n", {PATH: source("csr_write(CSR_VSSTATUS, csr->vsstatus | 1);")})
    text = source("csr_write(CSR_VSSTATUS, csr->vsstatus | 2);")
    here = bench.on_stable(f"Fix it\n\n[ Upstream commit {fix} ]\n", {PATH: text})
    reasons = bench.conflict(fix).because
    assert reasons[0].code == "has-commit"
    assert reasons[0].said.en == f'the target has this commit already, as {here[:12]} ("Fix it")'


def test_white_space_alone(bench: Bench) -> None:
    line = "csr_write(CSR_VSSTATUS, csr->vsstatus);"
    spaced = source(f"  {line}", "")
    style = bench.scratch.commit("style\n", {PATH: spaced})
    fix = bench.scratch.commit("Fix it\n", {PATH: spaced.replace("csr->vsstatus", "csr->vsstatus | 1")})
    alone, by = bench.conflict(fix).because
    assert alone.code == "white-space"
    assert [one.side for one in alone.evidence] == ["before", "after"]
    assert by.code == "older-lines"
    assert by.evidence[0].commit == style


def test_lines_of_another_file_explain_nothing(bench: Bench) -> None:
    """Both files conflict on a line that reads the same; each has its own history."""
    scratch = bench.scratch
    old, new = "csr_write(CSR_VSSTATUS, csr->vsstatus);", "csr_write(CSR_VSSTATUS, vcpu->vsstatus);"
    twin = "arch/riscv/kvm/vcpu_exit.c"
    scratch.commit("second file\n", {twin: source(old, name="exit_to_host")})
    scratch.git("branch", "-f", "stable", "main")
    one = scratch.commit("change the first\n", {PATH: source(new)})
    two = scratch.commit("change the second\n", {twin: source(new, name="exit_to_host")})
    fixed = new.replace("vcpu->", "vcpu->arch.")
    fix = scratch.commit("Fix both\n", {PATH: source(fixed), twin: source(fixed, name="exit_to_host")})
    found = {file.path: [reason.evidence[0].commit for reason in file.because] for file in bench.pick(fix).conflicts}
    assert found == {PATH: [one], twin: [two]}


def test_what_stands_elsewhere_in_the_file_too_does_not_name_a_commit(bench: Bench) -> None:
    scratch = bench.scratch
    repeated = "kvm_make_request(KVM_REQ_UPDATE, vcpu);"
    brings = scratch.commit("Bring both\n", {PATH: source(repeated, "only_once_in_the_file(vcpu);")})
    text = source(repeated, "only_once_in_the_file(vcpu);")
    again = text.replace("\treturn first_value;", f"\t{repeated}\n\treturn first_value;")
    scratch.commit("The same line elsewhere\n", {PATH: again})
    fix = scratch.commit("Fix it\n", {PATH: again.replace(f"\t{repeated}\n\tonly_once_in_the_file(vcpu)", "\tfixed()")})
    file = bench.conflict(fix)
    assert [reason.evidence[0].commit for reason in file.because] == [brings]


def test_a_rename_before_the_candidate_is_looked_through(bench: Bench) -> None:
    scratch = bench.scratch
    line = "csr_write(CSR_VSSTATUS, csr->vsstatus);"
    brings = scratch.commit("Save senvcfg\n", {PATH: source(line, "csr->senvcfg = csr_swap(senvcfg);")})
    moved = "arch/riscv/kvm/vcpu_load.c"
    scratch.commit("Move it\n", {PATH: None, moved: source(line, "csr->senvcfg = csr_swap(senvcfg);")})
    fix = scratch.commit("Fix it\n", {moved: source(line, "csr->senvcfg = csr_swap(vcpu->host_senvcfg);")})
    file = bench.conflict(fix)
    assert file.path == PATH
    reason = file.because[0]
    assert reason.code == "lacks-names"
    assert reason.evidence[0].commit == brings
    assert reason.evidence[0].path == PATH
    assert reason.evidence[-1].path == moved


# ---- files ---------------------------------------------------------------------------------------------------------


def test_a_file_that_came_later(bench: Bench) -> None:
    scratch = bench.scratch
    text = "".join(f"int value_{number};\n" for number in range(9))
    created = scratch.commit("New file\n", {"new.c": text})
    file = bench.conflict(scratch.commit("Fix it\n", {"new.c": text.replace("value_4", "fixed")}))
    assert (file.path, file.kind) == ("new.c", "modify/delete")
    assert len(file.hunks) == 1
    (reason,) = file.because
    assert reason.code == "file-later"
    assert reason.said.en == (
        f'the target has no new.c: {created[:12]} ("New file"), which creates it, is not in the target'
    )


def test_a_file_that_the_target_removed(bench: Bench) -> None:
    removed = bench.on_stable("drop it\n", {"other.c": None})
    (reason,) = bench.conflict(bench.scratch.commit("Fix it\n", {"other.c": "int fixed;\n"})).because
    assert reason.code == "file-removed"
    assert reason.said.en == f'the target removed other.c in {removed[:12]} ("drop it")'


def test_a_file_of_the_same_name(bench: Bench) -> None:
    added = bench.on_stable("ours\n", {"new.bin": b"\0ours"})
    file = bench.conflict(bench.scratch.commit("theirs\n", {"new.bin": b"\0theirs"}))
    assert codes(file) == ["file-there"]
    assert added[:12] in file.because[0].said.en
    assert file.hunks == ()


def test_files_that_are_no_text_are_told_by_their_histories(bench: Bench) -> None:
    scratch = bench.scratch
    scratch.commit("data\n", {"data.bin": b"\0one"})
    scratch.git("branch", "-f", "stable", "main")
    older = scratch.commit("before\n", {"data.bin": b"\0two"})
    changed = bench.on_stable("ours\n", {"data.bin": b"\0three"})
    file = bench.conflict(scratch.commit("fix\n", {"data.bin": b"\0four"}))
    assert codes(file) == ["file-older", "file-changed"]
    assert [one.evidence[0].commit for one in file.because] == [older, changed]


def test_a_file_that_the_candidate_removes(bench: Bench) -> None:
    changed = bench.on_stable("ours\n", {"other.c": "int ours;\n"})
    file = bench.conflict(bench.scratch.commit("drop it\n", {"other.c": None}))
    assert file.kind == "modify/delete"
    assert codes(file) == ["file-changed"]
    assert file.because[0].evidence[0].commit == changed


def test_a_folder_that_the_target_moved(bench: Bench) -> None:
    scratch = bench.scratch
    scratch.commit("more\n", {f"dir/{name}.c": f"int {name};\n" * 5 for name in "xyz"})
    scratch.git("branch", "-f", "stable", "main")
    moves: dict[str | bytes, str | bytes | None] = {f"dir/{name}.c": None for name in "xyz"}
    moves |= {f"away/{name}.c": f"int {name};\n" * 5 for name in "xyz"}
    bench.on_stable("move\n", moves)
    (reason,) = bench.conflict(scratch.commit("new\n", {"dir/new.c": "int new;\n"})).because
    assert reason.code == "folder-moved"
    assert reason.said.en.endswith("git would put it at away/new.c")
    assert "dir/new.c" in reason.said.en


def test_a_function_that_the_target_has_elsewhere(bench: Bench) -> None:
    scratch = bench.scratch
    body = "".join(f"\tstep_{number}(vcpu, {number});\n" for number in range(12))
    function = f"void kvm_vcpu_stop(struct kvm_vcpu *vcpu)\n{{\n{body}}}\n"
    scratch.commit("more\n", {"arch/riscv/kvm/stop.c": f"int stop;\n\n{function}", PATH: source("line_of_it();")})
    scratch.git("branch", "-f", "stable", "main")
    stop: dict[str | bytes, str | bytes | None] = {
        "arch/riscv/kvm/stop.c": "int stop;\n\nvoid unrelated(void)\n{\n\treturn;\n}\n",
        PATH: source("line_of_it();") + "\n" + function,
    }
    bench.on_stable("move it\n", stop)
    fixed = function.replace("step_5(vcpu, 5)", "step_5(vcpu, 55)")
    file = bench.conflict(scratch.commit("Fix it\n", {"arch/riscv/kvm/stop.c": f"int stop;\n\n{fixed}"}))
    told = [one for one in file.because if one.code == "elsewhere"]
    assert [one.said.en for one in told] == [f"kvm_vcpu_stop is in {PATH} in the target, not in arch/riscv/kvm/stop.c"]


# ---- what cannot be told --------------------------------------------------------------------------------------------


def test_without_history_the_cause_is_unknown_and_its_place_is_shown(bench: Bench, tmp_path: Path) -> None:
    scratch = bench.scratch
    bench.on_stable("stable only\n", {PATH: source("csr_write(CSR_VSSTATUS, stable_value);")})
    bench.on_stable("and on\n", {"other.c": "int more;\n"})
    scratch.commit("between\n", {"other.c": "int two;\n"})
    fix = scratch.commit("Fix it\n", {PATH: source("csr_write(CSR_VSSTATUS, csr->vsstatus | 1);")})
    shallow = tmp_path / "shallow"
    scratch.git("clone", "-q", "--depth=2", "--no-single-branch", f"file://{scratch.path}", str(shallow))
    clone = Scratch(shallow, make=False)
    clone.git("branch", "stable", "origin/stable")
    (reason,) = Bench(clone).conflict(fix).because
    assert reason.code == "cause-unknown"
    assert [(one.path, one.side, one.line) for one in reason.evidence] == [(PATH, "after", 11)]
    assert reason.evidence[0].text == "csr_write(CSR_VSSTATUS, stable_value);"


def test_what_is_missing_later_on_does_not_take_reasons_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_: object) -> None:
        raise Unreadable(Text.same("missing"))

    bench.on_stable("stable only\n", {PATH: source("csr_write(CSR_VSSTATUS, stable_value);")})
    fix = bench.scratch.commit("Fix it\n", {PATH: source("csr_write(CSR_VSSTATUS, csr->vsstatus | 1);")})
    monkeypatch.setattr(clashes, "relocated", unreadable)
    assert codes(bench.conflict(fix)) == ["target-changed"]


def test_out_of_time_the_cause_is_unknown(bench: Bench) -> None:
    bench.on_stable("stable only\n", {PATH: source("csr_write(CSR_VSSTATUS, stable_value);")})
    fix = bench.scratch.commit("Fix it\n", {PATH: source("csr_write(CSR_VSSTATUS, csr->vsstatus | 1);")})
    (file,) = bench.pick(fix, seconds=-1).conflicts
    assert codes(file) == ["cause-unknown"]


# ---- clean picks, and several in turn -------------------------------------------------------------------------------


def test_a_clean_pick_leaves_a_commit_for_the_next(bench: Bench) -> None:
    scratch = bench.scratch
    line = "csr_write(CSR_VSSTATUS, csr->vsstatus);"
    one = scratch.commit("one\n", {PATH: source(line, "csr->senvcfg = csr_swap(senvcfg);")})
    two = scratch.commit("two\n", {PATH: source(line, "csr->senvcfg = csr_swap(vcpu->host_senvcfg);")})
    three = scratch.commit("three\n", {PATH: source(line, "csr->senvcfg = again(vcpu->host_senvcfg);")})
    with Repository.open(scratch.path) as repo:
        target = Target(repo, GitFinder(repo), "stable", repo.resolve(["stable"])[0].id)
        picker = Picker(target, Patience(SECONDS))
        centers = [Center(CommitReporter(repo, None, None), raw) for raw in repo.commits([one, two, three])]
        assert picker.pick(centers[1]).state == "conflict"
        assert picker.made(two) is None
        first = picker.pick(centers[0])
        assert (first.state, first.conflicts) == ("clean", ())
        assert first.tree is not None
        made = picker.made(one)
        assert made is not None
        target.take([one], made)
        assert picker.pick(centers[0]).state == "empty"
        (file,) = picker.pick(centers[2]).conflicts
        # the throw-away commit is called by the candidate that it was made of, which is no reason of its own
        (reason,) = file.because
        assert reason.code == "lacks-names"
        assert two[:12] in reason.said.en
        assert {evidence.commit for evidence in reason.evidence} <= {one, two, three, target.id}


def test_a_candidate_that_went_in_before_is_called_by_its_own_id(bench: Bench) -> None:
    scratch = bench.scratch
    two = scratch.commit("two\n", {PATH: source("csr_write(CSR_VSSTATUS, csr->vsstatus | 2);")})
    scratch.git("checkout", "-q", "--detach", f"{two}~")
    one = scratch.commit("one\n", {PATH: source("csr_write(CSR_VSSTATUS, csr->vsstatus | 1);")})
    bench.on_stable("stable\n", {"other.c": "int more;\n"})
    with Repository.open(scratch.path) as repo:
        target = Target(repo, GitFinder(repo), "stable", repo.resolve(["stable"])[0].id)
        picker = Picker(target, Patience(SECONDS))
        centers = [Center(CommitReporter(repo, None, None), raw) for raw in repo.commits([one, two])]
        picker.pick(centers[0])
        made = picker.made(one)
        assert made not in (None, one)
        target.take([one], str(made))
        (reason,) = picker.pick(centers[1]).conflicts[0].because
    assert reason.code == "target-changed"
    assert reason.said.en == f'the target changed 1 line here itself, in {one[:12]} ("one")'
    assert {evidence.commit for evidence in reason.evidence} == {one}


def test_every_reason_is_in_the_table_of_rules() -> None:
    written = Path(conflict_reasons.__file__).read_text(encoding="utf-8")
    told: Iterator[str] = iter(re.findall(r'(?:because|BackportReason)\(\s*"([a-z-]+)"', written))
    found = set(told)
    assert len(found) == 18
    assert found <= set(knowledge.names("rules"))
