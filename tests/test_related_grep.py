"""The matches of `related` are what `git log` prints with the same filters: the same ids in the same order."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.errors import UsageError
from kvmpatch.reports.related import RelatedRequest, make_related
from kvmpatch.reports.related.matches import from_the_top, matched
from kvmpatch.sources.repo import Repository

PLAIN = {"GIT_AUTHOR_NAME": "A Developer", "GIT_AUTHOR_EMAIL": "dev@example.org"}
PEOPLE = ("Žofie Nováková <zofie@example.org>", "A Developer <dev@example.org>", "李雷 <lilei@example.org>")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Merges, odd encodings, a side branch, three authors, one of them renamed by .mailmap, a commit with a note."""
    patch = pytest.MonkeyPatch()
    patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    patch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    patch.setenv("GIT_AUTHOR_NAME", "A Developer")
    patch.setenv("GIT_AUTHOR_EMAIL", "dev@example.org")
    patch.setenv("GIT_COMMITTER_NAME", "A Committer")
    patch.setenv("GIT_COMMITTER_EMAIL", "committer@example.org")
    repo = Scratch(tmp_path_factory.mktemp("history") / "repo")
    for number in range(24):
        name, mail = PEOPLE[number % 3].removesuffix(">").split(" <")
        person = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail}
        folder = ("arch/riscv/kvm", "arch/x86", "docs")[number % 3]
        if number == 12:
            repo.git("checkout", "-q", "-b", "side", "HEAD~3", env=person)
        if number == 15:
            repo.git("checkout", "-q", "main", env=person)
            repo.git("merge", "-q", "--no-ff", "-m", "Merge branch 'side' (senvcfg)", "side", env=repo.when(person))
        text = f"{MESSAGES[number % len(MESSAGES)]}\n\nThe body of {number}: {BODIES[number % len(BODIES)]}\n"
        repo.commit(text, {f"{folder}/file{number % 4}.c": f"int x{number};\n"}, env=person)
    latin = "KVM: naïve café\n".encode("latin-1")
    repo.git("config", "i18n.commitEncoding", "ISO-8859-1")
    repo.commit(latin, {"docs/latin.txt": "x\n"}, env=PLAIN)
    repo.git("config", "--unset", "i18n.commitEncoding")
    mailmap = "Lei Li <lilei@example.org> 李雷 <lilei@example.org>\n"
    repo.commit("mailmap\n", {".mailmap": mailmap}, env=PLAIN)
    repo.git("branch", "elsewhere", "side~1")
    repo.git("notes", "add", "-m", "a note with senvcfg in it", "HEAD~5", env=repo.when())
    patch.undo()
    return repo.path


MESSAGES = (
    "RISC-V: KVM: Add senvcfg context save/restore", "KVM: senvcfg (again)", "x86: fix a+b", "docs: 修复虚拟机文档",
    "selftests: Add SENVCFG register", "RISC-V: KVM: naïve change",
)  # fmt: skip
BODIES = (
    "plain words.", "Fixes: 0123456789ab (\"senvcfg\")", "a.b*c [x] {2} ^start end$", "写 senvcfg，读 henvcfg。",
    "Reviewed-by: Žofie Nováková <zofie@example.org>", "tabs\there",
)  # fmt: skip
QUERIES: tuple[tuple[list[str], dict[str, object]], ...] = (
    (["--grep=senvcfg"], {"grep": ("senvcfg",)}),
    (["-i", "--grep=senvcfg"], {"grep": ("senvcfg",), "ignore_case": True}),
    (["-F", "--grep=a.b*c [x]"], {"grep": ("a.b*c [x]",), "syntax": "fixed"}),
    (["--grep=a.b*c"], {"grep": ("a.b*c",)}),
    (["-E", "--grep=^(RISC-V|x86): "], {"grep": ("^(RISC-V|x86): ",), "syntax": "extended"}),
    (["--grep=^\\(RISC-V\\|x86\\): "], {"grep": ("^\\(RISC-V\\|x86\\): ",)}),
    (["-E", "--grep=a+b"], {"grep": ("a+b",), "syntax": "extended"}),
    (["--grep=na.ve"], {"grep": ("na.ve",)}),
    (["-i", "--grep=NAÏVE"], {"grep": ("NAÏVE",), "ignore_case": True}),
    (["--grep=caf.$"], {"grep": ("caf.$",)}),
    (["--grep=虚拟机"], {"grep": ("虚拟机",)}),
    (["--grep=虚.机"], {"grep": ("虚.机",)}),
    (["-i", "--grep=žofie"], {"grep": ("žofie",), "ignore_case": True}),
    (["--grep=KVM", "--grep=Fixes"], {"grep": ("KVM", "Fixes")}),
    (["--all-match", "--grep=KVM", "--grep=Fixes"], {"grep": ("KVM", "Fixes"), "all_match": True}),
    (["--invert-grep", "--grep=KVM"], {"grep": ("KVM",), "invert_grep": True}),
    (["--author=Developer"], {"author": ("Developer",)}),
    (["--author=Lei Li"], {"author": ("Lei Li",)}),
    (["--author=李雷"], {"author": ("李雷",)}),
    (["--author=.ofie", "--grep=KVM"], {"author": (".ofie",), "grep": ("KVM",)}),
    (["--committer=Committer", "--no-merges"], {"committer": ("Committer",), "no_merges": True}),
    (["--grep=senvcfg", "--no-merges"], {"grep": ("senvcfg",), "no_merges": True}),
    (["--grep=senvcfg", "--all"], {"grep": ("senvcfg",), "all": True}),
    (["--since=2023-11-14T22:30:00Z", "--grep=KVM"], {"since": "2023-11-14T22:30:00Z", "grep": ("KVM",)}),
    (["--until=2023-11-14T22:30:00Z"], {"until": "2023-11-14T22:30:00Z"}),
    (["--grep=KVM", "--", "arch/riscv"], {"grep": ("KVM",), "paths": ("arch/riscv",)}),
    (["--", "*.txt", ":(icase)ARCH/x86"], {"paths": ("*.txt", ":(icase)ARCH/x86")}),
    (["--grep=KVM", "--", ":!arch/riscv"], {"grep": ("KVM",), "paths": (":!arch/riscv",)}),
    (["--grep=no such thing"], {"grep": ("no such thing",)}),
    (["--grep=senvcfg", "HEAD~9..HEAD"], {"grep": ("senvcfg",), "rev": "HEAD~9..HEAD"}),
    (["--grep=KVM", "side...main"], {"grep": ("KVM",), "rev": "side...main"}),
    (["HEAD~4.."], {"rev": "HEAD~4.."}),
)  # fmt: skip


