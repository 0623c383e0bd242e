"""Of whom an extension is asked: a commit that asks the guest where it asked the host changes who gets an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kvmpatch import knowledge
from kvmpatch.analysis.flow.program import Program
from kvmpatch.analysis.matching import Pair
from kvmpatch.model import AskedOfAnother, GuardKind
from kvmpatch.parse.csource.steps import Condition, Does, Origin

_WHO = {GuardKind.HOST, GuardKind.GUEST}
_Places = dict[tuple[str, GuardKind], tuple[str, int]]


def asked_of_another(before: Program, after: Program, pairs: Sequence[Pair]) -> Iterator[AskedOfAnother]:
    """Extensions that the touched functions no longer ask of one and now ask of the other."""
    old = _asked(before, [(pair.before.path, pair.before.item.name) for pair in pairs if pair.before])
    new = _asked(after, [(pair.after.path, pair.after.item.name) for pair in pairs if pair.after])
    for (extension, kind), (path, line) in new.items():
        other = GuardKind.HOST if kind is GuardKind.GUEST else GuardKind.GUEST
        if (extension, other) in old and (extension, other) not in new and (extension, kind) not in old:
            yield AskedOfAnother(extension, other, kind, path, line)


def _asked(program: Program, places: Sequence[tuple[str, str]]) -> _Places:
    found: _Places = {}
    for path, name in places:
        function = next((one for one in program.functions(name) if one.path == path), None)
        if function is None or function.is_assembly:
            continue
        reader = None
        for step in program.body(function).steps:
            extension = knowledge.guard_extension(step.name) if step.does is Does.TEST else None
            if extension is None:
                continue
            reader = reader or program.reader(function).conditions
            kind = reader.kind(Condition(step.name, False, Origin.BRANCH))
            if kind in _WHO:
                found.setdefault((extension, kind), (path, step.line))
    return found
