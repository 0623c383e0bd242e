"""A backport held against its upstream commit: each class, and what is easily taken for another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.model.backport import Comparison
from kvmpatch.reports.backport.comparison import compared
from kvmpatch.sources.repo import Repository

STEPS = "".join(f"\tlog_step({number}, total);\n" for number in range(12))


def widget(count: str = "total += one;", reset: str = "total = 0;", steps: str = STEPS) -> str:
    """A file of two functions that are far from each other."""
    return "".join(
        f"void widget_{name}(int one)\n{{\n{steps}\t{line}\n{steps}}}\n\n"
        for name, line in (("count", count), ("reset", reset))
    )


COUNTED = "total += count_of_widgets(one);"
RESET = "widget_forget_everything(one);"
OLD = widget()
NEW = widget(COUNTED, RESET)
TABLE = "".join(f"entry number {number}\n" for number in range(9))

Files = Mapping[str | bytes, str | bytes | None]


@pytest.fixture
def repo(tmp_path: Path) -> Scratch:
    made = Scratch(tmp_path / "repo")
    made.commit("begin", {"widget.c": OLD, "table.txt": TABLE, "run.sh": "#!/bin/sh\n"})
    made.git("branch", "stable")
    return made


def against(repo: Scratch, upstream: Files, backport: Files, before: Files | None = None) -> tuple[Comparison, str]:
    """The class of a backport that changes these files, on a branch where `before` was done first."""
    theirs = repo.commit("upstream", upstream)
    repo.git("checkout", "-q", "stable")
    if before:
        repo.commit("before", before)
    mine = repo.commit("backport", backport)
    with Repository.open(repo.path) as repository:
        return compared(repository, theirs, mine), mine


def named(found: Comparison) -> dict[str, list[tuple[str, ...]]]:
    return {file.path: [hunk.lines for hunk in file.hunks] for file in found.hunks}


def test_the_same_patch_at_another_place_is_identical(repo: Scratch) -> None:
    lines = "int first;\nint second;\nint third;\nint fourth;\n\n"
    found, mine = against(repo, {"widget.c": NEW}, {"widget.c": lines + NEW}, {"widget.c": lines + OLD})
    assert (found.class_, found.other, found.hunks) == ("identical", mine, ())


def test_the_same_lines_in_other_context(repo: Scratch) -> None:
    near = STEPS.replace("log_step(11, total)", "log_step(11, one)")
    found, _ = against(
        repo,
        {"widget.c": NEW},
        {"widget.c": widget(COUNTED, RESET, near)},
        {"widget.c": widget(steps=near)},
    )
    assert found.class_ == "context"
    assert named(found) == {"widget.c": [("-\ttotal += one;", f"+\t{COUNTED}"), ("-\ttotal = 0;", f"+\t{RESET}")]}


def test_a_hunk_left_out_makes_it_partial(repo: Scratch) -> None:
    found, _ = against(repo, {"widget.c": NEW}, {"widget.c": widget(COUNTED)})
    assert found.class_ == "partial"
    assert named(found) == {"widget.c": [("-\ttotal = 0;", f"+\t{RESET}")]}
    assert "widget_reset" in found.hunks[0].hunks[0].heading


def test_lines_of_one_hunk_left_out_make_it_partial(repo: Scratch) -> None:
    two: Files = {"widget.c": widget(f"{COUNTED}\n\tcheck_all_widgets(one);")}
    found, _ = against(repo, two, {"widget.c": widget(COUNTED)})
    assert found.class_ == "partial"
    assert named(found) == {"widget.c": [("-\ttotal += one;", f"+\t{COUNTED}", "+\tcheck_all_widgets(one);")]}


def test_a_file_left_out_makes_it_partial(repo: Scratch) -> None:
    found, _ = against(repo, {"widget.c": NEW, "new.c": "int a_new_file;\n"}, {"widget.c": NEW})
    assert found.class_ == "partial"
    assert named(found) == {"new.c": [("+int a_new_file;",)]}


def test_a_binary_file_left_out_makes_it_partial(repo: Scratch) -> None:
    found, _ = against(repo, {"widget.c": NEW, "logo.bin": b"\0\1" * 40}, {"widget.c": NEW})
    assert (found.class_, named(found)) == ("partial", {"logo.bin": []})


def test_another_binary_file_is_a_change(repo: Scratch) -> None:
    mine: Files = {"widget.c": NEW, "logo.bin": b"\0\2" * 40}
    found, _ = against(repo, {"widget.c": NEW, "logo.bin": b"\0\1" * 40}, mine)
    assert (found.class_, named(found)) == ("modified", {"logo.bin": []})


def test_a_hunk_that_was_changed(repo: Scratch) -> None:
    found, _ = against(repo, {"widget.c": NEW}, {"widget.c": widget(COUNTED, "widget_forget_it(one, 0);")})
    assert found.class_ == "modified"
    assert named(found) == {"widget.c": [("-\ttotal = 0;", f"+\t{RESET}")]}


def test_a_hunk_that_came_in_addition(repo: Scratch) -> None:
    found, _ = against(repo, {"widget.c": widget(COUNTED)}, {"widget.c": NEW})
    assert found.class_ == "modified"
    assert named(found) == {"widget.c": [("-\ttotal = 0;", f"+\t{RESET}")]}


def test_a_file_that_came_in_addition(repo: Scratch) -> None:
    found, _ = against(repo, {"widget.c": NEW}, {"widget.c": NEW, "table.txt": TABLE + "entry number 9\n"})
    assert found.class_ == "modified"
    assert named(found) == {"table.txt": [("+entry number 9",)]}


def test_the_same_lines_in_another_function(repo: Scratch) -> None:
    upstream, backport = widget(f"total += one;\n\t{COUNTED}"), widget(reset=f"total = 0;\n\t{COUNTED}")
    found, _ = against(repo, {"widget.c": upstream}, {"widget.c": backport})
    assert (found.class_, found.because) == ("modified", ())


def test_a_function_of_another_name_is_the_same_place(repo: Scratch) -> None:
    """The lines around tell that it is the same place."""
    unique = "".join(f"\tstep_of_its_own({number});\n" for number in range(12))
    mine, there = widget(steps=unique), widget(steps=unique).replace("widget_count", "count_a_widget")
    repo.commit("own steps", {"widget.c": mine})
    new = widget(COUNTED, steps=unique)
    found, _ = against(
        repo, {"widget.c": new}, {"widget.c": new.replace("widget_count", "count_a_widget")}, {"widget.c": there}
    )
    assert (found.class_, found.because) == ("identical", ())


def test_white_space_alone_is_said_to_be_that(repo: Scratch) -> None:
    spaced = widget(f"    {COUNTED}", RESET)
    found, mine = against(repo, {"widget.c": NEW}, {"widget.c": spaced})
    assert found.class_ == "modified"
    assert [reason.code for reason in found.because] == ["spacing-alone"]
    assert found.because[0].evidence[0].commit == mine


def test_a_file_under_another_path_is_followed(repo: Scratch) -> None:
    moved: Files = {"widget.c": None, "lib/widget.c": OLD}
    found, _ = against(repo, {"widget.c": NEW}, {"lib/widget.c": NEW}, moved)
    assert (found.class_, found.hunks) == ("identical", ())
    assert [reason.code for reason in found.because] == ["other-path"]
    assert "widget.c -> lib/widget.c" in found.because[0].said.en


def test_a_file_under_another_name_is_followed_by_its_lines(repo: Scratch) -> None:
    moved: Files = {"widget.c": None, "lib/counter.c": OLD}
    found, _ = against(repo, {"widget.c": NEW}, {"lib/counter.c": widget(COUNTED)}, moved)
    assert found.class_ == "partial"


def test_little_in_common(repo: Scratch) -> None:
    found, _ = against(repo, {"widget.c": NEW}, {"table.txt": "quite another thing\n"})
    assert found.class_ == "different"
    assert set(named(found)) == {"widget.c", "table.txt"}


def test_other_lines_in_the_same_functions(repo: Scratch) -> None:
    found, _ = against(repo, {"widget.c": NEW}, {"widget.c": widget("sum_up(one);\n\ttotal += one;", "begin();")})
    assert found.class_ == "modified"


def test_other_lines_in_another_function(repo: Scratch) -> None:
    found, _ = against(repo, {"widget.c": widget(COUNTED)}, {"widget.c": widget(reset="begin_anew(one);")})
    assert found.class_ == "different"


def test_nothing_taken_at_all_is_no_part(repo: Scratch) -> None:
    found, _ = against(repo, {"widget.c": NEW}, {})
    assert found.class_ == "different"


def test_modes(repo: Scratch) -> None:
    (repo.path / "run.sh").chmod(0o755)
    theirs = repo.commit("upstream")
    repo.git("checkout", "-q", "stable")
    (repo.path / "run.sh").chmod(0o755)
    mine = repo.commit("backport")
    with Repository.open(repo.path) as repository:
        assert compared(repository, theirs, mine).class_ == "identical"


def test_two_empty_commits_are_identical(repo: Scratch) -> None:
    assert against(repo, {}, {})[0].class_ == "identical"


def test_a_merge_is_compared_by_its_first_parent(repo: Scratch) -> None:
    repo.git("checkout", "-q", "-b", "side")
    work = repo.commit("work", {"widget.c": NEW})
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge side", "side", env=repo.when())
    merge = repo.git("rev-parse", "HEAD")
    with Repository.open(repo.path) as repository:
        assert compared(repository, merge, work).class_ == "identical"


def test_ids_of_sixty_four_digits(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "long", "--object-format=sha256")
    repo.commit("begin", {"widget.c": OLD})
    repo.git("branch", "stable")
    found, mine = against(repo, {"widget.c": NEW}, {"widget.c": widget(COUNTED)})
    assert (found.class_, len(found.other), found.other) == ("partial", 64, mine)
