"""Sealed surroundings for every test: own HOME and git configuration, fixed identity, dates, zone and locale."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kernel_trees import kernel_tree as kernel_tree  # noqa: PLC0414 - the fixture of the kernel-marked tests

_FIXED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "A Developer",
    "GIT_AUTHOR_EMAIL": "dev@example.org",
    "GIT_AUTHOR_DATE": "2024-03-01T10:00:00+0800",
    "GIT_COMMITTER_NAME": "A Committer",
    "GIT_COMMITTER_EMAIL": "committer@example.org",
    "GIT_COMMITTER_DATE": "2024-03-02T10:00:00+0000",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "TERM": "dumb",
    "COLUMNS": "80",
}
_LEAKS = ("GIT_", "KVMPATCH_", "PAGER", "LESS", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "XDG_", "LC_", "LANG")


@pytest.fixture(autouse=True)
def sealed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No setting of the machine reaches a test, and no test reaches the machine's settings."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(_LEAKS):
            monkeypatch.delenv(name)
    for name, value in _FIXED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    return home
