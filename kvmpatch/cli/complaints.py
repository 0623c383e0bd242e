"""What goes wrong, in one line and a hint, in the language of the call."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import click

from kvmpatch.cli.call import Call
from kvmpatch.errors import KvmpatchError
from kvmpatch.render.escape import one_line
from kvmpatch.words import Language, Text


def complain(call: Call, said: Text, hint: Text | None = None) -> None:
    """One line on stderr, and a hint. Names that a user or a repository chose are made harmless first."""
    call.end_progress()
    language = _language(call)
    lines = [f"kvmpatch: error: {said.in_language(language)}"]
    if hint:
        lines.append(f"kvmpatch: hint: {hint.in_language(language)}")
    for line in lines:
        # stderr's own error handler copes with a locale that has no such character
        print(one_line(line), file=sys.stderr)  # noqa: T201 - the one place that speaks on stderr


def _language(call: Call) -> Language:
    try:
        return call.language
    except Exception:  # an error while looking for the language of an error
        return "en"


def complain_of_usage(call: Call, error: click.ClickException) -> None:
    """A complaint of click's in our form."""
    path = f"{call.program} {call.command}" if call.command else call.program
    hint = Text(f"参见 {path} -h", f"see {path} -h")
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        near = " ".join(sorted(error.possibilities)[:3])
        hint = Text(f"是否指 {near}？", f"did you mean {near}?")
    complain(call, _usage_text(error), hint)


def _usage_text(error: click.ClickException) -> Text:
    message = error.format_message().rstrip(".")
    match error:
        case click.NoSuchOption():
            return Text(f"没有选项 {error.option_name}", f"no such option: {error.option_name}")
        case click.BadOptionUsage() if "requires" in message:
            return Text(f"选项 {error.option_name} 缺少取值", f"option {error.option_name} needs a value")
        case click.BadOptionUsage():
            return Text(f"选项 {error.option_name} 不带取值", f"option {error.option_name} takes no value")
        case click.MissingParameter():
            name = error.param.human_readable_name if error.param else "?"
            return Text(f"缺少参数 {name}", f"missing argument {name}")
        case click.BadParameter(param=click.Option() as option) if isinstance(option.type, click.Choice):
            choices = [str(choice) for choice in option.type.choices]
            return Text(
                f"{option.opts[0]} 只能是 {'、'.join(choices)}", f"{option.opts[0]} must be one of {', '.join(choices)}"
            )
        case _:
            return Text(f"用法有误：{message}", message[:1].lower() + message[1:])


def complain_of_bug(call: Call, bug: BaseException) -> None:
    """A fault of ours: where it is, in one line; the traceback with -v."""
    frames = traceback.extract_tb(bug.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    name = f"{type(bug).__name__}: {bug}{where}" if str(bug) else f"{type(bug).__name__}{where}"
    hint = None if call.verbose else Text("加 -v 可看到调用栈", "-v shows the traceback")
    complain(call, Text(f"kvmpatch 自身的缺陷：{name}", f"a bug in kvmpatch: {name}"), hint)
    if call.verbose:
        traceback.print_exception(bug)


def complain_of(call: Call, error: KvmpatchError) -> None:
    """One of our own errors."""
    complain(call, error.said, error.hint)
