"""The page of `backport`: the verdict first, then what it stands on, then what to do."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from kvmpatch.model.backport import (
    Backport,
    BackportReason,
    Candidate,
    FileHunks,
    FollowingFix,
    HunkPlace,
    Prerequisite,
)
from kvmpatch.render import backport_labels as own
from kvmpatch.render import labels, related_labels
from kvmpatch.render.page import (
    Block,
    Code,
    Heading,
    Item,
    Items,
    Line,
    Note,
    Page,
    Span,
    Style,
    Title,
    Voice,
)
from kvmpatch.render.proof import proof_line
from kvmpatch.render.show_history import shortened
from kvmpatch.words import Text

_HUNKS = 4
_LINES = 6
_LISTED = 10
_REASONS = 3
_ASKED = "fix-asked-as-well"
_STYLES = {
    "ready": Style.ADDED, "present": Style.ADDED, "needs": Style.CAUTION, "partial": Style.CAUTION,
    "conflict": Style.REMOVED, "unknown": Style.CAUTION,
}  # fmt: skip
_LEVEL_STYLES = {"error": Style.REMOVED, "warning": Style.CAUTION, "note": Style.FAINT}


def backport_page(backport: Backport, voice: Voice) -> Page:
    """The page for one answer; everything on it is in the answer."""
    many = len(backport.candidates) > 1
    blocks: list[Block] = []
    if many or voice.detail == "quiet":
        blocks += _overview(backport, voice)
    if voice.detail == "quiet":
        return Page(tuple(blocks))
    for place, candidate in enumerate(backport.candidates, 1):
        blocks += _candidate(candidate, backport, voice, f"{place}." if many else "")
    if not backport.candidates:
        blocks.append(Note(voice.lines(own.NO_CANDIDATE)))
    blocks += _foot(backport, voice)
    return Page(tuple(blocks))


def _overview(backport: Backport, voice: Voice) -> list[Block]:
    """One row a candidate: what to read first in a long range."""
    under: Line = (Span(f"{voice.label(own.TARGET)} "), Span(_onto(backport), Style.ID))
    title = Title((Span(voice.heading(own.SUMMARY), Style.STRONG),), under)
    items = tuple(
        Item(
            str(place),
            (_named(one.commit.id, one.commit.subject),),
            details=_outcome_in_short(one, voice),
        )
        for place, one in enumerate(backport.candidates, 1)
    )
    return [title, Items(items)]


def _outcome_in_short(candidate: Candidate, voice: Voice) -> tuple[Line, ...]:
    """The verdict: its sentence, or where few words are wanted the word alone. One says what the other does."""
    style = _STYLES[candidate.verdict]
    if voice.detail == "quiet":
        return ((Span(voice.inline(own.VERDICTS[candidate.verdict]), style),),)
    return voice.lines(candidate.why.said, style)


def _onto(backport: Backport) -> str:
    onto = backport.onto
    return f"{onto.ref} ({shortened(onto.id)})" if not onto.id.startswith(onto.ref) else shortened(onto.id)


def _named(identity: str, subject: str) -> Line:
    return (Span(shortened(identity), Style.ID), Span(f"  {subject}"))


# ---- one candidate -------------------------------------------------------------------------------------------------


def _candidate(candidate: Candidate, backport: Backport, voice: Voice, prefix: str) -> list[Block]:
    verdict = Span(voice.heading(own.VERDICTS[candidate.verdict]), _STYLES[candidate.verdict])
    under: Line = (verdict, Span("  →  ", Style.FAINT), Span(_onto(backport), Style.ID))
    commit = candidate.commit
    title = Title(
        (Span(shortened(commit.id), Style.ID), Span("  "), Span(commit.subject, Style.STRONG)),
        under,
    )
    blocks: list[Block] = [title, Note(voice.lines(candidate.why.said))]
    number = 0
    for heading, make in _SECTIONS:
        made = make(candidate, voice, f"{prefix}{number + 1}")
        if made.blocks:
            number += 1
            blocks.append(Heading(f"{prefix}{number}", voice.heading(heading), made.aside))
            blocks += made.blocks
    return blocks


class _Part(msgspec.Struct, frozen=True):
    """What stands under one heading, and the remark beside it."""

    blocks: tuple[Block, ...]
    aside: Line = ()


def _presence(candidate: Candidate, voice: Voice, number: str) -> _Part:
    presence = candidate.presence
    aside: Line = (Span(voice.inline(own.STATES[presence.state]), Style.STRONG),)
    if presence.rung != "unknown":
        aside = (*aside, Span(f"  {voice.inline(own.RUNGS[presence.rung])}", Style.FAINT))
    items = [
        Item(f"{number}.{place}", voice.lines(one.said), proof=_proof((one,), candidate, voice))
        for place, one in enumerate(presence.because, 1)
    ]
    for file in presence.missing:
        line: Line = (Span(f"{voice.inline(own.MISSING)} "), Span(file.path, Style.ADDRESS))
        items.append(Item("", (line,), details=_hunks(file, voice)))
    items += _comparison(candidate, voice)
    return _Part((Items(tuple(items)),) if items else (), aside)


def _comparison(candidate: Candidate, voice: Voice) -> list[Item]:
    comparison = candidate.comparison
    if comparison is None:
        return []
    line: Line = (
        Span(f"{voice.label(own.COMPARED)}: ", Style.FAINT),
        Span(voice.inline(own.LIKENESS[comparison.class_])),
        Span(f"  {shortened(comparison.other)}", Style.ID),
    )
    details: list[Line] = []
    told = comparison.class_ == "partial" and candidate.presence.missing  # the same hunks, shown above
    for file in () if told else comparison.hunks:
        details += [(Span(file.path, Style.ADDRESS),), *_hunks(file, voice)]
    return [Item("", (line,), details=tuple(details))]


def _hunks(file: FileHunks, voice: Voice) -> tuple[Line, ...]:
    """The hunks of a file, each by its function and its lines."""
    if not file.hunks:
        return ((Span(voice.inline(own.WHOLE_FILE), Style.FAINT),),)
    shown = voice.fit(_HUNKS, len(file.hunks))
    lines = [line for hunk in file.hunks[:shown] for line in _hunk(hunk, voice)]
    return (*lines, *_rest(len(file.hunks) - shown, voice))


def _hunk(hunk: HunkPlace, voice: Voice) -> tuple[Line, ...]:
    span = hunk.after or hunk.before
    where = voice.inline(own.lines_of(*span)) if span else ""
    name = (Span(hunk.heading, Style.NAME), Span("  ")) if hunk.heading else ()
    head: Line = (Span("@@ ", Style.FAINT), *name, Span(where, Style.FAINT))
    shown = voice.fit(_LINES, len(hunk.lines))
    lines = (
        (Span(line, Style.PATCH_ADDED if line.startswith("+") else Style.PATCH_REMOVED),) for line in hunk.lines[:shown]
    )
    return (head, *lines, *_rest(len(hunk.lines) - shown, voice))


def _rest(count: int, voice: Voice) -> tuple[Line, ...]:
    return ((Span(voice.inline(labels.more(count)), Style.FAINT),),) if count > 0 else ()


def _pick(candidate: Candidate, voice: Voice, number: str) -> _Part:
    pick = candidate.pick
    if candidate.presence.state == "present":
        return _Part(())
    items = tuple(
        Item(
            f"{number}.{place}",
            ((Span(conflict.path, Style.ADDRESS), Span(f"  {conflict.kind}", Style.FAINT)),),
            details=(*_said(conflict.because, voice), *_hunks(FileHunks(conflict.path, conflict.hunks), voice)),
            proof=_proof(conflict.because, candidate, voice),
        )
        for place, conflict in enumerate(pick.conflicts, 1)
    )
    word = Span(voice.inline(own.PICKS[pick.state]), Style.STRONG)
    if not items:
        return _Part((Note(((word,),)),))
    return _Part((Items(items),), (word,))


def _said(reasons: tuple[BackportReason, ...], voice: Voice) -> tuple[Line, ...]:
    shown = voice.fit(_REASONS, len(reasons))
    return (*(line for one in reasons[:shown] for line in voice.lines(one.said)), *_rest(len(reasons) - shown, voice))


def _proof(reasons: tuple[BackportReason, ...], candidate: Candidate, voice: Voice) -> tuple[Line, ...]:
    if not voice.verbose:
        return ()
    own_id = candidate.commit.id
    return tuple(dict.fromkeys(proof_line(one, own_id) for reason in reasons for one in reason.evidence))


# ---- what belongs in with it ---------------------------------------------------------------------------------------


def _prerequisites(candidate: Candidate, voice: Voice, number: str) -> _Part:
    needs = candidate.prerequisites
    shown = voice.fit(_LISTED, len(needs))
    items = [_prerequisite(one, f"{number}.{place}", candidate, voice) for place, one in enumerate(needs[:shown], 1)]
    items += [Item("", (line,)) for line in _rest(len(needs) - shown, voice)]
    counts = [
        f"{voice.inline(word)} {count}"
        for kind, word in own.KINDS.items()
        if (count := sum(one.kind == kind for one in needs))
    ]
    return _Part((Items(tuple(items)),) if items else (), (Span(" · ".join(counts), Style.FAINT),))


def _prerequisite(need: Prerequisite, number: str, candidate: Candidate, voice: Voice) -> Item:
    line: Line = (*_named(need.id, need.subject), Span(f"  [{voice.inline(own.KINDS[need.kind])}]", Style.FAINT))
    if need.of != candidate.commit.id:
        line = (*line, Span(f"  {voice.inline(own.FOR)} {shortened(need.of)}", Style.FAINT))
    details = (*_place_in_plan(need, candidate, voice), *_said(need.because, voice))
    return Item(number, (line,), details=details, proof=_proof(need.because, candidate, voice))


def _place_in_plan(need: Prerequisite, candidate: Candidate, voice: Voice) -> tuple[Line, ...]:
    """Said where the plan does not do as the kind suggests, so that its steps and the prerequisites add up."""
    if not candidate.plan.clean:
        return ()
    is_step = any(step.id == need.id for step in candidate.plan.steps)
    if need.kind == "textual" and not is_step:
        return voice.lines(own.SPARED, Style.FAINT)
    return voice.lines(own.TAKEN, Style.FAINT) if need.kind == "incidental" and is_step else ()


def _fixes(candidate: Candidate, voice: Voice, number: str) -> _Part:
    fixes = sorted(candidate.fixes, key=lambda one: (one.ignored is not None, one.in_target is True))
    shown = voice.fit(_LISTED, len(fixes))
    items = [_fix(one, f"{number}.{place}", candidate, voice) for place, one in enumerate(fixes[:shown], 1)]
    items += [Item("", (line,)) for line in _rest(len(fixes) - shown, voice)]
    return _Part((Items(tuple(items)),) if items else ())


def _fix(fix: FollowingFix, number: str, candidate: Candidate, voice: Voice) -> Item:
    state: Line = ()
    if any(one.code == _ASKED for one in fix.because):
        state = ()  # its reason says it, in the reader's language
    elif fix.ignored is not None:
        state = (Span(voice.inline(own.SET_ASIDE), Style.FAINT),)  # the last of its reasons says why
    elif fix.in_target:
        state = (Span(voice.inline(own.IN_TARGET), Style.FAINT),)
    elif fix.in_target is None:
        state = (Span(voice.inline(own.NOT_KNOWN), Style.CAUTION),)
    details = (
        tuple(line for one in fix.because for line in voice.lines(one.said)) if state else _said(fix.because, voice)
    )
    proof = _proof(fix.because, candidate, voice)
    return Item(number, (_named(fix.id, fix.subject),), details=(*((state,) if state else ()), *details), proof=proof)


def _risks(candidate: Candidate, voice: Voice, number: str) -> _Part:
    items = []
    for place, risk in enumerate(candidate.risks, 1):
        level = (Span(f"[{voice.inline(own.LEVELS[risk.level])}] ", _LEVEL_STYLES[risk.level]),)
        first, *others = voice.lines(risk.said)
        proof = tuple(proof_line(one, candidate.commit.id) for one in risk.evidence[: voice.fit(2, len(risk.evidence))])
        items.append(Item(f"{number}.{place}", ((*level, *first), *others), proof=proof))
    return _Part((Items(tuple(items)),) if items else ())


# ---- what to do ----------------------------------------------------------------------------------------------------


def _plan(candidate: Candidate, voice: Voice, number: str) -> _Part:
    plan = candidate.plan
    if not plan.steps:
        return _Part(())
    items = []
    for place, step in enumerate(plan.steps, 1):
        failed = step.id == plan.failed_at
        fine = plan.tried and _went_in(candidate, place)
        mark = Span("×", Style.REMOVED) if failed else Span("✓", Style.ADDED) if fine else None
        items.append(Item(f"{number}.{place}", (_named(step.id, step.subject),), mark))
    blocks: list[Block] = [Items(tuple(items)), Note((_outcome(candidate, voice),))]
    if plan.commands:
        blocks.append(Code("\n".join(plan.commands)))
    if candidate.note:
        label = own.NOTE_INSTEAD if plan.clean else own.NOTE
        blocks += [Note(voice.lines(label, Style.FAINT)), Code(candidate.note)]
    return _Part(tuple(blocks))


def _went_in(candidate: Candidate, place: int) -> bool:
    """Whether a step stands before the one that failed."""
    ids = [step.id for step in candidate.plan.steps]
    failed = candidate.plan.failed_at
    return candidate.plan.clean or (failed in ids and place <= ids.index(failed))


def _outcome(candidate: Candidate, voice: Voice) -> Line:
    plan = candidate.plan
    if not plan.tried:
        return (Span(voice.inline(own.NOT_TRIED), Style.CAUTION),)
    if plan.clean:
        return (Span(f"{voice.inline(own.TRIED_CLEAN)} ", Style.FAINT), Span(shortened(plan.tree or "–"), Style.ID))
    return (Span(f"{voice.inline(own.TRIED_FAILED)} ", Style.CAUTION), Span(shortened(plan.failed_at or "–"), Style.ID))


def _header(candidate: Candidate, voice: Voice, number: str) -> _Part:
    header = candidate.header
    if header is None:
        return _Part(())
    aside: Line = (Span(header.profile, Style.STRONG),)
    items = []
    for place, finding in enumerate(header.findings, 1):
        level = (Span(f"[{voice.inline(own.LEVELS[finding.level])}] ", _LEVEL_STYLES[finding.level]),)
        first, *others = voice.lines(finding.said)
        items.append(Item(f"{number}.{place}", ((*level, *first), *others)))
    blocks: list[Block] = [Items(tuple(items))] if items else []
    if header.proposal and (voice.verbose or items):
        blocks += [Note(voice.lines(own.PROPOSAL, Style.FAINT)), Code(header.proposal)]
    return _Part(tuple(blocks), aside)


_SECTIONS: tuple[tuple[Text, Callable[[Candidate, Voice, str], _Part]], ...] = (
    (own.PRESENCE, _presence),
    (own.PICK, _pick),
    (own.PREREQUISITES, _prerequisites),
    (own.FIXES, _fixes),
    (own.RISKS, _risks),
    (own.PLAN, _plan),
    (own.HEADER, _header),
)


def _foot(backport: Backport, voice: Voice) -> list[Block]:
    """Warnings, and how far was searched where that is not all."""
    lines = [line for one in backport.warnings for line in voice.lines(one.said)]
    searched = backport.searched
    if not searched.complete:
        reasons = [
            related_labels.STOPPED.get(one, Text.same(one)) for one in (searched.stopped or "").split(", ") if one
        ]
        why = Text("；".join(one.zh for one in reasons) or "–", "; ".join(one.en for one in reasons) or "–")
        lines.append((Span(f"{voice.inline(labels.INCOMPLETE)}: {voice.inline(why)}"),))
    return [Note(tuple(lines), caution=True)] if lines else []
