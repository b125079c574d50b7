"""What stays broken is told to the administrators, once a day each, and nothing that goes by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from surveyapp.distribution.problem_mails import STAYS, ProblemMails
from surveyapp.operations import heartbeats
from surveyapp.periodic import Round
from surveyapp.store.db import Store
from surveyapp.store.models import OutgoingMessage, User
from tests.installations import installation_on

MAIL = {"smtp_url": "smtp://mail.example.org:587", "mail_from": "Bank <survey@bank.example>"}


@pytest.mark.parametrize("hour", [9, 23])
def test_what_stays_broken_is_mailed_once_a_day_to_each_administrator(
    store: Store, tmp_path, hour: int
):
    """Whatever the hour: at 23:20 the first mail is written just before the next day begins."""
    now = datetime(2026, 11, 30, hour, 20, tzinfo=UTC)
    installation = installation_on(store, home=tmp_path, now=lambda: now, **MAIL)
    with store.writing() as session:
        for name, role, active in (
            ("a", "administrator", True),
            ("b", "administrator", True),
            ("gone", "administrator", False),
            ("m", "manager", True),
        ):
            person = {"email": f"{name}@example.org", "name": name, "password_hash": "x"}
            session.add(User(role=role, active=active, **person))

    def fares(*, failing: bool) -> None:
        begun = now.timestamp() - 60
        told = Round(failing_since=begun, failures=2, error="OSError")
        heartbeats.beat(
            installation,
            "host/7/ab",
            {"send": told if failing else Round(done_at=now.timestamp())},
            {"send": 5.0},
        )

    one, other = ProblemMails(), ProblemMails()
    fares(failing=True)
    assert one(installation, now) == other(installation, now) == 0
    assert one(installation, now + STAYS) == 2
    assert one(installation, now + STAYS + timedelta(minutes=5)) == 0
    assert other(installation, now + STAYS) == 0  # another worker has seen it as long
    assert one(installation, now + timedelta(hours=2)) == 0
    assert one(installation, now + timedelta(days=1)) == 2
    fares(failing=False)
    assert one(installation, now + timedelta(days=2)) == 0
    fares(failing=True)
    assert one(installation, now + timedelta(days=2, minutes=1)) == 0  # it is another time
    with store.reading() as session:
        mails = session.scalars(select(OutgoingMessage)).all()
    assert {each.content["to"] for each in mails} == {"a@example.org", "b@example.org"}
    assert len(mails) == 4 and all(each.state == "waiting" for each in mails)
    assert "“send” has failed 2 times" in mails[0].content["text"]
    assert "/system" in mails[0].content["text"]
    assert ProblemMails()(installation_on(store, home=tmp_path), now) == 0
