"""Model text cut into tokens that know their line and column."""

from __future__ import annotations

import re
from typing import NamedTuple

from analysis.errors import ModelError
from analysis.names import PATTERN, composed, wrong_character

_TOKEN = re.compile(
    r"[ \t\r\f\v\u00a0]*(?:(?P<end>[\n;])|(?P<name>" + PATTERN + r")"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<sign>[-+*/^(),?])"
    r"|(?P<operator>=~|~\*~|<~|~~|~|:=|==|<|>|\||%|=|:)"
    r"|(?P<string>\"[^\"\n]*\"|'[^'\n]*')|(?P<comment>[#!][^\n]*)|(?P<blank>\Z)|(?P<wrong>.))"
)


class Token(NamedTuple):
    """A piece of text: its kind (name, number, string, operator, sign, end) and where it stands."""

    kind: str
    text: str
    line: int
    column: int


def tokens_of(text: str) -> list[Token]:
    """All tokens, comments and blanks left out, with an end at the end.

    Raises ModelError for a character that has no meaning in a model.
    """
    text = composed(text)
    tokens: list[Token] = []
    line, line_start = 1, 0
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        found, column = match.group(kind), match.start(kind) - line_start + 1
        at = wrong_character(found) if kind == "name" else None
        if kind == "wrong" or at is not None:
            raise ModelError(
                f"{found[at or 0]!r} has no meaning in a model; remove it",
                line=line,
                column=column + (at or 0),
            )
        if kind not in ("comment", "blank"):
            tokens.append(Token(kind, found, line, column))
        if found == "\n":
            line, line_start = line + 1, match.end()
    tokens.append(Token("end", "", line, len(text) - line_start + 1))
    return tokens
