"""Which names a target lacks, of those that a commit uses: told only after it was looked through for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kvmpatch.analysis.prerequisites import folders_around, names_standing_in
from kvmpatch.analysis.relatives import Definition, NamedUse
from kvmpatch.parse.outlines import language_of, outline_of

if TYPE_CHECKING:
    from kvmpatch.reports.backport.target import Target
    from kvmpatch.reports.related.center import Center
    from kvmpatch.reports.related.needed import NeedFinder

_READ_AT_ONCE = 60

Places = dict[str, list[Definition]]
"""Definitions by name."""


class Lacking:
    """Looks names up in one target; what was found there or not is remembered for the commit that it stands at."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.repository = target.repository
        self._standing = target.standing
        self._known: dict[str, bool] = {}

    def definitions(self, center: Center, finder: NeedFinder, uses: dict[str, NamedUse], *, deep: bool) -> Places:
        """Where the tree before a commit defines names that its new lines use and that the target seems to lack.

        The target's own version of these files has been looked at; `confirmed` looks at the others. With `deep`, also
        definitions that stand in no file that the commit sees directly.
        """
        if not uses:
            return {}
        if self._standing != self.target.standing:
            self._standing = self.target.standing
            self._known.clear()
        near = finder.definitions(uses)
        absent = self._near(near)
        if not deep:
            return absent
        # Only what its use shows to be no variable of a function.
        telling = [name for name, use in uses.items() if use.tag or use.called or use.member or name.isupper()]
        far = [name for name in telling if name not in near]
        self._look_up(
            [*far, *_looked_up(absent)], [*_paths(one for ones in absent.values() for one in ones), *center.paths]
        )
        return absent | self._far(center, finder, {name: uses[name] for name in far if not self._known[name]})

    def confirmed(self, places: Places, paths: Iterable[str]) -> Places:
        """Of the definitions that `definitions` gave, those whose names stand nowhere where code at paths sees them.

        One search of the target for all of them: that is what takes time.
        """
        self._look_up(_looked_up(places), [*_paths(one for ones in places.values() for one in ones), *paths])
        return {
            name: ones
            for name, ones in places.items()
            if (not self._known[name] if ones[0].within is None else self._owner_lacks(name, ones[0]))
        }

    def _near(self, places: Places) -> Places:
        """Of definitions on the candidate's side, those of which the target does not have the same in these files."""
        absent: Places = {}
        there = self.target.files({one.path for ones in places.values() for one in ones})
        for name, ones in places.items():
            if ones[0].within is not None:
                if not self._has_member(name, ones[0].within, [there[one.path] for one in ones]):
                    absent[name] = ones
            elif not any(data and any(names_standing_in(data, [name])) for data in map(there.get, _paths(ones))):
                absent[name] = ones
        return absent

    def _far(self, center: Center, finder: NeedFinder, absent: dict[str, NamedUse]) -> Places:
        """Definitions beyond the headers nearby, of names that the target lacks altogether."""
        if not absent or center.parent is None:
            return {}
        found = self.repository.grep_files(center.parent, sorted(absent), folders_around(center.paths))
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


def _looked_up(places: Places) -> list[str]:
    """What is looked up for definitions: the names, and for a member its structure."""
    return [ones[0].within or name for name, ones in places.items()]


def _paths(ones: Iterable[Definition]) -> list[str]:
    return list(dict.fromkeys(one.path for one in ones))
