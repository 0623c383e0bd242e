"""What must go in before a commit: what it uses and the target lacks, the lines it must find, what lies between."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from kvmpatch.analysis.prerequisites import not_seen_in
from kvmpatch.analysis.relatives import Definition, NamedUse, names_used
from kvmpatch.errors import Unreadable
from kvmpatch.model import Evidence, Happened, Kind
from kvmpatch.model.backport import BackportReason, NeedKind, Prerequisite, Presence
from kvmpatch.reports.backport.lacking import Lacking
from kvmpatch.reports.backport.relocated import Whereabouts
from kvmpatch.reports.backport.signatures import SignatureFinder
from kvmpatch.reports.related.center import Center
from kvmpatch.reports.related.findings import moment
from kvmpatch.reports.related.needed import NeedFinder
from kvmpatch.reports.related.pointing import dependencies_of
from kvmpatch.reports.related.textual import TextFinder
from kvmpatch.rules import need_reasons as words

if TYPE_CHECKING:
    from kvmpatch.analysis.relatives import LeanedOn
    from kvmpatch.reports.backport.target import Target
    from kvmpatch.reports.related.request import Patience
    from kvmpatch.sources.repo import PickedFile, RawCommit

_DEPTH = 6
"""How far prerequisites of prerequisites are followed."""
_TEXTUAL_DEPTH = 4
_MOST_PERHAPS = 10
"""Textual prerequisites of which it is looked up what they need in turn, should they go in."""
_MOST = 50
_MOST_INCIDENTAL = 8
_BETWEEN = 120
_MOST_FILES = 20
Pairs = list[tuple[Definition, Evidence]]
"""Definitions, each with the line that brought it."""
_ORDER: tuple[NeedKind, ...] = ("needed", "textual", "incidental")
_AGGREGATES = {Kind.STRUCT, Kind.UNION, Kind.ENUM, Kind.TYPEDEF}
_IN_FUNCTIONS = {Kind.FUNCTION, Kind.STRUCT, Kind.ASM_SYMBOL, Kind.MACRO, Kind.SYSCALL}


class Presences(Protocol):
    """Tells which commits a target has already, by whatever id."""

    def find(self, raws: Sequence[RawCommit]) -> dict[str, Presence]:
        """The presence of each, by its id."""
        ...


class _Link(msgspec.Struct, frozen=True):
    """One commit leads to another: `of` needs `id`, or leans on its lines, or changes what it changes."""

    id: str
    of: str
    kind: NeedKind
    because: BackportReason


class NeedsFinder:
    """Finds what candidates need before they can go into one target.

    Args:
        target: the target.
        presences: tells what it has already.
        patience: how long it may look.
        in_full: for many candidates at once, False: of textual prerequisites it is not looked up what they lean on in
            turn, and what is incidental is left out. That is most of the work where commits conflict.
    """

    def __init__(self, target: Target, presences: Presences, patience: Patience, *, in_full: bool = True) -> None:
        self.target = target
        self.repository = target.repository
        self.presences = presences
        self.patience = patience
        self.in_full = in_full
        self.lacking = Lacking(target)
        self._unsure: list[tuple[Center, str, Pairs, dict[str, NamedUse]]] = []

    def find(self, center: Center) -> tuple[Prerequisite, ...]:
        """The prerequisites of a candidate and of what it needs: the needed first, each kind oldest first.

        Textual ones are told only of commits that conflict. In a shallow clone, or where a limit stopped the search,
        there may be more; patience has the reason.
        """
        if self.repository.shallow:
            self.patience.cut("shallow")
        self._unsure.clear()
        links: dict[str, list[_Link]] = {}
        extra: dict[str, BackportReason] = {}
        asked: set[str] = set()
        followed = 0
        level = [center]
        for depth in range(_DEPTH + 1):
            new = [link for one in level for link in self._links(one, depth)]
            fresh = self._absent(new, links, extra, center.id)
            for link in new:
                if link.id in fresh or link.id in links:
                    links.setdefault(link.id, []).append(link)
            asked |= {one.id for one in level}
            touched = dict.fromkeys(link.id for link in new if link.id in links and link.id not in asked)
            perhaps = self._worth_following(_perhaps(touched, links), depth, followed)
            followed += len(perhaps)
            level = list(self._centers(center, [*_certain(touched, links), *perhaps]))
            if not level or self.patience.over:
                break
            if depth == _DEPTH:
                self.patience.cut("prerequisite-depth")
        self._confirm(links)
        return self._told(center.id, links, extra)

    def _worth_following(self, perhaps: list[str], depth: int, followed: int) -> list[str]:
        """Of textual prerequisites, those of which it is looked up what they lean on."""
        if perhaps and not self.in_full:
            self.patience.cut("bulk")
            return []
        return perhaps[: max(0, _MOST_PERHAPS - followed)] if depth < _TEXTUAL_DEPTH else []

    def _confirm(self, links: dict[str, list[_Link]]) -> None:
        """Take back what prerequisites were said to need, where the target has those names elsewhere.

        What the candidate itself needs was looked up at once; for the others one search does.
        """
        places = {one.name: [one] for _, _, pairs, _ in self._unsure for one, _ in pairs}
        if not places:
            return
        paths = [path for center, *_ in self._unsure for path in center.paths]
        absent = self.lacking.confirmed(places, dict.fromkeys(paths))
        for center, commit, pairs, uses in self._unsure:
            kept = [pair for pair in pairs if pair[0].name in absent]
            if len(kept) < len(pairs) and commit in links:
                before = self._brings(center, commit, pairs, uses)
                others = [one for one in links[commit] if one != before]
                links[commit] = [*others, *([self._brings(center, commit, kept, uses)] if kept else [])]

    def _links(self, center: Center, depth: int) -> list[_Link]:
        """What one commit leads to, whether the target has it or not."""
        if center.parent is None or not center.is_plain:
            return []
        found = list(self._needed(center, at_first=depth == 0))
        picked = self.repository.pick(center.id, self.target.standing, texts=False)
        if picked.state == "conflict":
            found += [*self._textual(center), *self._created(center, picked.files)]
        return found if depth or not self.in_full else [*found, *self._incidental(center)]

    def _centers(self, candidate: Center, ids: Iterable[str]) -> Iterator[Center]:
        for raw in self.repository.commits(ids):
            try:
                yield Center(candidate.reporter, raw)
            except Unreadable:
                self.patience.cut("missing-objects")

    # ---- what the target has ---------------------------------------------------------------------------------------

    def _absent(
        self,
        links: Sequence[_Link],
        held: dict[str, list[_Link]],
        extra: dict[str, BackportReason],
        candidate: str,
    ) -> list[str]:
        """The commits that are new and that the target does not have; of those that it has in part, that is noted."""
        have = {candidate, *self.target.taken, *held}
        strongest = sorted(links, key=lambda link: _ORDER.index(link.kind))
        ids = list(dict.fromkeys(link.id for link in strongest if link.id not in have))
        raws = [raw for raw in self.repository.commits(ids) if len(raw.parents) == 1]
        presences = self.presences.find(raws) if raws else {}
        fresh: list[str] = []
        for raw in raws:
            presence = presences[raw.id]
            if presence.state == "present":
                continue
            if len(held) + len(fresh) >= _MOST:
                self.patience.cut("prerequisite-limit")
                break
            if presence.state == "partial":
                extra[raw.id] = words.partly_there(_places(presence) or (Evidence(commit=raw.id),))
            fresh.append(raw.id)
        return fresh

    def _told(
        self, candidate: str, links: dict[str, list[_Link]], extra: dict[str, BackportReason]
    ) -> tuple[Prerequisite, ...]:
        """What was found, by its strongest link; needed is what the candidate needs, or what that needs, and so on."""
        needed = {candidate}
        while more := {
            one for one, to in links.items() if one not in needed and any(_binds(link, needed) for link in to)
        }:
            needed |= more
        led_to = {candidate}
        while more := {one for one, to in links.items() if one not in led_to and any(one.of in led_to for one in to)}:
            led_to |= more
        raws = {raw.id: raw for raw in self.repository.commits([one for one in links if one in led_to])}

        def told(raw: RawCommit) -> Prerequisite:
            ordered = sorted(links[raw.id], key=lambda link: (not _binds(link, needed), _ORDER.index(link.kind)))
            first = ordered[0]
            kind: NeedKind = "needed" if raw.id in needed else "textual" if first.kind != "incidental" else "incidental"
            because = [link.because for link in ordered if link.kind != "incidental" or kind == "incidental"]
            because += [extra[raw.id]] if raw.id in extra else []
            return Prerequisite(raw.id, raw.subject, kind, tuple(dict.fromkeys(because)), first.of)

        def rank(one: Prerequisite) -> tuple[int, float, str]:
            return _ORDER.index(one.kind), moment(raws[one.id].committer.date), one.id

        return tuple(sorted(map(told, raws.values()), key=rank))

    # ---- needed ----------------------------------------------------------------------------------------------------

    def _needed(self, center: Center, *, at_first: bool) -> Iterator[_Link]:
        """Who brought the names that its new lines use and the target lacks, and the shapes that they are used in."""
        yield from self._said(center)
        where = Whereabouts(self.target, center)
        used = names_used(where.applicable())
        touched = [path for file in center.touched.files for path in (file.before_path, file.path)]
        texts = [data for data in self.target.files(touched).values() if data]
        uses = {name: use for name, use in not_seen_in(used, texts).items() if name not in center.brought}
        uses.update({use.name: use for use in _extended(center, used) if use.name not in uses})
        finder = NeedFinder(center, self.patience, self.target.files)
        signatures = SignatureFinder(self.target, center, finder)
        lacking = self.lacking.definitions(center, finder, uses, deep=at_first)
        if at_first:
            lacking = self.lacking.confirmed(lacking, center.paths)
        for commit, pairs in finder.introduced(lacking, self._beyond()):
            yield self._brings(center, commit, pairs, uses)
            if not at_first:
                self._unsure.append((center, commit, pairs, uses))
        for commit, reason in signatures.find(used):
            yield _Link(commit, center.id, "needed", reason)

    def _beyond(self) -> list[str]:
        return [f"^{self.target.id}"]

    def _said(self, center: Center) -> Iterator[_Link]:
        """What its message names as prerequisites; what `Stable-dep-of` names needs it, and not the other way."""
        for word, written in dependencies_of(center.message):
            if word == "Stable-dep-of":
                continue
            commit = self.repository.commit_named(written)
            if commit and not self.repository.is_ancestor(commit, self.target.id):
                line = next((one.strip() for one in center.raw.message.split("\n") if written in one.lower()), None)
                proof = (Evidence(commit=center.id, text=line),)
                yield _Link(commit, center.id, "needed", words.said_to_be_needed(center.id, proof))

    def _brings(self, center: Center, commit: str, pairs: Pairs, uses: dict[str, NamedUse]) -> _Link:
        pairs = sorted(pairs, key=lambda pair: (pair[0].kind == "prototype", not uses[pair[0].name].is_new))
        names = list(dict.fromkeys(f"{one.within}.{one.name}" if one.within else one.name for one, _ in pairs))
        first = uses[pairs[0][0].name]
        proof = [self._numbered(evidence) for _, evidence in pairs[:3]]
        proof.append(Evidence(commit=center.id, path=first.path, side="after", line=first.line, text=first.text))
        only_declared = all(one.kind == "prototype" for one, _ in pairs)
        said = (words.declares_name if only_declared else words.brings_name)(center.id, names, proof)
        return _Link(commit, center.id, "needed", said)

    def _numbered(self, evidence: Evidence) -> Evidence:
        """A line as evidence with its number in the file that the commit made."""
        from msgspec.structs import replace

        path, text = evidence.path or "", evidence.text
        data = self.repository.read_files(evidence.commit or "", [path])[path] or b""
        lines = data.decode("utf-8", "replace").split("\n")
        return replace(evidence, line=next((at for at, one in enumerate(lines, 1) if one.strip() == text), None))

    # ---- textual ---------------------------------------------------------------------------------------------------

    def _textual(self, center: Center) -> Iterator[_Link]:
        """Who wrote the lines that its patch must find, where the target's file does not have them."""
        finder = TextFinder(center, self.patience)
        lines = finder.lines()
        there = self.target.files({one.path for one in lines})
        elsewhere = [path for path, data in there.items() if data is None]
        if elsewhere:
            there = {**there, **Whereabouts(self.target, center).files(elsewhere)}
        texts = {path: set((data or b"").decode("utf-8", "replace").split("\n")) for path, data in there.items()}
        missing = [one for one in lines if one.text not in texts[one.path]]
        for path in elsewhere:
            if there[path] and (mover := self._maker(center, path)):
                proof = (Evidence(commit=mover, path=path, side="after"),)
                yield _Link(mover, center.id, "textual", words.makes_file(center.id, path, proof))
        for commit, written in finder.written(missing, self._beyond()):
            ordered = sorted(written, key=lambda one: (not one.removed, one.path, one.line))
            reason = words.wrote_lines(center.id, len(ordered), [_proof(center.id, one) for one in ordered[:3]])
            yield _Link(commit, center.id, "textual", reason)

    def _maker(self, center: Center, path: str) -> str | None:
        """Who made a file that the target lacks, where that can be told."""
        ids, stopped = center.earlier([path], _BETWEEN, self._beyond())
        if not ids or stopped:
            return None
        touched = next(iter(self.repository.changed([ids[-1]], counts=False, renames=False)))
        made = any(file.path == path and file.status == "added" for file in touched.files)
        return ids[-1] if made and center.is_patch(ids[-1]) else None

    def _created(self, center: Center, conflicts: Sequence[PickedFile]) -> Iterator[_Link]:
        """Who created the files that it changes and the target lacks: a binary or a short one has no telling line."""
        lost = {file.base.path for file in conflicts if file.base and not file.ours}
        lost -= {path for path, data in Whereabouts(self.target, center).files(lost).items() if data}
        paths = sorted(lost)[:_MOST_FILES]
        if len(paths) < len(lost):
            self.patience.cut("prerequisite-limit")
        ids, _ = center.earlier(paths, _BETWEEN, self._beyond()) if paths else ([], None)
        found: dict[str, list[str]] = {}
        for touched in self.repository.changed(ids, counts=False, renames=False):
            made = [file.path for file in touched.files if file.status == "added" and file.path in lost]
            lost.difference_update(made)
            if made and center.is_patch(touched.id):
                found[touched.id] = made
        for commit, made in found.items():
            proof = [Evidence(commit=commit, path=path, side="after") for path in made[:3]]
            yield _Link(commit, center.id, "textual", words.creates_file(center.id, made, proof))

    # ---- incidental ------------------------------------------------------------------------------------------------

    def _incidental(self, center: Center) -> Iterator[_Link]:
        """The nearest commits in between that change the same functions."""
        names = {
            change.name
            for change in center.facts.changes
            if change.change is Happened.MODIFIED and change.kind in _IN_FUNCTIONS
        }
        if not names:
            return
        heading = re.compile(rf"\b({'|'.join(map(re.escape, sorted(names)))})\b")
        paths = [file.before_path for file in center.touched.files][:_MOST_FILES]
        ids, _ = center.earlier(paths, _BETWEEN, self._beyond())
        touched: dict[str, dict[str, Evidence]] = {}
        for line in self.patience.while_it_lasts(self.repository.changed_lines(ids, paths), "time-limit"):
            match = heading.search(line.text.partition("@@ ")[2].partition("@@")[2]) if line.sign == "@" else None
            if match:
                proof = Evidence(commit=line.commit, path=line.path, text=line.text)
                touched.setdefault(line.commit, {}).setdefault(match[1], proof)
        for commit in [one for one in touched if center.is_patch(one)][:_MOST_INCIDENTAL]:
            proofs = touched[commit]
            reason = words.changes_same(center.id, list(proofs), list(proofs.values())[:3])
            yield _Link(commit, center.id, "incidental", reason)


