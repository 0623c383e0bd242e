"""Questions that a maintainer asks of the RISC-V KVM history, answered on the miniature by commands that exist."""

from __future__ import annotations

from functools import cache

import pytest

from kvmpatch.model import Happened, Report, Statement
from kvmpatch.reports.show import ShowRequest, make_reports
from kvmpatch.sources.demo import DemoHistory, lay_down

CONFIG = "fe0bab701e3b"
GUEST_DEBUG = "edcbe90f1289"
HEDELEG_AT_CREATE = "83df1d64d663"
FACTOR_OUT = "6ed523e2b612"
SERIES = ["9dbaf381008d", "a4f5f39849f3", CONFIG, "d21b5d342fc1", "db3c01c7a308", "81f0f314fec9", "c04913f2b54e"]


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


@pytest.fixture(scope="module")
def show(miniature: DemoHistory):  # type: ignore[no-untyped-def]
    @cache
    def report(rev: str) -> Report:
        (made,) = make_reports(ShowRequest(str(miniature.path), (rev,)))
        return made

    return report


def subject_of(miniature: DemoHistory, words: str) -> str:
    (found,) = {one.id for one in miniature.commits if words in one.subject and one.branch == "main"}
    return found


def said(report: Report, code: str) -> Statement:
    (found,) = [one for section in report.sections for one in section.statements if one.code == code]
    return found


def test_who_first_wrote_henvcfg_at_load(miniature: DemoHistory, show) -> None:  # type: ignore[no-untyped-def]
    history = show(CONFIG).history
    first = next(entry for entry in history.introduced_by if entry.symbol == "henvcfg")
    assert first.id == subject_of(miniature, "Svpbmt inside Guest/VM")
    assert first.reason.said.en == "henvcfg first written here"
    assert first.reason.said.zh == "首次写入 henvcfg"
    # It says so only because nothing wrote the register before: hedeleg, written when a CPU starts, is another case.
    hedeleg = next(entry for entry in show(FACTOR_OUT).history.introduced_by if entry.symbol == "hedeleg")
    assert hedeleg.id == subject_of(miniature, "set_guest_debug()")
    assert "first" not in hedeleg.reason.said.en


def test_the_fields_of_kvm_vcpu_config_over_time(miniature: DemoHistory, show) -> None:  # type: ignore[no-untyped-def]
    followed = show(CONFIG).history.followed_by
    events = [(entry.id, entry.reason.code, entry.reason.said.en) for entry in followed]
    assert events == [
        (subject_of(miniature, "Enable Smstateen accesses"), "extended", "kvm_vcpu_config gained hstateen0"),
        (subject_of(miniature, "set_guest_debug()"), "extended", "kvm_vcpu_config gained hedeleg"),
        (subject_of(miniature, "Svade and Svadu Extensions"), "changed", "changed kvm_riscv_vcpu_setup_config"),
        (subject_of(miniature, "Set initial value of hedeleg"), "changed", "changed kvm_riscv_vcpu_setup_config"),
        (subject_of(miniature, "Add hideleg"), "extended", "kvm_vcpu_config gained hideleg"),
        (
            subject_of(miniature, "Factor-out VCPU config"),
            "renamed",
            "kvm_riscv_vcpu_setup_config renamed to kvm_riscv_vcpu_config_ran_once, "
            "moved kvm_vcpu_config → arch/riscv/include/asm/kvm_vcpu_config.h",
        ),
    ]


@pytest.mark.parametrize(
    ("rev", "phase", "target"),
    [(GUEST_DEBUG, "first-run", "cfg->hedeleg"), (HEDELEG_AT_CREATE, "vcpu-create", "vcpu->arch.cfg.hedeleg")],
)
def test_when_the_default_of_hedeleg_is_assigned(show, rev: str, phase: str, target: str) -> None:  # type: ignore[no-untyped-def]
    found = [
        (one.phase, effect.target)
        for one in show(rev).phases
        for effect in one.after
        if effect.what == "bit" and effect.value == "KVM_HEDELEG_DEFAULT"
    ]
    assert found == [(phase, target)]


