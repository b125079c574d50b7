"""One parameter of a model as the headline of a multiverse."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from analysis.covariance.sem import fit_sem
from analysis.errors import AnalysisError, ModelError
from analysis.multiverse import Choices, Headline

ESTIMATORS = ("ML", "MLR", "WLSMV")
TREATMENTS = ("listwise", "fiml", "pairwise")
ESTIMATOR, MISSING = "Estimator", "Missing answers"
_PARAMETER = re.compile(r"\s*([^\s~=<:]+)\s*(=~|~~|~|:=)\s*([^\s~=<]*)\s*")


def read_parameter(text: str) -> tuple[str, str, str]:
    """Left side, operator and right side; the right side of a defined parameter is empty.

    Raises ModelError.

    >>> read_parameter("loyalty ~ ease")
    ('loyalty', '~', 'ease')
    """
    found = _PARAMETER.fullmatch(text)
    if found is None or (found[2] == ":=") != (not found[3]):
        raise ModelError(
            f"{text[:80]!r} is no parameter; write one as in the model: Y~X, F=~x, F~~G, or ab:="
        )
    return found[1], found[2], found[3]


def is_possible(choices: Choices) -> bool:
    """Whether the estimator knows this treatment of missing answers."""
    weighted = choices[ESTIMATOR] == "WLSMV"
    allowed = ("listwise", "pairwise") if weighted else ("listwise", "fiml")
    return choices[MISSING] in allowed


def covariance_headline(
    data: pd.DataFrame,
    model: str,
    parameter: tuple[str, str, str],
    choices: Choices,
    **options: Any,
) -> Headline:
    """The standardised value of a parameter with its 95 % interval, by the estimator and treatment of
    ``choices``. ``options``: further ones of ``fit_sem``. Raises ModelError for a parameter that the
    model does not have, AnalysisError where the estimation stops short, and as ``fit_sem``.
    """
    fit = fit_sem(
        data,
        model,
        estimator=choices[ESTIMATOR],
        missing=choices[MISSING],
        **options,
    )
    lhs, op, rhs = parameter
    table = fit.estimates
    rows = table[(table["lhs"] == lhs) & (table["op"] == op)]
    if op != ":=":
        rows = rows[rows["rhs"] == rhs]
    if rows.empty and op == "~~":
        rows = table[(table["lhs"] == rhs) & (table["op"] == op) & (table["rhs"] == lhs)]
    if rows.empty:
        raise ModelError(f"the model has no parameter {lhs} {op} {rhs}".strip())
    if not fit.converged:
        raise AnalysisError("the estimation did not converge")
    row = rows.iloc[0]
    return Headline(
        float(row["std_all"]), float(row["std_ci_lower"]), float(row["std_ci_upper"]), fit.n
    )
