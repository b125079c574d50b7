"""Estimators of covariances and of composites side by side, as choices of a multiverse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.composite.headline import PLS, PLSC, composite_headline, is_readable
from analysis.covariance.headline import (
    ESTIMATOR,
    MISSING,
    covariance_headline,
    is_possible,
)
from analysis.covariance.headline import ESTIMATORS as OF_COVARIANCES
from analysis.covariance.headline import TREATMENTS as WITHOUT_MEANS
from analysis.multiverse import Choices, Headline

OF_COMPOSITES = (PLS, PLSC)
MEAN = "mean"  # in place of a missing answer
ESTIMATORS = (*OF_COVARIANCES, *OF_COMPOSITES)
TREATMENTS = (*WITHOUT_MEANS, MEAN)


def families(model: str, parameter: tuple[str, str, str]) -> tuple[str, ...]:
    """The estimators that can estimate this parameter of this model's text.

    PLS estimates paths alone, PLSc where something is reflective (``=~``). Products of constructs
    (``X:Z``) are left to them.
    """
    lines = [line.partition("#")[0] for line in model.replace(";", "\n").splitlines()]
    has_products = any("~" in line and ":" in line.partition("~")[2] for line in lines)
    found: list[str] = [] if has_products else [*OF_COVARIANCES]
    if parameter[1] == "~" and is_readable(model):
        found.append(PLS)
        if any("=~" in line for line in lines):
            found.append(PLSC)
    return tuple(found)


def may_be_chosen(choices: Choices) -> bool:
    """Whether the estimator knows this treatment of missing answers."""
    if choices[ESTIMATOR] in OF_COMPOSITES:
        return choices[MISSING] in ("listwise", MEAN)
    return choices[MISSING] != MEAN and is_possible(choices)


def treatments(estimators: Sequence[str]) -> tuple[str, ...]:
    """Those that one of the estimators knows."""
    return tuple(
        each
        for each in TREATMENTS
        if any(may_be_chosen({ESTIMATOR: one, MISSING: each}) for one in estimators)
    )


def headline(
    data: pd.DataFrame,
    model: str,
    parameter: tuple[str, str, str],
    choices: Choices,
    *,
    seed: int,
    **options: Any,
) -> Headline:
    """The standardised parameter with its 95 % interval by the estimator of ``choices``.

    ``seed``: of the resamples of composites; ``options``: those of ``covariance_headline``.
    """
    if choices[ESTIMATOR] in OF_COMPOSITES:
        return composite_headline(
            data,
            model,
            parameter,
            estimator=choices[ESTIMATOR],
            missing=choices[MISSING],
            seed=seed,
        )
    return covariance_headline(data, model, parameter, choices, **options)
