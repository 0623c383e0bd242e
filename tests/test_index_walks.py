"""Walks within the index are git's own: the same commits in the same order, whatever merges and dates do."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from repo_scratch import Scratch

from kvmpatch.parse.message import read_message
from kvmpatch.reports.index import task_for
from kvmpatch.sources.index import Index, IndexedRepository, StructureRows, build
from kvmpatch.sources.index.indexed import Scope
from kvmpatch.sources.index.touched import lines_of, pack_lines, unpacked_text
from kvmpatch.sources.repo import ChangedLine, Filter, Repository

FILES = ("a/one.txt", "a/two.txt", "b/one.txt", "b/deep/one.txt", "c/one.txt")
SCOPE = "a b"
COMMITS = 220


def random_history(path: Path, seed: int) -> list[str]:
    """Branches that part and meet at random; dates that are equal, or go backwards; merges that take one side whole."""
    dice = random.Random(seed)  # noqa: S311 - the same history every time
    commands: list[bytes] = []
    trees: dict[int, dict[str, str]] = {}
    tips: list[int] = []
    when = 1_700_000_000
    for mark in range(1, COMMITS + 1):
        parents = [dice.choice(tips)] if tips else []
        if parents and dice.random() < 0.3:
            parents += [one for one in dice.sample(tips, min(len(tips), dice.choice((1, 1, 2)))) if one not in parents]
        tree = dict(trees[parents[0]]) if parents else {}
        if len(parents) > 1:
            other = trees[parents[1]]
            tree = dict(dice.choice((tree, other))) if dice.random() < 0.5 else {**tree, **other}
        for file in dice.sample(FILES, dice.choice((0, 1, 1, 2) if len(parents) < 2 else (0, 0, 0, 1))):
            if file in tree and dice.random() < 0.15:
                del tree[file]
            else:
                tree[file] = f"line {dice.randrange(6)}\nline {dice.randrange(6)}\n"
        trees[mark] = tree
        when += dice.choice((0, 0, 60, 3600, 86_400, -90_000))
        text = f"commit {mark}\n"
        who = f"A Developer <dev@example.org> {when} +0000"
        commands.append(f"commit refs/heads/side{mark}\nmark :{mark}\nauthor {who}\ncommitter {who}\n".encode())
        commands.append(f"data {len(text)}\n{text}".encode())
        commands += [f"{'merge' if place else 'from'} :{one}\n".encode() for place, one in enumerate(parents)]
        commands.append(b"deleteall\n")
        commands += [f"M 100644 inline {name}\ndata {len(body)}\n{body}\n".encode() for name, body in tree.items()]
        tips = [*(one for one in tips if one not in parents or dice.random() < 0.3), mark][-6:]
    commands.append(b"reset refs/heads/main\nfrom :%d\n\n" % COMMITS)
    subprocess.run(["git", "init", "-q", "-b", "main", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "fast-import", "--quiet"], input=b"".join(commands), check=True)
    subprocess.run(["git", "-C", str(path), "config", "kvmpatch.scope", SCOPE], check=True)
    done = subprocess.run(["git", "-C", str(path), "rev-list", "--all"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def begin() -> Callable[[tuple[str, ...]], list[StructureRows]]:
    return nothing


def nothing(ids: tuple[str, ...]) -> list[StructureRows]:
    return [StructureRows(commit, "read") for commit in ids]


def indexed(path: Path) -> IndexedRepository:
    """The repository with an index whose structure was not really compared: walks do not ask for it."""
    with Repository.open(path) as repository:
        task = replace(task_for(repository, str(path)), begin_structure=begin)
        build(task, repository.all_tips())
    opened = IndexedRepository.opening(path)()
    opened.reads_from(lambda: Index.of(opened), task.scope, task.version)
    return opened


@pytest.mark.parametrize("seed", range(4))
def test_walks_are_those_of_git(tmp_path: Path, seed: int) -> None:
    commits = random_history(tmp_path / "repo", seed)
    dice = random.Random(seed)  # noqa: S311 - the same questions every time
    with indexed(tmp_path / "repo") as repository, Repository.open(tmp_path / "repo") as git:
        head = git.head()
        assert head
        for _ in range(60):
            commit = dice.choice(commits)
            tip = dice.choice((head, head, dice.choice(commits)))
            paths = dice.sample(("a", "b", "b/deep", *FILES[:4]), dice.choice((1, 1, 2, 3)))
            limit = dice.choice((None, 7))
            for tips in ([tip, f"^{commit}"], [tip]):
                expected = list(git.history_ids(tips, paths, limit=limit))
                assert repository._walked(tips, paths, Filter()) is not None
                assert list(repository.history_ids(tips, paths, limit=limit)) == expected, (tips, paths)
            when = int(datetime.fromisoformat(next(git.commits([commit])).committer.date).timestamp())
            around = (when - dice.randrange(90_000), when + dice.randrange(900_000))
            assert repository.since_then(commit, tip, around) == git.since_then(commit, tip, around)
            some = dice.sample(commits, 30)
            assert repository.packed_lines(some, paths) is not None
            assert list(repository.changed_lines(some, paths)) == list(git.changed_lines(some, paths))


@pytest.mark.parametrize("seed", range(2))
def test_what_is_reached_is_what_git_lists_when_commits_came_in_bit_by_bit(tmp_path: Path, seed: int) -> None:
    commits = random_history(tmp_path / "repo", seed)
    dice = random.Random(seed)  # noqa: S311 - the same moments every time
    early = dice.sample(commits, 12)
    with Repository.open(tmp_path / "repo") as repository, indexed_at(repository, [[one] for one in early]) as index:
        raws = {raw.id: raw for raw in repository.commits(repository.history_ids(early))}
        assert {index.ids([one])[0] for one in range(1, index.count() + 1)} == set(raws)
        for tip in [one for one in commits if one in raws][::4]:
            assert set(index.reached([tip]).among(commits)) == set(repository.history_ids([tip]))
        dates = {one: int(datetime.fromisoformat(raw.committer.date).timestamp()) for one, raw in raws.items()}
        for one, date in dates.items():
            assert one in index.ids(list(index.graph.dated((date, date))))
        pairs = {(dates[one], dates[parent]) for one, raw in raws.items() for parent in raw.parents}
        assert set(index.graph.clocks) == {pair for pair in pairs if pair[0] < pair[1]}


def indexed_at(repository: Repository, states: list[list[str]]) -> Index:
    """The message index of a repository whose refs stood elsewhere from time to time."""
    for tips in states:
        build(task_for(repository, str(repository.git_dir), structure=False), [*dict.fromkeys(tips)])
    index = Index.of(repository)
    assert index is not None
    return index


def test_what_names_an_id_is_found(tmp_path: Path) -> None:
    random_history(tmp_path / "repo", 9)
    git = ["git", "-C", str(tmp_path / "repo")]
    subprocess.run([*git, "reset", "-q", "--hard"], check=True)
    named = subprocess.run([*git, "rev-parse", "HEAD~3"], capture_output=True, text=True, check=True).stdout.strip()
    for text in (f"Fixes: {named[:12]}", f"since v6.1-3-g{named[:7].upper()}", f"not x{named[:9]} of {'0' * 12}"):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "subject", "-m", text], check=True)
    asked = Filter(grep=(named[:7], "0" * 12), syntax="fixed", ignore_case=True, ours=True)
    with indexed(tmp_path / "repo") as repository:
        head = repository.head()
        found = list(repository.history_ids([head or "", f"^{named}"], where=asked))
        subjects = [raw.message.split("\n")[2] for raw in repository.commits(found)]
    assert [text.split()[0] for text in subjects] == ["not", "since", "Fixes:"]


@pytest.mark.parametrize(
    ("moments", "walked"),
    [
        ((100, 200, 300, 400), ()),  # the clock goes forward
        ((100, 200, 300, 300), ("two",)),  # two of one second on HEAD
        ((100, 300, 200, 400), ("two",)),  # a clock was wrong about then
    ],
)
def test_backports_are_those_that_git_finds(
    scratch: Scratch, moments: tuple[int, ...], walked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {"one": "ab12" * 10, "two": "cd34" * 10, "aside": "ef56" * 10, "none": "0123" * 10}
    scratch.commit("root\n", {"a/one.txt": "1\n"})
    texts = (
        f"first\n\ncommit {ids['one']} upstream.\n", f"one\n\n[ Upstream commit {ids['two']} ]\n",
        f"another\n\n(cherry picked from commit {ids['two'][:12]})\nSigned-off-by: A Developer <dev@example.org>\n",
        f"again\n\n[ Upstream commit {ids['two']} ]\n\nNot {ids['none']} itself.\n",
    )  # fmt: skip

    def commit(text: str, when: int) -> None:
        date = {"GIT_COMMITTER_DATE": f"{1_800_000_000 + when} +0000"}
        scratch.git("commit", "-q", "--allow-empty", "-m", text, env=date)

    for when, text in zip(moments, texts, strict=True):
        commit(text, when)
    scratch.git("checkout", "-q", "-b", "side", "HEAD~2")
    commit(f"aside\n\ncommit {ids['aside']} upstream.\n", 900)
    scratch.git("checkout", "-q", "main")
    asked: list[str] = []
    from_git = Repository.find_backports

    def noted(self: Repository, upstream: str, *more: object) -> tuple[str, ...]:
        asked.append(upstream)
        return from_git(self, upstream, *more)  # type: ignore[arg-type]

    def accept(message: str, wanted: str) -> bool:
        return any(wanted.startswith(one.id) for one in read_message(message).upstream)

    with Repository.open(scratch.path) as git:
        expected = {
            name: from_git(git, wanted, lambda message, wanted=wanted: accept(message, wanted))  # type: ignore[misc]
            for name, wanted in ids.items()
        }
    assert [len(expected[name]) for name in ids] == [1, 3, 1, 0]
    monkeypatch.setattr(Repository, "find_backports", noted)
    with indexed(scratch.path) as repository:
        for name, wanted in ids.items():
            found = repository.find_backports(wanted, lambda message, wanted=wanted: accept(message, wanted))  # type: ignore[misc]
            assert found == expected[name], name
    assert {name for name, wanted in ids.items() if wanted in asked} <= set(walked)
    assert ("two" in walked) == (ids["two"] in asked)


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path / "repo")


def test_outside_of_the_scope_git_is_asked(tmp_path: Path) -> None:
    commits = random_history(tmp_path / "repo", 1)
    with indexed(tmp_path / "repo") as repository, Repository.open(tmp_path / "repo") as git:
        assert repository._walked([commits[0]], ["c"], Filter()) is None
        assert repository._walked([commits[0]], ["a", "c/one.txt"], Filter()) is None
        assert repository.packed_lines(commits[:3], ["c"]) is None
        assert repository.packed_lines(commits[:3], []) is None
        assert list(repository.history_ids([commits[0]], ["c"])) == list(git.history_ids([commits[0]], ["c"]))
        assert list(repository.changed_lines(commits, ())) == list(git.changed_lines(commits, ()))


def test_another_scope_is_read_anew(tmp_path: Path) -> None:
    commits = random_history(tmp_path / "repo", 2)
    indexed(tmp_path / "repo").close()
    subprocess.run(["git", "-C", str(tmp_path / "repo"), "config", "kvmpatch.scope", "b c"], check=True)
    with indexed(tmp_path / "repo") as repository, Repository.open(tmp_path / "repo") as git:
        assert repository._walked([commits[0]], ["a"], Filter()) is None
        for paths in (["c"], ["b", "c"], ["b/deep/one.txt"]):
            assert repository._walked([commits[0]], paths, Filter()) is not None
            assert list(repository.history_ids([commits[0]], paths)) == list(git.history_ids([commits[0]], paths))
            assert list(repository.changed_lines(commits, paths)) == list(git.changed_lines(commits, paths))


def test_commits_that_are_not_in_are_asked_of_git(tmp_path: Path) -> None:
    random_history(tmp_path / "repo", 3)
    with indexed(tmp_path / "repo") as repository:
        git = ["git", "-C", str(tmp_path / "repo"), "commit-tree", "-p", "main", "-m", "new", "main^{tree}"]
        new = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
        assert repository._walked([new], ["a"], Filter()) is None
        assert repository.packed_lines([new], ["a"]) is None
        assert new not in list(repository.history_ids([new], ["a"]))


@pytest.mark.parametrize(
    ("paths", "holds"),
    [
        (("a",), True),
        (("a/b/c.c", "a"), True),
        (("ab",), False),
        (("include/linux/kvm_host.h",), True),
        (("include/linux/kvm",), True),
        (("include/linux",), False),
        (("drivers/irq-one.c",), False),
        ((), True),
    ],
)
def test_what_is_certainly_in_the_scope(paths: tuple[str, ...], holds: bool) -> None:
    assert Scope(("a", "include/linux/kvm*", "drivers/irq-*.c")).holds(paths) is holds


def test_lines_are_kept_as_they_are() -> None:
    lines = [
        ChangedLine("x", "a/one.c", "@", "@@ -1 +1 @@ int one(void)"),
        ChangedLine("x", "a/one.c", "-", ""),
        ChangedLine("x", "a/one.c", "+", ">not a path\r\x0c计数"),
        ChangedLine("x", "b.c", "+", "+"),
    ]
    text = unpacked_text(pack_lines(lines))
    assert list(lines_of("x", text, lambda _: True)) == lines
    assert list(lines_of("x", text, lambda path: path == "b.c")) == lines[3:]
    assert list(lines_of("x", unpacked_text(pack_lines([])), lambda _: True)) == []


def test_lines_of_files_with_odd_names_are_read_from_git(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "repo")
    ids = [
        repo.commit("odd\n", {'a/"客户机".c': "1\n", "a/two\nlines.c": "1\n", "a/plain.c": "1\n"}),
        repo.commit("plain\n", {"a/plain.c": "2\n"}),
    ]
    repo.git("config", "kvmpatch.scope", SCOPE)
    with indexed(repo.path) as repository, Repository.open(repo.path) as git:
        lines = list(repository.changed_lines(ids, ["a"]))
        assert lines == list(git.changed_lines(ids, ["a"]))
        assert {line.path for line in lines} == {'a/"客户机".c', "a/two\nlines.c", "a/plain.c"}
        assert list(repository.history_ids([ids[1]], ['a/"客户机".c'])) == [ids[0]]
