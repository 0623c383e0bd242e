"""What came before a commit and after it."""

from __future__ import annotations

from collections.abc import Iterator

from kvmpatch.model import History, HistoryEntry, Searched
from kvmpatch.render import labels
from kvmpatch.render.page import Block, Item, Items, Line, Note, Span, Style, Voice
from kvmpatch.words import Text

_ENTRIES_SHOWN = 8
_SHORT = 12
# Of these the reason tells what a commit did; of the others the caption says it.
_BY_REASON = (labels.INTRODUCED, labels.FOLLOWED)


def shortened(identity: str) -> str:
    """Twelve digits of an id, as kernel messages name commits."""
    return identity[:_SHORT]


def is_unsearched(history: History) -> bool:
    """Whether nothing was searched: of a patch text the place in its series is known, and no history."""
    searched = history.searched
    return searched.from_ is None and searched.to is None and not searched.complete


def history_blocks(history: History | None, voice: Voice) -> tuple[Block, ...]:
    """The groups that have commits, one row for those that have none, and how far was searched."""
    if history is None or is_unsearched(history):
        return ()
    groups = (
        (labels.INTRODUCED, history.introduced_by),
        (labels.FOLLOWED, history.followed_by),
        (labels.FIXED, history.fixed_by),
        (labels.REVERTED, history.reverted_by),
    )
    blocks: list[Block] = [
        _group(label, entries, voice, by_reason=label in _BY_REASON) for label, entries in groups if entries
    ]
    if history.series and history.series.members and voice.verbose:
        members = tuple(Item("", (_commit_line(member.id, member.subject),)) for member in history.series.members)
        blocks.append(Items(members, (Span(voice.label(labels.SERIES), Style.FAINT),)))
    return (*blocks, Note(tuple(_notes(history, [label for label, entries in groups if not entries], voice))))


def _notes(history: History, empty: list[Text], voice: Voice) -> Iterator[Line]:
    """What there is none of, and how far was searched: one line where all was searched."""
    searched = history.searched
    none: Line = (
        Span(voice.label(labels.NONE) + ": ", Style.FAINT),
        Span(" · ".join(voice.label(label) for label in empty)),
    )
    if empty and searched.complete and searched.to and not searched.from_:
        reach = (
            f" ({voice.shared(Text(f'{labels.UP_TO.zh} {shown}', f'{labels.UP_TO.en} {shown}'))})"
            if (shown := shortened_ref(searched.to))
            else ""
        )
        yield (*none, Span(reach, Style.FAINT))
        return
    if empty:
        yield none
    yield (Span(voice.label(labels.SEARCHED) + ": ", Style.FAINT), *_searched(searched, voice))


def _group(label: Text, entries: tuple[HistoryEntry, ...], voice: Voice, *, by_reason: bool) -> Items:
    """Commits under their caption, which names the symbol once where it is the same for all.

    One line a commit: what it did to what is of interest here; where that is the caption's own word, its subject.
    With -v both.
    """
    symbols = {entry.symbol for entry in entries}
    common = entries[0].symbol if len(symbols) == 1 else None
    shown = voice.fit(_ENTRIES_SHOWN, len(entries))
    items = []
    for entry in entries[:shown]:
        reason = _reason(entry, None if common else entry.symbol, voice)
        if voice.verbose:
            items.append(Item("", (_commit_line(entry.id, entry.subject, entry.date[:10]),), details=(reason,)))
        else:
            said = "".join(span.text for span in reason) if by_reason else entry.subject
            items.append(Item("", (_commit_line(entry.id, said, entry.date[:10]),)))
    if shown < len(entries):
        items.append(Item("", ((Span(voice.inline(labels.more(len(entries) - shown)), Style.FAINT),),)))
    caption = Span(voice.label(label), Style.FAINT)
    return Items(tuple(items), (caption, Span("  "), Span(common, Style.CODE)) if common else (caption,))


def _commit_line(identity: str, subject: str, date: str = "") -> Line:
    return (Span(shortened(identity), Style.ID), Span(f"  {date}" if date else "", Style.FAINT), Span(f"  {subject}"))


def _reason(entry: HistoryEntry, symbol: str | None, voice: Voice) -> Line:
    said = voice.shared(entry.reason.said)
    if symbol and symbol not in said:
        return Span(symbol, Style.CODE), Span(f": {said}")
    return (Span(said),)


def _searched(searched: Searched, voice: Voice) -> Line:
    if searched.from_ or searched.to:
        reach = f"{shortened_ref(searched.from_)}..{shortened_ref(searched.to)}" if searched.from_ else ""
        reach = reach or f"{voice.inline(labels.UP_TO)} {shortened_ref(searched.to)}"
    else:
        reach = voice.inline(labels.ALL_HISTORY if searched.complete else labels.UNKNOWN)
    line = [Span(reach, Style.FAINT)]
    if not searched.complete:
        stopped = f" ({searched.stopped})" if searched.stopped else ""
        line.append(Span(f"  {voice.inline(labels.INCOMPLETE)}{stopped}", Style.CAUTION))
    return tuple(line)


def shortened_ref(name: str | None) -> str:
    """A ref as it is, an id in twelve digits."""
    if name and len(name) >= 40 and all(digit in "0123456789abcdef" for digit in name):
        return name[:_SHORT]
    return name or "…"
