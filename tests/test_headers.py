"""The form of a backport's message: right and wrong heads of each distribution, proposals, remarks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from repo_scratch import Scratch

from kvmpatch import knowledge
from kvmpatch.errors import UsageError
from kvmpatch.knowledge.profiles import profile, profile_names, profiles
from kvmpatch.model import Evidence
from kvmpatch.model.backport import BackportReason, Comparison, ConflictFile, HeaderCheck, Pick, Prerequisite
from kvmpatch.reports.backport.header import first_release, guessed_profile, header_of, note_of, profile_of
from kvmpatch.reports.backport.target import Target
from kvmpatch.reports.related.finder import GitFinder
from kvmpatch.sources.repo import RawCommit, Repository
from kvmpatch.words import Text

TITLE = "RISC-V: KVM: Keep the guest's counters"
SIGNED = "Signed-off-by: A Developer <dev@example.org>\nSigned-off-by: A Committer <committer@example.org>\n"
OWN = "Signed-off-by: A Committer <committer@example.org>\n"
UPSTREAM_BODY = "The counters were lost.\n\nSigned-off-by: A Developer <dev@example.org>\n"


class History:
    """A mainline with two tags around one commit, and a branch to which it may go."""

    def __init__(self, path: Path) -> None:
        self.scratch = Scratch(path)
        self.scratch.commit("Begin", {"a.c": "int a;\n"})
        self.scratch.git("tag", "v6.11")
        self.scratch.git("branch", "old")
        self.upstream = self.scratch.commit(f"{TITLE}\n\n{UPSTREAM_BODY}", {"b.c": "int b;\n"})
        self.scratch.git("tag", "-a", "-m", "one", "v6.12-rc1", env=self.scratch.when())
        self.scratch.commit("Later", {"c.c": "int c;\n"})
        self.scratch.git("tag", "-a", "-m", "two", "v6.12", env=self.scratch.when())
        self.scratch.git("tag", "v6.11.9", self.upstream)
        self.scratch.git("checkout", "-q", "old")
        self.repository = Repository.open(path)
        self.target = Target(self.repository, GitFinder(self.repository), "old", self.scratch.git("rev-parse", "old"))

    def raw(self, commit: str) -> RawCommit:
        return next(iter(self.repository.commits([commit])))

    def checked(
        self, name: str, body: str, *, title: str = TITLE, likeness: str | None = None, pointed: bool = True
    ) -> HeaderCheck:
        """What is said of a message on a branch of its own."""
        self.scratch.git("checkout", "-q", "--detach", "old")
        commit = self.scratch.commit(f"{title}\n\n{body}", {"b.c": "int b;\n"})
        held = Comparison(likeness, commit, ()) if likeness else None  # type: ignore[arg-type]
        upstream = self.raw(self.upstream) if pointed else None
        return header_of(name, self.target, self.raw(commit), upstream, held)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GIT_AUTHOR_NAME", "A Developer")
        patched.setenv("GIT_AUTHOR_EMAIL", "dev@example.org")
        patched.setenv("GIT_COMMITTER_NAME", "A Committer")
        patched.setenv("GIT_COMMITTER_EMAIL", "committer@example.org")
        patched.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        made = History(tmp_path_factory.mktemp("headers") / "repo")
        yield made
        made.repository.close()


STABLE = "commit {up} upstream.\n\nThe counters were lost.\n\n"
OPENEULER = """\
mainline inclusion
from mainline-v6.12-rc1
commit {up}
category: bugfix
bugzilla: https://example.org/issues/1
CVE: NA

Reference: https://git.kernel.org/x/?id={up}

--------------------------------

The counters were lost.

"""
RVCK = """\
mainline inclusion
from mainline-6.12-rc1
commit {up} ("{title}")
category: bugfix
bugzilla: https://github.com/RVCK-Project/rvck/issues/7

--------------------------------

The counters were lost.

