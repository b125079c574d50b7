"""One model fitted to several imputations, pooled by Rubin's rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from analysis.covariance.compare_models import difference_test
from analysis.covariance.exploratory.efa_blocks import require_no_blocks
from analysis.covariance.matrices import Array
from analysis.covariance.missing.imputation import imputations
from analysis.covariance.missing.pooled_likelihood import (
    has_likelihood,
    model_deviances,
    saturated_deviances,
)
from analysis.covariance.missing.pooled_tests import PooledTest, PooledTests, d2, d3, d4
from analysis.covariance.ordinal.ordinal_items import ordinal_items
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.settings import LIMITED_INFORMATION
from analysis.covariance.text.model import Model
from analysis.covariance.text.syntax import as_model
from analysis.errors import AnalysisError, DataError, ModelError
from analysis.json_values import to_json

_OF_NUMBERS = ("ML", "MLR", "MLM")


@dataclass(frozen=True)
class Pooled:
    """Estimates pooled over ``count`` imputations of which ``failed`` could not be fitted.

    ``estimates``: lhs, op, rhs, group, label, est, se, t, df, pvalue, ci_lower, ci_upper, fmi (share of
    information missing), within and between (variances). ``test`` is D2 of the model's chi-square, ``d3``
    and ``d4`` are the likelihood ratio tests; None without degrees of freedom, and these two where no
    normal likelihood was maximised or the model cannot be fitted to all imputations together. ``difference`` tests what ``equal`` holds equal over groups against the same
    model without that; None where nothing is.
    """

    estimates: pd.DataFrame
    test: PooledTest | None
    d3: PooledTest | None
    d4: PooledTest | None
    count: int
    failed: int
    n: int
    difference: PooledTests | None = None

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return dict(
            to_json(
                {
                    "estimates": self.estimates.to_dict(orient="records"),
                    "test": self.test,
                    "d3": self.d3,
                    "d4": self.d4,
                    "difference": self.difference,
                    "imputations": self.count,
                    "failed": self.failed,
                    "n": self.n,
                }
            )
        )


def pooled(
    sets: Iterable[pd.DataFrame],
    fitted: Callable[[pd.DataFrame], SemFit],
    *,
    general: Callable[[pd.DataFrame], SemFit] | None = None,
) -> Pooled:
    """The model that ``fitted`` fits to each of the completed ``sets``, pooled (Rubin 1987).

    Standard errors have a within and a between part; t has Rubin's degrees of freedom. ``general`` fits the
    same model with fewer restrictions, which are then tested too: an imputation must have both. Raises
    DataError where fewer than two imputations can be fitted.

    Validated against: semTools 0.5-6 ``runMI`` and ``lavTestLRT.mi``, mitml 0.4-4 ``testModels``, on the same
    imputed sets.
    """
    fits: list[SemFit] = []
    freer: list[SemFit] = []
    count = 0
    for data in sets:
        count += 1
        try:
            fit = fitted(data)
            other = None if general is None else general(data)
        except AnalysisError:
            continue
        if fit.converged and fit.vcov is not None and (other is None or other.converged):
            fits.append(fit)
            freer += [] if other is None else [other]
    if len(fits) < 2:
        raise DataError(
            f"only {len(fits)} of {count} imputations could be fitted; the model asks too much of these data"
        )
    frame = fits[0].estimates[["lhs", "op", "rhs", "group", "label"]].copy()
    values = np.array([fit.estimates["est"].to_numpy() for fit in fits])
    errors = np.array([fit.estimates["se"].to_numpy() for fit in fits])
    tests = _tests(fits)
    return Pooled(
        frame.assign(**rubin(values, errors)),
        tests.d2,
        tests.d3,
        tests.d4,
        count,
        count - len(fits),
        fits[0].n,
        _tests(fits, freer) if freer else None,
    )


def fit_imputed(
    data: pd.DataFrame,
    model: str | Model,
    *,
    count: int = 20,
    seed: int = 1,
    auxiliary: Sequence[str] = (),
    group: str | None = None,
    ordered: bool | Sequence[str] | None = None,
    **options: Any,
) -> Pooled:
    """The model fitted to ``count`` imputations of the data, pooled; ``options`` as ``fit_sem``.

    The imputation knows the model's columns and the ``auxiliary`` ones. For ML, MLR and MLM answers are
    imputed as numbers; for WLSMV, WLSM and ULSMV those of ordinal items (``ordered``, as ``fit_sem`` reads it) as
    categories. Raises ModelError for products of variables and other estimators, and what
    ``imputations``, ``pooled`` and ``fit_sem`` raise.
    """
    described = as_model(model)
    require_no_blocks(described, "imputations")  # each would turn its factors by itself
    products = [name for name in described.observed if ":" in name]
    if products:
        raise ModelError(
            f"{products[0]}: products are not imputed; compute them as columns, or use missing='fiml'"
        )
    estimator = options.get("estimator", "ML")
    if estimator not in (*_OF_NUMBERS, *LIMITED_INFORMATION):
        raise ModelError(
            f"imputations are fitted by ML, MLR or MLM, and by WLSMV, WLSM or ULSMV where items are ordinal, not"
            f" by {estimator}"
        )
    names = tuple(dict.fromkeys([*described.observed, *auxiliary]))
    if estimator in _OF_NUMBERS:
        if ordered:
            raise ModelError(
                f"{estimator} takes answers as numbers; leave ordered out, or use WLSMV"
            )
        sets = imputations(data, names, count=count, seed=seed, group=group)
        # Means belong to the moments that are pooled, as they do to FIML's.
        held: dict[str, Any] = {"mean_structure": True}
    else:
        items = ordinal_items(
            described,
            True if ordered is None else ordered,
            fixed_x=options.get("fixed_x") is not False,
        )
        sets = imputations(data, names, count=count, seed=seed, group=group, ordered=items)
        held = {"ordered": items}
    freer = {key: value for key, value in options.items() if key not in ("equal", "free")}
    return pooled(
        sets,
        lambda own: fit_sem(own, described, group=group, **held, **options),
        general=(lambda own: fit_sem(own, described, group=group, **held, **freer))
        if options.get("equal")
        else None,
    )


def rubin(values: Array, errors: Array) -> dict[str, Array]:
    """Estimates and standard errors (m, k) of m imputations as columns of pooled ones (k,).

    A value whose errors are all 0 has none over the imputations either.
    """
    m = len(values)
    within, between = np.mean(errors**2, axis=0), np.var(values, axis=0, ddof=1)
    # What is fixed, or follows from other parameters, has no sampling error.
    more = np.where(within > 0, (1 + 1 / m) * between, 0.0)
    total = within + more
    est, se = values.mean(axis=0), np.sqrt(total)
    with np.errstate(divide="ignore", invalid="ignore"):
        increase = more / within
        df = (m - 1) * (1 + 1 / increase) ** 2
        t = np.where(se > 0, est / se, np.nan)
        fmi = np.where(total > 0, more / total, 0.0)
    reach = stats.t.ppf(0.975, np.where(np.isfinite(df), df, 1e12)) * se
    return {
        "est": est,
        "se": se,
        "t": t,
        "df": df,
        "pvalue": 2 * stats.t.sf(np.abs(t), np.where(np.isfinite(df), df, 1e12)),
        "ci_lower": est - reach,
        "ci_upper": est + reach,
        "fmi": fmi,
        "within": within,
        "between": between,
    }


def _statistic(fit: SemFit) -> float:
    """The chi-square, corrected where the estimator corrects it."""
    return fit.fit.get("chisq_scaled", fit.fit["chisq"])


def _tests(fits: Sequence[SemFit], freer: Sequence[SemFit] = ()) -> PooledTests:
    """Of the model against unrestricted moments, or against the same with fewer restrictions."""
    if not freer:
        df = fits[0].tests.df
        statistics = [_statistic(fit) for fit in fits]
    else:
        df = fits[0].tests.df - freer[0].tests.df
        differences = zip(fits, freer, strict=True)
        statistics = [difference_test(*each).chisq for each in differences] if df > 0 else []
    settings = fits[0].settings
    if df <= 0 or not has_likelihood(fits[0]) or settings.scaled_and_shifted:
        return PooledTests(d2(statistics, max(df, 0)), None, None)
    try:
        own = model_deviances(fits)
        other = model_deviances(freer) if freer else saturated_deviances(fits)
    except AnalysisError:  # of all imputations together; each alone was fitted
        return PooledTests(d2(statistics, df), None, None)
    scaling = (_trace(fits) - (_trace(freer) if freer else 0.0)) / df if settings.robust else None
    third, fourth = (test(own, other, df, len(fits), scaling=scaling) for test in (d3, d4))
    return PooledTests(d2(statistics, df), third, fourth)


def _trace(fits: Sequence[SemFit]) -> float:
    """The mean scaling factor, times the model's degrees of freedom."""
    return float(np.mean([0.0 if f.tests.scaling is None else f.tests.scaling.trace for f in fits]))
