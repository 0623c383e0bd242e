"""Who made, reviewed and applied a commit, from its object and its message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kvmpatch.model import Commit, FixesPointer, Message, Signature

if TYPE_CHECKING:
    from kvmpatch.sources.repo import RawCommit, Repository


def commit_of(raw: RawCommit, message: Message, fixes: tuple[FixesPointer, ...]) -> Commit:
    """The people and pointers of a commit of a repository."""
    applied = _applied_by(raw.author, raw.committer, message)
    return Commit(
        id=raw.id,
        subject=message.subject,
        message=message.body,
        author=raw.author,
        committer=raw.committer,
        parents=raw.parents,
        trailers=message.trailers,
        reviewers=message.reviewers,
        testers=message.testers,
        applied_by=applied,
        upstream_applied_by=_upstream_applied_by(raw.author, applied, message),
        maintainers=None,
        upstream=message.upstream,
        fixes=fixes,
        stable=message.stable,
        links=message.links,
        reverts=message.reverts,
    )


def commit_of_patch(author: Signature | None, message: Message | None, commit_id: str | None) -> Commit:
    """The same for a mail or a diff, which may hold none of it."""
    if message is None:
        message = Message("", "", (), (), (), (), (), (), (), (), (), (), None, (), ())
    return Commit(
        id=commit_id,
        subject=message.subject or None,
        message=message.body or None,
        author=author,
        committer=None,
        parents=(),
        trailers=message.trailers,
        reviewers=message.reviewers,
        testers=message.testers,
        applied_by=_last_other(author, message.sign_offs),
        upstream_applied_by=None,
        maintainers=None,
        upstream=message.upstream,
        fixes=message.fixes,
        stable=message.stable,
        links=message.links,
        reverts=message.reverts,
    )


def _person(signature: Signature) -> str:
    return f"{signature.name} <{signature.email}>"


def _is(signature: Signature, person: str) -> bool:
    return f"<{signature.email.lower()}>" in person.lower() or person.partition(" <")[0] == signature.name


def _applied_by(author: Signature, committer: Signature, message: Message) -> str | None:
    """The committer where that is someone else than the author, else the last other sign-off."""
    if committer.email.lower() != author.email.lower() and committer.name != author.name:
        return _person(committer)
    return _last_other(author, message.sign_offs)


def _last_other(author: Signature | None, sign_offs: tuple[str, ...]) -> str | None:
    return next((person for person in reversed(sign_offs) if author is None or not _is(author, person)), None)


def _upstream_applied_by(author: Signature, applied: str | None, message: Message) -> str | None:
    """Who took it upstream: for a backport, the last sign-off before that of who applied it here."""
    if not message.upstream:
        return None
    others = [person for person in message.sign_offs if not _is(author, person) and person != applied]
    here = applied.partition(" <")[0] if applied else ""
    others = [person for person in others if person.partition(" <")[0] != here]
    return others[0] if others else None


def resolve_fixes(repository: Repository, pointers: tuple[FixesPointer, ...]) -> tuple[FixesPointer, ...]:
    """`Fixes:` lines with the commits that they name here; the subject as written where there is none."""
    resolved = []
    for pointer in pointers:
        found = repository.commit_named(pointer.written)
        if found is None:
            resolved.append(pointer)
            continue
        subject = next(iter(repository.commits([found]))).subject
        resolved.append(replace(pointer, id=found, subject=subject))
    return tuple(resolved)
