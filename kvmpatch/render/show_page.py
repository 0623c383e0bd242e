"""The page of `show`: title, summary, then the sections that have something, numbered alike in every language."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from kvmpatch.model import Evidence, Kind, Report, Section, Statement
from kvmpatch.render import labels
from kvmpatch.render.page import (
    Block,
    Field,
    Fields,
    Heading,
    Item,
    Items,
    Line,
    Note,
    Page,
    Paragraphs,
    Quote,
    Span,
    Style,
    Title,
    Voice,
)
from kvmpatch.render.proof import evidence_spans
from kvmpatch.render.show_basics import basics_fields, spaced_date
from kvmpatch.render.show_changes import change_blocks
from kvmpatch.render.show_extensions import extension_blocks, extension_summary
from kvmpatch.render.show_flow import flow_blocks
from kvmpatch.render.show_history import history_blocks, is_unsearched, shortened
from kvmpatch.words import Text

_SUMMARY = "summary"
_QUIET_IDS = 3
_WORDS_SHOWN = 5
_CODE = (Kind.FUNCTION, Kind.SYSCALL, Kind.ASM_SYMBOL)


class _Body(msgspec.Struct, frozen=True):
    """What stands under one heading."""

    blocks: tuple[Block, ...]
    items: int = 0
    aside: Line = ()


def show_page(report: Report, voice: Voice) -> Page:
    """The page for one report; everything on it is in the report."""
    summary = _statements(report, _SUMMARY)
    blocks: list[Block] = [_title(report, voice)]
    if summary:
        blocks.append(_summary(_opening(summary, voice), voice))
    if voice.detail == "quiet":
        return Page((*blocks, *_verdicts(report, voice)))
    if voice.verbose:
        blocks.extend(_proof_note(summary, report, voice))
    number = 0
    for identity, make in _MAKERS:
        body = make(report, voice, str(number + 1))
        statements = _new_statements(report, identity)
        if body.aside and not voice.verbose:
            # The remark beside the heading has said it.
            statements = tuple(one for one in statements if one.code != "bits-only-moved")
        unsaid = 0
        if identity == "background" and not voice.verbose:
            statements, unsaid = _fewer_words(statements)
        if not body.blocks and not statements:
            continue
        number += 1
        blocks.append(Heading(str(number), voice.heading(_section_title(report, identity)), body.aside))
        blocks.extend(body.blocks)
        if statements:
            quoting = identity == "background"
            blocks.append(Items(statement_items(statements, report, voice, f"{number}", body.items + 1, quoting)))
        if unsaid:
            blocks.append(Note(((Span(voice.inline(labels.more(unsaid)), Style.FAINT),),)))
    blocks.extend(_warnings(report, voice, number + 1))
    blocks.extend(_unknowns(report, voice))
    return Page(tuple(blocks))


# ---- parts ---------------------------------------------------------------------------------------------------


def _fewer_words(statements: tuple[Statement, ...]) -> tuple[tuple[Statement, ...], int]:
    """Of a long message what states the problem and the solution, first and foremost; and how much is left out."""
    if len(statements) <= _WORDS_SHOWN + 1:
        return statements, 0
    ranked = sorted(statements, key=lambda one: one.code not in labels.AUTHOR_ON)[:_WORDS_SHOWN]
    shown = tuple(one for one in statements if one in ranked)
    return shown, len(statements) - len(shown)


def _opening(summary: tuple[Statement, ...], voice: Voice) -> tuple[Statement, ...]:
    """What the page begins with: names of what is new stand in the list of changes, just below."""
    short = tuple(one for one in summary if one.code != "structure")
    return short if short and voice.detail == "normal" else summary


def _title(report: Report, voice: Voice) -> Title:
    commit = report.commit
    subject = Span(commit.subject or voice.inline(labels.SUBJECT_UNKNOWN), Style.STRONG)
    line: Line = (Span(shortened(commit.id), Style.ID), Span("  "), subject) if commit.id else (subject,)
    under = voice.inline(labels.UNKNOWN)
    if commit.author:
        date = commit.author.date[:10] if voice.detail == "quiet" else spaced_date(commit.author.date)
        under = f"{commit.author.name}, {date}"
    under += " · " + voice.inline(labels.files_count(len(report.files)))
    additions = [file.additions for file in report.files if file.additions is not None]
    deletions = [file.deletions for file in report.files if file.deletions is not None]
    if additions or deletions:
        under += f", +{sum(additions)} −{sum(deletions)}"
    return Title(line, (Span(under, Style.FAINT),))


def _summary(statements: tuple[Statement, ...], voice: Voice) -> Paragraphs:
    return Paragraphs(
        tuple(
            tuple((Span(statement.said.in_language(language)),) for statement in statements)
            for language in voice.languages
        )
    )


def _verdicts(report: Report, voice: Voice) -> tuple[Block, ...]:
    """What a reader in a hurry asks: the relation, the extensions, whether it was fixed or reverted later."""
    fields: list[Field] = []
    if report.relation:
        verdict = voice.inline(labels.VERDICTS.get(report.relation.verdict, Text.same(report.relation.verdict)))
        fields.append(Field(voice.label(Text.same(report.relation.about)), ((Span(verdict),),)))
    if report.extensions:
        fields.append(Field(voice.label(labels.EXTENSION), extension_summary(report.extensions, voice)))
    history = report.history
    for label, entries in ((labels.FIXED, history.fixed_by), (labels.REVERTED, history.reverted_by)) if history else ():
        if entries:
            ids = " ".join(shortened(entry.id) for entry in entries[:_QUIET_IDS])
            more = f" +{len(entries) - _QUIET_IDS}" if len(entries) > _QUIET_IDS else ""
            fields.append(Field(voice.label(label), ((Span(ids, Style.ID), Span(more)),)))
    blocks: list[Block] = [Fields(tuple(fields))] if fields else []
    if report.warnings:
        blocks.append(Note(((Span(voice.inline(labels.more_warnings(len(report.warnings)))),),), caution=True))
    return tuple(blocks)


def _warnings(report: Report, voice: Voice, number: int) -> tuple[Block, ...]:
    if not report.warnings:
        return ()
    heading = Heading(str(number), voice.heading(labels.SECTION_TITLES["warnings"]))
    caution = Span("!", Style.CAUTION)
    items = tuple(
        Item(f"{number}.{place}", voice.lines(warning.said), caution)
        for place, warning in enumerate(report.warnings, 1)
    )
    return heading, Items(items)


def _unknowns(report: Report, voice: Voice) -> tuple[Block, ...]:
    """What nobody worked out is said, so that its absence is not read as «nothing»."""
    history = None if report.history and is_unsearched(report.history) else report.history
    missing = [
        labels.SECTION_TITLES[identity]
        for identity, value in (("flow", report.phases), ("causes", history))
        if value is None and not _statements(report, identity)
    ]
    if not missing:
        return ()
    said = Text(
        f"{labels.NOT_WORKED_OUT.zh}：{'、'.join(title.zh for title in missing)}",
        f"{labels.NOT_WORKED_OUT.en}: {', '.join(title.en.lower() for title in missing)}",
    )
    return (Paragraphs((((Span(voice.inline(said), Style.FAINT),),),)),)


# ---- statements and their proof --------------------------------------------------------------------------------


def statement_items(
    statements: tuple[Statement, ...],
    report: Report,
    voice: Voice,
    number: str,
    first: int,
    quoting: bool = False,
) -> tuple[Item, ...]:
    """Statements as numbered entries; with -v their proof under them, in `background` the author's words as quotes."""
    above = ("", *(statement.code for statement in statements))
    return tuple(
        _statement_item(statement, report, voice, f"{number}.{place}", quoting, headed=statement.code != before)
        for place, (before, statement) in enumerate(zip(above, statements, strict=False), first)
    )


