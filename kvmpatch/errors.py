"""The few errors that kvmpatch raises on purpose.

Leaf code raises one of these with the facts in it; only the command line catches them, prints one
line and picks the exit status. Anything else that escapes is a bug of ours (status 70).
"""

from __future__ import annotations

from typing import ClassVar

from kvmpatch.words import Text


class KvmpatchError(Exception):
    """Something that the user can understand and act on.

    Attributes:
        said: what went wrong, one line in each language, without a final full stop.
        hint: what to do about it, or None.
        exit_status: the status of the process, from the contract.
    """

    exit_status: ClassVar[int] = 2

    def __init__(self, said: Text, hint: Text | None = None) -> None:
        super().__init__(said.en)
        self.said = said
        self.hint = hint

    def __reduce__(self) -> tuple[type[KvmpatchError], tuple[Text, Text | None]]:
        """How it travels from one process to another."""
        return type(self), (self.said, self.hint)


class UsageError(KvmpatchError):
    """The call itself is wrong: an option, a setting, an argument."""


class NotARepository(KvmpatchError):
    """No git repository at or above the given path."""


class UnknownRevision(KvmpatchError):
    """A revision that names nothing here, or more than one thing."""


class UnknownName(KvmpatchError):
    """A bit, register, extension or other name that the knowledge does not hold."""


class BadInput(KvmpatchError):
    """A file or stream that is not what the command reads."""


class Unreadable(KvmpatchError):
    """The thing is known, but objects or tools that are needed to read it are missing."""

    exit_status: ClassVar[int] = 3


class Undecided(KvmpatchError):
    """The question is understood, but what is at hand does not decide it."""

    exit_status: ClassVar[int] = 3
