"""The histories of some files on two sides of a fork: what only the candidate's has, and what only the target's has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from kvmpatch.model.report import CommitName
from kvmpatch.parse.message import bare_subject, read_message
from kvmpatch.reports.related.pointing import Known

if TYPE_CHECKING:
    from kvmpatch.reports.backport.target import Target
    from kvmpatch.reports.related.request import Patience
    from kvmpatch.sources.repo import ChangedFiles, RawCommit, Repository, TouchedFile

_MOST_COMMITS = 600
_MOST_NAMES = 5


class Event(NamedTuple):
    """What one commit did to lines of one text in one file: how many it added, how many it took away."""

    commit: str
    path: str
    added: int
    removed: int

    def gave(self, *, added: bool) -> bool:
        """Whether it added such lines on balance, or took them away. What it only moved it did both to."""
        one, other = (self.added, self.removed) if added else (self.removed, self.added)
        return one > 0 and one >= other


class Side:
    """One side: the commits that its tip reaches and the other's does not, newest first, as far as they touch files.

    Attributes:
        paths: the files, under all names that are asked about.
        stopped: whether there are more commits than were read.
    """

    def __init__(self, repository: Repository, tips: tuple[str, str], paths: Iterable[str], patience: Patience) -> None:
        self.repository = repository
        self.tip, self.other = tips
        self.paths = list(dict.fromkeys(paths))
        self.patience = patience
        self.stopped = False
        self._events: defaultdict[str, list[Event]] = defaultdict(list)
        self._named: dict[str, dict[str, TouchedFile]] = {}

    @cached_property
    def ids(self) -> list[str]:
        """The commits."""
        walked = self.repository.history_ids([self.tip, f"^{self.other}"], self.paths, limit=_MOST_COMMITS)
        ids = list(self.patience.while_it_lasts(walked, "time-limit"))
        self.stopped = len(ids) >= _MOST_COMMITS
        if self.stopped:
            self.patience.cut("earlier-limit")
        return [one for one in ids if one not in self.repository.shallow]

    @cached_property
    def raws(self) -> dict[str, RawCommit]:
        """The commits, read."""
        return {raw.id: raw for raw in self.repository.commits(self.ids)}

    def learn(self, texts: set[str]) -> None:
        """Read what the commits did to lines that read so; `events` gives it."""
        counted: dict[tuple[str, str], list[int]] = {}
        commit = ""

        def close() -> None:
            for (text, path), (added, removed) in counted.items():
                self._events[text].append(Event(commit, path, added, removed))

        if not texts:
            return
        for line in self.patience.while_it_lasts(self.repository.changed_lines(self.ids, self.paths), "time-limit"):
            if line.commit != commit:
                close()
                commit, counted = line.commit, {}
            if line.sign != "@" and line.text in texts:
                counted.setdefault((line.text, line.path), [0, 0])[line.sign == "-"] += 1
        close()

    def found(self, text: str, names: set[str], *, added: bool) -> Event | None:
        """The last commit that added lines of a text to a file, or took them away.

        Where the file got another name the line went and came again, which is neither.
        """
        by_commit: dict[str, list[Event]] = {}
        for event in self._events.get(text, ()):
            if event.path in names:
                by_commit.setdefault(event.commit, []).append(event)
        for events in by_commit.values():
            total = Event(*events[-1][:2], sum(one.added for one in events), sum(one.removed for one in events))
            renamed = len(events) > 1 and total.added == total.removed
            if not renamed and total.gave(added=added):
                return total
        return None

    def names(self, path: str) -> set[str]:
        """A file's names, as far back as this side gave it others."""
        found = {path}
        while (origin := self.origin(path)) and origin[1].status == "renamed" and origin[1].before_path not in found:
            path = origin[1].before_path
            found.add(path)
        return found

    @cached_property
    def _touched(self) -> list[ChangedFiles]:
        """The files of the commits, as if nothing had ever been renamed: a tenth of the time that renames take."""
        return list(self.repository.changed(self.ids, counts=False, renames=False))

    @cached_property
    def _origins(self) -> dict[str, tuple[str, TouchedFile]]:
        """By path, the oldest commit that gave a file this name, and how."""
        oldest = {file.path: one.id for one in self._touched for file in one.files if file.status == "added"}
        found = {path: self._in_commit(oldest[path], path) for path in self.paths if path in oldest}
        return {path: (oldest[path], file) for path, file in found.items() if file}

    def _in_commit(self, commit: str, path: str) -> TouchedFile | None:
        """What a commit did to a file, by its name on either side, renames told."""
        if commit not in self._named:  # a commit of thousands of files is asked about each of them
            files = next(iter(self.repository.changed([commit], counts=False))).files[::-1]
            self._named[commit] = {**{file.before_path: file for file in files}, **{file.path: file for file in files}}
        return self._named[commit].get(path)

    def origin(self, path: str) -> tuple[str, TouchedFile] | None:
        """The commit that brought a file under this name; None where it was there at the fork."""
        return self._origins.get(path)

    def end(self, path: str) -> tuple[str, TouchedFile] | None:
        """The last commit that took a file away or gave it another name."""
        for one in self._touched:
            if any(file.path == path and file.status == "deleted" for file in one.files):
                file = self._in_commit(one.id, path)
                return (one.id, file) if file else None
        return None

    def touching(self, paths: Sequence[str]) -> list[str]:
        """Those of the commits that touch some of the files, newest first."""
        wanted = set(paths)
        return [one.id for one in self._touched if any(file.path in wanted for file in one.files)]


