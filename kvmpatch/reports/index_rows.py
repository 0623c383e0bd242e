"""The plain rows that the index stores: pointers from messages, structure from the two sides of files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from kvmpatch.errors import Unreadable
from kvmpatch.model import Trailer
from kvmpatch.parse.message.subject import split_subject
from kvmpatch.parse.message.tags import dependencies, fixes, reverted, stable_marks
from kvmpatch.parse.message.trailers import read_trailers
from kvmpatch.parse.message.upstream import find_pointers
from kvmpatch.sources.index import Pointer, StructureRows

if TYPE_CHECKING:
    from kvmpatch.analysis.commit_facts import CommitFacts
    from kvmpatch.model import Change, MemberChange
    from kvmpatch.reports.show_commit import CommitReporter
    from kvmpatch.sources.repo import Repository

DEFAULT_SCOPE = (
    "arch/riscv", "virt/kvm", "include/linux/kvm*", "include/uapi/linux/kvm*", "include/kvm",
    "drivers/irqchip/irq-riscv*", "drivers/irqchip/irq-sifive-plic.c", "drivers/clocksource/timer-riscv.c",
    "drivers/perf/riscv_*", "drivers/iommu/riscv", "drivers/acpi/riscv",
    "tools/arch/riscv", "tools/testing/selftests/kvm", "tools/testing/selftests/riscv",
    "Documentation/arch/riscv", "Documentation/riscv", "Documentation/virt/kvm",
    "Documentation/devicetree/bindings/riscv",
)  # fmt: skip
"""RISC-V and KVM: the architecture, its drivers, KVM's own code, its self-tests and their documentation."""

MOST_FILES = 60
"""Files of a commit that are compared, at most."""

# A message that points to nothing need not be taken apart: that is so for most. Every form of a pointer has one of the
# words, and an id close behind it. Digits behind a slash, a dot or an @ belong to addresses of mails.
_WORDS = ("commit", "fixes", "stable", "picked", "reverts", "depends-on", "backported", "id=")
_CLOSE = 120
_NEAR = re.compile(r"(?<![0-9a-z/@._+])[0-9a-f]{7}")
_OPENS = re.compile(
    r"\s*\(?\s*(?:[0-9a-f]{7}|from\b|cherry|backported|picked|commit|changeset|this\s+reverts|reverts|master\s+commit|\[|upstream"
    r"|[\w./-]+\.git\b|(?:fixes|cc|depends-on|stable-dep-of|git-commit|alt-commit|reference|intel-sig)\s*:)"
)
_FIXES = "Fixes: "
_TRAILERS = re.compile(r"(?:[A-Za-z][A-Za-z-]*: [^\n]+(?:\n|\Z))+\Z")


def scope_of(repository: Repository) -> tuple[str, ...]:
    """`kvmpatch.scope`: pathspecs, separated by spaces."""
    return tuple((repository.setting("kvmpatch.scope") or "").split()) or DEFAULT_SCOPE


def pointers_of(message: str) -> list[Pointer]:
    """The pointers of a message to commits, each once."""
    found: dict[Pointer, None] = {}
    places = _may_point(message)
    if places and (values := _plain_fixes(message, places)):
        trailers = tuple(Trailer("Fixes", value) for value in values)
        found.update((Pointer(one.written, "fixes"), None) for one in fixes(trailers))
    elif places:
        found.update(_read(message))
    return list(found)


def _may_point(message: str) -> list[int]:
    """Where the lines begin that may be pointers; [0] where that cannot be told so cheaply."""
    lower = message.lower()
    if len(lower) != len(message):  # a few capitals beyond ASCII become two letters
        return [0]
    places: set[int] = set()
    for word in _WORDS:
        at = lower.find(word)
        while at >= 0:
            if match := _NEAR.search(lower, at, at + _CLOSE):
                line = lower.rfind("\n", 0, match.start()) + 1
                if _OPENS.match(lower, line, match.end()):
                    places.add(line)
            at = lower.find(word, at + 1)
    return list(places)


