"""The basics of a commit: who, when, which tags, which files."""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import (
    Commit,
    FileChange,
    FixesPointer,
    Report,
    Series,
    Signature,
    StableMark,
)
from kvmpatch.render import labels
from kvmpatch.render.page import Field, Fields, Line, Span, Style, Voice
from kvmpatch.words import Text

_FILES_SHOWN = 8
_PEOPLE_SHOWN = 5
_SHORT = 12


def basics_fields(report: Report, voice: Voice) -> Fields:
    """The rows of the first section; a row whose value is empty is left out, but for those that a reader asks for."""
    commit = report.commit
    rows: list[tuple[Text, Sequence[Line]]] = [
        (labels.COMMIT, _commit(report, voice)),
        (labels.ASKED, _asked(report, voice)),
        # The author's date stands in the title.
        (labels.AUTHOR, _signature(commit.author, dated=voice.verbose) or [_unknown(voice)]),
        (labels.COMMITTER, _signature(commit.committer) if voice.verbose else []),
        (labels.REVIEWED, _people(commit.reviewers, voice)),
        (labels.TESTED, _people(commit.testers, voice)),
        (labels.APPLIED, _people((commit.applied_by,), voice)),
        (labels.UPSTREAM_APPLIED, _people((commit.upstream_applied_by,), voice)),
        (labels.MAINTAINERS, _people(commit.maintainers or (), voice)),
        (labels.UPSTREAM, [(Span(up.id, Style.ID), Span(f"  {up.form}", Style.FAINT)) for up in commit.upstream]),
        (labels.SERIES, _series(report.history.series if report.history else None, voice)),
        (labels.FIXES, [_fixes(fixes, voice) for fixes in commit.fixes]),
        (labels.STABLE, [_stable(mark, voice) for mark in commit.stable]),
        (labels.REVERTS, [(Span(commit.reverts, Style.ID),)] if commit.reverts else []),
        (labels.NONE, _absent_tags(commit)),
        (labels.LINKS, [(Span(link, Style.ADDRESS),) for link in commit.links]),
        (labels.PARENTS, _parents(commit, voice)),
        (labels.TRAILERS, [_trailer(t.key, t.value) for t in commit.trailers] if voice.verbose else []),
        (labels.FILES, _files(report.files, voice)),
    ]
    return Fields(tuple(Field(voice.label(label), tuple(values)) for label, values in rows if values))


def _commit(report: Report, voice: Voice) -> list[Line]:
    identity = report.commit.id
    if not identity:
        return []
    line = (Span(identity, Style.ID),)
    # Which commit it is the backport of stands a few rows below.
    return [(*line, Span("  " + voice.inline(labels.BACKPORT), Style.FAINT))] if _names_its_upstream(report) else [line]


def _names_its_upstream(report: Report) -> bool:
    """Whether the commit is shown in place of an upstream one that was asked for, and names that one."""
    asked = report.asked
    return asked.how == "backport" and any(up.id.startswith(asked.rev) for up in report.commit.upstream)


def _unknown(voice: Voice) -> Line:
    return (Span(voice.inline(labels.UNKNOWN), Style.FAINT),)


def _person(written: str) -> Line:
    name, bracket, mail = written.partition(" <")
    return (Span(name), Span(" "), Span("<" + mail, Style.ADDRESS)) if bracket else (Span(written),)


def _signature(signature: Signature | None, *, dated: bool = True) -> list[Line]:
    if signature is None:
        return []
    who = _person(f"{signature.name} <{signature.email}>") if signature.email else (Span(signature.name),)
    return [who, (Span(spaced_date(signature.date), Style.FAINT),)] if signature.date and dated else [who]


def spaced_date(date: str) -> str:
    """`2023-09-13 22:09:01 +05:30` from ISO 8601; what is not in that form stays as it is."""
    if len(date) > 19 and date[10] == "T":
        return f"{date[:10]} {date[11:19]} {date[19:].strip()}"
    return date


def _people(written: Sequence[str | None], voice: Voice) -> list[Line]:
    people = [person for person in written if person]
    shown = voice.fit(_PEOPLE_SHOWN, len(people))
    return [*(_person(person) for person in people[:shown]), *_more(len(people) - shown, voice)]


