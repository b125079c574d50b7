"""Do the main estimates depend on how missing answers are treated? Listwise deletion beside FIML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from analysis.errors import DataError
from analysis.losses import MANY
from analysis.scale.cfa import Cfa, fit_cfa
from analysis.scale.sections.sample import SampleSection
from analysis.scale.study import Fit, Number, Section, Study

_WITH_FIML = ("ML", "MLR")


@dataclass(frozen=True)
class Treatment:
    """The confirmatory model under one treatment of missing answers."""

    n: int
    fit: Fit


@dataclass(frozen=True)
class LoadingPair:
    """An item's standardised loading under both."""

    factor: str
    item: str
    listwise: Number
    fiml: Number


@dataclass(frozen=True)
class MissingComparisonSection(Section, percent=24, title="missing answers by FIML"):
    """Of the rows, ``share`` has a missing answer. ``largest_difference``: of two loadings of the
    item ``of``. None up to 5 % of the rows, and for estimators that FIML does not go with."""

    share: float
    listwise: Treatment
    fiml: Treatment
    loadings: tuple[LoadingPair, ...]
    largest_difference: float
    of: str

    def of_both(self, measure: str) -> tuple[Number, Number]:
        """A measure by listwise deletion and by FIML: robust or scaled where both have it, which
        plain listwise ML has not, else plain."""
        both = self.listwise.fit, self.fiml.fit
        for name in (f"{measure}_robust", f"{measure}_scaled", measure):
            found = both[0].get(name), both[1].get(name)
            if None not in found:
                return found
        return None, None

    @classmethod
    def compute(cls, study: Study) -> Self | None:
        sample = study.found(SampleSection)
        if sample is None or not sample.n_rows:
            return None
        lost = sample.n_rows - sample.n_complete
        share = lost / sample.n_rows
        if share <= MANY:
            return None
        chosen = study.choices
        study.warn(cls, [_advice(lost, sample.n_rows, chosen.missing, chosen.estimator)])
        if chosen.estimator not in _WITH_FIML:
            return None
        both = {chosen.missing: study.fitted}
        other = "fiml" if chosen.missing == "listwise" else "listwise"
        both[other] = fit_cfa(
            study.data,
            study.model,
            estimator=chosen.estimator,
            missing=other,
            likelihood=chosen.likelihood,
        )
        for name, found in both.items():
            if not found.converged:
                raise DataError(f"the model by {name} did not converge, so there is no comparison")
        pairs = _pairs(both["listwise"], both["fiml"])
        most = max(pairs, key=_difference)
        return cls(
            share=share,
            listwise=Treatment(both["listwise"].n, both["listwise"].fit),
            fiml=Treatment(both["fiml"].n, both["fiml"].fit),
            loadings=pairs,
            largest_difference=_difference(most),
            of=most.item,
        )


def _advice(lost: int, rows: int, missing: str, estimator: str) -> str:
    said = f"{lost:,} of {rows:,} rows ({lost / rows:.1%}) have a missing answer"
    if missing == "fiml":
        return f"{said}; the model uses what they have, analyses of complete rows leave them out"
    if estimator in _WITH_FIML:
        return (
            f"{said} and are left out; full information maximum likelihood (missing answers: fiml) "
            "uses what they have and is unbiased under weaker conditions"
        )
    return (
        f"{said} and are left out; {estimator} takes complete rows only, MLR with fiml would use "
        "what they have"
    )


def _pairs(listwise: Cfa, fiml: Cfa) -> tuple[LoadingPair, ...]:
    return tuple(
        LoadingPair(one.factor, one.item, one.std_all, other.std_all)
        for one, other in zip(listwise.loadings, fiml.loadings, strict=True)
    )


def _difference(pair: LoadingPair) -> float:
    return abs((pair.listwise or 0.0) - (pair.fiml or 0.0))
