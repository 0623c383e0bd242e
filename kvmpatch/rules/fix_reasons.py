"""Why a later commit must follow another, or need not, in words."""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import BackportReason
from kvmpatch.rules.related_reasons import short
from kvmpatch.rules.spoken import because


def names_it(target: str, evidence: Sequence[Evidence]) -> BackportReason:
    """Its `Fixes:` names the other."""
    return because("fix-names-it", f"以 Fixes: 指向 {short(target)}", f"names {short(target)} in Fixes:", evidence)


def names_its_subject(target: str, evidence: Sequence[Evidence]) -> BackportReason:
    """Its `Fixes:` has the other's subject, under an id that is unknown here or stands for several commits."""
    return because(
        "fix-names-subject",
        f"Fixes: 写的是 {short(target)} 的标题，所写的提交号在此无法确定",
        f"its Fixes: has the subject of {short(target)}; the id that it gives cannot be told here",
        evidence,
    )


def reverts_it(target: str, evidence: Sequence[Evidence]) -> BackportReason:
    """It takes the other back: whoever has the other needs this as well."""
    return because("fix-reverts-it", f"还原了 {short(target)}", f"reverts {short(target)}", evidence)


def cancelled(by: str, evidence: Sequence[Evidence]) -> BackportReason:
    """It was taken back, so that the two need not go in."""
    return because(
        "fix-cancelled", f"与 {short(by)} 相互抵消", f"cancelled by {short(by)}: neither has to go in", evidence
    )


def of_cancelled(target: str, evidence: Sequence[Evidence]) -> BackportReason:
    """What it fixes need not go in."""
    return because(
        "fix-of-cancelled",
        f"它修复的 {short(target)} 不必合入",
        f"what it fixes, {short(target)}, does not have to go in",
        evidence,
    )


def left_out(by: str, word: str, evidence: Sequence[Evidence]) -> BackportReason:
    """A message of the target says that it was left out on purpose."""
    return because(
        "fix-left-out",
        f"目标的 {short(by)} 以 {word}: 说明不需要它",
        f"{short(by)} of the target says that it is not wanted ({word}:)",
        evidence,
    )


def held_back(target: str, evidence: Sequence[Evidence]) -> BackportReason:
    """It was brought only for another commit, which the target does not have."""
    return because(
        "fix-held-back",
        f"仅因 {short(target)} 需要而带入（Stable-dep-of:），目标中没有后者",
        f"is there only for {short(target)} (Stable-dep-of:), which the target lacks",
        evidence,
    )


def unwanted(reason: str, evidence: Sequence[Evidence]) -> BackportReason:
    """The user says that it need not follow."""
    return because(
        "fix-unwanted", f"按使用者的要求不带入：{reason}", f"not wanted, as the user says: {reason}", evidence
    )


def asked_as_well(evidence: Sequence[Evidence]) -> BackportReason:
    """It is to go in anyway: it is among the commits that were asked for."""
    return because("fix-asked-as-well", "本次一并给出，会随之合入", "is among the commits of this call", evidence)
