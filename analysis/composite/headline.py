"""One path of a composite model as the headline of a multiverse."""

from __future__ import annotations

import pandas as pd

from analysis.composite.pls import fit_pls
from analysis.composite.text import read_model
from analysis.errors import AnalysisError, ModelError
from analysis.multiverse import Headline

PLS, PLSC = "PLS", "PLSc"
RESAMPLES = 500


def is_readable(text: str) -> bool:
    """Whether a model's text says a composite model too."""
    try:
        read_model(text)
    except ModelError:
        return False
    return True


def composite_headline(
    data: pd.DataFrame,
    model: str,
    parameter: tuple[str, str, str],
    *,
    estimator: str,
    missing: str,
    seed: int,
) -> Headline:
    """A path with its 95 % percentile interval over ``RESAMPLES`` resamples, by PLS or PLSc.

    missing: "listwise" or "mean". Raises ModelError for a parameter that is no path of the model,
    AnalysisError where the weights do not settle, and as ``fit_pls``.
    """
    lhs, op, rhs = parameter
    asked = read_model(model)
    source = next(
        (path.source for path in asked.paths if (path.target, path.source) == (lhs, rhs)), None
    )
    if op != "~" or source is None:
        raise ModelError(f"{lhs} {op} {rhs}".strip() + " is no path of the composite model")
    fit = fit_pls(
        data,
        asked,
        consistent=estimator == PLSC,
        missing="mean" if missing == "mean" else "listwise",
        bootstrap=RESAMPLES,
        seed=seed,
        statistics=("paths",),
        bca=False,
        fit_test=False,
    )
    if not fit.converged or fit.bootstrap is None:
        raise AnalysisError("the weights did not settle")
    table, label = fit.bootstrap.tables["paths"], (source, lhs)
    low, high = (float(table[end].to_dict()[label]) for end in ("lower", "upper"))
    return Headline(fit.path(source, lhs), low, high, fit.n)
