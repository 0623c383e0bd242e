"""The dry pick gives what `git cherry-pick` gives, and leaves nothing behind."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path

import pytest
from repo_scratch import Scratch
from test_hostile_repo import HOOKS, KEYS, Trap

from kvmpatch.sources.repo import Picked, PickedFile, Repository

NUMBERS = [f"{number}\n" for number in range(1, 31)]


def numbered(**changed: str) -> str:
    """Thirty lines; `l5="x"` replaces the fifth."""
    return "".join(changed.get(f"l{place}", line) for place, line in enumerate(NUMBERS, 1))


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    made = Scratch(tmp_path / "repo")
    made.commit("root\n", {"a.c": numbered(), "b.c": "b\n" * 20, "dir/c.c": "c\n"})
    made.git("branch", "stable")
    return made


def on_stable(scratch: Scratch, files: dict[str | bytes, str | bytes | None], message: str = "stable\n") -> str:
    """A commit on the stable branch; the main one is checked out again after it."""
    scratch.git("checkout", "-q", "-f", "stable")
    made = scratch.commit(message, files)
    scratch.git("checkout", "-q", "-f", "main")
    return made


def dry(scratch: Scratch, commit: str, onto: str) -> Picked:
    with Repository.open(scratch.path) as repo:
        return repo.pick(commit, onto)


def real(scratch: Scratch, commit: str, onto: str, *options: str) -> tuple[str, str | None]:
    """What git itself makes of it, in the work tree."""
    scratch.git("checkout", "-q", "-f", "--detach", onto)
    scratch.git("cherry-pick", "--no-commit", "--allow-empty", *options, commit, ok=False)
    unmerged = scratch.git("ls-files", "--unmerged")
    tree = None if unmerged else scratch.git("write-tree")
    scratch.git("reset", "-q", "--hard")
    scratch.git("clean", "-q", "-fdx")
    scratch.git("checkout", "-q", "-f", "main")
    same = tree == scratch.git("rev-parse", f"{onto}^{{tree}}")
    return ("conflict" if unmerged else "empty" if same else "clean"), tree


def agreed(scratch: Scratch, commit: str, onto: str, *options: str) -> Picked:
    """The dry pick, having seen that it is what git makes."""
    ours = dry(scratch, commit, onto)
    assert (ours.state, ours.tree) == real(scratch, commit, onto, *options)
    return ours


def only(picked: Picked) -> PickedFile:
    assert len(picked.files) == 1, picked.files
    return picked.files[0]


# ---- states --------------------------------------------------------------------------------------------------------


def test_a_clean_pick_has_the_tree_that_git_makes(scratch: Scratch) -> None:
    onto = on_stable(scratch, {"a.c": numbered(l25="twenty-five\n")})
    commit = scratch.commit("fix\n", {"a.c": numbered(l5="five\n"), "new.c": "n\n"})
    found = agreed(scratch, commit, onto)
    assert found.state == "clean"
    assert found.files == ()


def test_what_the_target_has_already_is_empty(scratch: Scratch) -> None:
    onto = on_stable(scratch, {"a.c": numbered(l5="five\n")})
    commit = scratch.commit("fix\n", {"a.c": numbered(l5="five\n")})
    assert agreed(scratch, commit, onto).state == "empty"
    assert agreed(scratch, scratch.commit("nothing\n"), onto).state == "empty"


def test_a_conflict_shows_all_three_sides(scratch: Scratch) -> None:
    onto = on_stable(scratch, {"a.c": numbered(l5="theirs\n")})
    commit = scratch.commit("fix\n", {"a.c": numbered(l5="five\n", l20="twenty\n")})
    found = agreed(scratch, commit, onto)
    file = only(found)
    assert (file.path, file.kind) == ("a.c", "content")
    assert file.text is not None
    lines = file.text.split("\n")
    marks = [place for place, line in enumerate(lines) if line[: file.marker] in {c * file.marker for c in "<|=>"}]
    between = [lines[one + 1 : two] for one, two in pairwise(marks)]
    assert between == [["theirs"], ["5"], ["five"]]
    assert "twenty" in lines
    for side, rev in ((file.base, f"{commit}~:a.c"), (file.ours, f"{onto}:a.c"), (file.theirs, f"{commit}:a.c")):
        assert side is not None
        assert side.id == scratch.git("rev-parse", rev)


def test_an_edit_that_both_sides_share_in_part(scratch: Scratch) -> None:
    onto = on_stable(scratch, {"a.c": numbered(l5="five\n", l6="six\n")})
    commit = scratch.commit("fix\n", {"a.c": numbered(l5="five\n", l6="six\n", l7="seven\n")})
    agreed(scratch, commit, onto)
    onto = on_stable(scratch, {"a.c": numbered(l5="5\n5a\n5b\n", l6="")})
    commit = scratch.commit("fix\n", {"a.c": numbered(l5="5\n5a\n5b\n", l6="", l8="eight\n")})
    agreed(scratch, commit, onto)


def test_no_texts_are_read_where_none_are_wanted(scratch: Scratch) -> None:
    onto = on_stable(scratch, {"a.c": numbered(l5="theirs\n")})
    commit = scratch.commit("fix\n", {"a.c": numbered(l5="five\n")})
    with Repository.open(scratch.path) as repo:
        found = repo.pick(commit, onto, texts=False)
    assert found.state == "conflict"
    assert only(found).text is None


def test_a_text_that_looks_like_markers_is_no_conflict(scratch: Scratch) -> None:
    title = "<<<<<<< ours\nTitle\n=======\n>>>>>>> theirs\n"
    scratch.commit("title\n", {"a.c": title + numbered(), "t.rst": title})
    scratch.git("branch", "-f", "stable", "main")
    onto = on_stable(scratch, {"a.c": title + numbered(l5="theirs\n")})
    commit = scratch.commit("fix\n", {"a.c": title + numbered(l5="five\n")})
    file = only(agreed(scratch, commit, onto))
    assert file.text is not None
    assert file.text.startswith(title)
    assert file.text.count("\n" + "<" * file.marker) == 1


# ---- kinds of commits and files ------------------------------------------------------------------------------------


def test_a_root_and_a_merge(scratch: Scratch) -> None:
    onto = on_stable(scratch, {"d.c": "d\n"})
    root = scratch.git("rev-list", "--max-parents=0", "main")
    assert agreed(scratch, root, onto).state == "empty"
    scratch.git("checkout", "-q", "-b", "side")
    scratch.commit("side\n", {"side.c": "s\n"})
    scratch.git("checkout", "-q", "main")
    scratch.commit("main\n", {"main.c": "m\n"})
    scratch.git("merge", "-q", "--no-ff", "-m", "merge", "side", env=scratch.when())
    merge = scratch.git("rev-parse", "main")
    found = agreed(scratch, merge, onto, "-m", "1")
    assert found.state == "clean"
    with Repository.open(scratch.path) as repo:
        second = scratch.git("rev-parse", "main^2")
        against = repo.pick(merge, onto, parent=second)
    assert ("clean", against.tree) == real(scratch, merge, onto, "-m", "2")
    assert against.tree != found.tree


def test_a_rename_in_the_target_is_followed(scratch: Scratch) -> None:
    onto = on_stable(scratch, {"a.c": None, "moved.c": numbered(l25="x\n")})
    assert agreed(scratch, scratch.commit("fix\n", {"a.c": numbered(l5="five\n")}), onto).state == "clean"
    scratch.git("branch", "-f", "stable", onto)
    onto = on_stable(scratch, {"moved.c": numbered(l25="x\n", l5="other\n")})
    file = only(agreed(scratch, scratch.git("rev-parse", "main"), onto))
    assert (file.path, file.kind) == ("moved.c", "content")
    assert file.base is not None
    assert file.base.path == "a.c"
    assert file.theirs is not None
    assert file.theirs.path == "a.c"
    assert file.ours is not None
    assert file.ours.path == "moved.c"


def test_a_folder_that_the_target_renamed_asks_where_new_files_go(scratch: Scratch) -> None:
    scratch.commit("more\n", {f"dir/{name}.c": f"{name}\n" * 5 for name in "xyz"})
    scratch.git("branch", "-f", "stable", "main")
    moves: dict[str | bytes, str | bytes | None] = {f"dir/{name}.c": None for name in "cxyz"}
    moves |= {f"other/{name}.c": f"{name}\n" * (5 if name != "c" else 1) for name in "cxyz"}
    onto = on_stable(scratch, moves)
    found = agreed(scratch, scratch.commit("new\n", {"dir/new.c": "new\n"}), onto)
    assert found.state == "conflict"
    file = only(found)
    assert (file.path, file.kind) == ("other/new.c", "directory rename suggested")
    assert file.theirs is not None
    assert file.theirs.path == "dir/new.c"


@pytest.mark.parametrize(
    ("stable", "fix", "kind"),
    [
        ({"b.c": None}, {"b.c": "b\n" * 19 + "c\n"}, "modify/delete"),
        ({"b.c": "c\n" * 20}, {"b.c": None}, "modify/delete"),
        ({"n.c": "one\n"}, {"n.c": "two\n"}, "add/add"),
        ({"bin": b"\0one"}, {"bin": b"\0two"}, "binary"),
        ({"dir/c.c": None, "dir": "file\n"}, {"dir/d.c": "d\n"}, "file/directory"),
        ({"b.c": None, "one.c": "b\n" * 20}, {"b.c": None, "two.c": "b\n" * 20}, "rename/rename"),
        ({"b.c": None}, {"b.c": None, "two.c": "b\n" * 20}, "rename/delete"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_kinds_of_conflicts(
    scratch: Scratch,
    stable: dict[str | bytes, str | bytes | None],
    fix: dict[str | bytes, str | bytes | None],
    kind: str,
) -> None:
    scratch.git("checkout", "-q", "-f", "stable")
    for name in (name for name, content in stable.items() if content is None):
        scratch.git("rm", "-q", name)
    onto = scratch.commit("stable\n", {name: content for name, content in stable.items() if content is not None})
    scratch.git("checkout", "-q", "-f", "main")
    found = agreed(scratch, scratch.commit("fix\n", fix), onto)
    assert kind in {file.kind for file in found.files}


def test_modes_and_links(scratch: Scratch) -> None:
    scratch.git("update-index", "--chmod=+x", "b.c")
    executable = scratch.git("commit-tree", "-m", "mode", "-p", "main", scratch.git("write-tree"))
    scratch.git("reset", "-q", "--hard")
    onto = on_stable(scratch, {"b.c": "b\n" * 19 + "end\n"})
    assert agreed(scratch, executable, onto).state == "clean"
    (scratch.path / "link").symlink_to("a.c")
    first = scratch.commit("link\n")
    assert agreed(scratch, first, onto).state == "clean"
    scratch.git("checkout", "-q", "-f", "stable")
    (scratch.path / "link").symlink_to("b.c")
    onto = scratch.commit("other link\n")
    scratch.git("checkout", "-q", "-f", "main")
    file = only(agreed(scratch, first, onto))
    assert file.text is None
    assert file.ours is not None
    assert file.ours.mode == "120000"


def test_submodules(scratch: Scratch) -> None:
    def linked(commit: str, branch: str) -> str:
        scratch.git("read-tree", branch)
        scratch.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
        made = scratch.git("commit-tree", "-m", "sub", "-p", branch, scratch.git("write-tree"), env=scratch.when())
        scratch.git("reset", "-q", "--hard")
        return made

    first = linked("1" * 40, "main")
    assert dry(scratch, first, scratch.git("rev-parse", "stable")).state == "clean"
    scratch.git("update-ref", "refs/heads/main", first)
    second, other = linked("2" * 40, "main"), linked("3" * 40, "main")
    found = dry(scratch, second, other)
    assert found.state == "conflict"
    file = only(found)
    assert (file.path, file.text) == ("sub", None)
    assert file.ours is not None
    assert (file.ours.kind, file.ours.id) == ("commit", "3" * 40)


def test_names_with_odd_bytes(scratch: Scratch) -> None:
    odd = b"\xff odd\nname\t.c"
    scratch.commit("odd\n", {odd: numbered()})
    scratch.git("branch", "-f", "stable", "main")
    onto = on_stable(scratch, {odd: numbered(l5="x\n")})
    file = only(agreed(scratch, scratch.commit("fix\n", {odd: numbered(l5="five\n")}), onto))
    assert file.path == "\\xff odd\nname\t.c"
    assert file.text is not None


def test_objects_of_sha256(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "repo", "--object-format=sha256")
    scratch.commit("root\n", {"a.c": numbered()})
    scratch.git("branch", "stable")
    onto = on_stable(scratch, {"a.c": numbered(l25="x\n")})
    commit = scratch.commit("fix\n", {"a.c": numbered(l5="five\n")})
    found = agreed(scratch, commit, onto)
    assert found.state == "clean"
    assert found.commit is not None
    assert len(found.commit) == 64
    assert only(agreed(scratch, commit, on_stable(scratch, {"a.c": numbered(l5="y\n")}))).text


def test_replaced_commits_are_picked_as_replaced(scratch: Scratch) -> None:
    onto = on_stable(scratch, {"d.c": "d\n"})
    commit = scratch.commit("fix\n", {"a.c": numbered(l5="five\n")})
    scratch.git("checkout", "-q", "--detach", f"{commit}~")
    instead = scratch.commit("fix\n", {"a.c": numbered(l5="fifth\n")})
    scratch.git("checkout", "-q", "main")
    scratch.git("replace", commit, instead)
    found = agreed(scratch, commit, onto)
    with Repository.open(scratch.path) as repo:
        assert found.commit is None or repo.pick(commit, onto).commit == found.commit
        again = repo.pick(commit, onto)
        assert again.commit is not None
        assert repo.read_files(again.commit, ["a.c"])["a.c"] == numbered(l5="fifth\n").encode()


# ---- what git is told to merge how ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "rules", "state"),
    [
        (".gitattributes", "*.c merge=union\n", "clean"),
        (".gitattributes", "*.c -merge\n", "conflict"),
        (".gitattributes", "*.c binary\n", "conflict"),
        (".gitattributes", "*.c merge=evil\n", "conflict"),
        (".gitattributes", "[attr]mine merge=union\n*.c mine\n", "clean"),
        ("dir/.gitattributes", "*.c merge=union\n", "clean"),
        ("dir/.gitattributes", "/c.c merge=union\n", "clean"),
        ("dir/.gitattributes", '"c.c" merge=union\n', "clean"),
        ("dir/.gitattributes", "# c.c merge=union\n", "conflict"),
        (".gitattributes", "*.c conflict-marker-size=3\n", "conflict"),
    ],
)
def test_attributes_of_the_target_count(scratch: Scratch, path: str, rules: str, state: str) -> None:
    scratch.commit("rules\n", {path: rules, "dir/c.c": numbered()})
    scratch.git("branch", "-f", "stable", "main")
    onto = on_stable(scratch, {"dir/c.c": numbered(l5="x\n")})
    commit = scratch.commit("fix\n", {"dir/c.c": numbered(l5="five\n")})
    assert agreed(scratch, commit, onto).state == state


def test_an_attribute_for_no_merge_makes_a_conflict_of_what_would_go_in(scratch: Scratch) -> None:
    scratch.commit("rules\n", {".gitattributes": "b.c -merge\n"})
    scratch.git("branch", "-f", "stable", "main")
    onto = on_stable(scratch, {"a.c": numbered(l25="x\n"), "b.c": "x\n" + "b\n" * 19})
    commit = scratch.commit("fix\n", {"a.c": numbered(l5="five\n"), "b.c": "b\n" * 19 + "y\n"})
    file = only(agreed(scratch, commit, onto))
    assert (file.path, file.kind, file.text) == ("b.c", "binary", None)


# ---- one pick upon another -------------------------------------------------------------------------------------------


def test_a_commit_is_picked_upon_the_one_before(scratch: Scratch) -> None:
    onto = on_stable(scratch, {"d.c": "d\n"})
    one = scratch.commit("one\n\nWhy.\n", {"a.c": numbered(l5="five\n")}, "--author=Another <other@example.org>")
    two = scratch.commit("two\n", {"a.c": numbered(l5="fifth\n")})
    assert dry(scratch, two, onto).state == "conflict"
    with Repository.open(scratch.path) as repo:
        first = repo.pick(one, onto)
        assert first.commit is not None
        second = repo.pick(two, first.commit)
        assert second.state == "clean"
        assert second.commit is not None
        made, base = list(repo.commits([second.commit, first.commit]))
        assert made.parents == (first.commit,)
        assert base.parents == (onto,)
        original = next(repo.commits([one]))
        assert (base.author, base.message) == (original.author, "one\n\nWhy.\n")
        assert base.tree == first.tree
        assert repo.read_files(second.commit, ["a.c"])["a.c"] == numbered(l5="fifth\n").encode()
        assert [raw.subject for raw in repo.history([second.commit, f"^{onto}"])] == ["two", "one"]
        assert list(repo.history_ids([second.commit], ["a.c"], limit=2)) == [second.commit, first.commit]
        assert [file.path for file in next(repo.changed([second.commit])).files] == ["a.c"]
        assert b"+fifth" in repo.patch_text(second.commit)
        assert [line.text for line in repo.changed_lines([second.commit], ["a.c"])][-1] == "fifth"
        assert repo.is_ancestor(onto, second.commit)
        assert repo.merge_base(second.commit, two) == scratch.git("merge-base", onto, two)
        assert {file.path for file in repo.list_files(second.commit)} >= {"a.c", "d.c"}
        assert repo.grep_files(second.commit, ["fifth"]) == ("a.c",)


def test_a_pick_onto_the_own_parent_is_the_commit_itself(scratch: Scratch) -> None:
    commit = scratch.commit("fix\n\nWhy.\n", {"a.c": numbered(l5="five\n")})
    assert dry(scratch, commit, scratch.git("rev-parse", f"{commit}~")).commit == commit


# ---- what is not there -----------------------------------------------------------------------------------------------


def test_missing_objects_leave_it_unknown(scratch: Scratch) -> None:
    onto = on_stable(scratch, {"a.c": numbered(l25="x\n")})
    commit = scratch.commit("fix\n", {"a.c": numbered(l5="five\n")})
    assert dry(scratch, "1" * 40, onto) == Picked("unknown")
    assert dry(scratch, commit, "1" * 40) == Picked("unknown")
    tree = scratch.git("rev-parse", f"{onto}^{{tree}}")
    assert dry(scratch, tree, onto) == Picked("unknown")
    scratch.forget(scratch.git("rev-parse", f"{commit}:a.c"))
    assert dry(scratch, commit, onto) == Picked("unknown")


def test_a_shallow_and_a_partial_clone(scratch: Scratch, tmp_path: Path) -> None:
    onto = on_stable(scratch, {"a.c": numbered(l25="x\n")})
    scratch.commit("before\n", {"d.c": "d\n"})
    clean = scratch.commit("clean\n", {"e.c": "e\n"})
    commit = scratch.commit("fix\n", {"a.c": numbered(l5="five\n")})
    url = f"file://{scratch.path}"
    scratch.git("clone", "-q", "--depth=2", "--no-single-branch", "--bare", url, str(tmp_path / "shallow.git"))
    with Repository.open(tmp_path / "shallow.git") as repo:
        assert repo.pick(commit, onto).state == "clean"
        assert repo.pick(clean, onto).state == "unknown"  # its parent is beyond the boundary
    scratch.git("config", "uploadpack.allowFilter", "true")
    scratch.git("clone", "-q", "--filter=blob:none", "--bare", url, str(tmp_path / "partial.git"))
    with Repository.open(tmp_path / "partial.git") as repo:
        assert repo.pick(clean, onto).state == "clean"  # no content has to be merged
        assert repo.pick(commit, onto) == Picked("unknown")


# ---- nothing of the repository runs, nothing is written --------------------------------------------------------------


def sums(folder: Path) -> dict[str, str]:
    """Every file below a folder by its checksum."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_no_driver_filter_or_hook_runs_and_nothing_is_written(scratch: Scratch, tmp_path: Path) -> None:
    scratch.commit("rules\n", {".gitattributes": "* merge=evil diff=evil filter=evil text=auto ident\n"})
    scratch.git("branch", "-f", "stable", "main")
    onto = on_stable(scratch, {"a.c": numbered(l5="x\n"), "b.c": "b\n" * 20 + "x\n"})
    conflict = scratch.commit("conflict\n", {"a.c": numbered(l5="five\n")})
    clean = scratch.commit("clean\n", {"b.c": "y\n" + "b\n" * 20})
    trap = Trap(tmp_path / "trap")
    (scratch.path / ".git" / "info" / "attributes").write_text("* merge=evil diff=evil filter=evil\n")
    for entry in KEYS:
        key, _, value = entry.partition("=")
        scratch.git("config", "--add", key, value % trap.program if "%s" in value else value)
    scratch.git("config", "merge.default", "evil")
    scratch.git("config", "merge.conflictStyle", "zdiff3")
    for hook in (*HOOKS, "pre-commit", "post-commit", "prepare-commit-msg", "pre-merge-commit", "post-merge"):
        (scratch.path / ".git" / "hooks").mkdir(exist_ok=True)
        (scratch.path / ".git" / "hooks" / hook).symlink_to(trap.program)
    trap.mark.unlink(missing_ok=True)
    before = sums(scratch.path)
    assert dry(scratch, conflict, onto).state == "conflict"
    assert dry(scratch, clean, onto).state == "clean"
    assert trap.ran() == ""
    assert sums(scratch.path) == before


def test_the_driver_would_run(scratch: Scratch, tmp_path: Path) -> None:
    """The trap is real: the same merge in the repository itself runs it."""
    onto = on_stable(scratch, {"a.c": numbered(l5="x\n")})
    commit = scratch.commit("fix\n", {"a.c": numbered(l5="five\n")})
    trap = Trap(tmp_path / "trap")
    (scratch.path / ".git" / "info" / "attributes").write_text("* merge=evil\n")
    scratch.git("config", "merge.evil.driver", str(trap.program))
    scratch.git("merge-tree", "--write-tree", onto, commit, ok=False)
    assert trap.ran() != ""


def test_settings_of_the_user_do_not_alter_a_pick(scratch: Scratch) -> None:
    onto = on_stable(scratch, {"a.c": None, "moved.c": numbered(l25="x\n")})
    commit = scratch.commit("fix\n", {"a.c": numbered(l5="five\n")})
    before = dry(scratch, commit, onto)
    for key, value in (("merge.renames", "false"), ("diff.renames", "false"), ("merge.renameLimit", "1")):
        scratch.git("config", "--global", key, value)
        scratch.git("config", key, value)
    assert dry(scratch, commit, onto) == before
    assert before.state == "clean"
