"""Histories so long that the question and the answer both fill a pipe; chains that are too long to follow."""

from __future__ import annotations

from pathlib import Path

from repo_scratch import Scratch

from kvmpatch.reports.related import RelatedRequest, make_related
from kvmpatch.sources.repo import Repository

COMMITS = 4000
"""Ids of 41 bytes: twice what a pipe of Linux holds; each commit answers with some hundred bytes."""


def long_history(path: Path) -> Scratch:
    scratch = Scratch(path)
    stream = []
    for number in range(COMMITS):
        person = f"A Developer <dev@example.org> {1_700_000_000 + number * 3600} +0000"
        text = f"int value_{number}; /* {'x' * 200} */\n" + ("int sought_after;\n" if number == 17 else "")
        stream.append(f"commit refs/heads/main\nauthor {person}\ncommitter {person}\ndata 4\nword\n")
        stream.append(f"M 100644 inline kvm/a.c\ndata {len(text)}\n{text}\n")
    scratch.git("fast-import", "--quiet", data="".join(stream).encode())
    return scratch


def test_the_lines_of_thousands_of_commits_come_and_a_reader_may_stop(tmp_path: Path) -> None:
    scratch = long_history(tmp_path / "repo")
    with Repository.open(scratch.path) as repository:
        ids = list(repository.history_ids([repository.head() or ""]))
        assert len(ids) == COMMITS
        assert len({line.commit for line in repository.changed_lines(ids)}) == COMMITS
        assert next(repository.changed_lines(ids)).commit == ids[0]
    related = make_related(RelatedRequest(start=str(scratch.path), symbol=("sought_after",)))
    matches = next(one.commits for one in related.groups if one.id == "match")
    assert matches is not None
    assert [one.id for one in matches] == [ids[-18], ids[-19]]  # who brought it, who took it away


def test_fixes_of_fixes_are_followed_a_while_and_the_rest_is_not_kept_silent(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "repo")
    chain: list[str] = []
    for number in range(6):
        fixes = f'Fixes: {chain[-1][:12]} ("title")' if chain else "It is new."
        when = f"{1_700_000_000 + number * 864_000} +0000"  # ten days: they are no series
        env = {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when}
        scratch.git("commit", "-q", "--allow-empty", "-m", f"kvm: Mend it, turn {number}\n\n{fixes}\n", env=env)
        chain.append(scratch.git("rev-parse", "HEAD"))
    for place, is_told in ((0, True), (2, False)):
        related = make_related(RelatedRequest(start=str(scratch.path), rev=chain[place]))
        found = next(one.commits for one in related.groups if one.id == "fix") or ()
        assert sorted(one.id for one in found) == sorted(chain[place + 1 : place + 5])
        assert ("fix-limit" in (related.searched.stopped or "")) is is_told
