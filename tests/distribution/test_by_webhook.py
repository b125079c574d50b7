"""A message may leave by a webhook: SMS and others, signed, to the one address that sends for us."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from surveyapp.distribution.outbox import send_due
from surveyapp.installation import Installation
from surveyapp.store.models import Contact, SurveyRow, Webhook
from surveyapp.webhooks.actions import add_webhook
from surveyapp.webhooks.signing import secret_of
from tests.distribution.makers import (
    BASE,
    NOW,
    asked,
    installation_with,
    invitation_of,
    make_survey,
    message,
)
from tests.webhooks.listening import Listening, listening

PHONE = "+358401234567"


@pytest.fixture
def heard() -> Iterator[Listening]:
    with listening(200) as server:
        yield server


@pytest.fixture
def installation(database_url: str, tmp_path: Path, heard: Listening) -> Iterator[Installation]:
    with installation_with(database_url, tmp_path, private_hooks=heard.place) as opened:
        yield opened


def sending_hook(installation: Installation, heard: Listening, *events: str) -> Webhook:
    with installation.store.writing() as session:
        return add_webhook(
            session,
            name="SMS",
            url=heard.url,
            events=events or ("send_message",),
            private=installation.settings.hook_places,
            user_id=None,
        )


def to_phone(
    installation: Installation, survey: SurveyRow, name: str = "ada", phone: str = PHONE
) -> int:
    return asked(installation, survey, name, channel="webhook", phone=phone)[0]


def test_the_webhook_is_told_whom_to_send_what_and_signs_for_it(
    installation: Installation, heard: Listening
):
    hook = sending_hook(installation, heard)
    number = to_phone(installation, make_survey(installation))
    assert send_due(installation, NOW) == 1
    ((_, headers, body),) = heard.told
    told = json.loads(body)
    assert (told["event"], told["to"], told["language"]) == ("send_message", PHONE, "en")
    assert told["link"].startswith(f"{BASE}/r/") and told["link"] in told["text"]
    assert "Northbank" in told["text"] and len(told["text"]) < 160
    moment, signed = (part.split("=")[1] for part in headers["Surveyapp-Signature"].split(","))
    secret = secret_of(installation.secret_key, hook.seed).encode()
    expected = hmac.new(secret, f"{moment}.".encode() + body, "sha256").hexdigest()
    assert hmac.compare_digest(signed, expected)
    assert message(installation, number).state == "sent"
    assert invitation_of(installation, number).sent_at is not None


@pytest.mark.parametrize(
    ("status", "state"), [(400, "failed"), (404, "failed"), (429, "waiting"), (500, "waiting")]
)
def test_what_the_webhook_answers_decides(
    installation: Installation, heard: Listening, status: int, state: str
):
    heard.statuses[:] = [status, 200]
    sending_hook(installation, heard)
    number = to_phone(installation, make_survey(installation))
    assert send_due(installation, NOW) == 1
    assert (message(installation, number).state, message(installation, number).error) == (
        state,
        f"The webhook answered {status}.",
    )
    if state == "waiting":
        assert send_due(installation, NOW + timedelta(minutes=2)) == 1
        assert message(installation, number).state == "sent"


def test_without_a_webhook_that_sends_messages_wait(installation: Installation, heard: Listening):
    sending_hook(installation, heard, "response")
    number = to_phone(installation, make_survey(installation))
    assert send_due(installation, NOW) == 0
    assert message(installation, number).state == "waiting"
    assert heard.told == []


def test_an_address_that_is_no_longer_allowed_is_not_reached(
    database_url: str, tmp_path: Path, installation: Installation, heard: Listening
):
    sending_hook(installation, heard)
    number = to_phone(installation, make_survey(installation))
    with installation_with(database_url, tmp_path) as strict:
        assert send_due(strict, NOW) == 1
        assert message(strict, number).state == "waiting"
    assert heard.told == []


def test_a_customer_without_a_telephone_is_not_written_to(
    installation: Installation, heard: Listening
):
    sending_hook(installation, heard)
    number = to_phone(installation, make_survey(installation), phone="")
    assert send_due(installation, NOW) == 0
    assert message(installation, number).error == "The customer's phone number is not known."


def test_bounced_mail_does_not_stop_an_sms(installation: Installation, heard: Listening):
    sending_hook(installation, heard)
    number = to_phone(installation, make_survey(installation))
    with installation.store.writing() as session:
        session.get_one(Contact, message(installation, number).customer_ref).bounced_at = NOW
    assert send_due(installation, NOW) == 1
