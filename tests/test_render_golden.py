"""Pages as a reader sees them, kept as text. KVMPATCH_UPDATE_GOLDEN=1 writes them anew, for a reviewer to read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from example_report import EXAMPLE

from kvmpatch.render.from_json import from_json
from kvmpatch.render.page import Detail, Page, Speech, Voice
from kvmpatch.render.show_page import show_page
from kvmpatch.render.to_json import to_json
from kvmpatch.render.to_markdown import to_markdown
from kvmpatch.render.to_terminal import to_terminal

GOLDEN = Path(__file__).parent / "golden" / "show"
UPDATE = bool(os.environ.get("KVMPATCH_UPDATE_GOLDEN"))  # read before the tests are sealed

CASES: tuple[tuple[str, Speech, Detail, int], ...] = (
    ("both-80.txt", "both", "normal", 80),
    ("both-quiet-80.txt", "both", "quiet", 80),
    ("zh-80.txt", "zh", "normal", 80),
    ("en-40.txt", "en", "normal", 40),
    ("en-verbose-120.txt", "en", "verbose", 120),
)


def page(speech: Speech = "both", detail: Detail = "normal") -> Page:
    return show_page(EXAMPLE, Voice(speech, detail))


def check(name: str, text: str) -> None:
    path = GOLDEN / name
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{name} differs; read it, then KVMPATCH_UPDATE_GOLDEN=1"


@pytest.mark.parametrize(("name", "speech", "detail", "columns"), CASES, ids=[case[0] for case in CASES])
def test_terminal_page(name: str, speech: Speech, detail: Detail, columns: int) -> None:
    check(name, to_terminal(page(speech, detail), columns))


def test_markdown_page() -> None:
    check("both.md", to_markdown(page()))


def test_json_report() -> None:
    check("report.json", to_json([EXAMPLE]))


@pytest.mark.parametrize("detail", ["quiet", "normal", "verbose"])
@pytest.mark.parametrize("speech", ["zh", "en", "both"])
def test_a_report_read_back_from_json_looks_the_same(speech: Speech, detail: Detail) -> None:
    back = from_json(json.loads(to_json([EXAMPLE])))
    assert back == EXAMPLE
    assert to_terminal(show_page(back, Voice(speech, detail))) == to_terminal(page(speech, detail))
    assert to_markdown(show_page(back, Voice(speech, detail))) == to_markdown(page(speech, detail))


def test_both_languages_number_alike() -> None:
    def numbers(speech: Speech) -> list[str]:
        lines = to_terminal(page(speech)).splitlines()
        words = [line.split()[0] for line in lines if line.split()]
        return [word for word in words if word.replace(".", "").isdigit() and not word.startswith("2023")]

    assert numbers("zh") == numbers("en") == numbers("both")
    assert numbers("en")[:4] == ["1", "2", "2.1", "2.2"]
