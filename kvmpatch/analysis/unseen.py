"""What only hunks were at hand for: whatever they do not show is taken out of the facts again.

The comparison ran on text in which unseen stretches carry a mark. A name, a value or a condition with that mark is
not known: a thing without a known name is left out, a value becomes None, a condition is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from kvmpatch.analysis.commit_facts import CommitFacts
from kvmpatch.model import (
    AccessBefore,
    Basis,
    BitBefore,
    BitUse,
    Change,
    CsrAccess,
    Guard,
    Happened,
    MemberChange,
    Warning,
)
from kvmpatch.parse.unseen import is_unseen
from kvmpatch.words import Text

NO_PLACE = "?"
_ANONYMOUS = re.compile(r"\(anonymous, .*\)$")


def without_unseen(facts: CommitFacts) -> CommitFacts:
    """The facts less everything that is not known, and warnings of what the reader must not take for all."""
    return replace(
        facts,
        changes=tuple(_change(change) for change in facts.changes if not _is_nameless(change)),
        csr_accesses=tuple(_access(access) for access in facts.csr_accesses),
        bits=tuple(_bit(bit) for bit in facts.bits),
        extensions=tuple(
            replace(role, via=tuple(via for via in role.via if not is_unseen(via))) for role in facts.extensions
        ),
        warnings=(*facts.warnings, *_warnings(facts)),
    )


def _warnings(facts: CommitFacts) -> Iterator[Warning]:
    nameless = sorted({change.path for change in facts.changes if _is_nameless(change)})
    if nameless:
        where = ", ".join(nameless)
        yield Warning(
            "unknown-context",
            Text(
                f"补丁没有显示某些改动位于何处，未列出：{where}",
                f"the patch does not show what some of its changes are in; they are not listed: {where}",
            ),
        )
    partial = {change.name for change in facts.changes if change.basis is Basis.HUNK_HEADER}
    functions = [*(access.function for access in facts.csr_accesses), *(bit.function for bit in facts.bits)]
    if any(is_unseen(function) or function in partial for function in functions):
        yield Warning(
            "guards-in-part",
            Text(
                "仅读取了补丁文本：hunk 之外的条件不可见，所列检查可能不全",
                "read from hunks alone: a condition that stands outside of them is not seen, so guards may be missing",
            ),
        )


def _is_nameless(change: Change) -> bool:
    return is_unseen(_name(change.name))


def _name(name: str) -> str:
    """An enum without a name is known by its first constant, if that is shown."""
    return _ANONYMOUS.sub("(anonymous)", name) if is_unseen(name) else name


def _known(text: str | None) -> str | None:
    return None if is_unseen(text) else text


def _change(change: Change) -> Change:
    before = change.before
    if before:
        before = replace(
            before, name=_name(before.name), signature=_known(before.signature), value=_known(before.value)
        )
    return replace(
        change,
        name=_name(change.name),
        signature=_known(change.signature),
        value=_known(change.value),
        before=before,
        members=tuple(_member(member) for member in change.members if _is_known(member)),
    )


def _is_known(member: MemberChange) -> bool:
    """Whether a member has a name, and something to say.

    A constant that is counted from one that is not shown has a value, but nobody knows which: it is no change that
    could be told.
    """
    if is_unseen(member.name) or (member.name.isdigit() and is_unseen(member.value)):
        return False
    before = member.before
    if member.change is not Happened.MODIFIED or before is None or before.type != member.type:
        return True
    return not (_is_counted(before.value) and _is_counted(member.value))


def _is_counted(value: str | None) -> bool:
    return is_unseen(value) and bool(re.fullmatch(r"\w+(?: \+ \d+)?", value or ""))


def _member(member: MemberChange) -> MemberChange:
    before = member.before
    if before:
        before = replace(before, type=_known(before.type), value=_known(before.value))
    # An entry without designator is known by its place; without one (its table is not shown whole), by nothing.
    name = NO_PLACE if member.name.isdigit() and member.position is None else member.name
    return replace(member, name=name, type=_known(member.type), value=_known(member.value), before=before)


def _guards(guards: tuple[Guard, ...]) -> tuple[Guard, ...]:
    return tuple(guard for guard in guards if not is_unseen(guard.text))


def _access(access: CsrAccess) -> CsrAccess:
    before = access.before
    if before:
        before = AccessBefore(
            _known(before.function), before.path, before.line, _known(before.value), _guards(before.guards)
        )
    return replace(
        access,
        function=_known(access.function),
        value=_known(access.value),
        guards=_guards(access.guards),
        before=before,
    )


def _bit(bit: BitUse) -> BitUse:
    before = bit.before
    if before:
        before = BitBefore(
            _known(before.target), _known(before.function), before.path, before.line, _guards(before.guards)
        )
    return replace(
        bit, function=_known(bit.function), target=_known(bit.target), guards=_guards(bit.guards), before=before
    )
