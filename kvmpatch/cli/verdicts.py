"""The exit status of the commands that judge commits: `backport` and `annotate`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kvmpatch.model.annotation import Annotation
    from kvmpatch.model.backport import Level

FailOn = Literal["note", "warning", "error", "never"]
FAIL_ON: tuple[FailOn, ...] = ("note", "warning", "error", "never")
"""What `--fail-on` takes, from the least."""

DONE = 0
FOUND = 1
UNDECIDED = 3


def exit_status(levels: Iterable[Level], undecided: bool, fail_on: FailOn) -> int:
    """1 where a finding is as grave as `fail_on` says, else 3 where something is undecided, else 0.

    Args:
        levels: of the findings that count: what a baseline knows already is not among them.
        undecided: whether anything asked for could not be worked out. `never` is about findings: it hides no gap.
        fail_on: the least level that fails.
    """
    least = FAIL_ON.index(fail_on)
    if any(FAIL_ON.index(level) >= least for level in levels):
        return FOUND
    return UNDECIDED if undecided else DONE


def status_of(findings: Iterable[Annotation], fail_on: FailOn) -> int:
    """The exit status of findings: what a baseline knows does not count, and what is undecided is no finding."""
    told = list(findings)
    levels = (one.level for one in told if not one.known and not one.undecided)
    return exit_status(levels, any(one.undecided for one in told), fail_on)
