"""Counting a journey's responses by the days of another time zone, a batch in a transaction.

The new rollups are made beside those that pages read, as another generation. ``Journey.counted_to``
says how far it has got, as ``Segment.sorted_to`` does for a segment (see ``sorting``): whoever stores,
corrects or erases a response counts it in the new generation only when it has been reached. The last
batch makes the new generation the one that is read, in one row; then the old one is deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, select, text, tuple_
from sqlalchemy.orm import Session

from surveyapp.journeys.calendar import calendar_of
from surveyapp.responses import rollups
from surveyapp.responses.counting import countings_of_surveys
from surveyapp.responses.monthly_rollups import MONTHLY_ROLLUPS
from surveyapp.responses.rollups import ROLLUPS
from surveyapp.responses.tally import KEY, MONTH_KEY, Tally
from surveyapp.store.db import Store
from surveyapp.store.models import NOTHING_SORTED, Journey, Response, SurveyRow

Progress = Callable[[int, str], None]  # percent, step

BATCH = 1000  # responses, or rollups to delete, in one transaction
_TABLES = ((ROLLUPS, KEY), (MONTHLY_ROLLUPS, MONTH_KEY))


@dataclass(frozen=True)
class CountingStep:
    """What one transaction did: how many responses it counted, and whether nothing is left to do."""

    responses: int
    complete: bool


def recount_journey(
    store: Store,
    journey_id: int,
    *,
    now: Callable[[], datetime],
    progress: Progress | None = None,
    pause: Callable[[Store], None] | None = None,
) -> int:
    """Count the responses that the journey's next generation still lacks; how many were counted.

    Customers who answer meanwhile wait for one batch at most: ``pause`` is called after each.
    """
    pause = pause or Store.give_way
    with store.reading() as session:
        inside = select(SurveyRow.id).where(SurveyRow.journey_id == journey_id)
        query = select(func.count(Response.id)).where(Response.survey_id.in_(inside))
        expected = session.scalar(query) or 0
    done = 0
    while True:
        with store.writing() as session:
            step = recount_batch(session, journey_id, now=now())
        done += step.responses
        if step.complete:
            return done
        if progress is not None:
            progress(min(99, 100 * done // max(1, expected)), f"{done:,} responses counted")
        pause(store)


def recount_batch(session: Session, journey_id: int, *, now: datetime) -> CountingStep:
    """Count the next responses by the journey's next zone, in the caller's transaction, which must be
    one that writes; without one, delete what other generations left.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        # Waits for whoever is storing responses, who may have read how far the counting had got.
        connection.execute(text("LOCK TABLE rollups IN EXCLUSIVE MODE"))
    journey = session.get(Journey, journey_id, with_for_update=True, populate_existing=True)
    if journey is None:
        return CountingStep(0, complete=True)
    if journey.next_zone is None or journey.counted_to is None:
        return CountingStep(0, complete=_delete_others(session, journey) < BATCH)
    if journey.counted_to == NOTHING_SORTED and _delete_others(session, journey) >= BATCH:
        return CountingStep(0, complete=False)
    page = rollups.page_after(connection, journey.counted_to, BATCH, journey_id=journey_id)
    if page:
        rules, known = rollups.segment_rules(connection), countings_of_surveys(connection)
        scores = rollups.scores_between(connection, page[0]["id"], page[-1]["id"])
        tally = Tally()
        for row in page:
            own = known[row["survey_id"]]
            day = own.counting.next_day(row["submitted_at"], anonymous=own.anonymous)
            rollups.count(tally, row, scores.get(row["id"], {}), rules, (day,))
        rollups.increase(connection, tally)
    if len(page) == BATCH:
        journey.counted_to = page[-1]["id"]
    else:
        _show_next(journey, now)
    return CountingStep(len(page), complete=False)


def _show_next(journey: Journey, now: datetime) -> None:
    """Let pages read the new generation. A day that programs may have been given stays over."""
    if journey.next_zone not in {None, journey.zone}:
        today = calendar_of(journey).day(now)
        journey.first_day = max(journey.first_day or date.min, today)
        journey.zone = journey.next_zone or journey.zone
    journey.generation += 1
    journey.next_zone = journey.counted_to = None


def _delete_others(session: Session, journey: Journey) -> int:
    """Delete rollups by day and by month that no page reads; how many, BATCH at most."""
    deleted = 0
    own = select(SurveyRow.id).where(SurveyRow.journey_id == journey.id)
    for survey_id in session.scalars(own.order_by(SurveyRow.id)).all():
        for table, names in _TABLES:
            own_key, shown = [table.c[name] for name in names], journey.generation
            for other in (table.c.generation < shown, table.c.generation > shown):
                here = select(*own_key).where(table.c.survey_id == survey_id, other)
                some = tuple_(*own_key).in_(here.limit(BATCH - deleted))
                gone = session.execute(delete(table).where(some).returning(table.c.facet))
                deleted += len(gone.all())
                if deleted >= BATCH:
                    return deleted
    return deleted