def _statement_item(
    statement: Statement, report: Report, voice: Voice, number: str, quoting: bool, *, headed: bool
) -> Item:
    """One statement; of a run of quotations about the same, the first says what they are about."""
    words = tuple(e.text for e in statement.evidence if e.text and e.path is None and e.fact is None) if quoting else ()
    said = tuple(line for line in voice.lines(statement.said) if line[0].text not in words)
    about = labels.AUTHOR_ON.get(statement.code)
    if words and about and headed:
        said = ((Span(voice.label(about), Style.FAINT),), *said)
    proof = tuple(evidence_line(e, report, e.text in words) for e in statement.evidence) if voice.verbose else ()
    return Item(number, said, quotes=words, proof=proof)


def evidence_line(evidence: Evidence, report: Report, quoted: bool = False) -> Line:
    """Where a statement comes from: `path:line@side`, a commit other than the report's own, quoted words, a fact."""
    return evidence_spans(evidence, commit=evidence.commit != report.commit.id or not evidence.path, text=not quoted)


def _proof_note(statements: tuple[Statement, ...], report: Report, voice: Voice) -> tuple[Block, ...]:
    proofs = dict.fromkeys(evidence_line(e, report) for statement in statements for e in statement.evidence)
    return (Items((Item("", (), proof=tuple(proofs)),)),) if proofs and voice.verbose else ()


