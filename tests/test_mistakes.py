"""Eleven things that are easily said of fe0bab701e3b, and are not so: the report must not say them.

The commit adds `struct kvm_vcpu_config`; here it is the miniature's copy, asked for by its upstream id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from kvmpatch.model import Happened, Report, Statement
from kvmpatch.reports.show import ShowRequest, make_reports
from kvmpatch.sources.demo import DemoHistory, lay_down


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


@pytest.fixture(scope="module")
def report(miniature: DemoHistory) -> Report:
    (made,) = make_reports(ShowRequest(str(miniature.path), ("fe0bab701e3b",), about="senvcfg"))
    return made


def statements(report: Report, *codes: str) -> list[Statement]:
    return [one for section in report.sections for one in section.statements if one.code in codes]


def own_words(report: Report) -> Iterator[str]:
    """Everything that the report says itself, in both languages; quotations are the author's."""
    for section in report.sections:
        for one in section.statements:
            if not one.code.startswith("author-"):
                yield one.said.zh
                yield one.said.en


def test_1_senvcfg_did_not_go_into_kvm_vcpu_config(report: Report, miniature: DemoHistory) -> None:
    assert report.relation
    assert report.relation.verdict == "context"
    said = {one.code: one.said.en for one in report.relation.statements}
    senvcfg = next(one.id for one in miniature.commits if one.subject.endswith("Add senvcfg context save/restore"))
    assert senvcfg[:12] in said["touched-by"]
    for place in ("kvm_vcpu_csr.senvcfg", "kvm_vcpu_arch.host_senvcfg", "kvm_riscv_csr.senvcfg"):
        assert place in said["touched-by"]
    assert "kvm_vcpu_config.senvcfg" not in said["touched-by"]
    # What did follow in the struct, in order, is told, and that senvcfg is not among it.
    assert re.search(r"hstateen0, hedeleg and hideleg", said["not-in-structure"])
    assert report.history
    grown = [entry for entry in report.history.followed_by if entry.symbol == "kvm_vcpu_config"]
    assert [entry.reason.said.en.rpartition(" ")[2] for entry in grown] == ["hstateen0", "hedeleg", "hideleg"]


def test_2_nothing_was_duplicated(report: Report) -> None:
    assert not [text for text in own_words(report) if re.search(r"duplicat|重复", text)]
    # One function with one caller before, one after: nothing is factored out of several places.
    assert statements(report, "factored-out", "left-behind") == []


def test_3_no_gain_in_speed_is_claimed_and_the_write_stays(report: Report) -> None:
    assert not [text for text in own_words(report) if re.search(r"performance|bottleneck|faster|性能|瓶颈", text)]
    (counted,) = statements(report, "csr-writes-counted")
    assert "as often as before" in counted.said.en
    assert "次数不变" in counted.said.zh
    (saved,) = statements(report, "extension-checks")
    assert "4" in saved.said.en


def test_4_who_applied_it_is_no_maintainer_of_the_commit(report: Report) -> None:
    assert report.commit.maintainers is None
    assert report.commit.applied_by
    assert "maintainer" not in {trailer.key.lower() for trailer in report.commit.trailers}


def test_5_no_extension_is_enabled(report: Report) -> None:
    assert {(role.name, role.role) for role in report.extensions} == {
        ("Svpbmt", "moved"),
        ("Sstc", "moved"),
        ("Zicbom", "moved"),
        ("Zicboz", "moved"),
    }
    assert {bit.change for bit in report.bits} == {Happened.MOVED}
    assert statements(report, "offered", "detected", "bits-computed") == []
    (moved,) = statements(report, "bits-only-moved")
    assert "no bit is added" in moved.said.en


def test_6_kvm_vcpu_arch_changes_too(report: Report) -> None:
    (arch,) = [change for change in report.changes if change.name == "kvm_vcpu_arch"]
    (member,) = arch.members
    assert (member.change, member.name, member.type) == (Happened.ADDED, "cfg", "struct kvm_vcpu_config")
    assert member.position == member.of


def test_7_the_rename_has_another_parameter_and_loses_two_writes(report: Report) -> None:
    (renamed,) = [change for change in report.changes if change.change is Happened.RENAMED]
    assert renamed.before
    assert (renamed.before.name, renamed.name) == ("kvm_riscv_vcpu_update_config", "kvm_riscv_vcpu_setup_config")
    assert renamed.before.signature
    assert "const unsigned long *isa" in renamed.before.signature
    assert renamed.signature
    assert "struct kvm_vcpu *vcpu" in renamed.signature
    left = [access for access in report.csr_accesses if access.function == "kvm_riscv_vcpu_update_config"]
    assert {(access.csr, access.change) for access in left} == {
        ("henvcfg", Happened.REMOVED),
        ("henvcfgh", Happened.REMOVED),
    }


def test_8_the_high_half_has_another_kind_of_guard(report: Report) -> None:
    guards = {
        access.side: [guard.text for guard in access.guards]
        for access in report.csr_accesses
        if access.csr == "henvcfgh"
    }
    assert guards == {"before": ["#ifdef CONFIG_32BIT"], "after": ["IS_ENABLED(CONFIG_32BIT)"]}
    (changed,) = statements(report, "guard-changed")
    assert "#ifdef CONFIG_32BIT" in changed.said.en
    assert "IS_ENABLED(CONFIG_32BIT)" in changed.said.en
    assert "HENVCFGH" in changed.said.en


def test_9_the_first_run_is_placed(report: Report) -> None:
    assert report.phases
    (first,) = [phase for phase in report.phases if phase.phase == "first-run"]
    assert first.entry == "kvm_arch_vcpu_ioctl_run"
    assert first.before == ()
    assert {effect.what for effect in first.after} == {"bit"}
    for effect in first.after:
        assert effect.via == ("kvm_arch_vcpu_ioctl_run", "kvm_riscv_vcpu_setup_config")
        assert effect.moved_from
        assert effect.moved_from.phase == "vcpu-load"
    (moved,) = statements(report, "work-moved")
    assert re.search(r"first KVM_RUN instead of at every vcpu_load.*still written at every vcpu_load", moved.said.en)


def test_10_the_field_relies_on_zeroed_memory(report: Report) -> None:
    (relies,) = statements(report, "relies-on-zeroed-memory")
    assert "cfg->henvcfg" in relies.said.en
    assert re.search(r"vcpu_load before the first KVM_RUN writes 0 to HENVCFG", relies.said.en)


def test_11_series_stat_and_stable_are_told(report: Report) -> None:
    assert report.history
    series = report.history.series
    assert series
    assert (series.basis, series.position, series.total) == ("neighbours", 3, 7)
    assert [(file.additions, file.deletions) for file in report.files] == [(7, 0), (14, 13)]
    assert report.commit.stable == ()
    assert (report.history.fixed_by, report.history.searched.complete) == ((), True)


def test_every_statement_has_evidence_that_can_be_looked_up(report: Report) -> None:
    for section in report.sections:
        for one in section.statements:
            assert one.evidence, one.code
            assert all(proof.commit or proof.fact for proof in one.evidence), one.code
