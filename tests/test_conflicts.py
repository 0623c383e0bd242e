"""Conflicts read back from a merged text: what each side says, on which line, and which hunks meet it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kvmpatch.analysis.conflicts import Part, Region, hunks_met, regions
from kvmpatch.analysis.hunk_places import file_hunks, hunk_place
from kvmpatch.model import FileChange, FilePatch, Hunk
from kvmpatch.model.backport import HunkPlace
from kvmpatch.parse.diff import read_patch_text

MARKER = 9


def merged(folder: Path, ours: str, base: str, theirs: str) -> tuple[Region, ...]:
    """What git leaves of three texts, read."""
    for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
        (folder / name).write_bytes(text.encode())
    done = subprocess.run(
        ["git", "merge-file", "-p", "--diff3", f"--marker-size={MARKER}", "ours", "base", "theirs"],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    return regions(done.stdout.decode(), MARKER, ours, base, theirs)


def lines(*parts: object) -> str:
    return "".join(f"{part}\n" for part in parts)


def test_a_region_has_its_lines_and_their_numbers_on_each_side(tmp_path: Path) -> None:
    base = lines(*range(1, 11))
    ours = lines("a", "b", *range(1, 5), "five", *range(6, 11))
    theirs = lines(*range(1, 5), "fifth", "and more", *range(6, 11))
    (found,) = merged(tmp_path, ours, base, theirs)
    assert found == Region(Part(7, ("five",)), Part(5, ("5",)), Part(5, ("fifth", "and more")))
    assert found.lacked() == [(5, "5")]
    assert found.held() == [(7, "five")]
    assert found.brought() == [(5, "fifth"), (6, "and more")]


def test_regions_that_read_the_same_are_told_apart_by_what_is_around_them(tmp_path: Path) -> None:
    def text(first: str, second: str) -> str:
        return lines("{", "x", first, "}", "k", "l", "m", "{", "x", second, "}", "end")

    found = merged(tmp_path, text("1", "b"), text("1", "1"), text("1", "c"))
    assert found == (Region(Part(10, ("b",)), Part(10, ("1",)), Part(10, ("c",))),)
    found = merged(tmp_path, text("a", "a"), text("1", "1"), text("c", "c"))
    assert [one.ours.start for one in found] == [3, 10]
    assert [one.base.start for one in found] == [3, 10]
    assert [one.theirs.start for one in found] == [3, 10]


def test_of_places_that_look_alike_the_next_one_is_taken(tmp_path: Path) -> None:
    def text(line: str) -> str:
        return lines(*(["same"] * 15 + [line]) * 2, *["same"] * 15)

    found = merged(tmp_path, text("a"), text("1"), text("c"))
    assert [one.ours.start for one in found] == [16, 32]
    assert [one.base.start for one in found] == [16, 32]


def test_a_side_without_lines_has_the_place_where_they_would_be(tmp_path: Path) -> None:
    base = lines("a", "b", "c", "d", "e")
    (found,) = merged(tmp_path, lines("a", "b", "ours", "c", "d", "e"), base, lines("a", "b", "theirs", "c", "d", "e"))
    assert found.base == Part(3, ())
    assert (found.base.start, found.base.end) == (3, 2)
    (found,) = merged(tmp_path, lines("a", "b", "d", "e"), base, lines("a", "b", "x", "d", "e"))
    assert found == Region(Part(3, ()), Part(3, ("c",)), Part(3, ("x",)))


def test_the_first_and_the_last_line(tmp_path: Path) -> None:
    base = lines(*"abcdefgh")
    ours = lines("A", *"bcdefg", "H")
    theirs = lines("1", *"bcdefg", "8")
    first, last = merged(tmp_path, ours, base, theirs)
    assert (first.ours.start, last.ours.start) == (1, 8)
    (whole,) = merged(tmp_path, "one\n", "", "two\n")
    assert whole.base == Part(1, ())


def test_what_looks_like_markers_is_text(tmp_path: Path) -> None:
    title = lines("Title", "=" * 20, "<" * 30, "| table |", ">" * 3 + " quoted", "=" * 7)
    base, ours, theirs = (title + lines("x", one, "y") + title for one in ("1", "=" * 20, "<<<<<<< mine"))
    (found,) = merged(tmp_path, ours, base, theirs)
    assert found.ours == Part(8, ("=" * 20,))
    assert found.theirs == Part(8, ("<<<<<<< mine",))


def test_lines_that_end_in_cr(tmp_path: Path) -> None:
    base, ours, theirs = ("a\r\nb\r\n" + one + "\r\nc\r\n" for one in ("1", "2", "3"))
    (found,) = merged(tmp_path, ours, base, theirs)
    assert found == Region(Part(3, ("2\r",)), Part(3, ("1\r",)), Part(3, ("3\r",)))


def test_a_text_without_conflicts_has_no_regions() -> None:
    assert regions("a\nb\n", MARKER, "a\nb\n", "a\n", "a\nb\n") == ()


# ---- hunks ---------------------------------------------------------------------------------------------------------


def hunk(start: int, *text: str) -> Hunk:
    before = sum(line[0] in " -" for line in text)
    after = sum(line[0] in " +" for line in text)
    return Hunk(start, before, start, after, "f()", text)


def region(start: int, *base: str) -> Region:
    return Region(Part(start, ("x",)), Part(start, base), Part(start, ("y",)))


@pytest.mark.parametrize(
    ("base", "met"),
    [
        (region(12, "c"), [0]),  # the removed line
        (region(10, "a"), []),  # context alone
        (region(13, "d"), [0]),  # the line before which one is added
        (region(14, "e"), []),
        (region(31), [1]),
        (region(30, "a"), [1]),  # a line is added behind it
        (region(33), []),
    ],
)
def test_hunks_that_change_a_region_meet_it(base: Region, met: list[int]) -> None:
    hunks = [hunk(10, " a", " b", "-c", "+C", " d"), hunk(30, " a", "+n", " b", " c")]
    assert hunks_met([base], hunks) == tuple(hunks[place] for place in met)


def test_a_hunk_of_a_new_file_meets_its_only_region() -> None:
    new = Hunk(0, 0, 1, 2, "", ("+a", "+b"))
    assert hunks_met([region(1)], [new]) == (new,)


def test_a_hunk_by_its_place() -> None:
    assert hunk_place(Hunk(10, 4, 12, 4, "int f(void)", (" a", "-b", "+c", " d", " e"))) == HunkPlace(
        "int f(void)", (10, 13), (12, 15), ("-b", "+c")
    )
    assert hunk_place(Hunk(0, 0, 1, 1, "", ("+a",))) == HunkPlace("", None, (1, 1), ("+a",))


def test_hunks_of_files() -> None:
    text = b"--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@ f\n-a\n+b\n"
    (one,) = file_hunks(read_patch_text(text)[0])
    assert (one.path, one.hunks) == ("x.c", (HunkPlace("f", (1, 1), (1, 1), ("-a", "+b")),))
    whole = FilePatch(FileChange("bin", "modified", None, None, True, None), ())
    assert file_hunks([whole])[0].hunks == ()
