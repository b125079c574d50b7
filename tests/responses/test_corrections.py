"""Stored answers are put right or erased, with everything that was made of them."""

from __future__ import annotations

import copy
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from instruments.loader import BUILT_IN
from surveyapp.errors import NotFound
from surveyapp.responses import rollups
from surveyapp.responses.actions import Stored, submit
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.corrections import correct, own_response
from surveyapp.responses.erasures import erase
from surveyapp.responses.reading import Faulty
from surveyapp.store import events
from surveyapp.store.db import Store
from surveyapp.store.models import (
    AuditEntry,
    Case,
    Delivery,
    Draft,
    Event,
    File,
    Interaction,
    Invitation,
    JourneyRun,
    Report,
    Response,
    Rollup,
    Score,
    SurveyRow,
    Webhook,
)
from surveyapp.surveys import links
from surveyapp.surveys.actions import invite
from surveyapp.surveys.invitations import is_used
from surveyapp.surveys.logic import NOT_APPLICABLE
from tests.installations import installation_on
from tests.responses.makers import (
    NOW,
    SECRET,
    as_survey,
    make_segment,
    make_survey,
    some_answers,
    some_prepared,
)

LATER = NOW + timedelta(days=3)


def invited(store: Store, survey: SurveyRow, seed: int = 1) -> links.Ticket:
    """The ticket of a customer who has answered, among others who have."""
    with store.writing() as session:
        survey = session.get_one(SurveyRow, survey.id)
        (issued,) = invite(
            session,
            as_survey(session, survey),
            [{"customer_ref": f"customer {seed}", "attributes": {"region": "North"}}],
            installation=installation_on(store),
            user_id=None,
        )
        text = issued.url.rsplit("/", 1)[1]
        ticket = links.read_ticket(SECRET, survey.link, text, now=NOW)
        assert ticket is not None
        stored = submit(
            session,
            as_survey(session, survey),
            some_answers(seed),
            submission_key=f"key {seed}",
            attributes=ticket.attributes,
            customer_ref=ticket.customer_ref,
            invitation=ticket,
            now=NOW,
            library=BUILT_IN,
        )
        assert isinstance(stored, Stored)
        assert stored.new
    return ticket


@pytest.fixture
def survey(store: Store) -> SurveyRow:
    """A survey with forty responses of others and two segments."""
    with store.writing() as session:
        make_segment(session, "north", "region = North")
        make_segment(session, "south", "region = South")
        made = make_survey(session)
        store_bulk(session, as_survey(session, made), some_prepared(40), library=BUILT_IN)
    return made


def own_id(store: Store, survey: SurveyRow, ticket: links.Ticket) -> int:
    with store.reading() as session:
        found = own_response(session, survey.id, ticket)
        assert found is not None
        return found.id


def assert_counted(store: Store) -> None:
    """Rollups are what counting would make of the answers, and none of them counts nobody."""
    with store.reading() as session:
        assert rollups.recount(session) == []
        assert session.scalars(select(Rollup.n).where(Rollup.n <= 0)).all() == []


def test_only_the_holder_of_a_used_ticket_finds_its_response(store: Store, survey):
    ticket = invited(store, survey)
    stranger = links.Ticket(links.new_token())
    with store.reading() as session:
        connection = session.connection()
        assert is_used(connection, survey.id, ticket)
        assert not is_used(connection, survey.id, stranger)
        assert not is_used(connection, survey.id + 1, ticket)
        assert own_response(session, survey.id, stranger) is None
        assert own_response(session, survey.id + 1, ticket) is None


def test_corrected_answers_score_and_count_as_if_they_had_been_the_first(store: Store, survey):
    ticket = invited(store, survey)
    number = own_id(store, survey, ticket)
    fresh = some_answers(99)
    with store.writing() as session:
        made = session.get_one(SurveyRow, survey.id)
        assert (
            correct(session, as_survey(session, made), number, fresh, now=LATER, library=BUILT_IN)
            is None
        )
    with store.reading() as session:
        kept = session.get_one(Response, number)
        assert kept.answers == fresh
        assert (kept.submitted_at, kept.corrected_at) == (NOW, LATER)
        own = (Score.response_id == number, Score.scale == "nps")
        assert session.scalars(select(Score.value).where(*own)).one() == fresh["nps"]["nps"]
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (entry.action, entry.user_id, entry.detail) == ("correct response", None, {})
    assert_counted(store)


