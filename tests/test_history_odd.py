"""Repositories of every kind: a report comes, and what cannot be known is said to be unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.model import Report
from kvmpatch.reports.show import ShowRequest, make_reports

CODE = "arch/riscv/kvm/vcpu.c"
MAIN = "arch/riscv/kvm/main.c"
LOAD = "void kvm_arch_vcpu_load(struct kvm_vcpu *vcpu, int cpu)\n{\n\tcsr_write(CSR_HVIP, %d);\n}\n"


def show(path: Path, rev: str = "HEAD", about: str | None = None) -> Report:
    (report,) = make_reports(ShowRequest(str(path), (rev,), about=about))
    return report


def three(repo: Scratch) -> list[str]:
    """A history of three commits: a root, a change, and a change of another file."""
    return [
        repo.commit("root", {CODE: LOAD % 0, MAIN: "int first;\n"}),
        repo.commit("change", {CODE: LOAD % 1}),
        repo.commit("other", {MAIN: "int first;\nint second;\n"}),
    ]


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_both_kinds_of_ids(tmp_path: Path, kind: str) -> None:
    repo = Scratch(tmp_path / "linux", f"--object-format={kind}")
    ids = three(repo)
    fix = repo.commit(f'fix\n\nFixes: {ids[1][:12]} ("change")\n', {CODE: LOAD % 2})
    report = show(repo.path, ids[1], about="hvip")
    assert report.history
    assert [entry.id for entry in report.history.fixed_by] == [fix]
    assert [phase.phase for phase in report.phases or ()] == ["vcpu-load"]
    assert report.relation
    assert report.relation.verdict == "touches"


def test_a_root_commit_has_nothing_before_it(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "linux")
    root = three(repo)[0]
    report = show(repo.path, root)
    assert report.history
    assert (report.history.introduced_by, report.history.searched.complete) == ((), True)
    assert [phase.before for phase in report.phases or ()] == [()]


def test_a_merge_is_compared_with_its_first_parent(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "linux")
    three(repo)
    repo.git("checkout", "-q", "-b", "topic", "HEAD~1")
    repo.commit("topic", {CODE: LOAD % 5})
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
    report = show(repo.path)
    assert "merge" in [warning.code for warning in report.warnings]
    assert [change.name for change in report.changes] == ["kvm_arch_vcpu_load"]
    assert report.history


def test_head_may_be_detached_before_the_commit(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "linux")
    ids = three(repo)
    repo.git("checkout", "-q", "--detach", ids[0])
    report = show(repo.path, ids[1])
    assert report.history
    # HEAD does not hold it, main does: the search goes up to main.
    assert report.history.searched.to == ids[2]


def test_head_may_have_no_commit_yet(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "linux")
    ids = three(repo)
    repo.git("checkout", "-q", "--orphan", "empty")
    report = show(repo.path, ids[1])
    assert report.history
    assert report.history.searched.to == ids[2]


def test_a_partial_clone_tells_what_is_here_and_that_the_rest_is_unknown(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "linux")
    ids = three(repo)
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo.path}", str(clone))
    here = Scratch(clone, make=False)
    # The texts of both sides of the last commit are brought, those of its neighbours are not.
    for rev in ("HEAD", "HEAD~1"):
        here.git("cat-file", "-p", f"{rev}:{MAIN}")
    report = show(clone, ids[2], about="hvip")
    assert [change.name for change in report.changes] == ["second"]
    assert report.phases == ()
    assert report.relation
    assert report.relation.verdict in {"unknown", "none"}


def test_callers_that_are_missing_leave_the_phase_unknown(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "linux")
    helper = (
        "void helper(struct kvm_vcpu *vcpu)\n{\n\tcsr_write(CSR_HVIP, %d);\n}\n\n"
        "void kvm_arch_vcpu_put(struct kvm_vcpu *vcpu)\n{\n\thelper(vcpu);\n}\n"
    )
    caller = "void kvm_arch_vcpu_load(struct kvm_vcpu *vcpu, int cpu)\n{\n\thelper(vcpu);\n}\n"
    repo.commit("root", {CODE: caller, MAIN: helper % 0})
    repo.commit("change", {MAIN: helper % 1})
    assert [phase.phase for phase in show(repo.path).phases or ()] == ["vcpu-load", "vcpu-put"]
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo.path}", str(clone))
    here = Scratch(clone, make=False)
    for rev in ("HEAD", "HEAD~1"):
        here.git("cat-file", "-p", f"{rev}:{MAIN}")
    report = show(clone)
    assert report.phases is None
    assert [access.csr for access in report.csr_accesses] == ["hvip"]


def test_a_sweep_over_many_functions_is_not_followed_in_part(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "linux")

    def text(number: int) -> str:
        return "".join(f"void f{n}(struct kvm_vcpu *vcpu)\n{{\n\twork({n}, {number});\n}}\n\n" for n in range(70))

    repo.commit("root", {CODE: text(0)})
    repo.commit("sweep", {CODE: text(1)})
    report = show(repo.path)
    assert report.phases is None
    assert "flow-too-large" in [warning.code for warning in report.warnings]
    assert len(report.changes) == 70


def test_outside_kvm_there_are_no_phases(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "project")
    repo.commit("root", {"src/a.c": "int work(int a)\n{\n\tfirst(a);\n\treturn 0;\n}\n"})
    repo.commit("change", {"src/a.c": "int work(int a)\n{\n\tif (!a)\n\t\treturn -1;\n\tfirst(a);\n\treturn 0;\n}\n"})
    report = show(repo.path)
    assert report.phases is None
    said = [one.said.en for section in report.sections for one in section.statements]
    assert said[-1] == "work() now returns -1 early if !a, skipping first()."


def test_white_space_and_nothing_at_all(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "linux")
    three(repo)
    repo.commit("empty")
    assert show(repo.path).history
    repo.commit("space", {CODE: (LOAD % 1).replace("\t", "        ")})
    report = show(repo.path)
    assert (report.changes, report.phases) == ((), ())
