"""What a commit changes: the structure of the code, and the registers and bits that it uses."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

Side = Literal["before", "after"]
Lines = tuple[int, int]


class Basis(StrEnum):
    """What a structural statement stands on."""

    PARSED = "parsed"
    PARSED_WITH_ERRORS = "parsed-with-errors"
    HUNK_HEADER = "hunk-header"


class Kind(StrEnum):
    """Kinds of things that a commit can change."""

    FUNCTION = "function"
    STRUCT = "struct"
    UNION = "union"
    ENUM = "enum"
    MACRO = "macro"
    TYPEDEF = "typedef"
    VARIABLE = "variable"
    SYSCALL = "syscall"
    ASM_SYMBOL = "asm-symbol"
    KCONFIG = "kconfig"


class Happened(StrEnum):
    """What happened to a thing."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
    RENAMED = "renamed"
    MOVED = "moved"


class Aspect(StrEnum):
    """In what respects a thing differs between its two sides."""

    NAME = "name"
    PATH = "path"
    SIGNATURE = "signature"
    LINKAGE = "linkage"
    BODY = "body"
    VALUE = "value"
    MEMBERS = "members"


class GuardKind(StrEnum):
    """Whom a condition asks."""

    HOST = "host"
    GUEST = "guest"
    VCPU = "vcpu"
    VM = "vm"
    CONFIG = "config"
    UNKNOWN = "unknown"


# ---- structural changes ------------------------------------------------------------------------------------


class MemberBefore(msgspec.Struct, frozen=True):
    """A member as it was."""

    name: str
    type: str | None
    value: str | None
    position: int | None


class MemberChange(msgspec.Struct, frozen=True):
    """A field, an enum constant or an initialiser entry that differs. `position` of `of` on its side, from 1.

    Both are None where only hunks were at hand.
    """

    change: Happened
    name: str
    type: str | None
    value: str | None
    position: int | None
    of: int | None
    before: MemberBefore | None = None


class ChangeBefore(msgspec.Struct, frozen=True):
    """A changed thing as it was."""

    name: str
    path: str
    lines: Lines | None
    signature: str | None
    value: str | None


class CallChange(msgspec.Struct, frozen=True):
    """A call that a function now makes, or no longer makes, of a function that the commit brings or takes away.

    `path` and `line` are those of the side where the call stands: after if it was added, before if removed.
    """

    change: Happened
    name: str
    path: str
    line: int
    guards: tuple[Guard, ...]


class Change(msgspec.Struct, frozen=True):
    """One structural change. A removed thing carries its old name, path and lines.

    `calls` are those of a function, as far as the commit's own functions are called; known where flow was followed.
    """

    kind: Kind
    change: Happened
    aspects: tuple[Aspect, ...]
    name: str
    path: str
    lines: Lines | None
    signature: str | None
    value: str | None
    before: ChangeBefore | None
    similarity: float | None
    members: tuple[MemberChange, ...]
    basis: Basis
    calls: tuple[CallChange, ...] = ()


# ---- registers ---------------------------------------------------------------------------------------------


class Guard(msgspec.Struct, frozen=True):
    """One condition under which code runs, as written, and whom it asks. Outermost first in a tuple of them."""

    text: str
    kind: GuardKind
    negated: bool


class AccessBefore(msgspec.Struct, frozen=True):
    """A CSR access as it was."""

    function: str | None
    path: str
    line: int
    value: str | None
    guards: tuple[Guard, ...]


class CsrAccess(msgspec.Struct, frozen=True):
    """A CSR access that the commit adds, removes, moves or alters; `csr` is the manual's name in lower case."""

    csr: str | None
    csr_macro: str | None
    accessor: str
    operation: str
    change: Happened
    function: str | None
    path: str
    line: int
    side: Side
    value: str | None
    guards: tuple[Guard, ...]
    before: AccessBefore | None


class BitBefore(msgspec.Struct, frozen=True):
    """A use of a bit as it was."""

    target: str | None
    function: str | None
    path: str
    line: int
    guards: tuple[Guard, ...]


class BitUse(msgspec.Struct, frozen=True):
    """A configuration bit that is set, cleared, tested or defined, and what the commit did to that use."""

    macro: str
    field: str | None
    registers: tuple[str, ...]
    hi: int | None
    lo: int | None
    extensions: tuple[str, ...]
    use: str
    change: Happened
    target: str | None
    function: str | None
    path: str
    line: int
    side: Side
    guards: tuple[Guard, ...]
    before: BitBefore | None


class ExtensionRole(msgspec.Struct, frozen=True):
    """How the commit concerns an ISA or SBI extension, and through what (bits, CSRs, ids, guards)."""

    name: str
    role: str
    via: tuple[str, ...]