def test_a_fault_in_a_correction_changes_nothing(store: Store, survey):
    ticket = invited(store, survey)
    number = own_id(store, survey, ticket)
    wrong = copy.deepcopy(some_answers(99))
    wrong["nps"]["nps"] = 11
    with store.writing() as session:
        made = session.get_one(SurveyRow, survey.id)
        assert isinstance(
            correct(session, as_survey(session, made), number, wrong, now=LATER, library=BUILT_IN),
            Faulty,
        )
    with store.reading() as session:
        kept = session.get_one(Response, number)
        assert (kept.answers, kept.corrected_at) == (some_answers(1), None)
    assert_counted(store)


def test_erasing_reaches_everything_that_was_made_of_the_answers(store: Store, survey):
    ticket = invited(store, survey)
    number = own_id(store, survey, ticket)
    with store.writing() as session:
        before = session.scalar(select(func.count()).select_from(Score))
        own = session.get_one(Response, number)
        own_scores = session.scalar(
            select(func.count()).select_from(Score).where(Score.response_id == number)
        )
        case = Case(response_id=number, survey_id=survey.id, scale="nps", value=1.0, due_at=LATER)
        draft = Draft(token_hash=ticket.token_hash, survey_id=survey.id, fields={"a": "b"})
        hook = Webhook(name="CRM", url="https://crm.example", seed="0" * 32, events=["response"])
        session.add_all([case, draft, hook])
        session.flush()
        told = {"event": "response", "payload": {"answers": "all"}}
        session.add(Delivery(webhook_id=hook.id, response_id=number, **told))
        events.publish(session, "response", response_id=number, survey_id=survey.id)
        events.publish(session, "response", response_id=number + 10**6, survey_id=1)
        run_id, public_id = own.journey_run_id, own.public_id
        assert run_id is not None
    with store.writing() as session:
        erase(
            session,
            as_survey(session, session.get_one(SurveyRow, survey.id)),
            number,
            now=LATER,
            secret_key=SECRET,
        )
    with store.reading() as session:
        assert session.get(Response, number) is None
        assert session.scalar(select(func.count()).select_from(Score)) == before - own_scores
        assert session.scalars(select(Case.response_id)).all() == [None]
        assert session.scalars(select(Draft)).all() == []
        assert session.scalars(select(Delivery)).all() == []
        told = session.scalars(select(Event).order_by(Event.id)).all()
        assert [(event.kind, event.subject) for event in told] == [
            ("response", {"response_id": number + 10**6, "survey_id": 1}),
            ("response.erased", {"erased_id": number, "erased": public_id, "version": 2}),
        ]
        own_run = session.scalars(select(JourneyRun.id).where(JourneyRun.id == run_id)).all()
        assert own_run == []
        assert session.scalars(select(Invitation.state)).all() == ["completed"]
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (entry.action, entry.subject, entry.detail) == (
            "erase response",
            f"survey {survey.code}",
            {"answered": NOW.date().isoformat()},
        )
        assert is_used(session.connection(), survey.id, ticket)
    assert_counted(store)
    with store.writing() as session, pytest.raises(NotFound, match="not stored any more"):
        erase(
            session,
            as_survey(session, session.get_one(SurveyRow, survey.id)),
            number,
            now=LATER,
            secret_key=SECRET,
        )


def test_a_used_link_takes_no_second_answer_after_erasure(store: Store, survey):
    ticket = invited(store, survey)
    number = own_id(store, survey, ticket)
    with store.writing() as session:
        made = session.get_one(SurveyRow, survey.id)
        erase(session, as_survey(session, made), number, now=LATER, secret_key=SECRET)
        again = submit(
            session,
            as_survey(session, made),
            some_answers(1),
            submission_key="key 1",
            attributes={},
            invitation=ticket,
            now=LATER,
            library=BUILT_IN,
        )
    assert again == Stored(None, new=False)


