"""Patches from mail and files: who, what, in which series, and what is no patch."""

# ruff: noqa: E501 - patch text is read more easily unbroken

from __future__ import annotations

import base64
import io
import quopri
import random
import subprocess
import time
from pathlib import Path

import pytest

from kvmpatch.errors import BadInput
from kvmpatch.model import Message, Patch, SeriesPlace, Signature
from kvmpatch.sources.mailbox import read_patches, read_patches_from

A = "a1" * 20
SIGNED = "Signed-off-by: A Developer <dev@example.org>"
HUNK = "@@ -1,2 +1,2 @@ static int count(void)\n int widgets;\n-int once;\n+int twice;\n"
DATE = "Mon, 5 Jan 2026 10:00:00 +0530"
ISO = "2026-01-05T10:00:00+05:30"
DEV = Signature("A Developer", "dev@example.org", ISO)


def diff(name: str = "x.c") -> str:
    return f"diff --git a/{name} b/{name}\nindex 1..2 100644\n--- a/{name}\n+++ b/{name}\n{HUNK}"


def mail(subject: str, body: str, *headers: str, first: str = "From mboxrd@z Thu Jan  1 00:00:00 1970") -> str:
    head = ["From: A Developer <dev@example.org>", f"Date: {DATE}", f"Subject: {subject}", *headers]
    return f"{first}\n" * bool(first) + "\n".join(head) + f"\n\n{body}\n"


def patch_body(text: str = "It counted twice.", name: str = "x.c") -> str:
    return f"{text}\n\n{SIGNED}\n---\nv2: count better\n\n {name} | 2 +-\n 1 file changed\n\n{diff(name)}-- \n2.39.5\n"


def read(text: str) -> tuple[Patch, ...]:
    return read_patches(text.encode())


def only(text: str) -> Patch:
    (patch,) = read(text)
    return patch


def said(patch: Patch) -> Message:
    assert patch.message is not None
    return patch.message


def paths(patch: Patch) -> list[str]:
    return [file.file.path for file in patch.files]


def test_a_file_of_format_patch() -> None:
    first = f"From {A} Mon Sep 17 00:00:00 2001"
    patch = only(mail("[PATCH] widget: count once", patch_body(), first=first))
    assert patch.commit_id == A
    assert patch.author == DEV
    assert patch.series is None
    assert said(patch).subject == "widget: count once"
    assert said(patch).body == f"It counted twice.\n\n{SIGNED}"
    assert said(patch).sign_offs == ("A Developer <dev@example.org>",)
    assert paths(patch) == ["x.c"]
    assert patch.files[0].hunks[0].lines == (" int widgets;", "-int once;", "+int twice;")
    assert patch.warnings == ()


def test_the_zero_id_of_format_patch_names_no_commit() -> None:
    first = f"From {'0' * 40} Mon Sep 17 00:00:00 2001"
    assert only(mail("[PATCH] x: y", patch_body(), first=first)).commit_id is None


def test_git_format_patch_itself(tmp_path: Path) -> None:
    def git(*words: str) -> bytes:
        return subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True).stdout

    git("init", "-q")
    for number, subject in enumerate(
        ("one: begin", "two: ünïcode in a subject that is long enough to be folded by git " * 2)
    ):
        (tmp_path / "file é.c").write_text(f"line {number}\r\n")
        git("add", ".")
        git("commit", "-q", "-m", f"{subject}\n\nFrom here on it counts.\n>From is quoted.\n\n{SIGNED}")
    expected = git("log", "--reverse", "--format=%H%x00%s%x00%aI").decode().split("\n")[:2]
    for options in ([], ["--attach"], ["--inline"], ["-p"], ["-n"]):
        text = git("format-patch", "--root", "--stdout", *options, "HEAD")
        patches = read_patches(text)
        got = [f"{p.commit_id}\0{said(p).subject}\0{p.author.date if p.author else None}" for p in patches]
        assert got == [line.strip() for line in expected], options
        assert [paths(patch) for patch in patches] == [["file é.c"], ["file é.c"]], options
        assert said(patches[0]).body.startswith("From here on it counts.\n>From is quoted.\n"), options
        assert patches[1].files[0].hunks[0].lines == ("-line 0\r", "+line 1\r"), options
    shown = read_patches(git("log", "-p", "--reverse"))
    assert [f"{p.commit_id}\0{said(p).subject}\0{p.author.date if p.author else None}" for p in shown] == expected
    assert [paths(patch) for patch in shown] == [["file é.c"], ["file é.c"]]


