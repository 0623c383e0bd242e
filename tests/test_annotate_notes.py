"""`annotate --format notes`: the one thing that kvmpatch writes into a repository, and how it keeps to itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from annotate_values import SUBJECT, backport, candidate, conflict, conflicting, hunk
from repo_scratch import Scratch, contents_of
from test_annotate import answers
from test_hostile_repo import ATTRIBUTES, HOOKS, KEYS, Trap

from kvmpatch.cli import main
from kvmpatch.errors import KvmpatchError
from kvmpatch.model import CommitName
from kvmpatch.sources.repo.notes import REF, write_notes

MARK = "mark/1"


@pytest.fixture
def repo(tmp_path: Path) -> Scratch:
    scratch = Scratch(tmp_path / "repo")
    for name in ("one", "two", "three"):
        scratch.commit(f"{name}\n", {"a.c": name, ".gitattributes": ATTRIBUTES})
    return scratch


def ids(repo: Scratch) -> list[str]:
    return repo.git("rev-list", "HEAD").split()


def note(repo: Scratch, commit: str) -> str:
    return repo.git("notes", f"--ref={REF}", "show", commit)


def test_notes_are_those_that_git_shows(repo: Scratch) -> None:
    head, before, _ = ids(repo)
    kept = write_notes(str(repo.path), {head: f"{MARK} a\nline\n", before: f"{MARK} b é\n"}, MARK)
    assert (kept.written, kept.foreign) == ((head, before), ())
    assert note(repo, head) == f"{MARK} a\nline"
    assert note(repo, before) == f"{MARK} b é"
    assert repo.git("log", "-1", "--format=%N", f"--notes={REF}", head).strip() == f"{MARK} a\nline"
    assert repo.git("log", "-1", "--format=%an <%ae>", REF) == "A Developer <dev@example.org>"


def test_a_later_run_replaces_our_own_and_adds(repo: Scratch) -> None:
    head, before, first = ids(repo)
    write_notes(str(repo.path), {head: f"{MARK} old\n", first: f"{MARK} first\n"}, MARK)
    write_notes(str(repo.path), {head: f"{MARK} new\n", before: f"{MARK} b\n"}, MARK)
    assert [note(repo, one) for one in (head, before, first)] == [f"{MARK} new", f"{MARK} b", f"{MARK} first"]
    assert repo.git("rev-list", "--count", REF) == "2"
    write_notes(str(repo.path), {head: f"{MARK} new\n"}, MARK)
    assert repo.git("rev-list", "--count", REF) == "2"  # nothing new to say


def test_notes_of_others_are_left_alone(repo: Scratch) -> None:
    head, before, _ = ids(repo)
    repo.git("notes", f"--ref={REF}", "add", "-m", "reviewed by hand", head)
    kept = write_notes(str(repo.path), {head: f"{MARK} a\n", before: f"{MARK} b\n"}, MARK)
    assert (kept.written, kept.foreign) == ((before,), (head,))
    assert note(repo, head) == "reviewed by hand"
    assert note(repo, before) == f"{MARK} b"
    tip = repo.git("rev-parse", REF)
    assert write_notes(str(repo.path), {head: f"{MARK} a\n"}, MARK).written == ()
    assert repo.git("rev-parse", REF) == tip


def test_notes_in_folders_are_found(repo: Scratch) -> None:
    """git spreads many notes over folders; ours is replaced where it is, and does not become two."""
    head = ids(repo)[0]
    blob = repo.store("blob", f"{MARK} deep\n".encode())
    tree = repo.git("mktree", data=f"100644 blob {blob}\t{head[2:]}\n".encode())
    top = repo.git("mktree", data=f"040000 tree {tree}\t{head[:2]}\n".encode())
    repo.git("update-ref", REF, repo.git("commit-tree", top, "-m", "notes"))
    write_notes(str(repo.path), {head: f"{MARK} new\n"}, MARK)
    assert note(repo, head) == f"{MARK} new"
    assert repo.git("ls-tree", "-r", "--name-only", REF) == f"{head[:2]}/{head[2:]}"


def test_work_tree_index_and_other_refs_stay_as_they_are(repo: Scratch) -> None:
    repo.write({"a.c": "staged"})
    repo.git("add", "a.c")
    repo.write({"a.c": "changed", "new": "new"})
    before = (repo.git("status", "--porcelain"), (repo.path / ".git" / "index").read_bytes(), repo.git("for-each-ref"))
    write_notes(str(repo.path / "."), {ids(repo)[0]: f"{MARK}\n"}, MARK)
    repo.git("update-ref", "-d", REF)
    after = (repo.git("status", "--porcelain"), (repo.path / ".git" / "index").read_bytes(), repo.git("for-each-ref"))
    assert after == before


def test_bare_repositories_and_worktrees(repo: Scratch, tmp_path: Path) -> None:
    head = ids(repo)[0]
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare"))
    bare = Scratch(tmp_path / "bare", make=False)
    write_notes(str(bare.path), {head: f"{MARK} bare\n"}, MARK)
    assert note(bare, head) == f"{MARK} bare"
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"))
    write_notes(str(tmp_path / "tree"), {head: f"{MARK} tree\n"}, MARK)
    assert note(repo, head) == f"{MARK} tree"


def test_sha256(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "repo", "--object-format=sha256")
    head = repo.commit("one\n", {"a.c": "one"})
    write_notes(str(repo.path), {head: f"{MARK} long\n"}, MARK)
    write_notes(str(repo.path), {head: f"{MARK} longer\n"}, MARK)
    assert note(repo, head) == f"{MARK} longer"


def test_without_an_identity_the_notes_are_kvmpatchs(repo: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"):
        monkeypatch.delenv(f"GIT_{name}")
    repo.git("config", "user.useConfigOnly", "true")
    write_notes(str(repo.path), {ids(repo)[0]: f"{MARK}\n"}, MARK)
    assert repo.git("log", "-1", "--format=%an <%ae>", REF) == "kvmpatch <kvmpatch@localhost>"


# ---- where it must not write -----------------------------------------------------------------------------------------


def test_a_symbolic_ref_is_not_followed(repo: Scratch) -> None:
    """Else a repository could have its main branch replaced by notes."""
    repo.git("symbolic-ref", REF, "refs/heads/main")
    main_tip = repo.git("rev-parse", "main")
    with pytest.raises(KvmpatchError) as wrong:
        write_notes(str(repo.path), {main_tip: f"{MARK}\n"}, MARK)
    assert "symbolic ref" in wrong.value.said.en
    assert repo.git("rev-parse", "main") == main_tip
    assert repo.git("symbolic-ref", REF) == "refs/heads/main"


def test_a_locked_ref_is_one_clear_line(repo: Scratch) -> None:
    head = ids(repo)[0]
    write_notes(str(repo.path), {head: f"{MARK} old\n"}, MARK)
    lock = repo.path / ".git" / f"{REF}.lock"
    lock.touch()
    with pytest.raises(KvmpatchError) as wrong:
        write_notes(str(repo.path), {head: f"{MARK} new\n"}, MARK)
    assert wrong.value.said.en == f"cannot write {REF}"
    assert wrong.value.hint is not None
    assert "\n" not in wrong.value.hint.en
    lock.unlink()
    assert note(repo, head) == f"{MARK} old"


def test_a_repository_that_takes_no_objects(repo: Scratch) -> None:
    head = ids(repo)[0]
    objects = repo.path / ".git" / "objects"
    objects.rename(repo.path / "elsewhere")
    objects.mkdir()
    (objects / "info").mkdir()
    (objects / "info" / "alternates").write_text(str(repo.path / "elsewhere"))
    for first in range(256):
        (objects / f"{first:02x}").touch()  # a file where git needs a folder, which also stops root
    with pytest.raises(KvmpatchError) as wrong:
        write_notes(str(repo.path), {head: f"{MARK}\n"}, MARK)
    assert wrong.value.said.en == f"cannot write {REF}"
    assert repo.git("for-each-ref", REF) == ""


def test_no_program_runs(repo: Scratch, tmp_path: Path) -> None:
    trap = Trap(tmp_path / "trap")
    head = ids(repo)[0]
    for entry in (*KEYS, "commit.gpgSign=true", "core.splitIndex=true", "core.editor=%s", "user.signingKey=x"):
        key, _, value = entry.partition("=")
        repo.git("config", "--add", key, value % trap.program if "%s" in value else value)
    for hook in (*HOOKS, "pre-commit", "commit-msg", "post-commit", "prepare-commit-msg", "update", "post-update"):
        (repo.path / ".git" / "hooks").mkdir(exist_ok=True)
        (repo.path / ".git" / "hooks" / hook).unlink(missing_ok=True)
        (repo.path / ".git" / "hooks" / hook).symlink_to(trap.program)
    repo.git("config", "core.hooksPath", str(repo.path / ".git" / "hooks"))
    (repo.path / ".git" / "info" / "attributes").write_text(ATTRIBUTES)
    trap.mark.unlink(missing_ok=True)
    before = set(contents_of(repo.path))
    kept = write_notes(str(repo.path), {head: f"{MARK} safe\n"}, MARK)
    assert trap.ran() == ""
    assert kept.written == (head,)
    new = {name for name in set(contents_of(repo.path)) - before if not name.startswith(".git/objects/")}
    assert new == {".git/refs/notes", f".git/{REF}", ".git/logs/refs/notes", f".git/logs/{REF}"}
    repo.git("notes", f"--ref={REF}", "add", "-f", "-m", "x", head, ok=False)
    assert trap.ran() != ""  # the traps are real


# ---- the command -----------------------------------------------------------------------------------------------------


def judged(repo: Scratch, *commits: str) -> Any:
    conflicts = conflicting(conflict("a.c", hunk("", 1, 1)))
    return lambda: backport(*(candidate(commit=CommitName(one, SUBJECT), pick=conflicts) for one in commits))


def test_the_command_writes_a_note_for_each_commit(
    repo: Scratch, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    head, before, _ = ids(repo)
    answers(monkeypatch, judged(repo, before, head))
    words = ["-C", str(repo.path), "--lang", "en", "annotate", "HEAD~2..", "--format", "notes"]
    assert main(words) == 1
    said = capfd.readouterr()
    assert said.out == ""
    assert f"{REF}: 2 written" in said.err
    assert f"git config --add notes.rewriteRef {REF}" in said.err
    assert "error pick-conflict a.c:1" in note(repo, head)
    repo.git("config", "notes.rewriteRef", "refs/notes/*")
    assert main(words) == 1
    assert "rewriteRef" not in capfd.readouterr().err


def test_no_other_format_writes_anything(
    repo: Scratch, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch, judged(repo, ids(repo)[0]))
    before = contents_of(repo.path)
    for kind in ("text", "markdown", "json", "jsonl", "github", "gitlab", "sarif", "rdjson"):
        assert main(["-C", str(repo.path), "annotate", "HEAD", "--format", kind]) == 1
    assert contents_of(repo.path) == before
