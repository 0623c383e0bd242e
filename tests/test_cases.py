"""Each file in cases/ states what one commit of the miniature history does; the report must say that and no more.

A line reads `CHANGE KIND NAME (aspects)`, `CHANGE OPERATION CSR in FUNCTION = value if guards; was …` or
`CHANGE USE BIT register[hi:lo] in FUNCTION of target if guards; was …`. A guard is told as its kind and the extension
that it asks about, else its text. `flow` has lines `PHASE +/- EFFECT`, `followed` the reasons of later commits, `fixed`
the subjects of those that fix it, `says` words of statements by their code. These are looked at where a case has them.
What else is left out of a case must not be reported; `…_include` lists are samples.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from kvmpatch import knowledge
from kvmpatch.model import Aspect, BitUse, Change, CsrAccess, Guard, Kind, MemberChange, Report
from kvmpatch.reports.show import ShowRequest, make_reports
from kvmpatch.sources.demo import DemoHistory, lay_down

_CASES = sorted((Path(__file__).parent / "cases").glob("*.toml"))
_KEYS = {
    *("commit", "subject", "changes", "csr", "bits", "csr_include", "bits_include"),
    *("extensions", "signatures", "values", "members"),
    *("flow", "flow_include", "followed", "followed_include", "fixed", "series", "says"),
}


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


@cache
def case_of(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def reported(case: dict[str, Any], history: DemoHistory) -> Report:
    rev = case.get("commit") or next(one.id for one in history.commits if one.subject == case["subject"])
    (report,) = make_reports(ShowRequest(str(history.path), (rev,)))
    return report


@pytest.mark.parametrize("path", _CASES, ids=[path.stem for path in _CASES])
def test_the_report_says_what_the_commit_does(path: Path, miniature: DemoHistory) -> None:
    case = case_of(path)
    assert set(case) <= _KEYS
    report = reported(case, miniature)
    assert sorted(changes(report.changes)) == sorted(case.get("changes", []))
    assert dict(members(report.changes)) == {name: sorted(lines) for name, lines in case.get("members", {}).items()}
    _hold(case, "csr", [access(one) for one in report.csr_accesses])
    _hold(case, "bits", [bit(one) for one in report.bits])
    assert {role.name: role.role for role in report.extensions} == case.get("extensions", {})
    named = {change.name: change for change in report.changes}
    for name, value in case.get("values", {}).items():
        assert named[name].value == value
    for name, signatures in case.get("signatures", {}).items():
        before = named[name].before
        assert [*([before.signature] if before else []), named[name].signature] == signatures

    _hold_story(case, report)


def _hold_story(case: dict[str, Any], report: Report) -> None:
    """What runs when, and what came of the commit; only where the case tells it."""
    history = report.history
    assert history
    for key, found in (
        ("flow", list(flow(report))),
        ("followed", [entry.reason.said.en for entry in history.followed_by]),
    ):
        if key in case or f"{key}_include" in case:
            _hold(case, key, found)
    if "fixed" in case:
        assert [entry.subject for entry in history.fixed_by] == case["fixed"]
    if "series" in case:
        series = history.series
        assert (f"{series.position}/{series.total}" if series else "none") == case["series"]
    said = {one.code: one.said.en for section in report.sections for one in section.statements}
    for code, words in case.get("says", {}).items():
        assert words in said[code]


def _hold(case: dict[str, Any], key: str, found: list[str]) -> None:
    if f"{key}_include" in case:
        missing = [line for line in case[f"{key}_include"] if line not in found]
        assert missing == []
    else:
        assert sorted(found) == sorted(case.get(key, []))


def test_no_body_of_the_miniature_is_beyond_the_grammar(miniature: DemoHistory) -> None:
    ids = [one.id for one in miniature.commits if one.branch == "main"]
    doubtful = [
        change.name
        for report in make_reports(ShowRequest(str(miniature.path), tuple(ids)))
        for change in report.changes
        if change.basis != "parsed"
    ]
    assert doubtful == []


def flow(report: Report) -> Iterator[str]:
    for phase in report.phases or ():
        for sign, effects in (("-", phase.before), ("+", phase.after)):
            for one in effects:
                done = f"{one.operation or one.what} " if one.what in {"csr", "bit"} else f"{one.what} "
                yield f"{phase.phase} {sign} {done}{one.target}{_value(one.value)}{_under(one.guards)}"


# ---- a report in lines ------------------------------------------------------------------------------------------


def changes(found: Iterable[Change]) -> Iterator[str]:
    for change in found:
        old = f"{change.before.name} -> " if change.before and change.before.name != change.name else ""
        aspects = ", ".join(aspect for aspect in change.aspects if aspect is not Aspect.MEMBERS)
        yield f"{change.change} {change.kind} {old}{change.name}" + (f" ({aspects})" if aspects else "")


def members(found: Iterable[Change]) -> Iterator[tuple[str, list[str]]]:
    for change in found:
        if change.members:
            yield change.name, sorted(member(change.kind, one) for one in change.members)


def member(kind: Kind, one: MemberChange) -> str:
    if kind in {Kind.STRUCT, Kind.UNION}:
        return f"{one.change} {one.name}: {one.type} {one.position}/{one.of}"
    was = f", was {one.before.value}" if one.before else ""
    if kind is Kind.VARIABLE:
        return f"{one.change} {one.value}" if one.name.isdigit() else f"{one.change} .{one.name} = {one.value}{was}"
    return f"{one.change} {one.name} = {one.value}{was}"


def access(one: CsrAccess) -> str:
    line = f"{one.change} {one.operation} {one.csr}{_where(one.function)}{_value(one.value)}{_under(one.guards)}"
    if not one.before:
        return line
    value = _value(one.before.value) if one.before.value != one.value else ""
    under = _under(one.before.guards) if one.before.guards != one.guards else ""
    return f"{line}; was{_where(one.before.function)}{value}{under}"


def bit(one: BitUse) -> str:
    place = "" if one.hi is None else str(one.hi) if one.hi == one.lo else f"{one.hi}:{one.lo}"
    register = "|".join(one.registers)
    line = f"{one.change} {one.use} {one.macro} {register}[{place}]"
    line += f"{_where(one.function)}{_target(one.target)}{_under(one.guards)}"
    if not one.before:
        return line
    target = _target(one.before.target) if one.before.target != one.target else ""
    under = _under(one.before.guards) if one.before.guards != one.guards else ""
    return f"{line}; was{_where(one.before.function)}{target}{under}"


def _where(function: str | None) -> str:
    return f" in {function}" if function else ""


def _value(value: str | None) -> str:
    return f" = {value}" if value else ""


def _target(target: str | None) -> str:
    return f" of {target}" if target else ""


def _under(guards: tuple[Guard, ...]) -> str:
    told = [
        f"{'not ' if guard.negated else ''}{guard.kind} {knowledge.guard_extension(guard.text) or guard.text}"
        for guard in guards
    ]
    return f" if {' and '.join(told)}" if told else ""
