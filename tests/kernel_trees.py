"""Kernel trees to hold the readers against: the sources that Debian packages, unpacked once beside the repository."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

CACHE = Path(__file__).resolve().parent.parent / ".kernel-trees"
# What the tests read: every architecture's KVM, all of RISC-V, and the headers that they stand on.
PARTS = ("arch/*/kvm", "arch/riscv", "arch/*/include", "include", "virt/kvm", "tools/testing/selftests/kvm")
_DONE = ".unpacked"


def fetched(version: str) -> Path:
    """The tree of a version such as `6.12`, downloaded and unpacked unless it is here already.

    Raises:
        LookupError: it cannot be had here; says why in one line.
    """
    tree = CACHE / f"linux-source-{version}"
    if (tree / _DONE).exists():
        return tree
    missing = [tool for tool in ("apt-get", "dpkg-deb", "tar", "xz") if shutil.which(tool) is None]
    if missing:
        raise LookupError(f"Debian's linux-source-{version} cannot be fetched here: no {', '.join(missing)}")
    CACHE.mkdir(exist_ok=True)
    package = f"linux-source-{version}"
    shutil.rmtree(tree, ignore_errors=True)
    asked = subprocess.run(["apt-get", "download", package], cwd=CACHE, capture_output=True, text=True, check=False)
    archives = sorted(CACHE.glob(f"{package}_*.deb"))
    if asked.returncode or not archives:
        why = asked.stderr.strip().splitlines() or ["no such package"]
        raise LookupError(f"apt-get download {package}: {why[-1]}")
    _unpack(archives[-1], package)
    for archive in archives:
        archive.unlink()
    (tree / _DONE).touch()
    return tree


def _unpack(archive: Path, package: str) -> None:
    """The wanted parts of the tarball within a package, streamed: the whole tree would be 1.4 GB."""
    whole = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE)
    inner = subprocess.Popen(["tar", "-xO", f"./usr/src/{package}.tar.xz"], stdin=whole.stdout, stdout=subprocess.PIPE)
    parts = [f"{package}/{part}" for part in PARTS]
    subprocess.run(["tar", "-xJ", "-C", CACHE, "--wildcards", *parts], stdin=inner.stdout, check=True)
    for pipe in (whole, inner):
        if pipe.stdout:
            pipe.stdout.close()
        pipe.wait()


@pytest.fixture(scope="session")
def kernel_tree() -> Callable[[str], Path]:
    """The tree of a kernel version; the test is skipped, with the reason, where it cannot be had."""

    def tree(version: str) -> Path:
        try:
            return fetched(version)
        except LookupError as why:
            pytest.skip(str(why))

    return tree
