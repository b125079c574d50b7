"""An address from which mail came back is not written to again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from surveyapp.distribution.bounces import CAME_BACK, MOST_BOUNCES, note_bounces
from surveyapp.distribution.outbox import send_due
from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.store.models import AuditEntry, Contact
from tests.distribution.mail_server import mail_server
from tests.distribution.makers import (
    NOW,
    asked,
    installation_with,
    invitation_of,
    make_survey,
    message,
)


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    with installation_with(database_url, tmp_path) as opened:
        yield opened


def test_what_waits_for_a_bounced_address_is_cancelled_with_the_reason(installation: Installation):
    ada, bob = asked(installation, make_survey(installation), "ada", "bob")
    with installation.store.writing() as session:
        noted = note_bounces(session, [(" ADA@Example.org", "no such\nmailbox", NOW)])
    assert (noted.noted, noted.already, noted.unknown, noted.cancelled) == (1, 0, 0, 1)
    assert (message(installation, ada).state, message(installation, ada).error) == (
        "cancelled",
        CAME_BACK,
    )
    assert invitation_of(installation, ada).not_sent_reason == CAME_BACK
    assert message(installation, bob).state == "waiting"
    with installation.store.reading() as session:
        contact = session.get_one(Contact, message(installation, ada).customer_ref)
        assert (contact.bounced_at, contact.bounce_reason) == (NOW, "no such mailbox")
        (entry,) = session.query(AuditEntry).filter_by(action="note bounces")
        assert entry.detail == {"addresses": 1, "cancelled": 1}


def test_every_line_of_a_list_is_accounted_for(installation: Installation):
    asked(installation, make_survey(installation), "ada", "bob")
    lines = [
        "ada@example.org",
        "nobody@example.org",
        "",
        "ada@example.org",
        "no address",
        "bob@example.org",
    ]
    with installation.store.writing() as session:
        noted = note_bounces(session, [(line, "", NOW) for line in lines])
    assert (noted.noted, noted.unknown) == (2, 1)
    assert [place for place, _ in noted.refused] == [3, 5]


def test_the_same_list_again_changes_nothing(installation: Installation):
    (ada,) = asked(installation, make_survey(installation), "ada")
    for at in (NOW, NOW + timedelta(days=1)):
        with installation.store.writing() as session:
            noted = note_bounces(session, [("ada@example.org", "gone", at)])
    assert (noted.noted, noted.already, noted.cancelled) == (0, 1, 0)
    with installation.store.reading() as session:
        assert session.get_one(Contact, message(installation, ada).customer_ref).bounced_at == NOW
        assert session.query(AuditEntry).filter_by(action="note bounces").count() == 1


def test_a_reminder_already_planned_is_not_sent(database_url: str, tmp_path: Path):
    with (
        mail_server() as (place, received),
        installation_with(database_url, tmp_path, mail=place) as installation,
    ):
        (ada,) = asked(
            installation, make_survey(installation, distribution={"reminders": [3]}), "ada"
        )
        send_due(installation, NOW)
        with installation.store.writing() as session:
            assert note_bounces(session, [("ada@example.org", "", NOW)]).cancelled == 1
        assert send_due(installation, NOW + timedelta(days=4)) == 0
        assert len(received.messages) == 1
        # The invitation was sent and may still be answered, by whoever reads that mailbox.
        assert invitation_of(installation, ada).state == "created"


def test_a_list_has_an_end(installation: Installation):
    endless = (("ada@example.org", "", NOW) for _ in range(MOST_BOUNCES + 1))
    with installation.store.writing() as session, pytest.raises(Invalid, match="20,000"):
        note_bounces(session, endless)
