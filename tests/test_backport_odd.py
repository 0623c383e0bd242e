"""`backport` and `annotate` where a repository, a commit or a call is odd: a clear answer, and nothing left behind."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from repo_scratch import Scratch

from kvmpatch import cli
from kvmpatch.errors import BadInput, UsageError
from kvmpatch.model import Evidence, Searched
from kvmpatch.model.backport import Backport, Candidate, ConflictFile, Onto, Pick, Plan, Presence
from kvmpatch.render.backport_page import backport_page
from kvmpatch.render.formats import Look, written
from kvmpatch.render.page import Voice
from kvmpatch.reports.annotate import known_fingerprints
from kvmpatch.reports.backport.request import BackportRequest
from kvmpatch.reports.backport.search import make_backport
from kvmpatch.rules.presence_reasons import not_found
from kvmpatch.rules.verdict import verdict_of, why
from kvmpatch.sources.demo import lay_down
from kvmpatch.sources.repo import ChangedFiles, Repository

CODE = "int kvm_a(void)\n{\n\treturn 1;\n}\n\nint kvm_b(void)\n{\n\treturn 2;\n}\n"
FORMATS = ("text", "markdown", "json", "jsonl", "github", "gitlab", "sarif", "rdjson")
KEYS = {
    "commit", "presence", "comparison", "pick", "prerequisites", "fixes", "risks", "header", "verdict", "plan", "note",
}  # fmt: skip


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    """`main` has two commits that `target` has not: one changes a function, the other fixes that."""
    made = Scratch(tmp_path / "linux")
    made.commit("base: start\n", {"a.c": CODE})
    made.git("branch", "target")
    one = made.commit("KVM: change b\n", {"a.c": CODE.replace("return 2", "return 3")})
    made.commit(f'KVM: fix b\n\nFixes: {one[:12]} ("KVM: change b")\n', {"a.c": CODE.replace("return 2", "return 4")})
    return made


def asked(scratch: Scratch, *revs: str, onto: str = "target") -> Backport:
    return make_backport(BackportRequest(str(scratch.path), revs, onto))


def only(scratch: Scratch, rev: str, onto: str = "target") -> Candidate:
    (candidate,) = asked(scratch, rev, onto=onto).candidates
    return candidate


def page(report: Backport, language: Literal["zh", "en", "both"] = "en") -> str:
    return "".join(written([report], backport_page, "text", Look(Voice(language), 80, False)))


def run(path: Path, folder: Path, *words: str, lang: str = "en") -> subprocess.CompletedProcess[str]:
    """The command in a process of its own; neither its folder for temporary files nor the repository changes."""
    folder.mkdir(exist_ok=True)
    before = sums(path)
    command = [sys.executable, "-m", "kvmpatch", "-C", str(path), "--lang", lang, *words]
    environment = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run(
        command, capture_output=True, check=False, encoding="utf-8", errors="surrogateescape", env=environment
    )
    assert sums(path) == before
    assert list(folder.iterdir()) == []
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1, 2, 3)
    return done


def sums(path: Path) -> dict[bytes, str]:
    """Every file of a repository, with the checksum of what is in it."""
    return {
        os.fsencode(one): hashlib.sha256(one.read_bytes()).hexdigest()
        for one in sorted(path.rglob("*"))
        if one.is_file() and not one.is_symlink()
    }


# ---- what is no target ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("onto", ["main^!", "main^@", "main^-", "main^-1", "^main", "target..main", "target...main"])
def test_a_set_of_commits_is_no_target_even_where_it_holds_one(scratch: Scratch, onto: str) -> None:
    with pytest.raises(UsageError) as raised:
        asked(scratch, "main", onto=onto)
    assert onto in raised.value.said.en


def test_a_tag_of_a_commit_is_a_target_and_a_tag_of_a_tree_is_not(scratch: Scratch, tmp_path: Path) -> None:
    scratch.git("tag", "-a", "-m", "t", "v1", "target")
    scratch.git("tag", "-a", "-m", "t", "odd", "main^{tree}")
    assert asked(scratch, "main~1", onto="v1").onto.id == scratch.git("rev-parse", "target")
    blob = scratch.git("rev-parse", "main:a.c")
    for onto in ("odd", blob, "main:a.c", "--all", "a\nb", ""):
        done = run(scratch.path, tmp_path / "t", "backport", "main", f"--onto={onto}")
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.startswith("kvmpatch: error: ")
        assert done.stderr.count("kvmpatch: error:") == 1


# ---- commits that change nothing, or no text -----------------------------------------------------------------------


def test_an_empty_commit_has_nothing_to_bring_and_that_is_no_doubt(scratch: Scratch, tmp_path: Path) -> None:
    scratch.commit("KVM: announce\n")
    candidate = only(scratch, "HEAD")
    assert (candidate.verdict, candidate.presence.state, candidate.pick.state) == ("present", "unknown", "empty")
    assert candidate.why.said.en == "Nothing to bring: picking it changes nothing."
    assert candidate.why.said.zh == "无可合入：合入后没有任何变化。"
    assert candidate.plan.steps == ()
    done = run(scratch.path, tmp_path / "t", "backport", "HEAD", "--onto", "target")
    assert done.returncode == 0
    assert "Already in" not in done.stdout


def test_what_a_merge_brings_stays_undecided(scratch: Scratch, tmp_path: Path) -> None:
    scratch.git("switch", "-q", "-c", "side", "target")
    scratch.commit("side: more\n", {"s.c": "int s;\n"})
    scratch.git("switch", "-q", "main")
    scratch.git("merge", "-q", "--no-ff", "-m", "merge side", "side", env=scratch.when())
    done = run(scratch.path, tmp_path / "t", "backport", "HEAD", "--onto", "target", "--format", "json")
    (candidate,) = json.loads(done.stdout)["candidates"]
    assert (done.returncode, candidate["verdict"], candidate["presence"]["state"]) == (3, "unknown", "unknown")


@pytest.mark.parametrize(
    "files",
    [
        ({"bin": bytes(range(256))}, {"bin": bytes(range(255, -1, -1))}),
        ({"one.c": "int x;\n"}, {"one.c": "int y;\n"}),
        ({b"new\nline.c": "int x;\n"}, {b"new\nline.c": "int y;\n"}),
        ({b"caf\xe9.c": "int x;\n"}, {b"caf\xe9.c": "int y;\n"}),
    ],
)
def test_a_file_that_the_target_lacks_comes_with_the_commit_that_created_it(
    scratch: Scratch, files: tuple[dict[str | bytes, str | bytes | None], ...]
) -> None:
    """Whatever is in it: nobody wrote a line of a binary file, and a short line tells nothing."""
    before, after = files
    created = scratch.commit("KVM: create\n", before)
    candidate = only(scratch, scratch.commit("KVM: change\n", after))
    (conflict,) = candidate.pick.conflicts
    assert conflict.kind == "modify/delete"
    assert [(one.id, one.kind) for one in candidate.prerequisites] == [(created, "textual")]
    assert candidate.prerequisites[0].because[0].code == "creates-file"
    assert candidate.verdict == "needs"
    assert [step.id for step in candidate.plan.steps] == [created, candidate.commit.id]
    assert candidate.plan.clean


def test_a_submodule_that_the_target_lacks_comes_with_the_commit_that_added_it(scratch: Scratch) -> None:
    ids = []
    for to in ("target", "main"):
        entry = f"160000,{scratch.git('rev-parse', to)},sub"
        scratch.git("update-index", "--add", "--cacheinfo", entry)
        scratch.git("commit", "-q", "-m", f"KVM: sub at {to}", env=scratch.when())
        ids.append(scratch.git("rev-parse", "HEAD"))
    candidate = only(scratch, ids[1])
    assert [step.id for step in candidate.plan.steps] == ids
    assert candidate.plan.clean


def test_a_commit_is_read_once_however_many_of_its_files_clash(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two thousand files of one commit, each with the list of all two thousand, took most of a minute."""
    asked_for: list[str] = []
    changed = Repository.changed

    def counted(self: Repository, ids: Iterable[str], **how: bool) -> Iterator[ChangedFiles]:
        wanted = list(ids)
        asked_for.extend(wanted)
        return changed(self, wanted, **how)

    monkeypatch.setattr(Repository, "changed", counted)
    calls = []
    for files in (4, 24):
        scratch.commit("KVM: create\n", {f"d{files}/f{at}.c": f"int first{at}(void);\n" for at in range(files)})
        changes = scratch.commit("KVM: change\n", {f"d{files}/f{at}.c": f"int f{at}(int);\n" for at in range(files)})
        asked_for.clear()
        assert len(only(scratch, changes).pick.conflicts) == files
        calls.append(len(asked_for))
    assert calls[1] <= calls[0] + 8  # two more commits in the history, and none for a file


