"""`kvmpatch annotate`: the CI job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from kvmpatch.cli.bilingual import BilingualCommand, BilingualOption, call_of
from kvmpatch.cli.call import Call, is_terminal
from kvmpatch.cli.ci_examples import EXAMPLES, example
from kvmpatch.cli.onto_options import ignored_fixes, onto_options, text_of
from kvmpatch.cli.options import output_options, shared_options
from kvmpatch.cli.verdicts import FailOn, status_of
from kvmpatch.errors import KvmpatchError, UsageError
from kvmpatch.render.annotate_formats import ANNOTATE_FORMATS, CUT, AnnotateFormat
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.model.annotation import Annotations
    from kvmpatch.render.page import Voice
    from kvmpatch.reports.annotate import AnnotateRequest


_WITH_WARNINGS: tuple[AnnotateFormat, ...] = ("text", "markdown", "json")


class _Asked(NamedTuple):
    """The options of one call."""

    range_: str | None
    onto: str | None
    fail_on: FailOn
    profile: str | None
    ignore: tuple[str, ...]
    baseline: str | None
    kind: AnnotateFormat
    file: str | None
    max_bytes: int | None
    summary: str | None
    example_: str | None


def _annotate(ctx: click.Context, /, **options: Any) -> None:
    asked = _Asked(**options)
    call = call_of(ctx)
    if asked.example_ is not None:
        _print_example(call, asked.example_)
        return
    from kvmpatch.cli.delivery import deliver
    from kvmpatch.render.annotate_formats import written_annotations
    from kvmpatch.render.formats import Look
    from kvmpatch.render.page import Voice
    from kvmpatch.reports.annotate import make_annotations

    colour = call.wants_colour(is_terminal(sys.stdout) and asked.file in (None, "-"))
    look = Look(Voice(call.speech, call.detail), call.columns(), colour and asked.kind == "text")
    annotations = make_annotations(_request(call, asked))
    if asked.kind == "notes":
        _keep_notes(call, annotations, look.voice)
    else:
        limit = asked.max_bytes if asked.kind in CUT else None
        deliver(written_annotations(annotations, asked.kind, look, limit), call, asked.file)
    if asked.kind not in _WITH_WARNINGS:
        _warn(call, annotations)
    if asked.summary is not None:
        _append(asked.summary, "".join(written_annotations(annotations, "markdown", look, asked.max_bytes)))
    ctx.exit(status_of(annotations.annotations, asked.fail_on))


def _request(call: Call, asked: _Asked) -> AnnotateRequest:
    """What the report is asked. Files are read first: a bad one is told before minutes of work.

    Raises:
        UsageError: options that do not go together, or no range.
        BadInput: a file that is not what its option reads.
    """
    from kvmpatch.reports.annotate import AnnotateRequest, known_fingerprints
    from kvmpatch.reports.backport.request import BackportRequest

    if asked.range_ is None:
        raise UsageError(Text("缺少参数 RANGE", "missing argument RANGE"))
    if asked.max_bytes is not None and asked.kind not in CUT and asked.summary is None:
        raise UsageError(
            Text(f"--max-bytes 不能用于 {asked.kind}", f"--max-bytes does not go with {asked.kind}"),
            Text("给程序读的格式不能截短；它用于 text、markdown 与 --summary",
                 "what programs read is not cut; it is for text, markdown and --summary"),
        )  # fmt: skip
    if asked.kind == "notes" and asked.file is not None:
        raise UsageError(
            Text("-o 不能用于 notes", "-o does not go with notes"),
            Text("notes 写入 refs/notes/kvmpatch", "they are kept in refs/notes/kvmpatch"),
        )
    known = known_fingerprints(text_of("--baseline", asked.baseline)) if asked.baseline is not None else None
    request = BackportRequest(
        start=call.start,
        revs=(asked.range_,),
        onto=asked.onto,
        profile=asked.profile,
        ignored=ignored_fixes(asked.ignore),
        progress=call.progress,
        overrides=tuple(call.overrides),
    )
    return AnnotateRequest(request, known)


def _print_example(call: Call, service: str) -> None:
    from kvmpatch.render.page import Voice

    click.echo(example(service, Voice(call.speech).languages), nl=False)


def _warn(call: Call, annotations: Annotations) -> None:
    """Say on stderr what the format has no place for: a range without a commit must not pass in silence."""
    from kvmpatch.render.escape import one_line

    call.end_progress()
    for one in annotations.warnings:
        click.echo(f"kvmpatch: warning: {one_line(one.said.in_language(call.language))}", err=True)


def _append(file: str, page: str) -> None:
    """Add the page to a file, as a runner's summary is written: other tools may have written there before.

    Raises:
        KvmpatchError: it cannot be written.
    """
    try:
        with Path(file).open("a", encoding="utf-8", errors="backslashreplace") as out:
            out.write(page)
    except OSError as reason:
        said = reason.strerror or str(reason)
        raise KvmpatchError(Text(f"无法写入 {file}：{said}", f"cannot write {file}: {said}")) from reason


def _keep_notes(call: Call, annotations: Annotations, voice: Voice) -> None:
    """Write the notes, and say what became of them."""
    from kvmpatch.render.to_notes import to_notes
    from kvmpatch.sources.repo.notes import REF, write_notes

    kept = write_notes(call.start, to_notes(annotations, voice), annotations.schema)
    call.end_progress()
    if call.quiet:
        return
    count = len(kept.written)
    said = [Text(f"{REF}：写入 {count} 条", f"{REF}: {count} written; see git log --notes=kvmpatch")]
    if kept.foreign:
        ids = ", ".join(one[:12] for one in kept.foreign)
        said.append(Text(f"未动他人的注释：{ids}", f"left alone, as they are another's: {ids}"))
    if not kept.follows_rebases:
        setting = f"git config --add notes.rewriteRef {REF}"
        said.append(Text(f"变基后注释会丢失，除非 {setting}", f"a rebase loses them, unless: {setting}"))
    for one in said:
        click.echo(f"kvmpatch: {one.in_language(call.language)}", err=True)


def _own_options() -> list[click.Parameter]:
    output = [option for option in output_options() if option.name != "kind"]
    return [
        BilingualOption(
            ("--baseline",), metavar="FILE",
            said=Text("早先写出的 jsonl、json 或 sarif：其中的发现不再计入",
                      "jsonl, json or sarif of an earlier run: what is in it does not count"),
        ),
        BilingualOption(
            ("--format", "kind"), type=click.Choice(ANNOTATE_FORMATS), default="text",
            said=Text("输出格式，默认 text；notes 写入 refs/notes/kvmpatch",
                      "output format; text by default; notes writes refs/notes/kvmpatch"),
        ),
        BilingualOption(
            ("--max-bytes",), metavar="N", type=click.IntRange(min=1),
            said=Text("text、markdown 与 --summary 不超过 N 字节，按整条截短",
                      "cut text, markdown and --summary at whole findings, to N bytes"),
        ),
        BilingualOption(
            ("--summary",), metavar="FILE",
            said=Text("另把 Markdown 页面追加到 FILE，如 $GITHUB_STEP_SUMMARY",
                      "append the page in Markdown to FILE as well, such as $GITHUB_STEP_SUMMARY"),
        ),
        BilingualOption(
            ("--example", "example_"), type=click.Choice(EXAMPLES),
            said=Text("只打印一个可用的 CI 任务", "print a CI job that works, and nothing else"),
        ),
        *output,
    ]  # fmt: skip


ANNOTATE = BilingualCommand(
    "annotate",
    callback=click.pass_context(_annotate),
    said=Text("CI 任务：把一个范围的发现逐条标注", "the CI job: findings about a range, as annotations"),
    more=Text(
        "对 RANGE 中的每个提交做 backport 所做的检查，每个评审须知之处成为一条发现，由重到轻。代号可用 explain 查询。"
        "以 1 退出：有达到 --fail-on 的新发现；以 3 退出：有无法判断之处。",
        "What backport asks of each commit of RANGE; each thing that a reviewer must know becomes one finding, the "
        "gravest first. explain tells what a rule looks for. Exit status 1: a new finding at or above --fail-on; 3: "
        "something is undecided.",
    ),
    params=[
        click.Argument(("range_",), required=False, metavar="RANGE"),
        *onto_options(),
        *_own_options(),
        *shared_options(),
    ],
)
"""The command itself."""
