"""One call of the program: what its shared options say, completed by settings, environment and terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO, cast

from kvmpatch.cli.config_files import may_say
from kvmpatch.errors import KvmpatchError, UsageError
from kvmpatch.words import Language, Text

if TYPE_CHECKING:
    from kvmpatch.render.page import Detail, Speech
    from kvmpatch.sources.repo import Settings

LANGUAGES = ("zh", "en", "both")
OWN_SETTINGS = ("kvmpatch.lang", "kvmpatch.target", "kvmpatch.upstream", "kvmpatch.scope", "kvmpatch.pager")
GIT_SETTINGS = ("core.pager", "color.ui")
_OFF = ("never", "false", "no", "off", "0")


@dataclass(slots=True)
class Call:
    """The shared options, wherever they stood; None where nothing was said."""

    program: str = "kvmpatch"
    command: str | None = None
    start: str = "."
    overrides: list[tuple[str, str]] = field(default_factory=list)
    lang: str | None = None
    spoken: str | None = None
    colour: str | None = None
    no_pager: bool = False
    quiet: bool = False
    verbose: bool = False
    _settings: Settings | None = None
    _progress_shown: bool = False

    @classmethod
    def begin(cls, arguments: Sequence[str], program: str) -> Call:
        """A call whose language is known before its options are parsed, for `--help` and errors of parsing."""
        call = cls(program)
        for place, argument in enumerate(arguments):
            following = arguments[place + 1] if place + 1 < len(arguments) else ""
            if argument == "--":
                break
            if argument.startswith("--lang="):
                call.spoken = argument.partition("=")[2]
            elif argument == "--lang":
                call.spoken = following
            elif argument == "-c" and following.lower().startswith("kvmpatch.lang=") and call.spoken is None:
                call.spoken = following.partition("=")[2]
        return call

    def override(self, assignment: str) -> None:
        """Take `-c name=value`; without `=` the value is `true`, as with git.

        Raises:
            UsageError: a name that kvmpatch does not read.
        """
        name, equals, value = assignment.partition("=")
        key = name.lower()
        if key not in OWN_SETTINGS + GIT_SETTINGS:
            known = ", ".join(OWN_SETTINGS + GIT_SETTINGS)
            raise UsageError(
                Text(f"-c：不认识的设置 {name}", f"-c: unknown setting {name}"),
                Text(f"可用：{known}", f"known: {known}"),
            )
        self.overrides.append((key, value if equals else "true"))

    def setting(self, name: str) -> str | None:
        """A setting of git config, `-c` first; None outside a repository without one, and where git is missing."""
        for key, value in reversed(self.overrides):
            if key == name:
                return value
        if self._settings is None:
            if not may_say(name, self.start):
                return None
            from kvmpatch.sources.repo import Settings, read_settings

            try:
                self._settings = read_settings(self.start)
            except (KvmpatchError, OSError):
                self._settings = Settings(())
        return self._settings.get(name)

    # ---- language ----------------------------------------------------------------------------------------------

    @property
    def speech(self) -> Speech:
        """The language of reports.

        Raises:
            UsageError: `kvmpatch.lang` is none of zh, en, both.
        """
        chosen = self.lang or self.setting("kvmpatch.lang") or "both"
        if chosen not in LANGUAGES:
            raise UsageError(
                Text(f"kvmpatch.lang 的值无效：{chosen}", f"kvmpatch.lang: no such language: {chosen}"),
                Text("可用：zh、en、both", "one of zh, en, both"),
            )
        return cast("Speech", chosen)

    @property
    def language(self) -> Language:
        """The language of errors and help: `--lang`, `kvmpatch.lang`, then the locale."""
        for chosen in (self.lang or self.spoken, None):
            said = chosen or self.setting("kvmpatch.lang")
            if said in ("zh", "en"):
                return cast("Language", said)
        locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
        return "zh" if locale.lower().startswith("zh") else "en"

    # ---- looks -------------------------------------------------------------------------------------------------

    @property
    def detail(self) -> Detail:
        """How much is said."""
        return "quiet" if self.quiet else "verbose" if self.verbose else "normal"

    def wants_colour(self, on_terminal: bool) -> bool:
        """`--color`, then NO_COLOR, FORCE_COLOR or CLICOLOR_FORCE, `color.ui`, and whether somebody looks on."""
        if self.colour in ("always", "never"):
            return self.colour == "always"
        if os.environ.get("NO_COLOR"):
            return False
        if any(os.environ.get(name, "") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
            return True
        if not on_terminal and not any(key == "color.ui" for key, _ in self.overrides):
            # of the settings only `always` could say otherwise, and a pipe is not made to wait for git
            return False
        chosen = (self.setting("color.ui") or "auto").lower()
        if chosen == "always":
            return True
        return on_terminal and chosen not in _OFF and os.environ.get("TERM") != "dumb"

    def columns(self) -> int:
        """The width of the terminal; $COLUMNS or 80 for a pipe."""
        return shutil.get_terminal_size((80, 24)).columns

    # ---- progress ----------------------------------------------------------------------------------------------

    def progress(self, said: Text) -> None:
        """Say on a terminal's stderr what takes time; the next line overwrites it."""
        if self.quiet or not is_terminal(sys.stderr):
            return
        from kvmpatch.render.escape import one_line

        sys.stderr.write(f"\r\x1b[K{one_line(said.in_language(self.language))}")
        sys.stderr.flush()
        self._progress_shown = True

    def end_progress(self) -> None:
        """Clear the line of progress, before anything else is written."""
        if self._progress_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._progress_shown = False


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person may be looking at the stream."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False
