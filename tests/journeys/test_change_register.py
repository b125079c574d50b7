"""The register of changes: what is refused, who is told, and what comes back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.journeys import actions, change_queries, change_register, queries
from surveyapp.journeys.change_json import change_to_json
from surveyapp.journeys.change_register import KEPT, ChangeText
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, Journey, RegisteredChange
from tests.journeys.test_actions import draw

DAY = date(2026, 3, 17)


def put(session, journey: Journey, **said) -> RegisteredChange:
    text = ChangeText(**{"title": "New form", "started_on": DAY, **said})
    return change_register.register_change(session, journey, text, user_id=None)


def test_a_change_is_kept_with_its_places_removed_and_restored_once(store: Store):
    with store.writing() as session:
        journey = draw(session)
        stage = journey.stages[1]
        point = actions.add_touchpoint(session, stage, name="Form", user_id=None)
        change = put(
            session, journey, title="  New \n form ", ended_on=DAY, stage_ids=[stage.id],
            touchpoint_ids=[point.id, point.id], made_by="Web team", cost="EUR 9",
        )  # fmt: skip
        put(session, journey, title="Later", started_on=DAY + timedelta(days=1))
    with store.writing() as session:
        known = queries.journey(session, journey.id)
        later, found = change_queries.changes(session, journey.id)
        assert later.title == "Later" and change_to_json(later)["stages"] == []
        assert change_to_json(found) == {
            "id": change.id, "title": "New form", "from": DAY, "to": DAY, "stages": ["apply"],
            "touchpoints": ["form"], "made_by": "Web team", "cost": "EUR 9",
            "description": None, "expected_effect": None,
        }  # fmt: skip
        change_register.edit_change(
            session, known, later, ChangeText("Other", DAY, stage_ids=[stage.id]), user_id=None
        )
        change_register.remove_change(session, known, found, user_id=None)
    with store.writing() as session:
        known = queries.journey(session, journey.id)
        (other,) = change_queries.changes(session, journey.id)
        assert (other.title, [each.stage_id for each in other.places]) == ("Other", [stage.id])
        with pytest.raises(NotFound, match="may have been removed"):
            change_queries.change(session, journey.id, change.id)
        assert [each.id for each in change_queries.removed_changes(session, journey.id)] == [
            change.id
        ]
        title = change_register.restore_change(session, known, change.id, user_id=None)
        assert title == "New form"
        with pytest.raises(NotFound, match="restored already"):
            change_register.restore_change(session, known, change.id, user_id=None)
    with store.reading() as session:
        assert len(change_queries.changes(session, journey.id)) == 2
        said = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert said[-5:] == [
            "register change", "register change", "edit change", "remove change", "restore change",
        ]  # fmt: skip


def test_a_removed_change_goes_for_good_after_some_time(store: Store):
    with store.writing() as session:
        journey = draw(session)
        old, new = put(session, journey, stage_ids=[journey.stages[0].id]), put(session, journey)
        change_register.remove_change(session, journey, old, user_id=None)
        old.removed_at = utc_now() - KEPT - timedelta(seconds=1)
        assert change_queries.removed_changes(session, journey.id) == []
        change_register.remove_change(session, journey, new, user_id=None)
    with store.reading() as session:
        assert session.scalars(select(RegisteredChange.id)).all() == [new.id]


@pytest.mark.parametrize(
    ("said", "field", "why"),
    [
        ({"title": " "}, "title", "has 0 characters"),
        ({"title": "a" * 201}, "title", "has 201 characters"),
        ({"started_on": date(1900, 1, 1)}, "started_on", "not a day from 1990"),
        ({"ended_on": DAY - timedelta(days=1)}, "ended_on", "before the first"),
        ({"stage_ids": [999]}, "places", "not in this journey"),
        ({"touchpoint_ids": [999]}, "places", "not in this journey"),
        ({"maker_id": 999}, "maker_id", "no such user"),
        ({"cost": "a" * 201}, "cost", "has 201 characters"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(store: Store, said, field: str, why: str):
    with store.writing() as session:
        journey = draw(session)
        with pytest.raises(Invalid, match=why) as refused:
            put(session, journey, **said)
        assert refused.value.field == field


def test_a_stage_or_touchpoint_that_a_change_names_stays_on_the_map(store: Store):
    with store.writing() as session:
        journey = draw(session)
        first, second, _ = journey.stages
        point = actions.add_touchpoint(session, second, name="Form", user_id=None)
        put(session, journey, stage_ids=[first.id], touchpoint_ids=[point.id])
        with pytest.raises(Conflict, match="because the change New form names it"):
            actions.remove_stage(session, first, user_id=None)
        for part in (second, point):
            remove = actions.remove_stage if part is second else actions.remove_touchpoint
            with pytest.raises(Conflict, match="take it out of the change"):
                remove(session, part, user_id=None)
