"""Messages: one row for each form that points upstream, and as many that look like one and are none."""

from __future__ import annotations

import random
import time

import pytest

from kvmpatch.model import FixesPointer, Message, StableMark, Trailer
from kvmpatch.parse.message import bare_subject, read_message
from kvmpatch.parse.message.upstream import FORMS

A = "a1" * 20
B = "b2" * 20
C = "c3" * 20
SIGNED = "Signed-off-by: A Developer <dev@example.org>"
TEXT = "The widget counted twice.\nCount it once."


def message(*paragraphs: str, subject: str = "widget: count once") -> Message:
    return read_message("\n\n".join((subject, *paragraphs)) + "\n")


def pointed(read: Message) -> list[tuple[str, str]]:
    return [(pointer.form, pointer.id) for pointer in read.upstream]


def head(kind: str, *lines: str, rule: str = "-" * 32) -> str:
    return "\n".join((f"{kind} inclusion", *lines, "category: bugfix", "bugzilla: 12", "CVE: NA")) + f"\n\n{rule}"


# form, subject, body, the pointers expected
SPEAKING = [
    ("stable-commit", "", f"commit {A} upstream.\n\n{TEXT}\n\n{SIGNED}", [A]),
    ("stable-commit", "", f"commit {A} upstream\n\n{SIGNED}", [A]),
    ("stable-commit", "", f'commit {A[:12]} ("widget: count once") upstream.\n\n{TEXT}', [A[:12]]),
    ("stable-commit", "", f"commit {A} upstream.\ncommit {B} upstream.\n\n{TEXT}", [A, B]),
    ("stable-bare", "", f"commit {A}\n\n{TEXT}\n\n{SIGNED}", [A]),
    ("stable-bracket", "", f"[ Upstream commit {A} ]\n\n{TEXT}\n\n{SIGNED}", [A]),
    ("stable-bracket", "", f"[ upstream commit {A} ]\n\n{SIGNED}", [A]),
    ("stable-bracket", "", f"[ commit {A} upstream ]\n\n{TEXT}", [A]),
    ("stable-bracket", "", f"[Upstream commit {A.upper()}]\n\n{TEXT}", [A]),
    ("stable-words", "", f"Upstream commit {A}.\n\n{TEXT}", [A]),
    ("cherry-picked", "", f"{TEXT}\n\n{SIGNED}\n(cherry picked from commit {A})", [A]),
    ("cherry-picked", "", f"{TEXT}\n\n{SIGNED}\n(cherry-picked from commit {A[:7]})\n{SIGNED}", [A[:7]]),
    ("cherry-picked", "", f"{TEXT}\n\n(cherry picked from commit {A})\n\n{SIGNED}", [A]),
    ("cherry-picked", "", f"{TEXT}\n\n(cherry picked from commit {A}\n https://example.org/t.git next)\n{SIGNED}", [A]),
    # each tree adds its line below: the last is where it was taken from
    ("cherry-picked", "", f"{SIGNED}\n(cherry picked from commit {B})\n(cherry picked from commit {A})", [A, B]),
    (
        "cherry-picked",
        "",
        f"{SIGNED}\n(cherry picked from commit {A})\n(cherry picked from commit {B} linux-6.6.y)",
        [A, B],
    ),
    ("backported", "", f"{TEXT}\n\n(backported from commit {A} linux-next)\n[dev: no widget_lock here]\n{SIGNED}", [A]),
    ("backported", "", f"{TEXT}\n\n(backported from {A})\n{SIGNED}", [A]),
    ("mainline-inclusion", "", f"{head('mainline', 'from mainline-v6.12-rc1', f'commit {A}')}\n\n{TEXT}", [A]),
    (
        "mainline-inclusion",
        "",
        f"{head('mainline', 'from mainline-6.12', f'commit: {A[:12]}', rule='---')}\n{TEXT}",
        [A[:12]],
    ),
    ("mainline-inclusion", "", f'mainline inclusion\ncommit {A} ("widget: once")\ncategory: bugfix\n\n{TEXT}', [A]),
    ("stable-inclusion", "", f"{head('stable', 'from stable-v6.6.58', f'commit {B}')}\n\n{TEXT}\n\n{SIGNED}", [B]),
    ("inclusion", "", f"{head('hulk', f'commit {A}')}\n\n{TEXT}", [A]),
    ("inclusion-reference", "", f"{head('hulk', f'Reference: https://example.org/c/?id={A}')}\n\n{TEXT}", [A]),
    ("anolis", "anolis: ", f"ANBZ: #48382\n\ncommit {A} upstream.\n\n{TEXT}", [A]),
    ("anolis", "", f"to #12345\n\ncommit {A} upstream.\n\n{TEXT}", [A]),
    ("opencloudos", "", f"[ Upstream commit {A} ]\n\nConflict: none\n\n{TEXT}", [A]),
    ("intel-sig", "", f"{TEXT}\n\nIntel-SIG: commit {A[:12]} widget: count once.\nBackport for widgets.", [A[:12]]),
    ("rhel-commit", "", f"JIRA: https://example.org/R-1\n\ncommit {A}\nAuthor: A <a@example.org>\n\n    {TEXT}", [A]),
    ("rhel-tree", "", f"Bugzilla: 12\n\nrhel-8.git commit {A}\n\n{TEXT}", [A]),
    ("rhel-status", "", f"Upstream Status: linux.git commit {A}\n\n{TEXT}", [A]),
    ("rhel-status", "", f"Upstream-status: https://example.org/linux.git/commit/?id={A}\n\n{TEXT}", [A]),
    ("ciq", "", f"jira X-1\ncve CVE-2026-0001\ncommit-author A Developer <dev@example.org>\ncommit {A}\n\n{TEXT}", [A]),
    ("suse", "", f"Git-commit: {A}\nPatch-mainline: v6.5-rc7\nReferences: bsc#12\n\n{TEXT}\n\n{SIGNED}", [A]),
    ("suse", "", f"Git-commit: {A}\nPatch-mainline: v6.5-rc7\n\n{SIGNED}", [A]),
    ("suse-alt", "", f"Alt-commit: {A}\nPatch-mainline: v6.5-rc7\n\n{TEXT}", [A]),
    ("android-upstream", "UPSTREAM: ", f"{TEXT}\n\n(cherry picked from commit {A})\nBug: 1\nChange-Id: I{B}", [A]),
    ("android-backport", "BACKPORT: ", f"{TEXT}\n\nBug: 1\n(cherry picked from commit {A})\n{SIGNED}", [A]),
    (
        "android-fromgit",
        "FROMGIT: ",
        f"{TEXT}\n\n(cherry picked from commit {A} https://example.org/t.git x)\n{SIGNED}",
        [A],
    ),
    ("xen", "", f"{TEXT}\n\n{SIGNED}\nmaster commit: {A}\nmaster date: 2024-12-16 13:06:55 +0100", [A]),
    ("xen", "", f"{TEXT}\nmaster commit: {A}\nmaster date: 2024-12-16 13:06:55 +0100", [A]),
    ("xen", "", f"{TEXT}\n\n{SIGNED}\n\nmaster commit: {A}", [A]),
    # several were put into one; the first is the one that the subject speaks of
    (
        "xen",
        "",
        f"{TEXT}\n\n{SIGNED}\nmaster commit: {A}\nmaster date: 2024-12-16\nmaster commit: {B}\nmaster date: 2024-12-17",
        [A, B],
    ),
    (
        "xen",
        "",
        f"master commit: {A}\nmaster date: 2024-12-16 13:06:55 +0100\n\n{TEXT}\n\n{SIGNED}",
        [A],
    ),
]


