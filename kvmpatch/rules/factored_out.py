"""Code that was taken out of one function into another: what moved as it was, what is new, what was left behind."""

from __future__ import annotations

from collections.abc import Iterator

from kvmpatch.model import Evidence, Report
from kvmpatch.rules.spoken import Context, Spoken, listed, say
from kvmpatch.words import Text


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """One sentence a journey, one for what got lost on the way, and one if nothing else differs."""
    flow = context.flow
    if flow is None:
        return
    for journey in flow.factored:
        zh = f"{journey.source}() 的 {journey.moved} 条语句原样移入 {journey.target}()"
        plural = "statement" if journey.moved == 1 else "statements"
        en = f"{journey.moved} {plural} move unchanged from {journey.source}() to {journey.target}()"
        if journey.new:
            new = listed(list(journey.new))
            zh += f"；其中新增 {new.zh}"
            en += f"; new there: {new.en}"
        yield say(
            "flow",
            "factored-out",
            Text(zh + "。", en + "."),
            Evidence(commit=report.commit.id, path=journey.path, side="after", line=journey.line),
        )
    for lost in flow.lost:
        yield say(
            "flow",
            "left-behind",
            Text(
                f"没有跟着移走：{lost.function}() 原有的 {lost.text}，改动后的代码里没有了。",
                f"Did not make the journey: {lost.text}, once in {lost.function}(), is gone from the touched code.",
            ),
            Evidence(commit=report.commit.id, path=lost.path, side="before", line=lost.line, text=lost.text),
        )
    moved = [change for change in report.changes if change.change in {"moved", "renamed"} and change.kind == "function"]
    if moved and not flow.phases and not flow.lost and not flow.unplaced:
        names = listed([change.name for change in moved])
        yield say(
            "summary",
            "same-flow",
            Text(
                f"{names.zh} 只是换了位置或名字；各阶段执行的内容不变。",
                f"{names.en} only changed place or name; what runs in each phase is the same as before.",
            ),
            *(
                Evidence(
                    commit=report.commit.id,
                    path=change.path,
                    side="after",
                    line=change.lines[0] if change.lines else None,
                )
                for change in moved[:3]
            ),
        )
