"""Presence held against what a project's own stable branches say of themselves.

    KVMPATCH_PRESENCE_REPO=/path/to/xen.git python tests/kernel/presence_check.py [PAIRS]

Every commit of a stable branch that names its master commit is a known pair. A known absence is a commit of master
whose id no message of the branch holds, whose subject no commit there has, and which is not in its history; and the
master commit of a pair, asked of the parent of its backport. Four questions, each with its figures:

    pairs      the master commit in the branch
    unpointed  the same, with all lines that point upstream blanked in the branch's messages
    unnamed    the same, with pointers and subjects blanked: lines alone are left
    absent     known absences in the branch
    before     the master commit in the parent of its backport
"""

from __future__ import annotations

import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from kvmpatch.model.backport import Presence
from kvmpatch.parse.message import bare_subject, read_message
from kvmpatch.reports.backport.presence import PresenceFinder
from kvmpatch.reports.backport.target import Target
from kvmpatch.reports.related.finder import GitFinder
from kvmpatch.reports.related.request import Patience
from kvmpatch.sources.repo import RawCommit, Repository

_POINTING = re.compile(r"(?im)^(?:master (?:commit|date):|\(cherry picked from).*$")
_BRANCHES = re.compile(r"refs/(?:heads|remotes/origin)/stable-4\.(\d+)\Z")
_OLDEST = 6
_SHOWN = 40


class Known:
    """One branch, what only it has, and the pairs that its messages name."""

    def __init__(self, repository: Repository, ref: str, master: str) -> None:
        self.repository = repository
        self.ref = ref
        self.tip = repository.resolve((ref,))[0].id
        self.own = list(repository.history([self.tip, f"^{master}"]))
        self.beyond = set(repository.history_ids([master, f"^{self.tip}"]))
        # a backport that was taken back later is no known pair
        back = {found for raw in self.own for found in re.findall(r"This reverts commit ([0-9a-f]{7,40})", raw.message)}
        self.pairs = [
            (pointer.id, raw)
            for raw in self.own
            for pointer in read_message(raw.message).upstream
            if pointer.form == "xen" and pointer.id in self.beyond and not any(raw.id.startswith(one) for one in back)
        ]

    def absent(self, rng: random.Random, count: int) -> list[RawCommit]:
        """Commits of master that this branch has in no way that a message tells."""
        words = {word[:7] for raw in self.own for word in re.findall(r"[0-9a-f]{7,40}", raw.message.lower())}
        subjects = {bare_subject(raw.subject) for raw in self.own}
        chosen = rng.sample(sorted(self.beyond), min(len(self.beyond), count * 2))
        found = [
            raw
            for raw in self.repository.commits(chosen)
            if raw.id[:7] not in words and bare_subject(raw.subject) not in subjects and len(raw.parents) == 1
        ]
        return found[:count]


def asked(
    repository: Repository, ref: str, tip: str, raws: Sequence[RawCommit], blank: str = ""
) -> dict[str, Presence]:
    """Presence of some commits; `blank` takes pointers, or subjects too, out of the target's messages."""
    finder = PresenceFinder(Target(repository, GitFinder(repository), ref, tip), Patience(3600))
    if blank:
        keep = finder.side._keep

        def blanked(raw: RawCommit) -> None:
            text = _POINTING.sub("", raw.message)
            text = "?" + text[text.find("\n") :] if blank == "unnamed" and "\n" in text else text
            keep(msgspec.structs.replace(raw, message=text))

        finder.side._keep = blanked  # type: ignore[method-assign]
    return finder.find(raws)


def told(name: str, rows: Sequence[tuple[str, RawCommit, Presence, bool]]) -> None:
    """The figures of one question, and its errors."""
    if not rows:
        return
    right = sum(row[3] for row in rows)
    sys.stdout.write(f"{name}: {right} of {len(rows)} right ({100 * right / len(rows):.2f} %)" + "\n")
    for (state, rung), count in Counter((row[2].state, row[2].rung) for row in rows).most_common():
        sys.stdout.write(f"    {count:5} {state} by {rung}" + "\n")
    for ref, raw, presence, _ in [row for row in rows if not row[3]][:_SHOWN]:
        codes = ",".join(reason.code for reason in presence.because)
        where = " ".join(one[:10] for one in presence.where)
        sys.stdout.write(
            f"  ! {ref.rpartition('/')[2]} {raw.id[:10]} {presence.state}/{presence.rung} {codes} {where} {raw.subject}"
            + "\n"
        )


def check(
    repository: Repository, master: str, count: int
) -> Iterator[tuple[str, list[tuple[str, RawCommit, Presence, bool]]]]:
    """Every question with its answers."""
    rng = random.Random(6)  # noqa: S311 - the same commits each time
    refs = [f"refs/heads/stable-4.{number}" for number in range(_OLDEST, 23)]
    branches = [Known(repository, ref, master) for ref in refs]
    each = count // len(branches) + 1
    rows: dict[str, list[tuple[str, RawCommit, Presence, bool]]] = {
        name: [] for name in ("pairs", "unpointed", "unnamed", "absent", "before")
    }
    spent = 0.0
    for branch in branches:
        pairs = rng.sample(branch.pairs, min(each, len(branch.pairs)))
        raws = list(repository.commits([master_id for master_id, _ in pairs]))
        for name in ("pairs", "unpointed", "unnamed"):
            began = time.process_time()
            found = asked(repository, branch.ref, branch.tip, raws, "" if name == "pairs" else name)
            spent += time.process_time() - began
            for raw, (_, backport) in zip(raws, pairs, strict=True):
                presence = found[raw.id]
                right = presence.state in ("present", "partial") and backport.id in presence.where
                rows[name].append((branch.ref, raw, presence, right))
        absent = branch.absent(rng, each)
        for raw, presence in zip(absent, asked(repository, branch.ref, branch.tip, absent).values(), strict=True):
            rows["absent"].append((branch.ref, raw, presence, presence.state == "absent"))
        for master_id, backport in pairs[: max(1, each // 4)]:
            raw = next(iter(repository.commits([master_id])))
            presence = asked(repository, branch.ref, backport.parents[0], [raw])[raw.id]
            rows["before"].append((backport.id, raw, presence, presence.state == "absent"))
    sys.stdout.write(f"{spent:.1f} s of this process for the pairs" + "\n")
    yield from rows.items()


def main() -> int:
    """Run every question; 0 if nothing is below 99.5 %."""
    place = os.environ.get("KVMPATCH_PRESENCE_REPO")
    if not place:
        sys.stdout.write(__doc__ + "\n")
        return 2
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with Repository.open(place) as repository:
        master = repository.resolve(("refs/heads/master",))[0].id
        good = True
        for name, rows in check(repository, master, count):
            told(name, rows)
            good = good and (name.startswith("un") or sum(row[3] for row in rows) >= 0.995 * len(rows))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
