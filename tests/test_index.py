"""The index of real repositories: what it holds, and that it is right whatever refs and history do."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from index_scratch import built, content, covered, folder_of, opened, run
from repo_scratch import Scratch, contents_of

from kvmpatch.cli import main
from kvmpatch.reports.index import index_for
from kvmpatch.reports.index_rows import DEFAULT_SCOPE
from kvmpatch.reports.indexed import analysis_version
from kvmpatch.sources.index import Index, Reach
from kvmpatch.sources.repo import Filter, Repository

HEADER = "arch/riscv/include/asm/csr.h"
CODE = "arch/riscv/kvm/vcpu.c"
LATIN = "Stra\u00dfe".encode("latin-1")


def before_and_after(bit: int, name: str) -> dict[str | bytes, str | bytes | None]:
    return {
        HEADER: f"#define CSR_HENVCFG\t\t0x60a\n#define ENVCFG_PBMTE\t\t(_AC(1, UL) << {bit})\n",
        CODE: f"static void {name}(struct kvm_vcpu *vcpu)\n{{\n\tcsr_write(CSR_HENVCFG, ENVCFG_PBMTE);\n}}\n",
    }


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path / "repo")


@pytest.fixture
def history(scratch: Scratch) -> dict[str, str]:
    """A fix, a revert, a backport, a merge, an odd encoding: by name."""
    made = {}
    made["root"] = scratch.commit(
        "riscv: Add the widget\n\nIt has henvcfg_bits to set.\n", before_and_after(62, "load")
    )
    made["other"] = scratch.commit("mm: Something else\n", {"mm/slub.c": "int slub;\n"})
    link = "Link: https://lore.example.org/r/20240301100000.7-2-dev@example.org"
    made["fix"] = scratch.commit(
        f'KVM: Fix the widget\n\nText.\n\nFixes: {made["root"][:12]} ("riscv: Add the widget")\n{link}\n',
        before_and_after(63, "load"),
    )
    made["revert"] = scratch.commit(f'Revert "KVM: Fix the widget"\n\nThis reverts commit {made["fix"]}.\n')
    scratch.git("checkout", "-q", "-b", "stable", made["root"])
    made["backport"] = scratch.commit(
        f"KVM: Fix the widget\n\ncommit {made['fix']} upstream.\n\nText.\n", before_and_after(63, "load")
    )
    made["depends"] = scratch.commit(f"KVM: Base\n\nText.\n\nStable-dep-of: {made['fix'][:12]} (x)\n", {"a": "a\n"})
    scratch.git("config", "i18n.commitEncoding", "ISO-8859-1")
    made["latin"] = scratch.commit(b"docs: " + LATIN + b"\n\nMore of " + LATIN + b".\n", {"b": "b\n"})
    scratch.git("config", "--unset", "i18n.commitEncoding")
    made["odd"] = scratch.commit(b"docs: \xff\xfe bytes\n", {"c": "c\n"})
    scratch.git("checkout", "-q", "main")
    scratch.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge stable", "stable", env=scratch.when())
    made["merge"] = scratch.git("rev-parse", "HEAD")
    return made


def index_of(scratch: Scratch) -> Index:
    index = opened(scratch.path)
    assert index is not None
    return index


# ---- what it holds -----------------------------------------------------------------------------------------------


def test_it_holds_what_git_holds(scratch: Scratch, history: dict[str, str]) -> None:
    assert built(scratch.path).commits == len(history)
    with Repository.open(scratch.path) as repository, index_of(scratch) as index:
        raws = {raw.id: raw for raw in repository.commits(history.values())}
        briefs = index.brief(history.values())
        assert len(briefs) == len(history)
        for commit, raw in raws.items():
            brief = briefs[commit]
            assert (brief.subject, brief.author, brief.committer) == (raw.subject, raw.author, raw.committer)
            assert brief.parents == raw.parents
        assert index.messages(history.values()) == {commit: raw.message for commit, raw in raws.items()}
        assert briefs[history["latin"]].subject == "docs: Straße"
        assert index.count() == len(history)


def test_pointers_both_ways(scratch: Scratch, history: dict[str, str]) -> None:
    built(scratch.path)
    with index_of(scratch) as index:
        to_fix = {(one.id, one.kind, one.form) for one in index.pointing_at(history["fix"])}
        assert to_fix == {
            (history["revert"], "reverts", ""),
            (history["backport"], "upstream", "stable-commit"),
            (history["depends"], "depends", ""),
        }
        assert [one.id for one in index.pointing_at(history["root"], ("fixes",))] == [history["fix"]]
        assert [one.id for one in index.pointing_at(history["root"][:8], ("fixes",))] == [history["fix"]]
        assert index.pointing_at(history["root"], ("reverts",)) == ()
        assert index.pointing_at(history["other"]) == ()
        assert index.pointing_at(history["root"][:6]) == ()


@pytest.mark.parametrize(
    "literal",
    ["widget", "idget", "Add the wid", "the widget\n\nText", "henvcfg_bits", "vcfg_b", "Straße", "s", "", "none"],
)
def test_literals_are_found_as_git_finds_them(scratch: Scratch, history: dict[str, str], literal: str) -> None:
    built(scratch.path)
    with Repository.open(scratch.path) as repository, index_of(scratch) as index:
        everything = {raw.id: raw.message for raw in repository.commits(history.values())}
        exact = [commit for commit, message in everything.items() if literal in message]
        assert sorted(index.messages_containing(literal)) == sorted(exact)
        if literal and "\n" not in literal:
            git = repository.history_ids(repository.all_tips(), where=Filter(grep=(literal,), syntax="fixed"))
            assert sorted(git) == sorted(exact)
        loud = "".join(letter.upper() if letter.isascii() else letter for letter in literal)
        folded = [commit for commit, message in everything.items() if literal.lower() in message.lower()]
        assert set(folded) <= set(index.messages_containing(loud, ignore_case=True))
        if literal.isascii():
            assert len(list(index.messages_containing(loud, ignore_case=True))) == len(folded)


@pytest.mark.parametrize("most", [1, 400])
@pytest.mark.parametrize(
    "literal", ["idget", "widget", "DGET", "dget ", "vcfg_", "cfg_bits", "raß", "nowhere", "a", "it", "pstr"]
)
def test_parts_of_words_in_a_long_history(
    scratch: Scratch, history: dict[str, str], literal: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kvmpatch.sources.index.scan._MANY_BLOCKS", 1)
    monkeypatch.setattr("kvmpatch.sources.index.scan._MOST_WORDS", most)
    monkeypatch.setattr("kvmpatch.sources.index.objects.BLOCK_COMMITS", 1)
    built(scratch.path)
    with index_of(scratch) as index:
        messages = index.messages(history.values())
        exact = {commit for commit, message in messages.items() if literal in message}
        folded = {commit for commit, message in messages.items() if literal.lower() in message.lower()}
        assert set(index.messages_containing(literal)) == exact
        assert set(index.messages_containing(literal, ignore_case=True)) >= folded


def test_a_word_is_found_at_its_start_alone(scratch: Scratch, history: dict[str, str]) -> None:
    built(scratch.path)
    with index_of(scratch) as index:
        assert list(index.messages_containing(history["root"][:7], at_word_start=True)) == [history["fix"]]
        assert list(index.messages_containing("idget", at_word_start=True)) == []
        # an underscore is part of a C name, yet a word begins behind it: more is proposed, never less
        assert list(index.messages_containing("bits", at_word_start=True)) == [history["root"]]


@pytest.mark.parametrize(
    "literals",
    [
        ("widget",), ("WIDGET", "slub"), ("idget", "dgets"), ("fix the wid", "revert"), ("the widget\n\ntext",),
        ("add the widget to set it anew", "it has henvcfg_bits to set"), ("bits", "cfg_bits"), ("s", "no_such"),
        ("more of",), (),
    ],
)  # fmt: skip
@pytest.mark.parametrize("block", [1, 3, 64])
def test_any_of_several_is_found_where_a_word_begins(
    scratch: Scratch, history: dict[str, str], literals: tuple[str, ...], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kvmpatch.sources.index.objects.BLOCK_COMMITS", block)
    built(scratch.path)
    with index_of(scratch) as index:
        patterns = [re.compile(rf"(?<![0-9A-Za-z]){re.escape(one)}", re.IGNORECASE) for one in literals]
        messages = index.messages(history.values())
        expected = {commit for commit, said in messages.items() if any(one.search(said) for one in patterns)}
        found = list(index.messages_naming(literals))
        assert set(found) == expected
        assert len(found) == len(expected)


def test_reach_is_gits(scratch: Scratch, history: dict[str, str]) -> None:
    built(scratch.path)
    with Repository.open(scratch.path) as repository, index_of(scratch) as index:
        for tip in history.values():
            reach: Reach = index.reached([tip])
            reached = list(repository.history_ids([tip]))
            assert sorted(reach.among(history.values())) == sorted(reached)
            assert len(reach) == len(reached)
        assert history["odd"] in index.reached([history["merge"]])
        assert history["merge"] not in index.reached([history["odd"]])
        assert len(index.reached(["0" * 40])) == 0


def test_an_annotated_tag_stands_for_its_commit(scratch: Scratch, history: dict[str, str]) -> None:
    def tag(name: str, target: str) -> str:
        scratch.git("tag", "-a", "-m", name, name, target, env=scratch.when())
        return scratch.git("rev-parse", f"refs/tags/{name}")

    scratch.git("checkout", "-q", "--detach")
    alone = scratch.commit("docs: On no branch\n", {"alone": "1\n"})
    first, tree = tag("first", alone), tag("tree", f"{alone}^{{tree}}")
    scratch.git("checkout", "-q", "main")
    built(scratch.path)
    second, of_tag = tag("second", history["fix"]), tag("of-tag", "refs/tags/first")
    built(scratch.path)  # no commit is new, two tags are
    with Repository.open(scratch.path) as repository, index_of(scratch) as index:
        assert index.covers(repository.all_tips())
        for one in (first, of_tag):
            assert sorted(index.reached([one]).among([*history.values(), alone])) == sorted(
                repository.history_ids([one])
            )
        assert history["fix"] in index.reached([second])
        assert history["revert"] not in index.reached([second])
        assert len(index.reached([tree])) == 0
        assert len(index.reached([history["root"], first])) == len(list(repository.history_ids([alone])))


def sorted_by_number(index: Index, history: dict[str, str]) -> list[tuple[str, str]]:
    numbers = index.numbers(list(history.values()))
    return sorted(history.items(), key=lambda named: numbers[named[1]])


def test_structure_of_the_scope(scratch: Scratch, history: dict[str, str]) -> None:
    done = built(scratch.path, structure=True)
    assert done.structures == 3
    with index_of(scratch) as index:
        assert index.structure_count() == (3, 0)
        for names, expected in {
            ("ENVCFG_PBMTE",): {"root", "fix", "backport"},
            ("load",): {"root"},
            ("load", "ENVCFG_PBMTE"): {"root", "fix", "backport"},
            ("envcfg_pbmte", "loa", ""): set(),
        }.items():
            assert index.ids(sorted(index.changing_numbers(names))) == [
                commit for name, commit in sorted_by_number(index, history) if name in expected
            ]
        assert index.touching_numbers("mm/slub.c".__eq__) == set()
        assert set(index.ids(sorted(index.touching_numbers(CODE.__eq__)))) == {history["root"]}


def test_the_scope_is_a_setting(scratch: Scratch, history: dict[str, str]) -> None:
    built(scratch.path, structure=True)
    scratch.git("config", "kvmpatch.scope", "mm arch/riscv/kvm")
    assert built(scratch.path, structure=True).structures == 1
    with index_of(scratch) as index, Repository.open(scratch.path) as repository:
        assert index.ids(list(index.changing_numbers(["slub"]))) == [history["other"]]
        tips = repository.all_tips()
        version = index._meta["structure_version"]
        assert index.covers_structure(tips, ("mm", "arch/riscv/kvm"), version)
        assert not index.covers_structure(tips, ("mm",), version)
        assert not index.covers_structure(tips, ("mm", "arch/riscv/kvm"), version + "+1")


def test_another_version_of_the_analysis_reads_anew(
    scratch: Scratch, history: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    built(scratch.path, structure=True)
    first = content(folder_of(scratch.path))
    monkeypatch.setattr("kvmpatch.reports.index.analysis_version", lambda: "999")
    assert built(scratch.path, structure=True).structures == 3
    assert content(folder_of(scratch.path)) == first
    assert history


# ---- whatever refs and history do --------------------------------------------------------------------------------


def test_new_commits_are_brought_in(scratch: Scratch, history: dict[str, str]) -> None:
    built(scratch.path)
    new = scratch.commit("KVM: New\n", {"d": "d\n"})
    assert not covered(scratch.path)
    with index_of(scratch) as index:
        assert index.covers(history.values())
        assert index.missing([new, history["fix"]]) == (new,)
    with Repository.open(scratch.path) as repository:
        updated = index_for(repository, str(scratch.path))
        assert updated is not None
        with updated as index:
            assert index.covers(repository.all_tips())
            assert index.brief([new])[new].subject == "KVM: New"
            assert len(index.reached([new])) == len(history) + 1


def test_too_many_new_commits_are_left_to_a_build(
    scratch: Scratch, history: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    built(scratch.path, structure=True)
    monkeypatch.setattr("kvmpatch.reports.index.FEW_COMMITS", 2)
    new = [scratch.commit(f"KVM: New {number}\n") for number in range(3)]
    with Repository.open(scratch.path) as repository:
        index = index_for(repository, str(scratch.path))
        assert index is not None
        with index:
            assert not index.covers(new)
            assert index.covers(history.values())


def test_structure_is_kept_in_step(scratch: Scratch, history: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    built(scratch.path, structure=True)
    new = scratch.commit("KVM: New\n", before_and_after(61, "load_again"))
    with Repository.open(scratch.path) as repository:
        updated = index_for(repository, str(scratch.path))
        assert updated is not None
        with updated as index:
            assert index.ids(list(index.changing_numbers(["load_again"]))) == [new]
            assert index.covers_structure(repository.all_tips(), DEFAULT_SCOPE, analysis_version())
    monkeypatch.setattr("kvmpatch.reports.index.FEW_STRUCTURES", 0)
    newer = scratch.commit("KVM: Newer\n", before_and_after(60, "load"))
    with Repository.open(scratch.path) as repository:
        updated = index_for(repository, str(scratch.path))
        assert updated is not None
        with updated as index:
            assert index.covers([newer, *history.values()])
            assert not index.covers_structure([newer], DEFAULT_SCOPE, analysis_version())


def test_structure_out_of_step_is_left_to_a_build(scratch: Scratch, history: dict[str, str]) -> None:
    built(scratch.path)
    scratch.commit("KVM: New\n", before_and_after(61, "load"))
    with Repository.open(scratch.path) as repository:
        updated = index_for(repository, str(scratch.path))
        assert updated is not None
        with updated as index:
            assert index.covers(repository.all_tips())
            assert index.structure_count() == (0, 0)
            assert not index.covers_structure(repository.all_tips(), DEFAULT_SCOPE, analysis_version())
    assert built(scratch.path, structure=True).structures == 4
    assert history


def test_no_index_is_made_on_the_way(scratch: Scratch, history: dict[str, str]) -> None:
    with Repository.open(scratch.path) as repository:
        assert index_for(repository, str(scratch.path)) is None
    assert not folder_of(scratch.path).path.exists()
    assert history


def test_moved_and_deleted_refs(scratch: Scratch, history: dict[str, str]) -> None:
    built(scratch.path)
    scratch.git("reset", "-q", "--hard", history["other"])
    scratch.git("branch", "-q", "-D", "stable")
    assert built(scratch.path).commits == 0
    assert covered(scratch.path)
    scratch.git("branch", "again", history["depends"])
    assert built(scratch.path).commits == 0
    with index_of(scratch) as index:
        assert history["merge"] not in index.reached([history["other"]])


def test_rewritten_history_whose_objects_vanish(scratch: Scratch, history: dict[str, str]) -> None:
    built(scratch.path)
    scratch.git("checkout", "-q", "--orphan", "fresh", history["root"])
    fresh = scratch.commit("all: Begin anew\n", {"e": "e\n"})
    for branch in ("main", "stable"):
        scratch.git("branch", "-q", "-D", branch)
    scratch.git("reflog", "expire", "--expire=now", "--all")
    scratch.git("gc", "-q", "--prune=now")
    scratch.git("cat-file", "-e", history["fix"], ok=False)
    assert built(scratch.path).commits == 1
    assert covered(scratch.path)
    with index_of(scratch) as index, Repository.open(scratch.path) as repository:
        assert index.reached(repository.all_tips()).among([fresh, *history.values()]) == (fresh,)


def test_annotated_tags_and_tags_of_trees(scratch: Scratch, history: dict[str, str]) -> None:
    scratch.git("tag", "-a", "-m", "A tag", "v1", history["fix"])
    scratch.git("tag", "tree", f"{history['fix']}^{{tree}}")
    assert built(scratch.path).commits == len(history)
    assert covered(scratch.path)
    scratch.git("tag", "-a", "-m", "Another", "v2", history["fix"])
    assert not covered(scratch.path)
    assert built(scratch.path).commits == 0
    assert covered(scratch.path)


def test_a_shallow_clone_that_is_deepened(scratch: Scratch, history: dict[str, str], tmp_path: Path) -> None:
    clone = Scratch(tmp_path / "clone", make=False)
    subprocess.run(["git", "clone", "-q", "--depth=2", f"file://{scratch.path}", clone.path], check=True)
    few = built(clone.path).commits
    assert 2 <= few < len(history)
    assert covered(clone.path)
    clone.git("fetch", "-q", "--unshallow")
    assert not covered(clone.path)
    assert built(clone.path).commits == len(history) - few
    assert covered(clone.path)
    with index_of(clone) as index:
        assert len(index.reached([history["merge"]])) == len(history)


def test_structure_beyond_the_shallow_boundary_is_read_when_it_comes(
    scratch: Scratch, history: dict[str, str], tmp_path: Path
) -> None:
    scratch.git("checkout", "-q", "--detach", history["fix"])
    clone = Scratch(tmp_path / "clone", make=False)
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{scratch.path}", clone.path], check=True)
    built(clone.path, structure=True)
    with index_of(clone) as index:
        assert index.structure_count() == (0, 1)
    clone.git("fetch", "-q", "--unshallow")
    built(clone.path, structure=True)
    with index_of(clone) as index:
        assert index.structure_count() == (2, 0)


def test_replaced_commits(scratch: Scratch, history: dict[str, str]) -> None:
    built(scratch.path)
    scratch.git("replace", "--graft", history["fix"])
    assert not covered(scratch.path)
    built(scratch.path)
    with Repository.open(scratch.path) as repository, index_of(scratch) as index:
        assert len(index.reached([history["fix"]])) == repository.count([history["fix"]]) == 1
    scratch.git("replace", "-d", history["fix"])
    built(scratch.path)
    with index_of(scratch) as index:
        assert len(index.reached([history["fix"]])) == 3


def test_sha256(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "repo", "--object-format=sha256")
    first = scratch.commit("KVM: One\n", {"a": "a\n"})
    second = scratch.commit(f"KVM: Two\n\nFixes: {first} (one)\n", {"a": "b\n"})
    assert built(scratch.path).commits == 2
    with index_of(scratch) as index:
        assert index.brief([second])[second].parents == (first,)
        assert [one.id for one in index.pointing_at(first, ("fixes",))] == [second]
        assert len(index.reached([second])) == 2


def test_an_empty_repository(scratch: Scratch) -> None:
    assert built(scratch.path, structure=True).commits == 0
    assert covered(scratch.path)
    scratch.commit("KVM: One\n", {"a": "a\n"})
    assert built(scratch.path).commits == 1


def test_worktrees_share_an_index_and_repositories_do_not(
    scratch: Scratch, history: dict[str, str], tmp_path: Path
) -> None:
    scratch.git("worktree", "add", "-q", str(tmp_path / "tree"), history["other"])
    assert folder_of(tmp_path / "tree") == folder_of(scratch.path)
    subprocess.run(["git", "clone", "-q", str(scratch.path), str(tmp_path / "clone")], check=True)
    assert folder_of(tmp_path / "clone") != folder_of(scratch.path)


def test_nothing_is_written_into_the_repository(scratch: Scratch, history: dict[str, str]) -> None:
    before = contents_of(scratch.path)
    built(scratch.path, structure=True)
    assert run(scratch.path, "status").returncode == 0
    assert run(scratch.path, "clear").returncode == 0
    assert contents_of(scratch.path) == before
    assert history


# ---- the command -------------------------------------------------------------------------------------------------


def test_build_status_clear(
    scratch: Scratch, history: dict[str, str], capsys: pytest.CaptureFixture[str], sealed: Path
) -> None:
    def asked(*words: str) -> dict[str, object]:
        assert main(["-C", str(scratch.path), "index", *words, "--format", "json"]) == 0
        answer: dict[str, object] = json.loads(capsys.readouterr().out)
        assert answer["schema"] == "kvmpatch.index/1"
        return answer

    state = asked()["index"]
    assert isinstance(state, dict)
    assert (state["state"], state["commits"]) == ("absent", None)
    assert state["path"].startswith(str(sealed / "cache" / "kvmpatch" / "index" / "repo-"))
    done = asked("build")["done"]
    assert isinstance(done, dict)
    assert (done["commits"], done["structures"]) == (len(history), 3)
    state = asked("status")["index"]
    assert isinstance(state, dict)
    assert (state["state"], state["commits"], state["structures"]) == ("current", len(history), 3)
    assert state["structure_complete"] is True
    scratch.commit("KVM: New\n")
    state = asked("status")["index"]
    assert isinstance(state, dict)
    assert (state["state"], state["new_commits"]) == ("behind", 1)
    asked("clear")
    assert not folder_of(scratch.path).database.exists()


@pytest.mark.parametrize(("lang", "word"), [("zh", "与各引用一致"), ("en", "up to date with all refs")])
def test_the_page_in_each_language(
    scratch: Scratch, history: dict[str, str], capsys: pytest.CaptureFixture[str], lang: str, word: str
) -> None:
    assert main(["-C", str(scratch.path), "--lang", lang, "index", "build"]) == 0
    out = capsys.readouterr()
    assert word in out.out
    assert out.err == ""
    assert main(["-C", str(scratch.path), "--lang", lang, "index", "clear"]) == 0
    assert history


def test_an_unknown_action(scratch: Scratch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(scratch.path), "index", "destroy"]) == 2
    assert "build, status, clear" in capsys.readouterr().err
