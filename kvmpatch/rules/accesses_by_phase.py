"""CSR accesses that a phase gains or loses, and writes that stay but take their value from elsewhere.

The number of writes a phase makes is counted, since a commit that caches a value is easily believed to save writes.
A write of the high half counts for 32-bit kernels only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from kvmpatch.model import Effect, Evidence, PhaseChange, Report
from kvmpatch.rules.phrases import done, when
from kvmpatch.rules.spoken import Context, Spoken, listed, say
from kvmpatch.words import Text

_CHANGES = {"write", "set", "clear", "swap", "read_set", "read_clear"}


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """Sentences on each phase whose CSR accesses differ."""
    if context.flow is None:
        return
    moved = {id(effect) for move in context.flow.moves for effect in (*move.before, *move.after)}
    gained: defaultdict[tuple[str, tuple[str, ...]], list[tuple[str, Effect]]] = defaultdict(list)
    for phase in context.flow.phases:
        yield from _counts(report, phase)
        for side, mine, other in (("after", phase.after, phase.before), ("before", phase.before, phase.after)):
            known = {effect.target for effect in other if effect.what == "csr"}
            for effect in mine:
                new = effect.what == "csr" and effect.target not in known and id(effect) not in moved
                if new and effect.moved_from is None and not _is_high_half(effect, mine):
                    gained[side, (phase.phase,)].append((phase.phase, effect))
    yield from _gained(report, gained)


def _is_high_half(effect: Effect, among: tuple[Effect, ...]) -> bool:
    return effect.target.endswith("h") and any(
        other.what == "csr" and other.target == effect.target[:-1] for other in among
    )


def _gained(report: Report, gained: dict[tuple[str, tuple[str, ...]], list[tuple[str, Effect]]]) -> Iterator[Spoken]:
    """One sentence a kind of access: `senvcfg is now swapped at every guest entry and at every guest exit`."""
    by_access: defaultdict[tuple[str, tuple[str, ...], str | None], list[tuple[str, Effect]]] = defaultdict(list)
    for (side, (phase,)), entries in gained.items():
        for operation in dict.fromkeys(effect.operation for _, effect in entries):
            effects = [effect for _, effect in entries if effect.operation == operation]
            names = tuple(dict.fromkeys(effect.target for effect in effects))
            by_access[side, names, operation] += [(phase, effect) for effect in effects]
    for (side, names, operation), places in by_access.items():
        shown = listed(list(names))
        phases = [when(phase) for phase in dict.fromkeys(phase for phase, _ in places)]
        time = Text("、".join(phase.zh for phase in phases), " and ".join(phase.en for phase in phases))
        verb = done(operation)
        be = "is" if len(names) == 1 else "are"
        text = (
            Text(f"新增：{time.zh}{verb.zh} {shown.zh}。", f"New: {shown.en} {be} {verb.en} {time.en}.")
            if side == "after"
            else Text(
                f"去掉：{time.zh}不再{verb.zh} {shown.zh}。", f"Gone: {shown.en} {be} no longer {verb.en} {time.en}."
            )
        )
        yield say(
            "summary",
            "csr-gained" if side == "after" else "csr-lost",
            text,
            *(
                Evidence(commit=report.commit.id, path=effect.path, side=side, line=effect.line)  # type: ignore[arg-type]
                for _, effect in places[:4]
            ),
        )


def _counts(report: Report, phase: PhaseChange) -> Iterator[Spoken]:
    """Where a phase writes the same CSRs as before, with other values: that it writes them as often."""
    before = [effect for effect in phase.before if effect.what == "csr" and effect.operation in _CHANGES]
    after = [effect for effect in phase.after if effect.what == "csr" and effect.operation in _CHANGES]
    if not before or not after or {e.target for e in before} != {e.target for e in after}:
        return
    low = [[e for e in effects if not _is_high_half(e, tuple(effects))] for effects in (before, after)]
    names = listed([name.upper() for name in dict.fromkeys(effect.target for effect in low[1])])
    counts = [(len(low[0]), len(before)), (len(low[1]), len(after))]
    time = when(phase.phase)
    if counts[0] == counts[1]:
        number, wide = counts[1]
        zh = (
            f"{time.zh}对 {names.zh} 的写操作次数不变（{number} 次"
            + (f"，32 位为 {wide} 次" if wide != number else "")
            + "）"
        )
        en = f"Writes to {names.en} {time.en} are as many as before ({number}" + (
            f"; {wide} on 32-bit)" if wide != number else ")"
        )
    else:
        zh = f"{time.zh}对 {names.zh} 的写操作由 {counts[0][0]} 次变为 {counts[1][0]} 次"
        en = f"Writes to {names.en} {time.en} go from {counts[0][0]} to {counts[1][0]}"
    values = [(old, new) for old, new in zip(low[0], low[1], strict=False) if old.value != new.value]
    if values and values[0][0].value and values[0][1].value:
        zh += f"，取值由 {values[0][0].value} 改为 {values[0][1].value}"
        en += f", the value now from {values[0][1].value} instead of {values[0][0].value}"
    yield say(
        "flow",
        "csr-writes-counted",
        Text(zh + "。", en + "."),
        Evidence(commit=report.commit.id, path=before[0].path, side="before", line=before[0].line),
        Evidence(commit=report.commit.id, path=after[0].path, side="after", line=after[0].line),
    )
