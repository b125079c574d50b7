"""What to ask where in a journey: a plan of surveys, and drafts made from it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.errors import NotFound
from surveyapp.journeys.codes import code_from
from surveyapp.journeys.journey_templates import JourneyTemplate, journey_templates
from surveyapp.store.models import Journey, SurveyRow, Touchpoint
from surveyapp.surveys.actions import create_survey

JOURNEY_END = "end"
_SELF_SERVICE = frozenset(
    {"app", "chat", "chatbot", "kiosk", "online", "portal", "web", "webshop", "website"}
)


@dataclass(frozen=True)
class PlannedSurvey:
    """One place of a journey: the questionnaires suggested there, why, and the surveys it has.

    ``touchpoint`` is None for the journey's end; ``asks`` is empty where nothing is suggested.
    """

    touchpoint: Touchpoint | None
    asks: tuple[str, ...]
    reason: str
    surveys: tuple[SurveyRow, ...]

    @property
    def place(self) -> str:
        """What forms call the place."""
        return JOURNEY_END if self.touchpoint is None else str(self.touchpoint.id)

    @property
    def is_open(self) -> bool:
        """Whether something is suggested and no survey is there yet."""
        return bool(self.asks) and not self.surveys


def survey_plan(journey: Journey) -> tuple[PlannedSurvey, ...]:
    """Every touchpoint in the order of the map, then the journey's end.

    A touchpoint that the journey's template drew has the template's questionnaires, any other one what
    a rule of thumb says: satisfaction at moments of truth, effort where customers serve themselves.
    """
    template = journey_templates().get(journey.template)
    drawn = _drawn(template)
    plan = [
        _planned(journey, point, drawn.get((stage.code, point.code)))
        for stage in journey.stages
        for point in stage.touchpoints
    ]
    ends = tuple(each for each in journey.surveys if each.touchpoint_id is None)
    asks = template.end if template else ("sjq", "nps")
    why = "Asked once, when the journey is over: how well its touchpoints work together."
    return (*plan, PlannedSurvey(None, asks, why, ends))


def draft_planned(
    session: Session,
    journey: Journey,
    places: Collection[str],
    *,
    user_id: int | None,
    library: Library,
) -> Sequence[SurveyRow]:
    """A draft at each of these places of the plan; none where a survey is there already, so that the
    same form sent twice makes them once. Raises NotFound for a place that suggests nothing.
    """
    plan = {each.place: each for each in survey_plan(journey)}
    wrong = [each for each in places if each not in plan or not plan[each].asks]
    if wrong:
        raise NotFound(f"The survey plan suggests nothing at the place {wrong[0][:20]!r}.")
    return [
        create_survey(
            session,
            journey,
            name=_name(journey, each),
            touchpoint=each.touchpoint,
            asks=[{"instrument": code, "key": None} for code in each.asks],
            state="draft",
            user_id=user_id,
            library=library,
        )
        for place, each in plan.items()
        if place in places and each.is_open
    ]


def _planned(journey: Journey, point: Touchpoint, drawn: tuple[str, ...] | None) -> PlannedSurvey:
    asks, reason = _advice(point) if drawn is None else (drawn, _drawn_reason(point, drawn))
    there = tuple(each for each in journey.surveys if each.touchpoint_id == point.id)
    return PlannedSurvey(point, asks, reason, there)


def _advice(point: Touchpoint) -> tuple[tuple[str, ...], str]:
    if point.ownership in ("customer", "social"):
        return (), "Not run by you or a partner: the answer would be about something else."
    if point.moment_of_truth:
        return ("csat",), "A moment of truth: ask how satisfied customers are."
    if point.channel.strip().casefold() in _SELF_SERVICE:
        return ("ces",), "Customers serve themselves: ask how easy it was."
    return (), "Can do without a survey: every question asked here is one less elsewhere."


def _drawn_reason(point: Touchpoint, asks: tuple[str, ...]) -> str:
    if asks:
        truth = "A moment of truth. " if point.moment_of_truth else ""
        return f"{truth}Suggested by the template."
    return _advice(point)[1] if not point.moment_of_truth else "The template suggests no survey."


def _drawn(template: JourneyTemplate | None) -> dict[tuple[str, str], tuple[str, ...]]:
    """What the template asks, by the codes that its stages and touchpoints got."""
    return {} if template is None else dict(_coded(template))


def _coded(template: JourneyTemplate) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    stages: set[str] = set()
    for stage in template.stages:
        code = code_from(stage.name, stages, fallback="stage")
        stages.add(code)
        points: set[str] = set()
        for point in stage.touchpoints:
            own = code_from(point.name, points, fallback="touchpoint")
            points.add(own)
            yield (code, own), point.ask


def _name(journey: Journey, planned: PlannedSurvey) -> str:
    if planned.touchpoint is None:
        return f"{journey.name}: journey end"[:200]
    return f"{journey.name}: {planned.touchpoint.name}"[:200]
