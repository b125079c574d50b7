"""Who allowed to be quoted takes it back with the own link, staff take it back too; pages follow at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.journeys.calendar import UTC_DAYS
from surveyapp.responses.quoting import withdraw_quote
from surveyapp.results.comments.quotes import newest_quotes
from surveyapp.store.columns import utc_now
from surveyapp.store.models import (
    AuditEntry,
    Comment,
    CommentMark,
    Job,
    Journey,
    Report,
    Response,
    SurveyRow,
)
from surveyapp.surveys.queries import surveys_of
from tests.comments.test_coding import Coders, coders
from tests.responses.makers import make_survey
from tests.web.respondents import opened, single_use
from tests.web.world import add_user

__all__ = ["coders"]
SAID = {"nps-nps": "2", "nps-nps_reason": "The queue"}


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    with installation.store.writing() as session:
        row = make_survey(session, asks=("nps",))
        row.comments = {"ask_to_quote": True}
        return row


@pytest.fixture
def path(client: FlaskClient, installation: Installation, survey: SurveyRow) -> str:
    """A personal link whose customer wrote something and allowed to quote it."""
    (made,) = single_use(installation, survey)
    page = opened(client, made)
    key = page.split('name="form-key" value="')[1].split('"')[0]
    assert client.post(made, data={**SAID, "quote": "yes", "form-key": key}).status_code == 303
    return made


def stored(installation: Installation) -> tuple[list[str], bool, bool]:
    """The quotes on the start page, what the comment says, and what the response says."""
    with installation.store.reading() as session:
        (journey_id,) = session.scalars(select(Journey.id))
        quotes = newest_quotes(
            session,
            surveys_of(session, journey_id),
            {journey_id: UTC_DAYS},
            None,
            now=utc_now() + timedelta(minutes=1),
        )
        (allowed,) = session.scalars(select(Comment.may_quote))
        (paradata,) = session.scalars(select(Response.paradata))
    return [each.text for each in quotes], allowed, paradata.get("quote", False)


BOX = 'name="quote" value="yes"'


def test_a_customer_takes_consent_back_and_gives_it_again(client, installation, survey, path):
    assert stored(installation) == (["The queue"], True, True)
    assert "You may quote my comments" in opened(client, f"{path}/mine")
    form = opened(client, f"{path}/mine/change")
    assert f"{BOX} checked" in form
    assert client.post(f"{path}/mine/change", data=SAID).status_code == 303
    assert stored(installation) == ([], False, False)
    assert "You may quote my comments" not in opened(client, f"{path}/mine")
    form = opened(client, f"{path}/mine/change")
    assert BOX in form and f"{BOX} checked" not in form
    again = {**SAID, "nps-nps_reason": "The long queue", "quote": "yes"}
    assert client.post(f"{path}/mine/change", data=again).status_code == 303
    assert stored(installation) == (["The long queue"], True, True)
    with installation.store.writing() as session:  # no longer asked, yet to be taken back
        session.get_one(SurveyRow, survey.id).comments = {}
    assert f"{BOX} checked" in opened(client, f"{path}/mine/change")
    assert client.post(f"{path}/mine/change", data=SAID).status_code == 303
    assert stored(installation) == ([], False, False)
    assert BOX not in opened(client, f"{path}/mine/change")
    assert client.post(f"{path}/mine/change", data=again).status_code == 422
    with installation.store.reading() as session:
        entries = session.scalars(
            select(AuditEntry.detail)
            .where(AuditEntry.action == "correct response")
            .order_by(AuditEntry.id)
        )
        assert [each.get("quoting") for each in entries] == ["withdrawn", None, "withdrawn"]


def test_a_form_sent_again_without_the_tick_takes_consent_back(client, installation, survey):
    link = f"/s/{survey.link}"
    page = opened(client, link)
    key = {"form-key": page.split('name="form-key" value="')[1].split('"')[0]}
    for tick, expected in (({"quote": "yes"}, True), ({}, False), ({"quote": "yes"}, True)):
        assert client.post(link, data={**SAID, **tick, **key}).status_code == 303
        assert stored(installation)[1:] == (expected, expected)


def test_an_erased_answer_is_quoted_no_more(client, installation, path):
    assert client.post(f"{path}/mine/erase").status_code == 303
    with installation.store.reading() as session:
        assert session.scalars(select(Comment)).all() == []


def test_staff_withdraw_a_quote_once_and_stay_where_they_were(
    client, installation, survey, path, sign_in
):
    with installation.store.writing() as session:
        staff = add_user(session, "manager")
        number = session.scalars(select(Response.id)).one()
    manager = sign_in(staff)
    address = f"/journeys/{survey.journey_id}/comments"
    page = manager.get(f"{address}?band=low").text
    assert f"{address}/{number}/withdraw-quote?band=low" in page
    with installation.store.writing() as session:
        job = Job(kind="benchmark_report", state="running")
        session.add(job)
        session.flush()
        asked = {"journey_id": survey.journey_id, "job_id": job.id}
        for kind, parameters in (("partner", {"quotes": True}), ("benchmark", {})):
            session.add(Report(kind=kind, title=kind, parameters=parameters, **asked))
    for said in ("can no longer be quoted", "may not be quoted; nothing"):
        done = manager.post(f"{address}/{number}/withdraw-quote?band=low&odd=1")
        assert (done.status_code, done.location) == (303, f"{address}?band=low")
        page = manager.get(done.location).text
        assert said in page and "withdraw-quote" not in page
    assert stored(installation) == ([], False, False)
    assert manager.post(f"{address}/{number + 1}/withdraw-quote").status_code == 404
    assert manager.post(f"/journeys/99/comments/{number}/withdraw-quote").status_code in (403, 404)
    # The customer's other changes do not bring it back, the customer's tick does.
    assert client.post(f"{path}/mine/change", data=SAID).status_code == 303
    assert not stored(installation)[1]
    with installation.store.reading() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "withdraw quote")
        ).all()
        public = session.scalars(select(Response.public_id)).one()
        marked = dict(session.execute(select(Report.kind, Report.parameters)).all())
    assert [each.detail for each in entries] == [{"response": public}]
    assert "erased" in marked["partner"]
    assert "erased" not in marked["benchmark"]


@pytest.mark.parametrize("anonymity", ["pseudonymous", "anonymous"])
def test_a_withdrawn_quote_keeps_its_codes_and_an_anonymous_one_its_secret(
    coders: Coders, anonymity: str
):
    number = coders.commented.say("wait", quote=True)
    coders.code(0, number, coders.wait)
    with coders.store.writing() as session:
        session.get_one(SurveyRow, coders.commented.row.id).anonymity = anonymity
    with coders.store.writing() as session:
        assert withdraw_quote(session, coders.journey_id, number, user_id=coders.people[0])
    with coders.store.reading() as session:
        assert session.scalars(select(Comment.may_quote)).all() == [False]
        assert session.scalars(select(CommentMark.code_id)).all() == [coders.wait]
        audit = select(AuditEntry.detail).where(AuditEntry.action == "withdraw quote")
        assert [list(each) for each in session.scalars(audit)] == [
            ["response"] if anonymity == "pseudonymous" else []
        ]
