"""The plan was tried: what it predicts is what git makes of the same commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from backport_scratch import asking
from repo_scratch import Scratch

from kvmpatch.model.backport import Pick, Plan
from kvmpatch.reports.backport.plan import Planner
from kvmpatch.sources.demo import DemoHistory, lay_down
from kvmpatch.sources.repo import Repository


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


class Unhurried(Scratch):
    """Hours lie between commits."""

    def when(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        self._clock += 7200
        return super().when(env)


LINES = [f"int value{number:02};\n" for number in range(40)]


def numbered(**changed: str) -> str:
    """Forty lines; `l5="x"` replaces the sixth."""
    return "".join(changed.get(f"l{place}", line) for place, line in enumerate(LINES))


@pytest.fixture
def repo(tmp_path: Path) -> Scratch:
    made = Unhurried(tmp_path / "repo")
    made.commit("begin", {"a.c": numbered(), "b.h": "int b;\n", "c.c": '#include "b.h"\nint c;\n'})
    made.git("branch", "stable")
    return made


def plan(repo: Scratch | DemoHistory, rev: str, onto: str = "stable") -> Plan:
    with asking(repo.path, onto) as ask:
        return ask.plan(rev)


def steps(found: Plan) -> list[str]:
    return [one.id for one in found.steps]


def applied(repo: Scratch | DemoHistory, found: Plan, tmp_path: Path) -> str:
    """The tree that comes of typing the plan's commands in a clone."""
    clone = Scratch(tmp_path / "applied", make=False)
    Scratch(repo.path, make=False).git("clone", "-q", "--mirror", str(repo.path), str(clone.path / ".git"))
    clone.git("config", "core.bare", "false")
    clone.git("checkout", "-q", "-f", "HEAD")
    for command in found.commands:
        program, *arguments = command.split(" ")
        assert program == "git"
        clone.git(*arguments)
    return clone.git("rev-parse", "HEAD^{tree}")


# ---- what goes in --------------------------------------------------------------------------------------------------


def test_needed_prerequisites_candidate_and_fixes_go_in_by_age(repo: Scratch, tmp_path: Path) -> None:
    bring = repo.commit("bring it", {"b.h": "int b;\n#define LARGEST_B 4\n"})
    candidate = repo.commit("use it", {"c.c": '#include "b.h"\nint c = LARGEST_B;\n'})
    repo.commit("of no concern", {"a.c": numbered(l3="long three;\n")})
    fix = repo.commit(f'bring it right\n\nFixes: {bring[:12]} ("bring it")\n', {"b.h": "int b;\n#define LARGEST_B 8\n"})
    found = plan(repo, candidate)
    assert steps(found) == [bring, candidate, fix]
    assert (found.tried, found.clean, found.failed_at) == (True, True, None)
    assert found.commands == (
        f"git switch -c backport-{candidate[:12]} stable",
        f"git cherry-pick -x {bring[:12]} {candidate[:12]} {fix[:12]}",
    )
    assert applied(repo, found, tmp_path) == found.tree


def test_a_prerequisite_comes_first_whatever_its_date(repo: Scratch) -> None:
    repo.commit(
        "bring it", {"b.h": "int b;\n#define LARGEST_B 4\n"}, env={"GIT_COMMITTER_DATE": "2031-01-01T00:00:00Z"}
    )
    bring = repo.git("rev-parse", "HEAD")
    candidate = repo.commit("use it", {"c.c": '#include "b.h"\nint c = LARGEST_B;\n'})
    assert steps(plan(repo, candidate)) == [bring, candidate]


def test_a_textual_prerequisite_comes_in_where_it_is_the_cure(repo: Scratch, tmp_path: Path) -> None:
    beside = repo.commit("line 20", {"a.c": numbered(l20="long twenty;\n")})
    repo.commit("line 35", {"a.c": numbered(l20="long twenty;\n", l35="long thirtyfive;\n")})
    candidate = repo.commit(
        "line 21", {"a.c": numbered(l20="long twenty;\n", l21="long one;\n", l35="long thirtyfive;\n")}
    )
    found = plan(repo, candidate)
    assert steps(found) == [beside, candidate]
    assert found.clean
    assert applied(repo, found, tmp_path) == found.tree


