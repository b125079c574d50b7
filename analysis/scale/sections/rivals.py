"""The hypothesised model beside the null, one factor, and each pair of factors merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy.stats import chi2

from analysis.errors import AnalysisError
from analysis.json_values import filled
from analysis.scale.cfa import Model, merged_pairs, one_factor
from analysis.scale.conclusions import Conclusion
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.study import Fit, Number, Section, Sections, Study

MOST_MERGERS = 45  # rivals in which two factors are one: all pairs up to ten factors
MEASURES = (
    "chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper",
    "srmr", "gfi", "aic", "bic",
)  # fmt: skip


@dataclass(frozen=True)
class Rival:
    """A model beside the hypothesised one (first row, ``kind`` "hypothesised"). Kinds: null,
    one_factor, merged (two factors as one; with three factors these are the two-factor models).
    ``delta_chisq`` etc. compare with the hypothesised; None where that cannot be."""

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
        null = {
            "chisq": fitted.fit["baseline_chisq"],
            "df": fitted.fit["baseline_df"],
            "pvalue": fitted.fit["baseline_pvalue"],
        }
        rows = [
            _rival("hypothesised", "hypothesised", fitted.model, fitted.fit, fitted.fit),
            _rival("no common factor", "null", {}, null, fitted.fit),
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
            rows.append(_rival(name, kind, rival, other.fit, fitted.fit))
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


def _rival(
    name: str,
    kind: str,
    model: Model,
    fit: Mapping[str, float],
    base: Mapping[str, float],
) -> Rival:
    delta, df = fit["chisq"] - base["chisq"], fit["df"] - base["df"]
    nested = df > 0
    return filled(
        Rival,
        name=name,
        kind=kind,
        n_factors=len(model),
        fit={measure: fit.get(measure) for measure in MEASURES},
        delta_chisq=delta if nested else None,
        delta_df=df if nested else None,
        delta_pvalue=float(chi2.sf(max(delta, 0.0), df)) if nested else None,
    )
