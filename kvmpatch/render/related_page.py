"""The page of `related`: a picture of what belongs to what, then the groups with their reasons."""

from __future__ import annotations

from kvmpatch.model import Evidence
from kvmpatch.model.related import Related, RelatedCommit, RelatedGroup, RelatedQuery
from kvmpatch.render import labels
from kvmpatch.render import related_labels as own
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
    Span,
    Style,
    Title,
    Voice,
)
from kvmpatch.render.proof import evidence_spans
from kvmpatch.render.related_drawing import drawing_of
from kvmpatch.render.show_history import shortened
from kvmpatch.words import Text

_SHOWN = {"match": 20, "series": 20}
_SHOWN_ELSE = 10
_QUIET_IDS = 6
_REASONS = 3


def related_page(related: Related, voice: Voice) -> Page:
    """The page for one answer; everything on it is in the answer."""
    blocks: list[Block] = [_title(related, voice)]
    if voice.detail == "quiet":
        return Page((*blocks, *_in_short(related, voice)))
    blocks.extend(_nothing(related, voice))
    number = 0
    drawing = drawing_of(related, voice)
    if drawing:
        number += 1
        blocks += [Heading(str(number), voice.heading(own.RELATIONS), _legend(related, voice)), drawing]
    for group in related.groups:
        if group.commits:
            number += 1
            blocks.append(Heading(str(number), voice.heading(group.title), _count(group)))
            blocks.append(Items(_items(group, str(number), voice)))
    if related.warnings:
        number += 1
        caution = Span("!", Style.CAUTION)
        warnings = tuple(
            Item(f"{number}.{place}", voice.lines(one.said), caution) for place, one in enumerate(related.warnings, 1)
        )
        blocks += [Heading(str(number), voice.heading(labels.SECTION_TITLES["warnings"])), Items(warnings)]
    blocks.append(Paragraphs((tuple(_footer(related, voice)),)))
    return Page(tuple(blocks))


# ---- head ------------------------------------------------------------------------------------------------------------


def _title(related: Related, voice: Voice) -> Title:
    query = related.query
    counts = [f"{voice.inline(own.COUNTS[group.id])} {len(group.commits)}" for group in related.groups if group.commits]
    under: Line = (Span(" · ".join(counts) or voice.inline(labels.NONE), Style.FAINT),)
    asked = related.commit
    if query.id:
        line: Line = (Span(shortened(query.id), Style.ID),)
        if asked:
            line += (Span("  "), Span(asked.subject, Style.STRONG))
        elif query.rev and not query.id.startswith(query.rev):
            line += (Span("  "), Span(query.rev, Style.STRONG))
        words = _words(query)
        return Title((*line, Span("  "), Span(words)) if words else line, under)
    return Title((Span(_words(query) or query.rev or "–", Style.STRONG),), under)


def _words(query: RelatedQuery) -> str:
    """The filters as they were written on the command line."""
    words: list[str] = [] if query.id or not query.rev else [query.rev]
    for option in ("grep", "author", "committer", "symbol", "csr", "bit", "ext"):
        words += [f"--{option} {value}" for value in getattr(query, option)]
    words += [f"--{option} {value}" for option in ("since", "until") if (value := getattr(query, option))]
    words += ["-i"] * query.ignore_case
    for flag in ("all_match", "invert_grep", "no_merges", "all"):
        words += [f"--{flag.replace('_', '-')}"] * getattr(query, flag)
    return " ".join([*words, *(["--", *query.paths] if query.paths else [])])


def _nothing(related: Related, voice: Voice) -> tuple[Block, ...]:
    if any(group.commits for group in related.groups):
        return ()
    said = own.NO_RELATIVES if related.query.id else own.NOTHING
    return (Note(voice.lines(said)),)


def _in_short(related: Related, voice: Voice) -> tuple[Block, ...]:
    fields = []
    for group in related.groups:
        if group.commits:
            ids = " ".join(shortened(one.id) for one in group.commits[:_QUIET_IDS])
            rest = max(0, len(group.commits) - _QUIET_IDS) + group.left_out
            more = f" +{rest}" if rest > 0 else ""
            fields.append(Field(voice.label(own.COUNTS[group.id]), ((Span(ids, Style.ID), Span(more)),)))
    blocks: list[Block] = [Fields(tuple(fields))] if fields else list(_nothing(related, voice))
    if related.warnings:
        blocks.append(Note(((Span(voice.inline(labels.more_warnings(len(related.warnings)))),),), caution=True))
    return tuple(blocks)


