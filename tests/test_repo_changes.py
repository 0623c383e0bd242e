"""Which files a commit touches, their patch, and their contents."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.errors import Unreadable
from kvmpatch.model import FileBefore, FileChange
from kvmpatch.sources.repo import BLOB_LIMIT, ChangedFiles, Repository, TouchedFile

LONG = "".join(f"line {number}\n" for number in range(40))


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path / "repo")


def touched(scratch: Scratch, commit: str) -> dict[str, TouchedFile]:
    with Repository.open(scratch.path) as repo:
        (changed,) = repo.changed([commit])
    assert changed.id == commit
    return {file.path: file for file in changed.files}


def test_root_commit_adds_everything(scratch: Scratch) -> None:
    commit = scratch.commit("root\n", {"a.c": "1\n2\n", "d/b.c": "3\n"})
    files = touched(scratch, commit)
    assert {path: (file.status, file.additions, file.deletions) for path, file in files.items()} == {
        "a.c": ("added", 2, 0),
        "d/b.c": ("added", 1, 0),
    }
    assert files["a.c"].before_blob is None
    assert files["a.c"].after_blob == scratch.git("rev-parse", "HEAD:a.c")
    assert (files["a.c"].before_mode, files["a.c"].after_mode) == ("000000", "100644")


def test_modified_and_deleted(scratch: Scratch) -> None:
    scratch.commit("root\n", {"a.c": "1\n2\n3\n", "b.c": "4\n"})
    files = touched(scratch, scratch.commit("edit\n", {"a.c": "1\nx\ny\n", "b.c": None}))
    assert (files["a.c"].status, files["a.c"].additions, files["a.c"].deletions) == ("modified", 2, 2)
    assert files["a.c"].before_blob == scratch.git("rev-parse", "HEAD^:a.c")
    assert (files["b.c"].status, files["b.c"].deletions, files["b.c"].after_blob) == ("deleted", 1, None)
    assert files["b.c"].as_file_change() == FileChange("b.c", "deleted", 0, 1, False, None)


def test_renamed_and_copied(scratch: Scratch) -> None:
    scratch.commit("root\n", {"old.c": LONG, "model.c": LONG.replace("line", "row")})
    scratch.git("mv", "old.c", "new.c")
    edited = LONG.replace("line", "row") + "own\n"
    commit = scratch.commit("move\n", {"new.c": LONG + "more\n", "model.c": edited, "twin.c": edited + "copied\n"})
    files = touched(scratch, commit)
    assert (files["new.c"].status, files["new.c"].before_path, files["new.c"].additions) == ("renamed", "old.c", 1)
    assert files["new.c"].similarity in range(90, 100)
    assert files["new.c"].as_file_change().before == FileBefore("old.c")
    assert (files["twin.c"].status, files["twin.c"].before_path, files["twin.c"].additions) == ("copied", "model.c", 2)
    assert files["model.c"].status == "modified"
    assert "old.c" not in files
    with Repository.open(scratch.path) as repo:
        (plain,) = repo.changed([commit], renames=False)
    assert {file.path: file.status for file in plain.files} == {
        "old.c": "deleted",
        "new.c": "added",
        "model.c": "modified",
        "twin.c": "added",
    }


def test_mode_type_and_symlink(scratch: Scratch) -> None:
    scratch.commit("root\n", {"run.sh": "#!/bin/sh\n", "both.sh": "1\n", "link": "target\n"})
    (scratch.path / "run.sh").chmod(0o755)
    (scratch.path / "both.sh").chmod(0o755)
    (scratch.path / "link").unlink()
    (scratch.path / "link").symlink_to("target")
    files = touched(scratch, scratch.commit("modes\n", {"both.sh": "2\n"}))
    assert (files["run.sh"].status, files["run.sh"].additions, files["run.sh"].deletions) == ("mode", 0, 0)
    assert (files["run.sh"].before_mode, files["run.sh"].after_mode) == ("100644", "100755")
    assert files["both.sh"].status == "modified"
    assert (files["link"].status, files["link"].after_mode) == ("type", "120000")


def test_submodule_has_no_blob(scratch: Scratch, tmp_path: Path) -> None:
    scratch.commit("root\n", {"a": "1\n"})
    inner = Scratch(tmp_path / "inner")
    first = inner.commit("inner\n", {"x": "1\n"})
    scratch.git("update-index", "--add", "--cacheinfo", f"160000,{first},sub")
    scratch.git("commit", "-qm", "submodule")
    commit = scratch.git("rev-parse", "HEAD")
    file = touched(scratch, commit)["sub"]
    assert (file.status, file.after_mode, file.before_blob, file.after_blob) == ("added", "160000", None, None)
    with Repository.open(scratch.path) as repo:
        assert {entry.path: entry.kind for entry in repo.list_files(commit)} == {"a": "blob", "sub": "commit"}
        assert repo.read_files(commit, ["sub"]) == {"sub": None}
        assert b"Subproject commit " + first.encode() in repo.patch_text(commit)


def test_binary(scratch: Scratch) -> None:
    file = touched(scratch, scratch.commit("binary\n", {"logo.png": b"\x89PNG\0\0\1"}))["logo.png"]
    assert (file.binary, file.additions, file.deletions) == (True, None, None)
    assert file.as_file_change().binary


ODD = [
    b"a b.c",
    b"line\nfeed.c",
    b'quo"te.c',
    b"tab\t.c",
    b"\t",
    "目录/é.c".encode(),
    b"back\\slash",
    b":colon",
    b"-dash",
]


def test_odd_names(scratch: Scratch) -> None:
    scratch.commit("root\n", dict.fromkeys(ODD, LONG))
    for name in ODD:
        scratch.write({name: LONG + "x\n"})
    scratch.git("mv", "a b.c", "1\t2\t")
    commit = scratch.commit("edit\n")
    expected = {name.decode() for name in ODD} - {"a b.c"} | {"1\t2\t"}
    with Repository.open(scratch.path) as repo:
        (changed,) = repo.changed([commit])
        assert {file.path for file in changed.files} == expected
        assert {(file.additions, file.deletions) for file in changed.files} == {(1, 0)}
        assert {file.before_path for file in changed.files if file.status == "renamed"} == {"a b.c"}
        contents = repo.read_files(commit, sorted(expected))
        assert set(contents.values()) == {(LONG + "x\n").encode()}
        assert {file.path for file in repo.list_files(commit)} == expected
        assert repo.list_files(commit, ["目录"])[0].path == "目录/é.c"
        assert repo.patch_text(commit, ["line\nfeed.c"]).count(b"diff --git ") == 1


@pytest.mark.skipif(os.uname().sysname == "Darwin", reason="its file systems take UTF-8 names only")
def test_names_that_are_not_utf8(scratch: Scratch) -> None:
    commit = scratch.commit("latin\n", {b"caf\xe9.c": "x\n", b"plain.c": "y\n"})
    with Repository.open(scratch.path) as repo:
        (changed,) = repo.changed([commit])
        paths = [file.path for file in changed.files]
        assert paths == ["caf\\xe9.c", "plain.c"]
        assert "".join(paths).encode("utf-8")
        assert repo.read_files(commit, paths) == {"caf\\xe9.c": b"x\n", "plain.c": b"y\n"}
        assert b"+x" in repo.patch_text(commit, paths[:1])
        assert b"+y" not in repo.patch_text(commit, paths[:1])


def test_merge_is_compared_with_its_first_parent(scratch: Scratch) -> None:
    scratch.commit("root\n", {"a": "1\n"})
    scratch.git("checkout", "-q", "-b", "side")
    scratch.commit("side\n", {"side": "s\n"})
    scratch.git("checkout", "-q", "main")
    first = scratch.commit("main\n", {"main": "m\n"})
    scratch.git("merge", "-q", "--no-ff", "-m", "merge", "side", env=scratch.when())
    merge = scratch.git("rev-parse", "HEAD")
    assert [*touched(scratch, merge)] == ["side"]
    with Repository.open(scratch.path) as repo:
        assert next(repo.commits([merge])).parents[0] == first
        patch = repo.patch_text(merge)
    assert patch == scratch.raw("diff-tree", "-p", "--full-index", "-M", "-C", first, merge)


def test_commit_without_changes_and_many_at_once(scratch: Scratch) -> None:
    commits = [scratch.commit(f"{number}\n", {"a": f"{number // 3}\n"}) for number in range(12)]
    asked = [*commits, *reversed(commits), commits[3], commits[3], commits[3]]
    with Repository.open(scratch.path) as repo:
        got = list(repo.changed(asked))
        assert [each.id for each in got] == asked
        assert [each.id for each in got if each.files and each.id in commits[1:]][:3] == [
            commits[3],
            commits[6],
            commits[9],
        ]
        assert got[1] == ChangedFiles(commits[1], ())
        assert [commit.id for commit in repo.commits(iter(asked))] == asked


def test_readers_can_be_interleaved(scratch: Scratch) -> None:
    commits = [scratch.commit(f"{number}\n", {"a": f"{number}\n"}) for number in range(9)]
    with Repository.open(scratch.path) as repo:
        for changed, commit in zip(repo.changed(commits), repo.commits(commits), strict=True):
            assert changed.id == commit.id
            (file,) = changed.files
            assert file.after_blob is not None
            (blob,) = repo.blobs([file.after_blob])
            assert blob.data == f"{commit.subject}\n".encode()


def test_agrees_with_diff_tree(scratch: Scratch) -> None:
    """Three numbers a file, worked out by git itself one commit at a time."""
    for number in range(8):
        scratch.commit(f"{number}\n", {f"f{number % 3}": f"{number}\n" * (number + 1), f"d/{number}": LONG * number})
    commits = scratch.git("rev-list", "HEAD").split()
    with Repository.open(scratch.path) as repo:
        for changed in repo.changed(commits):
            out = scratch.git("diff-tree", "--root", "-r", "--no-commit-id", "--numstat", "--no-renames", changed.id)
            expected = sorted(tuple(line.split("\t")) for line in out.splitlines())
            (plain,) = repo.changed([changed.id], renames=False)
            assert sorted((str(f.additions), str(f.deletions), f.path) for f in plain.files) == expected


def test_without_counting(scratch: Scratch) -> None:
    scratch.commit("root\n", {"old.c": LONG, "a": "1\n"})
    scratch.git("mv", "old.c", "new.c")
    commits = [scratch.commit("move\n", {"new.c": LONG + "more\n", "a": "2\n"}), scratch.git("rev-parse", "HEAD^")]
    with Repository.open(scratch.path) as repo:
        full = list(repo.changed(commits))
        quick = list(repo.changed(commits, counts=False))
    assert [[(f.path, f.before_path, f.status, f.after_blob) for f in each.files] for each in quick] == [
        [(f.path, f.before_path, f.status, f.after_blob) for f in each.files] for each in full
    ]
    assert not any(each.counted for each in quick)
    assert {f.additions for each in quick for f in each.files} == {None}
    assert {f.binary for each in quick for f in each.files} == {False}


def test_too_many_for_inexact_renames(scratch: Scratch) -> None:
    before: dict[str | bytes, str | bytes | None] = {f"before/{number}": f"{number}\n{LONG}" for number in range(1001)}
    scratch.commit("root\n", before)
    for number in range(1001):
        (scratch.path / f"before/{number}").unlink()
    commit = scratch.commit("move\n", {f"after/x{number}": f"{number}\n{LONG}more\n" for number in range(1001)})
    with Repository.open(scratch.path) as repo:
        (changed,) = repo.changed([commit])
    assert changed.renames_skipped
    assert {file.status for file in changed.files} == {"added", "deleted"}
    assert len(changed.files) == 2002


def test_a_missing_blob_spoils_only_its_own_commit(scratch: Scratch) -> None:
    commits = [scratch.commit(f"{number}\n", {"a": f"{number}\n"}) for number in range(6)]
    lost = scratch.git("rev-parse", f"{commits[2]}:a")
    scratch.forget(lost)
    with Repository.open(scratch.path) as repo:
        got = list(repo.changed(commits))
        assert [each.counted for each in got] == [True, True, False, False, True, True]
        assert got[2].files[0].after_blob == lost
        assert (got[2].files[0].additions, got[4].files[0].additions) == (None, 1)
        assert [blob.why for blob in repo.blobs([lost])] == ["missing"]
        with pytest.raises(Unreadable):
            repo.patch_text(commits[2])


def test_a_damaged_object_is_told(scratch: Scratch) -> None:
    commit = scratch.commit("one\n", {"a": LONG, "b": "fine\n"})
    good = scratch.git("rev-parse", "HEAD:b")
    bad = scratch.git("rev-parse", "HEAD:a")
    path = scratch.loose(bad)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-12])
    with Repository.open(scratch.path) as repo:
        with pytest.raises(Unreadable):
            list(repo.blobs([bad]))
        assert [blob.data for blob in repo.blobs([good])] == [b"fine\n"]
        scratch.forget(scratch.git("rev-parse", "HEAD^{tree}"))
    with Repository.open(scratch.path) as repo, pytest.raises(Unreadable):
        list(repo.changed([commit]))


def test_blobs_too_big_or_no_blobs(scratch: Scratch) -> None:
    big = b"x" * (BLOB_LIMIT + 1)
    commit = scratch.commit("big\n", {"big": big, "edge": big[:-1], "empty": b""})
    ids = [scratch.git("rev-parse", f"HEAD:{name}") for name in ("big", "edge", "empty")]
    with Repository.open(scratch.path) as repo:
        blobs = list(repo.blobs([*ids, commit, "0" * 40]))
        assert [blob.why for blob in blobs] == ["too-big", None, None, "not-a-blob", "missing"]
        assert [blob.size for blob in blobs[:3]] == [BLOB_LIMIT + 1, BLOB_LIMIT, 0]
        assert (blobs[0].data, len(blobs[1].data or b""), blobs[2].data) == (None, BLOB_LIMIT, b"")
        assert repo.read_files(commit, ["big"]) == {"big": None}
        at = repo.blobs_at(commit, ["big"])["big"]
        assert at is not None
        assert at.why == "too-big"


def test_files_by_path(scratch: Scratch) -> None:
    commit = scratch.commit("one\n", {"d/a.c": "a\n", "d/*.c": "star\n", "e/b.c": "b\n"})
    with Repository.open(scratch.path) as repo:
        odd = [
            "d",
            "d/",
            "nowhere",
            "./d/a.c",
            "../a",
            "",
            "/d/a.c",
            "line\nfeed",
            "line\nfeed missing",
            "HEAD",
            "d/a.c",
        ]
        assert repo.read_files(commit, odd) == {**dict.fromkeys(odd), "d/a.c": b"a\n"}
        assert [file.path for file in repo.list_files(commit, ["d/"])] == ["d/*.c", "d/a.c"]
        assert [file.path for file in repo.list_files(commit, ["d/*.c"])] == ["d/*.c"]
        assert repo.list_files(commit, ["nowhere"]) == ()
        assert b"+star" in repo.patch_text(commit, ["d/*.c"])
        assert b"+a" not in repo.patch_text(commit, ["d/*.c"])
        assert repo.list_files(commit, ["e"])[0].id == scratch.git("rev-parse", "HEAD:e/b.c")
        for read in (repo.read_files, repo.list_files):
            with pytest.raises(Unreadable):
                read("1" * 40, ["a"])


def test_words_in_files(scratch: Scratch) -> None:
    commit = scratch.commit(
        "words\n",
        {
            "k/a.c": "x = ENVCFG_STCE;\n",
            "k/b.c": "ENVCFG_STCE_OLD\n",
            "k/c:d.c": "-e --all\n",
            "o/e.c": "ENVCFG_STCE\n",
            "k/bin": b"ENVCFG_STCE\0",
        },
    )
    with Repository.open(scratch.path) as repo:
        assert repo.grep_files(commit, ["ENVCFG_STCE"], ["k"]) == ("k/a.c",)
        assert repo.grep_files(commit, ["ENVCFG_STCE", "ENVCFG_STCE_OLD"]) == ("k/a.c", "k/b.c", "o/e.c")
        assert repo.grep_files(commit, ["--all"]) == ("k/c:d.c",)
        assert repo.grep_files(commit, ["ENVCFG.STCE", "nothing"]) == ()
        assert repo.grep_files(commit, []) == ()


def test_patch_headings_know_c(scratch: Scratch) -> None:
    """A label at the margin is no heading: the kernel's own attributes say so, and a bare repository must agree."""
    body = "int first(void)\n{\nerr:\n" + "".join(f"\tx{number}();\n" for number in range(12)) + "}\n"
    scratch.commit("one\n", {"a.c": body})
    commit = scratch.commit("two\n", {"a.c": body.replace("x9()", "y9()")})
    with Repository.open(scratch.path) as repo:
        patch = repo.patch_text(commit)
    assert b"@@ int first(void)\n" in patch
    assert patch.startswith(b"diff --git a/a.c b/a.c\nindex ")
