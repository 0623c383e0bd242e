"""Whole histories: the functions of our reports against Universal Ctags, on a clone that the developer names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from history_check import check, last_commits
from universal_ctags import is_there

pytestmark = pytest.mark.kernel

# Read when the file is: tests themselves see no variable of the machine.
_HISTORY = os.environ.get("KVMPATCH_HISTORY")
_PATHS = os.environ.get("KVMPATCH_HISTORY_PATHS", "").split()
_ENOUGH = 0.995
_COMMITS = 200


@pytest.mark.skipif(not _HISTORY, reason="KVMPATCH_HISTORY names no clone")
def test_functions_of_a_history() -> None:
    if not is_there():
        pytest.skip("Universal Ctags with JSON is not installed (Debian: universal-ctags)")
    repository = Path(str(_HISTORY)).resolve()
    commits = last_commits(repository, _COMMITS, "HEAD", _PATHS)
    outcome = check(repository, commits)
    assert outcome.commits == len(commits)
    assert outcome.both > 0
    precision, recall = outcome.rates(reviewed=True)
    told = "\n".join(str(one) for one in outcome.disagreements if not one.why)
    assert precision >= _ENOUGH, told
    assert recall >= _ENOUGH, told