def test_that_it_moved_and_did_not_move_again(show) -> None:  # type: ignore[no-untyped-def]
    moved = said(show(HEDELEG_AT_CREATE), "work-moved")
    assert moved.said.en == "hedeleg is now computed at VCPU creation instead of in the first KVM_RUN."
    # The later factoring-out leaves it where it is.
    defaults = [
        effect
        for one in show(FACTOR_OUT).phases
        for effect in (*one.before, *one.after)
        if one.phase in {"vcpu-create", "first-run"}
    ]
    assert defaults == []


def test_what_a_pure_move_changed(show) -> None:  # type: ignore[no-untyped-def]
    report = show(FACTOR_OUT)
    order = said(report, "order-changed")
    assert "every vcpu_load" in order.said.en
    assert "before VSSTATUS" in order.said.en
    assert "先于 VSSTATUS" in order.said.zh
    # The defaults are no longer written when a CPU is enabled.
    zero = said(report, "csr-writes-counted")
    assert "with 0 instead of KVM_HEDELEG_DEFAULT and KVM_HIDELEG_DEFAULT" in zero.said.en
    # What guest debugging asks for is the VCPU's flag now, not the ioctl's argument.
    guard = said(report, "guard-changed")
    assert "vcpu->guest_debug" in guard.said.en
    # And what did move untouched is told apart.
    factored = said(report, "factored-out")
    assert "7 statements move unchanged from kvm_arch_vcpu_load() to kvm_riscv_vcpu_config_load()" in factored.said.en


def test_which_later_commits_correct_the_smstateen_series(miniature: DemoHistory, show) -> None:  # type: ignore[no-untyped-def]
    fixes = {rev: [entry.id for entry in show(rev).history.fixed_by] for rev in SERIES}
    assert {rev: ids for rev, ids in fixes.items() if ids} == {
        "81f0f314fec9": [subject_of(miniature, "reset smstateen CSRs")],
        "c04913f2b54e": [subject_of(miniature, "Fix error code returned for Smstateen ONE_REG")],
    }
    # One correction carries no Fixes: tag. It is found by what it does to the access that the commit brought.
    unmarked = show("81f0f314fec9").history.followed_by
    assert (subject_of(miniature, "Don't check hstateen0"), "changed-access") in [
        (entry.id, entry.reason.code) for entry in unmarked
    ]


def test_the_series_is_one_on_its_branch(show) -> None:  # type: ignore[no-untyped-def]
    for number, rev in enumerate(SERIES, 1):
        series = show(rev).history.series
        assert (series.basis, series.position, series.total) == ("neighbours", number, 7)


@pytest.mark.parametrize(
    ("rev", "change"),
    [(CONFIG, 0), (FACTOR_OUT, 0), ("e2494f83f9d7", 0), ("6bb2e00ea304", 1), ("0ee5501441cc", 1)],
)
def test_whether_the_writes_at_a_load_or_entry_become_fewer(show, rev: str, change: int) -> None:  # type: ignore[no-untyped-def]
    """Counted over the phases that run often, on a 64-bit kernel; what the sentences say agrees."""
    often = {"vcpu-load", "vcpu-put", "guest-entry", "guest-exit", "pre-entry", "post-exit"}

    def count(report: Report, side: str) -> int:
        return sum(
            effect.what == "csr" and effect.operation in {"write", "swap"} and not effect.target.endswith("h")
            for phase in report.phases or ()
            if phase.phase in often
            for effect in getattr(phase, side)
        )

    report = show(rev)
    assert count(report, "after") - count(report, "before") == change
    gained = [one for section in report.sections for one in section.statements if one.code == "csr-gained"]
    assert bool(gained) == bool(change)


def test_nothing_that_a_commit_of_the_series_adds_is_told_as_moved(show) -> None:  # type: ignore[no-untyped-def]
    bits = {(bit.macro, bit.change) for bit in show("d21b5d342fc1").bits if bit.use == "set"}
    assert bits
    assert {change for _, change in bits} == {Happened.ADDED}
