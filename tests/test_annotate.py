"""What `annotate` finds in a report of `backport`: one finding a thing that a reviewer must know, and where."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from annotate_values import (
    FIX,
    MESSAGE,
    NEED,
    ONE,
    SUBJECT,
    UPSTREAM,
    VCPU,
    backport,
    candidate,
    conflict,
    conflicting,
    differing,
    everything,
    fix,
    header,
    hunk,
    need,
    noted,
    present,
    read,
    risk,
)
from repo_scratch import Scratch

from kvmpatch import knowledge
from kvmpatch.cli import main
from kvmpatch.cli.onto_options import ignored_fixes
from kvmpatch.cli.verdicts import exit_status
from kvmpatch.errors import BadInput
from kvmpatch.model import CommitName, Evidence, Searched
from kvmpatch.model.annotation import Annotation, Place
from kvmpatch.model.backport import Backport, Candidate, Pick
from kvmpatch.reports.annotate import findings_of, known_fingerprints
from kvmpatch.rules import annotation_words as words
from kvmpatch.words import Text

TWO = "2f" * 20


def found(*candidates: Candidate, complete: bool = True, **commit: Any) -> tuple[Annotation, ...]:
    return noted(backport(*candidates, complete=complete), **commit).annotations


def told(annotations: Sequence[Annotation]) -> list[tuple[str, str]]:
    return [(one.rule, one.level) for one in annotations]


# ---- one finding a thing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("differs", "expected"),
    [
        ({}, []),
        ({"pick": conflicting()}, [("pick-conflict", "error")]),
        ({"pick": Pick("empty", ())}, [("pick-empty", "warning")]),
        ({"pick": Pick("unknown", ())}, [("pick-undecided", "warning")]),
        ({"prerequisites": (need(),)}, [("prerequisite-missing", "error")]),
        ({"prerequisites": (need(kind="textual"),)}, [("prerequisite-textual", "note")]),
        ({"prerequisites": (need(kind="incidental"),)}, []),
        ({"fixes": (fix(),)}, [("fix-missing", "warning")]),
        ({"fixes": (fix(in_target=True),)}, []),
        ({"fixes": (fix(in_target=None),)}, [("fix-undecided", "warning")]),
        ({"fixes": (fix(ignored="reverted"),)}, [("fix-ignored", "note")]),
        ({"fixes": (fix(in_target=None, ignored="reverted"),)}, [("fix-ignored", "note")]),
        ({"presence": present("present", TWO)}, [("already-present", "warning")]),
        ({"presence": present("present", TWO), "pick": conflicting()}, [("already-present", "warning")]),
        ({"presence": present("partial", TWO)}, [("partly-present", "warning")]),
        ({"presence": present("unknown")}, [("presence-undecided", "warning")]),
        ({"comparison": differing("identical")}, []),
        ({"comparison": differing("context")}, []),
        ({"comparison": differing("partial")}, [("partial-pick", "error")]),
        ({"comparison": differing("modified")}, [("modified-unexplained", "warning")]),
        ({"comparison": differing("different")}, [("modified-unexplained", "warning")]),
        ({"risks": (risk("error"), risk("note", "other"))}, [("argument-changed", "error"), ("other", "note")]),
        ({"header": header(("header-id", "error"), ("header-tail", "note"))},
         [("header-id", "error"), ("header-tail", "note")]),
    ],
)  # fmt: skip
def test_what_is_told(differs: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert told(found(candidate(**differs))) == expected


def test_a_deviation_that_the_message_explains() -> None:
    remark = MESSAGE.replace("Signed-off-by", "[ the selftest is not here ]\nSigned-off-by")
    conflicts = MESSAGE.replace("What it does.", "What it does.\n\nConflicts:\n\tarch/riscv/kvm/vcpu.c")
    for message in (remark, conflicts):
        assert told(found(candidate(comparison=differing("modified")), message=message)) == []
        assert told(found(candidate(comparison=differing("partial")), message=message)) == [("partial-pick", "note")]


def test_a_remark_of_upstream_explains_no_deviation() -> None:
    from kvmpatch.reports.annotate import RangeCommit

    remark = MESSAGE.replace("Signed-off-by", "[ rebased on the next branch ]\nSigned-off-by")
    upstream = remark.replace(f"commit {UPSTREAM} upstream.\n\n", "")
    commit = RangeCommit(remark, lambda: b"", lambda identity: upstream if identity == UPSTREAM else None)
    assert not commit.explained
    assert RangeCommit(remark, lambda: b"").explained


def test_what_the_target_has_of_it_is_not_held_against_the_commit() -> None:
    """An earlier, incomplete pick of the same change is compared with upstream too, and it is not this commit."""
    one = candidate(presence=present("partial", TWO), comparison=differing("partial", other=TWO))
    assert told(found(one)) == [("partly-present", "warning")]


def test_a_fix_or_a_prerequisite_within_the_range() -> None:
    first = candidate(fixes=(fix(),), prerequisites=(need(),))
    fixing = candidate(commit=CommitName(FIX, "KVM: riscv: a fix"))
    assert told(found(first, fixing)) == [("prerequisite-missing", "error")]
    late = candidate(commit=CommitName(NEED, "KVM: riscv: what it needs"))
    (only,) = found(first, fixing, late)
    assert only.rule == "prerequisite-missing"
    assert "comes after it" in only.said.en
    assert "之后" in only.said.zh


def test_a_backport_of_the_fix_in_the_range_counts() -> None:
    first = candidate(fixes=(fix(UPSTREAM),))
    later = candidate(commit=CommitName(TWO, "KVM: riscv: a fix"))
    assert told(found(first, later)) == []  # the message of each points to UPSTREAM
    assert told(found(first, later, message=MESSAGE.replace(UPSTREAM, UPSTREAM[:12]))) == []
    assert told(found(first, later, message=MESSAGE.replace(UPSTREAM, "b" * 12))) == [("fix-missing", "warning")]


# ---- undecided -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "differs",
    [{"pick": Pick("unknown", ())}, {"presence": present("unknown")}, {"fixes": (fix(in_target=None),)}],
)
def test_what_cannot_be_told_is_undecided(differs: dict[str, Any]) -> None:
    (one,) = found(candidate(**differs))
    assert one.undecided
    assert exit_status([], one.undecided, "error") == 3


def test_a_search_that_was_cut_short_is_undecided() -> None:
    (one,) = found(candidate(), complete=False)
    assert (one.rule, one.undecided) == ("search-undecided", True)
    assert "the time was up" in one.said.en


def test_a_limit_that_is_part_of_the_question_is_no_gap() -> None:
    report = msgspec.structs.replace(backport(candidate()), searched=Searched(None, ONE, False, "age-limit"))
    assert noted(report).annotations == ()
    report = msgspec.structs.replace(report, searched=Searched(None, ONE, False, "age-limit, shallow"))
    assert [one.undecided for one in noted(report).annotations] == [True]


def test_a_baseline_does_not_hide_what_is_undecided() -> None:
    (one,) = found(candidate(pick=Pick("unknown", ())))
    (again,) = found(candidate(pick=Pick("unknown", ())), known=frozenset({one.fingerprint}))
    assert again.undecided
    assert not again.known


# ---- places ----------------------------------------------------------------------------------------------------------


def test_a_conflict_stands_at_the_first_changed_line_of_its_first_hunk() -> None:
    (one,) = found(candidate(pick=conflicting()))
    assert (one.path, one.line) == (VCPU, 12)
    second = conflict(VCPU, hunk("static int second(void)", 51, 53))
    (one,) = found(candidate(pick=conflicting(second)))
    assert (one.path, one.line) == (VCPU, 52)
    (file,) = found(candidate(pick=conflicting(conflict("other.c", hunk("x", 7, 9)))))
    assert (file.path, file.line) == ("other.c", 7)


def test_without_the_commits_the_hunk_is_the_place() -> None:
    (one,) = findings_of(backport(candidate(pick=conflicting())))
    assert (one.path, one.line) == (VCPU, 10)


def test_a_finding_about_the_message_has_the_first_changed_line_to_stand_in() -> None:
    (one,) = found(candidate(header=header(("header-id", "error"))))
    assert (one.path, one.line) == (None, None)
    assert one.near == Place(VCPU, 12)


def test_a_finding_stands_where_its_proof_shows_the_commits_own_line() -> None:
    (one,) = found(candidate(risks=(risk(),)))
    assert (one.path, one.line, one.near) == (VCPU, 13, None)
    foreign = msgspec.structs.replace(risk(), evidence=(Evidence(commit=NEED, path=VCPU, side="after", line=3),))
    before = msgspec.structs.replace(risk(), evidence=(Evidence(commit=ONE, path=VCPU, side="before", line=3),))
    for other in (foreign, before):
        (one,) = found(candidate(risks=(other,)))
        assert one.path is None


DELETED = b"diff --git a/a.c b/a.c\ndeleted file mode 100644\n--- a/a.c\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-one\n-two\n"
TAIL = b"diff --git a/b.c b/b.c\n--- a/b.c\n+++ b/b.c\n@@ -8,3 +8,2 @@ f(void)\n eight\n nine\n-ten\n"
BINARY = b"diff --git a/c.bin b/c.bin\nindex 1..2 100644\nBinary files a/c.bin and b/c.bin differ\n"


@pytest.mark.parametrize(
    ("patch", "first"),
    [
        (TAIL, Place("b.c", 9)),  # the file ends at line 9: the place of what was its line 10
        (DELETED, Place("a.c", 1)),
        (DELETED + TAIL, Place("b.c", 9)),  # a file that is gone has no line to show
        (BINARY, Place("c.bin", 1)),
        (b"", None),
    ],
)
def test_the_first_changed_line(patch: bytes, first: Place | None) -> None:
    assert read(patch=patch).first == first


# ---- rank ------------------------------------------------------------------------------------------------------------


def test_the_gravest_come_first_then_by_place() -> None:
    annotations = noted().annotations
    ranks = {"error": 0, "warning": 1, "note": 2}
    order = [(ranks[one.level], one.path is None) for one in annotations]
    assert order == sorted(order)
    assert [one.rule for one in annotations] == [
        "pick-conflict", "prerequisite-missing", "partial-pick", "form-differs",
        "argument-changed", "fix-missing", "fix-undecided",
        "prerequisite-textual", "fix-ignored",
    ]  # fmt: skip


def test_the_form_of_a_message_does_not_crowd_out_a_fix() -> None:
    first = candidate(header=header(("form-1", "warning")))
    second = candidate(commit=CommitName(TWO, "KVM: two"), fixes=(fix(),), header=header(("form-2", "warning")))
    assert [one.rule for one in found(first, second)] == ["fix-missing", "form-1", "form-2"]


def test_what_is_known_comes_last() -> None:
    annotations = noted().annotations
    again = noted(known=frozenset({annotations[0].fingerprint})).annotations
    assert again[-1].rule == "pick-conflict"
    assert [one.known for one in again] == [False] * (len(again) - 1) + [True]


# ---- fingerprints ----------------------------------------------------------------------------------------------------


def rebased(report: Backport) -> Backport:
    """The same commits after a rebase: other ids, and everything twenty lines further down."""

    def change(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(ONE, "7" * 40)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            return value + 20
        if isinstance(value, tuple):
            return tuple(change(one) for one in value)
        if isinstance(value, Text):
            return value
        if isinstance(value, msgspec.Struct):
            return msgspec.structs.replace(
                value, **{name: change(getattr(value, name)) for name in value.__struct_fields__}
            )
        raise TypeError(type(value))

    changed = change(report)
    assert isinstance(changed, Backport)
    return changed


def test_fingerprints_survive_a_rebase() -> None:
    before, after = noted(), noted(rebased(everything()))
    assert after.annotations[0].commit != before.annotations[0].commit
    assert after.annotations[0].line != before.annotations[0].line
    assert {one.fingerprint for one in after.annotations} == {one.fingerprint for one in before.annotations}


def test_fingerprints_tell_findings_apart() -> None:
    report = backport(
        candidate(
            prerequisites=(need(), msgspec.structs.replace(need("8" * 40), subject="KVM: another")),
            pick=conflicting(
                conflict(VCPU),
                conflict(VCPU, hunk("static int second(void)", 51, 53)),
                conflict("other.c"),
                conflict("other.c"),
            ),
        ),
        candidate(commit=CommitName(TWO, "KVM: two"), pick=conflicting()),
    )
    prints = [one.fingerprint for one in findings_of(report)]
    assert len(set(prints)) == len(prints) == 7


def test_a_fingerprint_does_not_stand_on_its_neighbours() -> None:
    """One finding that is mended must not make another look new."""
    first, second = conflict(VCPU), conflict(VCPU, hunk("static int second(void)", 51, 53))
    other = msgspec.structs.replace(need("8" * 40), subject="KVM: another")
    both = found(candidate(pick=conflicting(first, second), prerequisites=(need(), other)))
    alone = found(candidate(pick=conflicting(second), prerequisites=(other,)))
    prints = {(one.rule, one.line, one.said.en): one.fingerprint for one in both}
    assert len(alone) == 2
    for one in alone:
        assert one.fingerprint == prints[one.rule, one.line, one.said.en]


def test_a_fingerprint_stands_on_the_upstream_id_else_on_the_subject() -> None:
    one = candidate(pick=conflicting())
    other = candidate(commit=CommitName(ONE, "KVM: renamed"), pick=conflicting())
    assert found(one)[0].fingerprint == found(other)[0].fingerprint
    plain = f"{SUBJECT}\n\nWhat it does.\n"
    assert found(one, message=plain)[0].fingerprint != found(other, message=plain)[0].fingerprint


# ---- rules -----------------------------------------------------------------------------------------------------------


def test_explain_knows_every_rule() -> None:
    slugs = {value for name, value in vars(words).items() if name.isupper() and isinstance(value, str)}
    assert len(slugs) == 14
    assert slugs <= set(knowledge.names("rules"))


def test_the_rules_that_were_used_are_told_in_words() -> None:
    annotations = noted()
    assert [rule.code for rule in annotations.rules] == sorted({one.rule for one in annotations.annotations})
    said = {rule.code: rule.said for rule in annotations.rules}
    assert said["pick-conflict"].en.startswith("Picking the commit")
    assert said["form-differs"] == Text("格式不符", "not the form")  # no row in the table: by its first finding


def test_every_finding_has_evidence() -> None:
    report = backport(candidate(pick=Pick("unknown", ())), candidate(pick=Pick("empty", ())), complete=False)
    for one in (*noted().annotations, *noted(report).annotations):
        assert one.evidence


def test_an_empty_range_is_told() -> None:
    annotations = noted(backport())
    assert annotations.annotations == ()
    assert [one.code for one in annotations.warnings] == ["empty-range"]


# ---- exit status -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "undecided", "fail_on", "status"),
    [
        ([], False, "note", 0),
        (["note"], False, "error", 0),
        (["warning"], False, "error", 0),
        (["warning"], False, "warning", 1),
        (["note", "error"], False, "error", 1),
        (["note"], False, "note", 1),
        (["error"], False, "never", 0),
        ([], True, "error", 3),
        (["error"], True, "never", 3),
        (["error"], True, "error", 1),
        (["warning"], True, "error", 3),
    ],
)
def test_the_exit_status(levels: list[Any], undecided: bool, fail_on: Any, status: int) -> None:
    assert exit_status(levels, undecided, fail_on) == status


# ---- files that options name -----------------------------------------------------------------------------------------


def test_ignored_fixes(tmp_path: Path) -> None:
    file = tmp_path / "ignored"
    file.write_text("# ours\n\n  DEADBEEF012 #  not for riscv \r\n0123456 # a # in it\n")
    assert ignored_fixes([str(file)]) == (("deadbeef012", "not for riscv"), ("0123456", "a # in it"))
    assert ignored_fixes([]) == ()


@pytest.mark.parametrize("line", ["0123456", "0123456 #", "01234 # short", "zzzzzzz # no id", "0123456# no space", "x"])
def test_a_bad_line_is_an_error(line: str, tmp_path: Path) -> None:
    file = tmp_path / "ignored"
    file.write_text(f"0123456 # fine\n{line}\n")
    with pytest.raises(BadInput) as wrong:
        ignored_fixes([str(file)])
    assert "line 2" in wrong.value.said.en


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        "{}",
        '{"schema": "kvmpatch.annotation/1"}',
        '{"fingerprint": 3}',
        '{"fingerprint": ""}',
        '{"fingerprint": "a"}\n{"fingerprint": ',
        '{"fingerprint": "a"}\n[]',
        '{"annotations": [{}]}',
        '{"annotations": 3}',
        '{"version": "2.0.0", "runs": []}',
        '{"version": "2.1.0", "runs": {}}',
        '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "other"}}, "results": []}]}',
        '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "kvmpatch"}}, "results": [{}]}]}',
        '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "kvmpatch"}}}]}',
        "[" * 100_000,
    ],
)
def test_a_baseline_that_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(BadInput):
        known_fingerprints(text)


def test_baselines() -> None:
    assert known_fingerprints("") == frozenset()
    assert known_fingerprints('{"fingerprint": "a", "rule": "x"}\n\n{"fingerprint": "b"}\n') == {"a", "b"}
    assert known_fingerprints('{"fingerprint": "a"}') == {"a"}
    assert known_fingerprints('{"annotations": [{"fingerprint": "a"}]}') == {"a"}


# ---- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    """A repository whose last commit conflicts, as far as the command can tell."""
    scratch = Scratch(tmp_path / "repo")
    scratch.commit("KVM: base\n", {"a.c": "one\ntwo\nthree\n"})
    identity = scratch.commit(MESSAGE, {"a.c": "one\ntwo\nthree\nfour\n"})
    monkeypatch.chdir(scratch.path)
    answers(monkeypatch, lambda: backport(conflicted(identity)))
    return scratch


def conflicted(identity: str, **differs: Any) -> Candidate:
    parts: dict[str, Any] = {"pick": conflicting(conflict("a.c", hunk("", 2, 4))), **differs}
    return candidate(commit=CommitName(identity, SUBJECT), **parts)


def answers(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    """Let `backport` answer what a test wants: what it finds is its own tests' business."""
    from kvmpatch.reports.backport import search

    monkeypatch.setattr(search, "make_backport", lambda request: make())


