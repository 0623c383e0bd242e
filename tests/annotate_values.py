"""Reports of `backport` with something to complain of, made by hand, and commits to go with them."""

from __future__ import annotations

from typing import Any

from backport_values import FIX, NEED, ONE, SUBJECT, backport, candidate, fix, need, reason

from kvmpatch.model import Evidence
from kvmpatch.model.annotation import Annotations
from kvmpatch.model.backport import (
    Backport,
    BackportReason,
    Comparison,
    ConflictFile,
    FileHunks,
    HeaderCheck,
    HeaderFinding,
    HunkPlace,
    Pick,
    Presence,
    Risk,
)
from kvmpatch.reports.annotate import RangeCommit, annotations_of
from kvmpatch.words import Text

UPSTREAM = "a" * 40
VCPU = "arch/riscv/kvm/vcpu.c"
PATCH = b"""\
diff --git a/arch/riscv/kvm/vcpu.c b/arch/riscv/kvm/vcpu.c
--- a/arch/riscv/kvm/vcpu.c
+++ b/arch/riscv/kvm/vcpu.c
@@ -10,5 +10,6 @@ static int first(void)
 one
 two
-three
+three changed
+four
 five
 six
@@ -50,4 +51,3 @@ static int second(void)
 seven
-eight
 nine
 ten
"""
"""Changed lines of the after side: 12, 13 and, where a line was taken away, 52."""
SIGNED = "Signed-off-by: A Developer <dev@example.org>\n"
MESSAGE = f"{SUBJECT}\n\ncommit {UPSTREAM} upstream.\n\nWhat it does.\n\n{SIGNED}"
HOSTILE = (
    "::error file=x,line=1::boom %0A%25 \x1b[31m \u202e \u200b ##[error]x </details></summary> <script>alert(1)"
    "</script> `x` ``` [a](http://example.org) @someone #123 | $(x) <!-- --> \r\n::warning::two"
)


def hunk(heading: str, first: int, last: int, *lines: str) -> HunkPlace:
    return HunkPlace(heading, (first, last), (first, last), lines or ("+x",))


def conflict(path: str = VCPU, *hunks: HunkPlace, because: BackportReason | None = None) -> ConflictFile:
    shown = hunks or (hunk("static int first(void)", 10, 15),)
    return ConflictFile(path, "content", shown, (because or reason("lacks-line", "目标缺少这一行", "lacks the line"),))


def conflicting(*files: ConflictFile) -> Pick:
    return Pick("conflict", files or (conflict(),))


def differing(class_: Any, other: str = ONE, path: str = VCPU) -> Comparison:
    return Comparison(class_, other, (FileHunks(path, (hunk("static int first(void)", 10, 15),)),))


def present(state: Any, *where: str) -> Presence:
    missing = (FileHunks("tools/testing/selftests/kvm/riscv/get-reg-list.c", ()),) if state == "partial" else ()
    return Presence(state, "subject", where, missing, (reason("there", "标题相同", "has its subject"),))


def risk(level: Any = "warning", code: str = "argument-changed", said: str = "an argument means another thing") -> Risk:
    return Risk(code, level, Text("参数含义不同", said), (Evidence(commit=ONE, path=VCPU, side="after", line=13),))


def header(*findings: tuple[str, Any]) -> HeaderCheck:
    found = tuple(
        HeaderFinding(code, level, Text("格式不符", "not the form"), (Evidence(commit=ONE, text="commit …"),))
        for code, level in findings
    )
    return HeaderCheck("openeuler", not found, found, "")


def read(message: str = MESSAGE, patch: bytes = PATCH) -> RangeCommit:
    return RangeCommit(message, lambda: patch)


def everything() -> Backport:
    """One candidate of which nearly everything can be said."""
    return backport(
        candidate(
            pick=conflicting(),
            prerequisites=(need(), need("4" * 40, "textual")),
            fixes=(fix(), fix("5" * 40, ignored="not for riscv"), fix("6" * 40, in_target=None)),
            risks=(risk(),),
            header=header(("form-differs", "error")),
            comparison=differing("partial"),
        )
    )


def noted(report: Backport | None = None, known: frozenset[str] = frozenset(), **commits: Any) -> Annotations:
    """The annotations of a report whose candidates have the patch and the message above."""
    report = report or everything()
    own = commits.pop("commit", None) or read(**commits)
    return annotations_of(report, "main..topic", {one.commit.id: own for one in report.candidates}, known)


__all__ = ["FIX", "NEED", "ONE", "SUBJECT", "backport", "candidate", "fix", "need", "reason"]
