"""The head of a backport's message: whether it is right, what it would be, and the remark on a deviation."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from kvmpatch.errors import KvmpatchError, UsageError
from kvmpatch.knowledge.profiles import Profile, profile, profile_names, profiles
from kvmpatch.model import Message
from kvmpatch.model.backport import HeaderCheck
from kvmpatch.model.messages import Head
from kvmpatch.parse.message import bare_subject, read_message
from kvmpatch.parse.message.head import read_head
from kvmpatch.reports.related.findings import moment
from kvmpatch.rules import headers as words
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.model.backport import Comparison, Pick, Plan, Prerequisite
    from kvmpatch.reports.backport.target import Target
    from kvmpatch.sources.repo import RawCommit, Repository

_RELEASE = re.compile(r"v(\d+)\.(\d+)(?:\.(\d+))?(?:-rc(\d+))?\Z")
_MOST_RELEASES = 32
_MOST_TWINS = 200
_MOST_TOLD = 4
_WIDTH = 75
_SHORT = 12
_NO_CAUSE = frozenset({"white-space", "has-lines", "has-commit"})
"""Reasons of a conflict that a remark need not tell where there are others."""


def profile_of(name: str) -> Profile:
    """A profile by its name.

    Raises:
        UsageError: there is none of that name.
    """
    found = profile(name.lower())
    if found is None:
        known = ", ".join(profile_names())
        raise UsageError(
            Text(f"没有名为 {name} 的发行版格式", f"no profile is called {name}"),
            Text(f"有：{known}", f"there are {known}"),
        )
    return found


def guessed_profile(messages: Iterable[str]) -> str | None:
    """The distribution whose form a target's latest messages have, newest first; None where too few have any."""
    texts = [read_head(text.partition("\n")[2]) for text in messages]
    fitting = {one.slug: [at for at, head in enumerate(texts) if _is_of(one, head)] for one in profiles()}
    # A branch that was forked off another distribution's holds the other's messages further down.
    weight = {slug: sum(1 / (1 + at) for at in places) for slug, places in fitting.items()}
    best = max(weight, key=lambda slug: weight[slug], default=None)
    if best is None or len(fitting[best]) < max(1, len(texts) // 10):
        return None
    narrower = [one.slug for one in profiles() if one.narrows == best and weight[one.slug] * 3 >= weight[best]]
    return max(narrower, key=lambda slug: weight[slug]) if narrower else best


def _is_of(one: Profile, head: Head) -> bool:
    """Whether a message has a distribution's form; what an original message says further down does not count."""
    lines = (*head.lines, *head.last) if one.at_end else head.lines
    return any(re.match(tell, line) for tell in one.tells for line in lines)


def header_of(
    profile_name: str,
    target: Target,
    raw: RawCommit,
    upstream_raw: RawCommit | None,
    comparison: Comparison | None,
) -> HeaderCheck:
    """Whether a message has the form that a distribution asks for, and what its head would be.

    A commit that names no upstream commit and that no upstream commit is known of is no backport yet: it is not
    blamed, and the proposal is for when it will be one.

    Args:
        profile_name: the distribution.
        target: where the commit is or is to go.
        raw: the commit.
        upstream_raw: its upstream commit, where this repository has it.
        comparison: the two held against each other, where that was done.

    Raises:
        UsageError: there is no such profile.
    """
    chosen = profile_of(profile_name)
    message = read_message(raw.message)
    if upstream_raw is not None and upstream_raw.id == raw.id:
        upstream_raw = None
    one = _backported(chosen, target, raw, upstream_raw, comparison, message)
    pending = one.pointed is None and upstream_raw is None and not one.head.inclusion and not message.reverts
    found = [words.not_yet(one)] if pending else list(words.findings(chosen, one))
    text, holes = words.proposal(chosen, one, _known(target.repository, one, raw, upstream_raw))
    right = all(finding.level == "note" for finding in found)
    if holes and (pending or not right):
        found.append(words.to_fill(one, holes))
    return HeaderCheck(chosen.slug, right, tuple(found), text)


def _backported(
    chosen: Profile,
    target: Target,
    raw: RawCommit,
    upstream_raw: RawCommit | None,
    comparison: Comparison | None,
    message: Message,
) -> words.Backported:
    pointer = next((one for one in message.upstream if one.form in chosen.forms), None)
    pointer = pointer or next(iter(message.upstream), None)
    own = raw.id if pointer is None and not message.reverts else None  # what is no backport is upstream itself
    upstream = upstream_raw.id if upstream_raw else own or (pointer.id if pointer else None)
    return words.Backported(
        id=raw.id,
        message=message,
        head=read_head(message.body),
        pointed=pointer.id if pointer else None,
        form=pointer.form if pointer else None,
        upstream=upstream,
        title=upstream_raw.subject if upstream_raw else bare_subject(raw.subject),
        signed=_signed(raw, message),
        likeness=comparison.class_ if comparison else None,
        twin=_twin(target, raw, upstream_raw) if chosen.one_title else None,
        other=_other_form(chosen, message),
    )


def _signed(raw: RawCommit, message: Message) -> bool:
    """Whether who committed it is among the sign-offs, by name or address."""
    by = raw.committer
    return any((by.email and by.email.lower() in one.lower()) or one.startswith(by.name) for one in message.sign_offs)


def _other_form(chosen: Profile, message: Message) -> str | None:
    """Another distribution in whose form the head stands at the message's top."""
    for other in profiles():
        if other.slug == chosen.slug or other.at_end:
            continue
        if any(pointer.form in other.forms for pointer in message.upstream):
            return other.slug
    return None


def _twin(target: Target, raw: RawCommit, upstream_raw: RawCommit | None) -> str | None:
    """Another commit that the target has under the same title, and upstream has not."""
    without = (upstream_raw or raw).id
    for count, identity in enumerate(target.finder.naming([raw.subject], target.only_here([without]))):
        if count >= _MOST_TWINS:
            break
        if identity != raw.id and next(iter(target.repository.commits([identity]))).subject == raw.subject:
            return identity
    return None


# ---- what fills the proposal ---------------------------------------------------------------------------------------


def _known(
    repository: Repository, one: words.Backported, raw: RawCommit, upstream_raw: RawCommit | None
) -> dict[str, str | None]:
    source = upstream_raw or (raw if one.upstream == raw.id else None)
    version = first_release(repository, source) if source else None
    return {
        "id": one.upstream,
        "title": one.title,
        "version": version,
        "number": version.removeprefix("v") if version else None,
        "date": _date(source.committer.date) if source else None,
    }


def first_release(repository: Repository, raw: RawCommit) -> str | None:
    """The first release of mainline that contains a commit, release candidates counted; None where no tag tells.

    Each release contains those before it, so the first is found by halves.
    """
    since = moment(raw.committer.date)
    tags = [(key, tag) for tag in repository.tags() if (key := _release(tag.name)) and not 0 < tag.when < since]
    tags.sort(key=lambda pair: pair[0])
    ids = [tag for _, tag in tags][:_MOST_RELEASES]
    try:
        if not ids or not repository.is_ancestor(raw.id, ids[-1].id):
            return None
        low, high = 0, len(ids) - 1
        while low < high:
            middle = (low + high) // 2
            if repository.is_ancestor(raw.id, ids[middle].id):
                high = middle
            else:
                low = middle + 1
    except KvmpatchError:
        return None
    return ids[low].name


def _release(name: str) -> tuple[int, int, int, int] | None:
    """A key by which the releases of mainline go in order; None for a tag that is none of them."""
    match = _RELEASE.match(name)
    if match is None or (match[3] and match[1] != "2"):  # vX.Y.Z is a stable release, but for 2.6.Z
        return None
    return int(match[1]), int(match[2]), int(match[3] or 0), int(match[4]) if match[4] else 1_000


def _date(written: str) -> str:
    """A date as git writes it with `--date=iso`."""
    try:
        return datetime.fromisoformat(written).strftime("%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return written


# ---- the remark ----------------------------------------------------------------------------------------------------


def note_of(
    profile_name: str | None, pick: Pick, prerequisites: Sequence[Prerequisite], plan: Plan | None = None
) -> str | None:
    """The remark that tells why a backport will differ, in its distribution's form; None where nothing calls for one.

    Args:
        profile_name: the distribution; None for the plain form.
        pick: what picking the commit gives: each conflict has its reason.
        prerequisites: what it leans on. Those that are no step of the plan are left out of the target, and are told
            unless the plan shows that it goes in without them.
        plan: what will be picked.
    """
    chosen = profile(profile_name.lower()) if profile_name else None
    reasons = [reason for file in pick.conflicts for reason in file.because]
    causes = [reason for reason in reasons if reason.code not in _NO_CAUSE] or reasons
    told = [reason.said.en for reason in sorted(causes, key=lambda reason: reason.code != "lacks-names")]
    steps = {step.id for step in plan.steps} if plan else set()
    spared = {"incidental", "textual"} if plan and plan.clean else {"incidental"}  # it went in without these
    for need in prerequisites:
        named = need.id[:_SHORT]
        if need.kind not in spared and need.id not in steps and not any(named in one for one in told):
            told.append(f'{named} ("{need.subject}") is not in the target')
    told = list(dict.fromkeys(told))
    if not told or (pick.state == "clean" and not prerequisites):
        return None
    rest = f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
    what = f"adapted: {'; '.join(told[:_MOST_TOLD])}{rest}"
    said = words.remark_in(chosen, what) if chosen else f"[ {what} ]"
    return textwrap.fill(said, _WIDTH, break_long_words=False, break_on_hyphens=False)
