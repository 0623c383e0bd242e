"""How messages point to the same change in another tree: a table with one row for each form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from kvmpatch.model import UpstreamPointer
from kvmpatch.parse.message.trailers import TrailerBlock, folded_note, note_length


class Where(StrEnum):
    """In which part of a message a form counts."""

    HEAD = "head"  # between `… inclusion` and the rule below it
    TOP = "top"  # among the first lines, at the start of a paragraph or below another line of that kind
    FIRST = "first"  # the very first line, alone in its paragraph
    EMBEDDED = "embedded"  # above `Author:`, where an original message is quoted whole
    TRAILER = "trailer"  # in the trailer block
    LAST = "last"  # in the last paragraph, among trailers or behind them, or above a line that goes with it


_ID = r"(?P<id>(?:[0-9a-f]{64}|[0-9a-f]{7,40}))(?![0-9a-z])"
_FULL = r"(?P<id>(?:[0-9a-f]{64}|[0-9a-f]{40}))(?![0-9a-z])"
_TITLE = r"(?:\s*\(\s*[\"“].+[\"”]\s*\))?"
_UPSTREAM = rf"commit:?\s+{_ID}{_TITLE}\s+upstream[.,]?(?:\s*\([^()]*\))?\s*$"
_BRACKET = rf"\[\s*(?:upstream\s+commit|commit)\s+{_ID}{_TITLE}(?:\s+upstream)?\.?\s*\]\s*$"
_HEAD_COMMIT = rf"commit:?\s+{_ID}{_TITLE}\.?\s*$"
_ALONE = rf"commit\s+{_FULL}\s*$"
_PICKED = rf"\(cherry[- ]picked\s+from\s+(?:commit\s+)?{_ID}(?P<tree>[^)]*)(?:\)\s*)?$"
_RHEL = r"(?:JIRA|Bugzilla|BZ|O-JIRA|Upstream[ -]status):\s"


class Form(msgspec.Struct, frozen=True):
    """A way to name the upstream commit.

    Attributes:
        slug: its name in reports.
        where: the part of the message in which it counts.
        pattern: matched at the start of a line, in any case; its group `id` is the id.
        rank: the lower, the nearer to mainline is what it names. Among equals the first is primary; among picks the
            last, since each tree adds its own line below.
        beside: another line at the message's top that must be there too, or None.
        subject: what the subject must begin with, or None.
    """

    slug: str
    where: Where
    pattern: str
    rank: int
    beside: str | None = None
    subject: str | None = None

    def match(self, line: str) -> re.Match[str] | None:
        """Match a line. `re` compiles what is used: all rows took 5 ms, and most messages need none of them."""
        return re.match(self.pattern, line, re.IGNORECASE)

    def fits(self, lines: Iterable[str]) -> bool:
        """Whether what must stand beside it is there, if anything must."""
        return self.beside is None or any(re.match(self.beside, line) for line in lines)


# The first row that fits a line names its form, so what asks for a second line comes before what does not.
FORMS = (
    Form("mainline-inclusion", Where.HEAD, _HEAD_COMMIT, 0, beside="mainline inclusion"),
    Form("stable-inclusion", Where.HEAD, _HEAD_COMMIT, 2, beside="stable inclusion"),
    Form("inclusion", Where.HEAD, _HEAD_COMMIT, 2),
    Form("inclusion-reference", Where.HEAD, rf"reference:\s*https?://\S*[?&;]id={_FULL}", 3),
    Form("anolis", Where.TOP, _UPSTREAM, 0, beside=r"ANBZ: ?#|OpenAnolis Bug Tracker:|(?:to|fix) #\d"),
    Form("stable-commit", Where.TOP, _UPSTREAM, 0),
    Form("opencloudos", Where.TOP, _BRACKET, 0, beside=r"Conflict: ?\S"),
    Form("stable-bracket", Where.TOP, _BRACKET, 0),
    Form("stable-words", Where.TOP, rf"upstream\s+commit:?\s+{_FULL}\.?\s*$", 0),
    Form("ciq", Where.TOP, _ALONE, 0, beside=r"jira \S|commit-author \S|cve(?:-bf|-pre)? \S"),
    Form("stable-bare", Where.FIRST, _ALONE, 0),
    Form("rhel-commit", Where.EMBEDDED, _ALONE, 0, beside=_RHEL),
    Form("rhel-tree", Where.TOP, rf"[\w./-]+\.git\s+commit\s+{_FULL}", 0),
    Form("rhel-status", Where.TOP, rf"upstream[ -]status:\s.*?(?:\bcommit\s+|[?&;]id=){_FULL}", 1),
    Form("suse", Where.TOP, rf"Git-commit:\s*{_FULL}", 0),
    Form("suse-alt", Where.TOP, rf"Alt-commit:\s*{_FULL}", 5),
    Form("intel-sig", Where.TOP, rf"Intel-SIG:\s+commit\s+{_ID}", 1),
    Form("android-upstream", Where.TRAILER, _PICKED, 4, subject=r"UPSTREAM:"),
    Form("android-backport", Where.TRAILER, _PICKED, 4, subject=r"BACKPORT:"),
    Form("android-fromgit", Where.TRAILER, _PICKED, 4, subject=r"FROMGIT:"),
    Form("cherry-picked", Where.TRAILER, _PICKED, 4),
    Form("backported", Where.TRAILER, rf"\(backported\s+from\s+(?:commit\s+)?{_ID}(?P<tree>[^)]*)(?:\)\s*)?$", 4),
    Form("xen", Where.LAST, rf"master commit:\s*{_FULL}\s*$", 0),
)
_FORMS_AT = {where: tuple(form for form in FORMS if form.where is where) for where in Where}
_MOST_POINTERS = 64
_STABLE_TREE = re.compile(r"\d+\.\d+\.y\b")

# Lines at the top of a body that describe the pick and are no prose.
STRUCTURED = re.compile(
    r"""
    (?: commit:?[ ]+[0-9a-f]{7,64}\b.{0,200} | \[\s*(?:upstream[ ]+)?commit[ ].{0,200}\]
      | upstream[ ]commit:?[ ][0-9a-f]{7,64}\.?
      | (?:ANBZ|OpenAnolis[ ]Bug[ ]Tracker|Conflicts?|Intel-SIG|BugLink|Bugzilla|BZ|JIRA|O-JIRA|CVE|Upstream[ -]status
          |Git-commit|Alt-commit|No-fix|Omitted-fix|Patch-mainline|Git-repo|References|Bug|Tested|Reference|category|feature
          |backport|issue|Y-JIRA|Z-JIRA|MR|Depends|Build[ ]Info|Brew):(?:\s.*)?
      | (?:to|fix)[ ]\#\d+ | CVE-\d{4}-\d+(?:[, ].{0,200})? | [\w./-]+\.git[ ]commit[ ][0-9a-f]{7,64}.{0,200}
      | (?:jira|cve(?:-bf|-pre)?|commit-author|commit-source|upstream-diff|bugfix|subsystem-sync)[ ].+
    )\s*$
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Of these, the ones that an author's own sentence never begins with. The others need a pointer beside them.
_DEFINITE = re.compile(
    r"ANBZ:|OpenAnolis|BugLink:|Bugzilla:|BZ:|(?:[OYZ]-)?JIRA:|CVE|Upstream[ -]status:|Patch-mainline:"
    r"|jira |commit-author ",
    re.IGNORECASE,
)
_INCLUSION = re.compile(r"[A-Za-z][\w-]* inclusion\s*$")
_RULE = re.compile(r"-{3,}\s*$")
_HEAD_KEY = re.compile(r"(?:from |commit[: ]|[A-Za-z][\w -]{0,24}:)")
_LINK = re.compile(r"(?:BugLink|Link|Closes):\s*(https?://[^\s<>\"]+)", re.IGNORECASE)
_AUTHOR = re.compile(r"(?:Author|AuthorDate|Date|Commit|CommitDate|Merge):\s")
_MASTER = re.compile(r"master (?:commit|date):\s", re.IGNORECASE)
_LONGEST_HEAD = 60
_TOP_LINES = 8
_MOST_STRUCTURED = 24


