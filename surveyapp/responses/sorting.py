"""Sorting the stored responses into a segment whose rule is new, a batch in a transaction.

``Segment.sorted_to`` says how far it has got: responses up to that id are in the segment's rollups,
the others are not. A batch moves it on in the transaction that counts its responses, and whoever
stores, corrects or erases a response reads it in theirs and counts the response in the segment only
when it has been reached. So the rollups hold exactly the responses that have been reached, at every
moment and in whatever order ids come; a killed worker's successor goes on where it stopped, and two
workers on one segment share the work. A changed rule sets ``sorted_to`` back to NOTHING_SORTED: the
rollups of the earlier rule are deleted first, in batches too.

Segments that are sorted equally far are sorted together: ten that are saved one after the other cost
little more than two. A batch is read and tallied before its transaction, which only looks whether all is
as it was read; so customers wait for little more than its writes. Batches are as large as keeps
each transaction below ``HOLDING_SECONDS``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from sqlalchemy import delete, exists, func, select, text, tuple_
from sqlalchemy.orm import Session

from surveyapp.responses import rollups
from surveyapp.responses.monthly_rollups import MONTHLY_ROLLUPS
from surveyapp.responses.rollups import ROLLUPS
from surveyapp.responses.sorting_pages import Page, read_page
from surveyapp.responses.tally import KEY, MONTH_KEY, RESPONSES, Tally
from surveyapp.store.db import Store
from surveyapp.store.models import (
    EVERYBODY,
    NOTHING_SORTED,
    CustomerGroup,
    MonthlyRollup,
    SurveyRow,
)
from surveyapp.store.pace import Pace

Progress = Callable[[int, str], None]  # percent, step

BATCH = 1000  # responses, or rollups to delete, in one transaction at most


@dataclass(frozen=True)
class SortingStep:
    """What one transaction did: how many responses it sorted, and whether the segment is complete; and
    since when, by the clock of ``monotonic``, others could not write.
    """

    responses: int
    complete: bool
    since: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class Prepared:
    """A page as it was read, and what its segments lack of it."""

    page: Page
    tally: Tally


def sort_segment(
    store: Store,
    segment_id: int,
    *,
    progress: Progress | None = None,
    pause: Callable[[Store], None] | None = None,
) -> int:
    """Sort the responses that the segment still lacks; how many were looked at.

    Customers who answer meanwhile wait for one batch at most: ``pause`` is called after each.
    """
    pause = pause or Store.give_way
    with store.reading() as session:
        counted = (MonthlyRollup.segment_id == EVERYBODY, MonthlyRollup.scale == RESPONSES)
        expected = session.scalar(select(func.sum(MonthlyRollup.n)).where(*counted)) or 0
    done, pace = 0, Pace(BATCH)
    while True:
        with store.reading() as session:
            prepared = _prepare(session, segment_id, pace.size)
        with store.writing() as session:
            step = sort_batch(session, segment_id, prepared, size=pace.size)
        pace.took(monotonic() - step.since)
        done += step.responses
        if step.complete:
            return done
        if progress is not None:
            progress(min(99, 100 * done // max(1, int(expected))), f"{done:,} responses sorted")
        pause(store)


def _prepare(session: Session, segment_id: int, size: int) -> Prepared | None:
    segments = _equally_far(session, segment_id)
    if not segments:
        return None
    page = read_page(session, segments, size)
    return Prepared(page, page.tally())


def sort_batch(
    session: Session, segment_id: int, prepared: Prepared | None = None, *, size: int | None = None
) -> SortingStep:
    """Sort the next responses, ``size`` or BATCH of them, into the segment and those that are sorted as far
    as it is, in the caller's transaction, which must be one that writes. A segment that is complete, or
    gone, is left alone. What was ``prepared`` counts if nothing has changed since.
    """
    connection, size = session.connection(), size or BATCH
    if connection.dialect.name == "postgresql":
        # Waits for whoever is storing responses, who may have read how far sorting had got.
        connection.execute(text("LOCK TABLE rollups IN EXCLUSIVE MODE"))
    since = monotonic()
    segments = _equally_far(session, segment_id, locking=True)
    if not segments:
        return SortingStep(0, complete=True, since=since)
    if segments[0].sorted_to == NOTHING_SORTED and _delete_all_earlier(session, segments) >= BATCH:
        return SortingStep(0, complete=False, since=since)
    page = read_page(session, segments, size)
    is_as_read = prepared is not None and prepared.page == page
    rollups.increase(connection, prepared.tally if prepared and is_as_read else page.tally())
    for each in segments:
        each.sorted_to = page.last
    return SortingStep(len(page.rows), complete=page.last is None, since=since)


def _equally_far(
    session: Session, segment_id: int, *, locking: bool = False
) -> Sequence[CustomerGroup]:
    """The segment and those that are sorted as far as it is, by their ids; none where it is complete or
    gone. ``locking`` holds back whoever would change them.
    """
    lock = True if locking else None
    own = session.get(CustomerGroup, segment_id, with_for_update=lock, populate_existing=locking)
    if own is None or own.sorted_to is None:
        return ()
    equal = select(CustomerGroup).where(CustomerGroup.sorted_to == own.sorted_to)
    equal = equal.order_by(CustomerGroup.id)
    if locking:
        equal = equal.with_for_update().execution_options(populate_existing=True)
    return session.scalars(equal).all()


def _delete_all_earlier(session: Session, segments: Sequence[CustomerGroup]) -> int:
    """Delete rollups of earlier rules of these segments; how many, BATCH at most."""
    deleted = 0
    for each in segments:
        if deleted < BATCH:
            deleted += _delete_earlier(session, each.id, BATCH - deleted)
    return deleted


def _delete_earlier(session: Session, segment_id: int, most: int) -> int:
    """Delete rollups, and those of months, of the segment's earlier rule; how many, at most ``most``.

    Survey by survey, which their key begins with: looking for the segment's among all rollups
    would read all of them for each batch.
    """
    deleted = 0
    for table, names in ((ROLLUPS, KEY), (MONTHLY_ROLLUPS, MONTH_KEY)):
        own, key = table.c, [table.c[name] for name in names]
        there = exists().where(own.survey_id == SurveyRow.id, own.segment_id == segment_id)
        first = select(SurveyRow.id).where(there).order_by(SurveyRow.id).limit(1)
        while deleted < most and (number := session.scalar(first)) is not None:
            here = (own.survey_id == number, own.segment_id == segment_id)
            some = select(*key).where(*here).limit(most - deleted)
            less = delete(table).where(*here, tuple_(*key).in_(some))
            deleted += len(session.execute(less.returning(own.facet)).all())
    return deleted
