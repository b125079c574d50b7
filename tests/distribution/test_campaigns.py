"""A list of customers is asked once, those who may be, and everybody on it is accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from surveyapp.distribution.bounces import note_bounces
from surveyapp.distribution.campaigns import MOST_CUSTOMERS, Plan, ask_all, plan, read_recipients
from surveyapp.distribution.outbox import send_due
from surveyapp.errors import Conflict, Invalid
from surveyapp.installation import Installation
from surveyapp.responses.erasures import erase
from surveyapp.sampling.contact_history import times_asked
from surveyapp.sampling.forgetting import forget
from surveyapp.sampling.opt_outs import address_key, opt_out
from surveyapp.sampling.reasons import Reason
from surveyapp.store.models import (
    AuditEntry,
    Campaign,
    Contact,
    Invitation,
    Response,
    SurveyRow,
    User,
)
from surveyapp.surveys.actions import close_survey
from surveyapp.surveys.links import pseudonym, read_ticket
from tests.distribution.mail_server import mail_server
from tests.distribution.makers import (
    BASE,
    NOW,
    asked,
    installation_with,
    link_in,
    make_survey,
    messages,
)
from tests.responses.makers import SECRET, as_survey

DAY = timedelta(days=1)


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    with installation_with(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def user_id(installation: Installation) -> int:
    with installation.store.writing() as session:
        user = User(email="r@example.org", name="R", role="researcher", password_hash="x")
        session.add(user)
        session.flush()
        return user.id


def row(name: str, email: str | None = None, **attributes: Any) -> dict[str, Any]:
    address = f"{name}@example.org" if email is None else email
    return {"customer_ref": name, "attributes": {"email": address, **attributes}}


def survey_at(
    installation: Installation, survey: SurveyRow, user_id: int, *rows: dict[str, Any], now=NOW
) -> Plan:
    return ask_all(
        installation,
        survey.id,
        read_recipients(rows, secret_key=installation.secret_key).customers,
        user_id=user_id,
        now=now,
    )


def test_each_customer_gets_a_message_with_a_link_of_their_own(
    database_url: str, tmp_path: Path, user_id: int
):
    with (
        mail_server() as (place, received),
        installation_with(database_url, tmp_path, mail=place) as installation,
    ):
        survey = make_survey(installation, distribution={"reminders": [3]})
        made = survey_at(
            installation,
            survey,
            user_id,
            row("ada", language="en", region="North"),
            row("bob", email="Bob@Example.ORG", tenure=7),
        )
        assert (len(made.chosen), made.left_out, made.already) == (2, {}, 0)
        assert send_due(installation, NOW) == 2
        assert send_due(installation, NOW + 3 * DAY + timedelta(minutes=1)) == 2
        with installation.store.reading() as session:
            hashes = {each.token_hash for each in session.query(Invitation)}
    assert sorted(set(received.recipients)) == ["ada@example.org", "bob@example.org"]
    links = {link_in(mail).split("?")[0] for mail in received.messages}
    assert len(links) == 2  # the reminder carries the same link
    found = {}
    for link in links:
        start, ticket = link.rsplit("/", 1)
        assert start == f"{BASE}/s/{survey.link}"
        read = read_ticket(installation.secret_key, survey.link, ticket, now=NOW)
        assert read is not None
        found[read.customer_ref] = (read.attributes, read.token_hash)
    assert found[pseudonym(installation.secret_key, "ada")][0] == {"region": "North"}
    assert found[pseudonym(installation.secret_key, "bob")][0] == {"tenure": 7}
    assert hashes == {token_hash for _, token_hash in found.values()}


def test_everybody_on_the_list_is_asked_or_counted_with_a_reason(
    installation: Installation, user_id: int
):
    survey = make_survey(installation)
    asked(installation, survey, "resting", "bounced")
    secret = installation.secret_key
    with installation.store.writing() as session:
        note_bounces(session, [("bounced@example.org", "gone", NOW)])
        opt_out(session, [pseudonym(secret, "left")], source="link")
        opt_out(session, [address_key(secret, "away@example.org")], source="import")
    names = ("ada", "resting", "bounced", "left", "away", "bob")
    made = survey_at(installation, survey, user_id, *map(row, names), row("nobody", email=""))
    assert [each.card.email for each in made.chosen] == ["ada@example.org", "bob@example.org"]
    assert made.left_out == {
        Reason.RESTING: 1,
        Reason.BOUNCED: 1,
        Reason.OPTED_OUT: 2,
        Reason.NO_ADDRESS: 1,
    }


def test_two_customers_of_a_list_with_one_address_get_one_message(
    installation: Installation, user_id: int
):
    survey = make_survey(installation)
    shared = [row(name, email="family@example.org") for name in ("mother", "son")]
    recipients = read_recipients(
        [*shared, row("ada")], secret_key=installation.secret_key
    ).customers
    with installation.store.reading() as session:
        read = as_survey(session, survey)
        shown = plan(session, read, recipients, installation=installation, now=NOW)
    made = survey_at(installation, survey, user_id, *shared, row("ada"))
    assert shown == made
    assert [each.card.email for each in made.chosen] == ["family@example.org", "ada@example.org"]
    assert made.left_out == {Reason.RESTING: 1}
    # Another customer number of the same mailbox, the day after.
    later = survey_at(
        installation, survey, user_id, row("aunt", email="family@example.org"), now=NOW + DAY
    )
    assert later.left_out == {Reason.RESTING: 1}


def test_looking_at_a_long_list_counts_an_address_once(
    installation: Installation, user_id: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("surveyapp.distribution.campaigns._AT_ONCE", 1)
    survey = make_survey(installation)
    rows = [row(name, email="family@example.org") for name in ("mother", "son", "aunt")]
    recipients = read_recipients(rows, secret_key=installation.secret_key).customers
    with installation.store.reading() as session:
        read = as_survey(session, survey)
        shown = plan(session, read, recipients, installation=installation, now=NOW)
    made = survey_at(installation, survey, user_id, *rows)
    assert (len(shown.chosen), len(made.chosen)) == (1, 1)


def test_a_new_address_on_the_list_ends_a_bounce(installation: Installation, user_id: int):
    survey = make_survey(installation)
    with installation.store.writing() as session:
        ref = pseudonym(installation.secret_key, "ada")
        session.add(Contact(customer_ref=ref, email="old@example.org", bounced_at=NOW - DAY))
    assert len(survey_at(installation, survey, user_id, row("ada")).chosen) == 1
    with installation.store.reading() as session:
        contact = session.get_one(Contact, ref)
        assert (contact.email, contact.bounced_at) == ("ada@example.org", None)


def test_the_same_list_again_asks_nobody_twice_and_later_it_is_another_wave(
    installation: Installation, user_id: int
):
    """In another order and with new attributes it is the same list, even where nobody rests."""
    survey = make_survey(installation)
    with installation.store.writing() as session:
        session.get_one(SurveyRow, survey.id).sampling = {"rest": "override"}
    assert len(survey_at(installation, survey, user_id, row("ada"), row("bob")).chosen) == 2
    again = survey_at(
        installation, survey, user_id, row("bob", region="North"), row("ada"), now=NOW + DAY
    )
    assert (len(again.chosen), again.already) == (0, 2)
    assert len(messages(installation)) == 2
    later = survey_at(installation, survey, user_id, row("ada"), row("bob"), now=NOW + 90 * DAY)
    assert len(later.chosen) == 2
    with installation.store.reading() as session:
        details = [e.detail for e in session.query(AuditEntry).filter_by(action="ask a list")]
        days = [each.day for each in session.query(Campaign).order_by(Campaign.id)]
    assert [(each["asked"], each["left_out"]) for each in details] == [(2, 0)] * 2
    assert days == [NOW.date(), (NOW + 90 * DAY).date()]


def test_two_who_press_the_button_at_once_ask_once(installation: Installation, user_id: int):
    survey = make_survey(installation)
    rows = [row(f"c{number}") for number in range(30)]
    found: list[int] = []

    def press() -> None:
        found.append(len(survey_at(installation, survey, user_id, *rows).chosen))

    threads = [Thread(target=press) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 0, 30]
    assert len(messages(installation)) == 30


def test_a_list_leaves_its_customers_resting_for_other_surveys(
    installation: Installation, user_id: int
):
    survey = make_survey(installation)
    survey_at(installation, survey, user_id, row("ada"))
    ref = pseudonym(installation.secret_key, "ada")
    with installation.store.reading() as session:
        assert times_asked(session.connection(), [ref], since=NOW - DAY) == {ref: [NOW]}
    other = survey_at(installation, survey, user_id, row("ada"), row("bob"), now=NOW + 8 * DAY)
    assert other.left_out == {Reason.RESTING: 1}


def test_looking_at_a_list_changes_nothing(installation: Installation):
    survey = make_survey(installation)
    with installation.store.writing() as session:
        made = plan(
            session,
            as_survey(session, survey),
            read_recipients([row("ada")], secret_key=installation.secret_key).customers,
            installation=installation,
            now=NOW,
        )
    assert len(made.chosen) == 1
    assert messages(installation) == []
    with installation.store.reading() as session:
        assert session.query(Contact).count() == session.query(Invitation).count() == 0


def test_an_anonymous_survey_keeps_nothing_of_the_list_beside_the_invitation(
    installation: Installation, user_id: int
):
    survey = make_survey(installation, anonymity="anonymous")
    survey_at(installation, survey, user_id, row("ada", region="North"))
    (message,) = messages(installation)
    assert message.content == {}


def test_a_closed_survey_asks_nobody(installation: Installation, user_id: int):
    survey = make_survey(installation)
    with installation.store.writing() as session:
        close_survey(session, session.get_one(SurveyRow, survey.id), user_id=None)
    with pytest.raises(Conflict, match="is not open"):
        survey_at(installation, survey, user_id, row("ada"))


def test_bad_lines_are_told_by_their_place_and_the_others_are_asked():
    roll = read_recipients(
        [
            row("ada"),
            row("bob", email="no address"),
            row("eve", language="not a language"),
            row("ada", email="other@example.org"),
            {"customer_ref": "", "attributes": {"email": ""}},
            {"customer_ref": "", "attributes": {"email": "zoe@example.org"}},
        ],
        secret_key="a secret key of thirty-two characters or more",
    )
    assert [each.card.email for each in roll.customers] == ["ada@example.org", "zoe@example.org"]
    assert [place for place, _ in roll.refused] == ["Customer 2", "Customer 3", "Customer 5"]
    assert (roll.doubles, roll.count) == (1, 6)


def test_a_list_without_end_or_without_customers_is_refused():
    secret = "a secret key of thirty-two characters or more"
    with pytest.raises(Invalid, match="5,000"):
        read_recipients((row(f"c{n}") for n in range(MOST_CUSTOMERS + 1)), secret_key=secret)
    with pytest.raises(Invalid, match="no customers"):
        read_recipients([], secret_key=secret)


def test_a_forgotten_customer_and_an_erased_answer_leave_nothing_in_the_outbox(
    installation: Installation, user_id: int
):
    """What a list said of a customer goes with them; that so many were written to stays."""
    survey = make_survey(installation)
    survey_at(installation, survey, user_id, row("ada", region="North"), row("bob", region="South"))
    ada, bob = messages(installation)
    with installation.store.writing() as session:
        forget(session, ada.customer_ref or "", user_id=None, now=NOW, secret_key=SECRET)
        invitation = session.get_one(Invitation, bob.invitation_id)
        invitation.state = "completed"
        answer = Response(
            survey_id=survey.id,
            invitation_id=invitation.id,
            source="invitation",
            answers={"nps": {"nps": 3}},
            language="en",
            submitted_at=NOW,
        )
        session.add(answer)
        session.flush()
        erase(
            session,
            as_survey(session, session.get_one(SurveyRow, survey.id)),
            answer.id,
            now=NOW,
            secret_key=SECRET,
        )
    assert [each.content for each in messages(installation)] == [{}, {}]
    assert messages(installation, customer_ref=ada.customer_ref) == []
