"""From what the user writes to commits, and why something is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.errors import UnknownRevision, Unreadable
from kvmpatch.sources.repo import Repository, Resolved

_made: list[Scratch] = []


@pytest.fixture
def forked(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """One history for all tests here: they only read."""
    if not _made:
        _made.append(fork(tmp_path_factory.mktemp("forked")))
    return _made[0]


def fork(folder: Path) -> Scratch:
    r"""Root and a, then main: b, merge, c; side: s, merged into main. Tags: v1 at b (annotated), light at a.

    root - a - b - m - c
             \- s -/
    """
    scratch = Scratch(folder / "repo")
    for name in ("root", "a"):
        scratch.git("tag", name, scratch.commit(f"{name}\n", {name: name}))
    scratch.git("checkout", "-q", "-b", "side")
    scratch.git("tag", "s", scratch.commit("s\n", {"s": "s"}))
    scratch.git("checkout", "-q", "main")
    scratch.git("tag", "b", scratch.commit("b\n", {"b": "b"}))
    scratch.git("merge", "-q", "--no-ff", "-m", "m", "side", env=scratch.when())
    scratch.git("tag", "m")
    scratch.git("tag", "c", scratch.commit("c\n", {"c": "c"}))
    scratch.git("tag", "-a", "-m", "release", "v1", "b")
    scratch.git("tag", "-a", "-m", "release of a release", "v1-again", "v1")
    scratch.git("tag", "tree", "c^{tree}")
    scratch.git("tag", "-a", "-m", "a blob", "blob", "c:c")
    return scratch


def resolve(scratch: Scratch, *revs: str, as_given: bool = False) -> list[str]:
    """Subjects in order, so that expectations can be read."""
    with Repository.open(scratch.path) as repo:
        ids = [one.id for one in repo.resolve(revs, as_given=as_given)]
        return [commit.subject for commit in repo.commits(ids)]


@pytest.mark.parametrize(
    ("revs", "expected"),
    [
        (["HEAD"], ["c"]),
        (["@"], ["c"]),
        (["main"], ["c"]),
        (["refs/heads/side"], ["s"]),
        (["v1"], ["b"]),
        (["v1-again"], ["b"]),
        (["v1^{}"], ["b"]),
        (["v1~1"], ["a"]),
        (["HEAD^"], ["m"]),
        (["HEAD^^2"], ["s"]),
        (["m^{commit}"], ["m"]),
        ([":/^b"], ["b"]),
        (["HEAD^{/^s}"], ["s"]),
        (["main@{0}"], ["c"]),
        (["a..b"], ["b"]),
        (["a..side"], ["s"]),
        (["b..c"], ["s", "m", "c"]),
        (["b.."], ["s", "m", "c"]),
        (["..side"], []),
        (["b...side"], ["s", "b"]),
        (["^b", "c"], ["s", "m", "c"]),
        (["c", "^m"], ["c"]),
        (["c", "--not-here"], None),
        (["m^!"], ["m"]),
        (["root^!"], ["root"]),
        (["m^@"], ["s", "b"]),
        (["m^-"], ["s", "m"]),
        (["v1..m"], ["s", "m"]),
        (["root..a", "m..c"], ["a", "c"]),
        (["m..c", "root..a"], ["a", "c"]),
        (["c", "root", "b"], ["root", "b", "c"]),
        (["b", "v1", "b"], ["b"]),
        (["c", "a..b"], ["b", "c"]),
        (["c..a"], []),
        (["^c"], []),
    ],
)
def test_what_revisions_stand_for(forked: Scratch, revs: list[str], expected: list[str] | None) -> None:
    if expected is None:
        with pytest.raises(UnknownRevision):
            resolve(forked, *revs)
    else:
        assert resolve(forked, *revs) == expected


def test_single_revisions_as_given(forked: Scratch) -> None:
    assert resolve(forked, "c", "root", "b", as_given=True) == ["c", "root", "b"]


def test_what_is_asked_is_kept(forked: Scratch) -> None:
    c = forked.git("rev-parse", "c")
    with Repository.open(forked.path) as repo:
        assert repo.resolve(["main"]) == (Resolved("main", c, "object", ()),)
        assert repo.resolve([c.upper()]) == (Resolved(c.upper(), c),)
        assert repo.resolve([c[:8]]) == (Resolved(c[:8], c),)
        assert repo.resolve(["m..main"]) == (Resolved("m..main", c),)


def test_commits_of_the_same_second_are_ordered_by_ancestry(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "repo")
    moment = {"GIT_COMMITTER_DATE": "1700000000 +0000"}
    ids = [scratch.commit(f"{number}\n", env=moment) for number in range(6)]
    shuffled = [ids[at] for at in (4, 1, 5, 0, 3, 2)]
    assert resolve(scratch, *shuffled) == ["0", "1", "2", "3", "4", "5"]


def test_many_revisions(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "repo")
    ids = [scratch.commit(f"{number}\n") for number in range(30)]
    assert resolve(scratch, *(ids * 40)) == [str(number) for number in range(30)]


@pytest.mark.parametrize(
    "rev",
    [
        *["nowhere", "main..nowhere", "nowhere..main", "nowhere...", "^nowhere", "deadbeef", "f" * 40, "0" * 40, ""],
        *[
            "--all",
            "--branches",
            "--output=x",
            "-n1",
            "--",
            "--end-of-options",
            "c c",
            "a.c",
            "root~1",
            "m^3",
            "main@{u}",
            "c:nowhere",
        ],
        *["https://[x", "nul\0", "HEAD^{nonsense}", ":/no such subject", "nowhere~3", "nowhere^!", "字", "a\nb"],
    ],
)
def test_unknown(forked: Scratch, rev: str) -> None:
    forked.write({"a.c": "a file is no revision\n"})
    with Repository.open(forked.path) as repo:
        with pytest.raises(UnknownRevision) as caught:
            repo.resolve(["main", rev])
        assert caught.value.exit_status == 2
        assert "\n" not in caught.value.said.en + caught.value.said.zh
        assert repo.resolve(["main"])


@pytest.mark.parametrize(
    ("rev", "kind"), [("tree", "tree"), ("HEAD^{tree}", "tree"), ("blob", "blob"), ("c:c", "blob"), ("a..tree", "tree")]
)
def test_not_a_commit(forked: Scratch, rev: str, kind: str) -> None:
    with Repository.open(forked.path) as repo, pytest.raises(UnknownRevision, match=f"names a {kind}, not a commit"):
        repo.resolve([rev])


def test_past_the_root_says_what_is_there(forked: Scratch) -> None:
    with Repository.open(forked.path) as repo:
        with pytest.raises(UnknownRevision, match=r"commit [0-9a-f]{12} has no parent"):
            repo.resolve(["HEAD~9"])
        with pytest.raises(UnknownRevision, match="has 2 parents"):
            repo.resolve(["m^3"])


def find_twins(kinds: tuple[str, str]) -> tuple[bytes, bytes, str]:
    """Two objects whose ids begin with the same four digits; of 65536 beginnings, some 300 objects hold a pair."""
    import hashlib

    tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    seen: dict[tuple[str, str], bytes] = {}
    for number in range(200_000):
        person = f"A Developer <dev@example.org> {1_700_000_000 + number} +0000"
        for kind in set(kinds):
            data = f"tree {tree}\nauthor {person}\ncommitter {person}\n\nnumber {number}\n".encode()
            if kind == "blob":
                data = f"blob {number}\n".encode()
            name = hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data, usedforsecurity=False).hexdigest()
            other = kinds[1] if kind == kinds[0] else kinds[0]
            if (twin := seen.get((other, name[:4]))) is not None:
                return (data, twin, name[:4]) if kind == kinds[0] else (twin, data, name[:4])
            seen[kind, name[:4]] = data
    raise AssertionError("no pair found")


def test_ambiguous(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "repo")
    scratch.store("tree", b"")
    one, two, prefix = find_twins(("commit", "commit"))
    ids = [scratch.store("commit", one), scratch.store("commit", two)]
    with Repository.open(scratch.path) as repo:
        for rev in (prefix, f"{prefix}..{ids[0]}", f"^{prefix}"):
            with pytest.raises(UnknownRevision, match=f"short id {prefix} is ambiguous") as caught:
                repo.resolve([rev])
            assert caught.value.hint is not None
            for data, commit in zip((one, two), ids, strict=True):
                subject = data.decode().splitlines()[-1]
                assert f"{commit[:12]} {subject}" in caught.value.hint.en
                assert f"{commit[:12]} {subject}" in caught.value.hint.zh


def test_ambiguous_but_only_one_is_a_commit(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "repo")
    scratch.store("tree", b"")
    commit_data, blob, prefix = find_twins(("commit", "blob"))
    commit = scratch.store("commit", commit_data)
    scratch.store("blob", blob)
    with Repository.open(scratch.path) as repo:
        assert [one.id for one in repo.resolve([prefix])] == [commit]


def test_missing_objects_are_known_but_unreadable(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "repo")
    ids = [scratch.commit(f"{number}\n", {"a": str(number)}) for number in range(4)]
    scratch.git("tag", "gone", ids[1])
    scratch.git("tag", "-a", "-m", "tag", "gone-too", ids[1])
    scratch.forget(ids[1])
    with Repository.open(scratch.path) as repo:
        for rev in ("gone", "gone-too", "HEAD~2", f"{ids[2]}^", "HEAD~3", f"{ids[0]}..HEAD"):
            with pytest.raises(Unreadable) as caught:
                repo.resolve([rev])
            assert caught.value.exit_status == 3
        assert [one.id for one in repo.resolve(["HEAD~1", "HEAD"])] == ids[2:]
        with pytest.raises(Unreadable):
            list(repo.history([ids[3]]))
        with pytest.raises(Unreadable):
            list(repo.commits([ids[1]]))


# ---- ids in messages -------------------------------------------------------------------------------------------------


def test_an_id_in_a_message_means_a_commit_and_no_branch_of_that_name(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "repo")
    first = repo.commit("first", {"a": "1\n"})
    second = repo.commit("second", {"a": "2\n"})
    repo.git("branch", first[:12], second)
    repo.git("tag", "-a", "-m", "tagged", "abc1234", second)
    blob = repo.git("rev-parse", "HEAD:a").strip()
    with Repository.open(repo.path) as repository:
        assert repository.commit_named(first[:12]) == first
        assert repository.commit_named(first.upper()) == first
        assert repository.commit_named(second[:7]) == second
        assert repository.commit_named("abc1234") is None
        assert repository.commit_named(blob) is None
        assert repository.commit_named("0" * 40) is None
        assert repository.commit_named("main") is None
        assert repository.commit_named("") is None
        assert repository.commit_named("HEAD^{commit}") is None
