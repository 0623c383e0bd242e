"""Presence: each rung of the ladder, and each way in which a rung is known to lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.model.backport import Presence
from kvmpatch.reports.backport import presence_by_lines
from kvmpatch.reports.backport.presence import PresenceFinder
from kvmpatch.reports.backport.target import Target
from kvmpatch.reports.related.finder import GitFinder
from kvmpatch.reports.related.request import Patience
from kvmpatch.sources.repo import Repository

SIGNED = "Signed-off-by: A Developer <dev@example.org>"
OTHER = {"GIT_AUTHOR_NAME": "B Developer", "GIT_AUTHOR_EMAIL": "b@example.org"}


def widget(*, count: str = "total += one;", reset: str = "total = 0;", bound: str = "return false;") -> str:
    """A file of three functions, far enough from each other that hunks stay apart."""
    filler = "".join(f"\tlog_step({number}, total);\n" for number in range(8))
    return "".join(
        f"{kind} widget_{name}(int one)\n{{\n{filler}\t{line}\n{filler}}}\n\n"
        for kind, name, line in (("void", "count", count), ("void", "reset", reset), ("bool", "bound", bound))
    )


COUNTED = "total += count_of_widgets(one);"
RESET = "widget_forget_everything(one);"
BOUND = "return total > WIDGET_LARGEST_TOTAL;"
OLD = widget()
NEW = widget(count=COUNTED, reset=RESET, bound=BOUND)
TABLE = "".join(f"entry {number}\n" for number in range(30))


@pytest.fixture(params=["sha1"])
def object_format(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def repo(tmp_path: Path, object_format: str) -> Scratch:
    """`main` goes on, `stable` stands where it left."""
    made = Scratch(tmp_path / "repo", f"--object-format={object_format}")
    made.commit("widget: begin", {"widget.c": OLD, "table.txt": TABLE, "tool/run.sh": "#!/bin/sh\n"})
    made.git("branch", "stable")
    return made


Ask = Callable[..., Presence]


@pytest.fixture
def ask(repo: Scratch) -> Iterator[Ask]:
    """Presence of one commit in a branch."""
    opened: list[Repository] = []

    def asked(commit: str, onto: str = "stable", seconds: float = 60) -> Presence:
        repository = Repository.open(repo.path)
        opened.append(repository)
        return find(repository, [commit], onto, seconds)[commit]

    yield asked
    for repository in opened:
        repository.close()


def find(repository: Repository, commits: list[str], onto: str = "stable", seconds: float = 60) -> dict[str, Presence]:
    tip = repository.resolve((onto,))[0].id
    finder = PresenceFinder(Target(repository, GitFinder(repository), onto, tip), Patience(seconds))
    return finder.find(list(repository.commits(commits)))


def told(presence: Presence) -> tuple[str, str, tuple[str, ...]]:
    return presence.state, presence.rung, presence.where


def codes(presence: Presence) -> list[str]:
    assert all(reason.evidence for reason in presence.because)
    return [reason.code for reason in presence.because]


def on_stable(
    repo: Scratch,
    message: str,
    files: Mapping[str | bytes, str | bytes | None] | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """A commit on `stable`; `main` is where one stands before and after."""
    repo.git("checkout", "-q", "stable")
    made = repo.commit(message, files, env=env)
    repo.git("checkout", "-q", "main")
    return made


def fixed(repo: Scratch, files: Mapping[str | bytes, str | bytes | None] | None = None) -> str:
    """The candidate: on `main`, three hunks."""
    return repo.commit(f"widget: count for real\n\nIt was wrong.\n\n{SIGNED}", files or {"widget.c": NEW})


# ---- the commit itself -----------------------------------------------------------------------------------------------


def test_the_commit_itself_is_in_the_history(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    repo.git("branch", "-f", "stable", "main")
    on_stable(repo, "widget: later", {"other.c": "int other;\n"})
    assert told(ask(candidate)) == ("present", "object", (candidate,))


def test_the_target_may_be_the_commit(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    assert told(ask(candidate, "main")) == ("present", "object", (candidate,))


def test_a_backport_as_candidate_is_there_where_its_upstream_commit_is(repo: Scratch, ask: Ask) -> None:
    upstream = fixed(repo)
    repo.git("checkout", "-q", "-b", "older", "main~1")
    candidate = repo.commit(f"widget: count for real\n\ncommit {upstream} upstream.\n\n{SIGNED}", {"widget.c": NEW})
    assert told(ask(candidate, "main")) == ("present", "object", (upstream,))


def test_nothing_of_it_is_absent(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    on_stable(repo, "table: one more", {"table.txt": TABLE + "entry 30\n"})
    presence = ask(candidate)
    assert told(presence) == ("absent", "unknown", ())
    assert codes(presence) == ["not-found"]
    assert presence.because[0].said.en.startswith("of the 1 commit that only the target has")


# ---- ids in messages -------------------------------------------------------------------------------------------------

FORMS = {
    "stable-commit": "commit {id} upstream.\n\nText.\n\n" + SIGNED,
    "stable-bracket": "[ Upstream commit {id} ]\n\nText.\n\n" + SIGNED,
    "cherry-picked": "Text.\n\n" + SIGNED + "\n(cherry picked from commit {id})",
    "backported": "Text.\n\n(backported from commit {id})\n" + SIGNED,
    "mainline-inclusion": "mainline inclusion\nfrom mainline-v6.12\ncommit {id}\ncategory: bugfix\n\n-----\n\nText.",
    "anolis": "ANBZ: #1\n\ncommit {id} upstream.\n\nText.\n\n" + SIGNED,
    "xen": "Text.\n\n" + SIGNED + "\nmaster commit: {id}\nmaster date: 2024-12-16 13:06:55 +0100",
    "suse": "Git-commit: {id}\nPatch-mainline: v6.12\n\nText.\n\n" + SIGNED,
    "rhel-commit": "JIRA: X-1\n\ncommit {id}\nAuthor: A <a@example.org>\n\n    Text.\n\n" + SIGNED,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_message_of_the_target_points_to_it(repo: Scratch, ask: Ask, form: str) -> None:
    candidate = fixed(repo)
    body = FORMS[form].format(id=candidate)
    backport = on_stable(repo, f"another title\n\n{body}\n", {"widget.c": NEW})
    presence = ask(candidate)
    assert told(presence) == ("present", "upstream-id", (backport,))
    assert presence.because[0].evidence[0].commit == backport
    assert candidate in (presence.because[0].evidence[0].text or "")


def test_a_rewritten_backport_of_the_same_name_is_believed(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    message = f"widget: count for real\n\ncommit {candidate} upstream.\n\n{SIGNED}"
    backport = on_stable(repo, message, {"other.c": "int quite_another_way;\n"})
    presence = ask(candidate)
    assert told(presence) == ("present", "upstream-id", (backport,))
    assert codes(presence) == ["pointed-at", "rewritten"]


@pytest.mark.parametrize("object_format", ["sha256"], indirect=True)
def test_ids_of_sixty_four_digits(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    backport = on_stable(repo, f"another title\n\ncommit {candidate} upstream.\n\n{SIGNED}", {"widget.c": NEW})
    assert len(candidate) == 64
    assert told(ask(candidate)) == ("present", "upstream-id", (backport,))


def test_the_candidates_and_a_backports_common_source(repo: Scratch, ask: Ask) -> None:
    """One change with two ids in one tree: the backport names the one, the question the other."""
    source = "5" * 40
    candidate = repo.commit(
        f"widget: count for real\n\n{SIGNED}\n(cherry picked from commit {source})", {"widget.c": NEW}
    )
    backport = on_stable(repo, f"another title\n\ncommit {source} upstream.\n\n{SIGNED}", {"widget.c": NEW})
    presence = ask(candidate)
    assert told(presence) == ("present", "twin-id", (backport,))
    assert {one.commit for one in presence.because[0].evidence} == {candidate, backport}


def test_a_backport_that_quotes_the_twin_below_its_own_pointer(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    message = (
        f"t\n\ncommit {'6' * 40} upstream.\n\nText.\n\n{SIGNED}\n(cherry picked from commit {candidate})\n{SIGNED}"
    )
    backport = on_stable(repo, message, {"widget.c": NEW})
    assert told(ask(candidate)) == ("present", "upstream-id", (backport,))


def test_the_candidate_was_picked_from_what_the_target_has(repo: Scratch, ask: Ask) -> None:
    there = on_stable(repo, "widget: counted first here", {"widget.c": NEW})
    candidate = repo.commit(f"widget: count\n\n{SIGNED}\n(cherry picked from commit {there})", {"widget.c": NEW})
    assert told(ask(candidate)) == ("present", "twin-id", (there,))


def test_a_backport_of_a_backport(repo: Scratch, ask: Ask) -> None:
    """An inclusion from a stable tree names the stable commit, which alone names the upstream one."""
    candidate = fixed(repo)
    repo.git("checkout", "-q", "-b", "linux-6.6.y", "stable")
    title = "widget: count for real"
    stable = repo.commit(f"{title}\n\ncommit {candidate} upstream.\n\n{SIGNED}", {"widget.c": NEW})
    repo.git("checkout", "-q", "main")
    inclusion = f"stable inclusion\nfrom stable-v6.6.58\ncommit {stable}\ncategory: bugfix\n\n-----\n\nText."
    adapted = widget(count=COUNTED, reset=RESET, bound="return total > 5 * WIDGET_SMALL;")
    backport = on_stable(repo, f"{title}\n\n{inclusion}", {"widget.c": adapted}, OTHER)
    presence = ask(candidate)
    assert told(presence) == ("present", "twin-id", (backport,))
    assert [one.commit for one in presence.because[0].evidence] == [backport, stable]
    assert all(one.text for one in presence.because[0].evidence)


def test_a_short_id_counts_where_it_means_one_commit(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    backport = on_stable(repo, f"t\n\n(cherry picked from commit {candidate[:9]})\n{SIGNED}", {"widget.c": NEW})
    assert told(ask(candidate)) == ("present", "upstream-id", (backport,))


def test_a_short_id_of_another_commit_is_none(repo: Scratch, ask: Ask) -> None:
    """Digits that begin alike and then differ are another commit's."""
    candidate = fixed(repo)
    other = candidate[:8] + ("0" if candidate[8] != "0" else "1") + candidate[9:20]
    on_stable(repo, f"t\n\n(cherry picked from commit {other})\n{SIGNED}", {"table.txt": "x\n"})
    assert ask(candidate).state == "absent"


