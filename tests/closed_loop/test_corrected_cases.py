"""What a customer changes or erases reaches the case that their answers opened, and opens one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.closed_loop import cases, queries
from surveyapp.installation import Installation, open_installation
from surveyapp.responses.corrections import correct
from surveyapp.responses.erasures import erase
from surveyapp.settings import read
from surveyapp.store import events
from surveyapp.store.db import Store
from surveyapp.store.models import Case, CaseNote, Event, OutgoingMessage, SurveyRow
from surveyapp.worker import subscribers
from tests.closed_loop.makers import NOW, hear, make_loop, open_case, respond
from tests.responses.makers import SECRET, as_survey

LATER = NOW + timedelta(days=1)


@pytest.fixture
def loop(store):
    with store.writing() as session:
        return make_loop(session)


@pytest.fixture
def told(store, database_url, tmp_path):
    """Spread every event as a worker does it."""
    installation: Installation = open_installation(
        read({}, home=tmp_path / "home", database_url=database_url)
    )

    def spread() -> None:
        with installation.store.writing() as session:
            while events.dispatch(session, subscribers(installation)):
                pass

    yield spread
    installation.close()


def change(store: Store, survey_id: int, response_id: int, nps: int, csat: int = 4) -> None:
    raw = {"nps": {"nps": str(nps), "nps_reason": ""}, "csat": {"csat": str(csat)}}
    with store.writing() as session:
        survey = session.get_one(SurveyRow, survey_id)
        assert (
            correct(
                session, as_survey(session, survey), response_id, raw, now=LATER, library=BUILT_IN
            )
            is None
        )


def notes(store: Store, case_id: int) -> list[str]:
    with store.reading() as session:
        return [f"{line.who}: {line.text}" for line in queries.story(session, case_id)]


def all_cases(store: Store) -> list[Case]:
    with store.reading() as session:
        return list(session.scalars(select(Case).order_by(Case.id)))


def test_a_score_that_is_fine_now_is_noted_and_closes_nothing(store, loop, told):
    number = open_case(store, loop, 3)
    (case,) = all_cases(store)
    change(store, loop.survey, case.response_id, 9)
    told()
    (case,) = all_cases(store)
    assert (case.state, case.value) == ("open", 3)
    assert notes(store, number) == [
        "The customer: Changed the score from 3 to 9. It is no longer low; the owner decides what is"
        " left to do."
    ]
    change(store, loop.survey, case.response_id, 9, csat=1)
    told()
    assert notes(store, number)[0].endswith("this case's score is unchanged.")
    change(store, loop.survey, case.response_id, 2)
    told()
    assert notes(store, number)[0] == "The customer: Changed the score from 9 to 2."
    assert len(all_cases(store)) == 1


def test_a_closed_case_stays_closed(store, loop, told):
    number = open_case(store, loop, 3)
    with store.writing() as session:
        case = session.get_one(Case, number)
        cases.close(session, case, "recovered", user_id=loop.owner)
    change(store, loop.survey, case.response_id, 1)
    told()
    (case,) = all_cases(store)
    assert (case.state, case.outcome) == ("closed", "recovered")
    assert "from 3 to 1" in notes(store, number)[0]


def test_a_score_that_falls_by_a_change_opens_one_case(store, loop, told):
    with store.writing() as session:
        number = respond(session, loop.survey, 9)
        hear(store, session, loop.survey, [number])
    change(store, loop.survey, number, 4)
    told()
    change(store, loop.survey, number, 8)
    change(store, loop.survey, number, 2)
    told()
    (case,) = all_cases(store)
    assert (case.response_id, case.value, case.owner_id) == (number, 4, loop.owner)
    with store.reading() as session:
        assert [each.key for each in session.scalars(select(OutgoingMessage))] == [
            f"case {case.id}"
        ]


def test_a_score_that_was_low_before_the_rule_opens_nothing(store, loop, told):
    with store.writing() as session:
        number = respond(session, loop.survey, 3)
        session.query(Event).delete()  # no rule listened
    change(store, loop.survey, number, 2)
    told()
    assert all_cases(store) == []


def test_without_a_rule_a_change_opens_nothing(store, loop, told):
    with store.writing() as session:
        number = respond(session, loop.survey, 9)
        session.get_one(SurveyRow, loop.survey).closed_loop = {}
    change(store, loop.survey, number, 1)
    told()
    assert all_cases(store) == []


def test_an_erased_response_takes_what_was_noted_about_its_customer(store, loop, told):
    number = open_case(store, loop, 3)
    other = open_case(store, loop, 2)
    with store.writing() as session:
        for case in session.scalars(select(Case)):
            cases.add_note(session, case, "Mrs Lovelace, 0171 555", user_id=loop.owner)
            cases.mark_contacted(session, case, user_id=loop.owner)
        case = session.get_one(Case, number)
        erase(
            session,
            as_survey(session, session.get_one(SurveyRow, loop.survey)),
            case.response_id,
            now=LATER,
            secret_key=SECRET,
        )
    told()
    assert [line.partition(": ")[2] for line in notes(store, number)] == [
        "Erased their answers; what was noted about them is deleted.",
        "Customer contacted.",
    ]
    with store.reading() as session:
        kept = session.scalars(select(CaseNote.case_id).where(CaseNote.kind == "note")).all()
        assert kept == [other]
        assert session.get_one(Case, number).response_id is None
