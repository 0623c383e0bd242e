"""The command line: options anywhere, languages, exit statuses, complaints."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from example_report import EXAMPLE
from msgspec.structs import replace

import kvmpatch
from kvmpatch.cli import main
from kvmpatch.cli.bilingual import BilingualCommand, BilingualOption
from kvmpatch.cli.commands import PROGRAM
from kvmpatch.errors import (
    BadInput,
    KvmpatchError,
    NotARepository,
    Undecided,
    UnknownName,
    UnknownRevision,
    Unreadable,
    UsageError,
)
from kvmpatch.model import Report
from kvmpatch.render.formats import FORMATS
from kvmpatch.reports import show
from kvmpatch.reports.show import ShowRequest
from kvmpatch.words import Text

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[ShowRequest]:
    """`show` answers with the example, once for each revision; what it was asked is kept."""
    requests: list[ShowRequest] = []

    def make_reports(request: ShowRequest) -> Iterator[Report]:
        requests.append(request)
        for rev in request.revs or ("HEAD",):
            yield replace(EXAMPLE, asked=replace(EXAMPLE.asked, rev=rev))

    monkeypatch.setattr(show, "make_reports", make_reports)
    monkeypatch.setattr(show, "make_of_reports", lambda request, make: map(make, make_reports(request)))
    return requests


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        status = main(words)
        out, err = capsys.readouterr()
        return status, out, err

    return call


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException, after: int = 0) -> None:
    def make_reports(request: ShowRequest) -> Iterator[Report]:
        del request
        for _ in range(after):
            yield EXAMPLE
        raise error

    monkeypatch.setattr(show, "make_reports", make_reports)
    monkeypatch.setattr(show, "make_of_reports", lambda request, make: map(make, make_reports(request)))


# ---- options -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    "words", [("--lang", "zh", "show"), ("show", "--lang", "zh"), ("-c", "kvmpatch.lang=zh", "show")]
)
def test_the_language_before_and_after_the_command(run: Run, words: tuple[str, ...]) -> None:
    status, out, err = run(*words)
    assert (status, err) == (0, "")
    assert "\n1 基本信息\n" in out
    assert "Basics" not in out


@pytest.mark.usefixtures("asked")
def test_reports_are_in_both_languages_by_default(run: Run) -> None:
    assert "\n1 基本信息 · Basics\n" in run("show")[1]


@pytest.mark.usefixtures("asked")
def test_an_option_beats_c_and_c_beats_the_user_s_config(run: Run, sealed: Path) -> None:
    (sealed / "gitconfig").write_text("[kvmpatch]\n\tlang = zh\n")
    assert "\n1 基本信息\n" in run("show")[1]
    assert "\n1 Basics\n" in run("-c", "kvmpatch.lang=en", "show")[1]
    assert "\n1 基本信息 · Basics\n" in run("-c", "kvmpatch.lang=en", "show", "--lang=both")[1]


def test_what_show_is_asked(run: Run, asked: list[ShowRequest]) -> None:
    run("-C", "a", "show", "-C", "b", "HEAD~2", "main..topic", "--about", "senvcfg", "-c", "kvmpatch.scope=x")
    (request,) = asked
    assert request.start == os.path.join(".", "a", "b")  # noqa: PTH118
    assert request.revs == ("HEAD~2", "main..topic")
    assert request.about == "senvcfg"
    assert request.patch is None
    assert request.overrides == (("kvmpatch.scope", "x"),)


def test_patch_text_from_stdin(run: Run, asked: list[ShowRequest], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x")))
    assert run("show", "--patch", "-")[0] == 0
    (request,) = asked
    assert request.patch == "-"
    assert request.stdin is not None
    assert request.stdin.read() == b"x"


def test_a_revision_may_look_like_an_option(run: Run, asked: list[ShowRequest]) -> None:
    assert run("show", "--", "-x")[0] == 0
    assert asked[0].revs == ("-x",)


@pytest.mark.usefixtures("asked")
def test_quiet_and_verbose(run: Run) -> None:
    assert len(run("show", "-q", "--lang", "zh")[1].splitlines()) <= 10
    assert "vcpu.c:507@after" in run("-v", "show")[1]


# ---- formats -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("asked")
def test_formats(run: Run) -> None:
    assert run("show", "--format", "markdown")[1].startswith("## `fe0bab701e3b` ")
    assert json.loads(run("show", "--format", "json")[1])["asked"]["rev"] == "HEAD"
    assert [one["asked"]["rev"] for one in json.loads(run("show", "--format", "json", "a", "b")[1])] == ["a", "b"]
    lines = run("show", "--format=jsonl", "a", "b")[1].splitlines()
    assert [json.loads(line)["asked"]["rev"] for line in lines] == ["a", "b"]
    assert len(run("show", "--format", "jsonl")[1].splitlines()) == 1


@pytest.mark.usefixtures("asked")
def test_json_is_never_coloured(run: Run) -> None:
    assert "\x1b" not in run("--color=always", "show", "--format", "json")[1]


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("environment", "words", "coloured"),
    [
        ({}, (), False),
        ({}, ("--color=always",), True),
        ({"FORCE_COLOR": "1"}, (), True),
        ({"CLICOLOR_FORCE": "1"}, (), True),
        ({"CLICOLOR_FORCE": "0"}, (), False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, (), False),
        ({"NO_COLOR": ""}, ("-c", "color.ui=always"), True),
        ({"NO_COLOR": "1"}, ("--color=always",), True),
        ({"FORCE_COLOR": "1"}, ("--color=never",), False),
        ({}, ("-c", "color.ui=always"), True),
        ({}, ("-c", "color.ui=auto"), False),
    ],
)
def test_colour(
    run: Run, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], words: tuple[str, ...], coloured: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in run(*words, "show")[1]) is coloured


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(("columns", "most"), [("40", 52), ("80", 80), ("200", 100)])
def test_columns_of_a_pipe(run: Run, monkeypatch: pytest.MonkeyPatch, columns: str, most: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert max(map(len, run("show", "--lang", "en")[1].splitlines())) <= most


# ---- exit statuses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError, 2),
        (NotARepository, 2),
        (UnknownRevision, 2),
        (UnknownName, 2),
        (BadInput, 2),
        (Unreadable, 3),
        (Undecided, 3),
    ],
)
def test_our_errors(run: Run, monkeypatch: pytest.MonkeyPatch, error: type[KvmpatchError], status: int) -> None:
    failing(
        monkeypatch, error(Text("没有\x1b[31m它", "no\x1b[31m such\n::error::thing"), Text("试试别的", "try another"))
    )
    lines = "kvmpatch: error: no\\x1b[31m such\\n::error::thing\nkvmpatch: hint: try another\n"
    assert run("show") == (status, "", lines)
    assert run("show", "--lang", "zh")[2] == "kvmpatch: error: 没有\\x1b[31m它\nkvmpatch: hint: 试试别的\n"


def test_a_bug_is_one_line_and_70(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ZeroDivisionError("a\nb"))
    status, out, err = run("show")
    assert (status, out) == (70, "")
    assert err.startswith("kvmpatch: error: a bug in kvmpatch: ZeroDivisionError: a\\nb (test_cli.py:")
    assert len(err.splitlines()) == 2
    assert "Traceback" in run("show", "-v")[2]


def test_an_interrupt_is_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    assert run("show") == (130, "", "")


@pytest.mark.parametrize("kind", ["json", "markdown", "text"])
def test_nothing_is_printed_when_the_only_report_fails(run: Run, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    failing(monkeypatch, Unreadable(Text("缺对象", "missing object")))
    status, out, err = run("show", "--format", kind)
    assert (status, out) == (3, "")
    assert "missing object" in err


def test_json_of_several_is_whole_or_not_at_all(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, Unreadable(Text("缺对象", "missing object")), after=1)
    assert run("show", "--format", "json")[:2] == (3, "")
    assert len(run("show", "--format", "jsonl")[1].splitlines()) == 1


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (("sho",), "no such command: sho", "did you mean show?"),
        (("show", "--formt", "json"), "no such option: --formt", "did you mean --format?"),
        (("show", "--format"), "option --format needs a value", "see kvmpatch show -h"),
        (("show", "--format", "pdf"), f"--format must be one of {', '.join(FORMATS)}", "see kvmpatch show -h"),
        (("--no-pager=1", "show"), "option --no-pager takes no value", "see kvmpatch -h"),
        (("--lang", "fr", "show"), "--lang must be one of zh, en, both", "see kvmpatch -h"),
        (("-q", "show", "-v"), "-q and -v exclude each other", None),
        (("show", "HEAD", "--patch", "x"), "--patch and REV exclude each other", "a patch text is an input of its own"),
        (("-c", "kvmpatch.lnag=zh", "show"), "-c: unknown setting kvmpatch.lnag", None),
        (("-c", "diff.external=x", "show"), "-c: unknown setting diff.external", None),
        (("-c", "kvmpatch.lang=fr", "show"), "kvmpatch.lang: no such language: fr", "one of zh, en, both"),
        (("demo", "a", "b"), "got unexpected extra argument (b)", "see kvmpatch demo -h"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_usage_errors_are_one_line_and_2(run: Run, words: tuple[str, ...], said: str, hint: str | None) -> None:
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    lines = err.splitlines()
    assert lines[0] == f"kvmpatch: error: {said}"
    assert len(lines) <= 2
    if hint:
        assert lines[1] == f"kvmpatch: hint: {hint}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sho",), "没有命令 sho"),
        (("show", "--formt"), "没有选项 --formt"),
        (("show", "-o"), "选项 -o 缺少取值"),
        (("show", "--color", "x"), "--color 只能是 auto、always、never"),
        (("-qv", "show"), "-q 与 -v 不能同时使用"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_usage_errors_in_chinese(run: Run, words: tuple[str, ...], said: str) -> None:
    assert run("--lang", "zh", *words)[2].startswith(f"kvmpatch: error: {said}\n")


# ---- the language of errors and help ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "config", "words", "chinese"),
    [
        ({}, "", (), False),
        ({"LC_ALL": "zh_CN.UTF-8"}, "", (), True),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "", (), True),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "", (), False),
        ({}, "zh", (), True),
        ({}, "zh", ("--lang", "en"), False),
        ({"LC_ALL": "zh_CN.UTF-8"}, "en", (), False),
        ({"LC_ALL": "zh_CN.UTF-8"}, "both", (), True),
        ({"LC_ALL": "zh_CN.UTF-8"}, "", ("-c", "kvmpatch.lang=en"), False),
    ],
)
def test_help_follows_option_setting_locale(
    run: Run,
    sealed: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    config: str,
    words: tuple[str, ...],
    chinese: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if config:
        (sealed / "gitconfig").write_text(f"[kvmpatch]\n\tlang = {config}\n")
    status, out, _ = run("--help", *words)
    assert status == 0
    assert ("命令:" in out) is chinese
    assert ("没有命令" in run(*words, "nonsense")[2]) is chinese


def test_every_command_and_option_has_help_in_both_languages(run: Run) -> None:
    for command in (PROGRAM, *PROGRAM.commands.values()):
        assert isinstance(command, BilingualCommand)
        path = () if command is PROGRAM else (str(command.name),)
        chinese, english = run(*path, "-h", "--lang", "zh")[1], run(*path, "--help", "--lang", "en")[1]
        for param in command.params:
            if isinstance(param, BilingualOption):
                assert param.said.zh[:6] in chinese
                assert param.said.en[:12] in english
                assert all(name in english for name in param.opts)


def test_help_fits_80_columns_in_chinese(run: Run) -> None:
    from kvmpatch.render.wrap import width

    for path in ((), ("show",), ("demo",)):
        assert max(map(width, run(*path, "-h", "--lang", "zh")[1].splitlines())) <= 80


def test_no_command_is_help_and_0(run: Run) -> None:
    status, out, err = run()
    assert (status, err) == (0, "")
    assert out.startswith("Usage: kvmpatch ")


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"kvmpatch {kvmpatch.__version__}\n", "")


def test_as_a_git_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/git-kvmpatch"])
    assert run("show", "-h")[1].startswith("Usage: git kvmpatch show ")
    assert run("show", "--zzzz")[2].endswith("hint: see git kvmpatch show -h\n")


# ---- demo --------------------------------------------------------------------------------------------------------


def test_demo_lays_down_a_repository_and_says_what_to_try(run: Run, tmp_path: Path) -> None:
    status, out, err = run("demo", "a b")
    assert (status, err) == (0, "")
    assert (tmp_path / "a b" / ".git").is_dir()
    assert "  kvmpatch -C 'a b' show\n" in out
    assert out.count("a b") == 4
    assert run("demo", "a b", "--lang", "en")[0] == 2
