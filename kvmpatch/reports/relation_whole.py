"""Whether a thing is a field of an object that a commit writes as a whole: it is written with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from kvmpatch.analysis.commit_facts import CommitFacts
from kvmpatch.analysis.flow import Program
from kvmpatch.analysis.flow.whole import WholeWrite, whole_writes
from kvmpatch.model import Evidence, Kind, Statement
from kvmpatch.parse.outlines import outline_of
from kvmpatch.rules import relation_words as words

if TYPE_CHECKING:
    from kvmpatch.reports.relation import Term
    from kvmpatch.reports.show_commit import CommitReporter

_STRUCTS = {Kind.STRUCT, Kind.UNION, Kind.TYPEDEF}
_MOST_WRITES = 12
_MOST_HEADERS = 40


class _Field(msgspec.Struct, frozen=True):
    """A field of a structure: the struct that it is of, and the place where that is defined."""

    struct: str
    name: str
    path: str
    line: int


def written_whole(reporter: CommitReporter, commit: str, facts: CommitFacts, term: Term) -> Iterator[Statement]:
    """One statement for each object that holds the thing and is written as a whole."""
    touched = next(iter(reporter.repository.changed([commit], counts=False)))
    sides = list(reporter.sided(commit, touched.files))
    before = Program({one.file.before_path: one.before for one in sides if one.before is not None})
    after = Program({one.file.path: one.after for one in sides if one.after is not None})
    writes = list(whole_writes(before, after, facts.pairs))[:_MOST_WRITES]
    if not writes:
        return
    types = _Types(reporter, commit)
    for write in writes:
        struct = write.struct or (types.of_member(write.member) if write.member else None)
        field = types.field(struct, term) if struct else None
        if field:
            proof = (
                Evidence(commit=commit, path=write.path, side="after", line=write.line),
                Evidence(commit=commit, path=field.path, side="after", line=field.line),
            )
            yield _said(term.about, write, field, proof)


def _said(about: str, write: WholeWrite, field: _Field, proof: tuple[Evidence, ...]) -> Statement:
    return words.written_whole(
        about, write.function, write.target, f"{field.struct}.{field.name}", proof, cleared=write.cleared
    )


class _Types:
    """The structures of a commit's tree, found by the names that stand in them."""

    def __init__(self, reporter: CommitReporter, commit: str) -> None:
        self.repository = reporter.repository
        self.commit = commit
        self._found: dict[str, list[tuple[str, str, int, tuple[tuple[str, str], ...]]]] = {}

    def of_member(self, member: str) -> str | None:
        """The structure that a field of this name is; None where it is none, or where fields of the name differ."""
        types = {
            kind.removeprefix("struct ").strip()
            for _, _, _, members in self._structs(member)
            for name, kind in members
            if name.rpartition(".")[2] == member and kind.startswith("struct ") and "*" not in kind
        }
        return next(iter(types)) if len(types) == 1 else None

    def field(self, struct: str, term: Term) -> _Field | None:
        """The field of a structure that is the thing asked about."""
        for name, path, line, members in self._structs(struct):
            if name == struct:
                for member, _ in members:
                    if term.matches(member) or term.matches(f"{struct}.{member}"):
                        return _Field(struct, member, path, line)
        return None

    def _structs(self, word: str) -> list[tuple[str, str, int, tuple[tuple[str, str], ...]]]:
        """Name, path, line and members of the structures in headers, and in KVM's sources, that hold the word."""
        if word not in self._found:
            paths = [
                path
                for path in self.repository.grep_files(self.commit, [word], ["arch", "include", "virt", "xen"])
                if path.endswith(".h") or "/kvm/" in path
            ][:_MOST_HEADERS]
            found = []
            for path, blob in self.repository.blobs_at(self.commit, paths).items():
                outline = outline_of(path, blob.data) if blob and blob.data is not None else None
                for item in outline.items(outline.scanned.pieces) if outline else ():
                    if item.kind in _STRUCTS:
                        members = tuple((member.name, member.type or "") for member in item.members)
                        found.append((item.name, path, item.lines[0], members))
            self._found[word] = found
        return self._found[word]
