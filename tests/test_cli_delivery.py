"""Output that must arrive: files, full disks, closed pipes, pagers."""

from __future__ import annotations

import os
import pty
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAM = """
import sys, time
from msgspec.structs import replace
from example_report import EXAMPLE
from kvmpatch.reports import show
from kvmpatch.cli import main
def make_reports(request):
    for rev in request.revs or ("HEAD",):
        if rev == "sleep":
            sys.stderr.write("asleep\\n"); sys.stderr.flush(); time.sleep(30)
        if rev == "fail":
            raise ZeroDivisionError("on purpose")
        yield replace(EXAMPLE, asked=replace(EXAMPLE.asked, rev=rev))
show.make_reports = make_reports
sys.exit(main())
"""


def command(*words: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, *words]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(HERE), **more}


def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), env=environment(**more), capture_output=True, text=True, check=False, timeout=60
    )


def on_terminal(*words: str, **more: str) -> tuple[int, str]:
    """Run with a terminal as stdout; what arrived on it, line ends as written."""
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        command(*words), env=environment(**more), stdout=writer, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writer)
    got = b""
    while True:
        try:
            piece = os.read(reader, 65536)
        except OSError:
            break
        if not piece:
            break
        got += piece
    os.close(reader)
    return process.wait(timeout=60), got.decode("utf-8").replace("\r\n", "\n")


# ---- files -------------------------------------------------------------------------------------------------------


