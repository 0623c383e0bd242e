"""`explain` without a repository: every spelling, what is told of each kind, both languages, JSON, complaints."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmpatch import knowledge
from kvmpatch.cli import main
from kvmpatch.errors import UnknownName
from kvmpatch.knowledge.tables import table
from kvmpatch.model import (
    Explanation,
    KnownBit,
    KnownCode,
    KnownCsr,
    KnownExtension,
    KnownGuard,
    KnownNumber,
    KnownWord,
)
from kvmpatch.render.explain_page import explain_page
from kvmpatch.render.page import Voice
from kvmpatch.render.to_markdown import to_markdown
from kvmpatch.render.to_terminal import to_terminal
from kvmpatch.render.wrap import width
from kvmpatch.reports.explain import ExplainRequest, explain

Run = Callable[..., tuple[int, str, str]]

SPELLINGS = [
    ("ENVCFG_PBMTE", "bit", "ENVCFG_PBMTE"),
    ("envcfg_pbmte", "bit", "ENVCFG_PBMTE"),
    ("henvcfg.STCE", "bit", "ENVCFG_STCE"),
    ("menvcfg.stce", "bit", "ENVCFG_STCE"),
    ("PBMTE", "bit", "ENVCFG_PBMTE"),
    (" ENVCFG_PBMTE ", "bit", "ENVCFG_PBMTE"),
    ("0x60a", "csr", "henvcfg"),
    ("0X60A", "csr", "henvcfg"),
    ("0x060a", "csr", "henvcfg"),
    ("henvcfg", "csr", "henvcfg"),
    ("CSR_HENVCFG", "csr", "henvcfg"),
    ("mhpmcounter17", "csr", "mhpmcounter17"),
    ("Svpbmt", "extension", "Svpbmt"),
    ("SVPBMT", "extension", "Svpbmt"),
    ("svpbmt", "extension", "Svpbmt"),
    ("RISCV_ISA_EXT_SVPBMT", "extension", "Svpbmt"),
    ("h", "extension", "H"),
    ("KVM_RISCV_ISA_EXT_SVADU", "isa-id", "KVM_RISCV_ISA_EXT_SVADU"),
    ("KVM_RISCV_SBI_EXT_DBCN", "sbi-id", "KVM_RISCV_SBI_EXT_DBCN"),
    ("DBCN", "sbi-id", "KVM_RISCV_SBI_EXT_DBCN"),
    ("SBI_EXT_DBCN", "constant", "SBI_EXT_DBCN"),
    ("0x4442434E", "constant", "SBI_EXT_DBCN"),
    ("KVM_REG_RISCV_CSR", "one-reg", "KVM_REG_RISCV_CSR"),
    ("EXC_BREAKPOINT", "exception", "EXC_BREAKPOINT"),
    ("KVM_RUN", "ioctl", "KVM_RUN"),
    ("0xae80", "ioctl", "KVM_RUN"),
    ("kvm_set_one_reg", "ioctl", "KVM_SET_ONE_REG"),
    ("kvm_arch_vcpu_load", "entry-point", "kvm_arch_vcpu_load"),
    ("first-run", "phase", "first-run"),
    ("csr_write", "accessor", "csr_write"),
    ("riscv_has_extension_unlikely", "guard", "host-unlikely"),
    ("riscv_isa_extension_available(vcpu->arch.isa, SSTC)", "guard", "guest-isa"),
    ("riscv_isa_extension_available(NULL, SSTC)", "guard", "host-isa-null"),
    ("arch/riscv/kvm/vcpu_timer.c", "area", "arch/riscv/kvm/vcpu_timer.c"),
    ("shadow stack", "term", "shadow stack"),
    ("Shadow Stack", "term", "shadow stack"),
    ("影子栈", "term", "shadow stack"),
    ("客户机", "term", "guest"),
]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        status = main(words)
        out, err = capsys.readouterr()
        return status, out, err

    return call


def known(name: str, tmp_path: Path) -> Explanation:
    return explain(ExplainRequest(name, str(tmp_path)))


# ---- spellings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("spelling", "kind", "name"), SPELLINGS)
def test_a_name_in_any_spelling(spelling: str, kind: str, name: str, tmp_path: Path) -> None:
    found = known(spelling, tmp_path)
    assert (found.kind, found.entries[0].name) == (kind, name)
    assert found.name == spelling
    assert found.tree is None


def test_every_row_is_found_by_its_key_and_by_what_else_it_is_called(tmp_path: Path) -> None:
    """The index reads rows without parsing them; what it finds is held against the parsed entries."""

    def names_of(spelling: str) -> set[str]:
        return {entry.name for entry in knowledge.lookup(spelling)}

    for name in ("bits", "extensions", "isa_ids", "sbi_ids", "one_reg", "constants", "entry_points", "terms"):
        for key in table(name):
            assert key in names_of(key), (name, key)
    for bit in knowledge.bits():
        for other in bit.other_names:
            assert bit.name in names_of(other), other
        if bit.kind == "mask":
            assert bit.name in names_of(bit.field), bit.field
            for register in bit.registers:
                assert bit.name in names_of(f"{register}.{bit.field}"), (register, bit.field)
    for csr in knowledge.csrs():
        assert names_of(hex(csr.address)) >= {csr.name}
        assert names_of(csr.macro) >= {csr.name}
    for guard in knowledge.guard_kinds():
        assert guard.name in names_of(guard.expression), guard.expression
    for extension in knowledge.extensions():
        assert not extension.host_macro or extension.name in names_of(extension.host_macro)
    for key in table("terms"):
        term = knowledge.term(key)
        assert term
        assert key in names_of(term.zh.partition("、")[0]), term.zh


@pytest.mark.parametrize(
    ("typed", "near"),
    [("ENVCFG_PBMT", "ENVCFG_PBMTE"), ("Svpbm", "Svpbmt"), ("KVM_RISCV_ISA_EXT_SVADUU", "KVM_RISCV_ISA_EXT_SVADU")],
)
def test_an_unknown_name_gets_the_nearest_and_exit_2(typed: str, near: str, run: Run) -> None:
    status, out, err = run("--lang", "en", "explain", typed)
    assert (status, out) == (2, "")
    error, hint = err.splitlines()
    assert error == f"kvmpatch: error: nothing is known of {typed}"
    assert hint.startswith("kvmpatch: hint: the nearest names are ")
    assert near in hint
    assert "kvmpatch: hint: 相近的名称：" in run("--lang", "zh", "explain", typed)[2]


def test_a_name_like_no_other_has_no_hint(run: Run) -> None:
    status, _, err = run("--lang", "en", "explain", "qqqqqqqqqqqqqqqqqq")
    assert status == 2
    assert err == "kvmpatch: error: nothing is known of qqqqqqqqqqqqqqqqqq\n"
    assert run("--lang", "en", "explain", "")[0] == 2


def test_a_field_that_the_register_lacks_says_where_it_is(tmp_path: Path) -> None:
    found = known("henvcfg.CDE", tmp_path)
    (bit,) = found.entries
    assert isinstance(bit, KnownBit)
    assert bit.macro == "ENVCFG_CDE"
    assert bit.registers == ("menvcfg",)
    assert {item.register for item in bit.not_in} == {"henvcfg", "senvcfg"}
    (bit,) = known("vsatp.STCE", tmp_path).entries
    assert isinstance(bit, KnownBit)
    assert [item.register for item in bit.not_in if item.register == "vsatp"] == ["vsatp"]
    with pytest.raises(UnknownName):
        known("nosuchregister.STCE", tmp_path)


# ---- what is told -------------------------------------------------------------------------------------------------


def test_a_bit(tmp_path: Path) -> None:
    (bit,) = known("ENVCFG_PBMTE", tmp_path).entries
    assert isinstance(bit, KnownBit)
    assert (bit.macro, bit.field, bit.hi, bit.lo) == ("ENVCFG_PBMTE", "PBMTE", 62, 62)
    assert set(bit.registers) == {"menvcfg", "henvcfg"}
    assert bit.extensions == ("Svpbmt",)
    assert bit.value == 1 << 62
    (guest,) = bit.guest
    assert guest.guest_has == ("Svpbmt",)
    assert ("first-run", "6.7", None) in [(step.phase, step.since, step.until) for step in guest.steps]


def test_registers_may_give_a_bit_to_different_extensions(tmp_path: Path) -> None:
    (bit,) = known("ENVCFG_PMM", tmp_path).entries
    assert isinstance(bit, KnownBit)
    assert (bit.hi, bit.lo) == (33, 32)
    assert {place.register: place.extensions for place in bit.places} == {
        "menvcfg": ("Smnpm",),
        "henvcfg": ("Ssnpm",),
        "senvcfg": ("Ssnpm",),
    }
    assert "pmm-per-register" in [remark.code for remark in bit.cautions]
    (asked,) = known("menvcfg.PMM", tmp_path).entries
    assert isinstance(asked, KnownBit)
    assert asked.extensions == ("Smnpm",)


def test_a_register_with_its_fields(tmp_path: Path) -> None:
    (csr,) = known("henvcfg", tmp_path).entries
    assert isinstance(csr, KnownCsr)
    assert (csr.address, csr.macro) == (0x60A, "CSR_HENVCFG")
    places = [(field.field, field.hi, field.lo) for field in csr.fields]
    assert places == sorted(places, key=lambda place: -place[1])
    assert places[:3] == [("STCE", 63, 63), ("PBMTE", 62, 62), ("ADUE", 61, 61)]
    assert ("CBIE", 5, 4) in places
    assert "CDE" not in [place[0] for place in places]


def test_an_extension(tmp_path: Path) -> None:
    (found,) = known("Sstc", tmp_path).entries
    assert isinstance(found, KnownExtension)
    assert (found.host_macro, found.kvm_macro, found.kvm_value) == ("RISCV_ISA_EXT_SSTC", "KVM_RISCV_ISA_EXT_SSTC", 8)
    assert found.user_can_disable is False
    assert "ENVCFG_STCE" in found.bits
    assert {"stimecmp", "vstimecmp"} <= set(found.registers)
    assert "henvcfg.STCE" in [bit.name for bit in found.guest]


def test_an_id_comes_with_its_extension(tmp_path: Path) -> None:
    number, extension = known("KVM_RISCV_ISA_EXT_SMNPM", tmp_path).entries
    assert isinstance(number, KnownNumber)
    assert (number.group, number.extension, number.host_check) == ("isa-ext", "Smnpm", "Ssnpm")
    assert extension.name == "Smnpm"


def test_an_entry_point_says_when_and_how_often(tmp_path: Path) -> None:
    (found,) = known("kvm_riscv_vcpu_config_ran_once", tmp_path).entries
    assert isinstance(found, KnownCode)
    assert found.phase == "first-run"
    assert found.frequency_code
    assert found.frequency
    assert found.file == "arch/riscv/kvm/vcpu_config.c"
    (phase,) = known("vcpu-load", tmp_path).entries
    assert isinstance(phase, KnownCode)
    assert "kvm_arch_vcpu_load" in phase.entries


def test_whom_a_condition_asks(tmp_path: Path) -> None:
    (guest,) = known("riscv_isa_extension_available(vcpu->arch.isa, SVPBMT)", tmp_path).entries
    (host,) = known("riscv_has_extension_unlikely(RISCV_ISA_EXT_SMSTATEEN)", tmp_path).entries
    assert isinstance(guest, KnownGuard)
    assert isinstance(host, KnownGuard)
    assert (guest.asks, guest.extension) == ("guest", "Svpbmt")
    assert (host.asks, host.extension) == ("host", "Smstateen")
    assert guest.trap


def test_a_term_in_both_languages(tmp_path: Path) -> None:
    (found,) = known("陷入", tmp_path).entries
    assert isinstance(found, KnownWord)
    assert (found.title.zh, found.title.en) == ("陷入", "trap")


def test_what_is_not_proven_is_said(run: Run) -> None:
    doubtful = next(bit.name for bit in knowledge.bits() if bit.status == "not-proven")
    out = run("--lang", "en", "explain", doubtful)[1]
    assert "not proven in mainline" in out
    assert "主线中未证实" in run("--lang", "zh", "explain", doubtful)[1]


# ---- how it is shown ------------------------------------------------------------------------------------------------


def all_names() -> list[str]:
    samples = [spelling for spelling, _, _ in SPELLINGS]
    return [*samples, "KVM_HEDELEG_DEFAULT", "hstateen0", "hpmcounter3h", "CSR_SIE", "Smnpm", "H", "SATP_MODE_39"]


@pytest.mark.parametrize("name", all_names())
def test_text_keeps_within_80_columns(name: str, tmp_path: Path) -> None:
    found = known(name, tmp_path)
    for speech in ("zh", "en", "both"):
        text = to_terminal(explain_page(found, Voice(speech, "verbose")), 80)
        assert all(width(line) <= 80 for line in text.splitlines() if "://" not in line), speech
        assert found.entries[0].name in text


@pytest.mark.parametrize("name", ["ENVCFG_PMM", "henvcfg", "Svadu", "first-run", "KVM_RUN", "客户机"])
def test_each_language_alone(name: str, tmp_path: Path) -> None:
    found = known(name, tmp_path)
    chinese = to_terminal(explain_page(found, Voice("zh")), 80)
    english = to_terminal(explain_page(found, Voice("en")), 80)
    summary = found.entries[0].summary
    assert summary.zh[:8] in chinese
    assert summary.en[:20] in english
    assert summary.en[:20] not in chinese
    if found.kind != "term":  # a term shows what it is in the other language
        assert not re.search("[\u4e00-\u9fff]", english)


def test_quiet_is_the_summary_alone(tmp_path: Path) -> None:
    found = known("ENVCFG_PBMTE", tmp_path)
    text = to_terminal(explain_page(found, Voice("en", "quiet")), 80)
    assert text.splitlines()[:2] == ["ENVCFG_PBMTE", "bit"]
    assert "source" not in text


def test_markdown(run: Run) -> None:
    status, out, _ = run("--lang", "en", "explain", "--format", "markdown", "henvcfg")
    assert status == 0
    assert out.startswith("## henvcfg\n")
    assert "| `62` | `PBMTE` | `ENVCFG_PBMTE` | Svpbmt |" in out
    assert to_markdown(explain_page(explain(ExplainRequest("henvcfg")), Voice("zh")))


def test_json_has_the_keys_of_the_contract(run: Run) -> None:
    status, out, _ = run("explain", "--format", "json", "ENVCFG_PBMTE")
    assert status == 0
    data = json.loads(out)
    assert data["schema"] == "kvmpatch.explain/1"
    assert (data["name"], data["kind"]) == ("ENVCFG_PBMTE", "bit")
    (bit,) = data["entries"]
    assert bit["macro"] == "ENVCFG_PBMTE"
    assert bit["field"] == "PBMTE"
    assert sorted(bit["registers"]) == ["henvcfg", "menvcfg"]
    assert (bit["hi"], bit["lo"], bit["extensions"]) == (62, 62, ["Svpbmt"])
    assert set(bit["summary"]) == {"zh", "en"}
    assert bit["source"]["name"]
    assert bit["cautions"][0]["zh"]
    (csr,) = json.loads(run("explain", "--format", "json", "0x60a")[1])["entries"]
    assert csr["address"] == 0x60A
    assert "PBMTE" in [field["field"] for field in csr["fields"]]
    lines = run("explain", "--format", "jsonl", "Svpbmt")[1].splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["entries"][0]["kvm_macro"] == "KVM_RISCV_ISA_EXT_SVPBMT"


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\nb", "\u202eltr", "<script>", "::error::x", "x" * 5000])
def test_a_hostile_name_is_made_harmless(name: str, run: Run) -> None:
    status, out, err = run("--lang", "en", "explain", name)
    assert (status, out) == (2, "")
    assert "\x1b" not in err
    assert "\u202e" not in err
    assert len(err.splitlines()) <= 2


def test_a_hostile_spelling_that_is_known_is_made_harmless(run: Run) -> None:
    status, out, _ = run("--lang", "en", "explain", "(\x1b[31m riscv_isa_extension_available(NULL, SSTC)")
    assert status == 0
    assert "\x1b" not in out


def test_exactly_one_name(run: Run) -> None:
    assert run("explain")[0] == 2
    assert run("explain", "Sstc", "Svpbmt")[0] == 2


def test_nothing_of_git_is_loaded_without_a_repository(tmp_path: Path) -> None:
    code = (
        "import sys; from kvmpatch.cli import main; status = main(['explain', 'ENVCFG_PBMTE']); "
        "loaded = {'git', 'tree_sitter', 'unidiff', 'rich', 'kvmpatch.sources.repo'} & set(sys.modules); "
        "sys.exit(f'{status} {loaded}' if status or loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_git_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run("explain", "henvcfg")[0] == 0