def test_a_series_of_a_mailbox_is_put_in_order_and_gets_the_title_of_its_cover() -> None:
    cover = mail("[PATCH v3 0/2] Count widgets once", "Hello.\n\n x.c | 2 +-", "Message-ID: <c@example.org>")
    two = mail("[PATCH v3 2/2] widget: two", patch_body(name="two.c"), "In-Reply-To: <c@example.org>")
    one = mail("[PATCH v3 1/2] widget: one", patch_body(name="one.c"), "References: <c@example.org>")
    quoted = "".join(f"> {line}" for line in diff().splitlines(keepends=True))
    reply = mail("Re: [PATCH v3 1/2] widget: one", f"{quoted}\nReviewed-by: B <b@example.org>")
    answer = mail("Re: [PATCH v3 0/2] Count widgets once", "Thanks.")
    for text in (cover + two + one + reply + answer, answer + one + reply + two + cover):
        first, second = read(text)
        assert (said(first).subject, said(second).subject) == ("widget: one", "widget: two")
        assert first.series == SeriesPlace("Count widgets once", 1, 2)
        assert second.series == SeriesPlace("Count widgets once", 2, 2)


def test_an_answer_to_the_cover_is_no_second_cover() -> None:
    cover = mail("[PATCH 0/1] Count widgets once", "Hello.")
    answer = mail("Re: [PATCH 0/1] Count widgets once", "Thanks.")
    assert only(cover + mail("[PATCH 1/1] x: y", patch_body()) + answer).series == SeriesPlace(
        "Count widgets once", 1, 1
    )


def test_a_series_without_cover_has_no_title() -> None:
    assert only(mail("[PATCH 6.1.y 1/2] widget: one", patch_body())).series == SeriesPlace(None, 1, 2)


def test_two_versions_are_two_series() -> None:
    text = "".join(
        mail(f"[PATCH {version} {place}/2] widget: {version} {place}", patch_body())
        for version, place in (("v1", 2), ("v2", 2), ("v1", 1), ("v2", 1))
    ) + mail("[PATCH v2 0/2] Second try", "Hello.")
    assert [(said(p).subject, p.series.title if p.series else "") for p in read(text)] == [
        ("widget: v1 1", None),
        ("widget: v1 2", None),
        ("widget: v2 1", "Second try"),
        ("widget: v2 2", "Second try"),
    ]


@pytest.mark.parametrize(
    ("written", "subject", "place"),
    [
        ("[PATCH v3 2/7] widget: once", "widget: once", (2, 7)),
        ("[PATCH 6.1.y 1/2] widget: once", "widget: once", (1, 2)),
        ("[PATCH AUTOSEL 6.12-6.6] widget: once", "widget: once", None),
        ("[PATCH AUTOSEL 6.12 03/29] widget: once", "widget: once", (3, 29)),
        ("[RFC PATCH net-next 2/3] widget: once", "widget: once", (2, 3)),
        ("[SRU][N/J][PATCH 1/2] UBUNTU: SAUCE: widget: once", "UBUNTU: SAUCE: widget: once", (1, 2)),
        ("[PATCH] [Backport] widget: once", "[Backport] widget: once", None),
        ("[Backport] widget: once", "[Backport] widget: once", None),
        ("widget: 1/2 of them", "widget: 1/2 of them", None),
        ("[PATCH] widget: [really] once", "widget: [really] once", None),
        ("Re: [PATCH 1/2] widget: once", "widget: once", (1, 2)),
    ],
)
def test_marks_of_subjects(written: str, subject: str, place: tuple[int, int] | None) -> None:
    patch = only(mail(written, patch_body()))
    assert said(patch).subject == subject
    assert (patch.series and (patch.series.position, patch.series.total)) == place


def test_encoded_words_and_folded_headers() -> None:
    text = (
        "From: =?UTF-8?q?=C3=84_Developer?= <dev@example.org>\n"
        "Subject: [PATCH] =?UTF-8?b?6JmaRmFu?= =?UTF-8?q?=C3=A9?=\n counts once\n"
        f"Date: {DATE}\n\n{patch_body()}"
    )
    patch = only(text)
    assert patch.author == Signature("Ä Developer", "dev@example.org", ISO)
    assert said(patch).subject == "虚Fané counts once"


