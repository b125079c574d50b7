"""Cut-offs of SRMR, RMSEA and CFI simulated from the confirmatory model and its n."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from analysis.covariance.simulation.dynamic_cutoffs import DynamicCutoffs, Level, dynamic_cutoffs
from analysis.errors import ModelError
from analysis.json_values import filled
from analysis.scale.cfa import sem_names
from analysis.scale.study import Section, Study

_SHARE = 18  # percent of the validation's way, as far as the next section


@dataclass(frozen=True)
class DynamicCutoffsSection(Section, percent=25, title="dynamic cut-offs"):
    """Of ``reps`` simulated samples a level, as ``analysis.covariance.simulation.dynamic_cutoffs``: only where
    they were asked for. ``fit``: what was compared, the robust RMSEA and CFI where the estimator has
    them, the scaled ones of WLSMV; ``reached``: the highest level whose cut-off each reaches;
    ``answers``: what the samples consist of, "ordinal" by WLSMV.
    """

    n: int
    df: int
    reps: int
    seed: int
    levels: tuple[Level, ...]
    fit: Mapping[str, float]
    reached: Mapping[str, int]
    answers: str = "normal"
    estimator: str = "ML"

    @classmethod
    def compute(cls, study: Study) -> Self | None:
        choices = study.choices
        if not choices.cutoffs:
            return None
        sem = study.fitted.sem
        if sem is None:
            raise ModelError("dynamic cut-offs need a fit of this package's own engine")

        def told(done: int, total: int) -> None:
            study.record.announce(cls.percent + _SHARE * done // total, cls.title)

        found = dynamic_cutoffs(sem, reps=choices.cutoffs, seed=choices.seed, progress=told)
        study.warn(cls, found.warnings)
        return filled(cls, _by_factors(found, study))


def _by_factors(found: DynamicCutoffs, study: Study) -> DynamicCutoffs:
    """With the factors' own names, which a model text must lengthen where an item has the same."""
    own = {written: factor for factor, written in sem_names(study.model).items()}
    levels = tuple(
        replace(
            level,
            added=tuple(
                replace(one, lhs=own[one.lhs]) if one.op == "=~" else one for one in level.added
            ),
        )
        for level in found.levels
    )
    return replace(found, levels=levels)
