"""What a patch asks of the tree that it goes into: names that must be there, and functions of a certain shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kvmpatch.analysis.relatives import NamedUse

_NAME = re.compile(rb"[A-Za-z_]\w*")
_MEMBER = re.compile(rb"(?:->|\.)\s*([A-Za-z_]\w*)")
_NOISE = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?|\\\n", re.DOTALL)
_BEFORE_A_NAME = re.compile(r"(?![\s#*/])(?!(?:return|else|if|while|for|switch|case|goto|do)\b)[\w\s*]*[\s*]\Z")
_DEFINES = re.compile(r"\s*#\s*define\s+\Z")
_PARENTHESES = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_LONGEST_CALL = 3000
"""Characters that the parentheses of a call or header may span."""
_ARCHITECTURE = re.compile(r"(?:^|/)(?:arch/|asm-)(\w+)/")
_KVM_LISTS = "_ARR("
"""What the macros end in that paste KVM's own prefixes before a name, as in KVM_ISA_EXT_ARR(SSTC)."""


def not_seen_in(uses: Mapping[str, NamedUse], texts: Iterable[bytes]) -> dict[str, NamedUse]:
    """The uses whose names do not stand in some files, members as members.

    A file that knows a name has it from somewhere, so that only the others have to be looked for.
    """
    seen: set[bytes] = set()
    members: set[bytes] = set()
    for data in texts:
        seen.update(_NAME.findall(data))
        members.update(_MEMBER.findall(data))
    return {
        name: use
        for name, use in uses.items()
        if name.encode() not in (members if use.member else seen) and _is_written(use)
    }


def _is_written(use: NamedUse) -> bool:
    """Whether a use stands in its line, or is what a macro there makes of it; KVM's lists paste KVM's prefixes."""
    return use.name in use.text or not use.name.startswith("KVM_") or _KVM_LISTS in use.text


# ---- shapes of functions -------------------------------------------------------------------------------------------


def parameter_counts(data: bytes, names: Iterable[str]) -> dict[str, set[int | None]]:
    """How many parameters a file gives to functions and macros, by name; None for a number that may vary.

    Definitions and declarations count, calls do not.
    """
    wanted = sorted(set(names))
    found: dict[str, set[int | None]] = {}
    if not wanted:
        return found
    text = data.decode("utf-8", "replace")
    for match in re.finditer(rf"\b({'|'.join(map(re.escape, wanted))})[ \t]*\(", text):
        if _declares(text, match.start()):
            parts = _parts(text, match.end() - 1)
            if parts is not None:
                varies = any(part == "..." or part.endswith("...") for part in parts)
                none = parts in ([""], ["void"])
                found.setdefault(match[1], set()).add(None if varies else 0 if none else len(parts))
    return found


def argument_count(data: bytes, name: str, line: int) -> int | None:
    """How many arguments the call of a function in some line of a file has; None where that cannot be told."""
    lines = data.decode("utf-8", "replace").split("\n")
    if not 0 < line <= len(lines):
        return None
    text = "\n".join(lines[line - 1 : line + 60])
    match = re.search(rf"\b{re.escape(name)}\s*\(", text)
    parts = _parts(text, match.end() - 1) if match else None
    return None if parts is None else 0 if parts == [""] else len(parts)


def _declares(text: str, at: int) -> bool:
    """Whether the name at some place is being defined or declared: what stands before it is its type, or #define."""
    start = text.rfind("\n", 0, at) + 1
    before = text[start:at]
    if before:
        return bool(_BEFORE_A_NAME.match(before) or _DEFINES.match(before))
    above = text[text.rfind("\n", 0, max(0, start - 1)) + 1 : max(0, start - 1)]
    return bool(above) and _BEFORE_A_NAME.match(above + " ") is not None


def _parts(text: str, opening: int) -> list[str] | None:
    """What stands between a parenthesis and its partner, cut at the commas; None where there is no partner."""
    inner = _NOISE.sub(" ", text[opening : opening + _LONGEST_CALL])
    parts: list[str] = []
    depth, start = 0, 1
    for place, sign in enumerate(inner):
        depth += _PARENTHESES.get(sign, 0)
        if depth == 0:
            return [*parts, " ".join(inner[start:place].split())]
        if sign == "," and depth == 1:
            parts.append(" ".join(inner[start:place].split()))
            start = place + 1
    return None


# ---- places --------------------------------------------------------------------------------------------------------


def folders_around(paths: Iterable[str]) -> tuple[str, ...]:
    """The folders in which a name is looked for that code at some paths may use.

    Their own, those of their architecture, and every folder of headers above them.
    """
    found: dict[str, None] = {}
    for path in paths:
        parts = path.split("/")[:-1]
        if not parts:
            continue
        own = parts[: parts.index("arch") + 2] if "arch" in parts[:-1] else parts
        found["/".join(own)] = None
        for depth in range(len(parts)):
            found["/".join([*parts[:depth], "include"])] = None
    return tuple(one for one in found if not _within(one, found))


def _within(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{one}/") for one in folders)


def of_one_architecture(path: str, other: str) -> bool:
    """Whether one kernel may be built of two files: both of one architecture, or one of none."""
    first, second = _ARCHITECTURE.search(path), _ARCHITECTURE.search(other)
    return not first or not second or first[1] == second[1] or "generic" in {first[1], second[1]}


def names_standing_in(data: bytes, names: Sequence[str]) -> Iterator[str]:
    """Those of some names that a file holds as whole words."""
    words = set(_NAME.findall(data))
    return (name for name in names if name.encode() in words)