# .mailmap gives the third author another name, under which alone git finds her.
EMPTY = (["--grep=no such thing"], ["--author=李雷"])


def logged(path: Path, *options: str) -> list[str]:
    words = ["git", "log", "--no-notes", "--format=%H", *options]
    return subprocess.run(words, cwd=path, capture_output=True, check=True, text=True).stdout.split()


def ours(path: Path, **asked: object) -> list[str]:
    request = RelatedRequest(start=str(path), **asked)  # type: ignore[arg-type]
    with Repository.open(path) as repository:
        return list(matched(repository, request))


@pytest.mark.parametrize(("options", "asked"), QUERIES, ids=[" ".join(options) for options, _ in QUERIES])
def test_the_matches_are_those_of_git_log(history: Path, options: list[str], asked: dict[str, object]) -> None:
    expected = logged(history, *options)
    assert ours(history, **asked) == expected
    assert bool(expected) is (options not in EMPTY)


def test_the_match_group_holds_them_all(history: Path) -> None:
    related = make_related(RelatedRequest(start=str(history), grep=("senvcfg",)))
    (match,) = [one for one in related.groups if one.id == "match"]
    assert match.commits is not None
    assert {one.id for one in match.commits} == set(logged(history, "--grep=senvcfg"))


def test_notes_are_not_searched(history: Path) -> None:
    words = ["git", "log", "--grep=a note with"]
    assert subprocess.run(words, cwd=history, capture_output=True, check=True).stdout
    assert ours(history, grep=("a note with",)) == []


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_characters_are_those_of_the_callers_locale(
    history: Path, monkeypatch: pytest.MonkeyPatch, locale: str
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    found = ours(history, grep=("caf.$",))
    assert found == logged(history, "--grep=caf.$")
    assert len(found) == (1 if locale == "C.UTF-8" else 0)


def test_the_pattern_type_of_the_settings_counts(
    history: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text("[grep]\n\tpatternType = extended\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert ours(history, grep=("^(RISC-V|x86): ",)) == logged(history, "--grep=^(RISC-V|x86): ") != []
    config.write_text("[grep]\n\tpatternType = nonsense\n")
    with pytest.raises(UsageError):
        ours(history, grep=("x",))


def test_paths_mean_what_they_mean_where_the_user_stands(history: Path) -> None:
    folder = history / "arch" / "riscv"
    for specs in (("kvm",), ("../x86",), (":/docs",), (":(top)docs",), (":!kvm", "."), (".",), ("*.c",), (":!kvm",)):
        assert ours(folder, paths=specs) == logged(folder, "--", *specs), specs
    assert list(from_the_top(["a[b]"], "odd*name/")) == ["odd\\*name/a[b]"]
    with pytest.raises(UsageError):
        list(from_the_top(["../../.."], "arch/riscv/"))
