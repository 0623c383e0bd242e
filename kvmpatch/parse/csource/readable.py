"""Kernel C in words that the grammar knows: what it cannot read is replaced by something of the same length."""

from __future__ import annotations

import re

from kvmpatch.parse.csource.scan import blank
from kvmpatch.parse.csource.words import attributes_in

_LOOP_MACRO = re.compile(rb"\b(\w*for_each\w*)(?=\s*\()")
_TYPE_ARGUMENT = re.compile(rb"(?<=[,(])(\s*)(struct|union|enum)(?=\s+\w+\s*[,)])")
# A type of several words, or one that ends in a star, where an argument stands: `min_t(unsigned int, a, b)`.
_TYPE = (
    rb"(?:(?:const|volatile)\s+)*(?:(?:(?:unsigned|signed|long|short|char|int)\b\s*){2,}\**"
    rb"|(?:(?:unsigned|signed|long|short|struct|union|enum)\s+)*\w+\s*\*+)"
)
_LONG_TYPE_ARGUMENT = re.compile(rb"(?:(?<=\()|(?<=,)(?P<space>\s*))(?:" + _TYPE + rb")(?=\s*(?(space)[,)]|,))")
_REGISTER_VARIABLE = re.compile(rb"\bregister\b[^;={}()]*?(\b(?:asm|__asm__)\s*\([^()]*\))")
_CASE_RANGE = re.compile(rb"(?<=\bcase\b)([^:;{}\n]*?)\.\.\.")
_ASSEMBLY = re.compile(rb"\b(?:asm|__asm__|__asm)\b(?:\s+(?:volatile|__volatile__|goto|inline))*\s*\(")
_PARENTHESIS = re.compile(rb'[()]|"(?:[^"\\\n]|\\.)*"?|\'(?:[^\'\\\n]|\\.)*\'?')


def readable(data: bytes) -> bytes:
    """The same bytes in words that the grammar knows, every position kept.

    Attribute words become spaces, `for_each_…(…)` a loop, a type that stands as an argument a plain word, a case
    range a sum, the register of a variable and the inside of an assembly statement nothing: the text shown is
    always taken from the original.
    """
    out = bytearray(data)
    for start, stop, called in attributes_in(data):
        end = closing(data, data.find(b"(", stop)) if called else stop
        out[start:end] = blank(data[start:end])
    for match in _LOOP_MACRO.finditer(data):
        start, end = match.span(1)
        if end - start >= 5:
            out[start:end] = b"while".ljust(end - start)
    for match in _TYPE_ARGUMENT.finditer(data):
        start, end = match.span(2)
        out[start:end] = b" " * (end - start)
    for match in _LONG_TYPE_ARGUMENT.finditer(data):
        start, end = match.end("space") if match["space"] else match.start(), match.end()
        if b"\n" not in data[start:end]:
            out[start:end] = b"T" * (end - start)
    for match in _REGISTER_VARIABLE.finditer(data):
        start, end = match.span(1)
        out[start:end] = blank(data[start:end])
    for match in _CASE_RANGE.finditer(data):
        out[match.end() - 3 : match.end()] = b" + "
    for match in _ASSEMBLY.finditer(data):
        end = closing(data, match.end() - 1)
        if end - match.end() >= 3 and out[match.start()] != 0x20:
            out[match.end() : end - 1] = b'""' + blank(data[match.end() + 2 : end - 1])
    return bytes(out)


def closing(data: bytes, left: int) -> int:
    """The offset after the parenthesis that matches the one at `left`, or of the end."""
    depth = 0
    for match in _PARENTHESIS.finditer(data, left):
        code = match[0][0]
        if code == 0x28:
            depth += 1
        elif code == 0x29:
            depth -= 1
            if depth == 0:
                return match.end()
    return len(data)
