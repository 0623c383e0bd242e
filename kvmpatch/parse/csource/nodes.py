"""tree-sitter's nodes: their text, the conditions that they are, and whether they leave what they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvmpatch.parse.csource.outline import decode
from kvmpatch.parse.csource.steps import Condition, Origin

if TYPE_CHECKING:
    from tree_sitter import Node

_SPACE = re.compile(r"\s+")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
# What the compiler is told about a condition; nothing is called.
HINTS = {"likely", "unlikely"}
_EXITS = {"return_statement", "goto_statement", "break_statement", "continue_statement"}


class NodeReader:
    """Reads nodes against the bytes that they are of: the grammar has seen others, of the same length."""

    def __init__(self, source: bytes) -> None:
        self.source = source

    def text(self, node: Node | None) -> str:
        """A node as written, on one line and without comments."""
        if node is None:
            return ""
        raw = decode(self.source[node.start_byte : node.end_byte])
        if "/*" in raw or "//" in raw:
            raw = _COMMENT.sub(" ", raw)
        return _SPACE.sub(" ", raw).strip()

    def split(self, node: Node | None, origin: Origin, *, wanted: bool = True) -> Iterator[Condition]:
        """The conditions that hold when `node` is true (or false): `a && b` gives two, `!(a || b)` too."""
        node = without_parentheses(node)
        if node is None:
            return
        operator = self.text(node.child_by_field_name("operator"))
        if node.type == "binary_expression" and operator == ("&&" if wanted else "||"):
            yield from self.split(node.child_by_field_name("left"), origin, wanted=wanted)
            yield from self.split(node.child_by_field_name("right"), origin, wanted=wanted)
        elif node.type == "unary_expression" and operator == "!":
            yield from self.split(node.child_by_field_name("argument"), origin, wanted=not wanted)
        elif node.type == "call_expression" and self.text(node.child_by_field_name("function")) in HINTS:
            arguments = node.child_by_field_name("arguments")
            inner = arguments.named_children[0] if arguments and arguments.named_children else None
            yield from self.split(inner, origin, wanted=wanted)
        else:
            yield Condition(self.text(node), not wanted, origin)

    def preprocessor_condition(self, node: Node) -> Condition | None:
        """The condition of an `#if`, `#ifdef` or `#elif`, as written."""
        name = node.child_by_field_name("name")
        if name is not None:
            negated = bool(node.children) and node.children[0].type in {"#ifndef", "#elifndef"}
            return Condition(f"#ifdef {self.text(name)}", negated, Origin.PREPROCESSOR)
        test = node.child_by_field_name("condition")
        if test is not None:
            text = self.text(test)
            negated = text.startswith("!") and "&&" not in text and "||" not in text
            return Condition(f"#if {text.lstrip('!')}" if negated else f"#if {text}", negated, Origin.PREPROCESSOR)
        return None


def case_of(asked: str, labels: list[str]) -> tuple[Condition, ...]:
    """The condition that a switch is at one of these labels; none where there is no label."""
    if not labels:
        return ()
    text = f"{asked} == {', '.join(labels)}" if labels != ["default"] else f"{asked}: default"
    return (Condition(text, negated=False, origin=Origin.CASE),)


def without_parentheses(node: Node | None) -> Node | None:
    """What stands within parentheses, where that is one thing."""
    while node is not None and node.type in {"parenthesized_expression", "condition_clause"} and node.named_children:
        inner = [child for child in node.named_children if child.type != "comment"]
        if len(inner) != 1:
            return node
        node = inner[0]
    return node


def innermost(node: Node | None) -> Node | None:
    """The identifier that a declarator declares."""
    while node is not None and node.type != "identifier":
        inner = node.child_by_field_name("declarator")
        if inner is None:
            inner = next((child for child in node.named_children if child.type != "comment"), None)
        node = inner
    return node


def always_exits(node: Node | None) -> bool:
    """Whether nothing that follows a statement runs after it."""
    if node is None:
        return False
    if node.type in _EXITS:
        return True
    if node.type in {"compound_statement", "else_clause"}:
        inner = [child for child in node.named_children if child.type != "comment"]
        return bool(inner) and always_exits(inner[-1])
    return False
