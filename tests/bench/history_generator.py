"""Makes a long history with messages like a kernel's, by `git fast-import`: a million commits in a few minutes.

    python tests/bench/history_generator.py DIRECTORY [COMMITS]

The same number gives the same history, id by id. Most commits change nothing, since only messages are timed; one in
fifty changes a file of KVM. Nothing in it is anybody's text: words are drawn from a list, names are numbered.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_PLAIN = (
    "the a of to in for is on that by this with when not it be are from page guest host entry exit register value "
    "path lock index memory table vcpu interrupt handler state flag bit mask struct field caller pointer check error "
    "return because since after before instead only without already currently never must may should device driver"
).split()
_SYLLABLES = (
    "re con trans ing er ed tion al pre un map que buf lat ch sy nc ex ir port vec dom mem pag ker nel dis".split()
)
_AREAS = (
    "KVM: RISC-V: ",
    "riscv: ",
    "mm: ",
    "net: ",
    "drm/sample: ",
    "irqchip: ",
    "sched: ",
    "fs: ",
    "docs: ",
    "arm64: ",
)
_VERBS = ("Add", "Fix", "Remove", "Use", "Move", "Handle", "Avoid", "Drop", "Rename", "Simplify", "Allow", "Document")
_PARAGRAPHS = 4000
_PEOPLE = 3000
_FIRST_SECOND = 1_100_000_000
_FILE = "arch/riscv/kvm/vcpu_sample.c"


class Messages:
    """Messages, one after the other, out of one seed."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a history, no secret
        # plain words are the most frequent ones; behind them come some thousand rare ones, as in any language
        rare = ["".join(self._random.choices(_SYLLABLES, k=self._random.randint(2, 4))) for _ in range(6000)]
        self._words = _PLAIN + rare
        self._weights = [1 / (place + 8) for place in range(len(self._words))]
        self._texts = [self._paragraph() for _ in range(_PARAGRAPHS)]

    def _paragraph(self) -> str:
        words = self._random.choices(self._words, self._weights, k=self._random.randint(25, 70))
        words[0] = words[0].capitalize()
        lines, line = [], ""
        for word in words:
            if len(line) + len(word) > 72:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        return "\n".join([*lines, line + "."])

    def subject(self, number: int) -> str:
        """The subject of a commit."""
        dice = self._random
        words = " ".join(dice.choices(_PLAIN, k=dice.randint(3, 6)))
        return f"{dice.choice(_AREAS)}{dice.choice(_VERBS)} sample_{number % 50_000}_{words.split()[0]}() {words}"

    def message(self, number: int, author: str) -> str:
        """A whole message: text, then the trailers that kernel commits have, as often as they have them."""
        dice = self._random
        parts = [self.subject(number), *dice.choices(self._texts, k=dice.choice((1, 1, 1, 2, 2, 3)))]
        trailers = []
        chance = dice.random()
        if chance < 0.22:
            trailers.append(f'Fixes: {dice.getrandbits(48):012x} ("{self.subject(number // 2)}")')
        elif chance < 0.25:
            parts.insert(1, f"commit {dice.getrandbits(160):040x} upstream.")
        elif chance < 0.255:
            parts.insert(1, f"This reverts commit {dice.getrandbits(160):040x}.")
        if chance < 0.08:
            trailers.append("Cc: stable@vger.kernel.org")
        if dice.random() < 0.6:
            trailers.append(
                f"Link: https://lore.example.org/r/2024{number % 10**10:010}.{number % 10**6}-1-dev@example.org"
            )
        if dice.random() < 0.5:
            trailers.append(f"Reviewed-by: {person(dice.randrange(_PEOPLE))}")
        trailers.append(f"Signed-off-by: {author}")
        trailers.append(f"Signed-off-by: {person(number % 40)}")
        return "\n\n".join([*parts, "\n".join(trailers)]) + "\n"


def person(number: int) -> str:
    """A name and an address."""
    return f"A Developer {number} <dev{number}@example.org>"


def commands(commits: int) -> Iterator[bytes]:
    """What fast-import is told: a main line with a merge every twenty commits."""
    messages = Messages()
    side = 0
    for number in range(1, commits + 1):
        author = person(number * number % _PEOPLE)
        when = _FIRST_SECOND + number * 300
        text = messages.message(number, author).encode()
        head = f"commit refs/heads/main\nmark :{number}\nauthor {author} {when - 86_400} +0200\n"
        head += f"committer {person(number % 40)} {when} +0000\ndata {len(text)}\n"
        yield head.encode() + text
        if number > 1:
            yield b"from :%d\n" % (side - 1 if number == side else number - 1)
        if number == side + 1 and side:
            yield b"merge :%d\n" % (side - 1)
        if number % 20 == 10:
            side = number + 1
        if number % 50 == 1:
            body = f"int sample_value(struct sample *sample)\n{{\n\treturn sample->value + {number};\n}}\n".encode()
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (_FILE.encode(), len(body), body)
        yield b"\n"
    yield b"done\n"


def generate(directory: Path, commits: int) -> None:
    """Make the repository, bare."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(directory)], check=True)
    with subprocess.Popen(
        ["git", "-C", str(directory), "fast-import", "--quiet", "--done"], stdin=subprocess.PIPE
    ) as git:
        pipe: IO[bytes] | None = git.stdin
        if pipe is not None:
            pipe.writelines(commands(commits))
            pipe.close()
    if git.returncode:
        raise RuntimeError(f"git fast-import: status {git.returncode}")


if __name__ == "__main__":
    generate(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