@pytest.mark.parametrize(("form", "prefix", "body", "ids"), SPEAKING)
def test_a_form_points_upstream(form: str, prefix: str, body: str, ids: list[str]) -> None:
    read = read_message(f"{prefix}widget: count once\n\n{body}\n")
    assert pointed(read) == [(form, written) for written in ids]
    assert not any(written in paragraph for written in ids for paragraph in read.prose if form != "intel-sig")


def test_each_form_of_the_table_has_a_row_here() -> None:
    assert {form.slug for form in FORMS} == {row[0] for row in SPEAKING}


SILENT = [
    f"Change-Id: I{A}\n{SIGNED}",
    f"{TEXT}\n\nBug: 1\nChange-Id: I{A}",
    "Since commit deadbeef broke it, nothing counted.",
    "from the guest-6 point of view\nthis is one widget.",
    "commit deadbeef broke it",
    f"commit {A} broke it upstream.",
    f"As said in\ncommit {A} upstream.\nthis is needed.",
    f"> commit {A} upstream.\n>\n> {SIGNED}",
    f"    commit {A} upstream.\n\n    (cherry picked from commit {A})\n\n{SIGNED}",
    f"\t[ Upstream commit {A} ]",
    "\n\n".join([f"Paragraph {number}." for number in range(9)] + [f"commit {A} upstream."]),
    "\n\n".join([f"Paragraph {number}." for number in range(9)] + [f"[ Upstream commit {A} ]", SIGNED]),
    f"The old message said\n\n(cherry picked from commit {A})\n\nand that was wrong.\n\n{SIGNED}",
    f"The old message was:\n\n(cherry picked from commit {A})\n{SIGNED}\n\nIt counted twice.\n\n{SIGNED}",
    f"{TEXT}\n\nMessage-ID: <20260101.{A}@example.org>\nLink: https://example.org/r/{A}\n{SIGNED}",
    f"https://example.org/commit/?id={A}\n\n{SIGNED}",
    f"Bisected:\n\n{A} is the first bad commit\ncommit {A}\nAuthor: A <a@example.org>\n\n    {TEXT}",
    f"mainline inclusion\nfrom mainline-v6.12\ncategory: feature\n\n---\n\nSee commit {A}",
    f"{TEXT}\n\nmainline inclusion\nfrom mainline-v6.12\ncommit {A}\n\n---",
    f"commit {A[:12]}\n\nA short id alone may be anything.",
    f"The old message ended with\n\nmaster commit: {A}\n\nand that was wrong.\n\n{SIGNED}",
    f"{TEXT}\n\nSee\nmaster commit: {A} for the other half.\n{SIGNED}",
    f"{TEXT}\n\nmaster commit: {A[:7]}\n{SIGNED}",
    f"> master commit: {A}\n> master date: 2024-12-16\n\n{SIGNED}",
    f"commit {A}\nis what broke it.",
    f"{TEXT}\n\n(cherry picked from commit I{A})\n{SIGNED}",
    f"{TEXT}\n\n(cherry picked from commit the-branch)\n{SIGNED}",
    f"{TEXT}\n\nNo-fix: {A}\n{SIGNED}",
    f"Upstream Status: RHEL only\n\n{TEXT}",
    f"JIRA: X-1\n\nbase64 {A}\nAuthor: A <a@example.org>",
    f"{TEXT}\n\n{SIGNED}\n---\n(cherry picked from commit {A}) was said in v1\n and more text\n without trailers",
    f"Conflict: none\n\n{TEXT}",
    f"ANBZ: #12\n\n{TEXT}",
    "fixes: #256",
    "upstream commit message says nothing.",
    f"[ this reverts commit {A} in part ]\n\n{SIGNED}",
]


