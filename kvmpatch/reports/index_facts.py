"""The facts of a commit as the index keeps them: read back, they are what comparing its files would give again."""

from __future__ import annotations

import zlib
from functools import cache

import msgspec

from kvmpatch.analysis.commit_facts import CommitFacts
from kvmpatch.model import BitUse, Change, CsrAccess, ExtensionRole, Warning
from kvmpatch.sources.index import IndexedRepository
from kvmpatch.sources.repo import Repository

_LEVEL = 1


class KeptFacts(msgspec.Struct, frozen=True):
    """The facts of a commit but for the pairs that they were made from, which only flow asks for."""

    changes: tuple[Change, ...]
    csr_accesses: tuple[CsrAccess, ...]
    bits: tuple[BitUse, ...]
    extensions: tuple[ExtensionRole, ...]
    warnings: tuple[Warning, ...]


@cache
def _decoder() -> msgspec.msgpack.Decoder[KeptFacts]:
    return msgspec.msgpack.Decoder(KeptFacts)


def packed_facts(facts: CommitFacts) -> bytes:
    """Facts for the index."""
    kept = KeptFacts(facts.changes, facts.csr_accesses, facts.bits, facts.extensions, facts.warnings)
    return zlib.compress(msgspec.msgpack.encode(kept), _LEVEL)


def kept_facts(repository: Repository, commit: str) -> CommitFacts | None:
    """The facts of a commit that the index of a repository has; None where its files have to be compared."""
    data = repository.facts(commit) if isinstance(repository, IndexedRepository) else None
    return unpacked_facts(data) if data else None


def unpacked_facts(data: bytes) -> CommitFacts:
    """Facts from the index, without pairs.

    Raises:
        zlib.error, msgspec.DecodeError: they are damaged.
    """
    kept = _decoder().decode(zlib.decompress(data))
    return CommitFacts(kept.changes, kept.csr_accesses, kept.bits, kept.extensions, (), kept.warnings)