def _more(count: int, voice: Voice) -> list[Line]:
    return [(Span(voice.inline(labels.more(count)), Style.FAINT),)] if count > 0 else []


def _asked(report: Report, voice: Voice) -> list[Line]:
    asked = report.asked
    lines: list[Line] = []
    if asked.how == "backport" and not _names_its_upstream(report):
        lines.append((Span(asked.rev, Style.ID), Span("  " + voice.inline(labels.AS_BACKPORT), Style.FAINT)))
    elif asked.how == "patch":
        lines.append((Span(asked.rev, Style.ADDRESS), Span("  " + voice.inline(labels.FROM_PATCH), Style.FAINT)))
    elif voice.verbose:
        lines.append((Span(asked.rev, Style.CODE),))
    lines += [(Span(voice.label(labels.ALSO) + " ", Style.FAINT), Span(other, Style.ID)) for other in asked.also]
    return lines


def _series(series: Series | None, voice: Voice) -> list[Line]:
    if series is None:
        return []
    place = f"{series.position or '?'}/{series.total or '?'}" if series.position or series.total else ""
    parts = [Span(part) for part in (place, series.title or "") if part]
    basis = labels.SERIES_BASIS.get(series.basis, Text.same(series.basis or "?"))
    line: list[Span] = []
    for part in (*parts, Span(voice.inline(basis), Style.FAINT)):
        line += [Span("  "), part] if line else [part]
    return [tuple(line)]


def _fixes(fixes: FixesPointer, voice: Voice) -> Line:
    if fixes.id is None:
        return (Span(fixes.written), Span("  " + voice.inline(labels.NOT_HERE), Style.FAINT))
    return (Span(fixes.id[:_SHORT], Style.ID), Span("  " + (fixes.subject or fixes.written)))


def _stable(mark: StableMark, voice: Voice) -> Line:
    name, bracket, rest = mark.text.partition("<")
    line = [Span(name), Span(bracket + rest, Style.ADDRESS)] if bracket else [Span(mark.text)]
    if mark.since:
        since = Text(f"{mark.since} {labels.SINCE.zh}", f"{mark.since} {labels.SINCE.en}")
        line.append(Span("  " + voice.inline(since), Style.FAINT))
    if mark.noautosel:
        line.append(Span("  " + voice.inline(labels.NOAUTOSEL), Style.FAINT))
    return tuple(line)


def _absent_tags(commit: Commit) -> list[Line]:
    """The two tags whose absence tells a backporter something."""
    absent = [tag for tag, values in (("Fixes:", commit.fixes), ("Cc: stable", commit.stable)) if not values]
    return [(Span(" · ".join(absent), Style.FAINT),)] if absent else []


def _parents(commit: Commit, voice: Voice) -> list[Line]:
    if len(commit.parents) < 2 and not voice.verbose:
        return []
    return [(Span(parent, Style.ID),) for parent in commit.parents]


def _trailer(key: str, value: str) -> Line:
    return (Span(f"{key}: "), Span(value, Style.ADDRESS))


def _files(files: tuple[FileChange, ...], voice: Voice) -> list[Line]:
    shown = voice.fit(_FILES_SHOWN, len(files))
    return [*(_file(file, voice) for file in files[:shown]), *_more(len(files) - shown, voice)]


def _file(file: FileChange, voice: Voice) -> Line:
    line = [Span(file.path, Style.ADDRESS)]
    if file.additions is not None:
        line.append(Span(f"  +{file.additions}", Style.ADDED))
    if file.deletions is not None:
        line.append(Span(f" −{file.deletions}", Style.REMOVED))
    if file.status != "modified":
        status = labels.FILE_STATUS.get(file.status, Text.same(file.status or "?"))
        line.append(Span("  " + voice.inline(status), Style.FAINT))
    if file.binary:
        line.append(Span("  " + voice.inline(labels.BINARY), Style.FAINT))
    if file.before and file.before.path != file.path:
        line += [Span(" ← "), Span(file.before.path, Style.ADDRESS)]
    return tuple(line)
