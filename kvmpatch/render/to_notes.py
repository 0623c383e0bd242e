"""Findings as git notes: a short text for each commit of the range."""

from __future__ import annotations

from kvmpatch.model.annotation import Annotation, Annotations
from kvmpatch.render.annotation_text import kind_of
from kvmpatch.render.escape import one_line
from kvmpatch.render.page import Voice


def to_notes(annotations: Annotations, voice: Voice) -> dict[str, str]:
    """The note of every commit of the range. The first line is the mark by which we know it for our own.

    A commit without a finding has a note that says nothing but against what it was held.
    """
    found: dict[str, list[Annotation]] = {one.commit.id: [] for one in annotations.backport.candidates}
    for annotation in annotations.annotations:
        found[annotation.commit].append(annotation)
    onto = annotations.backport.onto
    head = f"{annotations.schema} {one_line(onto.ref)} {onto.id}"
    return {commit: "\n".join([head, *_lines(own, voice)]) + "\n" for commit, own in found.items()}


def _lines(found: list[Annotation], voice: Voice) -> list[str]:
    lines: list[str] = []
    for one in found:
        place = f" {one_line(one.path)}:{one.line}" if one.path is not None else ""
        lines.append(f"{kind_of(one)} {one.rule}{place}")
        lines += [f"  {one_line(said)}" for said in voice.each(one.said)]
    return lines
