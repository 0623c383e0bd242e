"""Whatever a commit, a mail or a repository says, it is shown as text and steers nothing."""

from __future__ import annotations

import json
import re
import unicodedata
from enum import Enum
from typing import Any

import msgspec
import pytest
from example_report import EXAMPLE
from markdown_it import MarkdownIt
from msgspec.structs import replace

from kvmpatch.model import Report
from kvmpatch.render.escape import lines_of, one_line
from kvmpatch.render.page import Detail, Speech, Voice
from kvmpatch.render.show_page import show_page
from kvmpatch.render.to_json import to_json
from kvmpatch.render.to_markdown import code_span, escaped, to_markdown
from kvmpatch.render.to_terminal import to_terminal
from kvmpatch.words import Text

HOSTILE = (
    "::error::\x1b]0;title\x07\x1b[31m\x9b1m\x00\x7f \u202eoverride\u202c \u200bzero\ufeff \u2028line\r\n"
    "::set-output name=a::b\n</details><script>alert(1)</script><!-- -->&lt; `a` ``b`` | c | [x](http://evil.example) "
    "![i](http://evil.example/i.png) **bold** __bold__ ~~gone~~ $x$ @octocat #12 GH-12 !34 https://evil.example/ "
    "www.evil.example someone@evil.example ##[group]g \udcff\ud800 \U000e0041\n# head\n- item\n1. one\n"
    "```\nfence\n---\n"
)
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
DETAILS: tuple[Detail, ...] = ("quiet", "normal", "verbose")


def poisoned(value: Any) -> Any:
    """The value with the hostile text at both ends of every string in it."""
    if isinstance(value, Enum | bool | int | float) or value is None:
        return value
    if isinstance(value, str):
        return HOSTILE + value + HOSTILE
    if isinstance(value, Text):
        return Text(HOSTILE + value.zh, HOSTILE + value.en)
    if isinstance(value, tuple):
        return tuple(poisoned(one) for one in value)
    assert isinstance(value, msgspec.Struct)
    assert not isinstance(value, type)
    return replace(value, **{name: poisoned(getattr(value, name)) for name in value.__struct_fields__})


def report() -> Report:
    made = poisoned(EXAMPLE)
    assert isinstance(made, Report)
    return made


def harmless(text: str) -> None:
    for character in text:
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), repr(
            character
        )
    assert not re.search(r"^\s*::", text, re.MULTILINE)
    assert "##[" not in text


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("speech", ["zh", "both"])
@pytest.mark.parametrize("columns", [40, 80])
def test_terminal(detail: Detail, speech: Speech, columns: int) -> None:
    page = show_page(report(), Voice(speech, detail))
    plain = to_terminal(page, columns)
    harmless(plain)
    assert "\\x1b]0;title\\x07" in plain
    assert "\\u202eoverride" in plain
    assert "\\xff" in plain
    coloured = ESCAPES.sub("", to_terminal(page, columns, colour=True))
    assert [line.rstrip() for line in coloured.splitlines()] == plain.splitlines()


@pytest.mark.parametrize("detail", DETAILS)
def test_markdown(detail: Detail) -> None:
    text = to_markdown(show_page(report(), Voice("both", detail)))
    harmless(text.replace("\u200b", ""))
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    flat = [inner for token in tokens for inner in (token, *(token.children or ()))]
    kinds = {token.type for token in flat}
    assert not kinds & {"link_open", "image", "html_block", "fence", "code_block", "ordered_list_open"}
    assert {token.content for token in flat if token.type == "html_inline"} <= {"<br>"}
    words = " ".join(token.content for token in flat if token.type == "text")
    assert not re.search(r"@\w", words)
    assert not re.search(r"(#|GH-|!)\d", words)
    assert {token.tag for token in flat if token.type == "heading_open"} <= {"h2", "h3"}
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text)
    assert not re.search("<(strong|em|s)>(bold|gone)<", html)
    without_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text.replace("\\`", ""))
    assert "://" not in without_code
    assert not re.search(r"(?i)www\.", without_code)


def test_every_table_row_has_as_many_cells_as_its_head() -> None:
    text = to_markdown(show_page(report(), Voice("both", "verbose")))
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    rows: list[int] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append(0)
        elif token.type in ("td_open", "th_open"):
            rows[-1] += 1
    # markdown-it pads and cuts rows; the source is counted as well
    sources = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(sources) == len(rows) + sum(1 for line in sources if set(line) <= set("| -"))
    bars = [len(re.findall(r"(?<!\\)\|", line)) for line in sources if not set(line) <= set("| -")]
    assert [bar - 1 for bar in bars] == rows


def test_json_is_ascii_where_it_would_steer() -> None:
    text = to_json([report()])
    for character in text:
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), repr(
            character
        )
    assert "\\u202e" in text
    assert "\\u001b" in text
    assert json.loads(text)["commit"]["subject"] == (HOSTILE + EXAMPLE.commit.subject + HOSTILE).replace(  # type: ignore[operator]
        "\udcff", "\\xff"
    ).replace("\ud800", "\\ud800")


def test_json_shows_undecodable_bytes_and_keeps_chinese() -> None:
    text = to_json([{"name": "虚拟机\udce9\U000e0041"}])
    assert text == '{\n "name": "虚拟机\\\\xe9\\udb40\\udc41"\n}\n'


def test_one_line_shows_what_hides() -> None:
    assert one_line("a\tb\nc\x1b[0m\u202e\udcff") == "a b\\nc\\x1b[0m\\u202e\\xff"


def test_longer_text_keeps_its_lines_and_columns() -> None:
    assert lines_of("if (x)\r\n\ty = 1;\rz\n") == ("if (x)", "        y = 1;\\rz", "")


@pytest.mark.parametrize(
    ("text", "code"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("a``b`c", "```a``b`c```"), ("a|b", "`a|b`"), (" ", "")],
)
def test_code_is_fenced_by_more_backticks_than_it_has(text: str, code: str) -> None:
    assert code_span(text) == code


def test_code_in_a_table_keeps_its_bar() -> None:
    assert code_span("a|b", in_table=True) == "`a\\|b`"


def test_prose_keeps_identifiers_readable() -> None:
    assert escaped("cfg->henvcfg in kvm_vcpu_arch") == "cfg-&gt;henvcfg in kvm_vcpu_arch"
    assert escaped("_x_ *y*") == "\\_x\\_ \\*y\\*"
