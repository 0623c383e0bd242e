"""git is asked for a setting only where a file may hold it: outside a repository `explain` starts no process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.cli import main
from kvmpatch.cli.config_files import may_say

LANG = "kvmpatch.lang"


def config(text: str) -> Path:
    path = Path(os.environ["GIT_CONFIG_GLOBAL"])
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("[user]\n\tname = A Developer\n", False),
        ("[color]\n\tui = auto\n[core]\n\tpager = less\n", False),
        ("[kvmpatch]\n\tlang = zh\n", True),
        ("[KVMPatch]\n\tlang = zh\n", True),
        ("[include]\n\tpath = other\n", True),
        ('[includeIf "gitdir:~/linux/"]\n\tpath = other\n', True),
    ],
)
def test_a_file_of_the_users(text: str, asked: bool, tmp_path: Path) -> None:
    assert may_say(LANG, str(tmp_path)) is False
    config(text)
    assert may_say(LANG, str(tmp_path)) is asked


def test_each_setting_has_its_own_word(tmp_path: Path) -> None:
    config("[core]\n\tpager = cat\n")
    assert may_say("core.pager", str(tmp_path)) is True
    assert may_say("color.ui", str(tmp_path)) is False


def test_a_repository_may_have_settings(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "repo")
    (repo.path / "below").mkdir()
    (tmp_path / "link").symlink_to(repo.path / "below")
    places = [str(repo.path / "below"), str(repo.path / ".git"), str(tmp_path / "link")]
    assert [may_say(LANG, place) for place in places] == [False, False, False]
    repo.git("config", "kvmpatch.lang", "zh")
    assert [may_say(LANG, place) for place in places] == [True, True, True]
    assert may_say(LANG, str(tmp_path)) is False


def test_a_bare_repository_may_have_settings(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "repo")
    repo.git("clone", "-q", "--bare", ".", "../bare.git")
    assert may_say(LANG, str(tmp_path / "bare.git")) is False
    repo.git("-C", "../bare.git", "config", "kvmpatch.lang", "zh")
    assert may_say(LANG, str(tmp_path / "bare.git")) is True


@pytest.mark.parametrize("text", ["[include]\n\tpath = ../other\n", "[extensions]\n\tworktreeConfig = true\n"])
def test_what_a_repository_leaves_to_other_files_is_git_s_to_find_out(text: str, tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "repo")
    with (repo.path / ".git" / "config").open("a", encoding="utf-8") as out:
        out.write(text)
    assert may_say(LANG, str(repo.path)) is True


def test_a_linked_worktree_is_git_s_to_find_out(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere\n", encoding="utf-8")
    assert may_say(LANG, str(tmp_path)) is True


@pytest.mark.parametrize("name", ["GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_DIR"])
def test_the_environment_may_have_settings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    assert may_say(LANG, str(tmp_path)) is True


def test_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "here").mkdir()
    assert may_say(LANG, str(tmp_path / "here")) is False
    (tmp_path / ".config" / "git").mkdir(parents=True)
    (tmp_path / ".config" / "git" / "config").write_text("[kvmpatch]\n\tlang = en\n", encoding="utf-8")
    assert may_say(LANG, str(tmp_path / "here")) is True
    (tmp_path / ".config" / "git" / "config").write_text("", encoding="utf-8")
    (tmp_path / ".gitconfig").write_text("[kvmpatch]\n", encoding="utf-8")
    assert may_say(LANG, str(tmp_path / "here")) is True


def test_a_language_that_is_set_is_spoken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explain", "henvcfg"]) == 0
    assert "寄存器 / register" in capsys.readouterr().out
    config("[kvmpatch]\n\tlang = zh\n")
    assert main(["explain", "henvcfg"]) == 0
    out = capsys.readouterr().out
    assert "寄存器" in out
    assert "register" not in out.partition("\n\n")[0]
