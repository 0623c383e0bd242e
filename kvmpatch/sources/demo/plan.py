"""The plan of the miniature history, followed line by line: ``history.txt`` says what comes when and where."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from kvmpatch.sources.demo.patches import DemoPatch, applied, merged, read_patch
from kvmpatch.sources.demo.sealed_git import FastImport
from kvmpatch.sources.demo.values import DemoCommit, DemoHistory, DemoRef

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{commit:(\d{4})\}")
_BETWEEN_COMMITS = timedelta(hours=1)


@dataclass(slots=True)
class _State:
    """How far the history is."""

    committer: str = ""
    checkout: str = ""
    branch: str = ""  # the present one
    trees: dict[str, dict[str, bytes]] = field(default_factory=dict)  # by number
    commits: dict[str, DemoCommit] = field(default_factory=dict)  # by number
    tips: dict[str, str] = field(default_factory=dict)  # branch: number
    starts: dict[str, str] = field(default_factory=dict)  # branch: the number that it left from
    tags: dict[str, str] = field(default_factory=dict)  # tag: number
    clock: datetime | None = None  # the latest committer date


def follow_plan(data: Path, directory: Path) -> DemoHistory:
    """Make every commit of the plan in a fresh repository, and set its branches and tags.

    Raises:
        Unreadable: git failed.
        ValueError: the plan or a patch does not hold together.
    """
    files = {path.name[:4]: path for path in sorted((data / "patches").glob("*.patch"))}
    state = _State()
    run = FastImport(directory)
    try:
        for line in (data / "history.txt").read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                verb, _, words = line.partition(" ")
                _follow(verb, words, run, state, data, files)
        branches = {name: state.commits[number].id for name, number in state.tips.items()}
        tags = {name: state.commits[number].id for name, number in state.tags.items()}
        run.finish(
            [(f"refs/heads/{name}", target) for name, target in branches.items()]
            + [(f"refs/tags/{name}", target) for name, target in tags.items()]
        )
    finally:
        run.stop()
    return DemoHistory(
        path=directory,
        head=branches[state.checkout],
        branches=tuple(DemoRef(name, target) for name, target in branches.items()),
        tags=tuple(DemoRef(name, target) for name, target in tags.items()),
        commits=tuple(state.commits.values()),
    )


def _follow(verb: str, words: str, run: FastImport, state: _State, data: Path, files: Mapping[str, Path]) -> None:
    """Follow one line of the plan; ``history.txt`` explains the verbs."""
    first, _, second = words.partition(" ")
    branch = state.branch
    if verb == "committer":
        state.committer = words
    elif verb == "checkout":
        state.checkout = words
    elif verb == "branch":
        state.branch = first
        if second:
            state.tips[first] = state.starts[first] = second
    elif verb == "root":
        tree = {
            path.relative_to(data / "base").as_posix(): path.read_bytes()
            for path in (data / "base").rglob("*")
            if path.is_file()
        }
        _add(run, state, words, read_patch(files[words].read_bytes()), tree, [])
    elif verb == "commit":
        for number in words.split():
            patch = read_patch(files[number].read_bytes())
            tip = state.tips[branch]
            _add(run, state, number, patch, applied(state.trees[tip], patch.diff), [tip])
    elif verb == "merge":
        ours, theirs = state.tips[branch], state.tips[second]
        tree = merged(state.trees[state.starts[second]], state.trees[ours], state.trees[theirs])
        _add(run, state, first, read_patch(files[first].read_bytes()), tree, [ours, theirs])
    elif verb == "tag":
        state.tags[words] = state.tips[branch]
    else:
        raise ValueError(f"history.txt: {verb} is no verb")


def _add(
    run: FastImport, state: _State, number: str, patch: DemoPatch, tree: dict[str, bytes], parents: list[str]
) -> None:
    """Make one commit, at its author date or an hour after the one before, whichever is later."""
    when = patch.date
    if state.clock is not None:
        when = max(when, (state.clock + _BETWEEN_COMMITS).astimezone(patch.date.tzinfo))
    state.clock = when
    message = _PLACEHOLDER.sub(lambda found: state.commits[found[1]].id, patch.message)
    body = message.encode()
    headers = (
        f"commit refs/heads/{state.branch}\nauthor {patch.author} {_stamp(patch.date)}\n"
        f"committer {state.committer} {_stamp(when)}\ndata {len(body)}\n"
    ).encode() + body
    before = state.trees[parents[0]] if parents else {}
    changes: dict[str, bytes | None] = {path: None for path in before if path not in tree}
    changes |= {path: content for path, content in tree.items() if before.get(path) != content}
    made = run.commit(headers, [state.commits[parent].id for parent in parents], changes)
    state.commits[number] = DemoCommit(number, made, message.splitlines()[0], state.branch)
    state.trees[number] = tree
    state.tips[state.branch] = number


def _stamp(when: datetime) -> str:
    """A date as git keeps it: seconds since 1970, and the zone."""
    return f"{int(when.timestamp())} {when:%z}"
