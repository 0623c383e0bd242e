"""Sentences in Chinese and English, held together as one value."""

from __future__ import annotations

from typing import Literal

import msgspec

Language = Literal["zh", "en"]


class Text(msgspec.Struct, frozen=True):
    """One statement in both languages.

    Neither language may be missing: a sentence is written for both readers or not at all.

    Raises:
        ValueError: one of the two is empty.
    """

    zh: str
    en: str

    def __post_init__(self) -> None:
        if not self.zh or not self.en:
            raise ValueError(f"a text needs both languages: zh={self.zh!r} en={self.en!r}")

    def in_language(self, language: Language) -> str:
        """The sentence in one language."""
        return self.zh if language == "zh" else self.en

    @classmethod
    def same(cls, word: str) -> Text:
        """A word that reads the same in both languages, such as an identifier."""
        return cls(zh=word, en=word)
