"""What a body is made of: its steps, in the order they run, each with the conditions that lead to it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


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


def negate(condition: Condition) -> Condition:
    """The opposite of a condition."""
    return Condition(condition.text, not condition.negated, condition.origin)