"""
ANOLIS = "ANBZ: #7\n\ncommit {up} upstream.\n\nThe counters were lost.\n\n"
XEN = f"The counters were lost.\n\n{OWN}master commit: {{up}}\nmaster date: 2024-03-02 10:00:00 +0000\n"
UBUNTU = "BugLink: https://bugs.launchpad.net/bugs/7\n\nThe counters were lost.\n\n(cherry picked from commit {up})\n"
REMARK = '[ adapted: kvm_foo() is absent because 1234567890ab ("KVM: Add foo") is not there ]\n'

CASES: list[tuple[str, str, str | None, set[str]]] = [
    # profile, body, how it compares with upstream, codes
    ("linux-stable", STABLE + SIGNED, "identical", set()),
    ("linux-stable", STABLE.replace("commit {up} upstream.", "[ Upstream commit {up} ]") + SIGNED, "context", set()),
    ("linux-stable", STABLE.replace("{up}", "{short}") + SIGNED, None, {"header-short-id"}),
    ("linux-stable", STABLE.replace("{up}", "f" * 40) + SIGNED, None, {"header-other-id"}),
    ("linux-stable", STABLE.replace(" upstream.", "") + SIGNED, None, {"header-form"}),
    ("linux-stable", "The counters were lost.\n\n" + SIGNED, None, {"header-missing"}),
    (
        "linux-stable",
        "The counters were lost.\n\n(cherry picked from commit {up})\n" + SIGNED,
        None,
        {"header-foreign"},
    ),
    ("linux-stable", STABLE + "Signed-off-by: A Developer <dev@example.org>\n", None, {"header-sign-off"}),
    ("linux-stable", STABLE + SIGNED, "modified", {"header-remark"}),
    ("linux-stable", STABLE + SIGNED.replace("\n", "\n" + REMARK, 1), "modified", set()),
    ("linux-stable", STABLE + SIGNED + REMARK, "modified", {"header-remark-place"}),
    ("openeuler", OPENEULER + SIGNED, "identical", set()),
    ("openeuler", OPENEULER.replace("mainline-v6", "mainline-6") + SIGNED, None, set()),
    ("openeuler", OPENEULER.replace("{up}\ncat", "{short}\ncat") + SIGNED, None, {"header-short-id"}),
    ("openeuler", OPENEULER.replace("category: bugfix\n", "") + SIGNED, None, {"header-key"}),
    ("openeuler", OPENEULER.replace("category: bugfix", "category: fix") + SIGNED, None, {"header-value"}),
    ("openeuler", OPENEULER.replace("category: bugfix", "Category:bugfix") + SIGNED, None, {"header-form"}),
    ("openeuler", OPENEULER.replace("from mainline-v6.12-rc1\n", "") + SIGNED, None, {"header-key"}),
    ("openeuler", OPENEULER.replace("bugzilla: https://example.org/issues/1\n", "") + SIGNED, None, {"header-key"}),
    ("openeuler", OPENEULER.replace("CVE: NA\n", "") + SIGNED, None, set()),
    ("openeuler", OPENEULER.replace("CVE: NA", "CVE: none") + SIGNED, None, {"header-form"}),
    ("openeuler", OPENEULER.replace("-" * 32, "") + SIGNED, None, {"header-rule"}),
    ("openeuler", "A word before.\n\n" + OPENEULER + SIGNED, None, {"header-late"}),
    (
        "openeuler",
        OPENEULER.replace("category: bugfix\nbugzilla: https://example.org/issues/1", "bugzilla: 1\ncategory: bugfix")
        + SIGNED,
        None,
        {"header-order"},
    ),
    (
        "openeuler",
        "hulk inclusion\ncategory: feature\nbugzilla: 1\n\n---\n\nOur own work.\n\n" + OWN,
        None,
        set(),
    ),
    ("openeuler", STABLE + SIGNED, None, {"header-foreign"}),
    ("openeuler", "This reverts commit {up}.\n\n" + OWN, None, {"header-revert"}),
    ("rvck", RVCK + SIGNED, "identical", set()),
    ("rvck", RVCK.replace(' ("{title}")', "") + SIGNED, None, {"header-title"}),
    ("rvck", RVCK.replace("{title}", "Another title") + SIGNED, None, {"header-title-other"}),
    ("rvck", RVCK + SIGNED, "partial", {"header-remark"}),
    ("rvck", RVCK + SIGNED.replace("\n", "\n" + REMARK, 1), "partial", set()),
    ("rvck", RVCK + REMARK + SIGNED, "partial", {"header-remark-place"}),
    (
        "rvck",
        RVCK + SIGNED.replace("\n", "\n[ A Committer: context differs ]\n", 1),
        "modified",
        {"header-remark-vague"},
    ),
    ("rvck", 'This reverts commit {up} ("{title}").\n\n' + OWN, None, {"header-revert"}),
    ("rvck", RVCK + "This reverts commit {up}.\n\n" + OWN, None, {"header-title"}),
    ("anolis", ANOLIS + SIGNED, None, set()),
    ("anolis", ANOLIS.replace("upstream.", "upstream") + SIGNED, None, {"header-form"}),
    ("anolis", STABLE + SIGNED, None, {"header-foreign"}),
    ("xen", XEN, None, set()),
    ("xen", XEN.replace("master date: 2024-03-02 10:00:00 +0000\n", ""), None, {"header-key"}),
    ("xen", UBUNTU + OWN, None, set()),  # their stable trees know both forms
    ("ubuntu", UBUNTU + OWN, None, set()),
    ("ubuntu", UBUNTU.replace("{up}", "{short}") + OWN, None, {"header-short-id"}),
]


@pytest.mark.parametrize(("name", "body", "likeness", "codes"), CASES)
def test_a_head_is_right_or_said_to_be_wrong(
    history: History, name: str, body: str, likeness: str | None, codes: set[str]
) -> None:
    body = body.replace("{up}", history.upstream).replace("{short}", history.upstream[:12]).replace("{title}", TITLE)
    subject = f'Revert "{TITLE}"' if "This reverts" in body else TITLE
    check = history.checked(name, body, title=subject, likeness=likeness)
    told = {finding.code for finding in check.findings if finding.level != "note"}
    assert told == codes
    assert check.ok is (not codes)
    assert all(finding.said.zh and finding.said.en and finding.evidence for finding in check.findings)


def test_every_finding_can_be_looked_up() -> None:
    known = set(knowledge.names("rules"))
    source = (Path(__file__).parent.parent / "kvmpatch/rules/headers.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'"(header-[a-z-]+)"', source))
    assert {code for *_, told in CASES for code in told} <= codes
    assert len(codes) > 15
    assert codes <= known


PROPOSALS = {
    "linux-stable": "commit {up} upstream.",
    "openeuler": """\
        mainline inclusion
        from mainline-v6.12-rc1
        commit {up}
        category: <cleanup|bugfix|performance|feature|doc|other>
        bugzilla: <url>
        CVE: <NA>

        Reference: https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/commit/?id={up}

        --------------------------------""",
    "rvck": """\
        mainline inclusion
        from mainline-6.12-rc1
        commit {up} ("{title}")
        category: <bugfix|feature|performance|cleanup|doc|other>
        bugzilla: <https://github.com/RVCK-Project/rvck/issues/N>

        --------------------------------""",
    "anolis": "ANBZ: #<number>\n\ncommit {up} upstream.",
    "ubuntu": "(cherry picked from commit {up})",
}


@pytest.mark.parametrize("name", PROPOSALS)
def test_what_is_no_backport_yet_is_not_blamed_and_gets_its_head(history: History, name: str) -> None:
    check = header_of(name, history.target, history.raw(history.upstream), None, None)
    wanted = dedent(PROPOSALS[name]).replace("{up}", history.upstream).replace("{title}", TITLE)
    assert check.ok
    assert check.proposal == wanted
    codes = [finding.code for finding in check.findings]
    assert codes == (["header-not-yet", "header-to-fill"] if "<" in wanted else ["header-not-yet"])


def test_what_a_person_filled_in_stays_and_what_is_wrong_does_not(history: History) -> None:
    body = OPENEULER.replace("commit {up}", "commit {up}"[:9]).replace("category: bugfix", "category: none")
    body = body.replace("{up}", history.upstream)
    check = history.checked("openeuler", body + SIGNED)
    assert "bugzilla: https://example.org/issues/1" in check.proposal
    assert "category: <cleanup|bugfix|performance|feature|doc|other>" in check.proposal
    assert [one.said.en for one in check.findings if one.code == "header-to-fill"] == [
        "what stands in angle brackets is for you to fill in, no repository tells it: category"
    ]


def test_a_release_that_no_tag_tells_stays_open(history: History, tmp_path: Path) -> None:
    other = Scratch(tmp_path / "untagged")
    commit = other.commit(f"{TITLE}\n\n{UPSTREAM_BODY}", {"b.c": "int b;\n"})
    with Repository.open(other.path) as repository:
        target = Target(repository, GitFinder(repository), "main", commit)
        raw = next(iter(repository.commits([commit])))
        check = header_of("openeuler", target, raw, None, None)
    assert "from mainline-<version>" in check.proposal
    assert any("from" in finding.said.en for finding in check.findings if finding.code == "header-to-fill")


def test_the_first_release_is_found_among_many(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "releases")
    names = ["v6.11", "v6.12-rc1", "v6.12-rc2", "v6.12-rc10", "v6.12", "v6.13-rc1", "v6.13", "v7.0"]
    commits = {}
    for name in names:
        commits[name] = scratch.commit(f"On the way to {name}", {"a.c": f"/* {name} */\n"})
        scratch.commit("Release", {"v": name})
        scratch.git("tag", "-a", "-m", name, name, env=scratch.when())
    scratch.git("tag", "v6.12.1", commits["v6.13"])
    scratch.git("tag", "next-20240301", commits["v6.11"])
    unreleased = scratch.commit("Not released", {"a.c": "\n"})
    with Repository.open(scratch.path) as repository:
        for name, commit in commits.items():
            assert first_release(repository, next(iter(repository.commits([commit])))) == name
        assert first_release(repository, next(iter(repository.commits([unreleased])))) is None


def test_a_second_pick_of_one_title_is_turned_down(tmp_path: Path) -> None:
    history = History(tmp_path / "twice")
    body = RVCK.replace("{up}", history.upstream).replace("{title}", TITLE) + SIGNED
    history.scratch.git("checkout", "-q", "old")
    first = history.scratch.commit(f"{TITLE}\n\n{body}", {"b.c": "int b;\n"})
    history.target = Target(history.repository, GitFinder(history.repository), "old", first)
    again = history.checked("rvck", body)
    assert [finding.code for finding in again.findings if finding.level == "error"] == ["header-same-title"]
    assert again.findings[0].evidence[0].commit == first
    assert history.checked("rvck", body, title="RISC-V: KVM: Complete the backport of the counters").ok
    history.repository.close()


def test_a_title_with_braces_and_control_characters_fills_only_its_own_place(history: History) -> None:
    title = 'KVM: {id} \x1b[31m") {version}'
    history.scratch.git("checkout", "-q", "--detach", "v6.12-rc1")
    commit = history.scratch.commit(f"{title}\n\nA secret of the body.\n", {"z.c": "int z;\n"})
    check = header_of("rvck", history.target, history.raw(commit), None, None)
    assert f'commit {commit} ("{title}")' in check.proposal.split("\n")
    assert "secret" not in check.proposal


def test_an_unknown_profile_is_an_error_that_names_the_known() -> None:
    with pytest.raises(UsageError) as caught:
        profile_of("nowhere")
    assert caught.value.hint
    assert "openeuler" in caught.value.hint.en


def test_profiles_are_found_by_their_files() -> None:
    assert {"linux-stable", "openeuler", "rvck"} <= set(profile_names())
    for one in profiles():
        for key in one.keys:
            assert re.compile(key.pattern)
            assert re.compile(key.right)
            # what a profile proposes is what it takes for right, once it is filled in
            filled = re.sub(r"\{date\}", "2024-03-02 10:00:00 +0000", key.write)
            filled = re.sub(r"\{(?:version|number)\}", "v6.12-rc1", filled.replace("{id}", "1" * 40))
            filled = filled.replace("{title}", "A title")
            if key.values:
                filled = re.sub(r"<[^>]*>", key.values[0], filled)
            filled = re.sub(r"<(https?://[^>]*)>", r"\1", filled)
            filled = filled.replace("<url>", "https://example.org/1").replace("<number>", "7").replace("<NA>", "NA")
            assert re.match(key.pattern, filled), (one.slug, key.name)
            assert re.fullmatch(key.right, filled), (one.slug, key.name)
        assert one.narrows is None or profile(one.narrows)


GUESSES = [
    ("linux-stable", ["A\n\ncommit " + "1" * 40 + " upstream.\n"] * 3 + ["B\n\ntext\n"] * 5),
    ("openeuler", ["A\n\nmainline inclusion\nfrom mainline-v6.12\n"] * 3),
    ("rvck", ["A\n\nmainline inclusion\nbugzilla: https://github.com/RVCK-Project/rvck/issues/1\n"] * 2
        + ["B\n\nmainline inclusion\n"] * 3),
    ("openeuler", ["A\n\nstable inclusion\ncommit 2\n---\n\ncommit " + "1" * 40 + " upstream.\n"]),
    ("xen", ["A\n\ntext\nmaster commit: " + "1" * 40 + "\n"]),
    ("anolis", ["A\n\nANBZ: #7\n\ncommit " + "1" * 40 + " upstream.\n"]),
    (
        "openeuler",
        ["A\n\nmainline inclusion\n"] * 3 + ["B\n\ncommit " + "1" * 40 + " upstream.\n"] * 9,
    ),
    (None, ["A\n\ntext\n"] * 30),
    (None, ["A\n\ncommit " + "1" * 40 + " upstream.\n"] + ["B\n\ntext\n"] * 60),
    (None, []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "messages"), GUESSES)
def test_a_profile_is_told_by_the_latest_messages(name: str | None, messages: list[str]) -> None:
    assert guessed_profile(messages) == name


def reason(code: str, said: str) -> BackportReason:
    return BackportReason(code, Text(said, said), (Evidence(commit="1" * 40),))


def test_the_remark_tells_the_causes_of_conflicts_and_what_is_left_out() -> None:
    conflict = ConflictFile(
        "a.c", "content", (), (reason("white-space", "only white space"), reason("lacks-names", "a.c has no foo()"))
    )
    need = Prerequisite("2" * 40, "KVM: Add bar", "needed", (reason("defines", "brings bar"),), "3" * 40)
    said = note_of("linux-stable", Pick("conflict", (conflict,)), (need,))
    assert said is not None
    assert " ".join(said.split()) == '[ adapted: a.c has no foo(); 222222222222 ("KVM: Add bar") is not in the target ]'
    assert max(map(len, said.split("\n"))) <= 75
    ubuntu = note_of("ubuntu", Pick("conflict", (conflict,)), ())
    assert ubuntu == "[<name>: adapted: a.c has no foo()]"


def test_there_is_no_remark_where_nothing_deviates() -> None:
    need = Prerequisite("2" * 40, "KVM: Add bar", "incidental", (reason("defines", "brings bar"),), "3" * 40)
    assert note_of("rvck", Pick("clean", ()), ()) is None
    assert note_of("rvck", Pick("clean", ()), (need,)) is None
