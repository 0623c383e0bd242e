"""Each reason says what the other commit did: not that who moved, renamed or wrote anew a thing brought it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from repo_scratch import Scratch, Unhurried

from kvmpatch.model.related import Related
from kvmpatch.reports.related import RelatedRequest, make_related

LONG = ("first(vcpu);", "vcpu->arch.a = 1;", "second(vcpu, 2);", "vcpu->arch.b = third(vcpu);", "fourth();")
KEPT = "int kept;\n\n"


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Unhurried(tmp_path / "repo")


def reasons(repo: Scratch, rev: str, group: str, **more: Any) -> dict[str, list[tuple[str | None, str, str]]]:
    """By commit of a group: its kind and what is said of it, in both languages."""
    related: Related = make_related(RelatedRequest(start=str(repo.path), rev=rev, **more))
    commits = next(one.commits for one in related.groups if one.id == group)
    return {one.id: [(one.kind, why.said.zh, why.said.en) for why in one.reasons] for one in commits or ()}


def function(name: str, *body: str, returns: str = "void") -> str:
    return f"{returns} {name}(struct kvm_vcpu *vcpu)\n{{\n" + "".join(f"\t{line}\n" for line in body) + "}\n\n"


# ---- lines of the context ----------------------------------------------------------------------------------------


def test_who_moved_a_file_wrote_none_of_its_lines(scratch: Scratch) -> None:
    lines = [f"int line_number_{number};" for number in range(12)]
    text = "\n".join([*lines, ""])
    scratch.commit("root\n", {"other": "0\n"})
    wrote = scratch.commit("write\n", {"old/a.c": text})
    moves = scratch.commit("move\n", {"old/a.c": None, "new/a.c": text})
    added = text.replace(lines[6], f"{lines[6]}\nint new_line;")
    leans = scratch.commit("lean\n", {"new/a.c": added})
    me = leans[:12]
    assert reasons(scratch, leans, "prerequisite") == {
        wrote: [("textual", f"{me} 的补丁上下文中有它加入的 6 行", f"6 lines it added are context of {me}")],
        moves: [
            (
                "textual",
                f"把 old/a.c 移为 new/a.c，{me} 的补丁上下文有 6 行在其中",
                f"moved old/a.c to new/a.c, where 6 lines of the context of {me} stand",
            )
        ],
    }


# ---- definitions -------------------------------------------------------------------------------------------------


def test_a_macro_that_became_a_function_of_another_header_was_moved(scratch: Scratch) -> None:
    scratch.commit("root\n", {"a.h": "\n", "b.h": "\n", "c.c": '#include "b.h"\n'})
    scratch.commit("bring\n", {"a.h": "#define say_it(x) print(x)\n"})
    inline = "static inline void say_it(int x)\n{\n\tprint(x);\n}\n"
    moves = scratch.commit("move\n", {"a.h": "\n", "b.h": inline})
    uses = scratch.commit("use\n", {"c.c": '#include "b.h"\n' + function("c", "say_it(1);")})
    assert moves not in reasons(scratch, uses, "prerequisite")


def test_a_header_that_copies_a_macro_from_another_does_not_bring_it(scratch: Scratch) -> None:
    macro = "#define __after_init __section(1)\n"
    scratch.commit("root\n", {"include/a.h": "\n", "include/b.h": "\n", "c.c": '#include "include/b.h"\n'})
    scratch.commit("bring\n", {"include/a.h": macro})
    copies = scratch.commit("copy\n", {"include/a.h": "/* leave it */\n" + macro, "include/b.h": macro})
    use = "int __after_init value = 1;\n"
    uses = scratch.commit("use\n", {"c.c": '#include "include/b.h"\n' + use})
    assert copies not in reasons(scratch, uses, "prerequisite")


def test_what_another_architecture_has_is_new_here(scratch: Scratch) -> None:
    here, there = "arch/riscv/include/asm/current.h", "arch/arm/include/asm/current.h"
    macro = "#define current_one get_it()\n"
    source = "#include <asm/current.h>\n"
    scratch.commit("root\n", {here: "\n", there: macro, "arch/riscv/c.c": source})
    brings = scratch.commit("bring\n", {here: macro, there: "\n" + macro})
    uses = scratch.commit("use\n", {"arch/riscv/c.c": source + function("c", "x = current_one;")})
    assert reasons(scratch, uses, "prerequisite")[brings] == [
        ("needed", f"引入 {uses[:12]} 用到的 current_one", f"brings current_one, used by {uses[:12]}")
    ]


def test_a_macro_of_one_source_is_nothing_to_another(scratch: Scratch) -> None:
    header = "#define page_of(x) (x)\n"
    scratch.commit("root\n", {"h.h": header, "a.c": "int a;\n", "b.c": '#include "h.h"\n'})
    private = scratch.commit("private\n", {"a.c": "int a;\n#undef page_of\n#define page_of(x) own(x)\n"})
    both: dict[str | bytes, str | bytes | None] = {
        "a.c": "int a;\nint more;\n#undef page_of\n#define page_of(x) own(x)\n",
        "b.c": '#include "h.h"\n' + function("b", "x = page_of(y);"),
    }
    uses = scratch.commit("use\n", both)
    needed = [
        one for one, said in reasons(scratch, uses, "prerequisite").items() if any(why[0] == "needed" for why in said)
    ]
    assert private not in needed


def test_a_field_of_a_structure_that_had_another_name(scratch: Scratch) -> None:
    text = "struct %s {\n\tint one;\n};\n"
    scratch.commit("root\n", {"h.h": text % "exec_domain", "a.c": '#include "h.h"\n'})
    grown = (text % "exec_domain").replace("one;\n", "one;\n\tint vcpu_number;\n")
    brings = scratch.commit("bring\n", {"h.h": grown})
    scratch.commit("rename\n", {"h.h": grown.replace("exec_domain", "vcpu")})
    uses = scratch.commit("use\n", {"a.c": '#include "h.h"\n' + function("a", "x = v->vcpu_number;")})
    assert reasons(scratch, uses, "prerequisite")[brings] == [
        ("needed", f"引入 {uses[:12]} 用到的 vcpu_number", f"brings vcpu_number, used by {uses[:12]}")
    ]


def test_a_revert_brings_back_what_is_used(scratch: Scratch) -> None:
    old, text = "#define THE_LIMIT 3\n", "#define THE_LIMIT 3\n"
    scratch.commit("root\n", {"h.h": "\n", "a.c": '#include "h.h"\n'})
    gone = "0123456789abcdef0123456789abcdef01234567"
    back = scratch.commit(f'Revert "drop it"\n\nThis reverts commit {gone}.\n', {"h.h": old})
    uses = scratch.commit("use\n", {"h.h": text, "a.c": '#include "h.h"\n' + function("a", "x = THE_LIMIT;")})
    assert reasons(scratch, uses, "prerequisite")[back] == [
        ("needed", f"恢复 {uses[:12]} 用到的 THE_LIMIT", f"brings back THE_LIMIT, used by {uses[:12]}")
    ]


def test_who_wrote_a_function_anew_is_a_textual_prerequisite(scratch: Scratch) -> None:
    wrapper = function("work", "lock();", "__work(vcpu);")
    scratch.commit("root\n", {"a.c": KEPT})
    scratch.commit("bring\n", {"a.c": KEPT + function("work", *LONG)})
    wraps = scratch.commit("wrap\n", {"a.c": KEPT + function("__work", *LONG) + wrapper})
    text = KEPT + function("__work", *LONG) + wrapper.replace("lock", "trylock")
    changes = scratch.commit("change\n", {"a.c": text})
    kind, zh, en = reasons(scratch, changes, "prerequisite")[wraps][0]
    assert (kind, zh, en) == (
        "textual", f"重写 work（{changes[:12]} 改动了它）", f"rewrote work (changed by {changes[:12]})"
    )  # fmt: skip


def test_a_constant_whose_number_only_shifts(scratch: Scratch) -> None:
    names = [f"NUMBER_{place}_ID" for place in range(8)]

    def text(*constants: str) -> str:
        return "enum which {\n" + "".join(f"\t{one},\n" for one in constants) + "};\n"

    scratch.commit("root\n", {"h.h": text(*names)})
    last = scratch.commit("last\n", {"h.h": text(*names, "LAST_ID")})
    shifts = scratch.commit("shift\n", {"h.h": text(names[0], "BETWEEN_ID", *names[1:], "LAST_ID")})
    assert reasons(scratch, shifts, "same-symbol")[last] == [
        (
            None,
            f"引入 LAST_ID（{shifts[:12]} 在它前面加了别的，数值随之变化）",
            f"introduced LAST_ID (its number shifts in {shifts[:12]})",
        )
    ]


def test_an_attribute_before_a_name_is_not_declared(scratch: Scratch) -> None:
    start: dict[str | bytes, str | bytes | None] = {"h.h": "int first_one(int *value);\n", "a.c": '#include "h.h"\n'}
    scratch.commit("root\n", start)
    declares = scratch.commit(
        "declare\n", {"h.h": "int first_one(int *value);\nint __nonnull(1) second_one(int *value);\n"}
    )
    uses = scratch.commit(
        "use\n", {"a.c": '#include "h.h"\nint __nonnull(1) third(int *v)\n{\n\treturn second_one(v);\n}\n'}
    )
    assert reasons(scratch, uses, "prerequisite")[declares] == [
        ("needed", f"声明 {uses[:12]} 用到的 second_one", f"declares second_one, used by {uses[:12]}")
    ]


# ---- what came later ---------------------------------------------------------------------------------------------


def test_what_followed_says_how_the_commit_brought_it(scratch: Scratch) -> None:
    scratch.commit("root\n", {"a.c": KEPT})
    brings = scratch.commit("bring\n", {"a.c": KEPT + function("setup", *LONG)})
    renames = scratch.commit("rename\n", {"a.c": KEPT + function("ran_once", *LONG)})
    changes = scratch.commit("change\n", {"a.c": KEPT + function("ran_once", *LONG[1:])})
    gone = scratch.commit("remove\n", {"a.c": KEPT})
    back = scratch.commit(
        f'Revert "remove"\n\nThis reverts commit {gone}.\n', {"a.c": KEPT + function("ran_once", *LONG[1:])}
    )
    again = scratch.commit("change again\n", {"a.c": KEPT + function("ran_once", *LONG[2:])})
    mine = {rev: reasons(scratch, rev, "follow-up") for rev in (brings, renames, back)}
    assert mine[brings][renames][0][1:] == (
        f"setup 更名为 ran_once（{brings[:12]} 引入）", f"setup renamed to ran_once (brought by {brings[:12]})"
    )  # fmt: skip
    assert mine[brings][changes][0][1:] == (
        f"修改 ran_once（{brings[:12]} 引入，当时另有其名）",
        f"changed ran_once (brought by {brings[:12]} under another name)",
    )
    assert mine[renames][changes][0][1:] == (
        f"修改 ran_once（{renames[:12]} 改名而来）", f"changed ran_once (renamed by {renames[:12]})"
    )  # fmt: skip
    assert mine[back][again][0][1:] == (
        f"修改 ran_once（{back[:12]} 恢复）", f"changed ran_once (brought back by {back[:12]})"
    )  # fmt: skip
    assert again not in mine[renames]


def test_a_use_of_a_field_that_the_commit_only_moved(scratch: Scratch) -> None:
    before = "struct vcpu {\n\tint number;\n\tint io_state;\n};\n"
    after = "struct vcpu {\n\tint number;\n};\n\nstruct io {\n\tint io_state;\n\tint io_count;\n};\n"
    scratch.commit("root\n", {"x/h.h": before, "x/a.c": '#include "h.h"\n'})
    moves = scratch.commit("move\n", {"x/h.h": after})
    uses = scratch.commit(
        "use\n", {"x/h.h": after, "x/a.c": '#include "h.h"\n' + function("a", "v->io_state = v->number;")}
    )
    more = scratch.commit(
        "more\n", {"x/a.c": '#include "h.h"\n' + function("b", "v->io_state = 1;", "v->io_count = 2;")}
    )
    mine = reasons(scratch, moves, "follow-up")
    me = moves[:12]
    assert mine[uses] == [(None, f"用到 {me} 搬移的 io_state", f"uses io_state, moved by {me}")]
    assert mine[more] == [
        (
            None,
            f"用到 {me} 引入的 io_count、搬移的 io_state",
            f"uses io_count, brought by {me}, and io_state, moved by {me}",
        )
    ]
