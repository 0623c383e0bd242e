"""The commits that brought what a commit's new lines use: functions, macros, fields, constants, structures.

Where a name is defined is looked up in the tree before the commit: in the files that it touches, the headers that they
include, and the sources beside them. Who wrote the definition is looked up in the history of those files alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kvmpatch.analysis.prerequisites import of_one_architecture
from kvmpatch.analysis.relatives import (
    Definition,
    NamedUse,
    definitions_in,
    names_used,
    prototype_pattern,
)
from kvmpatch.model import Evidence
from kvmpatch.parse.message import read_message
from kvmpatch.parse.outlines import outline_of
from kvmpatch.reports.related.findings import Finding
from kvmpatch.reports.related.surroundings import MOST_HEADERS, with_headers
from kvmpatch.rules import related_reasons as words

if TYPE_CHECKING:
    from kvmpatch.reports.related.center import Center
    from kvmpatch.reports.related.request import Patience

_EARLIER = 400
_MOST_COMMITS = 12
_MOST_PLACES = 3
_MOST_COPIES = 40
"""Headers that one commit touches in which a name is looked for that it may only have copied."""


Introduced = tuple[str, list[tuple[Definition, Evidence]]]
"""A commit, and the definitions that it brought, each with the line as proof."""


class NeedFinder:
    """Finds the needed prerequisites of one commit.

    Args:
        center: the commit.
        patience: how long it may look.
        elsewhere: files of another tree by path. What it has byte for byte is not looked into: the names that are
            asked for are those that it may lack.
    """

    def __init__(
        self,
        center: Center,
        patience: Patience,
        elsewhere: Callable[[Sequence[str]], dict[str, bytes | None]] | None = None,
    ) -> None:
        self.center = center
        self.repository = center.repository
        self.patience = patience
        self.elsewhere = elsewhere
        self.left_out = 0
        self._nearby: dict[str, bytes] | None = None

    def find(self) -> Iterator[Finding]:
        """One finding a commit, the nearest first."""
        uses = {name: use for name, use in names_used(self.center.patches).items() if name not in self.center.brought}
        for commit, new in self.introduced(self.definitions(uses)):
            yield self._finding(commit, new, uses)

    # ---- where names are defined -----------------------------------------------------------------------------------

    def definitions(
        self, uses: dict[str, NamedUse], texts: dict[str, bytes] | None = None
    ) -> dict[str, list[Definition]]:
        """The definitions of the used names in the tree before the commit; names with many are left alone.

        They are looked for in some of its files, by default those near what the commit touches.
        """
        parent = self.center.parent
        if parent is None or not uses:
            return {}
        texts = self.nearby() if texts is None else texts
        found: defaultdict[str, list[Definition]] = defaultdict(list)
        declared: set[str] = set()
        anywhere = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(uses)).encode())
        prototypes = prototype_pattern(name for name, use in uses.items() if use.called)
        for path, data in self.patience.while_it_lasts(texts.items(), "names"):
            if not anywhere.search(data):
                continue
            outline = outline_of(path, data)
            for one in definitions_in(path, outline, uses) if outline else ():
                found[one.name].append(one)
            if path.endswith(".h"):
                for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
                    match = prototypes.match(line)
                    if match and match["name"] not in found:
                        declared.add(match["name"])
                        found[match["name"]].append(Definition(match["name"], "prototype", path, number))
        self._sources(parent, declared, uses, found)
        return {name: places for name, places in found.items() if _is_clear(places)}

    def _sources(
        self, parent: str, declared: set[str], uses: dict[str, NamedUse], found: dict[str, list[Definition]]
    ) -> None:
        """Add where functions that headers declare are defined, in the sources beside the touched files."""
        folders = sorted({path.rpartition("/")[0] for path in self._paths() if "/" in path})
        if not declared or not folders:
            return
        paths = [path for path in self.repository.grep_files(parent, sorted(declared), folders) if path.endswith(".c")]
        wanted = {name: uses[name] for name in declared}
        for path, data in self.repository.read_files(parent, paths[:MOST_HEADERS]).items():
            outline = outline_of(path, data) if data else None
            for one in definitions_in(path, outline, wanted) if outline else ():
                found[one.name].append(one)

    def _paths(self) -> list[str]:
        return [file.before_path for file in self.center.touched.files]

    def nearby(self) -> dict[str, bytes]:
        """The files in which definitions are looked for: touched ones and their headers, less what is elsewhere."""
        if self._nearby is None:
            parent = self.center.parent
            texts = self._neighbourhood(parent) if parent else {}
            others = self.elsewhere(list(texts)) if self.elsewhere else {}
            self._nearby = {path: data for path, data in texts.items() if data != others.get(path)}
        return self._nearby

    def _neighbourhood(self, parent: str) -> dict[str, bytes]:
        """The touched files before the commit and the headers that they include, also through `asm/` and namesakes."""
        after = self.repository.read_files(self.center.id, [file.path for file in self.center.touched.files])
        known = {path: data for path, data in self.repository.read_files(parent, self._paths()).items() if data}
        wave = {path: data for path, data in after.items() if data}
        return with_headers(self.repository, parent, known, wave)

    # ---- who wrote them --------------------------------------------------------------------------------------------

    def introduced(self, places: dict[str, list[Definition]], beyond: Sequence[str] = ()) -> Iterator[Introduced]:
        """The commits that brought some definitions, the nearest first.

        Args:
            places: what `definitions` found, or a part of it.
            beyond: `^ID` for what need not be asked: those commits are there anyway.
        """
        if not places:
            return
        by_path: defaultdict[str, list[Definition]] = defaultdict(list)
        for definitions in places.values():
            for one in definitions:
                by_path[one.path].append(one)
        paths = sorted(by_path)
        ids, stopped = self.center.earlier(paths, _EARLIER, beyond)
        brought = self._writers(ids, by_path, stopped)
        order = {identity: place for place, identity in enumerate(ids)}
        ranked = sorted(brought, key=lambda commit: order[commit])
        kept = 0
        for commit in self.patience.while_it_lasts(ranked, "time-limit"):
            if kept >= _MOST_COMMITS:
                self.left_out += 1
            elif new := self._not_there_before(commit, brought[commit]):
                kept += 1
                yield commit, new

    def _writers(
        self, ids: list[str], by_path: dict[str, list[Definition]], stopped: str | None
    ) -> dict[str, list[tuple[Definition, Evidence]]]:
        """By commit, the definitions that it wrote: the nearest that added one and did not remove one."""
        patterns = {path: _definition_pattern(definitions) for path, definitions in by_path.items()}
        open_names = {(one.name, path) for path, definitions in by_path.items() for one in definitions}
        found: defaultdict[str, list[tuple[Definition, Evidence]]] = defaultdict(list)
        commit = ""
        added: dict[tuple[str, str], Evidence] = {}
        removed: set[str] = set()

        def close() -> None:
            for (name, path), evidence in added.items():
                if name not in removed and (name, path) in open_names:
                    open_names.discard((name, path))
                    one = next(one for one in by_path[path] if one.name == name)
                    found[commit].append((one, evidence))

        for line in self.patience.while_it_lasts(self.repository.changed_lines(ids, sorted(by_path)), "time-limit"):
            if line.commit != commit:
                close()
                commit, added, removed = line.commit, {}, set()
                if not open_names:
                    break
            if line.sign == "@" or line.path not in patterns:
                continue
            for name in _defined(patterns[line.path], line.text):
                if line.sign == "-":
                    removed.add(name)
                else:
                    proof = Evidence(commit=line.commit, path=line.path, side="after", text=line.text.strip())
                    added.setdefault((name, line.path), proof)
        close()
        if open_names and stopped:
            self.patience.cut(stopped)
        return self._not_moved(found)

    def _not_moved(
        self, found: dict[str, list[tuple[Definition, Evidence]]]
    ) -> dict[str, list[tuple[Definition, Evidence]]]:
        """Without what a commit only moved there from another file, and without imports, which have everything."""
        found = {commit: pairs for commit, pairs in found.items() if self.center.is_patch(commit)}
        if not found:
            return found
        removed: defaultdict[str, set[str]] = defaultdict(set)
        patterns = {
            commit: _definition_pattern(form for one, _ in pairs for form in (one, *_other_forms(one)))
            for commit, pairs in found.items()
        }
        for line in self.patience.while_it_lasts(self.repository.changed_lines(list(found)), "time-limit"):
            if line.sign == "-":
                removed[line.commit].update(_defined(patterns[line.commit], line.text))
        kept = {
            commit: [(one, proof) for one, proof in pairs if one.name not in removed[commit]]
            for commit, pairs in found.items()
        }
        return {commit: pairs for commit, pairs in kept.items() if pairs}

    def _not_there_before(
        self, commit: str, pairs: list[tuple[Definition, Evidence]]
    ) -> list[tuple[Definition, Evidence]]:
        """Without names that its files defined already: for another configuration, in another form, in a header."""
        parent = next(iter(self.repository.commits([commit]))).parents[0]
        touched = next(iter(self.repository.changed([commit], counts=False, renames=False))).files
        headers = [file.path for file in touched if file.path.endswith(".h") and file.status != "added"]
        own = {one.path for one, _ in pairs}
        before = self.repository.read_files(parent, sorted({*own, *headers[:_MOST_COPIES]}))
        kept = []
        for one, proof in pairs:
            same = _definition_pattern([one, *_other_forms(one)])
            copies = _definition_pattern([one]) if one.path.endswith(".h") and one.kind in _COPIED else []
            if not any(
                one.name.encode() in data and any(_stand_in(same if path == one.path else copies, data))
                for path, data in before.items()
                if data and (path == one.path or of_one_architecture(path, one.path))
            ):
                kept.append((one, proof))
        return kept

    def _finding(self, commit: str, pairs: Iterable[tuple[Definition, Evidence]], uses: dict[str, NamedUse]) -> Finding:
        pairs = sorted(pairs, key=lambda pair: (pair[0].kind == "prototype", not uses[pair[0].name].is_new))
        names = list(dict.fromkeys(self._names_then(commit, [one for one, _ in pairs])))
        first = uses[pairs[0][0].name]
        proof = [evidence for _, evidence in pairs[:3]]
        proof.append(Evidence(commit=self.center.id, path=first.path, side="after", line=first.line, text=first.text))
        only_declared = all(one.kind == "prototype" for one, _ in pairs)
        if only_declared:
            reason = words.exports(self.center.id, names, proof)
        else:
            message = next(iter(self.repository.commits([commit]))).message
            back = "This reverts" in message and bool(read_message(message).reverts)
            reason = words.defines(self.center.id, names, proof, back=back)
        return Finding("prerequisite", commit, reason, "needed", (self.center.id, commit, "needs"))

    def _names_then(self, commit: str, definitions: Sequence[Definition]) -> Iterator[str]:
        """What the commit brought, fields with their structure where it went by its name then."""
        paths = sorted({one.path for one in definitions if one.within})
        texts = self.repository.read_files(commit, paths) if paths else {}
        for one in definitions:
            owner = re.escape(one.within or "").encode()
            known = re.search(rb"(?:struct|union|\})\s+" + owner + rb"\b", texts.get(one.path) or b"")
            yield f"{one.within}.{one.name}" if one.within and known else one.name


def _is_clear(places: list[Definition]) -> bool:
    """Whether a name means one thing: a field of one structure, anything else in a few places at most."""
    owners = {one.within for one in places}
    return len(owners) == 1 and len({one.path for one in places}) <= _MOST_PLACES


_CODE = ("macro", "function", "prototype")
"""Forms that one name takes in turn: a macro becomes an inline function."""
_COPIED = {"macro", "constant", "struct", "union", "enum", "typedef", "function"}
"""What a header may have from another header that the same commit touches, where it stays."""
_SHAPES = {
    "macro": r"^\s*#\s*define\s+{name}\b",
    "function": r"^(?!\s*[#*/])(?!\s*(?:return|else|if|while|for|switch)\b)(?:[\w*]+[\s*]+)*\b{name}\s*\((?!.*;\s*$)",
    "prototype": r"^(?!\s*[#*/])(?!\s*(?:return|else|if|while|for|switch)\b)"
    r"(?:[\w*]+(?:\([\d, ]+\))?[\s*]+)+{name}\s*\(",
    "struct": r"^\s*(?:typedef\s+)?struct\b[^;()]*\b{name}\b\s*(?:\{{|$)",
    "union": r"^\s*(?:typedef\s+)?union\b[^;()]*\b{name}\b\s*(?:\{{|$)",
    "enum": r"^\s*(?:typedef\s+)?enum\b[^;()]*\b{name}\b\s*(?:\{{|$)",
    "constant": r"^\s*(?:enum\s+\w*\s*\{{.*)?\b{name}\s*(?:=|,|\}}|/\*|$)",
    "member": r"^\s+[\w\s*]+[\s*]\(?\*?\s*{name}\s*(?:\[|;|:|,|\))",
    "variable": r"^(?![\s#*/])[\w\s*]+\b{name}\s*(?:\[|=|;)",
    "typedef": r"^.*\b{name}\s*;",
    "kconfig": r"^\s*(?:menu)?config\s+{name}\s*$",
    "asm-symbol": r"^.*\b{name}\b\s*(?:\)|:)",
    "syscall": r"^\w*SYSCALL\w*\(\s*{name}\b",
}


def _definition_pattern(definitions: Iterable[Definition]) -> list[tuple[str, re.Pattern[str]]]:
    """For each name, how a line that defines it looks."""
    made: dict[str, list[str]] = {}
    for one in definitions:
        shape = _SHAPES.get(one.kind)
        if shape:
            made.setdefault(one.name, []).append(shape.format(name=re.escape(one.name)))
    return [(name, re.compile("|".join(shapes))) for name, shapes in made.items()]


def _other_forms(one: Definition) -> Iterator[Definition]:
    """The other shapes in which a name of code may have stood."""
    return (
        Definition(one.name, kind, one.path, 0) for kind in (_CODE if one.kind in _CODE else ()) if kind != one.kind
    )


def _stand_in(patterns: list[tuple[str, re.Pattern[str]]], data: bytes) -> Iterator[str]:
    """The names that some lines of a file define."""
    for line in data.decode("utf-8", "replace").split("\n"):
        yield from _defined(patterns, line)


def _defined(patterns: list[tuple[str, re.Pattern[str]]], text: str) -> Iterator[str]:
    return (name for name, pattern in patterns if name in text and pattern.search(text))
