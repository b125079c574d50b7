"""How many factors: parallel analysis and the minimum average partial."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from analysis.json_values import filled
from analysis.scale.conclusions import Conclusion
from analysis.scale.factor_count import (
    agreed_count,
    count_evidence,
    minimum_average_partial,
    parallel_analysis,
)
from analysis.scale.sections.sample import SampleSection
from analysis.scale.study import Number, Section, Sections, Study


@dataclass(frozen=True)
class Eigenvalues:
    """One entry an eigenvalue, descending; ``suggested``: how many exceed ``threshold``."""

    observed: tuple[Number, ...]
    random_mean: tuple[Number, ...]
    threshold: tuple[Number, ...]
    suggested: int


@dataclass(frozen=True)
class AveragePartials:
    """Average squared partial correlation after 0, 1, 2, ... components."""

    averages: tuple[Number, ...]
    suggested: int


@dataclass(frozen=True)
class FactorCountSection(Section, percent=12, title="number of factors", again=True):
    """Parallel analysis of components and of common factors; ``map``: minimum average partial.
    ``suggested``: the number that at least two of the three find, None where all differ;
    ``evidence``: what each finds."""

    n: int
    draws: int
    percentile: float
    seed: int
    components: Eigenvalues
    factors: Eigenvalues
    map: AveragePartials
    suggested: int | None = None
    evidence: str = ""

    @classmethod
    def compute(cls, study: Study) -> Self:
        found = parallel_analysis(
            study.moments(), draws=study.choices.draws, seed=study.choices.seed
        )
        partials = minimum_average_partial(study.moments())
        counts = (found.components.suggested, found.factors.suggested, partials.suggested)
        evidence = count_evidence(*counts)
        if len(set(counts)) > 1:
            study.warn(cls, [evidence])
        return filled(cls, found, map=partials, suggested=agreed_count(*counts), evidence=evidence)

    @property
    def agreed(self) -> int | None:
        """``suggested``, also of a document of an earlier version, which lacks it."""
        return agreed_count(self.components.suggested, self.factors.suggested, self.map.suggested)

    def conclude(self, found: Sections) -> Iterator[Conclusion]:
        yield self.against(
            "parallel_factors",
            self.agreed,
            "==",
            found[SampleSection].n_factors,
            "Horn 1965; Humphreys & Montanelli 1975; Velicer 1976",
        )
