"""The last weeks as the bank's systems told them: interactions, whom we asked, who answered, cases.

Everything goes the way that it goes in service, day by day, with the clock of that day; only the
post is not sent: what was due counts as delivered.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.closed_loop import cases
from surveyapp.closed_loop.reply_templates import add_template, templates_of
from surveyapp.closed_loop.rules import change_case_rule
from surveyapp.demo import population
from surveyapp.demo.bank import MONTHS, JourneyPlan, TouchpointPlan
from surveyapp.distribution.actions import change_messages
from surveyapp.installation import Installation
from surveyapp.responses.actions import Stored, submit
from surveyapp.sampling.actions import change_sampling
from surveyapp.sampling.decisions import decide_due
from surveyapp.sampling.eligibility import Rules
from surveyapp.sampling.interactions import receive
from surveyapp.sampling.opt_outs import opt_out
from surveyapp.store import events
from surveyapp.store.models import (
    Case,
    Decision,
    Event,
    Invitation,
    Journey,
    OutgoingMessage,
    SurveyRow,
)
from surveyapp.surveys.links import pseudonym, token_of
from surveyapp.surveys.queries import short_ticket, survey_at, surveys
from surveyapp.surveys.survey import Survey
from surveyapp.worker import subscribers

DAYS = 35
_A_DAY = 16  # interactions
_PLACES = ("identity", "card")
_KNOWN = 260  # customers who meet these places; few enough that some come again too soon
_NO_MAIL, _OPT_OUT = 0.12, 0.04
_OPENED, _STARTED, _COMPLETED = 0.62, 0.85, 0.9
_HEARD = (
    "The call dropped twice; a colleague in the branch checked the passport instead.",
    "Nobody had said which papers are needed; sent the list.",
    "Wants to hear when the partner has mended the app.",
)
_RULES = Rules("Europe/Helsinki", 30, 6)


def ask(
    session: Session,
    installation: Installation,
    plan: JourneyPlan,
    *,
    rng: np.random.Generator,
    today: datetime,
    owner_id: int,
) -> None:
    """Set up two touchpoints for asking by mail, then live through the last weeks."""
    secret_key = installation.secret_key
    points = {point.code: point for point in plan.touchpoints if point.code in _PLACES}
    for code in points:
        own = select(SurveyRow).where(SurveyRow.code == f"{plan.code}-{code}")
        _set_up(session, session.scalars(own).one(), owner_id)
    people = population.customers(rng, _KNOWN)
    for number in np.flatnonzero(rng.random(_KNOWN) < _OPT_OUT).tolist():
        opt_out(session, [pseudonym(secret_key, _name(number))], source="staff", user_id=None)
    for day in range(DAYS, 0, -1):
        now = today - timedelta(days=day)
        reports = list(_reports(plan, people, rng, now))
        receive(session, reports, secret_key=secret_key, source="api", now=now)
        while decide_due(session, now=now, secret_key=secret_key, rules=_RULES):
            pass
        for number, survey in _delivered(session, now):
            point = points[survey.code.removeprefix(f"{plan.code}-")]
            _live(session, number, point, rng, now, secret_key)
        session.execute(update(Event).values(at=now))
        while events.dispatch(session, subscribers(installation)):
            pass
    _work_on_cases(session, rng, owner_id)


_REPLIES = (
    {
        "name": "Apology and call",
        "language": "en",
        "subject": "Your experience with {provider}",
        "text": "Dear customer,\n\nthank you for telling us about {touchpoint}. We are sorry that it went"
        " wrong. I would like to put it right: when may I call you?\n\n{agent}\n{provider}",
    },
    {
        "name": "Put right",
        "language": "en",
        "subject": "{provider} has put it right",
        "text": "Dear customer,\n\nwhat you told us about {touchpoint} has been put right. If anything is"
        " still open, just reply to this message.\n\n{agent}\n{provider}",
    },
    {
        "name": "Put right",
        "language": "fi",
        "subject": "{provider}: asia on korjattu",
        "text": "Hei,\n\nkerroit meille kohdasta {touchpoint}. Asia on nyt korjattu. Jos jokin jäi auki,"
        " vastaa tähän viestiin.\n\n{agent}\n{provider}",
    },
)


def _set_up(session: Session, survey: SurveyRow, owner_id: int) -> None:
    change_sampling(
        session,
        survey,
        {"active": True, "delay_minutes": 60, "quiet_from": "21:00", "quiet_to": "08:00"}
        | {"share": 0.9, "rest": "block"},
        user_id=None,
    )
    change_messages(
        session,
        survey,
        {"one_click": "csat-csat", "reminders": [4]},
        user_id=None,
        library=BUILT_IN,
    )
    rule = {"scale": "csat", "at_most": 2, "due_days": 3, "owner_id": owner_id}
    change_case_rule(session, survey, rule, user_id=None, library=BUILT_IN)
    journey = session.get_one(Journey, survey.journey_id)
    if not templates_of(session, journey.id):  # several surveys are of one journey
        for template in _REPLIES:
            add_template(session, journey, template, user_id=owner_id)


def _name(number: int) -> str:
    return f"NB-{number + 70001}"


def _reports(
    plan: JourneyPlan, people: Sequence[dict[str, Any]], rng: np.random.Generator, now: datetime
) -> Iterator[dict[str, Any]]:
    """What the bank's systems tell of one day."""
    for _ in range(int(rng.poisson(_A_DAY))):
        number = int(rng.integers(_KNOWN))
        code = str(rng.choice(_PLACES, p=[0.7, 0.3]))
        told: dict[str, Any] = {
            "journey": plan.code,
            "touchpoint": code,
            "customer_ref": _name(number),
            "at": now - timedelta(hours=float(rng.uniform(1, 20))),
            "external_id": secrets.token_hex(8),
            "channel": "app" if code == "identity" else "post",
            "language": "en",
            "attributes": people[number],
            "outcome": str(rng.choice(["done", "broken off"], p=[0.85, 0.15])),
            "zone": "Europe/Helsinki",
        }
        if number % 100 >= 100 * _NO_MAIL:
            told["email"] = f"customer{number + 70001}@example.com"
        yield told


