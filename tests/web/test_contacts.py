"""The page of one customer: found by what staff know, never listed, and acted on as they wish."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.sampling import schedule
from surveyapp.sampling.actions import change_sampling
from surveyapp.sampling.customers import audit_reference
from surveyapp.sampling.interactions import receive
from surveyapp.store.columns import utc_now
from surveyapp.store.models import AuditEntry, Contact, Journey, OptOut, SurveyRow
from surveyapp.surveys.links import pseudonym
from tests.web.conftest import World
from tests.web.world import answer


@pytest.fixture
def client(world: World, installation: Installation, sign_in):
    """An administrator, in whose installation one customer met one touchpoint."""
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, world.here.survey_id)
        change_sampling(session, survey, {"active": True}, user_id=None)
        journey = session.get_one(Journey, world.here.journey_id)
        told = {
            "journey": journey.code,
            "touchpoint": journey.stages[0].touchpoints[0].code,
            "customer_ref": "4711",
            "at": utc_now(),
            "email": "anna@example.org",
            "outcome": "<i>done</i>",
            "attributes": {"region": "<b>North</b>"},
        }
        receive(session, [told], secret_key=installation.secret_key, source="api", now=utc_now())
    schedule.decide(installation, utc_now())
    return sign_in(world.users["administrator"])


def look_up(client, text: str):
    return client.post("/contacts", data={"customer": text}, follow_redirects=True)


def test_nobody_is_listed_and_what_was_typed_stands_in_no_address(
    client, installation: Installation
):
    assert "anna" not in client.get("/contacts").text
    answer = client.post("/contacts", data={"customer": "anna@example.org"})
    assert answer.status_code == 303
    assert answer.location == f"/contacts?customer={pseudonym(installation.secret_key, '4711')}"
    assert client.post("/contacts", data={"customer": " "}).status_code == 422
    assert client.get("/contacts?customer=4711").status_code == 404


@pytest.mark.parametrize("text", ["4711", "Anna@Example.org"])
def test_the_page_says_what_happened_and_what_was_asked(client, text: str):
    page = look_up(client, text).text
    for shown in (
        "anna@example.org",
        "Invitation pending",
        "After the form",
        "&lt;b&gt;North&lt;/b&gt;",
    ):
        assert shown in page
    assert "<b>North" not in page
    assert "Backups made before still hold the data until they are deleted" in page
    assert "<i>done" not in page


def test_an_unknown_customer_has_an_empty_page_and_can_opt_out(client, installation: Installation):
    page = look_up(client, "nobody").text
    assert "No data on this customer" in page
    assert "forget" not in page.lower()
    ref = pseudonym(installation.secret_key, "nobody")
    assert client.post("/contacts/opt-out", data={"customer_ref": ref}).status_code == 303
    assert "opted out" in look_up(client, "nobody").text


def test_opting_out_is_done_and_taken_back(client, installation: Installation, world: World):
    ref = pseudonym(installation.secret_key, "4711")
    page = client.post("/contacts/opt-out", data={"customer_ref": ref}, follow_redirects=True).text
    assert "through a member of staff, as this customer" in page
    assert "as the holder of the address" in page
    with installation.store.reading() as session:
        assert session.query(OptOut).count() == 2
    page = client.post(
        "/contacts/take-back", data={"customer_ref": ref}, follow_redirects=True
    ).text
    assert "opted out" not in page
    with installation.store.reading() as session:
        assert session.query(OptOut).count() == 0
        entries = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    seen = "read customer"  # the page that each button leads back to
    assert entries[-4:] == ["opt a customer out", seen, "take back an opt-out", seen]


def test_a_customer_is_forgotten(client, installation: Installation):
    ref = pseudonym(installation.secret_key, "4711")
    page = client.post("/contacts/forget", data={"customer_ref": ref}, follow_redirects=True).text
    assert "No data on this customer" in page
    with installation.store.reading() as session:
        assert session.query(Contact).count() == 0


def test_what_is_stored_is_handed_out_and_an_erasure_leaves_a_receipt(
    client, installation: Installation, world: World
):
    ref = pseudonym(installation.secret_key, "4711")
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, world.here.survey_id)
        answer(session, survey, nps=2, reason="Long queue.", customer_ref=ref)
        answer(session, survey, reason="Another's.", customer_ref="c" * 32)
    handed = client.post("/contacts/data", data={"customer_ref": ref})
    told = handed.get_json()
    assert told["contact"]["email"] == "anna@example.org"
    assert told["events"][0]["attributes"] == {"region": "<b>North</b>"}
    assert [each["kind"] for each in told["messages"]] == ["invitation"]
    assert told["responses"][0]["answers"]["nps"]["nps_reason"] == "Long queue."
    assert told["responses"][0]["scores"]["nps"] == 2
    assert "Another" not in handed.text
    reference = audit_reference(ref, installation.secret_key)
    with installation.store.reading() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.subject) == ("export customer", f"customer {reference}")
    done = client.post("/contacts/forget", data={"customer_ref": ref})
    page = client.get(done.location).text
    assert "Receipt of erasure" in page
    assert f"<code>{reference}</code>: 1 answer with" in page
    assert "Receipt" not in client.get(f"{done.location}x").text  # the signature fails
    of_another = done.location.replace(ref, "c" * 32)
    assert "Receipt" not in client.get(of_another).text
    empty = client.post("/contacts/data", data={"customer_ref": ref}).get_json()
    assert (empty["contact"], empty["events"], empty["responses"]) == (None, [], [])


@pytest.mark.parametrize("action", ["opt-out", "take-back", "forget", "data"])
def test_what_is_no_pseudonym_changes_nothing(client, action: str):
    for wrong in ("4711", "", "a" * 31, "' OR 1=1"):
        assert client.post(f"/contacts/{action}", data={"customer_ref": wrong}).status_code == 404


def test_customers_who_share_an_address_are_told_apart(
    client, installation: Installation, world: World
):
    with installation.store.writing() as session:
        session.add(Contact(customer_ref="b" * 32, email="anna@example.org"))
    page = look_up(client, "anna@example.org").text
    assert "2 customers share this address" in page
    assert len(re.findall(r"/contacts\?customer=[0-9a-f]{32}", page)) == 2
