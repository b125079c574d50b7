"""Rules over respondent attributes: a small language of its own, parsed and never evaluated as code.

    region in (North, "South West") and tenure_years >= 2 and not vip = true

Comparisons are ``=  !=  <  <=  >  >=``, ``in`` and ``not in`` with a list in parentheses; they are
joined by ``not``, ``and``, ``or`` (binding in that order) and parentheses. A value is a number,
``true``, ``false``, a single word, or a text in double or single quotes, where a backslash takes
the next character as it is. The name of an attribute that is no single word is quoted, too.

A comparison of an attribute that a person lacks, or of kinds that have no order, is unknown; what
follows from it is unknown too (Kleene's three values), and a rule that is unknown for a person does
not match. So ``not region = North`` never claims somebody whose region nobody knows.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from surveyapp.errors import Invalid

Value = str | int | float | bool

LONGEST_RULE = 2000  # characters
MOST_COMPARISONS = 100
MOST_VALUES = 200  # in one list
DEEPEST = 20  # nested parentheses and nots

_OPERATORS: Mapping[str, Callable[[Value, Value], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>[+-]?\d{1,15}(?:\.\d{1,15})?(?![\w.]))
      | (?P<word>[^\W\d][\w.-]*)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign><=|>=|!=|=|<|>|\(|\)|,)""",
    re.VERBOSE | re.DOTALL,
)
_RESERVED = frozenset({"and", "or", "not", "in", "true", "false"})


@dataclass(frozen=True)
class Comparison:
    """``field sign value``, true, false or unknown (None) of a person's attributes."""

    field: str
    sign: str
    value: Value

    def holds(self, attributes: Mapping[str, object]) -> bool | None:
        found = attributes.get(self.field)
        if not isinstance(found, (str, int, float)):
            return None
        if _kind(found) is _kind(self.value):
            return _OPERATORS[self.sign](found, self.value)
        # A text never equals a number; which of the two is greater has no answer.
        return {"=": False, "!=": True}.get(self.sign)


@dataclass(frozen=True)
class Membership:
    """``field in (values)``: equal to one of them."""

    field: str
    values: tuple[Value, ...]

    def holds(self, attributes: Mapping[str, object]) -> bool | None:
        found = attributes.get(self.field)
        if not isinstance(found, (str, int, float)):
            return None
        return any(_kind(found) is _kind(value) and found == value for value in self.values)


@dataclass(frozen=True)
class Negation:
    part: Node

    def holds(self, attributes: Mapping[str, object]) -> bool | None:
        held = self.part.holds(attributes)
        return None if held is None else not held


@dataclass(frozen=True)
class Joined:
    """All parts (``and``) or any part (``or``): decided by one part, unknown if none decides."""

    parts: tuple[Node, ...]
    every: bool

    def holds(self, attributes: Mapping[str, object]) -> bool | None:
        held = [part.holds(attributes) for part in self.parts]
        deciding = not self.every
        if deciding in held:
            return deciding
        return None if None in held else self.every


Node = Comparison | Membership | Negation | Joined


@dataclass(frozen=True)
class Rule:
    """A parsed rule; ``fields`` are the attributes that it asks about, in order of appearance."""

    text: str
    root: Node
    fields: tuple[str, ...]

    def matches(self, attributes: Mapping[str, object]) -> bool:
        """Whether the rule is known to hold for a person with these attributes."""
        return self.root.holds(attributes) is True


@lru_cache(maxsize=1024)
def parse(text: str) -> Rule:
    """The rule in ``text``. Raises Invalid, naming the column and the cure."""
    if len(text) > LONGEST_RULE:
        raise Invalid(
            f"the rule has {len(text)} characters; shorten it to {LONGEST_RULE}", field="rule"
        )
    parser = _Parser(_tokens(text), end=len(text.rstrip()) + 1)
    root = parser.disjunction(0)
    parser.finish()
    return Rule(text, root, tuple(dict.fromkeys(parser.fields)))


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int


def _kind(value: Value) -> type:
    """bool, str or float: a truth value is no number here, whatever Python thinks."""
    return bool if isinstance(value, bool) else str if isinstance(value, str) else float


def _fault(column: int, found: str, cure: str) -> Invalid:
    return Invalid(f"rule, column {column}: {found}; {cure}", field="rule")


