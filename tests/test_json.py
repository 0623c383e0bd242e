"""JSON: the contract's keys, the shape of one and of many, reading back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from example_report import ACCESSES, EXAMPLE, VCPU, at
from msgspec.structs import replace

from kvmpatch.errors import BadInput
from kvmpatch.model import FileBefore, FixesPointer, MemberBefore, Report, StableMark, UpstreamPointer
from kvmpatch.render.from_json import from_json
from kvmpatch.render.to_json import plain_value, to_json, to_jsonl

EVIDENCE = "commit path side line text fact"
STATEMENT = "code zh en evidence"
GUARD = "text kind negated"
EFFECT = "what target value guards via path line moved_from operation"
ENTRY = "id subject date symbol reason evidence"
KEYS = {
    "": "schema asked commit files changes csr_accesses bits extensions phases history relation sections warnings",
    "asked": "rev id how also",
    "commit": (
        "id subject message author committer parents trailers reviewers testers applied_by upstream_applied_by "
        "maintainers upstream fixes stable links reverts"
    ),
    "commit.author": "name email date",
    "commit.committer": "name email date",
    "commit.trailers": "key value",
    "commit.upstream": "id form",
    "commit.fixes": "written id subject",
    "commit.stable": "text since noautosel",
    "files": "path status additions deletions binary before",
    "files.before": "path",
    "changes": "kind change aspects name path lines signature value before similarity members basis calls",
    "changes.before": "name path lines signature value",
    "changes.members": "change name type value position of before",
    "changes.members.before": "name type value position",
    "csr_accesses": "csr csr_macro accessor operation change function path line side value guards before",
    "csr_accesses.before": "function path line value guards",
    "csr_accesses.guards": GUARD,
    "bits": "macro field registers hi lo extensions use change target function path line side guards before",
    "bits.before": "target function path line guards",
    "bits.guards": GUARD,
    "extensions": "name role via",
    "phases": "phase entry frequency before after",
    "phases.frequency": "slug zh en",
    "phases.before": EFFECT,
    "phases.after": EFFECT,
    "phases.after.moved_from": "phase",
    "history": "introduced_by followed_by fixed_by reverted_by series searched",
    "history.introduced_by": ENTRY,
    "history.introduced_by.reason": "code zh en",
    "history.introduced_by.evidence": EVIDENCE,
    "history.series": "basis title position total members",
    "history.series.members": "id subject",
    "history.searched": "from to complete stopped",
    "relation": "about verdict statements",
    "relation.statements": STATEMENT,
    "sections": "id title statements",
    "sections.title": "zh en",
    "sections.statements": STATEMENT,
    "sections.statements.evidence": EVIDENCE,
    "warnings": "code zh en",
}


def full() -> Report:
    """The example, with the parts that this commit does not have."""
    commit = replace(
        EXAMPLE.commit,
        upstream=(UpstreamPointer("a" * 40, "stable-commit"),),
        fixes=(FixesPointer('0123456789ab ("KVM: first")'),),
        stable=(StableMark("<stable@vger.kernel.org> # 6.6+", "6.6", noautosel=False),),
    )
    file = replace(EXAMPLE.files[0], status="renamed", before=FileBefore("old.h"))
    members = replace(EXAMPLE.changes[1].members[0], before=MemberBefore("cfg", "u32", None, 29))
    change = replace(EXAMPLE.changes[1], members=(members,))
    return replace(
        EXAMPLE, commit=commit, files=(file,), changes=(change, *EXAMPLE.changes), csr_accesses=ACCESSES[::-1]
    )


def reached(value: Any, path: str) -> Iterator[dict[str, Any]]:
    """Every object at a dotted path, through arrays and past nulls."""
    if isinstance(value, list):
        for one in value:
            yield from reached(one, path)
    elif isinstance(value, dict):
        head, _, rest = path.partition(".")
        if not head:
            yield value
        else:
            yield from reached(value[head], rest)


@pytest.mark.parametrize("path", KEYS, ids=lambda path: path or "report")
def test_every_key_of_the_contract_is_there_in_its_order(path: str) -> None:
    objects = list(reached(json.loads(to_json([full()])), path))
    assert objects, f"nothing at {path}"
    for found in objects:
        assert list(found) == KEYS[path].split()


def test_values_are_plain() -> None:
    data = json.loads(to_json([EXAMPLE]))
    assert data["schema"] == "kvmpatch.report/1"
    assert data["changes"][0]["kind"] == "struct"
    assert data["changes"][0]["lines"] == [169, 171]
    assert data["changes"][0]["before"] is None
    assert data["commit"]["fixes"] == []
    assert data["commit"]["maintainers"] is None
    assert data["sections"][0]["title"] == {"zh": "基本信息", "en": "Basics"}
    assert data["phases"][0]["frequency"] == {"slug": "once-per-vcpu", "zh": "每个 vCPU 一次", "en": "once per vCPU"}
    assert data["history"]["searched"] == {"from": None, "to": "v6.17", "complete": True, "stopped": None}
    assert data["csr_accesses"][0]["before"]["line"] == 491


def test_one_report_is_an_object_and_several_are_an_array() -> None:
    assert isinstance(json.loads(to_json([EXAMPLE])), dict)
    two = json.loads(to_json([EXAMPLE, EXAMPLE]))
    assert isinstance(two, list)
    assert len(two) == 2
    assert json.loads(to_json([])) == []


def test_jsonl_is_a_line_each_and_does_not_wait() -> None:
    taken = 0

    def reports() -> Iterator[Report]:
        nonlocal taken
        for _ in range(3):
            taken += 1
            yield EXAMPLE

    lines = to_jsonl(reports())
    first = next(lines)
    assert taken == 1
    assert first.count("\n") == 1
    assert first.endswith("\n")
    assert json.loads(first) == json.loads(to_json([EXAMPLE]))
    assert len(list(lines)) == 2


def test_json_is_read_back_as_it_was() -> None:
    assert from_json(json.loads(to_json([full()]))) == full()


def test_unknown_keys_are_ignored() -> None:
    data = json.loads(to_json([EXAMPLE]))
    data["later"] = {"x": 1}
    data["commit"]["later"] = 2
    assert from_json(data) == EXAMPLE


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.update(schema="kvmpatch.report/9"),
        lambda data: data.pop("files"),
        lambda data: data["changes"][0].update(kind="poem"),
        lambda data: data["csr_accesses"][0].update(side="beside"),
        lambda data: data["sections"][1]["statements"][0].update(evidence=[]),
        lambda data: data["asked"].update(rev=3),
    ],
    ids=["schema", "missing key", "kind", "side", "no evidence", "type"],
)
def test_what_is_no_report_is_refused(spoil: Any) -> None:
    data = json.loads(to_json([EXAMPLE]))
    spoil(data)
    with pytest.raises(BadInput):
        from_json(data)
    with pytest.raises(BadInput):
        from_json([])


def test_what_no_report_holds_has_no_json() -> None:
    with pytest.raises(TypeError):
        plain_value({1, 2})


def test_evidence_keeps_its_place() -> None:
    assert plain_value(at(VCPU, 7, "x")) == {
        "commit": EXAMPLE.commit.id,
        "path": VCPU,
        "side": "after",
        "line": 7,
        "text": "x",
        "fact": None,
    }
