"""Which extensions a commit concerns, and how: through bits, CSRs, ids, tables and conditions.

An extension is *added* where the commit brings an id, a table entry, a bit that is set or a CSR access of its own;
*moved* where all of that existed and only stands elsewhere; *context* where it is only defined or only asked about.

Many bits and registers belong to more than one extension. Where a condition around the use names one of them, or else
anything in the commit does, that one is meant, and the others are only context.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from kvmpatch import knowledge
from kvmpatch.analysis.matching import Pair
from kvmpatch.model import BitUse, Change, CsrAccess, ExtensionRole, Guard, Happened, Kind

_ROLES = ("added", "removed", "modified", "moved", "context")
_ID = re.compile(r"\b(?:KVM_)?RISCV_ISA_EXT_(\w+)\b|\bKVM_ISA_EXT_(?:ARR|SUBARR)\((\w+)\)")
_SBI_ID = re.compile(r"\bKVM_RISCV_SBI_EXT_(\w+)\b")
_SBI_IDS = "KVM_RISCV_SBI_EXT_ID"
_ONE_REG = re.compile(r"KVM_REG_RISCV_(?:CSR_)?([A-Z0-9]+)$")
_ASKED = re.compile(
    r"\b(?:KVM_)?RISCV_ISA_EXT_(\w+)|\b(?:__)?riscv_isa_extension_available \( [^,;{}]+ , (?:RISCV_ISA_EXT_)?(\w+)"
)
_LIMITS = {"MAX", "BASE", "ID", "ENABLE", "DISABLE"}
_GROUND = {"H", "S", "Sm", "U", "Zicsr", "I"}


def extension_roles(
    changes: Iterable[Change], accesses: Iterable[CsrAccess], bits: Iterable[BitUse], pairs: Iterable[Pair] = ()
) -> tuple[ExtensionRole, ...]:
    """Each extension once, with its strongest role and everything that it is known by."""
    changes, accesses, bits = tuple(changes), tuple(accesses), tuple(bits)
    stated = [
        *_by_changes(changes),
        *(entry for access in accesses for entry in _by_guards(access.guards)),
        *(entry for bit in bits for entry in _by_guards(bit.guards)),
        *_by_questions(pairs),
    ]
    certain = {name for name, _, _ in stated}
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, role, via in (*stated, *_by_accesses(accesses, certain), *_by_bits(bits, certain)):
        found[name].append((role, via))
    roles = []
    for name, entries in found.items():
        entries.sort(key=lambda entry: _ROLES.index(entry[0]))
        roles.append(ExtensionRole(name, _strongest(entries), tuple(dict.fromkeys(via for _, via in entries))))
    roles.sort(key=lambda role: (_ROLES.index(role.role), role.name))
    return tuple(roles)


def _strongest(entries: list[tuple[str, str]]) -> str:
    """The strongest of the roles; what is gone from one place and new in another under one name has moved.

    Where one name of an extension went and another came, it was there before and is there now: it is modified.
    """
    by_via: defaultdict[str, set[str]] = defaultdict(set)
    for role, via in entries:
        by_via[via].add(role)
    roles = {
        "moved" if role in {"added", "removed"} and {"added", "removed"} <= by_via[via] else role
        for role, via in entries
    }
    if {"added", "removed"} <= roles:
        return "modified"
    return min(roles, key=_ROLES.index)


def _role(happened: Happened) -> str:
    return {
        Happened.ADDED: "added",
        Happened.REMOVED: "removed",
        Happened.MOVED: "moved",
        Happened.RENAMED: "moved",
        Happened.MODIFIED: "modified",
    }[happened]


def _by_changes(changes: Iterable[Change]) -> Iterator[tuple[str, str, str]]:
    for change in changes:
        if change.kind is Kind.MACRO:
            yield from _named_by(change.name, _role(change.change), change.name)
            yield from _by_one_reg(change)
        for member in change.members:
            if change.kind is Kind.ENUM and member.change is not Happened.MODIFIED:
                yield from _named_by(member.name, _role(member.change), member.name, sbi=change.name == _SBI_IDS)
            elif change.kind is Kind.VARIABLE:
                text = f"{member.name} {member.value or ''}"
                if len(text) < 2000:
                    yield from _named_by(text, _role(member.change), change.name)


def _by_one_reg(change: Change) -> Iterator[tuple[str, str, str]]:
    """A group of ONE_REG registers that is called after an extension: user space reaches its state by it."""
    match = _ONE_REG.match(change.name)
    if match and knowledge.one_reg(change.name):
        known = knowledge.extension({"AIA": "Ssaia", "VECTOR": "V"}.get(match[1], match[1]))
        if known and known.is_isa_extension:
            yield known.name, _role(change.change), change.name


def _named_by(text: str, role: str, via: str, *, sbi: bool = False) -> Iterator[tuple[str, str, str]]:
    for match in _ID.finditer(text):
        spelled = match[1] or match[2]
        known = None if spelled in _LIMITS else knowledge.extension(spelled)
        if known and known.is_isa_extension:
            yield known.name, role, via if match[0] == text else match[0]
    for match in _SBI_ID.finditer(text):
        # Constants of other enums are spelled alike (…_SBI_EXT_AVAILABLE) and are no extension.
        if match[1] not in _LIMITS and (sbi or knowledge.sbi_id(match[0])):
            yield f"SBI {match[1]}", role, match[0]


def _by_accesses(accesses: Iterable[CsrAccess], certain: set[str]) -> Iterator[tuple[str, str, str]]:
    for access in accesses:
        known = knowledge.csr(access.csr) if access.csr else None
        via = access.csr_macro or access.csr or ""
        names = [name for name in known.extensions if name not in _GROUND] if known else []
        yield from _meant(names, access.guards, certain, _role(access.change), via)


def _by_bits(bits: Iterable[BitUse], certain: set[str]) -> Iterator[tuple[str, str, str]]:
    for bit in bits:
        role = _role(bit.change)
        if bit.use in {"define", "undefine"}:
            role = "context"
        elif bit.use == "test":
            # Asking in another way neither brings nor takes what is asked about.
            role = "moved" if bit.change is Happened.MOVED else "context"
        elif bit.use == "clear" and role in {"added", "removed"}:
            # A bit that is now cleared, or no longer is: the extension was there before and is there after.
            role = "modified"
        if len(bit.registers) == 1 or bit.use in {"define", "undefine"}:
            yield from _meant(bit.extensions, bit.guards, certain, role, bit.macro)


def _meant(
    names: Iterable[str], guards: tuple[Guard, ...], certain: set[str], role: str, via: str
) -> Iterator[tuple[str, str, str]]:
    """The extensions of a bit or register; where a guard, or else the commit, names some, the rest is context."""
    names = tuple(names)
    asked = {knowledge.guard_extension(guard.text) for guard in guards if not guard.negated}
    named = asked.intersection(names) or certain.intersection(names)
    for name in names:
        yield name, role if not named or name in named else "context", via


def _by_questions(pairs: Iterable[Pair]) -> Iterator[tuple[str, str, str]]:
    """Extensions that a body asks about once more, or once less, than before."""
    for pair in pairs:
        old = pair.before.item.body if pair.before else None
        new = pair.after.item.body if pair.after else None
        if old is None and new is None:
            continue
        asked = Counter(match[0] for match in _ASKED.finditer(new or ""))
        asked.subtract(match[0] for match in _ASKED.finditer(old or ""))
        for text, more in asked.items():
            match = _ASKED.match(text)
            spelled = (match[1] or match[2]) if match else ""
            known = knowledge.extension(spelled) if more and spelled not in _LIMITS else None
            if known and known.is_isa_extension:
                yield known.name, "context", _as_written(text)


def _as_written(code: str) -> str:
    """Lexemes apart by spaces, put together again."""
    if "(" not in code:
        return code
    return re.sub(r" ?(->|\.|\() ?", r"\1", code.replace("- >", "->")).replace(" ,", ",") + ")"


def _by_guards(guards: tuple[Guard, ...]) -> Iterator[tuple[str, str, str]]:
    for guard in guards:
        name = knowledge.guard_extension(guard.text)
        if name:
            yield name, "context", guard.text
