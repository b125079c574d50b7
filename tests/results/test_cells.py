"""Sums of whole months are those of their days, and answers have their first and last day."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select, update

from instruments.loader import BUILT_IN
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.flags import Flag, flag
from surveyapp.results import cells
from surveyapp.results.cells import RESPONSES
from surveyapp.results.facets import UNFLAGGED, WITH_FLAGGED, Facets
from surveyapp.store.db import Store
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.models import EVERYBODY, MonthlyRollup, Response
from tests.responses.makers import (
    SECRET,
    as_survey,
    make_journey,
    make_segment,
    make_survey,
    some_prepared,
)

FIRST, MIDDLE, LAST = date(2026, 2, 1), date(2026, 2, 14), date(2026, 2, 28)


@pytest.fixture
def filled(store: Store, tmp_path) -> Store:
    """220 answers to a survey, from the end of January to March, nine of them flagged."""
    with store.writing() as session:
        make_segment(session, "north", "region = North")
        survey = make_survey(session, journey=make_journey(session), asks=("csat", "nps"))
        store_bulk(session, as_survey(session, survey), some_prepared(220), library=BUILT_IN)
        keys = session.scalars(
            select(Response.submission_key).order_by(Response.submitted_at).offset(1).limit(9)
        ).all()
        flag(session.connection(), keys, Flag.BURST, EpochKeys(tmp_path, SECRET).seal)
    return store


def test_whole_months_have_the_sums_of_their_days(filled: Store):
    for facets in (UNFLAGGED, WITH_FLAGGED, Facets(channel="import")):
        with filled.reading() as session:
            begin, end, month = (
                cells.sums(session, [1], segments, since=since, until=until, facets=facets)
                for since, until, segments in (
                    (FIRST, MIDDLE, [EVERYBODY]),
                    (date(2026, 2, 15), LAST, [EVERYBODY]),
                    (FIRST, LAST, [EVERYBODY, 1]),
                )
            )
            months = cells.monthly(session, [1], [EVERYBODY, 1], facets=facets)
        for segment, by_key in month.items():
            assert {scale for _, scale in by_key} == {RESPONSES, "csat", "nps"}
            assert by_key == {key: found[2026, 2] for key, found in months[segment].items()}
        for key, sums in month[EVERYBODY].items():
            days = begin[EVERYBODY][key] + end[EVERYBODY][key]
            assert sums.n and (sums.n, sums.bins) == (days.n, days.bins)
            assert (sums.total, sums.total_squares) == pytest.approx(
                (days.total, days.total_squares)
            )


def test_segments_have_no_sums_of_periods_that_are_no_months(filled: Store):
    with filled.reading() as session, pytest.raises(ValueError, match="2026-02-01 to 2026-02-14"):
        cells.sums(session, [1], [EVERYBODY, 1], since=FIRST, until=MIDDLE)


def test_answers_are_counted_with_their_first_and_last_day_with_and_without_a_flag(filled: Store):
    for since, until in ((None, None), (FIRST, None), (FIRST, LAST)):
        told: dict[tuple[bool, int], list[date]] = {}
        with filled.reading() as session:
            for row in session.scalars(select(Response)):
                day, flagged = row.submitted_at.date(), "flags" in row.paradata
                if (since is None or since <= day) and (until is None or day <= until):
                    for segment in (
                        EVERYBODY,
                        *([1] if row.attributes["region"] == "North" else []),
                    ):
                        told.setdefault((flagged, segment), []).append(day)
            found = cells.days_by_flag(session, [1], [EVERYBODY, 1], since=since, until=until)
        assert told
        assert {
            (bool(flagged), segment): answers[1]
            for flagged, by_segment in enumerate(found)
            for segment, answers in by_segment.items()
            if answers
        } == {key: (len(days), min(days), max(days)) for key, days in told.items()}


def test_counts_as_the_database_writes_them_are_the_counts_that_it_gives(filled: Store):
    """And another number of a segment is another text: what follows from it is found again."""
    asked = {"segments": [EVERYBODY, 1]}
    with filled.reading() as session:
        written = cells.written_counts(session, [1], **asked)
        by_facet = cells.written_counts_by_facet(session, [1], **asked)
        counts = cells.counts(session, [1], **asked)
        assert {key: each.read() for key, each in written.items()} == counts
        assert {
            key: {facet: each.read() for facet, each in own.items()}
            for key, own in by_facet.items()
        } == cells.counts_by_facet(session, [1], **asked)
    for key, each in written.items():
        assert each.everybody == sum(counts[key][EVERYBODY].values()) > 0
    with filled.writing() as session:
        moved = update(MonthlyRollup).where(MonthlyRollup.n > 1, MonthlyRollup.segment_id == 1)
        session.execute(moved.values(n=MonthlyRollup.n - 1))
    with filled.reading() as session:
        changed = cells.written_counts_by_facet(session, [1], **asked)
    assert all(
        changed[key][facet] != each
        for key in by_facet
        for facet, each in by_facet[key].items()
        if not facet.flagged
    )
