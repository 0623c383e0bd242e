"""Every statement of a report can be looked up by its code: `explain` knows what the rules say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kvmpatch import knowledge
from kvmpatch.reports.show import ShowRequest, make_reports
from kvmpatch.sources.demo import DemoHistory, lay_down

SECTIONS = {"basic", "changes", "flow", "extensions", "background", "summary"}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("rules") / "demo")


def test_what_the_rules_say_on_the_miniature_is_in_the_table(history: DemoHistory) -> None:
    told: set[str] = set()
    ids = [commit.id for commit in history.commits]
    for first in range(0, len(ids), 15):
        for report in make_reports(ShowRequest(str(history.path), tuple(ids[first : first + 15]))):
            told |= {
                statement.code
                for section in report.sections
                if section.id in SECTIONS
                for statement in section.statements
            }
    assert len(told) > 20
    assert told <= set(knowledge.names("rules"))


def test_explain_knows_a_rule_by_its_code() -> None:
    words = ["explain", "relies-on-zeroed-memory", "--format", "json", "--no-history"]
    said = subprocess.run(
        [sys.executable, "-m", "kvmpatch", *words], check=True, capture_output=True, text=True, cwd=Path("/")
    ).stdout
    (entry,) = json.loads(said)["entries"]
    assert entry["kind"] == "rule"
    assert entry["title"] == {"zh": "flow", "en": "flow"}
