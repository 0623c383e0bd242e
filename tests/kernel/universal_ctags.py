"""What Universal Ctags finds in C files, in the shape that our outlines are compared in."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Words that ctags would otherwise take for names or types.
_IGNORED = "__init,__exit,__initdata,__user,__iomem,__percpu,__rcu,noinstr,notrace,asmlinkage,__must_check,cf_check"


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag. `scope` is the path of what it stands in; `typeref` names the aggregate that declares it."""

    name: str
    kind: str
    line: int
    end: int
    scope: str
    scope_kind: str
    typeref: str


def is_there() -> bool:
    """Whether `ctags` is Universal Ctags with JSON."""
    if shutil.which("ctags") is None:
        return False
    asked = subprocess.run(["ctags", "--list-features"], capture_output=True, text=True, check=False)
    return asked.returncode == 0 and "json" in asked.stdout


def tags_of(paths: Sequence[Path]) -> dict[Path, list[Tag]]:
    """The tags of C files, by path; a file without tags has an empty list."""
    command = ["ctags", "--options=NONE", "--languages=C", "--language-force=C", "--kinds-C=defgmstuv", "--sort=no"]
    command += ["--fields=+neKstZ", "--output-format=json", "-I", _IGNORED, "-f", "-", "-L", "-"]
    listed = "".join(f"{path}\n" for path in paths)
    # A macro may be spelt in any bytes.
    asked = subprocess.run(command, input=listed.encode(), capture_output=True, check=True)
    found: dict[Path, list[Tag]] = {path: [] for path in paths}
    for line in asked.stdout.decode("utf-8", "surrogateescape").splitlines():
        row = json.loads(line)
        if row.get("_type") == "tag":
            found[Path(row["path"])].append(_tag(row))
    return found


def _tag(row: dict[str, Any]) -> Tag:
    line = int(row["line"])
    return Tag(
        row["name"],
        row["kind"],
        line,
        int(row.get("end", line)),
        row.get("scope", ""),
        row.get("scopeKind", ""),
        row.get("typeref", ""),
    )


def dotted_members(tags: Iterable[Tag]) -> set[tuple[str, str, int]]:
    """(owner, member, line) with members of nested aggregates as `a.b`, those of anonymous ones as the owner's own.

    ctags gives a member the scope `owner::__anon1`, and the field or typedef made of it the type `…__anon1`.
    """
    tags = list(tags)
    made: defaultdict[str, list[Tag]] = defaultdict(list)
    for tag in tags:
        if tag.kind in {"member", "typedef"} and ":" in tag.typeref:
            made[tag.typeref.partition(":")[2].rstrip("* ").split("[")[0].rstrip()].append(tag)
    found = set()
    for tag in tags:
        if tag.kind == "member":
            found |= {(owner, prefix + tag.name, tag.line) for owner, prefix in _homes(tag.scope, made)}
    return found


def _homes(scope: str, made: dict[str, list[Tag]]) -> list[tuple[str, str]]:
    """(owner, prefix) of every place that members of a scope are seen in."""
    outer, _, last = scope.rpartition("::")
    makers = made.get(scope, [])
    if not outer:
        if not last.startswith("__anon"):
            return [(last, "")]
        return [(tag.name, "") for tag in makers if tag.kind == "typedef"]
    fields = [tag for tag in makers if tag.kind == "member" and tag.scope == outer]
    if fields:
        return [(owner, f"{prefix}{tag.name}.") for tag in fields for owner, prefix in _homes(outer, made)]
    return _homes(outer, made) if last.startswith("__anon") else [(last, "")]
