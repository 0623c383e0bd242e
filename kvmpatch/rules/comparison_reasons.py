"""What is said of a backport that was held against its upstream commit, in words."""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import BackportReason
from kvmpatch.rules.spoken import because, listed


def spacing_alone(backport: str, paths: Sequence[str]) -> BackportReason:
    """In some files the two differ in white space and in nothing else."""
    files = listed(list(paths))
    return because(
        "spacing-alone",
        f"{files.zh} 中只有空白字符不同",
        f"{files.en}: nothing but white space differs",
        [Evidence(commit=backport, path=path) for path in paths[:3]],
    )


def other_path(backport: str, paths: Sequence[tuple[str, str]]) -> BackportReason:
    """Files that the backport changes under another path."""
    named = listed([f"{upstream} -> {there}" for upstream, there in paths])
    return because(
        "other-path",
        f"文件路径不同：{named.zh}",
        f"under another path: {named.en}",
        [Evidence(commit=backport, path=there) for _, there in paths[:3]],
    )
