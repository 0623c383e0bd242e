"""Diff text, read: files and hunks of git diffs, plain `diff -u` and quilt patches.

The text is cut into files here, by counting the lines that each hunk header promises: a removed line may look like a
file's header, a quoted diff may stand in a message, and a file that is damaged must not cost the others. What is
inside the hunks is unidiff's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kvmpatch.errors import BadInput
from kvmpatch.model import FileBefore, FileChange, FilePatch, Hunk, Warning
from kvmpatch.parse.diffnames import binary_names, header_names, in_tree, unquoted
from kvmpatch.words import Text

_HUNK = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_MODE = re.compile(r"(old|new|deleted file|new file) mode (\d{6})\s*$")
_STATISTICS = re.compile(r" \d+ files? changed")
_INCLUSION = re.compile(r"[A-Za-z][\w-]* inclusion\s*$")
_EPOCH = re.compile(r"\s(?:1970-01-01|1969-12-31) ")
_EXTENDED = (
    "old mode ", "new mode ", "deleted file mode ", "new file mode ", "copy from ", "copy to ", "rename from ",
    "rename to ", "similarity index ", "dissimilarity index ", "index ", "mode ",
)  # fmt: skip
_NOWHERE = "/dev/null"
_LONGEST_STATISTICS = 2000


@dataclass(slots=True)
class _Part:
    """One file of the text, not yet judged. `hunks` are header and lines; `combined` is a merge's diff."""

    first: str
    header: list[str] = field(default_factory=list)
    before: str | None = None
    after: str | None = None
    index: str | None = None
    hunks: list[list[str]] = field(default_factory=list)
    binary: bool = False
    broken: bool = False

    @property
    def is_git(self) -> bool:
        return self.first.startswith("diff --git ")

    @property
    def combined(self) -> bool:
        return self.first.startswith(("diff --cc ", "diff --combined "))


def read_patch_text(data: bytes) -> tuple[tuple[FilePatch, ...], tuple[Warning, ...]]:
    r"""Read every file of a patch text.

    Text before, between and after the files is skipped. What stands above a `---` line is a message, and a diff in
    it is a quotation. Bytes that are not UTF-8 become `\xNN`.

    Args:
        data: the text, as it lies in the file.

    Returns:
        The files in their order, and what could not be read. A file whose hunks are damaged has none, and no counts.

    Raises:
        BadInput: nothing in the text is a diff.
    """
    warnings: list[Warning] = []
    lines = diff_lines(data, warnings)
    files = [file for part in _parts(lines, message_end(lines)[1]) if (file := _read_part(part, warnings))]
    if not files:
        raise BadInput(Text("输入中没有 diff", "there is no diff in the input"))
    return tuple(_joined(files)), tuple(warnings)