@pytest.mark.parametrize("body", SILENT)
def test_what_only_looks_like_a_pointer_is_none(body: str) -> None:
    assert pointed(message(body)) == []


def test_a_subject_of_android_without_a_pick_points_nowhere() -> None:
    assert pointed(message(TEXT, f"Link: https://example.org/r/{A}\n{SIGNED}", subject="FROMLIST: widget: once")) == []


def test_below_a_stable_inclusion_the_bracket_is_primary() -> None:
    body = f"{head('stable', 'from stable-v6.6.58', f'commit {B}')}\n\n[ Upstream commit {A} ]\n\n{TEXT}\n\n{SIGNED}"
    read = message(body)
    assert pointed(read) == [("stable-bracket", A), ("stable-inclusion", B)]
    assert read.prose == ("The widget counted twice. Count it once.",)


def test_heads_may_follow_each_other() -> None:
    first = head("openeuler", f"commit {B}")
    second = head("mainline", "from mainline-v6.12", f"commit {A}")
    assert pointed(message(f"{first}\n\n{second}\n\n{TEXT}")) == [("mainline-inclusion", A), ("inclusion", B)]


def test_a_twin_comes_after_what_the_top_says() -> None:
    read = message(f"[ Upstream commit {A} ]", TEXT, f"(cherry picked from commit {B})\n{SIGNED}")
    assert pointed(read) == [("stable-bracket", A), ("cherry-picked", B)]


