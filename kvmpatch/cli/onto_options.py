"""The options that `backport` and `annotate` share: onto what, in whose form, and what counts as failure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import click

from kvmpatch.cli.bilingual import BilingualOption
from kvmpatch.cli.verdicts import FAIL_ON
from kvmpatch.errors import BadInput
from kvmpatch.words import Text

_IGNORED = re.compile(r"([0-9a-f]{7,64})\s+#\s*(\S.*)", re.IGNORECASE)


def onto_options() -> list[click.Parameter]:
    """`--onto`, `--fail-on`, `--profile` and `--ignore`, as `onto`, `fail_on`, `profile` and `ignore` (files)."""
    return [
        BilingualOption(
            ("--onto",), metavar="REF",
            said=Text("目标分支，默认 kvmpatch.target", "the branch that may take them; kvmpatch.target by default"),
        ),
        BilingualOption(
            ("--fail-on",), type=click.Choice(FAIL_ON), default="error",
            said=Text("从哪一级发现起以 1 退出，默认 error", "the least finding that exits with 1; error by default"),
        ),
        BilingualOption(
            ("--profile",), metavar="NAME",
            said=Text(
                "按哪个发行版检查提交信息的格式；默认由目标分支判断",
                "the distribution whose form of a message is asked for; told by the branch by default",
            ),
        ),
        BilingualOption(
            ("--ignore",), metavar="FILE", multiple=True,
            said=Text(
                "不必跟进的修复，每行“提交号 # 理由”；可给出多个",
                "fixes that need not follow, a line each: ID # REASON; may be given more than once",
            ),
        ),
    ]  # fmt: skip


def ignored_fixes(files: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What `--ignore` files hold: ids in lower case as written, perhaps shortened, each with its reason.

    Blank lines, and lines that begin with `#`, say nothing.

    Raises:
        BadInput: a file cannot be read, or a line is neither.
    """
    found: list[tuple[str, str]] = []
    for file in files:
        for number, written in enumerate(text_of("--ignore", file).splitlines(), 1):
            line = written.strip()
            if not line or line.startswith("#"):
                continue
            match = _IGNORED.fullmatch(line)
            if match is None:
                raise BadInput(
                    Text(
                        f"--ignore {file} 第 {number} 行无法理解", f"--ignore {file}: line {number} is not understood"
                    ),
                    Text("每行写作：提交号 # 理由", "a line is: ID # REASON"),
                )
            found.append((match[1].lower(), match[2]))
    return tuple(found)


def text_of(option: str, file: str) -> str:
    """The text of a file that an option names.

    Raises:
        BadInput: it cannot be read, or is no UTF-8.
    """
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except OSError as reason:
        said = reason.strerror or str(reason)
        raise BadInput(Text(f"{option}：无法读取 {file}：{said}", f"{option}: cannot read {file}: {said}")) from reason
    except UnicodeDecodeError as reason:
        raise BadInput(Text(f"{option}：{file} 不是 UTF-8 文本", f"{option}: {file} is no UTF-8 text")) from reason
