"""The series of a commit: from numbered message ids in its Link:, else from its neighbours by author and date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from kvmpatch.model import CommitName, Message, Series
from kvmpatch.parse.message import read_message

if TYPE_CHECKING:
    from kvmpatch.sources.repo import RawCommit

# `git send-email` and `git format-patch` number the mails of a series in their message ids: …-3-someone@host.
_NUMBERED = re.compile(r"/(?P<stem>\d{8,14}(?:\.\d+)?)-(?P<number>\d{1,3})-(?P<sender>[^/\s>]+@[^/\s>]+)")
_SUBJECT = re.compile(r"\[[^\]]*?\b(?P<number>\d{1,3})/(?P<total>\d{1,3})\]")
# Patches of one series are made within seconds of each other: by send-email one a second, by rebase faster.
_CLOSE = 90.0
_FEWEST = 2


class SeriesFinder:
    """Looks for the series among commits that were applied near this one, given oldest first."""

    def __init__(self, raw: RawCommit, message: Message, near: Sequence[RawCommit]) -> None:
        self.raw = raw
        self.message = message
        self.near = near

    def find(self) -> Series | None:
        """The series, with the basis that it is known by; None where nothing tells."""
        return self._by_subject() or self._by_link() or self._by_neighbours()

    def _by_subject(self) -> Series | None:
        match = _SUBJECT.match(self.raw.subject)
        if not match or not 1 <= int(match["number"]) <= int(match["total"]):
            return None
        return Series("message", None, int(match["number"]), int(match["total"]), ())

    def _by_link(self) -> Series | None:
        mine = _numbered(self.message.links)
        if mine is None:
            return None
        members: dict[int, RawCommit] = {}
        for raw in self.near:
            if raw.id == self.raw.id or "http" in raw.message:
                place = _numbered(read_message(raw.message).links) if raw.id != self.raw.id else mine
                if place and place[0] == mine[0]:
                    members.setdefault(place[1], raw)
        # The cover letter is number 1 where there is one, which the message ids alone do not tell.
        listed = tuple(CommitName(raw.id, raw.subject) for _, raw in sorted(members.items()))
        return Series("link", None, None, None, listed) if len(listed) >= _FEWEST else None

    def _by_neighbours(self) -> Series | None:
        """Commits of the same author whose author dates follow each other closely, applied side by side."""
        moment = _moment(self.raw)
        if moment is None:
            return None
        dated: list[tuple[float, int, RawCommit]] = []
        for place, raw in enumerate(self.near):
            when = _moment(raw)
            if raw.author.email == self.raw.author.email and when is not None and len(raw.parents) <= 1:
                dated.append((when, place, raw))
        dated.sort(key=lambda one: one[:2])
        at = next((index for index, one in enumerate(dated) if one[2].id == self.raw.id), None)
        if at is None:
            return None
        first = last = at
        while first > 0 and dated[first][0] - dated[first - 1][0] <= _CLOSE:
            first -= 1
        while last + 1 < len(dated) and dated[last + 1][0] - dated[last][0] <= _CLOSE:
            last += 1
        members = tuple(CommitName(raw.id, raw.subject) for _, _, raw in dated[first : last + 1])
        if len(members) < _FEWEST:
            return None
        return Series("neighbours", None, at - first + 1, len(members), members)


def _numbered(links: Sequence[str]) -> tuple[tuple[str, str], int] | None:
    """((stem, sender), number) of the first link whose message id is numbered."""
    for link in links:
        match = _NUMBERED.search(link)
        if match:
            return (match["stem"], match["sender"]), int(match["number"])
    return None


def _moment(raw: RawCommit) -> float | None:
    try:
        return datetime.fromisoformat(raw.author.date).timestamp()
    except ValueError:
        return None