def _statements(report: Report, identity: str) -> tuple[Statement, ...]:
    return tuple(s for section in report.sections if section.id == identity for s in section.statements)


def _new_statements(report: Report, identity: str) -> tuple[Statement, ...]:
    """The section's statements; those of the relation stand in two places of the report and are shown once."""
    statements = _statements(report, identity)
    if identity == "relation" and report.relation:
        statements = tuple(dict.fromkeys((*report.relation.statements, *statements)))
    return statements


def _section_title(report: Report, identity: str) -> Text:
    section: Section | None = next((section for section in report.sections if section.id == identity), None)
    if section:
        return section.title
    if identity == "relation" and report.relation:
        return labels.relation_title(report.relation.about)
    return labels.SECTION_TITLES[identity]


# ---- the sections, in the contract's order ---------------------------------------------------------------------


def _basic(report: Report, voice: Voice, number: str) -> _Body:
    del number
    return _Body((basics_fields(report, voice),))


def _changes(report: Report, voice: Voice, number: str) -> _Body:
    blocks, count = change_blocks(report, voice, number)
    return _Body(blocks, count)


def _flow(report: Report, voice: Voice, number: str) -> _Body:
    del number
    if not report.phases and not report.changes:
        # Without a change of code there is no flow to compare: to call it unchanged would say too much.
        return _Body(())
    if report.phases == () and not any(change.kind in _CODE for change in report.changes):
        # A macro or a table may be used anywhere: what runs is not said to be the same.
        return _Body((Note(voice.lines(labels.NO_FUNCTION)),))
    return _Body(flow_blocks(report.phases, voice))


def _extensions(report: Report, voice: Voice, number: str) -> _Body:
    del number
    blocks, aside = extension_blocks(report, voice)
    return _Body(blocks, aside=aside)


def _background(report: Report, voice: Voice, number: str) -> _Body:
    del number
    message = report.commit.message
    return _Body((Quote(message),) if voice.verbose and message and message.strip() else ())


def _causes(report: Report, voice: Voice, number: str) -> _Body:
    del number
    return _Body(history_blocks(report.history, voice))


def _relation(report: Report, voice: Voice, number: str) -> _Body:
    del number
    if report.relation is None:
        return _Body(())
    verdict = labels.VERDICTS.get(report.relation.verdict, Text.same(report.relation.verdict))
    return _Body((Note(voice.lines(verdict, Style.STRONG)),))


_MAKERS: tuple[tuple[str, Callable[[Report, Voice, str], _Body]], ...] = (
    ("basic", _basic),
    ("changes", _changes),
    ("flow", _flow),
    ("extensions", _extensions),
    ("background", _background),
    ("causes", _causes),
    ("relation", _relation),
)
