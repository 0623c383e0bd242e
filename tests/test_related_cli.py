"""`kvmpatch related` as it is called: options, formats, exit statuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.cli import main


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    scratch = Scratch(tmp_path / "repo")
    first = scratch.commit("KVM: one\n", {"kvm/a.c": "int x;\n"})
    scratch.commit(f'KVM: fix\n\nFixes: {first[:12]} ("KVM: one")\n', {"kvm/a.c": "int y;\n", "doc": "1\n"})
    scratch.commit("doc: a+b\n", {"doc": "2\n"})
    monkeypatch.chdir(scratch.path)
    return scratch


def run(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["--lang", "en", *words])
    said = capfd.readouterr()
    return status, said.out, said.err


def matches(capfd: pytest.CaptureFixture[str], *words: str) -> list[str]:
    status, out, _ = run(capfd, "related", "--format", "json", *words)
    assert status == 0
    found = json.loads(out)
    assert found["schema"] == "kvmpatch.related/1"
    return [one["subject"] for group in found["groups"] if group["id"] == "match" for one in group["commits"]]


def test_filters(repo: Scratch, capfd: pytest.CaptureFixture[str]) -> None:
    assert matches(capfd, "--grep", "KVM") == ["KVM: one", "KVM: fix"]
    assert matches(capfd, "--grep", "kvm") == []
    assert matches(capfd, "-i", "--grep", "kvm") == ["KVM: one", "KVM: fix"]
    assert matches(capfd, "--grep=a+b") == ["doc: a+b"]
    assert matches(capfd, "-E", "--grep=a+b") == []
    assert matches(capfd, "-E", "-F", "--grep=a+b") == ["doc: a+b"]
    assert matches(capfd, "-F", "-E", "--grep=a+b") == []
    assert matches(capfd, "--all-match", "--grep=KVM", "--grep=Fixes") == ["KVM: fix"]
    assert matches(capfd, "--author", "nobody") == []


def test_paths_stand_behind_two_dashes(repo: Scratch, capfd: pytest.CaptureFixture[str]) -> None:
    assert matches(capfd, "--", "doc") == ["KVM: fix", "doc: a+b"]
    assert matches(capfd, "--grep", "KVM", "--", "doc") == ["KVM: fix"]
    assert matches(capfd, "HEAD~1..HEAD", "--", "doc") == ["doc: a+b"]


def test_a_range_is_where_to_look_and_a_commit_is_what_to_relate(
    repo: Scratch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert matches(capfd, "HEAD~2..HEAD~1") == ["KVM: fix"]
    assert matches(capfd, "HEAD~2") == []
    status, out, _ = run(capfd, "related", "HEAD~2")
    assert status == 0
    assert "fixes" in out
    assert "KVM: fix" in out


def test_formats(repo: Scratch, capfd: pytest.CaptureFixture[str]) -> None:
    assert "```mermaid" in run(capfd, "related", "HEAD~2", "--format", "markdown")[1]
    assert len(run(capfd, "related", "HEAD~2", "--format", "jsonl")[1].splitlines()) == 1
    status, out, err = run(capfd, "related", "HEAD~2", "-q")
    assert (status, err) == (0, "")
    assert "How they belong together" not in out


def test_exit_statuses(repo: Scratch, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(capfd, "related", "nosuch")[0] == 2
    assert run(capfd, "related", "--grep", "\\(")[0] == 2
    assert run(capfd, "related", "HEAD", "HEAD~1")[0] == 2
    assert run(capfd, "related", "--grep", "nothing like it")[0] == 0
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.path}", str(repo.path.parent / "clone"))
    status, _, err = run(capfd, "-C", str(repo.path.parent / "clone"), "related", "HEAD")
    assert status == 3
    assert "shallow boundary" in err


def test_help_in_both_languages(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "zh", "related", "-h"]) == 0
    chinese = capfd.readouterr().out
    assert "[-- PATH...]" in chinese
    assert "扩展正则表达式" in chinese
    assert "notes are not searched" in run(capfd, "related", "-h")[1]