def diff_lines(data: bytes, warnings: list[Warning]) -> list[str]:
    r"""The lines of a patch text, without the carriage returns that mail gave to all of them.

    Args:
        data: the text; bytes that are not UTF-8 become `\xNN`.
        warnings: takes a warning if there are such bytes.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "backslashreplace")
        warnings.append(
            Warning(
                "undecodable-bytes",
                Text(r"补丁含有非 UTF-8 字节，以 \xNN 表示", r"the patch has bytes that are not UTF-8, shown as \xNN"),
            )
        )
    lines = text.removesuffix("\n").split("\n")
    # a file with such line ends has carriage returns in its hunks, but not in the header above them
    header = next((line for index, line in enumerate(lines) if _starts(lines, index)), "")
    return [line.removesuffix("\r") for line in lines] if header.endswith("\r") else lines


def message_end(lines: list[str]) -> tuple[int, int]:
    """Where the message of a patch text ends, and where its diff may begin.

    A `---` line parts them. The rule that closes an inclusion head looks the same. A diff above a `---` line is
    quoted in the message if the statistics of `git format-patch` follow that line.
    """
    first: int | None = None
    in_head = False
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.startswith("---") and line.rstrip() == "---":
            if in_head:
                in_head = False
            elif first is None or _has_statistics(lines, index):
                return index, index + 1
        elif _starts(lines, index):
            first = index if first is None else first
            index = _cut(lines, index, _Part(line))
            continue
        elif line.rstrip().endswith(" inclusion") and _INCLUSION.match(line):
            in_head = True
        elif in_head and line.startswith("----"):
            in_head = False
        index += 1
    if first is None:
        return len(lines), len(lines)
    end = first
    while end and lines[end - 1].startswith(("Index: ", "=====", "diff ")):
        end -= 1
    return end, end


def _has_statistics(lines: list[str], index: int) -> bool:
    for at in range(index + 1, min(len(lines), index + _LONGEST_STATISTICS)):
        if _STATISTICS.match(lines[at]):
            return True
        if lines[at].startswith("diff ") or lines[at].rstrip() == "---":
            return False
    return False


def _starts(lines: list[str], index: int) -> bool:
    """Whether a file begins at a line. Two names alone are text: a hunk must follow them."""
    line = lines[index]
    if line.startswith("diff --"):
        return line.startswith(("diff --git ", "diff --cc ", "diff --combined "))
    if line.startswith("--- "):
        return (
            index + 2 < len(lines) and lines[index + 1].startswith("+++ ") and _HUNK.match(lines[index + 2]) is not None
        )
    return line.startswith("Binary files ") and binary_names(line) is not None


def _parts(lines: list[str], start: int) -> Iterator[_Part]:
    """Every file from `start` on, with what belongs to it."""
    index, name = start, None
    while index < len(lines):
        if _starts(lines, index):
            part = _Part(lines[index], index=name)
            index, name = _cut(lines, index, part), None
            yield part
            continue
        if lines[index].startswith("Index: "):
            name = lines[index][7:].strip()
        index += 1


def _cut(lines: list[str], index: int, part: _Part) -> int:
    """Read one file's lines from `index` into `part`; return the line behind them."""
    count = len(lines)
    if names := binary_names(lines[index]):
        part.binary, (part.before, part.after) = True, names
        return index + 1
    if not lines[index].startswith("--- "):
        index += 1
        while index < count and lines[index].startswith(_EXTENDED):
            part.header.append(lines[index])
            index += 1
    if part.combined:
        while index < count and not lines[index].startswith(("diff --", "From ")):
            index += 1
        return index
    if index < count and (lines[index].startswith("GIT binary patch") or binary_names(lines[index])):
        part.binary = True
        return index + 1
    if index + 1 < count and lines[index].startswith("--- ") and lines[index + 1].startswith("+++ "):
        part.before, part.after = lines[index][4:], lines[index + 1][4:]
        index += 2
        while index < count and not part.broken and (match := _HUNK.match(lines[index])):
            index = _cut_hunk(lines, index, part, match)
        part.broken = part.broken or not part.hunks
    return index


def _cut_hunk(lines: list[str], index: int, part: _Part, match: re.Match[str]) -> int:
    """Read as many lines as the hunk header promises. A line that is none of a hunk ends the file as broken."""
    before, after = (1 if number is None else int(number) for number in match.groups())
    first = index
    index += 1
    while before > 0 or after > 0:
        kind = lines[index][:1] if index < len(lines) else "end"
        if kind in ("", " ", "\r"):
            before -= 1
            after -= 1
        elif kind == "-":
            before -= 1
        elif kind == "+":
            after -= 1
        elif kind != "\\":
            break
        index += 1
    part.broken = before != 0 or after != 0
    if index < len(lines) and lines[index].startswith("\\ "):
        index += 1
    part.hunks.append(lines[first:index])
    return index


def _read_part(part: _Part, warnings: list[Warning]) -> FilePatch | None:
    """Judge one file: its names, its status, its hunks. None if the part is no file after all."""
    if part.combined:
        return _read_combined(part, warnings)
    modes = {match.group(1): match.group(2) for line in part.header if (match := _MODE.match(line))}
    names = _git_names(part) if part.is_git else in_tree(part.before or "", part.after or "", part.index)
    if names is None or not (part.header or part.before or part.binary):
        return None
    before, after = names
    status = _status(part, modes, before, after)
    path = before if status == "deleted" else after
    moved = FileBefore(before) if status in ("renamed", "copied") else None
    hunks = None if part.broken else _read_hunks(part)
    if hunks is None:
        warnings.append(
            Warning(
                "broken-diff", Text(f"{path} 的 diff 已损坏，未读取", f"the diff of {path} is damaged and was not read")
            )
        )
    if hunks is None or part.binary:
        return FilePatch(FileChange(path, status, None, None, part.binary, moved), ())
    additions, deletions = (sum(line[0] == sign for hunk in hunks for line in hunk.lines) for sign in "+-")
    return FilePatch(FileChange(path, status, additions, deletions, False, moved), hunks)