# ---- what is said --------------------------------------------------------------------------------------------------


def test_undecided_says_what_is_undecided() -> None:
    """The target lacks the commit for certain; what was not found out is whether something makes it go in."""
    presence = Presence("absent", "unknown", (), ())
    conflict = Pick("conflict", (ConflictFile("a.c", "content", (), ()),))
    untried = Plan((), False, False, None, None, ())
    for pick, zh, en in (
        (conflict, "无法判断：单独合入会冲突，方案没有试完。",
         "Undecided: alone it conflicts, and no plan was tried to its end."),
        (Pick("clean", ()), "无法判断：它本身可合入，方案没有试完。",
         "Undecided: alone it goes in, and no plan was tried to its end."),
    ):  # fmt: skip
        verdict = verdict_of(presence, pick, (), (), untried)
        assert verdict == "unknown"
        said = why(verdict, "1" * 40, "2" * 40, presence, pick, (), (), untried).said
        assert (said.zh, said.en) == (zh, en)
    unsure = Presence("unknown", "unknown", (), ())
    assert "whether the target has it" in why("unknown", "1" * 40, "2" * 40, unsure, conflict, (), (), untried).said.en


def test_a_target_without_commits_of_its_own_is_not_counted() -> None:
    target = "1" * 40
    assert not_found(target, 0).said.zh == "目标没有独有的提交"
    assert not_found(target, 0).said.en == "the target has no commit of its own"
    assert "1 commit that" in not_found(target, 1).said.en
    assert not_found(target, 0).evidence == (Evidence(commit=target, fact="read:0"),)


