"""Commit objects as people and tools have really written them."""

from __future__ import annotations

from pathlib import Path

import pytest
from repo_scratch import Scratch

from kvmpatch.errors import Unreadable
from kvmpatch.model import Signature
from kvmpatch.sources.repo import RawCommit, Repository

PERSON = b"A Developer <dev@example.org>"


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    repo = Scratch(tmp_path / "repo")
    repo.store("tree", b"")
    return repo


def commit(
    scratch: Scratch, message: bytes, author: bytes = PERSON + b" 1700000000 +0800", more: bytes = b""
) -> RawCommit:
    head = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor %b\ncommitter %b 1700000000 +0000\n%b"
    name = scratch.store("commit", head % (author, PERSON, more) + b"\n" + message)
    with Repository.open(scratch.path) as repo:
        (found,) = repo.commits([name])
    assert found.id == name
    return found


def test_plain(scratch: Scratch) -> None:
    found = commit(scratch, b"kvm: subject\nthat goes on\n\nBody.\n\nTag: x\n")
    assert found.message == "kvm: subject\nthat goes on\n\nBody.\n\nTag: x\n"
    assert found.subject == "kvm: subject that goes on"
    assert found.author == Signature("A Developer", "dev@example.org", "2023-11-15T06:13:20+08:00")
    assert found.committer == Signature("A Developer", "dev@example.org", "2023-11-14T22:13:20+00:00")
    assert (found.parents, found.undecodable) == ((), False)
    assert found.tree == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_message_without_anything(scratch: Scratch) -> None:
    assert (commit(scratch, b"").message, commit(scratch, b"").subject) == ("", "")
    assert commit(scratch, b"\n\n").subject == ""


def test_encoding_header(scratch: Scratch) -> None:
    found = commit(
        scratch, "größe\n".encode("latin-1"), "Å <a@example.org> 1 +0000".encode("latin-1"), b"encoding ISO-8859-1\n"
    )
    assert (found.message, found.author.name, found.undecodable) == ("größe\n", "Å", False)
    assert commit(scratch, "中文\n".encode("gb18030"), more=b"encoding GB18030\n").message == "中文\n"


@pytest.mark.parametrize(
    "name", [b"no-such-charset", b"\xff", b"zlib", b"unicode_escape", b"idna", b"utf-7", b"undefined", b""]
)
def test_encoding_header_that_is_none(scratch: Scratch, name: bytes) -> None:
    found = commit(scratch, "ü \\ud800 +2AA-\n".encode(), more=b"encoding " + name + b"\n")
    assert found.message.encode("utf-8")
    assert found.message.startswith("ü \\ud800")
    written = b"\\x41 xn--bcher-kva\n"
    assert commit(scratch, written, more=b"encoding " + name + b"\n").message == written.decode()


def test_bytes_that_nothing_explains(scratch: Scratch) -> None:
    found = commit(scratch, b"caf\xe9 \xf0\x9f\n", b"Ren\xe9 <r@example.org> 1 +0000")
    assert found.message == "caf\\xe9 \\xf0\\x9f\n"
    assert found.author.name == "Ren\\xe9"
    assert found.undecodable
    assert commit(scratch, b"fine\n", b"Ren\xe9 <r@example.org> 1 +0000").undecodable


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"A B <a@b> 0 +0000", Signature("A B", "a@b", "1970-01-01T00:00:00+00:00")),
        (b"A B <a@b> 1700000000 -0130", Signature("A B", "a@b", "2023-11-14T20:43:20-01:30")),
        (b"A B <a@b> 1700000000 +051800", Signature("A B", "a@b", "2023-11-14T22:13:20+00:00")),
        (b"A B <a@b> 99999999999999 +0000", Signature("A B", "a@b", "")),
        (b"A B <a@b> 99999999999999999999999 +0000", Signature("A B", "a@b", "")),
        (b"A B <a@b>", Signature("A B", "a@b", "")),
        (b"A B <a@b> yesterday", Signature("A B", "a@b", "")),
        (b"<a@b> 1700000000 +0000", Signature("", "a@b", "2023-11-14T22:13:20+00:00")),
        (b"A B <> 1700000000 +0000", Signature("A B", "", "2023-11-14T22:13:20+00:00")),
        (b"A <x> B <a@b> 1700000000 +0000", Signature("A", "x> B <a@b", "2023-11-14T22:13:20+00:00")),
        (b"nobody", Signature("nobody", "", "")),
    ],
)
def test_people_and_dates(scratch: Scratch, line: bytes, expected: Signature) -> None:
    assert commit(scratch, b"x\n", line).author == expected


def test_headers_that_go_on(scratch: Scratch) -> None:
    more = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n parent 1111111111111111111111111111111111111111\n -----END\n"
    found = commit(scratch, b"signed\n\nbody\n", more=more)
    assert (found.message, found.parents) == ("signed\n\nbody\n", ())


def test_other_objects_are_no_commits(scratch: Scratch) -> None:
    blob = scratch.store("blob", b"x")
    with Repository.open(scratch.path) as repo:
        for name in (blob, "1" * 40):
            with pytest.raises(Unreadable):
                list(repo.commits([name]))
        assert list(repo.commits([])) == []
