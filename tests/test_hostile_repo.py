"""A repository that names programs wherever git lets it: none of them runs, and nothing is written."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from repo_scratch import Scratch, contents_of

from kvmpatch.errors import KvmpatchError
from kvmpatch.sources.repo import Filter, Repository, plumbing

ATTRIBUTES = "* diff=evil filter=evil merge=evil text=auto ident\n"
# Every key by which git(1) of a repository's own configuration comes to run a program; %s is the trap.
KEYS = (
    "core.fsmonitor=%s",
    "core.pager=%s",
    "core.editor=%s",
    "core.sshCommand=%s",
    "core.gitProxy=%s",
    "core.askPass=%s",
    "core.alternateRefsCommand=%s",
    "sequence.editor=%s",
    "diff.external=%s",
    "diff.evil.command=%s",
    "diff.evil.textconv=%s",
    "diff.evil.cachetextconv=true",
    "filter.evil.clean=%s",
    "filter.evil.smudge=%s",
    "filter.evil.process=%s",
    "filter.evil.required=true",
    "merge.evil.driver=%s",
    "gpg.program=%s",
    "gpg.ssh.program=%s",
    "gpg.ssh.defaultKeyCommand=%s",
    "log.showSignature=true",
    "credential.helper=!%s",
    "pager.rev-parse=%s",
    "pager.rev-list=%s",
    "pager.log=%s",
    "pager.config=%s",
    "pager.diff-tree=%s",
    "alias.rev-parse=!%s",
    "alias.cat-file=!%s",
    "interactive.diffFilter=%s",
    "uploadpack.packObjectsHook=%s",
    "protocol.allow=always",
    "protocol.ext.allow=always",
    "remote.origin.url=ext::%s %%S",
    "remote.origin.uploadpack=%s",
    "remote.origin.promisor=true",
    "remote.origin.partialclonefilter=blob:none",
    "remote.file.url=file:///",
    "remote.file.uploadpack=%s",
    "remote.file.promisor=true",
    "core.repositoryformatversion=1",
    "extensions.partialClone=origin",
    "trailer.sign.command=%s",
    "browser.evil.cmd=%s",
    "submodule.sub.update=!%s",
    "submodule.recurse=true",
    "diff.submodule=diff",
    "grep.fallbackToNoIndex=true",
    "trace2.eventTarget=/nonexistent",
)
HOOKS = (
    "post-index-change",
    "reference-transaction",
    "fsmonitor-watchman",
    "post-checkout",
    "pre-auto-gc",
    "post-rewrite",
)


class Trap:
    """A program that leaves a mark when it runs."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.mark = folder / "mark"
        self.program = folder / "program"
        self.program.write_text(f'#!/bin/sh\necho "$0 $*" >> "{self.mark}"\nexit 1\n')
        self.program.chmod(0o755)

    def ran(self) -> str:
        return self.mark.read_text() if self.mark.exists() else ""


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path / "trap")


@pytest.fixture
def hostile(tmp_path: Path, trap: Trap) -> Scratch:
    """A short history, then every trap at once, and two objects missing so that git would want to fetch."""
    scratch = Scratch(tmp_path / "repo")
    scratch.commit("root\n", {"a.c": "one\n", ".mailmap": "A B <a@b>\n", "lost": "lost\n"})
    scratch.commit("two\n", {"a.c": "two\n", ".gitattributes": ATTRIBUTES, "lost": "found\n"})
    scratch.git("checkout", "-q", "-b", "side")
    scratch.commit("side\n", {"b.c": "side\n"})
    scratch.git("checkout", "-q", "main")
    scratch.commit("three\n\ncommit 1234567890ab upstream.\n", {"a.c": "three\n"})
    scratch.git("merge", "-q", "--no-ff", "-m", "merge", "side", env=scratch.when())
    lost = scratch.git("rev-parse", "main~2:lost")
    (scratch.path / ".git" / "info" / "attributes").write_text(ATTRIBUTES)
    scratch.git("tag", "lost-commit", scratch.commit("lost commit\n"))
    scratch.git("branch", "-q", "no-commit")
    scratch.git("reset", "-q", "--hard", "HEAD^")
    scratch.forget(scratch.git("rev-parse", "lost-commit"))
    for entry in KEYS:
        key, _, value = entry.partition("=")
        scratch.git("config", "--add", key, value % trap.program if "%s" in value else value)
    for hook in HOOKS:
        (scratch.path / ".git" / "hooks").mkdir(exist_ok=True)
        (scratch.path / ".git" / "hooks" / hook).symlink_to(trap.program)
    scratch.git("config", "core.hooksPath", str(scratch.path / ".git" / "hooks"))
    scratch.forget(lost)
    trap.mark.unlink(missing_ok=True)
    return scratch


