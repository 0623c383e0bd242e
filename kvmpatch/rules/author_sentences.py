"""Sentences of a commit message: which state the problem, which the solution, and which neither.

Told by words alone (the table `cues`), so what is quoted says by which words it was told. In order:

* text that is no prose (code, tables, logs, quotations) and what a version note heads is neither;
* a sentence that begins with a verb for what to do states the solution, also behind an opening (`To avoid this, …`,
  `While at it, …`, `As X is …, use Y`); a verb that is a noun too counts where nothing else in its clause is finite;
* `This patch …` with what it does states the solution;
* words of failure, negation or the present state tell the problem, most of them only ahead of the first solution:
  behind it they may well speak of what was made;
* a sentence of which two cues say different things, and one without any, is left unclassified.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal, NamedTuple

from kvmpatch import knowledge

Says = Literal["problem", "solution", "unclassified"]

# A sentence ends at a full stop before a capital, a quotation or an identifier, unless the stop ends an abbreviation.
_END = re.compile(r"[.!?:][)\"'\]]*\s+(?=[\"'(`\[]?[A-Z0-9]|[a-z]\w*[_(])")
_SHORT = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|resp|incl|approx|aka|no|nr|fig|sec|[A-Za-z])[.][)\"'\]]*\s+$", re.IGNORECASE
)
_NOT_PROSE = re.compile(
    r"^(?:[ \t>|$#]|\[ *\d+\.\d+\]|\(XEN\)|[+-]{3} |@@ |diff |https?:|\[\d+\]:? |[A-Z][\w-]*-by: )", re.MULTILINE
)
_ITEM = re.compile(r"^(?:[-*+•]|\d{1,3}[.):]|\(\w{1,3}\)|[A-Za-z][.)])\s+")
_VERSION_HEAD = re.compile(r"^(?:changes? (?:in|since|from)\b|changelog|v\d+\s*(?:->|:)|---)", re.IGNORECASE)
# What may stand before the verb of a main clause.
_LEADS = re.compile(
    r"(?:(?:so|therefore|thus|hence|then|also|instead|as such|as a (?:result|consequence)|accordingly|consequently|"
    r"additionally|in addition|further(?:more)?|moreover|finally|while (?:at it|here|there|doing so|touching \w+)|"
    r"simply|just|first(?:ly)?|second(?:ly)?|next|lastly|likewise|similarly|and|rather|better|again|for that|for this|"
    r"explicitly|always|only|let's|let us|we (?:can|should|need to|have to|must)|(?<=so )we|(?<=therefore )we|"
    r"(?<=thus )we|(?<=hence )we|(?<=instead )we|(?<=instead, )we|(?<=therefore, )we)[,:]?\s+)+",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"(?:as|since|because|given|now that|to|in order to|for|with|instead of|rather than|in|on|by|due to|"
    r"while|like|unlike|from|similar(?:ly)? to|based on)\b",
    re.IGNORECASE,
)
_LETS = re.compile(r"(?:^|[,;] (?:so )?)let(?:'s| us)\b", re.IGNORECASE)
_AND = re.compile(r"(?:and|or|then|but)\b", re.IGNORECASE)
_FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|does|did|can|cannot|could|will|would|should|must|may|might|isn't|aren't|"
    r"doesn't|can't|won't|needs?|fails?|seems?|looks?|gets?|leads?|causes?|becomes?|remains?|happens?)\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"[,;:(]|\b(?:that|which|who|so|because|when|if|as|where|while|whenever|since|until|unless|whether)\b"
)
_NOUN_AFTER = re.compile(r"\s+(?:of|is|are|was|were|has|have|can|will|should|must|and|or)\b|[-,:/.(_]")
_OBJECT = re.compile(
    r"\s+(?:the|a|an|this|that|these|those|it|its|them|all|any|each|both|our|\w+ly\b|\w*_\w+|[A-Z]\w+)"
)
# What `This patch` is followed by where it tells what it does; `is`, `was` and the like tell something else.
_DOES = re.compile(r",?\s+(?:also |now |only |just |simply |\w+ly )*(?P<verb>\w+)", re.IGNORECASE)
_DOES_TOO = "does|brings|tries|aims|addresses|solves|resolves|gets|makes|lets|gives|attempts|reflects|contains|puts"
# What is quoted, or said in brackets, is not what a sentence states.
_ASIDE = re.compile(r"`[^`']*[`']|\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|\([^()]*\)")
_IF = re.compile(r"\b(?:when|if|whenever|once|until|unless|in case)\b[^,]*", re.IGNORECASE)
_RELATIVE = re.compile(r",?\s(?:(?:which|who|whose)\b|that (?:is|are|was|does|do|did|has|have|can|could|will)\b)[^,]*")
_NEW = re.compile(r"(?:this|it|the new|that)\b", re.IGNORECASE)
# A turn by itself may lead anywhere; with one of these it leads to a problem.
_WEIGHTY = ("failure", "consequence", "negation", "present-state-within")
_HEDGED = re.compile(r"\b(?:should|could|might|can|must|we)\b", re.IGNORECASE)


class Passage(NamedTuple):
    """Neighbouring sentences of one paragraph that say the same kind of thing, as they stand.

    `cues` are the rows of the table that decided, each with the words that it found.
    """

    says: Says
    text: str
    cues: tuple[tuple[str, str], ...]


class _Told(NamedTuple):
    says: Says
    cue: tuple[str, str] | None = None


_UNKNOWN = _Told("unclassified")


def passages(paragraphs: Iterable[str]) -> Iterator[Passage]:
    """The message in passages, in its order; joined by what stood between them they are the paragraphs again."""
    solved = noted = False
    for paragraph in paragraphs:
        noted = noted or _VERSION_HEAD.match(paragraph) is not None
        if noted or _NOT_PROSE.search(paragraph):
            yield Passage("unclassified", paragraph, ())
            continue
        start = end = 0
        says: Says | None = None
        cues: dict[tuple[str, str], None] = {}
        for first, last in sentences(paragraph):
            told = _told(paragraph[first:last], solved)
            solved = solved or told.says == "solution"
            if says is not None and told.says != says:
                yield Passage(says, paragraph[start:end], tuple(cues))
                start, cues = first, {}
            says, end = told.says, last
            if told.cue:
                cues[told.cue] = None
        if says is not None:
            yield Passage(says, paragraph[start:end], tuple(cues))


def sentences(paragraph: str) -> Iterator[tuple[int, int]]:
    """Where each sentence of a paragraph begins and ends; an item of a list is one at least."""
    for line in re.finditer(r"[^\n]+(?:\n[ \t]+[^\n]+)*", paragraph):
        start = line.start()
        for stop in _END.finditer(paragraph, line.start(), line.end()):
            here = paragraph[start : stop.end()]
            if _SHORT.search(here) or here.count("(") > here.count(")"):
                continue
            yield start, start + len(here.rstrip())
            start = stop.end()
        yield start, line.end()


def _told(sentence: str, solved: bool) -> _Told:
    """What one sentence says; `solved`: a solution was told before it."""
    text = _ITEM.sub("", sentence).strip()
    if text.endswith("?"):
        return _UNKNOWN
    if neither := _first(text, "neither", {"functional-change", "testing", "version-note", "outlook", "remark"}):
        return _Told("unclassified", neither)
    solution = _solution(text)
    if solution is not None:
        return _Told("solution", solution)
    problem = _problem(_ASIDE.sub(_blanked, text), solved)
    return _Told("problem", problem) if problem else _UNKNOWN


def _problem(text: str, solved: bool) -> tuple[str, str] | None:
    """The words of a problem; `text` has neither quotations nor asides."""
    if (
        text[:1] in " ("
        or _pattern("patch-does").match(text)
        or _fixes_too(text)
        or _first(text, "neither", {"calming"})
    ):
        return None
    for name, where, early in _rows("problem"):
        if early and solved:
            continue
        read = text
        if where == "anywhere":
            read = _IF.sub(_blanked, text)
        if name == "negation":
            read = _RELATIVE.sub(_blanked, read)
        match = _pattern(name).match(read) if where == "start" else _pattern(name).search(read)
        if match is None or (name == "present-state-within" and _NEW.match(text)):
            continue
        if name == "turn" and not any(_pattern(other).search(read) for other in _WEIGHTY):
            continue
        hedged = (
            name in {"contrast", "turn", "negation"} and _HEDGED.search(text) and not _pattern("failure").search(text)
        )
        return None if hedged else (name, match[0])
    return None


def _blanked(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _fixes_too(text: str) -> bool:
    """Whether a sentence that tells a problem goes on to what is done about it."""
    return (
        re.search(
            r"[,;]\s+(?:so |and |hence |thus |therefore )?(?:fix|add|remove|use|drop|let'?s|make|arrange)\b", text
        )
        is not None
    )


def _first(text: str, tells: str, names: set[str]) -> tuple[str, str] | None:
    for name, where, _ in _rows(tells):
        if name in names:
            match = _pattern(name).match(text) if where == "start" else _pattern(name).search(text)
            if match:
                return name, match[0]
    return None


# ---- solutions --------------------------------------------------------------------------------------------------


def _solution(text: str) -> tuple[str, str] | None:
    if found := _patch_does(text):
        return found
    if lets := _LETS.search(text):
        return "imperative", lets[0].strip(",; ")
    lead = _LEADS.match(text)
    found = _imperative(text[lead.end() :] if lead else text, opening=True)
    if found or not _OPENING.match(text):
        return found
    for comma in re.finditer(r",\s+", text):
        clause = text[comma.end() :]
        if _AND.match(clause):
            # What goes on with «and» goes on with what was said before it.
            continue
        lead = _LEADS.match(clause)
        if found := _imperative(clause[lead.end() :] if lead else clause, opening=False):
            return found
    return None


def _patch_does(text: str) -> tuple[str, str] | None:
    match = _pattern("patch-does").match(text)
    if match is None:
        return None
    after = _DOES.match(text, match.end())
    verb = after["verb"].lower() if after else ""
    known = verb == "we" or re.fullmatch(_DOES_TOO, verb) or any(
        _verb(name).fullmatch(form) for form in _bare(verb) for name in ("imperative", "verb-or-noun")
    )  # fmt: skip
    return ("patch-does", text[: after.end()]) if after and known else None


def _bare(verb: str) -> Iterator[str]:
    """What a verb with -s may be without it."""
    if verb.endswith("s"):
        yield verb[:-1]
        if verb.endswith("es"):
            yield verb[:-2]
        if verb.endswith("ies"):
            yield f"{verb[:-3]}y"


def _imperative(clause: str, *, opening: bool) -> tuple[str, str] | None:
    """The verb that a clause begins with; `opening`: the clause opens the sentence."""
    if (match := _verb("imperative").match(clause)) and not _NOUN_AFTER.match(clause, match.end()):
        return "imperative", match[0]
    match = _verb("verb-or-noun").match(clause)
    if match is None or _NOUN_AFTER.match(clause, match.end()):
        return None
    if not opening:
        return ("verb-or-noun", match[0]) if _OBJECT.match(clause, match.end()) else None
    stop = _CLAUSE_END.search(clause, match.end())
    return (
        None
        if _FINITE.search(clause, match.end(), stop.start() if stop else len(clause))
        else ("verb-or-noun", match[0])
    )


# ---- the table --------------------------------------------------------------------------------------------------


@cache
def _rows(tells: str) -> tuple[tuple[str, str, bool], ...]:
    return tuple((cue.name, cue.where, cue.early) for cue in knowledge.cues() if cue.tells == tells)


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(knowledge.cue(name).words)})(?![\w-])", re.IGNORECASE)


@cache
def _verb(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(knowledge.cue(name).words)})(?!\w)", re.IGNORECASE)
