"""`support`: what each ref supports, extension by extension, read from each tree's sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from kvmpatch.analysis.support.table import COLUMNS, Row, Support, columns_of
from kvmpatch.analysis.support.tree import ISA, KVM, PATHS, Place, Seen, Tree
from kvmpatch.errors import UsageError
from kvmpatch.model import Evidence, Warning
from kvmpatch.model.support import (
    SUPPORT_SCHEMA,
    SupportCell,
    SupportColumn,
    SupportDifference,
    SupportRef,
    SupportReport,
    SupportRow,
)
from kvmpatch.reports.support.brought import History
from kvmpatch.sources.repo import Repository
from kvmpatch.words import Text

Progress = Callable[[Text], None]

_COLUMNS = {
    "csr": (
        Text("csr.h", "csr.h"),
        Text("csr.h 定义了它的位（没有位的看寄存器）", "csr.h defines its bits, or its registers where it has none"),
    ),
    "host": (Text("宿主机", "host"), Text("cpufeature.c 在宿主机上检测它", "cpufeature.c detects it on the host")),
    "hwprobe": (
        Text("hwprobe", "hwprobe"),
        Text("用户态可用 hwprobe 查询", "user space can ask for it through hwprobe"),
    ),
    "one-reg": (
        Text("ONE_REG", "ONE_REG"),
        Text("有 ONE_REG 编号，且 KVM 的表里有它", "it has an id of ONE_REG, and KVM's table knows the id"),
    ),
    "enable": (Text("可打开", "enable"), Text("客户机可以有它", "a guest may have it")),
    "disable": (Text("可关闭", "disable"), Text("用户态可以从客户机去掉它", "user space may take it from a guest")),
    "selftest": (
        Text("自测", "selftest"),
        Text("get-reg-list 自测里有它", "the get-reg-list selftest knows it"),
    ),
    "guest-bits": (
        Text("客户机位", "guest"),
        Text("KVM 为客户机置 henvcfg 或 hstateen 的位", "KVM sets a bit of henvcfg or hstateen for guests with it"),
    ),
}


class SupportRequest(msgspec.Struct, frozen=True):
    """What `support` was asked.

    Attributes:
        refs: revisions, HEAD where empty; compared in the order given.
        history: whether the commits behind differences are looked for.
    """

    start: str = "."
    refs: tuple[str, ...] = ()
    history: bool = True
    progress: Progress | None = None
    overrides: tuple[tuple[str, str], ...] = ()


class _Read(msgspec.Struct, frozen=True):
    """A ref with what its tree supports."""

    ref: SupportRef
    support: Support


def make_support(request: SupportRequest) -> SupportReport:
    """The table of all refs, and where they differ.

    Raises:
        KvmpatchError: no repository, no such revision, unreadable objects.
    """
    with Repository.open(request.start, request.overrides) as repository:
        named = request.refs or ("HEAD",)
        refs = [_ref(repository, rev) for rev in dict.fromkeys(named)]
        read = []
        for ref in refs:
            if request.progress:
                request.progress(Text(f"读取 {ref.ref} 的源码", f"reading the sources of {ref.ref}"))
            read.append(_Read(ref, Support(_tree(repository, ref.id))))
        rows = tuple(_rows(read))
        history = History(repository, refs, request.progress) if request.history and len(refs) > 1 else None
        return SupportReport(
            schema=SUPPORT_SCHEMA,
            refs=tuple(refs),
            columns=tuple(SupportColumn(name, *_COLUMNS[name]) for name in COLUMNS),
            rows=rows,
            differences=tuple(_differences(rows, refs, history)),
            warnings=tuple(_warnings(rows, refs)),
        )


def _ref(repository: Repository, rev: str) -> SupportRef:
    found = repository.resolve((rev,))
    if len(found) != 1:
        raise UsageError(
            Text(f"{rev} 是范围，不是一棵树", f"{rev} is a range, not one tree"),
            Text("把几个 REF 分开写", "write the REFs one by one"),
        )
    return SupportRef(rev, found[0].id)


def _tree(repository: Repository, commit: str) -> Tree:
    kvm = [file.path for file in repository.list_files(commit, (KVM,)) if file.path.endswith(".c")]
    return Tree(repository.read_files(commit, [*PATHS, *kvm]))


# ---- rows --------------------------------------------------------------------------------------------------------


def _rows(read: Sequence[_Read]) -> Iterator[SupportRow]:
    """Extensions by name, those of the SBI after them in the order of their numbers."""
    named: dict[Row, None] = dict.fromkeys(row for one in read for row in one.support.rows())
    isa = sorted((row for row in named if row[0] == ISA), key=lambda row: (len(row[1]) > 1, row[1].lower()))
    for row in (*isa, *(row for row in named if row[0] != ISA)):
        kind, name = row
        cells = (_cell(one.ref, column, one.support.seen(row, column)) for column in columns_of(kind) for one in read)
        yield SupportRow(name, kind, tuple(cells))


def _cell(ref: SupportRef, column: str, seen: Seen) -> SupportCell:
    return SupportCell(ref.ref, column, seen.value, tuple(_evidence(ref, place) for place in seen.places), seen.why)


def _evidence(ref: SupportRef, place: Place) -> Evidence:
    return Evidence(commit=ref.id, path=place.path, line=place.line, text=place.text)


# ---- differences -------------------------------------------------------------------------------------------------


def _differences(
    rows: Iterable[SupportRow], refs: Sequence[SupportRef], history: History | None
) -> Iterator[SupportDifference]:
    if len(refs) < 2:
        return
    for row in rows:
        for column in columns_of(row.kind):
            cells = [cell for cell in row.cells if cell.column == column]
            has = [cell for cell in cells if cell.value is True]
            lacks = [cell for cell in cells if cell.value is False]
            unknown = [cell for cell in cells if cell.value is None and cell.why != "not-applicable"]
            if not has or not (lacks or unknown):
                continue
            commits = None
            if history is not None:
                without = [cell.ref for cell in (*lacks, *unknown)]
                commits = history.brought(row, column, has, without)
            yield SupportDifference(
                extension=row.extension,
                kind=row.kind,
                column=column,
                has=tuple(cell.ref for cell in has),
                lacks=tuple(cell.ref for cell in lacks),
                unknown=tuple(cell.ref for cell in unknown),
                said=_said(row.extension, column, has, lacks, unknown),
                commits=commits,
            )


def _said(
    extension: str,
    column: str,
    has: Sequence[SupportCell],
    lacks: Sequence[SupportCell],
    unknown: Sequence[SupportCell],
) -> Text:
    title = _COLUMNS[column][0]
    there = [cell.ref for cell in has]
    zh = f"{extension}（{title.zh}）：{'、'.join(there)} 有"
    en = f"{extension} ({title.en}): in {', '.join(there)}"
    if lacks:
        absent = [cell.ref for cell in lacks]
        zh += f"，{'、'.join(absent)} 没有"
        en += f", not in {', '.join(absent)}"
    if unknown:
        open_ = [cell.ref for cell in unknown]
        zh += f"，{'、'.join(open_)} 无法判断"
        en += f", undecided in {', '.join(open_)}"
    return Text(zh, en)


def _warnings(rows: Sequence[SupportRow], refs: Sequence[SupportRef]) -> Iterator[Warning]:
    """Columns of which a ref has no source at all, and refs that are no kernel."""
    for ref in refs:
        cells = [cell for row in rows for cell in row.cells if cell.ref == ref.ref]
        if not any(cell.value is not None for cell in cells):
            yield Warning(
                "no-kernel",
                Text(
                    f"{ref.ref} 里没有 RISC-V KVM 的源码，什么也判断不了。",
                    f"{ref.ref} has no sources of RISC-V KVM; nothing can be told.",
                ),
            )
            continue
        missing = [name for name in COLUMNS if any(c.column == name and c.why == "no-file" for c in cells)]
        if missing:
            titles = [_COLUMNS[name][0] for name in missing]
            yield Warning(
                "no-file",
                Text(
                    f"{ref.ref} 里没有这些列的源文件：{'、'.join(title.zh for title in titles)}。",
                    f"{ref.ref} has no source files for {', '.join(title.en for title in titles)}.",
                ),
            )
