"""`support` on the miniature: what its branches support, where they differ, and which commits that comes from."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.analysis.support.table import COLUMNS, SBI_COLUMNS
from kvmpatch.analysis.support.tree import ISA
from kvmpatch.cli import main
from kvmpatch.model.support import SupportDifference, SupportReport
from kvmpatch.render.page import Voice
from kvmpatch.render.support_page import support_page
from kvmpatch.render.to_terminal import to_terminal
from kvmpatch.render.wrap import width
from kvmpatch.reports.support import SupportRequest, make_support
from kvmpatch.sources.demo import DemoHistory, lay_down


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


@pytest.fixture(scope="module")
def three(miniature: DemoHistory) -> SupportReport:
    return make_support(SupportRequest(str(miniature.path), ("main", "linux-6.1.y", "OLK-6.6")))


def value(report: SupportReport, extension: str, column: str, ref: str) -> bool | None:
    row = next(row for row in report.rows if row.extension == extension)
    return next(cell.value for cell in row.cells if (cell.ref, cell.column) == (ref, column))


# ---- the miniature ------------------------------------------------------------------------------------------------


def test_what_the_branches_of_the_miniature_support(three: SupportReport) -> None:
    refs = ("main", "linux-6.1.y", "OLK-6.6")
    expected = {
        ("Svpbmt", "csr"): (True, True, True),
        ("Svpbmt", "one-reg"): (True, True, True),
        ("Svpbmt", "disable"): (True, True, True),
        ("Svpbmt", "guest-bits"): (True, True, True),
        ("Sstc", "disable"): (False, False, False),
        ("Zicboz", "one-reg"): (True, True, True),
        ("Zicboz", "guest-bits"): (True, True, True),
        ("H", "enable"): (False, False, False),
        ("Smstateen", "host"): (True, False, True),
        ("Smstateen", "one-reg"): (True, False, False),
        ("Smstateen", "selftest"): (True, False, False),
        ("Smstateen", "guest-bits"): (True, False, False),
        ("Ssaia", "guest-bits"): (True, False, False),
        ("Ssaia", "disable"): (True, None, False),
        ("Svadu", "csr"): (True, False, False),
        ("Svadu", "guest-bits"): (True, False, False),
        ("Zicond", "host"): (True, False, False),
        ("Svade", "host"): (True, False, False),
        ("DBCN", "one-reg"): (True, False, False),
        ("TIME", "one-reg"): (True, False, True),
    }
    for (extension, column), values in expected.items():
        assert tuple(value(three, extension, column, ref) for ref in refs) == values, (extension, column)


def test_every_cell_says_where(three: SupportReport, miniature: DemoHistory) -> None:
    ids = {ref.ref: ref.id for ref in three.refs}
    for row in three.rows:
        assert {cell.column for cell in row.cells} == set(COLUMNS if row.kind == ISA else SBI_COLUMNS)
        for cell in row.cells:
            assert not cell.value or cell.evidence, (row.extension, cell)
            assert cell.why in {None, "no-file", "not-applicable", "not-found", "conditional"}
            assert all(evidence.commit == ids[cell.ref] for evidence in cell.evidence)
    row = next(row for row in three.rows if row.extension == "Zicond")
    evidence = next(cell for cell in row.cells if (cell.ref, cell.column) == ("main", "one-reg")).evidence
    for one in evidence:
        assert one.path
        assert one.line
        line = (miniature.path / one.path).read_text(encoding="utf-8").splitlines()[one.line - 1]
        assert "ZICOND" in line


def difference(report: SupportReport, extension: str, column: str) -> SupportDifference:
    return next(one for one in report.differences if (one.extension, one.column) == (extension, column))


def test_differences_name_the_commits_that_brought_them(three: SupportReport) -> None:
    svadu = difference(three, "Svadu", "one-reg")
    assert (svadu.has, svadu.lacks, svadu.unknown) == (("main",), ("linux-6.1.y", "OLK-6.6"), ())
    assert svadu.commits
    assert [commit.subject for commit in svadu.commits] == [
        "RISC-V: KVM: Add Svade and Svadu Extensions Support for Guest/VM"
    ]
    host = difference(three, "Zicond", "host")
    assert host.commits
    assert [commit.subject for commit in host.commits] == ["miniature: detect Zicond"]
    smstateen = difference(three, "Smstateen", "host")
    assert smstateen.has == ("main", "OLK-6.6")
    assert smstateen.commits
    assert {commit.ref for commit in smstateen.commits} == {"main", "OLK-6.6"}
    assert {commit.subject for commit in smstateen.commits} == {"RISC-V: Detect Smstateen extension"}
    bits = difference(three, "Ssaia", "guest-bits")
    assert bits.commits
    assert [commit.subject for commit in bits.commits] == ["RISC-V: KVM: Enable Smstateen accesses"]


def test_what_moved_between_files_of_kvm_is_not_brought_anew(miniature: DemoHistory) -> None:
    """main keeps its table in vcpu_onereg.c and its bits in vcpu_config.c, the stable branch both in vcpu.c."""
    report = make_support(SupportRequest(str(miniature.path), ("main", "linux-6.1.y")))
    subjects = {commit.subject for one in report.differences for commit in one.commits or ()}
    assert subjects
    assert not [subject for subject in subjects if "Factor-out" in subject or "move the ONE_REG" in subject]
    assert not [one for one in report.differences if one.extension in {"Svpbmt", "Sstc", "Zicbom"}]


def test_the_same_tree_differs_in_nothing(miniature: DemoHistory) -> None:
    assert make_support(SupportRequest(str(miniature.path), ("main", "main~0"))).differences == ()
    assert make_support(SupportRequest(str(miniature.path))).differences == ()


def test_tags_across_the_miniatures_life(miniature: DemoHistory) -> None:
    tags = ("miniature-6.1", "miniature-6.6", "miniature-6.7", "miniature-6.13", "miniature-7.1")
    report = make_support(SupportRequest(str(miniature.path), tags, history=False))
    assert [value(report, "Smstateen", "guest-bits", tag) for tag in tags] == [False, False, True, True, True]
    assert [value(report, "Svadu", "one-reg", tag) for tag in tags] == [False, False, False, True, True]
    assert [value(report, "V", "one-reg", tag) for tag in tags] == [False, True, True, True, True]
    assert all(one.commits is None for one in report.differences)


def test_a_shallow_clone(miniature: DemoHistory, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", miniature.path.as_uri(), str(shallow)], check=True)
    report = make_support(SupportRequest(str(shallow)))
    assert value(report, "Svadu", "guest-bits", "HEAD") is True
    subprocess.run(["git", "fetch", "-q", "--depth", "1", "origin", "OLK-6.6:OLK-6.6"], cwd=shallow, check=True)
    compared = make_support(SupportRequest(str(shallow), ("HEAD", "OLK-6.6")))
    assert difference(compared, "Svadu", "one-reg").commits == ()


# ---- the command ------------------------------------------------------------------------------------------------

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], miniature: DemoHistory) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        status = main(["-C", str(miniature.path), *words])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def test_json_has_the_keys_of_the_contract(run: Run, miniature: DemoHistory) -> None:
    status, out, _ = run("support", "--format", "json", "main", "OLK-6.6")
    assert status == 0
    data = json.loads(out)
    assert data["schema"] == "kvmpatch.support/1"
    assert [ref["ref"] for ref in data["refs"]] == ["main", "OLK-6.6"]
    assert data["refs"][0]["id"] == miniature.head
    assert [column["id"] for column in data["columns"]] == list(COLUMNS)
    row = next(row for row in data["rows"] if row["extension"] == "Svadu")
    assert row["kind"] == "isa"
    cell = next(cell for cell in row["cells"] if cell["column"] == "guest-bits" and cell["ref"] == "main")
    assert cell["value"] is True
    assert cell["evidence"][0]["path"] == "arch/riscv/kvm/vcpu_config.c"
    assert {cell["value"] for row in data["rows"] for cell in row["cells"]} == {True, False, None}
    one = next(one for one in data["differences"] if (one["extension"], one["column"]) == ("Svadu", "one-reg"))
    assert (one["has"], one["lacks"]) == (["main"], ["OLK-6.6"])
    assert one["zh"]
    assert one["en"] == "Svadu (ONE_REG): in main, not in OLK-6.6"
    assert one["commits"][0]["subject"].startswith("RISC-V: KVM: Add Svade and Svadu")
    assert json.loads(run("support", "--format", "json")[1])["refs"][0]["ref"] == "HEAD"


def test_text_keeps_within_80_columns(three: SupportReport, miniature: DemoHistory) -> None:
    single = make_support(SupportRequest(str(miniature.path)))
    for report in (three, single):
        for speech in ("zh", "en", "both"):
            for detail in ("quiet", "normal"):
                text = to_terminal(support_page(report, Voice(speech, detail)), 80)
                assert all(width(line) <= 80 for line in text.splitlines()), (speech, detail)
                assert "Svadu" in text
    assert not re.search("[\u4e00-\u9fff]", to_terminal(support_page(three, Voice("en")), 80))


def test_the_page_shows_differences_first(run: Run) -> None:
    status, out, _ = run("--lang", "en", "support", "main", "OLK-6.6")
    assert status == 0
    assert out.index("1.1 in main, not in OLK-6.6") < out.index("Extension by extension")
    assert re.search(r"^  Svadu +✓– +✓– ", out, re.MULTILINE)
    assert not re.search(r"^  Svpbmt ", out, re.MULTILINE)
    assert re.search(r"^  Svpbmt +✓✓ ", run("--lang", "en", "-v", "support", "main", "OLK-6.6")[1], re.MULTILINE)
    assert "main 有，OLK-6.6 没有" in run("--lang", "zh", "support", "main", "OLK-6.6")[1]
    markdown = run("--lang", "en", "support", "--format", "markdown", "main", "OLK-6.6")[1]
    assert "| `Svadu` | ✓– |" in markdown


def test_complaints(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--lang", "en", "support", "no-such-ref")[0] == 2
    status, _, err = run("--lang", "en", "support", "OLK-6.6..main")
    assert status == 2
    assert "is a range" in err
    capsys.readouterr()
    assert main(["-C", str(tmp_path), "--lang", "en", "support"]) == 2
    assert "no git repository" in capsys.readouterr().err


def test_a_repository_that_is_no_kernel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo = Scratch(tmp_path / "other")
    repo.commit("start", {"a.c": "int a;\n"})
    report = make_support(SupportRequest(str(repo.path)))
    assert report.rows == ()
    assert [warning.code for warning in report.warnings] == ["no-kernel"]
    assert main(["-C", str(repo.path), "--lang", "en", "support"]) == 0
    assert "has no sources of RISC-V KVM" in capsys.readouterr().out