def test_of_textual_prerequisites_as_few_as_it_takes(repo: Scratch) -> None:
    """Three commits wrote context; the conflict is with the two whose lines lie right beside."""
    changed = {"l18": "long eighteen;\n"}
    repo.commit("line 18", {"a.c": numbered(**changed)})
    changed["l20"] = "long twenty;\n"
    above = repo.commit("line 20", {"a.c": numbered(**changed)})
    changed["l22"] = "long twentytwo;\n"
    below = repo.commit("line 22", {"a.c": numbered(**changed)})
    changed["l21"] = "long twentyone;\n"
    candidate = repo.commit("line 21", {"a.c": numbered(**changed)})
    found = plan(repo, candidate)
    assert found.clean
    assert steps(found) == [above, below, candidate]


def test_without_a_conflict_nobody_else_goes_in(repo: Scratch) -> None:
    repo.commit("line 10", {"a.c": numbered(l10="long ten;\n")})
    candidate = repo.commit("line 12", {"a.c": numbered(l10="long ten;\n", l12="long twelve;\n")})
    with Repository.open(repo.path) as repository:
        stable = repository.resolve(("stable",))[0].id
        assert repository.pick(candidate, stable).state == "clean"
    assert steps(plan(repo, candidate)) == [candidate]


# ---- what does not go in -------------------------------------------------------------------------------------------


def test_the_first_that_conflicts_is_told_with_its_files(repo: Scratch) -> None:
    bring = repo.commit("bring it", {"b.h": "int b;\n#define LARGEST_B 4\n"})
    changed = {"l5": "int five = LARGEST_B;\n", "l20": "long twenty;\n"}
    candidate = repo.commit("use it", {"a.c": '#include "b.h"\n' + numbered(**changed)})
    last = repo.commit(f'right\n\nFixes: {candidate[:12]} ("use it")\n', {"c.c": "int c = 3;\n"})
    repo.git("checkout", "-q", "stable")
    repo.commit("ours", {"a.c": numbered(l20="short twenty;\n")})
    found = plan(repo, candidate)
    assert (found.tried, found.clean, found.failed_at, found.tree) == (True, False, candidate, None)
    assert steps(found) == [bring, candidate, last]
    assert found.commands[1:] == (
        f"git cherry-pick -x {bring[:12]}",
        f"git cherry-pick -x {candidate[:12]}  # conflict: a.c",
        f"git cherry-pick -x {last[:12]}",
    )


def test_a_step_that_changes_nothing_is_left_out(repo: Scratch) -> None:
    bring = repo.commit("bring it", {"b.h": "int b;\n#define LARGEST_B 4\n"})
    candidate = repo.commit("use it", {"c.c": '#include "b.h"\nint c = LARGEST_B;\n'})
    with asking(repo.path, "stable") as ask:
        needs = ask.needs(candidate)
        assert [one.id for one in needs] == [bring]
        repo.git("checkout", "-q", "stable")
        repo.commit("under another name", {"b.h": "int b;\n#define LARGEST_B 4\n"})
    with asking(repo.path, "stable") as ask:
        raw = ask.center(candidate).raw
        found = Planner(ask.target, ask.patience).plan(raw, needs, (), Pick("clean", ()))
    assert steps(found) == [candidate]
    assert found.clean


def test_a_candidate_that_is_there_has_only_its_fixes_to_pick(repo: Scratch) -> None:
    candidate = repo.commit("line 10", {"a.c": numbered(l10="long ten;\n")})
    fix = repo.commit(f'right\n\nFixes: {candidate[:12]} ("line 10")\n', {"a.c": numbered(l10="char ten;\n")})
    repo.git("checkout", "-q", "stable")
    repo.git("cherry-pick", "-x", candidate, env=repo.when())
    assert steps(plan(repo, candidate)) == [fix]
    repo.git("cherry-pick", "-x", fix, env=repo.when())
    found = plan(repo, candidate)
    assert (found.steps, found.commands, found.clean) == ((), (), True)
    assert found.tree == repo.git("rev-parse", "stable^{tree}")