class TwoSides:
    """The two sides of a candidate and the target, for the files in which they clash.

    Attributes:
        candidate: what came before the candidate since the fork.
        target: what the target has of its own.
    """

    def __init__(self, target: Target, parent: str, files: tuple[list[str], list[str]], patience: Patience) -> None:
        self._target = target
        self._repository = target.repository
        standing = target.standing
        theirs, ours = files
        self.candidate = self._grown((parent, standing), [*theirs, *ours], patience)
        self.target = self._grown((standing, parent), [*ours, *theirs, *self.candidate.paths], patience)

    def _grown(self, tips: tuple[str, str], paths: list[str], patience: Patience) -> Side:
        """A side that knows the files by the names that they had before, too."""
        side = Side(self._repository, tips, paths, patience)
        for _ in range(_MOST_NAMES):
            origins = (side.origin(path) for path in side.paths)
            older = {file.before_path for _, file in filter(None, origins) if file.status == "renamed"}
            if older <= set(side.paths):
                break
            side = Side(self._repository, tips, [*side.paths, *older], patience)
        return side

    def names(self, paths: Iterable[str]) -> set[str]:
        """The names that a file has had on either side."""
        own = set(paths)
        return own.union(*(side.names(path) for path in own for side in (self.candidate, self.target)))

    def name(self, commit: str) -> CommitName:
        """A commit by id and subject; a throw-away one is called by the candidate that it was made of."""
        commit = self._made.get(commit, commit)
        raw = self.candidate.raws.get(commit) or self.target.raws.get(commit)
        return CommitName(commit, (raw or next(self._repository.commits([commit]))).subject)

    @cached_property
    def _made(self) -> dict[str, str]:
        """Throw-away commits by the commits that they were made of; who wrote what and when was taken over."""
        if not self._target.taken:
            return {}
        taken = {(raw.author, raw.message): raw.id for raw in self._repository.commits(self._target.taken)}
        made = self._repository.history([self._target.standing, f"^{self._target.id}"], first_parent=True)
        own = ((raw.id, taken.get((raw.author, raw.message))) for raw in made)
        return {throw_away: identity for throw_away, identity in own if identity}

    def in_target(self, raw: RawCommit) -> str | None:
        """The commit of the target's side that says it is this one, or has its subject."""
        known = Known(raw)
        if raw.id in self._by_id:
            return self._by_id[raw.id]
        twin = next((self._by_id[one] for one in known.upstream if one in self._by_id), None)
        return twin or self._by_subject.get(bare_subject(raw.subject))

    def original(self, commit: str) -> str | None:
        """The commit before the candidate that one of the target's says it is."""
        raw = self.target.raws.get(commit)
        written = Known(raw).upstream if raw else ()
        named = next((one for one in written if one in self.candidate.raws), None)
        return named or (self._candidates_by_subject.get(bare_subject(raw.subject)) if raw else None)

    @cached_property
    def _candidates_by_subject(self) -> dict[str, str]:
        return {bare_subject(raw.subject): raw.id for raw in self.candidate.raws.values() if raw.subject.strip()}

    @cached_property
    def _by_id(self) -> dict[str, str]:
        return {
            **{upstream: raw.id for raw in self._standing for upstream in Known(raw).upstream},
            **{raw: made for made, raw in self._made.items()},
        }

    @cached_property
    def _by_subject(self) -> dict[str, str]:
        return {bare_subject(raw.subject): raw.id for raw in self._standing if raw.subject.strip()}

    @cached_property
    def _standing(self) -> list[RawCommit]:
        """The target's commits, oldest first, without those that it took back."""
        standing: dict[str, RawCommit] = {}
        for raw in reversed(self.target.raws.values()):
            written = read_message(raw.message).reverts if "This reverts" in raw.message else None
            taken = next((one for one in standing if written and one.startswith(written)), None)
            if taken:
                del standing[taken]
            else:
                standing[raw.id] = raw
        return list(standing.values())
