"""Which commits brought what one ref has and another lacks: a bounded walk over the files that tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from kvmpatch import knowledge
from kvmpatch.analysis.support.tree import (
    CPUFEATURE,
    CSR,
    HWCAP,
    HWPROBE,
    HWPROBE_CODE,
    INTERFACE,
    ISA,
    KVM,
    SELFTEST,
)
from kvmpatch.errors import KvmpatchError
from kvmpatch.model.support import BroughtBy, SupportCell, SupportRef, SupportRow
from kvmpatch.sources.repo import ChangedFiles, Filter, Repository
from kvmpatch.words import Text

Progress = Callable[[Text], None]

MOST_COMMITS = 1500
"""Commits that touch these files; from 6.1 to 7.1 there are some 700 of them."""
_WORD = re.compile(rb"\b[A-Z][A-Z0-9_]{2,}[a-z]?\b|\bRISCV_ISA_EXT_\w+\b")
_COMMENT = re.compile(rb"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_FILES_OF = {
    "csr": (CSR,),
    "host": (HWCAP, CPUFEATURE),
    "hwprobe": (HWPROBE, *HWPROBE_CODE),
    "one-reg": (INTERFACE, KVM),
    "enable": (INTERFACE, KVM),
    "disable": (INTERFACE, KVM),
    "selftest": (SELFTEST,),
    "guest-bits": (KVM,),
}
_PATHS = tuple(dict.fromkeys(path for paths in _FILES_OF.values() for path in paths))
Words = dict[str, dict[str, str]]
"""For each part (a file, or all of KVM's code), each word with the newest commit that brought it there."""


class History:
    """The commits between refs, read once for each pair."""

    def __init__(self, repository: Repository, refs: Sequence[SupportRef], progress: Progress | None) -> None:
        self._repository = repository
        self._ids = {ref.ref: ref.id for ref in refs}
        self._progress = progress
        self._walked: dict[tuple[str, str], Words] = {}
        self._named: dict[str, tuple[str, str]] = {}
        self._words_of: dict[str, frozenset[bytes]] = {}

    def brought(
        self, row: SupportRow, column: str, has: Sequence[SupportCell], without: Sequence[str]
    ) -> tuple[BroughtBy, ...]:
        """The commits by which a ref came to have what another lacks, as far as the ids' names tell."""
        found: dict[str, BroughtBy] = {}
        names = tuple(_names(row, column, has))
        for cell in has:
            for other in without:
                words = self._between(self._ids[cell.ref], self._ids[other])
                for part in _FILES_OF[column]:
                    for name in names:
                        if commit := words.get(part, {}).get(name):
                            subject, date = self._name(commit)
                            found.setdefault(commit, BroughtBy(cell.ref, commit, subject, date))
        return tuple(sorted(found.values(), key=lambda one: one.date))

    def _name(self, commit: str) -> tuple[str, str]:
        if commit not in self._named:
            raw = next(self._repository.commits([commit]))
            self._named[commit] = (raw.subject, raw.author.date)
        return self._named[commit]

    def _between(self, one: str, other: str) -> Words:
        """What came into one tree's files since it parted from the other."""
        if (one, other) not in self._walked:
            if self._progress:
                self._progress(Text("查找带来差异的提交", "looking for the commits behind the differences"))
            try:
                self._walked[one, other] = self._walk(one, other)
            except KvmpatchError:  # a history with holes tells nothing, the table stands without it
                self._walked[one, other] = {}
        return self._walked[one, other]

    def _walk(self, one: str, other: str) -> Words:
        words: Words = {}
        ids = self._repository.history_ids([one, f"^{other}"], _PATHS, limit=MOST_COMMITS, where=Filter(no_merges=True))
        there = (commit for commit in ids if commit not in self._repository.shallow)
        for changed in self._repository.changed(there, renames=False, counts=False):
            for part, added in self._added(changed):
                held = words.setdefault(part, {})
                for word in added:
                    held.setdefault(word.decode(), changed.id)
        return words

    def _added(self, changed: ChangedFiles) -> Iterator[tuple[str, frozenset[bytes]]]:
        """The words that are new to each part of the tree: what moves from file to file within it is not."""
        sides: dict[str, tuple[set[bytes], set[bytes]]] = {}
        for file in changed.files:
            part = next((path for path in _PATHS if file.path == path or (path == KVM and _is_kvm(file.path))), None)
            if part:
                before, after = sides.setdefault(part, (set(), set()))
                before |= self._words(file.before_blob)
                after |= self._words(file.after_blob)
        for part, (before, after) in sides.items():
            yield part, frozenset(after - before)

    def _words(self, blob: str | None) -> frozenset[bytes]:
        if blob is None:
            return frozenset()
        if blob not in self._words_of:
            data = next(self._repository.blobs([blob])).data or b""
            self._words_of[blob] = frozenset(_WORD.findall(_COMMENT.sub(b" ", data)))
        return self._words_of[blob]


def _is_kvm(path: str) -> bool:
    return path.startswith(KVM) and path.endswith(".c")


def _names(row: SupportRow, column: str, has: Iterable[SupportCell]) -> Iterator[str]:
    """The words whose coming into a file is the coming of the support."""
    upper = row.extension.upper()
    known = knowledge.extension(row.extension) if row.kind == ISA else None
    if column in ("csr", "guest-bits"):
        for cell in has:
            for evidence in cell.evidence:
                yield from re.findall(r"\b[A-Z][A-Z0-9_]{3,}\b", (evidence.text or "").partition(" in ")[0])[:1]
    elif column == "host":
        yield known.host_macro if known and known.host_macro else f"RISCV_ISA_EXT_{upper}"
    elif column == "hwprobe":
        yield f"RISCV_HWPROBE_EXT_{upper}"
        yield from ("RISCV_HWPROBE_IMA_FD",) if upper in ("F", "D") else (f"RISCV_HWPROBE_IMA_{upper}",)
    elif row.kind == ISA:
        yield f"KVM_RISCV_ISA_EXT_{upper}"
        if column == "selftest" and len(upper) > 1:
            yield upper
    else:
        yield f"KVM_RISCV_SBI_EXT_{upper}"