class Pointers(msgspec.Struct, frozen=True):
    """What the upper part of a message says.

    Attributes:
        found: pointers, primary first.
        notes: notes in square brackets below a pointer at the top.
        head_links: URLs of link lines at the top.
        consumed: indices of body lines that are no prose.
        embedded: index of the line behind which an indented original message stands, or None.
    """

    found: tuple[UpstreamPointer, ...]
    notes: tuple[str, ...]
    head_links: tuple[str, ...]
    consumed: frozenset[int]
    embedded: int | None


class _Reading(msgspec.Struct):
    """What has been found on the way down."""

    subject: str
    lines: list[str]
    end: int
    hits: list[tuple[int, int, UpstreamPointer]]
    notes: list[str]
    links: list[str]
    consumed: set[int]
    embedded: int | None = None

    def hit(self, form: Form, written: str, order: int) -> None:
        self.hits.append((form.rank, order, UpstreamPointer(written.lower(), form.slug)))


def find_pointers(subject: str, lines: list[str], block: TrailerBlock) -> Pointers:
    """Find every pointer of a message.

    Args:
        subject: the subject, with its prefixes.
        lines: the body, line by line.
        block: its trailer block.
    """
    reading = _Reading(subject, lines, block.end, [], [], [], set())
    start = 0
    while (head := _inclusion_at(reading, start)) is not None:
        start = _read_head(reading, *head)
    _read_top(reading, start, block)
    _read_picks(reading, block)
    _read_last(reading, block)
    reading.hits.sort(key=lambda hit: hit[:2])
    found: dict[str, UpstreamPointer] = {}
    for _, _, pointer in reading.hits[:_MOST_POINTERS]:
        if not any(known.startswith(pointer.id) for known in found):
            found[pointer.id] = pointer
    return Pointers(
        tuple(found.values()), tuple(reading.notes), tuple(reading.links), frozenset(reading.consumed), reading.embedded
    )


