"""What a patch takes from the commits before it: the names that its new lines use, and the lines that it leans on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kvmpatch.model import FilePatch, Kind
from kvmpatch.parse.csource.outline import Outline
from kvmpatch.parse.outlines import language_of

_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"?|\'(?:[^\'\\]|\\.)*\'?')
_CLOSED_COMMENT = re.compile(r"/\*.*?\*/")
_WORD = re.compile(r"(?P<before>->|\.)?\b(?P<word>[A-Za-z_]\w{2,})(?P<after>\s*\()?")
_TAG = re.compile(r"\b(?:struct|union|enum)\s+(\w+)")
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]+(["<])([^">\n]+)[">]', re.MULTILINE)
_UPPER = re.compile(r"[A-Z][A-Z0-9_]*\Z")
# Macros of the field that paste these before their argument: riscv_isa_extension_available(NULL, SSTC).
_PASTED = ("RISCV_ISA_EXT_", "KVM_RISCV_ISA_EXT_", "KVM_RISCV_SBI_EXT_")
_LETTERS = 6
"""Letters and digits that a line must have to be told from other lines like it."""
_WORDS_OF_C = frozenset(
    "auto break case char const continue default double else enum extern float for goto if inline int long register "
    "return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false NULL "
    "define ifdef ifndef endif elif include undef defined asm typeof".split()
)

_IN_EVERY_TREE = frozenset(
    "IS_ENABLED likely unlikely ARRAY_SIZE BIT BIT_ULL GENMASK GENMASK_ULL WARN_ON WARN_ON_ONCE BUG_ON READ_ONCE "
    "WRITE_ONCE EXPORT_SYMBOL EXPORT_SYMBOL_GPL container_of offsetof printk pr_err pr_warn pr_info pr_debug min max "
    "min_t max_t memset memcpy kfree kzalloc __init __user EINVAL ENOMEM EFAULT ENOENT EBUSY EPERM "
    "u16 u32 u64 s32 s64".split()
)
"""Names that no line needs a commit for: a tree without them is not one that anybody backports to."""


_PRIVATE = {Kind.MACRO, Kind.STRUCT, Kind.UNION, Kind.ENUM, Kind.TYPEDEF}
"""What no other file knows where it does not stand in a header."""


class NamedUse(msgspec.Struct, frozen=True):
    """The first added line that uses a name.

    Attributes:
        line: its number on the after side.
        is_new: whether no removed line of the patch uses the name, so that the patch is what brings the use.
        called, member, tag: how it is written there: `name(`, `->name`, `struct name`.
    """

    name: str
    path: str
    line: int
    text: str
    is_new: bool
    called: bool
    member: bool
    tag: bool


class Definition(msgspec.Struct, frozen=True):
    """Where a file defines a name. `within` is the structure that a field belongs to."""

    name: str
    kind: str
    path: str
    line: int
    within: str | None = None


# ---- names ---------------------------------------------------------------------------------------------------------


def names_used(patches: Iterable[FilePatch]) -> dict[str, NamedUse]:
    """The names in the added lines of code, by name; comments and strings are left out."""
    found: dict[str, NamedUse] = {}
    removed: set[str] = set()
    added: list[NamedUse] = []
    for patch in patches:
        language = language_of(patch.file.path)
        if language not in ("c", "assembly", "kconfig"):
            continue
        for hunk in patch.hunks:
            removed.update(word for line, _ in _code(hunk.lines, hunk.before_start, "-") for word in _words(line))
            for (line, number), text in zip(
                _code(hunk.lines, hunk.after_start, "+"),
                (text[1:] for text in hunk.lines if text.startswith("+")),
                strict=True,
            ):
                added += _uses(line, number, text.strip(), patch.file.path, language)
    for use in added:
        known = found.get(use.name)
        # the use that says most of what the name is: where it is written out, a call, a member, a tag
        if known is None or _telling(use) > _telling(known):
            found[use.name] = use
    return {
        name: NamedUse(name, use.path, use.line, use.text, name not in removed, use.called, use.member, use.tag)
        for name, use in found.items()
    }


def _telling(use: NamedUse) -> tuple[bool, bool]:
    return use.name in use.text, use.called or use.member or use.tag


def _code(lines: Sequence[str], start: int, sign: str) -> Iterator[tuple[str, int]]:
    """Lines of one sign without comments and strings, numbered on their side; context keeps track of comments."""
    number, within = start, False
    for line in lines:
        if line[:1] not in (" ", sign):
            continue
        text = _CLOSED_COMMENT.sub(" ", _STRINGS.sub(" ", line[1:]))
        if within or text.lstrip().startswith(("* ", "*/")) or text.strip() == "*":
            within = "*/" not in text
            text = text.partition("*/")[2] if not within else ""
        if "/*" in text:
            text, within = text.partition("/*")[0], True
        text = text.partition("//")[0]
        if line.startswith(sign):
            yield text, number
        number += 1


def without_words(text: str) -> str:
    """One line of code without its strings and comments, as far as the line alone tells."""
    return next((line for line, _ in _code((f"+{text}",), 1, "+")), "")


def names_in(text: str) -> Iterator[str]:
    """The names in one line of code, in order: no words of C, none that every tree has, no comments or strings."""
    return (word for word in _words(without_words(text)) if word not in _IN_EVERY_TREE)


def _words(text: str) -> Iterator[str]:
    return (match["word"] for match in _WORD.finditer(text) if match["word"] not in _WORDS_OF_C)


def _uses(line: str, number: int, text: str, path: str, language: str) -> Iterator[NamedUse]:
    tags = set(_TAG.findall(line))
    if line.lstrip().startswith("#include"):
        return
    for match in _WORD.finditer(line):
        word = match["word"]
        if word in _WORDS_OF_C:
            continue
        called, member, tag = bool(match["after"]), bool(match["before"]), word in tags
        yield NamedUse(word, path, number, text, True, called, member, tag)
        if language == "c" and _UPPER.match(word) and not member:
            for prefix in _PASTED:
                yield NamedUse(prefix + word, path, number, text, True, False, False, False)
            if word.startswith("CONFIG_"):
                yield NamedUse(word.removeprefix("CONFIG_"), path, number, text, True, False, False, False)


# ---- definitions ---------------------------------------------------------------------------------------------------


def includes(data: bytes) -> tuple[tuple[str, bool], ...]:
    """The headers that a file includes, and whether by its own folder first."""
    return tuple((match[2].decode("utf-8", "replace"), match[1] == b'"') for match in _INCLUDE.finditer(data[:200_000]))


def header_places(path: str, header: str, quoted: bool) -> Iterator[str]:
    """Where a header that a file includes may lie, nearest first: every folder above may have an `include`."""
    if ".." in header or header.startswith("/"):
        return
    folder = path.rpartition("/")[0]
    if quoted:
        yield f"{folder}/{header}" if folder else header
    while folder:
        yield f"{folder}/include/{header}"
        yield f"{folder}/include/uapi/{header}"
        folder = folder.rpartition("/")[0]
    yield f"include/{header}"
    yield f"include/uapi/{header}"


def definitions_in(path: str, outline: Outline, wanted: dict[str, NamedUse]) -> Iterator[Definition]:
    """The definitions of a file that fit how the wanted names are used."""
    local = not path.endswith(".h")
    for item in outline:
        private = local and (item.is_static or item.kind in _PRIVATE)
        if item.name in wanted and _fits(wanted[item.name], item.kind, path if private else None):
            yield Definition(item.name, item.kind.value, path, item.name_line)
        if item.kind in {Kind.STRUCT, Kind.UNION, Kind.TYPEDEF}:
            for member in item.members:
                name = member.name.rpartition(".")[2]
                if name in wanted and wanted[name].member and not (private and wanted[name].path != path):
                    yield Definition(name, "member", path, item.lines[0], item.name)
        elif item.kind is Kind.ENUM:
            for member in item.members:
                use = wanted.get(member.name)
                if use and not use.member and not (private and use.path != path):
                    yield Definition(member.name, "constant", path, item.lines[0])


def _fits(use: NamedUse, kind: Kind, private_to: str | None) -> bool:
    """Whether a use can mean a thing of this kind; a name private to a file means nothing in another."""
    if private_to is not None and use.path != private_to:
        return False
    if use.member:
        return False
    if kind in {Kind.STRUCT, Kind.UNION, Kind.ENUM}:
        return use.tag
    if kind is Kind.FUNCTION:
        return use.called or len(use.name) >= 8
    if kind is Kind.VARIABLE:
        return len(use.name) >= 8 and "_" in use.name
    return not use.tag


def prototype_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """A pattern for a line that declares one of these functions: the name before a parenthesis, no statement.

    What stands before the name may have arguments of its own, as `__nonnull(1)` has.
    """
    words = "|".join(map(re.escape, sorted(names)))
    attribute = r"__\w+\s*\([^()]*\)\s*(?!__)\w+\s*\("
    before = r"(?:[\w\s*]|(?<=\w)\([\d, ]+\))*?"
    shape = rf"^(?![\s#*/])(?!return\b){before}\b(?!{attribute})(?P<name>{words})\s*\("
    return re.compile(shape) if words else re.compile(r"(?!)")


# ---- lines ---------------------------------------------------------------------------------------------------------


class LeanedOn(msgspec.Struct, frozen=True):
    """A line that a patch must find: context, or removed. `line` is its number on the before side."""

    path: str
    text: str
    line: int
    removed: bool


def lines_leaned_on(patches: Iterable[FilePatch], before: dict[str, bytes | None]) -> list[LeanedOn]:
    """The context and removed lines that stand only once in their file before the patch, so that they can be told."""
    found: list[LeanedOn] = []
    for patch in patches:
        data = before.get(patch.file.before_path)
        if data is None:
            continue
        counted = Counter(data.decode("utf-8", "replace").split("\n"))
        for hunk in patch.hunks:
            number = hunk.before_start
            for line in hunk.lines:
                if line[:1] in (" ", "-"):
                    text = line[1:]
                    if counted[text] == 1 and sum(map(str.isalnum, text)) >= _LETTERS:
                        found.append(LeanedOn(patch.file.before_path, text, number, line[0] == "-"))
                    number += 1
    return found
