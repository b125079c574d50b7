"""The page of the sender: findings with their records, keys, and a test."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from surveyapp.app import create_app
from surveyapp.settings import read
from surveyapp.store.models import AuditEntry, MailKey, OutgoingMessage
from surveyapp.web.installation import EXTENSION
from tests.distribution.dns_server import Zone, dns_server
from tests.distribution.makers import SENDER


@pytest.fixture
def zone() -> Iterator[Zone]:
    with dns_server() as made:
        yield made


def test_an_administrator_makes_publishes_uses_and_tries_a_key(app, world, sign_in, zone: Zone):
    kept = app.extensions[EXTENSION]
    sending = replace(
        kept.settings, mail_from=SENDER, smtp_url="smtp://mail.example", dns_server=zone.place
    )
    app.extensions[EXTENSION] = replace(kept, settings=sending)
    client = sign_in(world.users["administrator"])
    assert "Mail is not signed here" in client.get("/connections/mail").text
    assert client.post("/connections/mail/keys").status_code == 303
    with kept.store.reading() as session:
        key = session.scalars(select(MailKey)).one()
    record = f"v=DKIM1; k=rsa; p={key.public_key}"
    page = html.unescape(client.get("/connections/mail?check=1").text)
    assert record in page and key.private_key not in page
    assert "northbank.example has no SPF record." in page and "v=spf1 a:mail.example -all" in page
    use = f"/connections/mail/keys/{key.id}/use"
    assert client.post(use).status_code == 409
    zone.texts[f"{key.selector}._domainkey.northbank.example"] = [record]
    assert client.post(use).status_code == 303
    shown = client.post("/connections/mail/test", follow_redirects=True).text
    assert f"by the key {key.selector}" in shown and "Last test" in shown
    with kept.store.reading() as session:
        test = session.scalars(select(OutgoingMessage).filter_by(kind="sender test")).one()
        assert test.content["to"] == world.users["administrator"].email
        actions = set(session.scalars(select(AuditEntry.action)))
    assert {"make mail key", "use mail key", "send sender test"} <= actions
    assert client.post(f"/connections/mail/keys/{key.id}/delete").status_code == 409


def test_half_a_setting_is_refused_at_start(tmp_path: Path):
    for wrong, said in (
        ({"dkim_key_file": "x.pem"}, "belong together"),
        ({"dkim_key_file": "x.pem", "dkim_selector": "a b"}, "use letters, digits"),
        ({"dns_server": "dns.example"}, "use an IP address and a port"),
    ):
        with pytest.raises(Exception, match=said):
            create_app(read({}, home=tmp_path, **wrong))
