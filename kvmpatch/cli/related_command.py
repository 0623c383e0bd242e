"""`kvmpatch related`: the commits that belong together."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from kvmpatch.cli.bilingual import BilingualCommand, BilingualOption, call_of
from kvmpatch.cli.call import Call, is_terminal
from kvmpatch.cli.options import output_options, shared_options
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.render.formats import Format

_PATHS = "kvmpatch.related.paths"


class _Command(BilingualCommand):
    """A command that takes pathspecs behind `--`, as `git log` does; click alone would forget where they begin."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put aside what stands behind the first `--`."""
        if "--" in args:
            place = args.index("--")
            ctx.meta[_PATHS] = tuple(args[place + 1 :])
            args = args[:place]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The usage line with the pathspecs."""
        return [*super().collect_usage_pieces(ctx), "[-- PATH...]"]


def _related(ctx: click.Context, kind: Format, file: str | None, rev: str | None, **asked: Any) -> None:
    from kvmpatch.cli.delivery import deliver
    from kvmpatch.render.formats import Look, written
    from kvmpatch.render.page import Voice
    from kvmpatch.render.related_page import related_page
    from kvmpatch.reports.related import RelatedRequest, make_related

    call = call_of(ctx)
    colour = call.wants_colour(is_terminal(sys.stdout) and file in (None, "-"))
    look = Look(Voice(call.speech, call.detail), call.columns(), colour and kind == "text")
    hints: list[Text] = []
    request = RelatedRequest(
        start=call.start,
        rev=rev,
        paths=ctx.meta.get(_PATHS, ()),
        progress=call.progress,
        hint=hints.append,
        overrides=tuple(call.overrides),
        **asked,
    )
    deliver(written((make_related(one) for one in [request]), related_page, kind, look), call, file)
    for said in hints:
        _hint(call, said)


def _hint(call: Call, said: Text) -> None:
    if not call.quiet:
        click.echo(f"kvmpatch: hint: {said.in_language(call.language)}", err=True)


def _option(names: tuple[str, ...], zh: str, en: str, **more: Any) -> click.Parameter:
    return BilingualOption(names, said=Text(zh, en), **more)


def _filters() -> list[click.Parameter]:
    """The filters of `git log`, by its names."""
    many = {"multiple": True}
    return [
        _option(("--grep",), "提交信息匹配 PATTERN（不查 notes）",
                "messages that match PATTERN (notes are not searched)", metavar="PATTERN", **many),
        _option(("--author",), "作者匹配 PATTERN", "authors that match PATTERN", metavar="PATTERN", **many),
        _option(("--committer",), "提交者匹配 PATTERN", "committers that match PATTERN", metavar="PATTERN", **many),
        _option(("--since", "--after"), "晚于 DATE", "newer than DATE", metavar="DATE"),
        _option(("--until", "--before"), "早于 DATE", "older than DATE", metavar="DATE"),
        _option(("-i", "--regexp-ignore-case", "ignore_case"), "不分大小写", "whatever the case", is_flag=True),
        _option(("-E", "--extended-regexp", "syntax"), "扩展正则表达式", "extended regular expressions",
                flag_value="extended"),
        _option(("-F", "--fixed-strings", "syntax"), "按字面匹配", "fixed strings", flag_value="fixed"),
        _option(("-P", "--perl-regexp", "syntax"), "Perl 正则表达式", "Perl regular expressions", flag_value="perl"),
        _option(("--basic-regexp", "syntax"), "基本正则表达式", "basic regular expressions", flag_value="basic"),
        _option(("--all-match",), "须匹配所有 --grep", "all patterns of --grep must match", is_flag=True),
        _option(("--invert-grep",), "不匹配 --grep 的提交", "messages that do not match --grep", is_flag=True),
        _option(("--no-merges",), "不含合并提交", "no merges", is_flag=True),
        _option(("--all", "all"), "在全部引用中查找，不只 HEAD", "in all refs, not in HEAD alone", is_flag=True),
    ]  # fmt: skip


def _changes() -> list[click.Parameter]:
    """What `git log` cannot ask."""
    many = {"multiple": True}
    return [
        _option(("--symbol",), "改动过 NAME：函数、宏、结构体、常量，或 STRUCT.FIELD",
                "changed NAME: a function, macro, structure, constant, or STRUCT.FIELD", metavar="NAME", **many),
        _option(("--csr",), "改动过对 CSR 的访问或其定义", "changed accesses to a CSR, or its definition",
                metavar="CSR", **many),
        _option(("--bit",), "改动过一个位：ENVCFG_CBZE、henvcfg.CBZE", "changed a bit: ENVCFG_CBZE, henvcfg.CBZE",
                metavar="BIT", **many),
        _option(("--ext",), "改动过一个扩展：它的 id、位或寄存器", "changed an extension: its ids, bits or registers",
                metavar="EXT", **many),
    ]  # fmt: skip


RELATED = _Command(
    "related",
    callback=click.pass_context(_related),
    said=Text("与一个提交或一个主题相关的提交", "the commits that belong with a commit or a topic"),
    more=Text(
        "给出 REV：它的系列、前提、后续、修复、还原、别处的同一改动。给出条件：匹配的提交（与 git log --no-notes "
        "的结果相同）及其相关提交。REV 为 A..B 时在该范围内查找。--symbol 等按改动查找，与 --grep 取并集。",
        "With REV: its series, prerequisites, follow-ups, fixes, reverts, and the same change elsewhere. With filters: "
        "the commits that match, the same as git log --no-notes prints, and their relatives. A..B as REV is where to "
        "look. --symbol and its kin look at what commits changed; they add to what --grep finds.",
    ),
    params=[
        click.Argument(("rev",), required=False, metavar="[REV]"),
        *_filters(),
        *_changes(),
        *output_options(),
        *shared_options(),
    ],
)
"""The command itself."""
