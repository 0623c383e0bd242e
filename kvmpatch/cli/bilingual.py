"""click's commands and options with help in Chinese and English, laid out for both."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

import click

from kvmpatch.cli.call import Call
from kvmpatch.errors import UsageError
from kvmpatch.words import Language, Text

_USAGE = Text("用法", "Usage")
_COMMANDS = Text("命令", "Commands")
_OPTIONS = Text("选项", "Options")
_SHARED = Text("共用选项（写在命令之前或之后）", "Shared options (before or after the command)")
_HELP = Text("显示本帮助", "show this help")
_MAX_COLUMNS = 100
_NAME_LIMIT = 28

Row = tuple[str, str]


def call_of(ctx: click.Context) -> Call:
    """The call that this context belongs to."""
    call = ctx.find_object(Call)
    return call if call is not None else Call()


class BilingualOption(click.Option):
    """An option whose help is a `Text`; `shared` ones belong to every command."""

    def __init__(self, *args: Any, said: Text, shared: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.said = said
        self.shared = shared

    def row(self, language: Language) -> Row:
        """The names with what they take, and the help."""
        names = ", ".join([*self.opts, *self.secondary_opts])
        if not self.is_flag:
            choices = "|".join(self.type.choices) if isinstance(self.type, click.Choice) else ""
            names += f" {self.metavar or choices or 'VALUE'}"
        return names, self.said.in_language(language)


class BilingualCommand(click.Command):
    """A command whose help is a `Text`: its first line in lists, all of it on its own page."""

    def __init__(self, *args: Any, said: Text, more: Text | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.said = said
        self.more = more

    def get_help(self, ctx: click.Context) -> str:
        """The help page in the call's language."""
        call = call_of(ctx)
        language = call.language
        columns = min(call.columns(), _MAX_COLUMNS)
        usage = f"{ctx.command_path} {' '.join(self.collect_usage_pieces(ctx))}"
        parts = [f"{_USAGE.in_language(language)}: {usage}", *self._described(language, columns)]
        for heading, rows in self._lists(ctx, language):
            parts.append("\n".join((f"{heading.in_language(language)}:", *_rows(rows, columns))))
        return "\n\n".join(parts)

    def _described(self, language: Language, columns: int) -> Iterable[str]:
        for text in (self.said, self.more):
            if text:
                for paragraph in text.in_language(language).split("\n\n"):
                    yield "\n".join("  " + line for line in _wrapped(paragraph, columns - 2))

    def _lists(self, ctx: click.Context, language: Language) -> Iterable[tuple[Text, list[Row]]]:
        options = [param for param in self.get_params(ctx) if isinstance(param, BilingualOption)]
        own = [option.row(language) for option in options if not option.shared]
        own.append(("-h, --help", _HELP.in_language(language)))
        yield _OPTIONS, own
        shared = [option.row(language) for option in options if option.shared]
        if shared:
            yield _SHARED, shared


class BilingualGroup(BilingualCommand, click.Group):
    """The program itself."""

    def _lists(self, ctx: click.Context, language: Language) -> Iterable[tuple[Text, list[Row]]]:
        commands = [(name, command) for name, command in self.commands.items() if isinstance(command, BilingualCommand)]
        yield _COMMANDS, [(name, command.said.in_language(language)) for name, command in commands]
        yield from super()._lists(ctx, language)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command by its name.

        Raises:
            UsageError: there is none; the nearest is the hint.
        """
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.commands, 1)
            hint = Text(f"是否指 {near[0]}？", f"did you mean {near[0]}?") if near else None
            raise UsageError(Text(f"没有命令 {args[0]}", f"no such command: {args[0]}"), hint)
        call_of(ctx).command = args[0] if args else None
        return super().resolve_command(ctx, args)


def _rows(rows: list[Row], columns: int) -> Iterable[str]:
    from kvmpatch.render.wrap import width

    column = max((width(name) for name, _ in rows if width(name) <= _NAME_LIMIT), default=_NAME_LIMIT) + 4
    for name, said in rows:
        lines = list(_wrapped(said, columns - column))
        head = "  " + name
        if width(head) + 2 > column:
            yield head
        else:
            yield head + " " * (column - width(head)) + lines.pop(0)
        yield from (" " * column + line for line in lines)


def _wrapped(text: str, columns: int) -> Iterable[str]:
    from kvmpatch.render.page import Span
    from kvmpatch.render.wrap import wrap

    for line in text.split("\n"):
        for row in wrap((Span(line),), columns, columns):
            yield "".join(span.text for span in row)
