"""The metrics that a target can be set for, by the places where they are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from instruments.schema import Metric
from surveyapp.i18n.words import msg
from surveyapp.results.journey import Ground
from surveyapp.results.targets.targets import place_of
from surveyapp.results.view_models import Definition, Unit
from surveyapp.store.models import RESPONSE_RATE

RATE = Definition(
    scale=RESPONSE_RATE,
    instrument="",
    metric=Metric.SHARE,
    label=msg("Response rate"),
    short="Response rate",
    unit=Unit.PERCENT,
    axis=(0.0, 100.0),
    text="Share of sent invitations that were answered.",
    interval="Wilson score interval, 95%",
)


def metrics_by_place(base: Ground) -> Mapping[str, tuple[Definition, ...]]:
    """What targets can be set for: the metrics asked at each place, the journey as a whole first.

    A stage has those of its touchpoints; a response rate has every place with a survey, and the
    journey where it has any.
    """
    found = {"": _asked(base, [None])}
    for stage in base.journey.stages:
        found[place_of(stage.code)] = _asked(base, [point.id for point in stage.touchpoints])
        for point in stage.touchpoints:
            found[place_of(stage.code, point.code)] = _asked(base, [point.id])
    if base.surveys and not found[""]:
        found[""] = (RATE,)
    return {place: metrics for place, metrics in found.items() if metrics}


def _asked(base: Ground, places: Iterable[int | None]) -> tuple[Definition, ...]:
    by_scale = {
        scale: scored.definition
        for place in places
        for scale, scored in base.scored.get(place, {}).items()
    }
    return (*by_scale.values(), RATE) if by_scale else ()
