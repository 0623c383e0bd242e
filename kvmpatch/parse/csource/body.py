"""What a function does, statement by statement, each with the conditions under which it is reached.

tree-sitter reads one body at a time. Attribute words are blanked with spaces of equal length before, so every
position stays true. Where the grammar fails, what it could read is kept and the body is marked as uncertain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from kvmpatch.parse.csource.outline import Item, Outline, decode
from kvmpatch.parse.csource.scan import Scan, blank
from kvmpatch.parse.csource.words import ATTRIBUTE

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


class Origin(StrEnum):
    """What kind of construct a condition comes from."""

    BRANCH = "branch"
    EARLY_EXIT = "early-exit"
    PREPROCESSOR = "preprocessor"
    CASE = "case"
    LOOP = "loop"


class Condition(msgspec.Struct, frozen=True):
    """A condition as written, less a leading `!`, which is told by `negated`."""

    text: str
    negated: bool
    origin: Origin


class Does(StrEnum):
    """What a step does."""

    CALL = "call"
    ASSIGN = "assign"
    TEST = "test"
    RETURN = "return"
    JUMP = "jump"
    ASSEMBLY = "assembly"


class Step(msgspec.Struct, frozen=True):
    """One effect of a body, in the order it runs.

    `name` is what is called, the target of an assignment, the condition of a test or the label of a jump;
    `operator` the assignment's (`=`, `|=`, `&=`); `value` what is assigned or returned.
    """

    does: Does
    name: str
    arguments: tuple[str, ...]
    operator: str
    value: str | None
    line: int
    conditions: tuple[Condition, ...]
    declares: bool = False


class Body(msgspec.Struct, frozen=True):
    """The steps of one function; `whole` is False where the grammar failed somewhere in it."""

    steps: tuple[Step, ...]
    whole: bool


_PREFIX = b"void f(void)"
_SPACE = re.compile(r"\s+")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_DEEPEST = 150
# What the compiler is told about a condition; nothing is called.
_HINTS = {"likely", "unlikely"}
_EXITS = {"return_statement", "goto_statement", "break_statement", "continue_statement"}


@cache
def _parser() -> Parser:
    # Loading the grammar takes some 45 ms: only who reads a body pays for it.
    import tree_sitter
    import tree_sitter_c

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language()))


_FOR_EACH = re.compile(rb"\w*for_each\w*\s*\(")
_LOOP_MACRO = re.compile(rb"\b(\w*for_each\w*)(?=\s*\()")
_TYPE_ARGUMENT = re.compile(rb"(?<=[,(])(\s*)(struct|union|enum)(?=\s+\w+\s*[,)])")
# A type of several words, or one that ends in a star, where an argument stands: `min_t(unsigned int, a, b)`.
_TYPE = (
    rb"(?:(?:const|volatile)\s+)*(?:(?:(?:unsigned|signed|long|short|char|int)\b\s*){2,}\**"
    rb"|(?:(?:unsigned|signed|long|short|struct|union|enum)\s+)*\w+\s*\*+)"
)
_LONG_TYPE_ARGUMENT = re.compile(
    rb"(?<=\()(?:" + _TYPE + rb")(?=\s*,)|(?<=,)(?P<space>\s*)(?:" + _TYPE + rb")(?=\s*[,)])"
)
_REGISTER_VARIABLE = re.compile(rb"\bregister\b[^;={}()]*?(\b(?:asm|__asm__)\s*\([^()]*\))")
_CASE_RANGE = re.compile(rb"(?<=\bcase\b)([^:;{}\n]*?)\.\.\.")
_ASSEMBLY = re.compile(rb"\b(?:asm|__asm__|__asm)\b(?:\s+(?:volatile|__volatile__|goto|inline))*\s*\(")


def _closing(data: bytes, left: int) -> int:
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


_PARENTHESIS = re.compile(rb'[()]|"(?:[^"\\\n]|\\.)*"?|\'(?:[^\'\\\n]|\\.)*\'?')


def readable(data: bytes) -> bytes:
    """The same bytes in words that the grammar knows, every position kept.

    Attribute words become spaces, `for_each_…(…)` a loop, a type that stands as an argument a plain word, a case
    range a sum, the register of a variable and the inside of an assembly statement nothing: the text shown is
    always taken from the original.
    """
    out = bytearray(data)
    for match in ATTRIBUTE.finditer(data):
        start, end = match.span()
        if match["called"]:
            end = _closing(data, data.find(b"(", end))
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
        end = _closing(data, match.end() - 1)
        if end - match.end() >= 3 and out[match.start()] != 0x20:
            out[match.end() : end - 1] = b'""' + blank(data[match.end() + 2 : end - 1])
    return bytes(out)


def read_body(outline: Outline, item: Item) -> Body:
    """The steps of a function of this outline."""
    if item.body_start is None:
        return Body((), whole=True)
    source = outline.scanned.clean[item.body_start : item.end]
    tree = _parser().parse(_PREFIX + readable(source))
    walker = _Walker(_PREFIX + source, outline.scanned, item.body_start)
    for node in tree.root_node.children:
        if node.type == "function_definition":
            body = node.child_by_field_name("body")
            if body is not None:
                walker.block(body, ())
        else:
            walker.statement(node, ())
    return Body(tuple(walker.steps), whole=not tree.root_node.has_error and not walker.cut_short)


def negate(condition: Condition) -> Condition:
    """The opposite of a condition."""
    return Condition(condition.text, not condition.negated, condition.origin)


class _Walker:
    """Collects steps in the order of evaluation."""

    def __init__(self, source: bytes, scanned: Scan, start: int) -> None:
        self.source = source
        self.scanned = scanned
        self.start = start - len(_PREFIX)
        self.steps: list[Step] = []
        self.depth = 0
        self.cut_short = False

    def text(self, node: Node | None) -> str:
        if node is None:
            return ""
        raw = decode(self.source[node.start_byte : node.end_byte])
        if "/*" in raw or "//" in raw:
            raw = _COMMENT.sub(" ", raw)
        return _SPACE.sub(" ", raw).strip()

    def line(self, node: Node) -> int:
        # Asked of the scan, not counted: in a file woven from hunks, lines do not follow each other.
        return self.scanned.line(self.start + max(node.start_byte, len(_PREFIX)))

    def emit(
        self,
        does: Does,
        node: Node,
        conditions: tuple[Condition, ...],
        name: str = "",
        arguments: tuple[str, ...] = (),
        operator: str = "",
        value: str | None = None,
        *,
        declares: bool = False,
    ) -> None:
        self.steps.append(Step(does, name, arguments, operator, value, self.line(node), conditions, declares))

    # ---- statements -------------------------------------------------------------------------------------

    def block(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        """Walk the statements of a block; an early exit puts all that follow under its opposite."""
        for child in node.children:
            conditions = self.statement(child, conditions)
        return conditions

    def statement(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        """Walk one statement and return the conditions of the next."""
        self.depth += 1
        try:
            if self.depth > _DEEPEST:
                self.cut_short = True
                return conditions
            visit = _STATEMENTS.get(node.type)
            if visit is not None:
                return visit(self, node, conditions)
            if node.is_named and node.type != "comment":
                self.expression(node, conditions)
            return conditions
        finally:
            self.depth -= 1

    def compound(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        self.block(node, conditions)
        return conditions

    def branch(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        test = node.child_by_field_name("condition")
        consequence = node.child_by_field_name("consequence")
        alternative = node.child_by_field_name("alternative")
        if test is not None:
            self.expression(test, conditions)
            self.tests(test, conditions)
        holds = tuple(self.split(test, Origin.BRANCH))
        fails = tuple(self.split(test, Origin.BRANCH, wanted=False))
        if consequence is not None:
            self.statement(consequence, conditions + holds)
        if alternative is not None:
            self.block(alternative, conditions + fails)
            return conditions
        if _always_exits(consequence):
            return conditions + tuple(Condition(c.text, c.negated, Origin.EARLY_EXIT) for c in fails)
        return conditions

    def tests(self, test: Node, conditions: tuple[Condition, ...]) -> None:
        """One test a conjunct, each under those before it: C stops at the first that fails."""
        node = _bare(test)
        if node is None:
            return
        if node.type == "binary_expression" and self.text(node.child_by_field_name("operator")) == "&&":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None:
                self.tests(left, conditions)
                self.tests(right, conditions + tuple(self.split(left, Origin.BRANCH)))
                return
        self.emit(Does.TEST, node, conditions, self.text(node))

    def split(self, node: Node | None, origin: Origin, *, wanted: bool = True) -> Iterator[Condition]:
        """The conditions that hold when `node` is true (or false): `a && b` gives two, `!(a || b)` too."""
        node = _bare(node)
        if node is None:
            return
        operator = self.text(node.child_by_field_name("operator"))
        if node.type == "binary_expression" and operator == ("&&" if wanted else "||"):
            yield from self.split(node.child_by_field_name("left"), origin, wanted=wanted)
            yield from self.split(node.child_by_field_name("right"), origin, wanted=wanted)
        elif node.type == "unary_expression" and operator == "!":
            yield from self.split(node.child_by_field_name("argument"), origin, wanted=not wanted)
        elif node.type == "call_expression" and self.text(node.child_by_field_name("function")) in _HINTS:
            arguments = node.child_by_field_name("arguments")
            inner = arguments.named_children[0] if arguments and arguments.named_children else None
            yield from self.split(inner, origin, wanted=wanted)
        else:
            yield Condition(self.text(node), not wanted, origin)

    def switch(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        subject = node.child_by_field_name("condition")
        body = node.child_by_field_name("body")
        if subject is not None:
            self.expression(subject, conditions)
        if body is not None:
            self.cases(body, self.text(_bare(subject)), conditions, [])
        return conditions

    def cases(self, body: Node, asked: str, conditions: tuple[Condition, ...], waiting: list[str]) -> None:
        """The labels of a switch, also those within a preprocessor conditional; `waiting` are labels still bare."""
        labels, bare = list(waiting), True
        for child in body.children:
            if child.type in _IF_TEXT:
                self.conditional_cases(child, asked, conditions, labels)
                labels = []
            elif child.type == "case_statement":
                labels, bare = self.case(child, asked, conditions, labels if bare else []), True
            elif child.is_named and child.type not in _ELSE_TEXT and body.child_by_field_name("name") != child:
                self.statement(child, (*conditions, *_case_of(asked, labels)))
                bare = False

    def case(self, node: Node, asked: str, conditions: tuple[Condition, ...], labels: list[str]) -> list[str]:
        """One label with its statements; the labels that still wait for a statement after it."""
        value = node.child_by_field_name("value")
        labels = [*labels, self.text(value) if value is not None else "default"]
        inside = (*conditions, *_case_of(asked, labels))
        empty = True
        for inner in node.children:
            if not inner.is_named or inner == value or inner.type == "comment":
                continue
            inside = self.statement(inner, inside)
            empty = False
        return labels if empty else []

    def conditional_cases(self, node: Node, asked: str, conditions: tuple[Condition, ...], labels: list[str]) -> None:
        condition = self.preprocessor_condition(node)
        self.cases(node, asked, (*conditions, condition) if condition else conditions, labels)
        other = node.child_by_field_name("alternative")
        if other is not None:
            outside = (*conditions, negate(condition)) if condition else conditions
            self.conditional_cases(other, asked, outside, labels)

    def loop(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        for field in ("initializer", "condition"):
            part = node.child_by_field_name(field)
            if part is not None:
                self.statement(part, conditions)
        test = node.child_by_field_name("condition")
        inside = conditions
        if _FOR_EACH.match(self.source, node.start_byte):
            self.macro_call(node, conditions)
        elif node.type != "do_statement" and test is not None:
            inside = conditions + tuple(self.split(test, Origin.LOOP))
        body = node.child_by_field_name("body")
        if body is not None:
            self.statement(body, inside)
        update = node.child_by_field_name("update")
        if update is not None:
            self.statement(update, inside)
        return conditions

    def declaration(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        for child in node.named_children:
            if child.type == "init_declarator":
                name = _innermost(child.child_by_field_name("declarator"))
                value = child.child_by_field_name("value")
                if value is not None:
                    self.expression(value, conditions)
                self.emit(
                    Does.ASSIGN,
                    child,
                    conditions,
                    self.text(name),
                    operator="=",
                    value=self.text(value),
                    declares=True,
                )
        return conditions

    def returned(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        value = next(iter(node.named_children), None)
        if value is not None:
            self.expression(value, conditions)
        self.emit(Does.RETURN, node, conditions, value=self.text(value) or None)
        return conditions

    def jump(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        label = self.text(node.child_by_field_name("label")) or node.type.removesuffix("_statement")
        self.emit(Does.JUMP, node, conditions, label)
        return conditions

    def labelled(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        # Whoever jumps here has passed no early exit in between: those conditions end at a label.
        conditions = tuple(c for c in conditions if c.origin is not Origin.EARLY_EXIT)
        for child in node.named_children[1:]:
            conditions = self.statement(child, conditions)
        return conditions

    def conditional_text(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        """A preprocessor conditional within a body: each branch under its own condition."""
        condition = self.preprocessor_condition(node)
        inside = (*conditions, condition) if condition else conditions
        outside = (*conditions, negate(condition)) if condition else conditions
        for child in node.children:
            if child.type in {"preproc_else", "preproc_elif", "preproc_elifdef"}:
                self.statement(child, outside)
            elif child.is_named and child not in (
                node.child_by_field_name("name"),
                node.child_by_field_name("condition"),
            ):
                inside = self.statement(child, inside)
        return conditions

    def preprocessor_condition(self, node: Node) -> Condition | None:
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

    def nested_function(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        """`for_each_…(x) { … }`: to the grammar a function, in truth a loop that a macro makes."""
        body = node.child_by_field_name("body")
        head = node.child_by_field_name("declarator")
        if head is not None:
            self.macro_call(head, conditions)
        if body is not None:
            self.statement(body, conditions)
        return conditions

    def macro_call(self, head: Node, conditions: tuple[Condition, ...]) -> None:
        name, _, rest = self.text(head).partition("(")
        inside = rest[: _closing(b"(" + rest.encode(), 0) - 2] if rest else ""
        arguments = tuple(part.strip() for part in inside.split(",")) if inside else ()
        self.emit(Does.CALL, head, conditions, name.strip(), arguments)

    def broken(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        for child in node.children:
            conditions = self.statement(child, conditions)
        return conditions

    # ---- expressions ------------------------------------------------------------------------------------

    def expression(self, node: Node, conditions: tuple[Condition, ...]) -> None:
        """Walk an expression; arguments run before the call, the right side before the assignment."""
        self.depth += 1
        if self.depth > _DEEPEST:
            self.cut_short = True
        else:
            visit = _EXPRESSIONS.get(node.type)
            if visit is not None:
                visit(self, node, conditions)
            else:
                for child in node.named_children:
                    if child.type in _STATEMENTS and child.type != "ERROR":
                        self.statement(child, conditions)
                    else:
                        self.expression(child, conditions)
        self.depth -= 1

    def call(self, node: Node, conditions: tuple[Condition, ...]) -> None:
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        given = [child for child in arguments.named_children if child.type != "comment"] if arguments else []
        for argument in given:
            self.expression(argument, conditions)
        if function is not None and function.type not in {"identifier", "field_expression"}:
            self.expression(function, conditions)
        if self.text(function) in _HINTS:
            return
        self.emit(Does.CALL, node, conditions, self.text(function), tuple(self.text(argument) for argument in given))

    def assignment(self, node: Node, conditions: tuple[Condition, ...]) -> None:
        right = node.child_by_field_name("right")
        left = node.child_by_field_name("left")
        for part in (left, right):
            if part is not None:
                self.expression(part, conditions)
        operator = self.text(node.child_by_field_name("operator")) or "="
        self.emit(Does.ASSIGN, node, conditions, self.text(left), operator=operator, value=self.text(right))

    def step_by_one(self, node: Node, conditions: tuple[Condition, ...]) -> None:
        target = node.child_by_field_name("argument")
        operator = self.text(node.child_by_field_name("operator"))
        self.emit(Does.ASSIGN, node, conditions, self.text(target), operator=operator, value=None)

    def either(self, node: Node, conditions: tuple[Condition, ...]) -> None:
        test = node.child_by_field_name("condition")
        if test is not None:
            self.expression(test, conditions)
            self.tests(test, conditions)
        for field, wanted in (("consequence", True), ("alternative", False)):
            part = node.child_by_field_name(field)
            if part is not None:
                self.expression(part, conditions + tuple(self.split(test, Origin.BRANCH, wanted=wanted)))

    def logical(self, node: Node, conditions: tuple[Condition, ...]) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = self.text(node.child_by_field_name("operator"))
        if left is not None:
            self.expression(left, conditions)
        if right is not None:
            if operator in {"&&", "||"}:
                conditions = conditions + tuple(self.split(left, Origin.BRANCH, wanted=operator == "&&"))
            self.expression(right, conditions)

    def assembly(self, node: Node, conditions: tuple[Condition, ...]) -> None:
        self.emit(Does.ASSEMBLY, node, conditions, self.text(node))


def _case_of(asked: str, labels: list[str]) -> tuple[Condition, ...]:
    if not labels:
        return ()
    text = f"{asked} == {', '.join(labels)}" if labels != ["default"] else f"{asked}: default"
    return (Condition(text, negated=False, origin=Origin.CASE),)


def _bare(node: Node | None) -> Node | None:
    while node is not None and node.type in {"parenthesized_expression", "condition_clause"} and node.named_children:
        inner = [child for child in node.named_children if child.type != "comment"]
        if len(inner) != 1:
            return node
        node = inner[0]
    return node


def _innermost(node: Node | None) -> Node | None:
    """The identifier that a declarator declares."""
    while node is not None and node.type != "identifier":
        inner = node.child_by_field_name("declarator")
        if inner is None:
            inner = next((child for child in node.named_children if child.type != "comment"), None)
        node = inner
    return node


def _always_exits(node: Node | None) -> bool:
    if node is None:
        return False
    if node.type in _EXITS:
        return True
    if node.type in {"compound_statement", "else_clause"}:
        inner = [child for child in node.named_children if child.type != "comment"]
        return bool(inner) and _always_exits(inner[-1])
    return False


_IF_TEXT = {"preproc_ifdef", "preproc_if"}
_ELSE_TEXT = {"preproc_else", "preproc_elif", "preproc_elifdef"}
_STATEMENTS = {
    "compound_statement": _Walker.compound,
    "if_statement": _Walker.branch,
    "switch_statement": _Walker.switch,
    "while_statement": _Walker.loop,
    "for_statement": _Walker.loop,
    "do_statement": _Walker.loop,
    "declaration": _Walker.declaration,
    "return_statement": _Walker.returned,
    "goto_statement": _Walker.jump,
    "break_statement": _Walker.jump,
    "continue_statement": _Walker.jump,
    "labeled_statement": _Walker.labelled,
    "preproc_ifdef": _Walker.conditional_text,
    "preproc_if": _Walker.conditional_text,
    "preproc_else": _Walker.conditional_text,
    "preproc_elif": _Walker.conditional_text,
    "preproc_elifdef": _Walker.conditional_text,
    "function_definition": _Walker.nested_function,
    "ERROR": _Walker.broken,
}
_EXPRESSIONS = {
    "call_expression": _Walker.call,
    "assignment_expression": _Walker.assignment,
    "update_expression": _Walker.step_by_one,
    "conditional_expression": _Walker.either,
    "binary_expression": _Walker.logical,
    "gnu_asm_expression": _Walker.assembly,
}
