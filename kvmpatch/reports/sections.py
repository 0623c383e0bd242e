"""The sections of a report: facts go in, the rules speak, and what they say is put in its place."""

from __future__ import annotations

from msgspec.structs import replace

from kvmpatch.model import Report, Section
from kvmpatch.rules import ABOUT_A_COMMIT, Context, Spoken
from kvmpatch.words import Text

_TITLES = {
    "basic": Text("基本信息", "Basics"),
    "changes": Text("改动", "Changes"),
    "flow": Text("执行流程", "Execution flow"),
    "extensions": Text("扩展", "Extensions"),
    "background": Text("作者的说明", "In the author's words"),
    "causes": Text("相关历史", "History"),
    "relation": Text("关系", "Relation"),
    "summary": Text("概要", "Summary"),
}


def with_sections(report: Report, context: Context) -> Report:
    """The report with what the rules say about its facts; a section without statements is left out."""
    spoken: dict[str, list[Spoken]] = {}
    for rule in ABOUT_A_COMMIT:
        told = frozenset(said.statement.code for said in spoken.get("summary", ()))
        for said in rule(report, replace(context, said=told)):
            spoken.setdefault(said.section, []).append(said)
    sections = tuple(
        Section(name, title, tuple(said.statement for said in spoken[name]))
        for name, title in _TITLES.items()
        if name in spoken
    )
    if report.relation:
        about = report.relation.about
        title = Text(f"与 {about} 的关系", f"Relation to {about}")
        sections += (Section("relation", title, report.relation.statements),)
    return replace(report, sections=sections)
