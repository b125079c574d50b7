"""Each message that is due leaves once; nothing is lost, whoever refuses, defers, drops or is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from surveyapp.distribution.outbox import PAUSES, STALE, claim, send_due
from surveyapp.installation import Installation
from surveyapp.sampling.opt_outs import address_key
from surveyapp.store.models import (
    Contact,
    Decision,
    Invitation,
    OptOut,
    OutgoingMessage,
    SurveyRow,
)
from surveyapp.surveys import links
from surveyapp.surveys.actions import close_survey
from surveyapp.surveys.epochs import Ledger
from surveyapp.surveys.invitations import use_invitation
from tests.distribution.mail_server import DEFERRED, HANG_UP, REFUSED, Received, mail_server
from tests.distribution.makers import (
    BASE,
    NOW,
    asked,
    installation_with,
    invitation_of,
    link_in,
    make_survey,
    message,
    messages,
    to_be_asked,
)
from tests.installations import released

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def mail() -> Iterator[tuple[str, Received]]:
    with mail_server() as server:
        yield server


@pytest.fixture
def received(mail: tuple[str, Received]) -> Received:
    return mail[1]


@pytest.fixture
def installation(
    database_url: str, tmp_path: Path, mail: tuple[str, Received]
) -> Iterator[Installation]:
    with installation_with(database_url, tmp_path, mail=mail[0], mails_a_minute=1000) as opened:
        yield opened


def test_what_is_due_is_sent_once_and_noted_everywhere(
    installation: Installation, received: Received
):
    survey = make_survey(installation)
    (number,) = asked(installation, survey, "ada")
    assert send_due(installation, NOW) == 1
    assert send_due(installation, NOW) == 0
    assert received.recipients == ["ada@example.org"]
    sent = message(installation, number)
    assert (sent.state, sent.attempts, sent.error) == ("sent", 1, "")
    assert sent.sent_at is not None and sent.sent_at >= NOW
    assert invitation_of(installation, number).sent_at == sent.sent_at
    with installation.store.reading() as session:
        (decision,) = session.query(Decision)
        assert decision.sent_at == sent.sent_at


def test_what_is_not_due_waits(installation: Installation, received: Received):
    asked(installation, make_survey(installation), "ada", due_at=NOW + MINUTE)
    assert send_due(installation, NOW) == 0
    assert send_due(installation, NOW + MINUTE) == 1
    assert len(received.messages) == 1


def test_the_link_in_the_mail_is_the_invitations_own(
    installation: Installation, received: Received
):
    """And it is made of the configured address; the database alone could not make it."""
    (number,) = asked(installation, make_survey(installation), "ada")
    send_due(installation, NOW)
    link = link_in(received.messages[0])
    token = link.removeprefix(f"{BASE}/r/").removesuffix("?lang=en")
    assert links.Ticket(token).token_hash == invitation_of(installation, number).token_hash
    with installation.store.reading() as session:
        row = session.get_one(Invitation, message(installation, number).invitation_id)
        assert token not in str(vars(row))


def test_many_are_sent_in_the_order_in_which_they_are_due(
    installation: Installation, received: Received
):
    survey = make_survey(installation)
    with installation.store.writing() as session:
        for place in range(24):
            due_at = NOW - MINUTE * (place * 7 % 24)
            to_be_asked(session, installation, survey, f"c{place:03}", due_at=due_at)
    assert send_due(installation, NOW) == 24
    assert received.connections == 1
    order = sorted(range(24), key=lambda place: -(place * 7 % 24))
    assert received.recipients == [f"c{place:03}@example.org" for place in order]


def test_a_refused_address_is_never_written_to_again(
    installation: Installation, received: Received
):
    survey = make_survey(installation)
    received.answers["ada@example.org"] = REFUSED
    first, other = asked(installation, survey, "ada", "bob")
    assert send_due(installation, NOW) == 2
    assert message(installation, first).state == "failed"
    assert message(installation, first).error.startswith("550 5.1.1")
    assert "@" not in message(installation, first).error
    assert message(installation, other).state == "sent"
    with installation.store.reading() as session:
        contact = session.get_one(Contact, message(installation, first).customer_ref)
        assert contact.bounced_at is not None and contact.bounce_reason.startswith("550")
    (again,) = asked(installation, survey, "ada")
    assert send_due(installation, NOW + DAY) == 0
    cancelled = message(installation, again)
    assert (cancelled.state, cancelled.error) == ("cancelled", "Email to the customer bounced.")


def test_a_deferred_message_is_tried_again_after_longer_and_longer_pauses(
    installation: Installation, received: Received
):
    (number,) = asked(installation, make_survey(installation), "ada")
    received.answers["ada@example.org"] = DEFERRED
    now, waited = NOW, []
    for pause in PAUSES:
        assert send_due(installation, now) == 1
        state = message(installation, number)
        assert (state.state, state.error[:3]) == ("waiting", "451")
        waited.append(round((state.due_at - now) / MINUTE))
        assert send_due(installation, now + pause - MINUTE / 2) == 0
        now += pause + MINUTE / 2
    assert waited == [1, 5, 30, 120, 480]
    assert send_due(installation, now) == 1
    assert message(installation, number).state == "failed"
    assert send_due(installation, now + 30 * DAY) == 0
    assert received.messages == []


def test_a_message_that_was_deferred_arrives_once_the_server_takes_it(
    installation: Installation, received: Received
):
    (number,) = asked(installation, make_survey(installation), "ada")
    received.data_answers += ["451 4.3.0 busy", HANG_UP]
    assert send_due(installation, NOW) == 1
    assert send_due(installation, NOW + 2 * MINUTE) == 1
    assert send_due(installation, NOW + 10 * MINUTE) == 1
    assert message(installation, number).state == "sent"
    assert received.recipients == ["ada@example.org"]


def test_a_connection_that_drops_costs_the_others_nothing(
    installation: Installation, received: Received
):
    survey = make_survey(installation)
    names = [f"c{place}" for place in range(9)]
    numbers = asked(installation, survey, *names)
    received.answers |= {"c2@example.org": HANG_UP, "c5@example.org": HANG_UP}
    assert send_due(installation, NOW) == 9
    assert [message(installation, number).state for number in numbers].count("sent") == 7
    received.answers.clear()
    assert send_due(installation, NOW + 2 * MINUTE) == 2
    assert Counter(received.recipients) == {f"{name}@example.org": 1 for name in names}


def test_without_a_mail_server_messages_wait(database_url: str, tmp_path: Path):
    with installation_with(database_url, tmp_path) as installation:
        (number,) = asked(installation, make_survey(installation), "ada")
        assert send_due(installation, NOW) == 0
        assert (message(installation, number).state, message(installation, number).attempts) == (
            "waiting",
            0,
        )


def test_an_outage_costs_no_attempt_and_is_told_on_the_message_that_waits(
    database_url: str, tmp_path: Path
):
    with installation_with(database_url, tmp_path, mail="127.0.0.1:1") as installation:
        (number,) = asked(installation, make_survey(installation), "ada")
        for hour in range(8):
            assert send_due(installation, NOW + hour * timedelta(hours=1)) == 0
        waiting = message(installation, number)
        assert (waiting.state, waiting.attempts) == ("waiting", 0)
        assert "Connection refused" in waiting.error
    with (
        mail_server() as (place, received),
        installation_with(database_url, tmp_path, mail=place) as installation,
    ):
        assert send_due(installation, NOW + 5 * DAY) == 1
        assert message(installation, number).error == ""
        assert len(received.messages) == 1


def test_no_more_are_sent_in_a_minute_than_settings_allow(
    database_url: str, tmp_path: Path, mail: tuple[str, Received]
):
    with installation_with(database_url, tmp_path, mail=mail[0], mails_a_minute=5) as installation:
        asked(installation, make_survey(installation), *(f"c{place}" for place in range(12)))
        sent = [
            send_due(installation, NOW + MINUTE * each) for each in (0, 0.5, 1.1, 1.6, 2.2, 2.7)
        ]
        assert sent == [5, 0, 5, 0, 2, 0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("answered", "The customer has already answered."),
        ("expired", "The link has expired."),
        ("closed", "The survey is closed."),
        ("over", "The survey has ended."),
        ("left", "The customer has opted out of surveys."),
        ("address left", "The customer has opted out of surveys."),
        ("no address", "The customer's email address is not known."),
        ("unknown", "The customer's email address is not known."),
        ("bounced", "Email to the customer bounced."),
    ],
)
def test_what_is_no_longer_wanted_is_cancelled_with_its_reason(
    installation: Installation, received: Received, change: str, reason: str
):
    survey = make_survey(installation)
    (number,) = asked(installation, survey, "ada", expires_at=NOW + DAY)
    ref = message(installation, number).customer_ref or ""
    now = NOW + 2 * DAY if change == "expired" else NOW
    with installation.store.writing() as session:
        contact = session.get_one(Contact, ref)
        survey = session.get_one(SurveyRow, survey.id)
        if change == "answered":
            token_hash = invitation_of(installation, number).token_hash
            invitation = session.query(Invitation).filter_by(token_hash=token_hash).one()
            invitation.state = "completed"
        elif change == "closed":
            close_survey(session, survey, user_id=None)
        elif change == "over":
            survey.closes_at = NOW
        elif change == "left":
            session.add(OptOut(key=ref, source="staff"))
        elif change == "address left":
            key = address_key(installation.secret_key, "ADA@example.org")
            session.add(OptOut(key=key, source="import"))
        elif change == "no address":
            contact.email = ""
        elif change == "unknown":
            session.delete(contact)
        elif change == "bounced":
            contact.bounced_at = NOW
    assert send_due(installation, now) == 0
    cancelled = message(installation, number)
    assert (cancelled.state, cancelled.error) == ("cancelled", reason)
    assert received.messages == []
    invitation = invitation_of(installation, number)
    if change != "answered":
        assert (invitation.state, invitation.not_sent_reason) == ("suppressed", reason)


def test_a_survey_that_opens_later_is_sent_then(installation: Installation, received: Received):
    survey = make_survey(installation, opens_at=NOW + DAY)
    asked(installation, survey, "ada")
    assert send_due(installation, NOW) == 0
    assert send_due(installation, NOW + DAY) == 1


def test_nobody_is_written_to_at_night(installation: Installation, received: Received):
    """An outage or a reminder that ends in the customer's night waits for the morning there."""
    survey = make_survey(installation)
    with installation.store.writing() as session:
        session.get_one(SurveyRow, survey.id).sampling = {
            "quiet_from": "21:00",
            "quiet_to": "08:00",
        }
    (here,) = asked(installation, survey, "ada")
    (there,) = asked(installation, survey, "bob", zone="Asia/Tokyo")
    assert send_due(installation, NOW + 6 * timedelta(hours=1)) == 1  # 16:00 in UTC, 1:00 in Tokyo
    assert message(installation, here).state == "sent"
    waiting = message(installation, there)
    assert (waiting.state, waiting.due_at) == ("waiting", NOW + 13 * timedelta(hours=1))
    assert send_due(installation, waiting.due_at) == 1


