"""GitPython, of which one module is wanted: the one that starts git.

`import git` brings a whole object model, which is never used here, and runs `git version` twice: a fifth of the time of
a short report. `git.cmd` stands on a few of its neighbours alone, so it is loaded below a package whose `__init__` did
not run. All of that is taken out of sight again: who imports `git` later gets it whole, as if for the first time.
"""

from __future__ import annotations

import importlib
import os
import sys
from functools import cache
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from git.cmd import Git

_PACKAGE = "git"


@cache
def load_git() -> type[Git]:
    """GitPython's `Git`. Nothing is started: that git is missing shows with the first command."""
    git = cast("type[Git]", _commands().Git)
    if git.GIT_PYTHON_GIT_EXECUTABLE is None:  # what the package would have set
        git.GIT_PYTHON_GIT_EXECUTABLE = os.environ.get("GIT_PYTHON_GIT_EXECUTABLE") or git.git_exec_name
    return git


@cache
def not_found() -> type[Exception]:
    """What that `Git` raises where git is missing; another copy of GitPython has another class of the name."""
    return cast("type[Exception]", _commands().GitCommandNotFound)


@cache
def _commands() -> ModuleType:
    """The module `git.cmd`; that of the whole package where somebody imported it before us."""
    if _PACKAGE not in sys.modules and (alone := _alone()):
        return alone
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    return importlib.import_module(f"{_PACKAGE}.cmd")


def _alone() -> ModuleType | None:
    """`git.cmd` without its package, None if this GitPython cannot do without."""
    spec = find_spec(_PACKAGE)
    if spec is None:
        return None
    sys.modules[_PACKAGE] = module_from_spec(spec)
    try:
        return importlib.import_module(f"{_PACKAGE}.cmd")
    except (ImportError, AttributeError):
        return None
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
            del sys.modules[name]
