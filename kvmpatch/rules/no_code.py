"""A commit that changes no code: only documentation, bindings, build files, or only white space and comments.

It is said in so many words, because a reader of an empty list cannot tell "nothing" from "nothing found".
"""

from __future__ import annotations

from collections.abc import Iterator

from kvmpatch.model import Evidence, FileChange, Report
from kvmpatch.rules.spoken import Context, Spoken, say
from kvmpatch.words import Text

_DOCUMENTS = (".rst", ".txt", ".md", ".yaml", ".yml", "README", "MAINTAINERS", "CREDITS", ".json")
_CODE = (".c", ".h", ".S", ".s", ".rs")


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """Say what kind of commit without code this is."""
    del context
    if not report.files or report.changes or report.csr_accesses or report.bits:
        return
    first = report.files[0]
    evidence = Evidence(commit=report.commit.id, path=first.path)
    if all(_is_document(file) for file in report.files):
        bindings = all("/bindings/" in file.path for file in report.files)
        said = (
            Text("只改设备树绑定文档，没有代码改动。", "Device-tree bindings only; no code changes.")
            if bindings
            else Text("只改文档，没有代码改动。", "Documentation only; no code changes.")
        )
        yield say("summary", "documentation-only", said, evidence)
    elif all(file.path.endswith(_CODE) for file in report.files) and all(
        file.status == "modified" for file in report.files
    ):
        yield say(
            "summary",
            "no-structural-change",
            Text(
                "没有结构上的改动：只动了空白、注释、函数原型或 #include。",
                "No structural change: only white space, comments, prototypes or #include lines.",
            ),
            evidence,
        )
    elif not any(file.path.endswith((*_CODE, "Kconfig")) for file in report.files):
        yield say(
            "summary",
            "other-files-only",
            Text("不涉及 C、汇编或 Kconfig。", "Touches no C, assembly or Kconfig file."),
            evidence,
        )
    elif any(file.binary for file in report.files):
        yield say(
            "summary",
            "binary-files",
            Text("含二进制文件，其内容未读。", "Touches binary files, whose content was not read."),
            next(Evidence(commit=report.commit.id, path=file.path) for file in report.files if file.binary),
        )


def _is_document(file: FileChange) -> bool:
    name = file.path.rpartition("/")[2]
    return file.path.startswith("Documentation/") or name.endswith(_DOCUMENTS) or name in _DOCUMENTS