def read_everything(path: Path) -> list[str]:
    """Call all that a repository offers, also where it must fail. Gives the names of what worked."""
    worked = []
    with Repository.open(path) as repo:
        head = repo.resolve(["HEAD"])[0].id
        ids = [one.id for one in repo.resolve(["HEAD~3^!", "main~2..main", "side"])]
        first = [repo.resolve(["main~1"])[0].id, repo.resolve(["main~2"])[0].id]
        calls: dict[str, Callable[[], object]] = {
            "partial": lambda: repo.partial,
            "setting": lambda: (repo.setting("pager"), repo.setting("core.pager")),
            "tips": repo.all_tips,
            "commits": lambda: list(repo.commits(ids)),
            "changed": lambda: list(repo.changed([*ids, *first])),
            "patch": lambda: [repo.patch_text(commit) for commit in ids],
            "read": lambda: repo.read_files(head, ["a.c", "lost"]),
            "list": lambda: repo.list_files(head),
            "grep": lambda: repo.grep_files(head, ["side"], ["b.c"]),
            "history": lambda: list(repo.history([head], ["a.c"])),
            "author": lambda: list(repo.history([head], where=Filter(author=("A",), grep=("t",)))),
            "ancestry": lambda: (repo.is_ancestor(ids[0], head), repo.merge_base(ids[0], head), repo.count([head])),
            "backport": lambda: repo.find_backports("1234567890ab", lambda message: True),
            "elsewhere": lambda: repo.find_backports("f" * 40, lambda message: True),
        }
        for rev in (
            "main@{upstream}",
            "main@{0}",
            ":a.c",
            ":/two",
            "HEAD:a.c",
            "lost-commit",
            "lost-commit~1",
            "f" * 40,
        ):
            calls[rev] = partial(repo.resolve, [rev])
        for name, call in calls.items():
            with contextlib.suppress(KvmpatchError):
                call()
                worked.append(name)
    return worked


def test_no_program_runs_and_nothing_is_written(hostile: Scratch, trap: Trap) -> None:
    before = contents_of(hostile.path)
    worked = read_everything(hostile.path)
    assert trap.ran() == ""
    assert contents_of(hostile.path) == before
    assert {"commits", "changed", "read", "list", "grep", "history", "author", "ancestry", "backport"} <= set(worked)
    assert "lost-commit" not in worked


def test_an_older_git_reaches_no_remote_either(hostile: Scratch, trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 2.39.4 git does not know GIT_NO_LAZY_FETCH and sets out to fetch what a partial clone lacks."""
    older = {name: value for name, value in plumbing.EVERYWHERE.items() if name != "GIT_NO_LAZY_FETCH"}
    monkeypatch.setattr(plumbing, "EVERYWHERE", older)
    read_everything(hostile.path)
    assert trap.ran() == ""


@pytest.mark.parametrize(
    "command",
    [
        ["show", "main~1"],
        ["diff", "main~1", "main~3"],
        ["status"],
        ["-c", "diff.external=", "show", "--no-ext-diff", "main~1"],
        ["cat-file", "-e", "main~2:lost"],
        ["log", "-G", "three", "main~1"],
    ],
    ids=" ".join,
)
def test_the_traps_are_real(hostile: Scratch, trap: Trap, command: list[str]) -> None:
    """Each of these everyday commands, run where the repository lies, springs one."""
    subprocess.run(
        ["git", *command], cwd=hostile.path, capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=60
    )
    assert trap.ran() != ""


def test_programs_of_the_users_own_environment_do_not_run_either(
    hostile: Scratch, trap: Trap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not an attack, but an answer must not depend on it."""
    plain = Repository.open(hostile.path)
    head = plain.resolve(["main~1"])[0].id
    expected = plain.patch_text(head)
    plain.close()
    for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EDITOR", "PAGER"):
        monkeypatch.setenv(name, str(trap.program))
    monkeypatch.setenv("GIT_DIFF_OPTS", "--unified=0")
    monkeypatch.setenv("GIT_ATTR_SOURCE", "HEAD")
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    monkeypatch.setenv("GIT_NAMESPACE", "elsewhere")
    hostile.git("config", "--global", "diff.external", str(trap.program))
    hostile.git("config", "--global", "diff.renames", "false")
    hostile.git("config", "--global", "diff.noprefix", "true")
    hostile.git("config", "--global", "diff.evil.textconv", str(trap.program))
    with Repository.open(hostile.path) as repo:
        assert repo.patch_text(head) == expected
        assert repo.patch_text(head, ["a.c"]) == expected
        assert [commit.subject for commit in repo.history([head], ["a.c"], limit=1)] == ["three"]
    assert trap.ran() == ""


def test_names_in_history_are_only_names(tmp_path: Path, trap: Trap) -> None:
    """Paths, refs and messages that look like options, shell or terminal commands."""
    scratch = Scratch(tmp_path / "repo")
    odd: dict[str | bytes, str | bytes | None] = {
        "--output=x": "1\n",
        "$(program)": "2\n",
        ":(exclude)a": "3\n",
        "a\x1b[31m": "4\n",
        "-- x": "5\n",
    }
    names = [str(name) for name in odd]
    commit = scratch.commit("--format=%H\n\x1b]0;title\x07\n", odd)
    scratch.git("update-ref", "refs/heads/--all", commit)
    with Repository.open(scratch.path) as repo:
        assert {file.path for file in repo.list_files(commit)} == set(names)
        assert repo.read_files(commit, names) == {name: str(odd[name]).encode() for name in names}
        assert [commit.id for commit in repo.history([commit], names)] == [commit]
        assert repo.patch_text(commit, ["--output=x"]).count(b"diff --git") == 1
        assert repo.patch_text(commit, [":(exclude)a"]).count(b"diff --git") == 1
        assert repo.resolve(["refs/heads/--all"])[0].id == commit
    assert not (scratch.path / "x").exists()
