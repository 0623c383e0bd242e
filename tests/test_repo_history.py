"""Walking through history, and finding the backport of an upstream commit."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.errors import UsageError
from kvmpatch.sources.repo import Filter, Repository
from kvmpatch.words import Text

UPSTREAM = "1234567890abcdef1234567890abcdef12345678"


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    r"""Main: one - two - merge - four; side: three, merged."""
    repo = Scratch(tmp_path / "repo")
    repo.commit("one: KVM\n\nFirst.\n", {"a.c": "1\n", "d/b.c": "1\n", "*.c": "star\n"})
    repo.commit("two: kvm\n\nSecond (of two).\n", {"a.c": "2\n"})
    repo.git("checkout", "-q", "-b", "side", "HEAD~1")
    repo.commit("three\n\nThird.\n", {"d/b.c": "2\n"}, env={"GIT_AUTHOR_NAME": "Another Developer"})
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side", env=repo.when())
    repo.commit("four\n", {"a.c": "4\n", "*.c": "more\n"})
    return repo


def walk(scratch: Scratch, *tips: str, **options: object) -> list[str]:
    with Repository.open(scratch.path) as repo:
        ids = [("^" if tip.startswith("^") else "") + scratch.git("rev-parse", tip.removeprefix("^")) for tip in tips]
        return [commit.subject for commit in repo.history(ids or [repo.head() or ""], **options)]  # type: ignore[arg-type]


def test_newest_first(scratch: Scratch) -> None:
    assert walk(scratch) == ["four", "merge", "three", "two: kvm", "one: KVM"]
    assert walk(scratch, reverse=True) == ["one: KVM", "two: kvm", "three", "merge", "four"]
    assert walk(scratch, first_parent=True) == ["four", "merge", "two: kvm", "one: KVM"]
    assert walk(scratch, limit=2) == ["four", "merge"]
    assert walk(scratch, limit=2, reverse=True) == ["merge", "four"]
    assert walk(scratch, limit=0) == []
    assert walk(scratch, "main", "^side") == ["four", "merge", "two: kvm"]
    assert walk(scratch, "side", "main~2") == ["three", "two: kvm", "one: KVM"]


def test_paths_are_literal_and_pathspecs_are_not(scratch: Scratch) -> None:
    assert walk(scratch, paths=["d"]) == ["three", "one: KVM"]
    assert walk(scratch, paths=["*.c"]) == ["four", "one: KVM"]
    assert walk(scratch, where=Filter(pathspecs=("*.c",))) == ["four", "merge", "three", "two: kvm", "one: KVM"]
    assert walk(scratch, paths=["nowhere"]) == []
    assert walk(scratch, paths=["d/b.c", "a.c"]) == ["four", "merge", "three", "two: kvm", "one: KVM"]


def test_dates(scratch: Scratch) -> None:
    third = scratch.git("show", "-s", "--format=%cI", "side")
    assert walk(scratch, since=third) == ["four", "merge", "three"]
    assert walk(scratch, where=Filter(until=third)) == ["three", "two: kvm", "one: KVM"]


@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        (Filter(grep=("kvm",)), ["--grep=kvm"]),
        (Filter(grep=("kvm",), ignore_case=True), ["-i", "--grep=kvm"]),
        (Filter(grep=("(of two)",), syntax="fixed"), ["-F", "--grep=(of two)"]),
        (Filter(grep=("F|Th",), syntax="extended"), ["-E", "--grep=F|Th"]),
        (Filter(grep=("two", "Second"), all_match=True), ["--all-match", "--grep=two", "--grep=Second"]),
        (Filter(grep=("First", "Third")), ["--grep=First", "--grep=Third"]),
        (Filter(grep=("First",), invert_grep=True), ["--invert-grep", "--grep=First"]),
        (Filter(author=("Another",)), ["--author=Another"]),
        (Filter(author=("another",), ignore_case=True), ["-i", "--author=another"]),
        (Filter(author=("Mapped",)), ["--author=Mapped"]),
        (Filter(committer=("Committer",), no_merges=True), ["--committer=Committer", "--no-merges"]),
        (Filter(grep=("--all",)), ["--grep=--all"]),
    ],
)
def test_filters_find_what_git_log_finds(scratch: Scratch, where: Filter, arguments: list[str]) -> None:
    scratch.commit("map\n", {".mailmap": "Mapped Developer <dev@example.org> Another Developer <dev@example.org>\n"})
    expected = scratch.git("log", "--format=%s", *arguments).splitlines()
    assert walk(scratch, where=where) == expected


@pytest.mark.parametrize(
    "where",
    [
        Filter(grep=("(",), syntax="extended"),
        Filter(grep=("[",)),
        Filter(author=("\\(",)),
        Filter(pathspecs=(":(x)a",)),
    ],
)
def test_a_pattern_that_is_none_is_the_callers_mistake(scratch: Scratch, where: Filter) -> None:
    with pytest.raises(UsageError) as caught:
        walk(scratch, where=where)
    assert caught.value.hint is not None


def test_filters_are_seen_to_choose(scratch: Scratch) -> None:
    assert walk(scratch, where=Filter(grep=("kvm",))) == ["two: kvm"]
    assert walk(scratch, where=Filter(author=("Another",))) == ["three"]


def test_streams(scratch: Scratch) -> None:
    with Repository.open(scratch.path) as repo:
        head = repo.head()
        assert head is not None
        first = repo.history([head])
        second = repo.history([head])
        pairs = list(itertools.islice(zip(first, second, strict=True), 2))
        assert [one.id for one, _ in pairs] == [two.id for _, two in pairs]


ODD_NAMES = ['a"b.c', "tab\tbed.c", "two\nlines.c", "back\\slash.c", "a b.c", "客户机.c", '"客户机".c', "end\t"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_changed_lines_name_the_file_as_it_is_called(tmp_path: Path, name: str) -> None:
    repo = Scratch(tmp_path / "odd")
    ids = [
        repo.commit("plain\n", {"plain.c": "0\n"}),
        repo.commit("brought\n", {name: "1\n", "zz.c": "0\n"}),
        repo.commit("changed\n", {"a.c": "0\n", name: "2\n"}),
        repo.commit("gone\n", {"a.c": "1\n", name: None}),
    ]
    with Repository.open(repo.path) as opened:
        lines = [line for line in opened.changed_lines(ids) if line.sign in "+-"]
        found = [(line.commit, line.sign + line.text) for line in lines if line.path == name]
        assert found == [(ids[1], "+1"), (ids[2], "-1"), (ids[2], "+2"), (ids[3], "-2")]
        assert [line for line in opened.changed_lines(ids, [name]) if line.sign in "+-"] == [
            line for line in lines if line.path == name
        ]


def test_changed_lines_of_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "odd")
    commit = repo.commit("odd\n", {b'\xff".c': "1\n"})
    with Repository.open(repo.path) as opened:
        (line,) = [line for line in opened.changed_lines([commit]) if line.sign == "+"]
        assert line.path == '\\xff".c'


@pytest.mark.parametrize("tip", ["HEAD", "--all", "", "-n1", "1234567", "^HEAD"])
def test_tips_are_full_ids(scratch: Scratch, tip: str) -> None:
    with Repository.open(scratch.path) as repo, pytest.raises(ValueError, match="not a full commit id"):
        list(repo.history([tip]))


def test_ancestry(scratch: Scratch) -> None:
    one, two, side, main = scratch.git("rev-parse", "main~3", "main~2", "side", "main").split()
    with Repository.open(scratch.path) as repo:
        assert repo.is_ancestor(one, main)
        assert repo.is_ancestor(main, main)
        assert not repo.is_ancestor(main, one)
        assert not repo.is_ancestor(two, side)
        assert repo.merge_base(two, side) == one
        assert repo.count([main, f"^{side}"]) == 3
        scratch.git("checkout", "-q", "--orphan", "lonely")
        lonely = scratch.commit("lonely\n")
        assert repo.merge_base(lonely, main) is None
        assert set(repo.all_tips()) == {main, side, lonely}


def backports(scratch: Scratch, upstream: str = UPSTREAM) -> list[str]:
    with Repository.open(scratch.path) as repo:

        def accept(message: str) -> bool:
            return any(line.startswith("commit ") and "upstream" in line for line in message.lower().splitlines())

        found = repo.find_backports(upstream, accept)
        return [commit.subject for commit in repo.commits(found)]


def test_backport_on_head(scratch: Scratch) -> None:
    scratch.commit(f"old way\n\ncommit {UPSTREAM} upstream.\n\nBody.\n")
    scratch.commit(f'Revert "old way"\n\nThis undoes the backport of {UPSTREAM}.\n')
    scratch.commit(f"new way\n\ncommit {UPSTREAM[:12].upper()} upstream.\n")
    scratch.git("checkout", "-q", "-b", "other")
    scratch.commit(f"elsewhere\n\ncommit {UPSTREAM} upstream.\n")
    scratch.git("checkout", "-q", "main")
    for asked in (UPSTREAM, UPSTREAM[:7], UPSTREAM.upper()):
        assert backports(scratch, asked) == ["new way", "old way"]
    assert backports(scratch, UPSTREAM[:6]) == []
    assert backports(scratch, "f" * 40) == []
    assert backports(scratch, "not an id") == []


def test_backport_on_another_ref(scratch: Scratch) -> None:
    scratch.git("checkout", "-q", "-b", "stable")
    scratch.commit(f"backport\n\ncommit {UPSTREAM} upstream.\n")
    scratch.git("tag", "-a", "-m", "kept by a tag", "kept")
    scratch.git("checkout", "-q", "main")
    scratch.git("branch", "-q", "-D", "stable")
    scratch.git("tag", "tree", "main^{tree}")
    told: list[Text] = []
    with Repository.open(scratch.path) as repo:
        (found,) = repo.find_backports(UPSTREAM, lambda message: "upstream." in message, told.append)
    assert found == scratch.git("rev-parse", "kept^{}")
    assert len(told) == 2
    assert UPSTREAM[:12] in told[0].zh


def test_the_commit_itself_is_no_backport(scratch: Scratch) -> None:
    upstream = scratch.commit("fix\n")
    scratch.commit(f"mentions {upstream}\n")
    with Repository.open(scratch.path) as repo:
        assert repo.find_backports(upstream, lambda message: True) == (scratch.git("rev-parse", "HEAD"),)
