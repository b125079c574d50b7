"""What of a model's text is drawn: variables and the paths between them; the rest by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analysis.errors import ModelError
from analysis.names import composed
from surveyapp.results.projects.model_statements import (
    COMPOSED,
    COVARIES,
    MEASURED,
    REGRESSED,
    Statement,
    Term,
    statements_of,
)
from surveyapp.results.projects.model_texts import COMPOSITE, Fault

MOST_DRAWN = 120  # variables
MOST_PATHS = 400
_MOST_BETWEEN = 150  # regressions and covariances: what crosses costs the layout most
_MOST_STATED = 4 * MOST_PATHS  # with variances and intercepts, which are not drawn
_LONGEST = 60_000  # characters


@dataclass(frozen=True)
class DrawnPath:
    """A parameter by its two variables and operator, as the fit names it.

    ``modifiers`` as written. ``lines``: where it stands. ``simple``: one number, one label, NA or none
    stands before it, in one place of the text.
    """

    lhs: str
    operator: str
    rhs: str
    modifiers: str
    lines: tuple[int, ...]
    simple: bool
    is_reversed: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        return self.lhs, self.operator, self.rhs


@dataclass(frozen=True)
class Undrawn:
    """What stays in the text alone: its line, its words, and what it is."""

    line: int
    text: str
    why: str


@dataclass(frozen=True)
class ModelDrawing:
    """``factors`` and ``composites`` in the order of the text; ``items``: every other variable, and
    products. ``fault`` says why nothing is drawn.
    """

    factors: tuple[str, ...] = ()
    composites: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    paths: tuple[DrawnPath, ...] = ()
    undrawn: tuple[Undrawn, ...] = ()
    fault: Fault | None = None

    @property
    def constructs(self) -> tuple[str, ...]:
        return self.factors + self.composites


def drawing_of(kind: str, text: str) -> ModelDrawing:
    """The drawing of a text, whole or half written; never raises."""
    if len(text) > _LONGEST:
        return ModelDrawing(
            fault=Fault(f"The text has {len(text):,} characters; up to {_LONGEST:,} are drawn.")
        )
    text = composed(text)
    try:
        statements = statements_of(kind, text)
    except ModelError as error:
        said = str(error).partition(": ")[2] if error.line is not None else str(error)
        return ModelDrawing(fault=Fault(said, error.line, error.column))
    stated = sum(len(each.left) * len(each.terms) for each in statements)
    if stated > _MOST_STATED:  # names on the left times terms: a short text can state millions
        return ModelDrawing(
            fault=Fault(f"The text states {stated:,} paths; up to {MOST_PATHS} are drawn.")
        )
    paths = _paths(kind, statements)
    factors = dict.fromkeys(path.lhs for path in paths if path.operator == MEASURED)
    composites = dict.fromkeys(path.lhs for path in paths if path.operator == COMPOSED)
    names = dict.fromkeys(end for path in paths for end in (path.lhs, path.rhs))
    items = [name for name in names if name not in factors and name not in composites]
    between = sum(path.operator in (REGRESSED, COVARIES) for path in paths)
    if len(names) > MOST_DRAWN or len(paths) > MOST_PATHS or between > _MOST_BETWEEN:
        return ModelDrawing(
            fault=Fault(
                f"The model has {len(names)} variables and {len(paths)} paths, {between} of them"
                f" regressions and covariances; up to {MOST_DRAWN}, {MOST_PATHS} and {_MOST_BETWEEN}"
                " are drawn. Its text is all there."
            )
        )
    return ModelDrawing(
        tuple(factors),
        tuple(name for name in composites if name not in factors),
        tuple(items),
        tuple(paths),
        tuple(_undrawn(kind, text, statements)),
    )


def places_of(
    statements: Iterable[Statement], key: tuple[str, str, str]
) -> Iterator[tuple[Statement, str, Term]]:
    """Where a path stands in the text: statement, the name on its left, the term."""
    lhs, operator, rhs = key
    for statement in statements:
        if statement.operator == operator:
            for term in statement.terms:
                for name in statement.names:
                    either = operator == COVARIES and (term.name, name) == (lhs, rhs)
                    if (name, term.name) == (lhs, rhs) or either:
                        yield statement, name, term


def why_undrawn(kind: str, operator: str, lhs: str, term: Term) -> str:
    """What a term is that is no path; empty for one that is drawn."""
    if not term.names:
        return "an intercept"
    if operator == COVARIES and lhs == term.name:
        return "a variance"
    if operator == COVARIES and kind == COMPOSITE:
        return "a covariance, which composite models do not have"
    if lhs == term.name:
        return "a variable on itself"
    return ""


def _paths(kind: str, statements: Iterable[Statement]) -> list[DrawnPath]:
    found: dict[tuple[str, str, str], DrawnPath] = {}
    for statement in statements:
        for lhs in statement.names:
            for term in statement.terms:
                if why_undrawn(kind, statement.operator, lhs, term):
                    continue
                key = (lhs, statement.operator, term.name)
                if statement.operator == COVARIES and key[::-1] in found:
                    key = key[::-1]
                modifiers, simple = term.modifiers, term.simple
                lines: tuple[int, ...] = (term.line,)
                if known := found.get(key):
                    lines = (*known.lines, term.line)
                    modifiers = ", ".join(filter(None, (known.modifiers, modifiers)))
                    simple = False
                found[key] = DrawnPath(*key, modifiers, lines, simple, term.is_reversed)
    return list(found.values())


def _undrawn(kind: str, text: str, statements: Iterable[Statement]) -> Iterator[Undrawn]:
    for statement in statements:
        if statement.why:
            yield Undrawn(statement.line, text[statement.start : statement.end], statement.why)
        for lhs in statement.names:
            for term in statement.terms:
                if why := why_undrawn(kind, statement.operator, lhs, term):
                    said = f"{lhs} {statement.operator} {text[term.start : term.end]}"
                    yield Undrawn(term.line, said, why)


def in_words(path: DrawnPath) -> str:
    """The path as a sentence.

    >>> in_words(DrawnPath("F", "=~", "x1", "", (1,), True))
    'F is measured by x1'
    """
    said = {
        MEASURED: "is measured by",
        COMPOSED: "is composed of",
        REGRESSED: "is regressed on",
        COVARIES: "covaries with",
    }[path.operator]
    turned = ", reversed" if path.is_reversed else ""
    modified = f", {_modified(path.modifiers)}" if path.modifiers else ""
    return f"{path.lhs} {said} {path.rhs}{turned}{modified}"


def _modified(modifiers: str) -> str:
    if modifiers == "NA":
        return "free"
    try:
        float(modifiers)
    except ValueError:
        return f"labelled {modifiers}" if modifiers.isidentifier() else modifiers
    return f"fixed at {modifiers}"
