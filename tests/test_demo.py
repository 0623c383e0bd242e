"""The miniature history: the same everywhere, true to the commits that it follows, and harmless to lay down."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kvmpatch.errors import BadInput, Unreadable
from kvmpatch.sources import demo
from kvmpatch.sources.demo import DemoHistory, lay_down

FIXTURES = Path(__file__).parent.parent / "fixtures" / "miniature"

# What git made of the files under fixtures/miniature when they were last changed on purpose.
HEADS = {
    "main": "04f8e237a3d2a83faae68fb2b93fa2bb3a814ef9",
    "topic/riscv-kvm-docs": "df528352bb976782f0cd5f56a824b3a5a96128fc",
    "linux-6.1.y": "833571fd3392cd6c2c378c88249ffe5a5ba25904",
    "OLK-6.6": "0ba077bcdfb04826da37312efbd5a2986a3738a7",
}

ANUP = "Anup Patel <apatel@ventanamicro.com>"
ANUP_LATER = "Anup Patel <anup.patel@oss.qualcomm.com>"
MAYURESH = "Mayuresh Chitale <mchitale@ventanamicro.com>"
ANDREW = "Andrew Jones <ajones@ventanamicro.com>"
RADIM = "Radim Krčmář <rkrcmar@ventanamicro.com>"

# The commits of Linux that the miniature follows: upstream id, author, author date.
# A date without a time: only the day is known, the miniature says noon.
FOLLOWED = {
    "0001": ("6bb2e00ea304ffc0446f345c46fe22713ce43cbf", ANUP, "2022-07-07 20:22:48 +0530"),
    "0002": (
        "8f5cb44b1bae8520c0705ce348b30ffb1fdda43a",
        "Atish Patra <atishp@rivosinc.com>",
        "2022-07-21 11:12:12 -0700",
    ),
    "0005": ("b20f67994f35d75758ff671cd5095ec0cfab6ff9", ANDREW, "2023-02-24 17:26:31 +0100"),
    "0015": ("9dbaf381008dfa2fad6225633004f7adb1bac252", MAYURESH, "2023-09-13 22:08:59 +0530"),
    "0016": ("a4f5f39849f39f62f5d4e88cbb600f95f927003d", MAYURESH, "2023-09-13 22:09:00 +0530"),
    "0017": ("fe0bab701e3b71a1d2db123c05b4f5c33098cc96", MAYURESH, "2023-09-13 22:09:01 +0530"),
    "0018": ("d21b5d342fc12eb0a0f812864aa58aa9bb2c0599", MAYURESH, "2023-09-13 22:09:02 +0530"),
    "0019": ("db3c01c7a3081c6a6a50570e48bdbea509ba30e4", MAYURESH, "2023-09-13 22:09:03 +0530"),
    "0020": ("81f0f314fec92a69d6c4951b9d9db21d37419669", MAYURESH, "2023-09-13 22:09:04 +0530"),
    "0021": ("c04913f2b54ee86be34d1a1e9df7b7876b12b8c0", MAYURESH, "2023-09-13 22:09:05 +0530"),
    "0023": ("df68f4d8cb496ea31fa42cf2620366571c05376b", ANUP, "2023-09-15"),
    "0024": ("4d554e0226e6568c7b0b75418e7a24fefedbcefb", ANUP, "2023-10-03 09:22:24 +0530"),
    "0025": ("e1a8db0c9a0e7125c8e142c9eed7041ea37031d3", ANUP, "2023-10-03 09:22:25 +0530"),
    "0026": ("c667ad229d13c41590882a35a8c159387b4e149b", ANUP, "2022-07-22"),
    "0027": (
        "2fa290372dfe7dd248b1c16f943f273a3e674f22",
        "Daniel Henrique Barboza <dbarboza@ventanamicro.com>",
        "2023-12-05",
    ),
    "0028": ("4c460eb369514d53383a7c6ba1aefbca4914c68b", ANUP, "2023-12-24"),
    "0033": (
        "edcbe90f128922830228b9a5656c944a5d7ac306",
        "Chao Du <duchao@eswincomputing.com>",
        "2024-04-02 06:26:26 +0000",
    ),
    "0037": (
        "97eccf7db4f2e5e59d16bca45f7803ae3aeff6e1",
        "Yong-Xuan Wang <yongxuan.wang@sifive.com>",
        "2024-07-26 16:49:28 +0800",
    ),
    "0040": ("87ec7d5249bb8ebf40261420da069fa238c21789", RADIM, "2025-04-03 13:25:24 +0200"),
    "0046": ("b79bf2025dbc53e0cf834690fc90f11cf801657b", ANUP, "2025-06-18 17:05:23 +0530"),
    "0047": ("799766208f09f95677a9ab111b93872d414fbad7", RADIM, "2025-08-05 12:44:21 +0200"),
    "0048": ("83df1d64d663f4bf450a924cf337ff0cb7d63261", ANUP, "2025-08-23 21:29:42 +0530"),
    "0049": ("45700a743af3b7402cb7238860a25c62f0498ab4", ANUP_LATER, "2026-01-20 13:29:47 +0530"),
    "0050": ("0ee5501441cc7536271073063f13390164148e25", ANUP_LATER, "2026-01-20 13:29:53 +0530"),
    "0051": ("6ed523e2b6129d7dd4aab801a610930d85b2d3f8", ANUP_LATER, "2026-01-20 13:29:54 +0530"),
    "0052": ("e2494f83f9d717a7f607cfaefb4e69e55b8e024d", ANUP_LATER, "2026-01-20 13:29:55 +0530"),
    "0101": ("db3c01c7a3081c6a6a50570e48bdbea509ba30e4", MAYURESH, "2023-09-13 22:09:03 +0530"),
}
DATE_ASSUMED = {"0004": "56852c6211971798dfbe4098c8a8528b59234de2"}

HOST = "arch/riscv/include/asm/kvm_host.h"
UAPI = "arch/riscv/include/uapi/asm/kvm.h"
CSR = "arch/riscv/include/asm/csr.h"
VCPU = "arch/riscv/kvm/vcpu.c"
ONEREG = "arch/riscv/kvm/vcpu_onereg.c"


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> DemoHistory:
    return lay_down(tmp_path_factory.mktemp("demo") / "miniature")


def git(history: DemoHistory, *arguments: str) -> str:
    command = ["git", "-C", str(history.path), *arguments]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


def file_at(history: DemoHistory, number: str, path: str) -> str:
    return git(history, "cat-file", "blob", f"{history.id_of(number)}:{path}")


def message(history: DemoHistory, number: str) -> str:
    return git(history, "log", "-1", "--format=%B", history.id_of(number)).strip()


def members(text: str, struct: str) -> list[str]:
    """The names of a struct's members in order, read line by line; the miniature writes one on each."""
    body = text.partition(f"struct {struct} {{\n")[2].partition("\n};")[0]
    names = []
    for line in body.splitlines():
        code = re.sub(r"/\*.*?\*/", "", line).strip()
        if code.endswith(";"):
            found = re.search(r"DECLARE_BITMAP\((\w+)|(\w+)(?:\[\w+\])?;$", code)
            assert found, code
            names.append(found[1] or found[2])
    return names