def test_an_abbreviation_of_an_id_already_named_is_left_out() -> None:
    read = message(f"commit {A} upstream.", f"Intel-SIG: commit {A[:12]} widget: once.", TEXT)
    assert pointed(read) == [("stable-commit", A)]


def test_the_alternative_commit_of_suse_comes_second() -> None:
    assert pointed(message(f"Alt-commit: {B}\nGit-commit: {A}", TEXT)) == [("suse", A), ("suse-alt", B)]


def test_an_id_of_a_sha256_repository_is_read_whole() -> None:
    assert pointed(message(f"commit {'d' * 64} upstream.", TEXT)) == [("stable-commit", "d" * 64)]


# ---- subjects ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "prefixes", "bare"),
    [
        ("UPSTREAM: KVM: count", ("UPSTREAM:",), "KVM: count"),
        ("BACKPORT: FROMGIT: KVM: count", ("BACKPORT:", "FROMGIT:"), "KVM: count"),
        ("[Backport] KVM: count", ("[Backport]",), "KVM: count"),
        ("anolis: KVM: count", ("anolis:",), "KVM: count"),
        ("ck: KVM: count", ("ck:",), "KVM: count"),
        ("UBUNTU: SAUCE: KVM: count", ("UBUNTU: SAUCE:",), "KVM: count"),
        ("UBUNTU: [Config] enable it", ("UBUNTU: [Config]",), "enable it"),
        ("[SRU][N/J][PATCH 1/2] UBUNTU: SAUCE: x: y", ("[SRU]", "[N/J]", "[PATCH 1/2]", "UBUNTU: SAUCE:"), "x: y"),
        ("QCLINUX: KVM: count", ("QCLINUX:",), "KVM: count"),
        ("RISC-V: KVM: Count", (), "RISC-V: KVM: Count"),
        ("IFROMLIST: KVM: count", (), "IFROMLIST: KVM: count"),
        ("upstream: a word", (), "upstream: a word"),
        ("[Backport]", (), "[Backport]"),
        ("KVM:  count   once", (), "KVM: count once"),
        ('Revert "UPSTREAM: x"', (), 'Revert "UPSTREAM: x"'),
    ],
)
def test_prefixes_are_told_from_the_subject(subject: str, prefixes: tuple[str, ...], bare: str) -> None:
    read = read_message(subject)
    assert read.subject == subject
    assert read.prefixes == prefixes
    assert bare_subject(subject) == bare


def test_the_first_paragraph_is_the_subject() -> None:
    read = read_message("\n  \nwidget: count\nonce \n\n\nThe text.\n")
    assert (read.subject, read.body) == ("widget: count once", "The text.")


@pytest.mark.parametrize("text", ["", "\n", " \n\t\n"])
def test_an_empty_message_is_empty(text: str) -> None:
    read = read_message(text)
    assert (read.subject, read.body, read.trailers, read.upstream, read.prose) == ("", "", (), (), ())


def test_carriage_returns_of_mail_do_not_count() -> None:
    read = read_message(f"widget: once\r\n\r\ncommit {A} upstream.\r\n\r\nText.\r\n\r\n{SIGNED}\r\n")
    assert pointed(read) == [("stable-commit", A)]
    assert read.sign_offs == ("A Developer <dev@example.org>",)


# ---- trailers ------------------------------------------------------------------------------------------------


