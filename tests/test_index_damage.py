"""Kills, damage, full disks, two processes at once: the index is right or it is not believed."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from index_scratch import Content, built, command, content, covered, folder_of, opened, run
from repo_scratch import Scratch

from kvmpatch.errors import Unreadable
from kvmpatch.reports.index import index_for
from kvmpatch.sources.index import Folder, store
from kvmpatch.sources.repo import Repository

GENERATOR = Path(__file__).parent / "bench" / "history_generator.py"

COMMITS = 13_000
KILLS = int(os.environ.get("KVMPATCH_TEST_KILLS", "4"))


@pytest.fixture(scope="module")
def long_history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough commits that workers are started, some of them within the scope."""
    path = tmp_path_factory.mktemp("long") / "history.git"
    subprocess.run([sys.executable, GENERATOR, path, str(COMMITS)], check=True)
    return path


@pytest.fixture(scope="module")
def right(long_history: Path, tmp_path_factory: pytest.TempPathFactory) -> Content:
    """What its index holds when nothing happens to it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("undisturbed")))
        assert built(long_history).commits == COMMITS
        return content(folder_of(long_history))


@pytest.fixture
def small(tmp_path: Path) -> Scratch:
    scratch = Scratch(tmp_path / "repo")
    for number in range(5):
        scratch.commit(f"KVM: Commit {number}\n\nA sample.\n", {"arch/riscv/kvm/a.c": f"int sample_{number};\n"})
    return scratch


# ---- kills -------------------------------------------------------------------------------------------------------


def test_parallel_and_alone_give_the_same(long_history: Path, right: Content, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kvmpatch.sources.index.building.workers_for", lambda *_, **__: 0)
    assert built(long_history).commits == COMMITS
    alone = content(folder_of(long_history))
    assert (alone.commits, alone.messages, alone.pointers) == (right.commits, right.messages, right.pointers)
    assert len(right.commits) == COMMITS
    assert len(right.proposed) == COMMITS


@pytest.mark.parametrize("attempt", range(KILLS))
def test_a_killed_build_goes_on(
    long_history: Path, right: Content, attempt: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    dice = random.Random(attempt)  # noqa: S311 - moments, no secrets
    killed = 0
    for _ in range(3):
        child = subprocess.Popen(
            command(long_history, "build"), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        time.sleep(dice.uniform(0.2, 2.5))
        if child.poll() is None:
            child.kill()  # the one process: its workers and its git must see for themselves that it is gone
            killed += 1
        child.communicate()
        _wait_for_the_end_of(child.pid)
        index = opened(long_history)
        if index is not None:
            with index:  # nothing is believed of what is not whole
                assert index.closed in (0, COMMITS)
                assert index.count() in (0, COMMITS)
    built(long_history)
    assert covered(long_history)
    after = content(folder_of(long_history))
    assert (after.commits, after.messages, after.pointers) == (right.commits, right.messages, right.pointers)
    assert after.proposed >= {commit for commit, message in after.messages if "sample" in message}
    # a killed process leaves its own quarantines (revisions, building, and up to three readers); its workers, of which
    # each has as many, have removed theirs
    assert len(list(tmp_path.glob("kvmpatch-*"))) <= 5 * killed


def _wait_for_the_end_of(session: int) -> None:
    """Every process of a session has ended by itself, soon after the first one was killed."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        numbers = [path.name for path in Path("/proc").iterdir() if path.name.isdigit()]
        left = [pid for pid in numbers if _session_of(int(pid)) == session]
        if not left:
            return
        time.sleep(0.05)
    pytest.fail(f"processes are left: {left}")


def _session_of(pid: int) -> int:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return int(fields[3]) if fields[0] != "Z" else 0
    return 0


