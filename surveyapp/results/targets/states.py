"""Targets of a target state, which asks nobody: against what customers answer today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.journeys.queries import journey as journey_of
from surveyapp.journeys.target_journeys import TARGET
from surveyapp.results.dashboards import journey_overview
from surveyapp.results.journey import ground
from surveyapp.results.scope import Scope
from surveyapp.results.targets.metrics import metrics_by_place
from surveyapp.results.targets.targets import of_segment, place_names, targets_of, with_targets
from surveyapp.results.view_models import Definition, JourneyOverview
from surveyapp.store.models import RESPONSE_RATE, Journey


def today_of(journey: Journey) -> int | None:
    """The journey as it is today that a target state is the target of; None for any other."""
    return journey.target_of_id if journey.state == TARGET else None


def targetable(
    session: Session, journey: Journey, *, library: Library
) -> Mapping[str, tuple[Definition, ...]]:
    """What targets can be set for, by place: what is asked there.

    At a place of a target state it is what today's journey asks at the place of the same codes, and at a
    place that today's does not have, all that it asks anywhere: there is no score until somebody asks.
    """
    found = dict(metrics_by_place(ground(session, journey.id, library=library)))
    today = today_of(journey)
    if today is None:
        return found
    asked = metrics_by_place(ground(session, today, library=library))
    known = place_names(journey_of(session, today))
    anywhere = {each.scale: each for metrics in asked.values() for each in metrics}
    for place in place_names(journey):
        there = asked.get(place, ()) if place in known else tuple(anywhere.values())
        own = {each.scale: each for each in (*there, *found.get(place, ()))}
        own.pop(RESPONSE_RATE, None) if place not in known else None
        if own:
            found[place] = tuple(own.values())
    return {place: found[place] for place in place_names(journey) if place in found}


def today_beside(
    session: Session, scope: Scope, journey: Journey, rules: Mapping[str, Any]
) -> JourneyOverview:
    """Today's scores, in the scope of today's journey, beside the targets of its target state alone."""
    overview = journey_overview(session, scope, **rules)
    wanted = of_segment(targets_of(session, [journey.id])[journey.id], scope.segment_id)
    return with_targets(replace(overview, targets=()), wanted)


def new_places(journey: Journey, today: Journey) -> Mapping[str, str]:
    """What the places are called that a target state has and today's journey does not."""
    known = place_names(today)
    return {
        place: f"{name} (new in the target state)"
        for place, name in place_names(journey).items()
        if place not in known
    }


def definitions_at(
    metrics: Mapping[str, Sequence[Definition]],
) -> Mapping[tuple[str, str], Definition]:
    """The metrics by place and scale."""
    return {(place, each.scale): each for place, found in metrics.items() for each in found}