def test_trailers_are_read_in_order_and_unfolded() -> None:
    read = message(
        TEXT,
        "Reported-by: B <b@example.org>\n"
        "Link: https://example.org/r/1\n"
        "Tested-by: C <c@example.org> # on a board\n"
        "Reviewed-by: D <d@example.org>\n"
        "reviewed-by: D <d@example.org>\n"
        'Fixes: 0123456789ab ("widget: a subject\n  that is folded")\n' + SIGNED,
    )
    assert [trailer.key for trailer in read.trailers] == [
        "Reported-by", "Link", "Tested-by", "Reviewed-by", "reviewed-by", "Fixes", "Signed-off-by",
    ]  # fmt: skip
    assert read.trailers[5] == Trailer("Fixes", '0123456789ab ("widget: a subject that is folded")')
    assert read.reviewers == ("D <d@example.org>",)
    assert read.testers == ("C <c@example.org>",)
    assert read.sign_offs == ("A Developer <dev@example.org>",)
    assert read.fixes == (FixesPointer("0123456789ab", None, "widget: a subject that is folded"),)
    assert read.links == ("https://example.org/r/1",)
    assert read.prose == ("The widget counted twice. Count it once.",)


def test_a_note_in_brackets_does_not_end_the_block() -> None:
    read = message(
        TEXT,
        "Reviewed-by: B <b@example.org>",
        f"[ adapted: no widget_lock() in 6.6, the outer\nlock is [still] held ]\n{SIGNED}\n[C: dropped a blank line]",
    )
    assert read.reviewers == ("B <b@example.org>",)
    assert read.notes == (
        "adapted: no widget_lock() in 6.6, the outer lock is [still] held",
        "C: dropped a blank line",
    )
    assert read.prose == ("The widget counted twice. Count it once.",)


def test_a_note_below_the_pointer_is_a_note() -> None:
    read = message(f"commit {A} upstream.", "[ 6.6: only the first hunk applies ]", TEXT, SIGNED)
    assert read.notes == ("6.6: only the first hunk applies",)
    assert read.prose == ("The widget counted twice. Count it once.",)


@pytest.mark.parametrize(
    "paragraph",
    ["[1] https://example.org/spec", "[   12.345678]", "[<ffff0000>] widget+0x1/0x2 [widget]", "[...]", "[ open"],
)
def test_other_brackets_are_no_notes(paragraph: str) -> None:
    read = message(TEXT, paragraph, SIGNED)
    assert read.notes == ()
    assert read.prose == ("The widget counted twice. Count it once.", paragraph)


def test_text_among_sign_offs_is_judged_as_git_does() -> None:
    # with a sign-off a quarter of trailers is enough; without one every line must be a trailer
    assert len(message("one\ntwo\nthree\n" + SIGNED).trailers) == 1
    assert message("one\ntwo\nthree\nfour\n" + SIGNED).trailers == ()
    assert message("one\nAcked-by: B <b@example.org>").trailers == ()
    assert message("one\ntwo\n" + SIGNED).prose == ("one two",)


def test_a_paragraph_above_needs_keys_of_the_field() -> None:
    assert [t.key for t in message(TEXT, "Fixes: 0123456 (x)", SIGNED).trailers] == ["Fixes", "Signed-off-by"]
    read = message(TEXT, "Note: this is prose", SIGNED)
    assert [t.key for t in read.trailers] == ["Signed-off-by"]
    assert read.prose[-1] == "Note: this is prose"


def test_the_last_paragraph_may_look_like_trailers_and_stay_readable() -> None:
    read = message("Note: this is a sentence")
    assert read.trailers == (Trailer("Note", "this is a sentence"),)
    assert read.prose == ("Note: this is a sentence",)


def test_a_url_is_no_trailer() -> None:
    assert message(TEXT, "https://example.org/x").trailers == ()


def test_below_the_three_dashes_only_trailers_count() -> None:
    read = message(TEXT, f"{SIGNED}\n---\nv2: count better\n\nAcked-by: B <b@example.org>")
    assert [t.key for t in read.trailers] == ["Signed-off-by", "Acked-by"]
    assert read.prose == ("The widget counted twice. Count it once.",)


def test_comments_and_old_conflicts_at_the_end_are_ignored() -> None:
    read = message(TEXT, SIGNED, "Conflicts:\n\tarch/widget.c\n\n# a comment")
    assert [t.key for t in read.trailers] == ["Signed-off-by"]


