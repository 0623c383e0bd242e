"""The dry pick against `git cherry-pick`, on the history of a real project with stable branches.

    KVMPATCH_HISTORY=REPOSITORY [KVMPATCH_PICKS=300] pytest -m kernel -s tests/kernel/test_picks_against_git.py

Half of the picks are backports that were made: the commit that a stable branch's message points to, onto the state
before it. The others are commits of the main line at random, onto a random commit of a stable branch. Each is made
for real in a clone without the objects; both must be clean, or empty, or a conflict, and give the same tree.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from kvmpatch.sources.repo import Repository

_HISTORY = os.environ.get("KVMPATCH_HISTORY")
_NUMBER = int(os.environ.get("KVMPATCH_PICKS", "300"))
_SEED = int(os.environ.get("KVMPATCH_SEED", "1"))
_STABLE = re.compile(r"refs/(?:heads|remotes/[^/]+)/(?:stable-|linux-)\d[\d.]*y?\Z")
_POINTER = re.compile(
    r"^(?:master commit: |\(cherry picked from commit |\[ Upstream commit |commit )([0-9a-f]{40})", re.MULTILINE
)


class Wanted(NamedTuple):
    """One pick."""

    commit: str
    onto: str


def git(repository: str | Path, *words: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["git", "-C", repository, *words], capture_output=True, check=False, encoding="utf-8", errors="replace"
    )
    assert done.returncode == 0 or not ok, done.stderr
    return done


def lines(repository: str, *words: str) -> list[str]:
    return git(repository, *words).stdout.splitlines()


def wanted(repository: str, number: int, seed: int) -> list[Wanted]:
    """Backports that were made, and picks that nobody made."""
    dice = random.Random(seed)  # noqa: S311 - the same picks each time
    refs = [ref for ref in lines(repository, "for-each-ref", "--format=%(refname)") if _STABLE.match(ref)]
    assert refs, "no stable branches"
    stable = lines(repository, "rev-list", "--no-merges", *refs, "^HEAD")
    head = lines(repository, "rev-list", "-n", "20000", "HEAD")
    made = list(_backports(repository, dice.sample(stable, min(len(stable), number * 3)), set(head)))
    chosen = made[: number // 2]
    chosen += [Wanted(dice.choice(head), dice.choice(stable)) for _ in range(number - len(chosen))]
    return chosen


def _backports(repository: str, ids: list[str], known: set[str]) -> Iterator[Wanted]:
    for identity in ids:
        parent, _, message = git(repository, "log", "-1", "--format=%P%x00%B", identity).stdout.partition("\0")
        match = _POINTER.search(message)
        if match and match[1] in known and " " not in parent:
            yield Wanted(match[1], parent)


def picked(clone: Path, one: Wanted) -> tuple[str, str | None]:
    """What git itself makes of it: the state, and the tree where there is one."""
    git(clone, "checkout", "-q", "-f", "--detach", one.onto)
    parents = git(clone, "rev-list", "--parents", "-n1", one.commit).stdout.split()[1:]
    mainline = ("-m", "1") if len(parents) > 1 else ()
    done = git(clone, "cherry-pick", "--no-commit", "--allow-empty", *mainline, one.commit, ok=False)
    try:
        if done.returncode:
            assert git(clone, "ls-files", "--unmerged").stdout or "CONFLICT" in done.stdout, done.stderr
            return "conflict", None
        tree = git(clone, "write-tree").stdout.strip()
        return ("empty" if tree == git(clone, "rev-parse", "HEAD^{tree}").stdout.strip() else "clean"), tree
    finally:
        git(clone, "cherry-pick", "--quit")
        git(clone, "reset", "-q", "--hard")
        git(clone, "clean", "-q", "-fdx")


@pytest.mark.kernel
@pytest.mark.skipif(_HISTORY is None, reason="KVMPATCH_HISTORY names no repository with stable branches")
def test_a_dry_pick_gives_what_git_gives(tmp_path: Path) -> None:
    assert _HISTORY is not None
    clone = tmp_path / "clone"
    git(".", "clone", "-q", "--shared", "--no-checkout", _HISTORY, str(clone))
    counts: Counter[str] = Counter()
    differing = []
    spent = 0.0
    with Repository.open(_HISTORY) as repository:
        for one in wanted(_HISTORY, _NUMBER, _SEED):
            began = time.monotonic()
            ours = repository.pick(one.commit, one.onto)
            spent += time.monotonic() - began
            theirs = picked(clone, one)
            counts[theirs[0]] += 1
            if (ours.state, ours.tree) != theirs:
                differing.append(f"{one.commit} onto {one.onto}: {ours.state} {ours.tree}, git: {theirs}")
    os.write(1, f"{dict(counts)}, {1000 * spent / counts.total():.1f} ms a pick\n".encode())
    assert not differing
