"""A model's text before it is fitted: what is wrong where, and the small changes that make the next one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from analysis.composite.text import read_model
from analysis.covariance.text.syntax import parse
from analysis.errors import ModelError
from analysis.two_level.model import end_of_level, has_levels, parse_levels
from surveyapp.errors import Invalid

COVARIANCE, COMPOSITE = "covariance", "composite"
_WORD = re.compile(r"[^\W\d](?:[\w.]|[^\x00-\x7f\s])*")


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where, from 1; no line where no place is to blame."""

    text: str
    line: int | None = None
    column: int | None = None


def faults_of(kind: str, text: str, names: Sequence[str]) -> list[Fault]:
    """What keeps a model from being fitted to answers with these items; empty when nothing does.

    The first mistake of grammar, else every name that is neither an item nor defined by the model.
    """
    if not text.strip():
        return [Fault("The model is empty; write a line such as F =~ x1 + x2 + x3.")]
    try:
        used = observed_names(kind, text)
    except ModelError as error:
        said = str(error)
        where = said.partition(": ")[0] if error.line is not None else ""
        return [Fault(said[len(where) :].removeprefix(": "), error.line, error.column)]
    known = set(names)
    return [_unknown(name, text, names) for name in used if name not in known]


def observed_names(kind: str, text: str) -> tuple[str, ...]:
    """The names that have to be columns of the data, in the order used. Raises ModelError."""
    if kind == COVARIANCE:
        return tuple((parse_levels if has_levels(text) else parse)(text).observed)
    model = read_model(text)
    defined = {construct.name for construct in model.constructs}
    named = [part for construct in model.constructs for part in construct.parts]
    return tuple(dict.fromkeys(name for name in named if name not in defined))


def formative(text: str) -> dict[str, tuple[str, ...]]:
    """The constructs of a composite model that are formed by items (``<~``), and these items."""
    model = read_model(text)
    defined = {construct.name for construct in model.constructs}
    return {
        one.name: tuple(one.parts)
        for one in model.constructs
        if not one.factor and not defined & set(one.parts)
    }


def products(text: str) -> list[tuple[str, str, str]]:
    """The interactions of a composite model: source, moderator, target."""
    found = []
    for path in read_model(text).paths:
        source, sign, moderator = path.source.partition(":")
        if sign:
            found.append((source, moderator, path.target))
    return found


def _unknown(name: str, text: str, names: Sequence[str]) -> Fault:
    near = get_close_matches(name, names, 3, 0.6)
    cure = f"did you mean {' or '.join(near)}?" if near else "the items are listed below"
    for number, line in enumerate(text.splitlines(), start=1):
        for found in _WORD.finditer(line.partition("#")[0]):
            if found.group() == name:
                return Fault(
                    f"{name} is neither an item nor defined in the model; {cure}",
                    number,
                    found.start() + 1,
                )
    return Fault(f"{name} is neither an item nor defined in the model; {cure}")


def with_line(text: str, line: str, level: int = 0) -> str:
    """The model with one statement more, of a text with levels at the end of one. Raises Invalid for a
    level that the text does not have."""
    if not level:
        return f"{text.rstrip()}\n{line}\n"
    try:
        end = end_of_level(text, level)
    except ModelError as error:
        raise Invalid(str(error), field="level") from error
    return f"{text[:end].rstrip()}\n{line}\n{text[end:]}"


def without_item(kind: str, text: str, item: str) -> str:
    """The model without an item among a factor's, of a text with levels at both. Raises Invalid where it
    stands elsewhere, too."""
    lines, hits = [], 0
    for line in text.splitlines():
        code, mark, comment = line.partition("#")
        statements = []
        for statement in code.split(";"):
            made, hit = _without(statement, item)
            hits += hit
            statements.append(made)
        lines.append(";".join(statements) + mark + comment)
    made = "\n".join(lines) + "\n"
    left = _mentions(made, item)
    most = 2 if kind == COVARIANCE and has_levels(text) else 1
    if not 1 <= hits <= most or left:
        raise Invalid(
            f"{item} stands in {left + hits} places of the model; take it out in the text yourself"
        )
    faults = faults_of(kind, made, observed_or_none(kind, made))
    if faults:
        raise Invalid(f"Without {item} the model cannot be read: {faults[0].text}")
    return made


def observed_or_none(kind: str, text: str) -> tuple[str, ...]:
    """The names used; none of a text that cannot be read."""
    try:
        return observed_names(kind, text)
    except ModelError:
        return ()


def _without(statement: str, item: str) -> tuple[str, int]:
    left, sign, right = statement.partition("=~")
    if not sign:
        return statement, 0
    terms = right.split("+")
    kept = [term for term in terms if item not in _WORD.findall(term)]
    if len(kept) == len(terms):
        return statement, 0
    joined = "+".join(kept)
    # The first term's blank stands after the sign.
    spaced = joined if joined.startswith(" ") or not right.startswith(" ") else f" {joined}"
    return f"{left}{sign}{spaced.rstrip()}", len(terms) - len(kept)


def _mentions(text: str, item: str) -> int:
    codes: Iterable[str] = (line.partition("#")[0] for line in text.splitlines())
    return sum(_WORD.findall(code).count(item) for code in codes)
