"""How the answer of `related` looks: a tree in a terminal, Mermaid in Markdown, and neither steered by a subject."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from repo_scratch import Scratch

from kvmpatch.model import Evidence, Searched
from kvmpatch.model.related import (
    GROUPS,
    RELATED_SCHEMA,
    Related,
    RelatedCommit,
    RelatedEdge,
    RelatedGroup,
    RelatedQuery,
    RelatedReason,
)
from kvmpatch.render.drawing import mermaid_text, tree_lines
from kvmpatch.render.page import Detail, Span, Speech, Twig, Voice
from kvmpatch.render.related_page import related_page
from kvmpatch.render.to_json import to_json
from kvmpatch.render.to_markdown import to_markdown
from kvmpatch.render.to_terminal import to_terminal
from kvmpatch.render.wrap import width
from kvmpatch.reports.related import RelatedRequest, make_related
from kvmpatch.words import Text

HOSTILE = (
    '"]; click c1 "javascript:alert(1)" %%{init: {"theme":"x"}}%% `x` ``` <script>alert(1)</script> &lt;b&gt; #quot; '
    "end|--> [a](b) {c}\\ \x1b[31m \u202e $(x)"
)
ONE, TWO, THREE = ("1" * 40, "2" * 40, "3" * 40)


def commit(identity: str, subject: str, *codes: str, kind: str | None = None) -> RelatedCommit:
    reasons = tuple(
        RelatedReason(code, Text(f"因为 {code}", f"because {code}"), (Evidence(commit=identity, path="a.c", line=7),))
        for code in codes
    )
    return RelatedCommit(identity, subject, "A Developer <dev@example.org>", "2024-03-01T10:00:00+08:00", kind, reasons)


def answer(subject: str, *, unknown: tuple[str, ...] = (), stopped: str | None = None) -> Related:
    held = {
        "prerequisite": (commit(ONE, subject, "defines", kind="needed"),),
        "fix": (commit(THREE, f"fix {subject}", "fixes"),),
    }
    groups = tuple(
        RelatedGroup(name, Text(name, name), None if name in unknown else held.get(name, ()), 2 if name == "fix" else 0)
        for name in GROUPS
    )
    edges = (RelatedEdge(TWO, ONE, "needs"), RelatedEdge(THREE, TWO, "fixes"))
    query = RelatedQuery(rev="HEAD", id=TWO, how="object")
    searched = Searched(None, TWO, stopped is None, stopped)
    return Related(RELATED_SCHEMA, query, commit(TWO, subject), groups, edges, searched, ())


def text(related: Related, speech: Speech = "en", detail: Detail = "normal", columns: int = 80) -> str:
    return to_terminal(related_page(related, Voice(speech, detail)), columns)


def mermaid(related: Related) -> list[str]:
    page = to_markdown(related_page(related, Voice("en")))
    (drawing,) = re.findall(r"^```mermaid\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    return str(drawing).splitlines()


# ---- the picture ---------------------------------------------------------------------------------------------------


def test_a_tree_shows_what_hangs_on_what() -> None:
    lines = text(answer("KVM: a change")).splitlines()
    start = lines.index("1 How they belong together")
    assert lines[start + 1 : start + 5] == [
        "  prerequisites",
        "  └─ 111111111111  needed  KVM: a change",
        "  ● 222222222222  2024-03-01  KVM: a change",
        "  └─ 333333333333  fix  fix KVM: a change",
    ]


def test_what_is_needed_comes_before_what_only_gives_context() -> None:
    related = answer("KVM: a change")
    other = commit("4" * 40, "KVM: b change", "context", kind="textual")
    prerequisites = RelatedGroup("prerequisite", Text("p", "p"), (other, *(related.groups[2].commits or ())))
    series = RelatedGroup("series", Text("s", "s"), (commit("5" * 40, "KVM: c change", "same-series"),))
    edges = (RelatedEdge(TWO, other.id, "leans-on"), RelatedEdge(TWO, ONE, "leans-on"), *related.edges)
    related = replace(related, groups=(related.groups[0], series, prerequisites, *related.groups[3:]), edges=edges)
    lines = [line.strip() for line in text(related).splitlines()]
    assert "1 How they belong together    ● asked  ○ series" in lines
    assert lines.index("├─ 111111111111  needed  KVM: a change") < lines.index(
        "└─ 444444444444  textual  KVM: b change"
    )
    listed = [line for line in lines if line.startswith(("3.1", "3.2"))]
    assert listed == [
        "3.1 111111111111  2024-03-01  [needed]  KVM: a change",
        "3.2 444444444444  2024-03-01  [textual]  KVM: b change",
    ]


def test_a_graph_runs_from_the_older_to_the_younger() -> None:
    lines = mermaid(answer("KVM: a change"))
    assert lines[0] == "flowchart TD"
    assert '  c111111111111["111111111111 KVM#58; a change"]' in lines
    assert '  c111111111111 -->|"needed by"| c222222222222' in lines
    assert '  c222222222222 -->|"fixed by"| c333333333333' in lines


LINE = re.compile(
    r"flowchart TD|  c[0-9a-f]{12}\[\"(?:[^\W_]|[ ,./_-]|#\d+;)*\"\]"
    r"|  c[0-9a-f]{12} -->\|\"(?:[^\W_]|[ ,./_-]|#\d+;)*\"\| c[0-9a-f]{12}"
    r"|  classDef \w+ [\w:;#, -]+|  class [\w,]+ \w+"
)


@pytest.mark.parametrize(
    "subject", [HOSTILE, "`" * 5, '"', "]", "%%{init}%%", "<b>", "&amp;", "a\nb", "#35;", "|x|", ""]
)
def test_no_subject_steers_the_graph(subject: str) -> None:
    lines = mermaid(answer(subject))
    assert len(lines) > 5
    for line in lines:
        assert LINE.fullmatch(line), line


def test_each_mark_of_a_subject_is_its_own_entity() -> None:
    assert mermaid_text('a"b]`<&#') == "a#34;b#93;#96;#60;#38;#35;"
    assert mermaid_text("修复 café") == "修复 café"
    assert mermaid_text("x" * 200) == "x" * 71 + "#8230;"


def test_a_hostile_subject_on_a_terminal() -> None:
    for speech in ("zh", "en", "both"):
        shown = text(answer(HOSTILE), speech)
        assert "\x1b" not in shown
        assert "\u202e" not in shown


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("speech", ["zh", "en", "both"])
def test_the_tree_is_never_wider_than_the_terminal(columns: int, speech: Speech) -> None:
    for subject in ("KVM: " + "long words " * 20, "虚拟机" * 60, "x" * 300):
        for line in text(answer(subject), speech, "normal", columns).splitlines():
            if line.lstrip().startswith(("├", "└", "│", "●", "○")):
                assert width(line) <= min(columns, 100), line


def test_a_cut_line_ends_in_an_ellipsis_and_keeps_its_id() -> None:
    (line,) = tree_lines((Twig((Span("123456789012"), Span("  a subject that is long"))),), 20)
    assert "".join(span.text for span in line) == "123456789012  a sub…"


# ---- groups --------------------------------------------------------------------------------------------------------


def test_groups_tell_their_reasons_and_what_is_left_out() -> None:
    shown = text(answer("KVM: a change"))
    assert "because defines" in shown
    assert "[needed]" in shown
    assert "… and 2 more" in shown
    assert "none: series" in shown


def test_both_languages_have_the_same_numbers() -> None:
    def numbers(speech: Speech) -> list[str]:
        return re.findall(r"^ *(\d(?:\.\d+)?)(?= )", text(answer("KVM: a change"), speech), re.MULTILINE)

    assert numbers("zh") == numbers("en") == numbers("both") == ["1", "2", "2.1", "3", "3.1"]


def test_what_is_unknown_is_not_called_none() -> None:
    shown = text(answer("a", unknown=("backport",), stopped="shallow"))
    assert "unknown: same change" in shown
    assert "not complete: a shallow clone" in shown


def test_with_v_the_evidence_is_shown_and_with_q_ids_alone() -> None:
    assert "a.c:7" in text(answer("a"), detail="verbose")
    assert "a.c:7" not in text(answer("a"))
    quiet = text(answer("a"), detail="quiet")
    assert "333333333333 +2" in quiet
    assert "because" not in quiet


def test_json_has_the_names_of_the_contract() -> None:
    said = to_json([answer("a")])
    for key in ("schema", "query", "groups", "edges", "searched", "title", "commits", "kind", "reasons", "evidence"):
        assert f'"{key}":' in said
    assert '"from": "' + TWO in said
    assert '"code": "defines",\n       "zh": "因为 defines",\n       "en": "because defines"' in said


def test_a_repository_with_hostile_subjects(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "repo")
    subject = HOSTILE.replace("\x1b", "")
    first = repo.commit(f"{subject}\n", {"a.c": "int x;\n"})
    repo.commit(f'fix {subject}\n\nFixes: {first[:12]} ("{subject}")\n', {"a.c": "int y;\n"})
    related = make_related(RelatedRequest(start=str(repo.path), rev=first))
    assert all(LINE.fullmatch(line) for line in mermaid(related))
    page = to_markdown(related_page(related, Voice("both", "verbose")))
    assert "<script>" not in re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", page)  # but for inline code