def enum_names(text: str, enum: str) -> list[str]:
    """The names of an enum in order of their values, which count from zero."""
    body = text.partition(f"enum {enum} {{\n")[2].partition("};")[0]
    names = [line.strip().rstrip(",") for line in body.splitlines()]
    assert names[0].endswith(" = 0")
    assert not any("=" in name for name in names[1:])
    return [name.partition(" ")[0] for name in names]


# --- the same everywhere ----------------------------------------------------------------------------


def test_the_ids_are_the_recorded_ones(history: DemoHistory, tmp_path: Path) -> None:
    again = lay_down(tmp_path / "again")
    assert {ref.name: ref.id for ref in history.branches} == HEADS
    assert (again.head, again.branches, again.tags, again.commits) == (
        history.head,
        history.branches,
        history.tags,
        history.commits,
    )
    assert history.head == HEADS["main"] == git(history, "rev-parse", "HEAD").strip()


def test_nothing_of_the_caller_changes_the_ids(
    history: DemoHistory, tmp_path: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (hooks / "post-checkout").chmod(0o755)
    attributes = sealed / ".config" / "git" / "attributes"
    attributes.parent.mkdir(parents=True)
    attributes.write_text("* text eol=crlf ident\n")
    (sealed / ".gitconfig").write_text(
        f"[init]\n\ttemplateDir = {tmp_path}/template\n\tdefaultBranch = trunk\n"
        f"[core]\n\tautocrlf = true\n\thooksPath = {hooks}\n\tcompression = no number, git stops here\n"
        "[i18n]\n\tcommitEncoding = latin1\n"
    )
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    again = lay_down(tmp_path / "again")
    assert again.branches == history.branches
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "elsewhere").exists()
    assert not (tmp_path / "index").exists()
    assert (again.path / VCPU).read_bytes() == (history.path / VCPU).read_bytes()
    assert b"\r" not in (again.path / VCPU).read_bytes()
    assert not (again.path / ".git" / "hooks").exists()


