"""What the bar over a result page shows: what can be chosen, and what is chosen as chips to take away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from surveyapp.i18n.languages import own_name
from surveyapp.journeys import queries
from surveyapp.journeys.population_shares import population_shares
from surveyapp.responses.facets import CHANNEL_NAMES
from surveyapp.results import cells, phrases
from surveyapp.results.scope import Comparison, Scope
from surveyapp.results.view_models import Margin
from surveyapp.results.weights.weighting import margins_of, why_not_weighted
from surveyapp.store.models import Segment
from surveyapp.surveys.queries import surveys_of

_COMPARED = {
    Comparison.YEAR: "Compared with the same period last year",
    Comparison.NONE: "Not compared",
}


@dataclass(frozen=True)
class Chip:
    """One choice that differs from the default, and the scope without it."""

    text: str
    without: Scope


@dataclass(frozen=True)
class ScopeBar:
    """``channels`` and ``languages`` are (value, name) of those that somebody answered by;
    ``any_flagged``: some answers are flagged; ``any_shares``: population shares are known to weight by.
    ``margins`` are these shares where weights are asked for, ``not_weighted`` says why no score can have any.
    """

    scope: Scope
    segments: Sequence[Segment]
    channels: Sequence[tuple[str, str]]
    languages: Sequence[tuple[str, str]]
    any_flagged: bool
    any_shares: bool
    margins: Sequence[Margin] = ()
    not_weighted: str = ""

    @property
    def chips(self) -> list[Chip]:
        """What is chosen, in the order of the bar's fields."""
        scope = self.scope
        names = {segment.id: segment.name for segment in self.segments}
        said = {
            "segment": names.get(scope.segment_id, ""),
            "period": "" if scope.is_default else phrases.period(scope.period) or "All time",
            "compare": _COMPARED.get(scope.comparison, ""),
            "channel": CHANNEL_NAMES.get(scope.channel, ""),
            "language": own_name(scope.language) if scope.language else "",
            "flagged": "With flagged answers" if scope.flagged else "",
            "weighted": "Weighted by population shares" if scope.weighted else "",
        }
        return [Chip(text, scope.without(name)) for name, text in said.items() if text]


def scope_bar(session: Session, scope: Scope) -> ScopeBar:
    """The bar of a journey's page."""
    surveys = [survey.id for survey in surveys_of(session, scope.journey_id)]
    known = cells.facets(session, surveys)
    channels = {facet.channel for facet in known} | {scope.channel}
    languages = {facet.language for facet in known} | {scope.language}
    return ScopeBar(
        scope,
        queries.segments(session),
        [(each, name) for each, name in CHANNEL_NAMES.items() if each in channels],
        [(each, own_name(each)) for each in sorted(languages) if each],
        scope.flagged or any(facet.flagged for facet in known),
        scope.weighted or bool(population_shares(session, scope.journey_id)),
        margins_of(session, scope.journey_id) if scope.weighted else (),
        why_not_weighted(session, scope) if scope.weighted else "",
    )
