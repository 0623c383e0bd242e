"""Settings: the user's own and the repository's, and what the repository may not choose."""

from __future__ import annotations

from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.sources.repo import Repository, read_settings


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path / "repo")


def test_last_scope_wins(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch.git("config", "--global", "kvmpatch.lang", "zh")
    assert read_settings(scratch.path).get("lang") == "zh"
    scratch.git("config", "kvmpatch.Lang", "en")
    assert read_settings(scratch.path).get("kvmpatch.lang") == "en"
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "kvmpatch.lang")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "both")
    assert read_settings(scratch.path).get("lang") == "both"
    assert read_settings(scratch.path, [("KVMPATCH.lang", "zh")]).get("lang") == "zh"
    assert read_settings(scratch.path).get("target") is None


def test_values_as_they_are(scratch: Scratch) -> None:
    scratch.git("config", "kvmpatch.scope", "arch/riscv\nvirt/kvm = x")
    scratch.git("config", "branch.Main.Line.remote", "origin")
    config = scratch.path / ".git" / "config"
    config.write_text(config.read_text() + "[kvmpatch]\n\tshort\n\tempty =\n")
    with Repository.open(scratch.path) as repo:
        assert repo.setting("scope") == "arch/riscv\nvirt/kvm = x"
        assert repo.setting("short") == "true"
        assert repo.setting("empty") == ""
        assert repo.setting("Branch.Main.Line.Remote") == "origin"
        assert repo.setting("branch.main.line.remote") is None


@pytest.mark.parametrize("key", ["core.pager", "kvmpatch.pager", "pager.show", "core.editor", "Core.Pager"])
def test_a_repository_names_no_program(scratch: Scratch, key: str, tmp_path: Path) -> None:
    included = tmp_path / "included"
    scratch.git("config", "--file", str(included), key, "evil-included")
    scratch.git("config", "include.path", str(included))
    scratch.git("config", key, "evil")
    scratch.git("config", "extensions.worktreeConfig", "true")
    scratch.git("config", "--worktree", key, "evil-worktree")
    with Repository.open(scratch.path) as repo:
        assert repo.setting(key) is None
    scratch.git("config", "--global", key, "less -R")
    with Repository.open(scratch.path) as repo:
        assert repo.setting(key) == "less -R"
    with Repository.open(scratch.path, [(key, "more")]) as repo:
        assert repo.setting(key) == "more"


def test_without_a_repository(tmp_path: Path, scratch: Scratch) -> None:
    scratch.git("config", "--global", "kvmpatch.lang", "zh")
    (tmp_path / "plain").mkdir()
    assert read_settings(tmp_path / "plain").get("lang") == "zh"
    assert read_settings(tmp_path / "missing", [("kvmpatch.lang", "en")]).get("lang") == "en"