def test_a_fix_of_the_same_call_is_told_once_and_in_the_reader_s_language(scratch: Scratch) -> None:
    report = asked(scratch, "target..main")
    (fix,) = report.candidates[0].fixes
    assert fix.ignored == "in this call"
    chinese, english = page(report, "zh"), page(report, "en")
    assert "in this call" not in chinese
    assert chinese.count("本次一并给出，会随之合入") == 1
    assert english.count("is among the commits of this call") == 1
    assert "set aside" not in english


def test_what_the_same_call_brings_is_there_to_be_reverted(scratch: Scratch) -> None:
    one = scratch.git("rev-parse", "main~1")
    revert = scratch.commit(f'Revert "KVM: change b"\n\nThis reverts commit {one}.\n', {"a.c": CODE})
    alone, together = only(scratch, revert), asked(scratch, "target..main").candidates[-1]
    assert "nothing-to-revert" in [reason.code for reason in alone.presence.because]
    assert together.commit.id == revert
    assert "nothing-to-revert" not in [reason.code for reason in together.presence.because]


def test_the_overview_does_not_say_the_verdict_twice(scratch: Scratch) -> None:
    chinese = page(asked(scratch, "target..main"), "zh").split("\n")
    english = page(asked(scratch, "target..main"), "en").split("\n")
    assert "    可以合入：无冲突，不缺前提，也没有必须跟进的修复。" in chinese
    assert "    可以合入" not in chinese[: chinese.index("1.1 是否已在目标中    没有") - 4]
    assert english[3].endswith("KVM: change b")
    assert english[4].strip().startswith("Ready: ")


