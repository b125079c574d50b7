"""Whole trips through the pages about cases."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select

from surveyapp.closed_loop import cases as actions
from surveyapp.store.columns import utc_now
from surveyapp.store.models import (
    AuditEntry,
    Case,
    CaseNote,
    Contact,
    Interaction,
    OutgoingMessage,
    Response,
    SurveyRow,
    User,
)
from surveyapp.worker import DUTIES
from tests.closed_loop.makers import make_loop, open_case, respond


@pytest.fixture
def loop(installation):
    with installation.store.writing() as session:
        return make_loop(session)


@pytest.fixture
def olga(installation, sign_in, loop):
    with installation.store.reading() as session:
        return sign_in(session.get_one(User, loop.owner))


def words(page) -> str:
    """The page's text in one line, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_empty_pages_say_what_to_do_next(olga):
    assert "No cases yet" in olga.get("/cases").text
    assert "No matching cases" in olga.get("/cases?state=closed").text
    assert "No closed cases" in olga.get("/cases/recovery").text


def test_a_case_from_the_list_to_its_outcome(installation, olga, loop):
    case = open_case(installation.store, loop, 3, reason="It lost my data.")
    listed = olga.get("/cases?owner=me")
    assert f'href="/cases/{case}"' in listed.text and "NPS 3" in listed.text
    page = words(olga.get(f"/cases/{case}"))
    assert "It lost my data." in page
    assert "3 on a scale from 0 to 10" in page
    assert "Mark as contacted" in page
    for path, form in (
        ("contacted", {}),
        ("notes", {"text": "She gets the fee back."}),
        ("owner", {"owner_id": str(loop.other)}),
        ("close", {"outcome": "recovered"}),
    ):
        done = olga.post(f"/cases/{case}/{path}", data=form)
        assert (done.status_code, done.location) == (303, f"/cases/{case}")
    page = words(olga.get(f"/cases/{case}"))
    assert "Recovered, on" in page and "Reopen case" in page
    assert page.index("Closed: recovered.") < page.index("She gets the fee back.")
    assert "All cases are closed." in olga.get("/cases").text
    assert "Recovered" in olga.get("/cases?state=closed").text


def test_forms_sent_twice_do_their_work_once(installation, olga, loop):
    case = open_case(installation.store, loop)
    for _ in range(2):
        assert olga.post(f"/cases/{case}/notes", data={"text": "Called."}).status_code == 303
        assert olga.post(f"/cases/{case}/contacted").status_code == 303
    for _ in range(2):
        sent = olga.post(f"/cases/{case}/close", data={"outcome": "unreachable"})
        assert sent.status_code == 303
    with installation.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(CaseNote)) == 3
    other = olga.post(f"/cases/{case}/close", data={"outcome": "recovered"})
    assert other.status_code == 422
    assert "already closed as: not reached" in other.text


def test_what_a_form_lacks_is_said_and_nothing_changes(installation, olga, loop):
    case = open_case(installation.store, loop)
    for path, form, said in (
        ("notes", {"text": "  "}, "Write what you learned or agreed."),
        ("close", {}, "Choose an outcome."),
        ("close", {"outcome": "won"}, "Not a valid choice."),
        ("owner", {"owner_id": "99"}, "Not a valid choice."),
        ("notes", {"text": "x", "state": "closed"}, "This form has no field"),
    ):
        answer = olga.post(f"/cases/{case}/{path}", data=form)
        assert answer.status_code == 422, path
        assert said in answer.text
    with installation.store.reading() as session:
        known = session.get_one(Case, case)
        assert (known.state, known.owner_id, known.notes) == ("open", loop.owner, [])


def test_the_list_keeps_its_filters_and_goes_on(installation, olga, loop, monkeypatch):
    monkeypatch.setattr("surveyapp.web.cases.PAGE", 2)
    numbers = [open_case(installation.store, loop) for _ in range(3)]
    with installation.store.writing() as session:
        session.get_one(Case, numbers[2]).due_at = utc_now() - timedelta(days=1)
    first = olga.get("/cases?owner=me").text
    assert [f"/cases/{number}" in first for number in numbers] == [True, False, True]
    assert "overdue" in first
    later = re.search(r'href="(/cases\?after=\d+[^"]+)"', first)[1].replace("&amp;", "&")
    assert "owner=me" in later
    second = olga.get(later).text
    assert f"/cases/{numbers[1]}" in second and "First page" in second
    assert f"/cases/{numbers[0]}" not in olga.get("/cases?overdue=1").text


def test_a_filter_that_is_none_is_refused(olga):
    for query in ("state=won", "owner=x", "journey=x", "after=x"):
        assert olga.get(f"/cases?{query}").status_code == 422, query


def test_the_strip_shows_the_share_with_its_interval(installation, olga, loop):
    for outcome in ["recovered"] * 3 + ["unreachable"] * 2:
        case = open_case(installation.store, loop)
        with installation.store.writing() as session:
            actions.close(session, session.get_one(Case, case), outcome, user_id=loop.owner)
        if case < 5:
            assert "hidden (fewer than 5)" in words(olga.get("/cases"))
    page = words(olga.get("/cases"))
    assert "60%" in page
    assert "23 to 88, of 5 closed in 12 months" in page
    assert "After the form" in olga.get("/cases/recovery").text


