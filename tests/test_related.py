"""Which commits belong together, and why: on small histories made for one relation each, and on the miniature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from repo_scratch import Scratch, Unhurried

from kvmpatch.errors import UnknownRevision, Unreadable, UsageError
from kvmpatch.model.related import GROUPS, Related, RelatedCommit
from kvmpatch.reports.related import RelatedRequest, make_related
from kvmpatch.sources.demo import DemoHistory, lay_down


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


@pytest.fixture(scope="module")
def senvcfg(miniature: DemoHistory) -> Related:
    return ask(miniature, grep=("senvcfg",))


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Unhurried(tmp_path / "repo")


def ask(repo: Scratch | DemoHistory, rev: str | None = None, **more: Any) -> Related:
    return make_related(RelatedRequest(start=str(repo.path), rev=rev, **more))


def group(related: Related, name: str) -> tuple[RelatedCommit, ...]:
    commits = next(one.commits for one in related.groups if one.id == name)
    assert commits is not None
    return commits


def ids(related: Related, name: str) -> list[str]:
    return [one.id for one in group(related, name)]


def codes(related: Related, name: str) -> dict[str, list[str]]:
    return {one.id: [reason.code for reason in one.reasons] for one in group(related, name)}


def kinds(related: Related) -> set[tuple[str, str, str]]:
    return {(edge.from_, edge.to, edge.kind) for edge in related.edges}


def function(name: str, *body: str) -> str:
    return f"void {name}(void)\n{{\n" + "".join(f"\t{line}\n" for line in body) + "}\n"


# ---- what an answer looks like -----------------------------------------------------------------------------------


def test_every_group_is_there_in_the_order_of_the_contract(scratch: Scratch) -> None:
    scratch.commit("one\n", {"a.c": "int a;\n"})
    related = ask(scratch)
    assert related.schema == "kvmpatch.related/1"
    assert tuple(one.id for one in related.groups) == GROUPS
    assert related.query.rev == "HEAD"
    assert related.commit is not None
    assert related.commit.subject == "one"
    assert all(one.commits == () for one in related.groups)


def test_a_reason_has_evidence(senvcfg: Related) -> None:
    related = senvcfg
    reasons = [reason for one in related.groups for commit in one.commits or () for reason in commit.reasons]
    assert len(reasons) > 20
    assert all(reason.evidence for reason in reasons)


def test_edges_lead_between_commits_that_are_shown(senvcfg: Related) -> None:
    related = senvcfg
    shown = {commit.id for one in related.groups for commit in one.commits or ()}
    assert related.edges
    assert all(edge.from_ in shown and edge.to in shown for edge in related.edges)


def test_an_unknown_revision_and_a_bad_pattern(scratch: Scratch) -> None:
    scratch.commit("one\n")
    with pytest.raises(UnknownRevision):
        ask(scratch, "nosuch")
    with pytest.raises(UsageError):
        ask(scratch, grep=(r"\(",))


# ---- the golden case: senvcfg ------------------------------------------------------------------------------------

SERIES = ("0015", "0016", "0017", "0018", "0019", "0020", "0021")


def test_senvcfg_brings_the_seven_commits_of_its_series(miniature: DemoHistory, senvcfg: Related) -> None:
    related = senvcfg
    assert ids(related, "series")[:7] == [miniature.id_of(number) for number in SERIES]
    reason = next(one for one in group(related, "series") if one.id == miniature.id_of("0019")).reasons[0]
    assert reason.said.en == "5 of 7 in its series (inferred from author and date)"


def test_senvcfg_brings_the_selftest_and_the_later_fixes(miniature: DemoHistory, senvcfg: Related) -> None:
    related = senvcfg
    assert set(ids(related, "match")) == {miniature.id_of(number) for number in ("0018", "0019", "0024", "0038")}
    assert ids(related, "fix") == [miniature.id_of("0040"), miniature.id_of("0049")]
    assert (miniature.id_of("0040"), miniature.id_of("0020"), "fixes") in kinds(related)
    assert (miniature.id_of("0049"), miniature.id_of("0021"), "fixes") in kinds(related)


def test_senvcfg_is_told_what_it_needs(miniature: DemoHistory, senvcfg: Related) -> None:
    related = senvcfg
    needed = {one.id: one.kind for one in group(related, "prerequisite")}
    assert needed[miniature.id_of("0017")] == "needed"  # kvm_vcpu_config gains hstateen0
    assert needed[miniature.id_of("0015")] == "needed"  # RISCV_ISA_EXT_SMSTATEEN is asked for
    assert miniature.id_of("0000") not in needed  # what was there from the start everybody has


def test_the_selftest_is_a_follow_up_of_the_commit_itself(miniature: DemoHistory) -> None:
    related = ask(miniature, miniature.id_of("0019"))
    assert codes(related, "follow-up")[miniature.id_of("0024")] == ["uses"]
    assert ids(related, "match") == []


def test_an_upstream_id_is_found_as_a_backport(miniature: DemoHistory) -> None:
    related = ask(miniature, "db3c01c7a308")
    assert related.query.id == miniature.id_of("0019")
    assert related.query.how == "backport"
    assert miniature.id_of("0101") in ids(related, "backport")


def test_backports_of_the_whole_series_are_found_on_other_branches(miniature: DemoHistory) -> None:
    related = ask(miniature, miniature.id_of("0019"))
    assert set(ids(related, "backport")) == {miniature.id_of(number) for number in ("0101", "0201", "0202")}


def test_a_pick_of_a_pick_is_the_same_change(miniature: DemoHistory) -> None:
    related = ask(miniature, miniature.id_of("0043"))
    assert set(ids(related, "backport")) == {miniature.id_of("0102"), miniature.id_of("0203")}


def test_a_merge_has_what_it_merged_as_its_series(miniature: DemoHistory) -> None:
    related = ask(miniature, miniature.id_of("0031"))
    assert ids(related, "series") == [miniature.id_of("0029"), miniature.id_of("0030")]


# ---- prerequisites -------------------------------------------------------------------------------------------------


def test_the_commit_that_brought_a_function_is_needed(scratch: Scratch) -> None:
    scratch.commit("start\n", {"kvm/a.c": function("a", "x = 1;"), "kvm/b.c": function("b", "y = 1;")})
    brings = scratch.commit("bring\n", {"kvm/a.c": function("a", "x = 1;") + function("stop_vcpu", "x = 2;")})
    scratch.commit("other\n", {"kvm/c.c": function("c", "z = 1;")})
    uses = scratch.commit(
        "use\n", {"kvm/a.c": function("a", "x = 1;", "stop_vcpu();") + function("stop_vcpu", "x = 2;")}
    )
    related = ask(scratch, uses)
    (found,) = group(related, "prerequisite")
    assert (found.id, found.kind) == (brings, "needed")
    reason = next(one for one in found.reasons if one.code == "defines")
    assert "stop_vcpu" in reason.said.en
    assert [one.commit for one in reason.evidence] == [brings, uses]
    assert reason.evidence[1].line == 4
    assert reason.evidence[1].text == "stop_vcpu();"
    assert (uses, brings, "needs") in kinds(related)


def test_a_macro_of_an_included_header_is_needed_and_a_name_in_a_comment_is_not(scratch: Scratch) -> None:
    source = '#include <asm/csr.h>\n#include "other.h"\n'
    scratch.commit(
        "start\n",
        {
            "arch/riscv/kvm/a.c": source,
            "arch/riscv/include/asm/csr.h": "#define ONE 1\n",
            "arch/riscv/kvm/other.h": "\n",
        },
    )
    first = scratch.commit("first\n", {"arch/riscv/include/asm/csr.h": "#define ONE 1\n#define CSR_SENVCFG 0x10a\n"})
    second = scratch.commit("second\n", {"arch/riscv/kvm/other.h": "#define UNUSED_THING 3\n"})
    body = function(
        "a", "write(CSR_SENVCFG); /* UNUSED_THING */", '"UNUSED_THING";', "/*", "UNUSED_THING", " * UNUSED_THING", " */"
    )
    uses = scratch.commit("use\n", {"arch/riscv/kvm/a.c": source + body})
    related = ask(scratch, uses)
    assert first in ids(related, "prerequisite")
    assert second not in ids(related, "prerequisite")


def test_a_field_and_an_enumerator_are_needed(scratch: Scratch) -> None:
    header = "struct config {\n\tint one;\n};\nenum which {\n\tFIRST_ID,\n};\n"
    scratch.commit("start\n", {"h.h": header, "a.c": '#include "h.h"\n'})
    field = scratch.commit("field\n", {"h.h": header.replace("one;\n", "one;\n\tint henvcfg;\n")})
    both = header.replace("one;\n", "one;\n\tint henvcfg;\n").replace("FIRST_ID,\n", "FIRST_ID,\n\tSECOND_ID,\n")
    constant = scratch.commit("constant\n", {"h.h": both})
    uses = scratch.commit("use\n", {"a.c": '#include "h.h"\n' + function("a", "cfg->henvcfg = SECOND_ID;")})
    related = ask(scratch, uses)
    assert ids(related, "prerequisite") == [field, constant]
    said = {one.id: one.reasons[0].said.en for one in group(related, "prerequisite")}
    assert "config.henvcfg" in said[field]
    assert "SECOND_ID" in said[constant]


def test_what_a_commit_defines_itself_is_no_prerequisite(scratch: Scratch) -> None:
    scratch.commit("start\n", {"a.c": "int x;\n"})
    scratch.commit("gone soon\n", {"a.c": "int x;\n" + function("helper_one", "x = 1;")})
    scratch.commit("removed\n", {"a.c": "int x;\n"})
    own = scratch.commit(
        "own\n", {"a.c": "int x;\n" + function("helper_one", "x = 2;") + function("b", "helper_one();")}
    )
    assert ids(ask(scratch, own), "prerequisite") == []


def test_who_only_changed_a_definition_did_not_bring_it(scratch: Scratch) -> None:
    scratch.commit("start\n", {"a.c": "int x;\n"})
    brings = scratch.commit("bring\n", {"a.c": "int x;\n#define THE_LIMIT 4\n"})
    changes = scratch.commit("change\n", {"a.c": "int x;\n#define THE_LIMIT 8\n"})
    uses = scratch.commit("use\n", {"a.c": "int x;\n#define THE_LIMIT 8\n\n\n\n\n" + function("a", "x = THE_LIMIT;")})
    found = {one.id: one.kind for one in group(ask(scratch, uses), "prerequisite")}
    assert found[brings] == "needed"
    assert found.get(changes) != "needed"


def test_a_moved_definition_is_not_brought_by_who_moved_it(scratch: Scratch) -> None:
    macro = "#define MOVED_BIT 4\n"
    scratch.commit("start\n", {"a.h": "\n", "b.h": "\n", "c.c": '#include "b.h"\n'})
    scratch.commit("bring\n", {"a.h": macro})
    moves = scratch.commit("move\n", {"a.h": "\n", "b.h": macro})
    uses = scratch.commit("use\n", {"c.c": '#include "b.h"\n' + function("c", "x = MOVED_BIT;")})
    assert moves not in ids(ask(scratch, uses), "prerequisite")


def test_lines_of_the_context_are_a_textual_prerequisite(scratch: Scratch) -> None:
    body = ["int first_line;", "int second_line;", "int third_line;", "int last_line;"]
    scratch.commit("start\n", {"a.c": "\n".join([*body, ""])})
    wrote = scratch.commit("wrote\n", {"a.c": "\n".join([*body[:3], "int between_them;", body[3], ""])})
    leans = scratch.commit("leans\n", {"a.c": "\n".join([*body[:3], "int between_them;", "int new_one;", body[3], ""])})
    (found,) = group(ask(scratch, leans), "prerequisite")
    assert (found.id, found.kind) == (wrote, "textual")
    assert found.reasons[0].evidence[0].text == "int between_them;"
    assert found.reasons[0].evidence[0].line == 4


def test_a_line_that_stands_twice_tells_nothing(scratch: Scratch) -> None:
    scratch.commit("start\n", {"a.c": "int some_line;\nreturn value_of_it;\n"})
    scratch.commit("again\n", {"a.c": "int some_line;\nreturn value_of_it;\nint more;\nreturn value_of_it;\n"})
    leans = scratch.commit("leans\n", {"a.c": "return value_of_it;\nint more;\nreturn value_of_it;\n"})
    textual = [one for one in group(ask(scratch, leans), "prerequisite") if one.kind == "textual"]
    assert all(e.text != "return value_of_it;" for one in textual for r in one.reasons for e in r.evidence)


def test_a_commit_and_its_revert_cancel_and_are_no_prerequisites(scratch: Scratch) -> None:
    scratch.commit("start\n", {"a.c": "int one_line;\nint two_line;\n"})
    removed = scratch.commit("remove\n", {"a.c": "int one_line;\n"})
    revert = f'Revert "remove"\n\nThis reverts commit {removed}.\n'
    scratch.commit(revert, {"a.c": "int one_line;\nint two_line;\n"})
    leans = scratch.commit("leans\n", {"a.c": "int one_line;\nint two_line;\nint three_line;\n"})
    assert ids(ask(scratch, leans), "prerequisite") == []


def test_what_a_message_says_that_it_needs(scratch: Scratch) -> None:
    one = scratch.commit("needed one\n", {"a": "1\n"})
    two = scratch.commit(f'the fix\n\nFixes: {one[:12]} ("needed one")\n', {"a": "2\n"})
    three = scratch.commit(f'helper\n\nStable-dep-of: {two[:12]} ("the fix")\n', {"b": "2\n"})
    related = ask(scratch, two)
    assert codes(related, "prerequisite") == {one: ["fixed"], three: ["dependency"]}


# ---- fixes, reverts, twins, mentions -------------------------------------------------------------------------------


def test_fixes_are_followed_from_fix_to_fix(scratch: Scratch) -> None:
    first = scratch.commit("KVM: the first commit of all\n", {"a": "1\n"})
    fix = scratch.commit(f'fix it\n\nFixes: {first[:12]} ("KVM: the first commit of all")\n', {"a": "2\n"})
    again = scratch.commit(f'fix the fix\n\nFixes: {fix[:12]} ("fix it")\n', {"a": "3\n"})
    helper = scratch.commit(f'helper\n\nStable-dep-of: {again[:12]} ("fix the fix")\n', {"b": "3\n"})
    related = ask(scratch, first)
    assert ids(related, "fix") == [fix, again, helper]
    assert {(fix, first, "fixes"), (again, fix, "fixes")} <= kinds(related)


def test_a_fixes_line_with_another_trees_id_is_known_by_its_subject(scratch: Scratch) -> None:
    first = scratch.commit("KVM: the first commit of all\n", {"a": "1\n"})
    gone = "0123456789ab"
    fix = scratch.commit(f'fix it\n\nFixes: {gone} ("KVM: the first commit of all")\n', {"a": "2\n"})
    assert codes(ask(scratch, first), "fix") == {fix: ["fixes-by-subject"]}


def test_a_reverted_fix_says_that_the_two_cancel(scratch: Scratch) -> None:
    first = scratch.commit("first\n", {"a": "1\n"})
    fix = scratch.commit(f'fix it\n\nFixes: {first[:12]} ("first")\n', {"a": "2\n"})
    revert = scratch.commit(f'Revert "fix it"\n\nThis reverts commit {fix}.\n', {"a": "1\n"})
    related = ask(scratch, first)
    assert codes(related, "revert") == {fix: ["reverted"], revert: ["reverts"]}
    assert ids(related, "fix") == [fix]
    assert (revert, fix, "reverts") in kinds(related)


def test_what_a_revert_takes_back(scratch: Scratch) -> None:
    first = scratch.commit("first\n", {"a": "1\n"})
    revert = scratch.commit(f'Revert "first"\n\nThis reverts commit {first}.\n', {"a": "2\n"})
    assert codes(ask(scratch, revert), "revert") == {first: ["reverted"]}


def test_every_way_to_be_the_same_change(scratch: Scratch) -> None:
    upstream = "1234567890abcdef1234567890abcdef12345678"
    scratch.commit("start\n", {"a": "0\n"})
    mine = scratch.commit(f"KVM: a change\n\ncommit {upstream} upstream.\n", {"a": "1\n"})
    when = {"GIT_AUTHOR_DATE": "1700000123 +0000"}
    scratch.git("checkout", "-q", "-b", "stable", "HEAD~1")
    twin = scratch.commit(f"KVM: a change\n\n[ Upstream commit {upstream} ]\n", {"a": "2\n"})
    pick = scratch.commit(f"KVM: a change\n\n(cherry picked from commit {mine})\n", {"a": "3\n"})
    scratch.git("checkout", "-q", "main")
    plain = scratch.commit("KVM: rebased and picked by hand\n", {"b": "1\n"}, env=when)
    scratch.git("checkout", "-q", "stable")
    by_hand = scratch.commit("KVM: rebased and picked by hand\n", {"b": "1\n"}, env=when)
    scratch.git("checkout", "-q", "main")
    assert codes(ask(scratch, mine), "backport") == {twin: ["twin"], pick: ["backport"]}
    assert codes(ask(scratch, plain), "backport") == {by_hand: ["same-author-date"]}
    (origin,) = [one for one in group(ask(scratch, pick), "backport") if one.id == mine]
    assert [(reason.code, mine[:12] in reason.said.en, pick[:12] in reason.said.en) for reason in origin.reasons] == [
        ("origin", False, True)
    ]


def test_who_names_a_commit_mentions_it_and_who_fixes_it_does_not(scratch: Scratch) -> None:
    first = scratch.commit("first\n", {"a": "1\n"})
    says = scratch.commit(f"later\n\nSince commit {first[:12]} it is easy.\n", {"b": "1\n"})
    fix = scratch.commit(f'fix\n\nThe id {first[:12]} again.\n\nFixes: {first[:12]} ("first")\n', {"a": "2\n"})
    related = ask(scratch, first)
    assert codes(related, "mention") == {says: ["mentions"]}
    assert ids(related, "fix") == [fix]
    assert codes(ask(scratch, says), "mention") == {first: ["mentioned"]}


def test_an_id_within_a_longer_word_is_no_mention(scratch: Scratch) -> None:
    first = scratch.commit("first\n", {"a": "1\n"})
    scratch.commit(f"later\n\nThe hash f{first[:12]}f is another.\n", {"b": "1\n"})
    assert ids(ask(scratch, first), "mention") == []


# ---- later commits -------------------------------------------------------------------------------------------------


def test_who_uses_what_a_commit_brought_follows_it(scratch: Scratch) -> None:
    scratch.commit("start\n", {"kvm/a.c": "int x;\n"})
    brings = scratch.commit("bring\n", {"kvm/a.c": "int x;\n" + function("wake_vcpu", "x = 2;")})
    uses = scratch.commit("use\n", {"kvm/b.c": function("b", "wake_vcpu();")})
    changes = scratch.commit("change\n", {"kvm/a.c": "int x;\n" + function("wake_vcpu", "x = 3;")})
    scratch.commit(
        "neither\n", {"kvm/c.c": function("c", "x = 4; /* not wake_vcpu() */", "/*", " * wake_vcpu()", "*/")}
    )
    related = ask(scratch, brings)
    assert codes(related, "follow-up") == {uses: ["uses"], changes: ["follows"]}


def test_a_fix_that_uses_what_it_fixes_is_told_as_a_fix_alone(scratch: Scratch) -> None:
    scratch.commit("start\n", {"kvm/a.c": "int x;\n"})
    brings = scratch.commit("bring\n", {"kvm/a.c": "int x;\n" + function("wake_vcpu", "x = 2;")})
    message = f'fix\n\nFixes: {brings[:12]} ("bring")\n'
    fix = scratch.commit(message, {"kvm/b.c": function("b", "wake_vcpu();")})
    related = ask(scratch, brings)
    assert ids(related, "fix") == [fix]
    assert ids(related, "follow-up") == []


def test_who_changes_the_same_function_is_told_last(scratch: Scratch) -> None:
    text = function("load", "x = 1;", "y = 1;") + function("other", "z = 1;")
    scratch.commit("start\n", {"a.c": text, "b.c": function("load", "v = 1;")})
    one = scratch.commit("one\n", {"a.c": function("load", "x = 2;", "y = 1;") + function("other", "z = 1;")})
    two = scratch.commit("two\n", {"a.c": function("load", "x = 2;", "y = 2;") + function("other", "z = 1;")})
    three = scratch.commit("three\n", {"a.c": function("load", "x = 2;", "y = 2;") + function("other", "z = 2;")})
    scratch.commit("another load\n", {"b.c": function("load", "v = 2;")})
    related = ask(scratch, one)
    assert codes(related, "same-symbol") == {two: ["same-symbol"]}
    assert three not in ids(related, "same-symbol")


# ---- by what a commit changed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "name", "expected"),
    [
        ("symbol", "kvm_vcpu_config.henvcfg", {"0017"}),
        ("symbol", "kvm_riscv_vcpu_setup_config", {"0017", "0018", "0033", "0037", "0048", "0051"}),
        ("csr", "senvcfg", {"0019", "0024"}),
        ("csr", "CSR_SENVCFG", {"0019", "0024"}),
        ("bit", "ENVCFG_CBZE", {"0001", "0005", "0017", "0051"}),
        ("bit", "henvcfg.CBZE", {"0001", "0005", "0017", "0051"}),
        ("ext", "Svadu", {"0036", "0037", "0051"}),
    ],
)
def test_commits_are_found_by_what_they_changed(
    miniature: DemoHistory, option: str, name: str, expected: set[str]
) -> None:
    asked: dict[str, Any] = {option: (name,)}
    related = ask(miniature, **asked)
    assert set(ids(related, "match")) == {miniature.id_of(number) for number in expected}


def test_a_change_without_the_word_in_its_message_is_found(miniature: DemoHistory) -> None:
    henvcfg = miniature.id_of("0048")
    by_symbol = ask(miniature, symbol=("kvm_riscv_vcpu_setup_config",))
    by_word = ask(miniature, grep=("kvm_riscv_vcpu_setup_config",))
    assert henvcfg in ids(by_symbol, "match")
    assert henvcfg not in ids(by_word, "match")


def test_names_add_to_patterns_and_other_filters_narrow_both(miniature: DemoHistory) -> None:
    both = ask(miniature, grep=("senvcfg",), csr=("senvcfg",), until="2023-09-30")
    assert set(ids(both, "match")) == {miniature.id_of("0018"), miniature.id_of("0019")}


def test_a_name_that_nobody_knows_is_looked_for_as_written(scratch: Scratch) -> None:
    scratch.commit("start\n", {"a.c": "int x;\n"})
    one = scratch.commit("one\n", {"a.c": "#define CSR_NOVEL 0x1\n"})
    related = ask(scratch, csr=("CSR_NOVEL",))
    assert ids(related, "match") == [one]
    assert [one.code for one in related.warnings] == ["unknown-name"]


def test_a_register_named_in_the_argument_of_a_macro_is_changed(scratch: Scratch) -> None:
    dump = function("dump", "X(hgatp, CSR_HGATP);", "Y();")
    scratch.commit("start\n", {"a.c": function("dump", "Y();"), "b.c": "int b;\n", "doc": "1\n"})
    brings = scratch.commit("dump one\n", {"a.c": dump})
    scratch.commit("indent\n", {"a.c": dump.replace("\tX(", "\t\tX(")})
    scratch.commit("remark\n", {"a.c": dump.replace("Y();", "Y(); /* CSR_HGATP */"), "b.c": "/*\n * CSR_HGATP\n */\n"})
    scratch.commit("text\n", {"doc": "CSR_HGATP\n"})
    takes = scratch.commit("no dump\n", {"a.c": function("dump", "Y();")})
    again = scratch.commit("dump again\n", {"a.c": dump})
    related = ask(scratch, csr=("hgatp",))
    assert ids(related, "match") == [brings, takes, again]
    reasons = [reason for commit in group(related, "match") for reason in commit.reasons]
    assert [one.side for reason in reasons for one in reason.evidence] == ["after", "before", "after"]
    assert all("a.c (X(hgatp, CSR_HGATP);)" in reason.said.en for reason in reasons)


def test_of_what_nobody_looked_into_nothing_is_said(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scratch.commit("start\n", {"a.c": function("load", "v = 0;") + "int b;\n"})
    one = scratch.commit("load: change it\n", {"a.c": function("load", "v = 1;") + "int b;\n"})
    other = scratch.commit("b: not load\n", {"a.c": function("load", "v = 1;") + "int c;\n"})
    two = scratch.commit("load: change it again\n", {"a.c": function("load", "v = 2;") + "int c;\n"})
    related = ask(scratch, symbol=("load",))
    assert (ids(related, "match"), ids(related, "mention")) == ([first, one, two], [other])
    monkeypatch.setattr("kvmpatch.reports.related.changed._MOST_DECIDED", 1)
    related = ask(scratch, symbol=("load",))
    assert ids(related, "match") == [two]
    assert one not in ids(related, "mention")
    assert "candidate-limit" in (related.searched.stopped or "")


# ---- bounds --------------------------------------------------------------------------------------------------------


@pytest.fixture
def shallow(scratch: Scratch, tmp_path: Path) -> Scratch:
    for number in range(5):
        scratch.commit(f"commit {number}\n", {"a.c": f"int value_{number};\n"})
    scratch.git("clone", "-q", "--depth", "2", f"file://{scratch.path}", str(tmp_path / "clone"))
    return Scratch(tmp_path / "clone", make=False)


def test_a_shallow_clone_says_unknown_and_still_matches(shallow: Scratch) -> None:
    related = ask(shallow, "HEAD")
    assert next(one.commits for one in related.groups if one.id == "fix") is None
    assert not related.searched.complete
    assert "shallow" in (related.searched.stopped or "")
    assert [one.code for one in related.warnings] == ["shallow"]
    assert len(ids(ask(shallow, grep=("commit",)), "match")) == 2


def test_a_commit_on_the_shallow_boundary_is_unreadable(shallow: Scratch) -> None:
    with pytest.raises(Unreadable):
        ask(shallow, "HEAD~1")


def test_a_commit_without_files_or_parents_has_relatives_by_message_only(scratch: Scratch) -> None:
    root = scratch.commit("the root\n", {"a.c": function("a", "x = 1;")})
    empty = scratch.commit(f"empty\n\nSee commit {root[:12]}.\n")
    assert ids(ask(scratch, empty), "mention") == [root]
    assert ids(ask(scratch, root), "mention") == [empty]


def test_many_matches_are_all_listed_and_looked_into_in_part(scratch: Scratch) -> None:
    made = [scratch.commit(f"word {number}\n") for number in range(70)]
    related = ask(scratch, grep=("word",))
    assert set(ids(related, "match")) == set(made)
    assert [one.code for one in related.warnings] == ["too-many"]


def test_a_file_that_moves_uses_nothing_new(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "repo")
    scratch.commit("sample: Begin\n", {"sample/one.c": "int one;\n", "sample/two.c": "int two;\n"})
    brings = scratch.commit(
        "sample: Add a helper\n", {"sample/one.c": "int one;\n\nint sample_count(void)\n{\n\treturn one;\n}\n"}
    )
    body = "int two;\n\nint twice(void)\n{\n\treturn 2 * sample_count();\n}\n"
    uses = scratch.commit("sample: Count twice\n", {"sample/two.c": body})
    moves = scratch.commit("sample: Move it\n", {"sample/two.c": None, "sample/deep/two.c": body})
    more = "\nint thrice(void)\n{\n\treturn 3 * sample_count();\n}\n"
    both = scratch.commit("sample: Move it back\n", {"sample/deep/two.c": None, "sample/two.c": body + more})
    related = make_related(RelatedRequest(start=str(scratch.path), rev=brings))
    found = {one.id: [reason.code for reason in one.reasons] for one in group(related, "follow-up")}
    assert found.get(uses) == ["uses"]
    assert "uses" not in found.get(moves, [])
    assert "uses" in found.get(both, [])