def test_it_is_a_clean_and_sound_repository(history: DemoHistory) -> None:
    assert git(history, "status", "--porcelain") == ""
    assert git(history, "symbolic-ref", "HEAD") == "refs/heads/main\n"
    assert git(history, "config", "--local", "core.autocrlf") == "false\n"
    assert git(history, "rev-parse", "--is-bare-repository", "--show-object-format") == "false\nsha1\n"
    assert git(history, "fsck", "--strict", "--no-dangling") == ""
    assert sorted(git(history, "rev-list", "--all").split()) == sorted(commit.id for commit in history.commits)


# --- true to what it follows ------------------------------------------------------------------------


@pytest.mark.parametrize("number", [*FOLLOWED, *DATE_ASSUMED])
def test_a_commit_names_the_upstream_one(history: DemoHistory, number: str) -> None:
    upstream = FOLLOWED[number][0] if number in FOLLOWED else DATE_ASSUMED[number]
    third = message(history, number).splitlines()[2]
    assert third in (f"commit {upstream} upstream.", f"[ Upstream commit {upstream} ]")


@pytest.mark.parametrize("number", FOLLOWED)
def test_author_and_date_are_the_real_ones(history: DemoHistory, number: str) -> None:
    _, author, date = FOLLOWED[number]
    said = git(history, "log", "-1", "--date=iso", "--format=%an <%ae>%n%ad", history.id_of(number)).splitlines()
    assert said[0] == author
    assert said[1] == date or said[1].startswith(f"{date} 12:00:00 ")


def test_no_upstream_line_is_left_out_of_the_tables(history: DemoHistory) -> None:
    told = {commit.number for commit in history.commits if "pstream commit" in message(history, commit.number)}
    told |= {commit.number for commit in history.commits if " upstream.\n" in message(history, commit.number)}
    assert told == {*FOLLOWED, *DATE_ASSUMED}
    assert "author date assumed" in message(history, "0004")


def test_nobody_is_said_to_have_signed_off(history: DemoHistory) -> None:
    said = git(history, "log", "--all", "--format=%B").lower()
    assert "signed-off-by" not in said
    assert said.count("[ miniature: rewritten for kvmpatch") == len(FOLLOWED) + len(DATE_ASSUMED) + 2


def test_both_forms_of_an_upstream_line_are_there(history: DemoHistory) -> None:
    said = git(history, "log", "--all", "--format=%B")
    assert len(re.findall(r"^commit [0-9a-f]{40} upstream\.$", said, re.MULTILINE)) > 10
    assert len(re.findall(r"^\[ Upstream commit [0-9a-f]{40} \]$", said, re.MULTILINE)) > 3


def test_committer_dates_grow(history: DemoHistory) -> None:
    stamps = [
        int(git(history, "log", "-1", "--format=%ct", commit.id)) - 3600 * place
        for place, commit in enumerate(history.commits)
    ]
    assert stamps == sorted(stamps), "at least an hour from each commit to the next"
    assert set(git(history, "log", "--all", "--format=%cn <%ce>").splitlines()) == {
        "kvmpatch miniature <miniature@kvmpatch.invalid>"
    }


