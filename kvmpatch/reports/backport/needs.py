"""What must go in before a commit: what it uses and the target lacks, the lines it must find, what lies between."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from kvmpatch.analysis.prerequisites import folders_around, names_standing_in, not_seen_in
from kvmpatch.analysis.relatives import Definition, NamedUse, names_used
from kvmpatch.errors import KvmpatchError, Unreadable
from kvmpatch.model import Evidence, Happened, Kind
from kvmpatch.model.backport import BackportReason, NeedKind, Prerequisite, Presence
from kvmpatch.parse.outlines import language_of, outline_of
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
    from kvmpatch.sources.repo import RawCommit

_DEPTH = 6
"""How far prerequisites of prerequisites are followed."""
_MOST = 50
_MOST_INCIDENTAL = 8
_BETWEEN = 120
_MOST_FILES = 20
_READ_AT_ONCE = 60
_ORDER: tuple[NeedKind, ...] = ("needed", "textual", "incidental")
_AGGREGATES = {Kind.STRUCT, Kind.UNION, Kind.ENUM, Kind.TYPEDEF}
_IN_FUNCTIONS = {Kind.FUNCTION, Kind.STRUCT, Kind.ASM_SYMBOL, Kind.MACRO, Kind.SYSCALL}


class Presences(Protocol):
    """Tells which commits a target has already, by whatever id."""

    def find(self, raws: Sequence[RawCommit]) -> dict[str, Presence]:
        """The presence of each, by its id."""
        ...


@dataclass(slots=True)
class _Need:
    """One prerequisite while it is being found."""

    id: str
    of: str
    kind: NeedKind
    because: list[BackportReason] = field(default_factory=list)


class NeedsFinder:
    """Finds what candidates need before they can go into one target."""

    def __init__(self, target: Target, presences: Presences, patience: Patience) -> None:
        self.target = target
        self.repository = target.repository
        self.presences = presences
        self.patience = patience
        self._standing = ""
        self._known: dict[str, bool] = {}

    def find(self, center: Center) -> tuple[Prerequisite, ...]:
        """The prerequisites of a candidate and of what it needs: the needed first, each kind oldest first.

        In a shallow clone, or where a limit stopped the search, there may be more; patience has the reason.
        """
        if self._standing != self.target.standing:
            self._standing = self.target.standing
            self._known.clear()
        if self.repository.shallow:
            self.patience.cut("shallow")
        found: dict[str, _Need] = {}
        level = [center]
        for depth in range(_DEPTH + 1):
            needs = [need for one in level for need in self._of(one, at_first=depth == 0)]
            fresh = self._kept(needs, found, center.id)
            level = list(self._centers(one.id for one in fresh if one.kind == "needed"))
            if not level or self.patience.over:
                break
            if depth == _DEPTH:
                self.patience.cut("prerequisite-depth")
        return self._told(found)

    def _centers(self, ids: Iterable[str]) -> Iterator[Center]:
        reporter = None
        for raw in self.repository.commits(ids):
            reporter = reporter or self._reporter
            try:
                center = Center(reporter, raw)
            except Unreadable:
                self.patience.cut("missing-objects")
                continue
            if center.is_plain:
                yield center

    def _of(self, center: Center, *, at_first: bool) -> Iterator[_Need]:
        """What one commit needs, whether the target has it or not."""
        self._reporter = center.reporter
        if center.parent is None or not center.is_plain:
            return
        yield from self._needed(center)
        yield from self._textual(center)
        if at_first:
            yield from self._incidental(center)

    # ---- what the target has ---------------------------------------------------------------------------------------

    def _kept(self, needs: Sequence[_Need], found: dict[str, _Need], candidate: str) -> list[_Need]:
        """Take what is new and absent into what was found; give what is new there."""
        have = {candidate, *self.target.taken}
        ids = list(dict.fromkeys(one.id for one in needs if one.id not in have and one.id not in found))
        raws = [raw for raw in self.repository.commits(ids) if len(raw.parents) == 1]
        presences = self.presences.find(raws) if raws else {}
        fresh: list[_Need] = []
        for need in sorted(needs, key=lambda one: _ORDER.index(one.kind)):
            presence = presences.get(need.id)
            known = found.get(need.id)
            if known:
                stronger = min(known.kind, need.kind, key=_ORDER.index)
                if stronger != known.kind:
                    known.kind, known.of = stronger, need.of
                if need.kind != "incidental":
                    known.because += [one for one in need.because if one not in known.because]
            elif presence and presence.state != "present":
                if len(found) >= _MOST:
                    self.patience.cut("prerequisite-limit")
                    continue
                if presence.state == "partial":
                    need.because.append(words.partly_there(_places(presence) or (Evidence(commit=need.id),)))
                found[need.id] = need
                fresh.append(need)
        return fresh

    def _told(self, found: dict[str, _Need]) -> tuple[Prerequisite, ...]:
        raws = {raw.id: raw for raw in self.repository.commits(list(found))}

        def rank(need: _Need) -> tuple[int, float, str]:
            return _ORDER.index(need.kind), moment(raws[need.id].committer.date), need.id

        return tuple(
            Prerequisite(one.id, raws[one.id].subject, one.kind, tuple(one.because), one.of)
            for one in sorted(found.values(), key=rank)
        )

    # ---- needed ----------------------------------------------------------------------------------------------------

    def _needed(self, center: Center) -> Iterator[_Need]:
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
        if uses:
            places = finder.definitions(uses)
            lacking = self._lacking(center, places) | self._far(center, finder, uses, places)
            for commit, pairs in finder.introduced(lacking, self._beyond()):
                yield self._brings(center, commit, pairs, uses)
        for commit, reason in signatures.find(used):
            yield _Need(commit, center.id, "needed", [reason])

    def _beyond(self) -> list[str]:
        return [f"^{self.target.id}"]

    def _said(self, center: Center) -> Iterator[_Need]:
        """What its message names as prerequisites; what `Stable-dep-of` names needs it, and not the other way."""
        for word, written in dependencies_of(center.message):
            if word == "Stable-dep-of":
                continue
            try:
                commit = self.repository.resolve((written,))[0].id
            except KvmpatchError:
                continue
            if not self.repository.is_ancestor(commit, self.target.id):
                line = next((one.strip() for one in center.raw.message.split("\n") if written in one.lower()), None)
                proof = (Evidence(commit=center.id, text=line),)
                yield _Need(commit, center.id, "needed", [words.said_to_be_needed(center.id, proof)])

    def _lacking(self, center: Center, places: dict[str, list[Definition]]) -> dict[str, list[Definition]]:
        """Of definitions on the candidate's side, those of which the target has neither the same nor the name."""
        absent: dict[str, list[Definition]] = {}
        there = self.target.files({one.path for ones in places.values() for one in ones})
        for name, ones in places.items():
            if ones[0].within is not None:
                if not self._has_member(name, ones[0].within, [there[one.path] for one in ones]):
                    absent[name] = ones
            elif not any(data and any(names_standing_in(data, [name])) for data in map(there.get, _paths(ones))):
                absent[name] = ones
        plain = [name for name, ones in absent.items() if ones[0].within is None]
        owners = [ones[0].within for ones in absent.values() if ones[0].within is not None]
        paths = [*_paths(one for ones in absent.values() for one in ones)]
        paths += [file.path for file in center.touched.files]
        self._look_up([*plain, *owners], paths)
        return {
            name: ones
            for name, ones in absent.items()
            if (not self._known[name] if ones[0].within is None else self._owner_lacks(name, ones[0]))
        }

    def _far(
        self, center: Center, finder: NeedFinder, uses: dict[str, NamedUse], near: dict[str, list[Definition]]
    ) -> dict[str, list[Definition]]:
        """Definitions that stand in no file that the commit sees directly, of names that the target lacks altogether.

        Only what its use shows to be no variable of a function is looked for.
        """
        left = [
            name
            for name, use in uses.items()
            if name not in near and (use.tag or use.called or use.member or name.isupper())
        ]
        paths = [file.path for file in center.touched.files]
        self._look_up(left, paths)
        absent = {name: uses[name] for name in left if not self._known[name]}
        if not absent or center.parent is None:
            return {}
        found = self.repository.grep_files(center.parent, sorted(absent), folders_around(paths))
        headers = [path for path in found if path.endswith(".h") or language_of(path) == "kconfig"][:_READ_AT_ONCE]
        texts = self.repository.read_files(center.parent, headers)
        return finder.definitions(absent, {path: data for path, data in texts.items() if data})

    def _has_member(self, name: str, owner: str, texts: Sequence[bytes | None]) -> bool:
        """Whether a structure has a member in one of some files of the target."""
        for data in texts:
            if data and any(names_standing_in(data, [owner])) and any(names_standing_in(data, [name])):
                outline = outline_of("any.h", data)
                for item in outline or ():
                    if item.name == owner and any(one.name.rpartition(".")[2] == name for one in item.members):
                        return True
        return False

    def _owner_lacks(self, name: str, one: Definition) -> bool:
        """Whether a member is missing also where the target has its structure, should that be in another file."""
        owner = one.within or ""
        there = self.target.files([one.path])[one.path]
        if not self._known.get(owner) or (there and any(names_standing_in(there, [owner]))):
            return True
        paths = self.repository.grep_files(self.target.standing, [owner], folders_around([one.path]))
        texts = self.target.files([path for path in paths if path.endswith((".h", ".c"))][:_READ_AT_ONCE])
        return not self._has_member(name, owner, list(texts.values()))

    def _look_up(self, names: Sequence[str], paths: Iterable[str]) -> None:
        """Learn whether names stand anywhere in the target where code at some paths may have them from."""
        new = [name for name in dict.fromkeys(names) if name not in self._known]
        if not new:
            return
        found = list(self.repository.grep_files(self.target.standing, new, folders_around(paths)))
        left = set(new)
        for start in range(0, len(found), _READ_AT_ONCE):
            window = found[start : start + _READ_AT_ONCE]
            for data in self.repository.read_files(self.target.standing, window).values():
                left.difference_update(names_standing_in(data or b"", sorted(left)))
            if not left:
                break
        self._known.update({name: name not in left for name in new})

    def _brings(
        self, center: Center, commit: str, pairs: list[tuple[Definition, Evidence]], uses: dict[str, NamedUse]
    ) -> _Need:
        pairs = sorted(pairs, key=lambda pair: (pair[0].kind == "prototype", not uses[pair[0].name].is_new))
        names = list(dict.fromkeys(f"{one.within}.{one.name}" if one.within else one.name for one, _ in pairs))
        first = uses[pairs[0][0].name]
        proof = [self._numbered(evidence) for _, evidence in pairs[:3]]
        proof.append(Evidence(commit=center.id, path=first.path, side="after", line=first.line, text=first.text))
        only_declared = all(one.kind == "prototype" for one, _ in pairs)
        said = (words.declares_name if only_declared else words.brings_name)(center.id, names, proof)
        return _Need(commit, center.id, "needed", [said])

    def _numbered(self, evidence: Evidence) -> Evidence:
        """A line as evidence with its number in the file that the commit made."""
        from msgspec.structs import replace

        path, text = evidence.path or "", evidence.text
        data = self.repository.read_files(evidence.commit or "", [path])[path] or b""
        lines = data.decode("utf-8", "replace").split("\n")
        return replace(evidence, line=next((at for at, one in enumerate(lines, 1) if one.strip() == text), None))

    # ---- textual ---------------------------------------------------------------------------------------------------

    def _textual(self, center: Center) -> Iterator[_Need]:
        """Who wrote the lines that its patch must find, where the target's file does not have them."""
        finder = TextFinder(center, self.patience)
        lines = finder.lines()
        there = self.target.files({one.path for one in lines})
        elsewhere = [path for path, data in there.items() if data is None]
        if elsewhere:
            there = {**there, **Whereabouts(self.target, center).files(elsewhere)}
        texts = {path: set((data or b"").decode("utf-8", "replace").split("\n")) for path, data in there.items()}
        missing = [one for one in lines if one.text not in texts[one.path]]
        for commit, written in finder.written(missing, self._beyond()):
            ordered = sorted(written, key=lambda one: (not one.removed, one.path, one.line))
            reason = words.wrote_lines(center.id, len(ordered), [_proof(center.id, one) for one in ordered[:3]])
            yield _Need(commit, center.id, "textual", [reason])

    # ---- incidental ------------------------------------------------------------------------------------------------

    def _incidental(self, center: Center) -> Iterator[_Need]:
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
            yield _Need(commit, center.id, "incidental", [reason])


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


def _paths(ones: Iterable[Definition]) -> list[str]:
    return list(dict.fromkeys(one.path for one in ones))


def _proof(commit: str, one: LeanedOn) -> Evidence:
    return Evidence(commit=commit, path=one.path, side="before", line=one.line, text=one.text.strip())


def _places(presence: Presence) -> tuple[Evidence, ...]:
    """Where a part of a commit is, and what is missing of it."""
    here = tuple(Evidence(commit=one) for one in presence.where[:1])
    return (*here, *(Evidence(path=one.path, fact="missing-there") for one in presence.missing[:3]))