@pytest.mark.parametrize("header", ["=?nonsense?q?=41?= x", "=?UTF-8?b?!!!?= x", "=?UTF-8?q?=ZZ?= x"])
def test_encoded_words_that_cannot_be_read_do_no_harm(header: str) -> None:
    assert said(only(mail(f"[PATCH] {header}", patch_body()))).subject.endswith("x")


@pytest.mark.parametrize(
    ("sender", "name", "address"),
    [
        ("A Developer <dev@example.org>", "A Developer", "dev@example.org"),
        ('"Developer, A" <dev@example.org>', "Developer, A", "dev@example.org"),
        ("Developer, A <dev@example.org>", "Developer, A", "dev@example.org"),
        ("A (the) Developer <dev@example.org>", "A (the) Developer", "dev@example.org"),
        ("dev@example.org (A Developer)", "A Developer", "dev@example.org"),
        ("dev@example.org", "dev@example.org", "dev@example.org"),
        ("Ünï Dev <dev@example.org>", "Ünï Dev", "dev@example.org"),
    ],
)
def test_senders(sender: str, name: str, address: str) -> None:
    patch = only(f"From: {sender}\nSubject: x: y\nDate: {DATE}\n\n{patch_body()}")
    assert patch.author == Signature(name, address, ISO)


@pytest.mark.parametrize(
    ("date", "iso"),
    [
        ("Mon, 5 Jan 2026 10:00:00 +0530", "2026-01-05T10:00:00+05:30"),
        ("5 Jan 2026 10:00:00 GMT", "2026-01-05T10:00:00+00:00"),
        ("Mon, 5 Jan 2026 10:00:00 -0000", "2026-01-05T10:00:00+00:00"),
        ("Mon Jan 5 10:00:00 2026 +0530", "2026-01-05T10:00:00+05:30"),
        ("2026-01-05 10:00:00 +0530", "2026-01-05T10:00:00+05:30"),
        ("2026-01-05T10:00:00+05:30", "2026-01-05T10:00:00+05:30"),
        ("yesterday", ""),
        ("Mon, 99 Jan 2026 10:00:00 +0530", ""),
    ],
)
def test_dates(date: str, iso: str) -> None:
    patch = only(f"From: A <a@example.org>\nSubject: x: y\nDate: {date}\n\n{patch_body()}")
    assert patch.author is not None
    assert patch.author.date == iso


def test_headers_in_the_text_override_those_of_the_mail() -> None:
    inner = "From: B Author <b@example.org>\nSubject: [PATCH] widget: the true\n subject\nDate: Tue, 6 Jan 2026 10:00:00 +0000\n\n"
    patch = only(mail("[PATCH 1/2] widget: another", inner + patch_body()))
    assert patch.author == Signature("B Author", "b@example.org", "2026-01-06T10:00:00+00:00")
    assert said(patch).subject == "widget: the true subject"
    assert said(patch).prose == ("It counted twice.",)
    assert patch.series == SeriesPlace(None, 1, 2)


def test_text_that_only_begins_like_a_header_is_text() -> None:
    patch = only(mail("[PATCH] widget: once", patch_body("From: the guest's point of view it is one.")))
    assert patch.author == DEV
    assert said(patch).prose == ("From: the guest's point of view it is one.",)


def test_mailboxes_quote_lines_that_begin_with_from() -> None:
    body = patch_body(">From here on it counts.\n>>From was quoted.")
    assert said(only(mail("[PATCH] x: y", body))).body.startswith("From here on it counts.\n>From was quoted.\n")
    by_git = mail("[PATCH] x: y", body, first=f"From {A} Mon Sep 17 00:00:00 2001")
    assert said(only(by_git)).body.startswith(">From here on it counts.\n>>From")


def test_a_line_of_text_that_begins_with_from_starts_no_mail() -> None:
    body = patch_body("From today Mon Jan  5 10:00:00 2026\non it counts.")
    assert len(read(mail("[PATCH] x: y", body, first=f"From {A} Mon Sep 17 00:00:00 2001"))) == 1


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_transfer_encodings(encoding: str, ending: str) -> None:
    raw = patch_body("Größe = 2; counted twice.").replace("\n", ending).encode()
    coded = base64.encodebytes(raw) if encoding == "base64" else quopri.encodestring(raw)
    head = ("MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", f"Content-Transfer-Encoding: {encoding}")
    patch = only(mail("[PATCH] x: y", coded.decode(), *head))
    assert said(patch).prose == ("Größe = 2; counted twice.",)
    assert patch.files[0].hunks[0].lines == (" int widgets;", "-int once;", "+int twice;")
    assert patch.warnings == ()


