"""Old answers go by their survey's rule, each night, with a receipt; nothing that counts them errs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event, func, select

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.journeys.calendar import Calendar
from surveyapp.responses import retention, rollups, sorting
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.retention_rules import (
    KeepRule,
    Leaving,
    Method,
    clear_rule,
    forecast,
    read_rule,
    rounds_of,
    set_rule,
)
from surveyapp.store.db import Store
from surveyapp.store.models import (
    AuditEntry,
    Case,
    CaseNote,
    Erasure,
    Event,
    HeldResponse,
    JourneyRun,
    MonthlyRollup,
    Response,
    RetentionRule,
    Rollup,
    Score,
    SurveyRow,
)
from surveyapp.surveys.survey import Survey
from tests.installations import installation_on
from tests.responses.makers import as_survey, make_segment, make_survey, some_answers

TONIGHT = datetime(2026, 11, 29, 2, 30, tzinfo=UTC)
ANNOUNCED = TONIGHT - timedelta(days=8)
YEAR = KeepRule(12, Method.DELETE)
NAMELESS = KeepRule(12, Method.ANONYMISE)


def given(day: date, seed: int, region: str) -> Prepared:
    return Prepared(
        some_answers(seed, ("nps",)),
        datetime(day.year, day.month, day.day, 9, 17, seed % 60, tzinfo=UTC),
        attributes={"region": region},
        customer_ref=f"customer {seed % 5}",
        external_id=f"row {seed}",
    )


def old_and_new(count: int = 30) -> list[Prepared]:
    """Answers of October 2025, that are too old for a year, and of November, that are not."""
    days = [(date(2025, 10, 3), "North"), (date(2025, 11, 2), "South")]
    return [given(day, seed, region) for seed in range(count) for day, region in [days[seed % 2]]]


def filled(store: Store, rule: KeepRule | None, **options: str) -> tuple[Installation, Survey]:
    """An installation in that night with a survey of thirty answers that has the rule."""
    installation = installation_on(store, now=lambda: TONIGHT)
    with store.writing() as session:
        row = make_survey(session, asks=("nps",), **options)
        segment = make_segment(session, "north", "region = North")
        sorting.sort_batch(session, segment.id)
        survey = as_survey(session, row)
        store_bulk(session, survey, old_and_new(), library=BUILT_IN)
        if rule is not None:
            set_rule(session, survey, rule, user_id=None, now=ANNOUNCED)
            session.get_one(RetentionRule, survey.id).announced_at = ANNOUNCED
    return installation, survey


def left(store: Store) -> list[Response]:
    with store.reading() as session:
        assert rollups.recount(session) == []
        return list(session.scalars(select(Response).order_by(Response.submitted_at)))


def test_answers_of_whole_months_go_with_tombstones_receipt_and_right_counts(
    store: Store, monkeypatch
):
    monkeypatch.setattr("surveyapp.store.db._GIVE_WAY_SECONDS", 0.0)
    monkeypatch.setattr(retention, "AT_ONCE", 6)
    installation, survey = filled(store, YEAR)
    with store.writing() as session:
        first = session.scalars(select(Response).order_by(Response.id)).first()
        case = Case(
            response_id=first.id, survey_id=survey.id, scale="nps", value=3.0, due_at=TONIGHT
        )
        case.notes.append(CaseNote(text="Called Mr Smith."))
        session.add(case)
    assert retention.carry_out(installation, TONIGHT) == 15
    assert retention.carry_out(installation, TONIGHT + timedelta(hours=3)) == 0
    assert {response.submitted_at.date() for response in left(store)} == {date(2025, 11, 2)}
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Score)) == 15
        gone = session.scalars(select(Erasure)).all()
        assert {each.reason for each in gone} == {"retention"}
        assert sorted(each.place for each in gone) == list(range(1, 16))
        assert all(each.external_hash for each in gone)
        assert session.scalars(select(Event.kind)).all() == ["response.erased"] * 15
        (receipt,) = rounds_of(session, survey.id)
        assert (receipt.night, receipt.before) == (date(2026, 11, 29), date(2025, 11, 1))
        assert (receipt.responses, receipt.cases, receipt.waiting) == (15, 1, 0)
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "carry out retention")
        ).one()
        assert (entry.detail["responses"], entry.detail["method"]) == (15, "delete")
        kept = session.scalars(select(Case)).one()
        assert kept.response_id is None
        assert "as long as the survey says" in kept.notes[0].text
        assert session.scalar(select(func.max(JourneyRun.last_at))).date() == date(2025, 11, 2)


def test_a_round_ends_in_time_and_the_next_goes_on_also_in_another_night(store: Store, monkeypatch):
    monkeypatch.setattr("surveyapp.store.db._GIVE_WAY_SECONDS", 0.0)
    monkeypatch.setattr(retention, "AT_ONCE", 10)
    monkeypatch.setattr(retention, "ROUND_SECONDS", 0.0)
    installation, survey = filled(store, YEAR)
    assert retention.carry_out(installation, TONIGHT) == 10
    own = AuditEntry.action == "carry out retention"
    entries = select(AuditEntry).where(own).order_by(AuditEntry.id)
    with store.reading() as session:
        assert session.get_one(RetentionRule, survey.id).done_on is None
        assert session.scalars(entries).all() == []
    for hour, went in enumerate((5, 0, 0)):
        now = TONIGHT + timedelta(days=1, hours=hour)
        assert retention.carry_out(installation, now) == went
    with store.reading() as session:
        told = [each.detail["responses"] for each in session.scalars(entries)]
        assert told == [10, 5]
        assert sorted(each.responses for each in rounds_of(session, survey.id)) == [5, 10]
    assert len(left(store)) == 15


def test_the_runs_of_a_part_are_fitted_in_one_go(store: Store, monkeypatch):
    monkeypatch.setattr("surveyapp.store.db._GIVE_WAY_SECONDS", 0.0)
    monkeypatch.setattr(retention, "AT_ONCE", 10)
    installation, _ = filled(store, YEAR)
    fitted = []

    def watch(
        _connection: Any, _cursor: Any, statement: str, rows: Any, _: Any, many: bool
    ) -> None:
        if "UPDATE journey_runs" in statement:
            fitted.append(len(rows) if many else 1)

    event.listen(store.engine, "before_cursor_execute", watch)
    assert retention.carry_out(installation, TONIGHT) == 15
    assert len(fitted) <= 2 < sum(fitted)  # of two parts, with runs of five customers


def test_an_anonymised_answer_is_nobodys_and_counts_as_before(store: Store):
    installation, _ = filled(store, NAMELESS)
    everybody = select(Rollup.scale, Rollup.day, Rollup.n, Rollup.total).where(
        Rollup.segment_id == 0
    )
    with store.reading() as session:
        before = sorted(map(tuple, session.execute(everybody)))
        old = session.scalars(select(Response).where(Response.attributes != {})).all()
        names = {each.public_id for each in old} | {each.id for each in old}
    assert retention.carry_out(installation, TONIGHT) == 15
    found = left(store)
    anonymised = [each for each in found if each.anonymised]
    assert (len(found), len(anonymised)) == (30, 15)
    for each in anonymised:
        assert each.id not in names and each.public_id not in names
        assert each.attributes == {} and each.journey_run_id is None and each.external_id is None
        assert list(each.answers["nps"]) == ["nps"]
        assert each.submitted_at == datetime(2025, 10, 3, 12, tzinfo=UTC)
        assert each.started_at is None and each.correction > 15
    assert all(each.answers["nps"]["nps_reason"] for each in found if not each.anonymised)
    with store.reading() as session:
        assert sorted(map(tuple, session.execute(everybody))) == before
        assert session.scalar(select(func.count()).select_from(Score)) == 30
        north = select(func.sum(MonthlyRollup.n)).where(MonthlyRollup.segment_id != 0)
        assert not session.scalar(north)
    later = TONIGHT + timedelta(days=1)
    assert retention.carry_out(replace(installation, now=lambda: later), later) == 0


@pytest.mark.parametrize("rule", [YEAR, NAMELESS])
def test_an_anonymous_survey_moves_by_minimum_cells(store: Store, rule: KeepRule, monkeypatch):
    monkeypatch.setattr("surveyapp.store.db._GIVE_WAY_SECONDS", 0.0)
    monkeypatch.setattr(retention, "AT_ONCE", 4)
    installation, _ = filled(store, rule, anonymity="anonymous")
    own = MonthlyRollup
    counted = select(func.sum(own.n)).where(own.segment_id != 0, own.scale == "nps")
    steps, let_go = [(15, 15)], retention._let_go

    def watched(session, *more):
        gone = let_go(session, *more)
        steps.append((gone, session.scalar(counted) or 0))
        return gone

    monkeypatch.setattr(retention, "_let_go", watched)
    assert retention.carry_out(installation, TONIGHT) == 15
    assert len(steps) > 1 and all(gone >= 5 for gone, _ in steps)
    shown = [n for _, n in steps]
    assert all(abs(a - b) == 0 or abs(a - b) >= 5 for a, b in pairwise(shown))
    assert len(left(store)) == (15 if rule is YEAR else 30)
    with store.reading() as session:
        assert {each.response_id for each in session.scalars(select(Erasure))} == {None}


def test_parts_hold_no_fewer_than_a_minimum_of_any_large_group(monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 10)
    groups = [list(range(n * 100, n * 100 + size)) for n, size in enumerate((23, 2, 12, 5, 1))]
    parts = retention.parted(groups, 5)
    assert sorted(number for part in parts for number in part) == sorted(
        number for group in groups for number in group
    )
    for part in parts:
        for group in groups:
            inside = len({*part} & {*group})
            assert inside in {0, len(group)} or inside >= 5
    assert {1, 2} <= {len({*parts[0]} & {*group}) for group in groups}


def test_nothing_goes_before_staff_were_told_a_week_ago_nor_under_a_changed_rule(store: Store):
    installation, survey = filled(store, YEAR)
    with store.writing() as session:
        session.get_one(RetentionRule, survey.id).announced_at = TONIGHT - timedelta(days=6)
    assert retention.carry_out(installation, TONIGHT) == 0
    with store.writing() as session:
        session.get_one(RetentionRule, survey.id).announced_at = ANNOUNCED
        set_rule(session, survey, KeepRule(6, Method.DELETE), user_id=None, now=TONIGHT)
        assert session.get_one(RetentionRule, survey.id).announced_at is None
    assert retention.carry_out(installation, TONIGHT) == 0
    with store.writing() as session:
        clear_rule(session, survey, user_id=None)
    assert retention.carry_out(installation, TONIGHT) == 0
    assert len(left(store)) == 30


def test_the_forecast_says_which_month_goes_when(store: Store):
    _, survey = filled(store, None)
    options = {"today": TONIGHT.date(), "earliest": date(2026, 12, 6)}
    with store.reading() as session:
        found = forecast(session, survey, YEAR, Calendar(), **options)
    assert found == [
        Leaving(date(2025, 10, 1), date(2026, 12, 6), 15),
        Leaving(date(2025, 11, 1), date(2026, 12, 6), 15),
    ]


def test_answers_that_waited_for_others_to_the_end_go_too(store: Store):
    installation, survey = filled(store, YEAR, anonymity="anonymous")
    with store.writing() as session:
        row = session.get_one(SurveyRow, survey.id)
        row.state, row.closes_at = "closed", datetime(2025, 9, 1, tzinfo=UTC)
        session.add_all(
            HeldResponse(id=number, survey_id=survey.id, content=b"sealed") for number in (1, 2)
        )
    retention.carry_out(installation, TONIGHT)
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(HeldResponse)) == 0
        assert rounds_of(session, survey.id)[0].waiting == 2


@pytest.mark.parametrize(("months", "method"), [(0, "delete"), (601, "delete"), (12, "burn")])
def test_a_rule_that_cannot_be_kept_is_refused(months: int, method: str):
    with pytest.raises(Invalid):
        read_rule(months, method)
