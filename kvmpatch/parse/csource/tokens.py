"""The tokens of a declaration: paired, cut at separators, freed of attribute words, spelt as kernel style has it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from kvmpatch.parse.csource.words import CALLED_ATTRIBUTES, LINKAGE, PLAIN_ATTRIBUTES, TYPE_WORDS

_TOKEN = re.compile(
    r'[A-Za-z_]\w*|\d(?:[\w.]|[eE][+-])*|"(?:[^"\\]|\\.)*"?|\'(?:[^\'\\]|\\.)*\'?|\.\.\.|<<=?|>>=?|->|[-+*/&|^!=<>]=|&&|\|\||##?|\S'
)
WORD = re.compile(r"[A-Za-z_]\w*")
_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = {")", "]", "}"}


class Token(msgspec.Struct):
    """A token with its offset in the piece and, for an opening bracket, the index of its partner."""

    text: str
    offset: int
    partner: int = -1


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text, brackets paired as far as they pair."""
    return paired([Token(match[0], match.start()) for match in _TOKEN.finditer(text)])


def paired(found: list[Token]) -> list[Token]:
    """The same tokens, each opening bracket told the index of its partner."""
    stack: list[int] = []
    for index, token in enumerate(found):
        if token.text in _OPENING:
            stack.append(index)
        elif token.text in _CLOSING:
            while stack:
                opener = stack.pop()
                if _OPENING[found[opener].text] == token.text:
                    found[opener].partner = index
                    break
    return found


def statements(tokens: list[Token], first: int, last: int) -> Iterator[tuple[int, int]]:
    """Ranges of tokens between semicolons at this level."""
    start = index = first
    while index < last:
        token = tokens[index]
        if token.text == ";":
            if index > start:
                yield start, index
            start = index + 1
        elif 0 <= token.partner < last:
            index = token.partner
        index += 1
    if start < last:
        yield start, last


def split(tokens: list[Token], first: int, last: int, separator: str = ",") -> Iterator[tuple[int, int]]:
    """Ranges of tokens between separators at this level."""
    start = index = first
    while index < last:
        token = tokens[index]
        if token.text == separator:
            yield start, index
            start = index + 1
        elif 0 <= token.partner < last:
            index = token.partner
        index += 1
    yield start, last


_DROPPED = (PLAIN_ATTRIBUTES - LINKAGE) | CALLED_ATTRIBUTES


def without_attributes(tokens: list[Token]) -> list[Token]:
    """The tokens less attribute words, which may stand anywhere and never change what is declared."""
    if not any(token.text in _DROPPED for token in tokens):
        return tokens
    kept: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.text not in _DROPPED:
            kept.append(Token(token.text, token.offset))
        elif token.text in CALLED_ATTRIBUTES and index + 1 < len(tokens) and tokens[index + 1].text == "(":
            index = max(index + 1, tokens[index + 1].partner)
        index += 1
    return paired(kept)


def spell(tokens: list[Token]) -> str:
    """Tokens as one line, spaced as kernel style has it."""
    out: list[str] = []
    previous = ""
    unary = False
    for index, token in enumerate(tokens):
        text = token.text
        if out and _space_between(previous, text, unary):
            out.append(" ")
        before = tokens[index - 1].text if index else ""
        unary = text in {"*", "&", "-", "+", "~", "!"} and not (_ends_operand(before) and text not in {"~", "!"})
        if text == "*" and WORD.fullmatch(before):
            unary = _looks_like_type(tokens, index)
        out.append(text)
        previous = text
    return "".join(out)


def _looks_like_type(tokens: list[Token], index: int) -> bool:
    """Whether the words before a star are a type: then the star belongs to what follows."""
    following = tokens[index + 1].text if index + 1 < len(tokens) else ""
    if following in {"*", ")", ",", ""}:
        return True
    first = index - 1
    while first and WORD.fullmatch(tokens[first - 1].text):
        first -= 1
    return first < index - 1 or tokens[index - 1].text in TYPE_WORDS


def _ends_operand(text: str) -> bool:
    return bool(text) and (text[-1].isalnum() or text[-1] in "_)]\"'")


_TIGHT_AFTER = {"(", "[", ".", "->", "##", "#"}
_TIGHT_BEFORE = {")", "]", ",", ";", ".", "->", "(", "[", "##", "++", "--"}


def _space_between(left: str, right: str, left_unary: bool) -> bool:
    if left in _TIGHT_AFTER or left_unary:
        return False
    if right == "." and left in {",", "{"}:
        return True
    if right in {"(", "["}:
        if _ends_operand(left) and left not in {"if", "while", "for", "switch", "return"}:
            return False
        return left not in {"(", "["}
    return right not in _TIGHT_BEFORE


def type_text(shared: list[Token], shape: list[Token]) -> str:
    """The type without the name, parameters of function pointers without theirs."""
    base = spell(shared)
    around = spell(_without_parameter_names(shape))
    if not around:
        return base
    return f"{base} {around}".strip()


def _without_parameter_names(shape: list[Token]) -> list[Token]:
    """`(*)(struct kvm_vcpu *vcpu, u64 n)` as `(*)(struct kvm_vcpu *, u64)`."""
    rebuilt = tokens_of(" ".join(token.text for token in shape))
    last_group = next(
        (at for at, token in enumerate(rebuilt) if token.text == "(" and at and rebuilt[at - 1].text == ")"), None
    )
    if last_group is None or rebuilt[last_group].partner < 0:
        return rebuilt
    out = rebuilt[: last_group + 1]
    for number, (start, end) in enumerate(split(rebuilt, last_group + 1, rebuilt[last_group].partner)):
        parameter = rebuilt[start:end]
        words = [token for token in parameter if WORD.fullmatch(token.text) and token.text not in {"const", "volatile"}]
        has_name = (
            len(parameter) > 1
            and WORD.fullmatch(parameter[-1].text)
            and parameter[-1].text not in TYPE_WORDS
            and (parameter[-2].text == "*" or len(words) > (2 if words[0].text in {"struct", "union", "enum"} else 1))
        )
        if number:
            out.append(Token(",", 0))
        out += parameter[:-1] if has_name else parameter
    return out + rebuilt[rebuilt[last_group].partner :]
