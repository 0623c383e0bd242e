"""What the tree at HEAD has of a name: definitions with their values, and who uses it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from kvmpatch.analysis.support.values import HeaderValues
from kvmpatch.errors import KvmpatchError
from kvmpatch.model import Kind
from kvmpatch.model.explain import (
    FactSource,
    Known,
    KnownBit,
    KnownCode,
    KnownCsr,
    KnownExtension,
    KnownGuard,
    KnownNumber,
    KnownWord,
)
from kvmpatch.model.explain_tree import Definition, TreeFacts, TreeName, UsePlace
from kvmpatch.parse.outlines import outline_of
from kvmpatch.sources.repo import Repository
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.parse.csource.outline import Item, Outline
    from kvmpatch.reports.explain import ExplainRequest

LINUX = (
    "arch/riscv",
    "virt/kvm",
    "include/linux",
    "include/uapi",
    "include/kvm",
    "drivers/acpi/riscv",
    "drivers/clocksource",
    "drivers/irqchip",
    "drivers/iommu/riscv",
    "drivers/perf",
    "tools/arch/riscv",
    "tools/testing/selftests/kvm",
)
"""Where a Linux tree is searched. All of it would be a gigabyte of text, of which the rest is other architectures'."""
_MARK = "arch/riscv/kvm"
MOST_FILES = 400
FIRST_PLACES = 5
_MOST_INTRODUCED = 3
_LONGEST_TEXT = 160
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")
_COMMENT = re.compile(rb"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_NOT_NEWLINE = re.compile(rb"[^\n]")


class _Sought(msgspec.Struct, frozen=True):
    """A spelling to look for; `values` are what the knowledge says that it is, () where there is nothing to compare.

    Attributes:
        field: a register's own name: only fields of KVM's structures are meant, the word alone is too common.
    """

    name: str
    values: tuple[int, ...] = ()
    field: bool = False


def tree_facts(request: ExplainRequest, name: str, entries: tuple[Known, ...]) -> TreeFacts | None:
    """What HEAD's tree has of the spellings that go with a name; None where there are none to look for.

    Raises:
        NotARepository: there is none.
    """
    sought = tuple(_sought(name, entries))
    if not sought:
        return None
    with Repository.open(request.start, request.overrides) as repository:
        head = repository.head()
        if head is None:
            return None
        if request.progress:
            request.progress(Text("在这棵树里查找", "looking through this tree"))
        prefixes = LINUX if repository.list_files(head, (_MARK,)) else ()
        try:
            paths = repository.grep_files(head, [one.name for one in sought], prefixes)
        except KvmpatchError as why:
            return TreeFacts("HEAD", head, (), prefixes, complete=False, why=why.said)
        read = paths[:MOST_FILES]
        files = [_File(path, data) for path, data in repository.read_files(head, read).items() if data is not None]
        names = tuple(_tree_name(one, files) for one in sought)
        if request.history:
            names = tuple(_introduced(repository, head, names, request))
        limit = _cut(len(paths)) if len(read) < len(paths) else None
        return TreeFacts("HEAD", head, names, prefixes, complete=limit is None, why=limit)


def _cut(count: int) -> Text:
    return Text(
        f"有 {count} 个文件提到这个名称，只读了前 {MOST_FILES} 个。",
        f"{count} files name it; only the first {MOST_FILES} were read.",
    )


# ---- which spellings ---------------------------------------------------------------------------------------------


def _sought(name: str, entries: Iterable[Known]) -> Iterator[_Sought]:
    """The identifiers that stand for the entries in C; for a name that nobody knows the name itself."""
    seen: set[str] = set()
    for one in [sought for entry in entries for sought in _of_entry(entry)] or [_Sought(name.removeprefix("CONFIG_"))]:
        if _IDENTIFIER.match(one.name) and one.name not in seen:
            seen.add(one.name)
            yield one


def _of_entry(entry: Known) -> Iterator[_Sought]:
    if isinstance(entry, KnownBit):
        known = (entry.value, entry.value32, *(held.value for held in entry.values_by))
        yield from (_Sought(name, known) for name in (entry.macro, *entry.other_names) if name)
    elif isinstance(entry, KnownCsr):
        yield _Sought(entry.macro, (entry.address,))
        yield from (_Sought(alias) for alias in entry.also_named)
        yield _Sought(entry.name, field=True)
    elif isinstance(entry, KnownExtension):
        if entry.host_macro:  # its number is the tree's own affair
            yield _Sought(entry.host_macro)
        if entry.kvm_macro:
            yield _Sought(entry.kvm_macro, () if entry.kvm_value is None else (entry.kvm_value,))
        if len(entry.name) > 1:
            yield _Sought(entry.name.upper())
    elif isinstance(entry, KnownNumber):
        known = () if entry.value is None else (entry.value, *(held.value for held in entry.values_by))
        yield _Sought(entry.name, known)
    elif isinstance(entry, KnownCode) and entry.kind != "phase":
        yield from (_Sought(name) for name in (entry.name, entry.renamed_from, entry.renamed_to) if name)
    elif isinstance(entry, KnownGuard) and (call := re.match(r"[!(\s]*(\w+)\s*\(", entry.expression)):
        yield _Sought(call[1])


# ---- one file ----------------------------------------------------------------------------------------------------


class _File:
    """A file with its outline, each read once for all spellings."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.outline: Outline | None = outline_of(path, data)
        self.items: tuple[Item, ...] = tuple(self.outline) if self.outline else ()
        self.code = _COMMENT.sub(lambda match: _NOT_NEWLINE.sub(b" ", match[0]), data)
        self._values: HeaderValues | None = None

    def number(self, text: str) -> int | None:
        """The number that a constant of this file is."""
        if self.outline is None:
            return None
        if self._values is None:
            self._values = HeaderValues(self.outline)
        return self._values.number(text)

    def definitions(self, sought: _Sought) -> Iterator[Definition]:
        """What this file defines under a spelling."""
        for item in self.items:
            if item.name == sought.name and not sought.field:
                number = self.number(item.value) if item.kind is Kind.MACRO and item.value else None
                yield self._definition(item.kind.value, item.name_line, item.signature or item.value, number, sought)
            for member in item.members:
                if member.name != sought.name:
                    continue
                line = self.outline.scanned.line(member.offset) if self.outline else item.lines[0]
                if item.kind is Kind.ENUM and member.value is not None:
                    yield self._definition("enumerator", line, member.value, self.number(member.value), sought)
                elif item.kind in (Kind.STRUCT, Kind.UNION) and (not sought.field or "kvm" in self.path):
                    yield self._definition("field", line, f"{member.type} in {item.name}", None, sought)

    def _definition(self, kind: str, line: int, text: str | None, number: int | None, sought: _Sought) -> Definition:
        differs = number not in sought.values if number is not None and sought.values else None
        if text and len(text) > _LONGEST_TEXT:
            text = text[:_LONGEST_TEXT] + "…"
        return Definition(kind, self.path, line, text, number, differs)

    def uses(self, sought: _Sought, defined: set[int]) -> Iterator[UsePlace]:
        """The lines that use a spelling, definitions and comments left out."""
        before = rb"(?:->|\.)\s*" if sought.field else rb"\b"
        for number in self._lines_with(re.compile(before + re.escape(sought.name.encode()) + rb"\b")):
            if number not in defined:
                yield UsePlace(self.path, number, self._function_at(number))

    def _lines_with(self, pattern: re.Pattern[bytes]) -> Iterator[int]:
        line, at, last = 1, 0, 0
        for match in pattern.finditer(self.code):
            line += self.code.count(b"\n", at, match.start())
            at = match.start()
            if line != last:
                yield line
            last = line

    def _function_at(self, line: int) -> str | None:
        for item in self.items:
            if item.kind in (Kind.FUNCTION, Kind.SYSCALL, Kind.ASM_SYMBOL) and item.lines[0] <= line <= item.lines[1]:
                return item.name
        return None


def _tree_name(sought: _Sought, files: Sequence[_File]) -> TreeName:
    definitions: list[Definition] = []
    uses: list[UsePlace] = []
    for file in files:
        here = list(file.definitions(sought))
        definitions += here
        uses += file.uses(sought, {one.line for one in here})
    functions = {(place.path, place.function) for place in uses if place.function}
    return TreeName(
        name=sought.name,
        definitions=tuple(definitions),
        lines=len(uses),
        functions=len(functions),
        files=len({place.path for place in uses}),
        places=tuple(_first(uses)),
        introduced=None,
        introduced_why=None,
    )


def _first(uses: Iterable[UsePlace]) -> Iterator[UsePlace]:
    """The first few places, KVM's own before others, one a function."""
    once: dict[tuple[str, str | None], UsePlace] = {}
    for place in sorted(uses, key=lambda place: (place.function is None, "/kvm/" not in place.path)):
        once.setdefault((place.path, place.function), place)
    yield from list(once.values())[:FIRST_PLACES]


# ---- since when, and names that only the tree knows ----------------------------------------------------------------


def _introduced(
    repository: Repository, head: str, names: Iterable[TreeName], request: ExplainRequest
) -> Iterator[TreeName]:
    from kvmpatch.reports.explain.introduced import introduced_by

    asked = 0
    for name in names:
        if not name.definitions or asked >= _MOST_INTRODUCED:
            yield name
            continue
        asked += 1
        if request.progress:
            request.progress(Text(f"在历史中查找 {name.name}", f"looking through history for {name.name}"))
        by, why = introduced_by(repository, head, name.name, name.definitions[0].path)
        yield replace(name, introduced=by, introduced_why=why)


def entry_of_tree(name: str, tree: TreeFacts) -> Known | None:
    """An entry for a name that only the tree knows; None where it does not define it either."""
    found = next((one for one in tree.names if one.definitions), None)
    if found is None:
        return None
    first = found.definitions[0]
    where = f"{first.path}:{first.line}"
    title = Text(f"本仓库的 {where}", f"{where} of this repository")
    return KnownWord(
        kind=first.kind,
        name=found.name,
        summary=Text(
            f"知识表没有收录 {found.name}；这棵树在 {where} 定义了它。",
            f"Not in the tables of kvmpatch; this tree defines {found.name} at {where}.",
        ),
        source=FactSource("repository", title, tree.id[:12]),
        status="mainline",
        since=None,
        by=None,
        until=None,
        cautions=(),
        title=Text.same(name),
    )
