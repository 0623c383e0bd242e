"""Capabilities that user space can ask for now: it sees a feature by them."""

from __future__ import annotations

from collections.abc import Iterator

from kvmpatch.model import Evidence, Report
from kvmpatch.rules.spoken import Context, Spoken, listed, say
from kvmpatch.words import Text


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """One sentence for those that are new, one for those that are gone."""
    for dropped in (False, True):
        found = [one for one in (context.flow.capabilities if context.flow else ()) if one.dropped is dropped]
        if not found:
            continue
        names = listed([one.name for one in found])
        side = "before" if dropped else "after"
        text = (
            Text(
                f"KVM_CHECK_EXTENSION 不再单独处理 {names.zh}。",
                f"KVM_CHECK_EXTENSION no longer has a case for {names.en}.",
            )
            if dropped
            else Text(
                f"KVM_CHECK_EXTENSION 新增对 {names.zh} 的应答。", f"KVM_CHECK_EXTENSION now answers for {names.en}."
            )
        )
        proof = (
            Evidence(commit=report.commit.id, path=one.path, side=side, line=one.line, text=one.name)  # type: ignore[arg-type]
            for one in found
        )
        yield say("flow", "capability", text, *proof)
