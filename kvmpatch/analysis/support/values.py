"""The number that a kernel constant is, worked out from the macros and enumerators of its own header."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping

from kvmpatch.model import Kind
from kvmpatch.parse.csource.outline import Outline

_TOKEN = re.compile(r"\s*(0[xX][0-9a-fA-F]+|\d+|'(?:[^'\\]|\\.)'|[A-Za-z_]\w*|<<|>>|[-+*/%&|^~(),])")
_SUFFIX = re.compile(r"(?<=[0-9a-fA-F])[uUlL]+\b")
_ALL_ONES = (1 << 64) - 1
_DEEPEST = 40

_BINARY: tuple[Mapping[str, Callable[[int, int], int]], ...] = (
    {"|": operator.or_},
    {"^": operator.xor},
    {"&": operator.and_},
    {"<<": operator.lshift, ">>": operator.rshift},
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.floordiv, "%": operator.mod},
)
"""Operators of C from the loosest to the tightest."""

_CALLS: Mapping[str, Callable[..., int]] = {
    "BIT": lambda number: 1 << number,
    "BIT_ULL": lambda number: 1 << number,
    "_BITUL": lambda number: 1 << number,
    "_BITULL": lambda number: 1 << number,
    "GENMASK": lambda high, low: ((1 << (high - low + 1)) - 1) << low,
    "GENMASK_ULL": lambda high, low: ((1 << (high - low + 1)) - 1) << low,
    "UL": lambda number: number,
    "ULL": lambda number: number,
    "_UL": lambda number: number,
    "_ULL": lambda number: number,
}


class _NotANumber(Exception):
    """The text is no constant that can be worked out here."""


class HeaderValues:
    """The constants of one file by name, as text; numbers are worked out when asked for."""

    def __init__(self, outline: Outline) -> None:
        self._texts: dict[str, set[str]] = {}
        for item in outline:
            if item.kind is Kind.MACRO and item.value and not item.signature:
                self._texts.setdefault(item.name, set()).add(item.value)
            elif item.kind is Kind.ENUM:
                for member in item.members:
                    if member.value is not None:
                        self._texts.setdefault(member.name, set()).add(member.value)

    def number(self, text: str) -> int | None:
        """The number that an expression is, None where it is none or a name in it has several values here."""
        try:
            return _Reader(text, self._name).whole() & _ALL_ONES
        except (_NotANumber, ZeroDivisionError, ValueError, OverflowError, MemoryError, RecursionError):
            return None

    def _name(self, name: str, depth: int) -> int:
        texts = self._texts.get(name, set())
        if len(texts) != 1 or depth > _DEEPEST:
            raise _NotANumber(name)
        (text,) = texts
        return _Reader(text, self._name, depth + 1).whole()


class _Reader:
    """Reads one expression, by precedence."""

    def __init__(self, text: str, names: Callable[[str, int], int], depth: int = 0) -> None:
        self.tokens = self._cut(_SUFFIX.sub("", text))
        self.names = names
        self.depth = depth
        self.at = 0

    @staticmethod
    def _cut(text: str) -> list[str]:
        tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match:
                raise _NotANumber(text)
            tokens.append(match[1])
            at = match.end()
        return tokens

    def whole(self) -> int:
        """The value of the text as a whole."""
        value = self.binary(0)
        if self.at != len(self.tokens):
            raise _NotANumber
        return value

    def next(self) -> str:
        """The next token, taken."""
        if self.at >= len(self.tokens):
            raise _NotANumber
        self.at += 1
        return self.tokens[self.at - 1]

    def peek(self) -> str:
        """The next token, left where it is."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def binary(self, level: int) -> int:
        """An expression of operators of this precedence and tighter ones."""
        if level == len(_BINARY):
            return self.unary()
        value = self.binary(level + 1)
        while (sign := self.peek()) in _BINARY[level]:
            self.at += 1
            right = self.binary(level + 1)
            if sign in ("<<", ">>") and not 0 <= right < 128:
                raise _NotANumber
            value = _BINARY[level][sign](value, right)
        return value

    def unary(self) -> int:
        """A signed operand."""
        sign = self.peek()
        if sign in ("-", "+", "~"):
            self.at += 1
            value = self.unary()
            return {"-": -value, "+": value, "~": ~value}[sign]
        return self.operand()

    def operand(self) -> int:
        """A number, a character, a name, a call of a known macro, or an expression in parentheses."""
        word = self.next()
        if word == "(":
            value = self.binary(0)
            self.expect(")")
            return value
        if word[0].isdigit():
            return int(word, 8) if re.fullmatch(r"0[0-7]+", word) else int(word, 0)
        if word[0] == "'":
            return ord(word[1:-1]) if len(word) == 3 else self.fail()
        if not (word[0].isalpha() or word[0] == "_"):
            return self.fail()
        if self.peek() != "(":
            return self.names(word, self.depth)
        self.next()
        if word == "_AC":
            value = self.binary(0)
            self.expect(",")
            self.next()
            self.expect(")")
            return value
        return self.call(word)

    def call(self, name: str) -> int:
        """A call of one of the macros that make constants."""
        arguments = [self.binary(0)]
        while self.peek() == ",":
            self.next()
            arguments.append(self.binary(0))
        self.expect(")")
        made = _CALLS.get(name)
        if made is None or (any(not -128 < number < 128 for number in arguments) and name.startswith(("B", "_B", "G"))):
            return self.fail()
        try:
            return made(*arguments)
        except TypeError:
            return self.fail()

    def expect(self, token: str) -> None:
        """Take a token that has to be there."""
        if self.next() != token:
            raise _NotANumber

    @staticmethod
    def fail() -> int:
        """No number."""
        raise _NotANumber
