"""Paths between git's bytes and our text."""

from __future__ import annotations


class PathNames:
    r"""Turns the bytes of a path into text that can always be written, and back.

    A name that is not UTF-8 is shown with `\xNN` for each odd byte. The few names of that sort are remembered, so that
    a path that was handed out leads back to the file that it came from.
    """

    def __init__(self) -> None:
        self._odd: dict[str, bytes] = {}

    def text(self, raw: bytes) -> str:
        """The path as text."""
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            shown = raw.decode("utf-8", "backslashreplace")
            self._odd[shown] = raw
            return shown

    def raw(self, path: str) -> bytes:
        """The path as git knows it."""
        return self._odd.get(path) or path.encode("utf-8", "surrogateescape")
