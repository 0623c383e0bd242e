"""The options that every command shares, accepted before the command and after it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from kvmpatch.cli.bilingual import BilingualOption, call_of
from kvmpatch.cli.call import LANGUAGES
from kvmpatch.errors import UsageError
from kvmpatch.render.formats import FORMATS
from kvmpatch.words import Text

Decorator = Callable[[click.Command], click.Command]


def _start(ctx: click.Context, _: click.Parameter, values: tuple[str, ...]) -> None:
    call = call_of(ctx)
    for value in values:  # each from where the one before led to, as with git
        call.start = os.path.join(call.start, value) if value else call.start  # noqa: PTH118 - `.` and `..` stay as they are


def _override(ctx: click.Context, _: click.Parameter, values: tuple[str, ...]) -> None:
    for value in values:
        call_of(ctx).override(value)


def _lang(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        call_of(ctx).lang = value


def _colour(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        call_of(ctx).colour = value


def _no_pager(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    call_of(ctx).no_pager |= value


def _quiet(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    call_of(ctx).quiet |= value
    _one_of_both(ctx)


def _verbose(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    call_of(ctx).verbose |= value
    _one_of_both(ctx)


def _one_of_both(ctx: click.Context) -> None:
    call = call_of(ctx)
    if call.quiet and call.verbose:
        raise UsageError(Text("-q 与 -v 不能同时使用", "-q and -v exclude each other"))


def shared_options() -> list[click.Parameter]:
    """The options themselves, new ones for each command."""

    def option(names: tuple[str, ...], callback: Callable[..., None], said: Text, **more: Any) -> click.Parameter:
        return BilingualOption(names, said=said, shared=True, callback=callback, expose_value=False, **more)

    return [
        option(
            ("-C", "start"), _start, Text("从 PATH 起向上查找仓库", "look for the repository from PATH upward"),
            metavar="PATH", multiple=True,
        ),
        option(
            ("-c", "override"), _override, Text("临时设置，如 kvmpatch.lang=zh", "a setting: kvmpatch.lang=en"),
            metavar="NAME=VALUE", multiple=True,
        ),
        option(
            ("--lang",), _lang, Text("报告的语言，默认 both", "language of the report; both by default"),
            type=click.Choice(LANGUAGES),
        ),
        option(
            ("--color",), _colour, Text("是否着色，默认 auto", "whether to use colours; auto by default"),
            type=click.Choice(("auto", "always", "never")),
        ),
        option(("--no-pager",), _no_pager, Text("不用分页程序", "do not use a pager"), is_flag=True),
        option(("-q", "--quiet"), _quiet, Text("只要结论", "the verdicts alone"), is_flag=True),
        option(("-v", "--verbose"), _verbose, Text("全部内容及依据", "everything, with its evidence"), is_flag=True),
    ]  # fmt: skip


def output_options() -> list[click.Parameter]:
    """`--format` and `-o`."""
    return [
        BilingualOption(
            ("--format", "kind"), said=Text("输出格式，默认 text", "output format; text by default"),
            type=click.Choice(FORMATS), default="text",
        ),
        BilingualOption(
            ("-o", "--output", "file"), said=Text("写入 FILE（- 为标准输出）", "write to FILE (- for stdout)"),
            metavar="FILE",
        ),
    ]  # fmt: skip