def _delivered(session: Session, now: datetime) -> list[tuple[int, Survey]]:
    """The invitations whose messages were due, now that they have been sent."""
    due = session.execute(
        update(OutgoingMessage)
        .where(OutgoingMessage.state == "waiting", OutgoingMessage.due_at <= now)
        .values(state="sent", sent_at=OutgoingMessage.due_at)
        .returning(OutgoingMessage.invitation_id, OutgoingMessage.due_at)
    ).all()
    for number, at in due:
        if number is None:
            continue  # told a colleague of a case
        session.execute(update(Invitation).where(Invitation.id == number).values(sent_at=at))
        session.execute(update(Decision).where(Decision.invitation_id == number).values(sent_at=at))
    found = session.execute(
        select(Invitation.id, Invitation.survey_id)
        .where(Invitation.id.in_([number for number, _ in due if number is not None]))
        .order_by(Invitation.id)
    ).all()
    known = surveys(session, {row[1] for row in found})
    return [(row[0], known[row[1]]) for row in found]


def _live(
    session: Session,
    number: int,
    point: TouchpointPlan,
    rng: np.random.Generator,
    now: datetime,
    secret_key: str,
) -> None:
    """What a customer does with the message: leaves it, looks at it, begins, or answers."""
    invitation = session.get_one(Invitation, number)
    chances = rng.random(3)
    if chances[0] > _OPENED or invitation.token_seed is None:
        return
    invitation.state, invitation.opened_at = "opened", now
    if chances[1] > _STARTED:
        return
    invitation.started_at = now
    session.flush()
    if chances[2] > _COMPLETED:
        return
    connection = session.connection()
    found = short_ticket(connection, token_of(secret_key, invitation.token_seed))
    what = survey_at(connection, found[0]) if found else None
    if found is None or what is None:
        raise RuntimeError("an invitation that was just made leads nowhere")
    since = timedelta(days=30.4 * MONTHS)
    answers = population.touchpoint_answers(rng, point, float(rng.normal()), since)
    raw = {code: {item: str(v) for item, v in given.items()} for code, given in answers.items()}
    stored = submit(
        session,
        what,
        raw,
        submission_key=secrets.token_urlsafe(16),
        attributes=found[1].attributes,
        customer_ref=found[1].customer_ref,
        invitation=found[1],
        started_at=now - timedelta(seconds=float(rng.uniform(20, 90))),
        now=now,
        library=BUILT_IN,
    )
    if not isinstance(stored, Stored):
        raise RuntimeError(f"the demonstration's answers were refused: {stored}")


def _work_on_cases(session: Session, rng: np.random.Generator, owner_id: int) -> None:
    """Most of the older cases were looked after; the newest wait."""
    found = session.scalars(select(Case).order_by(Case.id)).all()
    for case in found[: int(0.85 * len(found))]:
        called = case.opened_at + timedelta(hours=float(rng.uniform(2, 60)))
        cases.add_note(session, case, str(rng.choice(_HEARD)), user_id=owner_id)
        cases.mark_contacted(session, case, user_id=owner_id, now=called)
        if rng.random() < 0.9:
            outcome = str(
                rng.choice(["recovered", "not_recovered", "unreachable"], p=[0.6, 0.25, 0.15])
            )
            done = called + timedelta(hours=float(rng.uniform(1, 48)))
            cases.close(session, case, outcome, user_id=owner_id, now=done)
