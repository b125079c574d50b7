"""Sorting the stored responses into a segment whose rule is new, a batch in a transaction.

``Segment.sorted_to`` says how far it has got: responses up to that id are in the segment's rollups,
the others are not. A batch moves it on in the transaction that counts its responses, and whoever
stores, corrects or erases a response reads it in theirs and counts the response in the segment only
when it has been reached. So the rollups hold exactly the responses that have been reached, at every
moment and in whatever order ids come; a killed worker's successor goes on where it stopped, and two
workers on one segment share the work. A changed rule sets ``sorted_to`` back to NOTHING_SORTED: the
rollups of the earlier rule are deleted first, in batches too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, exists, func, select, text, tuple_
from sqlalchemy.orm import Session

from surveyapp.journeys.segments import parse
from surveyapp.responses import rollups
from surveyapp.responses.counting import countings_of_surveys
from surveyapp.responses.facets import facet_of
from surveyapp.responses.monthly_rollups import MONTHLY_ROLLUPS
from surveyapp.responses.rollups import ROLLUPS, SegmentRule
from surveyapp.responses.tally import KEY, MONTH_KEY, RESPONSES, Tally
from surveyapp.store.db import Store
from surveyapp.store.models import EVERYBODY, NOTHING_SORTED, MonthlyRollup, Segment, SurveyRow

Progress = Callable[[int, str], None]  # percent, step

BATCH = 1000  # responses, or rollups to delete, in one transaction


@dataclass(frozen=True)
class SortingStep:
    """What one transaction did: how many responses it sorted, and whether the segment is complete."""

    responses: int
    complete: bool


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
    done = 0
    while True:
        with store.writing() as session:
            step = sort_batch(session, segment_id)
        done += step.responses
        if step.complete:
            return done
        if progress is not None:
            progress(min(99, 100 * done // max(1, int(expected))), f"{done:,} responses sorted")
        pause(store)


def sort_batch(session: Session, segment_id: int) -> SortingStep:
    """Sort the next responses into the segment, in the caller's transaction, which must be one that
    writes. A segment that is complete, or gone, is left alone.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        # Waits for whoever is storing responses, who may have read how far sorting had got.
        connection.execute(text("LOCK TABLE rollups IN EXCLUSIVE MODE"))
    segment = session.get(Segment, segment_id, with_for_update=True, populate_existing=True)
    if segment is None or segment.sorted_to is None:
        return SortingStep(0, complete=True)
    if segment.sorted_to == NOTHING_SORTED and _delete_earlier(session, segment_id) >= BATCH:
        return SortingStep(0, complete=False)
    page = rollups.page_after(connection, segment.sorted_to, BATCH)
    belongs = SegmentRule(segment_id, parse(segment.rule), None)
    members = [row for row in page if belongs.counts(row["id"], row["attributes"])]
    if members:
        scores = rollups.scores_between(connection, members[0]["id"], members[-1]["id"])
        tally, known = Tally(), countings_of_surveys(connection)
        for row in members:
            days = known[row["survey_id"]].days(row["id"], row["submitted_at"])
            found = scores.get(row["id"], {})
            tally.add(row["survey_id"], days, found, [segment_id], facet_of(row))
        rollups.increase(connection, tally)
    segment.sorted_to = page[-1]["id"] if len(page) == BATCH else None
    return SortingStep(len(page), complete=segment.sorted_to is None)


def _delete_earlier(session: Session, segment_id: int) -> int:
    """Delete rollups, and those of months, of the segment's earlier rule; how many, BATCH at most.

    Survey by survey, which their key begins with: looking for the segment's among all rollups
    would read all of them for each batch.
    """
    deleted = 0
    for table, names in ((ROLLUPS, KEY), (MONTHLY_ROLLUPS, MONTH_KEY)):
        own, key = table.c, [table.c[name] for name in names]
        there = exists().where(own.survey_id == SurveyRow.id, own.segment_id == segment_id)
        first = select(SurveyRow.id).where(there).order_by(SurveyRow.id).limit(1)
        while deleted < BATCH and (number := session.scalar(first)) is not None:
            here = (own.survey_id == number, own.segment_id == segment_id)
            some = select(*key).where(*here).limit(BATCH - deleted)
            less = delete(table).where(*here, tuple_(*key).in_(some))
            deleted += len(session.execute(less.returning(own.facet)).all())
    return deleted
