"""What a function does, statement by statement, each with the conditions under which it is reached.

tree-sitter reads one body at a time. Attribute words are blanked with spaces of equal length before, so every
position stays true. Where the grammar fails, what it could read is kept and the body is marked as uncertain.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from kvmpatch.parse.csource.nodes import HINTS, NodeReader, always_exits, case_of, innermost, without_parentheses
from kvmpatch.parse.csource.outline import Item, Outline
from kvmpatch.parse.csource.readable import closing, readable
from kvmpatch.parse.csource.scan import Scan
from kvmpatch.parse.csource.steps import Body, Condition, Does, Origin, Step, negate

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_PREFIX = b"void f(void)"
_DEEPEST = 150
_FOR_EACH = re.compile(rb"\w*for_each\w*\s*\(")


@cache
def _parser() -> Parser:
    # Loading the grammar takes some 45 ms: only who reads a body pays for it.
    import tree_sitter
    import tree_sitter_c

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language()))


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


class _Walker(NodeReader):
    """Collects steps in the order of evaluation."""

    def __init__(self, source: bytes, scanned: Scan, start: int) -> None:
        super().__init__(source)
        self.scanned = scanned
        self.start = start - len(_PREFIX)
        self.steps: list[Step] = []
        self.depth = 0
        self.cut_short = False

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
        if always_exits(consequence):
            return conditions + tuple(Condition(c.text, c.negated, Origin.EARLY_EXIT) for c in fails)
        return conditions

    def tests(self, test: Node, conditions: tuple[Condition, ...]) -> None:
        """One test a conjunct, each under those before it: C stops at the first that fails."""
        node = without_parentheses(test)
        if node is None:
            return
        if node.type == "binary_expression" and self.text(node.child_by_field_name("operator")) == "&&":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None:
                self.tests(left, conditions)
                self.tests(right, conditions + tuple(self.split(left, Origin.BRANCH)))
                return
        self.emit(Does.TEST, node, conditions, self.text(node))

    def switch(self, node: Node, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        subject = node.child_by_field_name("condition")
        body = node.child_by_field_name("body")
        if subject is not None:
            self.expression(subject, conditions)
        if body is not None:
            self.cases(body, self.text(without_parentheses(subject)), conditions, [])
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
                self.statement(child, (*conditions, *case_of(asked, labels)))
                bare = False

    def case(self, node: Node, asked: str, conditions: tuple[Condition, ...], labels: list[str]) -> list[str]:
        """One label with its statements; the labels that still wait for a statement after it."""
        value = node.child_by_field_name("value")
        labels = [*labels, self.text(value) if value is not None else "default"]
        inside = (*conditions, *case_of(asked, labels))
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
                name = innermost(child.child_by_field_name("declarator"))
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
        inside = rest[: closing(b"(" + rest.encode(), 0) - 2] if rest else ""
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
        if self.text(function) in HINTS:
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
