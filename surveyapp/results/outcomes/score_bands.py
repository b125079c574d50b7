"""The bands into which customers are divided by a score: those of its metric, or thirds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.errors import AnalysisError
from analysis.outcome_bands import band_of, thirds
from instruments.schema import Metric
from surveyapp.results.definitions import Scored
from surveyapp.results.outcomes.rows import Customer


@dataclass(frozen=True)
class Bands:
    """A scale divided: its name and its bands from the lowest up."""

    scale: str
    label: str
    names: tuple[str, ...]
    limits: tuple[float, ...]

    def coarser(self) -> tuple[Bands, ...]:
        """These bands, then, of three, those in which two are taken together."""
        if len(self.names) != 3:
            return (self,)
        first, second, third = self.names
        return (
            self,
            replace(self, names=(first, f"{second}; {third}"), limits=self.limits[:1]),
            replace(self, names=(f"{first}; {second}", third), limits=self.limits[1:]),
        )

    def of(self, customer: Customer) -> int | None:
        """The customer's band; None without a score."""
        score = customer.scores.get(self.scale)
        return None if score is None else band_of(score, self.limits)


def bands_of(scored: Scored, answered: Sequence[Customer]) -> Bands | None:
    """The bands of a scale: those of its metric, or thirds of these customers; None where there are none."""
    scale, definition = scored.scale.id, scored.definition
    low, high = definition.answers
    if definition.metric is Metric.NPS:
        names = ("Detractors (0 to 6)", "Passives (7 and 8)", "Promoters (9 and 10)")
        return Bands(scale, definition.short, names, (7.0, 9.0))
    if definition.metric is Metric.CSAT:
        top = high - 1
        boxes = (f"{low} to {top - 1}", f"{top} and {high}")
        return Bands(scale, definition.short, boxes, (float(top),))
    if definition.metric is not Metric.INDEX:
        return None
    scores = [each.scores[scale] for each in answered if scale in each.scores]
    if len(scores) < 3:
        return None
    try:
        lower, upper = thirds(scores)
    except AnalysisError:
        return None
    names = (
        f"Low (below {lower:.2f})",
        f"Middle ({lower:.2f} to below {upper:.2f})",
        f"High (from {upper:.2f})",
    )
    return Bands(scale, definition.short, names, (lower, upper))
