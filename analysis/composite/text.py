"""The text of a composite model, read into its typed description; parsed, never evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analysis.composite.model import Construct, Mode, Path, PlsModel
from analysis.errors import ModelError
from analysis.names import composed, is_name

MAX_CHARACTERS = 50_000

_OPERATOR = re.compile(r"=~|<~|~")
_REVERSED = re.compile(r"-\s*(?P<item>[^-\s()]+)|reverse\s*\(\s*(?P<word>[^\s()]+)\s*\)")
_TERM = re.compile(r"(?:(?P<weight>[^*\s]+)\s*\*\s*)?(?P<name>.+)", re.DOTALL)


def read_model(text: str) -> PlsModel:
    """A composite model from its text.

    One statement a line (or separated by ``;``), ``#`` starts a comment, a line that ends with
    an operator or ``+`` (or whose next line starts with ``+``) goes on:

    ``X =~ x1 + x2``         reflective, Mode A (a common factor where PLSc is asked for)
    ``X <~ x1 + x2``         formative, Mode B
    ``X <~ 1*x1 + 1*x2``     equal weights (also with ``=~``)
    ``Q <~ X + Z``           second order: the parts are constructs
    ``Y ~ X + Z + X:Z``      paths; ``X:Z`` (or ``X*Z``) is the product, ``X:X`` the square

    Raises ModelError with line and column.

    >>> read_model("X =~ x1 + x2; Y =~ y1 + y2; Y ~ X").paths[0].target
    'Y'
    """
    if len(text) > MAX_CHARACTERS:
        raise ModelError(f"the model text has {len(text)} characters; limit {MAX_CHARACTERS}")
    constructs: list[Construct] = []
    paths: list[Path] = []
    for statement, line, column in _statements(text):
        operator = _OPERATOR.search(statement)
        if operator is None:
            raise ModelError(
                f"'{statement.strip()}' has none of the operators =~ (reflective), <~ (formative) "
                "and ~ (path)",
                line=line,
                column=column,
            )
        left = statement[: operator.start()]
        name = _name(left.strip(), line, column, "on the left")
        right = statement[operator.end() :]
        terms = list(_terms(right, name, line, column + operator.end()))
        if operator.group() == "~":
            paths += [Path(_source(t, line, at), name, line) for t, at in terms]
        else:
            constructs.append(_construct(name, operator.group(), terms, line))
    if not constructs:
        raise ModelError("the model defines no construct; add lines such as 'X =~ x1 + x2'")
    return PlsModel(tuple(constructs), tuple(paths))


def _statements(text: str) -> Iterator[tuple[str, int, int]]:
    """Statements with the line and column (from 1) where each begins; continued lines joined."""
    held, held_line, held_column = "", 0, 1
    for number, raw in enumerate(composed(text).splitlines(), start=1):
        offset = 1
        for piece in raw.split("#", 1)[0].split(";"):
            start = offset + len(piece) - len(piece.lstrip())
            offset += len(piece) + 1
            if not piece.strip():
                continue
            goes_on = held and (held.rstrip()[-1] in "+~" or piece.lstrip()[0] == "+")
            if goes_on:
                held = f"{held.rstrip()} {piece.strip()}"
                continue
            if held:
                yield held, held_line, held_column
            held, held_line, held_column = piece.strip(), number, start
    if held:
        yield held, held_line, held_column


def _terms(right: str, name: str, line: int, column: int) -> Iterator[tuple[str, int]]:
    at = column
    for part in right.split("+"):
        begin = at + len(part) - len(part.lstrip())
        at += len(part) + 1
        if not part.strip():
            raise ModelError(
                f"{name}: a name is missing beside '+' or after the operator",
                line=line,
                column=begin,
            )
        yield part.strip(), begin


def _name(text: str, line: int, column: int, where: str) -> str:
    if not is_name(text):
        found = f"'{text}'" if text else "nothing"
        raise ModelError(
            f"{where} stands {found}; needed is one name of letters, digits, dots and underscores "
            "that starts with a letter",
            line=line,
            column=column,
        )
    return text


def _refuse_reversed(term: str, name: str, line: int, column: int) -> None:
    """Raise ModelError for a reverse-keyed item, which a factor's line can have."""
    turned = _REVERSED.fullmatch(term.strip())
    if turned is not None:
        item = turned["item"] or turned["word"]
        raise ModelError(
            f"{name}: {item} cannot be reversed in the text of a composite model; reverse it in the data"
            f" (in a project by a step) and write {item}",
            line=line,
            column=column,
        )


def _source(term: str, line: int, column: int) -> str:
    parts = [part.strip() for part in re.split(r"[:*]", term)]
    return ":".join(_name(part, line, column, "in a path") for part in parts)


def _construct(name: str, operator: str, terms: list[tuple[str, int]], line: int) -> Construct:
    parts: list[str] = []
    fixed = 0
    for term, column in terms:
        match = _TERM.fullmatch(term)
        weight = None if match is None else match["weight"]
        if weight is not None:
            if weight not in ("1", "1.0"):
                raise ModelError(
                    f"{name}: the weight {weight}* cannot be kept fixed; only 1* (on every item, "
                    "for equal weights) is known",
                    line=line,
                    column=column,
                )
            fixed += 1
        bare = term if match is None or weight is None else match["name"]
        _refuse_reversed(bare, name, line, column)
        parts.append(_name(bare.strip(), line, column, f"among the items of {name}"))
    if fixed not in (0, len(parts)):
        raise ModelError(
            f"{name}: 1* stands before {fixed} of {len(parts)} items; equal weights need it before "
            "all of them",
            line=line,
        )
    mode: Mode = "unit" if fixed else ("A" if operator == "=~" else "B")
    return Construct(name, tuple(parts), mode, factor=operator == "=~", line=line)
