"""The scale's confirmatory model beside the same model with all cross-loadings free (ESEM)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from analysis.covariance.compare_models import difference_test
from analysis.covariance.diagnostics import improprieties
from analysis.covariance.exploratory.esem import exploratory
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.text.model import measurement_model
from analysis.errors import AnalysisError, ModelError
from analysis.moments import Moments
from analysis.scale.cfa import sem_names


@dataclass(frozen=True)
class EsemLoading:
    """One item's standardised loadings on all factors, in their order."""

    item: str
    factor: str
    loadings: tuple[float, ...]


@dataclass(frozen=True)
class EsemCorrelation:
    """The correlation of two factors in both models."""

    first: str
    second: str
    cfa: float
    esem: float


@dataclass(frozen=True)
class EsemComparison:
    """ESEM rotated to the confirmatory model as target, beside that model (Morin, Arens & Marsh 2016).

    ``bifactor_fit``: of the ESEM with a general factor; empty where that has no proper solution.
    ``delta_*``: the test of the confirmatory model against ESEM. ``inadmissible``: why the solution is
    not to be interpreted; empty for a proper one.
    """

    n: int
    factors: tuple[str, ...]
    items: tuple[EsemLoading, ...]
    correlations: tuple[EsemCorrelation, ...]
    cfa_fit: dict[str, float]
    fit: dict[str, float]
    bifactor_fit: dict[str, float]
    delta_chisq: float
    delta_df: int
    delta_pvalue: float
    starts: int
    reached: int
    optima: int
    warnings: tuple[str, ...]
    inadmissible: str = ""


def esem_comparison(
    data: pd.DataFrame | Moments,
    model: Mapping[str, Sequence[str]],
    confirmatory: SemFit,
    *,
    estimator: str = "ML",
    missing: str = "listwise",
    likelihood: str = "normal",
) -> EsemComparison:
    """Fit ESEM, and ESEM with a general factor, of a model whose confirmatory fit is given.

    model: factor -> items. Raises ModelError below 2 factors, for a factor of one item, and where
    ESEM does not converge, else as ``fit_sem``.
    """
    small = [factor for factor, items in model.items() if len(items) < 2]
    if len(model) < 2 or small:
        raise ModelError(
            "an ESEM needs at least 2 factors of at least 2 items each"
            + (f"; too small: {', '.join(small)}" if small else "")
        )
    names = sem_names(model)
    written = measurement_model({names[factor]: tuple(own) for factor, own in model.items()})

    def fitted(*, bifactor: bool) -> SemFit:
        made = exploratory(written, bifactor=bifactor)
        return fit_sem(
            data,
            made.model,
            estimator=estimator,
            missing=missing,
            likelihood=likelihood,
            rotation=made.rotation,
            target=made.target,
        )

    esem = fitted(bifactor=False)
    if not esem.converged:
        raise ModelError(
            "the ESEM did not converge: there may be more factors than the items tell apart, or too few rows"
        )
    improper = improprieties(esem.solution)
    test = difference_test(confirmatory, esem)
    turned = esem.solution.rotations[0].rotated
    standardised = _standardised(esem)
    own = _standardised(confirmatory)
    return EsemComparison(
        n=esem.n,
        factors=tuple(model),
        items=tuple(
            EsemLoading(item, factor, tuple(standardised[names[one], "=~", item] for one in model))
            for factor, items in model.items()
            for item in items
        ),
        correlations=tuple(
            EsemCorrelation(
                a, b, _between(own, names[a], names[b]), _between(standardised, names[a], names[b])
            )
            for a, b in combinations(model, 2)
        ),
        cfa_fit=confirmatory.fit,
        fit=esem.fit,
        bifactor_fit=_proper_fit(lambda: fitted(bifactor=True)),
        delta_chisq=test.chisq,
        delta_df=test.df,
        delta_pvalue=test.pvalue,
        starts=turned.starts,
        reached=turned.reached,
        optima=turned.optima,
        warnings=tuple(text for text in esem.warnings if text not in improper),
        inadmissible="; ".join(improper),
    )


def _standardised(fit: SemFit) -> dict[tuple[str, str, str], float]:
    frame = fit.estimates
    return {
        (lhs, op, rhs): float(value)
        for lhs, op, rhs, value in zip(
            frame["lhs"], frame["op"], frame["rhs"], frame["std_all"], strict=True
        )
    }


def _between(values: Mapping[tuple[str, str, str], float], first: str, second: str) -> float:
    found = values.get((first, "~~", second), values.get((second, "~~", first)))
    return float("nan") if found is None else found


def _proper_fit(fitted: Callable[[], SemFit]) -> dict[str, float]:
    """Of the ESEM with a general factor; empty where it has no proper solution."""
    try:
        found = fitted()
    except AnalysisError:
        return {}
    return {} if not found.converged or improprieties(found.solution) else found.fit
