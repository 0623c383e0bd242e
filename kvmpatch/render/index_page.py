"""The page of `index`: what there is, what was done, and what would help."""

from __future__ import annotations

from collections.abc import Iterator

from kvmpatch.model.index import IndexReport, IndexState
from kvmpatch.render.page import Block, Field, Fields, Line, Note, Page, Span, Style, Title, Voice
from kvmpatch.words import Text

TITLE = Text("索引", "Index")
STATE = Text("状态", "state")
PLACE = Text("位置", "place")
SIZE = Text("大小", "size")
COMMITS = Text("提交", "commits")
STRUCTURE = Text("结构改动", "structure")
SCOPE = Text("范围", "scope")
_STATES = {
    "absent": Text("尚未建立", "none yet"),
    "current": Text("与各引用一致", "up to date with all refs"),
    "behind": Text("落后于引用", "behind the refs"),
    "interrupted": Text(
        "上次写入被中断，此前完成的部分可用", "its last writer was cut off; what was finished before is used"
    ),
    "damaged": Text("已损坏或由其他版本写成，不会使用", "damaged or of another version; not used"),
    "writing": Text("另一进程正在写", "another process is writing it"),
}
_FINE = ("current", "writing")
_KIB = 1024


def index_page(report: IndexReport, voice: Voice) -> Page:
    """The page for one repository's index."""
    blocks: list[Block] = [Title((Span(voice.heading(TITLE), Style.STRONG),), (Span(report.repository),))]
    if report.done is not None and report.action == "build":
        blocks.append(Note(voice.lines(_done(report))))
    elif report.action == "clear":
        blocks.append(Note(voice.lines(Text("索引已清除。", "The index is gone."))))
        return Page(tuple(blocks))
    blocks.append(Fields(tuple(_fields(report.index, voice))))
    if report.advice is not None:
        blocks.append(Note(voice.lines(report.advice.said), caution=report.advice.code == "rebuild"))
    return Page(tuple(blocks))


def _fields(index: IndexState, voice: Voice) -> Iterator[Field]:
    style = Style.PLAIN if index.state in _FINE else Style.CAUTION
    yield Field(voice.label(STATE), voice.lines(_STATES[index.state], style))
    if voice.detail == "quiet":
        return
    yield Field(voice.label(PLACE), ((Span(index.path),),))
    if index.state == "absent":
        return
    yield Field(voice.label(SIZE), ((Span(_size(index.bytes)),),))
    if index.commits is not None:
        yield Field(voice.label(COMMITS), tuple(_commits(index, voice)))
    if index.structures is not None:
        yield Field(voice.label(STRUCTURE), tuple(_structures(index, voice)))
        yield Field(voice.label(SCOPE), ((Span(" ".join(index.scope), Style.CODE),),))


def _commits(index: IndexState, voice: Voice) -> Iterator[Line]:
    yield (Span(f"{index.commits:,}"),)
    if index.new_commits:
        yield from voice.lines(Text(f"尚缺 {index.new_commits:,} 个", f"{index.new_commits:,} are not in yet"))


def _structures(index: IndexState, voice: Voice) -> Iterator[Line]:
    yield (Span(f"{index.structures:,}"),)
    if not index.structure_complete:
        yield from voice.lines(Text("范围内的提交尚未全部比较", "not all commits of the scope are compared yet"))
    if index.unreadable:
        count = index.unreadable
        yield from voice.lines(
            Text(f"{count:,} 个提交缺少对象，未能比较", f"{count:,} could not be compared: objects are missing")
        )


def _done(report: IndexReport) -> Text:
    done = report.done
    if done is None or not (done.commits or done.structures):
        return Text("没有新的提交。", "Nothing was new.")
    return Text(
        f"读入 {done.commits:,} 个提交，比较其中 {done.structures:,} 个的结构，用时 {done.seconds:.1f} 秒。",
        f"{done.commits:,} commits read, the structure of {done.structures:,} compared, in {done.seconds:.1f} s.",
    )


def _size(count: int) -> str:
    if count < _KIB * _KIB:
        return f"{count / _KIB:.0f} KiB"
    return f"{count / _KIB / _KIB:.1f} MiB"
