"""Work that is reached in another phase than before: computed once instead of at every load, and the like.

It stands first in the summary, since it is what a reader of the diff has to work out by hand.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvmpatch.model import Effect, Evidence, Move, Report
from kvmpatch.rules.phrases import done, when
from kvmpatch.rules.spoken import Context, Spoken, listed, say
from kvmpatch.words import Text


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """One sentence for each kind of work and pair of phases."""
    flow = context.flow
    if flow is None:
        return
    for move in flow.moves:
        bits = [(old, new) for old, new in zip(move.before, move.after, strict=True) if new.what == "bit"]
        if bits:
            yield _bits(report, context, move, bits)
        for what in ("csr", "call", "field"):
            pairs = [(old, new) for old, new in zip(move.before, move.after, strict=True) if new.what == what]
            if pairs:
                yield _others(report, move, pairs, what)


def _last(target: str) -> str:
    return target.replace(".", ">").rpartition(">")[2]


def _bits(report: Report, context: Context, move: Move, bits: list[tuple[Effect, Effect]]) -> Spoken:
    fields = list(dict.fromkeys(_last(new.target) for _, new in bits))
    names = listed(fields)
    old, new = when(move.from_phase), when(move.to_phase)
    zh = f"{names.zh} 不再在{old.zh}计算，改在{new.zh}计算"
    verb = "is" if len(fields) == 1 else "are"
    en = f"{names.en} {verb} now computed {new.en} instead of {old.en}"
    evidence = [*_evidence(report, bits[:1])]
    stays = [
        stay
        for stay in (context.flow.stays if context.flow else ())
        if stay.after.what == "csr" and stay.phase == move.from_phase and stay.after.target in fields
    ]
    if stays:
        still = done(stays[0].after.operation)
        zh += f"；CSR 仍在{old.zh}{still.zh}"
        en += f"; the CSR is still {still.en} {old.en}"
        evidence.append(_at(report, stays[0].after, "after"))
    return say("summary", "work-moved", Text(zh + "。", en + "."), *evidence)


def _others(report: Report, move: Move, pairs: list[tuple[Effect, Effect]], what: str) -> Spoken:
    names = listed(list(dict.fromkeys(_shown(new) for _, new in pairs)))
    old, new = when(move.from_phase), when(move.to_phase)
    if what == "csr":
        text = Text(
            f"对 {names.zh} 的访问由{old.zh}改到{new.zh}。",
            f"The access to {names.en} moves: {new.en}, no longer {old.en}.",
        )
    elif what == "call":
        text = Text(
            f"{names.zh} 由{old.zh}改为{new.zh}调用。", f"{names.en} is now called {new.en}, no longer {old.en}."
        )
    else:
        text = Text(
            f"{names.zh} 由{old.zh}改为{new.zh}写入。", f"{names.en} is now written {new.en}, no longer {old.en}."
        )
    return say("summary", f"{what}-moved", text, *_evidence(report, pairs[:2]))


def _shown(effect: Effect) -> str:
    return f"{effect.target}()" if effect.what == "call" else effect.target


def _evidence(report: Report, pairs: list[tuple[Effect, Effect]]) -> Iterator[Evidence]:
    for old, new in pairs:
        yield _at(report, old, "before")
        yield _at(report, new, "after")


def _at(report: Report, effect: Effect, side: str) -> Evidence:
    return Evidence(commit=report.commit.id, path=effect.path, side=side, line=effect.line)  # type: ignore[arg-type]
