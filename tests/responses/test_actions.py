"""Submissions: one response each, scored and counted in the transaction that keeps it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.responses import rollups
from surveyapp.responses.actions import Stored, submit
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.reading import Faulty
from surveyapp.store.db import Store
from surveyapp.store.models import Invitation, JourneyRun, Response, Rollup, Score
from surveyapp.surveys import links
from surveyapp.surveys.actions import invite
from surveyapp.surveys.queries import survey_at
from tests.installations import installation_on
from tests.responses.makers import (
    NOW,
    SECRET,
    as_survey,
    make_journey,
    make_segment,
    make_survey,
    some_answers,
    some_prepared,
)


def send(store: Store, survey: Any, key: str, seed: int = 1, **options: Any) -> Stored | Faulty:
    with store.writing() as session:
        return submit(
            session,
            as_survey(session, survey),
            options.pop("raw", some_answers(seed)),
            submission_key=key,
            attributes=options.pop("attributes", {}),
            now=options.pop("now", NOW),
            **options,
            library=BUILT_IN,
        )


@pytest.fixture
def survey(store: Store):
    with store.writing() as session:
        made = make_survey(session, consent="I agree.", consent_version="7")
    with store.reading() as session:
        return survey_at(session.connection(), made.link)


def only(store: Store) -> Response:
    with store.reading() as session:
        return session.scalars(select(Response)).one()


def test_an_answer_is_kept_with_its_scores_wording_and_consent(store: Store, survey):
    raw = some_answers(3)
    stored = send(store, survey, "k1", 3, attributes={"region": "North"})
    response = only(store)
    assert stored == Stored(response.id, new=True)
    assert response.answers == raw
    assert response.wordings == {each: BUILT_IN.load(each).wording("en").id for each in raw}
    assert (response.consent_version, response.language, response.source) == ("7", "en", "link")
    assert (response.submitted_at, response.attributes) == (NOW, {"region": "North"})
    with store.reading() as session:
        scores = {score.scale: score.value for score in session.scalars(select(Score))}
    personal = [raw["sjq"][f"per{k}"] for k in (3, 4, 5, 6)]
    assert scores["sjq.personalization"] == pytest.approx(sum(personal) / 4)
    assert (scores["nps"], scores["csat"]) == (raw["nps"]["nps"], raw["csat"]["csat"])
    assert set(scores) == {
        "sjq",
        "sjq.personalization",
        "sjq.coherence",
        "sjq.seamlessness",
        "csat",
        "nps",
        "ces",
    }


def test_the_same_form_sent_twice_is_one_response(store: Store, survey):
    first = send(store, survey, "k1", 1)
    second = send(store, survey, "k1", 2)
    assert second == Stored(first.response_id, new=False)
    assert only(store).answers == some_answers(1)
    with store.reading() as session:
        assert rollups.recount(session) == []


def test_faults_come_back_and_nothing_is_kept(store: Store, survey):
    raw = some_answers(1)
    raw["sjq"]["per3"] = 8
    del raw["nps"]["nps"]
    raw["score"] = {"sjq": 7}
    faulty = send(store, survey, "k1", raw=raw)
    assert isinstance(faulty, Faulty)
    codes = {
        (instrument, fault.item, fault.code)
        for instrument, faults in faulty.faults.items()
        for fault in faults
    }
    assert codes == {
        ("sjq", "per3", "out_of_range"),
        ("nps", "nps", "required"),
        ("score", "", "not_asked"),
    }
    with store.reading() as session:
        assert session.query(Response).count() == session.query(Rollup).count() == 0


def test_a_days_rollup_counts_the_answers_of_its_utc_day(store: Store, survey):
    midnight = datetime(2026, 3, 29, tzinfo=UTC)
    send(store, survey, "a", now=midnight - timedelta(microseconds=1))
    send(store, survey, "b", now=midnight)
    with store.reading() as session:
        counted = session.execute(
            select(Rollup.day, Rollup.n).where(Rollup.scale == "responses").order_by(Rollup.day)
        ).all()
    assert [(str(day), n) for day, n in counted] == [("2026-03-28", 1), ("2026-03-29", 1)]


def test_a_response_counts_for_everybody_and_for_its_segments(store: Store, survey):
    with store.writing() as session:
        north = make_segment(session, "north", "region = North")
        make_segment(session, "old", "tenure > 5")
    send(store, survey, "a", attributes={"region": "North", "tenure": 5})
    with store.reading() as session:
        found = session.execute(
            select(Rollup.segment_id, Rollup.n).where(Rollup.scale == "responses")
        )
        assert sorted(tuple(row) for row in found) == [(0, 1), (north.id, 1)]


def test_stored_one_by_one_or_in_bulk_is_the_same(store: Store):
    """Answers, scores, runs and rollups of the bulk path equal those of single submissions."""
    with store.writing() as session:
        make_segment(session, "north", "region = North and tenure >= 3")
        journey = make_journey(session)
        one = make_survey(session, journey=journey)
        other_journey = make_journey(session, "other")
        many = make_survey(session, journey=other_journey)
    people = list(some_prepared(60))
    for person in people:
        send(
            store,
            one,
            str(person.external_id),
            raw=person.answers,
            attributes=person.attributes,
            customer_ref=person.customer_ref,
            now=person.submitted_at,
        )
    with store.writing() as session:
        counted = store_bulk(session, as_survey(session, many), people, library=BUILT_IN)
        assert (counted.stored, counted.already) == (60, 0)
    with store.reading() as session:
        assert rollups.recount(session) == []
        assert contents(session, one.id) == contents(session, many.id)
        runs = session.scalars(select(JourneyRun)).all()
        assert len(runs) == 80
        assert {run.ended_at for run in runs} == {None}


def contents(session, survey_id: int):
    responses = session.scalars(select(Response).where(Response.survey_id == survey_id))
    kept = [(r.answers, r.attributes, r.wordings, r.submitted_at) for r in responses]
    scores = session.execute(
        select(Response.submitted_at, Score.scale, Score.value)
        .join(Score, Score.response_id == Response.id)
        .where(Response.survey_id == survey_id)
    )
    rows = session.scalars(select(Rollup).where(Rollup.survey_id == survey_id))
    cells = [(r.segment_id, r.scale, r.day, r.n, round(r.total, 9), r.b0, r.b5) for r in rows]
    return (
        sorted(map(str, kept)),
        sorted((str(at), scale, round(value, 9)) for at, scale, value in scores),
        sorted(cells),
    )


def test_a_batch_stored_again_adds_nothing(store: Store, survey):
    for expected in ((30, 0), (10, 30)):
        with store.writing() as session:
            counted = store_bulk(
                session, as_survey(session, survey), some_prepared(sum(expected)), library=BUILT_IN
            )
            assert (counted.stored, counted.already) == expected
    with store.reading() as session:
        assert session.query(Response).count() == 40
        assert rollups.recount(session) == []


def test_a_run_joins_the_journey_and_its_end_closes_it(store: Store):
    with store.writing() as session:
        journey = make_journey(session)
        along = make_survey(session, journey=journey, asks=("csat",), name="Along")
        end = make_survey(session, journey=journey, at_end=True, asks=("ces",), name="End")

    def answer(survey, key: str, customer: str, minutes: int):
        raw = some_answers(1, tuple(ask["instrument"] for ask in survey.asks))
        at = NOW + timedelta(minutes=minutes)
        send(store, survey, key, raw=raw, customer_ref=customer, now=at)

    answer(along, "1", "anna", 0)
    answer(along, "2", "bert", 1)
    answer(along, "3", "anna", 2)
    answer(end, "4", "anna", 3)
    answer(along, "5", "anna", 4)
    with store.reading() as session:
        run_of = dict(
            session.execute(select(Response.submission_key, Response.journey_run_id)).all()
        )
        assert run_of["1"] == run_of["3"] == run_of["4"]
        assert len(set(run_of.values())) == 3
        closed = session.get_one(JourneyRun, run_of["1"])
        assert (closed.started_at, closed.ended_at) == (NOW, NOW + timedelta(minutes=3))


def test_bulk_runs_close_and_begin_again_in_the_order_given(store: Store):
    with store.writing() as session:
        end = make_survey(session, at_end=True, asks=("ces",))
        people = [
            Prepared({"ces": {"ces": 5}}, NOW + timedelta(days=k), customer_ref="anna")
            for k in range(3)
        ]
        store_bulk(session, as_survey(session, end), people, library=BUILT_IN)
        store_bulk(session, as_survey(session, end), people, library=BUILT_IN)
    with store.reading() as session:
        runs = session.scalars(select(JourneyRun).order_by(JourneyRun.id)).all()
        assert len(runs) == 6
        assert all(run.ended_at == run.started_at for run in runs)


def ticket_of(store: Store, survey, **customer: Any) -> links.Ticket:
    with store.writing() as session:
        issued = invite(
            session,
            as_survey(session, survey),
            [customer],
            installation=installation_on(store),
            user_id=None,
        )
    text = issued[0].url.rsplit("/", 1)[1]
    ticket = links.read_ticket(SECRET, survey.link, text, now=NOW)
    assert ticket is not None
    return ticket


def test_an_invitation_is_good_for_one_response(store: Store, survey):
    ticket = ticket_of(store, survey, customer_ref="4711")
    first = send(store, survey, "a", invitation=ticket, customer_ref=ticket.customer_ref)
    again = send(store, survey, "a", invitation=ticket, customer_ref=ticket.customer_ref)
    other = send(store, survey, "b", 2, invitation=ticket, customer_ref=ticket.customer_ref)
    assert again == Stored(first.response_id, new=False)
    assert other == Stored(None, new=False)
    response = only(store)
    with store.reading() as session:
        invitation = session.scalars(select(Invitation)).one()
        run = session.scalars(select(JourneyRun)).one()
    assert response.source == "invitation"
    assert (response.invitation_id, invitation.state) == (invitation.id, "completed")
    assert run.customer_ref == links.pseudonym(SECRET, "4711")


def test_a_faulty_form_leaves_the_invitation_unused(store: Store, survey):
    ticket = ticket_of(store, survey)
    assert isinstance(send(store, survey, "a", raw={}, invitation=ticket), Faulty)
    assert isinstance(send(store, survey, "a", invitation=ticket), Stored)
    assert only(store).source == "invitation"


def test_ids_of_stored_responses_follow_each_other(store: Store, survey):
    with store.writing() as session:
        store_bulk(session, as_survey(session, survey), some_prepared(5), library=BUILT_IN)
    send(store, survey, "k")
    with store.reading() as session:
        ids = sorted(session.scalars(select(Response.id)))
    assert all(b - a == 1 for a, b in pairwise(ids))
