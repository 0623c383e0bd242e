"""(j) An index whose build is killed again and again: does it always go on to what a build in peace makes?

    python tests/bench/killed_builds.py [TIMES] [--commits N] [--repository PATH] [--scope PATHSPECS]

A build is killed (SIGKILL, no chance to clear up) at a random moment; the next goes on where it was cut off. One that
comes to its end is compared, row by row, with the index of a build in peace, and the next begins anew.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from history_generator import generate
from index_scratch import Content, content, covered, folder_of


class Builds:
    """Builds of one repository, all in one cache."""

    def __init__(self, repository: Path, scope: str) -> None:
        self.repository = repository
        self.command = [sys.executable, "-m", "kvmpatch", "-C", str(repository), "-c", f"kvmpatch.scope={scope}"]

    def run(self, action: str) -> None:
        """One action to its end."""
        subprocess.run([*self.command, "-q", "index", action], stdout=subprocess.DEVNULL, check=True)

    def killed_after(self, seconds: float) -> bool:
        """Begin a build and kill it; False if it was over before."""
        command = [*self.command, "-q", "index", "build"]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        ended = child.poll() is not None
        child.kill()
        if child.wait() and ended:
            raise RuntimeError("a build failed")
        return not ended

    def content(self) -> Content:
        """All rows of the index."""
        if not covered(self.repository):
            raise RuntimeError("the index does not have all refs")
        return content(folder_of(self.repository))


def killed(builds: Builds, times: int) -> str:
    """What came of it, in one line.

    Raises:
        RuntimeError: an index differs, or a build failed.
    """
    dice = random.Random(1)  # noqa: S311 - moments, no secrets
    began = time.monotonic()
    builds.run("build")
    peace = time.monotonic() - began
    expected = builds.content()
    builds.run("clear")
    kills = ended = 0
    while kills < times:
        if builds.killed_after(dice.uniform(0.2, peace)):
            kills += 1
            continue
        ended += 1
        if builds.content() != expected:
            raise RuntimeError(f"an index differs after {kills} kills")
        builds.run("clear")
    builds.run("build")
    if builds.content() != expected:
        raise RuntimeError(f"the last index differs after {kills} kills")
    rows = len(expected.commits)
    return (
        f"  {rows:,} commits, {len(expected.structure):,} rows of structure; {peace:.1f} s in peace; killed {kills} "
        f"times, {ended + 1} indexes came to their end, all the same as in peace"
    )


def main() -> int:
    """Run it, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("times", nargs="?", type=int, default=50)
    parser.add_argument("--commits", type=int, default=20_000)
    parser.add_argument("--repository", type=Path)
    parser.add_argument("--scope", default="arch/riscv")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ["XDG_CACHE_HOME"] = f"{place}/cache"
        repository = asked.repository or Path(place) / "history.git"
        if not asked.repository:
            generate(repository, asked.commits)
        print("killed while building", killed(Builds(repository, asked.scope), asked.times), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