def test_a_hunk_of_no_function_has_no_gap_and_no_state_stands_twice(scratch: Scratch) -> None:
    scratch.commit("KVM: create\n", {"one.c": "int x;\n"})
    changed = scratch.commit("KVM: change\n", {"one.c": "int y;\n"})
    assert "\n      @@ line 1\n" in page(asked(scratch, changed))
    scratch.commit("KVM: announce\n")
    undecided = page(asked(scratch, "HEAD"), "en")
    assert "1 Is it in already    undecided\n" in undecided


def test_what_the_plan_does_without_or_takes_as_well_is_marked(tmp_path: Path) -> None:
    """A reader who counts the prerequisites and the steps of the plan must see why they differ."""
    miniature = lay_down(tmp_path / "linux")
    candidates = make_backport(BackportRequest(str(miniature.path), ("main~12..main",), "OLK-6.6")).candidates
    told = without = added = 0
    for candidate in candidates:
        if not candidate.plan.clean:
            continue
        report = Backport("", Onto("OLK-6.6", "1" * 40), (candidate,), Searched(None, None, True, None), ())
        chinese, english = page(report, "zh"), page(report, "en")
        steps = {step.id for step in candidate.plan.steps}
        spared = [one for one in candidate.prerequisites if one.kind == "textual" and one.id not in steps]
        taken = [one for one in candidate.prerequisites if one.kind == "incidental" and one.id in steps]
        assert english.replace("\n" + " " * 8, " ").count("not in the plan: it goes in without") == len(spared)
        assert english.replace("\n" + " " * 8, " ").count("in the plan: it conflicts without") == len(taken)
        assert chinese.count("方案不带它也能合入") == len(spared)
        assert chinese.count("方案带上它，否则冲突") == len(taken)
        assert not candidate.note or not [one for one in spared if f'{one.id[:12]} ("' in one_line(candidate.note)]
        told, without, added = told + 1, without + len(spared), added + len(taken)
    assert (told > 5, without > 0, added > 0) == (True, True, True)


def one_line(text: str) -> str:
    return " ".join(text.split())


# ---- repositories --------------------------------------------------------------------------------------------------


def odd(scratch: Scratch, kind: str) -> tuple[Path, str, str]:
    """A repository of some odd kind, with a candidate and a target."""
    path, one = scratch.path, scratch.git("rev-parse", "main~1")
    clone = path.parent / "clone"
    source = path.as_uri()
    match kind:
        case "detached":
            scratch.git("checkout", "-q", "--detach")
        case "unborn":
            scratch.git("symbolic-ref", "HEAD", "refs/heads/none")
        case "worktree":
            scratch.git("worktree", "add", "-q", str(clone), "target")
            return clone, one, "HEAD"
        case "bare":
            scratch.git("clone", "-q", "--bare", source, str(clone))
            return clone, one, "target"
        case "shallow":
            scratch.git("clone", "-q", "--depth=2", "--no-single-branch", source, str(clone))
            return clone, "origin/main", "origin/target"
        case "boundary":
            scratch.git("clone", "-q", "--depth=1", "--no-single-branch", source, str(clone))
            return clone, "origin/main", "origin/target"
        case "partial" | "treeless":
            scratch.git("config", "uploadpack.allowFilter", "true")
            wanted = "blob:none" if kind == "partial" else "tree:0"
            scratch.git("clone", "-q", f"--filter={wanted}", "--no-checkout", source, str(clone))
            return clone, "origin/main~1", "origin/target"
        case "replaced":
            other = scratch.git("commit-tree", "-p", "target", "-m", "other", f"{one}^{{tree}}")
            scratch.git("replace", one, other)
        case "unrelated":
            scratch.git("switch", "-q", "--orphan", "target2")
            scratch.commit("other: root\n", {"z.c": "int z;\n"})
            return path, one, "target2"
        case "root":
            scratch.git("switch", "-q", "--orphan", "target2")
            scratch.commit("other: root\n", {"z.c": "int z;\n"})
            return path, "target", "target2"
    return path, one, "target"


