"""Docs that fail: every command, option, format and exit status is in the README and has help in both languages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from kvmpatch.cli.bilingual import BilingualCommand, BilingualOption
from kvmpatch.cli.commands import PROGRAM
from kvmpatch.render.formats import FORMATS

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
CHINESE, ENGLISH = README.split("## English", 1)
HAN = re.compile(r"[\u4e00-\u9fff]")
COMMANDS = sorted(name for name, command in PROGRAM.commands.items() if isinstance(command, BilingualCommand))
OPTIONS = sorted(
    {
        (command, name)
        for command in COMMANDS
        for option in PROGRAM.commands[command].params
        if isinstance(option, BilingualOption) and not option.shared
        for name in option.opts
        if name.startswith("--")
    }
)
SHARED = sorted({max(option.opts, key=len) for option in PROGRAM.params if isinstance(option, BilingualOption)})


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_names_every_command_in_both_halves(command: str) -> None:
    assert f"`kvmpatch {command}" in CHINESE
    assert f"`kvmpatch {command}" in ENGLISH


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_the_readme_names_every_option(command: str, option: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", README), f"{command} {option}"


@pytest.mark.parametrize("option", SHARED)
def test_the_readme_names_every_shared_option(option: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", README), option


@pytest.mark.parametrize("name", FORMATS)
def test_the_readme_names_every_format(name: str) -> None:
    assert re.search(rf"(?<![\w-]){name}(?![\w-])", README)


@pytest.mark.parametrize("status", ["0", "1", "2", "3", "70", "130"])
def test_the_readme_tells_every_exit_status(status: str) -> None:
    assert re.search(rf"^\| {status} \|", README, re.MULTILINE)


def help_page(command: str, language: str) -> str:
    words = [*([command] if command else []), "--lang", language, "--help"]
    return subprocess.run([sys.executable, "-m", "kvmpatch", *words], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_written_for_both_readers(command: str) -> None:
    said = {}
    for language in ("zh", "en"):
        said[language] = help_page(command, language)
    assert HAN.search(said["zh"])
    assert not HAN.search(said["en"])
    own = PROGRAM.commands[command] if command else PROGRAM
    for option in own.params:
        if isinstance(option, BilingualOption):
            assert max(option.opts, key=len) in said["zh"]
            assert max(option.opts, key=len) in said["en"]
        else:
            assert isinstance(option, click.Argument)