def _certain(ids: Iterable[str], links: dict[str, list[_Link]]) -> list[str]:
    """Those that are needed, by the candidate or by what may go in with it."""
    return [one for one in ids if any(link.kind == "needed" for link in links[one])]


def _perhaps(ids: Iterable[str], links: dict[str, list[_Link]]) -> list[str]:
    """Those that would only be picked to avoid a conflict."""
    return [one for one in ids if {"textual"} <= {link.kind for link in links[one]} <= {"textual", "incidental"}]


def _binds(link: _Link, needed: set[str]) -> bool:
    """Whether a link makes its commit needed."""
    return link.kind == "needed" and link.of in needed


def _extended(center: Center, used: dict[str, NamedUse]) -> Iterator[NamedUse]:
    """Structures and enumerations that it extends with what its other new lines use: they must be there."""
    for change in center.facts.changes:
        if change.change is not Happened.MODIFIED or change.kind not in _AGGREGATES:
            continue
        added = [one for one in change.members if one.change is Happened.ADDED]
        use = next((used[name] for one in added if (name := one.name.rpartition(".")[2]) in used), None)
        if use:
            is_tag = change.kind is not Kind.TYPEDEF
            yield NamedUse(change.name, use.path, use.line, use.text, False, False, False, is_tag)


def _proof(commit: str, one: LeanedOn) -> Evidence:
    return Evidence(commit=commit, path=one.path, side="before", line=one.line, text=one.text.strip())


def _places(presence: Presence) -> tuple[Evidence, ...]:
    """Where a part of a commit is, and what is missing of it."""
    here = tuple(Evidence(commit=one) for one in presence.where[:1])
    return (*here, *(Evidence(path=one.path, fact="missing-there") for one in presence.missing[:3]))