def _inclusion_at(reading: _Reading, start: int) -> tuple[int, int, int] | None:
    """First line of an inclusion head that opens at `start`, the line of its rule, and the line where it is over."""
    lines, end = reading.lines, reading.end
    while start < end and not lines[start].strip():
        start += 1
    if start >= end or not lines[start].rstrip().endswith("inclusion") or not _INCLUSION.match(lines[start]):
        return None
    blank = 0
    for index in range(start + 1, min(end, start + _LONGEST_HEAD)):
        if lines[index].startswith("---") and _RULE.match(lines[index]):
            return start, index, index + 1
        if not blank and not lines[index].strip():
            blank = index
    over = blank or min(end, start + _LONGEST_HEAD)
    return start, over, over


def _read_head(reading: _Reading, first: int, over: int, after: int) -> int:
    """Read an inclusion head; what it explains in whole sentences stays prose. Returns where the text goes on."""
    lines = reading.lines
    kind = lines[first].strip()
    reading.consumed.update((first, *range(over, after)))
    for index in range(first + 1, over):
        line = lines[index]
        for form in _FORMS_AT[Where.HEAD]:
            if form.fits((kind,)) and (match := form.match(line)):
                reading.hit(form, match.group("id"), index)
                break
        if _HEAD_KEY.match(line):
            reading.consumed.add(index)
        if link := _LINK.match(line):
            reading.links.append(link.group(1))
    return after


def _top(reading: _Reading, start: int, stop: int) -> Iterator[tuple[int, bool, bool]]:
    """The first lines with text: index, whether it opens a paragraph or follows the head, whether it is of it."""
    plain, structured, opens = 0, 0, True
    for index in range(start, stop):
        line = reading.lines[index]
        if not line or line.isspace():
            opens = True
            continue
        shaped = STRUCTURED.match(line) is not None
        yield index, opens, shaped
        opens = shaped
        structured += shaped
        plain += not shaped
        if plain >= _TOP_LINES or structured >= _MOST_STRUCTURED:
            return


