"""The commands: each takes its options, has one report made, and hands over one text."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

import kvmpatch
from kvmpatch.cli.annotate_command import ANNOTATE
from kvmpatch.cli.backport_command import BACKPORT
from kvmpatch.cli.bilingual import BilingualCommand, BilingualGroup, BilingualOption
from kvmpatch.cli.call import Call, is_terminal
from kvmpatch.cli.index_command import INDEX
from kvmpatch.cli.options import output_options, shared_options
from kvmpatch.cli.related_command import RELATED
from kvmpatch.errors import UsageError
from kvmpatch.words import Text

if TYPE_CHECKING:
    from kvmpatch.model import Report
    from kvmpatch.render.formats import Format
    from kvmpatch.render.page import Page, Voice
    from kvmpatch.reports.show import ShowRequest

DEMO_DIRECTORY = "kvmpatch-demo"


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"kvmpatch {kvmpatch.__version__}")
        ctx.exit()


def _program(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _show(
    call: Call, revs: tuple[str, ...], about: str | None, patch: str | None, kind: Format, file: str | None
) -> None:
    if patch is not None and revs:
        raise UsageError(
            Text("--patch 与 REV 不能同时使用", "--patch and REV exclude each other"),
            Text("补丁文本自成一份输入", "a patch text is an input of its own"),
        )
    if patch == "-" and is_terminal(sys.stdin):
        call.progress(Text("正在从终端读取补丁文本，以 ^D 结束", "reading patch text from the terminal, ^D ends it"))
    from kvmpatch.reports import show

    request = show.ShowRequest(
        start=call.start,
        revs=revs,
        about=about,
        patch=patch,
        stdin=sys.stdin.buffer if patch == "-" else None,
        progress=call.progress,
        overrides=tuple(call.overrides),
    )
    if kind == "jsonl":
        _show_lines(request, call, file)
        return
    reports = show.make_reports(request)
    # Git looks for the repository while this is loaded.
    from kvmpatch.cli.delivery import deliver
    from kvmpatch.render.formats import Look, written
    from kvmpatch.render.page import Voice

    colour = call.wants_colour(is_terminal(sys.stdout) and file in (None, "-"))
    look = Look(Voice(call.speech, call.detail), call.columns(), colour and kind == "text")
    deliver(written(reports, _show_page, kind, look), call, file)


def _show_lines(request: ShowRequest, call: Call, file: str | None) -> None:
    """Lines of JSON speak no language, and the processes that make the reports of a range write them too."""
    from kvmpatch.cli.delivery import deliver
    from kvmpatch.render import to_json
    from kvmpatch.reports import show

    deliver(show.make_of_reports(request, to_json.line), call, file)


def _show_page(report: Report, voice: Voice) -> Page:
    from kvmpatch.render.show_page import show_page  # a twentieth of the time of a report that is no page

    return show_page(report, voice)


def _explain(call: Call, name: str, history: bool, kind: Format, file: str | None) -> None:
    from kvmpatch.cli.delivery import deliver
    from kvmpatch.render.explain_page import explain_page
    from kvmpatch.render.formats import Look, written
    from kvmpatch.render.page import Voice
    from kvmpatch.reports.explain import ExplainRequest, explain

    colour = call.wants_colour(is_terminal(sys.stdout) and file in (None, "-"))
    look = Look(Voice(call.speech, call.detail), call.columns(), colour and kind == "text")
    request = ExplainRequest(
        name=name,
        start=call.start,
        history=history,
        progress=call.progress,
        overrides=tuple(call.overrides),
    )
    deliver(written([explain(request)], explain_page, kind, look), call, file)


def _support(call: Call, refs: tuple[str, ...], history: bool, kind: Format, file: str | None) -> None:
    from kvmpatch.cli.delivery import deliver
    from kvmpatch.render.formats import Look, written
    from kvmpatch.render.page import Voice
    from kvmpatch.render.support_page import support_page
    from kvmpatch.reports.support import SupportRequest, make_support

    colour = call.wants_colour(is_terminal(sys.stdout) and file in (None, "-"))
    look = Look(Voice(call.speech, call.detail), call.columns(), colour and kind == "text")
    request = SupportRequest(
        start=call.start,
        refs=refs,
        history=history,
        progress=call.progress,
        overrides=tuple(call.overrides),
    )
    deliver(written([make_support(request)], support_page, kind, look), call, file)


def _demo(call: Call, directory: str) -> None:
    from kvmpatch.sources.demo import lay_down

    lay_down(Path(directory))
    quoted = shlex.quote(directory)
    lines = {
        "zh": f"微型历史已放在 {quoted}。试试：",
        "en": f"The miniature history is in {quoted}. Try:",
    }
    said = [lines[language] for language in ("zh", "en") if call.speech in (language, "both")]
    click.echo("\n".join([*said, f"  kvmpatch -C {quoted} show", f"  kvmpatch -C {quoted} show -q HEAD~2..HEAD"]))


SHOW = BilingualCommand(
    "show",
    callback=click.pass_obj(_show),
    said=Text("一个提交的完整报告（默认 HEAD）", "the full report of a commit (default HEAD)"),
    more=Text(
        "REV 可以是 git 接受的任何写法；A..B 与多个 REV 各出一份报告，最早的在前。"
        "本仓库没有的上游提交号，会查找它的回移植。",
        "REV is anything that git takes; A..B and several REVs give one report each, oldest first. An upstream id that "
        "is not here is looked up as a backport.",
    ),
    params=[
        click.Argument(("revs",), nargs=-1, metavar="[REV]..."),
        BilingualOption(
            ("--about",), metavar="TERM|REV",
            said=Text("另加一节：与 TERM 或另一提交的关系", "add how the commit relates to a term or another commit"),
        ),
        BilingualOption(
            ("--patch",), metavar="FILE",
            said=Text(
                "改读补丁文本（mbox、format-patch、quilt、git diff；- 为标准输入），不需要仓库",
                "read patch text instead (mbox, format-patch, quilt, git diff; - for stdin); needs no repository",
            ),
        ),
        *output_options(),
        *shared_options(),
    ],
)  # fmt: skip

EXPLAIN = BilingualCommand(
    "explain",
    callback=click.pass_obj(_explain),
    said=Text("一个名称是什么：位、CSR、扩展、编号、入口、条件", "what a bit, CSR, extension, id or entry point is"),
    more=Text(
        "NAME 不拘写法：ENVCFG_PBMTE、henvcfg.STCE、0x60a、Svpbmt、KVM_RISCV_ISA_EXT_SVADU、KVM_RUN、"
        "kvm_arch_vcpu_load、“riscv_isa_extension_available(isa, SSTC)”、影子栈。"
        "不需要仓库；在仓库里还列出这棵树里的定义、使用处和引入它的提交。",
        "NAME in any spelling: ENVCFG_PBMTE, henvcfg.STCE, 0x60a, Svpbmt, KVM_RISCV_ISA_EXT_SVADU, KVM_RUN, "
        "kvm_arch_vcpu_load, 'riscv_isa_extension_available(isa, SSTC)', shadow stack. "
        "Needs no repository; in one it adds where this tree defines and uses the name and which commit brought it.",
    ),
    params=[
        click.Argument(("name",), metavar="NAME"),
        BilingualOption(
            ("--history/--no-history", "history"), default=True, is_flag=True,
            said=Text("是否查找引入它的提交，默认查找", "look for the commit that brought it; on by default"),
        ),
        *output_options(),
        *shared_options(),
    ],
)  # fmt: skip

SUPPORT = BilingualCommand(
    "support",
    callback=click.pass_obj(_support),
    said=Text("各 REF 支持哪些扩展（默认 HEAD）", "which extensions each REF supports (default HEAD)"),
    more=Text(
        "逐项读各自的源码：csr.h 的位、宿主机检测、hwprobe、ONE_REG、能否打开与关闭、自测、为客户机置的位。"
        "给出几个 REF 时先列差异，以及带来差异的提交。",
        "Read from each tree's own sources: bits in csr.h, detection on the host, hwprobe, ONE_REG, what may be "
        "turned on and off, the selftest, bits set for the guest. Of several REFs the differences come first, with the "
        "commits that brought them.",
    ),
    params=[
        click.Argument(("refs",), nargs=-1, metavar="[REF]..."),
        BilingualOption(
            ("--history/--no-history", "history"), default=True, is_flag=True,
            said=Text("是否查找带来差异的提交，默认查找", "look for the commits behind differences; on by default"),
        ),
        *output_options(),
        *shared_options(),
    ],
)  # fmt: skip

DEMO = BilingualCommand(
    "demo",
    callback=click.pass_obj(_demo),
    said=Text("把自带的微型历史放成一个 git 仓库，供试用", "lay down the shipped miniature history as a repository"),
    params=[
        click.Argument(("directory",), required=False, default=DEMO_DIRECTORY, metavar="[DIR]"),
        *shared_options(),
    ],
)

PROGRAM = BilingualGroup(
    "kvmpatch",
    callback=click.pass_context(_program),
    invoke_without_command=True,
    subcommand_metavar="COMMAND …",
    context_settings={"help_option_names": ["-h", "--help"]},
    said=Text(
        "内核提交做了什么、与哪些提交相关、你的分支能否合入；熟悉 RISC-V KVM。",
        "What a kernel commit does, what it belongs with, and whether your branch can take it; at home in RISC-V KVM.",
    ),
    more=Text(
        "退出状态：0 完成，1 有达到 --fail-on 的发现，2 用法或输入有误，3 无法读取或无法判断，"
        "70 kvmpatch 自身的缺陷，130 被中断。",
        "Exit status: 0 done, 1 findings at or above --fail-on, 2 usage or bad input, 3 unreadable or undecided, "
        "70 a bug of ours, 130 interrupted.",
    ),
    params=[
        BilingualOption(
            ("--version",), is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
            said=Text("显示版本", "show the version"),
        ),
        *shared_options(),
    ],
    commands=[SHOW, RELATED, BACKPORT, ANNOTATE, EXPLAIN, SUPPORT, INDEX, DEMO],
)  # fmt: skip