def _read_combined(part: _Part, warnings: list[Warning]) -> FilePatch:
    """A merge's diff shows two sides at once: the file is named, its hunks are not read."""
    path = unquoted(part.first.split(" ", 2)[2].strip())
    kinds = {"new file mode": "added", "deleted file mode": "deleted"}
    status = next((kinds[start] for line in part.header for start in kinds if line.startswith(start)), "modified")
    warnings.append(
        Warning(
            "combined-diff",
            Text(f"{path} 是合并提交的组合 diff，未读取", f"{path} is a merge's combined diff and was not read"),
        )
    )
    return FilePatch(FileChange(path, status, None, None, False, None), ())


def _git_names(part: _Part) -> tuple[str, str] | None:
    """The names on both sides, as the lines of a git header give them: those of a rename are the surest."""
    said = {}
    for line in part.header:
        for key in ("rename from ", "rename to ", "copy from ", "copy to "):
            if line.startswith(key):
                said[key.split()[1]] = unquoted(line[len(key) :])
    if len(said) == 2:
        return said["from"], said["to"]
    if names := header_names(part.first[len("diff --git ") :]):
        return names
    return in_tree(part.before, part.after, None) if part.before and part.after else None


def _status(part: _Part, modes: dict[str, str], before: str, after: str) -> str:
    starts = tuple(line.split(" ", 1)[0] for line in part.header)
    if "rename" in starts:
        return "renamed"
    if "copy" in starts:
        return "copied"
    if "new file" in modes or (not part.is_git and _is_nowhere(part, part.before, "-0,0 ")):
        return "added"
    if "deleted file" in modes or (not part.is_git and _is_nowhere(part, part.after, "+0,0 ")):
        return "deleted"
    if "old" in modes and "new" in modes:
        if modes["old"][:3] != modes["new"][:3]:
            return "type"
        if not part.hunks and not part.binary:
            return "mode"
    return "renamed" if part.is_git and before != after else "modified"


def _is_nowhere(part: _Part, name: str | None, empty: str) -> bool:
    """Whether a side of a plain diff does not exist: /dev/null, or `diff -N`'s empty file of the epoch."""
    if name is None:
        return False
    if name.split("\t")[0].strip() == _NOWHERE:
        return True
    return len(part.hunks) == 1 and empty in part.hunks[0][0] and ("\t" not in name or bool(_EPOCH.search(name)))


def _read_hunks(part: _Part) -> tuple[Hunk, ...] | None:
    """The hunks, by unidiff; None if it cannot read them."""
    if not part.hunks:
        return ()
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    # the marker of a missing newline is translated by GNU diff, and no line of the file
    body = (f"{line}\n" for hunk in part.hunks for line in hunk if not line.startswith("\\"))
    text = ["--- a/file\n", "+++ b/file\n", *body]
    try:
        read = PatchSet(text)
    except UnidiffParseError:
        return None
    return tuple(
        Hunk(
            hunk.source_start,
            hunk.source_length,
            hunk.target_start,
            hunk.target_length,
            hunk.section_header.strip(),
            tuple((line.line_type or " ") + line.value.removesuffix("\n") for line in hunk),
        )
        for hunk in read[0]
    )


def _joined(files: list[FilePatch]) -> Iterator[FilePatch]:
    """Git shows a change of type as a removal and an addition of the same path; put the two together."""
    index = 0
    while index < len(files):
        one = files[index]
        two = files[index + 1] if index + 1 < len(files) else None
        if two and one.file.path == two.file.path and (one.file.status, two.file.status) == ("deleted", "added"):
            yield FilePatch(_changed_type(one.file, two.file), one.hunks + two.hunks)
            index += 1
        else:
            yield one
        index += 1


def _changed_type(one: FileChange, two: FileChange) -> FileChange:
    counts = (one.additions, one.deletions, two.additions, two.deletions)
    if any(count is None for count in counts):
        return FileChange(two.path, "type", None, None, one.binary or two.binary, None)
    return FileChange(two.path, "type", two.additions, one.deletions, False, None)
