"""Seven steps from a new journey to the first action, and which of them are taken."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from surveyapp.store.models import Journey, PlannedAction, RegisteredChange, Response, SurveyRow


@dataclass(frozen=True)
class FirstStep:
    """A step: whether it is taken, what that is seen by, and the page on which to take it."""

    title: str
    why: str
    done_when: str
    endpoint: str
    done: bool


def first_steps(session: Session, journey: Journey, *, few: int) -> tuple[FirstStep, ...]:
    """The seven steps of a journey in their order; scores are shown from ``few`` answers on."""
    drawn = len(journey.stages) > 1 and all(stage.touchpoints for stage in journey.stages)
    truth = any(point.moment_of_truth for stage in journey.stages for point in stage.touchpoints)
    states = {each.state for each in journey.surveys}
    return (
        FirstStep(
            "Say what the customer wants",
            "A journey begins and ends with a customer's goal, in the customer's words.",
            "the journey has a goal and an owner.",
            "journeys.edit",
            bool(journey.goal.strip()) and journey.owner_id is not None,
        ),
        FirstStep(
            "Draw stages and touchpoints",
            "Include what partners and customers themselves do, and mark the moments of truth: a map of"
            " your own departments alone hides where customers are handed over.",
            "it has two stages or more, a touchpoint in each, and a moment of truth.",
            "stages.index",
            drawn and truth,
        ),
        FirstStep(
            "Check the map together",
            "Walk through it in a workshop with people who meet customers, people who never do, and a"
            " partner. Agree when you look at it again.",
            "it has a day of next review.",
            "workshop_kit.show",
            journey.next_review is not None,
        ),
        FirstStep(
            "Plan what to ask where",
            "Two or three questions at few touchpoints, and service journey quality once, at the end.",
            "there is a survey, or a draft of one, at the journey's end and at a touchpoint.",
            "survey_plan.show",
            {each.touchpoint_id is None for each in journey.surveys} == {True, False},
        ),
        FirstStep(
            "Try and publish",
            "Answer each survey as a customer would, on a phone, and settle its checklist.",
            "a survey is open.",
            "surveys.index",
            "open" in states or ("closed" in states and _answers(session, journey) > 0),
        ),
        FirstStep(
            "Ask customers",
            "Share its link, invite a list, or let your systems report events.",
            f"there are {few} answers or more.",
            "surveys.index",
            _answers(session, journey, few) >= few,
        ),
        FirstStep(
            "Read, decide, act",
            "Look first at how sure the numbers are, then plan one action with an owner and a day.",
            "an action is planned, or a change registered.",
            "journeys.show",
            any(
                bool(
                    session.scalar(
                        select(
                            exists().where(
                                table.journey_id == journey.id, table.removed_at.is_(None)
                            )
                        )
                    )
                )
                for table in (PlannedAction, RegisteredChange)
            ),
        ),
    )


def _answers(session: Session, journey: Journey, most: int = 1) -> int:
    """How many responses the journey has, counted up to ``most``."""
    query = (
        select(Response.id)
        .join(SurveyRow, SurveyRow.id == Response.survey_id)
        .where(SurveyRow.journey_id == journey.id)
        .limit(most)
    )
    return len(session.scalars(query).all())
