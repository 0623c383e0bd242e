"""Which sentences of a message state the problem, which the solution, and which are left alone."""

from __future__ import annotations

import pytest

from kvmpatch.rules.author_sentences import passages, sentences

PROBLEM = {
    "The reset path leaks the page when the allocation of the second one fails.": "failure",
    "Currently the timer is armed twice.": "present-state",
    "However, the guest reads the stale value.": "turn",
    "Unfortunately nobody calls it on that path.": "contrast",
    "KVM does not restore the register after a migration.": "negation",
    "The helper is missing a barrier.": "failure",
    "Reading past the table leads to an oops.": "failure",
    "User space cannot learn the width.": "negation",
    "There is no way to turn the counter off.": "negation",
    "The write of the high half is lost on 32-bit hosts.": "failure",
    "Without this, a guest sees the host's counter.": "named-problem",
    "The existing code walks the list for each page.": "present-state-within",
}

SOLUTION = {
    "Add a helper that returns the width.": "imperative",
    "Fix the leak by freeing the page first.": "imperative",
    "Don't call it with the lock held, it does not need the lock.": "imperative",
    "Use csr_swap() instead.": "verb-or-noun",
    "Set the bit before the first entry.": "verb-or-noun",
    "So drop the check.": "imperative",
    "Instead, keep the value in the vcpu.": "verb-or-noun",
    "To avoid this, clear the field at reset.": "verb-or-noun",
    "As the value never changes, compute it once.": "imperative",
    "While at it, remove the unused argument.": "imperative",
    "Let's move it to the header.": "imperative",
    "As such, move the write to the load.": "imperative",
    "Now that all callers pass a vcpu, we can drop the other argument.": "imperative",
    "This patch adds the register to the list.": "patch-does",
    "With this patch we skip the fence.": "patch-does",
    "- Handle the second vector as well.": "verb-or-noun",
}

NEITHER = (
    "No functional change intended.",
    "Tested on two boards, nothing fails.",
    "The value follows from the ISA of the guest.",
    "A later patch will drop the missing case.",
    "Note that the old name is not used by user space.",
    "Is this still wrong?",
    "Set bits are written back by the caller.",
    "Return values are checked by the caller.",
    "Call chains of this kind are long.",
    "This is harmless.",
    "However, it keeps to the rule that one side alone writes.",
    "When a guest is built, make rebuilds all of it.",
    "The new lock does not cause any trouble.",
    "The commit that added it says `foo is broken'.",
    "v2: fix the missing case",
    "The table was never freed, so drop it.",
)


def told(text: str) -> list[tuple[str, str]]:
    return [(passage.says, passage.text) for passage in passages([text])]


@pytest.mark.parametrize("sentence", PROBLEM)
def test_a_sentence_that_states_the_problem(sentence: str) -> None:
    (passage,) = passages([sentence])
    assert (passage.says, passage.text) == ("problem", sentence)
    ((cue, words),) = passage.cues
    assert cue == PROBLEM[sentence]
    assert words in sentence


@pytest.mark.parametrize("sentence", SOLUTION)
def test_a_sentence_that_states_the_solution(sentence: str) -> None:
    (passage,) = passages([sentence])
    assert (passage.says, passage.text) == ("solution", sentence)
    ((cue, words),) = passage.cues
    assert cue == SOLUTION[sentence]
    assert words in sentence


@pytest.mark.parametrize("sentence", NEITHER)
def test_a_sentence_that_is_left_alone(sentence: str) -> None:
    assert told(sentence) == [("unclassified", sentence)]


def test_a_paragraph_is_quoted_in_passages_exactly_as_it_stands() -> None:
    problem = "The counter is not saved.  It is lost, e.g. after a migration."
    solution = "Save it with the others. Also restore it."
    rest = "The order of the two does not matter."
    paragraph = f"{problem} {solution} {rest}"
    assert told(paragraph) == [("problem", problem), ("solution", solution), ("unclassified", rest)]


def test_behind_the_first_solution_a_negation_may_be_about_what_was_made() -> None:
    before, after = "The old walk does not take the lock.", "The new walk does not take the lock."
    made = "Add a walk of its own."
    assert [one.says for one in passages([before, made])] == ["problem", "solution"]
    assert [one.says for one in passages([made, after])] == ["solution", "unclassified"]


@pytest.mark.parametrize(
    "text", ["    ret = foo();\n    if (ret is not 0) fails;", "> it fails\n> it is broken", "[  1.2] oops"]
)
def test_code_logs_and_quotations_are_no_sentences(text: str) -> None:
    assert told(text) == [("unclassified", text)]


def test_what_a_version_note_heads_is_about_earlier_versions() -> None:
    assert [one.says for one in passages(["Fix the walk.", "Changes in v2:", "- Fix the missing case"])] == [
        "solution",
        "unclassified",
        "unclassified",
    ]


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("See sec. 3 of it, i.e. The Table. Then go on.", ["See sec. 3 of it, i.e. The Table.", "Then go on."]),
        ("It (so they say. Or not) holds. kvm_foo() too.", ["It (so they say. Or not) holds.", "kvm_foo() too."]),
        ("- one\n  goes on\n- two", ["- one\n  goes on", "- two"]),
    ],
)
def test_where_sentences_end(text: str, ends: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == ends
