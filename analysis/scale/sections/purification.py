"""Which items to drop, one at a time: a proposal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from analysis.json_values import filled
from analysis.scale.plan import Factor, factors
from analysis.scale.purification import propose_purification
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.study import Fit, Number, Section, Study


@dataclass(frozen=True)
class PurificationRow:
    """``before``, ``after``: chisq, df, cfi, tli, rmsea, srmr, bic of the model."""

    step: int
    item: str
    factor: str
    loading: Number
    reason: str
    alpha_before: Number
    alpha_after: Number
    before: Fit
    after: Fit


@dataclass(frozen=True)
class PurificationSection(Section, percent=61, title="purification"):
    """A proposal, never carried out: no other section has items left out. ``stopped``: why none was
    made, empty where one could be."""

    loading_cut: float
    fewest_items: int
    steps: tuple[PurificationRow, ...]
    model: tuple[Factor, ...]
    kept_below_cut: tuple[str, ...]
    stopped: str = ""

    @classmethod
    def compute(cls, study: Study) -> Self | None:
        if study.found(CfaSection) is None:
            return None
        found = propose_purification(
            study.moments(), study.model, fit=lambda _, model: study.fit(model)
        )
        section = filled(cls, found, model=factors(found.model))
        study.warn(cls, found.warnings)
        return section
