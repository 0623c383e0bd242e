"""What a commit needs before it can go into a target, and what the target has elsewhere.

Small histories made for one question each, and the miniature's older branches. What is expected of the miniature was
read from its patches, which bear the numbers used here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from backport_scratch import asking, of_kind
from repo_scratch import Scratch

from kvmpatch.analysis.prerequisites import argument_count, folders_around, parameter_counts
from kvmpatch.model.backport import Prerequisite
from kvmpatch.reports.backport.needs import NeedsFinder
from kvmpatch.sources.demo import DemoHistory, lay_down


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


class Unhurried(Scratch):
    """Hours lie between commits."""

    def when(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        self._clock += 7200
        return super().when(env)


HEADER = "struct widget {\n\tint width;\n\tint height;\n};\n\nint widget_area(struct widget *w);\n"


def source(*functions: str, top: str = "") -> str:
    return '#include "widget.h"\n' + top + "\n" + "\n".join(functions)


def function(name: str, *body: str, parameters: str = "struct widget *w") -> str:
    return f"int {name}({parameters})\n{{\n" + "".join(f"\t{line}\n" for line in body) + "}\n"


AREA = function("widget_area", "return w->width * w->height;")
EDGE = function("widget_edge", "return 2 * (w->width + w->height);")


@pytest.fixture
def repo(tmp_path: Path) -> Scratch:
    """`main` goes on, `stable` stands where it left."""
    made = Unhurried(tmp_path / "repo")
    files: dict[str | bytes, str | bytes | None] = {
        "lib/widget.h": HEADER,
        "lib/area.c": source(AREA),
        "lib/edge.c": source(EDGE),
        "lib/other.c": "int other(void)\n{\n\treturn 0;\n}\n",
    }
    made.commit("lib: begin", files)
    made.git("branch", "stable")
    return made


def needs(repo: Scratch | DemoHistory, rev: str, onto: str = "stable") -> tuple[Prerequisite, ...]:
    with asking(repo.path, onto) as ask:
        return ask.needs(rev)


def needed(repo: Scratch | DemoHistory, rev: str, onto: str = "stable") -> list[str]:
    return of_kind(needs(repo, rev, onto), "needed")


# ---- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("brings", "use"),
    [
        ({"lib/widget.h": HEADER + "\n#define WIDGET_LARGEST 64\n"}, "return WIDGET_LARGEST;"),
        ({"lib/widget.h": HEADER + "\nint widget_depth(struct widget *w);\n"}, "return widget_depth(w);"),
        ({"lib/widget.h": HEADER.replace("\tint height;", "\tint height;\n\tint depth;")}, "return w->depth;"),
        ({"lib/widget.h": HEADER + "\nstruct frame {\n\tint border;\n};\n"}, "return sizeof(struct frame);"),
        ({"lib/widget.h": HEADER + "\nenum tone {\n\tTONE_DARK,\n\tTONE_PALE,\n};\n"}, "return TONE_PALE;"),
    ],
)
def test_what_brings_a_name_that_the_target_lacks_is_needed(
    repo: Scratch, brings: dict[str | bytes, str | bytes | None], use: str
) -> None:
    bringing = repo.commit("lib: bring it", brings)
    repo.commit("lib: something else", {"lib/other.c": "int other(void)\n{\n\treturn 1;\n}\n"})
    using = repo.commit("lib: use it", {"lib/edge.c": source(EDGE, function("widget_use", use))})
    found = [one for one in needs(repo, using) if one.kind == "needed"]
    assert [one.id for one in found] == [bringing]
    assert found[0].of == using
    reason = found[0].because[0]
    assert reason.code in {"brings-name", "declares-name"}
    definition, called = reason.evidence
    assert (definition.commit, definition.path) == (bringing, "lib/widget.h")
    text = str(brings["lib/widget.h"]).split("\n")[(definition.line or 0) - 1]
    assert text.strip() == definition.text
    assert (called.commit, called.path, called.text) == (using, "lib/edge.c", use)


def test_a_name_that_the_target_has_in_another_file_is_not_needed(repo: Scratch) -> None:
    limit = "#define WIDGET_LARGEST 64\n"
    repo.commit("lib: bring it", {"lib/widget.h": HEADER + limit})
    using = repo.commit("lib: use it", {"lib/edge.c": source(EDGE, function("widget_use", "return WIDGET_LARGEST;"))})
    assert len(needed(repo, using)) == 1
    repo.git("checkout", "-q", "stable")
    repo.commit("lib: the same, elsewhere", {"lib/limits.h": limit})
    assert needed(repo, using) == []


def test_a_field_is_missing_though_another_structure_has_one_of_that_name(repo: Scratch) -> None:
    repo.commit("lib: a frame", {"lib/frame.h": "struct frame {\n\tint depth;\n};\n"})
    repo.git("branch", "-f", "stable")
    deep = repo.commit("lib: depth", {"lib/widget.h": HEADER.replace("\tint height;", "\tint height;\n\tint depth;")})
    using = repo.commit("lib: use it", {"lib/edge.c": source(EDGE, function("widget_use", "return w->depth;"))})
    assert needed(repo, using) == [deep]


def test_a_symbol_of_kconfig_is_a_name(repo: Scratch) -> None:
    base = 'config WIDGET\n\tbool "Widgets"\n'
    repo.commit("lib: options", {"lib/Kconfig": base})
    repo.git("branch", "-f", "stable")
    option = repo.commit("lib: an option", {"lib/Kconfig": base + "\nconfig WIDGET_FRAMES\n\tbool\n"})
    body = "return IS_ENABLED(CONFIG_WIDGET_FRAMES);"
    using = repo.commit("lib: use it", {"lib/edge.c": source(EDGE, function("widget_use", body))})
    assert needed(repo, using) == [option]


def test_names_that_the_commit_brings_itself_are_not_needed(repo: Scratch) -> None:
    both = repo.commit(
        "lib: bring and use",
        {
            "lib/widget.h": HEADER + "\n#define WIDGET_LARGEST 64\n",
            "lib/edge.c": source(EDGE, function("widget_use", "return WIDGET_LARGEST;")),
        },
    )
    assert needs(repo, both) == ()


def test_a_hunk_in_what_the_target_does_not_have_asks_for_nothing(repo: Scratch) -> None:
    frame = function("widget_frame", "return 0;")
    repo.commit("lib: frames", {"lib/widget.h": HEADER + "\n#define FRAME 4\n", "lib/edge.c": source(EDGE, frame)})
    changed = function("widget_frame", "return FRAME;")
    alone = repo.commit("lib: frames have a size", {"lib/edge.c": source(EDGE, changed)})
    mixed = repo.commit(
        "lib: sizes are counted twice",
        {
            "lib/edge.c": source(EDGE, function("widget_frame", "return 2 * FRAME;")),
            "lib/area.c": source(function("widget_area", "return 2 * w->width * w->height;")),
        },
    )
    assert len(needed(repo, alone)) == 1  # it belongs to what is missing
    assert needed(repo, mixed) == []  # its part for the target is whole without


def test_a_function_with_fewer_parameters_in_the_target_is_not_the_one_that_is_called(repo: Scratch) -> None:
    wide = HEADER.replace("widget_area(struct widget *w)", "widget_area(struct widget *w,\n\t\tint scale)")
    widened = repo.commit(
        "lib: scale areas",
        {
            "lib/widget.h": wide,
            "lib/area.c": source(
                function("widget_area", "return scale * w->width;", parameters="struct widget *w, int scale")
            ),
        },
    )
    using = repo.commit(
        "lib: use it", {"lib/edge.c": source(EDGE, function("widget_use", "return widget_area(w, 3);"))}
    )
    found = [one for one in needs(repo, using) if one.kind == "needed"]
    assert [one.id for one in found] == [widened]
    reason = found[0].because[0]
    assert reason.code == "changes-signature"
    assert "widget_area" in reason.said.en
    assert "passes 2" in reason.said.en
    assert "takes 1" in reason.said.en


def test_what_a_message_names_is_needed(repo: Scratch) -> None:
    first = repo.commit("lib: one", {"lib/other.c": "int other(void)\n{\n\treturn 1;\n}\n"})
    told = f"lib: two\n\nIt leans on that.\n\nDepends-on: {first[:12]}\nSigned-off-by: A Developer <dev@example.org>\n"
    second = repo.commit(told, {"lib/edge.c": source(EDGE + "\n")})
    found = [one for one in needs(repo, second) if one.kind == "needed"]
    assert [(one.id, one.because[0].code) for one in found] == [(first, "said-to-be-needed")]
    assert found[0].because[0].evidence[0].text == f"Depends-on: {first[:12]}"


# ---- what is in already, and what leads on -------------------------------------------------------------------------


def chain(repo: Scratch, length: int) -> list[str]:
    """Each commit brings a function that calls the one before it."""
    made = []
    header, functions = HEADER, [EDGE]
    for number in range(length):
        header += f"int step_{number:02}(struct widget *w);\n"
        body = f"return step_{number - 1:02}(w);" if number else "return 0;"
        functions.append(function(f"step_{number:02}", body))
        made.append(repo.commit(f"lib: step {number}", {"lib/widget.h": header, "lib/edge.c": source(*functions)}))
    return made


def test_prerequisites_of_prerequisites_are_found_oldest_first(repo: Scratch) -> None:
    steps = chain(repo, 4)
    using = repo.commit("lib: use it", {"lib/other.c": source(function("other", "return step_03(w);"))})
    found = needs(repo, using)
    assert of_kind(found, "needed") == steps
    assert [one.of for one in found] == [*steps[1:], using]


def test_how_far_they_are_followed_is_bounded_and_told(repo: Scratch) -> None:
    steps = []
    for number in range(10):
        body = f"return step_{number - 1:02}();" if number else "return 0;"
        text = f'#include "step_{number - 1:02}.h"\n\nstatic inline int step_{number:02}(void)\n{{\n\t{body}\n}}\n'
        steps.append(repo.commit(f"lib: step {number}", {f"lib/step_{number:02}.h": text}))
    use = '#include "step_09.h"\n' + function("other", "return step_09();")
    using = repo.commit("lib: use it", {"lib/other.c": use})
    with asking(repo.path, "stable") as ask:
        assert of_kind(ask.needs(using), "needed") == steps[-7:]
        assert ask.patience.stopped == ["prerequisite-depth"]


def test_what_the_target_has_under_another_id_is_left_out(repo: Scratch) -> None:
    steps = chain(repo, 2)
    using = repo.commit("lib: use it", {"lib/other.c": source(function("other", "return step_01(w);"))})
    repo.git("checkout", "-q", "stable")
    repo.git("cherry-pick", "-x", steps[0], env=repo.when())
    assert repo.git("rev-parse", "HEAD") != steps[0]
    assert of_kind(needs(repo, using), "needed") == [steps[1]]


def test_a_prerequisite_that_the_target_has_in_part_is_kept_and_told(repo: Scratch) -> None:
    two = HEADER + "\n#define WIDGET_LARGEST 64\n"
    wide = source(function("widget_area", "return w->width * w->height * WIDGET_SCALE_OF_AREA;"))
    brings = repo.commit(
        "lib: the largest widget and its scale",
        {"lib/widget.h": two + "#define WIDGET_SMALLEST 2\n", "lib/area.c": wide},
    )
    using = repo.commit("lib: use it", {"lib/edge.c": source(EDGE, function("widget_use", "return WIDGET_SMALLEST;"))})
    repo.git("checkout", "-q", "stable")
    message = f"lib: the largest widget and its scale\n\ncommit {brings} upstream.\n"
    repo.commit(message, {"lib/area.c": wide})
    found = needs(repo, using)
    assert of_kind(found, "needed") == [brings]
    assert [reason.code for reason in found[0].because] == ["brings-name", "partly-there"]


def test_a_shallow_clone_says_that_there_may_be_more(repo: Scratch, tmp_path: Path) -> None:
    chain(repo, 3)
    repo.commit("lib: use it", {"lib/other.c": source(function("other", "return step_02(w);"))})
    clone = tmp_path / "clone"
    repo.git("clone", "-q", "--depth=2", "--no-single-branch", f"file://{repo.path}", str(clone))
    with asking(clone, "origin/stable") as ask:
        ask.needs("HEAD")
        assert "shallow" in ask.patience.stopped


# ---- lines ---------------------------------------------------------------------------------------------------------


def test_who_wrote_the_lines_around_is_told_where_the_commit_conflicts(repo: Scratch) -> None:
    wrote = repo.commit("lib: another line", {"lib/edge.c": source(function("widget_edge", "log_it(w);", "return 1;"))})
    using = repo.commit(
        "lib: a third", {"lib/edge.c": source(function("widget_edge", "log_it(w);", "check(w);", "return 1;"))}
    )
    apart = repo.commit("lib: elsewhere", {"lib/area.c": source(AREA, EDGE.replace("edge", "rim"))})
    found = needs(repo, using)
    assert of_kind(found, "textual") == [wrote]
    reason = found[0].because[0]
    assert reason.code == "wrote-lines"
    assert {one.text for one in reason.evidence} == {"log_it(w);", "return 1;"}
    assert of_kind(needs(repo, apart), "textual") == []


def test_lines_around_that_the_target_lacks_are_no_matter_where_nothing_conflicts(repo: Scratch) -> None:
    lines = [f"int value{number:02};\n" for number in range(30)]
    repo.commit("lib: values", {"lib/values.c": "".join(lines)})
    repo.git("branch", "-f", "stable")
    lines[10] = "long value10;\n"
    repo.commit("lib: a longer one", {"lib/values.c": "".join(lines)})
    lines[12] = "long value12;\n"
    another = repo.commit("lib: another", {"lib/values.c": "".join(lines)})
    assert "long value10;" in repo.git("show", another)
    assert of_kind(needs(repo, another), "textual") == []


def test_of_many_candidates_it_is_told_what_was_left_out(miniature: DemoHistory) -> None:
    with asking(miniature.path, "linux-6.1.y") as ask:
        center = ask.center(miniature.id_of("0018"))
        short = NeedsFinder(ask.target, ask.presences, ask.patience, in_full=False).find(center)
        assert ask.patience.stopped == ["bulk"]
        full = NeedsFinder(ask.target, ask.presences, ask.patience).find(center)
    assert of_kind(short, "needed") == of_kind(full, "needed")
    assert set(of_kind(short, "textual")) < set(of_kind(full, "textual"))


def test_what_only_changes_the_same_function_is_incidental(repo: Scratch) -> None:
    body = [f"step({number});" for number in range(12)]
    repo.commit("lib: long", {"lib/edge.c": source(function("widget_edge", *body))})
    repo.git("branch", "-f", "stable")
    body[0] = "first();"
    beside = repo.commit("lib: the first step", {"lib/edge.c": source(function("widget_edge", *body))})
    body[11] = "last();"
    last = repo.commit("lib: the last step", {"lib/edge.c": source(function("widget_edge", *body))})
    found = needs(repo, last)
    assert [(one.id, one.kind, one.because[0].code) for one in found] == [(beside, "incidental", "changes-same")]


# ---- elsewhere in the target ---------------------------------------------------------------------------------------


def test_what_stands_in_another_file_of_the_target_is_told_and_not_needed(repo: Scratch) -> None:
    repo.commit("lib: edges with areas", {"lib/edge.c": None, "lib/area.c": source(AREA, EDGE)})
    longer = function("widget_edge", "check(w);", "return 2 * (w->width + w->height);")
    fix = repo.commit("lib: check", {"lib/area.c": source(AREA, longer)})
    with asking(repo.path, "stable") as ask:
        (risk,) = ask.relocated(fix)
        assert (risk.code, risk.level) == ("moved-in-target", "warning")
        assert risk.evidence[0].path == "lib/edge.c"
        assert risk.evidence[0].commit == ask.target.id
        assert of_kind(ask.needs(fix), "needed") == []


def test_what_has_another_name_in_the_target_is_told(repo: Scratch) -> None:
    body = ["check(w);", "if (!w->width)", "\treturn 0;", "return 2 * (w->width + w->height);"]
    repo.commit("lib: check", {"lib/edge.c": source(function("widget_edge", *body))})
    repo.git("branch", "-f", "stable")
    repo.commit("lib: rename", {"lib/edge.c": source(function("widget_rim", *body))})
    fix = repo.commit("lib: log", {"lib/edge.c": source(function("widget_rim", "log_it(w);", *body))})
    with asking(repo.path, "stable") as ask:
        (risk,) = ask.relocated(fix)
    assert risk.code == "renamed-in-target"
    assert "widget_edge" in risk.said.en
    assert "widget_rim" in risk.said.zh


def test_where_all_stands_as_it_did_nothing_is_told(repo: Scratch) -> None:
    fix = repo.commit("lib: check", {"lib/edge.c": source(function("widget_edge", "return 0;"))})
    with asking(repo.path, "stable") as ask:
        assert ask.relocated(fix) == ()


# ---- the miniature -------------------------------------------------------------------------------------------------


def ids(miniature: DemoHistory, *numbers: str) -> set[str]:
    return {miniature.id_of(number) for number in numbers}


def test_hstateen0_needs_its_extension_its_structure_and_ssaia(miniature: DemoHistory) -> None:
    # 0018 adds `case KVM_RISCV_ISA_EXT_SSAIA` (0008 brings it), asks for RISCV_ISA_EXT_SMSTATEEN (0015) and extends
    # struct kvm_vcpu_config (0017); linux-6.1.y left after 0005.
    assert set(needed(miniature, miniature.id_of("0018"), "linux-6.1.y")) == ids(miniature, "0008", "0015", "0017")


def test_sstateen0_in_one_reg_needs_what_saves_it(miniature: DemoHistory) -> None:
    # 0021 reads struct kvm_vcpu_smstateen_csr of 0020, which tests cfg->hstateen0 of 0018, and so on.
    expected = ids(miniature, "0008", "0015", "0017", "0018", "0020")
    assert set(needed(miniature, miniature.id_of("0021"), "linux-6.1.y")) == expected


def test_a_branch_that_took_them_under_other_ids_needs_nothing(miniature: DemoHistory) -> None:
    # 0201 and 0202 are 0015 and 0017 on OLK-6.6, by their inclusion heads; 0008 is in its history.
    assert needs(miniature, miniature.id_of("0018"), "OLK-6.6") == ()


def test_the_file_that_an_older_branch_does_not_have_yet(miniature: DemoHistory) -> None:
    with asking(miniature.path, "linux-6.1.y") as ask:
        told = {(risk.code, risk.said.en) for risk in ask.relocated(miniature.id_of("0021"))}
        textual = of_kind(ask.needs(miniature.id_of("0021")), "textual")
    place = "is in arch/riscv/kvm/vcpu.c in the target, not in arch/riscv/kvm/vcpu_onereg.c"
    names = ("kvm_riscv_vcpu_get_reg_csr", "kvm_riscv_vcpu_set_reg_csr")
    assert told == {("moved-in-target", f"{name} {place}") for name in names}
    assert miniature.id_of("0007") in textual  # it makes that file


# ---- counting ------------------------------------------------------------------------------------------------------


def test_parameters_and_arguments_are_counted() -> None:
    text = (
        b"#define scale(a, b) ((a) * (b))\n"
        b"int none(void);\n"
        b"int\nsplit(int (*done)(int, int),\n      char s[])\n{\n\treturn none() + scale(1, f(2, 3));\n}\n"
        b"int varied(const char *form, ...);\n"
        b"\tnone(1, 2, 3);\n"
    )
    counts = parameter_counts(text, ["scale", "none", "split", "varied"])
    assert counts == {"scale": {2}, "none": {0}, "split": {2}, "varied": {None}}
    assert argument_count(text, "scale", 7) == 2
    assert argument_count(text, "none", 7) == 0
    assert argument_count(text, "absent", 7) is None


def test_names_are_looked_for_where_code_has_them_from() -> None:
    assert folders_around(["arch/riscv/kvm/vcpu.c", "virt/kvm/kvm_main.c"]) == (
        "arch/riscv",
        "include",
        "arch/include",
        "virt/kvm",
        "virt/include",
    )
