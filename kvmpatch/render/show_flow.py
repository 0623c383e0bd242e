"""What runs in which phase, before and after."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from msgspec.structs import replace

from kvmpatch.model import Effect, PhaseChange
from kvmpatch.render import labels
from kvmpatch.render.guards import guard_text
from kvmpatch.render.page import Block, Line, Note, Span, Style, Table, Voice
from kvmpatch.words import Text

_EFFECTS_SHOWN = 8
_BITS_NAMED = 2


def flow_blocks(phases: tuple[PhaseChange, ...] | None, voice: Voice) -> tuple[Block, ...]:
    """A table of phases; nothing for what was not worked out, a sentence where nothing differs."""
    if phases is None:
        return ()
    if not phases:
        return (Note(voice.lines(labels.NO_PHASE_CHANGE)),)
    head = tuple(voice.label(label) for label in (labels.PHASE, labels.BEFORE, labels.AFTER))
    rows = tuple((_phase(one, voice), _effects(one.before, voice), _effects(one.after, voice)) for one in phases)
    return (Table(head, rows),)


def phase_name(slug: str) -> Text:
    """How a phase is called; its slug where there is no name."""
    return labels.PHASES.get(slug, Text.same(slug or "?"))


def _phase(phase: PhaseChange, voice: Voice) -> tuple[Line, ...]:
    lines = voice.lines(phase_name(phase.phase), Style.STRONG)
    if voice.verbose:
        lines += ((Span(f"{phase.entry}()", Style.CODE),), *voice.lines(phase.frequency.said, Style.FAINT))
    return lines


def _effects(effects: tuple[Effect, ...], voice: Voice) -> tuple[Line, ...]:
    lines = list(_grouped(effects if voice.verbose else _halves_joined(effects), voice))
    shown = voice.fit(_EFFECTS_SHOWN, len(lines))
    if shown < len(lines):
        return (*lines[:shown], (Span(voice.inline(labels.more(len(lines) - shown)), Style.FAINT),))
    return tuple(lines)


def _grouped(effects: Iterable[Effect], voice: Voice) -> Iterable[Line]:
    """One line an effect; a run of bits that go into the same place is one line, since section 4 names them."""
    for (what, target), run in groupby(effects, key=lambda effect: (effect.what, effect.target)):
        group = list(run)
        if what == "bit" and len(group) > _BITS_NAMED and not voice.verbose:
            line: Line = (Span(voice.inline(labels.bits_count(len(group)))), Span(f" → {target}", Style.CODE))
            origins = {effect.moved_from for effect in group}
            yield (*line, *_origin(group[0], voice)) if len(origins) == 1 else line
        else:
            for effect in group:
                yield _effect(effect, voice)


def _halves_joined(effects: Iterable[Effect]) -> Iterable[Effect]:
    """Writes of both halves of a register as one, `HENVCFG[H]`: that the upper one is for RV32 goes without saying."""
    low: Effect | None = None
    for effect in effects:
        if low and _is_half(low, effect):
            low = replace(low, target=f"{low.target}[h]")
            continue
        if low:
            yield low
        low = effect
    if low:
        yield low


def _is_half(low: Effect, high: Effect) -> bool:
    own = [guard for guard in high.guards if guard not in low.guards]
    return (
        (high.what, high.target, high.operation) == ("csr", f"{low.target}h", low.operation)
        and high.value == f"{low.value} >> 32"
        and all("CONFIG_32BIT" in guard.text for guard in own)
    )


def _effect(effect: Effect, voice: Voice) -> Line:
    line: list[Span] = [Span(_effect_text(effect), Style.CODE)]
    if effect.guards:
        line += [Span(" "), Span(f"[{guard_text(effect.guards)}]", Style.CONDITION)]
    line += _origin(effect, voice)
    if voice.verbose:
        chain = " > ".join(f"{function}()" for function in effect.via)
        line.append(Span(f" {chain} {effect.path}:{effect.line}".replace("  ", " "), Style.ADDRESS))
    return tuple(line)


def _origin(effect: Effect, voice: Voice) -> Line:
    if effect.moved_from is None:
        return ()
    was = phase_name(effect.moved_from.phase)
    said = Text(f"{labels.WAS_IN.zh} {was.zh}", f"{labels.WAS_IN.en} {was.en}")
    return (Span(f" ({voice.shared(said)})", Style.MOVED),)


def _effect_text(effect: Effect) -> str:
    match effect.what:
        case "bit":
            sign = "~" if effect.operation == "clear" else ""
            return f"{sign}{effect.value} → {effect.target}" if effect.value else effect.target
        case "call":
            return effect.target if effect.target.endswith(")") else f"{effect.target}()"
        case "return":
            return f"return {effect.value}" if effect.value else "return"
        case "field":
            return f"{effect.target} = {effect.value}" if effect.value else effect.target
        case "csr":
            return _csr_text(effect)
        case _:
            return f"{effect.target} ← {effect.value}" if effect.value else effect.target


_SIGNS = {"swap": "↔", "set": "|=", "read_set": "|=", "clear": "&= ~", "read_clear": "&= ~"}


def _csr_text(effect: Effect) -> str:
    """What is done to a CSR: written, swapped with, bits set or cleared; a read has no value of its own."""
    name = effect.target.upper()
    if effect.operation == "read":
        return f"read {name}"
    return (
        f"{name} {_SIGNS.get(effect.operation or '', '←')} {effect.value}".replace("~ ", "~") if effect.value else name
    )
