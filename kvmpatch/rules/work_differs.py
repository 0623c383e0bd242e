"""Calls and writes of fields that a phase gains or loses, where nothing weightier is to be said of the commit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kvmpatch.model import Effect, Evidence, PhaseChange, Report
from kvmpatch.rules.phrases import when
from kvmpatch.rules.spoken import Context, Spoken, listed, say
from kvmpatch.words import Text

_MOST_PHASES = 2
_MOST_EFFECTS = 6
# Calls that every ioctl or reset makes: by themselves they tell nothing of a commit.
_EVERYWHERE = re.compile(r"(?:get|put|copy_(?:from|to)|clear)_user$|mem(?:set|cpy|move)$|k[mz]?v?[mzc]?alloc|k?v?free$")


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """One sentence a phase: what it does now that it did not, and what it no longer does."""
    if context.flow is None or context.said:
        return
    phases = [phase for phase in context.flow.phases if _gained(phase) or _lost(phase)]
    if len(phases) > _MOST_PHASES or sum(len(_gained(one)) + len(_lost(one)) for one in phases) > _MOST_EFFECTS:
        return
    for phase in phases:
        yield _said(report, phase)


def _gained(phase: PhaseChange) -> list[Effect]:
    return _only(phase.after, phase.before)


def _lost(phase: PhaseChange) -> list[Effect]:
    return _only(phase.before, phase.after)


def _only(mine: Sequence[Effect], other: Sequence[Effect]) -> list[Effect]:
    known = {(effect.what, _last(effect.target)) for effect in other}
    return [
        effect
        for effect in mine
        if effect.what in {"call", "field"}
        # What stands behind a cast has no name that says anything.
        and "(" not in effect.target
        and not (effect.what == "call" and _EVERYWHERE.match(effect.target))
        and (effect.what, _last(effect.target)) not in known
    ]


def _last(target: str) -> str:
    return target.replace(".", ">").rpartition(">")[2]


def _said(report: Report, phase: PhaseChange) -> Spoken:
    time = when(phase.phase)
    gained, lost = _gained(phase), _lost(phase)
    zh, en = [], []
    for effects, now in ((gained, True), (lost, False)):
        for what in ("field", "call"):
            some = [effect for effect in effects if effect.what == what]
            if not some:
                continue
            cleared = what == "field" and all(effect.value in {"0", "NULL", "false"} for effect in some)
            names = listed(list(dict.fromkeys(f"{e.target}()" if what == "call" else e.target for e in some)))
            be = "is" if len({effect.target for effect in some}) == 1 else "are"
            verb = (
                Text("调用", "called")
                if what == "call"
                else Text("清零", "cleared")
                if cleared
                else Text("写", "written")
            )
            zh.append(f"{'新增' if now else '不再'}{verb.zh} {names.zh}")
            en.append(f"{names.en} {be} {'now' if now else 'no longer'} {verb.en}")
    start = time.en[0].upper() + time.en[1:]
    return say(
        "summary",
        "work-differs",
        Text(f"{time.zh}{'，'.join(zh)}。", f"{start}, {'; '.join(en)}."),
        *(Evidence(commit=report.commit.id, path=e.path, side="after", line=e.line) for e in gained[:3]),
        *(Evidence(commit=report.commit.id, path=e.path, side="before", line=e.line) for e in lost[:3]),
    )
