"""The formats of `annotate`, each read back by a reader of its own, with commit text that tries to steer them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from annotate_values import (
    HOSTILE,
    ONE,
    UPSTREAM,
    VCPU,
    backport,
    candidate,
    conflict,
    conflicting,
    everything,
    header,
    hunk,
    need,
    noted,
    reason,
)

from kvmpatch.cli.ci_examples import EXAMPLES, example
from kvmpatch.errors import UsageError
from kvmpatch.model import CommitName
from kvmpatch.model.annotation import Annotation, Annotations
from kvmpatch.model.backport import Backport, Pick
from kvmpatch.render.annotate_formats import ANNOTATE_FORMATS, AnnotateFormat, written_annotations
from kvmpatch.render.annotate_page import MARK
from kvmpatch.render.escape import HIDDEN
from kvmpatch.render.formats import FORMATS, Look
from kvmpatch.render.page import Detail, Speech, Voice
from kvmpatch.render.to_notes import to_notes
from kvmpatch.words import Text

ODD_PATH = "arch/a,b:c%0A\n::error::d\x1b\u202e/é`|</details>.c"
FOR_PROGRAMS: tuple[AnnotateFormat, ...] = ("json", "jsonl", "github", "gitlab", "sarif", "rdjson")
HAN = re.compile(r"[\u4e00-\u9fff]")


def text(
    annotations: Annotations,
    kind: AnnotateFormat,
    speech: Speech = "both",
    limit: int | None = None,
    detail: Detail = "normal",
) -> str:
    return "".join(written_annotations(annotations, kind, Look(Voice(speech, detail)), limit))


def hostile() -> Annotations:
    """Everything that a repository chooses is hostile: subject, path, heading, reasons, the other commits."""
    because = reason("lacks-line", f"因为 {HOSTILE}", f"because {HOSTILE}")
    report = backport(
        candidate(
            commit=CommitName(ONE, HOSTILE),
            pick=conflicting(conflict(ODD_PATH, hunk(HOSTILE, 3, 9), because=because)),
            prerequisites=(msgspec.structs.replace(need(), subject=HOSTILE),),
            header=header(("header-id", "warning")),
        )
    )
    patch = b'diff --git "a/x\\ny.c" "b/x\\ny.c"\n--- "a/x\\ny.c"\n+++ "b/x\\ny.c"\n@@ -1 +1 @@\n-one\n+two\n'
    return noted(report, patch=patch)


def many(count: int, level: Any = "error") -> Backport:
    codes = tuple((f"header-{place:03}", level) for place in range(count))
    return backport(candidate(header=header(*codes)))


# ---- workflow commands -----------------------------------------------------------------------------------------------


def commands(output: str) -> list[tuple[str, dict[str, str], str]]:
    """What a runner takes for commands: a line that starts with `::`, properties, `::`, data, each unescaped."""
    found = []
    for line in re.split(r"\r\n|\n|\r", output):
        if not line:
            continue
        assert line.startswith("::"), line
        head, _, data = line[2:].partition("::")
        name, _, written = head.partition(" ")
        properties = dict(pair.split("=", 1) for pair in written.split(","))
        for sign, escape in ((":", "%3A"), (",", "%2C"), ("\r", "%0D"), ("\n", "%0A"), ("%", "%25")):
            properties = {key: value.replace(escape, sign) for key, value in properties.items()}
            data = data if sign in ":," else data.replace(escape, sign)
        found.append((name, properties, data))
    return found


def test_github() -> None:
    found = commands(text(noted(), "github", "en"))
    assert [name for name, _, _ in found] == ["error"] * 4 + ["warning"] * 3 + ["notice"] * 2
    _, properties, data = found[0]
    assert properties == {"file": VCPU, "line": "12", "title": "kvmpatch pick-conflict"}
    assert data == f"{ONE[:12]} conflicts with linux-6.6.y in {VCPU}: lacks the line"
    about_message = next(properties for _, properties, _ in found if properties["title"].endswith("form-differs"))
    assert (about_message["file"], about_message["line"]) == (VCPU, "12")


def test_github_in_two_languages_is_one_command() -> None:
    for name, _, data in commands(text(noted(), "github")):
        lines = data.split("\n")
        assert name
        assert len(lines) == 2
        assert HAN.search(lines[0])
        assert not HAN.search(lines[1])


def test_no_commit_adds_a_command() -> None:
    annotations = hostile()
    output = text(annotations, "github")
    found = commands(output)
    assert [name for name, _, _ in found] == ["error", "error", "warning"]
    assert "##[" not in output
    assert not HIDDEN.search(output.replace("\n", ""))
    assert found[0][1]["file"] == ODD_PATH.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    assert "::error file=x,line=1::boom %0A%25" in found[0][2]
    assert found[2][1]["file"] == "x\ny.c"


@pytest.mark.parametrize(
    ("report", "shown", "last"),
    [
        (many(10), ["error"] * 10, None),
        (many(13), ["error"] * 10 + ["notice"], "3 errors more not shown here"),
        (many(11, "warning"), ["warning"] * 10 + ["notice"], "1 warning more not shown here"),
        (many(10, "note"), ["notice"] * 10, None),
        (many(12, "note"), ["notice"] * 10, "3 notes more not shown here"),
    ],
)
def test_github_shows_ten_of_each(report: Backport, shown: list[str], last: str | None) -> None:
    found = commands(text(noted(report), "github", "en"))
    assert [name for name, _, _ in found] == shown
    if last:
        assert found[-1] == ("notice", {"title": "kvmpatch"}, last)


def test_what_is_known_is_a_notice() -> None:
    annotations = noted(known=frozenset(one.fingerprint for one in noted().annotations))
    found = commands(text(annotations, "github", "en"))
    told = {one.rule for one in annotations.annotations if one.undecided}
    assert [name for name, properties, _ in found if "(known)" in properties["title"]] == ["notice"] * 8
    assert [properties["title"] for name, properties, _ in found if name != "notice"] == [
        f"kvmpatch {rule} (undecided)" for rule in told
    ]


# ---- JSON of all kinds -----------------------------------------------------------------------------------------------


def test_jsonl_is_the_contract() -> None:
    lines = [json.loads(line) for line in text(noted(), "jsonl").splitlines()]
    assert len(lines) == len(noted().annotations)
    for line in lines:
        assert line["schema"] == "kvmpatch.annotation/1"
        assert {"commit", "rule", "level", "path", "line", "zh", "en", "fingerprint", "evidence"} <= line.keys()
        assert line["evidence"]
    assert lines[0]["path"] == VCPU
    assert lines[-1]["known"] is False


def test_json_is_one_object() -> None:
    for report in (everything(), backport(candidate()), backport()):
        said = json.loads(text(noted(report), "json"))
        assert said["schema"] == "kvmpatch.annotation/1"
        assert said["range"] == "main..topic"
        assert said["backport"]["schema"] == "kvmpatch.backport/1"
        assert isinstance(said["annotations"], list)


def test_gitlab() -> None:
    issues = json.loads(text(noted(), "gitlab", "en"))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == 9
    assert issues[0] == {
        "description": f"{ONE[:12]} conflicts with linux-6.6.y in {VCPU}: lacks the line",
        "check_name": "pick-conflict",
        "fingerprint": noted().annotations[0].fingerprint,
        "severity": "major",
        "location": {"path": VCPU, "lines": {"begin": 12}},
    }
    assert {issue["severity"] for issue in issues} == {"major", "minor", "info"}
    assert json.loads(text(noted(backport()), "gitlab")) == []
    (nowhere,) = json.loads(text(noted(many(1), patch=b""), "gitlab"))
    assert nowhere["location"] == {"path": ".", "lines": {"begin": 1}}


def test_rdjson() -> None:
    said = json.loads(text(noted(), "rdjson", "en"))
    assert said["source"] == {"name": "kvmpatch"}
    first = said["diagnostics"][0]
    assert first["severity"] == "ERROR"
    assert first["code"] == {"value": "pick-conflict"}
    assert first["location"] == {"path": VCPU, "range": {"start": {"line": 12}}}


# ---- SARIF -----------------------------------------------------------------------------------------------------------


def checked_sarif(output: str) -> dict[str, Any]:
    """What the schema of 2.1.0 requires of the parts that are written here."""
    log = json.loads(output)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "kvmpatch"
    assert re.fullmatch(r"[a-z]{2}(-[A-Z]{2})?", driver["language"])
    assert "informationUri" not in driver
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    for result in run["results"]:
        assert result["message"]["text"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
        for location in result.get("locations", []):
            place = location["physicalLocation"]
            assert place["region"]["startLine"] >= 1
            assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", place["artifactLocation"]["uri"])
        assert result.get("baselineState", "new") in {"new", "unchanged", "updated", "absent"}
    found: dict[str, Any] = run
    return found


def test_sarif() -> None:
    run = checked_sarif(text(noted(), "sarif", "en"))
    first = run["results"][0]
    assert first["properties"]["commit"] == ONE
    assert first["partialFingerprints"] == {"kvmpatch/v1": noted().annotations[0].fingerprint}
    assert first["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": VCPU, "uriBaseId": "%SRCROOT%"}
    assert "about" not in first["properties"]
    by_rule = {result["ruleId"]: result for result in run["results"]}
    about_message = by_rule["form-differs"]
    assert about_message["properties"]["about"] == "message"
    assert about_message["locations"][0]["physicalLocation"]["region"] == {"startLine": 12}
    assert by_rule["fix-undecided"]["properties"]["undecided"] is True
    rule = next(rule for rule in run["tool"]["driver"]["rules"] if rule["id"] == "pick-conflict")
    assert HAN.search(rule["properties"]["zh"])
    assert rule["properties"]["en"] == rule["shortDescription"]["text"]


def test_sarif_tells_what_is_new() -> None:
    known = frozenset({noted().annotations[0].fingerprint})
    states = [one.get("baselineState") for one in checked_sarif(text(noted(), "sarif"))["results"]]
    assert set(states) == {None}
    states = [one.get("baselineState") for one in checked_sarif(text(noted(known=known), "sarif"))["results"]]
    assert states == ["new"] * 8 + ["unchanged"]


def test_a_path_is_a_uri() -> None:
    (first, *_) = checked_sarif(text(hostile(), "sarif"))["results"]
    uri = first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == ODD_PATH
    assert ":" not in uri


@pytest.mark.parametrize("kind", [*FOR_PROGRAMS, "text", "markdown"])
def test_undecodable_bytes_in_a_path(kind: AnnotateFormat) -> None:
    report = backport(candidate(pick=conflicting(conflict("arch/\udcff\ud800.c", hunk("", 1, 2)))))
    output = text(noted(report), kind)
    assert "xff" in output.encode("utf-8").decode("utf-8")


def test_a_finding_of_a_commit_without_files_has_no_place() -> None:
    (only,) = checked_sarif(text(noted(many(1), patch=b""), "sarif"))["results"]
    assert "locations" not in only


@pytest.mark.parametrize("kind", FOR_PROGRAMS)
def test_nothing_hidden_leaves_for_programs(kind: AnnotateFormat) -> None:
    output = text(hostile(), kind)
    assert not HIDDEN.search(output.replace("\n", ""))
    assert not any(line.startswith("::error file=x,") for line in output.splitlines())


@pytest.mark.parametrize("kind", ["github", "gitlab", "sarif", "rdjson"])
@pytest.mark.parametrize("speech", ["zh", "en", "both"])
def test_languages(kind: AnnotateFormat, speech: Speech) -> None:
    annotations = noted()
    zh, en = "合入 linux-6.6.y 时", "conflicts with linux-6.6.y"
    output = json.loads(text(annotations, kind, speech)) if kind != "github" else text(annotations, kind, speech)
    if isinstance(output, dict) and "runs" in output:
        output = [one["message"]["text"] for one in output["runs"][0]["results"]]
    said = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    assert (zh in said) == (speech != "en")
    assert (en in said) == (speech != "zh")
    if speech == "both":
        assert said.index(zh) < said.index(en)


# ---- pages -----------------------------------------------------------------------------------------------------------


def test_the_page_numbers_alike_in_both_languages() -> None:
    def numbers(speech: Speech) -> list[str]:
        return re.findall(r"^ *(\d\.\d+) ", text(noted(), "text", speech), re.MULTILINE)

    assert numbers("zh") == numbers("en") == numbers("both")
    assert numbers("en")[3:6] == ["1.4", "2.1", "3.1"]  # four errors, one undecided


def test_the_page_tells_findings_places_and_verdicts() -> None:
    page = text(noted(), "text", "en")
    assert "4 errors · 1 undecided · 2 warnings · 2 notes" in page
    assert f"{VCPU}:12" in page
    assert "[pick-conflict]" in page
    assert "Commit by commit" in page
    assert "a reason" not in text(noted(backport(candidate())), "text", "en")
    assert "Nothing to complain of" in text(noted(backport(candidate())), "text", "en")
    assert "no commit to bring" in text(noted(backport()), "text", "en")
    quiet = text(noted(), "text", "en", detail="quiet")
    assert "4 errors" in quiet
    assert "[pick-conflict]" not in quiet


def checked_markdown(page: str) -> str:
    """A page that a site shows as it is meant: marked, every fold closed, no foreign markup, no code left open."""
    lines = page.splitlines()
    assert lines[0] == MARK
    assert page.count("<!--") == 1
    assert lines.count("<details>") == lines.count("</details>") == sum(one.startswith("<summary>") for one in lines)
    open_folds = 0
    for place, line in enumerate(lines):
        open_folds += (line == "<details>") - (line == "</details>")
        assert open_folds in (0, 1)
        if line.startswith("<summary>"):
            assert lines[place + 1] == ""
            assert re.fullmatch(r"<summary>[^<>]*</summary>", line)
        elif line not in ("<details>", "</details>", MARK):
            bare = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line.replace("\\`", ""))
            assert "`" not in bare, line
            assert not re.search(r"<(?!br>)", bare), line
            assert not re.search(r"@\w", bare), line
    return page


@pytest.mark.parametrize("speech", ["zh", "en", "both"])
def test_markdown(speech: Speech) -> None:
    page = checked_markdown(text(noted(), "markdown", speech))
    assert page.count("<details>") == 2  # the notes, and the commits one by one
    checked_markdown(text(hostile(), "markdown", speech))
    checked_markdown(text(hostile(), "markdown", speech, detail="verbose"))
    assert "@&#8203;someone #&#8203;123" in text(hostile(), "markdown", speech)
    for line in text(hostile(), "markdown", speech).splitlines():
        assert not re.match(r"\s*::", line)
        assert "##[" not in line


def test_no_page_hides_or_steers() -> None:
    for kind in ("text", "markdown"):
        page = text(hostile(), kind, detail="verbose")
        shown = page.replace("\n", "").replace("&#8203;", "")
        assert not HIDDEN.search(shown)
        assert not any(line.lstrip().startswith("::") for line in page.splitlines())


@pytest.mark.parametrize("kind", ["text", "markdown"])
def test_a_page_is_cut_at_whole_findings(kind: AnnotateFormat) -> None:
    annotations = noted(many(120))
    whole = text(annotations, kind, "en")
    for limit in (len(whole.encode()), 20_000, 6_000, 1_500, 700):
        page = text(annotations, kind, "en", limit)
        assert len(page.encode()) <= limit
        shown = len(set(re.findall(r"header-\d{3}", page)))
        if page == whole:
            assert shown == 120
            continue
        assert shown < 120
        assert f"{120 - shown} errors more not shown here" in page
        if kind == "markdown":
            checked_markdown(page)
        longer = text(annotations, kind, "en", len(page.encode()) + 400)
        assert len(set(re.findall(r"header-\d{3}", longer))) > shown  # it was as long as it could be


def test_a_limit_too_small_for_anything_is_an_error() -> None:
    for kind in ("text", "markdown"):
        with pytest.raises(UsageError) as wrong:
            text(noted(), kind, "both", 60)
        assert wrong.value.hint is not None
        least = int(wrong.value.hint.en.split()[0])
        assert len(text(noted(), kind, "both", least).encode()) == least


# ---- notes -----------------------------------------------------------------------------------------------------------


def test_every_commit_of_the_range_has_a_note() -> None:
    fine = candidate(commit=CommitName(UPSTREAM, "KVM: fine"))
    annotations = noted(backport(*everything().candidates, fine))
    notes = to_notes(annotations, Voice("en"))
    assert notes[UPSTREAM] == f"kvmpatch.annotation/1 linux-6.6.y {'f' * 40}\n"
    lines = notes[ONE].splitlines()
    assert lines[1] == f"error pick-conflict {VCPU}:12"
    assert lines[2] == f"  conflicts with linux-6.6.y in {VCPU}: lacks the line"
    for note in to_notes(hostile(), Voice("both")).values():
        assert not HIDDEN.search(note.replace("\n", ""))


# ---- jobs ------------------------------------------------------------------------------------------------------------


def yaml_lines(source: str) -> dict[str, str]:
    """The scalars of a block of YAML by their path, `jobs.annotate.steps.0.uses`: as much of it as the jobs need."""
    found: dict[str, str] = {}
    stack: list[tuple[int, str]] = []
    counts: dict[str, int] = {}
    block: tuple[int, str] | None = None
    for line in source.splitlines():
        indent = len(line) - len(line.lstrip())
        if block and (not line.strip() or indent > block[0]):
            found[block[1]] += line.strip() + "\n"
            continue
        block = None
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        assert "\t" not in line
        while bare.startswith("- "):
            while stack and stack[-1][0] >= indent:
                stack.pop()
            where = ".".join(name for _, name in stack)
            counts[where] = counts.get(where, -1) + 1
            stack.append((indent, str(counts[where])))
            indent, bare = indent + 2, bare[2:]
        match = re.match(r"([\w-]+):(?: (.*))?$", bare)
        while stack and stack[-1][0] >= indent:
            stack.pop()
        names = [name for _, name in stack] + ([match[1]] if match else [])
        value = (match[2] if match else bare) or ""
        if value in ("|", ">-"):
            block = (indent if match else indent - 2, ".".join(names))
            value = ""
        found[".".join(names)] = value.strip('"') if match else value
        if match:
            stack.append((indent, match[1]))
    return found


def test_the_job_for_github() -> None:
    job = yaml_lines(example("github", ("zh", "en")))
    assert job["on.pull_request"] == ""
    assert job["permissions.contents"] == "read"
    assert [key for key in job if key.startswith("permissions.")] == ["permissions.contents"]
    assert job["jobs.annotate.steps.0.with.fetch-depth"] == "0"
    assert job["jobs.annotate.steps.0.with.persist-credentials"] == "false"
    run = job["jobs.annotate.steps.3.run"]
    assert "--format github" in run
    assert '--summary "$GITHUB_STEP_SUMMARY"' in run
    for key, value in job.items():
        if key.endswith(".run"):
            assert "${{" not in value  # what a contributor chose would become part of the script


def test_the_job_for_gitlab() -> None:
    job = yaml_lines(example("gitlab", ("en",)))
    assert job["kvmpatch.variables.GIT_DEPTH"] == "0"
    assert job["kvmpatch.artifacts.reports.codequality"] == "gl-code-quality-report.json"
    assert "--format gitlab -o gl-code-quality-report.json" in job["kvmpatch.script.3"]


@pytest.mark.parametrize("service", EXAMPLES)
def test_jobs_are_safe_and_in_both_languages(service: str) -> None:
    zh, en, both = (example(service, languages) for languages in (("zh",), ("en",), ("zh", "en")))
    for job in (zh, en, both):
        assert "pull_request_target" not in job
        assert "secrets" not in "".join(line for line in job.splitlines() if not line.strip().startswith("#"))
    assert yaml_lines(zh) == yaml_lines(en) == yaml_lines(both)
    assert HAN.search(zh)
    assert not HAN.search(en)
    comments = [line.strip() for line in both.splitlines() if line.strip().startswith("#")]
    assert [bool(HAN.search(one)) for one in comments] == [True, False] * (len(comments) // 2)


def test_every_format_writes_what_can_be_said_and_what_cannot() -> None:
    unknown = noted(backport(candidate(pick=Pick("unknown", ()))), patch=b"")
    for kind in ANNOTATE_FORMATS:
        for one in (noted(), unknown, noted(backport())):
            assert isinstance(text(one, kind), str)


def test_the_readme_names_every_format_of_annotate() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    for half in readme.split("## English", 1):
        for kind in ANNOTATE_FORMATS[len(FORMATS) :]:
            assert f"`{kind}`" in half, kind


def test_a_rule_has_one_text_in_sarif_however_often_it_speaks() -> None:
    annotations = noted(many(3))
    assert [rule.said for rule in annotations.rules] == [Text("格式不符", "not the form")] * 3
    assert isinstance(annotations.annotations[0], Annotation)