# ---- fixes, stable, dependencies, reverts -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('Fixes: 0123456789ab ("widget: add")', [("0123456789ab", "widget: add")]),
        ("fixes: 0123456789AB (“widget: add”)", [("0123456789ab", "widget: add")]),
        ('Fixes: commit 0123456789ab ("widget: add (again)")', [("0123456789ab", "widget: add (again)")]),
        ("Fixes: 0123456789ab ('widget: add')", [("0123456789ab", "widget: add")]),
        ("Fixes: 0123456789ab (widget: add)", [("0123456789ab", "widget: add")]),
        ('Fixes: 0123456789ab "widget: add"', [("0123456789ab", "widget: add")]),
        ("Fixes: 0123456789ab: widget: add", [("0123456789ab", "widget: add")]),
        ("Fixes: 0123456789ab widget: add", [("0123456789ab", "widget: add")]),
        ('Fixes: 0123456789ab ("widget: say "hello" twice")', [("0123456789ab", 'widget: say "hello" twice')]),
        (f"Fixes: {A}", [(A, None)]),
        ("Fixes: 0123456", [("0123456", None)]),
        ('Fixes: 0123456789ab ("one"), ba9876543210 ("two")', [("0123456789ab", "one"), ("ba9876543210", "two")]),
        ("Fixes: 0123456789ab, ba9876543210", [("0123456789ab", None), ("ba9876543210", None)]),
        ('Fixes: 0123456789ab ("one") and ba9876543210 ("two")', [("0123456789ab", "one"), ("ba9876543210", "two")]),
        ("Fixes: #256", []),
        ("fixes: #1234567", []),
        ("Fixes: 012345", []),
        ("Fixes: https://example.org/commit/0123456789ab", []),
        (f"Fixes: I{A}", []),
        ("Fixes: CVE-2026-0001", []),
        ("Fixes: a typo in deadbeef1234", []),
        ("Fixes: deadbeefs", []),
    ],
)
def test_fixes_lines(line: str, expected: list[tuple[str, str | None]]) -> None:
    read = message(TEXT, f"{line}\n{SIGNED}")
    assert [(pointer.written, pointer.subject) for pointer in read.fixes] == expected
    assert all(pointer.id is None for pointer in read.fixes)


def test_fixes_outside_the_block_do_not_count() -> None:
    assert message("    Fixes: 0123456789ab (x)", "> Fixes: 0123456789ab (x)", TEXT, SIGNED).fixes == ()
    assert message("It says\nFixes: 0123456789ab (x)\nbut that is wrong", SIGNED).fixes == ()


@pytest.mark.parametrize(
    ("value", "since", "noautosel"),
    [
        ("stable@vger.kernel.org", None, False),
        ("<stable@vger.kernel.org>", None, False),
        ("Stable <stable@vger.kernel.org>", None, False),
        ("stable@kernel.org", None, False),
        ("stable@vger.kernel.org # 6.6.x", "6.6", False),
        ("stable@vger.kernel.org # 6.6+", "6.6", False),
        ("stable@vger.kernel.org # v6.6", "6.6", False),
        ("stable@vger.kernel.org # 6.6.x-", "6.6", False),
        ("stable@vger.kernel.org # 6.6.3", "6.6.3", False),
        ("<stable@vger.kernel.org> #v4.19.y", "4.19", False),
        ("stable@vger.kernel.org [v6.1+]", "6.1", False),
        ("stable@vger.kernel.org (5.15 and later)", "5.15", False),
        ("stable@vger.kernel.org # 6.10, 6.6, 6.1.x", "6.1", False),
        ("stable@vger.kernel.org # 6.12-6.6", "6.6", False),
        ("stable@vger.kernel.org # v6.6-rc1+", "6.6", False),
        ("stable@vger.kernel.org # 2.6.32+", "2.6.32", False),
        ("stable@vger.kernel.org # before 6.6", None, False),
        ("stable@vger.kernel.org # 3.3.x: a1f84a3: widget: 2.0", "3.3", False),
        ("stable@vger.kernel.org # after a1f84a3", None, False),
        ("<stable+noautosel@kernel.org> # needs 6.6", None, True),
        ("stable+noautosel@kernel.org # too big", None, True),
    ],
)
def test_stable_lines(value: str, since: str | None, noautosel: bool) -> None:
    assert message(TEXT, f"Cc: {value}\n{SIGNED}").stable == (StableMark(value, since, noautosel),)


