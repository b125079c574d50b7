"""The models a measurement model must beat, and the higher structures it may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from analysis.covariance.compare_models import compare_models
from analysis.covariance.data import SemData
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.text.model import Model, Modifier, Path, covariance, measurement_model
from analysis.errors import ModelError

Factors = Mapping[str, Sequence[str]]


def one_factor(factors: Factors, *, name: str = "general") -> Model:
    """All items on a single factor."""
    return measurement_model({name: _items(factors)})


def merged(factors: Factors) -> dict[str, Model]:
    """Every model in which two of the factors are one, by the names joined with ``+``."""
    models = {}
    for a, b in combinations(factors, 2):
        kept = {name: items for name, items in factors.items() if name not in (a, b)}
        models[f"{a}+{b}"] = measurement_model({f"{a}_{b}": [*factors[a], *factors[b]]} | kept)
    return models


def second_order(factors: Factors, *, name: str = "general") -> Model:
    """The factors measured by items, and a general factor measured by the factors.

    Raises ModelError for fewer than three factors, whose covariances do not determine a second order.
    """
    if len(factors) < 3:
        raise ModelError(
            f"a second-order factor needs at least three factors, found {len(factors)}"
        )
    return measurement_model(factors) + measurement_model({name: list(factors)})


def bifactor(factors: Factors, *, name: str = "general") -> Model:
    """A general factor of all items beside the factors, all uncorrelated with unit variances.

    Unlike ``std_lv`` and ``orthogonal`` of ``fit_sem``, the text itself says so.
    """
    everything = {name: _items(factors)} | {
        factor: list(items) for factor, items in factors.items()
    }
    free = (Modifier(free=True),)
    loadings = Model(
        tuple(
            Path(factor, "=~", item, free if k == 0 else (Modifier(),))
            for factor, items in everything.items()
            for k, item in enumerate(items)
        )
    )
    model = loadings
    for factor in everything:
        model = model + covariance(factor, factor, fixed=1.0)
    for a, b in combinations(everything, 2):
        model = model + covariance(a, b, fixed=0.0)
    return model


def compare_rivals(
    data: SemData, factors: Factors, *, higher: bool = False, **options: Any
) -> tuple[pd.DataFrame, dict[str, SemFit]]:
    """The hypothesised model against one factor and every merged pair, with ``options`` of
    ``fit_sem``.

    With ``higher`` also the second-order model (three or more factors) and the bifactor model. The
    table has one row a model with its fit and ``d_chisq``, ``d_df``, ``d_pvalue`` against the
    hypothesised one, scaled where the estimator is robust or ordinal; the fits come beside it.
    """
    models = {"hypothesised": measurement_model(factors)}
    if len(factors) > 1:
        if len(factors) > 2:
            models |= merged(factors)
        models["one factor"] = one_factor(factors)
    if higher and len(factors) > 2:
        models["second order"] = second_order(factors)
    if higher and len(factors) > 1:
        models["bifactor"] = bifactor(factors)
    fits = {name: fit_sem(data, model, **options) for name, model in models.items()}
    return compare_models(fits, against="hypothesised"), fits


def _items(factors: Factors) -> list[str]:
    return [item for items in factors.values() for item in items]
