"""Non-response adds up: every decision is asked or has a reason, and each step lies within the last."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from analysis.metrics import share
from surveyapp.journeys.calendar import Calendar
from surveyapp.journeys.segments import parse
from surveyapp.results.funnels import decision_kinds
from surveyapp.results.funnels.funnels import by_segment, funnels
from surveyapp.results.months import month_decided, months_decided
from surveyapp.results.scope import period
from surveyapp.results.view_models import Hidden
from surveyapp.sampling import funnel
from surveyapp.sampling.decision_rollups import DECISIONS
from surveyapp.sampling.funnel import Counts
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import (
    EVERYBODY,
    Contact,
    Decision,
    DecisionKinds,
    Interaction,
    Invitation,
    Segment,
    SurveyRow,
)
from surveyapp.surveys.queries import all_surveys
from surveyapp.surveys.survey import Survey
from tests.installations import installation_on
from tests.sampling.makers import NOW, bring, decide, make_bank, make_survey, report

RULES = {
    "north": "region = North",
    "new": "tenure < 3",
    "vip": "vip = true",
    "not-vip": "not vip = true",
    "one": "vip = 1",
    "odd": 'region = "it\'s \\"odd\\"" or score-2.x > 1.5',
}


@pytest.fixture
def asked(store: Store) -> Store:
    """120 customers at a touchpoint: some are asked, some of those come further."""
    chance = random.Random(7)  # noqa: S311 - seeded on purpose
    with store.writing() as session:
        journey = make_bank(session)
        make_survey(session, journey, trigger={"outcomes": ["done"]})
        make_survey(session, journey, asks="csat", active=False)
        for code, rule in RULES.items():
            session.add(Segment(code=code, name=code, rule=rule))
    batch = []
    for number in range(120):
        attributes: dict[str, Any] = {
            "region": ("North", "South", 'it\'s "odd"')[number % 3],
            "tenure": number % 10,
            "vip": number % 4 == 0,
            "score-2.x": 1.5 + number % 2,
        }
        if number % 5 == 0:
            del attributes["vip"]
        batch.append(
            report(
                number,
                customer_ref=f"c{number}",
                outcome="done" if number % 6 else "broken off",
                attributes=attributes,
                email=f"c{number}@example.org" if number % 7 else None,
            )
        )
    bring(store, *batch)
    decide(store)
    with store.writing() as session:
        for decision in session.scalars(select(Decision).where(Decision.outcome == "ask")):
            invitation = session.get_one(Invitation, decision.invitation_id)
            luck = chance.random()
            if luck < 0.9:
                decision.sent_at = invitation.sent_at = NOW
            elif luck < 0.95:
                invitation.state = "suppressed"
            if luck < 0.6:
                invitation.opened_at = NOW
            if luck < 0.4:
                invitation.started_at = NOW
            if luck < 0.3:
                invitation.completed_at, invitation.state = NOW, "completed"
    return store


def surveys(session: Any) -> list[Survey]:
    return all_surveys(session)


def test_every_decision_is_asked_or_has_a_reason(asked: Store):
    with asked.reading() as session:
        first, second = funnels(session, surveys(session))
    found = first.funnel
    assert found.decided == 120
    reasons = {why.words: why.n for why in found.reasons}
    assert reasons == {"Not covered by the survey": 20, "No address": 15}
    assert found.asked == 120 - 35
    steps = {step.name: step.n for step in found.steps}
    assert list(steps) == ["Invited", "Sent", "Delivered", "Opened", "Started", "Answered"]
    assert found.decided >= steps["Invited"] >= steps["Sent"] >= steps["Opened"] >= steps["Started"]
    assert steps["Started"] >= steps["Answered"] > 0
    assert found.waiting + found.held_back + steps["Sent"] == found.asked
    assert found.held_back > 0
    assert (second.funnel.decided, second.funnel.answered.rate) == (0, None)
    rate = found.answered.rate
    expected = share(steps["Answered"], steps["Sent"])
    assert rate is not None
    assert (rate.estimate, rate.low, rate.high) == (expected.estimate, expected.low, expected.high)


def test_what_came_back_was_sent_and_not_delivered(asked: Store):
    """A bounce counts against the last message before it; one long after it says nothing of it."""
    with asked.writing() as session:
        sent = session.scalars(
            select(Decision).where(Decision.sent_at.is_not(None)).order_by(Decision.id)
        ).all()
        for decision, days in zip(sent, (0, 1, 13, 20, -1), strict=False):
            contact = session.get_one(Contact, decision.customer_ref)
            contact.bounced_at = NOW + timedelta(days=days)
    with asked.reading() as session:
        found = funnels(session, surveys(session))[0].funnel
    steps = {step.name: step.n for step in found.steps}
    assert steps["Sent"] - steps["Delivered"] == 3


def test_a_period_counts_decisions_made_in_its_whole_months(asked: Store):
    with asked.writing() as session:
        for decision in session.scalars(select(Decision)):
            if decision.id % 2:
                decision.decided_at = NOW - timedelta(days=40)
    with asked.reading() as session:
        every = surveys(session)

        def decided(since: date | None, until: date | None) -> int:
            return funnels(session, every, period(since, until))[0].funnel.decided

        assert decided(date(2026, 3, 15), None) == 60
        assert decided(None, date(2026, 2, 3)) == 60
        assert decided(date(2026, 2, 20), date(2026, 3, 1)) == 120
        assert decided(None, date(2026, 1, 31)) == 0


@pytest.mark.parametrize("zone", ["UTC", "Europe/Helsinki"])
def test_a_segment_counts_whom_its_rule_matches(asked: Store, zone: str):
    """Against asking the rule about every interaction, on both databases."""
    with asked.reading() as session:
        rules = {row.id: parse(row.rule) for row in session.scalars(select(Segment))}
        numbers = [each.id for each in surveys(session)]
        month = month_decided(session, numbers, Calendar(zone))
        told = funnel.by_kind(session, numbers, rules, month)
        rows = session.execute(
            select(Interaction.attributes, Decision.outcome).join(
                Decision, Decision.interaction_id == Interaction.id
            )
        ).all()
        total = funnel.by_survey(session, numbers)
    assert all(len(written) == len("2026-03") for written in told)

    def counted(segment: int) -> Counts:
        kinds = [each for months in told.values() for each in months.items()]
        return sum((counts for kind, counts in kinds if segment in kind), start=Counts())

    for number, rule in rules.items():
        inside = [outcome for attributes, outcome in rows if rule.matches(attributes)]
        assert counted(number).decided == len(inside), rule.text
        assert counted(number).asked == inside.count("ask"), rule.text
    everybody = total[numbers[0]] + total[numbers[1]]
    assert replace(counted(EVERYBODY), skipped={}) == replace(everybody, skipped={})
    assert counted(EVERYBODY).decided == everybody.decided


@pytest.mark.parametrize("since", [None, NOW.date().replace(day=1)])
def test_segments_are_the_same_from_what_the_worker_keeps(
    asked: Store, monkeypatch: pytest.MonkeyPatch, since: date | None
):
    """Before it counts, after it has, and when something has changed since."""
    installation = installation_on(asked)
    with asked.writing() as session:
        for decision in session.scalars(select(Decision).where(Decision.id % 3 == 0)):
            decision.decided_at = NOW - timedelta(days=40)

    def told() -> Any:
        with asked.reading() as session:
            return by_segment(session, surveys(session), period(since, None), minimum_cell=1)

    def kept() -> Any:
        with asked.reading() as session:
            return session.scalars(select(DecisionKinds.months)).all()

    before = told()
    monkeypatch.setattr(decision_kinds, "FEW", 100)
    assert told() is None  # a page does not count so many
    while DECISIONS.add_up(installation, NOW):
        pass
    assert told() is None
    decision_kinds.count_due(installation, utc_now())
    assert told() == before
    [months] = kept()
    assert list(months) == ["2026-02", "2026-03"]
    with asked.writing() as session:
        own = (Decision.decided_at == NOW, Invitation.completed_at.is_(None))
        query = select(Invitation.id).join(Decision, Decision.invitation_id == Invitation.id)
        number = session.scalars(query.where(*own)).first()
        session.execute(update(Invitation).where(Invitation.id == number).values(completed_at=NOW))
    while DECISIONS.add_up(installation, NOW):
        pass
    decision_kinds.count_due(installation, utc_now())
    now_kept = told()
    [after] = kept()
    assert after["2026-02"] == months["2026-02"]
    assert after["2026-03"]["mark"] != months["2026-03"]["mark"]
    monkeypatch.setattr(decision_kinds, "FEW", 1000)
    with asked.writing() as session:
        session.execute(delete(DecisionKinds))
    assert told() == now_kept


def test_months_of_decisions_are_those_of_the_rollups_and_of_what_waits(asked: Store):
    with asked.writing() as session:
        for decision in session.scalars(select(Decision)):
            decision.decided_at = NOW - timedelta(days=100 if decision.id % 2 else 0)

    def months() -> list[str]:
        with asked.reading() as session:
            numbers = [each.id for each in surveys(session)]
            found = months_decided(session, numbers, Calendar("UTC"))
        return [f"{each:%Y-%m}" for each in found]

    assert months() == ["2025-12", "2026-01", "2026-02", "2026-03"]  # from the first to the last
    while DECISIONS.add_up(installation_on(asked), NOW):
        pass
    assert months() == ["2025-12", "2026-03"]
    with asked.writing() as session:
        moved = update(Decision).where(Decision.decided_at < NOW)
        session.execute(moved.values(decided_at=NOW - timedelta(days=40)))
    assert months() == ["2026-02", "2026-03"]  # before a worker adds it up


def test_a_small_segment_is_hidden_and_so_is_what_gives_it_away(asked: Store):
    with asked.writing() as session:
        session.add(Segment(code="few", name="few", rule="tenure = 3 and region = South"))
        session.add(Segment(code="rest", name="rest", rule="not (tenure = 3 and region = South)"))
    with asked.reading() as session:
        found = {row.name: row for row in by_segment(session, surveys(session), minimum_cell=5)}
    assert found["few"].hidden is Hidden.FEW
    assert found["rest"].hidden is Hidden.COMPLEMENT
    assert found["rest"].funnel is None
    assert found["All customers"].hidden is Hidden.NO
    assert found["north"].funnel is not None


def test_an_anonymous_survey_counts_answers_by_what_is_gone(asked: Store):
    with asked.writing() as session:
        for each in session.scalars(select(SurveyRow)):
            each.anonymity = "anonymous"
        used = session.scalars(select(Invitation).where(Invitation.state == "completed")).all()
        for invitation in used:
            session.delete(invitation)
    with asked.reading() as session:
        found = funnels(session, surveys(session))[0].funnel
    assert [step.name for step in found.steps] == ["Invited", "Sent", "Delivered", "Answered"]
    assert found.answered.n == len(used) > 0
