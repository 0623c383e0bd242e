"""The files of a commit's tree: names, and which of them hold a word."""

from __future__ import annotations

import os
from collections.abc import Sequence

from kvmpatch.errors import Unreadable
from kvmpatch.sources.repo.names import PathNames
from kvmpatch.sources.repo.objects import missing
from kvmpatch.sources.repo.plumbing import Plumbing, quoting_git
from kvmpatch.sources.repo.values import TreeFile
from kvmpatch.words import Text

NO_MATCH = 1
"""git grep's status when nothing matches."""


def literal(names: PathNames, paths: Sequence[str]) -> list[str]:
    """Paths as pathspecs without wildcards, from the top of the tree."""
    return [":(top,literal)" + os.fsdecode(names.raw(path)) for path in paths if path]


def list_files(git: Plumbing, names: PathNames, commit: str, prefixes: Sequence[str]) -> tuple[TreeFile, ...]:
    """Every file below some folders; ls-tree takes paths as they are, wildcards mean nothing to it."""
    wanted = [os.fsdecode(names.raw(prefix.rstrip("/"))) for prefix in prefixes if prefix]
    done = git.run("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit, *wanted)
    if done.status != 0:
        raise missing(commit)
    files = []
    for entry in done.out.split(b"\0")[:-1]:
        head, _, path = entry.partition(b"\t")
        mode, kind, object_id = head.decode("ascii").split()
        files.append(TreeFile(names.text(path), object_id, mode, kind))
    return tuple(files)


def grep_files(
    git: Plumbing, names: PathNames, commit: str, words: Sequence[str], prefixes: Sequence[str]
) -> tuple[str, ...]:
    """Paths whose text holds one of the words, whole. Binary files are passed over."""
    if not words:
        return ()
    patterns = [part for word in words for part in ("-e", word)]
    options = ("-l", "-z", "-F", "-w", "-I", "--no-textconv", "--no-color", "--full-name", "--no-recurse-submodules")
    done = git.run("grep", *options, *patterns, commit, "--", *literal(names, prefixes))
    if done.status not in (0, NO_MATCH) or done.err:
        raise Unreadable(
            Text(zh=f"无法搜索提交 {commit[:12]} 的文件", en=f"the files of commit {commit[:12]} cannot be searched"),
            quoting_git(done),
        )
    return tuple(names.text(path.partition(b":")[2]) for path in done.out.split(b"\0")[:-1])
