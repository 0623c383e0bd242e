"""The sources that execution flow is followed through: the touched files, and in KVM those that may call them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kvmpatch.analysis.commit_facts import CommitFacts, SidedFile
from kvmpatch.analysis.flow import Program, flow_of
from kvmpatch.model import Change, FlowFacts, Kind, PhaseChange, Unplaced
from kvmpatch.parse.outlines import language_of

if TYPE_CHECKING:
    from kvmpatch.sources.repo import Repository

# KVM's own sources: callers are looked for in the whole directory of a touched file there, and nowhere else.
_KVM = re.compile(r"(?:^|/)kvm/")
_CODE = {Kind.FUNCTION, Kind.SYSCALL, Kind.ASM_SYMBOL}
# Above these, a commit is a merge, an import or a sweep over the tree: its flow is not worked out, and said to be
# unknown. A part of it would be no answer.
_MOST_BYTES = 12_000_000
_MOST_CALLERS = 250
_MOST_FUNCTIONS = 60


class TouchedTexts:
    """The texts of the touched files, kept while they stream by, as long as there are not too many."""

    def __init__(self) -> None:
        self.before: dict[str, bytes] = {}
        self.after: dict[str, bytes] = {}
        self.size = 0

    def kept(self, files: Iterable[SidedFile]) -> Iterator[SidedFile]:
        """The same files, remembered on the way."""
        for sided in files:
            self.size += len(sided.before or b"") + len(sided.after or b"")
            if self.size <= _MOST_BYTES:
                if sided.before is not None and sided.file.status != "copied":
                    self.before[sided.file.before_path] = sided.before
                if sided.after is not None:
                    self.after[sided.file.path] = sided.after
            else:
                self.before.clear()
                self.after.clear()
            yield sided


def flow_facts(repository: Repository, commit: str, texts: TouchedTexts, facts: CommitFacts) -> FlowFacts | None:
    """What ran when on both sides; None for a commit that is too large to follow.

    A commit that changes no function has no flow to speak of: everything in it is empty.
    """
    functions = sum(pair.placed.item.kind in _CODE for pair in facts.pairs)
    if texts.size > _MOST_BYTES or functions > _MOST_FUNCTIONS:
        return None
    if not functions:
        return FlowFacts((), (), (), (), (), (), (), (), (), ())
    callers = callers_of(repository, commit, set(texts.before) | set(texts.after))
    others = callers or {}
    flow = flow_of(Program({**others, **texts.before}), Program({**others, **texts.after}), facts.pairs)
    return flow if callers is not None else _without_phases(flow, facts)


def _without_phases(flow: FlowFacts, facts: CommitFacts) -> FlowFacts:
    """What still holds of the flow where not all that may call the functions could be read."""
    unplaced = tuple(
        Unplaced(
            pair.placed.item.name, pair.placed.path, pair.placed.item.name_line, "after" if pair.after else "before"
        )
        for pair in facts.pairs
        if pair.placed.item.kind in _CODE
    )
    return replace(
        flow, phases=(), moves=(), stays=(), tests=(), only_ored=(), reordered=(), unplaced=unplaced, callbacks=()
    )


def phases_of(flow: FlowFacts | None) -> tuple[PhaseChange, ...] | None:
    """The phases as the report tells them; None where no known entry point leads to what the commit touches."""
    if flow is None or (flow.unplaced and not flow.phases):
        return None
    return flow.phases


def with_calls(changes: tuple[Change, ...], flow: FlowFacts | None) -> tuple[Change, ...]:
    """The changes, functions with the calls that came and went."""
    if flow is None or not flow.calls:
        return changes
    calls = {(name, path): told for name, path, told in flow.calls}
    return tuple(
        replace(change, calls=calls[change.name, change.path])
        if change.kind in _CODE and (change.name, change.path) in calls
        else change
        for change in changes
    )


def callers_of(repository: Repository, commit: str, touched: set[str]) -> dict[str, bytes] | None:
    """The other files of the KVM directories of some touched ones; None where they cannot all be read."""
    directories = sorted({path.rpartition("/")[0] + "/" for path in touched if _KVM.search(path)})
    if not directories:
        return {}
    files = [
        file
        for file in repository.list_files(commit, directories)
        if file.kind == "blob" and file.path not in touched and language_of(file.path) in {"c", "assembly"}
    ]
    if len(files) > _MOST_CALLERS:
        return None
    found: dict[str, bytes] = {}
    for file, blob in zip(files, repository.blobs(file.id for file in files), strict=True):
        if blob.data is not None:
            found[file.path] = blob.data
        elif blob.why == "missing":
            # A partial clone: who calls what cannot be told.
            return None
    return found
