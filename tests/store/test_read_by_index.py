"""What pages look for among all responses, comments and invitations is found in an index."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.journeys.calendar import UTC_DAYS, Calendar
from surveyapp.responses import flags
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.recounting_pages import read_page
from surveyapp.responses.retention_rules import KeepRule, Method, forecast
from surveyapp.results.comments.quotes import newest_quotes
from surveyapp.results.funnels.invitations_made import invitations
from surveyapp.results.months import month_invited, month_of, months_decided
from surveyapp.results.scope import Period
from surveyapp.sampling.decision_rollups import DECISIONS
from surveyapp.sampling.invitation_rollups import INVITATIONS
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import INVITATION_STATES, NOTHING_SORTED, InvitationCounting
from tests.responses.makers import as_survey, make_journey, make_survey

SURVEYS = (98, 99)  # which other tests have not made

pytestmark = pytest.mark.xdist_group("read_by_index")


@pytest.fixture(scope="module")
def store(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """On SQLite alone, whose plan does not depend on how many rows there are."""
    path = tmp_path_factory.mktemp("plans") / "surveyapp.db"
    shutil.copy(migrated_sqlite, path)
    opened = Store(f"sqlite:///{path}")
    yield opened
    opened.close()


def plans(store: Store, ask: Callable[[Session], object]) -> list[str]:
    """How SQLite reads what these statements ask for, a line each."""
    asked: list[str] = []
    with store.reading() as session:
        at = session.connection()
        driver = at.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(asked.append)
        try:
            ask(session)
        finally:
            driver.set_trace_callback(None)
        return [
            row[3]
            for statement in asked
            if statement.partition(" ")[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}
            for row in at.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
        ]


def test_flagged_responses_are_counted_by_the_rollups(store: Store):
    """PostgreSQL, which expects nearly all to be flagged, would read every response for them."""
    found = plans(store, lambda session: flags.flagged(session, SURVEYS))
    assert any("SEARCH monthly_rollups USING" in line for line in found)
    assert not [line for line in found if " responses " in line]


def test_invitations_of_a_period_are_counted_in_their_part_of_an_index(store: Store):
    when = Period(date(2026, 3, 1), date(2026, 3, 31))
    [_, made, waiting, *_] = plans(store, lambda s: invitations(s, SURVEYS, when, UTC_DAYS))
    part = "(survey_id=? AND state=? AND created_at>? AND created_at<?)"
    assert f"COVERING INDEX ix_invitations_state {part}" in made
    assert f"ix_invitations_waiting {part}" in waiting


def test_invitations_that_a_worker_has_counted_are_read_by_the_periods_days(store: Store):
    when = Period(date(2026, 3, 1), date(2026, 3, 31))
    with store.writing() as session:
        journey = make_journey(session, code="counted")
        number = make_survey(session, journey=journey, code="counted").id
        INVITATIONS.begin(session)
    found = plans(store, lambda s: invitations(s, [number], when, UTC_DAYS))
    assert any(
        "sqlite_autoindex_invitation_rollups_1 (survey_id=? AND day>? AND day<?)" in line
        for line in found
    )
    assert not [line for line in found if " invitations " in line]


def test_months_of_decisions_that_a_worker_has_counted_are_read_by_day(store: Store):
    with store.writing() as session:
        journey = make_journey(session, code="decided")
        number = make_survey(session, journey=journey, code="decided").id
        DECISIONS.begin(session)
    found = plans(store, lambda s: months_decided(s, [number], UTC_DAYS))
    assert any("INDEX sqlite_autoindex_decision_rollups_1 (survey_id=?" in line for line in found)
    assert not [line for line in found if " decisions " in line]


def test_what_is_counted_in_windows_is_looked_for_by_its_number(store: Store):
    with store.writing() as session:
        journey = make_journey(session, code="windows")
        number = make_survey(session, journey=journey, code="windows").id
        journey_id = journey.id
        session.add(InvitationCounting(survey_id=number, zone="UTC", counted_to=NOTHING_SORTED))
    found = plans(store, lambda s: read_page(s, journey_id, NOTHING_SORTED, 1000))
    found += plans(store, INVITATIONS.count_batch)
    for table in ("responses", "invitations"):
        own = [line for line in found if f" {table} " in line]
        assert own and all("PRIMARY KEY (rowid>?" in line for line in own)


def test_the_first_and_the_last_month_are_looked_up_at_the_ends_of_an_index(store: Store):
    calendar = Calendar("Europe/Helsinki")
    found = plans(
        store, lambda s: (month_of(s, SURVEYS, calendar), month_invited(s, SURVEYS, calendar))
    )
    own = [line for line in found if "responses" in line or "invitations" in line]
    assert len(own) == 2 + 2 * len(INVITATION_STATES)
    assert all(
        "INDEX ix_responses_survey_submitted (survey_id=?)" in line
        or "INDEX ix_invitations_state (survey_id=? AND state=?)" in line
        for line in own
    )


def test_anonymised_responses_are_counted_in_an_index_of_their_own(store: Store):
    with store.writing() as session:
        journey = make_journey(session, code="kept")
        survey = as_survey(session, make_survey(session, journey=journey, code="kept"))
        store_bulk(session, survey, [Prepared({}, submitted_at=utc_now())], library=BUILT_IN)
    rule, today = KeepRule(12, Method.ANONYMISE), utc_now().date()
    found = plans(store, lambda s: forecast(s, survey, rule, UTC_DAYS, today=today, earliest=today))
    own = [line for line in found if "responses" in line]
    assert own and all("COVERING INDEX ix_responses_anonymised" in line for line in own)


def test_quotes_stand_in_an_index_of_their_own_in_the_order_of_time(store: Store):
    with store.writing() as session:
        journey = make_journey(session)
        rows = [make_survey(session, journey=journey, code=f"s{n}") for n in range(3)]
        surveys = [as_survey(session, row) for row in rows]
    calendars = {each.journey_id: UTC_DAYS for each in surveys}
    found = plans(store, lambda s: newest_quotes(s, surveys, calendars, None, now=utc_now()))
    assert any("ix_comments_quotable (survey_id=? AND submitted_at>?)" in line for line in found)
    assert not [line for line in found if line.startswith("SCAN comments")]