@pytest.mark.parametrize("value", ["unstable@vger.kernel.org", "stable@example.org", "B <b@example.org> # stable"])
def test_other_copies_are_no_stable_lines(value: str) -> None:
    assert message(TEXT, f"Cc: {value}\n{SIGNED}").stable == ()


def test_prerequisites_of_stable_lines_keep_their_order() -> None:
    read = message(
        TEXT,
        "Cc: <stable@vger.kernel.org> # 3.3.x: a1f84a3: widget: first\n"
        "Cc: <stable@vger.kernel.org> # 3.3.x: 1b9508f: widget: second\n"
        f"Cc: <stable@vger.kernel.org> # 3.3.x\n{SIGNED}",
    )
    assert read.dependencies == ("a1f84a3", "1b9508f")
    assert [mark.since for mark in read.stable] == ["3.3", "3.3", "3.3"]


def test_dependency_lines() -> None:
    read = message(
        TEXT,
        f'Stable-dep-of: {A[:12]} ("widget: later")\nDepends-on: {B}\n'
        f"Depends-on: I{C}\nDepends-on: <1@example.org>\n{SIGNED}",
    )
    assert read.dependencies == (A[:12], B)


def test_links_of_head_and_block() -> None:
    read = message(
        "BugLink: https://example.org/bugs/1",
        TEXT,
        "Reported-by: B <b@example.org>\nCloses: https://example.org/i/2 # [1]\n"
        f"Link: <https://example.org/r/3>.\nLink: nowhere\nLink: https://example.org/i/2\n{SIGNED}",
    )
    assert read.links == ("https://example.org/bugs/1", "https://example.org/i/2", "https://example.org/r/3")


@pytest.mark.parametrize(
    ("subject", "sentence", "expected"),
    [
        ('Revert "widget: once"', f"This reverts commit {A}.", A),
        ('Reapply "widget: once"', f"This reverts commit {A}.", A),
        ('Revert "widget: once"', f"This reverts commit\n{A}, it broke widgets.", A),
        ("widget: go back", f'This reverts commit {A[:12]} ("widget: once").', A[:12]),
        ('Revert "widget: once"', f"This reverts {A}.", A),
        ('Revert "widget: once"', TEXT, None),
        ("widget: go back", f"This reverts {A}.", None),
        ("widget: go back", f"    This reverts commit {A}.", None),
        ("widget: go back", f"This partly reverts commit {A}.", None),
        ("widget: go back", f"He said: This reverts commit {A}.", None),
        ("widget: go back", f"This reverts commit I{A}.", None),
    ],
)
def test_reverts(subject: str, sentence: str, expected: str | None) -> None:
    assert message(sentence, SIGNED, subject=subject).reverts == expected


# ---- prose ---------------------------------------------------------------------------------------------------


def test_prose_folds_paragraphs_and_keeps_lists_and_code() -> None:
    read = message(
        "One sentence\nin two lines.",
        "- first\n- second\n  goes on",
        "Do this:\n    widget();",
        "    indented();",
        "计数只做一次，\n不再重复。see\nbelow",
        " arch/widget.c | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)",
        SIGNED,
    )
    assert read.prose == (
        "One sentence in two lines.",
        "- first\n- second\n  goes on",
        "Do this:\n    widget();",
        "    indented();",
        "计数只做一次，不再重复。see below",
    )


def test_prose_leaves_heads_out() -> None:
    assert message(head("mainline", "from mainline-v6.12", f"commit {A}"), TEXT, SIGNED).prose == (
        "The widget counted twice. Count it once.",
    )
    assert message("jira X-1\ncve CVE-2026-1\ncommit-author A <a@example.org>\n" + f"commit {A}", TEXT).prose == (
        "The widget counted twice. Count it once.",
    )


