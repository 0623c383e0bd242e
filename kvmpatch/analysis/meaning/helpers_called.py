"""Functions that a patch calls and that are another thing in the target: parameters, type, what they return or lock."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

import msgspec

from kvmpatch.analysis.flow.program import Function, Program
from kvmpatch.analysis.meaning.locks import locks_taken
from kvmpatch.analysis.meaning.sides import Sides, Tree
from kvmpatch.model import Evidence, Kind
from kvmpatch.parse.csource.steps import Does
from kvmpatch.parse.csource.tokens import split, tokens_of

_NO_MEANING = frozenset("const volatile restrict register static inline extern".split())
_SAME_TYPE = {
    "uint8_t": "u8", "uint16_t": "u16", "uint32_t": "u32", "uint64_t": "u64", "__u8": "u8", "__u16": "u16",
    "__u32": "u32", "__u64": "u64", "s32": "int", "int32_t": "int", "int64_t": "s64", "bool_t": "bool", "_Bool": "bool",
}  # fmt: skip
_NUMBER = re.compile(r"-?(?:E[A-Z0-9]{2,}|\d+|NULL|true|false|0x[0-9a-fA-F]+)$")
_ERROR = re.compile(r"(?:-?E[A-Z0-9]{2,}|ERR_PTR\(.*\)|NULL)$")


class OtherParameters(msgspec.Struct, frozen=True):
    """A helper whose parameters differ; `wrong_count` where the patch gives more or fewer arguments than it takes."""

    name: str
    before: str
    after: str
    wrong_count: bool
    evidence: tuple[Evidence, ...]


class OtherType(msgspec.Struct, frozen=True):
    """A helper that returns another type."""

    name: str
    before: str
    after: str
    evidence: tuple[Evidence, ...]


class OtherBody(msgspec.Struct, frozen=True):
    """A helper that does another thing: locks that only one side takes, errors that only one side returns."""

    name: str
    locks_before: tuple[str, ...]
    locks_after: tuple[str, ...]
    errors_before: tuple[str, ...]
    errors_after: tuple[str, ...]
    evidence: tuple[Evidence, ...]


Found = OtherParameters | OtherType | OtherBody


def helpers_called(sides: Sides, names: Iterable[str], altered: Collection[str]) -> Iterator[Found]:
    """One finding a helper, the one that matters most.

    Args:
        sides: the patch between the two trees.
        names: of the names that it uses, those to look at.
        altered: functions whose header the patch itself alters.
    """
    for name in names:
        use = sides.uses[name]
        if not use.called or use.member or name in sides.brought or name in altered:
            continue
        upstream = _helper(sides.upstream.program, name, use.path)
        target = _helper(sides.target.program, name, sides.paths.get(use.path))
        if upstream is None or target is None or upstream.item.text == target.item.text:
            continue
        proof = (sides.target.header(target), sides.upstream.header(upstream), sides.use(name))
        yield from _compared(sides, name, upstream, target, proof)


def _helper(program: Program, name: str, near: str | None) -> Function | None:
    """The one function that a call means; None where there are several for different configurations."""
    found = [one for one in program.functions(name) if one.item.kind is Kind.FUNCTION]
    own = [one for one in found if one.path == near]
    found = own or [one for one in found if not one.item.is_static or one.path.endswith(".h")]
    return found[0] if len(found) == 1 else None


def _compared(
    sides: Sides, name: str, upstream: Function, target: Function, proof: tuple[Evidence, ...]
) -> Iterator[Found]:
    before, after = signature(target), signature(upstream)
    if before[1] != after[1]:
        given = _arguments_given(sides.upstream, name)
        count = len(before[1])
        wrong = "..." not in before[1] and bool(given) and count not in given
        if wrong or len(after[1]) == count:
            yield OtherParameters(name, _listed(before[1]), _listed(after[1]), wrong, proof)
            return
    if before[0] != after[0] and after[0] != "void" and not sides.uses[name].text.startswith(name):
        yield OtherType(name, before[0], after[0], proof)
        return
    old, new = _effects(sides.target.program, target), _effects(sides.upstream.program, upstream)
    locks = _only(old[0], new[0]), _only(new[0], old[0])
    errors = tuple(sorted(old[1] - new[1])), tuple(sorted(new[1] - old[1]))
    if any((*locks, *errors)):
        yield OtherBody(name, *locks, *errors, proof)


def _only(locks: frozenset[str], others: frozenset[str]) -> tuple[str, ...]:
    """Locks of which the other side takes none upon the same thing, in whatever manner."""
    known = {one.partition("(")[2] for one in others}
    return tuple(sorted(one for one in locks if one.partition("(")[2] not in known))


def signature(function: Function) -> tuple[str, tuple[str, ...]]:
    """The type that a function returns and the types of its parameters, without what makes no difference."""
    shape = function.item.shape or ""
    tokens = tokens_of(shape)
    opening = next((index for index, token in enumerate(tokens) if token.text == "(" and token.partner > 0), None)
    if opening is None:
        return shape, ()
    closing = tokens[opening].partner
    parameters = tuple(
        _type([token.text for token in tokens[first:last]], named=True)
        for first, last in split(tokens, opening + 1, closing)
    )
    returned = _type([token.text for token in tokens[:opening] if token.text != function.name], named=False)
    return returned, () if parameters in (("void",), ("",)) else parameters


def _type(words: list[str], *, named: bool) -> str:
    if "(" in words:  # a pointer to a function: its own names say nothing
        return "(*)"
    words = [_SAME_TYPE.get(word, word) for word in words]
    bare = [word for word in words if word not in _NO_MEANING and not word.startswith("__")]
    idents = [word for word in bare if re.match(r"[A-Za-z_]", word) and word not in {"struct", "union", "enum"}]
    if named and len(idents) > 1 and "[" not in bare and re.match(r"[A-Za-z_]", bare[-1]):
        bare = bare[:-1] if bare[-1] not in {"int", "long", "char", "short", "unsigned"} else bare
    if "[" in bare:
        bare = [*bare[: max(0, bare.index("[") - 1)], "*"]
    if ("unsigned" in bare and "int" in bare) or (bare.count("long") and "int" in bare):
        bare.remove("int")
    return " ".join(bare).replace("* *", "**")


def _listed(types: tuple[str, ...]) -> str:
    return ", ".join(types) or "void"


def _arguments_given(upstream: Tree, name: str) -> set[int]:
    """With how many arguments the patch's own functions call a helper."""
    return {len(use.step.arguments) for use in upstream.program.callers(name) if use.step is not None}


def _effects(program: Program, function: Function) -> tuple[frozenset[str], frozenset[str]]:
    """What a caller must know of a helper: the locks that it takes, the errors that it returns."""
    steps = program.body(function).steps
    errors = {step.value for step in steps if step.does is Does.RETURN and step.value and _ERROR.match(step.value)}
    assigned = {step.value for step in steps if step.does is Does.ASSIGN and step.value and _ERROR.match(step.value)}
    return frozenset(locks_taken(steps)), frozenset(errors | (assigned - {"NULL"}))
