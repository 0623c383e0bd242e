"""What is easily overlooked in the flow: extension checks, zeroed memory, early returns, order, changed guards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from kvmpatch import knowledge
from kvmpatch.model import EarlyReturn, Evidence, Guard, GuardKind, Report, Stay
from kvmpatch.rules.phrases import done, when
from kvmpatch.rules.spoken import Context, Spoken, listed, say
from kvmpatch.words import Text

_WHOSE = {
    GuardKind.HOST: Text("宿主机", "the host"),
    GuardKind.GUEST: Text("客户机", "the guest"),
    GuardKind.VCPU: Text("VCPU 状态", "the VCPU's state"),
    GuardKind.VM: Text("虚拟机状态", "the VM's state"),
    GuardKind.CONFIG: Text("内核配置", "the kernel's configuration"),
}

# Of a commit that puts checks everywhere, the first tell what it does.
_MOST_RETURNS = 5
_FEW_RETURNS = 2
_OFTEN = {
    "run-ioctl", "vcpu-load", "vcpu-put", "pre-entry", "guest-entry", "world-switch", "guest-exit", "post-exit",
    "exit-handling",
}  # fmt: skip


def speak(report: Report, context: Context) -> Iterator[Spoken]:
    """One sentence each, only where it holds."""
    if context.flow is None:
        return
    yield from _tests(report, context)
    yield from _zeroed(report, context)
    yield from _asked(report, context)
    yield from _guards(report, context)
    yield from _returns(report, context)
    yield from _order(report, context)


def _tests(report: Report, context: Context) -> Iterator[Spoken]:
    for test in context.flow.tests if context.flow else ():
        time = when(test.phase)
        where = Evidence(
            commit=report.commit.id, path=test.path, side="before" if test.before else "after", line=test.line
        )
        moved_here = any(move.to_phase == test.phase for move in context.flow.moves) if context.flow else False
        if test.phase not in _OFTEN or (test.after > test.before and not moved_here):
            # Once for a VCPU it costs nothing; a check that comes with what it guards is no news.
            continue
        number = abs(test.before - test.after)
        plural = "check" if number == 1 else "checks"
        said = (
            Text(f"{time.zh}省去 {number} 次扩展检查。", f"Saved {time.en}: {number} extension {plural}.")
            if test.after < test.before
            else Text(f"{time.zh}多出 {number} 次扩展检查。", f"Added {time.en}: {number} extension {plural}.")
        )
        yield say("flow", "extension-checks", said, where)


def _asked(report: Report, context: Context) -> Iterator[Spoken]:
    for asked in context.flow.asked if context.flow else ():
        old, new = _WHOSE[asked.before], _WHOSE[asked.after]
        yield say(
            "summary",
            "asked-of-another",
            Text(
                f"{asked.extension} 的检查对象由{old.zh}变为{new.zh}。",
                f"Whether there is {asked.extension} is now asked of {new.en}, no longer of {old.en}.",
            ),
            Evidence(commit=report.commit.id, path=asked.path, side="after", line=asked.line),
        )


def _zeroed(report: Report, context: Context) -> Iterator[Spoken]:
    """OR-only fields. A vcpu_load can come before the first KVM_RUN: any other VCPU ioctl loads the VCPU."""
    for field in context.flow.only_ored if context.flow else ():
        zh = f"{field.target} 只做 |=、从不赋初值，依赖分配时已清零"
        en = f"{field.target} is only OR-ed and never assigned, so it relies on zeroed memory"
        early = [csr for phase, csr in field.readers if phase == "vcpu-load" and field.phase == "first-run"]
        if early:
            names = listed([csr.upper() for csr in early])
            zh += f"；首次 KVM_RUN 之前若发生 vcpu_load，写入 {names.zh} 的是 0"
            en += f"; a vcpu_load before the first KVM_RUN writes 0 to {names.en}"
        yield say(
            "flow",
            "relies-on-zeroed-memory",
            Text(zh + "。", en + "."),
            Evidence(commit=report.commit.id, path=field.path, side="after", line=field.line),
        )


def _guards(report: Report, context: Context) -> Iterator[Spoken]:
    seen: set[tuple[str, str]] = set()
    # Of these the summary says that another one is asked.
    told = {asked.extension for asked in context.flow.asked} if context.flow else set()
    for stay in context.flow.stays if context.flow else ():
        gone, come = _only(stay.before.guards, stay.after.guards), _only(stay.after.guards, stay.before.guards)
        for old, new in zip(gone, come, strict=False):
            key = (old.text, new.text)
            if key in seen or not _is_other_form(old, new) or knowledge.guard_extension(new.text) in told:
                continue
            seen.add(key)
            yield _changed(report, stay, old, new)
        if len(gone) != len(come) and stay.before.what == "csr":
            for guard, said in (
                *((one, "dropped") for one in gone[len(come) :]),
                *((one, "added") for one in come[len(gone) :]),
            ):
                if (said, guard.text) not in seen:
                    seen.add((said, guard.text))
                    yield _one_sided(report, stay, guard, said, "flow" if context.said else "summary")


def _only(mine: tuple[Guard, ...], other: tuple[Guard, ...]) -> list[Guard]:
    known = {(guard.text, guard.negated) for guard in other}
    return [guard for guard in mine if (guard.text, guard.negated) not in known]


def _is_other_form(old: Guard, new: Guard) -> bool:
    return old.kind is new.kind is GuardKind.CONFIG or (old.kind is not new.kind and new.kind in _WHOSE)


def _text(guard: Guard) -> str:
    return f"!({guard.text})" if guard.negated and " " in guard.text else ("!" if guard.negated else "") + guard.text


def _changed(report: Report, stay: Stay, old: Guard, new: Guard) -> Spoken:
    # Of a register the table says what is done to it.
    name = stay.after.target.upper() if stay.after.what == "csr" else _shown(stay)
    zh = f"{name} 的条件由 {_text(old)} 改为 {_text(new)}"
    en = f"{name} now depends on {_text(new)}, not {_text(old)}"
    if old.kind is not new.kind and old.kind in _WHOSE:
        zh += f"：检查对象由{_WHOSE[old.kind].zh}变为{_WHOSE[new.kind].zh}"
        en += f": it asks {_WHOSE[new.kind].en}, no longer {_WHOSE[old.kind].en}"
    return say("flow", "guard-changed", Text(zh + "。", en + "."), *_both(report, stay))


def _one_sided(report: Report, stay: Stay, guard: Guard, what: str, section: str) -> Spoken:
    if what == "dropped":
        said = Text(
            f"{_shown(stay)} 不再以 {_text(guard)} 为条件。", f"{_shown(stay)} no longer depends on {_text(guard)}."
        )
    else:
        said = Text(f"{_shown(stay)} 新增条件 {_text(guard)}。", f"{_shown(stay)} now depends on {_text(guard)} too.")
    return say(section, f"guard-{what}", said, *_both(report, stay))


def _shown(stay: Stay) -> str:
    effect = stay.after
    if effect.what == "csr":
        return f"csr_{effect.operation} {effect.target.upper()}"
    if effect.what == "bit":
        return f"{effect.target} {'|=' if effect.operation == 'set' else '&= ~'} {effect.value}".replace("~ ", "~")
    return f"{effect.target}()" if effect.what == "call" else effect.target


def _both(report: Report, stay: Stay) -> tuple[Evidence, Evidence]:
    return (
        Evidence(commit=report.commit.id, path=stay.before.path, side="before", line=stay.before.line),
        Evidence(commit=report.commit.id, path=stay.after.path, side="after", line=stay.after.line),
    )


def _returns(report: Report, context: Context) -> Iterator[Spoken]:
    """Returns, those alike in several functions in one sentence; in the summary where they are what the commit does."""
    alike: defaultdict[tuple[object, ...], list[EarlyReturn]] = defaultdict(list)
    for early in context.flow.early_returns if context.flow else ():
        alike[early.condition, early.value, early.was, early.dropped, early.instead_of].append(early)
    merged: defaultdict[tuple[object, ...], list[list[EarlyReturn]]] = defaultdict(list)
    for group in alike.values():
        who = tuple(early.function for early in group)
        # Each condition that another one replaces is told by itself.
        apart = group[0].condition if group[0].instead_of else ""
        merged[who, group[0].value, group[0].was, group[0].dropped, group[0].skipped, apart].append(group)
    few = not context.said and len(merged) <= _FEW_RETURNS
    for groups in list(merged.values())[:_MOST_RETURNS]:
        group = [early for one in groups for early in one]
        first = group[0]
        code = (
            "return-changed"
            if first.was is not None or first.instead_of
            else "return-dropped"
            if first.dropped
            else "early-return"
        )
        proof = [
            Evidence(commit=report.commit.id, path=one.path, side="before" if one.dropped else "after", line=one.line)
            for one in group
        ]
        yield say("summary" if few else "flow", code, _returned(group), *proof)


def _returned(group: list[EarlyReturn]) -> Text:
    first = group[0]
    functions = list(dict.fromkeys(f"{one.function}()" for one in group))
    who = listed(functions)
    returns = "returns" if len(functions) == 1 else "return"
    several = list(dict.fromkeys(one.condition for one in group))
    cases = Text(" 或 ".join(several), " or if ".join(several))
    value = f" {first.value}" if first.value else ""
    if first.was is not None:
        return Text(
            f"{who.zh}：{cases.zh} 成立时返回{value}，原来返回 {first.was}。",
            f"{who.en} {returns}{value} instead of {first.was} if {cases.en}.",
        )
    names = listed(list(dict.fromkeys(name for one in group for name in one.skipped)))
    if first.instead_of:
        return Text(
            f"{who.zh} 提前返回{value} 的条件由 {first.instead_of} 改为 {cases.zh}；跳过的是 {names.zh}。",
            f"{who.en} {returns}{value} early if {cases.en}, no longer if {first.instead_of}; it skips {names.en}.",
        )
    if first.dropped:
        return Text(
            f"{who.zh}：{cases.zh} 成立时不再提前返回{value}，其后的 {names.zh} 照常执行。",
            f"{who.en} no longer {returns}{value} early if {cases.en}; {names.en} {_run(first)}.",
        )
    return Text(
        f"{who.zh}：{cases.zh} 成立时提前返回{value}，跳过其后的 {names.zh}。",
        f"{who.en} now {returns}{value} early if {cases.en}, skipping {names.en}.",
    )


def _run(early: EarlyReturn) -> str:
    return "runs then" if len(early.skipped) == 1 else "run then"


def _order(report: Report, context: Context) -> Iterator[Spoken]:
    for order in context.flow.reordered if context.flow else ():
        time = when(order.phase)
        names = listed(list(dict.fromkeys(effect.target.upper() for effect in order.moved)), most=4)
        anchor = order.anchor.target.upper()
        verb = done(order.moved[0].operation)
        be = "is" if len({effect.target for effect in order.moved}) == 1 else "are"
        now, was = ("before", "after") if order.overtook else ("after", "before")
        zh_now, zh_was = ("先于", "后于") if order.overtook else ("后于", "先于")
        yield say(
            "summary",
            "order-changed",
            Text(
                f"顺序变了：{time.zh}，{names.zh} 现在{zh_now} {anchor} {verb.zh}，原来{zh_was}它。",
                f"The order changed: {time.en} {names.en} {be} now {verb.en} {now} {anchor}; they came {was} it."
                if be == "are"
                else f"The order changed: {time.en} {names.en} is now {verb.en} {now} {anchor}; it came {was} it.",
            ),
            Evidence(commit=report.commit.id, path=order.moved[0].path, side="after", line=order.moved[0].line),
            Evidence(commit=report.commit.id, path=order.anchor.path, side="after", line=order.anchor.line),
        )
