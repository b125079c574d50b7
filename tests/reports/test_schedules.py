"""Scheduled reports: each day once, by the journey's clock, to whom it may go, and never small groups."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from surveyapp.auth.permissions import Role
from surveyapp.errors import Invalid, NotFound
from surveyapp.installation import Installation, open_installation
from surveyapp.reports.actions import scope_of
from surveyapp.reports.removal import remove_report
from surveyapp.reports.schedules import actions, duty, links
from surveyapp.reports.schedules.actions import Plan
from surveyapp.reports.schedules.timing import Every, due_at, next_day
from surveyapp.settings import read
from surveyapp.store.models import (
    AuditEntry,
    Job,
    Journey,
    OutgoingMessage,
    Report,
    ReportLink,
    ReportSchedule,
    ScheduleRecipient,
    ScheduleRun,
    Segment,
    SurveyRow,
    Touchpoint,
    User,
)
from tests.results import bank

pytestmark = pytest.mark.xdist_group("schedules")  # its tests share what is made once

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)  # a Sunday
OUTSIDE = "board@partner.example"


@pytest.fixture(scope="module")
def installation(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("schedules")
    database = shutil.copy(migrated_sqlite, home / "surveyapp.db")
    url = f"sqlite:///{database}"
    settings = {"SURVEYAPP_SMTP_URL": "smtp://127.0.0.1:1", "SURVEYAPP_MAIL_FROM": "a@bank.example"}
    opened = open_installation(read(settings, home=home, database_url=url))
    with opened.store.writing() as session:
        bank.filled(session)
        for name in ("Ada", "Bo"):
            session.add(
                User(
                    email=f"{name.lower()}@bank.example",
                    name=name,
                    password_hash="x",
                    role=Role.ADMINISTRATOR,
                )
            )
    yield opened
    opened.close()


@pytest.fixture
def planned(installation: Installation) -> Iterator[int]:
    with installation.store.writing() as session:
        session.query(Journey).one().zone = "Europe/Helsinki"
        ada = session.query(User).filter_by(name="Ada").one()
        ada.active = True
        journey = session.query(Journey).one().id
        plan = Plan("executive", Every.MONTH, months=3, formats=["html"], language="sv", user_ids=[ada.id], addresses=[OUTSIDE])  # fmt: skip
        made = actions.schedule_report(session, journey, plan, user_id=ada.id, now=NOW)
        number = made.id
    yield number
    with installation.store.writing() as session:
        session.query(OutgoingMessage).delete()
        found = session.get(ReportSchedule, number)
        if found is not None:
            actions.remove(session, found, user_id=None)


def runs(installation: Installation, number: int) -> list[ScheduleRun]:
    with installation.store.reading() as session:
        own = select(ScheduleRun).where(ScheduleRun.schedule_id == number)
        return list(session.scalars(own.order_by(ScheduleRun.due_on)))


def mails(installation: Installation) -> dict[str, dict[str, str]]:
    with installation.store.reading() as session:
        return {each.content["to"]: each.content for each in session.query(OutgoingMessage)}


def finish(installation: Installation) -> int:
    """Give the newest report a file, as its job would."""
    with installation.store.writing() as session:
        report = session.query(Report).order_by(Report.id.desc()).limit(1).one()
        file = installation.files.put(session, b"%PDF", name="a.pdf", media_type="application/pdf")
        report.file_id = file.id
        return report.id


@pytest.mark.parametrize(
    ("every", "after", "day"),
    [
        (Every.WEEK, date(2026, 11, 29), date(2026, 11, 30)),
        (Every.WEEK, date(2026, 11, 30), date(2026, 12, 7)),
        (Every.MONTH, date(2026, 12, 1), date(2027, 1, 1)),
        (Every.MONTH, date(2026, 1, 31), date(2026, 2, 1)),
        (Every.QUARTER, date(2026, 9, 30), date(2026, 10, 1)),
        (Every.QUARTER, date(2026, 10, 1), date(2027, 1, 1)),
    ],
)
def test_days_of_a_schedule(every: Every, after: date, day: date):
    assert next_day(every, after) == day


def test_seven_oclock_is_seven_oclock_before_and_after_clocks_change():
    before, after = (
        due_at(day, 7, "Europe/Helsinki") for day in (date(2026, 3, 23), date(2026, 3, 30))
    )
    assert (before.hour, after.hour) == (5, 4)
    assert after - before == timedelta(days=7, hours=-1)
    # 3:00 to 4:00 is skipped on the 29th of March; 3:00 comes twice on the 25th of October.
    assert due_at(date(2026, 3, 29), 3, "Europe/Helsinki") == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert due_at(date(2026, 10, 25), 3, "Europe/Helsinki") == datetime(2026, 10, 25, 0, tzinfo=UTC)


def test_a_day_is_made_once_whoever_looks_and_sent_to_both(
    installation: Installation, planned: int
):
    due = datetime(2026, 12, 1, 5, tzinfo=UTC)  # seven o'clock in Helsinki
    assert duty.schedules_due(installation, due - timedelta(minutes=1)) == 0
    with installation.store.reading() as session:
        read_by_both = duty._due(session, due)
    assert read_by_both == [(planned, date(2026, 12, 1))]
    first, second = (duty._begin(installation, *each, due) for each in read_by_both * 2)
    assert (first, second) == (True, False)
    assert duty.schedules_due(installation, due) == 0  # it is being made
    (run,) = runs(installation, planned)
    assert (run.state, run.due_on) == ("making", date(2026, 12, 1)) and not mails(installation)
    with installation.store.reading() as session:
        report = session.get_one(Report, run.report_id)
        assert report.parameters["since"] == "2026-09-01"
        assert report.parameters["until"] == "2026-11-30"
        assert report.parameters["formats"] == ["html"]
        assert report.parameters["report_language"] == "sv"
        assert session.get_one(ReportSchedule, planned).next_on == date(2027, 1, 1)
    finish(installation)
    assert [duty.schedules_due(installation, due) for _ in range(2)] == [1, 0]
    found = mails(installation)
    assert set(found) == {"ada@bank.example", OUTSIDE}
    assert "/received/" not in found["ada@bank.example"]["text"]
    for mail in found.values():
        assert (
            mail["subject"].startswith("Sammanfattning för ledningen: ")
            and mail["language"] == "sv"
        )
        assert "Ladda ner" in mail["text"] and '<html lang="sv" dir="ltr">' in mail["html"]
        for address in re.findall(r"https?://\S+", mail["text"]):
            assert f'href="{address}"' in mail["html"]
    assert found[OUTSIDE]["unsubscribe"] in found[OUTSIDE]["text"]
    (run,) = runs(installation, planned)
    assert (run.state, run.note) == ("sent", "")


def test_missed_days_are_each_made_up_for_but_not_those_of_a_pause(
    installation: Installation, planned: int
):
    late = datetime(2027, 3, 2, tzinfo=UTC)
    for _ in range(5):
        duty.schedules_due(installation, late)
        finish(installation)
    assert [run.due_on.month for run in runs(installation, planned)] == [12, 1, 2, 3]
    with installation.store.writing() as session:
        actions.pause(session, session.get_one(ReportSchedule, planned), user_id=None, now=late)
    assert duty.schedules_due(installation, datetime(2027, 7, 2, tzinfo=UTC)) == 0
    with installation.store.writing() as session:
        found = session.get_one(ReportSchedule, planned)
        actions.resume(session, found, user_id=None, now=datetime(2027, 7, 2, tzinfo=UTC))
        assert found.next_on == date(2027, 8, 1)


def test_a_weighted_report_waits_until_answers_are_counted_by_the_shares(
    installation: Installation, planned: int
):
    due = datetime(2026, 12, 1, 5, tzinfo=UTC)
    plan = Plan("executive", Every.MONTH, weighted=True, addresses=[OUTSIDE])
    with installation.store.writing() as session:
        actions.pause(session, session.get_one(ReportSchedule, planned), user_id=None, now=NOW)
        journey = session.query(Journey).one().id
        with pytest.raises(Invalid, match="set them first") as refused:
            actions.schedule_report(session, journey, plan, user_id=None, now=NOW)
        assert refused.value.field == "weighted"
        bank.set_regions(session, journey)
        of_one = replace(plan, segment_id=session.query(Segment).limit(1).one().id)
        with pytest.raises(Invalid, match="not of a segment"):
            actions.schedule_report(session, journey, of_one, user_id=None, now=NOW)
        number = actions.schedule_report(session, journey, plan, user_id=None, now=NOW).id
    assert duty.schedules_due(installation, due) == 0 and not runs(installation, number)
    bank.count_cells(installation.store)
    assert duty.schedules_due(installation, due) == 1
    (run,) = runs(installation, number)
    with installation.store.writing() as session:
        report = session.get_one(Report, run.report_id)
        assert scope_of(report).weighted and report.title.endswith("weighted")
        bank.remove_regions(session, journey)
    finish(installation)
    # Without shares there is no report, rather than one that is not weighted.
    duty.schedules_due(installation, datetime(2027, 1, 1, 5, tzinfo=UTC))
    run = runs(installation, number)[-1]
    assert run.state == "failed" and "set them first" in run.note
    with installation.store.writing() as session:
        actions.remove(session, session.get_one(ReportSchedule, number), user_id=None)


def test_too_few_answers_are_told_and_no_report_is_made(installation: Installation, planned: int):
    with installation.store.writing() as session:
        session.get_one(ReportSchedule, planned).next_on = date(2030, 1, 1)
        before = session.query(Report).count()
    assert duty.schedules_due(installation, datetime(2030, 1, 2, tzinfo=UTC)) == 1
    (run,) = runs(installation, planned)
    assert run.state == "skipped"
    assert run.note == "There are too few answers of Oct to Dec 2029 for any score."
    for mail in mails(installation).values():
        # Staff read the note in English, the mail is in the report's language.
        assert "Det finns för få svar från oktober–december 2029" in mail["text"]
        assert "Nästa görs den 1 februari 2030." in mail["text"] and run.note not in mail["text"]
    with installation.store.reading() as session:
        assert session.query(Report).count() == before


def test_a_partners_report_is_skipped_where_its_own_touchpoints_have_too_few_answers(
    installation: Installation,
):
    with installation.store.writing() as session:
        journey = session.query(Journey).one()
        points = [point for stage in journey.stages for point in stage.touchpoints]
        points[0].partner, points[1].partner = "IDco", "Away"
        places = [point.id for point in points[:2]]
        survey = session.query(SurveyRow).filter_by(touchpoint_id=places[1]).one()
        moved, survey.touchpoint_id = survey.id, places[0]  # nothing is asked at the second now
        plans = [
            Plan("partner", Every.MONTH, partner=name, addresses=[OUTSIDE])
            for name in ("idco", "Away")
        ]
        made = [
            actions.schedule_report(session, journey.id, plan, user_id=None, now=NOW).id
            for plan in plans
        ]
        assert session.get_one(ReportSchedule, made[0]).parameters["partner"] == "IDco"
    try:
        assert duty.schedules_due(installation, datetime(2026, 12, 1, 6, tzinfo=UTC)) == 2
        asked, skipped = (runs(installation, each)[0] for each in made)
        assert asked.state == "making" and asked.report_id is not None
        assert skipped.state == "skipped" and skipped.note.startswith("There are too few answers")
    finally:
        with installation.store.writing() as session:
            session.query(OutgoingMessage).delete()
            for each in made:
                actions.remove(session, session.get_one(ReportSchedule, each), user_id=None)
            for number in places:
                session.get_one(Touchpoint, number).partner = ""
            session.get_one(SurveyRow, moved).touchpoint_id = places[1]


def test_a_failed_report_says_why(installation: Installation, planned: int):
    due = datetime(2026, 12, 1, 6, tzinfo=UTC)
    duty.schedules_due(installation, due)
    with installation.store.writing() as session:
        job = session.query(Job).order_by(Job.id.desc()).limit(1).one()
        job.state, job.error = "failed", "The disk is full."
    assert duty.schedules_due(installation, due) == 1
    (run,) = runs(installation, planned)
    assert (run.state, run.note) == ("failed", "The disk is full.")
    said = "Programmet meddelar på engelska: The disk is full."
    assert said in mails(installation)[OUTSIDE]["text"]


def test_whoever_lost_the_right_gets_and_makes_nothing(installation: Installation, planned: int):
    with installation.store.writing() as session:
        bo = session.query(User).filter_by(name="Bo").one()
        session.get_one(ReportSchedule, planned).created_by = bo.id
        session.query(User).filter_by(name="Ada").one().active = False
    due = datetime(2026, 12, 1, 6, tzinfo=UTC)
    duty.schedules_due(installation, due)
    finish(installation)
    duty.schedules_due(installation, due)
    assert set(mails(installation)) == {OUTSIDE}
    (run,) = runs(installation, planned)
    assert run.note == "1 person may not read this journey's reports any more and got no mail."
    with installation.store.writing() as session:
        session.get_one(ReportSchedule, planned).created_by = session.query(User).filter_by(name="Ada").one().id  # fmt: skip
    duty.schedules_due(installation, datetime(2027, 1, 2, tzinfo=UTC))
    assert runs(installation, planned)[-1].state == "skipped"
    assert "may not create reports" in runs(installation, planned)[-1].note


def test_a_link_opens_one_report_until_it_expires_and_is_stored_hashed(
    installation: Installation, planned: int
):
    due = datetime(2026, 12, 1, 6, tzinfo=UTC)
    duty.schedules_due(installation, due)
    number = finish(installation)
    duty.schedules_due(installation, due)
    token = mails(installation)[OUTSIDE]["text"].partition("/received/")[2].split()[0]
    with installation.store.reading() as session:
        assert links.report_behind(session, token, due).id == number
        tables = (ReportLink, ScheduleRecipient, OutgoingMessage)
        kept = [row for each in tables for row in session.execute(text(str(select(each))))]
        assert token not in str(kept) and OUTSIDE not in str(kept)
        for wrong in (token[:-1], f"{token}x", "x" * 10_000, ""):
            with pytest.raises(NotFound, match="expired, or its report was removed"):
                links.report_behind(session, wrong, due)
        with pytest.raises(NotFound):
            links.report_behind(session, token, due + links.LIFETIME)
    assert links.forget_links(installation, due + links.LIFETIME) == 1
    duty.schedules_due(installation, datetime(2027, 1, 2, tzinfo=UTC))
    newer = finish(installation)
    duty.schedules_due(installation, datetime(2027, 1, 2, tzinfo=UTC))
    with installation.store.writing() as session:
        remove_report(session, session.get_one(Report, newer), installation.files, user_id=None)
        assert session.query(ReportLink).count() == 0
    assert runs(installation, planned)[-1].report_id is None


def test_who_unsubscribes_gets_nothing_more(installation: Installation, planned: int):
    with installation.store.writing() as session:
        outsider = (
            session.query(ScheduleRecipient).filter_by(schedule_id=planned, user_id=None).one()
        )
        token = links.leaving_token(installation.signing_keys, outsider.id)
        assert links.leaving(session, installation.signing_keys, f"{token}x") is None
        found = links.leaving(session, installation.signing_keys, token)
        assert found is outsider
        actions.leave(session, found, now=NOW)
    due = datetime(2026, 12, 1, 6, tzinfo=UTC)
    duty.schedules_due(installation, due)
    finish(installation)
    duty.schedules_due(installation, due)
    assert set(mails(installation)) == {"ada@bank.example"}


def test_what_is_done_to_a_schedule_is_audited_without_addresses(
    installation: Installation, planned: int
):
    with installation.store.reading() as session:
        entry = session.query(AuditEntry).filter_by(action="schedule report").order_by(AuditEntry.id.desc()).first()  # fmt: skip
        assert entry is not None
        assert entry.detail == {"kind": "executive", "people": 1, "addresses": 1}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "validation"}, "validation cannot be scheduled"),
        ({"hour": 24}, "24 is not an hour"),
        ({"partner": "IDco"}, "a benchmark report is of no partner"),
        ({"months": 0}, "0 months cannot be reported on; enter 1 to 24"),
        ({"language": "et"}, "Journey benchmark report cannot be written in et; choose English"),
        ({"formats": ["odt"]}, "odt is not a format"),
        ({"user_ids": [999_999]}, "account 999999 may not read"),
        ({"addresses": ["no address"]}, "no address is not an email address"),
        ({"addresses": []}, "nobody would get the report"),
        ({"addresses": [f"a{i}@x.example" for i in range(51)]}, "51 recipients are too many"),
    ],
)
def test_what_cannot_be_planned_is_refused(installation: Installation, changes: dict, said: str):
    plan = Plan(**{"kind": "benchmark", "every": Every.WEEK, "addresses": [OUTSIDE], **changes})
    with installation.store.writing() as session:
        journey = session.query(Journey).one().id
        with pytest.raises(Invalid, match=said):
            actions.schedule_report(session, journey, plan, user_id=None, now=NOW)


def test_on_each_database_one_of_two_workers_notes_a_day(database_url: str, tmp_path: Path):
    settings = read({}, home=tmp_path / "home", database_url=database_url)
    opened = open_installation(settings)
    with opened.store.writing() as session:
        journey = bank.make_journey(session).journey
        plan = Plan("benchmark", Every.WEEK, addresses=[OUTSIDE])
        number = actions.schedule_report(session, journey, plan, user_id=None, now=NOW).id
    due = datetime(2026, 12, 1, tzinfo=UTC)
    day = date(2026, 11, 30)
    assert [duty._begin(opened, number, day, due) for _ in range(2)] == [True, False]
    (run,) = runs(opened, number)
    assert run.state == "skipped" and run.note.endswith("no mail server is set up.")
    opened.close()