# --- the shapes that reports are about --------------------------------------------------------------


def test_cfg_becomes_the_last_of_thirty_members(history: DemoHistory) -> None:
    before = members(file_at(history, "0016", HOST), "kvm_vcpu_arch")
    after = members(file_at(history, "0017", HOST), "kvm_vcpu_arch")
    assert after == [*before, "cfg"]
    assert len(after) == 30
    assert before[-1] == "pmu_context"
    assert members(file_at(history, "0017", HOST), "kvm_vcpu_config") == ["henvcfg"]


def test_senvcfg_is_eleventh_on_both_sides(history: DemoHistory) -> None:
    for path, struct in ((HOST, "kvm_vcpu_csr"), (UAPI, "kvm_riscv_csr")):
        before = members(file_at(history, "0018", path), struct)
        assert len(before) == 10
        assert members(file_at(history, "0019", path), struct) == [*before, "senvcfg"]


def test_host_values_stand_where_they_stand_in_linux(history: DemoHistory) -> None:
    assert members(file_at(history, "0019", HOST), "kvm_vcpu_arch").index("host_senvcfg") + 1 == 10
    arch = members(file_at(history, "0020", HOST), "kvm_vcpu_arch")
    assert arch.index("host_sstateen0") + 1 == 11
    assert arch[arch.index("guest_csr") + 1] == "smstateen_csr"


def test_kvm_vcpu_config_grows_and_moves(history: DemoHistory) -> None:
    grown = ["henvcfg", "hstateen0", "hedeleg", "hideleg"]
    for count, number in ((2, "0018"), (3, "0033"), (4, "0050")):
        assert members(file_at(history, number, HOST), "kvm_vcpu_config") == grown[:count]
    assert "struct kvm_vcpu_config {" not in file_at(history, "0051", HOST)
    moved = file_at(history, "0051", "arch/riscv/include/asm/kvm_vcpu_config.h")
    assert members(moved, "kvm_vcpu_config") == grown


@pytest.mark.parametrize(
    ("number", "name", "value"),
    [
        ("0001", "SVPBMT", 7),
        ("0002", "SSTC", 8),
        ("0004", "ZICBOM", 11),
        ("0005", "ZICBOZ", 12),
        ("0008", "SSAIA", 14),
        ("0018", "SMSTATEEN", 23),
        ("0023", "ZICOND", 24),
        ("0035", "ZAWRS", 61),
        ("0037", "SVADE", 62),
        ("0037", "SVADU", 63),
    ],
)
def test_isa_ids_have_their_values(history: DemoHistory, number: str, name: str, value: int) -> None:
    names = enum_names(file_at(history, number, UAPI), "KVM_RISCV_ISA_EXT_ID")
    assert names.index(f"KVM_RISCV_ISA_EXT_{name}") == value
    assert names[-1] == "KVM_RISCV_ISA_EXT_MAX"
    mapped = file_at(history, number, ONEREG if number > "0006" else VCPU)
    assert f"KVM_ISA_EXT_ARR({name})," in mapped


def test_the_debug_console_is_sbi_id_nine_behind_pmu(history: DemoHistory) -> None:
    names = enum_names(file_at(history, "0026", UAPI), "KVM_RISCV_SBI_EXT_ID")
    assert names.index("KVM_RISCV_SBI_EXT_DBCN") == 9
    table = file_at(history, "0026", "arch/riscv/kvm/vcpu_sbi.c")
    assert re.findall(r"\.ext_idx = KVM_RISCV_SBI_EXT_(\w+),", table)[-3:] == ["PMU", "DBCN", "VENDOR"]


