"""The action plan: filters, what comes next over several journeys, what is refused, and what comes back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.journeys import action_plan, actions, queries
from surveyapp.journeys import action_plan_queries as planned
from surveyapp.journeys.action_plan import ActionText
from surveyapp.journeys.action_plan_queries import WantedActions
from surveyapp.journeys.change_register import ChangeText, register_change, remove_change
from surveyapp.store.db import Store
from surveyapp.store.models import Journey, PlannedAction
from tests.journeys.test_actions import draw

NOW = datetime(2026, 3, 17, 9, tzinfo=UTC)
TODAY = NOW.date()


def put(session, journey: Journey, title: str, **said) -> PlannedAction:
    text = ActionText(title, **said)
    return action_plan.plan_action(session, journey, text, user_id=None, now=NOW)


def titles(found: list[PlannedAction]) -> list[str]:
    return [each.title for each in found]


def test_the_next_actions_are_the_earliest_due_of_the_journeys_that_one_may_see(store: Store):
    with store.writing() as session:
        first, second, gone = (draw(session, name=name) for name in ("Open", "Move", "Old"))
        gone.state = "archived"
        put(session, first, "Later", due_on=TODAY + timedelta(days=9))
        put(session, first, "Some day")
        put(session, second, "Late", due_on=TODAY - timedelta(days=1), state="doing")
        put(session, second, "Soon", due_on=TODAY)
        put(session, first, "Done", due_on=TODAY - timedelta(days=2), state="done")
        put(session, gone, "Old", due_on=TODAY - timedelta(days=3))
    with store.reading() as session:
        assert titles(planned.next_actions(session, None)) == ["Late", "Soon", "Later"]
        here = select(Journey.id).where(Journey.id == first.id)
        assert titles(planned.next_actions(session, here)) == ["Later", "Some day"]
        assert titles(planned.next_actions(session, here, most=1)) == ["Later"]
        listed = lambda **asked: titles(planned.actions(session, WantedActions(**asked)))  # noqa: E731
        assert listed(overdue_on=TODAY) == ["Old", "Late"]
        assert listed(journey_id=first.id, state="") == ["Later", "Some day", "Done"]
        assert listed(state="done") == ["Done"] and listed(granted=here, state="doing") == []
        (late,) = planned.actions(session, WantedActions(state="doing"))
        assert planned.is_overdue(late, TODAY) and not planned.is_overdue(late, late.due_on)


def test_an_action_ends_is_removed_and_comes_back_with_what_came_of_it(store: Store):
    with store.writing() as session:
        journey = draw(session)
        change = register_change(session, journey, ChangeText("New", TODAY), user_id=None)
        stage = journey.stages[0]
        action = put(session, journey, "  Do \n it ", stage_id=stage.id, change_id=change.id)
        assert (action.title, action.ended_at) == ("Do it", None)
        assert planned.measured(session, journey.id) == []
        done = ActionText("Do it", stage_id=stage.id, state="done", change_id=change.id)
        for later in (0, 5):  # saving again does not end it again
            now = NOW + timedelta(days=later)
            action_plan.edit_action(session, journey, action, done, user_id=None, now=now)
        assert action.ended_at == NOW
        assert titles(planned.measured(session, journey.id)) == ["Do it"]
        with pytest.raises(Conflict, match="because the action Do it is about it"):
            actions.remove_stage(session, stage, user_id=None)
        action_plan.remove_action(session, journey, action, user_id=None, now=NOW)
    with store.writing() as session:
        journey = queries.journey(session, journey.id)
        assert titles(planned.removed_actions(session, journey.id, NOW)) == ["Do it"]
        with pytest.raises(NotFound, match="may have been removed"):
            planned.action(session, journey.id, action.id)
        action_plan.restore_action(session, journey, action.id, user_id=None)
        with pytest.raises(NotFound, match="restored already"):
            action_plan.restore_action(session, journey, action.id, user_id=None)
        remove_change(session, journey, session.get(type(change), change.id), user_id=None)
        session.flush()
        assert planned.measured(session, journey.id) == []


@pytest.mark.parametrize(
    ("said", "field", "why"),
    [
        ({"title": " "}, "title", "has 0 characters"),
        ({"state": "later"}, "state", "is no state; use open, doing"),
        ({"stage_id": 999}, "place", "not in this journey"),
        ({"touchpoint_id": 999}, "place", "not in this journey"),
        ({"owner_id": 999}, "owner_id", "no such user"),
        ({"change_id": 999}, "change_id", "no such change"),
        ({"due_on": date(1900, 1, 1)}, "due_on", "not a day from 1990"),
        ({"driver": "a" * 5001}, "driver", "has 5001 characters"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(store: Store, said, field: str, why: str):
    with store.writing() as session:
        journey = draw(session)
        with pytest.raises(Invalid, match=why) as refused:
            put(session, journey, **{"title": "Do it", **said})
        assert refused.value.field == field