def _plain_fixes(message: str, places: list[int]) -> list[str]:
    """What `Fixes:` lines say, where they stand in a last paragraph of trailers alone and nothing else may point."""
    whole = message.rstrip("\n")
    last = whole.rfind("\n\n") + 2
    if last < 3 or "\n---" in message or "\r" in message or not _TRAILERS.match(whole, last):
        return []
    if any(place < last or not message.startswith(_FIXES, place) for place in places):
        return []
    return [whole[place + len(_FIXES) :].partition("\n")[0].strip() for place in places]


def _read(message: str) -> Iterator[tuple[Pointer, None]]:
    """The pointers to commits, read by the rules of the message room, without all that it reads besides."""
    text = message.replace("\r\n", "\n") if "\r" in message else message
    subject, body = split_subject(text)
    lines = body.split("\n") if body else []
    block = read_trailers(lines)
    yield from ((Pointer(one.id, "upstream", one.form), None) for one in find_pointers(subject, lines, block).found)
    yield from ((Pointer(one.written, "fixes"), None) for one in fixes(block.trailers))
    depends = dependencies(block.trailers, stable_marks(block.trailers))
    yield from ((Pointer(one, "depends"), None) for one in depends)
    if taken_back := reverted(subject, body):
        yield Pointer(taken_back, "reverts"), None


def structure_reader(
    start: str, overrides: tuple[tuple[str, str], ...]
) -> Callable[[tuple[str, ...]], list[StructureRows]]:
    """What a worker does with commits of the scope: compare both sides of their files, and write down what differs.

    Of all their files, also outside of the scope: what moved from there into it did not come new.
    """
    from kvmpatch.reports.show_commit import CommitReporter
    from kvmpatch.sources.repo import Repository

    reporter = CommitReporter(Repository.open(start, overrides), None, None)

    def read(ids: tuple[str, ...]) -> list[StructureRows]:
        return [_structure(reporter, commit) for commit in ids]

    return read


def _structure(reporter: CommitReporter, commit: str) -> StructureRows:
    from kvmpatch.analysis.commit_facts import commit_facts

    try:
        touched = next(iter(reporter.repository.changed([commit], counts=False)))
        return structure_rows(commit, commit_facts(reporter.sided(commit, touched.files[:MOST_FILES])))
    except Unreadable:  # a blob that nobody fetched, or the shallow boundary
        return StructureRows(commit, "missing")


def structure_rows(commit: str, facts: CommitFacts) -> StructureRows:
    """What a commit changes, for the index."""
    from kvmpatch.reports.index_facts import packed_facts

    changed: list[Change | MemberChange] = [*facts.changes]
    for change in facts.changes:
        changed += change.members
    names = [name for one in changed for name in (one.name, one.before.name if one.before else one.name)]
    return StructureRows(commit, "read", packed_facts(facts), tuple(dict.fromkeys(names)))


def in_scope(path: str, scope: Iterable[str]) -> bool:
    """Whether a file lies under one of the pathspecs; those with git's magic are taken to hold everything."""
    return any(_matches(path, spec) for spec in scope)


def has_patterns(specs: Iterable[str]) -> bool:
    """Whether some pathspecs are more than plain paths."""
    return any(set(spec) & set("*?[:") for spec in specs)


def folders_of(scope: Iterable[str]) -> tuple[str, ...]:
    """Literal paths that hold all that the pathspecs match, the whole tree (none) where that cannot be told."""
    if any(spec.startswith(":") for spec in scope):
        return ()
    plain = {re.split(r"[*?\[]", spec)[0] for spec in scope}
    found = {head if head in scope else head.rpartition("/")[0] for head in plain}
    return () if "" in found else tuple(sorted(found))


def _matches(path: str, spec: str) -> bool:
    if spec.startswith(":"):
        return True
    spec = spec.rstrip("/")
    return path == spec or path.startswith(spec + "/") or fnmatchcase(path, spec) or fnmatchcase(path, spec + "/*")
