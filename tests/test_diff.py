"""Diff text: each shape of a file, and what must not pass for one."""

# ruff: noqa: E501 - patch text is read more easily unbroken

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest

from kvmpatch.errors import BadInput
from kvmpatch.model import FileBefore, FileChange, FilePatch, Hunk
from kvmpatch.parse.diff import read_patch_text

HUNK = "@@ -1,2 +1,2 @@ static int count(void)\n int widgets;\n-int once;\n+int twice;\n"


def read(text: str) -> tuple[FilePatch, ...]:
    files, warnings = read_patch_text(text.encode())
    assert warnings == ()
    return files


def only(text: str) -> FilePatch:
    (file,) = read(text)
    return file


def change(
    path: str,
    status: str = "modified",
    additions: int | None = 1,
    deletions: int | None = 1,
    binary: bool = False,
    before: str | None = None,
) -> FileChange:
    return FileChange(path, status, additions, deletions, binary, FileBefore(before) if before else None)


def test_a_git_diff() -> None:
    file = only(f"diff --git a/kvm/vcpu.c b/kvm/vcpu.c\nindex 1..2 100644\n--- a/kvm/vcpu.c\n+++ b/kvm/vcpu.c\n{HUNK}")
    assert file.file == change("kvm/vcpu.c")
    assert file.hunks == (Hunk(1, 2, 1, 2, "static int count(void)", (" int widgets;", "-int once;", "+int twice;")),)


