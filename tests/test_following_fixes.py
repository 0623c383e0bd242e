"""Which fixes must follow a commit, and which need not: what messages say, in whatever branch they say it."""

from __future__ import annotations

from pathlib import Path

import pytest
from backport_scratch import asking
from repo_scratch import Scratch

from kvmpatch.model.backport import FollowingFix
from kvmpatch.sources.demo import DemoHistory, lay_down

SIGNED = "Signed-off-by: A Developer <dev@example.org>"
SUBJECT = "widget: count the edges of every widget"


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


class History(Scratch):
    """Commits that touch a file each, so that every pick is clean and only messages tell."""

    def say(self, subject: str, *paragraphs: str, trailers: tuple[str, ...] = ()) -> str:
        text = "\n\n".join([subject, *paragraphs, "\n".join([*trailers, SIGNED])]) + "\n"
        self._count = getattr(self, "_count", 0) + 1
        return self.commit(text, {f"file{self._count:02}.c": f"int value{self._count:02} = {self._count};\n"})

    def fix(self, subject: str, commit: str, quoted: str = SUBJECT, *more: str) -> str:
        return self.say(subject, "It was wrong.", trailers=(f'Fixes: {commit[:12]} ("{quoted}")', *more))

    def revert(self, commit: str, subject: str) -> str:
        return self.say(f'Revert "{subject}"', f"This reverts commit {commit}.")

    def on_stable(self, commit: str) -> str:
        """The commit as a stable branch takes it; the branch before it is checked out again."""
        self.git("checkout", "-q", "stable")
        body = self.git("log", "-1", "--format=%b", commit)
        subject = self.git("log", "-1", "--format=%s", commit)
        self.git("cherry-pick", "--no-commit", commit)
        self.git("commit", "-q", "-m", f"{subject}\n\ncommit {commit} upstream.\n\n{body}", env=self.when())
        made = self.git("rev-parse", "HEAD")
        self.git("checkout", "-q", "main")
        return made


@pytest.fixture
def repo(tmp_path: Path) -> History:
    made = History(tmp_path / "repo")
    made.say("widget: begin")
    made.git("branch", "stable")
    return made


def find(repo: Scratch | DemoHistory, *revs: str, onto: str = "stable", **more: object) -> tuple[FollowingFix, ...]:
    with asking(repo.path, onto) as ask:
        return ask.fixes(*revs, **more)  # type: ignore[arg-type]


def told(fixes: tuple[FollowingFix, ...]) -> list[tuple[str, bool | None, str | None, str]]:
    return [(one.id, one.in_target, one.ignored, one.of) for one in fixes]


# ---- who fixes -----------------------------------------------------------------------------------------------------


def test_fixes_and_their_fixes_follow_oldest_first(repo: History) -> None:
    first = repo.say(SUBJECT)
    second = repo.fix("widget: count them once", first)
    repo.say("widget: no fix of anything")
    third = repo.fix("widget: once, and not never", second, "widget: count them once")
    found = find(repo, first)
    assert told(found) == [(second, False, None, first), (third, False, None, second)]
    assert [one.because[0].code for one in found] == ["fix-names-it", "fix-names-it"]
    assert found[0].because[0].evidence[0].text == f'Fixes: {first[:12]} ("{SUBJECT}")'


def test_several_commits_are_asked_for_at_once(repo: History) -> None:
    one, other = repo.say(SUBJECT), repo.say("widget: another thing altogether")
    fix_of_other = repo.fix("widget: that was wrong", other, "widget: another thing altogether")
    fix_of_one = repo.fix("widget: and so was this", one)
    assert told(find(repo, one, other)) == [(fix_of_other, False, None, other), (fix_of_one, False, None, one)]


def test_a_fix_that_the_target_has_is_told_as_there(repo: History) -> None:
    first = repo.say(SUBJECT)
    fix = repo.fix("widget: count them once", first)
    repo.on_stable(first)
    repo.on_stable(fix)
    assert told(find(repo, first)) == [(fix, True, None, first)]


def test_one_fix_in_two_branches_is_one_and_the_original_is_picked(repo: History) -> None:
    first = repo.say(SUBJECT)
    fix = repo.fix("widget: count them once", first)
    repo.git("branch", "other", "stable")
    repo.on_stable(fix)
    assert told(find(repo, first, onto="other")) == [(fix, False, None, first)]


def test_a_backport_is_fixed_by_what_names_its_upstream_id(repo: History) -> None:
    first = repo.say(SUBJECT)
    backport = repo.on_stable(first)
    fix = repo.fix("widget: count them once", first)
    repo.git("branch", "older", f"{backport}~1")
    assert told(find(repo, backport, onto="older")) == [(fix, False, None, backport)]


def test_the_subject_tells_where_the_id_cannot(repo: History) -> None:
    first = repo.say(SUBJECT)
    fix = repo.fix("widget: count them once", "0123456789ab")
    (found,) = find(repo, first)
    assert (found.id, found.because[0].code) == (fix, "fix-names-subject")


def test_a_subject_beside_the_id_of_another_commit_tells_nothing(repo: History) -> None:
    other = repo.say("widget: another thing altogether")
    first = repo.say(SUBJECT)
    repo.fix("widget: count them once", other, SUBJECT)
    assert find(repo, first) == ()


def test_a_mere_mention_is_no_fix(repo: History) -> None:
    first = repo.say(SUBJECT)
    repo.say("widget: tidy up", f"This goes on from {first[:12]}, which fixes: nothing.")
    assert find(repo, first) == ()


# ---- what is taken back --------------------------------------------------------------------------------------------


