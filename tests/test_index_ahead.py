"""Reading ahead: the same pieces, the same errors, and no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Generator
from itertools import islice

import pytest

from kvmpatch.sources.index.ahead import ahead


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "kvmpatch-ahead"]


def counted(told: list[str], last: int) -> Generator[int, None, None]:
    try:
        for number in range(last):
            told.append(f"made {number}")
            yield number
    finally:
        told.append("closed")


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_all_pieces_come_in_order(count: int) -> None:
    told: list[str] = []
    assert list(ahead(counted(told, count), 2)) == list(range(count))
    assert told == [*(f"made {number}" for number in range(count)), "closed"]
    assert not threads()


def test_no_more_is_fetched_than_there_is_room_for() -> None:
    told: list[str] = []
    third = threading.Event()

    def watched() -> Generator[int, None, None]:
        for number in counted(told, 9):
            yield number
            if number == 2:
                third.set()

    pieces = ahead(watched(), 2)
    assert next(pieces) == 0
    assert not third.wait(0.05)  # two lie ready, and the third is not asked for
    assert told == ["made 0", "made 1", "made 2"][: len(told)]
    pieces.close()


def test_who_stops_early_closes_what_was_fetched_from() -> None:
    told: list[str] = []
    pieces = ahead(counted(told, 1000), 2)
    assert list(islice(pieces, 3)) == [0, 1, 2]
    pieces.close()
    assert told[-1] == "closed"
    assert len(told) < 10
    assert not threads()


def test_an_error_comes_after_the_pieces_before_it() -> None:
    def failing() -> Generator[int, None, None]:
        yield 1
        yield 2
        raise OSError("the pipe broke")

    got: list[int] = []
    with pytest.raises(OSError, match="the pipe broke"):
        got.extend(ahead(failing(), 4))
    assert not threads()
    pieces = ahead(failing(), 1)
    assert [next(pieces), next(pieces)] == [1, 2]
    with pytest.raises(OSError, match="the pipe broke"):
        next(pieces)
