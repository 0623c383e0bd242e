"""`backport` as a whole, on the miniature history: each verdict, its exit status, and a repository left as it was."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from repo_scratch import Scratch

from kvmpatch.model.backport import Backport, Candidate
from kvmpatch.reports.backport.request import BackportRequest
from kvmpatch.reports.backport.search import make_backport
from kvmpatch.sources.demo import DemoHistory, lay_down

STABLE, OLK = "linux-6.1.y", "OLK-6.6"


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


def asked(path: Path, onto: str, *revs: str, **more: Any) -> Backport:
    return make_backport(BackportRequest(str(path), revs, onto, **more))


def one(history: DemoHistory, number: str, onto: str) -> Candidate:
    (candidate,) = asked(history.path, onto, history.id_of(number)).candidates
    return candidate


def run(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kvmpatch", "-C", str(path), "--lang", "en", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def applied(path: Path, candidate: Candidate, clone: Path) -> str:
    """The tree that comes of typing the plan's commands in a clone."""
    subprocess.run(["git", "clone", "-q", str(path), str(clone)], check=True)
    for branch in (STABLE, OLK):
        subprocess.run(["git", "branch", "-q", branch, f"origin/{branch}"], cwd=clone, check=True)
    for command in candidate.plan.commands:
        subprocess.run(["sh", "-ec", command], cwd=clone, check=True, capture_output=True)
    return Scratch(clone, make=False).git("rev-parse", "HEAD^{tree}").strip()


# ---- verdicts ------------------------------------------------------------------------------------------------------

# The number of the commit in fixtures/miniature, the branch, and what the patches there say of the two:
# 0041 adds a function to what OLK has as well · 0018 needs 0015 and 0017, which left after 0005 · 0103 is not 0006, but
# selects on the same lines · 0102 is 0043 by its cherry-pick line · 0101 is 0019 without its uapi part · 0031 merges
VERDICTS = [
    ("ready", "0041", OLK),
    ("needs", "0018", STABLE),
    ("conflict", "0006", STABLE),
    ("present", "0043", STABLE),
    ("partial", "0019", STABLE),
    ("unknown", "0031", STABLE),
]
EXIT = {"ready": 0, "needs": 1, "conflict": 1, "present": 0, "partial": 1, "unknown": 3}


@pytest.mark.parametrize(("verdict", "number", "onto"), VERDICTS)
def test_each_verdict_is_reached_and_exits_as_the_contract_says(
    miniature: DemoHistory, verdict: str, number: str, onto: str
) -> None:
    done = run(miniature.path, "backport", miniature.id_of(number), "--onto", onto, "--format", "json")
    answer = json.loads(done.stdout)
    (candidate,) = answer["candidates"]
    assert candidate["verdict"] == verdict
    assert done.returncode == EXIT[verdict]
    assert answer["schema"] == "kvmpatch.backport/1"
    assert answer["onto"]["ref"] == onto
    assert done.stderr == ""


def test_every_key_of_the_contract_is_there(miniature: DemoHistory) -> None:
    done = run(miniature.path, "backport", miniature.id_of("0019"), "--onto", STABLE, "--format", "json")
    (candidate,) = json.loads(done.stdout)["candidates"]
    assert {
        "commit", "presence", "comparison", "pick", "prerequisites", "fixes", "risks", "header", "verdict",
        "plan", "note",
    } <= set(candidate)  # fmt: skip
    assert {"state", "rung", "where", "missing"} <= set(candidate["presence"])
    assert {"class", "hunks"} <= set(candidate["comparison"])
    assert {"steps", "tried", "clean", "failed_at", "tree", "commands"} <= set(candidate["plan"])
    assert {"profile", "ok", "findings", "proposal"} <= set(candidate["header"])


def test_a_partial_backport_is_told_by_file_and_hunk(miniature: DemoHistory) -> None:
    presence = one(miniature, "0019", STABLE).presence
    assert presence.where == (miniature.id_of("0101"),)
    ((path, hunks),) = [(file.path, file.hunks) for file in presence.missing]
    assert path == "arch/riscv/include/uapi/asm/kvm.h"
    assert [hunk.lines for hunk in hunks] == [("+\tunsigned long senvcfg;",)]


def test_what_is_there_says_by_which_commit(miniature: DemoHistory) -> None:
    presence = one(miniature, "0043", STABLE).presence
    assert (presence.state, presence.where) == ("present", (miniature.id_of("0102"),))


