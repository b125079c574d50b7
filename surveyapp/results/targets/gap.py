"""How far a journey is from its target state: maps compared, and targets against today's scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.journeys.map_comparison import MapComparison, compare_maps
from surveyapp.journeys.map_snapshots import snapshot_of
from surveyapp.journeys.queries import journey
from surveyapp.results import dashboards
from surveyapp.results.scope import Scope
from surveyapp.results.targets.rows import TargetRow, target_rows
from surveyapp.results.targets.states import definitions_at, new_places, targetable
from surveyapp.results.targets.targets import of_segment, targets_of, with_targets


@dataclass(frozen=True)
class TargetGap:
    """``maps`` is from today's map to the target's; ``rows`` are targets of all customers."""

    maps: MapComparison
    rows: tuple[TargetRow, ...]


def target_gap(
    session: Session, scope: Scope, target_id: int, rules: Mapping[str, Any]
) -> TargetGap:
    """The gap of the journey of the scope to the target state ``target_id``.

    Targets are those of the target state and, where it has none for a place and metric, today's own;
    each stands against what customers answer today. Places are the same by their codes.
    """
    current = snapshot_of(session, scope.journey_id)
    maps = compare_maps(current, snapshot_of(session, target_id), same_journey=False)
    overview = dashboards.journey_overview(session, scope, **rules)
    both = targets_of(session, [scope.journey_id, target_id])
    wanted = {**of_segment(both[scope.journey_id]), **of_segment(both[target_id])}
    rates = dashboards.response_rates(session, scope, **rules)
    target, today = journey(session, target_id), journey(session, scope.journey_id)
    rows = target_rows(
        with_targets(replace(overview, targets=()), wanted),
        rates,
        names=new_places(target, today),
        definitions=definitions_at(targetable(session, target, library=rules["library"])),
    )
    return TargetGap(maps, rows)
