"""Every kind of repository that git knows is found, opened and read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from repo_scratch import Scratch, contents_of

from kvmpatch.errors import NotARepository, UnknownRevision, Unreadable
from kvmpatch.sources.repo import Repository


@pytest.fixture
def history(tmp_path: Path) -> Scratch:
    """Three commits on main: add, edit, add another."""
    scratch = Scratch(tmp_path / "origin")
    scratch.commit("one: add\n", {"virt/a.c": "int a;\n", "README": "read\n"})
    scratch.commit("two: edit\n", {"virt/a.c": "int a;\nint b;\n"})
    scratch.commit("three: add\n", {"arch/riscv/kvm/vcpu.c": "int vcpu;\n"})
    scratch.git("config", "uploadpack.allowFilter", "true")
    return scratch


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files, of which nothing may be left."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def subjects(repo: Repository, rev: str = "HEAD") -> list[str]:
    return [commit.subject for commit in repo.history([repo.resolve([rev])[0].id])]


ALL = ["three: add", "two: edit", "one: add"]


def test_from_the_top_and_from_a_folder(history: Scratch, temporary: Path) -> None:
    with Repository.open(history.path) as repo:
        assert subjects(repo) == ALL
        assert repo.git_dir == history.path / ".git"
        assert (repo.prefix, repo.object_format, repo.shallow, repo.partial) == ("", "sha1", frozenset(), False)
    with Repository.open(str(history.path / "arch" / "riscv")) as repo:
        assert repo.git_dir == history.path / ".git"
        assert repo.prefix == "arch/riscv/"
        assert subjects(repo) == ALL


def test_from_the_working_directory(history: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(history.path / "virt")
    with Repository.open() as repo:
        assert subjects(repo) == ALL


def test_bare(history: Scratch, tmp_path: Path) -> None:
    history.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    with Repository.open(tmp_path / "bare.git") as repo:
        assert subjects(repo) == ALL
        assert repo.git_dir == tmp_path / "bare.git"


def test_linked_worktree_has_its_own_head(history: Scratch, tmp_path: Path) -> None:
    history.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"), "HEAD~1")
    with Repository.open(tmp_path / "linked") as repo:
        assert subjects(repo) == ALL[1:]
        assert subjects(repo, "main") == ALL


def test_separate_git_dir(history: Scratch, tmp_path: Path) -> None:
    history.git("clone", "-q", "--separate-git-dir", str(tmp_path / "elsewhere"), ".", str(tmp_path / "tree"))
    with Repository.open(tmp_path / "tree") as repo:
        assert subjects(repo) == ALL
        assert repo.git_dir == tmp_path / "elsewhere"


def test_git_dir_of_the_environment(history: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(history.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(history.path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "no-index"))
    with Repository.open(tmp_path) as repo:
        assert subjects(repo) == ALL
        assert [file.path for file in repo.list_files(repo.resolve(["HEAD"])[0].id, ["virt"])] == ["virt/a.c"]


def test_objects_of_the_environment(history: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = Scratch(tmp_path / "empty")
    tip = history.git("rev-parse", "HEAD")
    monkeypatch.setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", str(history.path / ".git" / "objects"))
    with Repository.open(empty.path) as repo:
        assert subjects(repo, tip) == ALL


@pytest.mark.parametrize("how", ["--shared", "--reference"])
def test_borrowed_objects(how: str, history: Scratch, tmp_path: Path) -> None:
    extra = [how] if how == "--shared" else [how, str(history.path)]
    history.git("clone", "-q", *extra, "--bare", ".", str(tmp_path / "one.git"))
    Scratch(tmp_path / "one.git", make=False).git("clone", "-q", "--shared", ".", str(tmp_path / "two"))
    with Repository.open(tmp_path / "two") as repo:
        assert subjects(repo) == ALL


def test_odd_names_of_folders(history: Scratch, tmp_path: Path) -> None:
    for name in ('with "quotes" and \\', "#hash", "空格 与 tab\t", "colon:and;semi"):
        path = tmp_path / name / "clone"
        history.git("clone", "-q", ".", str(path))
        with Repository.open(path) as repo:
            assert subjects(repo) == ALL


def test_line_feed_in_the_path_is_refused(history: Scratch, tmp_path: Path) -> None:
    history.git("clone", "-q", ".", str(tmp_path / "a\nb"))
    with pytest.raises(Unreadable):
        Repository.open(tmp_path / "a\nb")


def test_shallow(history: Scratch, tmp_path: Path, temporary: Path) -> None:
    history.git("clone", "-q", "--depth", "2", f"file://{history.path}", str(tmp_path / "shallow"))
    tip, boundary, cut = history.git("rev-list", "HEAD").split()
    with Repository.open(tmp_path / "shallow") as repo:
        assert repo.shallow == {boundary}
        assert subjects(repo) == ALL[:2]
        assert next(repo.commits([boundary])).parents == (cut,)
        assert [file.path for file in next(repo.changed([tip])).files] == ["arch/riscv/kvm/vcpu.c"]
        for read in (lambda: list(repo.changed([boundary])), lambda: [repo.patch_text(boundary)]):
            with pytest.raises(Unreadable, match="shallow boundary"):
                read()
        for rev in ("HEAD~2", "HEAD^^", f"{boundary}^", cut, "HEAD~2..HEAD", "HEAD~5"):
            with pytest.raises(Unreadable) as caught:
                repo.resolve([rev])
            assert caught.value.exit_status == 3
        with pytest.raises(UnknownRevision):
            repo.resolve(["1" * 40])


def test_partial(history: Scratch, tmp_path: Path, temporary: Path) -> None:
    blobs = [history.git("rev-parse", f"HEAD:{path}") for path in ("virt/a.c", "README")]
    tip, middle, root = history.git("rev-list", "HEAD").split()
    partial = tmp_path / "partial.git"
    history.git("clone", "-q", "--bare", "--filter=blob:none", f"file://{history.path}", str(partial))
    before = contents_of(partial)
    with Repository.open(partial) as repo:
        assert repo.partial
        assert subjects(repo) == ALL
        assert [(blob.id, blob.data, blob.why) for blob in repo.blobs(blobs)] == [
            (one, None, "missing") for one in blobs
        ]
        changed = list(repo.changed([tip, middle, root]))
        assert [file.path for each in changed for file in each.files] == [
            "arch/riscv/kvm/vcpu.c",
            "virt/a.c",
            "README",
            "virt/a.c",
        ]
        assert not any(each.counted for each in changed)
        assert {file.additions for each in changed for file in each.files} == {None}
        assert changed[1].files[0].after_blob == blobs[0]
        with pytest.raises(Unreadable):
            repo.patch_text(middle)
        with pytest.raises(Unreadable):
            repo.grep_files(tip, ["vcpu"])
        assert repo.read_files(tip, ["README", "nowhere"]) == {"README": None, "nowhere": None}
        at = repo.blobs_at(tip, ["README", "nowhere"])
        assert at["README"] is not None
        assert (at["README"].why, at["README"].id) == ("missing", blobs[1])
        assert at["nowhere"] is None
    assert contents_of(partial) == before


def test_treeless(history: Scratch, tmp_path: Path) -> None:
    history.git("clone", "-q", "--bare", "--filter=tree:0", f"file://{history.path}", str(tmp_path / "treeless.git"))
    with Repository.open(tmp_path / "treeless.git") as repo:
        assert subjects(repo) == ALL
        tip = repo.head()
        assert tip is not None
        for read in (lambda: list(repo.changed([tip])), lambda: [repo.list_files(tip)]):
            with pytest.raises(Unreadable):
                read()


def test_sha256(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "long", "--object-format=sha256")
    first = scratch.commit("one\n", {"a": "a\n"})
    second = scratch.commit("two\n", {"a": "b\n"})
    with Repository.open(scratch.path) as repo:
        assert repo.object_format == "sha256"
        assert [one.id for one in repo.resolve([f"{first[:9]}..HEAD", first])] == [first, second]
        assert len(second) == 64
        (changed,) = repo.changed([second])
        assert (changed.files[0].path, changed.files[0].additions, changed.files[0].deletions) == ("a", 1, 1)
        assert repo.read_files(second, ["a"]) == {"a": b"b\n"}
        assert b"+b" in repo.patch_text(second)


def test_empty(tmp_path: Path, temporary: Path) -> None:
    scratch = Scratch(tmp_path / "empty")
    with Repository.open(scratch.path) as repo:
        assert repo.head() is None
        assert repo.all_tips() == ()
        for rev in ("HEAD", "HEAD~1", "@", "HEAD..HEAD"):
            with pytest.raises(UnknownRevision, match="does not point to a commit yet"):
                repo.resolve([rev])
        with pytest.raises(UnknownRevision, match="no such revision: main"):
            repo.resolve(["main"])
        assert repo.find_backports("1" * 40, lambda message: True) == ()


def test_replace_refs_hold_as_in_git(history: Scratch) -> None:
    tip, _, root = history.git("rev-list", "HEAD").split()
    for packed in (False, True):
        history.git("replace", "-f", "--graft", tip, root)
        if packed:
            history.git("pack-refs", "--all")
        with Repository.open(history.path) as repo:
            assert [commit.id for commit in repo.history([tip])] == [tip, root]
            assert [file.path for file in next(repo.changed([tip])).files] == ["arch/riscv/kvm/vcpu.c", "virt/a.c"]


def test_alternates_of_a_repacked_repository_with_a_commit_graph(history: Scratch) -> None:
    history.git("repack", "-adq")
    history.git("commit-graph", "write", "--reachable")
    with Repository.open(history.path) as repo:
        assert subjects(repo) == ALL


@pytest.mark.parametrize("where", ["plain", "missing"])
def test_not_a_repository(where: str, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(NotARepository) as caught:
        Repository.open(tmp_path / where)
    assert caught.value.exit_status == 2
    assert str(tmp_path / where) in caught.value.said.en
    assert str(tmp_path / where) in caught.value.said.zh


def test_someone_elses_repository(history: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(Unreadable) as caught:
        Repository.open(history.path / "virt")
    assert caught.value.hint is not None
    assert f"git config --global --add safe.directory {history.path}" in caught.value.hint.en
    history.git("config", "--global", "--add", "safe.directory", str(history.path))
    with Repository.open(history.path / "virt") as repo:
        assert subjects(repo) == ALL


def test_without_git(history: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(history.path))
    with pytest.raises(Unreadable, match="git cannot be run"):
        Repository.open(history.path)


def test_old_git(history: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text('#!/bin/sh\ncase "$*" in version|--version) echo git version 2.30.2;; *) exit 129;; esac\n')
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(Unreadable, match=r"git 2\.30 is too old"):
        Repository.open(history.path)


def test_nothing_stays_after_an_interrupt(history: Scratch, temporary: Path) -> None:
    def interrupted() -> None:
        with Repository.open(history.path) as repo:
            for _ in repo.history([repo.resolve(["HEAD"])[0].id]):
                raise KeyboardInterrupt

    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    before = set(children.read_text().split()) if children.exists() else set()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not children.exists() or set(children.read_text().split()) <= before


def test_forgotten_to_close(history: Scratch, temporary: Path) -> None:
    repo = Repository.open(history.path)
    assert subjects(repo) == ALL
    del repo
