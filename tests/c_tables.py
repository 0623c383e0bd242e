"""Two versions of a file, put through the comparison of a commit, and what came out in short lines."""

from __future__ import annotations

from collections.abc import Mapping

from kvmpatch.analysis.commit_facts import CommitFacts, SidedFile, commit_facts
from kvmpatch.model import Aspect, FileChange, Guard


def facts_of(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> CommitFacts:
    """The facts of a commit that turns the files `before` into the files `after`; None or no entry: no such file."""
    files = []
    for path in dict.fromkeys((*before, *after)):
        old, new = before.get(path), after.get(path)
        status = "added" if old is None else "deleted" if new is None else "modified"
        change = FileChange(path, status, None, None, binary=False, before=None)
        files.append(SidedFile(change, old.encode() if old is not None else None, new.encode() if new else None))
    return commit_facts(files)


def one_file(before: str, after: str, path: str = "a.c") -> CommitFacts:
    """The same for one file."""
    return facts_of({path: before}, {path: after})


def kinds(facts: CommitFacts) -> list[str]:
    """Each change as `modified function f (body)`."""
    lines = []
    for change in facts.changes:
        old = f"{change.before.name} -> " if change.before and change.before.name != change.name else ""
        aspects = ", ".join(aspect for aspect in change.aspects if aspect is not Aspect.MEMBERS)
        lines.append(f"{change.change} {change.kind} {old}{change.name}" + (f" ({aspects})" if aspects else ""))
    return sorted(lines)


def guards_of(guards: tuple[Guard, ...]) -> list[str]:
    """Each guard as `not host text`."""
    return [f"{'not ' if guard.negated else ''}{guard.kind} {guard.text}" for guard in guards]
