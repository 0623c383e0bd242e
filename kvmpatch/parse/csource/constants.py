"""Constant expressions, and the values that the constants of an enum have by them."""

from __future__ import annotations

import re

from kvmpatch.parse.csource.tokens import Token, spell

_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)[uUlL]*$")


def enum_values(constants: list[tuple[str, list[Token] | None]]) -> list[str | None]:
    """Each constant's value: a number where it can be counted, else the expression, or `BASE + n` after one."""
    known: dict[str, int] = {}
    out: list[str | None] = []
    number: int | None = -1
    base = ""
    since = 0
    for name, expression in constants:
        if expression is not None:
            number = evaluate(expression, known)
            base, since = spell(expression), 0
        elif number is not None:
            number += 1
        else:
            since += 1
        if number is not None:
            known[name] = number
            out.append(str(number))
        else:
            out.append(f"{base} + {since}" if since else base)
    return out


def _number(digits: str) -> int:
    """A C integer: hexadecimal, octal with a leading zero, or decimal."""
    if digits[:2].lower() == "0x":
        return int(digits, 16)
    octal = digits.startswith("0") and all(digit < "8" for digit in digits)
    return int(digits, 8 if octal else 10)


def evaluate(expression: list[Token], known: dict[str, int]) -> int | None:
    """The value of a simple constant expression (numbers, known names, shifts, BIT, + - * | & ~ ()), or None."""
    words: list[str] = []
    for token in expression:
        text = token.text
        match = _NUMBER.match(text)
        if match:
            words.append(str(_number(match[1])))
        elif text in known:
            words.append(str(known[text]))
        elif text in {"BIT", "BIT_ULL"}:
            words.append("1 <<")
        elif text in {"+", "-", "*", "|", "&", "^", "~", "<<", ">>", "(", ")"}:
            words.append(text)
        else:
            return None
    return _Arithmetic(words).value()


class _Arithmetic:
    """A small evaluator: the text comes from a commit, so nothing of it is ever handed to Python itself."""

    _LEVELS: tuple[tuple[str, ...], ...] = (("|",), ("^",), ("&",), ("<<", ">>"), ("+", "-"), ("*",))

    def __init__(self, words: list[str]) -> None:
        self.words = " ".join(words).split()
        self.at = 0

    def value(self) -> int | None:
        if len(self.words) > 200:
            return None
        try:
            result = self.level(0)
        except (IndexError, ValueError):
            return None
        return result if self.at == len(self.words) else None

    def level(self, depth: int) -> int:
        if depth == len(self._LEVELS):
            return self.atom()
        left = self.level(depth + 1)
        while self.at < len(self.words) and self.words[self.at] in self._LEVELS[depth]:
            operator = self.words[self.at]
            self.at += 1
            left = self.apply(operator, left, self.level(depth + 1))
        return left

    @staticmethod
    def apply(operator: str, left: int, right: int) -> int:
        if operator in {"<<", ">>"} and not 0 <= right < 128:
            raise ValueError("shift")
        result = {
            "|": lambda: left | right,
            "^": lambda: left ^ right,
            "&": lambda: left & right,
            "<<": lambda: left << right,
            ">>": lambda: left >> right,
            "+": lambda: left + right,
            "-": lambda: left - right,
            "*": lambda: left * right,
        }[operator]()
        if abs(result) >= 1 << 128:
            raise ValueError("too large")
        return result

    def atom(self) -> int:
        word = self.words[self.at]
        self.at += 1
        if word == "(":
            inner = self.level(0)
            if self.words[self.at] != ")":
                raise ValueError("parenthesis")
            self.at += 1
            return inner
        if word == "~":
            return ~self.atom()
        if word == "-":
            return -self.atom()
        if word == "+":
            return self.atom()
        return int(word)
