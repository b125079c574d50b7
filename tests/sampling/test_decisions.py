"""Every interaction is decided about once, and every decision says why."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from surveyapp.sampling import opt_outs
from surveyapp.sampling.actions import change_sampling
from surveyapp.sampling.reasons import Reason
from surveyapp.store.db import Store
from surveyapp.store.models import (
    Contact,
    Decision,
    Interaction,
    Invitation,
    Journey,
    JourneyRun,
    OutgoingMessage,
    SurveyRow,
)
from surveyapp.surveys.links import pseudonym, token_of
from tests.responses.makers import SECRET
from tests.sampling.makers import NOW, bring, decide, decisions, make_bank, make_survey, report

MAIL = "anna@example.org"


@pytest.fixture
def bank(store: Store) -> Store:
    with store.writing() as session:
        make_bank(session)
    return store


def survey(store: Store, **rules: Any) -> int:
    with store.writing() as session:
        return make_survey(session, session.scalars(select(Journey)).one(), **rules).id


def ask(number: int = 1, **other: Any) -> dict[str, Any]:
    """A report of a customer who can be reached, each at an address of their own."""
    customer = other.get("customer_ref")
    address = MAIL if customer is None else f"{customer}@example.org".replace(" ", "-")
    return report(number, **{"email": address, **other})


def test_an_ask_is_a_decision_an_invitation_and_a_message(bank: Store):
    number = survey(bank, delay_minutes=60, expires_days=10)
    bring(bank, ask())
    assert decide(bank) == 1
    with bank.reading() as session:
        decision = session.scalars(select(Decision)).one()
        invitation = session.scalars(select(Invitation)).one()
        message = session.scalars(select(OutgoingMessage)).one()
        met = session.scalars(select(Interaction)).one()
    due = NOW + timedelta(hours=1)
    assert (decision.outcome, decision.reason, decision.due_at) == ("ask", "", due)
    assert (decision.invitation_id, decision.survey_id) == (invitation.id, number)
    assert met.decided_at == NOW
    assert (invitation.state, invitation.interaction_id) == ("created", met.id)
    assert (invitation.channel, invitation.expires_at) == ("email", due + timedelta(days=10))
    token = token_of(SECRET, invitation.token_seed or "")
    assert invitation.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert (message.key, message.kind, message.state) == (
        *(f"invitation {invitation.id}", "invitation"),
        "waiting",
    )
    assert (message.due_at, message.channel, message.content) == (due, "email", {})
    assert message.customer_ref == decision.customer_ref == pseudonym(SECRET, "4711")


def test_nothing_is_decided_twice(bank: Store):
    survey(bank)
    bring(bank, ask(1), ask(2, customer_ref="2"))
    assert decide(bank) == 2
    assert decide(bank) == 0
    bring(bank, ask(1), ask(2, customer_ref="2"))
    assert decide(bank) == 0
    assert [outcome for _, outcome, _ in decisions(bank)] == ["ask", "ask"]


def test_without_a_survey_an_interaction_is_looked_at_and_left(bank: Store):
    survey(bank, active=False)
    bring(bank, ask(1), ask(2, touchpoint="use/branch"))
    assert decide(bank) == 2
    assert decisions(bank) == []


@pytest.mark.parametrize(
    ("rules", "told", "reason"),
    [
        ({"trigger": {"channels": ["app"]}}, {"channel": "web"}, Reason.NOT_TRIGGERED),
        ({"trigger": {"outcomes": ["done"]}}, {}, Reason.NOT_TRIGGERED),
        (
            {"trigger": {"rule": "region = North"}},
            {"attributes": {"region": "South"}},
            Reason.NOT_TRIGGERED,
        ),
        ({"trigger": {"rule": "region = North"}}, {}, Reason.NOT_TRIGGERED),
        ({"max_age_days": 2}, {"days": 2.1}, Reason.TOO_OLD),
        ({}, {"email": None}, Reason.NO_ADDRESS),
        ({}, {"email": None, "phone": "+358401234567"}, Reason.NO_ADDRESS),
        ({"share": 0.000001}, {}, Reason.SAMPLED_OUT),
    ],
)
def test_who_is_not_asked_has_a_reason_and_a_sentence(
    bank: Store, rules: dict[str, Any], told: dict[str, Any], reason: Reason
):
    survey(bank, **rules)
    bring(bank, ask(**told))
    decide(bank)
    assert decisions(bank) == [("event 1", "skip", reason)]
    with bank.reading() as session:
        decision = session.scalars(select(Decision)).one()
        assert decision.detail.endswith(".")
        assert session.query(Invitation).count() == session.query(OutgoingMessage).count() == 0


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (
            {"trigger": {"channels": ["App"], "outcomes": ["DONE"]}},
            {"channel": "app", "outcome": "done"},
        ),
        ({"trigger": {"rule": "tenure >= 2"}}, {"attributes": {"tenure": 2}}),
        ({"channel": "webhook"}, {"email": None, "phone": "+358401234567"}),
        ({"max_age_days": 2}, {"days": 1.9}),
    ],
)
def test_what_fits_the_trigger_is_asked_about(
    bank: Store, rules: dict[str, Any], told: dict[str, Any]
):
    survey(bank, **rules)
    bring(bank, ask(**told))
    decide(bank)
    assert decisions(bank) == [("event 1", "ask", "")]


@pytest.mark.parametrize("by", ["reference", "address"])
def test_who_opted_out_is_asked_no_more(bank: Store, by: str):
    survey(bank)
    key = (
        pseudonym(SECRET, "4711")
        if by == "reference"
        else opt_outs.address_key(SECRET, MAIL.upper())
    )
    with bank.writing() as session:
        assert opt_outs.opt_out(session, [key], source="link") == 1
        assert opt_outs.opt_out(session, [key], source="link") == 0
        assert opt_outs.is_opted_out(session, [key, "another"])
    shared = {"email": MAIL} if by == "address" else {}
    bring(bank, ask(1), ask(2, customer_ref="other", days=1, **shared))
    decide(bank)
    other = "opted_out" if by == "address" else ""
    assert [reason for *_, reason in decisions(bank)] == ["opted_out", other]
    with bank.writing() as session:
        assert opt_outs.remove(session, [key], user_id=None) == 1
    bring(bank, ask(3))
    decide(bank)
    assert decisions(bank)[-1] == ("event 3", "ask", "")


def test_a_bounced_address_is_not_written_to(bank: Store):
    survey(bank)
    bring(bank, ask())
    with bank.writing() as session:
        session.scalars(select(Contact)).one().bounced_at = NOW
    decide(bank)
    assert decisions(bank) == [("event 1", "skip", "bounced")]


def test_a_customer_rests_across_surveys(bank: Store):
    survey(bank)
    survey(bank, asks="csat")
    bring(bank, ask(1))
    decide(bank)
    assert [(outcome, reason) for _, outcome, reason in decisions(bank)] == [
        ("ask", ""),
        ("skip", "resting"),
    ]
    with bank.reading() as session:
        details = session.scalars(select(Decision.detail).where(Decision.reason == "resting")).all()
    assert details == [
        "The customer was invited on 2026-03-20 and the minimum interval is 30 days;"
        " no invitation is sent."
    ]


def test_an_address_rests_whoever_of_its_customers_is_asked(bank: Store):
    """One mailbox gets one message, in the same batch and in a later one."""
    survey(bank)
    shared = {"email": "family@example.org"}
    bring(bank, ask(1, customer_ref="mother", **shared), ask(2, customer_ref="son", **shared))
    decide(bank)
    bring(
        bank, ask(3, customer_ref="aunt", **shared), ask(4, customer_ref="b", email="b@b.example")
    )
    decide(bank, now=NOW + timedelta(days=1))
    assert decisions(bank) == [
        ("event 1", "ask", ""),
        ("event 2", "skip", "resting"),
        ("event 3", "skip", "resting"),
        ("event 4", "ask", ""),
    ]
    with bank.reading() as session:
        details = session.scalars(select(Decision.detail).where(Decision.reason == "resting")).all()
    said = (
        "Another customer with the same address was invited on 2026-03-20 and the minimum interval"
        " is 30 days; no invitation is sent."
    )
    assert details == [said, said]


def test_an_address_is_asked_so_often_a_year(bank: Store):
    survey(bank, rest="override")
    shared = {"email": "family@example.org"}
    bring(bank, *(ask(n, days=n / 10, customer_ref=f"c{n}", **shared) for n in range(5)))
    decide(bank, asks_a_year=3)
    assert Counter(reason for *_, reason in decisions(bank)) == {"": 3, "asked_enough": 2}


def test_an_ask_may_wait_until_the_rest_is_over_or_go_beyond_it(bank: Store):
    survey(bank)
    waiting = survey(bank, asks="csat", rest="delay")
    beyond = survey(bank, asks="ces", rest="override")
    bring(bank, ask())
    decide(bank)
    with bank.reading() as session:
        due = dict(session.execute(select(Decision.survey_id, Decision.due_at)).all())
        reason = dict(session.execute(select(Decision.survey_id, Decision.reason)).all())
    assert (due[waiting], reason[waiting]) == (NOW + timedelta(days=30), "delayed")
    assert (due[beyond], reason[beyond]) == (NOW, "")


def test_a_customer_is_asked_so_often_a_year(bank: Store):
    survey(bank, rest="override")
    bring(bank, *(ask(n, days=n / 10) for n in range(5)))
    decide(bank, asks_a_year=3)
    assert Counter(reason for *_, reason in decisions(bank)) == {"": 3, "asked_enough": 2}
    bring(bank, ask(9), now=NOW)
    decide(bank, asks_a_year=0)
    assert decisions(bank)[-1] == ("event 9", "ask", "")


def test_a_quota_ends_asking(bank: Store):
    survey(bank, most=2)
    bring(bank, *(ask(n, customer_ref=f"c{n}") for n in range(3)))
    decide(bank, limit=2)
    bring(bank, ask(7, customer_ref="c7"))
    decide(bank)
    assert Counter(reason for *_, reason in decisions(bank)) == {"": 2, "quota_full": 2}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "closed"}, "survey_closed"),
        ({"closes_at": NOW + timedelta(minutes=30)}, "survey_closed"),
        ({"opens_at": NOW + timedelta(hours=2)}, "survey_closed"),
        ({"closes_at": NOW + timedelta(hours=2)}, ""),
    ],
)
def test_a_survey_asks_while_it_takes_answers(bank: Store, change: dict[str, Any], reason: str):
    number = survey(bank, delay_minutes=60)
    with bank.writing() as session:
        for name, value in change.items():
            setattr(session.get_one(SurveyRow, number), name, value)
    bring(bank, ask())
    decide(bank)
    assert [found for *_, found in decisions(bank)] == [reason]


def test_quiet_hours_move_an_ask_on_the_customers_clock(bank: Store):
    survey(bank, quiet_from="13:00", quiet_to="18:00")
    bring(bank, ask(zone="Europe/Helsinki"), ask(2, customer_ref="2"))
    decide(bank, time_zone="America/New_York")
    with bank.reading() as session:
        due = session.scalars(
            select(Decision.due_at).order_by(Decision.customer_ref == pseudonym(SECRET, "2"))
        ).all()
    assert due == [datetime(2026, 3, 20, 18, tzinfo=ZoneInfo("Europe/Helsinki")), NOW]


def test_a_zone_that_nobody_knows_any_more_stops_nothing(bank: Store):
    survey(bank, quiet_from="11:00", quiet_to="13:00")
    bring(bank, ask())
    with bank.writing() as session:
        session.scalars(select(Contact)).one().zone = "Europe/Atlantis"
    decide(bank)
    with bank.reading() as session:
        assert session.scalars(select(Decision.due_at)).one() == NOW + timedelta(hours=1)


def test_a_journeys_end_asks_once_a_passage_when_what_ends_it_happens(bank: Store):
    trigger = {"touchpoints": ["use/branch"], "outcomes": ["account closed"]}
    number = survey(bank, at_end=True, rest="override", trigger=trigger)
    end = {"touchpoint": "use/branch", "outcome": "account closed"}
    bring(bank, ask(1, days=5), ask(2, touchpoint="use/branch", days=4), ask(3, days=3, **end))
    decide(bank)
    bring(bank, ask(4, days=2, **end))
    decide(bank)
    assert decisions(bank) == [
        ("event 2", "skip", "not_triggered"),
        ("event 3", "ask", ""),
        ("event 4", "skip", "already_asked"),
    ]
    with bank.writing() as session:
        session.scalars(select(JourneyRun)).one().ended_at = NOW
    bring(bank, ask(5, **end))
    decide(bank)
    assert decisions(bank)[-1] == ("event 5", "ask", "")
    with bank.reading() as session:
        assert set(session.scalars(select(Decision.survey_id))) == {number}


def test_a_share_is_drawn_by_lot_and_the_same_one_again(bank: Store):
    survey(bank, share=0.3)
    batch = [ask(n, customer_ref=f"c{n}") for n in range(400)]
    found = []
    for reports in (batch, batch[::-1]):
        with bank.writing() as session:
            for table in (OutgoingMessage, Decision, Invitation, Interaction):
                session.execute(delete(table))
        bring(bank, *reports)
        decide(bank, limit=90)
        found.append(decisions(bank))
    assert found[0] == found[1]
    asked = sum(outcome == "ask" for _, outcome, _ in found[0])
    assert 80 <= asked <= 160  # 120 expected; five standard deviations to either side


def test_an_anonymous_survey_asks_and_its_invitation_knows_no_customer(bank: Store):
    number = survey(bank)
    with bank.writing() as session:
        session.get_one(SurveyRow, number).anonymity = "anonymous"
    bring(bank, ask(attributes={"region": "North"}))
    decide(bank)
    assert decisions(bank) == [("event 1", "ask", "")]
    with bank.writing() as session:
        session.execute(delete(Invitation))  # as using it does
    with bank.reading() as session:
        assert session.query(OutgoingMessage).count() == 0
        assert session.scalars(select(Decision.invitation_id)).all() == [None]


def test_two_workers_decide_each_interaction_once(bank: Store):
    survey(bank, rest="override")
    bring(bank, *(ask(n, customer_ref=f"c{n % 5}") for n in range(60)))
    workers = [Thread(target=decide, args=(bank,), kwargs={"limit": 7}) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    decide(bank, limit=7)  # one that found another at work has stopped early
    with bank.reading() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 60
        asked = session.execute(
            select(Decision.customer_ref, func.count())
            .where(Decision.outcome == "ask")
            .group_by(Decision.customer_ref)
        ).all()
        assert [count for _, count in asked] == [6] * 5  # asks a year, whoever decided


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_rest_year_and_quiet_hours_hold_whatever_happens(store: Store, data: st.DataObject):
    """Any interactions and rules: one decision for each survey; asks of a customer keep the rest, the
    limit a year and the quiet hours; and the order of arrival makes no difference.
    """
    minutes = data.draw(st.lists(st.integers(0, 6 * 24 * 60), min_size=1, max_size=12, unique=True))
    rests = data.draw(st.lists(st.sampled_from(["block", "delay"]), min_size=1, max_size=3))
    rest_days = data.draw(st.integers(0, 40))
    a_year = data.draw(st.integers(1, 4))
    batch = [
        ask(n, days=minute / 1440, customer_ref=f"c{minute % 2}", zone="Europe/Helsinki")
        for n, minute in enumerate(minutes)
    ]
    found = []
    for reports in (batch, data.draw(st.permutations(batch))):
        with store.writing() as session:
            for table in (
                OutgoingMessage,
                Decision,
                Invitation,
                Interaction,
                JourneyRun,
                SurveyRow,
            ):
                session.execute(delete(table))
            journey = session.scalars(select(Journey)).one_or_none() or make_bank(session)
            for asks, rest in zip(("nps", "csat", "ces"), rests, strict=False):
                rules = {"quiet_from": "21:00", "quiet_to": "08:00", "delay_minutes": 45}
                make_survey(session, journey, asks=asks, rest=rest, **rules)
        bring(store, *reports)
        decide(store, rest_days=rest_days, asks_a_year=a_year)
        found.append(decisions(store))
    assert found[0] == found[1]
    assert len(found[0]) == len(batch) * len(rests)
    with store.reading() as session:
        asks_of: dict[str, list[datetime]] = {}
        for ref, due in session.execute(
            select(Decision.customer_ref, Decision.due_at).where(Decision.outcome == "ask")
        ):
            asks_of.setdefault(ref, []).append(due)
    for dues in asks_of.values():
        dues.sort()
        for earlier, later in pairwise(dues):
            assert later - earlier >= timedelta(days=rest_days)
        for due in dues:
            assert sum(timedelta() <= each - due < timedelta(days=365) for each in dues) <= a_year
            assert 8 <= due.astimezone(ZoneInfo("Europe/Helsinki")).hour < 21
            assert due >= NOW


def test_rules_that_change_hold_from_then_on(bank: Store):
    number = survey(bank)
    bring(bank, ask())
    with bank.writing() as session:
        change_sampling(session, session.get_one(SurveyRow, number), {}, user_id=None)
    assert decide(bank) == 1
    assert decisions(bank) == []
