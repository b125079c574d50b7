"""Months, days and filters go by the journey's reporting time zone, wherever they are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.api import feed
from surveyapp.exports.chosen import Chosen, ChosenResponses
from surveyapp.journeys.actions import create_journey
from surveyapp.responses import listing
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.results import dashboards
from surveyapp.results.answers import choices
from surveyapp.results.invariance import wordings
from surveyapp.results.scope import Scope, read_scope
from surveyapp.results.trends import trend
from surveyapp.store.db import Store
from surveyapp.store.models import Journey, SurveyRow
from surveyapp.surveys.actions import create_survey
from tests.cli.conftest import Run, run, run_stored
from tests.responses.makers import as_survey

__all__ = ["run", "run_stored"]  # the command line's fixtures

HALF_PAST_NINE = datetime(2026, 3, 31, 21, 30, tzinfo=UTC)  # half past midnight in Helsinki
RULES: Mapping[str, Any] = {"minimum_cell": 1, "library": BUILT_IN}


def make(
    session: Session, zone: str, code: str = "csat", **options: Any
) -> tuple[Journey, SurveyRow]:
    journey = create_journey(
        session, name="Account", provider="Northbank", default_zone=zone, user_id=None
    )
    survey = create_survey(
        session,
        journey,
        name="CSAT",
        code=code,
        asks=[{"instrument": "csat"}, {"instrument": "emotion"}],
        user_id=None,
        library=BUILT_IN,
        **options,
    )
    return journey, survey


def store_six(session: Session, survey: SurveyRow, moment: datetime) -> None:
    given = [
        Prepared(
            answers={"csat": {"csat": 5}, "emotion": {"emotion": "satisfied"}},
            submitted_at=moment + timedelta(minutes=each),
        )
        for each in range(6)
    ]
    store_bulk(session, as_survey(session, survey), given, library=BUILT_IN)


def april(session: Session, journey: Journey, survey: SurveyRow) -> dict[str, int]:
    """How many of the answers each reader counts in April."""
    scope = read_scope(journey.id, {"from": "2026-04", "to": "2026-04"})
    overview = dashboards.journey_overview(session, scope, **RULES)
    [mixed] = [
        each
        for each in trend(session, Scope(journey.id), **RULES)
        if each.definition.scale == "csat"
    ]
    asked = listing.Wanted(since=scope.period.since, until=scope.period.until)
    chosen = ChosenResponses.of(session, Chosen(scope), [survey.id])
    return {
        "overview": overview.responses or 0,
        "trend": sum(month.figure.n or 0 for month in mixed.months if month.first.month == 4),
        "choices": sum(each.n or 0 for each in choices.distributions(session, scope, **RULES)),
        "list": len(listing.lines(session, journey.id, asked, limit=99, library=BUILT_IN)),
        "export": sum(len(batch["id"]) for batch in chosen.batches(session)),
    }


def test_every_reader_counts_an_answer_in_the_month_of_its_journey(store: Store):
    counts = {"Europe/Helsinki": 6, "UTC": 0, "America/New_York": 0}
    with store.writing() as session:
        made = [
            (zone, count, *make(session, zone, code=f"{place}-{kind}", anonymity=kind))
            for place, (zone, count) in enumerate(counts.items())
            for kind in ("pseudonymous", "anonymous")
        ]
        for _, _, _, survey in made:
            store_six(session, survey, HALF_PAST_NINE)
    readers = ("overview", "trend", "choices", "list", "export")
    with store.reading() as session:
        for zone, count, journey, survey in made:
            assert april(session, journey, survey) == dict.fromkeys(readers, count), survey.code
            whole = dashboards.journey_overview(session, Scope(journey.id), **RULES)
            day = date(2026, 4, 1) if count else date(2026, 3, 31)
            assert (whole.first_day, whole.last_day, whole.zone) == (day, day, zone)


def test_rows_of_a_file_count_in_the_month_of_the_zone_that_the_file_is_in(
    run_stored: Run, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Half past midnight on the first of April is April."""
    with store.writing() as session:
        journey, _ = make(session, "Europe/Helsinki")
    monkeypatch.setenv("SURVEYAPP_TIME_ZONE", "Europe/Helsinki")
    path = tmp_path / "april.csv"
    rows = [f"mb{n},5,2026-04-01T00:3{n}:00+03:00" for n in range(1, 7)]
    path.write_text("\n".join(["external_id,csat,submitted_at", *rows]))
    assert "6 stored" in run_stored("import", path, "--survey", "csat").out
    with store.reading() as session:
        found = [
            dashboards.journey_overview(
                session, read_scope(journey.id, {"from": month, "to": month}), **RULES
            ).responses
            for month in ("2026-03", "2026-04")
        ]
    assert found == [0, 6]


def test_the_days_of_an_anonymous_survey_are_read_when_they_are_over_where_the_journey_is(
    store: Store,
):
    with store.writing() as session:
        _, row = make(session, "Europe/Helsinki", anonymity="anonymous")
        store_six(session, row, HALF_PAST_NINE)
    with store.reading() as session:
        survey = as_survey(session, row)

        def page(now: datetime) -> feed.Page:
            rules = {"after": None, "limit": 10, "settled": 0, "minimum_cell": 5}
            return feed.page(session, survey, now=now, **rules)

        assert page(datetime(2026, 4, 1, 20, 59, tzinfo=UTC)).responses == ()
        found = page(datetime(2026, 4, 1, 21, 0, tzinfo=UTC))
    assert (len(found.responses), found.first_day) == (6, date(2026, 4, 1))


def test_a_day_that_comes_back_from_our_own_export_is_the_same_day(store: Store):
    with store.writing() as session:
        journey, survey = make(session, "America/New_York", anonymity="anonymous")
        given = Prepared(
            answers={"csat": {"csat": 5}},
            submitted_at=datetime(2026, 4, 1, tzinfo=UTC),
            public_id="0d1e52f4-6a3c-4e0b-9f27-c1a8d3b5e690",
        )
        store_bulk(session, as_survey(session, survey), [given], library=BUILT_IN)
    with store.reading() as session:
        overview = dashboards.journey_overview(session, Scope(journey.id), **RULES)
        assert overview.first_day == date(2026, 4, 1)
        [read] = wordings._read(session, overview)["csat"]
        assert (read.first, read.last) == (date(2026, 4, 1), date(2026, 4, 1))