def test_the_guard_of_the_high_half_changes(history: DemoHistory) -> None:
    before, after = file_at(history, "0016", VCPU), file_at(history, "0017", VCPU)
    assert "#ifdef CONFIG_32BIT\n\tcsr_write(CSR_HENVCFGH, henvcfg >> 32);\n#endif\n" in before
    assert "\tif (IS_ENABLED(CONFIG_32BIT))\n\t\tcsr_write(CSR_HENVCFGH, cfg->henvcfg >> 32);\n" in after
    assert "static void kvm_riscv_vcpu_update_config(const unsigned long *isa)\n" in before
    assert "static void kvm_riscv_vcpu_setup_config(struct kvm_vcpu *vcpu)\n" in after
    assert "\tif (!vcpu->arch.ran_atleast_once)\n\t\tkvm_riscv_vcpu_setup_config(vcpu);\n" in after


def test_the_committed_shape_counts_where_it_differs_from_the_posted_one(history: DemoHistory) -> None:
    onereg = file_at(history, "0018", ONEREG)
    assert re.findall(r"KVM_ISA_EXT_ARR\((\w+)\),", onereg)[:2] == ["SMSTATEEN", "SSAIA"]
    assert "\nbreak;\n" in file_at(history, "0021", ONEREG)
    assert "\nbreak;\n" not in file_at(history, "0028", ONEREG)


@pytest.mark.parametrize(
    ("macro", "value"),
    [
        ("CSR_HENVCFG", "0x60a"),
        ("CSR_HENVCFGH", "0x61a"),
        ("CSR_MENVCFG", "0x30a"),
        ("CSR_MENVCFGH", "0x31a"),
        ("CSR_HSTATEEN0", "0x60c"),
        ("CSR_HSTATEEN0H", "0x61c"),
        ("CSR_SENVCFG", "0x10a"),
        ("CSR_SSTATEEN0", "0x10c"),
        ("ENVCFG_STCE", "(_AC(1, ULL) << 63)"),
        ("ENVCFG_PBMTE", "(_AC(1, ULL) << 62)"),
        ("ENVCFG_ADUE", "(_AC(1, ULL) << 61)"),
        ("SMSTATEEN0_SSTATEEN0_SHIFT", "63"),
        ("SMSTATEEN0_HSENVCFG_SHIFT", "62"),
        ("SMSTATEEN0_AIA_IMSIC_SHIFT", "58"),
    ],
)
def test_registers_and_bits_have_their_values(history: DemoHistory, macro: str, value: str) -> None:
    text = (history.path / CSR).read_text(encoding="utf-8")
    assert re.search(rf"^#define {macro}\s+{re.escape(value)}$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("number", "lines"),
    [
        ("0015", {"hwcap.h": (1, 0), "cpufeature.c": (1, 0)}),
        ("0017", {"kvm_host.h": (7, 0), "vcpu.c": (14, 13)}),
        ("0018", {"csr.h": (16, 0), "kvm_host.h": (1, 0), "kvm.h": (1, 0), "vcpu.c": (15, 0), "vcpu_onereg.c": (5, 1)}),
        ("0021", {"kvm.h": (8, 0), "vcpu_onereg.c": (62, 2)}),
        ("0033", {"kvm_host.h": (12, 0), "main.c": (2, 16), "vcpu.c": (14, 2), "vm.c": (1, 0)}),
        ("0046", {"kvm_host.h": (1, 2), "tlb.c": (0, 23), "vcpu.c": (2, 2), "vmid.c": (23, 0)}),
        ("0047", {"vcpu_vector.c": (2, 0)}),
    ],
)
def test_a_commit_is_as_long_as_its_model(history: DemoHistory, number: str, lines: dict[str, tuple[int, int]]) -> None:
    told = git(history, "diff-tree", "-r", "--numstat", "--no-commit-id", "--no-renames", history.id_of(number))
    rows = [line.split("\t") for line in told.splitlines()]
    assert {Path(path).name: (int(added), int(removed)) for added, removed, path in rows} == lines


# --- the shapes of history --------------------------------------------------------------------------


def test_there_is_a_real_merge(history: DemoHistory) -> None:
    parents = git(history, "rev-list", "--parents", "-1", history.id_of("0031")).split()[1:]
    assert parents == [history.id_of("0028"), history.id_of("0030")]
    base = git(history, "merge-base", *parents).strip()
    assert base == history.id_of("0026")


