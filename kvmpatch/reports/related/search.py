"""One question of `related`, from the commits that match to their relatives."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kvmpatch.errors import KvmpatchError, Unreadable
from kvmpatch.model import Evidence, Searched, Series, Warning
from kvmpatch.model.related import RELATED_SCHEMA, Related, RelatedQuery
from kvmpatch.parse.message import read_message
from kvmpatch.reports.indexed import indexed
from kvmpatch.reports.related.center import Center
from kvmpatch.reports.related.changed import ChangeSearch, unknown_names
from kvmpatch.reports.related.finder import finder_for
from kvmpatch.reports.related.findings import Finding, Gathering, moment
from kvmpatch.reports.related.later import LaterFinder
from kvmpatch.reports.related.matches import findings_of, is_range, matched, syntax_of
from kvmpatch.reports.related.needed import NeedFinder
from kvmpatch.reports.related.pointing import Pointing
from kvmpatch.reports.related.request import Patience, RelatedRequest
from kvmpatch.reports.related.textual import TextFinder
from kvmpatch.reports.series import SeriesFinder
from kvmpatch.reports.show import resolve
from kvmpatch.reports.show_commit import SHALLOW, CommitReporter
from kvmpatch.rules import related_reasons as words
from kvmpatch.sources.repo.walks import either_of
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.sources.repo import RawCommit, Repository, Resolved

_SECONDS = 20.0
"""How long relatives are looked for; matches are found however long it takes."""
_FOR_SERIES = 0.5
"""The part of that time which series may take, so that some is left for what points to the commits."""
_LONG = 3.0
"""Seconds after which one would like to know of something faster."""
_DEEP = 4
_WITH_SERIES = 12
_WITH_POINTERS = 60
_MOST_OUTWARD = 20
_MOST_MERGED = 60
_MOST_NAMED = 12
_FROM_HISTORY = ("series", "prerequisite", "follow-up", "fix", "revert", "backport", "same-symbol", "mention")


def make_related(request: RelatedRequest) -> Related:
    """The answer to one question.

    Raises:
        KvmpatchError: no repository, no such revision, a pattern that git does not take, unreadable objects.
    """
    with indexed(request.start, request.overrides, request.progress)() as repository:
        return _Search(repository, request).answer()


class _Search:
    def __init__(self, repository: Repository, request: RelatedRequest) -> None:
        self.repository = repository
        self.request = request
        self.reporter = CommitReporter(repository, None, request.progress)
        self.finder = finder_for(repository, request)
        self.patience = Patience(_SECONDS)
        self.began = time.monotonic()
        self.gathering = Gathering()
        self.pointing = Pointing(repository, self.finder, self.gathering, self.patience)
        self.warnings: list[Warning] = []
        self.with_series: set[str] = set()

    def answer(self) -> Related:
        """Matches, then relatives, then everything in its place."""
        asked = self._asked()
        matches = self._matches(asked)
        core = [*([asked.id] if asked else []), *(one for one in matches if not asked or one != asked.id)]
        raws = list(self.repository.commits(core[:_WITH_POINTERS]))
        self.gathering.know(raws)
        if len(core) > _WITH_POINTERS:
            self._warn(
                "too-many", f"匹配的提交有 {len(core)} 个，只为其中 {_WITH_POINTERS} 个查找相关提交",
                f"{len(core)} commits match; relatives were looked for for {_WITH_POINTERS} of them",
            )  # fmt: skip
        if self.repository.shallow:
            self.gathering.unknown.update(_FROM_HISTORY)
            self.warnings.append(SHALLOW)
        self.patience.restart()
        self._relatives(raws, asked)
        self._hint()
        self.gathering.settle([asked.id] if asked else [])
        return Related(
            RELATED_SCHEMA,
            self._query(asked),
            self.gathering.commit(asked.id) if asked else None,
            self.gathering.groups(),
            self.gathering.edges(),
            self._searched(),
            tuple(self.warnings),
        )

    # ---- what was asked --------------------------------------------------------------------------------------------

    def _asked(self) -> Resolved | None:
        """The commit that was named; HEAD where nothing was."""
        rev = self.request.rev
        if rev and is_range(rev):
            return None
        if rev is None and (self.request.by_filter or self.request.by_change):
            return None
        return resolve(self.repository, (rev or "HEAD",), self.request.progress)[-1]

    def _matches(self, asked: Resolved | None) -> list[str]:
        """The matching commits, newest first; those by filter before those by change."""
        request = self.request
        found: dict[str, None] = {}
        if request.by_filter or (request.rev and asked is None and not request.by_change):
            syntax = syntax_of(self.repository, request)
            ready = self.finder.matching(request, syntax)
            ids = list(matched(self.repository, request)) if ready is None else ready
            raws = sorted(self.repository.commits(ids), key=lambda raw: (-moment(raw.committer.date), raw.id))
            self._keep(raws, findings_of(raws, request, syntax))
            found.update(dict.fromkeys(raw.id for raw in raws))
        if request.by_change:
            self._tell(Text("正在查找改动过它的提交", "looking for commits that changed it"))
            search = ChangeSearch(self.reporter, self.finder, request, self.patience)
            self.warnings += [Warning("unknown-name", said) for said in unknown_names(search.wanted)]
            findings = list(search.find())
            ids = list(dict.fromkeys(finding.id for finding in findings))
            self._keep(list(self.repository.commits(ids)), findings)
            found.update(dict.fromkeys(ids))
            self._named_only(search, set(found))
        return list(found)

    def _keep(self, raws: Sequence[RawCommit], findings: Iterator[Finding] | Sequence[Finding]) -> None:
        self.gathering.know(raws)
        for finding in findings:
            self.gathering.add(finding)

    def _named_only(self, search: ChangeSearch, changed: set[str]) -> None:
        """Commits whose message names what was asked for, and which do not change it."""
        for one in search.wanted:
            word = one.name
            named = re.compile("|".join(either_of([word])), re.IGNORECASE)
            ids = self.finder.naming_among((word,), search.walked)
            for raw in self.repository.commits([one for one in ids if one not in changed][:_MOST_NAMED]):
                text = next((line.strip() for line in raw.message.split("\n") if named.search(line)), None)
                if text is None:
                    continue
                self.gathering.know([raw])
                reason = words.names_only(word, (Evidence(commit=raw.id, text=text),))
                self.gathering.add(Finding("mention", raw.id, reason))

    # ---- relatives -------------------------------------------------------------------------------------------------

    def _relatives(self, raws: Sequence[RawCommit], asked: Resolved | None) -> None:
        """Of the commit asked for everything; of matches what their messages and series tell, of a few everything."""
        if asked and raws:
            self._look_into(raws[0], required=True)
            self.patience.restart()
        with self.repository.no_longer_than(self.patience.deadline("time-limit")):
            if not asked:
                self._some(raws)
            if raws:
                self._around(raws)

    def _some(self, raws: Sequence[RawCommit]) -> None:
        """Everything of the few most telling of the matches."""
        deep = self._most_telling(raws)
        for raw in deep:
            if self.patience.over:
                self.patience.cut("time-limit")
                break
            self._look_into(raw, required=False)
        if len(raws) > len(deep):
            self.patience.cut("deep-limit")

    def _look_into(self, raw: RawCommit, *, required: bool) -> None:
        self._tell(Text(f"正在查看 {raw.id[:12]} 的历史", f"looking at the history of {raw.id[:12]}"))
        self._deep(raw, required=required)

    def _around(self, raws: Sequence[RawCommit]) -> None:
        """Series, and what messages say."""
        tips = list(self.repository.all_tips())
        self._series_of(raws[:_WITH_SERIES])
        self._tell(Text("正在查找指向它们的提交", "looking for commits that point to them"))
        known = {raw.id: raw for raw in raws}
        members = [one for one in self.gathering.ids("series") if one not in known]
        core = [*raws, *self.repository.commits(members)]
        self.pointing.follow(core, tips)
        for raw in raws[:_MOST_OUTWARD]:
            self.pointing.outward(raw)

    def _most_telling(self, raws: Sequence[RawCommit]) -> list[RawCommit]:
        """The few matches that are looked into: with the pattern in the subject first, then the oldest."""
        patterns = [one.lower() for one in (*self.request.grep, *self.request.symbol, *self.request.csr)]

        def rank(raw: RawCommit) -> tuple[bool, float]:
            return not any(one in raw.subject.lower() for one in patterns), moment(raw.committer.date)

        return sorted((raw for raw in raws if len(raw.parents) == 1), key=rank)[:_DEEP]

    def _deep(self, raw: RawCommit, *, required: bool) -> None:
        """Prerequisites and later history of one commit."""
        if len(raw.parents) > 1:
            self._merged(raw)
            return
        try:
            center = Center(self.reporter, raw)
        except Unreadable:
            if required:
                raise
            return
        if not center.is_plain:
            self.patience.cut("too-large" if center.touched.files else "empty")
            return
        later = LaterFinder(center, self.patience)
        needed, textual = NeedFinder(center, self.patience), TextFinder(center, self.patience)
        for finder in (later, needed, textual):
            found = list(finder.find())
            self._keep(list(self.repository.commits([one.id for one in found])), found)
        self.gathering.leave_out("prerequisite", needed.left_out + textual.left_out)
        for group, count in later.left_out.items():
            self.gathering.leave_out(group, count)
        if later.series:
            self._take_series(raw, later.series)

    def _merged(self, raw: RawCommit) -> None:
        """The commits that a merge brings are its series."""
        first, *others = raw.parents
        ids = list(self.repository.history_ids([*others, f"^{first}"], limit=_MOST_MERGED))[::-1]
        for place, one in enumerate(self.repository.commits(ids), 1):
            self.gathering.know([one])
            reason = words.in_series(raw.id, "merge", place, len(ids), (Evidence(commit=raw.id),))
            self.gathering.add(Finding("series", one.id, reason, None, (raw.id, one.id, "merges")))
        self.with_series.add(raw.id)

    def _series_of(self, raws: Sequence[RawCommit]) -> None:
        wanted = [raw for raw in raws if raw.id not in self.with_series and len(raw.parents) == 1]
        head = self.repository.head()
        end = self.patience.deadline("time-limit", self.patience.left * _FOR_SERIES)
        with self.repository.no_longer_than(end):
            later = self.finder.later(wanted, head) if head and wanted else {}
        for raw in wanted:
            if raw.id in self.with_series:
                continue
            if end.left() <= 0 and raw.id not in later:  # half a series would pass for a whole one
                self.patience.cut("time-limit")
                continue
            near = self.finder.near(raw, later.get(raw.id, ()))
            series = SeriesFinder(raw, read_message(raw.message), near).find()
            self.with_series.add(raw.id)
            if series:
                self._take_series(raw, series)

    def _take_series(self, raw: RawCommit, series: Series) -> None:
        """The members of a series, each once, however many of them matched."""
        ids = [member.id for member in series.members]
        if set(ids) <= set(self.gathering.found["series"]):
            return
        self.with_series.update((raw.id, *ids))
        self.gathering.know(self.repository.commits(ids))
        for place, identity in enumerate(ids, 1):
            proof = (Evidence(commit=identity), Evidence(commit=raw.id))
            reason = words.in_series(raw.id, series.basis, place, len(ids), proof)
            before = ids[place - 2] if place > 1 else identity
            self.gathering.add(Finding("series", identity, reason, None, (identity, before, "series")))

    # ---- the rest --------------------------------------------------------------------------------------------------

    def _query(self, asked: Resolved | None) -> RelatedQuery:
        request = self.request
        return RelatedQuery(
            rev=asked.rev if asked else request.rev,
            id=asked.id if asked else None,
            how=asked.how if asked else None,
            also=asked.also if asked else (),
            grep=request.grep,
            author=request.author,
            committer=request.committer,
            since=request.since,
            until=request.until,
            syntax=syntax_of(self.repository, request),
            ignore_case=request.ignore_case,
            all_match=request.all_match,
            invert_grep=request.invert_grep,
            no_merges=request.no_merges,
            all=request.all,
            paths=request.paths,
            symbol=request.symbol,
            csr=request.csr,
            bit=request.bit,
            ext=request.ext,
        )

    def _searched(self) -> Searched:
        try:
            head = self.repository.head()
        except KvmpatchError:
            head = None
        stopped = ["shallow"] if self.repository.shallow else []
        stopped += self.patience.stopped
        return Searched(None, head, not stopped, ", ".join(stopped) or None)

    def _hint(self) -> None:
        """Say that an index would have helped, where it would have."""
        slow = time.monotonic() - self.began > _LONG or "time-limit" in self.patience.stopped
        if self.request.hint and slow and not self.finder.fast:
            from kvmpatch.reports.index import hint

            if said := hint(self.repository):
                self.request.hint(said)

    def _warn(self, code: str, zh: str, en: str) -> None:
        self.warnings.append(Warning(code, Text(zh, en)))

    def _tell(self, said: Text) -> None:
        if self.request.progress:
            self.request.progress(said)
