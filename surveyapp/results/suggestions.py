"""What the numbers of a journey suggest doing, each with its reason.

Every number is one of a page that has it too, by the same rules: what is hidden there is no reason here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from analysis.compare import difference, holm
from analysis.metrics import share
from instruments.loader import Library
from surveyapp.errors import NotReady
from surveyapp.journeys.personas import personas_of
from surveyapp.journeys.suggestions import SuggestionKind, key_of, title_of
from surveyapp.results import phrases
from surveyapp.results.drivers.priority_map import Point, PriorityMap
from surveyapp.results.figures import LEVEL
from surveyapp.results.funnels.journey_funnel import JourneyFunnel, Repeated
from surveyapp.results.maps import emotion_phrases
from surveyapp.results.maps.emotion_line import EmotionLine, Mismatch
from surveyapp.results.maps.persona_scores import persona_scores
from surveyapp.results.scope import Scope
from surveyapp.store.models import Journey, Touchpoint
from surveyapp.surveys.plan import PlannedSurvey

MOST_PERSONAS = 10  # whose segments are looked at: a second at most

_LEVELS = {2: "very good", 1: "good", -1: "bad", -2: "very bad"}


@dataclass(frozen=True)
class Numbers:
    """What a reason rests on, for programs; the unit stands in ``of``."""

    of: str
    n: int | None
    estimate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Suggestion:
    """One sentence of what to do, and one of why.

    ``place_id`` is a touchpoint; for a persona it is None and ``persona_id`` is set. ``asks`` are the
    questionnaires of a survey that is missing. ``numbers`` is None where nothing was measured.
    """

    kind: SuggestionKind
    key: str
    title: str
    reason: str
    place_id: int | None = None
    persona_id: int | None = None
    asks: tuple[str, ...] = ()
    numbers: Numbers | None = field(default=None)


def moments_of_truth(
    session: Session,
    journey: Journey,
    maps: Sequence[PriorityMap],
    places: Mapping[str, int],
) -> Iterator[Suggestion]:
    """Touchpoints that are no moments of truth and whose part of the outcome's variance lies above the
    touchpoints' average with its whole interval. ``places``: the touchpoint of each score's key.
    """
    points = {point.id: point for stage in journey.stages for point in stage.touchpoints}
    seen: set[int] = set()
    for found in (each for each in maps if each.kind == "touchpoints" and each.found):
        for each in found.ordered:
            place = points.get(places.get(each.key, 0))
            if place is None or place.moment_of_truth or place.id in seen:
                continue
            if found.sides(each)[0] == "high":
                seen.add(place.id)
                yield _truth(session, journey, found, each, place)


def _truth(
    session: Session, journey: Journey, found: PriorityMap, each: Point, place: Touchpoint
) -> Suggestion:
    part = each.importance
    said = (
        f"{phrases.number(part.estimate or 0)}% (95% CI {phrases.number(part.low or 0)} to"
        f" {phrases.number(part.high or 0)}, effective n = {phrases.number(part.n or 0)}) of the variance"
        f" in {found.outcome.short} goes with {phrases.named(each.label)}; the average of the"
        f" {len(found.points)} touchpoints is {phrases.number(found.lines[0])}%."
    )
    if found.leader == each.label:
        said += " No other touchpoint has as large a part: it differs significantly from each."
    key = key_of(SuggestionKind.TRUTH, place.id)
    return Suggestion(
        SuggestionKind.TRUTH,
        key,
        title_of(session, journey, key),
        said,
        place.id,
        numbers=Numbers("percent of variance", part.n, part.estimate, part.low, part.high),
    )


def missing_surveys(
    session: Session, journey: Journey, plan: Sequence[PlannedSurvey]
) -> Iterator[Suggestion]:
    """Touchpoints for which the survey plan suggests questionnaires and that have no survey."""
    for each in plan:
        if each.touchpoint is None or not each.is_open:
            continue
        key = key_of(SuggestionKind.SURVEY, each.touchpoint.id)
        yield Suggestion(
            SuggestionKind.SURVEY,
            key,
            title_of(session, journey, key),
            f"No survey asks about it. {each.reason}",
            each.touchpoint.id,
            asks=each.asks,
        )


def wrong_feelings(session: Session, journey: Journey, line: EmotionLine) -> Iterator[Suggestion]:
    """Touchpoints at which the map assumes another feeling than customers' answers show."""
    for each in line.mismatches:
        kind = SuggestionKind.WORSE if each.mismatch is Mismatch.WORSE else SuggestionKind.BETTER
        key = key_of(kind, each.place_id)
        whose = " for the whole stage" if each.assumed_for_stage else ""
        score = line.definition.short if line.definition else ""
        yield Suggestion(
            kind,
            key,
            title_of(session, journey, key),
            f"The map assumes{whose}: {emotion_phrases.assumed(each.assumed)}. Measured by {score}:"
            f" {emotion_phrases.measured(each)}; the whole interval lies"
            " more than half a point away from what is assumed.",
            each.place_id,
            numbers=Numbers("feeling from -2 to 2", each.n, each.estimate, each.low, each.high),
        )


