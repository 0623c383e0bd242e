"""git config, read once, with the scope of each value: a repository may choose a language, never a program."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from kvmpatch.sources.repo.plumbing import Plumbing

OWN_SCOPES = frozenset({"system", "global", "command"})
"""Scopes that belong to the person who runs us. `local` and `worktree` come with the repository, whoever made it."""


class Settings(msgspec.Struct, frozen=True):
    """The settings that hold, in git's order: the last value of a key wins."""

    entries: tuple[tuple[str, str, str], ...]  # scope, key, value

    def get(self, name: str) -> str | None:
        """The value of a setting; `lang` means `kvmpatch.lang`.

        Keys that name a program (`pager`, `core.pager`, `pager.show`) are looked up in the user's own scopes only.
        """
        key = _key(name)
        programs = names_a_program(key)
        for scope, have, value in reversed(self.entries):
            if have == key and (scope in OWN_SCOPES or not programs):
                return value
        return None


def names_a_program(key: str) -> bool:
    """Whether the value of this setting is a command that would be run."""
    section, _, last = key.rpartition(".")
    return section == "pager" or last in {"pager", "editor", "command", "askpass", "program", "sshcommand"}


def read_settings(start: str | Path, overrides: Iterable[tuple[str, str]] = ()) -> Settings:
    """The settings as seen from a directory, in a repository or not.

    Args:
        start: where git looks from.
        overrides: what `-c name=value` gave; they win.
    """
    done = Plumbing(("-C", str(start), "--no-pager")).run("config", "--show-scope", "-z", "--list")
    fields = done.out.decode("utf-8", "backslashreplace").split("\0") if done.status == 0 else []
    entries = []
    for scope, entry in zip(fields[0::2], fields[1::2], strict=False):
        key, has_value, value = entry.partition("\n")
        entries.append((scope, key, value if has_value else "true"))
    entries += [("command", _key(name), value) for name, value in overrides]
    return Settings(tuple(entries))


def _key(name: str) -> str:
    """As git spells keys: section and variable in lower case, a subsection as it is."""
    if "." not in name:
        return f"kvmpatch.{name.lower()}"
    section, _, rest = name.partition(".")
    subsection, dot, variable = rest.rpartition(".")
    return f"{section.lower()}.{subsection}{dot}{variable.lower()}"