def test_a_short_id_of_several_commits_is_none(repo: Scratch, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = fixed(repo)
    backport = on_stable(repo, f"t\n\n(cherry picked from commit {candidate[:9]})\n{SIGNED}", {"widget.c": NEW})
    named = Repository.commit_named

    def ambiguous(self: Repository, written: str) -> str | None:
        return None if written == candidate[:9] else named(self, written)

    monkeypatch.setattr(Repository, "commit_named", ambiguous)
    assert told(ask(candidate)) == ("present", "patch-id", (backport,))


def test_a_fixes_line_is_no_pointer(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    on_stable(repo, f'table: fix\n\nFixes: {candidate[:12]} ("widget: count for real")\n{SIGNED}', {"table.txt": "x\n"})
    assert ask(candidate).state == "absent"


def test_a_pointer_with_nothing_in_common_is_not_believed(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    wrong = on_stable(repo, f"t\n\ncommit {candidate} upstream.\n\n{SIGNED}", {"table.txt": "x\n"})
    presence = ask(candidate)
    assert told(presence) == ("unknown", "upstream-id", (wrong,))
    assert codes(presence) == ["nothing-in-common"]


# ---- a part of it ----------------------------------------------------------------------------------------------------


def test_hunks_that_were_left_out_are_named(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    part = widget(count=COUNTED, bound=BOUND)
    backport = on_stable(repo, f"t\n\ncommit {candidate} upstream.\n\n{SIGNED}", {"widget.c": part})
    presence = ask(candidate)
    assert told(presence) == ("partial", "upstream-id", (backport,))
    (missing,) = presence.missing
    assert missing.path == "widget.c"
    assert [hunk.lines for hunk in missing.hunks] == [("-\ttotal = 0;", f"+\t{RESET}")]
    assert "widget_reset" in missing.hunks[0].heading
    assert codes(presence) == ["pointed-at", "left-out"]


def test_a_new_file_that_was_left_out_is_named(repo: Scratch, ask: Ask) -> None:
    """A selftest that came with the change and stayed behind."""
    test = "int main(void)\n{\n\treturn check_all_widgets();\n}\n"
    candidate = fixed(repo, {"widget.c": NEW, "tests/get-reg-list.c": test})
    on_stable(repo, f"t\n\ncommit {candidate} upstream.\n\n{SIGNED}", {"widget.c": NEW})
    presence = ask(candidate)
    assert presence.state == "partial"
    assert [file.path for file in presence.missing] == ["tests/get-reg-list.c"]


def test_what_a_second_commit_completes_is_whole(repo: Scratch, ask: Ask) -> None:
    """The same title twice: the first pick was incomplete, the union of both counts."""
    candidate = fixed(repo)
    pointer = f"\n\ncommit {candidate} upstream.\n\n{SIGNED}"
    first = on_stable(repo, f"widget: count for real{pointer}", {"widget.c": widget(count=COUNTED)})
    assert ask(candidate).state == "partial"
    second = on_stable(repo, f"widget: count for real{pointer}", {"widget.c": NEW})
    assert told(ask(candidate)) == ("present", "upstream-id", (second, first))


def test_the_same_subject_twice_without_pointers(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    first = on_stable(repo, "widget: count for real", {"widget.c": widget(count=COUNTED)})
    second = on_stable(repo, "widget: count for real", {"widget.c": NEW})
    assert told(ask(candidate)) == ("present", "subject", (second, first))


def test_what_was_completed_under_another_title_is_whole(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    first = on_stable(repo, f"t\n\ncommit {candidate} upstream.\n\n{SIGNED}", {"widget.c": widget(count=COUNTED)})
    on_stable(repo, "widget: complete the backport", {"widget.c": NEW})
    assert told(ask(candidate)) == ("present", "upstream-id", (first,))


def test_a_hunk_that_was_adapted_is_not_missing(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    adapted = widget(count=COUNTED, reset="widget_forget_it_all(one, 0);", bound=BOUND)
    backport = on_stable(repo, f"t\n\ncommit {candidate} upstream.\n\n{SIGNED}", {"widget.c": adapted})
    assert told(ask(candidate)) == ("present", "upstream-id", (backport,))


def test_a_file_that_the_target_never_had_is_told_as_such(repo: Scratch, ask: Ask) -> None:
    repo.commit("late: a new file", {"late.c": "int late_by_an_hour;\n"})
    candidate = fixed(repo, {"widget.c": NEW, "late.c": "int late_by_two_hours;\n"})
    on_stable(repo, f"t\n\ncommit {candidate} upstream.\n\n{SIGNED}", {"widget.c": NEW})
    presence = ask(candidate)
    assert (presence.state, presence.missing) == ("present", ())
    assert codes(presence) == ["pointed-at", "no-such-file"]


def test_a_file_that_the_target_removed_is_told_as_such(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo, {"widget.c": NEW, "table.txt": TABLE.replace("entry 7\n", "entry seven and more\n")})
    on_stable(repo, "table: not here", {"table.txt": None})
    on_stable(repo, f"t\n\ncommit {candidate} upstream.\n\n{SIGNED}", {"widget.c": NEW})
    presence = ask(candidate)
    assert presence.state == "present"
    assert codes(presence) == ["pointed-at", "file-removed"]


def test_a_file_that_the_target_keeps_elsewhere(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    on_stable(repo, "widget: move", {"widget.c": None, "lib/widget.c": OLD})
    backport = on_stable(repo, f"t\n\ncommit {candidate} upstream.\n\n{SIGNED}", {"lib/widget.c": NEW})
    assert told(ask(candidate)) == ("present", "upstream-id", (backport,))


# ---- reverts ---------------------------------------------------------------------------------------------------------


def test_what_was_reverted_is_absent_again(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    backport = on_stable(repo, f"t\n\ncommit {candidate} upstream.\n\n{SIGNED}", {"widget.c": NEW})
    revert = on_stable(repo, f'Revert "t"\n\nThis reverts commit {backport}.\n\n{SIGNED}', {"widget.c": OLD})
    presence = ask(candidate)
    assert told(presence) == ("absent", "unknown", ())
    assert codes(presence) == ["reverted"]
    assert presence.because[0].evidence[0].commit == revert


def test_what_was_applied_again_is_present(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    message = f"t\n\ncommit {candidate} upstream.\n\n{SIGNED}"
    backport = on_stable(repo, message, {"widget.c": NEW})
    on_stable(repo, f'Revert "t"\n\nThis reverts commit {backport}.\n\n{SIGNED}', {"widget.c": OLD})
    again = on_stable(repo, message, {"widget.c": NEW})
    assert told(ask(candidate)) == ("present", "upstream-id", (again,))


def test_a_reverted_revert_puts_it_back(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    backport = on_stable(repo, f"t\n\ncommit {candidate} upstream.\n\n{SIGNED}", {"widget.c": NEW})
    revert = on_stable(repo, f'Revert "t"\n\nThis reverts commit {backport}.\n\n{SIGNED}', {"widget.c": OLD})
    on_stable(repo, f'Reapply "t"\n\nThis reverts commit {revert}.\n\n{SIGNED}', {"widget.c": NEW})
    assert told(ask(candidate)) == ("present", "upstream-id", (backport,))


def test_a_revert_that_names_the_upstream_commit(repo: Scratch, ask: Ask) -> None:
    """The revert was itself brought from upstream, and speaks of the id there."""
    candidate = fixed(repo)
    back = repo.commit(f'Revert "widget: count for real"\n\nThis reverts commit {candidate}.', {"widget.c": OLD})
    on_stable(repo, f"t\n\ncommit {candidate} upstream.\n\n{SIGNED}", {"widget.c": NEW})
    brought = f'Revert "widget: count for real"\n\ncommit {back} upstream.\n\nThis reverts commit {candidate}.'
    revert = on_stable(repo, brought, {"widget.c": OLD})
    assert told(ask(candidate)) == ("absent", "unknown", ())
    assert told(ask(back)) == ("present", "upstream-id", (revert,))


def test_a_commit_of_the_history_that_was_reverted_there(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    repo.git("branch", "-f", "stable", "main")
    on_stable(repo, f'Revert "widget: count for real"\n\nThis reverts commit {candidate}.', {"widget.c": OLD})
    presence = ask(candidate)
    assert presence.state == "absent"
    assert codes(presence) == ["reverted"]


def test_a_revert_of_what_the_target_never_had_is_absent(repo: Scratch, ask: Ask) -> None:
    """Its lines stand in the target from before; that is no proof that it was brought."""
    first = fixed(repo)
    candidate = repo.commit(f'Revert "widget: count for real"\n\nThis reverts commit {first}.', {"widget.c": OLD})
    on_stable(repo, "table: one more", {"table.txt": TABLE + "entry 30\n"})
    presence = ask(candidate)
    assert presence.state == "absent"
    assert codes(presence) == ["not-found", "nothing-to-revert"]


# ---- subjects --------------------------------------------------------------------------------------------------------


def test_a_subject_with_the_same_files_and_lines(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    backport = on_stable(repo, "[Backport] widget: count for real", {"widget.c": NEW}, OTHER)
    assert told(ask(candidate)) == ("present", "subject", (backport,))


def test_two_upstream_commits_of_one_subject(repo: Scratch, ask: Ask) -> None:
    """The backport says which of the two it is; the other, which has much in common with it, is not there."""
    twice = f"total += one;\n\t{COUNTED}"
    one, both = widget(count=twice), widget(count=twice, reset=COUNTED)
    first = repo.commit("widget: tidy up", {"widget.c": one})
    second = repo.commit("widget: tidy up", {"widget.c": both})
    backport = on_stable(repo, f"widget: tidy up\n\ncommit {first} upstream.", {"widget.c": one})
    assert told(ask(first)) == ("present", "upstream-id", (backport,))
    assert ask(second).state == "absent"


def test_a_merge_of_the_same_subject_is_none(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    repo.git("checkout", "-q", "-b", "topic", "stable")
    repo.commit("table: one more", {"table.txt": TABLE + "entry 30\n"})
    repo.git("checkout", "-q", "stable")
    repo.git("merge", "-q", "--no-ff", "-m", "widget: count for real", "topic", env=repo.when())
    assert codes(ask(candidate)) == ["not-found"]


def test_a_subject_with_other_lines_in_the_same_file_is_none(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    on_stable(repo, "widget: count for real", {"widget.c": OLD + "static int quite_another_thing;\n"}, OTHER)
    assert ask(candidate).state == "absent"


def test_a_subject_in_another_file_is_none(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    on_stable(repo, "widget: count for real", {"table.txt": "x\n"}, OTHER)
    assert ask(candidate).state == "absent"


def test_a_subject_by_its_author_with_other_lines_is_not_known(repo: Scratch, ask: Ask) -> None:
    """It may have been rewritten for the branch, or be another change of that name."""
    candidate = fixed(repo)
    namesake = on_stable(repo, "widget: count for real", {"table.txt": "x\n"})
    presence = ask(candidate)
    assert told(presence) == ("unknown", "subject", (namesake,))
    assert codes(presence) == ["namesake"]


def test_a_subject_by_its_author_in_the_same_functions(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    rewritten = widget(count="sum_up(one);", reset="begin_anew(one);", bound="return is_over(one);")
    backport = on_stable(repo, "widget: count for real", {"widget.c": rewritten})
    assert told(ask(candidate)) == ("present", "subject", (backport,))


# ---- lines -----------------------------------------------------------------------------------------------------------


def test_the_same_lines_in_other_context(repo: Scratch, ask: Ask) -> None:
    """What stands around a hunk differs, so that a patch id with context would."""
    candidate = fixed(repo)
    near, drift = "log_step(7, total);", "log_step(7, one);"
    on_stable(repo, "widget: drift", {"widget.c": OLD.replace(near, drift)})
    backport = on_stable(repo, "counting, as we do it", {"widget.c": NEW.replace(near, drift)}, OTHER)
    presence = ask(candidate)
    assert told(presence) == ("present", "patch-id", (backport,))
    assert codes(presence) == ["same-patch"]


def test_the_same_lines_in_another_function_are_none(repo: Scratch, ask: Ask) -> None:
    candidate = repo.commit("widget: bound it", {"widget.c": widget(count=f"total += one;\n\t{BOUND}")})
    on_stable(repo, "something else", {"widget.c": widget(reset=f"total = 0;\n\t{BOUND}")}, OTHER)
    assert ask(candidate).state == "absent"


def test_lines_that_several_commits_brought(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    one = on_stable(repo, "a first step", {"widget.c": widget(count=COUNTED, reset=RESET)}, OTHER)
    two = on_stable(repo, "a second step", {"widget.c": NEW}, OTHER)
    presence = ask(candidate)
    assert told(presence) == ("present", "hunks", (two, one))
    assert codes(presence) == ["lines-stand"]


def test_lines_are_found_by_path_in_a_long_history(repo: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond some thousand commits git is asked for those that touch the files, for one candidate and for several."""
    monkeypatch.setattr(presence_by_lines, "_ALL_TOUCHED", 0)
    first = fixed(repo)
    second = repo.commit("table: one more", {"table.txt": TABLE + "entry of the newest kind\n"})
    third = repo.commit("table: and more", {"table.txt": TABLE + "entry of the newest kind\nentry of no kind\n"})
    there = on_stable(repo, "counting, as we do it", {"widget.c": NEW}, OTHER)
    table = on_stable(repo, "a table", {"table.txt": TABLE + "entry of the newest kind\n"})
    with Repository.open(repo.path) as repository:
        assert told(find(repository, [first])[first]) == ("present", "patch-id", (there,))
        found = find(repository, [first, second, third])
    assert told(found[first]) == ("present", "patch-id", (there,))
    assert told(found[second]) == ("present", "patch-id", (table,))
    assert found[third].state == "absent"


def test_lines_that_were_taken_back_are_absent(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    other = on_stable(repo, "counting, as we do it", {"widget.c": NEW}, OTHER)
    on_stable(repo, f'Revert "counting, as we do it"\n\nThis reverts commit {other}.', {"widget.c": OLD}, OTHER)
    assert ask(candidate).state == "absent"


def test_one_common_line_proves_nothing(repo: Scratch, ask: Ask) -> None:
    candidate = repo.commit("widget: fail", {"widget.c": widget(reset="return -EINVAL;")})
    on_stable(repo, "something else", {"widget.c": widget(reset="return -EINVAL;")}, OTHER)
    presence = ask(candidate)
    assert presence.state == "unknown"
    assert codes(presence) == ["too-thin"]


def test_a_line_that_stood_there_before_proves_nothing(repo: Scratch, ask: Ask) -> None:
    candidate = repo.commit("widget: log again", {"widget.c": widget(reset="log_step(3, total);")})
    on_stable(repo, "table: one more", {"table.txt": TABLE + "entry 30\n"})
    assert ask(candidate).state == "absent"


def test_the_text_of_a_licence_proves_nothing(repo: Scratch, ask: Ask) -> None:
    terms = "This program is distributed in the hope that it will be of use, but without any warranty"
    licence = f"/*\n * {terms}\n * GNU General Public License\n * Copyright of its authors\n */\n"
    candidate = repo.commit("widget: split", {"split.c": f"{licence}int the_first_half;\n"})
    on_stable(repo, "another: file", {"split.c": f"{licence}int quite_another_thing;\n"})
    assert ask(candidate).state == "absent"


def test_lines_that_move_count_on_neither_side(repo: Scratch, ask: Ask) -> None:
    """The backport takes the fix and leaves the functions in their order: nothing is missing."""
    head, tail = widget(count=COUNTED).split("void widget_reset")
    candidate = repo.commit("widget: reorder and fix", {"widget.c": "void widget_reset" + tail + head})
    backport = on_stable(repo, f"t\n\ncommit {candidate} upstream.", {"widget.c": widget(count=COUNTED)})
    assert told(ask(candidate)) == ("present", "upstream-id", (backport,))


def test_removed_lines_that_are_gone_prove_nothing(repo: Scratch, ask: Ask) -> None:
    repo.commit("widget: late lines", {"widget.c": OLD + "static int a_late_variable;\nstatic int its_late_twin;\n"})
    candidate = repo.commit("widget: drop what nobody uses", {"widget.c": OLD})
    assert ask(candidate).state == "absent"


# ---- what has no lines -----------------------------------------------------------------------------------------------


def test_a_binary_file(repo: Scratch, ask: Ask) -> None:
    candidate = repo.commit("logo: new", {"logo.bin": b"\0\1\2" * 50})
    assert ask(candidate).state == "absent"
    backport = on_stable(repo, f"t\n\ncommit {candidate} upstream.", {"logo.bin": b"\0\1\2" * 50})
    assert told(ask(candidate)) == ("present", "upstream-id", (backport,))


def test_a_binary_file_that_was_left_out(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo, {"widget.c": NEW, "logo.bin": b"\0\1\2" * 50})
    on_stable(repo, f"t\n\ncommit {candidate} upstream.", {"widget.c": NEW})
    presence = ask(candidate)
    assert presence.state == "partial"
    assert [(file.path, file.hunks) for file in presence.missing] == [("logo.bin", ())]


def test_a_mode_alone(repo: Scratch, ask: Ask) -> None:
    (repo.path / "tool/run.sh").chmod(0o755)
    candidate = repo.commit("tool: make it run")
    assert repo.git("diff-tree", "--name-status", "-r", candidate, "--no-commit-id") == "M\ttool/run.sh"
    assert ask(candidate).state == "absent"
    repo.git("checkout", "-q", "stable")
    (repo.path / "tool/run.sh").chmod(0o755)
    backport = repo.commit(f"t\n\ncommit {candidate} upstream.")
    assert told(ask(candidate)) == ("present", "upstream-id", (backport,))


def test_an_empty_commit_is_told_by_messages_alone(repo: Scratch, ask: Ask) -> None:
    candidate = repo.commit("widget: nothing")
    presence = ask(candidate)
    assert (presence.state, codes(presence)) == ("unknown", ["nothing-to-look-for"])
    backport = on_stable(repo, f"t\n\ncommit {candidate} upstream.")
    assert told(ask(candidate)) == ("present", "upstream-id", (backport,))


def test_a_merge_is_told_by_messages_and_history_alone(repo: Scratch, ask: Ask) -> None:
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("side: work", {"side.c": "int side;\n"})
    repo.git("checkout", "-q", "main")
    fixed(repo)
    repo.git("merge", "-q", "--no-ff", "-m", "Merge side", "side", env=repo.when())
    merge = repo.git("rev-parse", "HEAD")
    presence = ask(merge)
    assert (presence.state, codes(presence)) == ("unknown", ["nothing-to-look-for"])
    assert told(ask(merge, "main")) == ("present", "object", (merge,))


def test_a_backport_that_came_in_by_a_merge(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    repo.git("checkout", "-q", "-b", "topic", "stable")
    backport = repo.commit(f"t\n\ncommit {candidate} upstream.", {"widget.c": NEW})
    repo.git("checkout", "-q", "stable")
    repo.commit("table: one more", {"table.txt": TABLE + "entry 30\n"})
    repo.git("merge", "-q", "--no-ff", "-m", "Merge topic", "topic", env=repo.when())
    assert told(ask(candidate)) == ("present", "upstream-id", (backport,))


# ---- whose history ---------------------------------------------------------------------------------------------------


def test_many_at_once_are_told_as_each_alone(repo: Scratch, ask: Ask) -> None:
    """What the target shares with one candidate may be what another is looked for."""
    early = repo.commit("widget: count for real", {"widget.c": widget(count=COUNTED)})
    twin = on_stable(repo, f"t\n\ncommit {early} upstream.", {"widget.c": widget(count=COUNTED)})
    repo.git("merge", "-q", "-s", "ours", "-m", "Merge stable", "stable", env=repo.when())
    late = repo.commit("widget: more", {"widget.c": NEW})
    repo.git("checkout", "-q", "main")
    with Repository.open(repo.path) as repository:
        together = find(repository, [early, late])
    assert told(together[early]) == told(ask(early)) == ("present", "upstream-id", (twin,))
    assert told(together[late]) == told(ask(late)) == ("absent", "unknown", ())


def test_the_candidates_own_history_proves_nothing(repo: Scratch) -> None:
    """Applied, taken back and applied again upstream: the target has the first, which is another commit."""
    first = fixed(repo)
    repo.git("branch", "-f", "stable", "main")
    repo.commit(f'Revert "widget: count for real"\n\nThis reverts commit {first}.', {"widget.c": OLD})
    again = repo.commit("widget: count for real", {"widget.c": NEW})
    other = repo.commit("table: one more", {"table.txt": TABLE + "entry 30\n"})
    with Repository.open(repo.path) as repository:
        found = find(repository, [again, other])
    assert told(found[again]) == ("unknown", "hunks", ())
    assert codes(found[again]) == ["stands-unexplained"]


def test_a_target_of_another_root(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    repo.git("checkout", "-q", "--orphan", "vendor")
    repo.commit("import of everything", {"widget.c": OLD})
    backport = repo.commit(f"t\n\ncommit {candidate} upstream.", {"widget.c": NEW})
    assert told(ask(candidate, "vendor")) == ("present", "upstream-id", (backport,))
    assert ask(candidate, "vendor~1").state == "absent"


def test_a_shallow_target_is_not_known(repo: Scratch, tmp_path: Path) -> None:
    candidate = fixed(repo)
    for number in range(4):
        on_stable(repo, f"table: {number}", {"table.txt": TABLE + f"entry {30 + number}\n"})
    clone = Scratch(tmp_path / "clone")
    clone.git("fetch", "-q", "--depth=2", f"file://{repo.path}", "stable:stable", "main:upstream")
    with Repository.open(clone.path) as repository:
        presence = find(repository, [candidate])[candidate]
    assert presence.state == "unknown"
    assert codes(presence) == ["not-all-read"]
    assert presence.because[0].evidence[0].fact == "shallow"


def test_a_partial_clone_is_not_known_by_lines(repo: Scratch, tmp_path: Path) -> None:
    candidate = fixed(repo)
    on_stable(repo, "widget: something", {"widget.c": widget(reset="another_thing(one);")})
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = Scratch(tmp_path / "clone")
    clone.git("remote", "add", "origin", f"file://{repo.path}")
    clone.git("fetch", "-q", "--filter=blob:none", "origin", "stable:stable", "main:upstream")
    with Repository.open(clone.path) as repository:
        presence = find(repository, [candidate])[candidate]
    assert presence.state == "unknown"
    assert presence.because[0].evidence[0].fact == "partial"


def test_time_that_is_up_is_no_absence(repo: Scratch, ask: Ask) -> None:
    candidate = fixed(repo)
    on_stable(repo, "table: one more", {"table.txt": TABLE + "entry 30\n"})
    presence = ask(candidate, seconds=-1)
    assert presence.state == "unknown"
    assert presence.because[0].evidence[0].fact == "time-limit"
