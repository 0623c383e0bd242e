"""With an index `related` answers what it answers without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from repo_scratch import Scratch

from kvmpatch.model.related import Related
from kvmpatch.reports.index import IndexRequest, index_report
from kvmpatch.reports.indexed import indexed
from kvmpatch.reports.related import RelatedRequest, make_related
from kvmpatch.reports.related.finder import GitFinder, finder_for
from kvmpatch.reports.related.index_finder import literal_of
from kvmpatch.reports.related.matches import matched
from kvmpatch.sources.demo import DemoHistory, lay_down
from kvmpatch.sources.repo import Repository

ASKED: tuple[dict[str, Any], ...] = (
    {"grep": ("senvcfg",)},
    {"grep": ("SENVCFG",), "ignore_case": True},
    {"grep": ("KVM", "selftests"), "all_match": True},
    {"grep": ("KVM", "selftests")},
    {"grep": ("senvcfg",), "all": True},
    {"grep": ("se.vcfg",)},
    {"grep": ("senvcfg",), "paths": ("arch/riscv",)},
    {"grep": ("Krčmář",)},
    {"rev": "db3c01c7a308"},
    {"rev": "HEAD~5"},
    {"rev": "HEAD~5..HEAD", "grep": ("KVM",)},
    {"csr": ("henvcfg",)},
    {"csr": ("senvcfg",)},
    {"bit": ("ENVCFG_CBZE",)},
    {"bit": ("henvcfg.STCE",)},
    {"ext": ("Svadu",)},
    {"ext": ("Svpbmt",), "grep": ("senvcfg",)},
    {"symbol": ("kvm_vcpu_config.henvcfg",)},
    {"symbol": ("kvm_vcpu_config",), "no_merges": True},
    {"symbol": ("kvm_riscv_vcpu_setup_config",)},
    {"symbol": ("no_such_name_anywhere",)},
    {"symbol": ("kvm_vcpu_config",), "csr": ("henvcfg",), "paths": ("arch/riscv/kvm",)},
)


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("miniature") / "linux")


def ask(path: Path, asked: dict[str, Any]) -> Related:
    return make_related(RelatedRequest(start=str(path), **asked))


def test_the_answers_are_the_same(miniature: DemoHistory) -> None:
    without = [ask(miniature.path, asked) for asked in ASKED]
    index_report(IndexRequest("build", str(miniature.path)))
    with Repository.open(miniature.path) as repository:
        assert finder_for(repository, RelatedRequest(str(miniature.path))).fast
    for asked, expected in zip(ASKED, without, strict=True):
        assert ask(miniature.path, asked) == expected, asked


def test_changes_are_read_from_the_index(miniature: DemoHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    index_report(IndexRequest("build", str(miniature.path)))

    def compared(*_: object) -> object:
        raise AssertionError("the files of a commit were compared, or git was asked for lines")

    monkeypatch.setattr("kvmpatch.reports.related.changed.commit_facts", compared)
    monkeypatch.setattr(Repository, "changed_lines", compared)
    monkeypatch.setattr("kvmpatch.reports.related.search._Search._relatives", lambda *_: None)
    for asked in ({"symbol": ("kvm_vcpu_config.henvcfg",)}, {"bit": ("ENVCFG_CBZE",)}, {"ext": ("Svadu",)}):
        related = ask(miniature.path, asked)
        matches = next(one.commits for one in related.groups if one.id == "match")
        assert matches
        assert all(reason.evidence for commit in matches for reason in commit.reasons)


@pytest.mark.parametrize(
    ("syntax", "pattern", "literal"),
    [
        ("fixed", "a.b*", "a.b*"),
        ("basic", "senv.fg_reg", "fg_reg"),
        ("basic", "senvcfg*", "senvcf"),
        ("basic", "senvcfg+", "senvcfg+"),
        ("extended", "senvcfg+", "senvcf"),
        ("extended", "senvcfg?x", "senvcf"),
        ("perl", "^KVM: .*senvcfg$", "senvcfg"),
        ("basic", "[se]nvcfg[]x]context", "context"),
        ("basic", "[^]a]senvcfg", "senvcfg"),
        ("basic", "senvcfg[[:space:]]", ""),
        ("basic", "senvcfg\\|henvcfg", ""),
        ("extended", "senvcfg|henvcfg", ""),
        ("basic", "senvcfg|henvcfg", "senvcfg|henvcfg"),
        ("extended", "(senvcfg)?", ""),
        ("extended", "senvcfg{0}", ""),
        ("perl", "\\bsenvcfg", ""),
        ("basic", "one\ntwo-lines", ""),
        ("basic", "abc.de", ""),
    ],
)
def test_what_a_pattern_holds_for_certain(syntax: str, pattern: str, literal: str) -> None:
    assert literal_of(pattern, syntax) == literal


def test_patterns_are_decided_by_git_among_proposals(miniature: DemoHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    index_report(IndexRequest("build", str(miniature.path)))
    patterns = (
        "se.vcfg context save",
        "^RISC-V: KVM: .* Svadu",
        "kvm_vcpu_conf[h-j]g",
        "[Ss]envcfg register",
        "CONTEXT SAVE*",
    )
    with indexed(str(miniature.path))() as repository:
        for pattern in patterns:
            for syntax in ("basic", "extended", "perl"):
                request = RelatedRequest(
                    str(miniature.path),
                    grep=(pattern,),
                    syntax=syntax,
                    ignore_case=True,
                    all=True,
                )
                found = finder_for(repository, request).matching(request, syntax)
                assert found is not None
                assert sorted(found) == sorted(matched(repository, request)) != []


def peopled(path: Path) -> Scratch:
    """Two authors, one of whom .mailmap knows under another name; a merge; a branch of its own."""
    scratch = Scratch(path)
    by = {"GIT_AUTHOR_NAME": "Old Name", "GIT_AUTHOR_EMAIL": "old@example.org"}
    mailmap = "New Name <new@example.org> <old@example.org>\n"
    scratch.commit("widget: root\n", {".mailmap": mailmap, "a": "1\n"})
    for number in range(3):
        scratch.git("commit", "-q", "--allow-empty", "-m", f"widget: old {number}", env={**scratch.when(), **by})
        scratch.commit(f"gadget: mine {number}\n\nThe widget of {number}.\n", {"a": f"{number}\n\n"})
    scratch.git("checkout", "-q", "-b", "side", "HEAD~3")
    scratch.git("commit", "-q", "--allow-empty", "-m", "widget: aside", env={**scratch.when(), **by})
    scratch.git("checkout", "-q", "main")
    scratch.git("merge", "-q", "--no-ff", "-m", "Merge the widget", "side", env=scratch.when())
    return scratch


@pytest.mark.parametrize("grep", [("widget",), ("widget", "mine"), ("w.dget: ol[de]",), ("no such widget",)])
@pytest.mark.parametrize("rev", [None, "HEAD~4..HEAD", "side...HEAD", "HEAD..side"])
def test_filters_are_decided_by_git_among_proposals(tmp_path: Path, grep: tuple[str, ...], rev: str | None) -> None:
    scratch = peopled(tmp_path / "repo")
    until = scratch.git("log", "-1", "--skip=3", "--format=%cI")
    index_report(IndexRequest("build", str(scratch.path)))
    narrowed: tuple[dict[str, Any], ...] = (
        {}, {"no_merges": True}, {"author": ("New",)}, {"author": ("old@",)}, {"committer": ("dev",)},
        {"until": until}, {"author": ("new NAME",), "ignore_case": True, "all_match": True, "until": until},
    )  # fmt: skip
    found_some = 0
    with indexed(str(scratch.path))() as repository:
        for more in narrowed:
            request = RelatedRequest(str(scratch.path), grep=grep, rev=rev, all=rev is None, **more)
            found = finder_for(repository, request).matching(request, "basic")
            assert found is not None
            assert sorted(found) == sorted(matched(repository, request)), more
            found_some += bool(found)
    assert found_some or grep == ("no such widget",) or rev == "HEAD..side"
    with indexed(str(scratch.path))() as repository:  # where a walk ends is git's to say
        for more in ({"since": until}, {"paths": ("a",)}, {"invert_grep": True}):
            request = RelatedRequest(str(scratch.path), grep=grep, **more)
            assert finder_for(repository, request).matching(request, "basic") is None


def test_without_an_index_git_is_asked(miniature: DemoHistory) -> None:
    with Repository.open(miniature.path) as repository:
        assert type(finder_for(repository, RelatedRequest(str(miniature.path)))) is GitFinder


def test_commits_of_a_branch_that_is_gone_are_not_found(miniature: DemoHistory, tmp_path: Path) -> None:
    history = lay_down(tmp_path / "linux")
    index_report(IndexRequest("build", str(history.path)))
    (history.path / ".git" / "refs" / "heads" / "linux-6.1.y").unlink(missing_ok=True)
    packed = history.path / ".git" / "packed-refs"
    if packed.exists():
        kept = [line for line in packed.read_text().splitlines() if "6.1" not in line]
        packed.write_text("\n".join(kept) + "\n")
    for tag in ("v6.1.1-miniature",):
        (history.path / ".git" / "refs" / "tags" / tag).unlink(missing_ok=True)
    related = ask(history.path, {"rev": history.id_of("0019")})
    backports = next(one.commits for one in related.groups if one.id == "backport")
    assert backports is not None
    assert history.id_of("0101") not in {one.id for one in backports}
    assert history.id_of("0202") in {one.id for one in backports}


def test_what_an_annotated_tag_alone_holds_is_found(tmp_path: Path) -> None:
    history = lay_down(tmp_path / "linux")
    scratch = Scratch(history.path, make=False)
    scratch.git("checkout", "-q", "--detach")
    alone = scratch.commit("an odd_word_alone\n", {"odd": "1\n"})
    scratch.git("tag", "-a", "-m", "tagged", "odd", env=scratch.when())
    scratch.git("tag", "-a", "-m", "a tree", "tree", "HEAD^{tree}", env=scratch.when())
    scratch.git("checkout", "-q", "main")
    index_report(IndexRequest("build", str(history.path)))
    for asked, expected in (({"all": True}, {alone}), ({}, set())):
        related = ask(history.path, {"grep": ("odd_word_alone",), **asked})
        matches = next(one.commits for one in related.groups if one.id == "match")
        assert {one.id for one in matches or ()} == expected