def test_a_file_holds_what_stdout_would(tmp_path: Path) -> None:
    target = tmp_path / "report.md"
    done = run("show", "--format", "markdown", "-o", str(target))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert target.read_text(encoding="utf-8") == run("show", "--format", "markdown", "-o", "-").stdout
    assert stat.S_IMODE(target.stat().st_mode) & 0o077 == 0o066 & ~_umask()
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_file_is_replaced_whole_or_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    target.write_text("before")
    target.chmod(0o640)
    done = run("show", "HEAD", "fail", "-o", str(target))
    assert done.returncode == 70
    assert target.read_text() == "before"
    assert run("show", "-o", str(target)).returncode == 0
    assert target.read_text(encoding="utf-8").startswith("fe0bab701e3b")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["report.txt"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("")
    (tmp_path / "link").symlink_to("real")
    assert run("show", "-o", str(tmp_path / "link")).returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text(encoding="utf-8").startswith("fe0bab701e3b")


@pytest.mark.parametrize("words", [("-o", "/nowhere/at/all"), ("-o", "/")])
def test_a_file_that_cannot_be_written(words: tuple[str, ...]) -> None:
    done = run("show", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"kvmpatch: error: cannot write {words[1]}: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_line() -> None:
    done = run("show", "-o", "/dev/full")
    assert (done.returncode, done.stderr) == (2, "kvmpatch: error: cannot write /dev/full: No space left on device\n")
    with Path("/dev/full").open("wb") as full:
        piped = subprocess.run(command("show"), env=environment(), stdout=full, stderr=subprocess.PIPE, check=False)
    assert piped.returncode == 2
    assert piped.stderr == b"kvmpatch: error: cannot write stdout: No space left on device\n"


# ---- pipes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("show", *["HEAD"] * 200), ("--help",), ("--version",)])
def test_a_closed_pipe_ends_quietly(words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command(*words), env=environment(), stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_text_is_written_as_it_is_made() -> None:
    process = subprocess.Popen(
        command("show", "HEAD", "sleep"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Tests that run in the background inherit an ignored SIGINT; a user's shell hands on the default.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one thread here
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b"fe0bab701e3b")
    assert process.stderr.readline() == b"asleep\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert process.stderr.read() == b""
    process.stdout.close()
    process.stderr.close()


def test_a_pipe_gets_utf8_in_any_locale() -> None:
    done = subprocess.run(command("show"), env=environment(LC_ALL="POSIX"), capture_output=True, check=False)
    assert "基本信息" in done.stdout.decode("utf-8")


# ---- pagers ------------------------------------------------------------------------------------------------------


def test_a_terminal_gets_a_pager_and_a_pipe_none(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    pager = f"tee {mark}"
    status, text = on_terminal("show", KVMPATCH_PAGER=pager, TERM="xterm")
    assert status == 0
    assert "基本信息" in text
    assert "\x1b[33mfe0bab701e3b" in text
    assert mark.exists()
    mark.unlink()
    assert run("show", KVMPATCH_PAGER=pager).returncode == 0
    assert not mark.exists()


@pytest.mark.parametrize(
    ("variables", "chosen"),
    [
        (("KVMPATCH_PAGER", "GIT_PAGER", "PAGER"), "KVMPATCH_PAGER"),
        (("GIT_PAGER", "PAGER"), "GIT_PAGER"),
        (("PAGER",), "PAGER"),
    ],
)
def test_which_pager(variables: tuple[str, ...], chosen: str) -> None:
    _, text = on_terminal("show", **{name: f"sed s/^/{name}:/" for name in variables})
    assert text.startswith(f"{chosen}:fe0bab701e3b")


def test_configured_pagers_come_before_pager(sealed: Path) -> None:
    (sealed / "gitconfig").write_text('[core]\n\tpager = "sed s/^/core:/"\n')
    assert on_terminal("show", PAGER="sed s/^/PAGER:/")[1].startswith("core:")
    assert on_terminal("-c", "kvmpatch.pager=sed s/^/own:/", "show")[1].startswith("own:")
    assert on_terminal("show", GIT_PAGER="sed s/^/git:/")[1].startswith("git:")


def test_a_repository_names_no_pager(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for name in ("core.pager", "kvmpatch.pager"):
        subprocess.run(["git", "-C", str(tmp_path), "config", name, f"tee {tmp_path}/owned"], check=True)
    _, text = on_terminal("-C", str(tmp_path), "show", PAGER="cat")
    assert "fe0bab701e3b" in text
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("pager", ["", "cat", "no-such-pager-anywhere", "no-such-pager-anywhere | cat -n -Q"])
def test_without_a_usable_pager_the_text_arrives_all_the_same(pager: str) -> None:
    status, text = on_terminal("show", "--lang", "en", KVMPATCH_PAGER=pager)
    assert status == 0
    assert text.count("1 Basics") == 1 or "no-such-pager" in text
    assert "8 Warnings" in text or "cat" in pager


def test_no_pager_when_told_so(tmp_path: Path) -> None:
    on_terminal("--no-pager", "show", KVMPATCH_PAGER=f"tee {tmp_path}/mark")
    assert not (tmp_path / "mark").exists()


def test_a_pipeline_of_pagers() -> None:
    _, text = on_terminal("show", KVMPATCH_PAGER="sed s/^/a:/ | sed s/^/b:/")
    assert text.startswith("b:a:fe0bab701e3b")


def test_a_pager_that_is_quit_early() -> None:
    began = time.monotonic()
    status, text = on_terminal("show", *["HEAD"] * 500, KVMPATCH_PAGER="head -n 1")
    assert status == 0
    assert text == "fe0bab701e3b  RISC-V: KVM: Add kvm_vcpu_config\n"
    assert time.monotonic() - began < 30


def test_less_is_told_to_leave_short_text_on_the_screen() -> None:
    assert on_terminal("show", "-q", KVMPATCH_PAGER="sh -c 'cat >/dev/null; echo $LESS'")[1] == "FRX\n"
    assert on_terminal("show", "-q", KVMPATCH_PAGER="sh -c 'cat >/dev/null; echo $LESS'", LESS="R")[1] == "R\n"


def test_an_error_after_the_pager_is_still_told() -> None:
    status, text = on_terminal("show", "HEAD", "fail", KVMPATCH_PAGER="sed s/^/p:/")
    assert status == 70
    assert "\nkvmpatch: error: a bug in kvmpatch: ZeroDivisionError: on purpose" in text
