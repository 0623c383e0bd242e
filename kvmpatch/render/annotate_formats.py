"""The formats of `annotate`, by the names that `--format` takes: those of every command, and those of CI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from kvmpatch.render.formats import FORMATS

if TYPE_CHECKING:
    from kvmpatch.model.annotation import Annotations
    from kvmpatch.render.formats import Look

AnnotateFormat = Literal["text", "markdown", "json", "jsonl", "github", "gitlab", "sarif", "rdjson", "notes"]
ANNOTATE_FORMATS: tuple[AnnotateFormat, ...] = (*FORMATS, "github", "gitlab", "sarif", "rdjson", "notes")
CUT: tuple[AnnotateFormat, ...] = ("text", "markdown")
"""The formats that `--max-bytes` cuts; one for programs is whole or of no use."""


def written_annotations(
    annotations: Annotations, kind: AnnotateFormat, look: Look, max_bytes: int | None = None
) -> Iterator[str]:
    """The output piece by piece; nothing for `notes`, which go into the repository.

    Raises:
        UsageError: `max_bytes` is too small for anything.
    """
    match kind:
        case "text":
            from kvmpatch.render.annotate_page import text_page

            yield text_page(annotations, look.voice, look.columns, look.colour, max_bytes)
        case "markdown":
            from kvmpatch.render.annotate_page import markdown_page

            yield markdown_page(annotations, look.voice, max_bytes)
        case "json":
            from kvmpatch.render.to_json import to_json

            yield to_json([annotations])
        case "jsonl":
            from kvmpatch.render.to_json import plain_value, to_jsonl

            for one in annotations.annotations:
                fields = plain_value(one)
                assert isinstance(fields, dict)  # noqa: S101 - a struct is an object
                yield from to_jsonl([{"schema": annotations.schema, **fields}])
        case "github":
            from kvmpatch.render.to_github import to_github

            yield from to_github(annotations, look.voice)
        case "gitlab":
            from kvmpatch.render.to_gitlab import to_gitlab

            yield to_gitlab(annotations, look.voice)
        case "sarif":
            from kvmpatch.render.to_sarif import to_sarif

            yield to_sarif(annotations, look.voice)
        case "rdjson":
            from kvmpatch.render.to_rdjson import to_rdjson

            yield to_rdjson(annotations, look.voice)
        case "notes":
            return
