"""Walks that end when the time is over: with what they found by then, and never without telling."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.model.related import Related
from kvmpatch.reports.related import RelatedRequest, make_related
from kvmpatch.sources.repo import Deadline, Repository
from kvmpatch.sources.repo.walks import either_of
from kvmpatch.words import Text

SPOKEN = "spoken"
"""The file that tells that git has said all that it has to say, and does not end."""


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    """Main: zero - one - two - merge - four; side: three, merged. The fourth fixes the first."""
    repo = Scratch(tmp_path / "repo")
    repo.commit("zero\n")
    first = repo.commit("KVM: one that is to be fixed later\n", {"a.c": "int one;\n"})
    repo.commit("two\n", {"b.c": "int two;\n"})
    repo.git("checkout", "-q", "-b", "side", "HEAD~1")
    repo.commit("three\n", {"c.c": "int three;\n"})
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side", env=repo.when())
    fixes = f'Fixes: {first[:12]} ("KVM: one that is to be fixed later")'
    repo.commit(f"four\n\n{fixes}\n", {"a.c": "int four;\n"})
    return repo


def instead_of_git(folder: Path, word: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a script run for one of git's commands or options, with the real git's path before the arguments."""
    folder.mkdir()
    program = folder / "git"
    real = shutil.which("git")
    program.write_text(f'#!/bin/sh\nfor word; do [ "$word" = {word} ] && set -- yes "$@" && break; done\n'
                       f'[ "$1" = yes ] || exec {real} "$@"\nshift\nset -- {real} "$@"\n{script}\n')  # fmt: skip
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def speaks_and_stays(folder: Path, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    instead_of_git(folder, word, f'"$@"\n: > {folder}/{SPOKEN}\nexec sleep 60', monkeypatch)


@pytest.fixture
def time_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is none: a deadline comes when git has spoken and does not end."""

    class Timer(threading.Thread):
        def __init__(self, seconds: float, function: Callable[[], None]) -> None:
            super().__init__(daemon=True)
            self.function = function
            self.over = threading.Event()

        def run(self) -> None:
            while not self.over.wait(0.002):
                if (tmp_path / "bin" / SPOKEN).exists():
                    self.function()
                    return

        def cancel(self) -> None:
            self.over.set()

    monkeypatch.setattr("kvmpatch.sources.repo.plumbing.threading.Timer", Timer)


@pytest.mark.usefixtures("time_is_up")
def test_a_walk_that_does_not_end_is_ended_with_what_it_found(
    scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = scratch.git("rev-list", "HEAD").split()
    speaks_and_stays(tmp_path / "bin", "rev-list", monkeypatch)
    told: list[str] = []
    with Repository.open(scratch.path) as repository:
        head = repository.head() or ""
        with repository.no_longer_than(Deadline(lambda: 60.0, lambda: told.append("cut"))):
            assert list(repository.history_ids([head])) == expected
        assert told == ["cut"]


def test_where_no_time_is_left_no_walk_is_begun(scratch: Scratch) -> None:
    told: list[str] = []
    with Repository.open(scratch.path) as repository:
        head, first = repository.head() or "", scratch.git("rev-parse", "HEAD~3")
        with repository.no_longer_than(Deadline(lambda: 0.0, lambda: told.append("cut"))):
            assert list(repository.history_ids([head])) == []
            assert not repository.is_ancestor(first, head)
            assert list(repository.changed_lines([head])) == []
            assert told == ["cut"] * 3
            assert repository.shared([head, first]) is None
        assert told == ["cut"] * 3
        assert repository.shared([head, first]) == first
        assert repository.is_ancestor(first, head)


def test_a_question_that_takes_too_long_is_ended(
    scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead_of_git(tmp_path / "bin", "merge-base", "exec sleep 60", monkeypatch)
    told: list[str] = []
    with Repository.open(scratch.path) as repository:
        head = repository.head() or ""
        with repository.no_longer_than(Deadline(lambda: 0.01, lambda: told.append("cut"))):
            assert not repository.is_ancestor(head, head)
        assert told == ["cut"]
        assert repository.shared([head, scratch.git("rev-parse", "side")], 0.01) is None


def ask(repo: Scratch, said: list[Text] | None = None) -> Related:
    hint = said.append if said is not None else None
    return make_related(RelatedRequest(str(repo.path), grep=("^KVM: one",), hint=hint))


def group(related: Related, name: str) -> list[str]:
    commits = next(one.commits for one in related.groups if one.id == name)
    return [one.subject for one in commits or ()]


@pytest.mark.usefixtures("time_is_up")
def test_relatives_that_were_found_by_then_are_told(
    scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(scratch).searched.stopped is None
    speaks_and_stays(tmp_path / "bin", "--perl-regexp", monkeypatch)
    monkeypatch.setattr("kvmpatch.reports.index.MANY_COMMITS", 0)
    said: list[Text] = []
    related = ask(scratch, said)
    assert group(related, "fix") == ["four"]
    assert not related.searched.complete
    assert related.searched.stopped == "time-limit"
    assert "index build" in said[0].en


def test_matches_are_found_however_short_the_time(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kvmpatch.reports.related.search._SECONDS", -1.0)
    related = ask(scratch)
    assert group(related, "match") == ["KVM: one that is to be fixed later"]
    assert group(related, "fix") == []
    assert related.searched.stopped == "time-limit"


# ---- what the walks find ---------------------------------------------------------------------------------------------


def test_what_is_around_several_commits_is_what_is_around_each(scratch: Scratch) -> None:
    commits = scratch.git("rev-list", "--all").split()
    stray = scratch.git("commit-tree", "-m", "stray", "HEAD^{tree}", "-p", "side", env=scratch.when())
    with Repository.open(scratch.path) as repository:
        times = {raw.id: 1_700_000_000 + 60 * place for place, raw in enumerate(repository.commits(commits[::-1]), 1)}
        for asked in ([one] for one in (*commits, stray)), [commits, [*commits, stray], commits[1:3]]:
            for some in asked:
                around = {one: (times.get(one, 1_700_000_300) - 130, times.get(one, 0) + 130) for one in some}
                for tip in (commits[0], scratch.git("rev-parse", "side")):
                    each = {one: repository.since_then(one, tip, around[one]) for one in some}
                    expected = {one: ids for one, (held, ids) in each.items() if held}
                    for shared in (None, repository.shared(some)):
                        assert repository.since_each(around, tip, shared) == expected
                    assert expected or some == [stray] or tip != commits[0]


NAMED = (
    ("senvcfg", True), ("SENVCFG", True), ("CSR_SENVCFG", True), ("hsenvcfg", False), ("xé.b+[c]", True),
    ("xa.b+[c]", False), ("[odd] words", True), ("xabcdef0", False), ("(1234567", True), ("91234567", False),
)  # fmt: skip
WORDS = ("senvcfg", "é.b+[c]", "[odd]", "abcdef0", "1234567")


def test_words_are_found_where_words_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = Scratch(tmp_path / "repo")
    for text, _ in NAMED:
        scratch.commit(f"subject\n\nsome {text} in it\n")
    with Repository.open(scratch.path) as repository:
        head = repository.head() or ""
        ids = list(repository.history_ids([head]))

        def texts(*words: str, walk: bool = True) -> list[str]:
            found = repository.naming(words, [head] if walk else ids[::-1], walk=walk)
            return [raw.message.split("some ")[1][: -len(" in it\n")] for raw in repository.commits(found)]

        expected = [text for text, named in NAMED if named]
        assert texts(*WORDS) == expected[::-1]
        assert texts(*WORDS, walk=False) == expected
        many = [f"{number:07x}" * 5 for number in range(400)]
        assert len(list(either_of(many))) == 2
        assert texts(*many, *WORDS, *many) == expected[::-1]
        # a git that cannot use such patterns, or gives up on them, finds words in the middle of others, too
        instead_of_git(tmp_path / "bin", "--perl-regexp", '"$@" | head -n 1\nexit 128', monkeypatch)
        assert sorted(texts(*WORDS)) == sorted(text for text, _ in NAMED if text != "xa.b+[c]")
