"""The picture of `related`: the trunk is the series and the matches, oldest first; the rest branches off."""

from __future__ import annotations

from collections import defaultdict

from kvmpatch.model.related import Related, RelatedCommit, RelatedEdge
from kvmpatch.render import labels
from kvmpatch.render import related_labels as own
from kvmpatch.render.page import Arrow, Drawing, Line, Node, Span, Style, Twig, Voice
from kvmpatch.render.show_history import shortened
from kvmpatch.words import Text

_MOST_TRUNK = 24
_MOST_TWIGS = 6
_MOST_NODES = 60
_DEEPEST = 4
# Strongest first: a commit hangs on the tree once, by the first of these that it has.
_UP = ("fixes", "reverts", "same-change", "follows", "uses", "needs", "mentions", "same-symbol")
_TRUNK = ("series", "match")


class _Picture:
    def __init__(self, related: Related, voice: Voice) -> None:
        self.related = related
        self.voice = voice
        self.commits: dict[str, RelatedCommit] = {}
        if related.commit:
            self.commits[related.commit.id] = related.commit
        self.groups: defaultdict[str, list[str]] = defaultdict(list)
        for group in related.groups:
            for one in group.commits or ():
                self.commits.setdefault(one.id, one)
                self.groups[one.id].append(group.id)
        self.trunk = self._trunk()
        self.children: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self.above: list[tuple[str, str]] = []

    def _trunk(self) -> list[str]:
        asked = self.related.query.id
        ids = [one.id for group in self.related.groups if group.id in _TRUNK for one in group.commits or ()]
        trunk = list(dict.fromkeys(ids))
        if asked and asked not in trunk:
            trunk.append(asked)
        places = {edge.from_: edge.to for edge in self.related.edges if edge.kind == "series"}
        return sorted(trunk, key=lambda one: (self._date(one), _depth(one, places)))

    def _date(self, identity: str) -> str:
        commit = self.commits.get(identity)
        return commit.date[:10] if commit else "9999"

    def draw(self) -> Drawing | None:
        """The picture; None where nothing is related to anything."""
        self._hang()
        if not self.children and not self.above and len(self.trunk) < 2:
            return None
        tree: list[Twig] = []
        if self.above:
            head: Line = (Span(self.voice.label(own.COUNTS["prerequisite"]), Style.FAINT),)
            tree.append(Twig(head, self._limited([self._twig(*one, 0) for one in self.above])))
        shown = self._shown_trunk()
        tree += [Twig(self._root(one), self._twigs(one, 1)) for one in shown]
        if len(shown) < len(self.trunk):
            tree.append(Twig(self._more(len(self.trunk) - len(shown))))
        return Drawing(tuple(tree), *self._graph(shown))

    def _shown_trunk(self) -> list[str]:
        """The trunk as far as it fits: what has branches first, then the oldest."""
        if len(self.trunk) <= _MOST_TRUNK:
            return self.trunk
        kept = sorted(self.trunk, key=lambda one: (one not in self.children, self.trunk.index(one)))[:_MOST_TRUNK]
        return [one for one in self.trunk if one in set(kept)]

    # ---- branches --------------------------------------------------------------------------------------------------

    def _hang(self) -> None:
        """Give every commit beside the trunk its one place."""
        placed = set(self.trunk)
        for kind in _UP:
            for edge in self.related.edges:
                if edge.kind == kind and edge.from_ not in placed and kind != "needs":
                    placed.add(edge.from_)
                    self.children[edge.to].append((edge.from_, kind))
        # who is needed may give context as well
        for edge in sorted(self.related.edges, key=lambda one: one.kind == "leans-on"):
            if edge.to in placed or edge.kind == "series":
                continue
            if edge.kind in ("needs", "leans-on", "fixes"):
                placed.add(edge.to)
                self.above.append((edge.to, "needs" if edge.kind == "fixes" else edge.kind))
            elif edge.kind in ("reverts", "same-change", "mentions", "same-symbol", "merges"):
                placed.add(edge.to)
                self.children[edge.from_].append((edge.to, edge.kind))
        self.above.sort(key=lambda one: (one[1] != "needs", self._date(one[0])))

    def _twigs(self, identity: str, depth: int) -> tuple[Twig, ...]:
        if depth > _DEEPEST:
            return ()
        return self._limited([self._twig(child, kind, depth) for child, kind in self.children[identity]])

    def _limited(self, twigs: list[Twig]) -> tuple[Twig, ...]:
        shown = self.voice.fit(_MOST_TWIGS, len(twigs))
        rest = [Twig(self._more(len(twigs) - shown))] if shown < len(twigs) else []
        return (*twigs[:shown], *rest)

    def _twig(self, identity: str, kind: str, depth: int) -> Twig:
        word = self.voice.inline(_BESIDE.get(kind, own.WORDS[kind]))
        line = (
            Span(shortened(identity), Style.ID),
            Span(f"  {word}", Style.FAINT),
            Span(f"  {self._subject(identity)}"),
        )
        return Twig(line, self._twigs(identity, depth + 1))

    def _root(self, identity: str) -> Line:
        strong = identity == self.related.query.id or "match" in self.groups[identity]
        mark = Span("● " if strong else "○ ", Style.STRONG)
        subject = Span(f"  {self._subject(identity)}", Style.STRONG if strong else Style.PLAIN)
        return (mark, Span(shortened(identity), Style.ID), Span(f"  {self._date(identity)}", Style.FAINT), subject)

    def _more(self, count: int) -> Line:
        return (Span(self.voice.inline(labels.more(count)), Style.FAINT),)

    def _subject(self, identity: str) -> str:
        commit = self.commits.get(identity)
        return commit.subject if commit else self.related.query.rev or ""

    # ---- a graph ---------------------------------------------------------------------------------------------------

    def _graph(self, trunk: list[str]) -> tuple[tuple[Node, ...], tuple[Arrow, ...]]:
        beside = [one for one, _ in self.above]
        beside += [child for parent in [*trunk, *self.children] for child, _ in self.children[parent]]
        ids = list(dict.fromkeys([*trunk, *beside]))[:_MOST_NODES]
        ids.sort(key=lambda one: (self._date(one), self.trunk.index(one) if one in self.trunk else -1))
        known = set(ids)
        nodes = tuple(Node(shortened(one), f"{shortened(one)} {self._subject(one)}", self._look(one)) for one in ids)
        arrows: dict[tuple[str, str], list[str]] = {}
        for edge in self.related.edges:
            if edge.from_ in known and edge.to in known:
                arrows.setdefault((edge.to, edge.from_), []).append(self._word(edge))
        return nodes, tuple(
            Arrow(shortened(old), shortened(new), ", ".join(dict.fromkeys(words)))
            for (old, new), words in arrows.items()
        )

    def _word(self, edge: RelatedEdge) -> str:
        return self.voice.inline(own.WORDS[edge.kind])

    def _look(self, identity: str) -> str:
        if identity == self.related.query.id:
            return "asked"
        order = ("match", "fix", "revert", "series", "backport", "prerequisite")
        return next((one for one in order if one in self.groups[identity]), "")


_BESIDE = {
    "fixes": Text("修复", "fix"),
    "reverts": Text("还原", "revert"),
    "needs": own.NEEDED,
    "leans-on": own.TEXTUAL,
    "same-change": own.COUNTS["backport"],
    "follows": Text("后续", "follow-up"),
    "uses": Text("后续", "follow-up"),
    "mentions": Text("提及", "mention"),
    "same-symbol": Text("同一处", "same symbol"),
}


def drawing_of(related: Related, voice: Voice) -> Drawing | None:
    """The picture of an answer; None where there is nothing to draw."""
    return _Picture(related, voice).draw()


def _depth(identity: str, before: dict[str, str]) -> int:
    """How many commits of its series come before one."""
    seen: set[str] = set()
    while identity in before and identity not in seen:
        seen.add(identity)
        identity = before[identity]
    return len(seen)