@pytest.mark.parametrize(
    ("kind", "status", "verdict"),
    [
        ("detached", 0, "needs"),
        ("unborn", 0, "needs"),
        ("worktree", 0, "needs"),
        ("bare", 0, "needs"),
        ("replaced", 0, "needs"),
        ("unrelated", 1, "conflict"),
        ("root", 0, "ready"),
        ("shallow", 1, "unknown"),
        ("boundary", 3, None),
        ("partial", 3, None),
        ("treeless", 3, None),
    ],
)
def test_odd_repositories(scratch: Scratch, tmp_path: Path, kind: str, status: int, verdict: str | None) -> None:
    path, rev, onto = odd(scratch, kind)
    done = run(path, tmp_path / "t", "backport", rev, "--onto", onto, "--format", "json")
    assert done.returncode == status
    if verdict is None:
        assert done.stdout == ""
        first, *hints = done.stderr.splitlines()
        assert first.startswith("kvmpatch: error: ")
        assert all(one.startswith("kvmpatch: hint: ") for one in hints)
        return
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    (candidate,) = answer["candidates"]
    assert set(candidate) >= KEYS
    assert candidate["verdict"] == verdict
    assert answer["searched"]["complete"] == (kind != "shallow")


# ---- hostile text --------------------------------------------------------------------------------------------------

EVIL = "\x1b[31mred \u202ebidi ::error file=a.c,line=1::x ##[error]x </details><script> ]]> \x07 \x9b2J `x` %0A::z"


def evil(scratch: Scratch) -> None:
    body = f'{EVIL}\n\nbody {EVIL}\n\n::error::own\n##[group]g\n</details>\n\nFixes: 000000000000 ("{EVIL}")\n'
    scratch.commit(body, {"a.c": CODE.replace("return 2", "return evil_name"), "::error::.c": "int e;\n"})
    scratch.commit(b"latin \xe9\xff\n\n\xfe\n", {b"\x1b[31m\n.c": "int f;\n"})


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("range_", ["target..main", "main^!", "main..main", "main..target"])
def test_every_format_stands_hostile_text_and_empty_ranges(
    scratch: Scratch, tmp_path: Path, kind: str, range_: str
) -> None:
    evil(scratch)
    done = run(scratch.path, tmp_path / "t", "annotate", range_, "--onto", "target", "--format", kind, lang="both")
    out = done.stdout + done.stderr
    assert not set("\x1b\x07\x9b\u202e\x00") & set(out)
    if kind in ("json", "gitlab", "sarif", "rdjson"):
        json.loads(done.stdout)
    if kind == "jsonl":
        assert all({"commit", "rule", "fingerprint"} <= set(json.loads(line)) for line in done.stdout.splitlines())
    if kind != "github":
        assert not [line for line in out.splitlines() if line.lstrip().startswith(("::", "##["))]
    else:
        assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in done.stdout.splitlines())
    if range_ in ("main..main", "main..target"):
        assert done.returncode == 0
        assert "no commit" in out


@pytest.mark.parametrize("language", ["zh", "en", "both"])
@pytest.mark.parametrize("kind", ["text", "markdown", "json", "jsonl"])
def test_backport_stands_hostile_text(scratch: Scratch, tmp_path: Path, kind: str, language: str) -> None:
    evil(scratch)
    done = run(
        scratch.path, tmp_path / "t", "backport", "target..main", "--onto", "target", "--format", kind, lang=language
    )
    assert not set("\x1b\x07\x9b\u202e\x00") & set(done.stdout)
    if kind in ("json", "jsonl"):
        (answer,) = [json.loads(done.stdout)]
        assert all(set(one) >= KEYS for one in answer["candidates"])
        assert len(answer["candidates"]) == 4


