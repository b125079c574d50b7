"""Surveys and invitations: what may be asked, and what of a customer is kept."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.errors import Conflict, Invalid
from surveyapp.responses.actions import submit
from surveyapp.results.funnels.rates import response_rates
from surveyapp.results.scope import Scope
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, Invitation, Journey, SurveyRow
from surveyapp.surveys import actions
from surveyapp.surveys.invitations import use_invitation
from surveyapp.surveys.links import read_ticket
from tests.installations import installation_on, released
from tests.responses.makers import SECRET, as_survey, make_journey, make_survey, some_answers

URL = "https://survey.example"


def create(session, journey: Journey, **options) -> SurveyRow:
    options = {"name": "Survey", "asks": [{"instrument": "csat"}], "user_id": None, **options}
    options.setdefault("library", BUILT_IN)
    return actions.create_survey(session, journey, **options)


def test_version_and_key_are_pinned_when_a_survey_is_made(store: Store):
    with store.writing() as session:
        made = create(session, make_journey(session), asks=[{"instrument": "sjq"}])
    (ask,) = made.asks
    pinned = ask.pop("pinned")
    assert ask == {"instrument": "sjq", "version": "1", "key": "sjq-16", "wording": None}
    assert (pinned["en"], pinned["ar"]) == ("en-2", "ar-2")


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"asks": []}, "asks", "Choose 1 to"),
        ({"asks": [{"instrument": "nope"}]}, "asks", "nope"),
        ({"asks": [{"instrument": "../sjq"}]}, "asks", "known:"),
        ({"asks": [{"instrument": "sjq", "key": "sjq-99"}]}, "asks", "sjq-16"),
        ({"asks": [{"instrument": "sjq", "wording": "xx"}]}, "asks", "en-1"),
        ({"asks": [{"instrument": "csat"}, {"instrument": "csat"}]}, "asks", "twice"),
        ({"asks": [{"instrument": "csat", "score": 5}]}, "asks", "no setting score"),
        ({"language": "tlh"}, "language", "csat is not available"),
        ({"name": " "}, "name", "0 characters"),
        ({"name": "x" * 201}, "name", "201 characters"),
        ({"consent": "x" * 5001}, "consent", "5001"),
        ({"anonymity": "none"}, "anonymity", "pseudonymous, anonymous"),
        ({"code": "No Code!"}, "code", "is no code"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_field(store: Store, wrong, field: str, words: str):
    with store.writing() as session:
        journey = make_journey(session)
        with pytest.raises(Invalid, match=words) as error:
            create(session, journey, **wrong)
    assert error.value.field == field


def test_a_touchpoint_of_another_journey_is_refused(store: Store):
    with store.writing() as session:
        here, there = make_journey(session), make_journey(session, "other")
        with pytest.raises(Invalid, match="another journey"):
            create(session, here, touchpoint=there.stages[0].touchpoints[0])


def test_a_window_that_closes_before_it_opens_is_refused(store: Store):
    now = utc_now()
    with store.writing() as session, pytest.raises(Invalid, match="close before"):
        create(session, make_journey(session), opens_at=now, closes_at=now)


def test_codes_are_made_from_names_and_never_used_twice(store: Store):
    with store.writing() as session:
        journey = make_journey(session)
        assert [create(session, journey, name="Ökonomie 1").code for _ in range(2)] == [
            "okonomie-1",
            "okonomie-1-2",
        ]
        with pytest.raises(Conflict, match="already"):
            create(session, journey, code="okonomie-1")


def test_every_change_is_in_the_audit_log(store: Store):
    with store.writing() as session:
        made = create(session, make_journey(session))
        actions.close_survey(session, made, user_id=None)
        actions.open_survey(session, made, user_id=None, library=BUILT_IN)
        actions.invite(
            session,
            as_survey(session, made),
            [{}],
            installation=installation_on(store, base_url=URL),
            user_id=None,
        )
    with store.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action for entry in entries] == [
        "create survey",
        "close survey",
        "open survey",
        "invite",
    ]
    assert entries[-1].detail == {"invitations": 1}


def test_of_a_customer_only_the_tokens_hash_is_stored(store: Store):
    with store.writing() as session:
        made = make_survey(session)
        issued = actions.invite(
            session,
            as_survey(session, made),
            [
                {"customer_ref": "4711", "attributes": {"region": "North", "tenure": 3}},
                {"customer_ref": "4712", "attributes": {"region": ""}},
            ],
            installation=installation_on(store, base_url=URL + "/"),
            user_id=None,
        )
    with store.reading() as session:
        rows = session.scalars(select(Invitation).order_by(Invitation.id)).all()
    stored = " ".join(str(vars(row)) for row in rows)
    assert "4711" not in stored
    assert "North" not in stored
    for link, row in zip(issued, rows, strict=True):
        assert link.url.startswith(f"{URL}/s/{made.link}/")
        assert "4711" not in link.url
        text = link.url.rsplit("/", 1)[1]
        ticket = read_ticket(SECRET, made.link, text, now=utc_now())
        assert ticket is not None
        assert ticket.token_hash == row.token_hash
        assert ticket.token not in stored
        assert ticket.attributes == link.attributes
    assert issued[1].attributes == {}


@pytest.mark.parametrize(
    ("customers", "words"),
    [
        ([], "no customers"),
        (
            [{"customer_ref": "1"}, {"customer_ref": " 1 "}],
            "Customer 2: 1 is already at position 1",
        ),
        ([{"customer_ref": "x" * 201}], "Customer 1: The customer_ref"),
        ([{"customer_ref": "a\x00b"}], "unprintable"),
        ([{"attributes": {"a b": 1}}], "not a valid attribute name"),
        ([{"attributes": {"__class__.x y": 1}}], "not a valid attribute name"),
        ([{"attributes": {"a": "x" * 201}}], "The attribute a cannot be"),
        ([{"attributes": {"a": [1]}}], "The attribute a cannot be"),
        ([{"attributes": {"a": float("nan")}}], "The attribute a cannot be"),
        ([{"attributes": {f"a{k}": 1 for k in range(31)}}], "at most 30"),
        (
            [{"attributes": {f"a{k}": secrets.token_hex(100) for k in range(30)}}],
            "leave out long ones",
        ),
    ],
)
def test_a_customer_that_cannot_be_invited_is_named(store: Store, customers, words: str):
    with store.writing() as session:
        made = make_survey(session)
        with pytest.raises(Invalid, match=words):
            actions.invite(
                session,
                as_survey(session, made),
                customers,
                installation=installation_on(store, base_url=URL),
                user_id=None,
            )


def test_nobody_is_invited_to_a_closed_survey_or_by_links_that_have_expired(store: Store):
    with store.writing() as session:
        made = make_survey(session)
        options = {"installation": installation_on(store, base_url=URL), "user_id": None}
        with pytest.raises(Invalid, match="already have expired"):
            actions.invite(session, as_survey(session, made), [{}], expires_at=utc_now(), **options)
        actions.close_survey(session, made, user_id=None)
        with pytest.raises(Conflict, match="is closed"):
            actions.invite(session, as_survey(session, made), [{}], **options)


def test_anonymous_links_hold_no_pseudonym_and_no_attributes_that_name_somebody(store: Store):
    many = [{"customer_ref": str(k), "attributes": {"region": "North"}} for k in range(5)]
    rare = {"customer_ref": "9", "attributes": {"region": "North", "born": "1950-02-03"}}
    with store.writing() as session:
        made = make_survey(session, anonymity="anonymous")
        options = {"installation": installation_on(store, base_url=URL), "user_id": None}
        with pytest.raises(Invalid, match="Customer 6: only 1 of the list"):
            actions.invite(session, as_survey(session, made), [*many, rare], **options)
        issued = actions.invite(session, as_survey(session, made), many, **options)
    for link in issued:
        ticket = read_ticket(SECRET, made.link, link.url.rsplit("/", 1)[1], now=utc_now())
        assert ticket is not None
        assert ticket.customer_ref is None


def test_the_response_rate_counts_what_an_anonymous_survey_has_deleted(
    store: Store, tmp_path: Path
):
    installation = installation_on(store, base_url=URL, epoch_keys=str(tmp_path))
    with store.writing() as session:
        journey = make_journey(session)
        for anonymity in actions.ANONYMITIES:
            made = make_survey(session, journey=journey, anonymity=anonymity)
            issued = actions.invite(
                session,
                as_survey(session, made),
                [{}] * 4,
                installation=installation,
                user_id=None,
            )
            for link in issued[:3]:
                text = link.url.rsplit("/", 1)[1]
                submit(
                    session,
                    as_survey(session, made),
                    some_answers(1),
                    submission_key=text[:40],
                    attributes={},
                    invitation=read_ticket(SECRET, made.link, text, now=utc_now()),
                    now=utc_now(),
                    library=BUILT_IN,
                    keys=installation.epoch_keys,
                )
    assert released(installation) == 3
    with store.reading() as session:
        rates = response_rates(session, Scope(journey.id), library=BUILT_IN)
        left = session.query(Invitation).count()
    assert [(rate.sent, rate.completed) for rate in rates] == [(4, 3), (4, 3)]
    assert left == 4 + 1


def test_an_invitation_past_its_time_is_not_used(store: Store):
    with store.writing() as session:
        made = make_survey(session)
        soon = utc_now() + timedelta(minutes=1)
        issued = actions.invite(
            session,
            as_survey(session, made),
            [{}],
            installation=installation_on(store, base_url=URL),
            expires_at=soon,
            user_id=None,
        )
        ticket = read_ticket(SECRET, made.link, issued[0].url.rsplit("/", 1)[1], now=utc_now())
        assert ticket is not None
        late = {"survey_id": made.id, "ticket": ticket}
        assert use_invitation(session.connection(), **late, now=soon) is None
        assert use_invitation(session.connection(), **late, now=utc_now()) is not None
