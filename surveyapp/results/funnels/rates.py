"""Response counts and rates by survey, from rollups and invitation states; of a segment from events."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from analysis.metrics import share
from instruments.loader import Library
from surveyapp.journeys.calendar import calendar_of
from surveyapp.results import cells
from surveyapp.results.cells import RESPONSES
from surveyapp.results.facets import UNFLAGGED, WITH_FLAGGED
from surveyapp.results.funnels.invitation_months import counted_now, kept_counts
from surveyapp.results.funnels.invitations_made import invitations
from surveyapp.results.journey import Ground, Place, ground, hidden_cells
from surveyapp.results.scope import Period, Scope
from surveyapp.results.suppression.monthly_counts import counts_in, hidden_in
from surveyapp.results.suppression.overlaps import overlaps
from surveyapp.results.suppression.publication import publication
from surveyapp.results.view_models import Hidden, ResponseRate, SegmentRate
from surveyapp.store.db import read_once
from surveyapp.store.models import EVERYBODY
from surveyapp.surveys.survey import Survey

_NOBODY = (0, None, None)


def response_rates(
    session: Session,
    scope: Scope,
    *,
    minimum_cell: int = 1,
    library: Library,
    survey_id: int | None = None,
) -> tuple[ResponseRate, ...]:
    """What was sent and what came back, in the journey's order, its end last. Raises NotFound.

    ``survey_id``: of this survey alone, so that no other's invitations are counted.

    Of all customers, whatever segment the scope is of: most invitations do not say to which segment their customer belongs. A period
    counts answers given in it, and invitations made in it whenever they were answered. Beside scores
    give ``minimum_cell``; without it nothing is hidden, for those who run the surveys.
    """
    base = ground(session, scope.journey_id, library=library)
    asked = [each for each in base.surveys if survey_id in (None, each.id)]
    ids, when = [each.id for each in asked], scope.period
    # Those who run the surveys are told of every answer, flagged ones included.
    facets = UNFLAGGED if minimum_cell > 1 else WITH_FLAGGED
    found = cells.days(session, ids, [EVERYBODY], since=when.since, until=when.until, facets=facets)
    answered = found[EVERYBODY]
    invited = invitations(session, ids, when, calendar_of(base.journey))
    hidden = read_once(
        session,
        ("hidden rates", base.journey.id, when, minimum_cell),
        lambda: _hidden(session, base, when, minimum=minimum_cell),
    )
    return tuple(
        _rate(
            base,
            survey,
            answered.get(survey.id, _NOBODY),
            invited.get(survey.id, {}),
            hidden.get(survey.touchpoint_id, Hidden.NO),
        )
        for survey in sorted(asked, key=lambda d: _order(base, d))
    )


def segment_rate(
    session: Session,
    scope: Scope,
    *,
    minimum_cell: int = 5,
    library: Library,
) -> SegmentRate | None:
    """The response rate of the scope's segment, None where it is not known. Raises NotFound.

    Known when every invitation of the journey follows an event: those made for a list keep what is
    known of a customer in their links. A period counts decisions made in it, and is hidden where its
    edges would cut off a small group of those invited or of those who answered. Of a large journey it
    waits until a worker has counted.
    """
    base, segment_id = ground(session, scope.journey_id, library=library), scope.segment_id
    base.segment(segment_id)
    when = scope.period
    counted = read_once(
        session,
        ("invitations by month", base.journey.id, when),
        lambda: kept_counts(session, base) or counted_now(session, base, when),
    )
    if counted is None:
        return SegmentRate(None, None, None, None, None, is_waiting=True)
    if not counted.is_known:
        return None
    sent, answered = counted.in_months(when)
    # A sum over places gives away the number at the only one where it is hidden.
    reasons = [
        by_segment.get(segment_id, Hidden.NO)
        for by_segment in hidden_cells(
            session,
            base,
            when,
            [segment_id],
            minimum=minimum_cell,
            scales=[RESPONSES],
        ).values()
    ]
    reasons += [
        hidden_in(counts, base.lying, when, segment_id, minimum=minimum_cell)
        for counts in (sent, answered)
    ]
    hidden = next((reason for reason in reasons if reason), Hidden.NO)
    if hidden:
        return SegmentRate(None, None, None, None, None, hidden)
    n, of = (counts_in(each, when)[segment_id] for each in (answered, sent))
    if not of:
        return SegmentRate(0, 0, None, None, None)
    rate = share(n, of)
    return SegmentRate(of, n, rate.estimate, rate.low, rate.high)


def _hidden(
    session: Session,
    base: Ground,
    when: Period,
    *,
    minimum: int,
) -> dict[Place, Hidden]:
    """Where numbers of answers may not be shown: where a place's may not, and where those of one of
    several surveys at a place may not, as the place's number is shown elsewhere.
    """
    if minimum <= 1:
        return {}
    found = {
        place: reasons[EVERYBODY]
        for (place, _), reasons in hidden_cells(
            session, base, when, [EVERYBODY], minimum=minimum, scales=[RESPONSES]
        ).items()
    }
    counted = cells.counts(session, base.ids, segments=[EVERYBODY], scales=[RESPONSES])
    for (survey, _), by_segment in counted.items():
        own = {EVERYBODY: by_segment.get(EVERYBODY, {})}
        place = base.places[survey]
        told = publication(own, _EVERYBODY, minimum=minimum)
        found[place] = found.get(place) or told.why_hidden(EVERYBODY, *when.months)
    return found


_EVERYBODY = overlaps(())


def _order(base: Ground, survey: Survey) -> tuple[int, int]:
    touchpoints = [t.id for stage in base.journey.stages for t in stage.touchpoints]
    place = survey.touchpoint_id
    return (touchpoints.index(place) if place in touchpoints else len(touchpoints), survey.id)


def _rate(
    base: Ground,
    survey: Survey,
    answered: tuple[int, date | None, date | None],
    states: dict[str, int],
    hidden: Hidden,
) -> ResponseRate:
    completed = states.get("completed", 0)
    opened = states.get("opened", 0) + completed
    sent = states.get("created", 0) + opened
    rate = share(completed, sent) if sent and not hidden else None
    names = {
        touchpoint.id: (stage.name, touchpoint.name)
        for stage in base.journey.stages
        for touchpoint in stage.touchpoints
    }
    stage, touchpoint = names.get(survey.touchpoint_id or 0, (None, None))
    responses, first, last = answered
    return ResponseRate(
        survey_id=survey.id,
        code=survey.code,
        name=survey.name,
        stage=stage,
        touchpoint=touchpoint,
        responses=None if hidden else responses,
        sent=sent,
        opened=None if hidden else opened,
        completed=None if hidden else completed,
        not_sent=states.get("suppressed", 0),
        rate=rate.estimate if rate else None,
        low=rate.low if rate else None,
        high=rate.high if rate else None,
        first_day=None if hidden else first,
        last_day=None if hidden else last,
        hidden=hidden,
        touchpoint_id=survey.touchpoint_id,
    )
