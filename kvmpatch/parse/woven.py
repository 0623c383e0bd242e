"""One side of a C file under construction: the hunks' lines, what they leave open, and how it is closed.

What is made up ends every brace, parenthesis, comment and conditional that the hunks leave open.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from kvmpatch.parse.csource.scan import opens_function
from kvmpatch.parse.hunk_text import HunkText

AGGREGATE = re.compile(r"(?:(?:typedef|static|const|extern|volatile)\s+)*(struct|union|enum)\b[^;()=]*$")
_LONGEST_HEAD = 8000
_WORDS_A_LINE = 2


@dataclass(slots=True)
class Frame:
    """A brace that is open: what it holds, and how many parentheses are open within it."""

    holds: str
    typedef: bool = False
    parens: int = 0


class Woven:
    """One side under construction. Number 0 marks a line that is not the file's."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.numbers: list[int] = []
        self.frames: list[Frame] = []
        self.head = ""
        self.parens = 0
        self.last = ""
        self.comment = self.macro = False
        self.conditionals: list[int] = []

    def data(self) -> bytes:
        """The side as the bytes of a file."""
        return ("\n".join(self.lines) + "\n").encode("utf-8", "replace")

    def make_up(self, text: str) -> None:
        """Add a line that is not the file's."""
        if text.strip():
            self.lines.append(text)
            self.numbers.append(0)

    def place(self, text: HunkText, start: int, completion: str) -> None:
        """Add the lines of a hunk and follow what they open and close."""
        opened = Counter(text.opened)
        for number, (line, code) in enumerate(zip(text.lines, text.code, strict=True)):
            if code.startswith("}") and len(self.frames) > 1 and self.frames[0].holds == "code":
                # Only the end of a function stands in the first column: a brace was lost in what is not shown.
                self.make_up("}" * (len(self.frames) - 1))
                del self.frames[1:]
            self.conditionals += [len(self.frames)] * opened[number]
            first = "" if number else completion + ("/*" if text.in_comment else "")
            self.lines.append(first + line)
            self.numbers.append(start + number)
            self.follow((completion if not number else "") + code)
        self.macro = bool(text.lines) and text.lines[-1].rstrip("\r").endswith("\\")
        self.comment = text.ends_in_comment

    def follow(self, code: str) -> None:
        """Take the braces and parentheses of one line of code into account."""
        for part in re.split(r"([{}();])", code):
            if part == "{":
                self.frames.append(self._frame())
                self.head = ""
                self.parens = 0
            elif part == "}":
                self._close()
            elif part in {"(", ")"}:
                self._paren(1 if part == "(" else -1)
                self.head += part
            elif part == ";":
                if not (self.frames[-1].parens if self.frames else self.parens):
                    self.head = ""
            else:
                self.head += part
            if part.strip():
                self.last = part.strip()[-1]
        self.head += " "
        if len(self.head) > _LONGEST_HEAD:
            # A table of a thousand lines: what stands first and last tells what it is.
            self.head = self.head[: _LONGEST_HEAD // 2] + self.head[-_LONGEST_HEAD // 4 :]

    def _close(self) -> None:
        self.head = ""
        if not self.frames:
            return
        frame = self.frames.pop()
        if not self.frames and frame.holds != "code":
            self.head = "typedef}" if frame.typedef else "}"

    def _paren(self, step: int) -> None:
        if self.frames:
            self.frames[-1].parens = max(0, self.frames[-1].parens + step)
        else:
            self.parens = max(0, self.parens + step)

    def _frame(self) -> Frame:
        """What the brace holds that opens after the text in `head`."""
        text = self.head.strip()
        found = AGGREGATE.search(text)
        outer = self.frames[-1].holds if self.frames else ""
        if text.endswith("=") or outer == "entries":
            return Frame("entries")
        if found and not (self.frames and self.frames[-1].parens):
            return Frame("constants" if found[1] == "enum" else "fields", text.startswith("typedef"))
        if not outer and not opens_function(text.encode("latin-1", "replace")) and "=" in text:
            return Frame("entries")
        return Frame("fields" if outer == "fields" else "code")

    # ---- what ends where nothing is shown -----------------------------------------------------------

    def settle(self, mark: str) -> None:
        """End what is open whatever the nesting: a comment, a macro."""
        if self.comment:
            self.make_up("*/")
        if self.macro:
            self.make_up(mark)
        self.comment = self.macro = False

    def open_conditionals(self, number: int, mark: str) -> None:
        """Open as many preprocessor conditionals as what follows closes, less those that are open."""
        for _ in range(number - len(self.conditionals)):
            self.make_up(f"#if {mark}")
        del self.conditionals[max(0, len(self.conditionals) - number) :]

    def end_conditionals(self, depth: int) -> None:
        """End the preprocessor conditionals that were opened within at least so many braces.

        A branch must balance, or it is left out where the text is cut: so each ends between the braces it began in.
        """
        while self.conditionals and self.conditionals[-1] >= depth:
            self.conditionals.pop()
            self.make_up("#endif")

    def close(self, keep: int, mark: str, weight: int) -> None:
        """Close what is open, the innermost first, down to `keep` braces."""
        while len(self.frames) > keep:
            self.end_conditionals(len(self.frames))
            frame = self.frames[-1]
            self.make_up(self.rest(frame, mark, weight if len(self.frames) == 1 else 0) + self.end(frame, mark))
            self.frames.pop()
            self.last = "}"
            self.head = ""
        if not keep:
            self.make_up(self.end_of_declaration(mark, weight))
        self.end_conditionals(keep)
        if not keep:
            self.head = self.last = ""
            self.parens = 0

    def rest(self, frame: Frame, mark: str, weight: int) -> str:
        """The unseen rest of what a brace holds, as text that may follow there."""
        text = f" {mark}{')' * frame.parens}" if frame.parens else ""
        if frame.holds == "code":
            return f"{text}; {filler(mark, weight)}" if text else f" {filler(mark, weight)}"
        if frame.holds == "fields":
            return f"{text}; int {mark};" if self.last in {"", ";", "{", "}"} or text else f" {mark};"
        if frame.holds == "constants":
            return f"{text}, {mark}" if text else f" {mark}" if self.last in {"", ",", "{"} else ""
        return f"{text}, {mark}" if text or self.last not in {"", ",", "{"} else f" {mark}"

    def end(self, frame: Frame, mark: str) -> str:
        """The brace that closes a frame, with what follows it."""
        outer = self.frames[-2].holds if len(self.frames) > 1 else ""
        if frame.holds == "code" and outer != "entries":
            return "}"
        if outer == "entries":
            return "},"
        if frame.typedef or (outer == "fields" and frame.holds in {"fields", "constants"}):
            return f"}} {mark};"
        return "};"

    def end_of_declaration(self, mark: str, weight: int) -> str:
        """What ends a declaration of which only the first lines are shown."""
        text = self.head.strip()
        if not text:
            return ""
        if self.parens:
            return f" {mark}{')' * self.parens};"
        if text.startswith(("}", "typedef}")):
            return f" {mark};" if text == "typedef}" else ";"
        if opens_function(text.encode("latin-1", "replace")) and not re.match(r"[A-Z_0-9]+\s*\(", text):
            return f" {{ {filler(mark, weight)} }}"
        if re.search(r"\]\s*=$", text):
            return f" {{ {mark} }};"
        if text.endswith("="):
            return f" {mark};"
        if AGGREGATE.match(text):
            return f" {{ {mark} }};" if "enum" in text.split() else f" {{ int {mark}; }};"
        return ";"


def filler(mark: str, lines: int) -> str:
    """A statement that stands for unseen lines."""
    return " + ".join([mark] * max(1, lines * _WORDS_A_LINE)) + ";"
