"""Equivalence tests of model fit: the largest misfit that the data leave possible."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.covariance.fit_measures import noncentrality
from analysis.errors import DataError, ModelError


@dataclass(frozen=True)
class EquivalenceFit:
    """T-size RMSEA and CFI: the RMSEA is at most, and the CFI at least, this with confidence 1 - alpha."""

    t_rmsea: float
    t_cfi: float
    alpha: float


def equivalence_fit(
    chisq: float,
    df: float,
    baseline_chisq: float,
    baseline_df: float,
    n: float,
    *,
    alpha: float = 0.05,
) -> EquivalenceFit:
    """T-size RMSEA and CFI of one group under maximum likelihood.

    ``n`` is what RMSEA divides by: N for normal-theory likelihood, N - 1 for Wishart. The T-size RMSEA
    is the upper limit of RMSEA's interval of level 1 - 2 alpha; for the CFI each of its two
    non-centralities takes half of alpha. Non-centralities are exact, not Yuan's expansion.

    Raises ModelError without degrees of freedom, DataError for a statistic that is not finite or an
    impossible n or alpha.

    Validated against: the expansion in R dynamic's equivTest, within 3e-4. Reference: Yuan, Chan,
    Marcoulides and Bentler (2016), Structural Equation Modeling 23, 319-330.

    >>> found = equivalence_fit(85.306, 24, 918.852, 36, 301)
    >>> round(found.t_rmsea, 3), round(found.t_cfi, 3)
    (0.114, 0.87)
    """
    if df <= 0 or baseline_df <= 0:
        raise ModelError("a model without degrees of freedom has no test of fit")
    if not (math.isfinite(chisq + baseline_chisq) and min(chisq, baseline_chisq) >= 0):
        raise DataError(
            f"two chi-squares from 0 on are needed; found {chisq:g} and {baseline_chisq:g}"
        )
    if not n > 0 or not 0 < alpha < 0.5:
        raise DataError(f"n above 0 and alpha between 0 and 0.5 are needed; found {n:g}, {alpha:g}")
    largest = noncentrality(chisq, df, alpha)
    misfit = noncentrality(chisq, df, alpha / 2)
    baseline = max(noncentrality(baseline_chisq, baseline_df, 1 - alpha / 2), misfit)
    cfi = 1.0 if baseline == 0 else 1 - misfit / baseline
    return EquivalenceFit(math.sqrt(largest / (df * n)), cfi, alpha)
