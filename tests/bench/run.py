"""`make bench`: what a report costs, beside a peer or git in the same run. Numbers alone; no test hangs on them.

KVMPATCH_BENCH_KVMTOOL=/path/to/kvmtool measures a real history too; without it one is generated.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import a_range
import large_commit
import one_commit
from generated import history, make

from kvmpatch.sources.demo import lay_down

RICH = "fe0bab701e3b"
"""An upstream id that the miniature has as a backport: looked up, followed through its callers and its history."""


def cloned(source: str, scratch: Path) -> Path:
    """A copy of a repository: PyDriller writes to the configuration of what it reads."""
    target = scratch / "kvmtool.git"
    subprocess.run(["git", "clone", "-q", "--bare", source, target], check=True)
    return target


def main() -> int:
    """Run what was asked for, by default everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=["one", "range", "large", []], default=[])
    what = set(parser.parse_args().what) or {"one", "range", "large"}
    kvmtool = os.environ.get("KVMPATCH_BENCH_KVMTOOL")
    with tempfile.TemporaryDirectory() as place:
        scratch = Path(place)
        name = "kvmtool" if kvmtool else "a generated history"
        real = cloned(kvmtool, scratch) if kvmtool else make(scratch / "made.git", history(300))
        print(f"{'':<60} {'min':>8} {'median':>8} {'max':>8}")
        if "one" in what:
            small = lay_down(scratch / "miniature").path
            shown = [("the miniature", small, "HEAD"), (name, real, "HEAD"), ("the miniature", small, RICH)]
            print("one commit", *one_commit.measure(shown), sep="\n")
        if "range" in what:
            print("a range", *a_range.measure(name, real), sep="\n")
        if "large" in what:
            print("a large commit", *large_commit.measure(scratch), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
