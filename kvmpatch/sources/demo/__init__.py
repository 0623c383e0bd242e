"""The miniature history: a small RISC-V KVM tree that every command can be tried on.

Its data are readable files: the first tree under ``base``, one patch for each commit under ``patches``,
and the order of branches, merges and tags in ``history.txt``. Whoever lays it down gets the same commit
ids: identities, dates and zones are fixed, and git sees none of the caller's configuration.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kvmpatch.errors import BadInput, Unreadable
from kvmpatch.sources.demo.plan import follow_plan
from kvmpatch.sources.demo.sealed_git import run_git
from kvmpatch.sources.demo.values import DemoCommit, DemoHistory, DemoRef
from kvmpatch.words import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DemoCommit", "DemoHistory", "DemoRef", "lay_down"]


def lay_down(directory: Path) -> DemoHistory:
    """Make a git repository of the miniature history and check out its main branch.

    The commit ids are the same on every machine. Takes well under two seconds.

    Args:
        directory: a directory that does not exist yet, or an empty one.

    Returns:
        The repository's branches, tags and commits.

    Raises:
        BadInput: the directory is not empty, is no directory, or cannot be made. It is left as it was.
        Unreadable: git or the shipped files are missing, or git failed. Nothing is left behind.
    """
    with _filled(directory):
        run_git(directory, "init", "--quiet", "--initial-branch=main", "--object-format=sha1", "--template=")
        history = follow_plan(_data(), directory)
        # A caller's autocrlf would show every file as changed.
        with (directory / ".git" / "config").open("a", encoding="utf-8", newline="\n") as config:
            config.write("[core]\n\tautocrlf = false\n")
        run_git(directory, "-c", f"core.attributesFile={os.devnull}", "read-tree", "-m", "-u", "HEAD")
    return history


@contextmanager
def _filled(directory: Path) -> Iterator[None]:
    """Make sure of an empty directory, and restore what was there if the body fails."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        occupied = any(directory.iterdir())
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(
            Text(f"无法创建目录 {directory}：{reason}", f"cannot make the directory {directory}: {reason}")
        ) from error
    if occupied:
        raise BadInput(
            Text(f"目录 {directory} 不为空", f"the directory {directory} is not empty"),
            Text("换一个不存在的目录或空目录", "name a directory that is empty or does not exist yet"),
        )
    try:
        yield
    except BaseException:
        for made in [missing[-1]] if missing else list(directory.iterdir()):
            if made.is_dir():
                shutil.rmtree(made)
            else:
                made.unlink()
        raise


def _data() -> Path:
    """The shipped files: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).resolve().parents[2]
    for place in (package / "miniature", package.parent / "fixtures" / "miniature"):
        if (place / "history.txt").is_file():
            return place
    raise Unreadable(
        Text("找不到随附的微缩历史", "the shipped miniature history is missing"),
        Text("重新安装 kvmpatch", "install kvmpatch again"),
    )
