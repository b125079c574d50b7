"""Which trends the explore page draws: those of one scale, at one place or at several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from surveyapp.errors import Invalid
from surveyapp.results.targets.targets import place_of
from surveyapp.results.view_models import Definition, Trend
from surveyapp.store.models import Journey

MOST = 7  # lines that colours tell apart
WHOLE, EVERY = "", "*"  # the journey's end, all touchpoints


@dataclass(frozen=True)
class Choice:
    value: str
    text: str


@dataclass(frozen=True)
class Explored:
    """What is drawn, and what else could be. ``left_out``: trends beyond those that fit in a drawing;
    ``asked``: whether the score is asked at the place at all.
    """

    scale: Definition | None
    place: str
    scales: tuple[Definition, ...]
    places: tuple[Choice, ...]
    drawn: tuple[Trend, ...]
    left_out: int = 0
    asked: bool = True

    @property
    def any_outside(self) -> bool:
        """Whether a month that is drawn lies outside its control limits."""
        return any(trend.outside(month) for trend in self.drawn for month in trend.months)


def explored(
    journey: Journey, trends: Sequence[Trend], *, scale: str = "", place: str | None = None
) -> Explored:
    """The trends of a scale (the first one where none is named) at a place: "" is the journey's end, "*"
    every touchpoint, "apply" a stage by its code, "apply/form" a touchpoint.

    Where no place is named it is the journey's end, or every touchpoint if that is not asked for the
    scale. Raises Invalid for a scale or place that there is not.
    """
    scales = tuple({each.definition.scale: each.definition for each in trends}.values())
    chosen = next((each for each in scales if scale in ("", each.scale)), None)
    if scale and chosen is None:
        raise Invalid(
            f"scale={scale[:40]} is not asked in this journey; choose one from the list.",
            field="scale",
        )
    places, within = _places(journey)
    if place is not None and place not in within:
        raise _unknown(place)
    own = [each for each in trends if chosen and each.definition.scale == chosen.scale]
    if place is None:
        place = WHOLE if any(each.touchpoint_id is None for each in own) else EVERY
    here = [each for each in own if each.touchpoint_id in within[place]]
    found = [each for each in here if len(each.months) > 1]
    return Explored(
        chosen, place, scales, places, tuple(found[:MOST]), len(found[MOST:]), bool(here)
    )


def place_asked(journey: Journey, place: str) -> tuple[str, tuple[Choice, ...]]:
    """The place that is asked for, and all that there are. Raises Invalid for one that there is not."""
    places, within = _places(journey)
    if place not in within:
        raise _unknown(place)
    return place, places


def _unknown(place: str) -> Invalid:
    return Invalid(
        f"place={place[:40]} is not in this journey; choose one from the list.", field="place"
    )


def _places(journey: Journey) -> tuple[tuple[Choice, ...], dict[str, set[int | None]]]:
    """What can be chosen, and which touchpoints each choice is."""
    choices = [Choice(WHOLE, "The journey as a whole"), Choice(EVERY, "Every touchpoint")]
    within: dict[str, set[int | None]] = {WHOLE: {None}, EVERY: set()}
    for stage in journey.stages:
        choices.append(Choice(stage.code, f"Stage: {stage.name}"))
        within[stage.code] = {point.id for point in stage.touchpoints}
        within[EVERY] |= within[stage.code]
        for point in stage.touchpoints:
            value = place_of(stage.code, point.code)
            choices.append(Choice(value, point.name))
            within[value] = {point.id}
    return tuple(choices), within