SHAPES = {
    "new": (
        "diff --git a/new.c b/new.c\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/new.c\n@@ -0,0 +1,2 @@\n+a\n+b\n",
        change("new.c", "added", 2, 0),
    ),
    "new and empty": ("diff --git a/new b/new\nnew file mode 100644\nindex 000..e69\n", change("new", "added", 0, 0)),
    "deleted": (
        "diff --git a/old.c b/old.c\ndeleted file mode 100644\nindex 1..0\n--- a/old.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
        change("old.c", "deleted", 0, 1),
    ),
    "renamed": (
        "diff --git a/a b.c b/c d.c\nsimilarity index 90%\nrename from a b.c\nrename to c d.c\nindex 1..2 100644\n"
        f"--- a/a b.c\t\n+++ b/c d.c\t\n{HUNK}",
        change("c d.c", "renamed", before="a b.c"),
    ),
    "renamed only": (
        "diff --git a/x.c b/y.c\nsimilarity index 100%\nrename from x.c\nrename to y.c\n",
        change("y.c", "renamed", 0, 0, before="x.c"),
    ),
    "copied": (
        "diff --git a/x.c b/y.c\nsimilarity index 100%\ncopy from x.c\ncopy to y.c\n",
        change("y.c", "copied", 0, 0, before="x.c"),
    ),
    "mode": ("diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n", change("run.sh", "mode", 0, 0)),
    "mode and text": (
        f"diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\nindex 1..2\n--- a/run.sh\n+++ b/run.sh\n{HUNK}",
        change("run.sh"),
    ),
    "type": (
        "diff --git a/l b/l\ndeleted file mode 100644\nindex 1..0\n--- a/l\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"
        "diff --git a/l b/l\nnew file mode 120000\nindex 0..2\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+t\n"
        "\\ No newline at end of file\n",
        change("l", "type", 1, 2),
    ),
    "binary patch": (
        "diff --git a/p.png b/p.png\nindex 1..2 100644\nGIT binary patch\nliteral 3\nKcmZQzVBlb20000200930\n\nliteral 0\nHcmV?d00001\n\n",
        change("p.png", "modified", None, None, binary=True),
    ),
    "binary": (
        "diff --git a/p.png b/p.png\nnew file mode 100644\nindex 0..2\nBinary files /dev/null and b/p.png differ\n",
        change("p.png", "added", None, None, binary=True),
    ),
    "binary, plain": ("Binary files old/p.png and new/p.png differ\n", change("p.png", "modified", None, None, binary=True)),
    "spaces": (f"diff --git a/a b c b/a b c\n--- a/a b c\t\n+++ b/a b c\t\n{HUNK}", change("a b c")),
    "octal": (
        f'diff --git "a/caf\\303\\251\\t\\"x\\".c" "b/caf\\303\\251\\t\\"x\\".c"\n'
        f'--- "a/caf\\303\\251\\t\\"x\\".c"\n+++ "b/caf\\303\\251\\t\\"x\\".c"\n{HUNK}',
        change('café\t"x".c'),
    ),
    "octal that is no UTF-8": (
        f'diff --git "a/x\\377" "b/x\\377"\n--- "a/x\\377"\n+++ "b/x\\377"\n{HUNK}',
        change("x\\xff"),
    ),
    "one name quoted": (
        'diff --git a/x "b/\\303\\251"\nsimilarity index 100%\nrename from x\nrename to "\\303\\251"\n',
        change("é", "renamed", 0, 0, before="x"),
    ),
    "without prefixes": (f"diff --git kvm/x.c kvm/x.c\n--- kvm/x.c\n+++ kvm/x.c\n{HUNK}", change("kvm/x.c")),
    "without prefixes, below a/": (f"diff --git a/x.c a/x.c\n--- a/x.c\n+++ a/x.c\n{HUNK}", change("a/x.c")),
    "other prefixes": (f"diff --git i/x.c w/x.c\n--- i/x.c\n+++ w/x.c\n{HUNK}", change("x.c")),
    "plain": (
        f"--- linux-6.6.orig/kvm/x.c\t2026-01-05 10:00:00.0 +0100\n+++ linux-6.6/kvm/x.c\t2026-01-06 10:00:00.0 +0100\n{HUNK}",
        change("kvm/x.c"),
    ),
    "plain, date behind spaces": (f"--- o/x.c  2026-01-05 10:00:00\n+++ n/x.c  2026-01-06 10:00:00\n{HUNK}", change("x.c")),
    "plain, in place": (f"--- kvm/x.c\n+++ kvm/x.c\n{HUNK}", change("kvm/x.c")),
    "plain, kept copy": (f"--- x.c.orig\n+++ x.c\n{HUNK}", change("x.c")),
    "plain, new": ("--- /dev/null\n+++ b/x.c\n@@ -0,0 +1 @@\n+a\n", change("x.c", "added", 1, 0)),
    "plain, new by epoch": (
        "--- o/x.c\t1970-01-01 00:00:00 +0000\n+++ n/x.c\t2026-01-06 10:00:00 +0000\n@@ -0,0 +1 @@\n+a\n",
        change("x.c", "added", 1, 0),
    ),
    "plain, was empty": (
        "--- o/x.c\t2026-01-05 10:00:00 +0000\n+++ n/x.c\t2026-01-06 10:00:00 +0000\n@@ -0,0 +1 @@\n+a\n",
        change("x.c", "modified", 1, 0),
    ),
    "plain, gone": ("--- a/x.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", change("x.c", "deleted", 0, 1)),
    "quilt": (f"Index: linux/kvm/x.c\n{'=' * 67}\n--- linux.orig/kvm/x.c\n+++ linux/kvm/x.c\n{HUNK}", change("kvm/x.c")),
    "removed line like a header": (
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n--- a/y\n+++ b/y\n-@@ -1 +1 @@\n+diff --git a/z b/z\n end\n",
        change("x", additions=2, deletions=2),
    ),
    "empty context line without its space": (
        "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n-a\n+b\n\n c\n",
        change("x"),
    ),
    "no newline at the end": (
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ Kein Zeilenumbruch am Dateiende.\n"
        "@@ -9 +9 @@\n-a\n+b\n",
        change("x", additions=2, deletions=2),
    ),
    "signature of mail": (f"--- a/x\n+++ b/x\n{HUNK}-- \n2.39.5\n", change("x")),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_a_file(name: str) -> None:
    text, expected = SHAPES[name]
    assert only(text).file == expected


def test_marks_of_missing_newlines_are_no_lines() -> None:
    file = only(SHAPES["no newline at the end"][0])
    assert [hunk.lines for hunk in file.hunks] == [("-a", "+b"), ("-a", "+b")]
    assert [hunk.before_start for hunk in file.hunks] == [1, 9]


def test_an_empty_context_line_is_context() -> None:
    assert only(SHAPES["empty context line without its space"][0]).hunks[0].lines == ("-a", "+b", " ", " c")


def test_an_empty_context_line_of_a_file_with_carriage_returns_is_context() -> None:
    assert only("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\r\n+b\r\n\r\n").hunks[0].lines == ("-a\r", "+b\r", " \r")


def test_several_files_keep_their_order() -> None:
    names = ("z.c", "a.c", "m.c")
    text = "".join(f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n{HUNK}" for name in names)
    assert [file.file.path for file in read(text)] == list(names)


def test_carriage_returns_of_a_file_stay_and_those_of_mail_go() -> None:
    own = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\r\n+b\r\n"
    assert only(own).hunks[0].lines == ("-a\r", "+b\r")
    carried = own.replace("\r\n", "\n").replace("\n", "\r\n")
    assert only(carried).hunks[0].lines == ("-a", "+b")
    assert only(carried).file.path == "x"


@pytest.mark.parametrize("control", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\0"])
def test_only_a_line_feed_ends_a_line(control: str) -> None:
    assert only(f"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a{control}b\n+c\n").hunks[0].lines == (f"-a{control}b", "+c")


def test_bytes_that_are_no_utf8_are_shown_with_a_warning() -> None:
    files, warnings = read_patch_text(b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-caf\xe9\n+caf\xc3\xa9\n")
    assert files[0].hunks[0].lines == ("-caf\\xe9", "+café")
    assert [warning.code for warning in warnings] == ["undecodable-bytes"]


def test_a_combined_diff_has_no_hunks_and_a_warning() -> None:
    text = (
        "diff --cc kvm/x.c\nindex 1,2..3\n--- a/kvm/x.c\n+++ b/kvm/x.c\n@@@ -1,1 -1,1 +1,1 @@@\n- a\n -b\n++c\n"
        f"diff --git a/y b/y\n--- a/y\n+++ b/y\n{HUNK}"
    )
    files, warnings = read_patch_text(text.encode())
    assert [file.file for file in files] == [change("kvm/x.c", "modified", None, None), change("y")]
    assert files[0].hunks == ()
    assert [warning.code for warning in warnings] == ["combined-diff"]


@pytest.mark.parametrize(
    "damage",
    [
        "@@ -1,9 +1,9 @@\n a\n-b\n+c\n",  # fewer lines than promised
        "@@ -1,2 +1,2 @@\n a\nb without a sign\n",
        "@@ -1,1 +1,9 @@\n-a\n-b\n",
        "@@ -1,2 +1,2 @@\n",
    ],
)
def test_a_damaged_file_costs_itself_alone(damage: str) -> None:
    good = f"--- a/{{0}}\n+++ b/{{0}}\n{HUNK}"
    bad = f"diff --git a/bad b/bad\nindex 1..2 100644\n--- a/bad\n+++ b/bad\n{damage}"
    text = "diff --git a/one b/one\n" + good.format("one") + bad + "diff --git a/two b/two\n" + good.format("two")
    files, warnings = read_patch_text(text.encode())
    assert [file.file for file in files] == [change("one"), change("bad", "modified", None, None), change("two")]
    assert files[1].hunks == ()
    assert [warning.code for warning in warnings] == ["broken-diff"]


QUOTED = f"diff --git a/quoted b/quoted\n--- a/quoted\n+++ b/quoted\n{HUNK}"
REAL = f"diff --git a/real b/real\n--- a/real\n+++ b/real\n{HUNK}"


def test_a_diff_quoted_in_the_message_does_not_count() -> None:
    statistics = " real | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\n"
    indented = "".join(f"    {line}\n" for line in QUOTED.splitlines())
    answered = "".join(f"> {line}\n" for line in QUOTED.splitlines())
    for message in (QUOTED, indented, answered):
        assert only(
            f"widget: once\n\n{message}\nSigned-off-by: A <a@example.org>\n---\n{statistics}{REAL}"
        ).file == change("real")
    for message in (indented, answered):
        assert only(f"widget: once\n\n{message}\n{REAL}").file == change("real")


def test_three_dashes_of_an_inclusion_head_do_not_end_the_message() -> None:
    text = f"mainline inclusion\ncommit 0123456\n\n---\n\n{QUOTED}\n---\n real | 2 +-\n 1 file changed\n\n{REAL}"
    assert only(text).file == change("real")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "A message about diff --git and nothing else.\n",
        "--- not\n+++ a diff\n",
        "diff --git a/x b/x\n",
        "@@ -1 +1 @@\n-a\n+b\n",
        "--- a/x\n@@ -1 +1 @@\n-a\n+b\n",
        "    diff --git a/x b/x\n    --- a/x\n    +++ b/x\n    @@ -1 +1 @@\n    -a\n    +b\n",
        "\0\1\2",
    ],
)
def test_text_without_a_diff_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        read_patch_text(text.encode())


def test_git_itself_is_understood(tmp_path: Path) -> None:
    def git(*words: str) -> bytes:
        return subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True).stdout

    git("init", "-q")
    (tmp_path / "kept.c").write_text("".join(f"line {number}\n" for number in range(30)))
    (tmp_path / "gone é.c").write_text("a\n")
    (tmp_path / "moved here.c").write_text("".join(f"row {number}\n" for number in range(30)))
    (tmp_path / "link").write_text("x\n")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    (tmp_path / "kept.c").write_text(
        "".join(f"line {number}\n" for number in range(30)).replace("line 7\n", "line seven")
    )
    git("rm", "-q", "gone é.c")
    git("mv", "moved here.c", "moved there.c")
    (tmp_path / "picture").write_bytes(b"\0\1\2")
    (tmp_path / "kept.c").chmod(0o755)
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("kept.c")
    git("add", "-A")
    files = read(git("diff", "--cached", "-M").decode())
    assert {file.file.path: (file.file.status, file.file.additions, file.file.deletions) for file in files} == {
        "gone é.c": ("deleted", 0, 1),
        "kept.c": ("modified", 1, 2),
        "link": ("type", 1, 1),
        "moved there.c": ("renamed", 0, 0),
        "picture": ("added", None, None),
    }


HOSTILE = {
    "headers": "diff --git a/x b/x\n" * 100_000,
    "spaces": "diff --git " + " " * 500_000 + "\n" + REAL,
    "names with spaces": "diff --git a/" + "x " * 4_000 + "b/y\n" + REAL,
    "endless hunk": "--- a/x\n+++ b/x\n@@ -1,999999999 +1,999999999 @@\n" + " a\n" * 300_000,
    "dashes": "---\n" * 300_000 + REAL,
    "rules behind a diff": REAL + "---\n" * 300_000,
    "index": "Index: x\n" * 300_000 + REAL,
    "binary": "Binary files " + "and " * 200_000 + "\n" + REAL,
    "quotes": 'diff --git "' + '\\"' * 4_000 + "\n" + REAL,
    "huge numbers": "--- a/x\n+++ b/x\n@@ -" + "9" * 100_000 + " +1 @@\n" + REAL,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_linear_time(name: str) -> None:
    begun = time.process_time()
    try:
        read_patch_text(HOSTILE[name].encode())
    except BadInput:
        assert name == "headers"
    assert time.process_time() - begun < 6


def test_any_bytes_are_read_or_refused() -> None:
    source = random.Random(20240302)  # noqa: S311 - repeatable noise, no secret
    words = [
        b"diff --git a/x b/x\n", b"--- a/x\n", b"+++ b/x\n", b"@@ -1,2 +1,2 @@\n", b"@@ -0,0 +1 @@\n", b" a\n", b"+b\n", b"-c\n",
        b"\\ No newline at end of file\n", b"rename from x\n", b"rename to \"y\n", b"GIT binary patch\n", b"---\n", b"\r\n",
        b"Binary files a and b differ\n", b"diff --cc x\n", b"Index: x\n", b"\xff\xfe", b"new file mode 100644\n", b"\n",
    ]  # fmt: skip
    read_some = 0
    for _ in range(500):
        noise = bytes(source.randrange(256) for _ in range(source.randrange(40)))
        text = noise + b"".join(source.choice(words) for _ in range(source.randrange(40)))
        try:
            files, _warnings = read_patch_text(text)
        except BadInput:
            continue
        read_some += 1
        assert files
        assert all(line[:1] in " +-" for file in files for hunk in file.hunks for line in hunk.lines)
    assert read_some > 50
