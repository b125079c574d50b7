"""A model fitted to the rows of many samples one by one, by MLR or from incomplete rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.covariance.matrices import Array
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.simulation.simulated_fits import Progress, SimulatedFits
from analysis.covariance.text.model import Model
from analysis.errors import DataError, ModelError


@dataclass(frozen=True)
class RowEstimation:
    """How each sample is fitted: estimator ML or MLR, missing answers, and the identification."""

    model: Model | str
    names: tuple[str, ...]
    estimator: str
    missing: str
    std_lv: bool = False
    orthogonal: bool = False

    def fit(self, rows: Array) -> SemFit | None:
        """None for rows that cannot be analysed, and where the fit does not converge."""
        try:
            found = fit_sem(
                pd.DataFrame(rows, columns=list(self.names)),
                self.model,
                estimator=self.estimator,
                missing=self.missing,
                std_lv=self.std_lv,
                orthogonal=self.orthogonal,
                fixed_x=False,
            )
        except (DataError, ModelError):
            return None
        return found if found.converged else None


@dataclass(frozen=True)
class RowFits:
    """``fits`` and, where they were asked for, the sampling covariances of the estimates (r, q, q), NaN
    where a fit has none.
    """

    fits: SimulatedFits
    vcov: Array


def compared_index(fit: SemFit, index: str) -> float:
    """SRMR without means; RMSEA and CFI as the estimator corrects them: robust by MLR, scaled by WLSMV."""
    if index == "srmr":
        return fit.fit.get("srmr_bentler_nomean", fit.fit["srmr"])
    if fit.settings.ordinal or fit.settings.ordered:
        return fit.fit[f"{index}_scaled"]
    robust = fit.fit.get(f"{index}_robust", math.nan)
    return robust if math.isfinite(robust) else fit.fit[index]


def row_fits(
    estimation: RowEstimation,
    draw: Callable[[np.random.Generator], Array],
    *,
    reps: int,
    rng: np.random.Generator,
    progress: Progress | None = None,
    errors: bool = False,
) -> RowFits:
    """Fit the model to ``reps`` samples of rows (n, p), each drawn by ``draw``, as ``fit_sem`` does.

    ``progress`` is called with samples done and in all.
    """
    theta, vcov, measures, df = [], [], [], 0
    for done in range(1, reps + 1):
        found = estimation.fit(draw(rng))
        if found is not None:
            indices = [compared_index(found, index) for index in ("srmr", "rmsea", "cfi")]
            df = found.tests.df
            if np.isfinite(indices).all():
                theta.append(found.solution.theta)
                if errors:
                    own = found.vcov
                    vcov.append(np.full((len(theta[0]),) * 2, np.nan) if own is None else own)
                measures.append([found.fit["chisq"], *indices])
        if progress is not None and (done % 20 == 0 or done == reps):
            progress(done, reps)
    chisq, srmr, rmsea, cfi = np.array(measures).reshape(-1, 4).T
    fits = SimulatedFits(np.array(theta), chisq, srmr, rmsea, cfi, df, reps)
    return RowFits(fits, np.array(vcov))
