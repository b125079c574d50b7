"""The hypothesised model beside the null, one factor, and each pair of factors merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from analysis.covariance.compare_models import DifferenceTest, difference_test
from analysis.covariance.fit_measures import chi_square_pvalue
from analysis.errors import AnalysisError
from analysis.json_values import filled
from analysis.scale.cfa import Cfa, Model, merged_pairs, one_factor
from analysis.scale.conclusions import Conclusion
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.study import Fit, Number, Section, Sections, Study

MOST_MERGERS = 45  # rivals in which two factors are one: all pairs up to ten factors
SCALED = (
    "chisq_scaled", "pvalue_scaled", "cfi_robust", "tli_robust", "rmsea_robust",
    "rmsea_ci_lower_robust", "rmsea_ci_upper_robust", "cfi_scaled", "tli_scaled", "rmsea_scaled",
    "rmsea_ci_lower_scaled", "rmsea_ci_upper_scaled",
)  # fmt: skip
MEASURES = (
    "chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper",
    "srmr", "gfi", "aic", "bic",
)  # fmt: skip


@dataclass(frozen=True)
class Rival:
    """A model beside the hypothesised one (first row, ``kind`` "hypothesised"). Kinds: null,
    one_factor, merged (two factors as one; with three factors these are the two-factor models).
    ``delta_chisq`` etc. compare with the hypothesised; None where that cannot be. Of a robust or
    ordinal estimator they are the scaled difference (Satorra & Bentler 2001; Satorra 2000 for WLSMV),
    which the null model has none of."""

    name: str
    kind: str
    n_factors: int
    fit: Fit
    delta_chisq: Number
    delta_df: Number
    delta_pvalue: Number


@dataclass(frozen=True)
class RivalsSection(Section, percent=22, title="rival models", again=True):
    """The models in rows; those that cannot be fitted are left out with a warning."""

    json_field: ClassVar = "rows"

    rows: tuple[Rival, ...]

    @classmethod
    def compute(cls, study: Study) -> Self | None:
        if study.found(CfaSection) is None:
            return None
        fitted = study.fitted
        rows = [
            _rival("hypothesised", "hypothesised", fitted.model, fitted.fit, None),
            _rival("no common factor", "null", {}, _null(fitted.fit), _from_null(fitted.fit)),
        ]
        others, said = _others(study)
        for kind, rival in others:
            name = "one factor" if kind == "one_factor" else next(iter(rival)).replace("+", " + ")
            try:
                other = study.fit(rival)
            except AnalysisError as error:
                said.append(f"{name}: {error}")
                continue
            said += [f"{name}: {text}" for text in other.inadmissible]
            test = _difference(other, fitted)
            if test is not None and test.warning is not None:
                said.append(f"{name}: {test.warning}")
            rows.append(_rival(name, kind, rival, other.fit, test))
        study.warn(cls, said)
        return cls(tuple(rows))

    def conclude(self, found: Sections) -> Iterator[Conclusion]:
        own = next((row.fit["bic"] for row in self.rows if row.kind == "hypothesised"), None)
        others = [row.fit["bic"] for row in self.rows if row.kind in ("one_factor", "merged")]
        known = [bic for bic in others if bic is not None]
        if own is not None and known:
            gap = min(known) - own
            yield self.against("bic_of_best_rival_minus_own", gap, ">", 0.0, "Raftery 1995")


def _others(study: Study) -> tuple[list[tuple[str, Model]], list[str]]:
    """The models with fewer factors, by kind; of many pairs the closest, which is said."""
    others: list[tuple[str, Model]] = []
    if len(study.model) > 1:
        others.append(("one_factor", one_factor(study.model)))
    if len(study.model) < 3:
        return others, []
    said, pairs = [], merged_pairs(study.model)
    if len(pairs) > MOST_MERGERS:
        upper = np.triu_indices(len(study.model), 1)
        r = np.abs(study.fitted.factor_correlations.to_numpy()[upper])
        closest = sorted(np.argsort(-r, kind="stable")[:MOST_MERGERS].tolist())
        said.append(f"of {len(pairs)} pairs of factors the {MOST_MERGERS} closest were merged")
        pairs = [pairs[i] for i in closest]
    return [*others, *(("merged", rival) for rival in pairs)], said


def _null(fit: Mapping[str, float]) -> dict[str, float]:
    """The measures of the model without factors, which every fit knows."""
    names = ("chisq", "df", "pvalue", "chisq_scaled", "pvalue_scaled")
    return {name: fit[f"baseline_{name}"] for name in names if f"baseline_{name}" in fit}


def _from_null(fit: Mapping[str, float]) -> DifferenceTest | None:
    if "chisq_scaled" in fit or fit["baseline_df"] <= fit["df"]:
        return None
    chisq, df = fit["baseline_chisq"] - fit["chisq"], int(fit["baseline_df"] - fit["df"])
    return DifferenceTest(chisq, df, chi_square_pvalue(chisq, df), "standard", 1.0)


def _difference(rival: Cfa, base: Cfa) -> DifferenceTest | None:
    """The test of a rival nested in the hypothesised model; None for one that is not."""
    if rival.sem is None or base.sem is None or rival.fit["df"] <= base.fit["df"]:
        return None
    return difference_test(rival.sem, base.sem)


def _rival(
    name: str,
    kind: str,
    model: Model,
    fit: Mapping[str, float],
    test: DifferenceTest | None,
) -> Rival:
    scaled = {measure: fit[measure] for measure in SCALED if measure in fit}
    return filled(
        Rival,
        name=name,
        kind=kind,
        n_factors=len(model),
        fit=scaled | {measure: fit.get(measure) for measure in MEASURES},
        delta_chisq=None if test is None else test.chisq,
        delta_df=None if test is None else test.df,
        delta_pvalue=None if test is None else test.pvalue,
    )
