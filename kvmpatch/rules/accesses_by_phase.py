"""CSR accesses that a phase gains or loses, and writes that stay but take their value from elsewhere.

The number of writes is told where a value changes its source, since a commit that caches a value is easily believed
to save writes. A write of the high half counts for 32-bit kernels only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from kvmpatch.model import Effect, Evidence, PhaseChange, Report
from kvmpatch.rules.phrases import done, joined, of_registers, when
from kvmpatch.rules.spoken import Context, Spoken, listed, say
from kvmpatch.words import Text

_CHANGES = {"write", "set", "clear", "swap", "read_set", "read_clear"}
_LITERAL = re.compile(r"(?:0x)?[0-9a-fA-F]+U?L{0,2}$")
_MOST_SENTENCES = 3
# (side, operation) → where: what one group of CSRs gains and loses.
_Places = dict[tuple[str, str | None], list[tuple[str, Effect]]]


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """One sentence for each group of CSRs that gain or lose accesses; then one a phase whose writes differ."""
    if context.flow is None:
        return
    moved = {id(effect) for move in context.flow.moves for effect in (*move.before, *move.after)}
    groups: defaultdict[tuple[str, ...], _Places] = defaultdict(dict)
    for phase in context.flow.phases:
        for side, mine, other in (("after", phase.after, phase.before), ("before", phase.before, phase.after)):
            for operation, effects in _only_here(mine, other, moved).items():
                names = tuple(dict.fromkeys(effect.target for effect in effects))
                places = groups[names].setdefault((side, operation), [])
                places += [(phase.phase, effect) for effect in effects]
    for names, found in list(groups.items())[:_MOST_SENTENCES]:
        yield _gained(report, names, found, context.flow.conditional)
    for phase in context.flow.phases:
        yield from _values(report, phase)


def _only_here(mine: Sequence[Effect], other: Sequence[Effect], moved: set[int]) -> dict[str | None, list[Effect]]:
    known = {(effect.target, effect.operation) for effect in other if effect.what == "csr"}
    found: defaultdict[str | None, list[Effect]] = defaultdict(list)
    for effect in mine:
        if effect.what != "csr" or (effect.target, effect.operation) in known or _is_high_half(effect, mine):
            continue
        if id(effect) not in moved and effect.moved_from is None:
            found[effect.operation].append(effect)
    return found


def _is_high_half(effect: Effect, among: Sequence[Effect]) -> bool:
    return effect.target.endswith("h") and any(
        other.what == "csr" and other.target == effect.target[:-1] for other in among
    )


def _gained(report: Report, names: tuple[str, ...], found: _Places, conditional: frozenset[tuple[str, int]]) -> Spoken:
    """When a group of CSRs is accessed now and no longer, in one sentence, as `swapped at every guest entry`."""
    shown = listed(list(names))
    parts: dict[str, list[Text]] = {"after": [], "before": []}
    for (side, operation), places in found.items():
        times = joined([when(phase) for phase in dict.fromkeys(phase for phase, _ in places)])
        verb = done(operation)
        parts[side].append(Text(f"{times.zh}{verb.zh}", f"{verb.en} {times.en}"))
    what = of_registers(shown.en, len(names), [operation for _, operation in found])
    zh, en = [], []
    if parts["after"]:
        zh.append("改为" * bool(parts["before"]) + "，".join(part.zh for part in parts["after"]))
        en.append("now " + " and ".join(part.en for part in parts["after"]))
    if parts["before"]:
        zh.append("，".join(part.zh.replace("时", "时不再", 1) for part in parts["before"]))
        en.append("no longer " + " or ".join(part.en for part in parts["before"]))
    proof = [
        Evidence(commit=report.commit.id, path=effect.path, side=side, line=effect.line)  # type: ignore[arg-type]
        for (side, _), places in found.items()
        for _, effect in places[:2]
    ]
    start = "新增：" if not parts["before"] else ""
    subject = f"{shown.zh} " if parts["before"] else ""
    # «At every entry» holds for the place, not for what callers ask before they get there.
    gained = [effect for (side, _), places in found.items() if side == "after" for _, effect in places]
    if any((effect.path, effect.line) in conditional for effect in gained):
        zh[0] += "（调用者的条件成立时）" if subject else f" {shown.zh}（调用者的条件成立时）"
        en[0] += " if the conditions of its callers hold"
    return say(
        "summary",
        "csr-gained" if parts["after"] else "csr-lost",
        Text(
            f"{start}{subject}{'；'.join(zh)}{'' if subject or '（' in zh[0] else ' ' + shown.zh}。",
            f"{what[0].upper()}{what[1:]} {', '.join(en)}." if what.startswith("bits ") else f"{what} {', '.join(en)}.",
        ),
        *proof[:6],
    )


# ---- writes that stay --------------------------------------------------------------------------------------------


def _values(report: Report, phase: PhaseChange) -> Iterator[Spoken]:
    """Where a phase writes the same CSRs as before with other values, or another number of times."""
    before = [effect for effect in phase.before if effect.what == "csr" and effect.operation in _CHANGES]
    after = [effect for effect in phase.after if effect.what == "csr" and effect.operation in _CHANGES]
    if not before or not after or {e.target for e in before} != {e.target for e in after}:
        return
    low = [[e for e in effects if not _is_high_half(e, effects)] for effects in (before, after)]
    values = [(old, new) for old, new in zip(*low, strict=False) if old.value != new.value and old.value and new.value]
    counts = [(len(low[0]), len(before)), (len(low[1]), len(after))]
    time = when(phase.phase)
    if counts[0] == counts[1]:
        if not values:
            return
        said = _from_elsewhere(time, values, *counts[1])
    else:
        names = listed([name.upper() for name in dict.fromkeys(effect.target for effect in low[1])])
        said = Text(
            f"{time.zh}对 {names.zh} 的写操作由 {counts[0][0]} 次变为 {counts[1][0]} 次。",
            f"Writes to {names.en} {time.en} go from {counts[0][0]} to {counts[1][0]}.",
        )
    plain = bool(values) and all(_LITERAL.match(new.value or "") for _, new in values)
    yield say(
        "summary" if plain or counts[0] != counts[1] else "flow",
        "csr-writes-counted",
        said,
        Evidence(commit=report.commit.id, path=before[0].path, side="before", line=before[0].line),
        Evidence(commit=report.commit.id, path=after[0].path, side="after", line=after[0].line),
    )


def _from_elsewhere(time: Text, values: Sequence[tuple[Effect, Effect]], number: int, wide: int) -> Text:
    """Who is written with what instead of what, and that it is written as often."""
    shown = values[:3]
    names = listed([new.target.upper() for _, new in shown])
    zh = "、".join(dict.fromkeys(f"由 {old.value} 改为 {new.value}" for old, new in shown))
    sources = list(dict.fromkeys((old.value, new.value) for old, new in shown))
    now = joined([Text.same(new or "?") for new in dict.fromkeys(new for _, new in sources)])
    was = joined([Text.same(old or "?") for old in dict.fromkeys(old for old, _ in sources)])
    often = {1: "once", 2: "twice"}.get(number, f"{number} times")
    wider = f", {wide} times on 32-bit".replace("2 times", "twice") if wide != number else ""
    each = f" (32 位 {wide} 次)".replace(" (", "（").replace(")", "）") if wide != number else ""
    if len(values) > 1:
        # Each of several registers is written as often as it was; the sum says nothing.
        often, wider, total = "as often as before", "", "次数不变"
    else:
        total = f"次数不变，仍为 {number} 次{each}"
        often = f"as often as before: {often}{wider}"
    literal = all(_LITERAL.match(new.value or "") for _, new in values)
    return Text(
        f"{time.zh}写入 {names.zh} 的值{zh}；{total}。",
        f"{names.en} {'is' if len(shown) == 1 else 'are'} written {time.en} {'with' if literal else 'from'} {now.en} "
        f"instead of {was.en}, {often}.",
    )
