"""Do those who missed a later wave differ at the first one from those who came back?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.compare import holm
from analysis.covariance.measurement_invariance.waves import Waves, reversed_at_all
from analysis.covariance.text.model import Model
from analysis.covariance.text.syntax import as_model

LEAST = 2  # of each, for a test


@dataclass(frozen=True)
class Attrition:
    """A factor's score at the first wave (mean of its items, in points of the answers): those who
    answered at every wave beside those who missed one. ``d`` is in pooled standard deviations; ``p_holm``
    over the factors.
    """

    factor: str
    stayed: int
    stayed_mean: float
    missed: int
    missed_mean: float
    difference: float
    ci_lower: float
    ci_upper: float
    d: float
    pvalue: float
    p_holm: float


def attrition(waves: Waves, model: str | Model) -> tuple[Attrition, ...]:
    """Each factor's comparison by Welch's test; none where hardly anybody missed a wave.

    A person counts whose items of the factor were all answered at the first wave. Where who stays
    differs, complete rows are not the people who began; FIML (``longitudinal``) allows for what the
    first answers tell. Validated against R ``t.test``.
    """
    described = as_model(model)
    waves, _ = reversed_at_all(waves, described.reversed_items)
    stayed = waves.answered.all(axis=1)
    found = []
    for factor in described.latent:
        columns = [waves.column(item, waves.names[0]) for item in described.indicators(factor)]
        score = waves.frame[columns].astype(float).mean(axis=1, skipna=False).to_numpy()
        known = np.isfinite(score)
        here, gone = score[known & stayed], score[known & ~stayed]
        if min(len(here), len(gone)) < LEAST or here.var() + gone.var() == 0:
            continue
        test = stats.ttest_ind(gone, here, equal_var=False)
        interval = test.confidence_interval(0.95)
        n = len(here) + len(gone) - 2
        pooled = np.sqrt(
            ((len(here) - 1) * here.var(ddof=1) + (len(gone) - 1) * gone.var(ddof=1)) / n
        )
        difference = float(gone.mean() - here.mean())
        numbers = (float(interval.low), float(interval.high), difference / float(pooled))
        found.append((factor, here, gone, difference, numbers, float(test.pvalue)))
    adjusted = holm([p for *_, p in found])
    return tuple(
        Attrition(
            factor,
            len(here),
            float(here.mean()),
            len(gone),
            float(gone.mean()),
            difference,
            *numbers,
            p,
            own,
        )
        for (factor, here, gone, difference, numbers, p), own in zip(found, adjusted, strict=True)
    )
