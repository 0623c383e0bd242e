"""Building an index and bringing it up to date: git lists what is new, workers read it, one writer puts it in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path

import msgspec

from kvmpatch.sources.index.crew import Crew, workers_for
from kvmpatch.sources.index.folder import Folder, common_directory
from kvmpatch.sources.index.objects import Chunk, blocks_of, message_reader, printed_history, sparing
from kvmpatch.sources.index.rows import PointersOf, StructureRows
from kvmpatch.sources.index.store import Progress, WriterSession, failures
from kvmpatch.sources.index.writer import Writer, chunks_of
from kvmpatch.sources.repo.place import Place, find
from kvmpatch.sources.repo.walks import HistoryReader, tips_for_stdin
from kvmpatch.words import Text

StructureOf = Callable[[tuple[str, ...]], list[StructureRows]]

CHUNK = 4096
"""Commits that a worker reads at once: some 4 MB of messages, and a cat-file of its own for each chunk."""
STRUCTURE_CHUNK = 12
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


def view_of(git_dir: Path, shallow: Iterable[str]) -> str:
    """What decides, besides the objects, which parents commits have: the shallow boundary and the replace refs.

    Two lines; the second is about replaced objects and empty where there are none.
    """
    common = common_directory(git_dir)
    replaced = []
    folder = common / "refs" / "replace"
    if folder.is_dir():
        replaced += [f"{path.name} {path.read_text('ascii').strip()}" for path in folder.iterdir()]
    packed = common / "packed-refs"
    if packed.is_file() and " refs/replace/" in (text := packed.read_text("utf-8", "replace")):
        replaced += [line for line in text.splitlines() if " refs/replace/" in line]
    if replaced and "GIT_NO_REPLACE_OBJECTS" in os.environ:
        replaced = []
    return f"{' '.join(sorted(shallow))}\n{','.join(sorted(replaced))}"


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

    def run(self) -> Built:
        """Messages first, then structure."""
        try:
            in_step = self._structure_is_in_step()
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
        chunks: Iterator[Chunk]
        if empty and self.task.few_commits is None and not self.place.shallow:  # git prints no parents of a boundary
            chunks = printed_history(self.git, tips_for_stdin(self.tips)) if self.tips else iter(())
            first: list[Chunk] = list(islice(chunks, 2))
            workers = workers_for(2, each=1) if len(first) > 1 else 0
        else:
            listed = self._walk(new if had else self.tips, had)
            few = list(islice(listed, _FEW))
            if self.task.few_commits is not None and len(few) > self.task.few_commits:
                return None
            workers = workers_for(len(few), each=_FEW // 2)
            first, chunks = [], self._unknown(chunks_of(chain(few, listed), CHUNK))
        crew: Crew[Chunk, bytes] = Crew(partial(message_reader, self.task.start, self.task.pointers_of), workers)
        done = 0
        for made in crew.work(chain(first, chunks)):
            done += self.writer.add(blocks_of(made))
            self.progress(Text(f"正在索引提交信息：{done:,}", f"indexing messages: {done:,}"))
        self.writer.close_up(self.tips, self.view)
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
        if self.writer.meta("structure_version") not in (None, self.task.version):
            self.writer.forget_structure()
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
        self.writer.close_up_structure(self.tips, scope, self.task.version)
        return done

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
