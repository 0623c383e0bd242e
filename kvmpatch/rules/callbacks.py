"""Functions that run when others call them back, and those of which nobody knows when they run.

Neither is left out in silence: a timer's function has no place in a VCPU's life, yet a reader looks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kvmpatch.model import Callback, Evidence, Report
from kvmpatch.rules.spoken import Context, Spoken, listed, say
from kvmpatch.words import Text

_KVM = re.compile(r"(?:^|/)arch/\w+/kvm/")


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """One sentence a callback; one for all that have no place."""
    if context.flow is None or not context.flow.phases:
        # Without a phase the page says that the flow was not worked out.
        return
    for callback in context.flow.callbacks:
        if any(phase.entry == callback.function for phase in context.flow.phases):
            proof = Evidence(commit=report.commit.id, path=callback.path, side=callback.side, line=callback.line)
            yield say("flow", "called-back", _said(callback), proof)
    lost = [one for one in context.flow.unplaced if _KVM.search(one.path)]
    if lost:
        names = listed([f"{one.function}()" for one in lost])
        text = Text(
            f"未找到通向 {names.zh} 的已知入口，何时运行不详，上表不含。",
            f"No known entry point leads to {names.en}; when it runs is unknown, and the table leaves it out."
            if len(lost) == 1
            else f"No known entry point leads to {names.en}; when they run is unknown, and the table leaves them out.",
        )
        proof_of = (Evidence(commit=report.commit.id, path=one.path, side=one.side, line=one.line) for one in lost)
        yield say("flow", "not-placed", text, *proof_of)


def _said(callback: Callback) -> Text:
    name = f"{callback.function}()"
    if callback.handed is None:
        return Text(f"{name} 由 KVM 通用代码按名字调用。", f"{name} is called by generic KVM code, by its name.")
    if callback.by is None:
        return Text(f"{name} 经由表 {callback.handed} 调用。", f"{name} is called through the table {callback.handed}.")
    if callback.handed.endswith("()"):
        return Text(
            f"{name} 是回调：由 {callback.by}() 交给 {callback.handed}。",
            f"{name} is a callback: {callback.by}() hands it to {callback.handed}.",
        )
    return Text(
        f"{name} 是回调：{callback.by}() 把它存入 {callback.handed}。",
        f"{name} is a callback: {callback.by}() stores it in {callback.handed}.",
    )
