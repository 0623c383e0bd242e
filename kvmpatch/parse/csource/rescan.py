"""A file cut anew only where it differs from a version that was cut before.

Two versions of a file share most of their text, and cutting was a third of the time of a range. What lies between the
last piece that ends in their common head and the first that ends in their common tail is cut; the rest is taken over.
The outcome is that of a whole scan, or none: whatever could make the rest depend on what changed (a conditional group
that is not closed there, branches that do not balance, bodies that never end) leaves the work to the whole scan.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate, islice

from kvmpatch.parse.csource.scan import Piece, PieceKind, Scan, cut_part, line_lengths, stands_alone

# Below this a whole scan is as fast.
_WORTH_IT = 3000


def rescan(data: bytes, near: Scan) -> Scan | None:
    """Cut a file that resembles another; None if that has to be done from scratch."""
    old = near.data
    if len(data) < _WORTH_IT or near.clean is not old or not all(piece.closed for piece in near.pieces):
        return None
    head = _common_head(old, data)
    tail = _common_tail(old, data, min(len(old), len(data)) - head)
    if 2 * (head + tail) < len(data):
        return None
    ends = [piece.end for piece in near.pieces if piece.kind is not PieceKind.MACRO]
    start = max((end for end in ends if end <= head), default=0)
    # Behind a line's end nothing looks back at what stood before. The first end of a piece is none of the new version
    # where what it shares with the old begins with that line feed by chance.
    stops = (end for end in ends if end > start and end >= len(old) - tail and old[end : end + 1] == b"\n")
    for stop in islice(stops, 2):
        if stands_alone(old, start, stop) and (fresh := cut_part(data, start, stop + len(data) - len(old))) is not None:
            return _joined(data, near, fresh, (start, stop))
    return None


def _joined(data: bytes, near: Scan, fresh: list[Piece], span: tuple[int, int]) -> Scan:
    start, stop = span
    moved = len(data) - len(near.data)
    first = bisect_left(near.pieces, start, key=_begin)
    after = bisect_left(near.pieces, stop, key=_begin)
    behind = near.pieces[after:]
    if moved:
        behind = tuple(_shifted(piece, moved) for piece in behind)
    fresh.sort(key=_begin)
    pieces = (*near.pieces[:first], *fresh, *behind)
    return Scan(data, data, pieces, _lines(data, near, span))


def _begin(piece: Piece) -> int:
    return piece.start


def _shifted(piece: Piece, moved: int) -> Piece:
    body = None if piece.body is None else piece.body + moved
    return Piece(piece.kind, piece.start + moved, piece.end + moved, body, piece.closed)


def _lines(data: bytes, near: Scan, span: tuple[int, int]) -> tuple[int, ...]:
    start, stop = span
    moved = len(data) - len(near.data)
    known = near.line_starts[: bisect_right(near.line_starts, start)]
    behind = near.line_starts[bisect_right(near.line_starts, stop) :]
    # The line that `start` stands on goes on: its rest is as long as up to the first line feed.
    new = list(accumulate(line_lengths(data[start : stop + moved]), initial=start))[1:-1]
    return (*known, *new, *((at + moved for at in behind) if moved else behind))


def _common_head(old: bytes, new: bytes) -> int:
    """How many bytes two files begin with in common: halves are compared, as comparing slices is C's work."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_tail(old: bytes, new: bytes, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    return low