def test_an_erased_response_is_said_to_be_erased(installation, olga, loop):
    case = open_case(installation.store, loop, 2)
    with installation.store.writing() as session:
        session.execute(delete(Response))
    page = words(olga.get(f"/cases/{case}"))
    assert "The response has been erased" in page
    assert "left: 2" in page.replace(" .", "")


def test_a_personal_link_stands_on_one_page_only(installation, olga, loop):
    case = open_case(installation.store, loop, customer_ref="c" * 32)
    made = olga.post(f"/cases/{case}/ask", data={"way": "link"})
    assert made.status_code == 200
    link = re.search(r'value="(http[^"]+/s/[^"]+)"', made.text)[1]
    assert link not in olga.get(f"/cases/{case}").text
    again = olga.post(f"/cases/{case}/ask", data={"way": "link"})
    assert link in again.text
    assert "No answer yet." in words(olga.get(f"/cases/{case}"))
    assert olga.post(f"/cases/{case}/ask", data={"way": "mail"}).status_code == 409
    assert olga.post(f"/cases/{case}/ask").status_code == 422


def test_a_customer_with_an_address_is_asked_by_mail(installation, olga, loop):
    case = open_case(installation.store, loop, customer_ref="c" * 32)
    with installation.store.writing() as session:
        response = session.scalars(select(Response)).one()
        session.add(Contact(customer_ref="c" * 32, email="ann@example.org"))
        session.add(
            Interaction(
                touchpoint_id=response.survey.touchpoint_id,
                journey_run_id=response.journey_run_id,
                customer_ref="c" * 32,
                at=utc_now(),
            )
        )
    assert "Send follow-up survey" in olga.get(f"/cases/{case}").text
    for _ in range(2):
        assert olga.post(f"/cases/{case}/ask", data={"way": "mail"}).status_code == 303
    page = olga.get(f"/cases/{case}").text
    assert "Send follow-up survey" not in page and "ann@example.org" not in page
    with installation.store.reading() as session:
        kinds = [message.kind for message in session.scalars(select(OutgoingMessage))]
    assert sorted(kinds) == ["case", "invitation"]


def test_a_case_of_a_closed_account_does_not_look_like_nobodys(installation, olga, loop):
    case = open_case(installation.store, loop)
    olga.post(f"/cases/{case}/owner", data={"owner_id": str(loop.other)})
    with installation.store.writing() as session:
        session.get_one(User, loop.other).active = False
    page = olga.get(f"/cases/{case}").text
    assert f'<option selected value="{loop.other}">Bert (account closed)</option>' in page


def test_a_note_is_shown_as_text(installation, olga, loop):
    case = open_case(installation.store, loop, reason="<script>alert(2)</script>")
    olga.post(f"/cases/{case}/notes", data={"text": "<script>alert(1)</script>{{7*7}}"})
    page = olga.get(f"/cases/{case}").text
    assert "<script>alert" not in page and "{{7*7}}" in page


def test_a_low_answer_is_on_the_owners_list_after_the_workers_round(installation, olga, loop):
    """From the customer's submission over the event to the list, through the worker's own duties."""
    with installation.store.writing() as session:
        respond(session, loop.survey, 2)
        respond(session, loop.survey, 9)
    spread = DUTIES["dispatch events"][1]
    while spread(installation, utc_now()):
        pass
    page = olga.get("/cases?owner=me").text
    assert "NPS 2" in page and "NPS 9" not in page


def test_cases_are_exported_as_the_list_shows_them_and_run_nothing(installation, olga, loop):
    with installation.store.writing() as session:
        session.get_one(User, loop.other).name = "=1+1"
        session.get_one(SurveyRow, loop.survey).name = "+Form"
    cases = [
        open_case(installation.store, loop, nps, reason="It lost my data.") for nps in (3, 2, 1)
    ]
    olga.post(f"/cases/{cases[0]}/owner", data={"owner_id": str(loop.other)})
    olga.post(f"/cases/{cases[0]}/notes", data={"text": "Mrs Lovelace"})
    olga.post(f"/cases/{cases[1]}/close", data={"outcome": "recovered"})
    answer = olga.get("/cases/export.csv?state=all")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cases-3-rows.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert sorted(int(row["case"]) for row in rows) == cases
    first = next(row for row in rows if int(row["case"]) == cases[0])
    assert (first["owner"], first["survey"]) == ("'=1+1", "'+Form")
    assert (first["value"], first["state"], first["overdue"]) == ("3.0", "open", "false")
    closed = next(row for row in rows if int(row["case"]) == cases[1])
    assert (closed["outcome"], closed["owner"], bool(closed["closed_at"])) == (
        "recovered",
        "Olga",
        True,
    )
    assert "Lovelace" not in answer.text and "lost my data" not in answer.text
    todo = olga.get("/cases/export.csv?owner=me").text
    assert todo.count("\n") == 2  # the headings and the one that is hers
    assert olga.get("/cases/export.csv?state=none").status_code == 422
    assert 'href="/cases/export.csv?state=all"' in olga.get("/cases?state=all").text
    with installation.store.reading() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "export cases").order_by(AuditEntry.id)
        ).first()
        assert entry.detail == {"state": "all"}
