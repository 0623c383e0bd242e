"""Configuration bits that a phase newly sets: where they go, when, and for which guests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from kvmpatch import knowledge
from kvmpatch.model import Effect, Evidence, GuardKind, Report
from kvmpatch.rules.phrases import when
from kvmpatch.rules.spoken import Context, Spoken, listed, say
from kvmpatch.words import Text

_MOST_NAMED = 2
_MOST_SENTENCES = 2


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """One sentence a phase and target, for what it gains and for what it loses."""
    if context.flow is None:
        return
    apart = {id(effect) for stay in context.flow.stays for effect in (stay.before, stay.after)}
    apart |= {id(effect) for move in context.flow.moves for effect in (*move.before, *move.after)}
    groups: defaultdict[tuple[str, str, bool], list[Effect]] = defaultdict(list)
    for phase in context.flow.phases:
        for now, mine, other in ((True, phase.after, phase.before), (False, phase.before, phase.after)):
            cleared = {(effect.target, effect.value) for effect in mine if effect.operation == "clear"}
            had = {(_last(effect), effect.value) for effect in other if effect.what == "bit"}
            for effect in mine:
                if effect.what != "bit" or effect.operation != "set" or id(effect) in apart or effect.moved_from:
                    continue
                # Set and cleared in one phase: which it is depends on what the table shows.
                both = (effect.target, effect.value) in cleared
                if not now and _still_written(effect, other):
                    continue
                if not both and (_last(effect), effect.value) not in had and _is_field(effect, mine):
                    groups[phase.phase, effect.target, now].append(effect)
    for (slug, target, now), effects in list(groups.items())[:_MOST_SENTENCES]:
        yield _said(report, slug, target, effects, now=now)


def _still_written(effect: Effect, other: tuple[Effect, ...]) -> bool:
    """Whether a CSR that a local variable was for is written on the other side as well, perhaps with a constant."""
    local = "->" not in effect.target and "." not in effect.target
    return local and any(one.what == "csr" and one.target == effect.target for one in other)


def _last(effect: Effect) -> str:
    return effect.target.replace(".", ">").rpartition(">")[2]


def _is_field(effect: Effect, among: tuple[Effect, ...]) -> bool:
    """A field, or a local variable that the same phase writes to a CSR."""
    if "->" in effect.target or "." in effect.target:
        return True
    return any(other.what == "csr" and other.value == effect.target for other in among) or bool(
        knowledge.csr(effect.target)
    )


def _said(report: Report, slug: str, target: str, effects: list[Effect], *, now: bool) -> Spoken:
    by_macro: dict[str, Text | None] = {}
    for effect in effects:
        by_macro.setdefault(effect.value or "?", _asked(effect))
    asked = list(dict.fromkeys(by_macro.values()))
    time = when(slug)
    if len(asked) == 1 or len(by_macro) > _MOST_NAMED:
        count = len(by_macro)
        names = listed(list(by_macro)) if count <= _MOST_NAMED else Text(f"{count} 个位", f"{count} bits")
        only = asked[0] if len(asked) == 1 else None
        said = _under(names, only)
    else:
        each = [_under(Text.same(macro), only) for macro, only in by_macro.items()]
        said = Text("，".join(one.zh for one in each), ", ".join(one.en for one in each))
    proof = (
        Evidence(
            commit=report.commit.id,
            path=effect.path,
            side="after" if now else "before",
            line=effect.line,
            text=effect.value,
        )
        for effect in effects[:5]
    )
    if now:
        text = Text(f"{time.zh} {target} 新增：{said.zh}。", f"{target} now gets {said.en}, {time.en}.")
        return say("summary", "bits-computed", text, *proof)
    text = Text(f"{time.zh} {target} 不再包含：{said.zh}。", f"{target} no longer gets {said.en}, {time.en}.")
    return say("summary", "bits-dropped", text, *proof)


def _under(names: Text, condition: Text | None) -> Text:
    if condition is None:
        return names
    return Text(f"{condition.zh}时置 {names.zh}", f"{names.en} if {condition.en}")


def _asked(effect: Effect) -> Text | None:
    """The extensions that the bit depends on, and whose, as a condition."""
    found = []
    for guard in effect.guards:
        name = knowledge.guard_extension(guard.text)
        if name is None or guard.kind not in {GuardKind.HOST, GuardKind.GUEST}:
            continue
        who = Text("宿主机", "the host") if guard.kind is GuardKind.HOST else Text("客户机", "the guest")
        has = Text("没有", "lacks") if guard.negated else Text("有", "has")
        found.append(Text(f"{who.zh}{has.zh} {name}", f"{who.en} {has.en} {name}"))
    if not found:
        return None
    return Text("且".join(one.zh for one in found), " and ".join(one.en for one in found))
