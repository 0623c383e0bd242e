"""CSR accesses that functions gain or lose, where no phase is known in which they run.

Code outside KVM, or that only a timer or an interrupt calls, has no entry point that we know: then the function is
all that can be told of the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from kvmpatch.model import CsrAccess, Evidence, Happened, Report
from kvmpatch.rules.phrases import done, of_registers
from kvmpatch.rules.spoken import Context, Spoken, listed, say
from kvmpatch.words import Text

_MOST = 3


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """One sentence a function."""
    if report.phases:
        return
    by_function: defaultdict[str, list[CsrAccess]] = defaultdict(list)
    for access in report.csr_accesses:
        if access.change in {Happened.ADDED, Happened.REMOVED} and access.function and access.csr:
            by_function[access.function].append(access)
    del context
    for function, accesses in list(by_function.items())[:_MOST]:
        yield _said(report, function, accesses)


def _said(report: Report, function: str, accesses: list[CsrAccess]) -> Spoken:
    zh, en = [], []
    for change in (Happened.ADDED, Happened.REMOVED):
        operations: dict[tuple[str, ...], list[str]] = {}
        for operation in dict.fromkeys(access.operation for access in accesses if access.change is change):
            names = [one.csr or "?" for one in accesses if (one.change, one.operation) == (change, operation)]
            operations.setdefault(tuple(dict.fromkeys(names)), []).append(operation)
        for csrs, done_to in operations.items():
            shown = listed(list(csrs))
            verbs = [done(operation) for operation in done_to]
            now = change is Happened.ADDED
            zh.append(f"{'新增' if now else '不再'}{'、'.join(verb.zh for verb in verbs)} {shown.zh}")
            what = of_registers(shown.en, len(csrs), done_to)
            both = (" and " if now else " or ").join(verb.en for verb in verbs)
            en.append(f"{what} {'now' if now else 'no longer'} {both}")
    return say(
        "summary",
        "csr-in-function",
        Text(f"{function}()：{'，'.join(zh)}。", f"In {function}(), {'; '.join(en)}."),
        *(Evidence(commit=report.commit.id, path=one.path, side=one.side, line=one.line) for one in accesses[:4]),
    )
