"""Whether a backport's message has the form that its distribution asks for, and what its head would be.

The rules themselves are data (knowledge/profiles, each with its source); here is what is said where one is broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

from kvmpatch.knowledge.profiles import Key, Profile
from kvmpatch.model import Evidence, Message
from kvmpatch.model.backport import HeaderFinding, Level, Likeness
from kvmpatch.model.messages import Head
from kvmpatch.rules.spoken import spaced
from kvmpatch.words import Text

_FULL = (40, 64)
_TOLD = ("partial", "modified", "different")
_LONGEST = 160
_POINTED = frozenset({"mainline", "stable", "next"})
_HOLE = re.compile(r"<([^<>]+)>")
_FILLED = re.compile(r"\{(\w+)\}")
_EXACT = re.compile(r"\b[0-9a-f]{7,}\b|\w_\w|\w\(\)|CONFIG_")


class Backported(msgspec.Struct, frozen=True):
    """What is known of a commit whose message is looked at.

    Attributes:
        pointed: the upstream id that its message names, as written; None for none.
        form: the form of that pointer (a slug).
        upstream: full id of the upstream commit, where known.
        title: its subject.
        signed: whether who committed it signed it off.
        likeness: how it compares with its upstream commit; None where that is not known.
        twin: another commit of the target under the same title.
        other: another profile whose form the message has.
    """

    id: str
    message: Message
    head: Head
    pointed: str | None
    form: str | None
    upstream: str | None
    title: str
    signed: bool
    likeness: Likeness | None
    twin: str | None
    other: str | None


def findings(profile: Profile, one: Backported) -> Iterator[HeaderFinding]:
    """Every point in which a backport's message departs from its distribution's form."""
    lines = one.head.last if profile.at_end else one.head.lines
    places = placed(profile, lines)
    if profile.reverts and one.message.reverts and not places:
        yield _made(one, "header-revert", "error", "还原提交也要有提交头", "a revert has the head as well")
    elif not places or not _points(profile, places, one):
        if one.form not in profile.also:
            yield from _without_head(profile, one)
    else:
        yield from _keys(profile, one, lines, places)
        yield from _frame(profile, one, lines, places)
    yield from _revert_named(profile, one)
    yield from _remarks(profile, one)
    if not one.signed:
        yield _made(
            one,
            "header-sign-off",
            "warning",
            "没有提交者自己的 Signed-off-by",
            "the committer's own sign-off is missing",
        )
    if profile.one_title and one.twin:
        told = Evidence(commit=one.twin, text=one.message.subject)
        yield _made(
            one,
            "header-same-title",
            "error",
            f"目标中已有同标题的 {one.twin[:12]}："
            f"补全先前不完整的回移植要用新标题，类别 {profile.completing or 'bugfix'}",
            f"{one.twin[:12]} of the target has this title already: what completes an earlier pick gets its own, "
            f"with the category {profile.completing or 'bugfix'}",
            told,
        )


def not_yet(one: Backported) -> HeaderFinding:
    """The commit is no backport: what is proposed is for when it will be."""
    return _made(
        one,
        "header-not-yet",
        "note",
        "它还不是回移植提交；提交头是移植之后应有的",
        "it is no backport yet; the head is the one that it would have as one",
    )


def to_fill(one: Backported, holes: Sequence[str]) -> HeaderFinding:
    """What of the proposed head cannot be known from the repository."""
    return _made(
        one,
        "header-to-fill",
        "note",
        f"尖括号里的要自己填，仓库里查不到：{'、'.join(holes)}",
        f"what stands in angle brackets is for you to fill in, no repository tells it: {', '.join(holes)}",
    )


# ---- parts ---------------------------------------------------------------------------------------------------------


def placed(profile: Profile, lines: Sequence[str]) -> dict[str, int]:
    """Where each line of the profile stands among some lines, by its name."""
    found = {}
    for key in profile.keys:
        pattern = re.compile(key.pattern)
        at = next((index for index, line in enumerate(lines) if pattern.match(line)), None)
        if at is not None:
            found[key.name] = at
    return found


def _points(profile: Profile, places: Mapping[str, int], one: Backported) -> bool:
    """Whether what was found is this distribution's head, and no line of another's that looks like one of its own."""
    if any(key.name == "inclusion" for key in profile.keys):
        return "inclusion" in places or len(places) > 1
    return bool(places) and (one.form in profile.forms or one.form is None or len(places) > 1)


def _without_head(profile: Profile, one: Backported) -> Iterator[HeaderFinding]:
    wanted = next((key.write for key in profile.keys), "").replace("{", "<").replace("}", ">")
    if one.form is None or one.form in profile.forms:
        yield _made(
            one,
            "header-missing",
            "error",
            f"没有 {profile.title.zh} 的提交头，应以“{wanted}”开头",
            f"the head of {profile.title.en} is missing; it begins with: {wanted}",
        )
        return
    # A commit of another distribution may be on its way here: its own form is right where it comes from.
    yield _made(
        one,
        "header-foreign",
        "warning" if one.other else "error",
        f"以别处的格式（{one.form}）指明上游，不是 {profile.title.zh} 的",
        f"names its upstream commit in another form ({one.form}) than that of {profile.title.en}",
        Evidence(commit=one.id, text=one.pointed),
    )


def _keys(
    profile: Profile, one: Backported, lines: Sequence[str], places: Mapping[str, int]
) -> Iterator[HeaderFinding]:
    for key in profile.keys:
        at = places.get(key.name)
        if at is None:
            if is_needed(key, lines, places, one):
                yield _made(one, "header-key", "error", f"缺少 {key.name} 一行", f"the line {key.name} is missing")
            continue
        yield from _line(key, lines[at], one)


def is_needed(key: Key, lines: Sequence[str], places: Mapping[str, int], one: Backported) -> bool:
    """Whether a line must be there: always, or because an upstream commit is what the message is about."""
    if key.required != "pointed":
        return key.required == "always"
    at = places.get("inclusion")
    return lines[at].split(" ")[0].lower() in _POINTED if at is not None else one.upstream is not None


def _line(key: Key, line: str, one: Backported) -> Iterator[HeaderFinding]:
    """One line of a head: its form, its value, the id and the title that it names."""
    proof = Evidence(commit=one.id, text=line[:_LONGEST])
    loose, right = re.match(key.pattern, line), re.fullmatch(key.right, line)
    parts = {name: value for match in (loose, right) if match for name, value in match.groupdict().items() if value}
    identity, title = parts.get("id"), parts.get("title")
    wants_title = "{title}" in key.write
    if wants_title and identity and not title:
        yield _made(
            one, "header-title", "error", "提交号之后缺少标题", "the title is missing behind the commit's id", proof
        )
    elif right is None:
        yield _made(
            one,
            "header-form",
            "error",
            f"{key.name} 一行的写法不对，应为：{key.write}",
            f"the line {key.name} is not written as it should be: {key.write}",
            proof,
        )
    elif key.values and parts.get("value") not in key.values:
        allowed = "、".join(key.values), ", ".join(key.values)
        yield _made(
            one,
            "header-value",
            "error",
            f"{key.name} 只能是：{allowed[0]}",
            f"{key.name} is one of: {allowed[1]}",
            proof,
        )
    if title and wants_title and one.upstream and title != one.title:
        yield _made(
            one, "header-title-other", "error", "标题与上游提交的不同", "the title is not the upstream commit's", proof
        )
    if identity:
        yield from _identity(identity, proof, one)


def _identity(identity: str, proof: Evidence, one: Backported) -> Iterator[HeaderFinding]:
    if len(identity) not in _FULL:
        yield _made(one, "header-short-id", "error", "提交号要写全", "the commit's id is to be written in full", proof)
    if one.upstream and not one.upstream.startswith(identity):
        yield _made(
            one,
            "header-other-id",
            "error",
            f"所写的提交号不是上游提交 {one.upstream[:12]}",
            f"the id is not that of the upstream commit {one.upstream[:12]}",
            proof,
        )


def _frame(
    profile: Profile, one: Backported, lines: Sequence[str], places: Mapping[str, int]
) -> Iterator[HeaderFinding]:
    """Order, place and end of the head."""
    order = [places[key.name] for key in profile.keys if key.name in places]
    if order != sorted(order):
        names = [key.name for key in profile.keys if key.name in places]
        wanted = " → ".join(names)
        first = next(lines[at] for at, after in pairwise(order) if at > after)
        yield _made(
            one,
            "header-order",
            "warning",
            f"各行的次序应为：{wanted}",
            f"the lines of the head go in this order: {wanted}",
            Evidence(commit=one.id, text=first[:_LONGEST]),
        )
    if not one.head.at_top and not profile.at_end:
        yield _made(
            one, "header-late", "error", "提交头应紧跟标题，前面不能有正文", "the head comes right below the subject"
        )
    if profile.rule and not one.head.closed:
        yield _made(
            one,
            "header-rule",
            "error",
            "提交头之后缺少一行短横线，正文要在它下面",
            "no line of dashes closes the head; the text goes below it",
        )


def _revert_named(profile: Profile, one: Backported) -> Iterator[HeaderFinding]:
    """How a revert names what it takes back."""
    reverts = one.message.reverts
    if not reverts:
        return
    lowered = ((line, line.lower()) for line in one.message.body.split("\n"))
    line = next((line for line, low in lowered if reverts in low and "revert" in low), one.message.subject)
    proof = Evidence(commit=one.id, text=line.strip()[:_LONGEST])
    if len(reverts) not in _FULL:
        yield _made(one, "header-short-id", "error", "提交号要写全", "the commit's id is to be written in full", proof)
    if profile.title_after_id and '("' not in line:
        yield _made(
            one, "header-title", "error", "提交号之后缺少标题", "the title is missing behind the commit's id", proof
        )


def _remarks(profile: Profile, one: Backported) -> Iterator[HeaderFinding]:
    """The remark on a deviation: that there is one, where it stands, that it tells a cause."""
    remarks = [remark for remark in one.head.remarks if not remark.text.lower().startswith("upstream commit")]
    if not remarks:
        if one.likeness in _TOLD:
            yield _made(
                one,
                "header-remark",
                "error" if profile.note_last else "warning",
                f"与上游提交不同，却没有说明原因；应写 {remark_in(profile, '…')}",
                f"differs from its upstream commit and does not say why; it takes {remark_in(profile, '...')}",
            )
        return
    remark = remarks[-1]
    proof = Evidence(commit=one.id, text=f"[{remark.text}]"[:_LONGEST])
    stands = remark.above_last if profile.note_last else remark.above_sign_off
    if one.likeness in _TOLD and not stands:
        which = ("自己的", "one's own sign-off") if profile.note_last else ("", "a sign-off")
        yield _made(
            one,
            "header-remark-place",
            "warning",
            f"说明要写在{which[0]} Signed-off-by 的正上方",
            f"the remark goes right above {which[1]}",
            proof,
        )
    if any(re.match(pattern, remark.text, re.IGNORECASE) for pattern in profile.vague) and not _EXACT.search(
        remark.text
    ):
        yield _made(
            one,
            "header-remark-vague",
            "error",
            "说明没有讲真正的原因：目标缺什么，是哪个提交带来的",
            "the remark tells no cause: what the target lacks, and which commit brought it",
            proof,
        )


def _made(one: Backported, code: str, level: Level, zh: str, en: str, proof: Evidence | None = None) -> HeaderFinding:
    told = proof or Evidence(commit=one.id, text=one.message.subject[:_LONGEST] or None)
    return HeaderFinding(code, level, Text(spaced(zh), en), (told,))


# ---- proposals -----------------------------------------------------------------------------------------------------


def proposal(profile: Profile, one: Backported, known: Mapping[str, str | None]) -> tuple[str, tuple[str, ...]]:
    """The head as it would be, and what of it a person has to fill in.

    Args:
        profile: whose form.
        one: the commit.
        known: what the words in braces stand for; None for what is not known.
    """
    lines = one.head.last if profile.at_end else one.head.lines
    places = placed(profile, lines)
    written: list[str] = []
    holes: list[str] = []
    for key in profile.keys:
        if key.required == "pointed" and not one.upstream:
            continue
        kept = lines[places[key.name]] if key.name in places else ""
        if _stands(key, kept, one):
            text = kept
        else:
            text, open_ones = _filled(key, known, bool(one.upstream))
            holes += open_ones
        written += ([""] if key.gap else []) + [text]
    if profile.rule:
        written += ["", profile.rule]
    return "\n".join(written), tuple(dict.fromkeys(holes))


def _stands(key: Key, line: str, one: Backported) -> bool:
    """Whether a line is right as it is, and so stays."""
    return re.fullmatch(key.right, line) is not None and not list(_line(key, line, one))


def _filled(key: Key, known: Mapping[str, str | None], pointed: bool) -> tuple[str, list[str]]:
    """A line with its words filled in, and the name of the line where something stays open."""
    if key.name == "inclusion" and not pointed:
        return "<name> inclusion", [key.name]
    lost = [name for name in _FILLED.findall(key.write) if not known.get(name)]
    text = _FILLED.sub(lambda match: known.get(match[1]) or f"<{match[1]}>", key.write)
    return text, [key.name] if lost or _HOLE.search(key.write) else []


def remark_in(profile: Profile, what: str) -> str:
    """A remark in the form of a distribution."""
    return profile.note.replace("{me}", "<name>").replace("{what}", what)
