"""`kvmpatch backport`: whether commits can go into a branch."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kvmpatch.cli.bilingual import BilingualCommand, call_of
from kvmpatch.cli.call import is_terminal
from kvmpatch.cli.onto_options import ignored_fixes, onto_options
from kvmpatch.cli.options import output_options, shared_options
from kvmpatch.cli.verdicts import FailOn, status_of
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.render.formats import Format


def _backport(
    ctx: click.Context,
    revs: tuple[str, ...],
    onto: str | None,
    fail_on: FailOn,
    profile: str | None,
    ignore: tuple[str, ...],
    kind: Format,
    file: str | None,
) -> None:
    from kvmpatch.cli.delivery import deliver
    from kvmpatch.render.backport_page import backport_page
    from kvmpatch.render.formats import Look, written
    from kvmpatch.render.page import Voice
    from kvmpatch.reports.annotate import AnnotateRequest, make_annotations
    from kvmpatch.reports.backport.request import BackportRequest

    call = call_of(ctx)
    colour = call.wants_colour(is_terminal(sys.stdout) and file in (None, "-"))
    look = Look(Voice(call.speech, call.detail), call.columns(), colour and kind == "text")
    request = BackportRequest(
        start=call.start,
        revs=revs,
        onto=onto,
        profile=profile,
        ignored=ignored_fixes(ignore),
        progress=call.progress,
        overrides=tuple(call.overrides),
    )
    found = make_annotations(AnnotateRequest(request))
    deliver(written([found.backport], backport_page, kind, look), call, file)
    ctx.exit(status_of(found.annotations, fail_on))


BACKPORT = BilingualCommand(
    "backport",
    callback=click.pass_context(_backport),
    said=Text("提交能否合入一个分支", "whether commits can go into a branch"),
    more=Text(
        "查目标是否已有它、试合入、缺少的前提、必须跟进的修复、能合入但含义不同之处，并给出逐个试过的方案。"
        "不动工作区，也不写入仓库。多个 REV 由旧到新，后一个在前一个合入之后的目标上试。",
        "Is it in already, does it go in, what it needs first, which fixes must follow, what means another thing "
        "there, and a plan that was tried. Neither the work tree nor the repository is written to. Of several REVs, "
        "oldest first, each is tried on the target with the earlier ones in it.",
    ),
    params=[
        click.Argument(("revs",), nargs=-1, required=True, metavar="REV..."),
        *onto_options(),
        *output_options(),
        *shared_options(),
    ],
)
"""The command itself."""
