"""GitPython is loaded as little as starting git takes, and nobody else notices."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from repo_scratch import Scratch


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_object_model_of_gitpython_stays_outside() -> None:
    told = python(
        "import sys\n"
        "from kvmpatch.sources.repo.gitpython import load_git\n"
        "git = load_git()\n"
        "print(git.__module__, [name for name in sys.modules if name.partition('.')[0] == 'git'])"
    )
    assert told.split("\n")[0] == "git.cmd []"


def test_who_imports_git_later_has_it_whole() -> None:
    told = python(
        "from kvmpatch.sources.repo.gitpython import load_git\n"
        "ours = load_git()\n"
        "import git, git.cmd\n"
        "print(git.Repo.__name__, git.cmd.Git is git.Git, git.Git is ours, ours is load_git())"
    )
    assert told.strip() == "Repo True False True"


def test_who_imported_git_before_shares_it() -> None:
    told = python(
        "import git\nfrom kvmpatch.sources.repo.gitpython import load_git, not_found\n"
        "print(git.Git is load_git(), not_found() is git.GitCommandNotFound)"
    )
    assert told.strip() == "True True"


def test_a_gitpython_that_needs_its_package_gets_it(tmp_path: Path) -> None:
    package = tmp_path / "git"
    package.mkdir()
    (package / "__init__.py").write_text("word = 'there'\n", encoding="utf-8")
    (package / "cmd.py").write_text(
        "from git import word\nclass Git:\n    git_exec_name = 'git'\n    GIT_PYTHON_GIT_EXECUTABLE = None\n",
        encoding="utf-8",
    )
    told = python(
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from kvmpatch.sources.repo.gitpython import load_git\n"
        "print(load_git().GIT_PYTHON_GIT_EXECUTABLE, sys.modules['git'].word)"
    )
    assert told.strip() == "git there"


def test_a_report_asks_git_nothing_twice(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "repo")
    repo.commit("one", {"a.c": "int a;\n"})
    repo.commit("two", {"a.c": "int a, b;\n"})
    log = tmp_path / "log"
    spy = tmp_path / "bin" / "git"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$*" >>{log}\nexec {shutil.which("git")} "$@"\n', encoding="utf-8")
    spy.chmod(0o755)
    subprocess.run(
        [sys.executable, "-m", "kvmpatch", "-C", str(repo.path), "show", "--format", "json"],
        env=os.environ | {"PATH": f"{spy.parent}{os.pathsep}{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    started = log.read_text(encoding="utf-8").splitlines()
    assert sum("rev-parse" in line for line in started) == 1
    assert not any(line.startswith("version") or " config " in line for line in started)
    assert len(started) == len(set(started))