def wrong_personas(
    session: Session, journey: Journey, scope: Scope, *, minimum_cell: int, library: Library
) -> tuple[list[Suggestion], str]:
    """Stages at which a segment's answers contradict how its persona is assumed to feel; then what was
    not looked at, empty for nothing.
    """
    linked = [each for each in personas_of(session, journey.id) if each.segment_id is not None]
    found: list[Suggestion] = []
    left = [each.title for each in linked[MOST_PERSONAS:]]
    for persona in linked[:MOST_PERSONAS]:
        try:
            scores = persona_scores(
                session,
                persona,
                replace(scope, segment_id=0),
                minimum_cell=minimum_cell,
                library=library,
            )
        except NotReady:  # its responses are being sorted into the segment
            left.append(persona.title)
            continue
        for stage in scores.stages:
            if not stage.contradicted or stage.measured is None or stage.assumed is None:
                continue
            key = key_of(SuggestionKind.PERSONA, persona.id, stage.stage_id)
            measured = stage.measured
            found.append(
                Suggestion(
                    SuggestionKind.PERSONA,
                    key,
                    title_of(session, journey, key),
                    f"Assumed: {_LEVELS[stage.assumed]}. The persona's segment answers:"
                    f" {phrases.named(stage.stage)}, {measured.definition.short}"
                    f" {phrases.value(measured)}, {phrases.basis(measured)}; the whole interval lies on"
                    " the other side of the middle of the score's range.",
                    persona_id=persona.id,
                    numbers=Numbers(
                        measured.definition.short,
                        measured.n,
                        measured.estimate,
                        measured.low,
                        measured.high,
                    ),
                )
            )
    said = f"Not looked at: {', '.join(phrases.named(each) for each in left)}." if left else ""
    return found, said


def repeated_contacts(
    session: Session, journey: Journey, funnel: JourneyFunnel
) -> Iterator[Suggestion]:
    """Touchpoints that significantly more customers contact again than the other touchpoints together.

    Shares of those that are shown are compared by the pooled z test with Holm's correction. Customers
    who were at several touchpoints count at each: where the same ones come again everywhere, the test
    finds fewer differences than there are, not more.
    """
    shown = [each for each in funnel.repeated if each.share is not None]
    if len(shown) < 2:
        return
    tested = []
    for each in shown:
        rest = [other for other in shown if other is not each]
        others = share(
            sum(other.again or 0 for other in rest), sum(other.customers or 0 for other in rest)
        )
        one = share(each.again or 0, each.customers or 0)
        tested.append((each, others.estimate, difference(one, others)))
    corrected = holm([found.p for _, _, found in tested])
    for (each, others_share, found), p in zip(tested, corrected, strict=True):
        if p < LEVEL and found.low > 0:
            yield _again(session, journey, funnel.days, each, others_share, p)


def _again(
    session: Session, journey: Journey, days: int, each: Repeated, others: float, p: float
) -> Suggestion:
    key = key_of(SuggestionKind.AGAIN, each.touchpoint_id)
    rate = each.share
    ends = (rate.estimate, rate.low, rate.high) if rate else (0.0, 0.0, 0.0)
    percent, low, high = (phrases.number(end) for end in ends)
    return Suggestion(
        SuggestionKind.AGAIN,
        key,
        title_of(session, journey, key),
        f"{percent}% of the customers who were there (95% CI {low} to {high},"
        f" n = {phrases.number(each.customers or 0)}) came again within {days} days; at the other"
        f" touchpoints together {phrases.number(others)}%"
        f" ({_p_said(p)} after Holm's correction).",
        each.touchpoint_id,
        numbers=Numbers("percent who came again", each.customers, *ends),
    )


def _p_said(p: float) -> str:
    said = phrases.pvalue(p)
    return f"p {said}" if said[:1] in ("<", ">") else f"p = {said}"
