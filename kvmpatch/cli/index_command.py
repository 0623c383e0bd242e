"""`kvmpatch index`: build, status, clear."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kvmpatch.cli.bilingual import BilingualCommand
from kvmpatch.cli.call import Call, is_terminal
from kvmpatch.cli.options import output_options, shared_options
from kvmpatch.errors import UsageError
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.render.formats import Format

ACTIONS = ("build", "status", "clear")


def _index(call: Call, action: str, kind: Format, file: str | None) -> None:
    if action not in ACTIONS:
        raise UsageError(
            Text(f"index 没有 {action}", f"index has no {action}"),
            Text(f"可用：{'、'.join(ACTIONS)}", f"one of {', '.join(ACTIONS)}"),
        )
    from kvmpatch.cli.delivery import deliver
    from kvmpatch.render.formats import Look, written
    from kvmpatch.render.index_page import index_page
    from kvmpatch.render.page import Voice
    from kvmpatch.reports.index import IndexRequest, index_report

    colour = call.wants_colour(is_terminal(sys.stdout) and file in (None, "-"))
    look = Look(Voice(call.speech, call.detail), call.columns(), colour and kind == "text")
    request = IndexRequest(action, call.start, call.progress, tuple(call.overrides))
    deliver(written([index_report(request)], index_page, kind, look), call, file)


INDEX = BilingualCommand(
    "index",
    callback=click.pass_obj(_index),
    said=Text(
        "使历史查询变快的本地索引：build、status、clear",
        "the local index that makes history fast: build, status, clear",
    ),
    more=Text(
        "build 建立或补全索引，中断后再次运行即可继续；status（默认）说明它覆盖什么；clear 删除它。\n"
        "索引放在 $XDG_CACHE_HOME/kvmpatch（默认 ~/.cache/kvmpatch），不写入仓库；没有索引时各命令照常工作。"
        "只有 kvmpatch.scope 内的提交才索引结构改动，默认是 RISC-V 与 KVM 的路径。",
        "build makes the index or completes it, and goes on where it was cut off; status (the default) tells what it "
        "covers; clear removes it.\nIt lies in $XDG_CACHE_HOME/kvmpatch (~/.cache/kvmpatch by default), never in the "
        "repository; without it every command works all the same. Structural changes are kept for the commits within "
        "kvmpatch.scope, by default the paths of RISC-V and KVM.",
    ),
    params=[
        click.Argument(("action",), required=False, default="status", metavar="[build|status|clear]"),
        *output_options(),
        *shared_options(),
    ],
)
"""The command itself."""
