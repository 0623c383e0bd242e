"""Which extensions a commit concerns, and how: through bits, CSRs, ids, tables and conditions.

An extension is *added* where the commit brings an id, a table entry, a bit that is set or a CSR access of its own;
*moved* where all of that existed and only stands elsewhere; *context* where it is only defined or only asked about.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from kvmpatch import knowledge
from kvmpatch.model import BitUse, Change, CsrAccess, ExtensionRole, Guard, Happened, Kind

_ROLES = ("added", "removed", "modified", "moved", "context")
_ID = re.compile(r"\b(?:KVM_)?RISCV_ISA_EXT_(\w+)\b|\bKVM_ISA_EXT_(?:ARR|SUBARR)\((\w+)\)")
_SBI_ID = re.compile(r"\bKVM_RISCV_SBI_EXT_(\w+)\b")
_LIMITS = {"MAX", "BASE", "ID", "ENABLE", "DISABLE"}
_GROUND = {"H", "S", "Sm", "U", "Zicsr", "I"}


def extension_roles(
    changes: Iterable[Change], accesses: Iterable[CsrAccess], bits: Iterable[BitUse]
) -> tuple[ExtensionRole, ...]:
    """Each extension once, with its strongest role and everything that it is known by."""
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, role, via in (*_by_changes(changes), *_by_accesses(accesses), *_by_bits(bits)):
        found[name].append((role, via))
    roles = []
    for name, entries in found.items():
        role = min((role for role, _ in entries), key=_ROLES.index)
        roles.append(ExtensionRole(name, role, tuple(dict.fromkeys(via for _, via in entries))))
    roles.sort(key=lambda role: (_ROLES.index(role.role), role.name))
    return tuple(roles)


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
        for member in change.members:
            if change.kind is Kind.ENUM and member.change is not Happened.MODIFIED:
                yield from _named_by(member.name, _role(member.change), member.name)
            elif change.kind is Kind.VARIABLE:
                text = f"{member.name} {member.value or ''}"
                if len(text) < 2000:
                    yield from _named_by(text, _role(member.change), change.name)


def _named_by(text: str, role: str, via: str) -> Iterator[tuple[str, str, str]]:
    for match in _ID.finditer(text):
        spelled = match[1] or match[2]
        known = None if spelled in _LIMITS else knowledge.extension(spelled)
        if known and known.is_isa_extension:
            yield known.name, role, via if match[0] == text else match[0]
    for match in _SBI_ID.finditer(text):
        if match[1] not in _LIMITS:
            yield f"SBI {match[1]}", role, match[0]


def _by_accesses(accesses: Iterable[CsrAccess]) -> Iterator[tuple[str, str, str]]:
    for access in accesses:
        known = knowledge.csr(access.csr) if access.csr else None
        via = access.csr_macro or access.csr or ""
        for name in known.extensions if known else ():
            if name not in _GROUND:
                yield name, _role(access.change), via
        yield from _by_guards(access.guards)


def _by_bits(bits: Iterable[BitUse]) -> Iterator[tuple[str, str, str]]:
    for bit in bits:
        role = _role(bit.change)
        if bit.use in {"define", "undefine"}:
            role = "context"
        elif bit.use == "test":
            # Asking in another way neither brings nor takes what is asked about.
            role = "moved" if bit.change is Happened.MOVED else "modified"
        for name in bit.extensions if len(bit.registers) == 1 or bit.use in {"define", "undefine"} else ():
            yield name, role, bit.macro
        yield from _by_guards(bit.guards)


def _by_guards(guards: tuple[Guard, ...]) -> Iterator[tuple[str, str, str]]:
    for guard in guards:
        name = knowledge.guard_extension(guard.text)
        if name:
            yield name, "context", guard.text
