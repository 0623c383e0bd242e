"""The structural changes in one or two sentences: what is new, gone, renamed, moved; then what is done to bits."""

from __future__ import annotations

from collections.abc import Iterator

from kvmpatch.model import Change, Evidence, Happened, Kind, Report
from kvmpatch.rules.spoken import Context, Spoken, listed, say
from kvmpatch.words import Text

_ORDER = (Happened.ADDED, Happened.REMOVED, Happened.RENAMED, Happened.MOVED, Happened.MODIFIED)
_VERB = {
    Happened.ADDED: Text("新增", "adds"),
    Happened.REMOVED: Text("删除", "removes"),
    Happened.RENAMED: Text("重命名", "renames"),
    Happened.MOVED: Text("移动", "moves"),
    Happened.MODIFIED: Text("修改", "changes"),
}


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """One sentence on the structure, one on bits that only moved."""
    del context
    if report.changes:
        yield _structure(report)
    yield from _bits(report)


def _structure(report: Report) -> Spoken:
    zh, en, evidence = [], [], []
    for happened in _ORDER:
        changes = [change for change in report.changes if change.change is happened]
        if not changes:
            continue
        names = listed([_named(change) for change in changes])
        zh.append(f"{_VERB[happened].zh} {names.zh}")
        en.append(f"{_VERB[happened].en} {names.en}")
        evidence += [_where(report, change) for change in changes[:3]]
    sentence = "; ".join(en)
    return say(
        "summary",
        "structure",
        Text("；".join(zh) + "。", sentence[0].upper() + sentence[1:] + "."),
        *evidence,
    )


def _named(change: Change) -> str:
    prefix = f"{change.kind.value} " if change.kind in {Kind.STRUCT, Kind.UNION, Kind.ENUM} else ""
    if change.before and change.before.name != change.name:
        return f"{prefix}{change.before.name} → {change.name}"
    return prefix + change.name


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
    names = listed(list(dict.fromkeys(bit.macro for bit in moved)), most=5)
    yield say(
        "summary",
        "bits-only-moved",
        Text(f"{names.zh} 只是搬移，没有新增任何位。", f"{names.en} only move; no bit is added."),
        *(
            Evidence(commit=report.commit.id, path=bit.path, side=bit.side, line=bit.line, text=bit.macro)
            for bit in moved
        ),
    )
