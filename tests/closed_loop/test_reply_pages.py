"""Whole trips through the pages of reply templates and replies."""

from __future__ import annotations

from sqlalchemy import select

from surveyapp.store.models import Contact, OutgoingMessage, ReplyTemplate, SurveyRow, User
from tests.closed_loop.makers import make_loop, open_case

TEMPLATE = {
    "name": "Refund",
    "language": "en",
    "subject": "{provider}: your fee",
    "text": "{agent}",
}


def test_a_template_is_made_changed_used_and_removed(installation, sign_in):
    with installation.store.writing() as session:
        loop = make_loop(session)
        journey = session.get_one(SurveyRow, loop.survey).journey_id
        session.add(Contact(customer_ref="c" * 32, email="ann@example.org"))
        olga = session.get_one(User, loop.owner)
    case = open_case(installation.store, loop, 2, customer_ref="c" * 32)
    with installation.store.writing() as session:
        anna = User(email="anna@example.org", name="Anna", role="administrator", password_hash="")
        session.add(anna)
    admin, agent = sign_in(anna), sign_in(olga)
    templates = f"/journeys/{journey}/reply-templates"
    assert "No templates yet" in admin.get(templates).text
    for wrong, said in (
        ({"text": "{who}"}, "is not a placeholder"),
        ({"subject": ""}, "Enter a subject"),
        ({"language": "xx"}, "Not a valid choice"),
    ):
        answer = admin.post(f"{templates}/new", data={**TEMPLATE, **wrong})
        assert answer.status_code == 422 and said in answer.text
    assert admin.post(f"{templates}/new", data=TEMPLATE).location == templates
    assert "already" in admin.post(f"{templates}/new", data=TEMPLATE).text
    with installation.store.reading() as session:
        (number,) = session.scalars(select(ReplyTemplate.id))
    changed = {**TEMPLATE, "text": "Best,\n{agent}"}
    assert admin.post(f"{templates}/{number}", data=changed).location == templates
    assert "Write to customer" in agent.get(f"/cases/{case}").text
    form = agent.get(f"/cases/{case}/replies?template={number}").text
    assert "Best,\nOlga" in form.replace("\u2068", "").replace("\u2069", "").replace("\r", "")
    assert "olga@example.org" in form
    sent = agent.post(f"/cases/{case}/replies", data={"subject": "Your fee", "text": "Refunded."})
    assert sent.location == f"/cases/{case}"
    page = agent.get(f"/cases/{case}").text
    assert "Refunded." in page and "waiting to be sent" in page and "ann@example.org" not in page
    assert admin.post(f"{templates}/{number}/remove").location == templates
    assert agent.get(f"/cases/{case}/replies?template={number}").status_code == 404
    with installation.store.reading() as session:
        kinds = session.scalars(select(OutgoingMessage.kind)).all()
    assert sorted(kinds) == ["case", "reply"]


def test_without_an_address_the_page_says_why_no_email_can_be_sent(installation, sign_in):
    with installation.store.writing() as session:
        loop = make_loop(session)
        olga = session.get_one(User, loop.owner)
    case = open_case(installation.store, loop, 2, customer_ref="c" * 32)
    agent = sign_in(olga)
    assert "Write to customer" not in agent.get(f"/cases/{case}").text
    page = agent.get(f"/cases/{case}/replies").text
    assert "email address is not known" in page and "Send reply" not in page
    refused = agent.post(f"/cases/{case}/replies", data={"subject": "A", "text": "B"})
    assert refused.status_code == 422 and "was not sent" in refused.text