def test_messages_that_point_in_circles_come_to_an_end(scratch: Scratch) -> None:
    """Two that fix each other, one that fixes itself by its subject, two that are each other's upstream."""
    file: dict[str | bytes, str | bytes | None] = {"b.c": "int x;\n"}
    scratch.commit('KVM: self\n\nFixes: abcdefabcdef ("KVM: self")\n', {"b.c": "int s;\n"})
    first = scratch.commit('KVM: A\n\nFixes: 123456789abc ("KVM: B")\nStable-dep-of: 123456789abc ("KVM: B")\n', file)
    back = f'KVM: B\n\nFixes: {first[:12]} ("KVM: A")\n(cherry picked from commit {first})\n'
    scratch.commit(back, {"b.c": "int b;\n"})
    one, other = "1" * 40, "2" * 40
    scratch.commit(f"KVM: P\n\ncommit {other} upstream.\n(cherry picked from commit {one})\n", {"b.c": "int p;\n"})
    scratch.commit(f"KVM: Q\n\ncommit {one} upstream.\n(cherry picked from commit {other})\n", {"b.c": "int q;\n"})
    report = asked(scratch, "target..main")
    assert len(report.candidates) == 7
    assert report.searched.complete
    for candidate in report.candidates:
        assert candidate.commit.id not in [fix.id for fix in candidate.fixes]
        assert candidate.commit.id not in [need.id for need in candidate.prerequisites]


# ---- the process ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["backport", "annotate"])
def test_an_interrupt_leaves_nothing(scratch: Scratch, tmp_path: Path, command: str) -> None:
    for number in range(30):
        scratch.commit(f"KVM: change {number}\n", {f"f{number % 5}.c": f"int f{number}(void);\n" * 20})
    folder, out = tmp_path / "t", tmp_path / "out.json"
    folder.mkdir()
    before = sums(scratch.path)
    words = [command, "target..main", "--onto", "target", "--format", "json", "-o", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-m", "kvmpatch", "-C", str(scratch.path), *words],
        stderr=subprocess.PIPE, start_new_session=True, env={**os.environ, "TMPDIR": str(folder)},
    )  # fmt: skip
    deadline = time.monotonic() + 20
    while not list(folder.iterdir()) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode in {130, -signal.SIGINT}  # a shell tells of both as 130
    assert b"Traceback" not in said
    assert list(folder.iterdir()) == []
    assert not out.exists()
    assert sums(scratch.path) == before


def test_an_interrupt_while_modules_are_read_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first tenth of a second is spent on imports."""

    class Interrupted:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "kvmpatch.cli.entry":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "kvmpatch.cli.entry", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    assert cli.main(["--version"]) == 130


@pytest.mark.parametrize("text", ["null", "[]", "{}", '{"schema": 1}', "[" * 100_000])
def test_what_is_no_baseline_is_told_in_words_of_the_field(text: str) -> None:
    with pytest.raises(BadInput) as raised:
        known_fingerprints(text)
    assert raised.value.hint is not None
    assert raised.value.hint.en == "it is what an earlier `annotate --format jsonl` wrote, whole"
    assert raised.value.hint.zh == "应是早先 annotate --format jsonl 的完整输出"


def test_notes_go_to_git_and_into_no_file(scratch: Scratch, tmp_path: Path) -> None:
    """A file that was asked for and never written is not to be looked for in vain."""
    words = ["annotate", "target..main", "--onto", "target", "--format", "notes", "-o", str(tmp_path / "out")]
    done = run(scratch.path, tmp_path / "t", *words)
    assert done.returncode == 2
    assert done.stderr.startswith("kvmpatch: error: -o does not go with notes\n")


def test_a_head_that_is_missing_is_shown_as_one_would_write_it(scratch: Scratch) -> None:
    made = make_backport(BackportRequest(str(scratch.path), ("main~1",), "target", profile="linux-stable"))
    said = [one.said for one in made.candidates[0].header.findings] if made.candidates[0].header else []
    revert = scratch.commit('Revert "KVM: old"\n\nThis reverts commit ' + "1" * 40 + ".\n", {"r.c": "int r;\n"})
    made = make_backport(BackportRequest(str(scratch.path), (revert,), "target", profile="linux-stable"))
    said += [one.said for one in made.candidates[0].header.findings] if made.candidates[0].header else []
    assert any("commit <id> upstream." in one.en and "commit <id> upstream." in one.zh for one in said)
    assert not [one for one in said if "{" in one.zh + one.en]


def test_a_closed_pipe_ends_quietly(scratch: Scratch) -> None:
    command: list[Any] = [sys.executable, "-m", "kvmpatch", "-C", scratch.path, "backport", "main", "--onto", "target"]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert done.stderr == b""
    assert done.returncode in (0, 1, 141)