@pytest.mark.parametrize("line", ["Tested: on a board.", "From: the guest it is one.", "References: see the manual."])
def test_a_sentence_that_begins_like_a_header_is_prose(line: str) -> None:
    assert message(line, TEXT, SIGNED).prose[0] == line


def test_prose_of_a_message_that_is_quoted_whole() -> None:
    read = message(
        "JIRA: https://example.org/R-1\nConflicts:\n  - widget.c: no lock here",
        f"commit {A}\nAuthor: A Developer <dev@example.org>\nDate:   Mon Jan 5 10:00:00 2026 +0100",
        "    widget: count once\n    \n    Count it\n    once.\n    \n    " + SIGNED,
        SIGNED,
    )
    assert read.prose == ("widget: count once", "Count it once.")
    assert [t.key for t in read.trailers] == ["Signed-off-by"]


# ---- hostile text ----------------------------------------------------------------------------------------------

HOSTILE = {
    "one long line": "x" * 1_000_000,
    "a million trailers": "subject\n\n" + "Acked-by: B <b@example.org>\n" * 200_000,
    "a million fixes": "subject\n\n" + "Fixes: 0123456 (\n" * 100_000,
    "one endless fixes": "subject\n\nFixes: " + "0123456, " * 100_000,
    "open quotes": 'subject\n\nFixes: 0123456 ("' + '" ' * 300_000,
    "spaces behind a pick": f"subject\n\n(cherry picked from commit {A}" + " " * 500_000 + ")x\n" + SIGNED,
    "spaces behind upstream": f"subject\n\ncommit {A} upstream" + " " * 500_000 + "x",
    "brackets": "subject\n\n" + "[[\n" * 200_000 + SIGNED,
    "picks": "subject\n\n" + f"(cherry picked from commit {A}\n" * 50_000,
    "many picks": "subject\n\n" + "".join(f"(cherry picked from commit {n:040x})\n" for n in range(50_000)),
    "heads": "subject\n\n" + "mainline inclusion\n---\n" * 50_000,
    "stable": "subject\n\nCc: stable@vger.kernel.org # " + "6." * 300_000,
    "nul": "subject\0\n\n" + "\0" * 500_000 + "\n\n" + SIGNED,
    "blank lines": "subject" + "\n" * 1_000_000 + SIGNED,
    "titles": f"subject\n\ncommit {A} (" + '" ") ' * 200_000,
    "embedded": "subject\n\nJIRA: x\n\n" + f"commit {A}\nAuthor: x\n" * 50_000,
    "dashes": "subject\n\n" + "---\n" * 300_000,
    "prefixes": "[a] " * 200_000,
    "reverts": "subject\n\n" + "This reverts " * 1 + "\n" * 300_000 + "x",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_linear_time(name: str) -> None:
    begun = time.process_time()
    read_message(HOSTILE[name])
    assert time.process_time() - begun < 5


def test_any_text_is_a_message() -> None:
    source = random.Random(20240301)  # noqa: S311 - repeatable noise, no secret
    words = [
        "\n", "\n\n", " ", "[", "]", "(", ")", "---\n", "commit ", A, A[:12], " upstream.", "Fixes: ",
        "Cc: stable@vger.kernel.org",
        " # 6.6", "mainline inclusion\n", "(cherry picked from commit ", SIGNED,
        "This reverts commit ", "\t", "# ", "\0",
        "JIRA: x\n", "Author: y\n", "\r\n", "测试", "\ud800", '"', "Conflicts:\n",
    ]  # fmt: skip
    for _ in range(400):
        noise = bytes(source.randrange(256) for _ in range(source.randrange(200))).decode("utf-8", "surrogateescape")
        text = noise + "".join(source.choice(words) for _ in range(source.randrange(60)))
        read = read_message(text)
        assert all(set(pointer.id) <= set("0123456789abcdef") for pointer in read.upstream)
        assert "\n" not in read.subject
        assert all(paragraph.strip() for paragraph in read.prose)
        assert read == read_message(text)