@pytest.mark.parametrize(
    ("known", "offered", "met"),
    [
        ("fi", ["en", "fi"], "fi"),
        ("fi-FI", ["en", "fi"], "fi"),
        ("sv", ["en", "fi"], "en"),
        ("", [], "en"),
    ],
)
def test_customers_are_written_to_in_their_language_where_the_survey_speaks_it(
    installation: Installation, received: Received, known: str, offered: list[str], met: str
):
    """A draft is spoken where staff chose it, as on the survey's page."""
    survey = make_survey(installation)
    with installation.store.writing() as session:
        session.get_one(SurveyRow, survey.id).languages = offered
    asked(installation, survey, "ada", language=known)
    send_due(installation, NOW)
    (mail,) = received.messages
    assert mail["Content-Language"] == met
    assert link_in(mail).endswith(f"?lang={met}")


def test_reminders_follow_until_the_customer_answers(
    installation: Installation, received: Received
):
    survey = make_survey(installation, distribution={"reminders": [3, 7]})
    ada, _ = asked(installation, survey, "ada", "bob")
    assert send_due(installation, NOW) == 2
    planned = messages(
        installation, kind="reminder", invitation_id=message(installation, ada).invitation_id
    )
    assert [round((each.due_at - NOW) / DAY) for each in planned] == [3, 7]
    assert [each.content for each in planned] == [{"number": 1}, {"number": 2}]
    assert send_due(installation, NOW + 3 * DAY + MINUTE) == 2
    with installation.store.writing() as session:
        token = link_in(received.messages[0]).split("/r/")[1].split("?")[0]
        ticket = links.Ticket(token)
        assert use_invitation(
            session.connection(),
            survey_id=survey.id,
            ticket=ticket,
            now=NOW + 4 * DAY,
        )
    assert send_due(installation, NOW + 7 * DAY + MINUTE) == 1
    assert Counter(received.recipients) == {"ada@example.org": 2, "bob@example.org": 3}
    subjects = [
        str(mail["Subject"]) for mail in received.messages if mail["To"] == "bob@example.org"
    ]
    assert [subject.startswith("A reminder") for subject in subjects] == [False, True, True]
    assert (
        len({link_in(mail) for mail in received.messages if mail["To"] == "bob@example.org"}) == 1
    )


