"""A long range is made by several processes; what comes out is what one process makes."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from kvmpatch.errors import UnknownRevision, Unreadable
from kvmpatch.render.to_json import line, to_jsonl
from kvmpatch.reports import in_parallel
from kvmpatch.reports.show import ShowRequest, make_of_reports, make_reports
from kvmpatch.sources.demo import lay_down
from kvmpatch.words import Text


def test_several_processes_say_what_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = lay_down(tmp_path / "demo")
    request = ShowRequest(str(history.path), (f"{history.id_of('0000')}..main",))
    monkeypatch.setattr(in_parallel, "WORTH_IT", 10)
    monkeypatch.setattr(in_parallel, "processes", lambda: 1)
    alone = list(to_jsonl(make_reports(request)))
    monkeypatch.setattr(in_parallel, "processes", lambda: 2)
    together = list(to_jsonl(make_reports(request)))
    assert len(alone) > 50
    assert together == alone
    assert list(make_of_reports(request, line)) == alone
    assert [report.warnings[-1].code for report in make_reports(request)] == ["bulk"] * len(alone)


def test_a_failure_in_another_process_is_told_as_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = lay_down(tmp_path / "demo")
    asked = make_reports(ShowRequest(str(history.path), (f"{history.id_of('0000')}..main",)))
    monkeypatch.setattr(in_parallel, "WORTH_IT", 10)
    monkeypatch.setattr(in_parallel, "processes", lambda: 2)
    blob = next(
        path for path in (history.path / ".git" / "objects").rglob("*") if path.is_file() and path.suffix == ".pack"
    )
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes()[:2000])
    with pytest.raises((Unreadable, UnknownRevision)):
        list(asked)


def test_errors_travel_between_processes() -> None:
    error = Unreadable(Text("缺少对象", "an object is missing"), Text("取回它", "fetch it"))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert isinstance(again, Unreadable)
    assert (again.said, again.hint) == (error.said, error.hint)