def test_a_run_with_something_else_in_it_stays(store: Store, survey):
    ticket = invited(store, survey)
    number = own_id(store, survey, ticket)
    with store.writing() as session:
        run_id = session.get_one(Response, number).journey_run_id
        made = session.get_one(SurveyRow, survey.id)
        visit = Interaction(
            touchpoint_id=made.touchpoint_id, journey_run_id=run_id, customer_ref="c", at=NOW
        )
        session.add(visit)
        session.flush()
        erase(session, as_survey(session, made), number, now=LATER, secret_key=SECRET)
    with store.reading() as session:
        assert session.get(JourneyRun, run_id) is not None


def test_finished_reports_say_that_answers_under_them_changed(store: Store, survey):
    ticket = invited(store, survey)
    number = own_id(store, survey, ticket)
    with store.writing() as session:
        file = File(name="a.pdf", media_type="application/pdf", size=1, sha256="0" * 64)
        session.add(file)
        session.flush()
        for title, file_id in (("done", file.id), ("running", None)):
            report = Report(
                kind="benchmark",
                title=title,
                journey_id=survey.journey_id,
                file_id=file_id,
                parameters={"since": "2026-01-01"},
            )
            session.add(report)
    with store.writing() as session:
        erase(
            session,
            as_survey(session, session.get_one(SurveyRow, survey.id)),
            number,
            now=LATER,
            secret_key=SECRET,
        )
    with store.reading() as session:
        found = {report.title: report.parameters for report in session.scalars(select(Report))}
    assert found == {
        "done": {"since": "2026-01-01", "outdated": "2026-04-01", "erased": "2026-04-01"},
        "running": {"since": "2026-01-01"},
    }


def test_corrections_and_answers_at_the_same_moment_are_all_counted(store: Store, survey):
    tickets = [invited(store, survey, seed) for seed in range(4)]
    numbers = [own_id(store, survey, ticket) for ticket in tickets]
    together = Barrier(8)
    failures: list[Exception] = []

    def work(place: int) -> None:
        together.wait()
        try:
            with store.writing() as session:
                made = session.get_one(SurveyRow, survey.id)
                if place % 2:
                    answers = some_answers(50 + place)
                    submit(
                        session,
                        as_survey(session, made),
                        answers,
                        submission_key=f"new {place}",
                        attributes={"region": "North"},
                        now=NOW,
                        library=BUILT_IN,
                    )
                elif place % 4:
                    correct(
                        session,
                        as_survey(session, made),
                        numbers[place // 2],
                        some_answers(70 + place),
                        now=LATER,
                        library=BUILT_IN,
                    )
                else:
                    erase(
                        session,
                        as_survey(session, made),
                        numbers[place // 2],
                        now=LATER,
                        secret_key=SECRET,
                    )
        except Exception as error:
            failures.append(error)

    threads = [Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == 40 + 4 - 2 + 4
    assert_counted(store)


def test_a_correction_obeys_the_logic_of_the_survey(store: Store):
    logic = {
        "show_if": [{"item": "nps-nps_reason", "when": "nps-nps", "sign": "<=", "value": "6"}],
        "not_applicable": ["ces-ces"],
        "attention": {"after": "nps-nps", "choose": 3},
    }
    asks = ("nps", "ces")
    with store.writing() as session:
        made = make_survey(session, asks=asks)
        made.logic = logic
        raw = {
            "nps": {"nps": "2", "nps_reason": "Slow.", "npsb": "3"},
            "ces": {"ces": NOT_APPLICABLE},
        }
        stored = submit(
            session,
            as_survey(session, made),
            raw,
            submission_key="a",
            attributes={},
            now=NOW,
            library=BUILT_IN,
        )
        assert isinstance(stored, Stored)
        number = stored.response_id
        assert number is not None
        first = session.get_one(Response, number).paradata
        assert first == {"attention": "passed", "not_applicable": ["ces-ces"]}
        fresh = {"nps": {"nps": "9", "nps_reason": "Slow."}, "ces": {"ces": "4"}}
        assert (
            correct(session, as_survey(session, made), number, fresh, now=LATER, library=BUILT_IN)
            is None
        )
        kept = session.get_one(Response, number)
        assert kept.answers == {"nps": {"nps": 9}, "ces": {"ces": 4}}
        assert kept.paradata == {"attention": "passed"}
        assert isinstance(
            correct(
                session,
                as_survey(session, made),
                number,
                {"nps": fresh["nps"]},
                now=LATER,
                library=BUILT_IN,
            ),
            Faulty,
        )
    assert_counted(store)