def test_no_reminder_comes_after_the_links_end(installation: Installation):
    survey = make_survey(installation, distribution={"reminders": [3, 7]})
    asked(installation, survey, "ada", expires_at=NOW + 5 * DAY)
    send_due(installation, NOW)
    assert len(messages(installation, kind="reminder")) == 1


def test_an_anonymous_answer_takes_the_reminders_with_it(
    installation: Installation, received: Received
):
    survey = make_survey(installation, anonymity="anonymous", distribution={"reminders": [3]})
    asked(installation, survey, "ada")
    send_due(installation, NOW)
    token = link_in(received.messages[0]).split("/r/")[1].split("?")[0]
    with installation.store.writing() as session:
        Ledger(session.connection(), survey.id, installation.epoch_keys).spend(
            [links.Ticket(token)]
        )
    released(installation)
    assert messages(installation) == []
    assert send_due(installation, NOW + 30 * DAY) == 0


def test_a_message_that_cannot_be_written_stands_in_nobodys_way(
    installation: Installation, received: Received, caplog: pytest.LogCaptureFixture
):
    broken, fine = make_survey(installation), make_survey(installation)
    with installation.store.writing() as session:
        session.get_one(SurveyRow, broken.id).distribution = {"nonsense": 1}
    (bad,) = asked(installation, broken, "ada")
    asked(installation, fine, "bob")
    assert send_due(installation, NOW) == 2
    assert message(installation, bad).state == "failed"
    assert str(bad) in message(installation, bad).error
    assert received.recipients == ["bob@example.org"]
    assert "ada" not in caplog.text.lower()


