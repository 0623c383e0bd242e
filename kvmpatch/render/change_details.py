"""The lines under one changed thing: signature, value, members, CSR accesses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from kvmpatch.model import AccessBefore, Aspect, CallChange, Change, CsrAccess, Happened, Kind, MemberChange
from kvmpatch.render import labels
from kvmpatch.render.guards import guard_text
from kvmpatch.render.page import Line, Span, Style, Voice
from kvmpatch.render.symbols import symbol_of

_MEMBERS_SHOWN = 8
_MEMBERS_INLINE = 3
_INLINE_WIDTH = 44
_PAIR_WIDTH = 60
_VALUE_WIDTH = 160
_POSITIONED = (Kind.STRUCT, Kind.UNION)
_CALLABLE = (Kind.FUNCTION, Kind.SYSCALL)


def _pair(before: str, after: str) -> list[Line]:
    """`before → after`, on two lines when long."""
    before, after = _cut(before), _cut(after)
    if len(before) + len(after) <= _PAIR_WIDTH:
        return [(Span(before, Style.CODE), Span(" → "), Span(after, Style.CODE))]
    return [(Span("− ", Style.REMOVED), Span(before, Style.CODE)), (Span("+ ", Style.ADDED), Span(after, Style.CODE))]


def _cut(text: str) -> str:
    """A long value by its first words; JSON holds all of it."""
    text = " ".join(text.split())
    if len(text) <= _VALUE_WIDTH:
        return text
    return text[:_VALUE_WIDTH].rpartition(" ")[0] + " …"


def head_spans(change: Change, full_name: str) -> list[Span]:
    """The name; of a new function its whole prototype, with the name in it."""
    if change.change is Happened.ADDED and change.kind in _CALLABLE and change.signature:
        left, name, right = _around(change.signature, change.name)
        if name:
            spans = [Span(left, Style.CODE), Span(name, Style.NAME), Span(_cut(right), Style.CODE)]
            return [span for span in spans if span.text]
    return [Span(full_name, Style.NAME)]


def _around(signature: str, name: str) -> tuple[str, str, str]:
    """A prototype in three: what is before the name, the name, what is after it."""
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", signature)
    if not found:
        return signature, "", ""
    return signature[: found.start()], name, signature[found.end() :]


def signature_lines(change: Change) -> list[Line]:
    """The signature before and after where it differs: the parameters alone where nothing else does."""
    before = change.before
    if Aspect.SIGNATURE in change.aspects and before and before.signature and change.signature:
        left_before, was, right_before = _around(before.signature, before.name)
        left, name, right = _around(change.signature, change.name)
        if was and name and left == left_before:
            return _pair(right_before, right)
        return _pair(before.signature, change.signature)
    if change.change is Happened.ADDED and change.kind in _CALLABLE and change.signature:
        return [] if _around(change.signature, change.name)[1] else [(Span(_cut(change.signature), Style.CODE),)]
    return []


def shortened_value(change: Change) -> str:
    """The value of a new or removed thing, where it fits beside the name."""
    value = " ".join((change.value or "").split())
    if not value or len(value) > _INLINE_WIDTH:
        return ""
    return value if change.kind is Kind.MACRO else f"= {value}"


def value_lines(change: Change) -> list[Line]:
    """The value before and after; a new one only where it did not fit beside the name."""
    if change.kind in (*_CALLABLE, Kind.ASM_SYMBOL):
        return []
    if change.before:
        if Aspect.VALUE not in change.aspects or change.before.value == change.value:
            return []
        return _pair(change.before.value or "–", change.value or "–")
    if change.value and not shortened_value(change) and not change.members:
        return [(Span(_cut(change.value), Style.CODE),)]
    return []


def members_inline(change: Change) -> str:
    """`{ u64 henvcfg }`: all members of a small type that is new or gone."""
    if change.before or change.kind not in (Kind.STRUCT, Kind.UNION, Kind.ENUM):
        return ""
    if not 0 < len(change.members) <= _MEMBERS_INLINE or any(m.of != len(change.members) for m in change.members):
        return ""
    if change.kind is Kind.ENUM:
        said = ", ".join(f"{m.name} = {m.value}" if m.value else m.name for m in change.members)
    else:
        said = "; ".join(f"{m.type} {m.name}" if m.type else m.name for m in change.members)
    return f"{{ {said} }}" if len(said) <= _INLINE_WIDTH else ""


def member_lines(change: Change, voice: Voice) -> list[Line]:
    """One line a member that differs, with its type, value and place."""
    shown = voice.fit(_MEMBERS_SHOWN, len(change.members))
    lines = [_member(member, change) for member in change.members[:shown]]
    if shown < len(change.members):
        lines.append((Span(voice.inline(labels.more(len(change.members) - shown)), Style.FAINT),))
    return lines


def _member(member: MemberChange, change: Change) -> Line:
    before = member.before
    line = [symbol_of(member.change), Span(" "), Span(member.name, Style.CODE)]
    if before and before.name != member.name:
        line += [Span(" ← "), Span(before.name, Style.CODE)]
    if before and before.type != member.type:
        line.append(Span(f": {before.type or '–'} → {member.type or '–'}", Style.CODE))
    elif member.type and change.kind in _POSITIONED:
        line.append(Span(f": {member.type}", Style.CODE))
    if before and before.value != member.value:
        line.append(Span(f" = {before.value or '–'} → {member.value or '–'}", Style.CODE))
    elif member.value:
        line.append(Span(f" = {_cut(member.value)}", Style.CODE))
    if change.kind in _POSITIONED and member.position is not None:
        moved = before is not None and before.position != member.position and member.change is Happened.MOVED
        place = f"{before.position} → {member.position}" if before and moved else str(member.position)
        line.append(Span(f" ({place}/{member.of})", Style.FAINT))
    return tuple(line)


def _register(access: CsrAccess) -> str:
    """A register as the source names it, without its `CSR_`."""
    return access.csr_macro.removeprefix("CSR_") if access.csr_macro else (access.csr or "?").upper()


def access_lines(accesses: Iterable[CsrAccess], voice: Voice) -> Iterator[Line]:
    """CSR accesses, one a line; those that came from the same function stand under its name."""
    for origin, run in groupby(accesses, key=_origin):
        group = list(run)
        together = bool(origin) and len(group) > 1
        if together:
            yield (Span("← "), Span(f"{origin}()", Style.CODE))
        for access, half in _with_halves(group, voice):
            yield from _access(access, half, voice, "  " if together else "", bool(origin) and not together)


def _with_halves(group: list[CsrAccess], voice: Voice) -> Iterator[tuple[CsrAccess, CsrAccess | None]]:
    """Accesses, those of a low and of its high half as one, unless every line is wanted."""
    rest = iter([*group, None])
    access = next(rest)
    while access is not None:
        following = next(rest)
        if following is not None and not voice.verbose and _is_half(access, following):
            yield access, following
            access = next(rest)
        else:
            yield access, None
            access = following


def _is_half(low: CsrAccess, high: CsrAccess) -> bool:
    """Whether an access writes the upper half of what the one before it writes the lower half of."""
    return (
        (high.csr, high.change, high.accessor) == (f"{low.csr}h", low.change, low.accessor)
        and (high.before is None) == (low.before is None)
        and low.before is None
        and high.value == f"{low.value} >> 32"
    )


def _origin(access: CsrAccess) -> str | None:
    """The function that the access was in, where that is another one."""
    before = access.before
    return before.function if before and before.function != access.function else None


def _access(access: CsrAccess, half: CsrAccess | None, voice: Voice, indent: str, with_origin: bool) -> Iterator[Line]:
    line = [Span(indent), symbol_of(access.change), Span(" ")]
    line.append(Span(f"{access.accessor} {_register(access)}{'[H]' if half else ''}", Style.CODE))
    if access.value:
        line.append(Span(f" ← {_cut(access.value)}", Style.CODE))
    if access.guards:
        line += [Span("  "), Span(f"[{guard_text(access.guards)}]", Style.CONDITION)]
    own = tuple(guard for guard in half.guards if guard not in access.guards) if half else ()
    if own:
        line += [Span("  "), Span(f"[H: {guard_text(own)}]", Style.CONDITION)]
    yield tuple(line)
    if access.before:
        was = _was(access, access.before, voice, with_origin)
        if was:
            yield (Span(f"{indent}    "), Span(voice.label(labels.WAS), Style.FAINT), Span("  "), *was)


def _was(access: CsrAccess, before: AccessBefore, voice: Voice, with_origin: bool) -> Line:
    """Only what differs from the access as it is now."""
    parts: list[Span] = []
    if with_origin:
        parts.append(Span(f"{before.function}()", Style.CODE))
    elif before.path != access.path and before.function == access.function:
        parts.append(Span(f"{before.path}:{before.line}", Style.ADDRESS))
    if before.value != access.value and before.value:
        parts.append(Span(_cut(before.value), Style.CODE))
    if before.guards != access.guards:
        condition = f"[{guard_text(before.guards)}]" if before.guards else voice.inline(labels.UNGUARDED)
        parts.append(Span(condition, Style.CONDITION if before.guards else Style.PLAIN))
    spaced: list[Span] = []
    for part in parts:
        spaced += [Span("  "), part] if spaced else [part]
    return tuple(spaced)


def call_lines(calls: Iterable[CallChange]) -> Iterator[Line]:
    """Calls that came and went, one a line, with the conditions under which they are made."""
    for call in calls:
        line: Line = (symbol_of(call.change), Span(" "), Span(f"{call.name}()", Style.CODE))
        if call.guards:
            line = (*line, Span("  "), Span(f"[{guard_text(call.guards)}]", Style.CONDITION))
        yield line


def left_lines(accesses: list[CsrAccess]) -> list[Line]:
    """The accesses that left a function, one line for each function that they went to."""
    targets: dict[tuple[str, str | None], list[str]] = {}
    for access in accesses:
        targets.setdefault((access.accessor, access.function), []).append(_register(access))
    return [
        (
            Span("−", Style.REMOVED),
            Span(" "),
            Span(f"{accessor} {', '.join(dict.fromkeys(registers))}", Style.CODE),
            Span(" → "),
            Span(f"{function}()" if function else "?", Style.CODE),
        )
        for (accessor, function), registers in targets.items()
    ]
