"""With an index `show` tells what it tells without, byte by byte."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmpatch.render.to_json import to_json
from kvmpatch.reports.index import IndexRequest, index_report
from kvmpatch.reports.show import ShowRequest, make_reports
from kvmpatch.sources.demo import DemoHistory, lay_down
from kvmpatch.sources.index import Index, IndexedRepository
from kvmpatch.sources.repo import Repository


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


def shown(path: Path, commits: list[str]) -> list[str]:
    return [to_json(make_reports(ShowRequest(str(path), (commit,)))) for commit in commits]


def test_every_commit_of_the_miniature(miniature: DemoHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    with Repository.open(miniature.path) as repository:
        commits = list(repository.history_ids(repository.all_tips()))
    assert len(commits) > 50
    without = shown(miniature.path, commits)
    index_report(IndexRequest("build", str(miniature.path)))
    answered: list[bool] = []
    for name in ("_walked", "packed_lines"):
        monkeypatch.setattr(IndexedRepository, name, counted(getattr(IndexedRepository, name), answered))
    assert shown(miniature.path, commits) == without
    assert sum(answered) > 2 * len(commits)


def counted(method: Callable[..., object], answered: list[bool]) -> Callable[..., object]:
    """A method of which it is noted whether the index had the answer."""

    def noted(*asked: object) -> object:
        found = method(*asked)
        answered.append(found is not None)
        return found

    return noted


def test_new_commits_are_brought_in_on_the_way(tmp_path: Path) -> None:
    history = lay_down(tmp_path / "linux")
    asked = ShowRequest(str(history.path), (history.id_of("0019"),))
    index_report(IndexRequest("build", str(history.path)))
    text = f'riscv: fix it again\n\nFixes: {history.id_of("0019")[:12]} ("a title")\n'
    subprocess.run(["git", "-C", str(history.path), "commit", "-q", "--allow-empty", "-m", text], check=True)
    (report,) = make_reports(asked)
    assert report.history
    assert "riscv: fix it again" in [entry.subject for entry in report.history.fixed_by]
    with Repository.open(history.path) as repository:
        index = Index.of(repository)
        assert index
        assert index.covers(repository.all_tips())
        index.close()
    index_report(IndexRequest("clear", str(history.path)))
    assert list(make_reports(asked)) == [report]
