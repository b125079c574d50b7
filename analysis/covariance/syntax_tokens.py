"""Model text cut into tokens that know their line and column."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analysis.errors import ModelError

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\f\v\u00a0]+)|(?P<comment>[#!][^\n]*)|(?P<end>[\n;])"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d][\w.]*)"
    r"|(?P<string>\"[^\"\n]*\"|'[^'\n]*')"
    r"|(?P<operator>=~|~\*~|<~|~~|~|:=|==|<|>|\||%|=|:)|(?P<sign>[-+*/^(),])"
)


@dataclass(frozen=True)
class Token:
    """A piece of text: its kind (name, number, string, operator, sign, end) and where it stands."""

    kind: str
    text: str
    line: int
    column: int


def tokens_of(text: str) -> list[Token]:
    """All tokens, comments and blanks left out, with an end at the end.

    Raises ModelError for a character that has no meaning in a model.
    """
    tokens: list[Token] = []
    line, line_start, at = 1, 0, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        column = at - line_start + 1
        if match is None:
            raise ModelError(
                f"{text[at]!r} has no meaning in a model; remove it", line=line, column=column
            )
        kind = str(match.lastgroup)
        if kind not in ("space", "comment"):
            tokens.append(Token(kind, match.group(), line, column))
        at = match.end()
        if match.group() == "\n":
            line, line_start = line + 1, at
    tokens.append(Token("end", "", line, len(text) - line_start + 1))
    return tokens
