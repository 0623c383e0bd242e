"""How a commit relates to a thing or to another commit: one verdict each, and the proof that goes with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.model import Relation
from kvmpatch.reports.show import ShowRequest, make_reports
from kvmpatch.sources.demo import DemoHistory, lay_down

CONFIG = "fe0bab701e3b"


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


def relate(path: Path, rev: str, about: str) -> Relation:
    (report,) = make_reports(ShowRequest(str(path), (rev,), about=about))
    assert report.relation
    assert all(one.evidence for one in report.relation.statements)
    return report.relation


def text(relation: Relation, code: str) -> str:
    return next(one.said.en for one in relation.statements if one.code == code)


@pytest.mark.parametrize(
    ("about", "place"),
    [
        ("henvcfg", "kvm_vcpu_config.henvcfg"),  # a register, and a field of that name
        ("CSR_HENVCFG", "kvm_arch_vcpu_load()"),  # its macro
        ("henvcfg.STCE", "ENVCFG_STCE"),  # a field of a register
        ("ENVCFG_PBMTE", "ENVCFG_PBMTE"),  # a bit
        ("Svpbmt", "ENVCFG_PBMTE"),  # an extension, through its bit
        ("kvm_arch_vcpu_load", "kvm_arch_vcpu_load"),  # a function
        ("kvm_riscv_vcpu_update_config", "kvm_riscv_vcpu_setup_config"),  # a function by its old name
        ("kvm_vcpu_config", "kvm_vcpu_config"),  # a structure
        ("kvm_vcpu_arch.cfg", "kvm_vcpu_arch.cfg"),  # a field
        ("vcpu.c", "kvm_arch_vcpu_ioctl_run"),  # a file, by what changes in it
        ("ran_atleast_once", "arch/riscv/kvm/vcpu.c"),  # a word of a changed line
    ],
)
def test_a_commit_touches_what_it_changes(miniature: DemoHistory, about: str, place: str) -> None:
    relation = relate(miniature.path, CONFIG, about)
    assert relation.verdict == "touches"
    assert place in text(relation, "touches")


@pytest.mark.parametrize(
    ("rev", "about", "verdict"),
    [
        (CONFIG, "senvcfg", "context"),
        (CONFIG, "hstateen0", "needed"),
        (CONFIG, "hedeleg", "needed"),
        (CONFIG, "d21b5d342fc1", "needed"),
        (CONFIG, "6ed523e2b612", "needed"),
        ("d21b5d342fc1", CONFIG, "needed-by"),
        (CONFIG, "8f5cb44b1bae", "needed-by"),
        (CONFIG, "db3c01c7a308", "context"),
        (CONFIG, "a4f5f39849f3", "same-series"),
        (CONFIG, "799766208f09", "none"),
        (CONFIG, "Zicond", "none"),
        (CONFIG, "xyzzy", "none"),
        # A letter stands in every line: by itself it is no proof.
        (CONFIG, "a", "none"),
        ("560f912e7d39", "HEAD~2", "none"),
    ],
)
def test_verdicts(miniature: DemoHistory, rev: str, about: str, verdict: str) -> None:
    assert relate(miniature.path, rev, about).verdict == verdict


def test_the_structure_that_grew_otherwise_is_named_for_a_register_only(miniature: DemoHistory) -> None:
    assert "hstateen0, hedeleg and hideleg" in text(relate(miniature.path, CONFIG, "senvcfg"), "not-in-structure")
    assert "not-in-structure" not in [one.code for one in relate(miniature.path, CONFIG, "README.md").statements]


def test_who_touches_it_is_said_with_the_time(miniature: DemoHistory) -> None:
    said = text(relate(miniature.path, CONFIG, "hstateen0"), "touched-by")
    assert "adds kvm_vcpu_config.hstateen0" in said
    assert "written at every vcpu_load" in said


# ---- small histories ----------------------------------------------------------------------------------------------

CODE = "arch/riscv/kvm/vcpu.c"


@pytest.fixture
def repo(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path / "linux")


def function(name: str, *body: str) -> str:
    return f"void {name}(struct kvm_vcpu *vcpu)\n{{\n" + "".join(f"\t{line}\n" for line in body) + "}\n\n"


def test_who_calls_what_a_commit_brings_needs_it(repo: Scratch) -> None:
    repo.commit("start", {CODE: function("old", "x();")})
    brought = repo.commit("bring", {CODE: function("old", "x();") + function("stopped", "y();")})
    user = repo.commit("use", {"arch/riscv/kvm/timer.c": function("expired", "stopped(vcpu);")})
    relation = relate(repo.path, brought, user)
    assert relation.verdict == "needed"
    assert "uses stopped" in text(relation, "needed")
    assert relate(repo.path, user, brought).verdict == "needed-by"


def test_who_changes_the_same_function_later_shares_a_structure(repo: Scratch) -> None:
    body = [f"x{number}();" for number in range(30)]
    repo.commit("start", {CODE: function("work", *body)})
    first = repo.commit("first", {CODE: function("work", "a();", *body)})
    second = repo.commit("second", {CODE: function("work", "a();", *body, "b();")}, env={"GIT_AUTHOR_NAME": "B"})
    assert relate(repo.path, first, second).verdict in {"same-structure", "same-series"}
    third = repo.commit(
        "third",
        {CODE: function("work", "a();", *body, "c();")},
        env={"GIT_AUTHOR_EMAIL": "other@example.org", "GIT_AUTHOR_DATE": "2025-01-01T00:00:00+0000"},
    )
    relation = relate(repo.path, first, third)
    assert relation.verdict == "same-structure"
    assert "work" in text(relation, "same-structure")


def test_a_neighbour_in_the_text_is_context_only(repo: Scratch) -> None:
    head = "int first;\nint second;\nint third;\n"
    repo.commit("start", {"a.c": head + "int tail;\n"})
    one = repo.commit("one", {"a.c": head + "int added_by_one;\nint tail;\n"})
    two = repo.commit("two", {"a.c": head + "int added_by_one;\nint added_by_two;\nint tail;\n"})
    relation = relate(repo.path, one, two)
    assert relation.verdict == "context"
    assert "int added_by_one;" in text(relation, "context-only")


def test_without_its_history_a_relation_is_unknown(repo: Scratch, tmp_path: Path) -> None:
    for number in range(3):
        repo.commit(f"change {number}", {CODE: function("work", f"y({number});")})
    clone = tmp_path / "shallow"
    repo.git("clone", "-q", "--depth", "2", f"file://{repo.path}", str(clone))
    assert relate(clone, "HEAD", "senvcfg").verdict == "unknown"
    assert relate(clone, "HEAD", "work").verdict == "touches"


HOST = """
struct my_context {
	unsigned long first;
	struct my_inner {
		unsigned long deep;
	} inner;
};
struct other_context {
	unsigned long second;
};
struct kvm_vcpu_arch {
	struct my_context guest_context;
	struct my_context guest_reset_context;
	struct other_context *elsewhere;
	unsigned long queue[4];
};
"""
RESET = """
static void kvm_riscv_my_reset(struct kvm_vcpu *vcpu)
{
	struct my_context *cntx = &vcpu->arch.guest_context;
	struct my_context *reset_cntx = &vcpu->arch.guest_reset_context;
	%s
}
"""


@pytest.mark.parametrize(
    ("line", "about", "how"),
    [
        ("memset(&vcpu->arch.guest_context, 0, sizeof(vcpu->arch.guest_context));", "first", "clears"),
        ("memset(cntx, 0, sizeof(*cntx));", "first", "clears"),
        ("memset(cntx, 0, sizeof(*cntx));", "inner.deep", "clears"),
        ("memcpy(cntx, reset_cntx, sizeof(*cntx));", "my_context.first", "writes"),
        ("*cntx = *reset_cntx;", "first", "writes"),
        ("*cntx = (struct my_context){};", "first", "clears"),
        ("vcpu->arch.guest_context = (struct my_context) { .inner.deep = 1 };", "first", "writes"),
        ("memset(cntx, 0, sizeof(*cntx));", "second", None),
        ("memset(vcpu->arch.elsewhere, 0, 8);", "second", None),
        ("memset(vcpu->arch.queue, 0, sizeof(vcpu->arch.queue));", "first", None),
        ("cntx->inner.deep = 0;", "first", None),
    ],
)
def test_a_field_is_written_with_the_object_that_holds_it(
    tmp_path: Path, line: str, about: str, how: str | None
) -> None:
    repo = Scratch(tmp_path / "repo")
    header, source = "arch/riscv/include/asm/kvm_host.h", "arch/riscv/kvm/vcpu.c"
    repo.commit("one", {header: HOST, source: RESET % ""})
    repo.commit("two", {source: RESET % line})
    relation = relate(repo.path, "HEAD", about)
    codes = [one.code for one in relation.statements]
    if how is None:
        assert relation.verdict != "touches"
        assert "written-whole" not in codes
        return
    assert (relation.verdict, codes) == ("touches", ["written-whole"])
    said = text(relation, "written-whole")
    assert f"kvm_riscv_my_reset() {how} the whole of vcpu->arch.guest_context" in said
    assert "my_context." in said
    assert [(one.path, one.line) for one in relation.statements[0].evidence] == [(source, 6), (header, 2)]


def test_the_reset_of_the_smstateen_registers_is_about_sstateen0(miniature: DemoHistory) -> None:
    relation = relate(miniature.path, "87ec7d5249bb", "sstateen0")
    assert relation.verdict == "touches"
    assert "clears the whole of vcpu->arch.smstateen_csr" in text(relation, "written-whole")