def test_another_character_set() -> None:
    head = mail("[PATCH] x: y", "", "Content-Type: text/plain; charset=iso-8859-1", "Content-Transfer-Encoding: 8bit")
    (patch,) = read_patches(head.encode() + patch_body("Größe").encode("iso-8859-1"))
    assert said(patch).prose == ("Größe",)
    assert patch.warnings == ()


def test_bytes_without_a_character_set_are_shown_with_a_warning() -> None:
    (patch,) = read_patches(mail("[PATCH] x: y", "").encode() + patch_body("Größe").encode("iso-8859-1"))
    assert said(patch).prose == ("Gr\\xf6\\xdfe",)
    assert [warning.code for warning in patch.warnings] == ["undecodable-bytes"]


def parts(*parts_of_mail: tuple[str, str]) -> str:
    inner = "".join(f"--b\n{head}\n\n{body}\n" for head, body in parts_of_mail)
    return mail(
        "[PATCH] widget: once", inner + "--b--\n", "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"'
    )


def test_an_attached_diff_belongs_to_the_text_of_the_mail() -> None:
    text = parts(
        ("Content-Type: text/plain; charset=UTF-8", f"It counted twice.\n\n{SIGNED}"),
        ('Content-Type: text/x-patch; name="x.patch"\nContent-Disposition: attachment', diff()),
        ("Content-Type: application/pgp-signature", "no patch"),
    )
    patch = only(text)
    assert said(patch).prose == ("It counted twice.",)
    assert said(patch).sign_offs == ("A Developer <dev@example.org>",)
    assert paths(patch) == ["x.c"]


def test_an_attached_patch_speaks_for_itself() -> None:
    inner = mail("[PATCH] widget: from inside", patch_body(), first=f"From {A} Mon Sep 17 00:00:00 2001")
    text = parts(
        ("Content-Type: text/plain", "See below."), ("Content-Type: application/octet-stream; name=0001.patch", inner)
    )
    patch = only(text)
    assert patch.commit_id == A
    assert said(patch).subject == "widget: from inside"


def test_mail_with_carriage_returns() -> None:
    patch = only(mail("[PATCH] x: y", patch_body()).replace("\n", "\r\n"))
    assert patch.author == DEV
    assert said(patch).prose == ("It counted twice.",)
    assert patch.files[0].hunks[0].lines == (" int widgets;", "-int once;", "+int twice;")


def test_a_diff_alone_has_no_message() -> None:
    patch = only(diff("one.c") + diff("two.c"))
    assert (patch.message, patch.author, patch.series, patch.commit_id) == (None, None, None, None)
    assert paths(patch) == ["one.c", "two.c"]


def test_a_quilt_patch_with_free_text() -> None:
    head = f"widget: count once\n\nIt counted twice.\n\n{SIGNED}\n\n"
    for file in (
        f"---\n x.c | 2 +-\n\n{diff()}",
        f"Index: linux/x.c\n{'=' * 67}\n--- linux.orig/x.c\n+++ linux/x.c\n{HUNK}",
        f"diff -Naur linux.orig/x.c linux/x.c\n--- linux.orig/x.c\n+++ linux/x.c\n{HUNK}",
    ):
        patch = only(head + file)
        assert said(patch).subject == "widget: count once"
        assert said(patch).body == f"It counted twice.\n\n{SIGNED}"
        assert paths(patch) == ["x.c"]


def test_a_quilt_patch_with_headers_of_suse() -> None:
    head = (
        f"From: A Developer <dev@example.org>\nDate: {DATE}\nSubject: widget: count once\nGit-commit: {A}\n"
        "Patch-mainline: v6.5-rc7\nReferences: bsc#12 git-fixes\n\n"
    )
    patch = only(f"{head}It counted twice.\n\n{SIGNED}\n---\n x.c | 2 +-\n\n{diff()}")
    assert patch.author == DEV
    assert [(pointer.form, pointer.id) for pointer in said(patch).upstream] == [("suse", A)]
    assert said(patch).prose == ("It counted twice.",)


def test_a_quilt_patch_with_headers_of_debian() -> None:
    patch = only(
        f"Description: widget: count once\n It counted twice.\n .\n Really.\nAuthor: A <a@example.org>\n---\n{diff()}"
    )
    assert said(patch).subject == "widget: count once"
    assert said(patch).prose == ("It counted twice.", "Really.")
    assert patch.author == Signature("A", "a@example.org", "")


