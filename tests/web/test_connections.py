"""Staff make and revoke keys for other programs, and see what webhooks were told."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from surveyapp.auth import api_keys
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Delivery, Webhook
from surveyapp.webhooks.signing import secret_of


def test_a_key_is_shown_once_and_opens_what_was_ticked(installation, world, sign_in):
    client = sign_in(world.users["administrator"])
    page = client.post(
        "/connections/keys/new",
        data={"name": "Branch <b>system</b>", "scopes": ["read results", "write bounces"]},
    )
    assert page.status_code == 200
    assert "Branch &lt;b&gt;system" in page.text
    text = re.search(r'value="(sak_[^"]+)"', page.text)
    assert text is not None
    with installation.store.reading() as session:
        found = api_keys.caller(session, text[1], now=utc_now())
    assert found is not None
    assert found.scopes == {"read results", "write bounces"}
    index = client.get("/connections").text
    assert text[1] not in index
    assert text[1][:12] in index


def test_a_key_without_a_name_or_anything_to_do_is_refused_at_its_field(world, sign_in):
    client = sign_in(world.users["administrator"])
    for data, complaint in (
        ({"name": "", "scopes": ["read results"]}, "Enter the name of"),
        ({"name": "Branches"}, "No scope is selected"),
        ({"name": "Branches", "scopes": ["manage users"]}, "not a valid choice"),
    ):
        answer = client.post("/connections/keys/new", data=data)
        assert answer.status_code == 422
        assert complaint in answer.text


def test_a_revoked_key_is_listed_as_such(installation, world, sign_in):
    client = sign_in(world.users["administrator"])
    answer = client.post(f"/connections/keys/{world.here.key_id}/revoke", follow_redirects=True)
    assert "has been revoked" in answer.text
    assert "revoked" in answer.text


def test_a_key_is_limited_changed_and_given_a_new_secret_on_its_page(installation, world, sign_in):
    client = sign_in(world.users["administrator"])
    here = world.here.journey_id
    sent = {"name": "Limited", "scopes": ["read results"], "journey_id": str(here)}
    sent |= {"networks": "192.0.2.0/24\n2001:db8::/32", "expires_at": "2030-12-31"}
    for wrong, complaint in (
        ({"networks": "192.0.2.9/24"}, "write 192.0.2.0/24"),
        ({"networks": "anywhere"}, "is no address range"),
        ({"expires_at": "2001-01-01"}, "choose a later day"),
        ({"expires_at": "soon"}, "Not a valid date"),
        ({"journey_id": "999"}, "Not a valid choice"),
        ({"scopes": ["write bounces"]}, "concerns the customers of every journey"),
    ):
        answer = client.post("/connections/keys/new", data=sent | wrong)
        assert (answer.status_code, complaint in answer.text) == (422, True), wrong
    first = shown_key(client.post("/connections/keys/new", data=sent))
    inside = {"now": utc_now(), "address": "192.0.2.7"}
    with installation.store.reading() as session:
        found = api_keys.caller(session, first, **inside)
        assert (found.journey_id, api_keys.caller(session, first, now=utc_now())) == (here, None)
    path = f"/connections/keys/{found.id}"
    assert "Open" in client.get("/connections").text and "192.0.2.0/24" in client.get(path).text
    changed = {"networks": "198.51.100.0/24", "expires_at": "2031-01-31"}
    assert client.post(path, data=changed).location == path
    inside["address"] = "::ffff:198.51.100.3"
    assert client.post(f"{path}/rotate", data={"days": "91"}).status_code == 422
    second = shown_key(client.post(f"{path}/rotate", data={"days": "3"}))
    works = {first: True, second: True}
    for drop in (False, True):
        if drop:
            assert client.post(f"{path}/old/drop").location == path
            works[first] = False
        with installation.store.reading() as session:
            assert {
                text: api_keys.caller(session, text, **inside) is not None for text in works
            } == works
    assert client.post(f"{path}/revoke").status_code == 303
    assert "opens nothing any more" in client.get(path).text
    assert client.post(f"{path}/rotate", data={"days": "3"}).status_code == 422


def shown_key(page) -> str:
    """The key that this answer shows, once."""
    assert page.status_code == 200, page.text
    found = re.search(r'value="(sak_[^"]+)"', page.text)
    assert found is not None
    return found[1]


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.users["administrator"])


def webhook_path(world) -> str:
    return f"/connections/webhooks/{world.here.webhook_id}"


def test_a_webhook_is_added_with_a_secret_that_is_shown_once_and_checks_its_messages(
    installation, client
):
    page = client.post(
        "/connections/webhooks/new",
        data={"name": "CRM", "url": "https://hooks.example.org/s3cret", "events": ["response"]},
    )
    secret = re.search(r'value="(whsec_[0-9a-f]{64})"', page.text)
    assert secret is not None
    with installation.store.reading() as session:
        made = session.scalars(
            select(Webhook).where(Webhook.name == "CRM", Webhook.url.like("%s3%"))
        )
        assert secret_of(installation.secret_key, made.one().seed) == secret[1]
    index = client.get("/connections").text
    assert "hooks.example.org" in index
    assert "s3cret" not in index


def test_a_webhook_that_cannot_be_keeps_what_was_typed(client):
    for wrong, complaint in [
        ({"url": "https://127.0.0.1/"}, "not a public address"),
        ({"url": "http://hooks.example.org/"}, "use https"),
        ({"url": ""}, "Enter a URL"),
        ({"events": []}, "No event is selected"),
        ({"name": ""}, "Enter the name of"),
    ]:
        data = {"name": "CRM", "url": "https://hooks.example.org/", "events": ["report"], **wrong}
        answer = client.post("/connections/webhooks/new", data=data)
        assert answer.status_code == 422, wrong
        assert complaint in answer.text
        assert ('value="CRM"' in answer.text) == ("name" not in wrong)


def test_a_webhook_is_changed_paused_resumed_renewed_tested_and_deleted(
    installation, world, client
):
    path = webhook_path(world)
    changed = {"name": "New", "url": "https://new.example.org/", "events": ["alert"]}
    assert client.post(f"{path}/edit", data=changed).status_code == 303
    page = client.get(path).text
    assert "https://new.example.org/" in page
    assert "a score has met the condition" in page
    assert client.post(f"{path}/test").status_code == 303
    assert "Test delivery." in client.get(f"{path}/deliveries/{newest(installation).id}").text
    assert "paused" in client.post(f"{path}/pause", follow_redirects=True).text
    assert client.post(f"{path}/test").status_code == 409
    assert "Webhook resumed" in client.post(f"{path}/resume", follow_redirects=True).text
    assert "signed with the old secret too" in client.post(f"{path}/secret").text
    page = client.get(path).text
    assert "whsec_" not in page and "Drop old secret" in page
    dropped = client.post(f"{path}/secret/old/drop", follow_redirects=True).text
    assert "Old secret dropped" in dropped and "Drop old secret" not in dropped
    assert client.post(f"{path}/delete").status_code == 303
    assert client.get(path).status_code == 404


def newest(installation) -> Delivery:
    with installation.store.reading() as session:
        return session.scalars(select(Delivery).order_by(Delivery.id.desc()).limit(1)).one()


def test_a_delivery_is_sent_again_from_the_log(installation, world, client):
    path = webhook_path(world)
    old = f"{path}/deliveries/{world.here.delivery_id}"
    assert client.post(f"{old}/replay").status_code == 303
    assert newest(installation).replay_of == world.here.delivery_id
    assert f"resend of {world.here.delivery_id}" in client.get(path).text


def test_a_delivery_does_not_open_under_another_webhook(world, client):
    foreign = f"{webhook_path(world)}/deliveries/{world.there.delivery_id}"
    assert client.get(foreign).status_code == 404
    assert client.post(f"{foreign}/replay").status_code == 404


def test_the_log_is_shown_page_by_page(installation, world, client):
    with installation.store.writing() as session:
        session.add_all(
            Delivery(webhook_id=world.here.webhook_id, event="test", payload={"n": n})
            for n in range(60)
        )
    page = client.get(webhook_path(world)).text
    assert page.count("/deliveries/") >= 50
    older = re.search(r'href="([^"]+before=\d+)"', page)
    assert older is not None
    rest = client.get(older[1]).text
    assert f"/deliveries/{world.here.delivery_id}" in rest
    assert "Newest" in rest


def test_a_webhook_that_was_paused_for_its_failures_says_so(installation, world, client):
    with installation.store.writing() as session:
        webhook = session.get_one(Webhook, world.here.webhook_id)
        webhook.active, webhook.failing_since = False, utc_now()
    assert "Paused: no delivery has succeeded since" in client.get(webhook_path(world)).text
    assert "failing since" in client.get("/connections").text


def test_a_webhook_whose_server_is_gone_or_asked_for_a_break_says_so(installation, world, client):
    path, now = webhook_path(world), installation.now()
    with installation.store.writing() as session:
        session.get_one(Webhook, world.here.webhook_id).wait_until = now + timedelta(hours=1)
    assert "The receiving server asked for a break until" in client.get(path).text
    with installation.store.writing() as session:
        webhook = session.get_one(Webhook, world.here.webhook_id)
        webhook.active, webhook.gone_at = False, now
    assert "Disabled: the receiving server answered 410 Gone on" in client.get(path).text
    assert "disabled" in client.get("/connections").text
    assert "Webhook resumed" in client.post(f"{path}/resume", follow_redirects=True).text
    page = client.get(path).text
    assert "410 Gone" not in page and "asked for a break" not in page


def test_what_was_told_and_what_was_answered_are_text_on_the_page(installation, world, client):
    text = "<script>alert(1)</script>"
    with installation.store.writing() as session:
        delivery = session.get_one(Delivery, world.here.delivery_id)
        delivery.payload, delivery.error = {"data": {"title": text}}, text
        session.get_one(Webhook, world.here.webhook_id).name = text
    path = webhook_path(world)
    for address in ("/connections", path, f"{path}/deliveries/{world.here.delivery_id}"):
        page = client.get(address).text
        assert text not in page
        assert "&lt;script&gt;" in page