def run(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["--lang", "en", "annotate", *words])
    said = capfd.readouterr()
    return status, said.out, said.err


def test_a_conflict_fails_the_job(repo: Scratch, capfd: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capfd, "HEAD~1..HEAD", "--onto", "main")
    assert status == 1
    assert "a.c:4" in out
    assert "pick-conflict" in out
    assert err == ""
    assert run(capfd, "HEAD~1..HEAD", "--fail-on", "never")[0] == 0


def test_a_baseline_makes_it_known(repo: Scratch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for kind in ("jsonl", "json", "sarif"):
        file = str(tmp_path / f"before.{kind}")
        assert run(capfd, "HEAD~1..HEAD", "--format", kind, "-o", file)[0] == 1
        status, out, _ = run(capfd, "HEAD~1..HEAD", "--baseline", file, "--format", "jsonl")
        assert status == 0, kind
        assert [json.loads(line)["known"] for line in out.splitlines()] == [True]


def test_a_bad_baseline_is_told_before_the_work(
    repo: Scratch, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, lambda: pytest.fail("asked all the same"))
    (tmp_path / "bad").write_text("<html>")
    (tmp_path / "latin").write_bytes(b"\xff\xfe\xfd")
    for name in ("bad", "latin", "absent"):
        status, out, err = run(capfd, "HEAD", "--baseline", str(tmp_path / name))
        assert (status, out) == (2, ""), name
        assert err.startswith("kvmpatch: error: --baseline")


def test_undecided_is_never_green(
    repo: Scratch, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    head = repo.git("rev-parse", "HEAD")
    answers(monkeypatch, lambda: backport(conflicted(head, pick=Pick("unknown", ()))))
    for fail_on in ("error", "warning", "note", "never"):
        assert run(capfd, "HEAD", "--fail-on", fail_on)[0] == 3
    answers(monkeypatch, lambda: backport(conflicted(head), complete=False))
    assert run(capfd, "HEAD")[0] == 1
    assert run(capfd, "HEAD", "--fail-on", "never")[0] == 3


def test_the_summary_is_appended(repo: Scratch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("another step\n")
    status, out, _ = run(capfd, "HEAD", "--format", "github", "--summary", str(summary), "--max-bytes", "4000")
    assert status == 1
    assert out.startswith("::error file=a.c,line=4,")
    text = summary.read_text()
    assert text.startswith("another step\n<!-- kvmpatch -->\n")
    assert len(text.encode()) <= 4000 + len("another step\n")


@pytest.mark.parametrize(("kind", "told"), [("github", True), ("sarif", True), ("notes", True), ("text", False)])
def test_an_empty_range_does_not_pass_in_silence(
    kind: str, told: bool, repo: Scratch, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, backport)
    status, out, err = run(capfd, "HEAD..HEAD", "--format", kind)
    assert status == 0
    assert ("kvmpatch: warning: the range holds no commit" in err) == told
    assert ("the range holds no commit" in out) == (not told)


def test_an_example_needs_no_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for service, word in (("github", "pull_request:"), ("gitlab", "codequality:")):
        status, out, err = run(capfd, "--example", service)
        assert (status, err) == (0, "")
        assert word in out


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["HEAD", "--max-bytes", "100", "--format", "sarif"],
        ["HEAD", "--max-bytes", "0"],
        ["HEAD", "--max-bytes", "10"],
        ["HEAD", "--fail-on", "info"],
        ["HEAD", "--format", "html"],
        ["HEAD", "--ignore", "absent"],
        ["HEAD", "--summary", "no/such/folder"],
    ],
)
def test_bad_calls(words: list[str], repo: Scratch, capfd: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capfd, *words)
    assert status == 2
    assert err.startswith("kvmpatch: error: ")