@pytest.mark.parametrize(("number", "onto"), [("0018", STABLE), ("0049", OLK), ("0021", OLK)])
def test_a_plan_that_is_clean_gives_its_tree_when_it_is_typed(
    miniature: DemoHistory, tmp_path: Path, number: str, onto: str
) -> None:
    candidate = one(miniature, number, onto)
    assert candidate.verdict == "needs"
    assert candidate.plan.clean
    assert applied(miniature.path, candidate, tmp_path / "clone") == candidate.plan.tree


def test_a_fix_brings_what_it_needs_itself(miniature: DemoHistory) -> None:
    # 0049 fixes 0021, and its hunks lie on lines that 0028 indented.
    candidate = one(miniature, "0021", OLK)
    steps = [step.id for step in candidate.plan.steps]
    assert steps.index(miniature.id_of("0028")) < steps.index(miniature.id_of("0049"))
    needed_by = {need.id: need.of for need in candidate.prerequisites}
    assert needed_by[miniature.id_of("0028")] == miniature.id_of("0049")


def test_a_fix_whose_bug_the_target_lacks_is_told(miniature: DemoHistory) -> None:
    # 0040 fixes 0020, which OLK-6.6 left before; with 0020 in the same call the bug is there
    alone = one(miniature, "0040", OLK)
    assert [risk.code for risk in alone.risks if risk.code == "bug-not-there"] == ["bug-not-there"]
    ids = [miniature.id_of(number) for number in ("0018", "0020", "0040")]
    assert "bug-not-there" not in {risk.code for risk in asked(miniature.path, OLK, *ids).candidates[-1].risks}


# ---- several -------------------------------------------------------------------------------------------------------


def test_each_candidate_meets_those_that_went_in_before_it(miniature: DemoHistory) -> None:
    numbers = ("0018", "0019", "0020", "0021")
    answer = asked(miniature.path, OLK, *(miniature.id_of(number) for number in numbers))
    assert [candidate.commit.id for candidate in answer.candidates] == [miniature.id_of(number) for number in numbers]
    assert [candidate.pick.state for candidate in answer.candidates] == ["clean"] * 4


def test_a_fix_that_is_brought_by_the_same_call_is_not_missed(miniature: DemoHistory) -> None:
    alone = one(miniature, "0020", OLK)
    fix = miniature.id_of("0040")
    assert [(found.id, found.ignored) for found in alone.fixes] == [(fix, None)]
    ids = [miniature.id_of(number) for number in ("0018", "0020", "0040")]
    answer = asked(miniature.path, OLK, *ids)
    assert [(found.id, found.ignored) for found in answer.candidates[1].fixes] == [(fix, "in this call")]


# ---- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("backport", "main"), "no target is named"),
        (("backport", "main", "--onto", "nowhere"), "nowhere"),
        (("backport", "main", "--onto", "main~3..main"), "main~3..main"),
        (("backport", "main", "--onto", OLK, "--profile", "nobody"), "nobody"),
        (("backport", "main", "--onto", OLK, "--ignore", "/nonexistent"), "/nonexistent"),
        (("backport", "--onto", OLK), "REV"),
    ],
)
def test_bad_input_is_one_line_and_exits_with_2(miniature: DemoHistory, words: tuple[str, ...], said: str) -> None:
    done = run(miniature.path, *words)
    assert done.returncode == 2
    assert done.stdout == ""
    first = done.stderr.splitlines()[0]
    assert first.startswith("kvmpatch: error: ")
    assert said in first


def test_a_setting_names_the_target(miniature: DemoHistory) -> None:
    done = run(miniature.path, "-c", f"kvmpatch.target={OLK}", "-q", "backport", miniature.id_of("0041"))
    assert done.returncode == 0
    assert OLK in done.stdout


def test_a_shallow_clone_is_undecided(miniature: DemoHistory, tmp_path: Path) -> None:
    clone = tmp_path / "shallow"
    url = f"file://{miniature.path}"
    subprocess.run(["git", "clone", "-q", "--depth", "3", "--no-single-branch", url, str(clone)], check=True)
    done = run(clone, "backport", "origin/main~1", "--onto", f"origin/{STABLE}", "--format", "json")
    answer = json.loads(done.stdout)
    assert answer["candidates"][0]["presence"]["state"] == "unknown"
    assert answer["searched"]["complete"] is False
    assert "shallow" in answer["searched"]["stopped"]
    assert done.returncode in (1, 3)


# ---- nothing is written ---------------------------------------------------------------------------------------------


def everything(path: Path) -> dict[str, str]:
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def test_objects_refs_index_and_work_tree_are_untouched(tmp_path: Path) -> None:
    history = lay_down(tmp_path / "linux")
    before = everything(history.path)
    for command in ("backport", "annotate"):
        run(history.path, command, "main~3..main", "--onto", OLK)
    assert everything(history.path) == before