def test_a_revert_and_a_pick_name_ids_of_this_history(history: DemoHistory) -> None:
    assert f"\nThis reverts commit {history.id_of('0044')}.\n" in message(history, "0045")
    assert f"\n(cherry picked from commit {history.id_of('0043')})" in message(history, "0102")
    assert f"\ncommit {history.id_of('0102')}\n" in message(history, "0203")
    reverted = git(history, "diff-tree", "--no-commit-id", history.id_of("0043"), history.id_of("0045"))
    assert reverted == ""


def test_the_stable_branch_has_only_a_part(history: DemoHistory) -> None:
    partial = git(history, "diff-tree", "-r", "--name-only", "--no-commit-id", history.id_of("0101")).split()
    whole = git(history, "diff-tree", "-r", "--name-only", "--no-commit-id", history.id_of("0019")).split()
    assert set(whole) - set(partial) == {UAPI}
    assert git(history, "merge-base", "main", "linux-6.1.y").strip() == history.id_of("0005")


def test_the_distribution_branch_carries_inclusion_heads(history: DemoHistory) -> None:
    assert message(history, "0202").splitlines()[2:10] == [
        "mainline inclusion",
        "from mainline-v6.7-rc1",
        "commit fe0bab701e3b71a1d2db123c05b4f5c33098cc96",
        "category: feature",
        "bugzilla: https://kvmpatch.invalid/issues/1",
        "CVE: NA",
        "",
        "-" * 32,
    ]


def test_a_fix_may_need_what_the_stable_branch_lacks(history: DemoHistory) -> None:
    timer = "arch/riscv/kvm/vcpu_timer.c"
    assert "kvm_riscv_vcpu_stopped(" in file_at(history, "0042", timer)
    assert "kvm_riscv_vcpu_stopped(" in file_at(history, "0041", HOST)
    assert "kvm_riscv_vcpu_stopped(" not in file_at(history, "0103", HOST)
    assert file_at(history, "0103", timer) == file_at(history, "0041", timer), "so the fix itself applies"


def test_every_patch_has_its_place(history: DemoHistory) -> None:
    assert sorted(path.name[:4] for path in (FIXTURES / "patches").iterdir()) == sorted(
        commit.number for commit in history.commits
    )


# --- laying it down ---------------------------------------------------------------------------------


def test_an_empty_directory_will_do(history: DemoHistory, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert lay_down(tmp_path / "empty").head == history.head


def test_a_directory_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine\n")
    with pytest.raises(BadInput) as raised:
        lay_down(tmp_path)
    assert str(tmp_path) in raised.value.said.en
    assert str(tmp_path) in raised.value.said.zh
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine\n")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(BadInput):
            lay_down(path)
    assert (tmp_path / "file").read_text() == "mine\n"


def test_without_git_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unreadable):
        lay_down(tmp_path / "deep" / "demo")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("existing", [True, False])
def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: bool) -> None:
    target = tmp_path / "demo"
    if existing:
        target.mkdir()
    broken = tmp_path / "data" / "kvmpatch"
    shutil.copytree(FIXTURES, broken / "miniature")
    fix = next((broken / "miniature" / "patches").glob("0203-*"))
    fix.write_text(fix.read_text(encoding="utf-8").replace("\n-\t", "\n-not\t"), encoding="utf-8")
    monkeypatch.setattr(demo, "__file__", str(broken / "sources" / "demo" / "__init__.py"))
    with pytest.raises(ValueError, match="does not fit"):
        lay_down(target)
    assert target.exists() == existing
    assert not existing or list(target.iterdir()) == []


def test_an_installed_package_has_the_data_inside(
    history: DemoHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FIXTURES, tmp_path / "kvmpatch" / "miniature")
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "kvmpatch" / "sources" / "demo" / "__init__.py"))
    assert lay_down(tmp_path / "demo").head == history.head


def test_missing_data_are_said_to_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "kvmpatch" / "sources" / "demo" / "__init__.py"))
    with pytest.raises(Unreadable, match="miniature history is missing"):
        lay_down(tmp_path / "demo")
    assert not (tmp_path / "demo").exists()
