"""It applies, but: what a candidate means in the target, where that differs from what it means upstream."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from kvmpatch.analysis.flow import Program
from kvmpatch.analysis.meaning.building import (
    definition_of,
    files_not_built,
    makefiles_of,
    symbols_used,
)
from kvmpatch.analysis.meaning.constants import OtherNumber, constants_used
from kvmpatch.analysis.meaning.guards_around import AsksAnother, guards_around
from kvmpatch.analysis.meaning.helpers_called import OtherBody, OtherParameters, helpers_called
from kvmpatch.analysis.meaning.labels import NoLabel, labels_jumped_to
from kvmpatch.analysis.meaning.layout import FieldElsewhere, layouts
from kvmpatch.analysis.meaning.locks import locks_around
from kvmpatch.analysis.meaning.phases import phases_of_functions
from kvmpatch.analysis.meaning.sides import FunctionPair, Sides, Tree, function_pairs, sides_of
from kvmpatch.analysis.relatives import NamedUse, names_used
from kvmpatch.errors import Unreadable
from kvmpatch.model import Aspect, Evidence, Kind
from kvmpatch.model.backport import LEVELS
from kvmpatch.parse.outlines import language_of
from kvmpatch.reports.flow import callers_of
from kvmpatch.reports.related.request import Patience
from kvmpatch.reports.related.surroundings import with_headers
from kvmpatch.rules.risks import (
    build,
    error_path,
    guards,
    hardware_value,
    helper_differs,
    helper_parameters,
    helper_returns,
    interface_value,
    layout,
    locking,
    phase,
)

if TYPE_CHECKING:
    from kvmpatch.model.backport import Risk
    from kvmpatch.reports.backport.target import Target
    from kvmpatch.reports.related.center import Center

_SECONDS = 3.0
_MOST_SOURCES = 60
_MOST_NAMES = 40
_MOST_FILES = 40
_MOST_RISKS = 40
_ARCHITECTURE = re.compile(r"((?:^|.*/)arch/\w+/)")
_KVM = re.compile(r"(?:^|/)kvm/")
_INTERFACES = ("include/uapi/asm/kvm.h", "include/asm/csr.h", "include/asm/kvm_host.h")


def risks_of(target: Target, center: Center, merged: str | None, patience: Patience | None = None) -> tuple[Risk, ...]:
    """What to look at before a candidate is taken, the gravest first.

    Args:
        target: where it is to go.
        center: the candidate.
        merged: the throw-away commit that a clean pick made; None where it conflicts, and only what the two trees tell
            by themselves can be said.
        patience: how long may be looked; what it cuts short is written down there.
    """
    if not 0 < len(center.touched.files) <= _MOST_FILES or len(center.raw.parents) > 1:
        return ()
    found = _RiskFinder(target, center, merged, patience or Patience(_SECONDS)).find()
    unique = {(one.code, one.said.en): one for one in found}
    return tuple(sorted(unique.values(), key=lambda one: -LEVELS.index(one.level)))[:_MOST_RISKS]


class _RiskFinder:
    def __init__(self, target: Target, center: Center, merged: str | None, patience: Patience) -> None:
        self.target = target
        self.center = center
        self.repository = center.repository
        self.merged = merged
        self.there = merged or target.standing
        self.patience = patience

    def find(self) -> Iterator[Risk]:
        """Rule by rule, as long as there is time."""
        rules = (
            self._constants, self._layouts, self._helpers, self._guards, self._locks, self._labels, self._builds,
            self._symbols, self._phases,
        )  # fmt: skip
        for rule in self.patience.while_it_lasts(rules, "risks"):
            try:
                yield from self.patience.while_it_lasts(rule(), "risks")
            except Unreadable:
                self.patience.cut("missing-objects")

    # ---- the two trees ---------------------------------------------------------------------------------------------

    @cached_property
    def paths(self) -> dict[str, str]:
        """The commit's files of code, with where the target has them: the same path, or where the pick put them."""
        wanted = [file.path for file in self.center.touched.files if language_of(file.path)]
        there = {path for path, data in self.repository.read_files(self.there, wanted).items() if data is not None}
        lost = [path for path in wanted if path not in there]
        moved: dict[str, str] = {}
        if lost and self.merged:
            picked = next(iter(self.repository.changed([self.merged], counts=False)))
            by_name = {file.path.rpartition("/")[2]: file.path for file in picked.files}
            moved = {path: by_name[name] for path in lost if (name := path.rpartition("/")[2]) in by_name}
        return {path: path for path in wanted if path in there} | moved

    @cached_property
    def sides(self) -> Sides:
        """The patch between the two trees."""
        brought = self.center.brought
        return sides_of(
            Tree(self.center.id, "after", Program(self._texts(self.center.id, list(self.paths)))),
            Tree(self.target.id, "before", Program(self._texts(self.there, list(self.paths.values())))),
            [patch for patch in self.center.patches if patch.file.path in self.paths],
            merged=self.merged is not None,
            paths=self.paths,
            brought=brought.functions | brought.plain | brought.structs,
        )

    @cached_property
    def pairs(self) -> tuple[FunctionPair, ...]:
        """The functions that the patch adds lines to."""
        return tuple(function_pairs(self.sides))

    def _texts(self, tree: str, touched: list[str]) -> dict[str, bytes]:
        """The touched files of a tree, their headers, and the sources that may define or call what they do."""
        known = {path: data for path, data in self.repository.read_files(tree, touched).items() if data is not None}
        texts = with_headers(self.repository, tree, known, known)
        folders = {match[1] for path in touched if _KVM.search(path) and (match := _ARCHITECTURE.match(path))}
        wanted = [folder + name for folder in sorted(folders) for name in _INTERFACES]
        wanted += ["include/uapi/linux/kvm.h"] if folders else []
        new = [path for path in wanted if path not in texts]
        texts.update({path: data for path, data in self.repository.read_files(tree, new).items() if data})
        callers = callers_of(self.repository, tree, set(known))
        if callers:
            return {**callers, **texts}
        return {**self._sources(tree, touched), **texts}

    def _sources(self, tree: str, touched: list[str]) -> dict[str, bytes]:
        """The sources beside the touched files that name what the patch calls."""
        called = [name for name, use in self._uses.items() if use.called and not use.member][:_MOST_NAMES]
        folders = sorted({path.rpartition("/")[0] for path in touched if "/" in path})
        if not called or not folders:
            return {}
        try:
            found = [path for path in self.repository.grep_files(tree, called, folders) if path.endswith(".c")]
        except Unreadable:  # what the touched files and their headers tell still holds
            self.patience.cut("missing-objects")
            return {}
        new = [path for path in found if path not in touched][:_MOST_SOURCES]
        return {path: data for path, data in self.repository.read_files(tree, new).items() if data}

    @cached_property
    def _uses(self) -> dict[str, NamedUse]:
        return names_used(self.center.patches)

    # ---- rules -----------------------------------------------------------------------------------------------------

    def _names(self) -> Iterator[str]:
        return self.patience.while_it_lasts(self.sides.uses, "risks")

    def _functions(self) -> Iterator[FunctionPair]:
        return self.patience.while_it_lasts(self.pairs, "risks")

    def _constants(self) -> Iterator[Risk]:
        for one in constants_used(self.sides, self._names(), self.center.facts.changes):
            if not isinstance(one, OtherNumber):
                yield interface_value.taken(one.name, one.other, one.number, one.evidence)
            elif one.interface:
                yield interface_value.speak(
                    one.name, one.before, one.after, foretold=one.foretold, more=one.more, evidence=one.evidence
                )
            else:
                yield hardware_value.speak(one.name, one.before, one.after, one.evidence)

    def _layouts(self) -> Iterator[Risk]:
        standing = self.target.files(self.paths.values())
        for one in layouts(self.sides, self.center.facts.changes, standing):
            if isinstance(one, FieldElsewhere):
                yield layout.elsewhere(one.structure, one.field, one.before, one.after, one.evidence)
            else:
                yield layout.moves(one.structure, one.field, one.happened, one.moved, one.first, one.seen, one.evidence)

    def _helpers(self) -> Iterator[Risk]:
        altered = {
            change.name
            for change in self.center.facts.changes
            if change.kind is Kind.FUNCTION and {Aspect.SIGNATURE, Aspect.LINKAGE} & set(change.aspects)
        }
        for one in helpers_called(self.sides, self._names(), altered):
            if isinstance(one, OtherParameters):
                yield helper_parameters.speak(
                    one.name, one.before, one.after, wrong_count=one.wrong_count, evidence=one.evidence
                )
            elif isinstance(one, OtherBody):
                locks, errors = (one.locks_before, one.locks_after), (one.errors_before, one.errors_after)
                yield helper_differs.speak(one.name, locks, errors, one.evidence)
            else:
                yield helper_returns.speak(one.name, one.before, one.after, one.evidence)

    def _guards(self) -> Iterator[Risk]:
        for one in guards_around(self.sides, self._functions()):
            if isinstance(one, AsksAnother):
                yield guards.asks_another(one.function, one.extension, one.before, one.after, one.evidence)
            else:
                yield guards.one_sided(one.function, one.guard, missing=one.missing, evidence=one.evidence)

    def _locks(self) -> Iterator[Risk]:
        for one in locks_around(self.sides, self._functions()):
            yield locking.speak(one.function, one.lock, missing=one.missing, evidence=one.evidence)

    def _labels(self) -> Iterator[Risk]:
        if not self.merged:
            return
        for one in labels_jumped_to(self.sides, self._functions()):
            if isinstance(one, NoLabel):
                yield error_path.no_label(one.function, one.label, one.evidence)
            else:
                yield error_path.other_way_out(one.function, one.label, one.before, one.after, one.evidence)

    def _phases(self) -> Iterator[Risk]:
        for one in phases_of_functions(self.sides, self._functions()):
            yield phase.speak(one.function, one.before, one.after, one.evidence)

    def _builds(self) -> Iterator[Risk]:
        wanted = [makefile for path in {*self.paths, *self.paths.values()} for makefile in makefiles_of(path)]
        here, there = (self.repository.read_files(tree, wanted) for tree in (self.center.id, self.there))
        for one in files_not_built(self.sides, here, there):
            yield build.not_built(one.path, one.evidence)

    def _symbols(self) -> Iterator[Risk]:
        for symbol, used in symbols_used(self.sides).items():
            here = definition_of(symbol, self._kconfig(self.center.id))
            if here is None or definition_of(symbol, self._kconfig(self.there)):
                continue
            path, line = here
            nearest = sorted(self._kconfig(self.there))[:1]
            yield build.no_symbol(
                symbol,
                (
                    *(Evidence(commit=self.target.id, path=one, side="before") for one in nearest),
                    Evidence(commit=self.center.id, path=path, side="after", line=line, text=f"config {symbol}"),
                    self.sides.use(used),
                ),
            )

    def _kconfig(self, tree: str) -> dict[str, bytes]:
        """Every Kconfig file of a tree; only a patch that asks for a symbol pays for it."""
        if tree not in self._kconfigs:
            files = [
                file
                for file in self.repository.list_files(tree)
                if file.kind == "blob" and language_of(file.path) == "kconfig"
            ]
            blobs = self.repository.blobs(file.id for file in files)
            self._kconfigs[tree] = {
                file.path: blob.data for file, blob in zip(files, blobs, strict=True) if blob.data is not None
            }
        return self._kconfigs[tree]

    @cached_property
    def _kconfigs(self) -> dict[str, dict[str, bytes]]:
        return {}