def test_a_revert_of_the_candidate_must_follow(repo: History) -> None:
    first = repo.say(SUBJECT)
    revert = repo.revert(first, SUBJECT)
    (found,) = find(repo, first)
    assert told((found,)) == [(revert, False, None, first)]
    assert found.because[0].code == "fix-reverts-it"


def test_a_fix_and_its_revert_cancel(repo: History) -> None:
    first = repo.say(SUBJECT)
    fix = repo.fix("widget: count them once", first)
    revert = repo.revert(fix, "widget: count them once")
    of_fix = repo.fix("widget: once more", fix, "widget: count them once")
    found = find(repo, first)
    assert told(found) == [
        (fix, False, f"reverted by {revert[:12]}", first),
        (revert, False, f"reverts {fix[:12]}", fix),
        (of_fix, False, f"fixes {fix[:12]}", fix),
    ]
    assert [one.because[-1].code for one in found] == ["fix-cancelled", "fix-cancelled", "fix-of-cancelled"]


def test_a_revert_that_was_reverted_leaves_the_candidate_as_it_was(repo: History) -> None:
    first = repo.say(SUBJECT)
    revert = repo.revert(first, SUBJECT)
    again = repo.revert(revert, f'Revert "{SUBJECT}"')
    assert told(find(repo, first)) == [
        (revert, False, f"reverted by {again[:12]}", first),
        (again, False, f"reverts {revert[:12]}", revert),
    ]


def test_a_fix_that_came_back_must_follow(repo: History) -> None:
    first = repo.say(SUBJECT)
    fix = repo.fix("widget: count them once", first)
    revert = repo.revert(fix, "widget: count them once")
    repo.revert(revert, 'Revert "widget: count them once"')
    assert [one.id for one in find(repo, first) if one.ignored is None] == [fix]


def test_the_revert_of_a_fix_that_the_target_has_must_follow(repo: History) -> None:
    first = repo.say(SUBJECT)
    fix = repo.fix("widget: count them once", first)
    repo.on_stable(first)
    repo.on_stable(fix)
    revert = repo.revert(fix, "widget: count them once")
    assert told(find(repo, first)) == [(fix, True, None, first), (revert, False, None, fix)]


# ---- what is left out ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["Omitted-fix", "No-fix"])
def test_what_a_message_of_the_target_leaves_out_need_not_follow(repo: History, word: str) -> None:
    first = repo.say(SUBJECT)
    fix = repo.fix("widget: count them once", first)
    repo.git("checkout", "-q", "stable")
    noted = repo.say("widget: something of ours", trailers=(f"{word}: {fix[:12]}",))
    repo.git("checkout", "-q", "main")
    (found,) = find(repo, first)
    assert told((found,)) == [(fix, False, f"{word} {noted[:12]}", first)]
    assert found.because[-1].code == "fix-left-out"
    assert found.because[-1].evidence[0].text == f"{word}: {fix[:12]}"


def test_a_message_elsewhere_leaves_nothing_out(repo: History) -> None:
    first = repo.say(SUBJECT)
    fix = repo.fix("widget: count them once", first)
    repo.say("widget: something of ours", trailers=(f"Omitted-fix: {fix[:12]}",))
    assert told(find(repo, first)) == [(fix, False, None, first)]


def test_the_users_reason_is_told(repo: History) -> None:
    first = repo.say(SUBJECT)
    fix = repo.fix("widget: count them once", first)
    found = find(repo, first, ignored=((fix[:10], "we have no edges"),))
    assert told(found) == [(fix, False, "we have no edges", first)]


def test_what_was_brought_for_an_absent_commit_is_held_back(repo: History) -> None:
    first, other = repo.say(SUBJECT), repo.say("widget: another thing altogether")
    fix = repo.fix("widget: make room for the other", first, SUBJECT, f"Stable-dep-of: {other[:12]}")
    assert told(find(repo, first)) == [(fix, False, f"Stable-dep-of {other[:12]}", first)]
    assert told(find(repo, first, other)) == [(fix, False, None, first)]  # it comes along
    repo.on_stable(other)
    assert told(find(repo, first)) == [(fix, False, None, first)]


# ---- where it is looked for ----------------------------------------------------------------------------------------


def test_all_refs_are_searched_unless_a_branch_is_named(repo: History) -> None:
    first = repo.say(SUBJECT)
    repo.git("checkout", "-q", "-b", "topic")
    fix = repo.fix("widget: count them once", first)
    repo.git("checkout", "-q", "main")
    assert told(find(repo, first)) == [(fix, False, None, first)]
    repo.git("config", "kvmpatch.upstream", "main")
    assert find(repo, first) == ()


def test_a_shallow_clone_says_that_there_may_be_more(repo: History, tmp_path: Path) -> None:
    first = repo.say(SUBJECT)
    repo.say("widget: a last one")
    clone = tmp_path / "clone"
    repo.git("clone", "-q", "--depth=2", "--no-single-branch", f"file://{repo.path}", str(clone))
    with asking(clone, "origin/stable") as ask:
        assert ask.fixes(first) == ()
        assert ask.patience.stopped == ["shallow"]


# ---- the miniature -------------------------------------------------------------------------------------------------


def test_fixes_on_the_miniature(miniature: DemoHistory) -> None:
    # 0049 fixes 0021 and 0040 fixes 0020, by the ids that those have upstream; 0045 reverts 0044.
    numbers = [miniature.id_of(number) for number in ("0020", "0021", "0044")]
    found = find(miniature, *numbers, onto="linux-6.1.y")
    expected = [("0040", "0020"), ("0045", "0044"), ("0049", "0021")]
    assert [(one.id, one.of) for one in found] == [(miniature.id_of(a), miniature.id_of(b)) for a, b in expected]
    assert all(one.in_target is False and one.ignored is None for one in found)
