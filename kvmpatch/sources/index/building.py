"""Building an index and bringing it up to date: git lists what is new, workers read it, one writer puts it in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import chain, islice
from pathlib import Path

import msgspec

from kvmpatch.sources.index.ahead import ahead
from kvmpatch.sources.index.crew import Crew, workers_for
from kvmpatch.sources.index.folder import Folder, view_of
from kvmpatch.sources.index.objects import Chunk, blocks_of, message_reader, printed_history, sparing
from kvmpatch.sources.index.rows import PointersOf, StructureRows
from kvmpatch.sources.index.store import Progress, WriterSession, failures
from kvmpatch.sources.index.touched import TouchedRow, touched_reader
from kvmpatch.sources.index.writer import Writer, chunks_of
from kvmpatch.sources.repo.place import Place, find
from kvmpatch.sources.repo.plumbing import unreadable_history
from kvmpatch.sources.repo.walks import HistoryReader, tips_for_stdin
from kvmpatch.words import Text

StructureOf = Callable[[tuple[str, ...]], list[StructureRows]]

CHUNK = 4096
"""Commits that a worker reads at once: some 4 MB of messages, and a cat-file of its own for each chunk."""
STRUCTURE_CHUNK = 12
LINES_CHUNK = 150
MERGES_CHUNK = 1000
_AHEAD = 2
"""Pieces of some 4 MB that are read from git before a worker asks for one."""
_FEW = 6000
"""New commits below which starting workers costs more than it saves."""


class Task(msgspec.Struct, frozen=True):
    """What there is to build.

    Attributes:
        start: where the repository is found from.
        pointers_of: finds the pointers of a message.
        begin_structure: makes the reader of structure; None to leave structure alone.
        scope: pathspecs; the structure of the commits that touch them is read.
        version: of the analysis: what another one found is read anew.
        few_commits: give up rather than read more new commits than this; None for no bound.
        few_structures: likewise for those to compare.
        wait: for another process that writes.
    """

    start: Path
    pointers_of: PointersOf
    begin_structure: Callable[[], StructureOf] | None
    scope: tuple[str, ...]
    version: str
    few_commits: int | None = None
    few_structures: int | None = None
    wait: bool = True


class Built(msgspec.Struct, frozen=True):
    """What was done: commits read, structures read, and whether everything is in now."""

    commits: int
    structures: int
    complete: bool


def build(task: Task, tips: Sequence[str], progress: Progress | None = None, cache: Path | None = None) -> Built:
    """Bring the index of a repository up to date, or make it.

    Args:
        task: what to build.
        tips: what the refs point at, as `Repository.all_tips` lists it.
        progress: told every now and then.
        cache: where the cache is, if not where it always is.

    Raises:
        Unreadable: the disk is full, the cache cannot be written, or objects are missing.
    """
    place = find(task.start)
    folder = Folder.of(place.git_dir, place.object_format, cache)
    with failures(folder):
        session = WriterSession.begin(folder, wait=task.wait, progress=progress)
        if session is None:
            return Built(0, 0, complete=False)
        with session:
            return _Building(task, place, Writer(session.connection), tips, progress or (lambda _: None)).run()


class _Building:
    """One run."""

    def __init__(self, task: Task, place: Place, writer: Writer, tips: Sequence[str], progress: Progress) -> None:
        self.task = task
        self.place = place
        self.writer = writer
        self.tips = tips
        self.progress = progress
        self.view = view_of(place.git_dir, place.shallow)
        self.quarantine = place.quarantine()
        self.git = sparing(self.quarantine)
        self.was_whole = False
        """Whether all commits had their structure before this run: it reads that of all that are new."""

    def run(self) -> Built:
        """Messages first, then structure."""
        try:
            in_step = self._structure_is_in_step()
            self.was_whole = int(self.writer.meta("structured") or 0) == self.writer.closed_up_to()
            commits = self._messages()
            if commits is None:
                return Built(0, 0, complete=False)
            if self.task.begin_structure is None:
                return Built(commits, 0, complete=True)
            if self.task.few_structures is not None and not in_step:
                return Built(commits, 0, complete=False)  # what is missing there is much, or may be
            structures = self._structure()
            return Built(commits, structures or 0, complete=structures is not None)
        finally:
            self.quarantine.close()

    # ---- messages ------------------------------------------------------------------------------------------------

    def _messages(self) -> int | None:
        """How many commits were read; None if there were more than we may read."""
        had = self._trusted_tips()
        new = [tip for tip in self.tips if tip not in had]
        if not new and self.writer.meta("closed") is not None and not self.writer.leftover:
            return 0
        empty = not self.writer.leftover and self.writer.closed_up_to() == 0
        if empty and self.task.few_commits is None and not self.place.shallow:  # git prints no parents of a boundary
            with closing(ahead(printed_history(self.git, tips_for_stdin(self.tips)), _AHEAD)) as printed:
                first = list(islice(printed, 2))
                done = self._put_in(chain(first, printed), workers_for(2, each=1) if len(first) > 1 else 0)
        else:
            listed = self._walk(new if had else self.tips, had)
            few = list(islice(listed, _FEW))
            if self.task.few_commits is not None and len(few) > self.task.few_commits:
                return None
            done = self._put_in(
                self._unknown(chunks_of(chain(few, listed), CHUNK)), workers_for(len(few), each=_FEW // 2)
            )
        self.writer.close_up(self.tips, self._tags(new), self.view)
        return done

    def _tags(self, tips: Sequence[str]) -> dict[str, str]:
        """Those of some tips that are annotated tags of commits, with the commit."""
        asked = "".join(f"{tip}^{{commit}}\n" for tip in tips).encode()
        done = self.git.run("cat-file", "--batch-check=%(objectname)", data=asked)
        if done.status != 0:
            raise unreadable_history(done)
        told = done.out.decode("ascii").splitlines()
        return {tip: commit for tip, commit in zip(tips, told, strict=True) if commit != tip and " " not in commit}

    def _put_in(self, chunks: Iterable[Chunk], workers: int) -> int:
        """Read commits and put them in; how many."""
        crew: Crew[Chunk, bytes] = Crew(partial(message_reader, self.task.start, self.task.pointers_of), workers)
        done = 0
        for made in crew.work(chunks):
            done += self.writer.add(blocks_of(made))
            self.progress(Text(f"正在索引提交信息：{done:,}", f"indexing messages: {done:,}"))
        return done

    def _trusted_tips(self) -> frozenset[str]:
        """Tips below which everything is in, if what decides about parents is still the same."""
        noted = self.writer.meta("view")
        if noted is None or noted == self.view:
            return self.writer.tips("messages")
        if noted.partition("\n")[2] != self.view.partition("\n")[2]:
            self.writer.wipe()
        else:
            self.writer.reopen()
        return frozenset()

    def _walk(
        self, tips: Sequence[str], without: Iterable[str], *options: str, paths: Sequence[str] = ()
    ) -> Iterator[str]:
        if not tips:
            return iter(())
        left_out = [f"^{tip}" for tip in without]
        return HistoryReader(self.git).walk([*tips, *left_out], ["--ignore-missing", *options], list(paths))

    def _unknown(self, chunks: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
        """The chunks without the commits that are in."""
        for chunk in chunks:
            if rest := self.writer.unknown(chunk):
                yield rest

    # ---- structure -----------------------------------------------------------------------------------------------

    def _structure_is_in_step(self) -> bool:
        """Whether the structure of all is in whose messages are."""
        noted = (self.writer.meta("scope"), self.writer.meta("structure_version"))
        same = noted == ("\n".join(self.task.scope), self.task.version)
        return same and self.writer.tips("structure") == self.writer.tips("messages")

    def _structure(self) -> int | None:
        """How many commits were compared; None if there were more than we may."""
        scope = "\n".join(self.task.scope)
        if self.writer.begin_structure(scope, self.task.version):
            self.was_whole = False
        had = self.writer.tips("structure") if self.writer.meta("scope") == scope else frozenset()
        new = [tip for tip in self.tips if tip not in had]
        most = self.task.few_structures
        again = self.writer.unread_structures() if most is None else []
        if not new and not again and self.writer.meta("scope") == scope:
            return 0
        # every commit that touches the paths, also on branches whose changes a merge did not take
        options = ("--full-history", "--no-merges")
        listed = self._walk(new, had, *options, paths=self.task.scope)
        ids = list(listed) if most is None else list(islice(listed, most + 1))
        if most is not None and len(ids) > most:
            return None
        done = self._compare(list(dict.fromkeys([*ids, *again])))
        self._touched(ids, LINES_CHUNK)
        merges = self._walk(new, had, "--merges", "--parents")
        self._touched([" ".join(line.split()[:2]) for line in merges], MERGES_CHUNK)
        whole = self.was_whole or (most is None and self._tips_reach_all())
        self.writer.close_up_structure(self.tips, scope, self.task.version, whole=whole)
        return done

    def _tips_reach_all(self) -> bool:
        """Whether there are no commits in of branches that are gone, whose structure may be missing."""
        reader = HistoryReader(self.git)
        return bool(self.tips) and reader.count(self.tips) == self.writer.count()

    def _touched(self, asked: Sequence[str], size: int) -> None:
        """Note the files of the scope that commits touch, and their lines there; merges come with a parent."""
        have = self.writer.with_lines([one for one in asked if " " not in one])
        todo = [one for one in asked if one not in have]
        begin = partial(touched_reader, self.task.start, self.task.scope)
        crew: Crew[tuple[str, ...], list[TouchedRow]] = Crew(begin, workers_for(len(todo), each=size))
        done = 0
        for rows in crew.work(tuple(todo[at : at + size]) for at in range(0, len(todo), size)):
            self.writer.add_touched(rows)
            done += len(rows)
            self.progress(Text(f"正在索引改动的行：{done:,}", f"indexing changed lines: {done:,} commits"))

    def _compare(self, ids: Sequence[str]) -> int:
        numbers = self.writer.numbers(ids)
        have = self.writer.structured(numbers.values())
        todo = [commit for commit in ids if numbers.get(commit, 0) and numbers[commit] not in have]
        begin = self.task.begin_structure
        if begin is None or not todo:
            return 0
        crew: Crew[tuple[str, ...], list[StructureRows]] = Crew(begin, workers_for(len(todo), each=STRUCTURE_CHUNK * 2))
        chunks = (tuple(todo[at : at + STRUCTURE_CHUNK]) for at in range(0, len(todo), STRUCTURE_CHUNK))
        done = 0
        for rows in crew.work(chunks):
            self.writer.add_structure(rows)
            done += len(rows)
            percent = 100 * done // len(todo)
            self.progress(
                Text(
                    f"正在索引结构改动：{done:,}/{len(todo):,}（{percent}%）",
                    f"indexing structural changes: {done:,} of {len(todo):,} ({percent}%)",
                )
            )
        return done
