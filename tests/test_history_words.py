"""What history says that a commit did to a name: it brought it, brought it back, moved it, wrote it anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.model import History
from kvmpatch.reports.show import ShowRequest, make_reports

CODE = "arch/riscv/kvm/vcpu.c"
OTHER = "arch/riscv/kvm/main.c"
LONG = ("first(vcpu);", "vcpu->arch.a = 1;", "second(vcpu, 2);", "vcpu->arch.b = third(vcpu);", "fourth();")
KEPT = "int kept;\n\n"


@pytest.fixture
def repo(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path / "linux")


def history(repo: Scratch, rev: str = "HEAD") -> History:
    (report,) = make_reports(ShowRequest(str(repo.path), (rev,)))
    assert report.history
    return report.history


def causes(repo: Scratch, rev: str = "HEAD") -> dict[str, tuple[str, str, str]]:
    return {
        one.id: (one.reason.code, one.reason.said.zh, one.reason.said.en) for one in history(repo, rev).introduced_by
    }


def consequences(repo: Scratch, rev: str) -> dict[str, str]:
    return {one.id: one.reason.said.en for one in history(repo, rev).followed_by}


def function(name: str, *body: str) -> str:
    return f"void {name}(struct kvm_vcpu *vcpu)\n{{\n" + "".join(f"\t{line}\n" for line in body) + "}\n\n"


def test_a_name_that_goes_to_another_function_was_there_before(repo: Scratch) -> None:
    wrapper = function("work", "lock();", "__work(vcpu);")
    repo.commit("root", {CODE: KEPT})
    brought = repo.commit("bring", {CODE: KEPT + function("work", *LONG)})
    wraps = repo.commit("wrap", {CODE: KEPT + function("__work", *LONG) + wrapper})
    repo.commit("change", {CODE: KEPT + function("__work", *LONG) + wrapper.replace("lock", "trylock")})
    assert causes(repo) == {
        brought: ("brought", "引入 work", "introduced work"),
        wraps: ("rewritten", "重写 work", "rewrote work"),
    }
    assert consequences(repo, brought)[wraps] == "work renamed to __work"
    assert consequences(repo, wraps) == {}


def test_a_function_whose_old_form_goes_from_another_file_moved(repo: Scratch) -> None:
    stub = "static int work(void)\n{\n\treturn 0;\n}\n"
    repo.commit("root", {CODE: KEPT, OTHER: KEPT})
    repo.commit("stub", {CODE: KEPT + stub})
    moves = repo.commit("move", {CODE: KEPT, OTHER: KEPT + function("work", *LONG)})
    repo.commit("change", {OTHER: KEPT + function("work", *LONG[1:])})
    assert causes(repo) == {moves: ("moved", f"work 移到 {OTHER}", f"work moved to {OTHER}")}


def test_a_second_definition_under_a_condition_is_another_one(repo: Scratch) -> None:
    one = "#ifdef ONE\n#define swap_16(x) ONE(x)\n"
    repo.commit("root", {CODE: KEPT})
    brought = repo.commit("bring", {CODE: KEPT + one + "#endif\n"})
    both = one + "#else\n#define swap_16(x) other_swap(x, 16)\n"
    second = repo.commit("second", {CODE: KEPT + both + "#endif\n"})
    repo.commit("change", {CODE: KEPT + both.replace("16)\n", "17)\n") + "#endif\n"})
    assert causes(repo) == {
        brought: ("brought", "引入 swap_16", "introduced swap_16"),
        second: ("variant", "为 swap_16 新增另一处定义", "added another definition of swap_16"),
    }


def test_a_revert_brings_back(repo: Scratch) -> None:
    text = KEPT + function("work", *LONG)
    repo.commit("root", {CODE: KEPT})
    brought = repo.commit("bring", {CODE: text})
    gone = repo.commit("remove", {CODE: KEPT})
    back = repo.commit(f'Revert "remove"\n\nThis reverts commit {gone}.\n', {CODE: text})
    repo.commit("change", {CODE: KEPT + function("work", *LONG[1:])})
    assert causes(repo) == {
        brought: ("brought", "引入 work", "introduced work"),
        back: ("restored", "恢复 work", "brought back work"),
    }


def test_who_renamed_a_function_did_not_introduce_it(repo: Scratch) -> None:
    repo.commit("root", {CODE: KEPT})
    repo.commit("bring", {CODE: KEPT + function("setup", *LONG)})
    renames = repo.commit("rename", {CODE: KEPT + function("ran_once", *LONG)})
    repo.commit("change", {CODE: KEPT + function("ran_once", *LONG[1:])})
    assert causes(repo) == {renames: ("renamed", "setup 更名为 ran_once", "setup renamed to ran_once")}


def test_what_has_the_name_of_something_gone_is_another_thing(repo: Scratch) -> None:
    text = KEPT + function("work", *LONG)
    repo.commit("root", {CODE: KEPT})
    brought = repo.commit("bring", {CODE: text})
    gone = repo.commit("remove", {CODE: KEPT})
    repo.commit("another", {CODE: KEPT + function("work", "other();")})
    repo.commit("change it", {CODE: KEPT + function("work", "another();")})
    assert consequences(repo, brought) == {gone: "removed work"}


def test_what_several_files_had_and_one_has_moved_there(repo: Scratch) -> None:
    one, two, common = "arch/arm/d.h", "arch/riscv/d.h", "include/d.h"
    zero, shared = "#define is_mapped(d) ((void)(d), 0)\n", "#define is_mapped(d) ((d)->cdf & CDF_directmap)\n"
    repo.commit("root", {one: KEPT + shared, two: KEPT, common: KEPT})
    brought = repo.commit("bring", {two: KEPT + zero})
    central = repo.commit("centralize", {one: KEPT, two: KEPT, common: KEPT + shared})
    assert consequences(repo, brought) == {central: f"is_mapped moved to {common}"}


def test_of_two_definitions_none_is_new_where_one_came_from_elsewhere(repo: Scratch) -> None:
    inline = "static inline int is_set(struct kvm_vcpu *vcpu)\n{\n\treturn vcpu->arch.efer & EFER_LME;\n}\n"
    both = (
        f"#ifdef CONFIG_64BIT\n{inline}#else\nstatic int is_set(struct kvm_vcpu *vcpu)\n{{\n\treturn 0;\n}}\n#endif\n"
    )
    repo.commit("root", {CODE: KEPT, OTHER: KEPT})
    repo.commit("bring", {OTHER: KEPT + inline})
    moves = repo.commit("move", {CODE: KEPT + both, OTHER: KEPT})
    repo.commit("change", {CODE: KEPT + both.replace("return 0", "return 1")})
    assert causes(repo)[moves][0] == "moved"
