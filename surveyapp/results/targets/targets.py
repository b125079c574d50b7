"""Targets of journeys: read for many journeys at once, and put beside the figures that they are for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from surveyapp.results.targets.standing import MetricTarget, gap
from surveyapp.results.view_models import Figure, JourneyOverview
from surveyapp.store.models import EVERYBODY, Journey, Target

Places = Mapping[tuple[str, str], MetricTarget]  # by place and metric


def targets_of(
    session: Session, journey_ids: Collection[int]
) -> dict[int, tuple[MetricTarget, ...]]:
    """The targets of these journeys by journey, in one query; of all customers first."""
    found: dict[int, list[MetricTarget]] = {journey: [] for journey in journey_ids}
    query = (
        select(Target)
        .options(joinedload(Target.owner))
        .where(Target.journey_id.in_(found))
        .order_by(Target.segment_id, Target.place, Target.metric)
    )
    for row in session.scalars(query):
        found[row.journey_id].append(metric_target(row))
    return {journey: tuple(targets) for journey, targets in found.items()}


def metric_target(row: Target) -> MetricTarget:
    """What a row says, with its owner's name."""
    return MetricTarget(
        id=row.id,
        place=row.place,
        segment_id=row.segment_id,
        metric=row.metric,
        value=row.value,
        due=row.due,
        owner_id=row.owner_id,
        owner=row.owner.name if row.owner else "",
    )


def of_segment(targets: Sequence[MetricTarget], segment_id: int = EVERYBODY) -> Places:
    """The targets of one segment by place and metric."""
    return {(each.place, each.metric): each for each in targets if each.segment_id == segment_id}


def beside_target(figure: Figure, place: str, targets: Places) -> Figure:
    """The figure with how it stands against its target, where it has one, and so with weights."""
    target = targets.get((place, figure.definition.scale))
    if target is None:
        return figure
    found = gap(target, figure.estimate, figure.low, figure.high)
    own = figure.weighted.figure if figure.weighted else None
    if own is not None:
        found = replace(found, weighted=gap(target, own.estimate, own.low, own.high))
    return replace(figure, target=found)


def with_targets(overview: JourneyOverview, targets: Places) -> JourneyOverview:
    """The overview with every figure beside its target."""

    def beside(figures: Sequence[Figure], place: str) -> tuple[Figure, ...]:
        return tuple(beside_target(figure, place, targets) for figure in figures)

    if not targets:
        return overview
    return replace(
        overview,
        targets=tuple(targets.values()),
        end=beside(overview.end, ""),
        stages=tuple(
            replace(
                stage,
                figures=beside(stage.figures, stage.code),
                touchpoints=tuple(
                    replace(point, figures=beside(point.figures, place_of(stage.code, point.code)))
                    for point in stage.touchpoints
                ),
            )
            for stage in overview.stages
        ),
    )


def place_of(stage: str, touchpoint: str = "") -> str:
    """A target's place, from the codes of a stage and a touchpoint."""
    return f"{stage}/{touchpoint}" if touchpoint else stage


def place_names(journey: Journey) -> dict[str, str]:
    """What each place of a journey is called, the journey as a whole first."""
    names = {"": "Journey as a whole"}
    for stage in journey.stages:
        names[stage.code] = stage.name
        for point in stage.touchpoints:
            names[place_of(stage.code, point.code)] = f"{stage.name}, {point.name}"
    return names