def test_a_message_to_staff_is_sent_as_it_was_written(
    installation: Installation, received: Received
):
    with installation.store.writing() as session:
        session.add(
            OutgoingMessage(
                key="case 1",
                kind="case",
                content={"to": "care@northbank.example", "subject": "Case 1", "text": "Look."},
                due_at=NOW,
            )
        )
    assert send_due(installation, NOW) == 1
    (mail,) = received.messages
    assert (str(mail["To"]), str(mail["Subject"])) == ("care@northbank.example", "Case 1")
    assert mail.get_content().strip() == "Look."
    assert mail["List-Unsubscribe"] is None


def test_nothing_of_a_customer_is_logged(
    installation: Installation, received: Received, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG", logger="surveyapp")
    asked(installation, make_survey(installation), "ada", "bob", "eve")
    received.answers |= {"ada@example.org": REFUSED, "bob@example.org": HANG_UP}
    send_due(installation, NOW)
    assert "@" not in caplog.text and "/r/" not in caplog.text


def test_much_that_is_not_wanted_does_not_keep_others_waiting(
    installation: Installation, received: Received
):
    survey = make_survey(installation)
    with installation.store.writing() as session:
        for place in range(60):
            to_be_asked(session, installation, survey, f"c{place}", email="", due_at=NOW - MINUTE)
    asked(installation, survey, "ada")
    assert send_due(installation, NOW) == 1
    assert received.recipients == ["ada@example.org"]


def test_two_workers_at_once_send_no_message_twice(installation: Installation, received: Received):
    survey = make_survey(installation)
    with installation.store.writing() as session:
        for place in range(24):
            to_be_asked(session, installation, survey, f"c{place}")
    done: list[int] = []

    def work() -> None:
        while sent := send_due(installation, NOW):
            done.append(sent)

    workers = [Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(done) == 24
    assert Counter(received.recipients) == {f"c{place}@example.org": 1 for place in range(24)}


def test_a_claim_is_respected_until_it_is_stale(installation: Installation, received: Received):
    asked(installation, make_survey(installation), "ada")
    with installation.store.writing() as session:
        found, _ = claim(
            session,
            ["email"],
            installation,
            now=NOW,
        )
    assert found is not None
    assert send_due(installation, NOW + STALE - MINUTE) == 0
    assert send_due(installation, NOW + STALE) == 1
    assert message(installation, found.message.id).attempts == 2


def test_a_message_that_kills_each_worker_is_given_up(installation: Installation):
    (number,) = asked(installation, make_survey(installation), "ada")
    now, taken = NOW, 0
    for _ in range(10):
        with installation.store.writing() as session:
            found, _ = claim(
                session,
                ["email"],
                installation,
                now=now,
            )
        taken += found is not None
        now += STALE
    assert taken == len(PAUSES) + 1
    assert message(installation, number).state == "failed"


def test_a_killed_worker_loses_no_message_and_repeats_one_at_most(
    installation: Installation, database_url: str, tmp_path: Path, mail: tuple[str, Received]
):
    """Fact: kill -9 between sending and writing it down costs one second copy, with the same id."""
    place, received = mail
    asked(installation, make_survey(installation), *(f"c{number}" for number in range(8)))
    dies = f"""
import os, signal
from pathlib import Path
from surveyapp.settings import read
from surveyapp.installation import open_installation
from surveyapp.distribution import outbox
from tests.distribution.makers import BASE, NOW, SENDER
installation = open_installation(read({{}}, home=Path({str(tmp_path)!r}), database_url={database_url!r},
    smtp_url="smtp://{place}", mail_from=SENDER, base_url=BASE))
noted, left = outbox.note, [3]
def note(*given, **more):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return noted(*given, **more)
outbox.note = note
outbox.send_due(installation, NOW)
"""
    root = Path(__file__).parent.parent.parent
    died = subprocess.run(
        [sys.executable, "-c", dies], check=False, cwd=root, env={**os.environ, "PYTHONPATH": "."}
    )
    assert died.returncode == -9
    assert len(received.messages) == 4
    assert send_due(installation, NOW + MINUTE) == 4
    assert send_due(installation, NOW + STALE + MINUTE) == 1
    copies = Counter(received.recipients)
    assert set(copies) == {f"c{number}@example.org" for number in range(8)}
    assert sorted(copies.values()) == [1] * 7 + [2]
    twice = next(name for name, count in copies.items() if count == 2)
    assert len({str(m["Message-ID"]) for m in received.messages if m["To"] == twice}) == 1
    assert {each.state for each in messages(installation)} == {"sent"}
