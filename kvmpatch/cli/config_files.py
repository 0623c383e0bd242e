"""Whether git's configuration can say anything to us, told without starting git.

Most people have no file that names one of our settings, and then there is nothing to ask: that saves a process, and
outside a repository all that starting git takes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

_SYSTEM = (Path("/etc/gitconfig"), Path("/usr/local/etc/gitconfig"), Path("/opt/homebrew/etc/gitconfig"))


def may_say(name: str, start: str) -> bool:
    """Whether a setting is worth asking git for: where a file of the user's or the repository's may hold it.

    A file that brings in others counts as well: what those say is git's to find out.
    """
    if any(name in os.environ for name in ("GIT_DIR", "GIT_CONFIG", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS")):
        return True
    words = (name.partition(".")[0].encode(), b"include", b"worktreeconfig")
    return any(_mentions(path, words) for path in (*_of_repositories(start), *_files()))


def _of_repositories(start: str) -> Iterator[Path]:
    """The configuration of what looks like a repository, from there upward.

    A linked worktree or a submodule has a file for `.git`, which is no configuration and holds none of the words: it
    is given as a folder would be, and cannot be read, which counts as saying something.
    """
    here = Path(start).resolve()  # git too stands where a link leads
    for folder in (here, *here.parents):
        if (folder / ".git").exists():
            yield folder / ".git" / "config"
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
            yield folder / "config"


def _files() -> Iterator[Path]:
    """The files that git reads for every repository, wherever its makers may have put them."""
    environment = os.environ
    if not environment.get("GIT_CONFIG_NOSYSTEM"):
        if "GIT_CONFIG_SYSTEM" in environment:
            yield Path(environment["GIT_CONFIG_SYSTEM"])
        else:
            yield from _SYSTEM
            git = shutil.which("git")
            if git:
                yield Path(git).parent.parent / "etc" / "gitconfig"
    if "GIT_CONFIG_GLOBAL" in environment:
        yield Path(environment["GIT_CONFIG_GLOBAL"])
        return
    home = environment.get("HOME")
    elsewhere = environment.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else None)
    if elsewhere:
        yield Path(elsewhere) / "git" / "config"
    if home:
        yield Path(home) / ".gitconfig"


def _mentions(path: Path, words: Iterable[bytes]) -> bool:
    try:
        text = path.read_bytes().lower()
    except FileNotFoundError:
        return False
    except OSError:  # git decides what to make of it
        return True
    return any(word in text for word in words)