def _read_top(reading: _Reading, start: int, block: TrailerBlock) -> None:
    """Read the pointers of the first lines; what describes the pick before the first line of prose is no prose."""
    lines = reading.lines
    top = list(_top(reading, start, block.end))
    if not any(shaped for _, _, shaped in top):
        return
    beside = [lines[index] for index, _, _ in top]
    leading, pointed, go_on = True, False, start
    heads: list[int] = []
    for index, opens, shaped in top:
        line = lines[index]
        if index < go_on:
            continue
        if opens and shaped:
            hit = _read_line(reading, beside, index, leading and not reading.hits)
            pointed = pointed or hit
            if hit:
                reading.consumed.add(index)
            elif leading:
                heads.append(index)
            if link := _LINK.match(line):
                reading.links.append(link.group(1))
        elif leading and line[0] in " \t" and heads and index - 1 == heads[-1]:
            heads.append(index)
        elif pointed and opens and line[0] == "[" and index < block.start and (length := _note(reading, index, block)):
            go_on = index + length
        else:
            leading = False
    if reading.hits or any(_DEFINITE.match(lines[index]) for index in heads):
        reading.consumed.update(heads)
    for form in _FORMS_AT[Where.EMBEDDED]:
        if form.fits(beside):
            _read_embedded(reading, form, start)


def _note(reading: _Reading, index: int, block: TrailerBlock) -> int:
    length = note_length(reading.lines, index, block.start)
    if length:
        reading.notes.append(folded_note(reading.lines, index, length))
        reading.consumed.update(range(index, index + length))
    return length


def _read_line(reading: _Reading, beside: list[str], index: int, is_first: bool) -> bool:
    """Read one line of the top by the first form that fits it."""
    line = reading.lines[index]
    for form in _FORMS_AT[Where.TOP]:
        if (match := form.match(line)) and form.fits(beside):
            reading.hit(form, match.group("id"), index)
            return True
    alone = index + 1 >= reading.end or not reading.lines[index + 1].strip()
    if is_first and alone and line == beside[0]:
        for form in _FORMS_AT[Where.FIRST]:
            if match := form.match(line):
                reading.hit(form, match.group("id"), index)
                return True
    return False


def _read_embedded(reading: _Reading, form: Form, start: int) -> None:
    """Read an original commit that is quoted whole: unindented `commit`, `Author:`, `Date:`, then indented text."""
    lines = reading.lines
    for index in range(start, reading.end - 1):
        if not lines[index].startswith("commit ") or not _AUTHOR.match(lines[index + 1]):
            continue
        if match := form.match(lines[index]):
            reading.hit(form, match.group("id"), index)
            over = index + 1
            while over < reading.end and _AUTHOR.match(lines[over]):
                over += 1
            reading.consumed.update(range(index, over))
            reading.embedded = over if reading.embedded is None else reading.embedded


def _read_picks(reading: _Reading, block: TrailerBlock) -> None:
    """Read the picks of the trailer block. The last is the nearest source; stable branches come after others."""
    for place, line in enumerate(block.picked[-_MOST_POINTERS:]):
        for form in _FORMS_AT[Where.TRAILER]:
            if form.subject and not re.match(form.subject, reading.subject):
                continue
            if match := form.match(line):
                from_stable = bool(_STABLE_TREE.search(match.group("tree")))
                reading.hits.append(
                    (form.rank + from_stable, -place, UpstreamPointer(match.group("id").lower(), form.slug))
                )
                break


def _read_last(reading: _Reading, block: TrailerBlock) -> None:
    """Read the lines of Xen's stable trees, which stand behind the trailers: `master commit:`, then `master date:`."""
    lines = reading.lines
    described = [index for index in range(block.end) if lines[index][:1] in "mM" and _MASTER.match(lines[index])]
    if not described:
        return
    last = block.end
    while last and not lines[last - 1].strip():
        last -= 1
    while last and lines[last - 1].strip():
        last -= 1
    for index in described:
        dated = index + 1 in described and lines[index + 1].lower().startswith("master date:")
        if index < min(last, block.start) and not dated:
            continue
        reading.consumed.update((index, index + 1) if dated else (index,))
        for form in _FORMS_AT[Where.LAST]:
            if match := form.match(lines[index]):
                reading.hit(form, match.group("id"), index)
