"""A small bank with a closed loop: a survey that asks NPS, a rule, somebody who owns cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.closed_loop import cases
from surveyapp.closed_loop.rules import change_case_rule
from surveyapp.responses.actions import Stored, submit
from surveyapp.store import events
from surveyapp.store.db import Store
from surveyapp.store.models import Case, Journey, SurveyRow, User
from tests.grants import on_all_journeys
from tests.installations import installation_on
from tests.responses.makers import as_survey, make_survey

BASE = "https://survey.example"
NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
RULE = {"scale": "nps", "at_most": 6, "due_days": 2}
_serial = count()


@dataclass(frozen=True)
class Loop:
    """Ids of what was made."""

    survey: int
    follow_up: int
    owner: int
    other: int


def add_user(session: Session, name: str, **other: object) -> User:
    values = {"email": f"{name.lower()}@example.org", "name": name, "role": "manager"}
    user = User(**{**values, "password_hash": "", **other})
    session.add(user)
    session.flush()
    return on_all_journeys(session, user)


def make_loop(session: Session, rule: dict[str, object] | None = None) -> Loop:
    """A survey with a rule, one that asks again, two people of the staff."""
    owner, other = add_user(session, "Olga"), add_user(session, "Bert")
    survey = make_survey(session, asks=("nps", "csat"), name="After the form")
    follow_up = make_survey(
        session,
        asks=("nps",),
        name="Asked again",
        journey=session.get_one(Journey, survey.journey_id),
    )
    wanted = {**RULE, "owner_id": owner.id, "follow_up_survey_id": follow_up.id}
    change_case_rule(
        session, survey, wanted if rule is None else rule, user_id=owner.id, library=BUILT_IN
    )
    return Loop(survey.id, follow_up.id, owner.id, other.id)


def respond(
    session: Session,
    survey_id: int,
    nps: int,
    *,
    reason: str = "The form lost my data.",
    at: datetime = NOW,
    **other: object,
) -> int:
    """A response with this score; its number."""
    survey = session.get_one(SurveyRow, survey_id)
    raw: dict[str, object] = {"nps": {"nps": str(nps), "nps_reason": reason}}
    if any(ask["instrument"] == "csat" for ask in survey.asks):
        raw["csat"] = {"csat": "4"}
    stored = submit(
        session,
        as_survey(session, survey),
        raw,
        submission_key=f"loop-{next(_serial)}",
        attributes=other.pop("attributes", {}),
        now=at,
        **other,
        library=BUILT_IN,
    )
    assert isinstance(stored, Stored) and stored.response_id is not None
    return stored.response_id


def hear(store: Store, session: Session, survey_id: int, response_ids: Sequence[int]) -> None:
    """Tell of these responses and spread it, as a worker would."""
    for response_id in response_ids:
        events.publish(session, "response", response_id=response_id, survey_id=survey_id)
    session.flush()
    events.dispatch(
        session,
        {
            "response": (
                partial(cases.on_response, installation=installation_on(store, base_url=BASE)),
            )
        },
    )


def open_case(store: Store, loop: Loop, nps: int = 3, **other: object) -> int:
    """A case of a new low response; its number."""
    with store.writing() as session:
        response_id = respond(session, loop.survey, nps, **other)
        hear(store, session, loop.survey, [response_id])
        return session.scalars(select(Case.id).where(Case.response_id == response_id)).one()