def _legend(related: Related, voice: Voice) -> Line:
    """What the marks of the picture mean, where there are two."""
    own_commits = {one.id for group in related.groups if group.id == "match" for one in group.commits or ()}
    own_commits |= {related.query.id} if related.query.id else set()
    series = {one.id for group in related.groups if group.id == "series" for one in group.commits or ()}
    if not own_commits or not series - own_commits:
        return ()
    strong = own.ASKED if related.query.id else own.COUNTS["match"]
    return (Span(f"● {voice.inline(strong)}  ○ {voice.inline(own.COUNTS['series'])}", Style.FAINT),)


# ---- groups ----------------------------------------------------------------------------------------------------------


def _count(group: RelatedGroup) -> Line:
    shown = len(group.commits or ())
    return (Span(f"{shown}" if not group.left_out else f"{shown} + {group.left_out}", Style.FAINT),)


def _items(group: RelatedGroup, number: str, voice: Voice) -> tuple[Item, ...]:
    commits = sorted(group.commits or (), key=lambda one: one.kind == "textual")  # what is needed comes first
    shown = voice.fit(_SHOWN.get(group.id, _SHOWN_ELSE), len(commits))
    items = [_item(one, f"{number}.{place}", voice) for place, one in enumerate(commits[:shown], 1)]
    if shown < len(commits):
        items.append(Item("", ((Span(voice.inline(labels.more(len(commits) - shown)), Style.FAINT),),)))
    if group.left_out:
        items.append(Item("", ((Span(voice.inline(own.more_commits(group.left_out)), Style.FAINT),),)))
    return tuple(items)


def _item(commit: RelatedCommit, number: str, voice: Voice) -> Item:
    line: Line = (Span(shortened(commit.id), Style.ID), Span(f"  {commit.date[:10]}", Style.FAINT))
    if commit.kind:  # before the subject, where no line ends
        kind = own.KINDS.get(commit.kind, Text.same(commit.kind))
        line = (*line, Span(f"  [{voice.inline(kind)}]", Style.FAINT))
    line = (*line, Span(f"  {commit.subject}"))
    told = [one for one in commit.reasons if one.code != "filter"]
    shown = voice.fit(_REASONS, len(told))
    details = [line for one in told[:shown] for line in voice.lines(one.said)]
    if shown < len(told):
        details.append((Span(voice.inline(labels.more(len(told) - shown)), Style.FAINT),))
    by_filter = [e for one in commit.reasons if one.code == "filter" for e in one.evidence if e.text]
    details += [(Span(f"“{e.text}”"),) for e in by_filter[:1] if e.text != commit.subject]
    proof = [_proof(e, commit.id) for one in commit.reasons for e in one.evidence] if voice.verbose else []
    return Item(number, (line,), details=tuple(details), proof=tuple(one for one in dict.fromkeys(proof) if one))


def _proof(evidence: Evidence, own_id: str) -> Line:
    """`commit path:line@side text`; the commit only where it is another."""
    another = evidence.commit != own_id and bool(evidence.path or evidence.text)
    return evidence_spans(evidence, commit=another, fact=False)


# ---- foot ------------------------------------------------------------------------------------------------------------


def _footer(related: Related, voice: Voice) -> list[Line]:
    """Groups without a commit, groups that nobody can tell, and how far was searched."""
    lines: list[Line] = []
    for word, groups in (
        (labels.NONE, [group for group in related.groups if group.commits == () and _is_asked(group, related)]),
        (labels.UNKNOWN, [group for group in related.groups if group.commits is None]),
    ):
        if groups:
            names = " · ".join(voice.inline(own.COUNTS[group.id]) for group in groups)
            lines.append((Span(f"{voice.label(word)}: ", Style.FAINT), Span(names)))
    searched = related.searched
    reach = f"{voice.inline(labels.UP_TO)} {shortened(searched.to)}" if searched.to else voice.inline(labels.UNKNOWN)
    line: Line = (Span(f"{voice.label(labels.SEARCHED)}: ", Style.FAINT), Span(reach, Style.FAINT))
    if not searched.complete:
        reasons = [own.STOPPED.get(one, Text.same(one)) for one in (searched.stopped or "").split(", ") if one]
        why = Text("；".join(one.zh for one in reasons) or "–", "; ".join(one.en for one in reasons) or "–")
        line = (*line, Span(f"  {voice.inline(labels.INCOMPLETE)}: {voice.inline(why)}", Style.CAUTION))
    return [*lines, line]


def _is_asked(group: RelatedGroup, related: Related) -> bool:
    """Whether a group was looked for: matches are where there is a filter."""
    return group.id != "match" or not related.query.id or bool(_words(related.query))
