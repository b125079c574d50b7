"""The regressions of a model: which outcome has which predictors, and what its constructs are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.composite.text import read_model
from analysis.covariance.text.syntax import parse
from analysis.errors import ModelError
from surveyapp.errors import Invalid
from surveyapp.results.projects.model_texts import COVARIANCE

_MEASURED = ("=~", "<~")
EVERY_SLOPE = "*"  # no variable has this name


@dataclass(frozen=True)
class Equations:
    """``predictors`` of each outcome, a product as ``x:m``; ``parts`` of each construct, items or constructs;
    ``reversed_items`` count from the other end."""

    predictors: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, tuple[str, ...]]
    reversed_items: tuple[str, ...] = ()


def equations(kind: str, text: str) -> Equations:
    """The regressions of a model's text and what its constructs are made of. Raises ModelError."""
    predictors: dict[str, list[str]] = {}
    parts: dict[str, list[str]] = {}
    if kind != COVARIANCE:
        composite = read_model(text)
        for path in composite.paths:
            predictors.setdefault(path.target, []).append(path.source)
        return Equations(
            _once(predictors), {one.name: tuple(one.parts) for one in composite.constructs}
        )
    model = parse(text)
    for each in model.paths:
        if each.op == "~" and each.rhs:
            predictors.setdefault(each.lhs, []).append(each.rhs)
        elif each.op in _MEASURED:
            parts.setdefault(each.lhs, []).append(each.rhs)
    return Equations(_once(predictors), _once(parts), model.reversed_items)


def equations_or_none(kind: str, text: str) -> Equations:
    """The same; no equation of a text that cannot be read."""
    try:
        return equations(kind, text)
    except ModelError:
        return Equations({}, {})


def _once(found: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(dict.fromkeys(each)) for name, each in found.items()}


def random_slopes(found: Equations, outcome: str, slope: str) -> tuple[str, ...]:
    """The predictors whose slopes differ: none, every one but products, or the named one.

    Raises Invalid for one that is no predictor of the outcome.
    """
    named = tuple(name for name in found.predictors[outcome] if ":" not in name)
    if slope == EVERY_SLOPE:
        return named
    if slope and slope not in named:
        raise Invalid(
            f"{slope} is no predictor of {outcome} in this model; choose one of {', '.join(named)}.",
            field="slope",
        )
    return (slope,) if slope else ()
