"""The heading of a hunk: what encloses it, from the one line that git shows of it.

Git names the last line above the hunk that starts with a word in the first column, cut off at 80 bytes.
"""

from __future__ import annotations

import re

from kvmpatch.model import Hunk
from kvmpatch.parse.hunk_text import LABEL, side_lines
from kvmpatch.parse.woven import AGGREGATE, Frame

_HIDDEN = re.compile(r'/\*.*?(?:\*/|$)|//.*|"(?:[^"\\]|\\.)*"?|\'(?:[^\'\\]|\\.)*\'?')
_FUNCTION = re.compile(r"(?P<lead>[A-Za-z_][\w\s*]*?[\s*])??(?P<name>[A-Za-z_]\w*)\s*\(")
_NO_NAME = frozenset({"if", "while", "for", "switch", "return", "sizeof", "do", "else", "__attribute__"})
_CUT = 75


def margin_lines(hunk: Hunk) -> tuple[str, ...]:
    """What git may name as the heading of the next hunk: the last line of the old side that starts with a word.

    Whether labels count depends on the diff driver, so the last line that is no label may be another one; without
    one, the heading stays what it was.
    """
    found: list[str] = []
    for line in reversed(side_lines(hunk, "before")):
        if line[:1].isalpha() or line[:1] in {"_", "$"}:
            found.append(line)
            if not LABEL.match(line):
                return tuple(found)
    return (*found, hunk.heading) if found else ()


def same_heading(one: str, other: str) -> bool:
    """Whether two lines are one heading; git cuts it off at 80 bytes."""
    one, other = one.strip(), other.strip()
    if not one or not other:
        return False
    shorter, longer = sorted((one, other), key=len)
    return shorter == longer or (len(shorter.encode()) >= _CUT and longer.startswith(shorter))


def is_cut(heading: str) -> bool:
    """Whether git may have cut a heading off."""
    return len(heading.encode()) >= _CUT


def opening(heading: str, mark: str) -> tuple[str, Frame]:
    """Text that opens what a heading names, and what it holds; a function of no name where the heading is no help."""
    unknown = f"void {mark}(void) {{", Frame("code")
    text = code_of_heading(heading).strip()
    if not text or LABEL.match(text) or text.endswith((";", "}")):
        return unknown
    bare = text.partition("{")[0].rstrip() if "{" in text else text
    found = AGGREGATE.match(bare)
    if found and (bare != text or not is_cut(heading)):
        return f"{bare} {{", Frame("constants" if found[1] == "enum" else "fields", bare.startswith("typedef"))
    if re.search(r"=\s*$", bare) and bare.count("(") == bare.count(")"):
        return f"{bare} {{", Frame("entries")
    named = function_header(bare, mark, cut=is_cut(heading))
    return (f"{named} {{", Frame("code")) if named else unknown


def function_header(text: str, mark: str, *, cut: bool) -> str | None:
    """A function's header made whole from the line that a heading shows; None where it is none."""
    found = _FUNCTION.match(text)
    if not found or found["name"] in _NO_NAME or "=" in text:
        return None
    missing = text.count("(") - text.count(")")
    shouted = found["name"].isupper() and not found["lead"]
    if missing < 0 or (shouted and missing and "SYSCALL" not in found["name"]):
        return None
    if not found["lead"] and not shouted:
        # The type stands on the line above, which is not shown.
        text = f"struct {mark} {text}"
    if not missing:
        return text
    kept = text[: max(text.rfind(","), text.rfind("(")) + 1] if cut else text.rstrip()
    missing = kept.count("(") - kept.count(")")
    return f"{kept}{'' if kept.endswith(('(', ',')) else ','} int {mark}{')' * missing}"


def header(heading: str, mark: str, cut: int) -> str:
    """What stands above a hunk that begins within a header, `cut` parentheses deep in its parameters."""
    text = code_of_heading(heading).strip()
    deeper = f" void (*{mark})(" * (cut - 1)
    unknown = f"void {mark}({deeper if cut else 'void)'}"
    if not text or LABEL.match(text) or text.endswith((";", "}")) or "{" in text:
        return unknown
    named = function_header(text, mark, cut=is_cut(heading))
    if not cut:
        return named or (text if AGGREGATE.match(text) or text.endswith("=") else unknown)
    if not named or text.count("(") <= text.count(")"):
        return unknown
    return f"{named.rstrip(')')},{deeper}"


def code_of_heading(heading: str) -> str:
    """A heading without comments and strings."""
    return _HIDDEN.sub(" ", heading)