def test_the_output_of_git_show() -> None:
    text = (
        f"commit {A} (HEAD -> main)\nAuthor: A Developer <dev@example.org>\nDate:   Mon Jan 5 10:00:00 2026 +0530\n\n"
        f"    widget: count once\n    \n    It counted twice:\n    \n{''.join(f'        {line}' for line in diff('quoted').splitlines(True))}"
        f"    \n    {SIGNED}\n\n{diff()}"
    )
    patch = only(text)
    assert patch.commit_id == A
    assert patch.author == DEV
    assert said(patch).subject == "widget: count once"
    assert said(patch).sign_offs == ("A Developer <dev@example.org>",)
    assert paths(patch) == ["x.c"]


NO_PATCH = {
    "empty": "",
    "blank": "\n\n",
    "text": "Hello.\n",
    "cover alone": mail("[PATCH 0/2] Count widgets", "Hello."),
    "reply": mail("Re: [PATCH] widget: once", "> " + diff().replace("\n", "\n> ")),
    "reply that quotes the subject": mail(
        "Re: [PATCH 1/2] widget: once", "Looks good.\n\nReviewed-by: B <b@example.org>"
    ),
    "message": mail("[PATCH] widget: once", f"It counts.\n\n{SIGNED}"),
}


@pytest.mark.parametrize("name", NO_PATCH)
def test_what_is_no_patch_is_bad_input(name: str) -> None:
    with pytest.raises(BadInput):
        read(NO_PATCH[name])


def test_compressed_input_says_what_to_do() -> None:
    with pytest.raises(BadInput) as refused:
        read_patches(b"\x1f\x8b\x08\0")
    assert refused.value.hint is not None
    assert "zcat" in refused.value.hint.en


def test_reading_from_a_file_and_from_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "x.patch"
    file.write_text(diff())
    assert read_patches_from(str(file)) == read_patches_from("-", io.BytesIO(diff().encode())) == read(diff())


@pytest.mark.parametrize("name", ["missing.patch", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_bad_input(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        read_patches_from(f"{tmp_path}/{name}")
    assert "\n" not in refused.value.said.en


HOSTILE = {
    "from lines": "From x@y Mon Jan  5 10:00:00 2026\n" * 50_000,
    "mails": "From x@y Mon Jan  5 10:00:00 2026\nSubject: x\n\n" * 5_000,
    "one from line": "From " + "x 00:00 2026 " * 50_000,
    "nested parts": "".join(f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(3_000)),
    "long subject": "Subject: " + "[PATCH] =?" * 50_000 + "\n\n",
    "open brackets": "Subject: " + "[" * 200_000 + "\n\n",
    "address": "From: " + " " * 200_000 + "x\nSubject: x\n\n",
    "references": "Subject: x\nReferences: " + "<a@b> " * 50_000 + "\n\n",
    "commits": f"commit {A}\nAuthor: x\n" * 20_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_linear_time(name: str) -> None:
    begun = time.process_time()
    with pytest.raises(BadInput):
        read(HOSTILE[name])
    assert time.process_time() - begun < 8


def test_any_bytes_are_read_or_refused() -> None:
    source = random.Random(20240303)  # noqa: S311 - repeatable noise, no secret
    words = [
        b"From x@y Mon Jan  5 10:00:00 2026\n", b"Subject: [PATCH 1/2] x\n", b"From: \xff <a@b>\n", b"Date: x\n", b"\n", b"---\n",
        b"Content-Type: multipart/mixed; boundary=b\n", b"--b\n", b"--b--\n", b"Content-Transfer-Encoding: base64\n", b"\r\n",
        b"Content-Type: text/plain; charset=utf-7\n", diff().encode(), b"Message-ID: <\n", b" folded\n", b"=?utf-8?q?=ff?=\n",
        b"Content-Type: text/x-patch; charset=\xff\n", f"commit {A}\nAuthor: x\n".encode(), b"Content-Disposition: attachment\n",
    ]  # fmt: skip
    read_some = 0
    for _ in range(400):
        noise = bytes(source.randrange(256) for _ in range(source.randrange(30)))
        text = b"".join(source.choice(words) for _ in range(source.randrange(30))) + noise
        try:
            patches = read_patches(text)
        except BadInput:
            continue
        read_some += 1
        assert all(patch.files for patch in patches)
    assert read_some > 50
