"""From what the user wrote to commits.

Refs, reflogs, upstreams and the like are known to the real repository only, so names are resolved there, with
`rev-parse`, which reads no attributes and runs nothing. Whatever needs objects (kinds, ranges, order) is asked in the
quarantine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from kvmpatch.errors import KvmpatchError, UnknownRevision, Unreadable
from kvmpatch.sources.repo.commits import first_parents, read_commit
from kvmpatch.sources.repo.objects import ObjectReader, missing
from kvmpatch.sources.repo.plumbing import Plumbing
from kvmpatch.sources.repo.values import Resolved
from kvmpatch.words import Text

_LINE = re.compile(r"\A\^?[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_FULL = re.compile(r"\A[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?\Z")
_SHORT = re.compile(r"\A[0-9a-fA-F]{4,64}\Z")
_RANGE = re.compile(r"\A([^{]*?)\.\.\.?([^{]*)\Z")
_STEPS = re.compile(r"\A(.+?)((?:[~^]\d*)+)\Z")
_STEP = re.compile(r"([~^])(\d*)")
MARK = "--is-inside-git-dir"
"""Its answer, `true` or `false`, stands between the answers to two revisions: neither is an id."""


class Meant(NamedTuple):
    """One argument, as rev-parse takes it: ids to start from, and ids (`^ID`) to leave out."""

    rev: str
    ids: tuple[str, ...]
    excluded: tuple[str, ...]

    @property
    def is_range(self) -> bool:
        """Whether history is meant, not single commits."""
        return bool(self.excluded)


class RevisionReader:
    """Resolves revisions."""

    def __init__(
        self,
        real: Plumbing,
        objects: ObjectReader,
        walk: Callable[[Sequence[str], Sequence[str]], Iterator[str]],
        shallow: frozenset[str],
        head: str | None = None,
    ) -> None:
        self._real = real
        self._objects = objects
        self._walk = walk
        self._shallow = shallow
        self._head = head

    def resolve(self, revs: Sequence[str], *, as_given: bool = False) -> tuple[Resolved, ...]:
        """The commits that revisions stand for, each once; see `Repository.resolve`."""
        meant = [self._peeled(one) for one in self.parse(revs)]
        if any(not one.ids for one in meant):  # `^A B`: what is left out counts for all that is written
            return self._one_walk(meant, " ".join(revs))
        blocks: list[list[Resolved]] = []
        for one in meant:
            if one.is_range:
                blocks.append([Resolved(one.rev, commit) for commit in self._range(one.ids, one.excluded)])
            else:
                blocks += [[Resolved(one.rev, commit)] for commit in one.ids]
        if not as_given and len(blocks) > 1:
            blocks = self._oldest_first(blocks)
        first: dict[str, Resolved] = {}
        for resolved in (resolved for block in blocks for resolved in block):
            first.setdefault(resolved.id, resolved)
        return tuple(first.values())

    def parse(self, revs: Sequence[str]) -> list[Meant]:
        """What each argument means to git.

        Raises:
            UnknownRevision: one names nothing here, or more than one thing.
            Unreadable: one leads to an object that is not here.
        """
        for rev in revs:
            if not rev or rev.startswith("-") or "\0" in rev:
                raise unknown(rev)
        found: list[Meant] = []
        while len(found) < len(revs):
            todo = revs[len(found) :]
            answers = self._rev_parse(todo[:500])
            found += [_meant(rev, lines) for rev, lines in zip(todo, answers, strict=False)]
            if len(answers) < len(todo[:500]):
                found.append(self._second_try(todo[len(answers)]))
        return found

    def _rev_parse(self, revs: Sequence[str]) -> list[list[str]]:
        """The lines of each argument, up to the first that git does not know: --revs-only stops quietly there."""
        if self._head and list(revs) == ["HEAD"]:  # asked for at every turn, and known since the repository was found
            return [[self._head]]
        arguments = [word for rev in revs for word in (rev, MARK)]
        done = self._real.run("rev-parse", "--revs-only", *arguments)
        answers: list[list[str]] = []
        lines: list[str] = []
        for line in done.out.decode("ascii", "replace").splitlines():
            if line in ("true", "false"):
                if not lines:
                    break
                answers.append(lines)
                lines = []
            elif _LINE.match(line):
                lines.append(line)
        return answers

    def _second_try(self, rev: str) -> Meant:
        """A short id that fits several objects, yet one commit only, is what `git log` would take."""
        if _SHORT.match(rev):
            if not self._beginning_with(rev):
                raise unknown(rev)
            if answers := self._rev_parse([f"{rev}^{{commit}}"]):
                return _meant(rev, answers[0])
        raise self._explained(rev)

    # ---- kinds -----------------------------------------------------------------------------------------------

    def _peeled(self, meant: Meant) -> Meant:
        """The same, with every id that of a commit."""
        literal = meant.rev if _FULL.match(meant.rev) else None
        ids = tuple(self._commit(meant.rev, one, literal) for one in meant.ids)
        return Meant(meant.rev, ids, tuple(self._commit(meant.rev, one, None) for one in meant.excluded))

    def _commit(self, rev: str, object_id: str, literal: str | None) -> str:
        info = self._objects.infos([object_id.encode()])[0]
        if info.kind == "commit":
            return object_id
        if info.kind == "tag":
            info = self._objects.infos([f"{object_id}^{{}}".encode()])[0]
            if info.kind == "commit":
                return info.id
            if info.kind is None:
                raise missing(object_id)
        if info.kind is None:
            raise unknown(rev) if literal and not self._beyond_boundary(object_id) else missing(object_id)
        kind = {"tree": "目录树（tree）", "blob": "文件内容（blob）"}.get(info.kind, info.kind)
        raise UnknownRevision(
            Text(zh=f"{_shown(rev)} 指向{kind}，不是提交", en=f"{_shown(rev)} names a {info.kind}, not a commit")
        )

    def _beyond_boundary(self, object_id: str) -> bool:
        """Whether a commit is known to be a parent of the shallow boundary."""
        boundary = sorted(self._shallow)
        infos = self._objects.infos([commit.encode() for commit in boundary])
        there = [info for info in infos if info.kind == "commit"]
        return any(object_id in first_parents(data) for data in self._objects.contents(there))

    # ---- ranges and order ------------------------------------------------------------------------------------

    def _range(self, ids: Sequence[str], excluded: Sequence[str]) -> list[str]:
        return list(self._walk([*ids, *(f"^{one}" for one in excluded)], ("--topo-order", "--reverse")))

    def _one_walk(self, meant: Sequence[Meant], rev: str) -> tuple[Resolved, ...]:
        ids = [one for each in meant for one in each.ids]
        excluded = [one for each in meant for one in each.excluded]
        return tuple(Resolved(rev, commit) for commit in self._range(ids, excluded)) if ids else ()

    def _oldest_first(self, blocks: list[list[Resolved]]) -> list[list[Resolved]]:
        """Order by when the last commit of each block was made; where that is equal, as after a rebase, by ancestry."""
        ends = {block[-1].id: block for block in blocks if block}
        read = self._objects.commits(list(ends))
        when = {commit: read_commit(commit, data).committer.date for commit, data in read}
        times: dict[str, list[str]] = {}
        for commit in ends:
            times.setdefault(when[commit], []).append(commit)
        ordered: list[str] = []
        for moment in sorted(times, key=_seconds):
            tied = times[moment]
            if len(tied) > 1:
                since = (f"--max-age={_seconds(moment):.0f}", "--topo-order", "--reverse")
                place = {commit: at for at, commit in enumerate(self._walk(tied, since))}
                tied.sort(key=lambda commit: place.get(commit, -1))
            ordered += tied
        return [ends[commit] for commit in ordered]

    # ---- why a revision is unknown -----------------------------------------------------------------------------

    def _explained(self, rev: str) -> KvmpatchError:
        """What is wrong with a revision that git does not take."""
        if (parts := _RANGE.match(rev)) is not None:
            for part in parts.groups():
                if part and not part.startswith("-") and not self._rev_parse([part]):
                    return self._explained(part)
        base = rev.removeprefix("^")
        for suffix in ("^!", "^@"):
            base = base.removesuffix(suffix)
        if _SHORT.match(base) and (ambiguous := self._ambiguous(base)):
            return ambiguous
        if (steps := _STEPS.match(base)) is not None and (error := self._past_the_end(rev, *steps.groups())):
            return error
        if re.match(r"(HEAD|@)?(?![\w/-])", base) and not self._rev_parse(["HEAD"]):
            return UnknownRevision(
                Text(
                    zh="HEAD 尚不指向任何提交（空仓库或新建的分支）",
                    en="HEAD does not point to a commit yet (an empty repository or a new branch)",
                )
            )
        return unknown(rev)

    def _beginning_with(self, prefix: str) -> list[str]:
        """The ids of all objects that a short id may stand for."""
        done = self._real.run("rev-parse", f"--disambiguate={prefix.lower()}")
        return done.out.decode("ascii", "replace").split()

    def _ambiguous(self, prefix: str) -> UnknownRevision | None:
        ids = self._beginning_with(prefix)
        if len(ids) < 2:
            return None
        infos = self._objects.infos([one.encode() for one in ids])
        commits = [info for info in infos if info.kind == "commit"]
        lines = [
            f"{info.id[:12]} {read_commit(info.id, data).subject}"
            for info, data in zip(commits, self._objects.contents(commits), strict=True)
        ]
        lines += [f"{info.id[:12]} ({info.kind})" for info in infos if info.kind != "commit"]
        return UnknownRevision(
            Text(zh=f"缩写的 id {prefix} 不唯一", en=f"the short id {prefix} is ambiguous"),
            Text(zh="候选：\n" + "\n".join(lines), en="it may be\n" + "\n".join(lines)),
        )

    def _past_the_end(self, rev: str, base: str, steps: str) -> KvmpatchError | None:
        """Follow `~` and `^` by hand: a parent that is named but not here is missing, not unknown."""
        answers = self._rev_parse([base])
        if not answers:
            return None
        here = self._commit(base, answers[0][0], None)
        for sign, digits in _STEP.findall(steps):
            count = int(digits or 1)
            for _ in range(min(count, 1_000_000) if sign == "~" else min(count, 1)):
                nth = 0 if sign == "~" else count - 1
                parents = first_parents(self._objects.commits([here])[0][1])
                if nth >= len(parents):
                    return UnknownRevision(
                        Text(
                            zh=f"没有 {_shown(rev)}：提交 {here[:12]} 只有 {len(parents)} 个父提交",
                            en=f"there is no {_shown(rev)}: commit {here[:12]} has {_parents(len(parents))}",
                        )
                    )
                if self._objects.infos([parents[nth].encode()])[0].kind is None:
                    return _ends_here(rev, here, shallow=here in self._shallow)
                here = parents[nth]
        return None


def unknown(rev: str) -> UnknownRevision:
    """No object here goes by this name."""
    return UnknownRevision(Text(zh=f"找不到版本 {_shown(rev)}", en=f"no such revision: {_shown(rev)}"))


def _ends_here(rev: str, commit: str, *, shallow: bool) -> Unreadable:
    if shallow:
        return Unreadable(
            Text(
                zh=f"读不到 {_shown(rev)}：浅克隆的历史到 {commit[:12]} 为止",
                en=f"{_shown(rev)} cannot be read: the history of this shallow clone ends at {commit[:12]}",
            ),
            Text(zh="git fetch --deepen=<数量> 可取回更早的提交", en="`git fetch --deepen=<n>` brings older commits"),
        )
    return missing(commit + "^")


def _meant(rev: str, lines: Sequence[str]) -> Meant:
    ids = tuple(line for line in lines if not line.startswith("^"))
    return Meant(rev, ids, tuple(line[1:] for line in lines if line.startswith("^")))


def _seconds(moment: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(moment).timestamp() if moment else 0.0


def _parents(count: int) -> str:
    return {0: "no parent", 1: "one parent"}.get(count, f"{count} parents")


def _shown(rev: str) -> str:
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in rev) or "''"
