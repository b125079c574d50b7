"""Counting a journey's responses by the days of another time zone, a batch in a transaction.

The new rollups are made beside those that pages read, as another generation. ``Journey.counted_to``
says how far it has got, as ``Segment.sorted_to`` does for a segment (see ``sorting``): whoever stores,
corrects or erases a response counts it in the new generation only when it has been reached. The last
batch makes the new generation the one that is read, in one row; then the old one is deleted.

A batch is read and tallied before its transaction, as ``sorting`` does it, and is as large as keeps each
transaction below ``HOLDING_SECONDS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from time import monotonic

from sqlalchemy import delete, func, select, text, tuple_
from sqlalchemy.orm import Session

from surveyapp.journeys.calendar import calendar_of
from surveyapp.responses import rollups
from surveyapp.responses.monthly_rollups import MONTHLY_ROLLUPS
from surveyapp.responses.recounting_pages import Page, read_page
from surveyapp.responses.rollups import ROLLUPS
from surveyapp.responses.tally import KEY, MONTH_KEY, RESPONSES, Tally
from surveyapp.store.db import Store
from surveyapp.store.models import EVERYBODY, NOTHING_SORTED, Journey, MonthlyRollup, SurveyRow
from surveyapp.store.pace import Pace

Progress = Callable[[int, str], None]  # percent, step

BATCH = 1000  # responses, or rollups to delete, in one transaction at most
_TABLES = ((ROLLUPS, KEY), (MONTHLY_ROLLUPS, MONTH_KEY))


@dataclass(frozen=True)
class CountingStep:
    """What one transaction did: how many responses it counted, and whether nothing is left to do; and since
    when, by the clock of ``monotonic``, others could not write.
    """

    responses: int
    complete: bool
    since: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class Prepared:
    """A page as it was read, and what the next generation lacks of it."""

    page: Page
    tally: Tally


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
        expected = _answers(session, journey_id)
    done, pace = 0, Pace(BATCH)
    while True:
        with store.reading(may_use_replica=False) as session:
            prepared = _prepare(session, journey_id, pace.size)
        with store.writing() as session:
            step = recount_batch(session, journey_id, prepared, size=pace.size, now=now())
        pace.took(monotonic() - step.since)
        done += step.responses
        if step.complete:
            return done
        if progress is not None:
            progress(min(99, 100 * done // max(1, expected)), f"{done:,} responses counted")
        pause(store)


def _answers(session: Session, journey_id: int) -> int:
    """How many responses the journey's rollups count now."""
    inside = select(SurveyRow.id).where(SurveyRow.journey_id == journey_id)
    shown = select(Journey.generation).where(Journey.id == journey_id).scalar_subquery()
    counted = (MonthlyRollup.segment_id == EVERYBODY, MonthlyRollup.scale == RESPONSES)
    query = select(func.sum(MonthlyRollup.n)).where(
        MonthlyRollup.survey_id.in_(inside), MonthlyRollup.generation == shown, *counted
    )
    return int(session.scalar(query) or 0)


def _prepare(session: Session, journey_id: int, size: int) -> Prepared | None:
    journey = session.get(Journey, journey_id)
    if journey is None or journey.counted_to is None:
        return None
    page = read_page(session, journey_id, journey.counted_to, size)
    return Prepared(page, page.tally())


def recount_batch(
    session: Session,
    journey_id: int,
    prepared: Prepared | None = None,
    *,
    size: int | None = None,
    now: datetime,
) -> CountingStep:
    """Count the next responses, ``size`` or BATCH of them, by the journey's next zone, in the caller's
    transaction, which must be one that writes; without one, delete what other generations left. What was
    ``prepared`` counts if nothing has changed since.
    """
    connection, size = session.connection(), size or BATCH
    if connection.dialect.name == "postgresql":
        # Waits for whoever is storing responses, who may have read how far the counting had got.
        connection.execute(text("LOCK TABLE rollups IN EXCLUSIVE MODE"))
    since = monotonic()
    journey = session.get(Journey, journey_id, with_for_update=True, populate_existing=True)
    if journey is None:
        return CountingStep(0, complete=True, since=since)
    if journey.next_zone is None or journey.counted_to is None:
        deleted = _delete_others(session, journey, size)
        return CountingStep(0, complete=deleted < size, since=since)
    if journey.counted_to == NOTHING_SORTED and _delete_others(session, journey, size) >= size:
        return CountingStep(0, complete=False, since=since)
    page = read_page(session, journey_id, journey.counted_to, size)
    is_as_read = prepared is not None and prepared.page == page
    rollups.increase(connection, prepared.tally if prepared and is_as_read else page.tally())
    if page.last is None:
        _show_next(journey, now)
    else:
        journey.counted_to = page.last
    return CountingStep(len(page.rows), complete=False, since=since)


def _show_next(journey: Journey, now: datetime) -> None:
    """Let pages read the new generation. A day that programs may have been given stays over."""
    if journey.next_zone not in {None, journey.zone}:
        today = calendar_of(journey).day(now)
        journey.first_day = max(journey.first_day or date.min, today)
        journey.zone = journey.next_zone or journey.zone
    journey.generation += 1
    journey.next_zone = journey.counted_to = None


def _delete_others(session: Session, journey: Journey, most: int) -> int:
    """Delete rollups by day and by month that no page reads; how many, at most ``most``."""
    deleted = 0
    own = select(SurveyRow.id).where(SurveyRow.journey_id == journey.id)
    for survey_id in session.scalars(own.order_by(SurveyRow.id)).all():
        for table, names in _TABLES:
            own_key, shown = [table.c[name] for name in names], journey.generation
            for other in (table.c.generation < shown, table.c.generation > shown):
                here = select(*own_key).where(table.c.survey_id == survey_id, other)
                some = tuple_(*own_key).in_(here.limit(most - deleted))
                gone = session.execute(delete(table).where(some).returning(table.c.facet))
                deleted += len(gone.all())
                if deleted >= most:
                    return deleted
    return deleted
