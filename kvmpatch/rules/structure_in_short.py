"""The structural changes in one sentence: what is new, gone, renamed, moved, changed.

What the summary has told of the flow need not be told again by the functions in which it happens: then only new, lost
and renamed things are named. Macros and constants are counted, since a header's worth of numbers says nothing by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from kvmpatch.model import Change, Evidence, Happened, Kind, Report
from kvmpatch.rules.spoken import Context, Spoken, listed, say
from kvmpatch.words import Text

# A stub of one file that gets its body in another has moved by name only.
_REWRITTEN = "rewritten"
_HARDLY_ALIKE = 0.5
_ORDER = (Happened.ADDED, Happened.REMOVED, Happened.RENAMED, Happened.MOVED, _REWRITTEN, Happened.MODIFIED)
_VERB: dict[Happened | str, Text] = {
    Happened.ADDED: Text("新增", "adds"),
    Happened.REMOVED: Text("删除", "removes"),
    Happened.RENAMED: Text("重命名", "renames"),
    Happened.MOVED: Text("移动", "moves"),
    _REWRITTEN: Text("移动并改写", "moves and rewrites"),
    Happened.MODIFIED: Text("修改", "changes"),
}
_MOST_MACROS = 2
_AGGREGATES = {Kind.STRUCT, Kind.UNION, Kind.ENUM}
# Codes of the summary after which it is enough to name what is new.
_TOLD = {
    "csr-in-function",
    "work-moved", "csr-moved", "call-moved", "field-moved", "csr-gained", "csr-lost", "csr-writes-counted",
    "order-changed", "bits-computed", "bits-dropped", "work-differs", "offered", "detected", "same-flow",
    "early-return", "return-changed", "return-dropped", "guard-dropped", "guard-added", "asked-of-another",
}  # fmt: skip


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """One sentence on the structure, one on bits that only moved."""
    told = bool(context.said & _TOLD)
    shown = [change for change in report.changes if not told or _stands_alone(change)]
    if "same-flow" in context.said:
        shown = [change for change in shown if change.kind is not Kind.FUNCTION or change.change is Happened.ADDED]
    if shown:
        yield _structure(report, shown)
    if "same-flow" not in context.said:
        yield from _bits(report)


def _stands_alone(change: Change) -> bool:
    return change.change is not Happened.MODIFIED and change.kind not in {Kind.MACRO, Kind.VARIABLE, Kind.KCONFIG}


def _structure(report: Report, changes: Sequence[Change]) -> Spoken:
    zh, en, evidence = [], [], []
    for happened in _ORDER:
        some = [change for change in changes if _what(change) == happened]
        if not some:
            continue
        names = _names(some)
        zh.append(f"{_VERB[happened].zh} {names.zh}")
        en.append(f"{_VERB[happened].en} {names.en}")
        evidence += [_where(report, change) for change in some[:3]]
    sentence = "; ".join(en)
    return say(
        "summary",
        "structure",
        Text("；".join(zh) + "。", sentence[0].upper() + sentence[1:] + "."),
        *evidence,
    )


def _what(change: Change) -> Happened | str:
    if change.change is Happened.MOVED and change.similarity is not None and change.similarity < _HARDLY_ALIKE:
        return _REWRITTEN
    return change.change


def _names(some: Sequence[Change]) -> Text:
    """Structures first, then code, then the rest; macros by number where there are many, copies of a name once."""
    macros = [change for change in some if change.kind is Kind.MACRO]
    counted = len(macros) if len(macros) > _MOST_MACROS and len(macros) < len(some) else 0
    ranked = sorted(
        (change for change in some if not counted or change.kind is not Kind.MACRO),
        key=lambda change: (change.kind not in _AGGREGATES, change.kind is Kind.MACRO),
    )
    times = Counter(_named(change) for change in ranked)
    names = [f"{name} (×{number})" if number > 1 else name for name, number in times.items()]
    if not counted:
        return listed(names)
    shown = listed(names)
    return Text(f"{shown.zh}，以及 {counted} 个宏", f"{shown.en}, and {counted} macros")


def _named(change: Change) -> str:
    prefix = f"{change.kind.value} " if change.kind in _AGGREGATES else ""
    suffix = "()" if change.kind in {Kind.FUNCTION, Kind.SYSCALL} else ""
    if change.kind is Kind.KCONFIG:
        prefix = "config "
    if change.before and change.before.name != change.name:
        return f"{prefix}{change.before.name}{suffix} → {change.name}{suffix}"
    return f"{prefix}{change.name}{suffix}"


def _where(report: Report, change: Change) -> Evidence:
    side = "before" if change.change is Happened.REMOVED else "after"
    return Evidence(
        commit=report.commit.id,
        path=change.path,
        side=side,  # type: ignore[arg-type]
        line=change.lines[0] if change.lines else None,
    )


def _bits(report: Report) -> Iterator[Spoken]:
    """Nothing is enabled by bits that only move: it is said, since a list of extensions suggests otherwise."""
    used = [bit for bit in report.bits if bit.use in {"set", "clear"}]
    moved = [bit for bit in used if bit.change is Happened.MOVED]
    if not moved or any(bit.change in {Happened.ADDED, Happened.REMOVED} for bit in used):
        return
    macros = list(dict.fromkeys(bit.macro for bit in moved))
    if not any(bit.extensions for bit in moved):
        return
    names = listed(macros, most=5)
    yield say(
        "extensions",
        "bits-only-moved",
        Text(
            f"{names.zh} 只是搬移，没有新增任何位。",
            f"{names.en} only {'moves' if len(macros) == 1 else 'move'}; no bit is added.",
        ),
        *(
            Evidence(commit=report.commit.id, path=bit.path, side=bit.side, line=bit.line, text=bit.macro)
            for bit in moved
        ),
    )
