"""Histories made on the spot, so that a machine without any clone can measure: kernel-like C, the same every time."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

_WHO = "A Developer <dev@example.org>"
_START = 1_700_000_000


def c_file(number: int, size: int, revision: int = 0) -> bytes:
    """Some `size` bytes of C: a structure, macros, and functions whose constants depend on the revision."""
    dice = random.Random(number)  # noqa: S311 - nothing secret is made
    parts = [f"// SPDX-License-Identifier: GPL-2.0\n#include <linux/kvm_host.h>\n\nstruct state_{number} {{\n"]
    parts += [f"\tu64 field_{index};\n" for index in range(12)]
    parts.append("};\n\n")
    length = sum(map(len, parts))
    function = 0
    while length < size:
        changed = revision and function % 7 == revision % 7
        text = _function(number, function, dice, revision if changed else 0)
        parts.append(text)
        length += len(text)
        function += 1
    return "".join(parts).encode()


def _function(number: int, function: int, dice: random.Random, revision: int) -> str:
    lines = [
        f"#define LIMIT_{number}_{function}\t{dice.randrange(4096):#x}",
        f"static int step_{number}_{function}(struct state_{number} *state, unsigned long value)",
        "{",
        "\tint ret = 0;",
        "",
    ]
    for index in range(dice.randrange(4, 14)):
        field, mask = dice.randrange(12), dice.randrange(1 << 16) + revision
        lines += [
            f"\t/* The field is read before its bits of step {index} are known. */",
            f"\tif (state->field_{field} & {mask:#x}) {{",
            f"\t\tret = help_{number}_{index}(state, value + {index});",
            "\t\tif (ret)",
            "\t\t\treturn ret;",
            "\t}",
        ]
    return "\n".join([*lines, "\treturn ret;", "}", "", ""])


def make(directory: Path, commits: Iterator[dict[str, bytes]]) -> Path:
    """A bare repository with these commits, each the files that it writes."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", directory], check=True)
    with subprocess.Popen(["git", "-C", directory, "fast-import", "--quiet"], stdin=subprocess.PIPE) as process:
        if process.stdin is None:
            raise ValueError("no pipe to git")
        for number, files in enumerate(commits):
            process.stdin.write(_head(number))
            for path, data in files.items():
                process.stdin.write(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, "git fast-import")
    return directory


def _head(number: int) -> bytes:
    message = f"RISC-V: KVM: change number {number}\n\nSigned-off-by: {_WHO}\n".encode()
    when = f"{_WHO} {_START + number} +0000"
    return f"commit refs/heads/main\nauthor {when}\ncommitter {when}\ndata {len(message)}\n".encode() + message + b"\n"


def history(commits: int, files: int = 60, size: int = 12_000) -> Iterator[dict[str, bytes]]:
    """A first commit with all files, then commits that change one to four of them."""
    dice = random.Random(7)  # noqa: S311
    yield {f"drivers/kvm/file_{number}.c": c_file(number, size) for number in range(files)}
    for revision in range(1, commits + 1):
        chosen = dice.sample(range(files), dice.randrange(1, 5))
        yield {f"drivers/kvm/file_{number}.c": c_file(number, size, revision) for number in chosen}


def large_commit(files: int, size: int) -> Iterator[dict[str, bytes]]:
    """Two commits: all files, then a change in each of them."""
    for revision in (0, 1):
        yield {
            f"drivers/group_{number // 100}/file_{number}.c": c_file(number, size, revision) for number in range(files)
        }
