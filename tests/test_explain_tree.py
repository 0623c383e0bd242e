"""`explain` inside a repository: what its tree has of a name, and which commit brought it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.analysis.support.values import HeaderValues
from kvmpatch.cli import main
from kvmpatch.errors import UnknownName
from kvmpatch.model import Explanation, TreeFacts, TreeName
from kvmpatch.parse.csource.outline import outline
from kvmpatch.reports.explain import ExplainRequest, explain
from kvmpatch.reports.explain.introduced import defines
from kvmpatch.sources.demo import DemoHistory, lay_down

CSR_HEADER = "arch/riscv/include/asm/csr.h"


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


def asked(name: str, path: Path, history: bool = True) -> Explanation:
    return explain(ExplainRequest(name, str(path), history))


def tree_of(name: str, path: Path, history: bool = True) -> TreeFacts:
    tree = asked(name, path, history).tree
    assert tree is not None
    return tree


def name_in(tree: TreeFacts, name: str) -> TreeName:
    return next(one for one in tree.names if one.name == name)


# ---- the miniature -----------------------------------------------------------------------------------------------


def test_a_bit_with_its_definition_uses_and_origin(miniature: DemoHistory) -> None:
    tree = tree_of("henvcfg.STCE", miniature.path)
    found = name_in(tree, "ENVCFG_STCE")
    (definition,) = found.definitions
    assert (definition.kind, definition.path) == ("macro", CSR_HEADER)
    assert definition.value == 1 << 63
    assert definition.differs is False
    (place,) = found.places
    assert (place.path, place.function) == ("arch/riscv/kvm/vcpu_config.c", "kvm_riscv_vcpu_config_ran_once")
    assert (found.lines, found.functions, found.files) == (1, 1, 1)
    by = found.introduced
    assert by
    assert by.id in {commit.id for commit in miniature.commits}
    text = (miniature.path / definition.path).read_text(encoding="utf-8").splitlines()[definition.line - 1]
    assert text.startswith("#define ENVCFG_STCE")


def test_a_value_that_differs_is_said(miniature: DemoHistory) -> None:
    """The miniature leaves out ids, so its numbers from there on are not those of Linux."""
    found = name_in(tree_of("KVM_RISCV_ISA_EXT_SVADU", miniature.path), "KVM_RISCV_ISA_EXT_SVADU")
    (definition,) = found.definitions
    assert (definition.kind, definition.differs) == ("enumerator", True)
    first = name_in(tree_of("KVM_RISCV_ISA_EXT_A", miniature.path), "KVM_RISCV_ISA_EXT_A")
    assert (first.definitions[0].value, first.definitions[0].differs) == (0, False)


def test_the_commit_that_brought_an_id(miniature: DemoHistory) -> None:
    by = name_in(tree_of("Svadu", miniature.path), "KVM_RISCV_ISA_EXT_SVADU").introduced
    assert by
    assert by.subject == "RISC-V: KVM: Add Svade and Svadu Extensions Support for Guest/VM"


def test_a_field_is_followed_to_the_file_that_it_came_from(miniature: DemoHistory) -> None:
    """henvcfg of struct kvm_vcpu_config was moved to a header of its own long after it was brought."""
    found = name_in(tree_of("henvcfg", miniature.path), "henvcfg")
    (definition,) = found.definitions
    assert (definition.kind, definition.path) == ("field", "arch/riscv/include/asm/kvm_vcpu_config.h")
    assert found.introduced
    assert found.introduced.subject == "RISC-V: KVM: Add kvm_vcpu_config"


def test_what_the_first_commit_has_is_unknown(miniature: DemoHistory) -> None:
    found = name_in(tree_of("kvm_arch_vcpu_load", miniature.path), "kvm_arch_vcpu_load")
    assert found.definitions
    assert found.introduced is None
    assert found.introduced_why
    assert "first commit" in found.introduced_why.en


def test_history_is_not_read_when_not_wanted(miniature: DemoHistory) -> None:
    found = name_in(tree_of("Svadu", miniature.path, history=False), "KVM_RISCV_ISA_EXT_SVADU")
    assert (found.introduced, found.introduced_why) == (None, None)


def test_a_name_that_only_the_tree_knows(miniature: DemoHistory) -> None:
    found = asked("kvm_riscv_vcpu_stopped", miniature.path)
    assert found.kind == "function"
    assert found.entries[0].source.name == "repository"
    assert found.tree
    name = name_in(found.tree, "kvm_riscv_vcpu_stopped")
    assert name.introduced
    assert name.introduced.subject == "miniature: add kvm_riscv_vcpu_stopped()"
    with pytest.raises(UnknownName):
        asked("kvm_riscv_vcpu_stoppedd", miniature.path)


def test_a_known_name_that_the_tree_lacks(miniature: DemoHistory, capsys: pytest.CaptureFixture[str]) -> None:
    tree = tree_of("ENVCFG_PMM", miniature.path)
    assert [(name.definitions, name.lines) for name in tree.names] == [((), 0)]
    assert main(["-C", str(miniature.path), "--lang", "en", "explain", "ENVCFG_PMM"]) == 0
    assert "This tree does not have it." in capsys.readouterr().out


def test_the_page_and_the_json(miniature: DemoHistory, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(miniature.path), "explain", "ENVCFG_PBMTE"]) == 0
    out = capsys.readouterr().out
    assert "本仓库 · This tree" in out
    assert "与已知一致 / as known" in out
    assert main(["-C", str(miniature.path), "explain", "--format", "json", "ENVCFG_PBMTE"]) == 0
    tree = json.loads(capsys.readouterr().out)["tree"]
    assert tree["id"] == miniature.head
    (name,) = tree["names"]
    assert name["definitions"][0]["path"] == CSR_HEADER
    assert name["introduced"]["id"]


def test_from_below_and_in_a_bare_repository(miniature: DemoHistory, tmp_path: Path) -> None:
    assert name_in(tree_of("ENVCFG_STCE", miniature.path / "arch/riscv/kvm"), "ENVCFG_STCE").definitions
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(miniature.path), str(bare)], check=True)
    assert name_in(tree_of("ENVCFG_STCE", bare), "ENVCFG_STCE").definitions


def test_a_shallow_clone_says_that_it_does_not_know(miniature: DemoHistory, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    source = miniature.path.as_uri()
    subprocess.run(["git", "clone", "-q", "--depth", "3", source, str(shallow)], check=True)
    found = name_in(tree_of("ENVCFG_STCE", shallow), "ENVCFG_STCE")
    assert found.definitions
    assert found.introduced is None
    assert found.introduced_why
    assert "shallow" in found.introduced_why.en


def test_a_broken_repository_does_not_spoil_what_is_known(miniature: DemoHistory, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(miniature.path, broken)
    for pack in (broken / ".git" / "objects").rglob("*.pack"):
        pack.chmod(0o644)
        pack.unlink()
    shutil.rmtree(broken / ".git" / "objects")
    (broken / ".git" / "objects").mkdir()
    found = asked("ENVCFG_STCE", broken)
    assert found.entries[0].name == "ENVCFG_STCE"
    assert found.tree is None or not found.tree.complete


def test_an_empty_repository(tmp_path: Path) -> None:
    Scratch(tmp_path / "empty")
    assert asked("ENVCFG_STCE", tmp_path / "empty").tree is None


# ---- small trees -------------------------------------------------------------------------------------------------


def test_the_newest_coming_counts_and_merges_are_walked_through(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "repo")
    repo.commit("start", {"a.h": "#define OTHER 1\n"})
    repo.commit("brings", {"a.h": "#define ENVCFG_STCE (1ULL << 63)\n#define OTHER 1\n"})
    repo.git("checkout", "-q", "-b", "side", "HEAD~1")
    repo.commit("aside", {"b.c": "int b;\n"})
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    moved = repo.commit("moves", {"a.h": "#define OTHER 1\n", "c.h": "#define ENVCFG_STCE\t(1ULL << 63)\n"})
    assert moved
    by = name_in(tree_of("ENVCFG_STCE", repo.path), "ENVCFG_STCE").introduced
    assert by
    assert (by.subject, by.path) == ("brings", "a.h")
    repo.commit("takes away", {"c.h": "\n"})
    repo.commit("again", {"c.h": "#define ENVCFG_STCE (1ULL << 62)\n"})
    found = name_in(tree_of("ENVCFG_STCE", repo.path), "ENVCFG_STCE")
    assert found.introduced
    assert found.introduced.subject == "again"
    assert found.definitions[0].value == 1 << 62
    assert found.definitions[0].differs is True


def test_uses_in_comments_do_not_count(tmp_path: Path) -> None:
    repo = Scratch(tmp_path / "repo")
    source = "/* ENVCFG_STCE */\nint f(void)\n{\n\t// ENVCFG_STCE\n\treturn ENVCFG_STCE | ENVCFG_STCE;\n}\n"
    repo.commit("uses", {"x.c": source, "y.c": "int ENVCFG_STCE_NOT;\n"})
    found = name_in(tree_of("ENVCFG_STCE", repo.path), "ENVCFG_STCE")
    assert (found.lines, found.functions, found.files) == (1, 1, 1)
    assert [(place.path, place.line, place.function) for place in found.places] == [("x.c", 5, "f")]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("(_AC(1, ULL) << 62)", 1 << 62),
        ("(_AC(0x3, UL) << SHIFT)", 0x30),
        ("BIT(5) | BIT_ULL(40)", 1 << 5 | 1 << 40),
        ("GENMASK(25, 0)", 0x3FFFFFF),
        ("('c' - 'a')", 2),
        ("(_ULL(1) << 63)", 1 << 63),
        ("0x60a", 0x60A),
        ("010", 8),
        ("~0UL", (1 << 64) - 1),
        ("-1", (1 << 64) - 1),
        ("1 + 2 * 3", 7),
        ("(1 << 2) - 1 & 2", 2),
        ("100U", 100),
        ("sizeof(long)", None),
        ("UNKNOWN", None),
        ("TWICE", None),
        ("LOOP", None),
        ("1 << 5000", None),
        ("BIT(99999999)", None),
        ("1 / 0", None),
        ("(1", None),
        ("f(", None),
        ("", None),
        ("(" * 3000, None),
    ],
)
def test_numbers_of_headers(text: str, number: int | None) -> None:
    header = b"#define SHIFT 4\n#define TWICE 1\n#undef TWICE\n#define TWICE 2\n#define LOOP LOOP\nenum e { A, B };\n"
    assert HeaderValues(outline(header)).number(text) == number


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("#define NAME 1\n", True),
        ("#  define\tNAME(x) x\n", True),
        ("enum e {\n\tNAME,\n};\n", True),
        ("enum e {\n\tNAME = 3,\n};\n", True),
        ("enum e {\n\tOTHER,\n\tNAME\n};\n", True),
        ("static int NAME(void)\n{\n}\n", True),
        ("int __init\nNAME(int a,\n     int b)\n{\n", True),
        ("struct NAME {\n", True),
        ("struct s {\n\tu64 NAME;\n", True),
        ("struct s {\n\tunsigned long NAME[4];\n", True),
        ("static const int NAME[] = {\n", True),
        ("SYM_FUNC_START(NAME)\n", True),
        ("config NAME\n", True),
        ("int NAME(void);\n", False),
        ("\tNAME(void);\n", False),
        ("\tx = NAME;\n", False),
        ("\tif (x == NAME)\n", False),
        ("#define OTHER NAME\n", False),
        ("#define NAMED 1\n", False),
    ],
)
def test_what_is_a_definition(source: str, found: bool) -> None:
    assert bool(defines("NAME").search(source.encode())) is found
