"""What a commit does to lines, file by file and hunk by hunk, without context: what is compared across trees."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from kvmpatch.model import FileChange, FilePatch, Hunk

LETTERS = 8
"""Letters and digits that a line must have to be told from other lines like it."""
_COMMON = re.compile(
    r"(?:return\b[^(]{0,24};|goto \w+;|break;|continue;|(?:\} )?else\b.{0,4}|#\s*(?:endif|else)\b.*|default:"
    r"|(?:rc|ret|err|r|error) = -?\w+;|if \( ?!?(?:rc|ret|err|r|error) ?\)(?: \{)?|(?:int|unsigned int) \w+;"
    r"|/?\*[-=*/ ]*)\Z"
)
_LICENCE = re.compile(
    r"(?:/?[*/]+|#) .*(?:GNU|SPDX|[Ww]arrant|WARRANT|[Cc]opyright|[Ff]ree [Ss]oftware|terms and conditions"
    r"|redistribute|[Pp]ublic [Ll]icense|program(?:; if| is distributed)|even the implied)"
)
_HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)\Z", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*")
_CALLED = re.compile(r"([A-Za-z_]\w*)\s*\(")


class Line(Protocol):
    """One line of a patch without context: commit, path on the after side, `+`, `-` or `@` (a header), text."""

    @property
    def commit(self) -> str:
        """Full id."""
        ...

    @property
    def path(self) -> str:
        """On the after side; of a removed file its old one."""
        ...

    @property
    def sign(self) -> str:
        """`+`, `-` or `@`."""
        ...

    @property
    def text(self) -> str:
        """Without the sign."""
        ...


class LineHunk(msgspec.Struct, frozen=True):
    """One hunk without context.

    Attributes:
        function: the name that its heading shows; empty where there is none.
        plain: its lines with their sign, white space made single.
        telling: those of `plain` that can be told from other lines, and that the commit does not merely move.
    """

    hunk: Hunk
    function: str
    plain: tuple[str, ...]
    telling: tuple[str, ...]

    @property
    def added(self) -> tuple[str, ...]:
        """The new lines, without sign."""
        return tuple(line[1:] for line in self.plain if line[0] == "+")

    @property
    def removed(self) -> tuple[str, ...]:
        """The old lines, without sign."""
        return tuple(line[1:] for line in self.plain if line[0] == "-")


class FileWork(msgspec.Struct, frozen=True):
    """One file of a commit; renames stand as a file removed and a file added. Blobs are None where a side is not."""

    path: str
    status: str
    before_blob: str | None
    after_blob: str | None
    before_mode: str
    after_mode: str
    hunks: tuple[LineHunk, ...] = ()

    @property
    def name(self) -> str:
        """The path's last part."""
        return self.path.rpartition("/")[2]


class CommitWork(msgspec.Struct, frozen=True):
    """All that a commit does to lines."""

    id: str
    files: tuple[FileWork, ...]

    @property
    def telling(self) -> list[str]:
        """The telling lines of all hunks."""
        return [line for file in self.files for hunk in file.hunks for line in hunk.telling]


def hunks_by_file(lines: Iterable[Line]) -> dict[tuple[str, str], list[Hunk]]:
    """The hunks of many commits, by commit and path."""
    found: defaultdict[tuple[str, str], list[Hunk]] = defaultdict(list)
    key, head = ("", ""), ""
    taken: list[str] = []

    def close() -> None:
        if head and (match := _HEADER.match(head)):
            start, count, after, after_count = (int(one) if one else 1 for one in match.groups()[:4])
            found[key].append(Hunk(start, count, after, after_count, match[5].strip(), tuple(taken)))

    for line in lines:
        if line.sign == "@":
            close()
            key, head, taken = (line.commit, line.path), line.text, []
        else:
            taken.append(line.sign + line.text)
    close()
    return found


def without_context(hunk: Hunk) -> Iterator[Hunk]:
    """The runs of changed lines in a hunk with context, each as a hunk of its own."""
    before, after = hunk.before_start, hunk.after_start
    run: list[str] = []
    for line in (*hunk.lines, " "):
        if line[:1] in ("+", "-"):
            run.append(line)
            continue
        if run:
            removed, added = (sum(one[0] == sign for one in run) for sign in "-+")
            yield Hunk(before, removed, after, added, hunk.heading, tuple(run))
            before, after, run = before + removed, after + added, []
        if line[:1] == " ":
            before, after = before + 1, after + 1


def commit_work(commit: str, files: Sequence[FileWork], hunks: Mapping[str, Sequence[Hunk]]) -> CommitWork:
    """The work of one commit: its files, and the hunks of each by path."""
    plain = {
        path: [tuple(line[0] + squeezed(line[1:]) for line in hunk.lines) for hunk in of_file]
        for path, of_file in hunks.items()
    }
    moved = _moved(line for of_file in plain.values() for of_hunk in of_file for line in of_hunk)
    worked = []
    for file in files:
        made = tuple(
            LineHunk(hunk, function_of(hunk.heading), lines, tuple(_telling(lines, moved)))
            for hunk, lines in zip(hunks.get(file.path, ()), plain.get(file.path, ()), strict=True)
        )
        worked.append(msgspec.structs.replace(file, hunks=made))
    return CommitWork(commit, tuple(worked))


def _moved(lines: Iterable[str]) -> dict[str, int]:
    """How often each line goes away in one place and comes in another: so often it counts on neither side."""
    removed: Counter[str] = Counter()
    added: Counter[str] = Counter()
    for line in lines:
        (added if line[0] == "+" else removed)[line[1:]] += 1
    return {sign + text: count for text, count in (removed & added).items() for sign in "+-"}


def _telling(lines: Sequence[str], moved: dict[str, int]) -> Iterator[str]:
    for line in lines:
        if not tells(line[1:]):
            continue
        if moved.get(line, 0) > 0:
            moved[line] -= 1
            continue
        yield line


def tells(text: str) -> bool:
    """Whether a line can be told from others: enough letters, no phrase that stands everywhere, no licence."""
    return sum(map(str.isalnum, text)) >= LETTERS and not _COMMON.match(text) and not _LICENCE.match(text)


def squeezed(text: str) -> str:
    """A line with single spaces and none at its ends."""
    return " ".join(text.split())


def function_of(heading: str) -> str:
    """The name of the function or structure that a hunk's heading shows."""
    if called := _CALLED.search(heading):
        return called[1]
    names = _NAME.findall(heading.partition("=")[0])
    return names[-1] if names else ""


def as_patch(file: FileWork, hunks: Sequence[LineHunk]) -> FilePatch:
    """Some hunks of a file as a patch."""
    change = FileChange(file.path, file.status, None, None, False, None)
    return FilePatch(change, tuple(one.hunk for one in hunks))
