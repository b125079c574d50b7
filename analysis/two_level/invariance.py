"""Whether groups of clusters may be compared at two levels: the same form, loadings, intercepts, residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.covariance.compare_models import DifferenceTest
from analysis.covariance.drawn_rows import Column
from analysis.covariance.measurement_invariance.invariance import MEANING, STEPS
from analysis.errors import ModelError
from analysis.json_values import to_json
from analysis.two_level.difference import level_difference
from analysis.two_level.fit import TwoLevelFit, fit_two_level
from analysis.two_level.model import TwoLevelModel

MEASURES = ("chisq", "df", "pvalue", "cfi", "rmsea")
OF_LEVELS = ("srmr_within", "srmr_between")


@dataclass(frozen=True)
class LevelStep:
    """A step with its fit and the test against the step before, which the first has not."""

    name: str
    held: tuple[str, ...]
    fit: TwoLevelFit
    difference: DifferenceTest | None

    @property
    def measures(self) -> dict[str, float]:
        """chisq, df, pvalue, cfi, rmsea (scaled and robust ones of MLR) and SRMR of both levels."""
        fit = self.fit.fit
        scaled = "chisq_scaled" in fit
        kinds = {"chisq": "_scaled", "pvalue": "_scaled", "cfi": "_robust", "rmsea": "_robust"}
        found = {name: fit[f"{name}{kinds.get(name, '')}" if scaled else name] for name in MEASURES}
        return found | {name: fit[name] for name in OF_LEVELS}


@dataclass(frozen=True)
class LevelInvariance:
    """The steps in their order."""

    group: str
    steps: tuple[LevelStep, ...]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values at full precision."""
        last = self.steps[-1].fit
        document = {
            "group": self.group,
            "groups": last.to_dict()["groups"],
            "n": last.n,
            "clusters": last.cluster_sizes,
            "estimator": last.settings.estimator,
            "steps": [
                {
                    "name": step.name,
                    "meaning": MEANING[step.name],
                    "equal": step.held,
                    **step.measures,
                    "difference": None if step.difference is None else vars(step.difference),
                    "estimates": step.fit.estimates.to_dict(orient="records"),
                }
                for step in self.steps
            ],
            "warnings": self.warnings,
            "model": last.model.text,
        }
        return dict(to_json(document))


def level_invariance(
    data: pd.DataFrame,
    model: str | TwoLevelModel,
    cluster: Column,
    group: Column,
    *,
    estimator: str = "ML",
    missing: str = "listwise",
    free: Sequence[str] = (),
    sampling_weights: Column | None = None,
    cluster_weights: Column | None = None,
) -> LevelInvariance:
    """Configural, metric, scalar and strict models of groups of clusters, each against the one before.

    A step holds its parameters equal at both levels; intercepts are those between, and from the scalar model
    on the means of the factors between differ between groups. ``free`` are parameters that no step holds.
    Bounds for changes of CFI and RMSEA are of models of one level and not applied; the difference test is.

    Raises as ``fit_two_level``, and ModelError for means or labels that hold what a step shall free.
    Validated against: lavaan 0.6-14 with groups of equal sizes, ``lavTestLRT``.
    """
    steps: list[LevelStep] = []
    for name, held in STEPS.items():
        fit = fit_two_level(
            data,
            model,
            cluster,
            estimator=estimator,
            missing=missing,
            group=group,
            equal=held,
            free=free if held else (),
            sampling_weights=sampling_weights,
            cluster_weights=cluster_weights,
        )
        difference = None
        if steps:
            try:
                difference = level_difference(fit, steps[-1].fit)
            except ModelError as error:
                raise ModelError(
                    f"the {name} model restricts no more than the {steps[-1].name} one; take out labels "
                    "and fixed values that hold parameters over groups already"
                ) from error
        steps.append(LevelStep(name, held, fit, difference))
    told = dict.fromkeys(text for step in steps for text in step.fit.warnings)
    return LevelInvariance(str(steps[0].fit.settings.group), tuple(steps), tuple(told))
