"""(i) The index: built beside one `git log --all`, brought up to date, asked, and killed again and again.

    python tests/bench/bench_index.py [COMMITS] [--kills N] [--repository PATH]

Without a repository one is generated; the goals are meant for a million commits.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from history_generator import generate, person

from kvmpatch.reports.index import index_for, task_for
from kvmpatch.sources.index import Folder, Index, build
from kvmpatch.sources.repo import Repository

GOAL_RATIO = 4.0
GOAL_MEBIBYTES = 500
GOAL_UPDATE = 1.0
GOAL_TIMES = 20
_NEW = 100
_ROUNDS = 3


def log_seconds(repository: Path) -> float:
    """One `git log --all` that prints every message."""
    began = time.perf_counter()
    subprocess.run(["git", "-C", str(repository), "log", "--all"], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def build_seconds(repository: Path) -> float:
    """The message index of a repository, made here."""
    with Repository.open(repository) as opened:
        began = time.perf_counter()
        build(task_for(opened, str(repository), structure=False), opened.all_tips())
        return time.perf_counter() - began


def measure(repository: Path) -> list[str]:
    """A table of building, updating and asking, with the goals."""
    logs = [log_seconds(repository)]
    before = _processor_seconds()
    with _peak_memory() as peak:
        seconds = build_seconds(repository)
    busy = _processor_seconds() - before
    logs.append(log_seconds(repository))
    ratio = seconds / (sum(logs) / len(logs))
    lines = [
        f"  git log --all: {logs[0]:.2f} s before, {logs[1]:.2f} s after",
        f"  building: {seconds:.2f} s, {ratio:.2f} x git log (goal: at most {GOAL_RATIO})",
        f"  processor: {busy:.1f} s in all processes, {busy / seconds:.2f} at once",
        f"  memory of all its processes at once: {peak[0]:.0f} MiB (goal: at most {GOAL_MEBIBYTES})",
    ]
    return [*lines, *_updates(repository), *_questions(repository), *_whole_processes(repository)]


def _updates(repository: Path) -> Iterator[str]:
    for turn in range(_ROUNDS):
        add_commits(repository, _NEW, turn)
        began = time.perf_counter()
        with Repository.open(repository) as opened:
            index = index_for(opened, str(repository))
            whole = index is not None and index.covers(opened.all_tips())
            seconds = time.perf_counter() - began
            if index is not None:
                index.close()
        yield f"  {_NEW} new commits: {seconds:.2f} s, {'all' if whole else 'NOT all'} in (goal: {GOAL_UPDATE} s)"


def _questions(repository: Path) -> Iterator[str]:
    with Repository.open(repository) as opened:
        began = time.perf_counter()
        index = Index.of(opened)
        if index is None:
            yield "  no index"
            return
        with index:
            yield f"  opened in {time.perf_counter() - began:.3f} s, {index.count():,} commits"
            asked: dict[str, Callable[[], int]] = {
                "a word at its start": lambda: len(list(index.messages_containing("sample_4711_", at_word_start=True))),
                "two words": lambda: len(list(index.messages_containing("Fix sample_47"))),
                "the middle of a word": lambda: len(list(index.messages_containing("ample_4711_"))),
                "who points at an id": lambda: len(index.pointing_at("0" * 40)),
                "what HEAD reaches": lambda: len(index.reached([opened.head() or ""])),
            }
            for name, question in asked.items():
                began = time.perf_counter()
                count = question()
                yield f"  {name}: {time.perf_counter() - began:.3f} s ({count:,})"
            yield f"  on disk: {Folder.of(opened.git_dir, opened.object_format).bytes / 2**20:.0f} MiB"


def _whole_processes(repository: Path) -> Iterator[str]:
    """`related` and git asked the same, each as a process of its own, in turn; the best of each counts."""
    for word in ("sample_4711_", "sample_777_", "ample_4711_"):
        git = ["git", "-C", str(repository), "log", "--all", "--format=%H", f"--grep={word}"]
        ours = [sys.executable, "-m", "kvmpatch", "-C", str(repository), "related", "--all", "--grep", word]
        seconds: dict[str, list[float]] = {"git": [], "ours": []}
        for _ in range(_ROUNDS):
            for name, command in (("git", git), ("ours", ours)):
                began = time.perf_counter()
                subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
                seconds[name].append(time.perf_counter() - began)
        theirs, mine = min(seconds["git"]), min(seconds["ours"])
        yield (
            f"  related --all --grep {word}: {mine:.2f} s, git log --all --grep: {theirs:.2f} s, "
            f"{theirs / mine:.1f} times as fast (goal: {GOAL_TIMES})"
        )


def add_commits(repository: Path, count: int, turn: int) -> None:
    """Put new commits on main, as a fetch would."""
    git = ["git", "-C", str(repository)]
    tip = subprocess.run([*git, "rev-parse", "main"], capture_output=True, text=True, check=True).stdout.strip()
    parts = []
    for number in range(count):
        when = f"{person(7)} {2_000_000_000 + turn * count + number} +0000"
        text = f"KVM: New commit {turn}.{number}\n"
        parts.append(f"commit refs/heads/main\nauthor {when}\ncommitter {when}\ndata {len(text)}\n{text}")
        if number == 0:
            parts.append(f"from {tip}\n")
    subprocess.run([*git, "fast-import", "--quiet"], input="\n".join(parts).encode(), check=True)


def killed_again_and_again(repository: Path, times: int) -> list[str]:
    """Kill the build at random moments, then let it end, and compare with git, commit by commit."""
    dice = random.Random(1)  # noqa: S311 - moments, no secrets
    command = [sys.executable, "-m", "kvmpatch", "-C", str(repository), "-c", "kvmpatch.scope=none", "index", "build"]
    kept: list[int] = []
    right, ended = True, 0
    full = log_seconds(repository) * GOAL_RATIO * 2 + 1
    while len(kept) < times:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0.3, full))
        if child.poll() is None:
            child.kill()
            kept.append(_rows(repository))
        elif child.wait() == 0:  # it had gone on to the end: that one is looked at, and the next begins anew
            right, ended = right and _same_as_git(repository), ended + 1
            subprocess.run([*command[:-1], "clear"], stdout=subprocess.DEVNULL, check=True)
        child.wait()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    right = right and _same_as_git(repository)
    return [
        f"  killed {times} times with {sum(map(bool, kept))} times something kept, of up to {max(kept):,} commits; "
        f"{ended + 1} indexes came to their end: {'the same as git' if right else 'NOT what git has'}"
    ]


def _rows(repository: Path) -> int:
    import sqlite3

    with Repository.open(repository) as opened:
        path = Folder.of(opened.git_dir, opened.object_format).database
    try:
        db = sqlite3.connect(path)
        count = int(db.execute("SELECT count(*) FROM commits").fetchone()[0])
        db.close()
    except sqlite3.Error:
        return 0
    return count


def _same_as_git(repository: Path) -> bool:
    with Repository.open(repository) as opened:
        index = Index.of(opened)
        tips = opened.all_tips()
        if index is None or not index.covers(tips):
            return False
        with index:
            ids = list(opened.history_ids(tips))
            for at in range(0, len(ids), 2000):
                part = ids[at : at + 2000]
                messages, briefs = index.messages(part), index.brief(part)
                for raw in opened.commits(part):
                    brief = briefs.get(raw.id)
                    if brief is None or messages.get(raw.id) != raw.message or brief.parents != raw.parents:
                        return False
                    if (brief.author, brief.committer, brief.subject) != (raw.author, raw.committer, raw.subject):
                        return False
            return index.count() == len(ids) == len(index.reached(tips))


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@contextmanager
def _peak_memory() -> Iterator[list[float]]:
    """The largest sum of what this process and all below it hold privately, in MiB, looked at ten times a second."""
    peak, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            peak[0] = max(peak[0], sum(_private(pid) for pid in _family(os.getpid())) / 1024)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _family(root: int) -> list[int]:
    parents = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                parents[int(path.name)] = int(
                    (path / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1]
                )
            except OSError:
                continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _private(pid: int) -> int:
    """KiB of a process: what it holds alone, and its part of what it shares (packs and libraries)."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commits", nargs="?", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--repository", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ["XDG_CACHE_HOME"] = f"{place}/cache"
        repository = asked.repository or Path(place) / "history.git"
        if not asked.repository:
            generate(repository, asked.commits)
        if asked.kills:
            print("killed while building", *killed_again_and_again(repository, asked.kills), sep="\n")
        else:
            print("the index", *measure(repository), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