def _unquoted(token: _Token) -> str:
    """What a quoted text says; of a word the word."""
    if token.kind != "text":
        return token.text
    return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)


def _tokens(text: str) -> list[_Token]:
    tokens = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            cure = "write attribute names, numbers, quoted texts and = != < <= > >= in and or not"
            if text[at] in "\"'":
                cure = f"close the text with {text[at]}"
            elif text[at].isdigit():
                cure = 'put words that begin with a digit in quotes, "24h"'
            raise _fault(at + 1, f"{text[at : at + 12]!r} cannot be read", cure)
        kind = str(match.lastgroup)
        if kind != "space":
            tokens.append(_Token(kind, match.group(), at + 1))
        at = match.end()
    return tokens


class _Parser:
    """Recursive descent; every method takes the nesting depth, so that depth has a limit."""

    def __init__(self, tokens: list[_Token], *, end: int) -> None:
        self._tokens = tokens
        self._at = 0
        self._end = _Token("end", "the end", end)
        self.fields: list[str] = []

    def disjunction(self, depth: int) -> Node:
        return self._joined("or", self._conjunction, depth)

    def finish(self) -> None:
        token = self._next()
        if token.kind != "end":
            raise _fault(token.column, f"{token.text!r} is left over", "join it by and or or")

    def _conjunction(self, depth: int) -> Node:
        return self._joined("and", self._negation, depth)

    def _joined(self, word: str, part: Callable[[int], Node], depth: int) -> Node:
        parts = [part(depth)]
        while self._took(word):
            parts.append(part(depth))
        return parts[0] if len(parts) == 1 else Joined(tuple(parts), every=word == "and")

    def _negation(self, depth: int) -> Node:
        if depth > DEEPEST:
            column = self._peek().column
            raise _fault(column, f"more than {DEEPEST} levels deep", "write it with fewer levels")
        if self._took("not"):
            return Negation(self._negation(depth + 1))
        if self._took("("):
            inside = self.disjunction(depth + 1)
            self._need(")", "close the parenthesis")
            return inside
        return self._comparison()

    def _comparison(self) -> Node:
        token = self._next()
        if token.kind not in {"word", "text"} or token.text in _RESERVED:
            cure = "begin a comparison with the name of an attribute, such as region = North"
            raise _fault(token.column, f"found {token.text}", cure)
        field = _unquoted(token)
        self.fields.append(field)
        if len(self.fields) > MOST_COMPARISONS:
            cure = "use in (...) for lists of values"
            raise _fault(token.column, f"more than {MOST_COMPARISONS} comparisons", cure)
        if self._took("in"):
            return Membership(field, self._values())
        if self._took("not"):
            self._need("in", "write not in (...)")
            return Negation(Membership(field, self._values()))
        sign = self._next()
        if sign.text not in _OPERATORS or sign.kind != "sign":
            cure = "write one of = != < <= > >= in, not in"
            raise _fault(sign.column, f"found {sign.text} after {token.text}", cure)
        return Comparison(field, sign.text, self._value())

    def _values(self) -> tuple[Value, ...]:
        self._need("(", "put the values in parentheses: in (North, South)")
        values = [self._value()]
        while self._took(","):
            values.append(self._value())
            if len(values) > MOST_VALUES:
                column = self._peek().column
                raise _fault(column, f"more than {MOST_VALUES} values", "use a shorter list")
        self._need(")", "separate values by commas and close the parenthesis")
        return tuple(values)

    def _value(self) -> Value:
        token = self._next()
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text)
        if token.kind == "text":
            return _unquoted(token)
        if token.kind == "word" and token.text in {"true", "false"}:
            return token.text == "true"
        if token.kind == "word" and token.text not in _RESERVED:
            return token.text
        cure = "write a number, a word, or a text in quotes"
        raise _fault(token.column, f"found {token.text} where a value belongs", cure)

    def _peek(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else self._end

    def _next(self) -> _Token:
        token = self._peek()
        self._at += 1
        return token

    def _took(self, text: str) -> bool:
        token = self._peek()
        if token.text != text or token.kind not in {"word", "sign"}:
            return False
        self._at += 1
        return True

    def _need(self, text: str, cure: str) -> None:
        token = self._next()
        if token.text != text or token.kind not in {"word", "sign"}:
            raise _fault(token.column, f"found {token.text} where {text} belongs", cure)