# ---- commands ------------------------------------------------------------------------------------------------------


def test_the_name_of_the_target_is_quoted(repo: Scratch) -> None:
    repo.git("branch", "old&new", "stable")
    candidate = repo.commit("line 10", {"a.c": numbered(l10="long ten;\n")})
    assert plan(repo, candidate, "old&new").commands[0] == f"git switch -c backport-{candidate[:12]} 'old&new'"


def test_a_file_name_cannot_add_a_command(repo: Scratch) -> None:
    name = "x\nrm -rf .c"
    repo.commit("a file", {name: "one\n"})
    repo.git("branch", "-f", "stable")
    candidate = repo.commit("theirs", {name: "two\n"})
    repo.git("checkout", "-q", "stable")
    repo.commit("ours", {name: "three\n"})
    found = plan(repo, candidate)
    assert found.failed_at == candidate
    assert found.commands[-1] == f"git cherry-pick -x {candidate[:12]}  # conflict: 'x\\nrm -rf .c'"


def test_a_second_candidate_goes_on_from_the_first(repo: Scratch) -> None:
    one = repo.commit("line 10", {"a.c": numbered(l10="long ten;\n")})
    other = repo.commit("line 30", {"a.c": numbered(l10="long ten;\n", l30="long thirty;\n")})
    with asking(repo.path, "stable") as ask:
        made = ask.repository.pick(one, ask.target.standing).commit
        assert made
        ask.target.take(one, made)
        found = ask.plan(other)
        assert found.commands == (f"git cherry-pick -x {other[:12]}",)
        assert found.tree == repo.git("rev-parse", "main^{tree}")


def test_a_merge_is_picked_by_its_first_parent(repo: Scratch, tmp_path: Path) -> None:
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("line 30", {"a.c": numbered(l30="long thirty;\n")})
    repo.git("checkout", "-q", "main")
    repo.commit("b", {"b.h": "int b;\nint bb;\n"})
    repo.git("merge", "-q", "--no-ff", "-m", "merge topic", "topic", env=repo.when())
    merge = repo.git("rev-parse", "HEAD")
    with asking(repo.path, "stable") as ask:
        raw = ask.center(merge).raw
        found = Planner(ask.target, ask.patience).plan(raw, (), (), Pick("clean", ()))
    assert found.commands[-1] == f"git cherry-pick -x -m 1 {merge[:12]}"
    assert applied(repo, found, tmp_path) == found.tree


# ---- the miniature -------------------------------------------------------------------------------------------------


def test_hstateen0_goes_into_the_older_branch_with_eight_others(miniature: DemoHistory, tmp_path: Path) -> None:
    """It needs 0008, 0015 and 0017; 0007 makes the file that 0008 changes, 0009 to 0012 write what lies around."""
    candidate = miniature.id_of("0018")
    found = plan(miniature, candidate, "linux-6.1.y")
    numbers = ("0007", "0008", "0009", "0010", "0011", "0012", "0015", "0017", "0018")
    assert steps(found) == [miniature.id_of(number) for number in numbers]
    assert found.clean
    assert applied(miniature, found, tmp_path) == found.tree


@pytest.mark.parametrize(("number", "onto"), [("0018", "OLK-6.6"), ("0027", "OLK-6.6"), ("0027", "linux-6.1.y")])
def test_a_clean_plan_gives_the_tree_that_it_predicts(
    miniature: DemoHistory, tmp_path: Path, number: str, onto: str
) -> None:
    found = plan(miniature, miniature.id_of(number), onto)
    assert found.clean
    assert applied(miniature, found, tmp_path) == found.tree
    if number == "0027":
        assert steps(found)[-1] == miniature.id_of("0047")  # it names 0027 in Fixes:
