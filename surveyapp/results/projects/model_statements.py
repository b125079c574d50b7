"""A model's text as statements that know where each of their words stands.

The tokens are the fit's own. Whatever has another shape than names, an operator and terms is kept as a
statement with the reason why it has none: nobody who edits the text by its words touches it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from analysis.covariance.text.syntax_tokens import Token, tokens_of
from surveyapp.results.projects.model_texts import COMPOSITE

MEASURED, COMPOSED, REGRESSED, COVARIES = "=~", "<~", "~", "~~"
_FORMULAS = (MEASURED, COMPOSED, REGRESSED, COVARIES)
_OTHERS = {
    "|": "thresholds",
    "~*~": "a response scale",
    ":=": "a defined quantity",
    "==": "a constraint",
    "<": "a constraint",
    ">": "a constraint",
}
_JOINERS = ("+", "*", "?", "/", "^", ",")
_LEVELS = ("level", "group", "block")
UNREAD = "not read as a statement"


@dataclass(frozen=True)
class Word:
    """A name and where it stands in the text: the first character, and the one after the last."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Term:
    """One term right of an operator, with its modifiers; ``joint``: where the ``+`` before it stands.

    ``names`` are two for a product, none for an intercept. ``simple``: the modifiers are one number,
    one label or NA.
    """

    start: int
    end: int
    line: int
    joint: tuple[int, int] | None
    names: tuple[Word, ...]
    modifiers: str = ""
    modified: tuple[int, int] | None = None
    simple: bool = True
    is_reversed: bool = False

    @property
    def name(self) -> str:
        return ":".join(word.text for word in self.names)


@dataclass(frozen=True)
class Statement:
    """From ``start`` to ``end`` in the text. ``why`` says what it is where it has no terms."""

    start: int
    end: int
    line: int
    operator: str = ""
    left: tuple[tuple[Word, ...], ...] = ()
    terms: tuple[Term, ...] = ()
    why: str = ""
    words: tuple[Word, ...] = ()  # every name and text in quotes, whatever the statement is
    spans: tuple[tuple[int, int], ...] = ()  # every token, comments between them left out

    @property
    def names(self) -> tuple[str, ...]:
        """The variables on the left."""
        return tuple(":".join(word.text for word in name) for name in self.left)


