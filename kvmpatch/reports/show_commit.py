"""The report of a commit that a repository holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kvmpatch.analysis.commit_facts import SidedFile, commit_facts
from kvmpatch.errors import Unreadable
from kvmpatch.model import REPORT_SCHEMA, Asked, Report, Warning
from kvmpatch.parse.message import read_message
from kvmpatch.parse.outlines import language_of
from kvmpatch.reports.flow import TouchedTexts, flow_facts, phases_of, with_calls
from kvmpatch.reports.history import HistoryFinder, earlier_paths, identities, later_paths
from kvmpatch.reports.history_walks import HistoryWalks
from kvmpatch.reports.sections import with_sections
from kvmpatch.reports.who import commit_of, resolve_fixes
from kvmpatch.rules import Context
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.model import FlowFacts
    from kvmpatch.reports.show import Progress
    from kvmpatch.sources.repo import Blob, ChangedFiles, RawCommit, Repository, Resolved, TouchedFile

# Commits are asked for in windows: one round to git each, and no more than this many messages held at once.
_WINDOW = 200
# Flow reads the callers of what a commit touches, history the commits around it: for more commits than these that is
# the work of `related`, and a range is told what each commit changes.
_MOST_IN_FULL = 20
BULK = Warning(
    "bulk",
    Text(
        f"一次超过 {_MOST_IN_FULL} 个提交：不推断执行流程与历史，单独查看某个提交即可得到",
        f"more than {_MOST_IN_FULL} commits at once: flow and history are left out; ask for one commit to have them",
    ),
)
SHALLOW = Warning(
    "shallow",
    Text(
        "浅克隆：历史不完整，前因后果未知；可用 git fetch --unshallow 补全",
        "a shallow clone: what came before and after is unknown; git fetch --unshallow brings it",
    ),
)
PARTIAL = Warning(
    "missing-objects",
    Text(
        "历史所需的对象不在本仓库中（部分克隆？）：前因后果未知",
        "objects that history needs are missing (a partial clone?): what came before and after is unknown",
    ),
)
TOO_LARGE = Warning(
    "flow-too-large",
    Text(
        "改动的函数过多，未推导执行流程",
        "too many functions are touched: execution flow was not worked out",
    ),
)


class CommitReporter:
    """Makes reports of commits of one repository; git is asked for many at a time."""

    def __init__(self, repository: Repository, about: str | None, progress: Progress | None) -> None:
        self.repository = repository
        self.about = about
        self.progress = progress
        self.in_full = True

    def reports(self, asked: Sequence[Resolved], *, in_full: bool | None = None) -> Iterator[Report]:
        """One report each, in the order given; in full, with flow and history, unless there are many.

        Raises:
            Unreadable: an object that is needed is missing.
        """
        self.in_full = len(asked) <= _MOST_IN_FULL if in_full is None else in_full
        remaining = iter(asked)
        while window := list(islice(remaining, _WINDOW)):
            ids = [one.id for one in window]
            raws = self.repository.commits(ids)
            changed = self.repository.changed(ids)
            for one, raw, files in zip(window, raws, changed, strict=True):
                yield self.report(one, raw, files)

    def report(self, asked: Resolved, raw: RawCommit, touched: ChangedFiles) -> Report:
        """The report of one commit."""
        message = read_message(raw.message)
        walks = None
        if self.in_full and not self.repository.shallow:
            # Git walks history while the files are read here.
            paths = later_paths(file.path for file in touched.files)
            before = earlier_paths(file.before_path for file in touched.files)
            walks = HistoryWalks(self.repository, raw, identities(raw, message), paths, before)
        texts = TouchedTexts()
        facts = commit_facts(texts.kept(self.sided(raw.id, touched.files)))
        flow = flow_facts(self.repository, raw.id, texts, facts) if self.in_full else None
        report = Report(
            schema=REPORT_SCHEMA,
            asked=Asked(asked.rev, asked.id, asked.how, asked.also),
            commit=commit_of(raw, message, resolve_fixes(self.repository, message.fixes)),
            files=tuple(file.as_file_change() for file in touched.files),
            changes=with_calls(facts.changes, flow),
            csr_accesses=facts.csr_accesses,
            bits=facts.bits,
            extensions=facts.extensions,
            phases=phases_of(flow),
            history=None,
            relation=None,
            sections=(),
            warnings=(*self.warnings(raw, touched), *facts.warnings, *self.left_out(flow)),
        )
        history, why = None, SHALLOW
        if self.in_full:
            try:
                history = HistoryFinder(self, raw, message, report, walks).find()
            except Unreadable:
                # The commit itself was read: what is missing is around it.
                why = PARTIAL
        report = replace(report, history=history)
        if self.in_full and history is None:
            report = replace(report, warnings=(*report.warnings, why))
        if self.about is not None:
            from kvmpatch.reports.relation import RelationFinder

            report = replace(report, relation=RelationFinder(self, report, facts).find(self.about))
        return with_sections(report, Context(message, flow))

    def left_out(self, flow: FlowFacts | None) -> Iterator[Warning]:
        """What was not worked out, and why."""
        if not self.in_full:
            yield BULK
        elif flow is None:
            yield TOO_LARGE

    def sided(self, commit: str, files: Sequence[TouchedFile]) -> Iterator[SidedFile]:
        """The touched files with both their texts, streamed; files whose structure is not read come without text."""
        wanted = [
            blob for file in files if _is_read(file) for blob in (file.before_blob, file.after_blob) if blob is not None
        ]
        blobs = self.repository.blobs(wanted)
        for file in files:
            change = file.as_file_change()
            if not _is_read(file):
                yield SidedFile(change, None, None)
                continue
            before = next(blobs) if file.before_blob is not None else None
            after = next(blobs) if file.after_blob is not None else None
            unread = next((said for blob in (before, after) if blob and (said := _unread(commit, file, blob))), None)
            yield SidedFile(change, before.data if before else None, after.data if after else None, unread=unread)

    def warnings(self, raw: RawCommit, touched: ChangedFiles) -> Iterator[Warning]:
        """What the reader must know about how the commit could be read."""
        if raw.undecodable:
            yield Warning(
                "undecodable",
                Text(
                    "提交信息中有无法解码的字节，显示为 \\xNN",
                    "the message holds bytes that its encoding does not know, shown as \\xNN",
                ),
            )
        if touched.renames_skipped:
            yield Warning(
                "renames-skipped",
                Text(
                    "新增文件过多，git 未做相似重命名检测",
                    "too many new files for git to look for renamed ones that also changed",
                ),
            )
        if len(raw.parents) > 1:
            yield Warning(
                "merge",
                Text(
                    f"合并提交：以下是相对第一父提交 {raw.parents[0][:12]} 的差异",
                    f"a merge: what follows is its difference from its first parent {raw.parents[0][:12]}",
                ),
            )


def _is_read(file: TouchedFile) -> bool:
    return not file.binary and bool(language_of(file.path) or language_of(file.before_path))


def _unread(commit: str, file: TouchedFile, blob: Blob) -> Text | None:
    """Why a file's structure is not read.

    Raises:
        Unreadable: its text is not in the repository.
    """
    if blob.data is not None:
        return None
    if blob.why == "missing":
        raise Unreadable(
            Text(
                f"提交 {commit[:12]} 的文件 {file.path} 的内容不在本仓库中（{blob.id[:12]}）",
                f"the content of {file.path} in commit {commit[:12]} is not in this repository ({blob.id[:12]})",
            ),
            Text(
                f"若是部分克隆，先让 git 取回：git show --stat -p {commit[:12]} >/dev/null",
                f"in a partial clone, let git fetch it first: git show --stat -p {commit[:12]} >/dev/null",
            ),
        )
    size = f"{(blob.size or 0) / 1_048_576:.0f} MiB"
    return Text(
        f"{file.path} 过大（{size}），未读取其结构", f"{file.path} is too large ({size}); its structure was not read"
    )
