"""Judgements: facts in, sentences out. One file a rule, with its words in both languages and its authority.

A rule takes the facts of a report (a `Report` whose sections are still empty) and their context, and yields what it has
to say, each with its evidence; a rule that has nothing to say yields nothing. The order below is the order within a
section.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kvmpatch.model import Report
from kvmpatch.rules import (
    accesses_by_function,
    accesses_by_phase,
    authors_words,
    bits_computed,
    callbacks,
    capabilities,
    factored_out,
    flow_details,
    guards_asked,
    no_code,
    offered,
    structure_in_short,
    work_differs,
    work_moved,
)
from kvmpatch.rules.spoken import Context, Spoken

Rule = Callable[[Report, Context], Iterator[Spoken]]

ABOUT_A_COMMIT: tuple[Rule, ...] = (
    no_code.speak,
    work_moved.speak,
    offered.speak,
    bits_computed.speak,
    accesses_by_phase.speak,
    accesses_by_function.speak,
    flow_details.speak,
    callbacks.speak,
    capabilities.speak,
    factored_out.speak,
    work_differs.speak,
    structure_in_short.speak,
    guards_asked.speak,
    authors_words.speak,
)

__all__ = ["ABOUT_A_COMMIT", "Context", "Rule", "Spoken"]