class _Placed:
    """Tokens of a text, and where they stand in it."""

    def __init__(self, text: str) -> None:
        self.lines = [0]
        for line in text.split("\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)

    def start(self, token: Token) -> int:
        return self.lines[token.line - 1] + token.column - 1

    def end(self, token: Token) -> int:
        return self.start(token) + len(token.text)

    def word(self, token: Token) -> Word:
        return Word(token.text, self.start(token), self.end(token))


def statements_of(kind: str, text: str) -> list[Statement]:
    """Every statement in its order; ``text`` is composed (NFC). Raises ModelError for a character
    that no model has.
    """
    placed = _Placed(text)
    found: list[Statement] = []
    for tokens in _cut(tokens_of(text)):
        made = _statement(kind, tokens, placed)
        if (found and found[-1].why == "a level") or _is_level(tokens):
            # What follows a level's head is said of that level alone.
            made = replace(made, operator="", left=(), terms=(), why="a level")
        found.append(made)
    return found


def _is_level(tokens: Sequence[Token]) -> bool:
    return [token.text for token in tokens[1:2]] == [":"] and tokens[0].text in _LEVELS


def _cut(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    held: list[Token] = []
    depth = 0
    solid = [at for at, token in enumerate(tokens) if token.text != "\n"]
    for at, token in enumerate(tokens):
        if token.kind != "end":
            depth = max(0, depth + (token.text == "(") - (token.text == ")"))
            held.append(token)
            continue
        after = bisect_left(solid, at + 1)
        following = [tokens[index] for index in solid[after : after + 2]] or [token]
        if token.text == "\n" and held and (depth or _goes_on(held[-1], following)):
            continue
        if held:
            yield held
        held, depth = [], 0


def _goes_on(before: Token, after: Sequence[Token]) -> bool:
    """Whether a line end here does not end a statement: it is unfinished, and no other follows."""
    hangs = before.text in _JOINERS or before.text in _FORMULAS or before.text in _OTHERS
    begins = _is_level(after) or [t.text for t in after[1:2] if t.text in (*_FORMULAS, *_OTHERS)]
    return (hangs and before.kind != "string" and not begins) or after[0].text in (*_JOINERS, ")")


def _statement(kind: str, tokens: list[Token], placed: _Placed) -> Statement:
    start, end, line = placed.start(tokens[0]), placed.end(tokens[-1]), tokens[0].line
    words = tuple(placed.word(token) for token in tokens if token.kind in ("name", "string"))
    spans = tuple((placed.start(token), placed.end(token)) for token in tokens)
    operators = [
        at for at, token in enumerate(tokens) if token.kind == "operator" and token.text != ":"
    ]
    why = UNREAD
    if operators and tokens[operators[0]].text in _OTHERS:
        why = _OTHERS[tokens[operators[0]].text]
    elif len(operators) == 1:
        at = operators[0]
        left = _left(tokens[:at], placed)
        terms = _terms(kind, tokens[at + 1 :], tokens[at].text, placed)
        if left and terms and tokens[at].text in _FORMULAS:
            return Statement(start, end, line, tokens[at].text, left, terms, "", words, spans)
        if [token.text for token in tokens[:2]] == ["efa", "("]:
            why = "an exploratory block"
    return Statement(start, end, line, why=why, words=words, spans=spans)


def _left(tokens: Sequence[Token], placed: _Placed) -> tuple[tuple[Word, ...], ...]:
    """The names on the left; none where something else stands there."""
    found = []
    for chunk in _chunks(tokens):
        names = _names(chunk[1], placed)
        if names is None:
            return ()
        found.append(names)
    return tuple(found)


def _chunks(tokens: Sequence[Token]) -> list[tuple[Token | None, list[Token]]]:
    """What stands between the plus signs, each with the sign before it. ``- x2`` needs none."""
    found: list[tuple[Token | None, list[Token]]] = [(None, [])]
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        held = found[-1][1]
        if token.text == "+" and token.kind == "sign" and not depth:
            found.append((token, []))
        elif token.text == "-" and not depth and held and held[-1].kind == "name":
            found.append((None, [token]))
        else:
            held.append(token)
    return found


def _names(tokens: Sequence[Token], placed: _Placed) -> tuple[Word, ...] | None:
    kinds = [token.kind for token in tokens]
    if kinds == ["name"]:
        return (placed.word(tokens[0]),)
    if kinds == ["name", "operator", "name"] and tokens[1].text == ":":
        return placed.word(tokens[0]), placed.word(tokens[2])
    return None


def _terms(kind: str, tokens: Sequence[Token], operator: str, placed: _Placed) -> tuple[Term, ...]:
    found = []
    for joint, chunk in _chunks(tokens):
        made = _term(kind, chunk, operator, placed) if chunk else None
        if made is None:
            return ()
        sign = (placed.start(joint), placed.end(joint)) if joint else None
        found.append(replace(made, joint=sign))
    return tuple(found)


def _term(kind: str, tokens: Sequence[Token], operator: str, placed: _Placed) -> Term | None:
    start, end, line = placed.start(tokens[0]), placed.end(tokens[-1]), tokens[0].line
    words = [token.text for token in tokens]
    if kind == COMPOSITE and operator == REGRESSED and words[1:2] == ["*"] and len(words) == 3:
        return Term(start, end, line, None, (placed.word(tokens[0]), placed.word(tokens[2])))
    stars = [at for at, token in enumerate(tokens) if token.text in ("*", "?") and token.kind == "sign"]  # fmt: skip
    after = stars[-1] + 1 if stars else 0
    before, rest = tokens[:after], tokens[after:]
    turned = False
    names = _names(rest, placed)
    said = [token.text for token in rest]
    if names is None and operator == MEASURED and said[:1] == ["-"] and len(rest) == 2:
        names, turned = _names(rest[1:], placed), True
    elif names is None and operator == MEASURED and said[:2] == ["reverse", "("] and len(rest) == 4:
        names, turned = _names(rest[2:3], placed), True
    elif names is None and operator == REGRESSED and said == ["1"]:
        names = ()
    if names is None:
        return None
    if not before:
        return Term(start, end, line, None, names, is_reversed=turned)
    bare = before[:-1]
    span = placed.start(before[0]), placed.start(rest[0])
    simple = before[-1].text == "*" and (
        [token.kind for token in bare] in (["name"], ["number"])
        or [token.kind for token in bare] == ["sign", "number"]
    )
    shown = "".join(
        token.text + " " * (placed.start(after_it) > placed.end(token) and token.text == ",")
        for token, after_it in pairwise(before)
    )
    if before[-1].text == "?":
        shown += "?"
    return Term(start, end, line, None, names, shown, span, simple, turned)
