"""The comments page, a survey's settings of comments, the box on the customer's page."""

from __future__ import annotations

import html

import pytest
from sqlalchemy import select

from surveyapp.store.models import AuditEntry, Comment, SurveyRow
from tests.responses.makers import make_survey
from tests.web.respondents import form_key, opened, sent
from tests.web.world import add_user


@pytest.fixture
def survey(installation) -> SurveyRow:
    with installation.store.writing() as session:
        row = make_survey(session, asks=("nps",))
        row.comments = {"ask_to_quote": True, "keep_originals": True}
        return row


def test_a_comment_goes_from_the_customers_page_to_the_staffs_and_reads_are_audited(
    client, installation, survey, sign_in
):
    link = f"/s/{survey.link}"
    assert "You may quote my comments without my name." in opened(client, link)
    said = {"nps-nps": "2", "nps-nps_reason": "Mail me: a@b.example <now>", "quote": "yes"}
    with installation.store.writing() as session:
        staff = {role: add_user(session, role) for role in ("administrator", "manager")}
    key = {"form-key": form_key(opened(client, link))}
    assert client.post(link, data={**said, **key}).status_code == 303
    with installation.store.reading() as session:
        comment = session.scalars(select(Comment)).one()
    assert (comment.text, comment.may_quote) == ("Mail me: [email] <now>", True)

    address = f"/journeys/{survey.journey_id}/comments"
    manager = sign_in(staff["manager"])
    page = manager.get(f"{address}?words=mail+me&quotes=yes&band=low").text
    assert "Mail me: [email] &lt;now&gt;" in page and "may be quoted" in page
    assert "detractor" in page and "/original" not in page
    assert "No matching comments" in manager.get(f"{address}?words=zebra").text
    assert manager.get(f"{address}?band=odd").status_code == 422
    original = f"{address}/{comment.response_id}/original"
    assert manager.get(original).status_code == 403
    owner = sign_in(staff["administrator"])
    assert "Mail me: a@b.example &lt;now&gt;" in owner.get(original).text
    with installation.store.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    read = [(e.action, e.detail) for e in entries if "comment" in e.action]
    assert read[0] == ("search comments", {"band": "low", "quotes": "yes"})  # never the words
    assert read[-1][0] == "read unmasked comment"


def test_settings_are_saved_and_a_wrong_name_is_refused(installation, survey, sign_in):
    with installation.store.writing() as session:
        user = add_user(session, "researcher")
    client = sign_in(user)
    address = f"/journeys/{survey.journey_id}/comments/settings/{survey.id}"
    assert "Mask personal data in open answers" in client.get(address).text
    wrong = client.post(address, data={"mask": "y", "names": "Anna Lind\nX"})
    assert wrong.status_code == 422
    assert "has 1 characters; a name to mask has 2 to 100." in html.unescape(wrong.text)
    assert client.post(address, data={"names": "Anna Lind\n\nAnna  Lind"}).status_code == 303
    with installation.store.reading() as session:
        stored = session.get_one(SurveyRow, survey.id).comments
    assert stored == {"mask": False, "names": ["Anna Lind"]}


def test_without_the_setting_no_box_is_shown_and_none_is_taken(client, installation, survey):
    with installation.store.writing() as session:
        session.get_one(SurveyRow, survey.id).comments = {}
    assert "quote" not in opened(client, f"/s/{survey.link}").split("<main")[-1].lower()
    refused = sent(client, f"/s/{survey.link}", quote="yes")
    assert refused.status_code == 422
