"""Foreign text made safe to show: nothing that a commit says may steer a terminal, a CI log or a reader's eye.

Control characters start escape sequences, bidirectional ones reorder what is read, zero-width ones hide text, and lines
that begin with `::` are commands to some CI runners. All of them are shown, as the escapes that Python and C use.
"""

from __future__ import annotations

import re

TAB_WIDTH = 8

# Cc, Cf, Zl and Zp of Unicode, and lone surrogates (undecodable bytes that Python carries through). The ranges are
# spelled out: asking unicodedata for each character is slow and moves with the version of Python.
_RANGES = (
    r"\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff"
)
HIDDEN = re.compile(f"[{_RANGES}]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_RUNNER_COMMAND = re.compile(r"^(\s*)::", re.MULTILINE)


def _shown(match: re.Match[str]) -> str:
    return shown_character(match.group())


def shown_character(character: str) -> str:
    r"""A character as a visible escape: `\n`, `\x1b`, `\u202e`; an undecodable byte as `\xNN`."""
    code = ord(character)
    if character in "\t\n\r":
        return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}[character]
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def one_line(text: str) -> str:
    """The text on one line, with everything that hides or steers made visible; tabs become a space."""
    return HIDDEN.sub(_shown, text.replace("\t", " "))


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a longer text, safe to show; tabs expanded, CRLF taken as a line end, trailing blanks dropped."""
    lines = text.replace("\r\n", "\n").split("\n")
    return tuple(HIDDEN.sub(_shown, line.expandtabs(TAB_WIDTH)).rstrip() for line in lines)


def undecoded(text: str) -> str:
    r"""The text with undecodable bytes as `\xNN`, and everything else as it is."""
    return _SURROGATE.sub(_shown, text)


def no_runner_command(text: str) -> str:
    r"""Output in which no line is a command to a CI runner: `::error` is shown as `\::error`, `##[` as `#\#[`."""
    if "::" in text:
        text = _RUNNER_COMMAND.sub(r"\1\\::", text)
    return text.replace("##[", "#\\#[")