def test_a_commit_left_by_a_killed_build_is_not_believed(small: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build reads some commits and dies; the branch goes; later one of them is a tip: its ancestors are not in."""
    small.git("checkout", "-q", "-b", "side")
    gone = small.commit("KVM: On the side\n", {"a": "a\n"})
    deeper = small.commit("KVM: Deeper\n", {"a": "b\n"})

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("kvmpatch.sources.index.writer.Writer.close_up", die)
        with pytest.raises(KeyboardInterrupt):
            built(small.path)
    small.git("checkout", "-q", "main")
    small.git("branch", "-q", "-D", "side")
    assert built(small.path).commits == 0
    index = opened(small.path)
    assert index is not None
    with index:
        assert index.missing([gone, deeper]) == (gone, deeper)
        assert list(index.messages_containing("side")) == []
        assert index.count() == 5


@pytest.mark.parametrize("seconds", [0.0, 0.2, 0.5, 1.0])
def test_an_interrupt_ends_the_workers(long_history: Path, seconds: float) -> None:
    child = subprocess.Popen(
        command(long_history, "build"), start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while not folder_of(long_history).writing.exists() and child.poll() is None:
        time.sleep(0.02)
    time.sleep(seconds)
    os.killpg(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode in (130, 0)
    assert b"Traceback" not in err, err.decode()
    _wait_for_the_end_of(child.pid)


# ---- damage ------------------------------------------------------------------------------------------------------


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(5000, len(data), 9973):
        data[at] ^= 0x55
    path.write_bytes(data)


def one_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[data.rindex(b"KVM: Commit 3")] ^= 1
    path.write_bytes(data)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("not a database\n" * 1000)


def older(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=0")


def foreign(path: Path) -> None:
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE cookies(host TEXT)")


def missing(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("resealed", [False, True], ids=["as-it-is", "with-a-fitting-seal"])
@pytest.mark.parametrize("damage", [truncated, flipped, one_bit, emptied, text, older, foreign, missing])
def test_a_damaged_index_is_rebuilt(small: Scratch, damage: Callable[[Path], None], resealed: bool) -> None:
    built(small.path, structure=True)
    folder = folder_of(small.path)
    right = content(folder)
    damage(folder.database)
    if resealed and damage in (older, foreign, text):
        folder.seal()
    index = opened(small.path)
    assert index is None
    assert built(small.path, structure=True).commits == 5
    assert content(folder) == right
    assert covered(small.path)


def test_a_touched_file_is_looked_into_and_believed(small: Scratch) -> None:
    built(small.path)
    os.utime(folder_of(small.path).database)
    assert covered(small.path)
    assert built(small.path).commits == 0


@pytest.mark.parametrize("seal", ["", "{}", "[1]", '{"size": "x", "mtime_ns": 1, "crc": 1}'])
def test_a_damaged_seal(small: Scratch, seal: str) -> None:
    built(small.path)
    (folder_of(small.path).path / "seal").write_text(seal)
    assert opened(small.path) is None
    assert built(small.path).commits == 5


def test_status_tells_of_damage(small: Scratch) -> None:
    built(small.path)
    flipped(folder_of(small.path).database)
    done = run(small.path, "status", "--lang", "en")
    assert done.returncode == 0
    assert "damaged" in done.stdout
    assert "kvmpatch index build" in done.stdout


# ---- disks and rights --------------------------------------------------------------------------------------------


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Lets the database grow by so many pages and no further."""
    plain = store.WriterSession._prepare

    def limit(pages: int) -> None:
        def prepare(session: store.WriterSession) -> None:
            plain(session)
            have = session.connection.execute("PRAGMA page_count").fetchone()[0]
            session.connection.execute(f"PRAGMA max_page_count={have + pages}")

        monkeypatch.setattr(store.WriterSession, "_prepare", prepare)

    yield limit
    monkeypatch.setattr(store.WriterSession, "_prepare", plain)


def test_a_full_disk_leaves_the_old_index(small: Scratch, full_disk: Callable[[int], None]) -> None:
    built(small.path)
    right = content(folder_of(small.path))
    more = 40
    for number in range(more):
        small.commit(f"KVM: More {number}\n\n{random.Random(number).randbytes(4000).hex()}\n")  # noqa: S311
    full_disk(3)
    with pytest.raises(Unreadable) as caught:
        built(small.path)
    assert "disk is full" in caught.value.said.en
    assert caught.value.hint is not None
    assert content(folder_of(small.path)) == right
    index = opened(small.path)
    assert index is not None
    with index:
        assert index.count() == 5
    with Repository.open(small.path) as repository:  # a command that wants it goes on with what there is
        index = index_for(repository, str(small.path))
        assert index is not None
        index.close()
    full_disk(100_000)
    assert built(small.path).commits == more
    assert covered(small.path)


def test_a_disk_that_takes_nothing_more(long_history: Path) -> None:
    def poor() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))

    done = subprocess.run(
        [*command(long_history, "build"), "--lang", "en"], capture_output=True, text=True, check=False, preexec_fn=poor
    )
    assert done.returncode == 3
    lines = done.stderr.splitlines()
    assert len(lines) == 2, done.stderr
    assert lines[0].startswith("kvmpatch: error: ")
    assert "index" in lines[0]
    assert built(long_history).complete
    assert covered(long_history)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_cache_is_read(small: Scratch) -> None:
    built(small.path)
    folder = folder_of(small.path).path
    folder.chmod(0o500)
    try:
        assert covered(small.path)
        small.commit("KVM: New\n")
        with Repository.open(small.path) as repository:
            index = index_for(repository, str(small.path))
            assert index is not None
            index.close()
        with pytest.raises(Unreadable):
            built(small.path)
    finally:
        folder.chmod(0o700)


def test_a_cache_that_cannot_be_made(small: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(Unreadable) as caught:
        built(small.path)
    assert "cannot write the index" in caught.value.said.en
    assert opened(small.path) is None


def test_a_relative_cache_home_is_not_heeded(small: Scratch, sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    assert folder_of(small.path).path.is_relative_to(sealed / ".cache" / "kvmpatch")


# ---- two at once -------------------------------------------------------------------------------------------------


def test_two_builds_at_once(long_history: Path, right: Content) -> None:
    children = [
        subprocess.Popen(command(long_history, "build", "--format", "json"), stdout=subprocess.PIPE) for _ in range(2)
    ]
    for child in children:
        child.communicate()
        assert child.returncode == 0
    after = content(folder_of(long_history))
    assert (after.commits, after.messages, after.pointers) == (right.commits, right.messages, right.pointers)


def test_reading_while_another_writes(small: Scratch) -> None:
    built(small.path)
    small.commit("KVM: New\n")
    folder: Folder = folder_of(small.path)
    session = store.WriterSession.begin(folder, wait=True)
    assert session is not None
    with session:
        session.connection.execute("BEGIN IMMEDIATE")
        session.connection.execute("DELETE FROM commits")
        index = opened(small.path)
        assert index is not None
        with index:
            assert index.count() == 5
        assert store.WriterSession.begin(folder, wait=False) is None
        assert not built(small.path, few=True).complete
        done = run(small.path, "clear", "--lang", "en")
        assert (done.returncode, "another process" in done.stderr) == (3, True)
        assert '"writing"' in run(small.path, "status", "--format", "json").stdout
        session.connection.execute("ROLLBACK")
    assert built(small.path).commits == 1


def test_readers_see_the_old_until_the_new_is_whole(small: Scratch) -> None:
    built(small.path)
    index = opened(small.path)
    assert index is not None
    with index:
        new = small.commit("KVM: New\n")
        built(small.path)
        assert index.missing([new]) == (new,)
        assert index.count() == 5
